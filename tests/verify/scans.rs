//! Vulnerability scans: what the scanner must be, how old its knowledge, and what must not be open.

use bonafide::check::{CheckId, Finding, ImageReport, Outcome, Verdict, VulnerabilitiesReport};
use serde_json::{Value, json};

use crate::policy_files::{finding, judge, policy, rule};
use crate::world::{World, attested_as};

pub(crate) const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
const VULNS_02: &str = "https://in-toto.io/attestation/vulns/v0.2";
const BY_SHOP: &str = "signers: [{github: acme/shop}]";

/// What trivy writes for one package with these vulnerabilities.
pub(crate) fn trivy(found: &[(&str, &str)]) -> Value {
    let found: Vec<Value> = found
        .iter()
        .map(|(id, severity)| json!({"VulnerabilityID": id, "PkgName": "busybox", "InstalledVersion": "1.31", "Severity": severity}))
        .collect();
    json!({"SchemaVersion": 2, "Results": [{"Target": "shop (alpine)", "Class": "os-pkgs", "Vulnerabilities": found}]})
}

/// The predicate of `trivy image --format cosign-vuln`.
#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!`")]
pub(crate) fn scan(result: Value) -> Value {
    json!({
        "invocation": {"parameters": null, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@0.50.0",
            "version": "0.50.0",
            "db": {"uri": "", "version": "", "lastUpdate": "2026-03-01T06:00:00Z"},
            "result": result,
        },
        "metadata": {"scanStartedOn": "2026-03-01T10:59:00Z", "scanFinishedOn": "2026-03-01T11:00:00Z"},
    })
}

fn judged_as(world: &World, predicate_type: &str, rules: &str, predicate: Value) -> ImageReport {
    let require = format!("require: {{vulnerabilities: {{{rules}}}}}");
    judge(world, &policy(&rule(&[BY_SHOP, &require])), [attested_as(world, predicate_type, predicate)])
}

fn judged(world: &World, rules: &str, predicate: Value) -> ImageReport {
    judged_as(world, VULN, rules, predicate)
}

#[track_caller]
fn stopped(report: &ImageReport, check: CheckId) -> Finding {
    let stopped = finding(&report.requirements[0].findings, check).clone();
    let verdict = if stopped.outcome == Outcome::Fail { Verdict::Rejected } else { Verdict::Undecided };
    assert_eq!(report.verdict, verdict, "{stopped:?}");
    stopped
}

#[test]
fn what_is_open_is_held_against_the_severity_that_is_denied() {
    let world = World::new();
    let medium = scan(trivy(&[("CVE-1", "MEDIUM"), ("CVE-2", "LOW")]));
    let report = judged(&world, "deny: {severity: high}", medium.clone());
    assert_eq!(report.verdict, Verdict::Verified);
    let said = report.candidates[0].says::<VulnerabilitiesReport>().expect("what it says");
    assert_eq!(said.counts(), "1 medium, 1 low");
    assert_eq!(said.scanners[0].uri, "pkg:github/aquasecurity/trivy@0.50.0");
    let refused = stopped(&judged(&world, "deny: {severity: medium}", medium), CheckId::ScanFindings);
    assert_eq!(refused.message, "one vulnerability is open");
    assert_eq!(refused.expected.as_deref(), Some("nothing open of severity medium or above"));
    assert_eq!(refused.found.as_deref(), Some("CVE-1 in busybox 1.31 (medium)"));
}

#[test]
fn the_worst_are_named_and_the_rest_counted() {
    let world = World::new();
    let ids: Vec<String> = (10..20).map(|number| format!("CVE-{number}")).collect();
    let mut found: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "HIGH")).collect();
    found.push(("CVE-99", "CRITICAL"));
    let refused = stopped(&judged(&world, "deny: {severity: high}", scan(trivy(&found))), CheckId::ScanFindings);
    let said = refused.found.expect("what was found");
    assert!(said.starts_with("CVE-99 in busybox 1.31 (critical), CVE-10 "), "{said}");
    assert!(said.ends_with(" and 6 more"), "{said}");
}

#[test]
fn what_is_of_no_known_severity_could_be_of_any() {
    let world = World::new();
    let unknown = scan(trivy(&[("CVE-1", "UNKNOWN")]));
    let error = stopped(&judged(&world, "deny: {severity: critical}", unknown.clone()), CheckId::ScanFindings);
    assert_eq!(error.outcome, Outcome::Error);
    for rules in [
        "deny: {severity: critical}, unknown-severity: allow",
        "deny: {severity: critical}, ignore: CVE-1",
        "max-age: 1d",
        "",
    ] {
        assert_eq!(judged(&world, rules, unknown.clone()).verdict, Verdict::Verified, "{rules}");
    }
    let both = scan(trivy(&[("CVE-1", "UNKNOWN"), ("CVE-2", "CRITICAL")]));
    assert_eq!(stopped(&judged(&world, "deny: {severity: low}", both), CheckId::ScanFindings).outcome, Outcome::Fail);
}

/// What a scanner was told to ignore is said with the verdict, and makes none better.
#[test]
fn what_the_scanner_ignored_is_counted_and_closes_nothing() {
    let world = World::new();
    let by_grype = |found: Value| {
        let ignored = json!({"vulnerability": {"id": "CVE-1", "severity": "Critical"}, "appliedIgnoreRules": [{}]});
        scan(json!({"matches": found, "ignoredMatches": [ignored, ignored, ignored]}))
    };
    let by_trivy = |found: &[(&str, &str)]| {
        let mut report = trivy(found);
        report["Results"][0]["ExperimentalModifiedFindings"] = json!([
            {"Type": "vulnerability", "Status": "ignored", "Finding": {"VulnerabilityID": "CVE-1"}},
            {"Type": "vulnerability", "Status": "not_affected", "Finding": {"VulnerabilityID": "CVE-2"}},
            {"Type": "misconfiguration", "Status": "ignored", "Finding": {}},
        ]);
        scan(report)
    };
    for (clean, says, count) in [(by_grype(json!([])), "3 findings were ", 3), (by_trivy(&[]), "2 findings were ", 2)] {
        let report = judged(&world, "deny: {severity: high}", clean);
        assert_eq!(report.verdict, Verdict::Verified);
        let said = format!("; {says}ignored by the scanner's own rules");
        for check in [CheckId::ScanFormat, CheckId::ScanFindings] {
            let passed = report.requirements[0].findings.iter().find(|one| one.check == check).expect("a finding");
            assert!(passed.message.ends_with(&said), "{}", passed.message);
        }
        let scanned = report.candidates[0].says::<VulnerabilitiesReport>().expect("what it says");
        assert_eq!((scanned.ignored, scanned.counts()), (count, format!("no vulnerabilities{said}")));
    }
    let open = json!([{"vulnerability": {"id": "CVE-1", "severity": "Critical"}, "artifact": {"name": "busybox"}}]);
    for open in [by_grype(open), by_trivy(&[("CVE-1", "HIGH")])] {
        stopped(&judged(&world, "deny: {severity: high}", open), CheckId::ScanFindings);
    }
    let alone = scan(json!({"ignoredMatches": []}));
    assert_eq!(
        stopped(&judged(&world, "deny: {severity: high}", alone), CheckId::ScanFindings).outcome,
        Outcome::Error
    );
}

#[test]
fn a_scan_without_a_result_that_can_be_read_is_not_clean() {
    let world = World::new();
    for result in [
        json!(null),
        json!({}),
        json!([]),
        json!(""),
        json!("nothing found"),
        json!({"SchemaVersion": 2, "Results": []}),
        json!({"SchemaVersion": 2, "Results": [{"Target": "secrets", "Class": "secret"}]}),
        json!({"vulnerabilities": []}),
        json!({"matches": "none"}),
    ] {
        let error = stopped(&judged(&world, "deny: {severity: critical}", scan(result.clone())), CheckId::ScanFindings);
        assert_eq!(error.outcome, Outcome::Error, "{result}");
        // Nothing is said of findings where none are denied, and nothing is counted.
        let report = judged(&world, "", scan(result.clone()));
        assert_eq!(report.verdict, Verdict::Verified, "{result}");
        assert_eq!(report.candidates[0].says::<VulnerabilitiesReport>().expect("a scan").found, None, "{result}");
    }
}

#[test]
fn a_vulnerability_is_ignored_by_its_id_until_its_day() {
    let world = World::new();
    let open = || {
        scan(json!({"matches": [{
            "vulnerability": {"id": "GHSA-jfh8-c2jp-5v3q", "severity": "Critical"},
            "relatedVulnerabilities": [{"id": "CVE-2021-44228"}],
            "artifact": {"name": "log4j-core", "version": "2.14.0"},
        }]}))
    };
    let verdict =
        |ignore: &str| judged(&world, &format!("deny: {{severity: high}}, ignore: [{ignore}]"), open()).verdict;
    assert_eq!(verdict("GHSA-jfh8-c2jp-5v3q"), Verdict::Verified);
    assert_eq!(verdict("CVE-2021-44228"), Verdict::Verified, "an alias is the same one");
    assert_eq!(verdict("CVE-2021-4422"), Verdict::Rejected);
    assert_eq!(verdict("{id: CVE-2021-44228, until: 2026-03-01, because: b}"), Verdict::Verified);
    assert_eq!(verdict("{id: CVE-2021-44228, until: 2026-02-28, because: b}"), Verdict::Rejected);
}

#[test]
fn the_lists_of_in_toto_and_the_reports_of_sarif_are_read_too() {
    let world = World::new();
    let rules = "deny: {severity: high}";
    let listed = |score: &str| scan(json!([{"id": "CVE-1", "severity": [{"method": "nvd", "score": score}]}]));
    for predicate_type in [VULNS_02, "https://in-toto.io/attestation/vulns/v0.1"] {
        assert_eq!(judged_as(&world, predicate_type, rules, listed("medium")).verdict, Verdict::Verified);
        assert_eq!(judged_as(&world, predicate_type, rules, listed("8.1")).verdict, Verdict::Rejected);
        assert_eq!(judged_as(&world, predicate_type, rules, scan(json!([]))).verdict, Verdict::Verified);
    }
    let sarif = |score: &str| {
        json!({"version": "2.1.0", "runs": [{
            "tool": {"driver": {"name": "Trivy", "rules": [{"id": "CVE-1", "properties": {"security-severity": score}}]}},
            "results": [{"ruleId": "CVE-1"}],
        }]})
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    for (score, verdict) in [("6.9", Verdict::Verified), ("7.0", Verdict::Rejected)] {
        assert_eq!(judged_as(&world, schema, rules, sarif(score)).verdict, verdict);
        assert_eq!(judged(&world, rules, scan(sarif(score))).verdict, verdict, "inside of cosign's predicate");
    }
}

#[test]
fn a285_the_spelling_of_cosign_1_is_a_scan_and_said_to_be_legacy() {
    let world = World::new();
    let legacy = "cosign.sigstore.dev/attestation/vuln/v1";
    let report = judged_as(&world, legacy, "deny: {severity: high}", scan(trivy(&[])));
    assert_eq!(report.verdict, Verdict::Verified);
    let findings = &report.requirements[0].findings;
    let read = findings.iter().find(|one| one.check == CheckId::ScanFormat).expect("the format");
    assert!(read.message.ends_with("(its type is in the legacy spelling of cosign 1)"), "{}", read.message);
    let refused = judged_as(&world, legacy, "deny: {severity: high}", scan(trivy(&[("CVE-1", "HIGH")])));
    assert_eq!(refused.verdict, Verdict::Rejected);
    for fuzzy in ["http://cosign.sigstore.dev/attestation/vuln/v1", "https://cosign.sigstore.dev/attestation/vuln/v1/"]
    {
        assert_eq!(judged_as(&world, fuzzy, "", scan(trivy(&[]))).verdict, Verdict::Absent, "{fuzzy}");
    }
}

#[test]
fn a_scanner_that_the_policy_does_not_name_does_not_count() {
    let world = World::new();
    let clean = || scan(trivy(&[]));
    assert_eq!(judged(&world, "scanners: 'pkg:github/aquasecurity/trivy@*'", clean()).verdict, Verdict::Verified);
    let refused =
        stopped(&judged(&world, "scanners: [https://github.com/anchore/grype]", clean()), CheckId::ScanScanner);
    assert_eq!(refused.found.as_deref(), Some("pkg:github/aquasecurity/trivy@0.50.0"));
    let mut nameless = clean();
    nameless["scanner"]["uri"] = json!(null);
    stopped(&judged(&world, "scanners: '**'", nameless), CheckId::ScanScanner);
    // Of several scanners in one predicate each must be one of them.
    let mut two = clean();
    two["scanners"] = json!([two["scanner"].clone(), {"uri": "pkg:github/acme/scanner", "result": trivy(&[])}]);
    two["scanner"] = json!(null);
    stopped(&judged(&world, "scanners: 'pkg:github/aquasecurity/trivy@*'", two.clone()), CheckId::ScanScanner);
    two["scanners"][1]["result"] = trivy(&[("CVE-1", "HIGH")]);
    stopped(&judged(&world, "deny: {severity: high}", two), CheckId::ScanFindings);
}

/// The signature is from 2026-03-01T12:00:00Z, and it is an hour later.
#[test]
fn an_old_scan_or_an_old_database_is_refused_and_a_date_in_the_future_does_not_help() {
    let world = World::new();
    let clean = |pointer: &str, time: Value| {
        let mut scan = scan(trivy(&[]));
        *scan.pointer_mut(pointer).expect("the time") = time;
        scan
    };
    let (ended, updated) = ("/metadata/scanFinishedOn", "/scanner/db/lastUpdate");
    let at = |time: &str| json!(time);
    assert_eq!(judged(&world, "max-age: 2h, max-database-age: 7h", scan(trivy(&[]))).verdict, Verdict::Verified);
    let old = stopped(&judged(&world, "max-age: 119m", scan(trivy(&[]))), CheckId::ScanAge);
    assert_eq!(old.found.as_deref(), Some("2026-03-01T11:00:00Z"));
    stopped(&judged(&world, "max-database-age: 6h", scan(trivy(&[]))), CheckId::ScanAge);
    stopped(&judged(&world, "max-age: 59m", clean(ended, at("2036-03-01T11:00:00Z"))), CheckId::ScanAge);
    for nothing in [json!(null), json!(""), at("0001-01-01T00:00:00Z")] {
        stopped(&judged(&world, "max-age: 99w", clean(ended, nothing.clone())), CheckId::ScanAge);
        stopped(&judged(&world, "max-database-age: 99w", clean(updated, nothing)), CheckId::ScanAge);
    }
    stopped(&judged(&world, "", clean(ended, at("yesterday"))), CheckId::ScanFormat);
    let grype = json!({"matches": [], "descriptor": {"db": {"status": {"built": "2026-03-01T07:00:00Z"}}}});
    let mut by_grype = clean(updated, json!(null));
    by_grype["scanner"]["result"] = grype;
    assert_eq!(judged(&world, "max-database-age: 6h", by_grype).verdict, Verdict::Verified, "grype says it itself");
}

#[test]
fn a_predicate_that_is_no_scan_cannot_be_read() {
    let world = World::new();
    for predicate in
        [json!(null), json!({}), json!("clean"), json!({"scanner": null}), json!({"scanners": []}), json!([])]
    {
        let refused = stopped(&judged(&world, "", predicate.clone()), CheckId::ScanFormat);
        assert_eq!(refused.outcome, Outcome::Fail, "{predicate}");
    }
}

/// Which scan is the newest cannot be known: whoever serves the image may leave it out. So one that satisfies is enough.
#[test]
fn a111_a_scan_that_is_withheld_makes_nothing_verified_that_was_not() {
    let world = World::new();
    let require = policy(&rule(&[BY_SHOP, "require: {vulnerabilities: {deny: {severity: high}, max-age: 1d}}"]));
    let (clean, open) = (scan(trivy(&[])), scan(trivy(&[("CVE-1", "HIGH")])));
    let verdict = |scans: &[&Value]| {
        judge(&world, &require, scans.iter().map(|scan| attested_as(&world, VULN, (*scan).clone()))).verdict
    };
    assert_eq!(verdict(&[]), Verdict::Absent);
    assert_eq!(verdict(&[&open]), Verdict::Rejected);
    assert_eq!(verdict(&[&open, &clean]), Verdict::Verified);
    assert_eq!(verdict(&[&clean]), Verdict::Verified);
}
