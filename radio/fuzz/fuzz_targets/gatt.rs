//! Any bytes on any characteristic, in both directions: no panic, and whatever decodes encodes to the same bytes. The
//! first byte chooses the characteristic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radio::v4::open::{Characteristic, CurrentTime, FromMonitor, Handover, ToMonitor, battery_level};

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let characteristic = Characteristic::ALL[usize::from(*first) % Characteristic::ALL.len()];
    if let Ok(message) = FromMonitor::decode(characteristic, bytes) {
        assert_eq!(message.encode(), bytes);
        assert_eq!(message.characteristic(), characteristic);
    }
    if let Ok(message) = ToMonitor::decode(characteristic, bytes) {
        assert_eq!(message.encode(), bytes);
        assert_eq!(message.characteristic(), characteristic);
    }
    if let Ok(handover) = Handover::decode(bytes) {
        assert_eq!(handover.encode().as_slice(), bytes);
    }
    if let Ok(time) = CurrentTime::decode(bytes) {
        assert_eq!(time.encode(), bytes);
    }
    let _ = battery_level(bytes);
});
