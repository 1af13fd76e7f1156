//! Any text as the configuration file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::configuration(input));
