use domain::{Eui64, Timestamp};

use super::open::{Message, OpenProfile, Serial};
use super::{Outgoing, Payload, PayloadKind, PayloadProfile, ProfileError, Registry};
use crate::command::Ask;
use crate::event::Heard;
use crate::v3::frame::{ExplicitRx, Frame};

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0x40, 0x52, 0x2B, 0xAA]);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Another protocol, whose payloads begin with this byte.
struct Foreign(u8);

impl PayloadProfile for Foreign {
    fn name(&self) -> &'static str {
        "foreign"
    }

    fn read(&mut self, payload: &Payload<'_>, _: Timestamp) -> Option<Result<Vec<Heard>, ProfileError>> {
        let PayloadKind::Bytes(bytes) = payload.kind else { return None };
        let own = bytes.first() == Some(&self.0);
        own.then(|| Ok(vec![Heard::Untethered { serial: Serial(1).monitor(), module: payload.source }]))
    }

    fn write(&self, _: &Ask, _: Timestamp) -> Option<Outgoing> {
        None
    }
}

fn registry(foreign: u8) -> Registry {
    Registry::new(vec![Box::new(OpenProfile::new()), Box::new(Foreign(foreign))])
}

fn bytes(bytes: &[u8]) -> Payload<'_> {
    Payload { source: MODULE, kind: PayloadKind::Bytes(bytes) }
}

#[test]
fn a_payload_that_only_looks_like_an_open_message_is_read_by_the_profile_it_belongs_to() {
    // Version 1 in its high nibble, and no check that fits.
    let theirs = [0x12, 0x34, 0x56, 0x78, 0x9A];
    let read = registry(0x12).read(&bytes(&theirs), NOW);
    assert_eq!(read.raw.read_as, Ok("foreign"));
    assert_eq!(read.heard.len(), 1);
    // Nobody else's: what the open profile found wrong is kept for the ring.
    let read = registry(0x55).read(&bytes(&theirs), NOW);
    let why = read.raw.read_as.unwrap_err();
    assert!(why.starts_with("open: read an open message: the check is"), "{why}");
    assert!(read.heard.is_empty());
}

#[test]
fn a_payload_with_a_good_check_is_nobody_elses() {
    let ours = Message::Kept { serial: Serial(1), era: 1, up_to: 1 }.encode();
    let read = registry(ours[0]).read(&bytes(&ours), NOW);
    assert!(read.raw.read_as.is_err_and(|why| why.starts_with("open: ")));
    assert!(read.heard.is_empty());
}

/// Holds every payload for its own.
struct Greedy;

impl PayloadProfile for Greedy {
    fn name(&self) -> &'static str {
        "greedy"
    }

    fn read(&mut self, payload: &Payload<'_>, _: Timestamp) -> Option<Result<Vec<Heard>, ProfileError>> {
        matches!(payload.kind, PayloadKind::Bytes(_)).then(|| Ok(Vec::new()))
    }

    fn write(&self, _: &Ask, _: Timestamp) -> Option<Outgoing> {
        None
    }
}

fn explicit(profile: u16, endpoint: u8) -> Frame {
    Frame::ExplicitRx(ExplicitRx {
        source: MODULE,
        short: 1,
        source_endpoint: endpoint,
        dest_endpoint: endpoint,
        cluster: 0x0013,
        profile,
        options: 1,
        data: vec![0x12, 1, 2, 3],
    })
}

#[test]
fn what_no_application_said_reaches_the_ring_whole_and_no_profile() {
    let sample = hex::decode("8312341B00010E58001800460154020A").unwrap();
    let sensors = hex::decode("940013A20040522BAADD6C0103000200CE00EA0052016A").unwrap();
    let others = [Frame::parse(&sample).unwrap(), Frame::parse(&sensors).unwrap(), explicit(0, 0)];
    let mut registry = Registry::new(vec![Box::new(Greedy)]);
    for frame in others {
        let read = registry.read(&Payload::of(&frame).unwrap(), NOW);
        assert_eq!(read.raw.payload, frame.encode());
        assert_eq!(read.raw.read_as, Err("no profile knows this payload".to_owned()));
    }
    let application = explicit(0xC105, 0xE8);
    let read = registry.read(&Payload::of(&application).unwrap(), NOW);
    assert_eq!((read.raw.payload, read.raw.read_as), (vec![0x12, 1, 2, 3], Ok("greedy")));
}
