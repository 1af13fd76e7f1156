use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    CaptureError, Damage, Direction, Header, Reader, ReaderError, Record, Recorder, Summary, Tap, Writer,
};

fn header() -> Header {
    Header { link: "hall-a".parse().unwrap(), start: Timestamp::from_millis(1_800_000_000_000) }
}

fn at(millis: u64) -> Timestamp {
    header().start.later_by(Duration::from_millis(millis))
}

/// A file everybody holds.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Vec<u8>>>);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn directions() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Heard), Just(Direction::Sent)]
}

fn written(stretches: &[(u64, Direction, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file, &header()).unwrap();
    for (millis, direction, bytes) in stretches {
        writer.bytes(at(*millis), *direction, bytes).unwrap();
    }
    file
}

fn stretches() -> impl Strategy<Value = Vec<(u64, Direction, Vec<u8>)>> {
    vec((0u64..100_000, directions(), vec(any::<u8>(), 1..40)), 0..12).prop_map(|mut stretches| {
        stretches.sort_by_key(|(millis, ..)| *millis);
        stretches
    })
}

fn bytes(record: &Record) -> (u64, Direction, Vec<u8>) {
    let Record::Bytes { offset, direction, bytes } = record else { panic!("{record:?}") };
    (offset.as_millis() as u64, *direction, bytes.clone())
}

proptest! {
    #[test]
    fn what_was_recorded_is_read(stretches in stretches()) {
        let file = written(&stretches);
        let reader = Reader::open(&file[..]).unwrap();
        prop_assert_eq!(reader.header(), &header());
        let read: Vec<_> = reader.map(|record| bytes(&record.unwrap())).collect();
        prop_assert_eq!(read, stretches);
    }

    #[test]
    fn of_a_file_cut_anywhere_all_whole_records_are_read(stretches in stretches(), cut: prop::sample::Index) {
        let file = written(&stretches);
        let start = written(&[]).len();
        let file = &file[..start + cut.index(file.len() - start + 1)];
        let mut read = Vec::new();
        let mut damage = None;
        for record in Reader::open(file).unwrap() {
            prop_assert!(damage.is_none(), "nothing comes after damage");
            match record {
                Ok(record) => read.push(bytes(&record)),
                Err(error) => damage = Some(error),
            }
        }
        prop_assert!(stretches.starts_with(&read));
        let whole = written(&read).len();
        prop_assert_eq!(damage.is_some(), whole < file.len());
        if let Some(damage) = damage {
            let at = whole as u64;
            let told = matches!(damage, Damage::Truncated { at: told } if told == at);
            prop_assert!(told, "{damage}");
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_and_what_stands_before_it_is_read(
        stretches in stretches(),
        place: prop::sample::Index,
        bit in 0u8..8,
    ) {
        let mut file = written(&stretches);
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        match Reader::open(&file[..]) {
            Err(error) => prop_assert!(place < written(&[]).len(), "{error}"),
            Ok(reader) => {
                let records: Vec<_> = reader.collect();
                let (last, good) = records.split_last().unwrap();
                prop_assert!(last.is_err());
                let good: Vec<_> = good.iter().map(|record| bytes(record.as_ref().unwrap())).collect();
                prop_assert!(stretches.starts_with(&good));
                prop_assert!(written(&good).len() <= place);
            }
        }
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(tail in vec(any::<u8>(), 0..200), with_header: bool) {
        let mut file = if with_header { written(&[]) } else { Vec::new() };
        file.extend(tail);
        if let Ok(reader) = Reader::open(&file[..]) {
            prop_assert!(reader.count() < 200);
        }
    }
}

#[test]
fn a_file_of_another_kind_or_a_later_version_says_so() {
    assert!(matches!(Reader::open(&b""[..]), Err(ReaderError::NoCapture)));
    assert!(matches!(Reader::open(&b"\xD4\xC3\xB2\xA1 pcap"[..]), Err(ReaderError::NoCapture)));
    let mut later = written(&[]);
    later[8] = 2;
    assert!(matches!(Reader::open(&later[..]), Err(ReaderError::Version(2))));
}

#[test]
fn a_stretch_longer_than_a_record_is_read_whole() {
    let long: Vec<u8> = (0..200_000u32).map(|number| number as u8).collect();
    let file = written(&[(5, Direction::Heard, long.clone())]);
    let read: Vec<u8> =
        Reader::open(&file[..]).unwrap().flat_map(|record| bytes(&record.unwrap()).2).collect();
    assert_eq!(read, long);
}

#[test]
fn a_clock_set_back_reorders_nothing() {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file, &header()).unwrap();
    for millis in [5_000, 1_000, 6_000] {
        writer.bytes(at(millis), Direction::Heard, b"x").unwrap();
    }
    let offsets: Vec<u64> =
        Reader::open(&file[..]).unwrap().map(|record| bytes(&record.unwrap()).0).collect();
    assert_eq!(offsets, [5_000, 5_000, 6_000]);
}

#[test]
fn a_recorder_that_is_dropped_has_written_everything() {
    let disk = Disk::default();
    let mut recorder = Recorder::start(disk.clone(), &header()).unwrap();
    recorder.bytes(at(1), Direction::Sent, b"question");
    recorder.bytes(at(2), Direction::Heard, b"");
    recorder.bytes(at(3), Direction::Heard, b"answer");
    drop(recorder);
    let file = disk.0.lock().unwrap().clone();
    let read: Vec<_> = Reader::open(&file[..]).unwrap().map(|record| bytes(&record.unwrap())).collect();
    let question = (1, Direction::Sent, b"question".to_vec());
    assert_eq!(read, [question, (3, Direction::Heard, b"answer".to_vec())]);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hall-a.capture");
    let mut recorder = Recorder::create(&path, &header()).unwrap();
    recorder.bytes(at(1), Direction::Heard, b"abc");
    assert_eq!(recorder.finish().unwrap(), Summary { recorded: 3, lost: 0 });
    assert!(Recorder::create(&path, &header()).is_err());
    assert_eq!(Reader::open(std::fs::File::open(&path).unwrap()).unwrap().count(), 1);
}

/// A disk that takes nothing until it is told to.
struct Stuck {
    go: Receiver<()>,
    disk: Disk,
    /// The header is written by whoever starts the recorder.
    writes_before: usize,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.writes_before.checked_sub(1) {
            Some(left) => self.writes_before = left,
            // Ends when the test drops the other end.
            None => _ = self.go.recv(),
        }
        self.disk.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_disk_holds_nobody_up_and_what_it_lost_is_told() {
    let (go, stuck): (Sender<()>, _) = channel();
    let disk = Disk::default();
    let stuck = Stuck { go: stuck, disk: disk.clone(), writes_before: 2 };
    let mut recorder = Recorder::start(stuck, &header()).unwrap();
    // With a recorder that waited, this would never end.
    for millis in 0..5_000 {
        recorder.bytes(at(millis), Direction::Heard, b"abcd");
    }
    drop(go);
    let Summary { recorded, lost } = recorder.finish().unwrap();
    assert!(recorded > 0 && lost > 0);
    assert_eq!(recorded + lost, 20_000);
    let file = disk.0.lock().unwrap().clone();
    let told: u64 = Reader::open(&file[..])
        .unwrap()
        .map(|record| match record.unwrap() {
            Record::Lost { bytes, .. } => bytes,
            Record::Bytes { .. } => 0,
        })
        .sum();
    assert_eq!(told, lost);
}

/// A disk that has room for so many writes.
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self.room.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_is_told_at_the_end_with_everything_after_it_lost() {
    let mut recorder = Recorder::start(Full { room: 2 }, &header()).unwrap();
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while !recorder.is_broken() {
        assert!(std::time::Instant::now() < patience, "it never noticed");
        recorder.bytes(at(1), Direction::Heard, b"abcd");
        std::thread::yield_now();
    }
    recorder.bytes(at(2), Direction::Heard, b"efgh");
    let error = recorder.finish().unwrap_err();
    assert!(matches!(error, CaptureError::Write(cause) if cause.kind() == io::ErrorKind::StorageFull));
}

#[test]
fn few_long_stretches_fill_the_queue_as_many_short_ones_do() {
    let (go, stuck): (Sender<()>, _) = channel();
    let stuck = Stuck { go: stuck, disk: Disk::default(), writes_before: 2 };
    let mut recorder = Recorder::start(stuck, &header()).unwrap();
    let long = vec![7; 1 << 20];
    for _ in 0..100 {
        recorder.bytes(at(1), Direction::Heard, &long);
    }
    drop(go);
    let Summary { recorded, lost } = recorder.finish().unwrap();
    assert_eq!(recorded + lost, 100 << 20);
    // What the writer had taken out of the queue waits too.
    assert!(recorded <= 4 << 20, "{recorded} bytes waited in memory");
}
