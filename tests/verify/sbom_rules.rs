//! What a policy asks of an SBOM: packages, licences, suppliers, creators, age and completeness.

use bonafide::check::{CandidateReport, CheckId, Finding, ImageReport, Outcome, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Document;
use bonafide::verify::verify;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::policy_files::{policy, rule};
use crate::support::sigstore::{Key, SIGNING_TIME, Version};
use crate::world::{World, bundle, evidence};

const BY_SHOP: &str = "signers: [{github: acme/shop}]";

/// A package with all that rules ask for, after `bend` had its way with it.
fn package(name: &str, bend: impl FnOnce(&mut Value)) -> Value {
    let mut package = json!({
        "SPDXID": format!("SPDXRef-{name}"), "name": name, "versionInfo": "1.0.0", "downloadLocation": "NOASSERTION",
        "supplier": "Organization: Acme (security@acme.example)", "licenseConcluded": "MIT",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": format!("pkg:npm/{name}@1.0.0")}],
    });
    bend(&mut package);
    package
}

fn with_purl(name: &str, purl: &str) -> Value {
    package(name, |package| package["externalRefs"][0]["referenceLocator"] = json!(purl))
}

fn licensed(name: &str, license: &str) -> Value {
    package(name, |package| package["licenseConcluded"] = json!(license))
}

/// The SBOM of the shop with these packages beside the image itself.
fn sbom(world: &World, packages: &[Value]) -> Value {
    let mut statement = world.sbom();
    let document = &mut statement["predicate"];
    let image = document["packages"][0].clone();
    document["packages"] = std::iter::once(image).chain(packages.iter().cloned()).collect();
    statement
}

fn attested(world: &World, statement: &Value) -> Content {
    bundle(&world.signer().attest(statement).bundle(Version::V03))
}

fn judge_at(world: &World, rules: &str, statement: &Value, now: Timestamp) -> ImageReport {
    let text = rule(&[BY_SHOP, "require:", &format!("  sbom: {{{rules}}}")]);
    let text = format!("version: 1\nimages:\n{text}");
    let document = Document::parse("bonafide.yaml", text.as_bytes(), &|_| Err("no file".to_owned()))
        .unwrap_or_else(|error| panic!("the policy has errors:\n{error}"));
    let policy = document
        .policy_for("registry.test/acme/shop", &["virtual".to_owned()], None, now)
        .expect("a rule about the image");
    verify(&evidence(&world.image, [attested(world, statement)]), &policy, &[world.domain()], now)
}

fn judge(world: &World, rules: &str, statement: &Value) -> ImageReport {
    judge_at(world, rules, statement, SIGNING_TIME + SignedDuration::from_hours(1))
}

fn of_check(candidate: &CandidateReport, check: CheckId) -> &Finding {
    let findings = candidate.findings.iter().filter(|finding| finding.check == check);
    let findings: Vec<&Finding> = findings.collect();
    assert_eq!(findings.len(), 1, "one finding for each check: {findings:?}");
    findings[0]
}

/// Asserts that these packages get the image verified, and returns what the check says.
#[track_caller]
fn accepts(rules: &str, packages: &[Value], check: CheckId) -> String {
    let world = World::new();
    let report = judge(&world, rules, &sbom(&world, packages));
    assert_eq!(report.verdict, Verdict::Verified, "{:?}", report.requirements);
    of_check(&report.candidates[0], check).message.clone()
}

/// Asserts that these packages get the image refused by the check and by no other, and returns its finding.
#[track_caller]
fn refuses(rules: &str, packages: &[Value], (check, outcome): (CheckId, Outcome)) -> Finding {
    let world = World::new();
    refused(&judge(&world, rules, &sbom(&world, packages)), check, outcome)
}

#[track_caller]
fn refused(report: &ImageReport, check: CheckId, outcome: Outcome) -> Finding {
    let candidate = &report.candidates[0];
    let found = of_check(candidate, check).clone();
    let in_the_way: Vec<CheckId> =
        candidate.findings.iter().filter(|one| one.is_blocking()).map(|one| one.check).collect();
    assert_eq!(in_the_way, [check], "{:?}", candidate.findings);
    assert_eq!(found.outcome, outcome, "{found:?}");
    let verdict = if outcome == Outcome::Fail { Verdict::Rejected } else { Verdict::Undecided };
    assert_eq!(report.verdict, verdict);
    assert!(found.expected.is_some() && found.found.is_some() && found.next.is_some(), "{found:?}");
    found
}

const PACKAGES: (CheckId, Outcome) = (CheckId::SbomPackages, Outcome::Fail);
const LICENSES: (CheckId, Outcome) = (CheckId::SbomLicenses, Outcome::Fail);

#[test]
fn a_denied_package_is_refused_by_name_and_number() {
    let rules = r#"deny: {packages: ["pkg:npm/event-stream@3.3.6", "pkg:npm/unused"]}"#;
    let bad = with_purl("event-stream", "pkg:npm/event-stream@3.3.6");
    let finding = refuses(rules, &[package("shop", |_| {}), bad], PACKAGES);
    assert_eq!(finding.message, "1 of 3 packages is denied");
    assert_eq!(finding.expected.as_deref(), Some("none of pkg:npm/event-stream@3.3.6"));
    assert_eq!(finding.found.as_deref(), Some("event-stream 1.0.0 (pkg:npm/event-stream@3.3.6)"));
    let good = with_purl("event-stream", "pkg:npm/event-stream@4.0.1");
    let said = accepts(rules, &[good], CheckId::SbomPackages);
    assert_eq!(said, "none of 2 packages is denied, as far as 1 of them can be told by name alone");
}

#[test]
fn of_many_that_are_denied_five_are_named() {
    let many: Vec<Value> =
        (0..40).map(|number| with_purl(&format!("p{number}"), &format!("pkg:npm/@acme/p{number}@1"))).collect();
    let finding = refuses(r#"deny: {packages: ["pkg:npm/@acme/*"]}"#, &many, PACKAGES);
    assert_eq!(finding.message, "40 of 41 packages are denied");
    assert!(finding.found.expect("what was found").ends_with("p4 1.0.0 (pkg:npm/@acme/p4@1), and 35 more"));
}

#[test]
fn spellings_of_a_package_url_hide_nothing() {
    let rules = r#"deny: {packages: ["pkg:pypi/zope.interface@5", "pkg:npm/@acme/shop", "pkg:golang/github.com/sirupsen/logrus"]}"#;
    for purl in [
        "pkg:pypi/Zope_Interface@5",
        "PKG:PyPI/zope-interface@5",
        "pkg:npm/%40acme/shop@2?arch=x#lib",
        "pkg://npm/@acme/shop@1",
        "pkg:golang/github.com/Sirupsen/logrus@v1.0.0",
    ] {
        refuses(rules, &[with_purl("x", purl)], PACKAGES);
    }
}

#[test]
fn a_range_denies_what_lies_in_it_and_never_passes_what_cannot_be_compared() {
    let rules = r#"deny: {packages: [{purl: pkg:npm/lodash, vers: "vers:npm/<4.17.21"}]}"#;
    refuses(rules, &[with_purl("lodash", "pkg:npm/lodash@4.17.20")], PACKAGES);
    accepts(rules, &[with_purl("lodash", "pkg:npm/lodash@4.17.21")], CheckId::SbomPackages);
    for purl in ["pkg:npm/lodash@workspace:packages", "pkg:npm/", "lodash@4.17.20"] {
        let finding = refuses(rules, &[with_purl("lodash", purl)], (CheckId::SbomPackages, Outcome::Error));
        assert_eq!(finding.message, "of 1 of 2 packages it cannot be told whether they are denied");
    }
    let without_version = package("lodash", |package| {
        package["versionInfo"] = json!("NOASSERTION");
        package["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/lodash");
    });
    refuses(rules, &[without_version], (CheckId::SbomPackages, Outcome::Error));
}

#[test]
fn a_package_without_a_package_url_is_denied_by_its_name() {
    let rules = r#"deny: {packages: [{name: openssl, vers: "vers:generic/<3.0.8", supplier: "Acme*"}]}"#;
    let named = |version: &str| {
        package("openssl", |package| {
            package["versionInfo"] = json!(version);
            package["externalRefs"] = json!([]);
        })
    };
    refuses(rules, &[named("3.0.7")], PACKAGES);
    accepts(rules, &[named("3.0.8")], CheckId::SbomPackages);
    let elsewhere = package("openssl", |package| package["supplier"] = json!("Organization: Other"));
    accepts(rules, &[elsewhere], CheckId::SbomPackages);
}

#[test]
fn where_some_are_allowed_every_other_is_not_but_the_image_itself() {
    let rules = r#"allow: {packages: ["pkg:npm/@acme/**", {name: internal}]}"#;
    let internal = package("internal", |package| package["externalRefs"] = json!([]));
    let said = accepts(rules, &[with_purl("shop", "pkg:npm/@acme/shop@1"), internal], CheckId::SbomPackages);
    assert_eq!(said, "all of 3 packages are allowed");
    let finding = refuses(rules, &[with_purl("evil", "pkg:npm/evil@1")], PACKAGES);
    assert_eq!(finding.message, "1 of 2 packages is not allowed");
    let both = package("shop", |package| {
        let mut other = package["externalRefs"][0].clone();
        other["referenceLocator"] = json!("pkg:npm/@acme/shop@1");
        package["externalRefs"] = json!([package["externalRefs"][0], other]);
    });
    refuses(rules, &[both], PACKAGES);
    // Whoever describes everything describes no image.
    let world = World::new();
    let mut statement = sbom(&world, &[with_purl("evil", "pkg:npm/evil@1")]);
    statement["predicate"]["documentDescribes"] = json!(["SPDXRef-DocumentRoot-Image", "SPDXRef-evil"]);
    let finding = refused(&judge(&world, rules, &statement), CheckId::SbomPackages, Outcome::Fail);
    assert_eq!(finding.message, "2 of 2 packages are not allowed");
}

#[test]
fn what_is_required_must_be_listed() {
    let rules = r#"required-packages: ["pkg:npm/shop@1.*", {name: openssl}], min-packages: 3"#;
    accepts(rules, &[package("shop", |_| {}), package("openssl", |_| {})], CheckId::SbomPackages);
    let finding = refuses(rules, &[package("shop", |_| {})], PACKAGES);
    assert_eq!(
        finding.message,
        "a required package is not listed; the SBOM lists fewer packages than the policy asks for"
    );
    assert_eq!(finding.expected.as_deref(), Some("openssl; at least 3"));
    let finding = refuses(rules, &[package("other", |_| {})], PACKAGES);
    assert!(finding.message.starts_with("2 required packages are not listed"), "{}", finding.message);
}

#[test]
fn licences_are_chosen_among_and_not_summed_up() {
    let rules = "deny: {licenses: [AGPL-3.0-only]}";
    accepts(rules, &[licensed("a", "MIT OR AGPL-3.0-only")], CheckId::SbomLicenses);
    for denied in ["MIT AND AGPL-3.0-only", "AGPL-3.0", "agpl-3.0-or-later", "AGPL-3.0-only WITH GCC-exception-3.1"] {
        let finding = refuses(rules, &[licensed("a", denied)], LICENSES);
        assert_eq!(finding.message, "1 of 2 packages is under a licence that is denied");
        assert_eq!(finding.found.as_deref(), Some(format!("a 1.0.0: {denied}").as_str()));
    }
    let rules = "allow: {licenses: [MIT, LicenseRef-Acme-*]}";
    accepts(rules, &[licensed("a", "GPL-2.0-only OR MIT"), licensed("b", "LicenseRef-Acme-1")], CheckId::SbomLicenses);
    let finding = refuses(rules, &[licensed("a", "GPL-2.0-only AND MIT")], LICENSES);
    assert_eq!(finding.message, "1 of 2 packages is under a licence that is not allowed");
    assert_eq!(finding.expected.as_deref(), Some("only MIT, LicenseRef-Acme-*"));
    // One side allowed and denied, the other neither: there is no choice.
    let both = "deny: {licenses: [MIT]}, allow: {licenses: [MIT, ISC]}";
    refuses(both, &[licensed("a", "MIT OR Zlib")], LICENSES);
}

#[test]
fn a_licence_that_cannot_be_read_is_neither_allowed_nor_passed_over() {
    let unread = (CheckId::SbomLicenses, Outcome::Error);
    for rules in ["deny: {licenses: [AGPL-3.0-only]}", "allow: {licenses: [MIT]}"] {
        for text in ["GNU GPL v2", "MIT/AGPL-3.0-only", "MIT AND", "()"] {
            let finding = refuses(rules, &[licensed("a", text)], unread);
            assert_eq!(finding.found.as_deref(), Some(format!("a 1.0.0: {text}").as_str()));
        }
        refuses(rules, &[licensed("a", &"MIT AND ".repeat(10_000))], unread);
    }
    accepts("allow: {licenses: [MIT, {text: GNU GPL *}]}", &[licensed("a", "GNU GPL v2")], CheckId::SbomLicenses);
    refuses("deny: {licenses: [{text: GNU GPL *}]}", &[licensed("a", "GNU GPL v2")], LICENSES);
}

#[test]
fn a229_noassertion_everywhere_is_judged_by_its_own_rule() {
    let nothing = |name: &str| {
        package(name, |package| {
            for key in ["licenseConcluded", "licenseDeclared", "supplier", "versionInfo"] {
                package[key] = json!("NOASSERTION");
            }
        })
    };
    let packages = [nothing("a"), nothing("b"), package("c", |package| package["licenseConcluded"] = json!("NONE"))];
    for refusing in ["no-assertion: deny", "allow: {licenses: [MIT]}", "deny: {licenses: [GPL-*]}, no-assertion: deny"]
    {
        let finding = refuses(refusing, &packages, LICENSES);
        assert_eq!(finding.message, "3 of 4 packages are without an asserted licence", "{refusing}");
    }
    for allowing in ["deny: {licenses: [GPL-*]}", "allow: {licenses: [MIT]}, no-assertion: allow"] {
        let said = accepts(allowing, &packages, CheckId::SbomLicenses);
        assert!(said.ends_with("4 assert none"), "{said}");
    }
}

#[test]
fn suppliers_are_denied_and_allowed_by_name() {
    let check = (CheckId::SbomSuppliers, Outcome::Fail);
    accepts("allow: {suppliers: [Acme]}", &[package("a", |_| {})], CheckId::SbomSuppliers);
    let finding = refuses("deny: {suppliers: [\"Acme*\"]}", &[package("a", |_| {})], check);
    assert_eq!(finding.found.as_deref(), Some("a 1.0.0: Organization: Acme (security@acme.example)"));
    let nobody = package("a", |package| package["supplier"] = json!("NOASSERTION"));
    let finding = refuses("allow: {suppliers: [Acme]}", std::slice::from_ref(&nobody), check);
    assert_eq!(finding.found.as_deref(), Some("a 1.0.0: no supplier"));
    accepts("deny: {suppliers: [Evil]}", &[nobody], CheckId::SbomSuppliers);
}

#[test]
fn every_tool_and_everybody_who_made_it_must_be_allowed() {
    let world = World::new();
    let by = |creators: Value| {
        let mut statement = world.sbom();
        statement["predicate"]["creationInfo"]["creators"] = creators;
        statement
    };
    let rules = "generators: [syft-*], creators: [Acme]";
    let good = by(json!(["Organization: Acme", "Tool: syft-1.20.0"]));
    assert_eq!(judge(&world, rules, &good).verdict, Verdict::Verified);
    for (creators, message) in [
        (json!(["Organization: Acme", "Tool: syft-1", "Tool: edit-1"]), "the SBOM has a generator that is not allowed"),
        (json!(["Organization: Acme", "Tool: syft-1", " tool:edit-1"]), "the SBOM has a generator that is not allowed"),
        (json!(["Organization: Acme"]), "the SBOM names no generator"),
        (json!(["Person: Mallory", "Tool: syft-1"]), "the SBOM has a creator that is not allowed"),
        (json!([]), "the SBOM names no generator; the SBOM names no creator"),
    ] {
        let finding = refused(&judge(&world, rules, &by(creators)), CheckId::SbomCreators, Outcome::Fail);
        assert_eq!(finding.message, message);
    }
}

#[test]
fn the_age_counts_to_the_time_of_signing_and_not_to_now() {
    let world = World::new();
    let made = |created: Value| {
        let mut statement = world.sbom();
        statement["predicate"]["creationInfo"]["created"] = created;
        statement
    };
    let before = |minutes| json!((SIGNING_TIME - SignedDuration::from_mins(minutes)).to_string());
    assert_eq!(judge(&world, "max-age: 1h", &made(before(59))).verdict, Verdict::Verified);
    let years_later = SIGNING_TIME + SignedDuration::from_hours(5 * 365 * 24);
    assert_eq!(judge_at(&world, "max-age: 1h", &made(before(59)), years_later).verdict, Verdict::Verified);
    for (created, message) in [
        (before(62), "the SBOM was too old when it was signed"),
        (before(-30), "the SBOM says that it was made after it was signed"),
        (json!(null), "the SBOM does not say when it was made"),
        (json!("yesterday"), "the time at which the SBOM was made cannot be read"),
    ] {
        let finding = refused(&judge(&world, "max-age: 1h", &made(created)), CheckId::SbomAge, Outcome::Fail);
        assert_eq!(finding.message, message);
    }
}

#[test]
fn nobody_vouches_for_the_age_of_what_a_key_signed_without_a_log() {
    let (world, key) = (World::new(), Key::p256());
    let signed = world.instance.key_signer(&key).attest(&world.sbom());
    let mut text = signed.bundle(Version::V03);
    text["verificationMaterial"].as_object_mut().expect("an object").remove("tlogEntries");
    let pem = key.public_pem().replace('\n', "\\n");
    let key = format!("signers: [{{key: {{pem: \"{pem}\", log: not-required}}}}]");
    let policy = policy(&rule(&[&key, "require: {sbom: {max-age: 1h}}"]));
    let now = SIGNING_TIME + SignedDuration::from_hours(1);
    let report = verify(&evidence(&world.image, [bundle(&text)]), &policy, &[world.domain()], now);
    refused(&report, CheckId::SbomAge, Outcome::Error);
}

#[test]
fn a233_another_form_than_the_policy_asks_for_is_named() {
    let world = World::new();
    for accepted in ["spdx", "spdx-2", "spdx-2.3", "[cyclonedx, spdx-2.3]"] {
        assert_eq!(judge(&world, &format!("formats: {accepted}"), &world.sbom()).verdict, Verdict::Verified);
    }
    let report = judge(&world, "formats: [cyclonedx, spdx-3]", &world.sbom());
    assert_eq!(report.verdict, Verdict::Rejected);
    let finding = report.candidates[0].findings.iter().find(|one| one.is_blocking()).expect("a refusal");
    assert_eq!((finding.check, finding.expected.as_deref()), (CheckId::SbomFormat, Some("cyclonedx or spdx-3")));
    assert_eq!(finding.found.as_deref(), Some("SPDX-2.3"));
}

#[test]
fn an_exception_works_to_the_end_of_its_day_and_is_in_the_report() {
    let world = World::new();
    let rules = r#"deny: {packages: ["pkg:npm/event-stream"], licenses: [AGPL-3.0-only]}, exceptions: [
        {package: "pkg:npm/event-stream@3.3.6", until: 2026-03-31, because: a fix is on its way},
        {license: AGPL-3.0-only, package: {name: event-stream}, until: 2026-03-31, because: we bought a licence}]"#;
    let rules = rules.replace('\n', " ");
    let bad = package("event-stream", |package| {
        package["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/event-stream@3.3.6");
        package["licenseConcluded"] = json!("AGPL-3.0-only");
    });
    let statement = sbom(&world, &[bad]);
    let report = judge(&world, &rules, &statement);
    assert_eq!(report.verdict, Verdict::Verified, "{:?}", report.requirements);
    let said = &of_check(&report.candidates[0], CheckId::PolicyException).message;
    assert!(said.contains("pkg:npm/event-stream@3.3.6 (1 package) until 2026-03-31: a fix is on its way"), "{said}");
    assert!(said.contains("AGPL-3.0-only of event-stream (1 package) until 2026-03-31: we bought a licence"), "{said}");
    let after: Timestamp = "2026-04-01T00:00:00Z".parse().expect("a time");
    let report = judge_at(&world, &rules, &statement, after);
    assert_eq!(report.verdict, Verdict::Rejected);
    let finding = of_check(&report.candidates[0], CheckId::SbomPackages);
    assert!(
        finding.next.as_deref().expect("what to do").contains("pkg:npm/event-stream@3.3.6 on 2026-03-31"),
        "{finding:?}"
    );
    // Another version, another package: nobody excepted those.
    let other =
        sbom(&world, &[with_purl("event-stream", "pkg:npm/event-stream@3.3.7"), licensed("b", "AGPL-3.0-only")]);
    let report = judge(&world, &rules, &other);
    for check in [CheckId::SbomPackages, CheckId::SbomLicenses] {
        assert_eq!(of_check(&report.candidates[0], check).outcome, Outcome::Fail);
    }
}

#[test]
fn an_exception_for_one_package_url_does_not_excuse_another_beside_it() {
    let rules = r#"deny: {packages: ["pkg:npm/event-stream", "pkg:npm/left-pad"]}, exceptions: [{package: "pkg:npm/left-pad", until: 2027-01-31, because: frozen}]"#;
    let both = package("left-pad", |package| {
        let other = json!({"referenceType": "purl", "referenceLocator": "pkg:npm/event-stream@3.3.6"});
        package["externalRefs"].as_array_mut().expect("a list").push(other);
    });
    accepts(rules, &[package("left-pad", |_| {})], CheckId::SbomPackages);
    refuses(rules, &[both], PACKAGES);
}

#[test]
fn a_package_without_a_version_is_not_passed_over_by_a_rule_for_one_version() {
    let bare = |package: &mut Value| {
        package["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/event-stream");
        package["versionInfo"] = Value::Null;
    };
    let undecided = (CheckId::SbomPackages, Outcome::Error);
    refuses(r#"deny: {packages: ["pkg:npm/event-stream@3.3.6"]}"#, &[package("event-stream", bare)], undecided);
    refuses("deny: {packages: [{name: Event-Stream, version: 3.3.6}]}", &[package("event-stream", bare)], undecided);
}

#[test]
fn an_excepted_licence_does_not_excuse_another_beside_it() {
    let excepted = "deny: {licenses: [AGPL-3.0-only, SSPL-1.0]}, exceptions: [{license: AGPL-3.0-only, until: 2027-01-31, because: bought}]";
    accepts(excepted, &[licensed("a", "AGPL-3.0-only AND MIT")], CheckId::SbomLicenses);
    refuses(excepted, &[licensed("a", "AGPL-3.0-only AND SSPL-1.0")], LICENSES);
    let text = "deny: {licenses: [{text: Acme *}]}, exceptions: [{license: {text: Acme EULA}, until: 2027-01-31, because: signed}]";
    accepts(text, &[licensed("a", "Acme EULA")], CheckId::SbomLicenses);
    refuses(text, &[licensed("a", "Acme Trial")], LICENSES);
    let silent = "no-assertion: deny, exceptions: [{license: NOASSERTION, package: {name: a}, until: 2027-01-31, because: asked}]";
    accepts(silent, &[licensed("a", "NOASSERTION")], CheckId::SbomLicenses);
    refuses(silent, &[licensed("b", "NOASSERTION")], LICENSES);
}

/// Found and message repeat what strangers wrote; every format escapes it, and none of it is longer than a line.
#[test]
fn a230_names_of_packages_are_cut_short() {
    let long = "\u{1b}[31m=cmd()\u{202e}".repeat(1_000);
    let named = package("a", |package| {
        package["name"] = json!(long);
        package["licenseConcluded"] = json!(long);
    });
    let finding = refuses("deny: {packages: [{name: \"**\"}]}", std::slice::from_ref(&named), PACKAGES);
    assert!(finding.found.expect("what was found").chars().count() < 1_000);
    let finding = refuses("allow: {licenses: [MIT]}", &[named], (CheckId::SbomLicenses, Outcome::Error));
    assert!(finding.found.expect("what was found").chars().count() < 20_000);
}

#[test]
fn a229_minimum_elements_are_counted_for_every_package() {
    let check = (CheckId::SbomCompleteness, Outcome::Fail);
    let nothing = |name: &str| {
        package(name, |package| {
            for key in ["licenseConcluded", "supplier", "versionInfo"] {
                package[key] = json!("NOASSERTION");
            }
            package["externalRefs"] = json!([]);
        })
    };
    let finding = refuses("minimum-elements: ntia-2021", &[nothing("a"), nothing("b")], check);
    let found = finding.found.expect("what was found");
    assert!(found.contains("no component version in 2 of 3 packages: a, b"), "{found}");
    assert!(found.contains("no supplier name in 3 of 3 packages"), "{found}");
    let finding = refuses("minimum-elements: cisa-2025", &[nothing("a"), nothing("b")], check);
    let found = finding.found.expect("what was found");
    for part in ["no license in 3 of 3 packages", "no component hash in 2 of 3 packages: a, b", "no generation context"]
    {
        assert!(found.contains(part), "{found}");
    }
    let world = World::new();
    let mut statement = world.sbom();
    statement["predicate"]["packages"][0]["supplier"] = json!("Organization: Acme");
    let report = judge(&world, "minimum-elements: ntia-2021", &statement);
    let finding = of_check(&report.candidates[0], CheckId::SbomCompleteness);
    assert_eq!((report.verdict, finding.outcome), (Verdict::Verified, Outcome::Pass), "{finding:?}");
}

#[test]
fn what_names_no_image_is_refused_where_it_must_name_one() {
    let world = World::new();
    assert_eq!(judge(&world, "describes: required", &world.sbom()).verdict, Verdict::Verified);
    let mut statement = world.sbom();
    let image = &mut statement["predicate"]["packages"][0];
    (image["checksums"], image["versionInfo"]) = (json!([]), json!("1.0.0"));
    assert_eq!(judge(&world, "min-packages: 1", &statement).verdict, Verdict::Verified);
    let report = judge(&world, "describes: required", &statement);
    assert_eq!(report.verdict, Verdict::Rejected);
    let mut in_the_way = report.candidates[0].findings.iter().filter(|finding| finding.is_blocking());
    let finding = in_the_way.next().expect("a refusal");
    assert_eq!((finding.check, in_the_way.next()), (CheckId::SbomSubject, None));
    assert_eq!(finding.expected, Some(world.image.to_string()));
}

#[test]
fn a225_strict_validity_is_judged_where_it_is_asked_for() {
    let world = World::new();
    assert_eq!(judge(&world, "strict: true", &world.sbom()).verdict, Verdict::Verified);
    let mut statement = world.sbom();
    statement["predicate"].as_object_mut().expect("an object").remove("documentNamespace");
    assert_eq!(judge(&world, "strict: false", &statement).verdict, Verdict::Verified);
    let report = judge(&world, "strict: true", &statement);
    assert_eq!(report.verdict, Verdict::Rejected);
    let finding = report.candidates[0].findings.iter().find(|one| one.is_blocking()).expect("a refusal");
    assert_eq!((finding.check, finding.message.as_str()), (CheckId::SbomFormat, "the document is not strictly valid"));
}

/// A field that a rule would read and cannot leaves that rule undecided; another rule is none the worse.
#[test]
fn a295_what_a_rule_would_read_and_cannot_is_undecided() {
    const DENY: &str = "deny: {packages: [{name: event-stream}]}";
    const LICENSES: &str = "deny: {licenses: [AGPL-3.0-only]}";
    let world = World::new();
    let verdict =
        |rules: &str, bend: &dyn Fn(&mut Value)| judge(&world, rules, &sbom(&world, &[package("a", bend)])).verdict;
    for (key, value) in
        [("name", json!(["event-stream"])), ("versionInfo", json!(3)), ("externalRefs", json!({"x": 1}))]
    {
        let bend = |package: &mut Value| package[key] = value.clone();
        assert_eq!(verdict(DENY, &bend), Verdict::Undecided, "{key}");
        assert_eq!(verdict(LICENSES, &bend), Verdict::Verified, "{key}");
    }
    let bend = |package: &mut Value| package["licenseConcluded"] = json!(["AGPL-3.0-only"]);
    assert_eq!(verdict(LICENSES, &bend), Verdict::Undecided);
    assert_eq!(verdict(DENY, &bend), Verdict::Verified);
}

#[test]
fn a305_a_licence_by_a_name_of_its_own_is_what_the_document_says_it_is() {
    let world = World::new();
    let verdict = |extracted: Value| {
        let mut statement = sbom(&world, &[licensed("a", "MIT OR LicenseRef-10"), licensed("b", "LicenseRef-1")]);
        statement["predicate"]["hasExtractedLicensingInfos"] = json!([extracted]);
        judge(&world, "deny: {licenses: [AGPL-3.0-only]}", &statement).verdict
    };
    let named = |name: &str| json!({"licenseId": "LicenseRef-1", "name": name, "extractedText": "see the file"});
    assert_eq!(verdict(named("AGPL-3.0-only")), Verdict::Rejected);
    assert_eq!(verdict(named("Acme EULA")), Verdict::Verified);
    assert_eq!(verdict(named("Apache-2.0")), Verdict::Verified);
    let text = |text: &str| json!({"licenseId": "LicenseRef-1", "extractedText": text});
    assert_eq!(verdict(text("GNU AFFERO GENERAL\n  PUBLIC LICENSE Version 3")), Verdict::Undecided);
    assert_eq!(verdict(text("Permission is hereby granted")), Verdict::Verified);
    let other = json!({"licenseId": "LicenseRef-2", "name": "AGPL-3.0-only"});
    assert_eq!(verdict(other), Verdict::Verified, "nothing is under it");
}
