//! Known vulnerabilities of an SBOM, and the VEX that closes them. Nothing that is said opens anything.

use bonafide::check::{CheckId, Finding, ImageReport, KnownVulnerabilitiesReport, Verdict, VexReport};
use bonafide::evidence::Content;
use bonafide::oci::{Algorithm, Digest};
use bonafide::packages::Advisories;
use bonafide::time_limit::TimeLimit;
use bonafide::verify::{Alone, Grounds, verify_on};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::policy_files::{policy, rule};
use crate::support::sigstore::{Identity, SIGNING_TIME, Version};
use crate::support::statement::{Subject, spdx_23, statement};
use crate::world::{World, bundle, evidence};

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const RULES: &str = "require: {sbom: {deny: {severity: high}, vex: {signers: [{github: acme/vex}]}}}";

fn vex_team() -> Identity {
    Identity::github_workflow("acme/vex", ".github/workflows/vex.yml", "refs/heads/main")
}

/// A record about an npm package that is fixed in 2.0.0.
fn record(id: &str, aliases: &[&str], package: &str, score: Option<&str>) -> Value {
    let severity: Vec<Value> = score.iter().map(|score| json!({"type": "CVSS_V3", "score": score})).collect();
    json!({
        "schema_version": "1.7.0", "id": id, "aliases": aliases, "modified": "2026-02-01T00:00:00Z", "severity": severity,
        "affected": [{
            "package": {"ecosystem": "npm", "name": package},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
        }],
    })
}

fn known(records: &[Value]) -> Advisories {
    let mut advisories = Advisories::default();
    for record in records {
        advisories.add(&record.to_string()).expect("a record");
    }
    advisories
}

fn bad() -> Advisories {
    known(&[record("GHSA-1", &["CVE-2026-1"], "bad", Some(CRITICAL))])
}

/// The SBOM of the image: two packages, of which one is bad.
fn sbom(world: &World) -> Content {
    let mut said = spdx_23(&world.subject, &[("bad", "1.0.0"), ("good", "1.0.0")]);
    for (place, purl) in ["pkg:npm/bad@1.0.0", "pkg:npm/good@1.0.0"].iter().enumerate() {
        said["predicate"]["packages"][place + 1]["externalRefs"][0]["referenceLocator"] = json!(purl);
    }
    bundle(&world.signer().attest(&said).bundle(Version::V03))
}

fn product(world: &World) -> Value {
    json!({"@id": format!("pkg:oci/shop@{}", world.image.to_string().replace(':', "%3A"))})
}

fn of(world: &World, vulnerability: &str, status: &str) -> Value {
    json!({
        "vulnerability": {"name": vulnerability}, "products": [product(world)], "status": status,
        "justification": "vulnerable_code_not_in_execute_path",
    })
}

fn vex_by(world: &World, subject: &Subject, statements: &[Value], by: &Identity) -> Content {
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
        "timestamp": "2026-03-01T10:00:00Z", "statements": statements,
    });
    let said = statement(subject, "https://openvex.dev/ns", document);
    bundle(&world.instance.signer(by).attest(&said).bundle(Version::V03))
}

fn vex(world: &World, statements: &[Value]) -> Content {
    vex_by(world, &world.subject, statements, &vex_team())
}

fn judge_by(
    world: &World,
    rules: &str,
    advisories: &Advisories,
    vex: impl IntoIterator<Item = Content>,
) -> ImageReport {
    let rules = policy(&rule(&["signers: [{github: acme/shop}]", rules]));
    let collected = evidence(&world.image, [sbom(world)].into_iter().chain(vex));
    let now = SIGNING_TIME + SignedDuration::from_hours(1);
    let (workers, policy, domains, advisories) = (&Alone, &rules, &[world.domain()], Some(advisories));
    verify_on(&Grounds { workers, policy, domains, advisories, now, time: TimeLimit::NONE }, &collected)
}

fn judge(world: &World, vex: impl IntoIterator<Item = Content>) -> ImageReport {
    judge_by(world, RULES, &bad(), vex)
}

fn verdict(world: &World, statement: Value) -> Verdict {
    judge(world, [vex(world, &[statement])]).verdict
}

fn advised(report: &ImageReport) -> &Finding {
    let findings = &report.requirements[0].findings;
    findings.iter().find(|one| one.check == CheckId::SbomAdvisories).expect("what comes of the advisories")
}

fn message(report: &ImageReport) -> &str {
    &advised(report).message
}

fn listed(report: &ImageReport) -> &KnownVulnerabilitiesReport {
    report.candidates.iter().find_map(|one| one.known_vulnerabilities.as_ref()).expect("what advisories say")
}

#[test]
fn what_a_believed_signer_says_closes_a_known_vulnerability_and_the_report_says_so() {
    let world = World::new();
    assert_eq!(judge(&world, []).verdict, Verdict::Rejected);
    let report = judge(&world, [vex(&world, &[of(&world, "CVE-2026-1", "not_affected")])]);
    assert_eq!(report.verdict, Verdict::Verified);
    let message = message(&report);
    let said = "no open vulnerability of severity high or worse in the 2 packages that the advisories are about";
    assert!(message.starts_with(said), "{message}");
    let closed =
        "; 1 closed by VEX: pkg:npm/bad@1.0.0 CVE-2026-1 (not affected: vulnerable_code_not_in_execute_path, c";
    assert!(message.contains(closed), "{message}");
    let listed = listed(&report);
    assert_eq!((listed.closed, listed.counts["critical"], listed.listed.len()), (1, 1, 1), "it is known all the same");
    let [by] = listed.listed[0].closed_by.as_slice() else { panic!("one statement closed it") };
    let document = report.candidates.iter().find(|one| one.kind.as_str() == "vex").expect("the document");
    assert_eq!(
        (&by.candidate, by.author.as_str()),
        (&document.id, document.says::<VexReport>().expect("VEX").author.as_str())
    );
    assert_eq!(by.describe(), format!("not affected: vulnerable_code_not_in_execute_path, {}", document.id));
    assert!(!document.accepted, "it satisfies no requirement itself");
    assert_eq!(verdict(&world, of(&world, "GHSA-1", "fixed")), Verdict::Verified, "by any of its ids");
}

#[test]
fn nobody_else_closes_a_known_vulnerability() {
    let world = World::new();
    let fixed = || [of(&world, "CVE-2026-1", "fixed")];
    let by = |identity: &Identity| judge(&world, [vex_by(&world, &world.subject, &fixed(), identity)]).verdict;
    assert_eq!(by(&world.identity), Verdict::Rejected, "who may attest an SBOM may not say what does not matter");
    let stranger = Identity::github_workflow("mallory/vex", ".github/workflows/vex.yml", "refs/heads/main");
    assert_eq!(by(&stranger), Verdict::Rejected);
    assert_eq!(by(&vex_team()), Verdict::Verified);
    let strict = "require: {sbom: {signers: [{github: acme/shop}, {github: acme/vex}], deny: {severity: high}}}";
    assert_eq!(judge_by(&world, strict, &bad(), [vex(&world, &fixed())]).verdict, Verdict::Rejected);
}

#[test]
fn what_is_no_answer_about_this_package_of_this_image_closes_no_known_vulnerability() {
    let world = World::new();
    let fixed = || of(&world, "CVE-2026-1", "fixed");
    let with = |key: &str, value: Value| {
        let mut statement = fixed();
        statement[key] = value;
        statement
    };
    let part = |purl: &str| {
        let mut whole = product(&world);
        whole["subcomponents"] = json!([{"@id": purl}]);
        with("products", json!([whole]))
    };
    let mut unexplained = of(&world, "CVE-2026-1", "not_affected");
    unexplained.as_object_mut().expect("an object").remove("justification");
    for statement in [
        with("status", json!("affected")),
        with("status", json!("under_investigation")),
        unexplained,
        of(&world, "CVE-2026-10", "fixed"),
        with("products", json!([{"@id": format!("pkg:oci/shop@sha256%3A{}", "0".repeat(64))}])),
        with("products", json!([{"@id": "pkg:oci/shop?repository_url=registry.test/mallory/shop"}])),
        with("products", json!([{"@id": "pkg:npm/bad@1.0.1"}])),
        with("products", json!([{"@id": "pkg:npm/good@1.0.0"}])),
        with("products", json!([{"@id": "pkg:npm/bad@1.0.0", "subcomponents": [{"@id": "pkg:npm/inner@1"}]}])),
        part("pkg:npm/good@1.0.0"),
        part("pkg:npm/bad@1.0.1"),
    ] {
        assert_eq!(verdict(&world, statement.clone()), Verdict::Rejected, "{statement}");
    }
    assert_eq!(verdict(&world, part("pkg:npm/bad@1.0.0")), Verdict::Verified);
    let itself = with("products", json!([{"@id": "pkg:npm/bad@1.0.0"}]));
    assert_eq!(verdict(&world, itself), Verdict::Verified, "the maker of a package speaks of the package");
    let elsewhere = Subject::new("registry.test/acme/shop", &Digest::of(Algorithm::Sha256, b"another").to_string());
    let attached = vex_by(&world, &elsewhere, &[fixed()], &vex_team());
    assert_eq!(judge(&world, [attached]).verdict, Verdict::Rejected);
}

#[test]
fn a304_a_package_that_cannot_be_checked_is_counted_and_refused_where_the_policy_says_so() {
    let world = World::new();
    let none_known = known(&[record("GHSA-9", &[], "other", Some(CRITICAL))]);
    let judged = |purl: &str, rules: &str| {
        let mut said = spdx_23(&world.subject, &[("bad", "1.0.0"), ("good", "1.0.0")]);
        for (place, purl) in [purl, "pkg:npm/good@1.0.0"].iter().enumerate() {
            said["predicate"]["packages"][place + 1]["externalRefs"][0]["referenceLocator"] = json!(purl);
        }
        let sbom = bundle(&world.signer().attest(&said).bundle(Version::V03));
        let rules = policy(&rule(&["signers: [{github: acme/shop}]", rules]));
        let now = SIGNING_TIME + SignedDuration::from_hours(1);
        let (workers, policy, domains) = (&Alone, &rules, &[world.domain()]);
        let grounds = Grounds { workers, policy, domains, advisories: Some(&none_known), now, time: TimeLimit::NONE };
        verify_on(&grounds, &evidence(&world.image, [sbom]))
    };
    let lenient = "require: {sbom: {deny: {severity: high}}}";
    let strict = "require: {sbom: {deny: {severity: high}, advisories: {unchecked: fail}}}";
    for purl in ["pkg:rpm/oracle/bash@5?distro=oracle-9", "pkg:deb/debian/bash@5", "pkg:cargo/serde@1.0.0", "bash"] {
        let report = judged(purl, lenient);
        assert_eq!(report.verdict, Verdict::Verified, "{purl}");
        assert_eq!(listed(&report).unchecked.values().sum::<u64>(), 1, "{purl}: {:?}", listed(&report).unchecked);
        assert!(message(&report).contains("not checked: 1 "), "{purl}: {}", message(&report));
        let report = judged(purl, strict);
        assert_eq!(report.verdict, Verdict::Undecided, "{purl}");
        assert_eq!(message(&report), "1 packages could not be compared with the advisories", "{purl}");
    }
    assert_eq!(judged("pkg:npm/fine@1.0.0", strict).verdict, Verdict::Verified);
    assert_eq!(judged("pkg:npm/fine", strict).verdict, Verdict::Verified, "no record is about any version of it");
}

/// What an advisory says of each version it says of a package without one; of some versions, perhaps.
#[test]
fn a304_a_package_without_a_version_is_not_taken_for_a_good_one() {
    let world = World::new();
    let about = |affected: Value| {
        let mut record = record("MAL-1", &[], "bad", Some(CRITICAL));
        for (key, value) in affected.as_object().expect("fields") {
            record["affected"][0][key] = value.clone();
        }
        known(&[record])
    };
    let verdict = |purl: &str, advisories: &Advisories| {
        let mut said = spdx_23(&world.subject, &[("bad", "1.0.0"), ("good", "1.0.0")]);
        said["predicate"]["packages"][1]["versionInfo"] = Value::Null;
        for (place, purl) in [purl, "pkg:npm/good@1.0.0"].iter().enumerate() {
            said["predicate"]["packages"][place + 1]["externalRefs"][0]["referenceLocator"] = json!(purl);
        }
        let sbom = bundle(&world.signer().attest(&said).bundle(Version::V03));
        let rules = policy(&rule(&["signers: [{github: acme/shop}]", "require: {sbom: {deny: {severity: high}}}"]));
        let now = SIGNING_TIME + SignedDuration::from_hours(1);
        let (workers, policy, domains, advisories) = (&Alone, &rules, &[world.domain()], Some(advisories));
        verify_on(
            &Grounds { workers, policy, domains, advisories, now, time: TimeLimit::NONE },
            &evidence(&world.image, [sbom]),
        )
        .verdict
    };
    let range = |events: Value| json!({"ranges": [{"type": "SEMVER", "events": events}]});
    let every = about(range(json!([{"introduced": "0"}])));
    assert_eq!(verdict("pkg:npm/bad", &every), Verdict::Rejected);
    assert_eq!(verdict("pkg:npm/bad@9.9.9", &every), Verdict::Rejected);
    for some in [
        range(json!([{"introduced": "0"}, {"fixed": "2.0.0"}])),
        range(json!([{"introduced": "1.0.0"}])),
        json!({"ranges": [], "versions": ["1.0.0"]}),
    ] {
        assert_eq!(verdict("pkg:npm/bad", &about(some.clone())), Verdict::Undecided, "{some}");
    }
    // An advisory about the package that has nothing to compare with.
    for nothing in [
        json!({"ranges": [{"type": "GIT", "repo": "https://x.example", "events": [{"introduced": "0"}, {"fixed": "aa"}]}]}),
        json!({"ranges": []}),
        json!({"ranges": null, "versions": []}),
        json!({"ranges": [{"type": "NEWER", "events": [{"introduced": "0"}]}]}),
        range(json!([])),
    ] {
        assert_eq!(verdict("pkg:npm/bad@1.0.0", &about(nothing.clone())), Verdict::Undecided, "{nothing}");
        assert_eq!(verdict("pkg:npm/fine@1.0.0", &about(nothing.clone())), Verdict::Verified, "{nothing}");
    }
    let listed = about(json!({"ranges": [], "versions": ["1.0.0"]}));
    for version in ["latest", "^1.0.0", "1.x"] {
        assert_eq!(verdict(&format!("pkg:npm/bad@{version}"), &listed), Verdict::Undecided, "{version}");
    }
    assert_eq!(verdict("pkg:npm/bad@1.0.1", &listed), Verdict::Verified);
    assert_eq!(verdict("pkg:npm/bad@v1.0.0", &listed), Verdict::Rejected);
}

/// OpenVEX 0.2.0, "Statements": what an author said last counts, in one document and across documents. Another author's statement
/// takes nothing back.
#[test]
fn a301_of_the_statements_of_one_author_the_latest_counts() {
    let world = World::new();
    let says = |author: &str, status: &str, hour: u32, edition: u32| {
        let document = json!({
            "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": author,
            "version": edition, "timestamp": format!("2026-03-01T{hour:02}:00:00Z"),
            "statements": [of(&world, "CVE-2026-1", status)],
        });
        let said = statement(&world.subject, "https://openvex.dev/ns", document);
        bundle(&world.instance.signer(&vex_team()).attest(&said).bundle(Version::V03))
    };
    let acme = |status, hour, edition| says("Acme", status, hour, edition);
    let verdict = |vex: [Content; 2]| judge(&world, vex).verdict;
    assert_eq!(verdict([acme("fixed", 10, 1), acme("affected", 11, 2)]), Verdict::Rejected);
    assert_eq!(verdict([acme("affected", 11, 2), acme("fixed", 10, 1)]), Verdict::Rejected);
    assert_eq!(verdict([acme("fixed", 10, 1), acme("under_investigation", 11, 1)]), Verdict::Rejected);
    assert_eq!(verdict([acme("affected", 10, 1), acme("fixed", 11, 2)]), Verdict::Verified);
    assert_eq!(verdict([acme("affected", 10, 1), acme("fixed", 10, 2)]), Verdict::Verified, "the later edition");
    assert_eq!(verdict([acme("fixed", 10, 1), acme("affected", 10, 1)]), Verdict::Rejected, "of one time");
    assert_eq!(verdict([acme("fixed", 10, 1), says("Distro", "affected", 11, 1)]), Verdict::Verified);
}

#[test]
fn a301_a_document_that_closes_nothing_says_why() {
    let world = World::new();
    let next =
        |statements: &[Value]| advised(&judge(&world, [vex(&world, statements)])).next.clone().expect("what to do");
    let mut elsewhere = of(&world, "CVE-2026-1", "fixed");
    elsewhere["products"] = json!([{"@id": "pkg:npm/other@1"}]);
    let mut part = of(&world, "CVE-2026-1", "fixed");
    part["products"][0]["subcomponents"] = json!([{"@id": "pkg:npm/other@1"}]);
    for (statement, reason) in [
        (of(&world, "CVE-2026-9", "fixed"), "is about other vulnerabilities"),
        (of(&world, "CVE-2026-1", "under_investigation"), "says: under investigation"),
        (elsewhere, "is about another product"),
        (part, "is about another subcomponent"),
    ] {
        let next = next(&[statement]);
        assert!(next.contains("CVE-2026-1 stays open, as the VEX document c") && next.contains(reason), "{next}");
    }
}

#[test]
fn each_of_several_vulnerabilities_is_closed_by_itself() {
    let world = World::new();
    let two =
        known(&[record("CVE-2026-1", &[], "bad", Some(CRITICAL)), record("CVE-2026-2", &[], "bad", Some(CRITICAL))]);
    let one = judge_by(&world, RULES, &two, [vex(&world, &[of(&world, "CVE-2026-1", "fixed")])]);
    assert_eq!(one.verdict, Verdict::Rejected);
    let refused = advised(&one);
    let said =
        "1 known vulnerability of severity high or worse; 1 closed by VEX: pkg:npm/bad@1.0.0 CVE-2026-1 (fixed, c";
    assert!(refused.message.starts_with(said), "{}", refused.message);
    let left = "pkg:npm/bad@1.0.0 CVE-2026-2 (critical, fixed in 2.0.0)";
    assert_eq!(refused.found.as_deref(), Some(left));
    let both = [of(&world, "CVE-2026-1", "fixed"), of(&world, "CVE-2026-2", "fixed")];
    assert_eq!(judge_by(&world, RULES, &two, [vex(&world, &both)]).verdict, Verdict::Verified);
}

#[test]
fn of_records_that_call_several_vulnerabilities_one_each_must_be_closed() {
    let world = World::new();
    let joined = known(&[record("GHSA-1", &["CVE-2026-1", "CVE-2026-2"], "bad", Some(CRITICAL))]);
    let verdict = |statements: &[Value]| judge_by(&world, RULES, &joined, [vex(&world, statements)]).verdict;
    let fixed = |id: &str| of(&world, id, "fixed");
    assert_eq!(verdict(&[fixed("CVE-2026-1")]), Verdict::Rejected);
    assert_eq!(verdict(&[fixed("CVE-2026-1"), fixed("CVE-2026-2")]), Verdict::Verified);
    assert_eq!(verdict(&[fixed("GHSA-1")]), Verdict::Verified);
}

#[test]
fn what_nothing_rates_is_closed_like_anything_else() {
    let world = World::new();
    let unrated = known(&[record("X-1", &[], "bad", None)]);
    let judged = |statements: &[Value]| judge_by(&world, RULES, &unrated, [vex(&world, statements)]);
    assert_eq!(judged(&[of(&world, "X-2", "fixed")]).verdict, Verdict::Undecided);
    assert_eq!(judged(&[of(&world, "X-1", "fixed")]).verdict, Verdict::Verified);
}

#[test]
fn what_is_below_the_limit_is_marked_and_changes_nothing() {
    let world = World::new();
    let low = known(&[record("X-1", &[], "bad", Some("CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"))]);
    let report = judge_by(&world, RULES, &low, [vex(&world, &[of(&world, "X-1", "fixed")])]);
    assert_eq!(report.verdict, Verdict::Verified);
    let message = message(&report);
    assert!(message.starts_with("no known vulnerability of severity high or worse"), "{message}");
    assert_eq!((listed(&report).closed, !listed(&report).listed[0].closed_by.is_empty()), (1, true));
}

/// What a CycloneDX document says of CVE-2026-1.
#[derive(Clone, Copy)]
struct Analysis<'a> {
    /// The component, by its reference.
    of: &'a str,
    state: &'a str,
    time: &'a str,
}

/// A CycloneDX document that says this, with these components.
fn cyclonedx(world: &World, by: &Identity, components: &Value, said: Analysis<'_>) -> Content {
    let Analysis { of, state, time } = said;
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": "2026-03-01T10:00:00Z", "authors": [{"name": "Acme"}],
            "component": {"bom-ref": "root", "type": "container", "name": "shop"}},
        "components": components,
        "vulnerabilities": [{
            "id": "CVE-2026-1", "affects": [{"ref": of}],
            "analysis": {"state": state, "justification": "code_not_reachable", "lastUpdated": time},
        }],
    });
    let said = statement(&world.subject, "https://cyclonedx.org/bom", document);
    bundle(&world.instance.signer(by).attest(&said).bundle(Version::V03))
}

#[test]
fn a301_cyclonedx_states_by_component_in_an_sbom_and_by_link_in_a_document_of_its_own() {
    let world = World::new();
    let morning = "2026-03-01T10:00:00Z";
    let listed = json!([
        {"bom-ref": "b", "type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0"},
        {"bom-ref": "g", "type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0"},
    ]);
    let says = |components: &Value, reference: &str, state: &str| {
        judge(&world, [cyclonedx(&world, &vex_team(), components, Analysis { of: reference, state, time: morning })])
    };
    let verdict = |reference: &str, state: &str| says(&listed, reference, state).verdict;
    assert_eq!(verdict("b", "not_affected"), Verdict::Verified);
    assert_eq!(verdict("b", "resolved"), Verdict::Verified);
    assert_eq!(verdict("b", "false_positive"), Verdict::Verified);
    assert_eq!(verdict("b", "exploitable"), Verdict::Rejected);
    assert_eq!(verdict("b", "in_triage"), Verdict::Rejected);
    assert_eq!(verdict("root", "not_affected"), Verdict::Verified, "the whole image");
    assert_eq!(verdict("nowhere", "not_affected"), Verdict::Rejected);
    let alone = |reference: &str| says(&json!([]), reference, "not_affected").verdict;
    assert_eq!(alone("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/bad@1.0.0"), Verdict::Verified);
    assert_eq!(alone("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/bad@1.0.1"), Verdict::Rejected);
    let other = says(&listed, "g", "not_affected");
    assert_eq!(other.verdict, Verdict::Rejected);
    let next = advised(&other).next.clone().expect("what to do");
    assert!(next.contains("is about another product (pkg:npm/good@1.0.0)"), "{next}");
    let stranger = Identity::github_workflow("mallory/shop", ".github/workflows/x.yml", "refs/heads/main");
    let theirs = cyclonedx(&world, &stranger, &listed, Analysis { of: "b", state: "not_affected", time: morning });
    assert_eq!(judge(&world, [theirs]).verdict, Verdict::Rejected);
    let evening = |state: &str| {
        cyclonedx(&world, &vex_team(), &listed, Analysis { of: "b", state, time: "2026-03-01T20:00:00Z" })
    };
    let both = |early: &str, late: &str| {
        judge(
            &world,
            [cyclonedx(&world, &vex_team(), &listed, Analysis { of: "b", state: early, time: morning }), evening(late)],
        )
        .verdict
    };
    assert_eq!(both("not_affected", "exploitable"), Verdict::Rejected, "the later statement counts");
    assert_eq!(both("exploitable", "resolved"), Verdict::Verified);
    let openvex = vex(&world, &[of(&world, "CVE-2026-1", "fixed")]);
    assert_eq!(judge(&world, [openvex, evening("exploitable")]).verdict, Verdict::Rejected, "in whichever format");
}

/// cosign gives a VEX document of CycloneDX the type of an SBOM. One that lists something stays an SBOM.
#[test]
fn a_cyclonedx_vex_document_of_its_own_is_no_sbom_that_must_hold() {
    let world = World::new();
    let link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/bad@1.0.0";
    let by_shop = |components: &Value| {
        cyclonedx(
            &world,
            &world.identity,
            components,
            Analysis { of: link, state: "not_affected", time: "2026-03-01T10:00:00Z" },
        )
    };
    let asked = |require: &str, documents: Vec<Content>| {
        let rules = policy(&rule(&["signers: [{github: acme/shop}]", &format!("require: {{{require}}}")]));
        let now = SIGNING_TIME + SignedDuration::from_hours(1);
        let (workers, policy, domains) = (&Alone, &rules, &[world.domain()]);
        let grounds = Grounds { workers, policy, domains, advisories: None, now, time: TimeLimit::NONE };
        verify_on(&grounds, &evidence(&world.image, documents))
    };
    let all = "sbom: {all: true, min-packages: 1}";
    let (vex, listing) = (by_shop(&json!([])), by_shop(&json!([{"type": "library", "name": "bad", "version": "1"}])));
    let report = asked(all, vec![sbom(&world), vex.clone()]);
    assert_eq!(report.verdict, Verdict::Verified);
    let document = report.candidates.iter().find(|one| one.kind.as_str() == "vex").expect("the document");
    assert_eq!(document.predicate_type.as_deref(), Some("https://cyclonedx.org/bom"));
    // By itself it is neither an SBOM nor an attestation of an SBOM's type.
    assert_eq!(asked("sbom: {}", vec![vex.clone()]).verdict, Verdict::Absent);
    let typed = "attestation: {type: 'https://cyclonedx.org/bom'}";
    assert_eq!(asked(typed, vec![vex]).verdict, Verdict::Absent);
    assert_eq!(asked(typed, vec![listing.clone()]).verdict, Verdict::Verified);
    // One that lists a package is held against the rules.
    let denied = "sbom: {all: true, deny: {packages: [{name: bad}]}}";
    assert_eq!(asked(denied, vec![sbom(&world), listing]).verdict, Verdict::Rejected);
}

#[test]
fn a301_a_name_that_two_components_have_closes_nothing() {
    let world = World::new();
    let listed = json!([
        {"bom-ref": "b", "type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0"},
        {"bom-ref": "b", "type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0"},
    ]);
    let said = cyclonedx(
        &world,
        &vex_team(),
        &listed,
        Analysis { of: "b", state: "not_affected", time: "2026-03-01T10:00:00Z" },
    );
    assert_eq!(judge(&world, [said]).verdict, Verdict::Rejected);
}

/// Of two SBOMs of the expected signer one lists a denied package: the other satisfies, and the report names the first; with
/// `all: true` the first decides.
#[test]
fn another_sbom_of_the_signer_that_is_refused_is_named_and_decides_where_all_must_hold() {
    let world = World::new();
    let of = |name: &str| {
        let mut said = spdx_23(&world.subject, &[(name, "1.0.0")]);
        said["predicate"]["packages"][1]["externalRefs"][0]["referenceLocator"] =
            json!(format!("pkg:npm/{name}@1.0.0"));
        said
    };
    let ours = |name: &str| bundle(&world.signer().attest(&of(name)).bundle(Version::V03));
    let stranger = Identity::github_workflow("mallory/shop", ".github/workflows/x.yml", "refs/heads/main");
    let theirs = |name: &str| bundle(&world.instance.signer(&stranger).attest(&of(name)).bundle(Version::V03));
    let judged = |all: bool, documents: [Content; 2]| {
        let rules = format!("require: {{sbom: {{deny: {{packages: [pkg:npm/event-stream]}}, all: {all}}}}}");
        let rules = policy(&rule(&["signers: [{github: acme/shop}]", &rules]));
        let now = SIGNING_TIME + SignedDuration::from_hours(1);
        let (workers, policy, domains) = (&Alone, &rules, &[world.domain()]);
        verify_on(
            &Grounds { workers, policy, domains, advisories: None, now, time: TimeLimit::NONE },
            &evidence(&world.image, documents),
        )
    };
    let others = |report: &ImageReport| -> Vec<Finding> {
        let findings = report.requirements[0].findings.iter();
        findings.filter(|one| one.check == CheckId::SbomOthers).cloned().collect()
    };
    let report = judged(false, [ours("fine"), ours("event-stream")]);
    assert_eq!(report.verdict, Verdict::Verified);
    let [named] = &*others(&report) else { panic!("the other one is named: {report:?}") };
    let refused = report.candidates.iter().find(|one| !one.accepted).expect("the other one");
    let counting = report.candidates.iter().find(|one| one.accepted).expect("the one that counts");
    assert_eq!(named.candidate.as_ref(), Some(&refused.id));
    let message = "another SBOM of an expected signer does not hold: 1 of 2 packages is denied (sbom-packages)";
    assert_eq!(named.message, message);
    assert_eq!(named.expected.as_deref(), Some("none of pkg:npm/event-stream"));
    let dates = format!("made 2026-03-01T11:59:00Z, signed {SIGNING_TIME}");
    let found =
        format!("event-stream 1.0.0 (pkg:npm/event-stream@1.0.0); {dates}; {}, which counts, was {dates}", counting.id);
    assert_eq!(named.found.as_deref(), Some(found.as_str()));
    assert!(!named.is_blocking());
    assert_eq!(judged(true, [ours("fine"), ours("event-stream")]).verdict, Verdict::Rejected);
    assert_eq!(judged(true, [ours("fine"), ours("good")]).verdict, Verdict::Verified);
    let beside_a_stranger = judged(true, [ours("fine"), theirs("event-stream")]);
    assert_eq!((beside_a_stranger.verdict, others(&beside_a_stranger)), (Verdict::Verified, Vec::new()));
}

/// The SBOM in CycloneDX, as version 2 of a document: `bad` is one of its components.
fn bom(world: &World, bend: impl FnOnce(&mut Value)) -> Content {
    let mut document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3e67", "version": 2,
        "metadata": {"component": {"bom-ref": "root", "type": "container", "name": "shop"}},
        "components": [
            {"bom-ref": "b", "type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0"},
            {"bom-ref": "g", "type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0"},
        ],
    });
    bend(&mut document);
    let said = statement(&world.subject, "https://cyclonedx.org/bom", document);
    bundle(&world.signer().attest(&said).bundle(Version::V03))
}

fn judge_bom(world: &World, rules: &str, contents: impl IntoIterator<Item = Content>) -> ImageReport {
    let rules = policy(&rule(&["signers: [{github: acme/shop}]", rules]));
    let (advisories, collected) = (bad(), evidence(&world.image, contents));
    let now = SIGNING_TIME + SignedDuration::from_hours(1);
    let (workers, policy, domains, advisories) = (&Alone, &rules, &[world.domain()], Some(&advisories));
    verify_on(&Grounds { workers, policy, domains, advisories, now, time: TimeLimit::NONE }, &collected)
}

#[test]
fn a301_a_link_to_a_component_closes_what_that_version_of_the_sbom_calls_so() {
    let world = World::new();
    let verdict = |link: &str, bend: fn(&mut Value)| {
        let vex = cyclonedx(
            &world,
            &vex_team(),
            &json!([]),
            Analysis { of: link, state: "not_affected", time: "2026-03-01T10:00:00Z" },
        );
        judge_bom(&world, RULES, [bom(&world, bend), vex]).verdict
    };
    let as_it_is: fn(&mut Value) = |_| ();
    assert_eq!(verdict("urn:cdx:3e67/2#b", as_it_is), Verdict::Verified);
    for link in [
        "urn:cdx:3e67/1#b",
        "urn:cdx:3e67/3#b",
        "urn:cdx:3e67#b",
        "urn:cdx:3e68/2#b",
        "urn:cdx:3e67/2#g",
        "urn:cdx:3e67/2#c",
        "urn:cdx:3e67/2#root",
        "urn:cdx:3e67/2",
    ] {
        assert_eq!(verdict(link, as_it_is), Verdict::Rejected, "{link}");
    }
    // Without a version it is the first one.
    let first: fn(&mut Value) = |bom| drop(bom.as_object_mut().expect("an object").remove("version"));
    assert_eq!(verdict("urn:cdx:3e67/1#b", first), Verdict::Verified);
    let twice: fn(&mut Value) = |bom| bom["components"][1]["bom-ref"] = json!("b");
    assert_eq!(verdict("urn:cdx:3e67/2#b", twice), Verdict::Rejected, "two components have the name");
}

/// What the document says is no part of the product is denied all the same, as nobody else says so. It is no package that must be
/// there, either.
#[test]
fn a_component_out_of_scope_is_held_against_advisories_and_not_counted() {
    let world = World::new();
    let excluded: fn(&mut Value) = |bom| bom["components"][0]["scope"] = json!("excluded");
    let judged = |rules: &str, bend: fn(&mut Value)| judge_bom(&world, rules, [bom(&world, bend)]);
    assert_eq!(judged(RULES, excluded).verdict, Verdict::Rejected);
    let least = "require: {sbom: {min-packages: 3}}";
    assert_eq!(judged(least, |_| ()).verdict, Verdict::Verified, "the image is listed as well");
    let report = judged(least, excluded);
    assert_eq!(report.verdict, Verdict::Rejected);
    let findings = &report.requirements[0].findings;
    let finding = findings.iter().find(|one| one.check == CheckId::SbomPackages).expect("a finding");
    assert_eq!(finding.found.as_deref(), Some("2, and 1 of scope excluded"));
}

#[test]
fn a_package_url_that_evidence_concludes_is_held_against_advisories_and_rules() {
    let world = World::new();
    let hidden: fn(&mut Value) = |bom| {
        bom["components"][0]["purl"] = json!("pkg:npm/fine@1.0.0");
        bom["components"][0]["evidence"] =
            json!({"identity": [{"field": "purl", "confidence": 1, "concludedValue": "pkg:npm/bad@1.0.0"}]});
    };
    for rules in [RULES, "require: {sbom: {deny: {packages: ['pkg:npm/bad']}}}"] {
        assert_eq!(judge_bom(&world, rules, [bom(&world, hidden)]).verdict, Verdict::Rejected, "{rules}");
    }
}
