//! Trusted roots kept current with The Update Framework (TUF 1.0.34).
//!
//! A Sigstore instance publishes its trusted root in a TUF repository: signed, with an expiry, and with keys that can be
//! replaced. `sigstore-tuf` runs the workflow. This module fetches over [`crate::collect`]'s bounded HTTP, adds two rules
//! that the library leaves open (metadata is read in one way only, and one public key counts once), and caches the verified
//! files, one file for each repository ([`Cache`]).
//!
//! The cache is never trusted by itself: every use runs the whole workflow on it again, from the initial root in the
//! program to the bytes of the trusted root, at the time of that use (A243).

mod cache;
mod error;
mod fetcher;
mod files;
mod repository;
mod strict;
mod workflow;

pub use cache::{Cache, CacheError};
pub use error::TufError;
pub use repository::Repository;
pub use workflow::{Current, Update, cached, update};
