//! Signatures by npm's registry: a signed line about each package, and publish attestations.
//!
//! Both say that the registry published a tarball under a name and a version. Neither says who built it, or from what.

use serde::Deserialize;

use crate::check::{CheckId, Finding};
use crate::evidence::Target;
use crate::json;
use crate::json::base64::STANDARD;
use crate::oci::NpmPackage;

use super::entity::{KeyMaterial, MessageSignature, SignedContent, SignedEntity, Version, decode_base64};
use super::statement::Statement;

/// The predicate type of npm's publish attestation (npm/attestation `specs/publish/v0.1`).
const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// Whether a statement of this type is the registry's signature on a package. No other statement is.
pub(super) fn is_signature(target: &Target, predicate_type: Option<&str>) -> bool {
    target.package().is_some() && predicate_type == Some(PUBLISH)
}

/// Reads the signature of a registry: that of a key, in no log.
pub(super) fn read_signature(text: &str) -> Result<SignedEntity, Finding> {
    let signature = decode_base64(text).filter(|signature| !signature.is_empty());
    let signature = signature
        .ok_or_else(|| Finding::fail(CheckId::BundleFormat, "the registry's signature is not base64").found(text))?;
    Ok(SignedEntity {
        version: Version::V01,
        key: KeyMaterial::PublicKey,
        entries: Vec::new(),
        timestamps: Vec::new(),
        content: SignedContent::Message(MessageSignature { digest: None, signature }),
        stamped: None,
        is_bare: false,
    })
}

/// Checks that the signed line is about this package and this tarball.
pub(super) fn check_signed(text: &[u8], target: &Target) -> Finding {
    let Some(package) = target.package() else {
        return Finding::fail(CheckId::SubjectDigest, "a registry signs packages, and this is none");
    };
    let integrity = format!("{}-{}", target.root.algorithm().name(), STANDARD.encode(&target.root.bytes()));
    let expected = package.signed_text(&integrity);
    if text == expected.as_bytes() {
        return Finding::pass(CheckId::SubjectDigest, "the signature is on this package, version and integrity")
            .about(&target.root);
    }
    Finding::fail(CheckId::SubjectDigest, "the signature is on something else")
        .about(&target.root)
        .expected(expected)
        .found(String::from_utf8_lossy(text))
}

/// Checks that a publish attestation names the package in its predicate as in its subject. `None` for any other statement.
pub(super) fn check_publish(package: &NpmPackage, statement: &Statement<'_>) -> Option<Finding> {
    #[derive(Deserialize)]
    struct Publish {
        name: String,
        version: String,
    }
    if statement.predicate_type != PUBLISH {
        return None;
    }
    let read: Result<Publish, _> = json::from_slice(statement.predicate.as_bytes());
    Some(match read {
        Ok(Publish { name, version }) if name == package.name() && version == package.version() => {
            Finding::pass(CheckId::SubjectName, "the publish attestation names this package and version")
        }
        Ok(Publish { name, version }) => {
            Finding::fail(CheckId::SubjectName, "the publish attestation is about another package or version")
                .expected(format!("{}@{}", package.name(), package.version()))
                .found(format!("{name}@{version}"))
        }
        Err(error) => {
            Finding::fail(CheckId::PayloadFormat, "the publish attestation cannot be read").found(error.to_string())
        }
    })
}
