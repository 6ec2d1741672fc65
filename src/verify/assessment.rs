//! The assessment of one candidate for one requirement of the policy.

use crate::check::{CheckId, Finding, LogEntryReport, Outcome, SignerReport, TimestampReport};
use crate::oci::Digest;
use crate::policy::BuildLevel;

use super::advised::Closed;
use super::person::Person;
use super::signature::{SignedBy, Verified};

/// The result of judging a candidate by a requirement.
#[derive(Clone)]
pub(super) struct Assessment {
    /// The signers of the requirement, by their place in its list, whose rules hold. Empty unless everything else holds too.
    pub(super) matched: Vec<usize>,
    /// Whether one of the expected signers signed it, with any result of the other checks.
    pub(super) by_expected_signer: bool,
    /// The SLSA build level of a provenance.
    pub(super) build_level: Option<BuildLevel>,
    /// Who signed it, as this requirement knows it; nothing where it does not verify for it.
    pub(super) signing: Option<Signing>,
    pub(super) findings: Vec<Finding>,
    /// When its content was made, as it states itself.
    pub(super) made: Option<String>,
    /// The manifests that its content is about, if these are fewer than its subject binds.
    pub(super) only: Option<Vec<Digest>>,
    /// The known vulnerabilities of an SBOM that VEX closes.
    pub(super) closed: Closed,
}

impl Assessment {
    /// A candidate that failed before its signer was compared.
    pub(super) fn stopped(findings: Vec<Finding>) -> Self {
        Self {
            matched: Vec::new(),
            by_expected_signer: false,
            build_level: None,
            signing: None,
            findings,
            made: None,
            only: None,
            closed: Closed::default(),
        }
    }

    /// Whether it is about this manifest, if its subject binds it.
    pub(super) fn is_about(&self, manifest: &Digest) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(manifest))
    }

    /// The date it states, and the trusted time of its signature.
    pub(super) fn dates(&self) -> String {
        let made = self.made.as_deref().unwrap_or("at an unstated time");
        let signed = self.signing.iter().flat_map(|signing| &signing.timestamps).map(|stamp| stamp.time).max();
        match signed {
            Some(signed) => format!("made {made}, signed {signed}"),
            None => format!("made {made}, signed at an unproven time"),
        }
    }

    /// Whether the candidate is good for the requirement.
    pub(super) fn is_accepted(&self) -> bool {
        !self.matched.is_empty()
    }

    /// Returns the worst outcome among its checks.
    pub(super) fn outcome(&self) -> Outcome {
        let has = |outcome| self.findings.iter().any(|finding| finding.outcome == outcome);
        match (has(Outcome::Fail), has(Outcome::Error)) {
            (true, _) => Outcome::Fail,
            (false, true) => Outcome::Error,
            (false, false) if self.is_accepted() => Outcome::Pass,
            (false, false) => Outcome::Skip,
        }
    }

    /// Who signed it, so that one signer is told from another.
    pub(super) fn person(&self) -> Option<&Person> {
        self.signing.as_ref().map(|signing| &signing.person)
    }

    /// Whether its type was asked for, and no more of what a predicate of its kind says than its fields.
    pub(super) fn is_by_fields(&self) -> bool {
        self.findings.iter().any(|finding| finding.check == CheckId::AttestationFields)
    }

    /// Less is nearer to being accepted: undecided candidates come first, then those of known signers with the fewest
    /// failures.
    pub(super) fn distance(&self) -> (bool, bool, bool, usize) {
        let obstacles = self.findings.iter().filter(|finding| finding.is_blocking()).count();
        (!self.is_accepted(), self.outcome() == Outcome::Fail, self.signing.is_none(), obstacles)
    }
}

/// One verification of a signature, as in a report: the signer, the trust domain, and the log entries and timestamps.
#[derive(Clone)]
pub(super) struct Signing {
    pub(super) person: Person,
    pub(super) trust_domain: Option<String>,
    pub(super) signer: SignerReport,
    pub(super) log_entries: Vec<LogEntryReport>,
    pub(super) timestamps: Vec<TimestampReport>,
}

impl Signing {
    pub(super) fn of(verified: &Verified) -> Self {
        Self {
            person: Person::of(verified),
            trust_domain: verified.domain.clone(),
            signer: verified.signer_report(),
            log_entries: verified.log_entries.clone(),
            timestamps: verified.timestamps.clone(),
        }
    }
}

impl Verified {
    /// What a report says of the signer.
    pub(super) fn signer_report(&self) -> SignerReport {
        match &self.signed_by {
            SignedBy::Certificate(leaf) => leaf.report(),
            SignedBy::Key(key) => SignerReport {
                identity: key.fingerprint().to_string(),
                identity_kind: crate::check::SignerKind::Key,
                issuer: String::new(),
                claims: Vec::new(),
            },
        }
    }
}
