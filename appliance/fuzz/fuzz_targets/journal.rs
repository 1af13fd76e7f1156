//! Any blocks as the journal, between the numbers that say how far the database is.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::journal(input));
