//! What the integration tests stand on: a Sigstore and a registry that live inside the test process.
//!
//! Nothing here touches the network beyond loopback, reads the clock or depends on the crate under test, so that no test can
//! agree with Bonafide merely because both share a mistake.

// Every integration test is a crate of its own and uses its own part of this module, whose items are public to no one else.
#![allow(dead_code, unreachable_pub, unused_imports)]

pub mod digest;
pub mod folder;
pub mod image;
pub mod json;
pub mod layout;
pub mod program;
pub mod registry;
pub mod repository;
pub mod schema;
pub mod sigstore;
pub mod statement;
pub mod tls;
pub mod tuf;
