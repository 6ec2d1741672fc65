//! Collection: from a reference to [`Evidence`](crate::evidence::Evidence).
//!
//! Collecting an image takes four rounds. The requests of one round run in parallel:
//!
//! 1. the manifest that the reference names, once: a tag moves, so it is never asked for again (A001);
//! 2. for its digest at once: the referrers API, the fallback tag, the `.sig` and the `.att` tag;
//! 3. the manifests that these lists name, at once;
//! 4. the bundles, signatures and attestations that those manifests name, at once.
//!
//! Large evidence is fetched in later rounds, and only if the small evidence does not satisfy the policy.
//!
//! An image's layers are never fetched. Every manifest and blob is fetched by digest and checked against it, and its
//! bytes decide its kind: the hints of a list prove nothing (A027). A failed read becomes a
//! [`Gap`](crate::evidence::Gap). Only a true "not found" of a list is absence: a registry that is down or throttled
//! must never look like an unsigned image (A023).
//!
//! [`discovery`] implements these rules and knows neither HTTP nor files. It reads from [`Source`]s: [`registry`] and [`layout`].
//! Each further place for evidence is a further source, such as an archive, an evidence repository or GitHub's attestations API.

mod connection;
mod copy;
pub mod discovery;
mod error;
mod file_target;
pub mod files;
pub mod layout;
mod limits;
mod local_file;
mod login_use;
mod loose;
mod pack;
mod recorded;
pub mod registry;
mod said;
pub mod saving;
mod source;
mod spool;
mod sums_file;
mod tags;
mod target;

pub use connection::{CertificateProblem, Compared, ConnectionFailure, ConnectionProblem, Proxy};
pub use copy::{Copied, CopyError, CopyTarget, Copying, copy};
pub use discovery::{Collector, PlatformChoice};
pub use error::SourceError;
pub use file_target::{FileTargetError, collect_file};
pub use layout::{LayoutSource, NoLayout, list_layout_tags, read_report, refuse_other_than_layout};
pub use limits::{Limits, Share};
pub use local_file::{Given, LocalFile};
pub use login_use::{Denial, LoginName, LoginOrigin, LoginUse, docker_login};
pub use loose::{LooseError, read_loose};
pub use pack::Pack;
pub use recorded::{Recorded, Recording};
pub use registry::{
    Credentials, CredentialsError, FileServer, FileServerError, FileServerSettings, FoundLogin, GitHubAttestations,
    GitHubBase, GitHubBaseError, HelperFailure, HostPlace, HostPlaces, HostsError, Login, Logins, Mirror, MirrorError,
    NetworkUse, NpmBase, NpmBaseError, NpmRegistry, Pace, Pushed, PutManifest, Registries, RegistrySettings,
    RegistrySource, RegistryTarget, SettingsError, Store, Tell, TokenServer, TokenServerError, collect_npm,
};
pub use said::Said;
pub use source::{AttestationsPage, Attested, CosignTag, Fetched, NextPage, ReferrersPage, Source, Tagged};
pub use spool::Spool;
pub use sums_file::SumsFile;
pub use tags::{TagList, evidence_stem};
pub use target::{GitHubPlace, ImageSource, Places};
