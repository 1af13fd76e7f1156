//! The disk itself, the way a log would use it: what no store that keeps its word can be faster than.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::engine::{Answer, Engine, Question};
use crate::rows::{self, Row, Span};

const BLOCK: usize = 4096;
/// Size of the file that is written over.
const RING: u64 = 16 << 20;

/// A file that grows by each commit.
pub struct Append(File);

impl Append {
    pub fn open(folder: &Path) -> Result<Append> {
        Ok(Append(File::options().append(true).create(true).open(folder.join("log"))?))
    }
}

impl Engine for Append {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        let mut bytes = Vec::with_capacity(rows.len() * 32);
        rows.iter().try_for_each(|row| rows::write(&mut bytes, row))?;
        self.0.write_all(&bytes)?;
        Ok(self.0.sync_data()?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn count(&mut self) -> Result<u64> {
        bail!("nothing can be asked of the disk itself")
    }

    fn ask(&mut self, _: Question, _: &[Span], _: usize) -> Result<Answer> {
        bail!("nothing can be asked of the disk itself")
    }
}

/// A file that has its size already and is written over in whole blocks.
pub struct Overwrite {
    file: File,
    at: u64,
}

impl Overwrite {
    pub fn open(folder: &Path) -> Result<Overwrite> {
        let file = File::options().write(true).create(true).truncate(true).open(folder.join("ring"))?;
        let zeroes = vec![0; RING as usize];
        file.write_all_at(&zeroes, 0)?;
        file.sync_all()?;
        Ok(Overwrite { file, at: 0 })
    }
}

impl Engine for Overwrite {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        let mut bytes = Vec::with_capacity((rows.len() * 32).next_multiple_of(BLOCK));
        rows.iter().try_for_each(|row| rows::write(&mut bytes, row))?;
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        if self.at + bytes.len() as u64 > RING {
            self.at = 0;
        }
        self.file.write_all_at(&bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(self.file.sync_data()?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn count(&mut self) -> Result<u64> {
        bail!("nothing can be asked of the disk itself")
    }

    fn ask(&mut self, _: Question, _: &[Span], _: usize) -> Result<Answer> {
        bail!("nothing can be asked of the disk itself")
    }
}
