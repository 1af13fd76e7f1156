//! Figures of all rounds, and the tables that are printed of them: medians, with the smallest and largest in brackets.

use std::fmt::Write;

use crate::engine::Name;
use crate::machine::{self, Busy};
use crate::task::Figures;

/// A column: its heading, the figure, what it is divided by, and after how many digits it ends.
pub type Column = (&'static str, &'static str, f64, usize);

#[derive(Debug)]
struct Measured {
    part: &'static str,
    setting: String,
    engine: Name,
    outcome: Result<Figures, String>,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    all: Vec<Measured>,
    busy: Vec<Busy>,
}

impl Report {
    /// Adds what a run told, or why it failed.
    pub fn add(&mut self, part: &'static str, setting: &str, engine: Name, outcome: anyhow::Result<Figures>) {
        self.busy.push(machine::busy());
        let outcome = outcome.map_err(|error| format!("{error:#}"));
        match &outcome {
            Ok(figures) => eprintln!("{part}, {setting}, {engine:?}: {figures:.1?}"),
            Err(why) => eprintln!("{part}, {setting}, {engine:?}: FAILED: {why}"),
        }
        self.all.push(Measured { part, setting: setting.to_owned(), engine, outcome });
    }

    /// Runs that failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.all.iter().filter(|measured| measured.outcome.is_err()).count()
    }

    /// How busy the machine was after each run: median and most.
    #[must_use]
    pub fn busy(&self) -> String {
        let of = |figure: fn(&Busy) -> f64| {
            let mut all: Vec<f64> = self.busy.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            let at = |n: usize| all.get(n).copied().unwrap_or(0.0);
            format!("{:.1}, at most {:.1}", at(all.len() / 2), at(all.len().saturating_sub(1)))
        };
        format!(
            "load {}; waiting for a processor {} %; for a disk {} % (PSI, avg10)",
            of(|busy| busy.load),
            of(|busy| busy.cpu),
            of(|busy| busy.disk)
        )
    }

    /// The table of a part, an engine a row; empty when nothing of it was run.
    #[must_use]
    pub fn table(&self, part: &str, columns: &[Column]) -> String {
        let mut keys: Vec<(&str, Name)> = Vec::new();
        for measured in self.all.iter().filter(|measured| measured.part == part) {
            let key = (measured.setting.as_str(), measured.engine);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return String::new();
        }
        // Engines of a setting beside each other, settings in the order they were first run.
        let mut settings: Vec<&str> = keys.iter().map(|(setting, _)| *setting).collect();
        settings.dedup();
        let place = |setting: &str| settings.iter().position(|known| *known == setting);
        keys.sort_by_key(|(setting, _)| place(setting));

        let mut out = format!("\n### {part}\n| | |");
        for (heading, ..) in columns {
            let _ = write!(out, " {heading} |");
        }
        out.push_str("\n|---|---|");
        out.push_str(&"---|".repeat(columns.len()));
        for (setting, engine) in keys {
            let _ = write!(out, "\n| {setting} | {} |", engine.shown());
            if let Some(why) = self.failure(part, setting, engine) {
                let _ = write!(out, " failed: {why} |{}", " |".repeat(columns.len() - 1));
                continue;
            }
            for column in columns {
                let _ = write!(out, " {} |", self.cell(part, setting, engine, column));
            }
        }
        out.push('\n');
        out
    }

    fn runs<'a>(
        &'a self,
        part: &'a str,
        setting: &'a str,
        engine: Name,
    ) -> impl Iterator<Item = &'a Result<Figures, String>> {
        let all = self.all.iter();
        all.filter(move |run| run.part == part && run.setting == setting && run.engine == engine)
            .map(|run| &run.outcome)
    }

    /// Why one of the runs failed: then there is no median of them.
    fn failure(&self, part: &str, setting: &str, engine: Name) -> Option<String> {
        let why = self.runs(part, setting, engine).find_map(|run| run.as_ref().err())?;
        Some(why.replace(['|', '\n'], " "))
    }

    fn cell(&self, part: &str, setting: &str, engine: Name, column: &Column) -> String {
        let (_, figure, unit, digits) = column;
        let figures = self.runs(part, setting, engine).filter_map(|run| run.as_ref().ok());
        let mut numbers: Vec<f64> =
            figures.filter_map(|figures| figures.get(*figure)).map(|number| number / unit).collect();
        numbers.sort_by(f64::total_cmp);
        let shown = |number: f64| grouped(number, *digits);
        match numbers.as_slice() {
            [] => String::new(),
            [only] => shown(*only),
            [least, .., most] => {
                format!("{} ({} - {})", shown(numbers[numbers.len() / 2]), shown(*least), shown(*most))
            }
        }
    }

    /// Answers that are not the same as those of the first engine asked.
    #[must_use]
    pub fn differences(&self, part: &str, figures: &[&str]) -> Vec<String> {
        let mut told = Vec::new();
        let answers: Vec<_> = self.all.iter().filter(|measured| measured.part == part).collect();
        for (n, measured) in answers.iter().enumerate() {
            let Some(first) = answers.iter().find(|other| other.setting == measured.setting) else {
                continue;
            };
            let (Ok(ours), Ok(theirs)) = (&first.outcome, &measured.outcome) else { continue };
            let repeated = answers[..n]
                .iter()
                .any(|other| other.setting == measured.setting && other.engine == measured.engine);
            let differs = figures.iter().any(|figure| ours.get(*figure) != theirs.get(*figure));
            if differs && !repeated {
                let of = |found: &Figures| {
                    figures.iter().map(|name| found.get(*name).copied().unwrap_or(-1.0)).collect::<Vec<_>>()
                };
                told.push(format!(
                    "{}: {:?} answered {:?}, {:?} answered {:?}",
                    measured.setting,
                    first.engine,
                    of(ours),
                    measured.engine,
                    of(theirs)
                ));
            }
        }
        told
    }
}

/// A number with its thousands apart.
fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (n, digit) in whole.chars().enumerate() {
        let left = whole.len() - n;
        if n > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
