//! What one candidate is worth to one demand of the policy.
//!
//! A signature is verified once for every authority that could stand behind it, however many demands ask.

use crate::check::{CheckId, Finding, LogEntryReport, Outcome};
use crate::oci::Digest;
use crate::policy::{BuildLevel, Demand, LogEvidence, Signer, WrittenIn};

use super::advisories::Closed;
use super::bundle::{Domain, Signed};
use super::candidate::Terms;
use super::material::Material;
use super::signature::{self, SignedBy, Verified};
use super::signer;

/// What came of holding a candidate against a demand.
#[derive(Clone)]
pub(super) struct Assessment {
    /// The signers of the demand, by their place in its list, whose rules hold. Empty unless everything else holds too.
    pub(super) matched: Vec<usize>,
    /// Whether one of the signers signed it, whatever became of what it says.
    pub(super) by_expected_signer: bool,
    /// The SLSA build level of a provenance.
    pub(super) build_level: Option<BuildLevel>,
    /// Who signed, in words that tell one signer from another.
    pub(super) person: String,
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
            person: String::new(),
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

    /// Whether its type and fields alone were judged, and not what a predicate of its kind says.
    pub(super) fn is_by_fields(&self) -> bool {
        self.findings.iter().any(|finding| finding.check == CheckId::AttestationFields)
    }

    /// Fewer is nearer to being accepted.
    pub(super) fn obstacles(&self) -> usize {
        self.findings.iter().filter(|finding| finding.stands_in_the_way()).count()
    }
}

/// The signature of one candidate, verified once for every authority.
pub(super) struct SignatureOf<'a> {
    material: &'a Material,
    signed: Signed<'a>,
    done: Vec<(Authority<'a>, Result<Verified, Finding>)>,
}

/// The trust domains that a signature may verify in, and the signer's keys if it is to be made with one.
#[derive(Clone, Copy, PartialEq)]
struct Authority<'a> {
    domains: Option<&'a [String]>,
    /// `None` for certificates, of which every rule is about the same verified one.
    keys: Option<&'a Signer>,
}

impl<'a> SignatureOf<'a> {
    pub(super) fn new(material: &'a Material, signed: Signed<'a>) -> Self {
        Self { material, signed, done: Vec::new() }
    }

    /// Returns what verified first, whoever signed it.
    pub(super) fn verified(&self) -> Option<&Verified> {
        self.done.iter().find_map(|(_, result)| result.as_ref().ok())
    }

    fn verify(&mut self, demand: &'a Demand, signer: &'a Signer, terms: Terms<'a>) -> &Result<Verified, Finding> {
        let keys = matches!(signer, Signer::Keys(_)).then_some(signer);
        let authority = Authority { domains: demand.domains.as_deref(), keys };
        let position = self.done.iter().position(|(known, _)| *known == authority).unwrap_or_else(|| {
            let domains = allowed(demand, terms.domains);
            let result = signature::verify(self.material, self.signed, signer, &domains, terms.now);
            self.done.push((authority, result));
            self.done.len() - 1
        });
        &self.done[position].1
    }

    /// Holds the signature against every signer of a demand: those that match, or what the nearest of them lacks.
    pub(super) fn assess(&mut self, demand: &'a Demand, terms: Terms<'a>) -> Assessment {
        let mut matched = Vec::new();
        let mut nearest: Option<(Nearness, Assessment)> = None;
        for (position, signer) in demand.signers.listed().iter().enumerate() {
            let (nearness, assessment) = self.assess_signer(demand, signer, terms);
            if nearness.obstacles == 0 {
                matched.push(position);
            }
            if nearest.as_ref().is_none_or(|(best, _)| nearness < *best) {
                nearest = Some((nearness, assessment));
            }
        }
        let mut assessment = nearest.map_or_else(|| Assessment::stopped(Vec::new()), |(_, assessment)| assessment);
        if matched.is_empty() {
            say_how_many(&mut assessment.findings, demand);
        }
        Assessment { by_expected_signer: !matched.is_empty(), matched, ..assessment }
    }

    fn assess_signer(&mut self, demand: &'a Demand, signer: &'a Signer, terms: Terms<'a>) -> (Nearness, Assessment) {
        let (unverified, person, findings) = match self.verify(demand, signer, terms) {
            Ok(verified) => {
                (false, verified.person(), judge_signer(verified, demand, signer, terms.policy.written_in()))
            }
            Err(finding) => (true, String::new(), vec![finding.clone()]),
        };
        let assessment = Assessment { person, ..Assessment::stopped(findings) };
        (Nearness { unverified, obstacles: assessment.obstacles() }, assessment)
    }
}

/// How far a signature is from satisfying a signer: one that verifies is nearer than one that does not.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    unverified: bool,
    obstacles: usize,
}

fn allowed<'a>(demand: &Demand, domains: &'a [Domain]) -> Vec<&'a Domain> {
    let is_allowed =
        |domain: &&Domain| demand.domains.as_ref().is_none_or(|names| names.iter().any(|name| name == domain.name()));
    domains.iter().filter(is_allowed).collect()
}

fn judge_signer(verified: &Verified, demand: &Demand, signer: &Signer, written_in: WrittenIn) -> Vec<Finding> {
    let message = match &verified.domain {
        Some(domain) => format!("the signature verifies in the trust domain `{domain}`"),
        None => "the signature verifies with the key alone".to_owned(),
    };
    let mut findings = vec![Finding::pass(CheckId::Signature, message)];
    findings.extend(signer::check(verified, signer, written_in));
    if demand.log == LogEvidence::Proof {
        findings.extend(check_proof(&verified.log_entries));
    }
    findings
}

/// `log: proof`: a promise alone says that the log meant to hold the entry, not that it does.
fn check_proof(entries: &[LogEntryReport]) -> Option<Finding> {
    if entries.iter().any(|entry| entry.evidence == "proof") {
        return None;
    }
    let found = if entries.is_empty() { "no log entry" } else { "a promise of the log (SET) alone" };
    Some(
        Finding::fail(CheckId::TransparencyLog, "no inclusion proof shows that the log holds the entry")
            .expected("a log entry with an inclusion proof")
            .found(found)
            .next("sign it again with a current cosign, which attaches the proof, or leave `log: proof` out of the policy"),
    )
}

/// Of several signers that could have signed, the finding is about the nearest one.
fn say_how_many(findings: &mut [Finding], demand: &Demand) {
    let count = demand.signers.listed().len();
    let about_the_signer = |finding: &&mut Finding| {
        matches!(finding.check, CheckId::SignerIdentity | CheckId::SignerIssuer) && finding.stands_in_the_way()
    };
    if let Some(finding) = findings.iter_mut().find(about_the_signer).filter(|_| count > 1) {
        finding.message = format!("{} (nearest of the {count} signers that the policy names)", finding.message);
    }
}

impl Verified {
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
