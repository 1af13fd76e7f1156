//! Any bytes as a capture file: no panic, no more records than bytes, nothing after damage; what reads is written again
//! to the same bytes.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use radio::capture::{Reader, Record, Writer};

fuzz_target!(|file: &[u8]| {
    let Ok(reader) = Reader::open(file) else { return };
    let start = reader.header().start;
    let mut again = Vec::new();
    let mut writer = Writer::new(&mut again, reader.header()).expect("memory takes bytes");
    let mut last = Duration::ZERO;
    // Offsets beyond what a clock shows, or that go back, are read but not written like that.
    let mut ours = true;
    let mut damaged = false;
    for record in reader {
        assert!(!damaged);
        match record {
            Ok(Record::Bytes { offset, direction, bytes }) => {
                let at = start.later_by(offset);
                ours &= offset >= last && at.since(start) == offset;
                last = offset;
                // An empty stretch is never written.
                ours &= !bytes.is_empty();
                writer.bytes(at, direction, &bytes).expect("memory takes bytes");
            }
            Ok(Record::Lost { offset, bytes }) => {
                let at = start.later_by(offset);
                ours &= offset >= last && at.since(start) == offset;
                last = offset;
                writer.lost(at, bytes).expect("memory takes bytes");
            }
            Err(_) => damaged = true,
        }
    }
    if ours {
        assert!(file.starts_with(&again));
    }
});
