//! Measures in the text format of Prometheus, version 0.0.4. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

use dashboard::port::LinkCondition;

use super::measures::Measures;
use crate::alarms::severity_word;

/// Writes everything that was measured. What could not be is left out: a gap is no zero.
#[must_use]
pub fn exposition(measures: &Measures) -> String {
    let mut page = Page::default();
    page.one(
        "platen_build_info",
        "gauge",
        "The program that runs",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1,
    );
    page.one("platen_uptime_seconds", "gauge", "Since the box was started", &[], measures.uptime.as_secs());
    molds(&mut page, measures);
    links(&mut page, measures);
    alarms(&mut page, measures);
    store(&mut page, measures);
    let entries = measures.entries;
    page.one("platen_sessions", "gauge", "Sessions that hold", &[], entries.sessions);
    let wrong = "Wrong guesses at passwords and codes since the start";
    page.one("platen_guesses_wrong_total", "counter", wrong, &[], entries.wrong);
    let out = "Guesses turned away since the start because somebody had to wait";
    page.one("platen_guesses_locked_out_total", "counter", out, &[], entries.locked_out);
    if let Some(memory) = measures.memory {
        let (name, help) = ("process_resident_memory_bytes", "Memory that the program holds");
        page.one(name, "gauge", help, &[], memory.resident);
        let (name, help) = ("platen_memory_available_bytes", "Memory that the machine has left");
        page.one(name, "gauge", help, &[], memory.available);
    }
    page.0
}

fn molds(page: &mut Page, measures: &Measures) {
    page.head("platen_mold_cycles_total", "counter", "Cycles of a mold's life, as displayed");
    for mold in &measures.molds {
        page.sample("platen_mold_cycles_total", &[("mold", mold.name.as_str())], mold.count);
    }
    let mut states = BTreeMap::<&str, u64>::new();
    for mold in &measures.molds {
        *states.entry(mold.state.word()).or_default() += 1;
    }
    page.head("platen_molds", "gauge", "Molds by what they do");
    for (state, number) in states {
        page.sample("platen_molds", &[("state", state)], number);
    }
}

fn links(page: &mut Page, measures: &Measures) {
    page.head("platen_link_up", "gauge", "Whether a stick answers");
    for link in &measures.links {
        let up = u64::from(link.condition == LinkCondition::Up);
        page.sample("platen_link_up", &[("link", link.name.as_str())], up);
    }
    page.head("platen_link_frames_total", "counter", "Frames heard since the start");
    for link in &measures.links {
        let kinds =
            [("good", link.frames_good), ("damaged", link.frames_damaged), ("unknown", link.frames_unknown)];
        for (kind, number) in kinds {
            let labels = [("link", link.name.as_str()), ("kind", kind)];
            page.sample("platen_link_frames_total", &labels, number);
        }
    }
}

fn alarms(page: &mut Page, measures: &Measures) {
    let mut standing = BTreeMap::<(&str, &str), u64>::new();
    for alarm in &measures.alarms {
        *standing.entry((alarm.kind.as_str(), severity_word(alarm.severity))).or_default() += 1;
    }
    page.head("platen_alarms", "gauge", "Alarms that stand");
    for ((kind, severity), number) in standing {
        page.sample("platen_alarms", &[("kind", kind), ("severity", severity)], number);
    }
}

fn store(page: &mut Page, measures: &Measures) {
    if let Some(kept) = measures.kept {
        page.one("platen_cycles_kept", "gauge", "Cycles with their times", &[], kept.cycles);
        page.one("platen_cycles_retired", "gauge", "Cycles of which only sums are left", &[], kept.retired);
    }
    if let Some(room) = measures.room {
        page.one("platen_store_bytes", "gauge", "Room that the box takes on its disk", &[], room.used);
        page.one("platen_disk_free_bytes", "gauge", "Room that is left on the disk", &[], room.free);
        page.one("platen_disk_bytes", "gauge", "The whole disk", &[], room.size);
    }
    let commits = measures.commits;
    page.head("platen_commit_seconds", "summary", "Time that commits took until they were on the disk");
    page.seconds("platen_commit_seconds_sum", commits.time);
    page.sample("platen_commit_seconds_count", &[], commits.kept);
    let refused = "Commits that the disk did not take; each is offered again";
    page.one("platen_commits_refused_total", "counter", refused, &[], commits.refused);
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn labels(&mut self, name: &str, labels: &[(&str, &str)]) {
        self.0.push_str(name);
        for (number, (label, value)) in labels.iter().enumerate() {
            self.0.push(if number == 0 { '{' } else { ',' });
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{label}=\"{value}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.labels(name, labels);
        let _ = writeln!(self.0, " {value}");
    }

    fn seconds(&mut self, name: &str, value: std::time::Duration) {
        let _ = writeln!(self.0, "{name} {}.{:06}", value.as_secs(), value.subsec_micros());
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.head(name, kind, help);
        self.sample(name, labels, value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Commits;

    #[test]
    fn a_text_that_breaks_the_format_is_written_so_that_it_does_not() {
        let mut page = Page::default();
        page.sample("x", &[("mold", "=M\"1\\\n"), ("b", "ä")], 7);
        assert_eq!(page.0, "x{mold=\"=M\\\"1\\\\\\n\",b=\"ä\"} 7\n");
    }

    #[test]
    fn every_sample_follows_on_its_own_head_and_what_was_not_measured_is_no_zero() {
        let commits = Commits { kept: 3, refused: 1, time: Duration::from_millis(1_205) };
        let page = exposition(&Measures { commits, ..Measures::default() });
        let mut head = String::new();
        for line in page.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(told) => head = told.split(' ').next().unwrap().to_owned(),
                None if line.starts_with('#') => {}
                None => assert!(line.starts_with(&head), "{line} under {head}"),
            }
        }
        assert!(
            page.contains("platen_commit_seconds_sum 1.205000\nplaten_commit_seconds_count 3\n"),
            "{page}"
        );
        assert!(!page.contains("platen_cycles_kept") && !page.contains("platen_disk"), "{page}");
    }
}
