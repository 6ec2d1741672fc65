//! Bonafide answers one question about a container image: *is it what its maker says it is?*
//!
//! It pulls the image's manifests and everything attached to them from a registry or an OCI layout, verifies the
//! Sigstore signatures on it, checks the SLSA provenance and the SBOM that were attested, and reports pass or fail with
//! the reason for every piece of evidence it looked at.
//!
//! # The way of an image
//!
//! ```text
//! args + environment + clock -> cli: a request, a policy, trust roots
//! request -> collect -> Evidence                  async, bounded, every byte digest-checked
//! ---- the network ends here ----
//! verify(&Evidence, &Policy, &[TrustDomain], now) -> ImageReport     pure, total, deterministic; run sends threads to judge
//! Report -> render -> text, JSON ; Verdict -> exit code
//! ```
//!
//! # The architecture
//!
//! | module | what lives there | may name |
//! |---|---|---|
//! | [`json`] | strict JSON: no duplicate keys, bounded depth; base64 in it | nothing |
//! | [`time_limit`] | how long the work may take, as the caller says | nothing |
//! | [`oci`] | digests, references, manifests, blobs | `json` |
//! | [`evidence`] | what was collected, as data; payloads decoded | `json`, `oci` |
//! | [`check`] | the closed table of checks, findings, verdicts, the report | the sections of `attestation` |
//! | [`compare`] | what changed between two images, from their reports | `check`, `json`, `packages` |
//! | [`packages`] | package URLs, the order of versions in each ecosystem, ranges of them, advisories | `json` |
//! | [`policy`] | what must hold, proved before it exists | `json`, `oci`, `check`, `packages`, `time_limit`, the rules of `attestation` |
//! | [`attestation`] | a folder for each kind of attestation: `types` and `texts`, its predicate types and schemas | nothing |
//! | | `section` and `checks`, what a report says | `check` |
//! | | `rules` and `keys`, what a policy may ask | what `policy` may, and `policy` |
//! | | its other files, how it is read and judged | what `verify` may, and `verify` |
//! | [`policy_tools`] | policy files that the program writes: a first one, imported ones, suggested ones | `check`, `policy` |
//! | [`from`] | the images that Dockerfiles, manifests and workflows name, and the packages of lock files, with their places | `json`, `oci`, `policy` |
//! | [`trust`] | trusted roots of Sigstore instances | `json`, `oci` |
//! | [`verify`] | evidence, policy and trust become a report | all of the above |
//! | [`render`] | one file per output format | `check`, `oci` |
//! | [`secrets`] | the secrets of a run, and the filter that keeps them out of all output | nothing |
//! | `collect` | registries and layouts (feature `net`) | `evidence`, `oci`, `json`, `secrets` |
//! | `run` | targets to reports: several at once, judged on other threads (feature `net`) | everything but `cli`, `render`, `tuf` |
//! | `tuf` | trusted roots kept current with TUF (feature `net`) | `json`, `oci`, `trust`, `collect` |
//! | `cli` | arguments to exit code (feature `net`) | everything |
//!
//! Everything but `collect`, `run`, `tuf` and `cli` is pure: no runtime, no file system, no environment, no clock, no randomness.
//! `tests/layering.rs` keeps it so.

pub mod attestation;
pub mod check;
pub mod compare;
pub mod evidence;
pub mod from;
pub mod json;
pub mod oci;
pub mod packages;
pub mod policy;
pub mod policy_tools;
pub mod render;
pub mod secrets;
pub mod time_limit;
pub mod trust;
pub mod verify;

#[cfg(feature = "net")]
pub mod cli;
#[cfg(feature = "net")]
pub mod collect;
#[cfg(feature = "net")]
pub mod run;
#[cfg(feature = "net")]
pub mod tuf;
