//! Any bytes as comma-separated cycles from another system.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::csv(input));
