//! Each requirement by its own signature: policies put together by a small program, and evidence of the lab.
//!
//! A rule's answer is the same alone and among others, in any order of rules, signers, trust domains and evidence
//! (A288, A289).

use std::sync::LazyLock;

use bonafide::check::Verdict;
use bonafide::evidence::{Content, Evidence, Opened};
use bonafide::policy::{Document, Policy};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use serde_json::json;

use crate::{forge, holds, lab};

const IMAGE: &str = "registry.test/acme/shop";
const SIGNERS: [&str; 6] = [
    "{github: acme/shop}",
    "{github: {repository: acme/shop, ref: 'refs/tags/**'}}",
    "{identity: mallory@evil.example, issuer: https://accounts.lab.example}",
    "{github: {repository: acme/shop, reusable-workflow: acme/builders/.github/workflows/container.yml@refs/tags/v2}}",
    "{key: cosign.pub}",
    "{key: {file: cosign.pub, log: not-required}}",
];
const TRUST: [&str; 3] = ["./whole.json", "./without-log.json", "./without-stamps.json"];
const REQUIREMENTS: [&str; 8] = [
    "signature: {}",
    "provenance: {}",
    "provenance: {max-age: 100d}",
    "provenance: {max-age: 9000d}",
    "provenance: {all: true}",
    "sbom: {}",
    "sbom: {max-age: 9000d}",
    "vulnerabilities: {max-age: 9000d}",
];

/// The lab, and the lab without each kind of witness: one signature verifies in several of them, by other witnesses.
static DOMAINS: LazyLock<Vec<TrustDomain>> = LazyLock::new(|| {
    let without: [&[&str]; 3] = [&[], &["tlogs", "ctlogs"], &["timestampAuthorities"]];
    let domain = |(name, lists): (&&str, &[&str])| {
        let mut root = lab::json(&lab::ROOT);
        for list in lists {
            root[*list] = json!([]);
        }
        let root = TrustRoot::parse(name, "lab", root.to_string().as_bytes()).expect("a root");
        TrustDomain::prepare(&root).expect("a domain")
    };
    TRUST.iter().zip(without).map(domain).collect()
});

/// What a rule is made of. Every list can be turned.
#[derive(Clone)]
struct Rule {
    name: usize,
    signers: Vec<&'static str>,
    at_least: usize,
    trust: Vec<&'static str>,
    log: &'static str,
    require: &'static str,
}

impl Rule {
    fn text(&self) -> String {
        let Self { name, at_least, log, require, .. } = self;
        let (signers, trust) = (self.signers.join(", "), self.trust.join(", "));
        format!(
            "  - match: '**'\n    name: r{name}\n    signers: {{at-least: {at_least}, of: [{signers}]}}\n    trust: [{trust}]\n    log: {log}\n    require: {{{require}}}\n"
        )
    }

    fn turn(&mut self, by: usize) {
        let (signers, trust) = (self.signers.len(), self.trust.len());
        self.signers.rotate_left(by % signers);
        self.trust.rotate_left(by % trust);
    }
}

/// The verdict of a rule, alone and among others, is the same.
pub fn run(data: &[u8]) {
    let mut program = Program { rest: data };
    let image = &lab::SAMPLES[program.below(lab::SAMPLES.len())].image;
    let contents: Vec<Content> = (0..=program.below(4)).map(|_| program.content(image)).collect();
    let contents = contents.into_iter().enumerate();
    let mut evidence =
        lab::evidence(image, contents.map(|(position, content)| lab::candidate(image, position, content)).collect());
    let mut rules: Vec<Rule> = (0..2 + program.below(2)).map(|name| program.rule(name)).collect();
    // One that cannot be read says nothing of the property.
    let Some(alone) = rules.iter().map(|rule| verdicts(&evidence, &[rule])).collect::<Option<Vec<_>>>() else { return };
    let by = program.next();
    let count = rules.len();
    rules.rotate_left(by % count);
    for rule in &mut rules {
        rule.turn(by);
    }
    let candidates = evidence.candidates.len();
    evidence.candidates.rotate_left(by % candidates);
    let together = verdicts(&evidence, &rules.iter().collect::<Vec<_>>()).expect("each of them can be read");
    for (rule, verdict) in rules.iter().zip(together) {
        assert_eq!(alone[rule.name][0], verdict, "another rule or order changed the verdict of\n{}", rule.text());
    }
}

/// The verdict of each rule, in their order. `None` if the policy cannot be.
fn verdicts(evidence: &Evidence, rules: &[&Rule]) -> Option<Vec<Verdict>> {
    let policy = policy(rules)?;
    let report = verify(evidence, &policy, &DOMAINS, lab::NOW);
    holds::of(&report);
    let mut verdicts = report.requirements.iter().map(|requirement| requirement.verdict);
    rules.iter().map(|_| verdicts.next()).collect()
}

fn policy(rules: &[&Rule]) -> Option<Policy> {
    let rules: String = rules.iter().map(|rule| rule.text()).collect();
    let text = format!("version: 1\nimages:\n{rules}");
    let document = Document::parse("policy.yaml", text.as_bytes(), &|_| Ok(forge::PEM.clone().into_bytes())).ok()?;
    document.policy_for(IMAGE, &[], None, lab::NOW).ok()
}

/// Bytes that say what to do; when they are used up they are all zero.
struct Program<'a> {
    rest: &'a [u8],
}

impl Program<'_> {
    fn next(&mut self) -> usize {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        usize::from(*first)
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() % end
    }

    /// Those of a list whose bits are set; the first if none is.
    fn some(&mut self, list: &[&'static str]) -> Vec<&'static str> {
        let bits = self.next();
        let chosen: Vec<&str> =
            list.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, one)| *one).collect();
        if chosen.is_empty() { vec![list[0]] } else { chosen }
    }

    fn rule(&mut self, name: usize) -> Rule {
        let mut signers = self.some(&SIGNERS);
        // A key stands in a list once.
        if signers.contains(&SIGNERS[4]) {
            signers.retain(|signer| *signer != SIGNERS[5]);
        }
        let at_least = 1 + self.below(signers.len().min(2));
        let trust = self.some(&TRUST);
        let log = ["promise", "proof"][self.below(2)];
        Rule { name, signers, at_least, trust, log, require: REQUIREMENTS[self.below(REQUIREMENTS.len())] }
    }

    /// What the lab signed, for this image or another, what the key signed, and what cannot be read.
    fn content(&mut self, image: &bonafide::oci::Digest) -> Content {
        let of_image: Vec<&lab::Sample> = lab::SAMPLES.iter().filter(|sample| sample.image == *image).collect();
        match self.below(8) {
            0..4 => of_image[self.below(of_image.len())].content.clone(),
            4 => lab::SAMPLES[self.below(lab::SAMPLES.len())].content.clone(),
            5 => {
                let statements = lab::statements();
                let statement = &statements[self.below(statements.len())];
                let kind = statement["predicateType"].as_str().unwrap_or_default();
                let predicate = statement["predicate"].to_string();
                forge::sign(&forge::statement_about(image, kind, predicate.as_bytes()))
            }
            6 => Content::Unread { media_type: String::new(), bytes: 1 << 30 },
            _ => Content::Bundle(Opened::bundle(lab::blob("{"))),
        }
    }
}

/// Programs of two and three rules about each image.
pub fn seeds() -> Vec<Vec<u8>> {
    let count = u8::try_from(lab::SAMPLES.len()).expect("a few samples");
    let program = |first: u8| {
        let rest = (0..40_u8).map(|place| place.wrapping_mul(37).wrapping_add(first.wrapping_mul(91)));
        [first].into_iter().chain(rest).collect()
    };
    (0..count).map(program).collect()
}
