#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bonafide_fuzz::targets::sums::run(data));
