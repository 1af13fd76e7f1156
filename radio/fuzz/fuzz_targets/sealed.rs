//! Any bytes where frames of the sealed channel and of tunnels are read: no panic, whatever decodes encodes to the same bytes,
//! and nothing that nobody sealed is ever opened.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radio::v4::Key;
use radio::v4::repeater::TunnelFrame;
use radio::v4::sealed::{Frame, Opening, answer};

fuzz_target!(|input: &[u8]| {
    if let Ok(frame) = Frame::decode(input) {
        assert_eq!(frame.encode(), input);
    }
    if let Ok(frame) = TunnelFrame::decode(input) {
        assert_eq!(frame.encode(), input);
    }
    let key = || Key::new([7; 16]);
    let opening = Opening::new(key(), [1; 8], 244);
    assert!(opening.welcome(input).is_err());
    if let Ok((mut monitor, welcome)) = answer(&key(), input, [2; 8], 244) {
        assert!(Frame::decode(&welcome).is_ok());
        assert!(monitor.open(input).is_err() && !monitor.is_proven());
    }
    let Ok((mut monitor, welcome)) = answer(&key(), &opening.begin(), [3; 8], 244) else { return };
    assert!(monitor.open(input).is_err());
    assert!(opening.welcome(&welcome).is_ok_and(|mut of_box| of_box.open(input).is_err()));
});
