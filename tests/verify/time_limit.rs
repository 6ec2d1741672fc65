//! A298: whoever attaches evidence decides how much work it makes, and the caller how long that may take.
//!
//! The caller's answer is counted here instead of a clock: the time is over after so many questions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bonafide::check::{CheckId, ImageReport, Verdict};
use bonafide::evidence::{Content, Evidence};
use bonafide::packages::Advisories;
use bonafide::policy::Policy;
use bonafide::time_limit::TimeLimit;
use bonafide::verify::{Alone, Grounds, Judge, TrustDomain, verify_on};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::policy_files::{policy, rule};
use crate::scans::{VULN, scan, trivy};
use crate::support::sigstore::{SIGNING_TIME, Version};
use crate::support::statement::{spdx_23, statement};
use crate::world::{World, bundle, evidence};

const RULES: [&str; 6] = [
    "signers: [{github: acme/shop}]",
    "require:",
    "  signature: {}",
    "  sbom: {deny: {packages: ['pkg:npm/evil*'], licenses: [AGPL-3.0-only], suppliers: [Evil], severity: high}, \
     vex: {signers: [{github: acme/shop}]}, required-packages: ['pkg:npm/last'], \
     exceptions: [{package: 'pkg:npm/x', until: 2030-01-01, because: a test}]}",
    "  provenance: {dependencies: {deny: ['pkg:npm/evil'], allow: ['pkg:npm/*']}}",
    "  vulnerabilities: {deny: {severity: high}, vex: {signers: [{github: acme/shop}]}}",
];

/// Everything that is attached, with so many of each thing that a document lists.
struct Attached {
    packages: usize,
    /// What the last package, the last dependency and the last vulnerability are.
    is_good: bool,
    dependencies: usize,
    vulnerabilities: usize,
    products: usize,
}

const FEW: Attached = Attached { packages: 4, is_good: true, dependencies: 4, vulnerabilities: 4, products: 4 };

impl Attached {
    fn contents(&self, world: &World) -> Vec<Content> {
        let statements = [self.sbom(world), self.provenance(world), self.scan(world), self.vex(world)];
        let signed = statements.iter().map(|statement| world.signer().attest(statement));
        std::iter::once(world.signed_image()).chain(signed).map(|signed| bundle(&signed.bundle(Version::V03))).collect()
    }

    fn last(&self) -> &'static str {
        if self.is_good { "last" } else { "evil" }
    }

    fn sbom(&self, world: &World) -> Value {
        let names: Vec<String> =
            (1..self.packages).map(|number| format!("p{number}")).chain([self.last().to_owned()]).collect();
        let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
        let mut said = spdx_23(&world.subject, &packages);
        for (place, name) in names.iter().enumerate() {
            said["predicate"]["packages"][place + 1]["externalRefs"][0]["referenceLocator"] =
                json!(format!("pkg:npm/{name}@1.0.0"));
        }
        said
    }

    fn provenance(&self, world: &World) -> Value {
        let mut said = world.provenance();
        let listed = said["predicate"]["buildDefinition"]["resolvedDependencies"].as_array_mut().expect("a list");
        listed.extend((1..self.dependencies).map(|number| json!({"uri": format!("pkg:npm/d{number}@1.0.0")})));
        listed.push(json!({"uri": format!("pkg:npm/{}@1.0.0", self.last())}));
        said
    }

    fn scan(&self, world: &World) -> Value {
        let ids: Vec<String> = (0..self.vulnerabilities).map(|number| format!("CVE-2026-{number}")).collect();
        let mut found: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "HIGH")).collect();
        found.extend((!self.is_good).then_some(("CVE-2026-9999", "HIGH")));
        statement(&world.subject, VULN, scan(trivy(&found)))
    }

    /// Closes what the scan and the advisories found, for the last of the products that it names.
    fn vex(&self, world: &World) -> Value {
        let mut products: Vec<Value> =
            (1..self.products).map(|number| json!({"@id": format!("pkg:oci/other{number}@sha256%3Aaa")})).collect();
        products.push(json!({"@id": format!("pkg:oci/shop@{}", world.image.to_string().replace(':', "%3A"))}));
        let closing = |id: String| {
            json!({
                "vulnerability": {"name": id}, "products": products, "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
            })
        };
        let statements: Vec<Value> =
            (0..self.vulnerabilities).map(|number| closing(format!("CVE-2026-{number}"))).collect();
        let document = json!({
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
            "timestamp": "2026-03-01T10:00:00Z", "statements": statements,
        });
        statement(&world.subject, "https://openvex.dev/ns", document)
    }
}

/// One that the package `p1` has, and that VEX closes.
fn known() -> Advisories {
    let record = json!({
        "id": "CVE-2026-0", "modified": "2026-02-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "npm", "name": "p1"}, "versions": ["1.0.0"]}],
    });
    let mut advisories = Advisories::default();
    advisories.add(&record.to_string()).expect("a record");
    advisories
}

struct Setting {
    evidence: Evidence,
    policy: Policy,
    domains: [TrustDomain; 1],
    advisories: Advisories,
    now: Timestamp,
}

impl Setting {
    fn of(world: &World, attached: &Attached) -> Self {
        Self {
            evidence: evidence(&world.image, attached.contents(world)),
            policy: policy(&rule(&RULES)),
            domains: [world.domain()],
            advisories: known(),
            now: SIGNING_TIME + SignedDuration::from_hours(1),
        }
    }

    fn grounds<'a>(&'a self, time: TimeLimit<'a>) -> Grounds<'a> {
        let Self { policy, domains, advisories, now, .. } = self;
        Grounds { workers: &Alone, policy, domains, advisories: Some(advisories), now: *now, time }
    }

    /// Judges it where the time is over after so many questions; returns how many were asked, too.
    fn judge_within(&self, questions: usize) -> (ImageReport, usize) {
        let asked = AtomicUsize::new(0);
        let is_over = || asked.fetch_add(1, Ordering::Relaxed) >= questions;
        let report = verify_on(&self.grounds(TimeLimit::new(Duration::from_secs(7), &is_over)), &self.evidence);
        (report, asked.into_inner())
    }
}

fn verdicts(report: &ImageReport) -> Vec<Verdict> {
    report.requirements.iter().map(|requirement| requirement.verdict).collect()
}

/// Whenever the time ends, each requirement has the verdict that it would have had, or none.
#[test]
fn a298_a_time_that_is_over_decides_nothing() {
    let world = World::new();
    for (is_good, whole) in [(true, Verdict::Verified), (false, Verdict::Rejected)] {
        let setting = Setting::of(&world, &Attached { is_good, ..FEW });
        let (report, questions) = setting.judge_within(usize::MAX);
        assert_eq!(report.verdict, whole, "{:?}", report.requirements);
        let whole = verdicts(&report);
        for within in 0..questions {
            let (report, _) = setting.judge_within(within);
            let mut undecided = 0;
            for (verdict, whole) in verdicts(&report).iter().zip(&whole) {
                assert!(verdict == whole || *verdict == Verdict::Undecided, "{within}: {verdict:?} for {whole:?}");
                undecided += usize::from(*verdict == Verdict::Undecided);
            }
            // The last questions may be about what no requirement asks for.
            assert!(undecided > 0 || within > questions / 2, "{within} of {questions} were enough");
        }
        assert_eq!(verdicts(&setting.judge_within(questions).0), whole);
    }
}

#[test]
fn a298_what_was_not_judged_in_time_says_so_and_names_the_limit() {
    let world = World::new();
    let (report, _) = Setting::of(&world, &FEW).judge_within(0);
    assert_eq!(verdicts(&report), [Verdict::Undecided; 4]);
    for requirement in &report.requirements {
        let finding =
            requirement.findings.iter().find(|one| one.check == CheckId::EvidenceComplete).expect("the reason");
        assert_eq!(finding.message, "judging was stopped after 7s, the limit of `--timeout`");
    }
}

/// Between two questions there is a piece of work that a document does not lengthen: each thing that it lists is asked about.
#[test]
fn a298_the_time_is_asked_for_each_thing_that_a_document_lists() {
    const MORE: usize = 200;
    let world = World::new();
    let questions = |attached: Attached| Setting::of(&world, &attached).judge_within(usize::MAX).1;
    let few = questions(FEW);
    for (what, attached) in [
        ("packages", Attached { packages: MORE, ..FEW }),
        ("dependencies", Attached { dependencies: MORE, ..FEW }),
        ("vulnerabilities", Attached { vulnerabilities: MORE, ..FEW }),
        ("products", Attached { products: MORE, ..FEW }),
    ] {
        let many = questions(attached);
        assert!(many >= few + MORE - 4, "{what}: {many} questions instead of {few}");
    }
    let candidates = |count: usize| {
        let contents = FEW
            .contents(&world)
            .into_iter()
            .chain((0..count).map(|_| bundle(&world.signed_image().bundle(Version::V03))));
        let setting = Setting { evidence: evidence(&world.image, contents), ..Setting::of(&world, &FEW) };
        setting.judge_within(usize::MAX).1
    };
    assert!(candidates(20) >= candidates(0) + 20);
}

/// What was accepted while there was time stays so in the next step, and what comes later is undecided.
#[test]
fn a298_what_was_verified_in_time_stays_verified() {
    let world = World::new();
    let setting =
        Setting { policy: policy(&rule(&[RULES[0], "require: [signature, provenance]"])), ..Setting::of(&world, &FEW) };
    let contents = [world.signed_image(), world.signed_provenance()].map(|signed| bundle(&signed.bundle(Version::V03)));
    let mut judge = Judge::new(setting.grounds(TimeLimit::NONE));
    let first = evidence(&world.image, contents[..1].to_vec());
    assert_eq!(verdicts(&judge.judge(&first, setting.now, TimeLimit::NONE)), [Verdict::Verified, Verdict::Absent]);
    let over = TimeLimit::new(Duration::from_secs(7), &|| true);
    let second = evidence(&world.image, contents.to_vec());
    assert_eq!(verdicts(&judge.judge(&second, setting.now, over)), [Verdict::Verified, Verdict::Undecided]);
}
