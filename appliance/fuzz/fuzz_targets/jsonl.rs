//! Any bytes as lines of JSON with cycles from another system.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::jsonl(input));
