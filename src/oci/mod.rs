//! The OCI words: digests, references, manifests, blobs.
//!
//! Everything here is pure: it reads bytes that somebody else fetched and gives them types. What cannot be read
//! without ambiguity is refused (duplicate keys, polyglot manifests, unknown digest algorithms), because a verifier
//! that guesses verifies something else than the runtime runs.

mod blob;
mod digest;
mod manifest;
pub mod media_type;
mod platform;
mod reference;
pub mod runtime;

pub use blob::{Blob, BlobError};
pub use digest::{Algorithm, Digest, DigestError, Hasher, decode_hex, encode_hex};
pub use manifest::{Descriptor, ImageManifest, Index, ListedManifest, Manifest, ManifestError, ReferrersList};
pub use platform::{Platform, PlatformError};
pub use reference::{ImageName, LayoutForm, LayoutReference, Reference, ReferenceError, RegistryReference, Tag};
