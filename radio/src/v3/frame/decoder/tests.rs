use proptest::collection::vec;
use proptest::prelude::*;

use super::super::codec::{Malformed, encode, wrap};
use super::super::types::Frame;
use super::super::{ApiMode, AtCommand, AtName, AtStatus, ModemStatus, RegisterStatus, Rx};
use super::{Damage, Decoder, Piece};

const BOTH: [ApiMode; 2] = [ApiMode::Plain, ApiMode::Escaped];
const GOOD: [u8; 6] = [0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F];

fn good() -> Frame {
    Frame::ModemStatus(ModemStatus::CoordinatorStarted)
}

/// The pieces of a stream that ends.
fn pieces(mode: ApiMode, stream: &[u8]) -> Vec<Piece> {
    let mut decoder = Decoder::new(mode);
    let mut pieces = decoder.push(stream);
    pieces.extend(decoder.idle());
    assert!(!decoder.is_pending());
    pieces
}

fn frames(pieces: &[Piece]) -> Vec<(u64, Frame)> {
    let frame = |piece: &Piece| match piece {
        Piece::Frame { offset, frame } => Some((*offset, frame.clone())),
        Piece::Damage { .. } => None,
    };
    pieces.iter().filter_map(frame).collect()
}

fn damage(pieces: &[Piece]) -> Vec<(u64, Damage)> {
    let damage = |piece: &Piece| match piece {
        Piece::Damage { offset, kind } => Some((*offset, *kind)),
        Piece::Frame { .. } => None,
    };
    pieces.iter().filter_map(damage).collect()
}

/// `bytes`, then five good frames: none of the five may be lost.
fn damage_before_good_frames(mode: ApiMode, bytes: &[u8]) -> Vec<(u64, Damage)> {
    let mut stream = bytes.to_vec();
    (0..5).for_each(|_| stream.extend(GOOD));
    let pieces = pieces(mode, &stream);
    let expected: Vec<_> = (0..5).map(|n| ((bytes.len() + n * GOOD.len()) as u64, good())).collect();
    assert_eq!(frames(&pieces), expected, "{mode:?} after {bytes:02X?}: {pieces:?}");
    damage(&pieces)
}

#[test]
fn damage_loses_no_good_frame_behind_it() {
    let rows: [(&[u8], Damage); 6] = [
        (&[0x00, 0x55, 0xAA], Damage::Garbage),
        (&[0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6E], Damage::BadChecksum),
        (&[0x7E, 0x00, 0x00, 0xFF], Damage::Empty),
        (&[0x7E, 0xFF, 0xFF, 0x8A], Damage::TooLarge),
        (&[0x7E, 0x00, 0x01, 0x8A, 0x75], Damage::Malformed(Malformed { kind: 0x8A, why: "status" })),
        (&[0xFF; 40], Damage::Garbage),
    ];
    for mode in BOTH {
        for (bytes, kind) in rows {
            assert_eq!(damage_before_good_frames(mode, bytes), [(0, kind)], "{mode:?} {bytes:02X?}");
        }
    }
}

#[test]
fn a_truncated_frame_loses_no_good_frame_behind_it() {
    let truncated = &[0x7E, 0x00, 0x12, 0x90, 0x00, 0x13];
    assert_eq!(damage_before_good_frames(ApiMode::Escaped, truncated), [(0, Damage::Truncated)]);
    // Its length takes good frames for its own, and the sum tells.
    assert_eq!(damage_before_good_frames(ApiMode::Plain, truncated), [(0, Damage::BadChecksum)]);
    let longer_than_all = &[0x7E, 0x01, 0x00, 0x90];
    assert_eq!(damage_before_good_frames(ApiMode::Plain, longer_than_all), [(0, Damage::Truncated)]);
}

#[test]
fn an_escape_with_nothing_to_escape_loses_no_good_frame_behind_it() {
    let dangling = &[0x7E, 0x00, 0x02, 0x8A, 0x7D];
    assert_eq!(damage_before_good_frames(ApiMode::Escaped, dangling), [(0, Damage::DanglingEscape)]);
    assert_eq!(damage_before_good_frames(ApiMode::Escaped, &[0x7D]), [(0, Damage::Garbage)]);
}

#[test]
fn each_damaged_frame_is_told() {
    let bad = [0x7E, 0x00, 0x02, 0x8A, 0x06, 0x00];
    let stream = [&[0x01, 0x02][..], &bad, &bad, &GOOD, &bad].concat();
    for mode in BOTH {
        let told = damage(&pieces(mode, &stream));
        let expected = [
            (0, Damage::Garbage),
            (2, Damage::BadChecksum),
            (8, Damage::BadChecksum),
            (20, Damage::BadChecksum),
        ];
        assert_eq!(told, expected, "{mode:?}");
    }
}

#[test]
fn a_megabyte_of_delimiters_is_told_once_and_not_a_million_times() {
    for mode in BOTH {
        let stream = vec![0x7E; 1 << 20];
        // The second is the header cut short at the stream's end.
        assert!(pieces(mode, &stream).len() <= 2, "{mode:?}");
        // Each of these promises 382 bytes.
        let stream: Vec<u8> = [0x7E, 0x01].repeat(1 << 17);
        let pieces = pieces(mode, &stream);
        assert_eq!(frames(&pieces), [], "{mode:?}");
    }
}

#[test]
fn silence_gives_back_the_frames_that_a_false_header_took() {
    let mut decoder = Decoder::new(ApiMode::Plain);
    let stream = [&[0x7E, 0x01, 0x80, 0x90][..], &GOOD, &GOOD, &[0x7E]].concat();
    assert_eq!(decoder.push(&stream), []);
    assert!(decoder.is_pending());
    let pieces = decoder.idle();
    assert_eq!(frames(&pieces), [(4, good()), (10, good())]);
    assert_eq!(damage(&pieces), [(0, Damage::Truncated), (16, Damage::Truncated)]);
    assert_eq!(decoder.push(&GOOD), [Piece::Frame { offset: 17, frame: good() }]);
}

#[test]
fn a_good_frame_right_behind_a_damaged_one_waits_for_no_further_byte() {
    for mode in BOTH {
        let mut decoder = Decoder::new(mode);
        let stream = [&[0x7E, 0x00, 0x02, 0x8A, 0x06, 0x00][..], &GOOD].concat();
        assert_eq!(frames(&decoder.push(&stream)).len(), 1, "{mode:?}");
    }
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let data = || {
        vec(
            prop_oneof![2 => any::<u8>(), 1 => prop_oneof![Just(0x7E), Just(0x7D), Just(0x11), Just(0x13)]],
            0..40,
        )
    };
    prop_oneof![
        (any::<[u8; 8]>(), any::<u16>(), any::<u8>(), data()).prop_map(|(source, short, options, data)| {
            Frame::Rx(Rx { source: domain::Eui64::from_be_bytes(source), short, options, data })
        }),
        (any::<u8>(), any::<[u8; 2]>(), data()).prop_map(|(id, name, parameter)| Frame::At(AtCommand {
            id,
            name: AtName(name),
            parameter
        })),
        any::<u8>().prop_map(|status| Frame::ModemStatus(ModemStatus::from(status))),
        (any::<u8>(), any::<u8>())
            .prop_map(|(id, status)| Frame::RegisterStatus { id, status: RegisterStatus::from(status) }),
        (any::<u8>(), any::<u8>(), data()).prop_map(|(id, status, value)| {
            let name = AtName::of("ND");
            Frame::AtResponse(super::super::AtResponse { id, name, status: AtStatus::from(status), value })
        }),
        (0xB0..0xC0_u8, data()).prop_map(|(kind, data)| Frame::Unknown { kind, data }),
    ]
}

/// Bytes as a bad line gives them, rich in what looks like frames.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![
            4 => any::<u8>().prop_map(|byte| vec![byte]),
            1 => Just(vec![0x7E]),
            1 => Just(vec![0x7D]),
            1 => (any::<u8>(), prop_oneof![Just(0x90_u8), any::<u8>()]).prop_map(|(low, kind)| vec![0x7E, 0x00, low, kind]),
            1 => Just(vec![0x7E, 0xFF, 0xFF]),
        ],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

fn chunked(mode: ApiMode, stream: &[u8], sizes: &[usize]) -> Vec<Piece> {
    let mut decoder = Decoder::new(mode);
    let mut pieces = Vec::new();
    let mut rest = stream;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(1).clamp(1, rest.len());
        let (chunk, later) = rest.split_at(size);
        pieces.extend(decoder.push(chunk));
        rest = later;
    }
    pieces.extend(decoder.idle());
    pieces
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_pieces(
        parts in vec((noise(), any_frame()), 0..6),
        sizes in vec(1..20_usize, 1..5),
    ) {
        for mode in BOTH {
            let mut stream = Vec::new();
            for (noise, frame) in &parts {
                stream.extend(noise);
                stream.extend(encode(frame, mode).unwrap());
            }
            let whole = pieces(mode, &stream);
            prop_assert_eq!(&chunked(mode, &stream, &[1]), &whole);
            prop_assert_eq!(&chunked(mode, &stream, &sizes), &whole);
        }
    }

    #[test]
    fn frames_without_damage_come_out_as_they_went_in(sent in vec(any_frame(), 0..12)) {
        for mode in BOTH {
            let stream: Vec<u8> = sent.iter().flat_map(|frame| encode(frame, mode).unwrap()).collect();
            let pieces = pieces(mode, &stream);
            prop_assert_eq!(damage(&pieces), []);
            let heard: Vec<_> = frames(&pieces).into_iter().map(|(_, frame)| frame).collect();
            // A byte pattern may have a second, longer reading; the bytes are the same.
            let bytes: Vec<_> = heard.iter().map(Frame::encode).collect();
            prop_assert_eq!(bytes, sent.iter().map(Frame::encode).collect::<Vec<_>>());
        }
    }

    #[test]
    fn noise_between_escaped_frames_loses_none(parts in vec((noise(), any_frame()), 1..8)) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (noise, frame) in &parts {
            stream.extend(noise);
            expected.push((stream.len() as u64, frame.encode()));
            stream.extend(encode(frame, ApiMode::Escaped).unwrap());
        }
        let heard: Vec<_> =
            frames(&pieces(ApiMode::Escaped, &stream)).into_iter().map(|(at, frame)| (at, frame.encode())).collect();
        for frame in expected {
            prop_assert!(heard.contains(&frame), "{:?} is lost", frame);
        }
    }

    /// In AP=1 noise can by chance form a frame with a good checksum, and nothing tells it from a true one. So: a
    /// frame is only ever lost to damage of its own or to such a frame, and never more than that one covers.
    #[test]
    fn noise_between_plain_frames_loses_only_what_a_chance_checksum_covers(parts in vec((noise(), any_frame()), 1..8)) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (noise, frame) in &parts {
            stream.extend(noise);
            expected.push((stream.len() as u64, frame.encode()));
            stream.extend(encode(frame, ApiMode::Plain).unwrap());
        }
        let heard: Vec<_> =
            frames(&pieces(ApiMode::Plain, &stream)).into_iter().map(|(at, frame)| (at, frame.encode())).collect();
        let covered = |at: u64| heard.iter().any(|(from, data)| *from < at && at < from + data.len() as u64 + 4);
        for frame in expected {
            prop_assert!(heard.contains(&frame) || covered(frame.0), "{:?} is lost", frame);
        }
    }

    #[test]
    fn bytes_changed_within_a_frame_lose_no_other_frame(
        before in vec(any_frame(), 0..3),
        victim in any_frame(),
        after in vec(any_frame(), 1..4),
        flips in vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
        cut in any::<prop::sample::Index>(),
        shorten: bool,
    ) {
        let mode = ApiMode::Escaped;
        let line = |frames: &[Frame]| -> Vec<u8> { frames.iter().flat_map(|frame| encode(frame, mode).unwrap()).collect() };
        let mut damaged = encode(&victim, mode).unwrap();
        for (at, flip) in flips {
            let at = at.index(damaged.len());
            damaged[at] ^= flip;
        }
        if shorten {
            damaged.truncate(cut.index(damaged.len()));
        }
        let stream = [line(&before), damaged, line(&after)].concat();
        let heard: Vec<_> = frames(&pieces(mode, &stream)).into_iter().map(|(_, frame)| frame.encode()).collect();
        let whole = |frames: &[Frame]| frames.iter().map(Frame::encode).collect::<Vec<_>>();
        prop_assert!(heard.starts_with(&whole(&before)));
        prop_assert!(heard.ends_with(&whole(&after)));
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_every_frame_found_is_in_them(stream in vec(any::<u8>(), 0..300)) {
        for (at, frame) in frames(&pieces(ApiMode::Plain, &stream)) {
            let wire = wrap(&frame.encode(), ApiMode::Plain).unwrap();
            prop_assert!(stream[at as usize..].starts_with(&wire));
        }
        let _ = pieces(ApiMode::Escaped, &stream);
    }
}
