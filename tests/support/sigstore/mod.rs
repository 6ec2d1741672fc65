//! A Sigstore that lives in the test process: real certificates, logs and time stamps, and no servers.
//!
//! Everything honest comes from `Sigstore::new()`. Broken evidence is made in one of three ways:
//!
//! * before signing, by bending a certificate profile or a log entry's body ([`Signer::leaf`], [`Signer::body`]);
//! * by mixing instances, whose parts are public: `Sigstore { ct: stranger.ct.clone(), ..instance.clone() }` is the instance
//!   with somebody else's CT log, and `CtLog { key: Key::p256(), ..instance.ct.clone() }` is a log that claims to be ours;
//! * after signing, by replacing parts of a [`Signed`] or of the bundle's JSON.

pub mod authority;
pub mod certificate;
pub mod content;
pub mod ct;
pub mod der;
pub mod entry;
pub mod identity;
pub mod key;
pub mod merkle;
pub mod rekor;
pub mod signed;
pub mod signer;
pub mod timestamp;
pub mod trusted_root;

pub use authority::{CertificateAuthority, TRUSTED_SINCE};
pub use certificate::{Name, Profile};
pub use content::{Content, Envelope};
pub use ct::CtLog;
pub use entry::{EntryKind, InclusionProof, LogEntry};
pub use identity::{GITHUB_ACTIONS, Identity, claim_oid};
pub use key::Key;
pub use rekor::{Generation, Rekor};
pub use signed::{LegacyLayer, Signed, Version};
pub use signer::{Evidence, SIGNING_TIME, Signer};
pub use timestamp::TimestampAuthority;

use serde_json::Value;

use super::statement::Subject;

/// One trust domain: its own authorities and logs, whose keys exist only in this process.
///
/// Clones share keys and log trees.
#[derive(Clone)]
pub struct Sigstore {
    pub authority: CertificateAuthority,
    pub ct: CtLog,
    pub rekor: Rekor,
    pub rekor_v2: Rekor,
    pub timestamp_authority: TimestampAuthority,
}

impl Sigstore {
    pub fn new() -> Sigstore {
        Sigstore {
            authority: CertificateAuthority::new(),
            ct: CtLog::new(),
            rekor: Rekor::v1(),
            rekor_v2: Rekor::v2(),
            timestamp_authority: TimestampAuthority::new(),
        }
    }

    /// Starts a keyless signature by `identity`.
    pub fn signer<'a>(&'a self, identity: &'a Identity) -> Signer<'a> {
        Signer::new(self, Some(identity), Key::p256())
    }

    /// Starts a signature with a key of the signer's own, without a certificate.
    pub fn key_signer(&self, key: &Key) -> Signer<'_> {
        Signer::new(self, None, key.clone())
    }

    /// Signs an image as cosign 3 does.
    pub fn sign_image(&self, identity: &Identity, subject: &Subject) -> Signed {
        self.signer(identity).sign_image(subject)
    }

    /// Signs a statement as cosign 3 does with Rekor v1.
    pub fn attest(&self, identity: &Identity, statement: &Value) -> Signed {
        self.signer(identity).attest(statement)
    }

    fn log(&self, kind: EntryKind) -> &Rekor {
        match kind {
            EntryKind::HashedRekordV002 => &self.rekor_v2,
            _ => &self.rekor,
        }
    }
}
