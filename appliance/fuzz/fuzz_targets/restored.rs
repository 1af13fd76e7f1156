//! Any stream with a right end, restored into a store that is then looked at and checked.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::restored(input));
