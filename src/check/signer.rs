//! The part of a report about a signature: its place, its signer, and its time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::evidence::OriginKind;

use super::{LogEvidence, SignerKind, TimeSource, WorkflowName};

/// Where a candidate was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginReport {
    /// The kind of place.
    pub kind: OriginKind,
    /// The place in words.
    pub place: String,
}

/// Who signed, as the verified certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerReport {
    /// The subject alternative name of the certificate; of a key, the SHA-256 of its `SubjectPublicKeyInfo`.
    pub identity: String,
    /// What names the signer.
    pub identity_kind: SignerKind,
    /// The OpenID Connect issuer; empty for a key, and not written then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The other Fulcio claims; in JSON an object of their values by their names.
    #[serde(serialize_with = "by_name", deserialize_with = "from_names")]
    pub claims: Vec<ClaimReport>,
}

fn by_name<S: Serializer>(claims: &[ClaimReport], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(claims.iter().map(|claim| (&claim.name, &claim.value)))
}

fn from_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ClaimReport>, D::Error> {
    let claims = BTreeMap::<String, String>::deserialize(deserializer)?;
    Ok(claims.into_iter().map(|(name, value)| ClaimReport { oid: String::new(), name, value }).collect())
}

impl SignerReport {
    /// Returns the signer as a person would name it: `acme/app release.yml @ refs/tags/v1` for a workflow of GitHub.
    pub fn in_words(&self) -> String {
        const GITHUB: &str = "https://token.actions.githubusercontent.com";
        let workflow = WorkflowName::of_github(&self.identity).and_then(|name| {
            let repository = name.repository.strip_prefix("https://")?;
            let repository = repository.strip_prefix("github.com/").unwrap_or(repository);
            Some(format!("{repository} {} @ {}", name.file(), name.reference()?))
        });
        match (self.identity_kind, workflow) {
            (SignerKind::Key, _) => format!("the key {}", self.identity),
            (SignerKind::Uri, Some(workflow)) if self.issuer == GITHUB => workflow,
            _ => format!("{} ({})", self.identity, self.issuer),
        }
    }
}

/// One Fulcio claim (fulcio `docs/oid-info.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimReport {
    /// The last arc of its object identifier under 1.3.6.1.4.1.57264.1; empty in a report that was read, where it is not written.
    pub oid: String,
    /// Its name; no certificate has two of one name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// One verified log entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntryReport {
    /// Kind and version, such as `hashedrekord 0.0.1`.
    pub kind: String,
    /// The log's id, as hexadecimal digits.
    pub log_id: String,
    /// The index in the log; absent where nothing vouches for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_index: Option<u64>,
    /// What shows that the log holds it.
    pub evidence: LogEvidence,
    /// The time the log integrated the entry, if the log vouches for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrated_time: Option<Timestamp>,
}

/// One verified time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampReport {
    /// Who vouches for it.
    pub source: TimeSource,
    /// The time.
    pub time: Timestamp,
}
