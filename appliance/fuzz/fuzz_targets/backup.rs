//! Any bytes as the stream of a store that a backup seals, with and without the end that proves it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::backup(input));
