//! Any bytes as a record of the store or of the journal, whichever the first byte says.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::record(input));
