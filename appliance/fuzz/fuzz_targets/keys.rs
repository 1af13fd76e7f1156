//! Any bytes as the wrapped keys of a store and as a key file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::keys(input));
