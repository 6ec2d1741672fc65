//! What arbitrary input must never do to the pure core.
//!
//! Each target is a function from bytes that is right for every input: it panics when something that must hold does
//! not. The fuzzing engine calls it from `fuzz_targets/`, and `cargo test` calls it from `tests/fuzz/` with every seed and a
//! fixed number of mutations. Seeds are cut out of `fixtures/` and kept nowhere.

pub mod forge;
pub mod holds;
pub mod lab;
pub mod targets;
