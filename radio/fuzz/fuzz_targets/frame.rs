//! Any bytes, in both modes and any chunks: no panic, the same pieces, and every frame found is written as it was read.
//! The first byte chooses mode and chunk size, the rest is the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radio::v3::frame::{ApiMode, Decoder, Frame, Piece, describe, encode};

fn pieces(mode: ApiMode, stream: &[u8], size: usize) -> Vec<Piece> {
    let mut decoder = Decoder::new(mode);
    let mut pieces: Vec<Piece> = stream.chunks(size).flat_map(|chunk| decoder.push(chunk)).collect();
    pieces.extend(decoder.idle());
    assert!(!decoder.is_pending());
    pieces
}

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else { return };
    let mode = if first & 1 == 0 { ApiMode::Plain } else { ApiMode::Escaped };
    let whole = pieces(mode, stream, usize::MAX);
    assert_eq!(whole, pieces(mode, stream, 1));
    assert_eq!(whole, pieces(mode, stream, usize::from(first >> 1) + 1));
    for piece in &whole {
        let _ = describe(piece).to_string();
        let Piece::Frame { offset, frame } = piece else { continue };
        assert_eq!(Frame::parse(&frame.encode()).as_ref(), Ok(frame));
        let wire = encode(frame, mode).expect("a frame that was read is short enough to send");
        assert_eq!(pieces(mode, &wire, usize::MAX), [Piece::Frame { offset: 0, frame: frame.clone() }]);
        if mode == ApiMode::Plain {
            assert!(stream[*offset as usize..].starts_with(&wire));
        }
    }
});
