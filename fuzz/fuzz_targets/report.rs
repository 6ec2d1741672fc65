#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bonafide_fuzz::targets::report::run(data));
