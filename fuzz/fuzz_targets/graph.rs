#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| microsoft_sso::fuzzing::graph(data));
