//! Reads the signing certificate in full: every name and every claim.
//!
//! The Sigstore crate takes the first name it understands and ignores the rest. The verdict depends on the name, so a certificate
//! that can be read in two ways is refused (fulcio `docs/certificate-specification.md`; RFC 5280 §4.2: "A certificate MUST NOT
//! include more than one instance of a particular extension").

use std::collections::HashSet;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME};
use const_oid::db::rfc5912::ID_KP_CODE_SIGNING;
use const_oid::db::rfc6962::CT_PRECERT_POISON;
use der::asn1::Utf8StringRef;
use der::{Decode, Encode};
use jiff::Timestamp;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName};

use crate::check::{CheckId, ClaimReport, Finding, SignerReport};
use crate::policy::{Claim, IdentityKind, KeyError, KeyKind, broken_hash};

use super::untrusted_der;

/// The arc that Fulcio's extensions live under.
const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
/// The kind of `otherName` that Fulcio writes for user names.
const FULCIO_OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

const ISSUER: u32 = 8;
const ISSUER_LEGACY: u32 = 1;
/// A signing certificate, read but not verified.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) identity: String,
    pub(crate) identity_kind: IdentityKind,
    pub(crate) issuer: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// The public key, as a DER `SubjectPublicKeyInfo`.
    pub(crate) public_key: Vec<u8>,
    /// Who issued the certificate, as the certificate says.
    pub(crate) issued_by: String,
    claims: Vec<(Claim, String)>,
}

impl Leaf {
    /// Reads a certificate in DER.
    pub(crate) fn read(der: &[u8]) -> Result<Self, Finding> {
        let certificate = untrusted_der::certificate(der)
            .map_err(|error| profile("the certificate is not DER that can be read").found(error.to_string()))?;
        let tbs = &certificate.tbs_certificate;
        let extensions = tbs.extensions.as_deref().unwrap_or_default();
        refuse_duplicates(extensions)?;
        check_usage(extensions)?;
        let public_key = tbs
            .subject_public_key_info
            .to_der()
            .map_err(|error| profile("the public key cannot be read").found(error.to_string()))?;
        KeyKind::of(&public_key).map_err(|error| key_finding(&error))?;
        if let Some(hash) = broken_hash(certificate.signature_algorithm.oid) {
            return Err(profile(format!("the certificate is signed with {hash}")).expected("SHA-256 or a longer hash"));
        }
        let (identity_kind, identity) = identity(extensions, tbs.subject.is_empty())?;
        let claims = claims(extensions)?;
        let time = |time: x509_cert::time::Time| {
            Timestamp::try_from(time.to_system_time()).map_err(|_| profile("a validity time is out of range"))
        };
        Ok(Self {
            identity,
            identity_kind,
            issuer: issuer(extensions)?,
            not_before: time(tbs.validity.not_before)?,
            not_after: time(tbs.validity.not_after)?,
            public_key,
            issued_by: tbs.issuer.to_string(),
            claims,
        })
    }

    /// Returns the repository that the workflow ran for, as a URL.
    ///
    /// The claim `.12`; for certificates older than it, GitHub's `.5`, which is `owner/name`.
    pub(crate) fn source_repository(&self) -> Option<String> {
        self.claim_or_older(Claim::SourceRepositoryUri)
    }

    /// Returns the ref that the workflow ran for.
    pub(crate) fn source_ref(&self) -> Option<&str> {
        self.claim(Claim::SourceRepositoryRef).or_else(|| self.claim(Claim::WorkflowRef))
    }

    /// Returns the commit that the workflow ran for.
    pub(crate) fn source_digest(&self) -> Option<&str> {
        self.claim(Claim::SourceRepositoryDigest).or_else(|| self.claim(Claim::WorkflowSha))
    }

    /// Returns a claim, or what an older certificate says in its place. GitHub's `.5` is `owner/name`, where `.12` is a URL.
    pub(crate) fn claim_or_older(&self, claim: Claim) -> Option<String> {
        let older = || {
            let legacy = claim.legacy()?;
            let value = self.claim(legacy)?;
            Some(if legacy == Claim::WorkflowRepository {
                format!("https://github.com/{value}")
            } else {
                value.to_owned()
            })
        };
        self.claim(claim).map(str::to_owned).or_else(older)
    }

    /// Whether a time lies within the certificate's validity, both ends included (RFC 5280 §4.1.2.5).
    pub(crate) fn is_valid_at(&self, time: Timestamp) -> bool {
        self.not_before <= time && time <= self.not_after
    }

    fn claim(&self, claim: Claim) -> Option<&str> {
        self.claims.iter().find(|(found, _)| *found == claim).map(|(_, value)| value.as_str())
    }

    /// Returns what a report says of the signer.
    pub(crate) fn report(&self) -> SignerReport {
        SignerReport {
            identity: self.identity.clone(),
            identity_kind: self.identity_kind.into(),
            issuer: self.issuer.clone(),
            claims: Claim::ALL
                .iter()
                .filter_map(|claim| {
                    let value = self.claim(*claim)?.to_owned();
                    Some(ClaimReport { oid: format!(".{}", claim.arc()), name: claim.name().to_owned(), value })
                })
                .collect(),
        }
    }
}

/// A finding that the certificate does not follow the profile.
fn profile(message: impl Into<String>) -> Finding {
    Finding::fail(CheckId::CertificateProfile, message)
        .next("Fulcio does not issue such certificates: find out where the signature comes from")
}

fn refuse_duplicates(extensions: &[Extension]) -> Result<(), Finding> {
    let mut seen = HashSet::new();
    match extensions.iter().find(|extension| !seen.insert(extension.extn_id)) {
        Some(twice) => Err(profile("the certificate has an extension twice").found(twice.extn_id.to_string())),
        None => Ok(()),
    }
}

fn find(extensions: &[Extension], id: ObjectIdentifier) -> Option<&Extension> {
    extensions.iter().find(|extension| extension.extn_id == id)
}

/// certificate-specification.md: key usage "MUST … digitalSignature", extended key usage "MUST … codeSigning" alone.
fn check_usage(extensions: &[Extension]) -> Result<(), Finding> {
    // RFC 6962 §3.1: the poison makes a precertificate unusable, and is in no certificate that was issued (A125).
    if find(extensions, CT_PRECERT_POISON).is_some() {
        return Err(profile("the certificate is a precertificate, which must never be used to sign"));
    }
    let usage = find(extensions, ID_CE_KEY_USAGE)
        .filter(|found| found.critical)
        .and_then(|found| KeyUsage::from_der(found.extn_value.as_bytes()).ok());
    if usage.is_none_or(|usage| usage.0 != KeyUsages::DigitalSignature) {
        return Err(profile("the certificate's key usage is not digitalSignature alone")
            .expected("a critical key usage of digitalSignature"));
    }
    let extended = find(extensions, ID_CE_EXT_KEY_USAGE)
        .and_then(|found| ExtendedKeyUsage::from_der(found.extn_value.as_bytes()).ok());
    if extended.is_none_or(|usages| usages.0 != [ID_KP_CODE_SIGNING]) {
        return Err(profile("the certificate's extended key usage is not codeSigning alone").expected("codeSigning"));
    }
    Ok(())
}

/// Returns the finding against the key of a certificate. An unknown kind of key is undecided, not a failure (A129).
pub(super) fn key_finding(error: &KeyError) -> Finding {
    const EXPECTED: &str = "a key on the curve P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more";
    match error {
        KeyError::Unsupported { kind } => {
            Finding::error(CheckId::CertificateProfile, "signatures of this kind of key cannot be verified here")
                .expected(EXPECTED)
                .found(format!("a key of kind {kind}"))
                .next("sign the image with one of the expected kinds of key: cosign's default is P-256")
        }
        other => {
            profile("the key in the certificate is not one to sign with").expected(EXPECTED).found(other.to_string())
        }
    }
}

/// certificate-specification.md: exactly one GeneralName; "MUST be critical" as the subject is empty (A194, A197).
fn identity(extensions: &[Extension], subject_is_empty: bool) -> Result<(IdentityKind, String), Finding> {
    let one = "one subject alternative name: a URI, an e-mail address or a Fulcio user name";
    let extension =
        find(extensions, ID_CE_SUBJECT_ALT_NAME).ok_or_else(|| profile("the certificate has no name").expected(one))?;
    if !subject_is_empty || !extension.critical {
        return Err(profile("the certificate has a subject beside its alternative name, or the name is not critical")
            .expected("an empty subject and a critical subject alternative name"));
    }
    let names = SubjectAltName::from_der(extension.extn_value.as_bytes())
        .map_err(|error| profile("the subject alternative name cannot be read").found(error.to_string()))?;
    match names.0.as_slice() {
        [GeneralName::UniformResourceIdentifier(uri)] => Ok((IdentityKind::Uri, uri.as_str().to_owned())),
        [GeneralName::Rfc822Name(address)] => Ok((IdentityKind::Email, address.as_str().to_owned())),
        [GeneralName::OtherName(other)] if other.type_id == FULCIO_OTHER_NAME => {
            let name = other
                .value
                .decode_as::<Utf8StringRef<'_>>()
                .map_err(|_| profile("the user name in the certificate is not a UTF-8 string"))?;
            Ok((IdentityKind::OtherName, name.as_str().to_owned()))
        }
        [_] => Err(profile("the certificate's name is of a kind that Fulcio does not write").expected(one)),
        names => Err(profile("the certificate does not name exactly one signer")
            .expected(one)
            .found(format!("{} names", names.len()))),
    }
}

/// Returns the last arc of a Fulcio extension's identifier.
fn fulcio_number(id: ObjectIdentifier) -> Option<u32> {
    let mut arcs = id.arcs();
    for expected in FULCIO.arcs() {
        if arcs.next() != Some(expected) {
            return None;
        }
    }
    match (arcs.next(), arcs.next()) {
        (Some(number), None) => Some(number),
        _ => None,
    }
}

/// oid-info.md: `.1` to `.6` are bare strings, `.8` onwards DER `UTF8String`s. Anything else is malformed (A191).
fn claim_value(number: u32, bytes: &[u8]) -> Option<String> {
    if number < ISSUER {
        return std::str::from_utf8(bytes).ok().map(str::to_owned);
    }
    Utf8StringRef::from_der(bytes).ok().map(|text| text.as_str().to_owned())
}

fn claims(extensions: &[Extension]) -> Result<Vec<(Claim, String)>, Finding> {
    let mut claims = Vec::new();
    for extension in extensions {
        let Some(number) = fulcio_number(extension.extn_id) else { continue };
        let Some(claim) = Claim::ALL.iter().copied().find(|claim| claim.arc() == number) else { continue };
        let value = claim_value(number, extension.extn_value.as_bytes())
            .ok_or_else(|| profile("a Fulcio extension is malformed").found(extension.extn_id.to_string()))?;
        claims.push((claim, value));
    }
    refuse_contradictions(&claims)?;
    Ok(claims)
}

/// A claim and its older form say the same where both are there (A191). Of `.5`, `owner/name`, the URL in `.12` has the host too.
fn refuse_contradictions(claims: &[(Claim, String)]) -> Result<(), Finding> {
    let value_of = |wanted: Claim| claims.iter().find(|(claim, _)| *claim == wanted).map(|(_, value)| value.as_str());
    for (claim, current) in claims {
        let Some((legacy, older)) = claim.legacy().and_then(|legacy| Some((legacy, value_of(legacy)?))) else {
            continue;
        };
        let agree = match legacy {
            Claim::WorkflowRepository => current.strip_suffix(older).is_some_and(|host| host.ends_with('/')),
            _ => current == older,
        };
        if !agree {
            return Err(profile(format!("the claims {claim} and {legacy} of the certificate contradict each other"))
                .expected(current)
                .found(older));
        }
    }
    Ok(())
}

/// oid-info.md: `.8` is the issuer; `.1` is its older form. Where both are, they must agree (A191).
fn issuer(extensions: &[Extension]) -> Result<String, Finding> {
    let read = |number: u32| {
        extensions
            .iter()
            .find(|extension| fulcio_number(extension.extn_id) == Some(number))
            .map(|extension| {
                claim_value(number, extension.extn_value.as_bytes())
                    .ok_or_else(|| profile("the issuer extension is malformed").found(extension.extn_id.to_string()))
            })
            .transpose()
    };
    match (read(ISSUER)?, read(ISSUER_LEGACY)?) {
        (Some(current), Some(legacy)) if current != legacy => {
            Err(profile("the certificate names two issuers").expected(current).found(legacy))
        }
        (Some(issuer), _) | (None, Some(issuer)) => Ok(issuer),
        (None, None) => Err(profile("the certificate does not name the signer's issuer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a203_identifiers_are_compared_whole() {
        let number = |text: &str| fulcio_number(ObjectIdentifier::new_unwrap(text));
        assert_eq!(number("1.3.6.1.4.1.57264.1.8"), Some(8));
        assert_eq!(number("1.3.6.1.4.1.57264.1.80"), Some(80));
        assert_eq!(number("1.3.6.1.4.1.57264.1.8.1"), None);
        assert_eq!(number("1.3.6.1.4.1.57264.2.8"), None);
        assert_eq!(number("1.3.6.1.4.1.57264.1"), None);
    }

    #[test]
    fn a191_current_claims_are_der_and_nothing_else() {
        assert_eq!(claim_value(8, b"\x0c\x01x"), Some("x".to_owned()));
        assert_eq!(claim_value(8, b"\x13\x01x"), None, "a PrintableString");
        assert_eq!(claim_value(8, b"\x0c\x01xy"), None, "trailing bytes");
        assert_eq!(claim_value(8, b"https://issuer.example"), None, "a bare string");
        assert_eq!(claim_value(1, b"https://issuer.example"), Some("https://issuer.example".to_owned()));
    }

    #[test]
    fn rubbish_is_not_a_certificate() {
        let finding = Leaf::read(b"\x30\x03\x02\x01\x00").expect_err("not a certificate");
        assert_eq!(finding.check, CheckId::CertificateProfile);
    }
}
