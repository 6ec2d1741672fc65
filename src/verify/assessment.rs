//! What one candidate is worth to one demand of the policy, and how many signers that makes.

use crate::check::{CheckId, Finding, LogEntryReport, Outcome, SignerReport, TimestampReport};
use crate::oci::Digest;
use crate::policy::BuildLevel;

use super::advisories::Closed;
use super::signature::{SignedBy, Verified};

/// What came of holding a candidate against a demand.
#[derive(Clone)]
pub(super) struct Assessment {
    /// The signers of the demand, by their place in its list, whose rules hold. Empty unless everything else holds too.
    pub(super) matched: Vec<usize>,
    /// Whether one of the signers signed it, whatever became of what it says.
    pub(super) by_expected_signer: bool,
    /// The SLSA build level of a provenance.
    pub(super) build_level: Option<BuildLevel>,
    /// Who signed it, as this demand knows it; nothing where it does not verify for it.
    pub(super) signing: Option<Signing>,
    pub(super) findings: Vec<Finding>,
    /// The manifests that what it says is about, where that is not everything that its subject binds.
    pub(super) only: Option<Vec<Digest>>,
    /// The known vulnerabilities of an SBOM that VEX closes.
    pub(super) closed: Closed,
}

impl Assessment {
    /// A candidate that failed before anybody asked who signed it.
    pub(super) fn stopped(findings: Vec<Finding>) -> Self {
        Self {
            matched: Vec::new(),
            by_expected_signer: false,
            build_level: None,
            signing: None,
            findings,
            only: None,
            closed: Closed::default(),
        }
    }

    /// Whether it is about this manifest, if its subject binds it.
    pub(super) fn is_about(&self, manifest: &Digest) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(manifest))
    }

    /// Whether the candidate is good for the demand.
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

    /// Who signed it, in words that tell one signer from another.
    pub(super) fn person(&self) -> &str {
        self.signing.as_ref().map_or("", |signing| &signing.person)
    }

    /// Whether its type was asked for, and no more of what a predicate of its kind says than its fields.
    pub(super) fn is_by_fields(&self) -> bool {
        self.findings.iter().any(|finding| finding.check == CheckId::AttestationFields)
    }

    /// Less is nearer to being accepted: first what may still be good, for it is not known; then what is signed by somebody who
    /// is known, and lacks the least.
    pub(super) fn distance(&self) -> (bool, bool, bool, usize) {
        let obstacles = self.findings.iter().filter(|finding| finding.stands_in_the_way()).count();
        (!self.is_accepted(), self.outcome() == Outcome::Fail, self.signing.is_none(), obstacles)
    }
}

/// One verification of a signature, as a report tells it: who signed, where that verified, and what vouches for it.
#[derive(Clone)]
pub(super) struct Signing {
    /// Who signed, in words that tell one signer from another.
    pub(super) person: String,
    pub(super) trust_domain: Option<String>,
    pub(super) signer: SignerReport,
    pub(super) log_entries: Vec<LogEntryReport>,
    pub(super) timestamps: Vec<TimestampReport>,
}

impl Signing {
    pub(super) fn of(verified: &Verified) -> Self {
        Self {
            person: verified.person(),
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
                identity_kind: "key".to_owned(),
                issuer: String::new(),
                claims: Vec::new(),
            },
        }
    }

    /// Who signed, in words that tell one signer from another. One workflow at two refs is the same signer; one reusable
    /// workflow that two repositories called is two.
    fn person(&self) -> String {
        let leaf = match &self.signed_by {
            SignedBy::Certificate(leaf) => leaf,
            SignedBy::Key(key) => return key.fingerprint().to_string(),
        };
        let name = match leaf.identity.split_once("/.github/workflows/") {
            Some((repository, file)) => {
                format!("{repository}/{}", file.split_once('@').map_or(file, |(file, _)| file))
            }
            None => leaf.identity.split_once("@refs/").map_or(leaf.identity.as_str(), |(name, _)| name).to_owned(),
        };
        format!("{name} of {} for {}", leaf.issuer, leaf.source_repository().unwrap_or_default())
    }
}

/// Whether as many signers signed as are demanded: each a different one of the list, and each somebody else.
///
/// `signatures` are the places in the list that each accepted candidate matches, and who signed it. No signature counts for
/// two of the list, and no person for two of the signatures.
pub(super) fn count_signers(signatures: &[(&[usize], &str)]) -> usize {
    let mut people: Vec<(&str, Vec<usize>)> = Vec::new();
    for (places, person) in signatures {
        match people.iter_mut().find(|(known, _)| known == person) {
            Some((_, known)) => known.extend(*places),
            None => people.push((person, places.to_vec())),
        }
    }
    let mut taken: Vec<(usize, usize)> = Vec::new();
    (0..people.len()).filter(|person| find_place(*person, &people, &mut taken, &mut Vec::new())).count()
}

/// Finds a place of the list for a person, moving others where they have another one (Kuhn's algorithm). `taken` are pairs of
/// place and person.
fn find_place(
    person: usize,
    people: &[(&str, Vec<usize>)],
    taken: &mut Vec<(usize, usize)>,
    seen: &mut Vec<usize>,
) -> bool {
    for place in &people[person].1 {
        if seen.contains(place) {
            continue;
        }
        seen.push(*place);
        let holder = taken.iter().find(|(held, _)| held == place).map(|(_, holder)| *holder);
        if holder.is_none_or(|holder| find_place(holder, people, taken, seen)) {
            taken.retain(|(held, _)| held != place);
            taken.push((*place, person));
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_one_counts_twice_however_often_they_sign() {
        assert_eq!(count_signers(&[]), 0);
        assert_eq!(count_signers(&[(&[0], "alice"), (&[0], "alice"), (&[1], "alice")]), 1);
        assert_eq!(count_signers(&[(&[0], "alice"), (&[0], "bob")]), 1, "two people for one place of the list");
        assert_eq!(count_signers(&[(&[0], "alice"), (&[1], "bob")]), 2);
    }

    #[test]
    fn whoever_fits_two_places_leaves_the_one_that_another_needs() {
        assert_eq!(count_signers(&[(&[0, 1], "alice"), (&[0], "bob")]), 2);
        assert_eq!(count_signers(&[(&[0, 1], "alice"), (&[0, 2], "bob"), (&[0], "carol")]), 3);
        assert_eq!(count_signers(&[(&[0, 1], "a"), (&[0, 1], "b"), (&[0, 1], "c")]), 2);
    }
}
