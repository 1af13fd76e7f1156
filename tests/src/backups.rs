//! A place for backups, and the identity that opens them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::appliance::program;

/// Where a box's backups go.
pub struct Backups {
    /// The folder.
    pub place: PathBuf,
    /// The file of the identity.
    pub identity: PathBuf,
    recipient: String,
}

impl Backups {
    /// Makes an identity; the place is made by the box.
    pub fn new(place: &Path, identity: &Path) -> Result<Backups> {
        let made = Command::new(program()).args(["backup", "key", "new"]).arg(identity).output()?;
        let told = String::from_utf8(made.stdout)?;
        let recipient = told.split_whitespace().find(|word| word.starts_with("age1"));
        let recipient = recipient.with_context(|| format!("no recipient in {told:?}"))?.to_owned();
        Ok(Backups { place: place.to_owned(), identity: identity.to_owned(), recipient })
    }

    /// The section of the configuration, for a box that has no identity to open them with.
    #[must_use]
    pub fn sealed(&self) -> String {
        format!("[backup]\nfolder = {:?}\nrecipients = [{:?}]\n", self.place, self.recipient)
    }

    /// The section of the configuration, for a box that opens them as a test.
    #[must_use]
    pub fn opened(&self) -> String {
        format!("{}identity = {:?}\n", self.sealed(), self.identity)
    }

    /// Those that were made and tested.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let files = fs::read_dir(&self.place)?.map(|entry| Ok(entry?.path()));
        let files: Vec<PathBuf> = files.collect::<Result<_>>()?;
        Ok(files.into_iter().filter(|file| file.display().to_string().ends_with(".platen.age")).collect())
    }
}
