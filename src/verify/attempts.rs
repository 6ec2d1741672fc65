//! Attempts to satisfy one requirement with one signature: each trust domain that the requirement allows, with each of its
//! signers.
//!
//! A signature is verified once in each trust domain and once with each rule of keys, for all requirements together. The result
//! is used for one requirement at a time: a signer is never reported without the requirement it was verified for (A288, A289).

use jiff::Timestamp;

use crate::check::{self, CheckId, Finding, LogEntryReport, Outcome};
use crate::policy::{Expectation, KeyRule, LogEvidence, LogRule, PublicKey, Signer, WrittenIn};

use super::bundle::{SignatureOver, Signed, TrustDomain};
use super::certificate::Leaf;
use super::entity::{KeyMaterial, SignedEntity};
use super::log::{signed_with_a_certificate, signed_with_a_key};
use super::signature::{self, SignedBy, Verified};
use super::signer;

/// The signature of one candidate, and all attempts to verify it.
pub(super) struct Attempts<'a> {
    entity: &'a SignedEntity,
    signed: Signed<'a>,
    domains: &'a [TrustDomain],
    now: Timestamp,
    done: Vec<(Attempt<'a>, Result<Option<Verified>, Finding>)>,
}

/// Everything that the result of an attempt depends on. Domains are named by their place among those of the run.
#[derive(Clone, Copy, PartialEq)]
enum Attempt<'a> {
    /// With the certificate, in this domain.
    Certificate(usize),
    /// With the keys of this rule, and nothing else.
    Keys(&'a KeyRule),
    /// The same, with the log entries and timestamps that this domain vouches for. It verifies to nothing where there are none
    /// and the rule needs none.
    KeysIn(usize, &'a KeyRule),
}

/// One way in which a signature satisfies a requirement.
pub(super) struct SignedFor<'s, 'a> {
    pub(super) verified: &'s Verified,
    /// The signer's place in the list of the requirement.
    pub(super) place: usize,
    pub(super) signer: &'a Signer,
    pub(super) findings: Vec<Finding>,
}

/// Why a signature does not satisfy a requirement in one way.
pub(super) struct Refused<'s> {
    /// Who signed it, unless it does not verify.
    pub(super) verified: Option<&'s Verified>,
    pub(super) findings: Vec<Finding>,
}

/// Every way in which a signature satisfies a requirement, in an order that depends neither on that of the signers nor on that of the
/// domains, and the refusal that tells most.
pub(super) struct Accepted<'s, 'a> {
    pub(super) ways: Vec<SignedFor<'s, 'a>>,
    pub(super) refused: Option<Refused<'s>>,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(
        entity: &'a SignedEntity,
        signed: Signed<'a>,
        domains: &'a [TrustDomain],
        now: Timestamp,
    ) -> Self {
        Self { entity, signed, domains, now, done: Vec::new() }
    }

    /// Holds the signature against every signer of a requirement, in every domain that the requirement allows.
    pub(super) fn accept(&mut self, expectation: &'a Expectation, written_in: WrittenIn) -> Accepted<'_, 'a> {
        let domains = self.allowed(expectation);
        let mut listed: Vec<(usize, &'a Signer)> = expectation.signers.listed().iter().enumerate().collect();
        listed.sort_by_cached_key(|(_, signer)| signer.describe());
        let held: Vec<(usize, &'a Signer, Held)> =
            listed.into_iter().map(|(place, signer)| (place, signer, self.hold(signer, &domains))).collect();
        let (mut ways, mut refusals) = (Vec::new(), Vec::new());
        for (place, signer, held) in held {
            for verified in held.verified.iter().filter_map(|position| self.verified(*position)) {
                let findings = judge_signer(verified, expectation, signer, written_in);
                if findings.iter().any(Finding::is_blocking) {
                    refusals.push(Refused { verified: Some(verified), findings });
                } else {
                    ways.push(SignedFor { verified, place, signer, findings });
                }
            }
            refusals.extend(held.refusal.map(|finding| self.refused(finding, signer, written_in)));
        }
        let mut refused = refusals.into_iter().min_by_key(Refused::distance);
        if let Some(refused) = refused.as_mut().filter(|_| ways.is_empty()) {
            say_how_many(&mut refused.findings, expectation);
        }
        Accepted { ways, refused }
    }

    /// Verifies it without any expectation of who signed it. Of keys only those that are given can be recognised: a signature
    /// does not say which key made it.
    pub(super) fn by_anyone(&mut self, keys: Option<&'a KeyRule>) -> Result<&Verified, Finding> {
        let domains = self.in_order(|_| true);
        let held = match (&self.entity.key, keys) {
            (KeyMaterial::Certificate(_), _) => self.hold_certificate(&domains),
            (KeyMaterial::PublicKey, Some(rule)) => self.hold_keys(rule, &domains),
            (KeyMaterial::PublicKey, None) => return Err(no_key_is_given()),
        };
        match (held.verified.first(), held.refusal) {
            (Some(position), _) => Ok(self.verified(*position).expect("only what verified is listed")),
            (None, Some(finding)) => Err(finding),
            (None, None) => Err(Finding::error(CheckId::Signature, "the signature was not verified")),
        }
    }

    fn allowed(&self, expectation: &Expectation) -> Vec<usize> {
        self.in_order(|domain| {
            expectation.domains.as_ref().is_none_or(|names| names.iter().any(|name| name == domain.name()))
        })
    }

    /// Domains by name; of one name, by what their roots are.
    fn in_order(&self, is_allowed: impl Fn(&TrustDomain) -> bool) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.domains.len()).filter(|place| is_allowed(&self.domains[*place])).collect();
        places.sort_by_key(|place| (self.domains[*place].name(), &self.domains[*place].report().sha256));
        places
    }

    fn verified(&self, position: usize) -> Option<&Verified> {
        self.done[position].1.as_ref().ok().and_then(Option::as_ref)
    }

    fn hold(&mut self, signer: &'a Signer, domains: &[usize]) -> Held {
        match (signer, &self.entity.key) {
            (Signer::Certificate(_), KeyMaterial::Certificate(_)) => self.hold_certificate(domains),
            (Signer::Keys(rule), KeyMaterial::PublicKey) => self.hold_keys(rule, domains),
            (Signer::Certificate(_), KeyMaterial::PublicKey) => Held::refused(signed_with_a_key()),
            (Signer::Keys(rule), KeyMaterial::Certificate(leaf)) => {
                let leaf = Leaf::read(leaf).ok();
                Held::refused(signed_with_a_certificate(&rule.describe(), leaf.as_ref()))
            }
        }
    }

    /// A certificate must verify wholly inside one domain. Of several refusals that of a domain whose authority issued it tells
    /// most, and of those one that decides nothing: what could not be verified there may be good.
    fn hold_certificate(&mut self, domains: &[usize]) -> Held {
        let mut held = Held::default();
        let mut refusals = Vec::new();
        for place in domains {
            let position = self.attempt(Attempt::Certificate(*place));
            match &self.done[position].1 {
                Ok(_) => held.verified.push(position),
                Err(finding) => refusals.push((&self.domains[*place], finding.clone())),
            }
        }
        let names: Vec<&str> = domains.iter().map(|place| self.domains[*place].name()).collect();
        let nowhere = || Finding::error(CheckId::CertificateChain, "no trust domain is given, so nothing can verify");
        match domains {
            [] => Held::refused(nowhere()),
            _ => held.but(signature::refusal_of_certificate(self.entity, refusals, &names)),
        }
    }

    /// The log entries and timestamps must hold in one domain. If a rule needs none, and every domain either does not
    /// know them or has none to refuse, the key alone suffices.
    fn hold_keys(&mut self, rule: &'a KeyRule, domains: &[usize]) -> Held {
        let alone = self.attempt(Attempt::Keys(rule));
        if let Err(finding) = &self.done[alone].1 {
            return Held::refused(finding.clone());
        }
        let mut held = Held::default();
        let mut refusals = Vec::new();
        for place in domains {
            let position = self.attempt(Attempt::KeysIn(*place, rule));
            match &self.done[position].1 {
                Ok(Some(_)) => held.verified.push(position),
                Ok(None) => {}
                Err(finding) => refusals.push((&self.domains[*place], finding.clone())),
            }
        }
        match (held.verified.is_empty() && refusals.is_empty(), rule.log()) {
            (true, LogRule::NotRequired) => {
                let expired = self.verified(alone).and_then(|verified| match &verified.signed_by {
                    SignedBy::Key(key) => signature::outside_key_window(key, &[], self.now),
                    SignedBy::Certificate(_) => None,
                });
                if let Some(finding) = expired {
                    return Held::refused(finding);
                }
                held.verified.push(alone);
            }
            (true, LogRule::Required) => return Held::refused(no_domain_has_a_log()),
            (false, _) => {}
        }
        held.but(signature::refusal_of_key(self.entity, refusals))
    }

    /// Returns where the result of an attempt is, which is made only once.
    fn attempt(&mut self, attempt: Attempt<'a>) -> usize {
        self.done.iter().position(|(known, _)| *known == attempt).unwrap_or_else(|| {
            let result = self.verify(attempt);
            self.done.push((attempt, result));
            self.done.len() - 1
        })
    }

    fn verify(&self, attempt: Attempt<'a>) -> Result<Option<Verified>, Finding> {
        let (entity, signed, now) = (self.entity, self.signed, self.now);
        match attempt {
            Attempt::Certificate(place) => signature::verify_in(&self.domains[place], entity, signed, now).map(Some),
            Attempt::Keys(rule) => signature::verify_with_key(entity, signed, rule).map(Some),
            Attempt::KeysIn(place, rule) => {
                let key = self.key(rule)?;
                signature::verify_key_in(&self.domains[place], SignatureOver { entity, signed }, &key, rule.log(), now)
            }
        }
    }

    /// The key of a rule that made the signature.
    fn key(&self, rule: &KeyRule) -> Result<PublicKey, Finding> {
        let alone = self.done.iter().find(|(known, _)| *known == Attempt::Keys(rule)).map(|(_, result)| result);
        match alone {
            Some(Ok(Some(Verified { signed_by: SignedBy::Key(key), .. }))) => Ok(key.clone()),
            Some(Err(finding)) => Err(finding.clone()),
            _ => signature::signing_key(self.entity, self.signed, rule).cloned(),
        }
    }

    /// An undecided signature is settled all the same if its certificate names another signer: it cannot become one of
    /// this signer.
    fn refused(&self, finding: Finding, signer: &Signer, written_in: WrittenIn) -> Refused<'_> {
        let (Outcome::Error, Signer::Certificate(rule)) = (finding.outcome, signer) else {
            return Refused { verified: None, findings: vec![finding] };
        };
        let leaf = self.entity.key.leaf().and_then(|leaf| Leaf::read(leaf).ok());
        let is_another =
            |leaf: &Leaf| signer::check_certificate(leaf, rule, written_in).iter().any(Finding::is_blocking);
        let another = leaf.filter(is_another).map(|leaf| {
            Finding::fail(CheckId::SignerIdentity, "it could not be verified, and its certificate names another signer")
                .expected(signer.describe())
                .found(leaf.identity)
        });
        Refused { verified: None, findings: another.into_iter().chain([finding]).collect() }
    }
}

impl Refused<'_> {
    /// Less is nearer to being accepted: first what decides nothing, for it may be good; then what verifies and lacks the least.
    fn distance(&self) -> (bool, bool, usize) {
        let in_the_way = || self.findings.iter().filter(|finding| finding.is_blocking());
        let is_decided = in_the_way().any(|finding| finding.outcome == Outcome::Fail);
        (is_decided, self.verified.is_none(), in_the_way().count())
    }
}

/// The result of the attempts for one signer.
#[derive(Default)]
struct Held {
    /// The attempts that verified.
    verified: Vec<usize>,
    /// Why not in the other domains, as far as it matters.
    refusal: Option<Finding>,
}

impl Held {
    fn refused(finding: Finding) -> Self {
        Self { verified: Vec::new(), refusal: Some(finding) }
    }

    /// Where it verifies somewhere, a refusal elsewhere matters only if it decides nothing.
    fn but(self, refusal: Option<Finding>) -> Self {
        let matters = |finding: &Finding| self.verified.is_empty() || finding.outcome == Outcome::Error;
        let refusal = refusal.filter(matters);
        Self { refusal, ..self }
    }
}

fn no_domain_has_a_log() -> Finding {
    Finding::error(CheckId::TransparencyLog, "no trust domain is given, so no log entry can be verified")
}

fn no_key_is_given() -> Finding {
    Finding::error(CheckId::SignerKey, "it was signed with a key, and no key is given to verify it with")
        .next("get the public key from the image's maker, not from the registry, and give it with `--key FILE`")
}

fn judge_signer(
    verified: &Verified,
    expectation: &Expectation,
    signer: &Signer,
    written_in: WrittenIn,
) -> Vec<Finding> {
    let message = match &verified.domain {
        Some(domain) => format!("the signature verifies in the trust domain `{domain}`"),
        None => "the signature verifies with the key alone".to_owned(),
    };
    let mut findings = vec![Finding::pass(CheckId::Signature, message)];
    findings.extend(signer::check(verified, signer, written_in));
    if expectation.log == LogEvidence::Proof {
        findings.extend(check_proof(&verified.log_entries));
    }
    findings
}

/// `log: proof`: a promise alone says that the log meant to hold the entry, not that it does.
fn check_proof(entries: &[LogEntryReport]) -> Option<Finding> {
    if entries.iter().any(|entry| entry.evidence == check::LogEvidence::Proof) {
        return None;
    }
    let found = if entries.is_empty() { "no log entry" } else { "a promise of the log (SET) alone" };
    Some(
        Finding::fail(CheckId::TransparencyLog, "no inclusion proof shows that the log holds the entry")
            .expected("a log entry with an inclusion proof")
            .found(found)
            .next("ask the image's maker to sign it again with a current cosign, which attaches the proof; if a promise is enough for you, write `log: promise` into the policy"),
    )
}

/// Of several signers that could have signed, the finding is about the nearest one.
fn say_how_many(findings: &mut [Finding], expectation: &Expectation) {
    let count = expectation.signers.listed().len();
    let about_the_signer = |finding: &&mut Finding| {
        matches!(finding.check, CheckId::SignerIdentity | CheckId::SignerIssuer) && finding.is_blocking()
    };
    if let Some(finding) = findings.iter_mut().find(about_the_signer).filter(|_| count > 1) {
        finding.message = format!("{} (nearest of the {count} signers that the policy names)", finding.message);
    }
}
