//! Any bytes as payloads of modules: no panic, and whatever decodes encodes to the same bytes. The first byte chooses
//! whether the rest is taken as it is or given a good check first.
#![no_main]

use domain::{Eui64, Timestamp};
use libfuzzer_sys::fuzz_target;
use radio::v3::profile::open::{MAX_MESSAGE, Message, OpenProfile, crc16};
use radio::v3::profile::{Payload, PayloadKind, Registry};

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let mut registry = Registry::new(vec![Box::new(OpenProfile::new())]);
    // Several payloads, so that parts meet.
    for (place, bytes) in rest.chunks(MAX_MESSAGE - 2).enumerate() {
        let mut bytes = bytes.to_vec();
        if first & 1 == 1 {
            bytes.extend(crc16(&bytes).to_be_bytes());
        }
        if let Ok(message) = Message::decode(&bytes) {
            assert_eq!(message.encode(), bytes);
        }
        let payload = Payload { source: Eui64::BROADCAST, kind: PayloadKind::Bytes(&bytes) };
        let now = Timestamp::from_millis(1_800_000_000_000 + place as i64 * 1_000);
        assert_eq!(registry.read(&payload, now).raw.payload, bytes);
    }
});
