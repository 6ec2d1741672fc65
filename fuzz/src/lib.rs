//! What arbitrary input must never do to the pure core.
//!
//! Each target is a function of bytes that panics if a property does not hold. The fuzzing engine calls it from
//! `fuzz_targets/`, and `cargo test` calls it from `tests/fuzz/` with every seed and a fixed number of mutations. Seeds
//! are cut out of `fixtures/` at run time.

pub mod forge;
pub mod holds;
pub mod lab;
pub mod targets;
