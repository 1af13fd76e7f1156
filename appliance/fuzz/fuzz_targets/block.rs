//! Any bytes as a block of history, as the first format kept it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::block(input));
