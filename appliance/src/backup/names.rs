//! The names of backup files, which say whose they are and when they were made.

use std::str::FromStr;

use domain::Timestamp;

const END: &str = ".platen.age";
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// The backups of one box among others in the same folder: `name-20261124T021500Z.platen.age`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series(String);

impl FromStr for Series {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=32).contains(&text.len()) && text.chars().all(good) {
            Ok(Series(text.to_owned()))
        } else {
            Err(format!("{text:?} names no backups; expected 1 to 32 of a-z, 0-9 and -"))
        }
    }
}

impl Series {
    /// After the machine, as far as its name can be one.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        let mut name: String = host
            .split('.')
            .next()
            .unwrap_or_default()
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
            .take(32)
            .collect();
        if name.is_empty() {
            name = "platen".to_owned();
        }
        Series(name)
    }

    /// The file of a backup made then.
    #[must_use]
    pub fn file(&self, made: Timestamp) -> String {
        format!("{}-{}{END}", self.0, stamp(made))
    }

    /// When a file was made, if it is one of these backups and of no other box or program.
    #[must_use]
    pub fn made(&self, file: &str) -> Option<Timestamp> {
        let text = file.strip_prefix(&self.0)?.strip_prefix('-')?.strip_suffix(END)?;
        let civil = jiff::civil::DateTime::strptime(STAMP, text).ok()?;
        let made = jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()?;
        let made = Timestamp::from_millis(made.as_millisecond());
        // There is one way to write it.
        (self.file(made) == file).then_some(made)
    }
}

/// An instant as it stands in names.
pub(super) fn stamp(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime(STAMP).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_when_it_was_made_and_no_other_file_does() {
        let series: Series = "hall-a".parse().unwrap();
        let made = Timestamp::from_millis(1_795_486_500_000);
        let file = series.file(made);
        assert_eq!(file, "hall-a-20261124T021500Z.platen.age");
        assert_eq!(series.made(&file), Some(made));
        for other in [
            "hall-20261124T021500Z.platen.age",
            "hall-a-b-20261124T021500Z.platen.age",
            "hall-a-20261124T021500Z.platen.age.part",
            "hall-a-20261324T021500Z.platen.age",
            "hall-a-2026112T0021500Z.platen.age",
            "hall-a-20261124T021500Z.age",
            "hall-a-+20261124T021500Z.platen.age",
            "",
        ] {
            assert_eq!(series.made(other), None, "{other}");
        }
        assert_eq!("hall".parse::<Series>().unwrap().made(&file), None);
    }

    #[test]
    fn every_host_has_a_name_for_its_backups() {
        for (host, file) in [("Platen-1.plant.example", "platen-1-"), ("", "platen-"), ("ÄÖ", "platen-")] {
            assert!(Series::of_host(host).file(Timestamp::from_millis(0)).starts_with(file), "{host}");
        }
    }
}
