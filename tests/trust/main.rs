//! Trusted roots over TUF: a repository in process, honest or hostile, and what becomes of the cache.
//!
//! Each refusal starts from a repository that is taken and breaks it in one place; asserted is the rule that it breaks, and
//! that what was trusted before still is. Every judgement is made at a time that the test gives. Numbers such as `a237` are
//! rows of the table of hostile inputs.

#[path = "../support/mod.rs"]
mod support;

mod world;

mod cache;
mod fallback;
mod hostile;
mod metadata;
mod published;
mod roots;
