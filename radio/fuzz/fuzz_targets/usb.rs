//! Any bytes on a USB port, on either side of it and in any chunks: no panic, the same messages. The first byte
//! chooses the chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radio::usb::codec::{Decoder, encode};
use radio::usb::device::Listener;
use radio::usb::{Request, Session};

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else { return };
    let size = usize::from(*first) + 1;
    let whole = Decoder::new().push(stream);
    let mut decoder = Decoder::new();
    let pieces: Vec<_> = stream.chunks(size).flat_map(|chunk| decoder.push(chunk)).collect();
    assert_eq!(pieces, whole);
    for message in whole.into_iter().flatten() {
        assert_eq!(Decoder::new().push(&encode(&message)), [Ok(message)]);
    }
    let mut session = Session::new(Request::Show).expect("it has no fields");
    let mut listener = Listener::new();
    for chunk in stream.chunks(size) {
        let _ = session.push(chunk);
        for request in listener.push(chunk).into_iter().flatten() {
            if let Request::Initialise(record) = &request {
                Session::new(Request::Initialise(record.clone())).expect("what was read can be written");
            }
        }
    }
});
