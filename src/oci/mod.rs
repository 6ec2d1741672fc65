//! The OCI words: digests, references, manifests, blobs.
//!
//! Everything here is pure: it gives types to bytes that were fetched elsewhere. Ambiguous documents are refused
//! (duplicate keys, polyglot manifests, unknown digest algorithms): a verifier that guesses may verify other content
//! than the runtime runs.

mod blob;
mod digest;
mod file;
mod manifest;
pub mod media_type;
mod npm;
mod platform;
mod reference;
pub mod runtime;
mod sums;

pub use blob::{Blob, BlobError};
pub use digest::{Algorithm, Digest, DigestError, Hasher, decode_hex, encode_hex};
pub use file::{FileReference, FileReferenceError};
pub use manifest::{Descriptor, ImageManifest, Index, ListedManifest, Manifest, ManifestError, ReferrersList};
pub use npm::{NpmPackage, NpmPackageError};
pub use platform::{Platform, PlatformError};
pub use reference::{ImageName, LayoutForm, LayoutReference, Reference, ReferenceError, RegistryReference, Tag};
pub use sums::{Sums, SumsError};
