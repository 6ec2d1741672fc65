//! Trusted roots kept current with The Update Framework (TUF 1.0.34).
//!
//! A Sigstore instance publishes its trusted root in a TUF repository: signed, with an end, and with keys that can be
//! replaced. The workflow is that of `sigstore-tuf`; this module brings it bytes over [`crate::collect`]'s bounded HTTP, adds
//! what it leaves open (metadata is read in one way only, and one public key counts once), and keeps what was verified in
//! one file for each repository ([`Cache`]).
//!
//! Nothing in the cache is believed because it is there: every use runs the whole workflow on it again, from the initial
//! root that came with the program to the bytes of the trusted root, at the time of that use (A243).

mod cache;
mod courier;
mod error;
mod files;
mod repository;
mod strict;
mod workflow;

pub use cache::{Cache, CacheError};
pub use error::TufError;
pub use repository::Repository;
pub use workflow::{Current, Update, cached, update};
