//! Policy files against evidence: rules that apply together, signers that are counted, trust domains, the log, exceptions.

use bonafide::check::{CheckId, Finding, ImageReport, Outcome, RequirementReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::{Document, ImageError, Policy};
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};

use crate::support::sigstore::{EntryKind, Evidence, GITHUB_ACTIONS, Identity, Key, SIGNING_TIME, Version};
use crate::world::{World, bundle, domain, evidence, legacy};

/// The image's name, as `evidence` has it.
const IMAGE: &str = "registry.test/acme/shop";
const BY_SHOP: &str = "signers: [{github: acme/shop}]";

/// A policy file of these rules.
pub(crate) fn document(rules: &str, key: &Key) -> Document {
    let pem = key.public_pem().into_bytes();
    let text = format!("version: 1\nimages:\n{rules}");
    Document::parse("bonafide.yaml", text.as_bytes(), &|_| Ok(pem.clone()))
        .unwrap_or_else(|error| panic!("the policy has errors:\n{error}"))
}

/// What the file requires of the image.
pub(crate) fn policy(rules: &str) -> Policy {
    policy_with_key(rules, &Key::p256())
}

/// The same, where every key that the file names is this one.
pub(crate) fn policy_with_key(rules: &str, key: &Key) -> Policy {
    document(rules, key)
        .policy_for(IMAGE, &["virtual".to_owned()], None, an_hour_later())
        .expect("a rule about the image")
}

/// One rule about the image, with these lines.
pub(crate) fn rule(lines: &[&str]) -> String {
    format!("  - match: registry.test/acme/shop\n    {}\n", lines.join("\n    "))
}

/// One rule about the image that asks for a signature by this signer.
pub(crate) fn signed_by(signer: &str) -> Policy {
    policy(&rule(&[&format!("signers: [{{{signer}}}]"), "require: [signature]"]))
}

pub(crate) fn judge(world: &World, policy: &Policy, contents: impl IntoIterator<Item = Content>) -> ImageReport {
    judge_in(world, &[world.domain()], policy, contents, an_hour_later())
}

fn judge_in(
    world: &World,
    domains: &[TrustDomain],
    policy: &Policy,
    contents: impl IntoIterator<Item = Content>,
    now: Timestamp,
) -> ImageReport {
    verify(&evidence(&world.image, contents), policy, domains, now)
}

fn an_hour_later() -> Timestamp {
    SIGNING_TIME + SignedDuration::from_hours(1)
}

fn requirement<'a>(report: &'a ImageReport, id: &str) -> &'a RequirementReport {
    report.requirements.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("{id} in {:?}", report.requirements))
}

#[track_caller]
pub(crate) fn finding(findings: &[Finding], check: CheckId) -> &Finding {
    findings.iter().find(|one| one.check == check && one.outcome != Outcome::Pass).expect("a finding of that check")
}

fn signature(world: &World, identity: &Identity) -> Content {
    bundle(&world.instance.sign_image(identity, &world.subject).bundle(Version::V03))
}

fn signature_with(world: &World, key: &Key) -> Content {
    bundle(&world.instance.key_signer(key).sign_image(&world.subject).bundle(Version::V03))
}

fn other_repository() -> Identity {
    Identity::github_workflow("acme/web", ".github/workflows/release.yml", "refs/heads/main")
}

#[test]
fn a_file_demands_what_it_says() {
    let world = World::new();
    let all = policy(&rule(&[BY_SHOP, "require: [signature, provenance, sbom]"]));
    assert_eq!(judge(&world, &all, world.complete()).verdict, Verdict::Verified);
    for missing in 0..3 {
        let mut contents = world.complete();
        contents.remove(missing);
        let report = judge(&world, &all, contents);
        assert_eq!(report.verdict, Verdict::Absent);
        assert_eq!(report.requirements.iter().filter(|one| one.verdict == Verdict::Verified).count(), 2);
    }
    let stranger = policy(&rule(&["signers: [{github: acme/other}]", "require: [signature, provenance, sbom]"]));
    assert_eq!(judge(&world, &stranger, world.complete()).verdict, Verdict::Rejected);
}

#[test]
fn a261_what_passes_never_stands_in_for_what_cannot_be_decided() {
    let world = World::new();
    let policy = policy(&rule(&[BY_SHOP, "require: [provenance, sbom]"]));
    let provenance = || bundle(&world.signed_provenance().bundle(Version::V03));
    let mut unread = world.sbom();
    unread["predicate"]["spdxVersion"] = serde_json::json!("SPDX-3.0.1");
    let unread = bundle(&world.signer().attest(&unread).bundle(Version::V03));
    let report = judge(&world, &policy, [provenance(), unread]);
    assert_eq!(requirement(&report, "provenance").verdict, Verdict::Verified);
    assert_eq!(requirement(&report, "sbom").verdict, Verdict::Undecided);
    assert_eq!(report.verdict, Verdict::Undecided);
}

#[test]
fn a258_every_rule_about_an_image_applies_whatever_their_order() {
    let world = World::new();
    let passes = format!("  - match: registry.test/**\n    {BY_SHOP}\n    require: [signature]\n");
    let fails = rule(&["signers: [{github: acme/web}]", "require: [signature]"]);
    for rules in [format!("{passes}{fails}"), format!("{fails}{passes}")] {
        let report = judge(&world, &policy(&rules), world.complete());
        assert_eq!(report.verdict, Verdict::Rejected);
        assert_eq!(requirement(&report, "signature of registry.test/**").verdict, Verdict::Verified);
        assert_eq!(requirement(&report, "signature of registry.test/acme/shop").verdict, Verdict::Rejected);
        let mut both = world.complete();
        both.push(signature(&world, &other_repository()));
        assert_eq!(judge(&world, &policy(&rules), both).verdict, Verdict::Verified);
    }
}

#[test]
fn a258_a_rule_about_another_image_demands_nothing() {
    let world = World::new();
    let other = "  - match: registry.test/acme/shop-*\n    signers: [{github: acme/web}]\n    require: [sbom]\n";
    let rules = format!("{other}{}", rule(&[BY_SHOP, "require: [signature]"]));
    let report = judge(&world, &policy(&rules), [bundle(&world.signed_image().bundle(Version::V03))]);
    assert_eq!((report.verdict, report.requirements.len()), (Verdict::Verified, 1));
}

#[test]
fn a255_an_image_without_a_rule_or_with_nothing_but_exceptions_is_an_error() {
    let key = Key::p256();
    let about_shop = document(&rule(&[BY_SHOP, "require: [signature]"]), &key);
    for name in ["registry.test/acme/shop2", "registry.test/acme", "registry.test/acme/shop/x", "other.test/acme/shop"]
    {
        let error = about_shop.policy_for(name, &[], None, an_hour_later()).expect_err("no rule is about it");
        assert!(matches!(error, ImageError::NoRule { .. }), "{error:?}");
    }
    let excepted = rule(&[
        BY_SHOP,
        "require: [signature]",
        "exceptions: [{require: signature, until: 9999-12-31, because: not yet}]",
    ]);
    let error =
        document(&excepted, &key).policy_for(IMAGE, &[], None, an_hour_later()).expect_err("nothing is demanded");
    assert!(matches!(error, ImageError::AllExcepted { .. }), "{error:?}");
    // What has run out covers nothing: the requirement counts again, and the image is judged by it.
    let run_out = document(&excepted.replace("9999-12-31", "2020-01-01"), &key);
    assert!(run_out.policy_for(IMAGE, &[], None, an_hour_later()).is_ok());
}

#[test]
fn a198_a_claim_that_every_repository_has_pins_no_source() {
    let world = World::new();
    let called = Identity::github_reusable_workflow(
        "https://github.com/acme/builders/.github/workflows/sign.yml@refs/tags/v1",
        "evil/shop",
        "https://github.com/evil/shop/.github/workflows/x.yml@refs/heads/main",
        "refs/heads/main",
    );
    let signed = || bundle(&world.instance.sign_image(&called, &world.subject).bundle(Version::V03));
    let by = |claims: &str| {
        policy(&rule(&[
            &format!(
                "signers: [{{identity: \"https://github.com/acme/builders/.github/workflows/sign.yml@refs/tags/v*\", issuer: {GITHUB_ACTIONS}, claims: {{{claims}}}}}]"
            ),
            "require: [signature]",
        ]))
    };
    for pins_nothing in
        ["source-repository-uri: \"**\"", "source-repository-uri: \"https://github.com/**\"", "build-trigger: \"*\""]
    {
        let report = judge(&world, &by(pins_nothing), [signed()]);
        assert_eq!(report.verdict, Verdict::Rejected, "{pins_nothing}");
    }
    let report = judge(&world, &by("source-repository-uri: https://github.com/evil/shop"), [signed()]);
    assert_eq!(report.verdict, Verdict::Verified, "named in full it is a pin");
}

#[test]
fn each_requirement_has_the_signers_that_it_names() {
    let world = World::new();
    let key = Key::p256();
    let rules = rule(&[BY_SHOP, "require:", "  signature: {signers: [{key: cosign.pub}]}", "  provenance: {}"]);
    let policy = policy_with_key(&rules, &key);
    let provenance = || bundle(&world.signed_provenance().bundle(Version::V03));
    let report = judge(&world, &policy, [signature_with(&world, &key), provenance()]);
    assert_eq!(report.verdict, Verdict::Verified);
    let swapped = world.instance.key_signer(&key).attest(&world.provenance());
    let swapped = [bundle(&world.signed_image().bundle(Version::V03)), bundle(&swapped.bundle(Version::V03))];
    let report = judge(&world, &policy, swapped);
    for id in ["signature", "provenance"] {
        assert_eq!(requirement(&report, id).verdict, Verdict::Rejected, "{id}");
    }
}

fn counted(signers: &str) -> String {
    rule(&[&format!("signers: {signers}"), "require: [signature]"])
}

#[test]
fn at_least_two_are_two_different_signers() {
    let world = World::new();
    let key = Key::p256();
    let rules = counted("{at-least: 2, of: [{github: acme/shop}, {github: acme/web}, {key: cosign.pub}]}");
    let policy = policy_with_key(&rules, &key);
    let shop = || signature(&world, &world.identity);
    let web = || signature(&world, &other_repository());
    let by_key = || signature_with(&world, &key);
    for two in [[shop(), web()], [shop(), by_key()], [web(), by_key()]] {
        assert_eq!(judge(&world, &policy, two).verdict, Verdict::Verified);
    }
    let again = Identity::github_workflow("acme/shop", ".github/workflows/release.yml", "refs/tags/v1.0.1");
    for one in [vec![shop()], vec![shop(), shop()], vec![shop(), signature(&world, &again)], vec![by_key(), by_key()]] {
        let report = judge(&world, &policy, one);
        assert_eq!(report.verdict, Verdict::Absent);
        let finding = finding(&requirement(&report, "signature").findings, CheckId::SignerCount);
        assert!(finding.message.starts_with("1 of the 2 signers"), "{finding:?}");
    }
    let stranger = Identity::email("mallory@example.com", "https://accounts.example.com");
    assert_eq!(judge(&world, &policy, [shop(), signature(&world, &stranger)]).verdict, Verdict::Rejected);
}

/// One signer in two spellings: GitHub knows owners and repositories without their case, mail providers mailboxes.
#[test]
fn a296_one_signer_in_two_spellings_counts_once() {
    let world = World::new();
    let workflow = |repository| Identity::github_workflow(repository, ".github/workflows/release.yml", "refs/tags/v1");
    let enterprise =
        Identity { issuer: "https://token.actions.githubusercontent.com/acme-inc".into(), ..workflow("acme/app") };
    let mail = |address, issuer| Identity::email(address, issuer);
    let anyone = "issuer-regexp: 'https://(token\\.actions\\.githubusercontent\\.com(/acme-inc)?|accounts\\.acme\\.example|login\\.acme\\.example)'";
    let either = format!("{{identity-regexp: '(?i)(https://github\\.com/acme/.*|[a-z]+@acme\\.example)', {anyone}}}");
    let policy = policy(&counted(&format!("{{at-least: 2, of: [{either}, {either}]}}")));
    let judged = |one: &Identity, other: &Identity| {
        judge(&world, &policy, [signature(&world, one), signature(&world, other)]).verdict
    };
    let (accounts, login) = ("https://accounts.acme.example", "https://login.acme.example");
    for (one, other) in [
        (workflow("acme/app"), workflow("Acme/App")),
        (workflow("acme/app"), enterprise),
        (mail("alice@acme.example", accounts), mail("Alice@Acme.example", accounts)),
        (mail("alice@acme.example", accounts), mail("alice@acme.example", login)),
    ] {
        assert_eq!(judged(&one, &other), Verdict::Absent, "{one:?} {other:?}");
    }
    for (one, other) in [
        (workflow("acme/app"), workflow("acme/other")),
        (workflow("acme/app"), Identity::github_workflow("acme/app", ".github/workflows/Release.yml", "refs/tags/v1")),
        (mail("alice@acme.example", accounts), mail("bob@acme.example", accounts)),
        (mail("alice@acme.example", accounts), workflow("acme/app")),
    ] {
        assert_eq!(judged(&one, &other), Verdict::Verified, "{one:?} {other:?}");
    }
}

#[test]
fn no_signer_stands_for_two_of_the_list() {
    let world = World::new();
    // Both entries fit the one signer, who is still one.
    let policy =
        policy(&counted("{all-of: [{github: acme/shop}, {github: {repository: acme/shop, ref: refs/tags/v*}}]}"));
    let report = judge(&world, &policy, [signature(&world, &world.identity), signature(&world, &world.identity)]);
    assert_eq!(report.verdict, Verdict::Absent);
}

#[test]
fn a_gitlab_server_is_named_with_its_port_and_with_or_without_its_scheme() {
    let world = World::new();
    let server = "https://gitlab.acme.example:8443";
    let pipeline = Identity::uri(&format!("{server}/team/shop//.gitlab-ci.yml@refs/tags/v1"), server)
        .claim(12, &format!("{server}/team/shop"))
        .claim(14, "refs/tags/v1");
    for written in [server, "gitlab.acme.example:8443", "https://gitlab.acme.example:8443/"] {
        let signer = format!("[{{gitlab: {{project: team/shop, server: \"{written}\", ref: refs/tags/v*}}}}]");
        let report = judge(&world, &policy(&counted(&signer)), [signature(&world, &pipeline)]);
        assert_eq!(report.verdict, Verdict::Verified, "{written}");
    }
    let other = counted("[{gitlab: {project: team/shop, server: gitlab.acme.example, ref: refs/tags/v*}}]");
    assert_eq!(judge(&world, &policy(&other), [signature(&world, &pipeline)]).verdict, Verdict::Rejected);
}

#[test]
fn all_of_them_are_all_of_them() {
    let world = World::new();
    let policy = policy(&counted("{all-of: [{github: acme/shop}, {github: acme/web}]}"));
    let (shop, web) = (signature(&world, &world.identity), signature(&world, &other_repository()));
    assert_eq!(judge(&world, &policy, [shop.clone(), web.clone()]).verdict, Verdict::Verified);
    for one in [shop, web] {
        assert_eq!(judge(&world, &policy, [one]).verdict, Verdict::Absent);
    }
}

#[test]
fn a131_evidence_of_another_domain_than_the_rules_never_counts() {
    let (world, other) = (World::new(), World::new());
    // A Sigstore of somebody else, whose authority can assert GitHub's issuer as well.
    let domains = [
        domain("./ours.json", &world.instance.trusted_root()),
        domain("./theirs.json", &other.instance.trusted_root()),
    ];
    let trusting = |names: &str| policy(&rule(&[BY_SHOP, &format!("trust: [{names}]"), "require: [signature]"]));
    let by = |one: &World| bundle(&one.instance.sign_image(&world.identity, &world.subject).bundle(Version::V03));
    let verdict = |names, content| {
        let report = judge_in(&world, &domains, &trusting(names), [content], an_hour_later());
        (report.verdict, report.candidates[0].trust_domain.clone())
    };
    let ours = Some("./ours.json".to_owned());
    assert_eq!(verdict("./ours.json", by(&world)), (Verdict::Verified, ours.clone()));
    assert_eq!(verdict("./ours.json, ./theirs.json", by(&world)), (Verdict::Verified, ours));
    assert_eq!(verdict("./ours.json", by(&other)).0, Verdict::Rejected);
    assert_eq!(verdict("./theirs.json", by(&world)).0, Verdict::Rejected);
    // A domain that is named and not there is no way around it.
    assert_ne!(verdict("./nowhere.json", by(&world)).0, Verdict::Verified);
}

#[test]
fn a131_each_rule_has_a_domain_of_its_own() {
    let (world, other) = (World::new(), World::new());
    let domains = [
        domain("./ours.json", &world.instance.trusted_root()),
        domain("./theirs.json", &other.instance.trusted_root()),
    ];
    let rules = format!(
        "{}{}",
        rule(&[BY_SHOP, "trust: [./ours.json]", "require: [signature]"]),
        format_args!(
            "  - match: registry.test/**\n    {BY_SHOP}\n    trust: [./theirs.json]\n    require: [signature]\n"
        )
    );
    let by = |one: &World| bundle(&one.instance.sign_image(&world.identity, &world.subject).bundle(Version::V03));
    let verdict = |contents| judge_in(&world, &domains, &policy(&rules), contents, an_hour_later()).verdict;
    assert_eq!(verdict(vec![by(&world), by(&other)]), Verdict::Verified);
    assert_ne!(verdict(vec![by(&world), by(&world)]), Verdict::Verified);
    assert_ne!(verdict(vec![by(&other)]), Verdict::Verified);
}

#[test]
fn a_proof_is_demanded_where_the_policy_says_so_and_a_promise_is_enough_elsewhere() {
    let world = World::new();
    let promised = || legacy(world.signer().evidence(Evidence::Promise).sign_simple(&world.subject).legacy_layer());
    let proved = || bundle(&world.signed_image().bundle(Version::V03));
    let demanding = |log: &str| policy(&rule(&[BY_SHOP, log, "require: [signature]"]));
    assert_eq!(judge(&world, &demanding("log: promise"), [promised()]).verdict, Verdict::Verified);
    assert_eq!(judge(&world, &demanding("log: proof"), [proved()]).verdict, Verdict::Verified);
    let report = judge(&world, &demanding("log: proof"), [promised()]);
    assert_eq!(report.verdict, Verdict::Rejected);
    let refused = finding(&requirement(&report, "signature").findings, CheckId::TransparencyLog);
    assert_eq!(refused.found.as_deref(), Some("a promise of the log (SET) alone"));
    let of_one = policy(&rule(&[BY_SHOP, "log: proof", "require: {signature: {log: promise}}"]));
    assert_eq!(judge(&world, &of_one, [promised()]).verdict, Verdict::Verified);
    let v2 = world.signer().logged_as(EntryKind::HashedRekordV002).stamped().sign_image(&world.subject);
    assert_eq!(judge(&world, &demanding("log: proof"), [bundle(&v2.bundle(Version::V03))]).verdict, Verdict::Verified);
}

fn excepting(until: &str, about: &str) -> String {
    rule(&[
        BY_SHOP,
        "require: [signature, sbom]",
        &format!("exceptions: [{{require: sbom, until: {until}, because: not written yet{about}}}]"),
    ])
}

#[test]
fn an_exception_works_to_the_end_of_its_day_and_is_in_every_report() {
    let world = World::new();
    let signed = || [bundle(&world.signed_image().bundle(Version::V03))];
    let at = |rules: &str, now: &str| {
        judge_in(&world, &[world.domain()], &policy(rules), signed(), now.parse().expect("a time"))
    };
    let report = at(&excepting("2026-03-02", ""), "2026-03-02T23:59:59Z");
    assert_eq!(report.verdict, Verdict::Verified);
    let sbom = requirement(&report, "sbom");
    assert_eq!(sbom.verdict, Verdict::Absent, "it says what was found all the same");
    let exception = sbom.exception.as_ref().expect("the exception is in the report");
    assert_eq!((exception.until.as_str(), exception.works), ("2026-03-02", true));
    assert_eq!(exception.because, "not written yet");

    let report = at(&excepting("2026-03-02", ""), "2026-03-03T00:00:00Z");
    assert_eq!(report.verdict, Verdict::Absent);
    let sbom = requirement(&report, "sbom");
    assert!(!sbom.exception.as_ref().expect("the exception").works);
    assert_eq!(finding(&sbom.findings, CheckId::PolicyException).outcome, Outcome::Fail);
}

#[test]
fn an_exception_covers_the_images_and_the_requirement_that_it_names() {
    let world = World::new();
    let verdict = |rules: &str, contents: Vec<Content>| judge(&world, &policy(rules), contents).verdict;
    let signed = || bundle(&world.signed_image().bundle(Version::V03));
    assert_eq!(verdict(&excepting("2027-01-31", ", match: registry.test/acme/*"), vec![signed()]), Verdict::Verified);
    assert_eq!(verdict(&excepting("2027-01-31", ", match: registry.test/acme/web"), vec![signed()]), Verdict::Absent);
    let sbom = bundle(&world.signer().attest(&world.sbom()).bundle(Version::V03));
    assert_eq!(verdict(&excepting("2027-01-31", ""), vec![sbom]), Verdict::Absent, "the signature is not excepted");
}
