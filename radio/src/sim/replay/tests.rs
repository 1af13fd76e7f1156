use std::time::Duration;

use domain::{Eui64, Timestamp};

use super::{Player, StandIn, Turn};
use crate::capture::{Damage, Direction, Header, Reader, ReaderError, Writer};
use crate::v3::frame::{
    ApiMode, AtCommand, AtName, AtResponse, AtStatus, Decoder, Frame, ModemStatus, Piece, Rx, encode,
};

fn file(stretches: &[(u64, Direction, Vec<u8>)]) -> Vec<u8> {
    let start = Timestamp::from_millis(1_800_000_000_000);
    let mut file = Vec::new();
    let header = Header { link: "hall-a".parse().unwrap(), start };
    let mut writer = Writer::new(&mut file, &header).unwrap();
    for (millis, direction, bytes) in stretches {
        writer.bytes(start.later_by(Duration::from_millis(*millis)), *direction, bytes).unwrap();
    }
    file
}

fn stick(file: &[u8]) -> StandIn {
    StandIn::remember::<_, ReaderError>(|| Reader::open(file)).unwrap()
}

fn player(file: &[u8], pace: u32) -> Player<&[u8]> {
    Player::new(Reader::open(file).unwrap(), pace)
}

fn payload(data: &[u8]) -> Frame {
    let source = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0, 0, 0, 9]);
    Frame::Rx(Rx { source, short: 0x7E11, options: 1, data: data.to_vec() })
}

fn at(name: &str, parameter: &[u8]) -> Frame {
    Frame::At(AtCommand { id: 1, name: AtName::of(name), parameter: parameter.to_vec() })
}

fn answered(name: &str, value: &[u8]) -> Frame {
    let (name, value) = (AtName::of(name), value.to_vec());
    Frame::AtResponse(AtResponse { id: 1, name, status: AtStatus::Ok, value })
}

fn ask(stick: &mut StandIn, mode: ApiMode, question: &Frame) -> Option<Frame> {
    let said = stick.answer(&encode(question, mode).unwrap(), 0);
    Decoder::new(mode).push(&said).into_iter().find_map(|piece| match piece {
        Piece::Frame { frame, .. } => Some(frame),
        Piece::Damage { .. } => None,
    })
}

/// What is said, and when in ms.
fn play(file: &[u8], player: &mut Player<&[u8]>) -> Vec<(u64, Vec<u8>)> {
    let mut stick = stick(file);
    let (mut passed, mut said) = (Duration::ZERO, Vec::new());
    loop {
        match player.turn(&mut stick, passed) {
            Turn::Say(bytes) => said.push((passed.as_millis() as u64, bytes)),
            Turn::Wait(until) => passed = until,
            Turn::Over => return said,
        }
    }
}

#[test]
fn a_recording_keeps_its_pace_or_a_multiple_of_it() {
    let file = file(&[
        (1_000, Direction::Heard, b"one".to_vec()),
        (2_000, Direction::Sent, b"ours".to_vec()),
        (61_000, Direction::Heard, b"two".to_vec()),
    ]);
    for (pace, after) in [(1, 60_000), (10, 6_000), (0, 0)] {
        let said = [(0, b"one".to_vec()), (after, b"two".to_vec())];
        assert_eq!(play(&file, &mut player(&file, pace)), said, "only what the device said");
    }
}

#[test]
fn a_cut_recording_is_played_to_the_cut_and_the_damage_told() {
    let mut file = file(&[(0, Direction::Heard, b"one".to_vec()), (1, Direction::Heard, b"two".to_vec())]);
    file.pop();
    let mut player = player(&file, 0);
    assert_eq!(play(&file, &mut player), [(0, b"one".to_vec())]);
    assert!(matches!(player.damage(), Some(Damage::Truncated { .. })));
}

#[test]
fn what_came_by_radio_is_played_in_the_framing_of_the_box_and_answers_only_when_it_asks() {
    let heard = [
        answered("HV", &[0x41, 0x07]),
        Frame::ModemStatus(ModemStatus::HardwareReset),
        payload(&[0x7E, 0x11, 1]),
    ];
    let heard = heard.iter().flat_map(|frame| encode(frame, ApiMode::Plain).unwrap()).collect();
    let file = file(&[(0, Direction::Heard, heard)]);
    let mut stick = stick(&file);
    assert_eq!(ask(&mut stick, ApiMode::Plain, &at("HV", &[])), Some(answered("HV", &[0x41, 0x07])));
    // The answer to the change still has the old framing.
    assert_eq!(ask(&mut stick, ApiMode::Plain, &at("AP", &[2])), Some(answered("AP", &[])));
    assert_eq!(ask(&mut stick, ApiMode::Escaped, &at("AP", &[])), Some(answered("AP", &[2])));
    let said = player(&file, 0).turn(&mut stick, Duration::ZERO);
    assert_eq!(said, Turn::Say(encode(&payload(&[0x7E, 0x11, 1]), ApiMode::Escaped).unwrap()));
}

#[test]
fn a_stick_that_was_never_asked_is_stood_in_for_by_the_coordinator_of_a_network() {
    let heard = encode(&payload(b"cycle"), ApiMode::Plain).unwrap();
    let mut stick = stick(&file(&[(0, Direction::Heard, heard)]));
    let mut value = |name: &str| match ask(&mut stick, ApiMode::Plain, &at(name, &[])) {
        Some(Frame::AtResponse(AtResponse { status: AtStatus::Ok, value, .. })) => value,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(value("HV").first(), Some(&0x41));
    assert_eq!(value("AI"), [0]);
    assert_eq!(value("OP").last(), Some(&1));
    assert_eq!(value("AP"), [1]);
}

#[test]
fn a_line_without_frames_is_stood_in_for_by_a_stick_that_only_passes_bytes() {
    let mut stick = stick(&file(&[(0, Direction::Heard, b"plain bytes".to_vec())]));
    assert_eq!(stick.answer(b"", 2_000), b"");
    assert_eq!(stick.answer(b"+++", 2_000), b"");
    assert_eq!(stick.answer(b"", 4_000), b"OK\r");
    assert_eq!(stick.answer(b"ATHV\r", 4_100), b"1C00\r");
    assert_eq!(stick.play(b"plain bytes"), b"plain bytes");
}
