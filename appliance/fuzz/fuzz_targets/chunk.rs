//! Any bytes as a chunk of history, with and without the checksum that guards it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::chunk(input));
