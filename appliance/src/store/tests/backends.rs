//! Disks that fail on command.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use crate::store::disk::{Part, Purpose};

/// What the disk does with writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Mood {
    /// As it should.
    Works,
    /// No room: nothing can be written, and what is there can be read.
    Full,
    /// It was mounted anew for reading only: it cannot even be opened for writing.
    ReadOnly,
    /// Writes are taken and syncs fail.
    CannotSync,
    /// Syncs fail, and what they were to bring to the disk is in the system's memory alone from then on: no later one
    /// tries it again.
    Forgets,
    /// After so many more writes, syncs or changes of length there is no power.
    DiesIn(u32),
    /// There is no power.
    Dead,
}

#[derive(Debug)]
struct Platter {
    mood: Mood,
    /// The database and the journal.
    files: [Image; 2],
}

#[derive(Debug, Default)]
struct Image {
    /// What a reader sees.
    live: Vec<u8>,
    /// What is there after a power cut, whatever happens.
    durable: Vec<u8>,
    /// What was not synced: any part of it may survive a power cut.
    loose: Vec<Loose>,
}

#[derive(Debug, Clone)]
enum Loose {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub(in crate::store) struct FakeDisk(Arc<Mutex<Platter>>);

/// A file on it.
#[derive(Debug)]
pub(in crate::store) struct FakeFile {
    disk: Arc<Mutex<Platter>>,
    file: usize,
}

impl FakeDisk {
    pub(in crate::store) fn new() -> Self {
        FakeDisk::holding(Default::default())
    }

    fn holding(files: [Vec<u8>; 2]) -> Self {
        let image = |bytes: Vec<u8>| Image { live: bytes.clone(), durable: bytes, loose: Vec::new() };
        FakeDisk(Arc::new(Mutex::new(Platter { mood: Mood::Works, files: files.map(image) })))
    }

    /// A file of the disk, as it is opened for a purpose.
    pub(in crate::store) fn open(&self, part: Part, purpose: Purpose) -> io::Result<FakeFile> {
        let mut platter = self.0.lock().unwrap();
        let file = usize::from(part == Part::Journal);
        if purpose == Purpose::WriteAgain {
            platter.files[file].forget();
        }
        match platter.mood {
            Mood::Dead => Err(io::Error::other("no power")),
            Mood::ReadOnly if purpose != Purpose::Read => Err(ErrorKind::ReadOnlyFilesystem.into()),
            _ => Ok(FakeFile { disk: Arc::clone(&self.0), file }),
        }
    }

    pub(in crate::store) fn set(&self, mood: Mood) {
        self.0.lock().unwrap().mood = mood;
    }

    pub(in crate::store) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().mood == Mood::Dead
    }

    /// The disk after a power cut: what was synced, and whichever of the later writes `survives` picks, each cut
    /// into sectors of 512 bytes.
    pub(in crate::store) fn after_power_cut(&self, mut survives: impl FnMut() -> bool) -> FakeDisk {
        let platter = self.0.lock().unwrap();
        let mut after = |image: &Image| {
            let mut bytes = image.durable.clone();
            for loose in &image.loose {
                match loose {
                    Loose::Write(offset, data) => {
                        for (i, sector) in data.chunks(512).enumerate() {
                            if survives() {
                                put(&mut bytes, *offset + 512 * i as u64, sector);
                            }
                        }
                    }
                    Loose::Length(length) => {
                        if survives() {
                            bytes.resize(usize::try_from(*length).unwrap(), 0);
                        }
                    }
                }
            }
            bytes
        };
        let [database, journal] = &platter.files;
        FakeDisk::holding([after(database), after(journal)])
    }
}

fn put(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let from = usize::try_from(offset).unwrap();
    let to = from + data.len();
    if bytes.len() < to {
        bytes.resize(to, 0);
    }
    bytes[from..to].copy_from_slice(data);
}

impl Image {
    /// What is read is what the disk has, and what is still on its way there.
    fn forget(&mut self) {
        self.live = self.durable.clone();
        for loose in &self.loose {
            match loose {
                Loose::Write(offset, data) => put(&mut self.live, *offset, data),
                Loose::Length(length) => self.live.resize(usize::try_from(*length).unwrap(), 0),
            }
        }
    }
}

impl Platter {
    fn may(&mut self, sync: bool) -> io::Result<()> {
        match self.mood {
            Mood::Works => Ok(()),
            Mood::Full if sync => Ok(()),
            Mood::Full => Err(ErrorKind::StorageFull.into()),
            Mood::ReadOnly => Err(ErrorKind::ReadOnlyFilesystem.into()),
            Mood::CannotSync | Mood::Forgets if !sync => Ok(()),
            Mood::CannotSync | Mood::Forgets => Err(io::Error::other("the disk does not answer")),
            Mood::DiesIn(0) | Mood::Dead => {
                self.mood = Mood::Dead;
                Err(io::Error::other("no power"))
            }
            Mood::DiesIn(left) => {
                self.mood = Mood::DiesIn(left - 1);
                Ok(())
            }
        }
    }
}

impl StorageBackend for FakeFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock().unwrap().files[self.file].live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.disk.lock().unwrap();
        if platter.mood == Mood::Dead {
            return Err(io::Error::other("no power"));
        }
        let from = usize::try_from(offset).unwrap();
        let live = &platter.files[self.file].live;
        let bytes = live.get(from..from + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.disk.lock().unwrap();
        platter.may(false)?;
        let image = &mut platter.files[self.file];
        image.live.resize(usize::try_from(len).unwrap(), 0);
        image.loose.push(Loose::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.disk.lock().unwrap();
        let mood = platter.mood;
        let may = platter.may(true);
        let image = &mut platter.files[self.file];
        if mood == Mood::Forgets {
            image.loose.clear();
        }
        may?;
        for loose in std::mem::take(&mut image.loose) {
            match loose {
                Loose::Write(offset, data) => put(&mut image.durable, offset, &data),
                Loose::Length(len) => image.durable.resize(usize::try_from(len).unwrap(), 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.disk.lock().unwrap();
        platter.may(false)?;
        let image = &mut platter.files[self.file];
        put(&mut image.live, offset, data);
        image.loose.push(Loose::Write(offset, data.to_vec()));
        Ok(())
    }
}
