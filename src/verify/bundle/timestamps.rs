//! Timestamps of the authorities that a domain knows.

use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use der::Encode;
use jiff::Timestamp;
use sigstore_verify::trust_root::{TimestampAuthority, TrustedRoot};
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};

use crate::check::{CheckId, Finding, Outcome, TimeSource, TimestampReport};
use crate::evidence::Opened;
use crate::verify::certificate::Leaf;
use crate::verify::entity::SignedEntity;
use crate::verify::token::{self, NoTime, check_token};
use crate::verify::untrusted_der;

/// The timestamp authorities of a domain.
pub(super) struct TimestampAuthorities {
    authorities: Vec<TimestampAuthority>,
    /// How a timestamp names them.
    signers: Vec<Vec<u8>>,
}

impl TimestampAuthorities {
    pub(super) fn of(root: &TrustedRoot) -> Self {
        let authorities = root.timestamp_authorities.clone();
        let signers = signers(&authorities);
        Self { authorities, signers }
    }

    /// Whether a timestamp says that one of them made it.
    fn know_signer_of(&self, timestamp: &[u8]) -> bool {
        self.signers.iter().any(|signer| timestamp.windows(signer.len()).any(|part| part == signer))
    }

    /// The timestamps that an authority of this domain says it made. One of an authority that the domain does not know
    /// proves nothing here, and takes nothing away; one of a known authority must hold. The crate refuses both.
    fn known_tokens<'a>(&self, entity: &'a SignedEntity) -> Vec<&'a [u8]> {
        entity.timestamps.iter().map(Vec::as_slice).filter(|token| self.know_signer_of(token)).collect()
    }

    /// The timestamps that the crate is to verify, which knows stamps over the signature alone.
    pub(super) fn tokens_on_signature<'a>(&self, entity: &'a SignedEntity) -> Result<Vec<&'a [u8]>, Finding> {
        let timestamps = if entity.stamped.is_none() { self.known_tokens(entity) } else { Vec::new() };
        for token in &timestamps {
            check_token(token)?;
        }
        Ok(timestamps)
    }

    /// Verifies the timestamps of known authorities where the crate does not. They lie within the certificate, if there is one.
    pub(super) fn verify(&self, entity: &SignedEntity, leaf: Option<&Leaf>) -> Result<Vec<TimestampReport>, Finding> {
        // Either holds the signature, so either says when that was there at the latest.
        let tokens = self.known_tokens(entity);
        let stored = entity.stamped.as_ref().filter(|_| !tokens.is_empty()).map(Opened::original);
        let stamped: Vec<&[u8]> = stored.as_deref().into_iter().chain([entity.content.signature()]).collect();
        let mut reports = Vec::new();
        for token in tokens {
            check_token(token)?;
            let time = self.time_of(token, &stamped)?;
            if leaf.is_some_and(|leaf| !leaf.is_valid_at(time)) {
                return Err(no_time(format!("the certificate was not valid at {time}")));
            }
            reports.push(TimestampReport { source: TimeSource::Authority, time });
        }
        Ok(reports)
    }

    /// Returns the time of the authority that made the token, within that authority's window. If one authority's answer
    /// is undecided, the refusals of others do not decide.
    fn time_of(&self, token: &[u8], stamped: &[&[u8]]) -> Result<Timestamp, Finding> {
        let mut refusal = None;
        for authority in &self.authorities {
            let chain: Vec<&[u8]> =
                authority.cert_chain.certificates.iter().map(|one| one.raw_bytes.as_bytes()).collect();
            let found = match token::time_of(token, stamped, &chain) {
                Ok(time) if authority.valid_for.is_none_or(|window| window.contains(time)) => return Ok(time),
                Ok(time) => no_time(format!("the timestamp authority was not trusted at {time}")),
                Err(NoTime::Refused(reason)) => no_time(reason),
                Err(NoTime::Unknown(what)) => {
                    Finding::error(CheckId::SignedTime, "a timestamp cannot be verified here").found(what)
                }
                Err(NoTime::AnotherSigner) => continue,
            };
            if refusal.is_none() || found.outcome == Outcome::Error {
                refusal = Some(found);
            }
        }
        Err(refusal.unwrap_or_else(|| no_time("no timestamp authority is known".to_owned())))
    }
}

fn no_time(found: String) -> Finding {
    Finding::fail(CheckId::SignedTime, "the signature has no trusted time").found(found)
}

/// RFC 5652 §5.3: a `SignerInfo` names its signer by issuer and serial number, side by side, or by the key identifier. No
/// certificate has the two side by side in that order, so finding them in a token is finding the signer it names.
fn signers(authorities: &[TimestampAuthority]) -> Vec<Vec<u8>> {
    let mut signers = Vec::new();
    for authority in authorities {
        let leaf = authority.cert_chain.certificates.first();
        let Some(leaf) = leaf.and_then(|leaf| untrusted_der::certificate(leaf.raw_bytes.as_bytes()).ok()) else {
            continue;
        };
        let tbs = leaf.tbs_certificate;
        // RFC 3161 §2.3: timeStamping alone, and critical (A169).
        if !matches!(tbs.get::<ExtendedKeyUsage>(), Ok(Some((true, usages))) if usages.0 == [ID_KP_TIME_STAMPING]) {
            continue;
        }
        if let (Ok(issuer), Ok(serial)) = (tbs.issuer.to_der(), tbs.serial_number.to_der()) {
            signers.push([issuer, serial].concat());
        }
        if let Ok(Some((_, identifier))) = tbs.get::<SubjectKeyIdentifier>() {
            signers.push(identifier.0.as_bytes().to_vec());
        }
    }
    signers.retain(|signer| !signer.is_empty());
    signers
}
