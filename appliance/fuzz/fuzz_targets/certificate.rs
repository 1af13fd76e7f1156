//! Any bytes as a certificate that a person brings.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| appliance::fuzzing::certificate(input));
