//! Each requirement by its own signature: who signed, when, in which trust domain and by which log is what this requirement's
//! signers, domains and log rule make of it, and never what another requirement made of it.

use bonafide::check::{CheckId, ImageReport, Verdict};
use bonafide::evidence::Content;
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::policy_files::{finding, policy_with_key};
use crate::properties::Numbers;
use crate::scans::{VULN, scan, trivy};
use crate::support::json::canonical;
use crate::support::sigstore::entry::Verifier;
use crate::support::sigstore::{EntryKind, Evidence, Identity, Key, Rekor, SIGNING_TIME, Signed, Sigstore, Version};
use crate::support::statement::statement;
use crate::world::{World, bundle, domain, evidence};

/// Two logs of two trust domains that share everything else, and a signer with a key.
struct Logs {
    world: World,
    far: Sigstore,
    key: Key,
}

impl Logs {
    fn new() -> Logs {
        let world = World::new();
        let far = Sigstore { rekor: Rekor::v1(), rekor_v2: Rekor::v2(), ..world.instance.clone() };
        Logs { world, far, key: Key::p256() }
    }

    /// As policies name them.
    fn domains(&self) -> Vec<TrustDomain> {
        vec![domain("./far.json", &self.far.trusted_root()), domain("./near.json", &self.world.instance.trusted_root())]
    }

    /// A statement that the key signed, and that each log saw as many days ago, if it did.
    fn signed(&self, statement: &Value, near: Option<i64>, far: Option<i64>) -> Signed {
        let signed = self.world.instance.key_signer(&self.key).attest(statement);
        let body = EntryKind::DsseV001.body(&signed.content, &self.verifier());
        let entry = |instance: &Sigstore, days| {
            instance.rekor.append(EntryKind::DsseV001, canonical(&body), now() - SignedDuration::from_hours(24 * days))
        };
        let near = near.map(|days| entry(&self.world.instance, days));
        let far = far.map(|days| entry(&self.far, days));
        Signed { entries: near.into_iter().chain(far).collect(), ..signed }
    }

    fn verifier(&self) -> Verifier {
        Verifier::Key { der: self.key.public_der(), pem: self.key.public_pem(), details: self.key.details() }
    }

    fn provenance(&self, near: Option<i64>, far: Option<i64>) -> Content {
        bundle(&self.signed(&self.world.provenance(), near, far).bundle(Version::V03))
    }

    fn scan(&self, near: Option<i64>, far: Option<i64>) -> Content {
        let statement = statement(&self.world.subject, VULN, scan(trivy(&[])));
        bundle(&self.signed(&statement, near, far).bundle(Version::V03))
    }

    fn judge(&self, rules: &str, contents: impl IntoIterator<Item = Content>) -> ImageReport {
        let policy = policy_with_key(rules, &self.key);
        verify(&evidence(&self.world.image, contents), &policy, &self.domains(), now())
    }
}

fn now() -> Timestamp {
    SIGNING_TIME + SignedDuration::from_hours(1)
}

/// One rule about the image.
fn named(name: &str, lines: &[&str]) -> String {
    format!("  - match: registry.test/**\n    name: {name}\n    {}\n", lines.join("\n    "))
}

fn in_both_orders(one: &str, other: &str) -> [String; 2] {
    [format!("{one}{other}"), format!("{other}{one}")]
}

const BY_KEY: &str = "signers: [{key: cosign.pub}]";
const FRESH: &str = "require: {provenance: {max-age: 2d}}";

#[test]
fn a288_the_age_of_provenance_is_told_by_the_log_of_the_rules_own_domain() {
    let logs = Logs::new();
    let general = |trust: &str| named("general", &[BY_KEY, trust, "require: [provenance]"]);
    let strict = |trust: &str| named("strict", &[BY_KEY, trust, FRESH]);
    let (near, far) = ("trust: [./near.json]", "trust: [./far.json]");
    for rules in in_both_orders(&general(near), &strict(far)) {
        let report = logs.judge(&rules, [logs.provenance(Some(0), Some(9))]);
        assert_eq!(report.verdict, Verdict::Rejected, "{rules}");
        let strict = report.requirements.iter().find(|one| one.id.ends_with("strict")).expect("the strict rule");
        finding(&strict.findings, CheckId::ProvenanceAge);
    }
    for rules in in_both_orders(&general(far), &strict(near)) {
        let report = logs.judge(&rules, [logs.provenance(Some(0), Some(9))]);
        assert_eq!(report.verdict, Verdict::Verified, "{rules}: {report:?}");
        // Each of the two is told by what it believed.
        let shown = report.candidates[0].trust_domain.as_deref();
        let other = report.requirements.iter().flat_map(|one| &one.signatures).map(|one| one.trust_domain.as_deref());
        let mut told: Vec<Option<&str>> = other.chain([shown]).collect();
        told.sort_unstable();
        assert_eq!(told, [Some("./far.json"), Some("./near.json")]);
    }
    let both = format!("{}{}", general(near), strict(near));
    let report = logs.judge(&both, [logs.provenance(Some(0), Some(9))]);
    assert_eq!(report.verdict, Verdict::Verified);
    assert!(report.requirements.iter().all(|one| one.signatures.is_empty()), "nothing differs from what is shown");
}

/// One rule may believe two domains: which of them is named first, and what it is called, is nothing.
#[test]
fn a288_every_domain_that_a_rule_believes_is_tried() {
    let logs = Logs::new();
    for trust in ["trust: [./near.json, ./far.json]", "trust: [./far.json, ./near.json]"] {
        let rules = named("strict", &[BY_KEY, trust, FRESH]);
        for (near, far) in [(0, 9), (9, 0)] {
            let report = logs.judge(&rules, [logs.provenance(Some(near), Some(far))]);
            assert_eq!(report.verdict, Verdict::Verified, "{trust}: {near} {far}");
            assert_eq!(report.candidates[0].timestamps.len(), 1, "the time that decided, and no other");
        }
        assert_eq!(logs.judge(&rules, [logs.provenance(Some(9), Some(9))]).verdict, Verdict::Rejected);
    }
}

#[test]
fn a288_a_promise_in_one_domain_does_not_hide_the_proof_in_another() {
    let logs = Logs::new();
    let key = Key::p256();
    let promised = logs.world.signer().key(&key).evidence(Evidence::Promise).sign_image(&logs.world.subject);
    let mut signed = promised.clone();
    let body = crate::forge::body(&signed, EntryKind::DsseV001);
    signed.entries.push(logs.far.rekor.append(EntryKind::DsseV001, canonical(&body), SIGNING_TIME));
    let rules =
        |trust: &str| named("proved", &["signers: [{github: acme/shop}]", trust, "log: proof", "require: [signature]"]);
    let verdict = |trust, signed: &Signed| logs.judge(&rules(trust), [bundle(&signed.bundle(Version::V01))]).verdict;
    assert_eq!(verdict("trust: [./near.json]", &signed), Verdict::Rejected);
    assert_eq!(verdict("trust: [./far.json]", &signed), Verdict::Verified);
    assert_eq!(verdict("trust: [./near.json, ./far.json]", &signed), Verdict::Verified);
    assert_eq!(verdict("trust: [./near.json, ./far.json]", &promised), Verdict::Rejected);
}

#[test]
fn a289_a_rule_without_a_log_lends_its_time_to_no_other() {
    let logs = Logs::new();
    let near = "trust: [./near.json]";
    for (what, require) in [("provenance", FRESH), ("scan", "require: {vulnerabilities: {max-age: 2d}}")] {
        let lax =
            named("lax", &["signers: [{key: {file: cosign.pub, log: not-required}}]", "trust: [./far.json]", require]);
        let plain = named(
            "lax",
            &[
                "signers: [{key: {file: cosign.pub, log: not-required}}]",
                "trust: [./far.json]",
                "require: [provenance]",
            ],
        );
        let strict = named("strict", &[BY_KEY, near, require]);
        let content = |days| match what {
            "provenance" => logs.provenance(Some(days), None),
            _ => logs.scan(Some(days), None),
        };
        for rules in in_both_orders(&lax, &strict) {
            let report = logs.judge(&rules, [content(9)]);
            let strict = report.requirements.iter().find(|one| one.id.ends_with("strict")).expect("the strict rule");
            assert_eq!(strict.verdict, Verdict::Rejected, "{rules}");
        }
        if what == "provenance" {
            for rules in in_both_orders(&plain, &strict) {
                assert_eq!(logs.judge(&rules, [content(0)]).verdict, Verdict::Verified, "{rules}");
            }
        }
    }
}

/// What of several signers could not be decided stays open, wherever it stands in the list.
#[test]
fn a288_the_order_of_signers_never_changes_what_is_said() {
    let logs = Logs::new();
    let message = |one: &str, other: &str| {
        let rules =
            named("any", &[&format!("signers: [{one}, {other}]"), "trust: [./near.json]", "require: [signature]"]);
        let report = logs.judge(&rules, [bundle(&logs.world.signed_image().bundle(Version::V03))]);
        (report.verdict, report.candidates[0].reason.clone())
    };
    let pairs = [
        ("{github: acme/other}", "{key: cosign.pub}"),
        ("{github: acme/other}", "{github: acme/shop}"),
        ("{github: {repository: acme/shop, ref: refs/heads/main}}", "{github: acme/other}"),
    ];
    for (one, other) in pairs {
        assert_eq!(message(one, other), message(other, one), "{one} {other}");
    }
}

/// A rule of which every list can be shuffled.
#[derive(Clone)]
struct Rule {
    name: String,
    signers: Vec<&'static str>,
    at_least: usize,
    trust: Vec<&'static str>,
    log: &'static str,
    require: Vec<&'static str>,
}

const SIGNERS: [&str; 5] = [
    "{github: acme/shop}",
    "{github: {repository: acme/shop, ref: 'refs/tags/**'}}",
    "{github: acme/web}",
    "{key: cosign.pub}",
    "{key: {file: cosign.pub, log: not-required}}",
];
const REQUIREMENTS: [&str; 7] = [
    "signature: {}",
    "provenance: {}",
    "provenance: {max-age: 2d}",
    "provenance: {all: true}",
    "sbom: {}",
    "sbom: {max-age: 2d}",
    "vulnerabilities: {max-age: 2d}",
];

impl Rule {
    fn draw(numbers: &mut Numbers, name: &str) -> Rule {
        let mut some = |list: &[&'static str], chance: usize| -> Vec<&'static str> {
            let drawn: Vec<&str> = list.iter().filter(|_| numbers.below(chance) == 0).copied().collect();
            if drawn.is_empty() { vec![list[numbers.below(list.len())]] } else { drawn }
        };
        let mut signers = some(&SIGNERS, 2);
        // A key stands in a list once.
        if signers.contains(&SIGNERS[3]) {
            signers.retain(|signer| *signer != SIGNERS[4]);
        }
        let trust = some(&["./near.json", "./far.json"], 2);
        let log = some(&["log: promise", "log: proof"], 3)[0];
        let mut require = some(&REQUIREMENTS, 4);
        require.dedup_by_key(|one| one.split(':').next());
        let at_least = 1 + usize::from(signers.len() > 1 && numbers.below(4) == 0);
        Rule { name: name.to_owned(), signers, at_least, trust, log, require }
    }

    fn shuffle(&mut self, numbers: &mut Numbers) {
        numbers.shuffle(&mut self.signers);
        numbers.shuffle(&mut self.trust);
        numbers.shuffle(&mut self.require);
    }

    fn text(&self) -> String {
        named(
            &self.name,
            &[
                &format!("signers: {{at-least: {}, of: [{}]}}", self.at_least, self.signers.join(", ")),
                &format!("trust: [{}]", self.trust.join(", ")),
                self.log,
                &format!("require: {{{}}}", self.require.join(", ")),
            ],
        )
    }
}

fn pool(logs: &Logs) -> Vec<Content> {
    let world = &logs.world;
    let sister = Identity::github_workflow("acme/web", ".github/workflows/release.yml", "refs/tags/v1.0.0");
    let stranger = Identity::email("mallory@example.com", "https://accounts.example.com");
    let in_two_logs = |mut signed: Signed| {
        let body = crate::forge::body(&signed, EntryKind::DsseV001);
        signed.entries.push(logs.far.rekor.append(EntryKind::DsseV001, canonical(&body), SIGNING_TIME));
        bundle(&signed.bundle(Version::V01))
    };
    let bundles = [
        world.signed_image(),
        world.signed_provenance(),
        world.signer().attest(&world.sbom()),
        world.instance.attest(&sister, &world.sbom()),
        world.instance.sign_image(&stranger, &world.subject),
        world.instance.key_signer(&logs.key).sign_image(&world.subject),
    ];
    let bundles = bundles.iter().map(|signed| bundle(&signed.bundle(Version::V03)));
    let sbom = |near, far| bundle(&logs.signed(&world.sbom(), near, far).bundle(Version::V03));
    bundles
        .chain([
            logs.provenance(Some(0), Some(9)),
            logs.provenance(Some(9), Some(0)),
            logs.provenance(Some(9), None),
            logs.provenance(None, None),
            logs.scan(Some(0), Some(9)),
            logs.scan(Some(9), None),
            sbom(Some(9), Some(0)),
            in_two_logs(world.signer().evidence(Evidence::Promise).attest(&world.provenance())),
            in_two_logs(world.signer().evidence(Evidence::Promise).sign_image(&world.subject)),
            crate::world::bundle_text("{"),
            Content::Unread { media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(), bytes: 60 << 20 },
        ])
        .collect()
}

/// The verdict of each requirement, by what is required and by the rule that requires it.
fn verdicts(report: &ImageReport, alone: Option<&str>) -> Vec<(String, Verdict)> {
    let id = |id: &str| alone.map_or_else(|| id.to_owned(), |name| format!("{id} of {name}"));
    let mut verdicts: Vec<(String, Verdict)> =
        report.requirements.iter().map(|one| (id(&one.id), one.verdict)).collect();
    verdicts.sort_unstable();
    verdicts
}

/// A rule says of the same evidence what it says alone, in whichever company and order.
#[test]
fn a288_no_other_rule_and_no_order_changes_the_verdict_of_a_requirement() {
    let logs = Logs::new();
    let pool = pool(&logs);
    let mut numbers = Numbers(0x5eed_0288);
    let mut seen = Vec::new();
    for _ in 0..20 {
        let chance = 2 + numbers.below(4);
        let contents: Vec<Content> = pool.iter().filter(|_| numbers.below(chance) == 0).cloned().collect();
        let mut collected = evidence(&logs.world.image, contents);
        let mut domains = logs.domains();
        let mut rules: Vec<Rule> =
            (0..2 + numbers.below(2)).map(|place| Rule::draw(&mut numbers, &format!("r{place}"))).collect();
        let mut expected = Vec::new();
        for rule in &rules {
            let policy = policy_with_key(&rule.text(), &logs.key);
            expected.extend(verdicts(&verify(&collected, &policy, &domains, now()), Some(&rule.name)));
        }
        expected.sort_unstable();
        for _ in 0..2 {
            numbers.shuffle(&mut rules);
            for rule in &mut rules {
                rule.shuffle(&mut numbers);
            }
            numbers.shuffle(&mut collected.candidates);
            domains.reverse();
            let text: String = rules.iter().map(Rule::text).collect();
            let report = verify(&collected, &policy_with_key(&text, &logs.key), &domains, now());
            assert_eq!(verdicts(&report, None), expected, "{text}\n{:?}", report.requirements);
        }
        seen.extend(expected.into_iter().map(|(_, verdict)| verdict));
    }
    for verdict in [Verdict::Verified, Verdict::Rejected, Verdict::Undecided, Verdict::Absent] {
        assert!(seen.contains(&verdict), "the draws must reach {verdict}: {seen:?}");
    }
}
