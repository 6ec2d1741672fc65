//! Known vulnerabilities: advisories out of files, folders and archives, and what a limit makes of them.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::program::{Checked, Program, Scratch, bonafide, verify as verify_as_told};
use crate::report::{candidate, finding, list, requirement};
use crate::shop::{BY_SIGNER, Served, Shop};
use crate::summaries::complaints;
use crate::support::statement::{Subject, spdx_23, statement};

const SBOM: [&str; 2] = ["--require", "sbom"];
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const LOW: &str = "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N";

/// An image whose SBOM lists these packages by their package URLs.
fn served(purls: &[&str]) -> Served {
    let mut shop = Shop::new();
    let top = shop.top();
    let names: Vec<String> = (0..purls.len()).map(|number| format!("p{number}")).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let mut statement = spdx_23(&Subject::from(&top), &packages);
    for (number, purl) in purls.iter().enumerate() {
        let package = &mut statement["predicate"]["packages"][number + 1];
        package["externalRefs"][0]["referenceLocator"] = json!(purl);
    }
    let signed = shop.signer().attest(&statement);
    shop.attach(&top, &signed);
    shop.serve()
}

fn verify(served: &Served, arguments: &[&str]) -> Checked {
    served.verify(&[&SBOM, arguments].concat())
}

/// A record about an npm package that is fixed in 2.0.0.
fn npm(id: &str, name: &str, vector: Option<&str>) -> Value {
    let severity: Vec<Value> = vector.iter().map(|score| json!({"type": "CVSS_V3", "score": score})).collect();
    json!({
        "schema_version": "1.7.0", "id": id, "modified": "2026-02-01T00:00:00Z", "summary": "", "severity": severity,
        "affected": [{
            "package": {"ecosystem": "npm", "name": name, "purl": format!("pkg:npm/{name}")},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
        }],
    })
}

fn advisories(image: &Value) -> &Value {
    finding(candidate(image, "sbom"), "sbom-advisories")
}

/// An archive with these files in it, the first stored and the others deflated.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (position, (name, content)) in files.iter().enumerate() {
        let deflated = position > 0;
        let method = if deflated { rawzip::CompressionMethod::DEFLATE } else { rawzip::CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().expect("an entry");
        if deflated {
            let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast()));
            writer.write_all(content.as_bytes()).expect("memory");
            let (encoder, descriptor) = writer.finish().expect("a checksum");
            encoder.finish().expect("memory");
            entry.finish(descriptor).expect("an entry");
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content.as_bytes()).expect("memory");
            let (_, descriptor) = writer.finish().expect("a checksum");
            entry.finish(descriptor).expect("an entry");
        }
    }
    archive.finish().expect("an archive");
    bytes
}

#[test]
fn a_vulnerability_as_bad_as_the_limit_refuses_the_sbom_and_says_what_fixes_it() {
    let served = served(&["pkg:npm/bad@1.0.0", "pkg:npm/good@1.0.0"]);
    let file = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string());
    let checked = verify(&served, &["--advisories", &file, "--deny-severity", "high"]).exits(1);
    let found = advisories(checked.image());
    assert_eq!(found["outcome"], "fail");
    assert_eq!(found["message"], "1 known vulnerability of severity high or worse");
    assert_eq!(found["found"], "pkg:npm/bad@1.0.0 GHSA-1 (critical, fixed in 2.0.0)");
    assert_eq!(checked.report["advisories"], json!({"sources": [file], "count": 1, "newest": "2026-02-01T00:00:00Z"}));
    assert_eq!(
        candidate(checked.image(), "sbom").get("sbom"),
        None,
        "what is refused is not repeated as if it were known"
    );
    let listed = &candidate(checked.image(), "sbom")["knownVulnerabilities"]["listed"];
    let one = json!([{"id": "GHSA-1", "aliases": [], "package": "pkg:npm/bad@1.0.0", "version": "1.0.0",
        "severity": "critical", "fixed": ["2.0.0"], "certain": true}]);
    assert_eq!(*listed, one, "the list is there whatever the verdict");
    assert_eq!(complaints("report", &checked.report), Vec::<String>::new());
}

#[test]
fn every_known_vulnerability_is_listed_with_each_fix() {
    let purls: Vec<String> = (0..150).map(|number| format!("pkg:npm/bad@1.0.{number}")).collect();
    let served = served(&purls.iter().map(String::as_str).collect::<Vec<_>>());
    let mut elsewhere = npm("CVE-2026-1", "bad", None);
    elsewhere["aliases"] = json!(["GHSA-1"]);
    elsewhere["affected"][0]["ranges"][0]["events"][1] = json!({"fixed": "1.1.0"});
    let records = json!([npm("GHSA-1", "bad", Some(LOW)), elsewhere]);
    let file = served.scratch.write("bad.json", records.to_string());
    let checked = verify(&served, &["--advisories", &file]).exits(0);
    let known = &candidate(checked.image(), "sbom")["knownVulnerabilities"];
    assert_eq!((list(&known["listed"]).len(), &known["counts"]), (150, &json!({"low": 150})));
    let first = &known["listed"][0];
    assert_eq!((&first["id"], &first["aliases"]), (&json!("CVE-2026-1"), &json!(["GHSA-1"])));
    assert_eq!(first["fixed"], json!(["2.0.0", "1.1.0"]));
    assert!(checked.text.lines().count() < 40, "the text stays short");
}

#[test]
fn records_that_no_package_can_be_held_against_are_counted_apart() {
    let served = served(&["pkg:npm/good@1.0.0"]);
    let mut withdrawn = npm("GHSA-2", "bad", None);
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    let mut not_withdrawn = npm("GHSA-3", "good", Some(LOW));
    not_withdrawn["withdrawn"] = json!("0001-01-01T00:00:00Z");
    not_withdrawn["modified"] = json!("0001-01-01T00:00:00Z");
    let commits = json!({"id": "OSV-1", "affected": [{"ranges": [
        {"type": "GIT", "repo": "https://example.com/a", "events": [{"introduced": "0"}]}]}]});
    let other =
        json!({"id": "X-1", "affected": [{"package": {"ecosystem": "Fantasy:3", "name": "a"}, "versions": ["1"]}]});
    let rating = json!({"id": "CVE-1"});
    let records = json!([npm("GHSA-1", "bad", None), withdrawn, not_withdrawn, commits, other.clone(), other, rating]);
    let file = served.scratch.write("bad.json", records.to_string());
    let checked = verify(&served, &["--advisories", &file]).exits(0);
    let expected = json!({
        "sources": [file], "count": 5, "newest": "2026-02-01T00:00:00Z",
        "unused": {"withdrawn": 1, "about commits of no package": 1, "without packages": 1,
            "of Fantasy:3, which no package URL stands for": 1},
    });
    assert_eq!(checked.report["advisories"], expected);
    assert_eq!(candidate(checked.image(), "sbom")["knownVulnerabilities"]["counts"], json!({"low": 1}));
    assert_eq!(complaints("report", &checked.report), Vec::<String>::new());
    let reference = served.by_tag();
    let common = ["verify", &reference, "--trusted-root", &served.root, "--advisories", &file];
    let short = Program::new([&common, &BY_SIGNER[..], &SBOM].concat()).run();
    assert!(!short.stdout.contains("advisories not used"), "{}", short.stdout);
    checked
        .says("advisories not used: 1 about commits of no package, 1 of Fantasy:3, which no package URL stands for, ");
}

#[test]
fn inspect_prints_what_is_known_of_the_packages_of_images_and_of_files() {
    let served = served(&["pkg:npm/bad@1.0.0", "pkg:npm/good@1.0.0"]);
    let advisories = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string());
    let bom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [
        {"type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0"},
        {"type": "library", "name": "other", "version": "1", "purl": "pkg:cargo/other@1"}]});
    let file = served.scratch.write("bom.json", bom.to_string());
    let reference = served.by_tag();
    let sbom = format!("sbom:{file}");
    let inspect = |arguments: &[&str]| {
        let common = ["inspect", &sbom, "--advisories", &advisories];
        bonafide(&[&common, arguments].concat()).success()
    };
    let image = [reference.as_str(), "--plain-http", "--trusted-root", &served.root];
    let text = inspect(&image);
    for line in [
        "advisories  known: 1 critical, in 2 of 3 packages that they are about\n",
        "advisories  known: 1 critical, in 1 of 2 packages that they are about\n",
        "not checked 1 of cargo\n",
        "critical GHSA-1 in pkg:npm/bad@1.0.0, fixed in 2.0.0\n",
        "signature   none: anyone could have written this file",
        "\nadvisories: 1 of ",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    let inspection: Value =
        serde_json::from_str(&inspect(&[&image[..], &["--output", "json"]].concat())).expect("JSON");
    assert_eq!(complaints("inspection", &inspection), Vec::<String>::new());
    assert_eq!(inspection["files"][0]["knownVulnerabilities"]["listed"][0]["id"], "GHSA-1");
    assert_eq!(list(&inspection["images"]).len(), 1);
    assert_eq!(inspection["advisories"]["count"], 1);
    let alone: Value = serde_json::from_str(&inspect(&["--output", "json"])).expect("JSON");
    assert_eq!((list(&alone["images"]).len(), list(&alone["files"]).len()), (0, 1));
    for (name, content) in [("twice.json", r#"{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}"#), ("no.json", "{}")] {
        let file = format!("sbom:{}", served.scratch.write(name, content));
        assert!(bonafide(&["inspect", &file]).usage_error().contains("cannot be inspected"), "{name}");
    }
    bonafide(&["inspect", "sbom:nowhere.json"]).usage_error();
    bonafide(&["verify", &sbom, "--repo", "acme/app"]).usage_error();
}

#[test]
fn what_is_less_bad_than_the_limit_is_reported_and_passes() {
    let served = served(&["pkg:npm/bad@1.0.0", "pkg:npm/good@1.0.0", "pkg:generic/zlib@1.3.1"]);
    let file = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(LOW)).to_string());
    let checked = verify(&served, &["--advisories", &file, "--deny-severity", "high"]).exits(0);
    let found = advisories(checked.image());
    assert_eq!(found["outcome"], "pass");
    assert_eq!(
        found["message"],
        "no known vulnerability of severity high or worse in the 2 packages that the advisories are about; \
         not checked: 1 of generic"
    );
    let known = &candidate(checked.image(), "sbom")["knownVulnerabilities"];
    assert_eq!(
        *known,
        json!({
            "checked": 2,
            "unchecked": {"of generic": 1},
            "counts": {"low": 1},
            "listed": [{"package": "pkg:npm/bad@1.0.0", "version": "1.0.0", "id": "GHSA-1", "aliases": [], "severity": "low", "fixed": ["2.0.0"], "certain": true}],
            "complete": true,
        })
    );
    checked.says("    advisories known: 1 low, in 2 of 4 packages that they are about\n").says("\nadvisories: 1 of ");
}

#[test]
fn vex_that_the_policy_believes_closes_what_is_known_and_is_named_in_every_form_of_the_report() {
    let mut shop = Shop::new();
    let top = shop.top();
    let subject = Subject::from(&top);
    let mut sbom = spdx_23(&subject, &[("bad", "1.0.0")]);
    sbom["predicate"]["packages"][1]["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/bad@1.0.0");
    // Without products it is about what it is attached to.
    let said = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "author": "Acme", "timestamp": "2026-03-01T10:00:00Z",
        "statements": [{"vulnerability": {"name": "GHSA-1"}, "status": "fixed"}],
    });
    for said in [sbom, statement(&subject, "https://openvex.dev/ns", said)] {
        let signed = shop.signer().attest(&said);
        shop.attach(&top, &signed);
    }
    let served = shop.serve();
    let advisories = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string());
    let reference = served.by_tag();
    let policy = |vex: &str| {
        let rules = format!("sbom: {{deny: {{severity: high}}{vex}}}");
        let head = "version: 1\nimages:\n  - match: \"**\"\n    signers: [{github: acme/shop}]\n    require:\n";
        served.scratch.write("policy.yaml", format!("{head}      {rules}\n"))
    };
    let run = |policy: &str| {
        let arguments = ["--policy", policy, "--trusted-root", &served.root, "--advisories", &advisories];
        verify_as_told(&[&[&reference], &arguments])
    };
    run(&policy("")).exits(1).says("1 known vulnerability of severity high or worse");
    let believing = policy(", vex: {signers: [{github: acme/shop}]}");
    let checked = run(&believing).exits(0);
    assert_eq!(complaints("report", &checked.report), Vec::<String>::new());
    let known = &candidate(checked.image(), "sbom")["knownVulnerabilities"];
    let document = &candidate(checked.image(), "vex")["id"];
    let by = format!("fixed, {}", document.as_str().expect("a name"));
    let closing =
        json!({"candidate": document, "author": "Acme", "statement": "fixed", "time": "2026-03-01T10:00:00Z"});
    assert_eq!((&known["closed"], &known["listed"][0]["closedBy"]), (&json!(1), &json!([closing])));
    checked
        .says("    advisories known: 1 critical, in 1 of 2 packages that they are about; 1 closed by VEX\n")
        .says(&format!("    closed     pkg:npm/bad@1.0.0 GHSA-1: {by}\n"));
    let explained = bonafide(&["policy", "explain", &reference, "--policy", &believing]).success();
    assert!(explained.contains("but for what VEX closes that is signed by "), "{explained}");
}

#[test]
fn without_a_limit_everything_is_reported_and_nothing_refused() {
    let served = served(&["pkg:npm/bad@1.0.0"]);
    let file = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string());
    let checked = verify(&served, &["--advisories", &file]).exits(0);
    let found = advisories(checked.image());
    assert_eq!(found["outcome"], "skip");
    assert!(
        found["message"]
            .as_str()
            .expect("a message")
            .starts_with("1 known vulnerability (1 critical) in the 1 packages")
    );
    let without = verify(&served, &[]).exits(0).never_says("advisories").never_says("vulnerabilit");
    assert!(without.report.get("advisories").is_none());
}

#[test]
fn a_limit_without_advisories_never_passes() {
    let served = served(&["pkg:npm/good@1.0.0"]);
    let checked = verify(&served, &["--deny-severity", "critical"]).exits(3);
    assert_eq!(advisories(checked.image())["outcome"], "error");
    checked.says("known vulnerabilities could not be checked: no advisories are given");
}

#[test]
fn what_nothing_rates_and_what_cannot_be_ordered_never_passes() {
    let served_one = served(&["pkg:npm/bad@1.0.0"]);
    let unrated = served_one.scratch.write("unrated.json", npm("X-1", "bad", None).to_string());
    verify(&served_one, &["--advisories", &unrated, "--deny-severity", "critical"])
        .exits(3)
        .says("1 known vulnerability may be of severity critical")
        .says("pkg:npm/bad@1.0.0 X-1 (of unknown severity, fixed in 2.0.0)");
    let served_two = served(&["pkg:npm/bad@latest"]);
    let rated = served_two.scratch.write("rated.json", npm("X-1", "bad", Some(CRITICAL)).to_string());
    verify(&served_two, &["--advisories", &rated, "--deny-severity", "high"])
        .exits(3)
        .says("if its version is one of the affected ones");
    let elsewhere =
        served_two.scratch.write("go.json", npm("X-1", "bad", None).to_string().replace("\"npm\"", "\"Go\""));
    verify(&served_two, &["--advisories", &elsewhere, "--deny-severity", "high"])
        .exits(3)
        .says("no package of the SBOM is of an ecosystem that the advisories are about");
}

#[test]
fn folders_and_archives_are_read_whole_and_ids_of_one_vulnerability_are_joined() {
    let served = served(&["pkg:npm/bad@1.0.0", "pkg:npm/worse@1.0.0"]);
    let mut second = npm("CVE-2026-1", "bad", Some(LOW));
    second["aliases"] = json!(["GHSA-1"]);
    let files = [
        ("GHSA-1.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string()),
        ("README.md", "no record".to_owned()),
        ("CVE-2026-1.json", second.to_string()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, content)| (*name, content.as_str())).collect();
    let folder = served.scratch.path("database");
    fs::create_dir_all(folder.join("deep")).expect("a folder");
    fs::write(folder.join("all.zip"), zip(&files)).expect("an archive");
    fs::write(folder.join("deep/MAL-1.json"), format!("[{}]", npm("MAL-1", "worse", None))).expect("a list");
    let checked =
        verify(&served, &["--advisories", folder.to_str().expect("text"), "--deny-severity", "critical"]).exits(1);
    assert_eq!(
        advisories(checked.image())["found"],
        "pkg:npm/bad@1.0.0 CVE-2026-1 (critical, fixed in 2.0.0); pkg:npm/worse@1.0.0 MAL-1 (critical, fixed in 2.0.0)"
    );
    assert_eq!(checked.report["advisories"]["count"], 3);
}

#[test]
fn half_a_database_is_a_usage_error() {
    let scratch = Scratch::new();
    let record = npm("GHSA-1", "bad", Some(CRITICAL)).to_string();
    let archive = zip(&[("a.json", &record), ("b.json", &record)]);
    let short = &archive[..archive.len() - 30];
    let mut flipped = archive.clone();
    flipped[60] ^= 1;
    let bomb = "[".to_owned() + &" ".repeat(70 * 1024 * 1024);
    for (name, content, says) in [
        ("broken.json", b"{\"id\":".to_vec(), "not an OSV record"),
        ("other.json", b"{\"name\":\"x\"}".to_vec(), "`id` is missing"),
        ("latin.json", vec![b'"', 0xe9, b'"'], "is not text in UTF-8"),
        ("short.zip", short.to_vec(), "cannot be read as a zip archive"),
        ("flipped.zip", flipped, "a.json`"),
        ("no.zip", zip(&[("a.json", "7"), ("b.json", "{}")]), "holds no advisory that can be read"),
        ("bomb.zip", zip(&[("a.json", &record), ("b.json", &bomb)]), "b.json` is longer than"),
        ("nothing.zip", zip(&[("README.md", "nothing")]), "holds no advisory"),
    ] {
        let file = scratch.write(name, content);
        let arguments =
            [&["verify", "oci:fixtures/images/signed:v1.0.0", "--advisories", &file], &BY_SIGNER[..]].concat();
        let error = bonafide(&arguments).usage_error();
        assert!(error.contains(says), "{name}: {error}");
    }
    let missing = scratch.path("nowhere").display().to_string();
    bonafide(&[&["verify", "oci:fixtures/images/signed:v1.0.0", "--advisories", &missing], &BY_SIGNER[..]].concat())
        .usage_error();
}

/// In a folder or an archive a file that is no OSV ends no run: what it says may be about a package of the image, so that nothing
/// passes a limit beside it. What the others deny is denied.
#[test]
fn a_record_that_cannot_be_read_is_named_and_passes_no_limit() {
    let served = served(&["pkg:npm/bad@1.0.0"]);
    let archive = |name: &str, score: &str, other: &str| {
        let record = npm("GHSA-1", "bad", Some(score)).to_string();
        served.scratch.write(name, zip(&[("a.json", &record), ("b.json", other)]))
    };
    let warning = "warning: 1 file of the advisories cannot be read, and may be about any package: ";
    for (position, broken) in ["7", "{\"name\":\"x\"}", "[{\"id\":\"X-1\"},7]"].into_iter().enumerate() {
        let low = archive(&format!("low{position}.zip"), LOW, broken);
        let reported = verify(&served, &["--advisories", &low]).exits(0).says(warning).says("b.json");
        assert_eq!(reported.report["advisories"]["unreadable"], 1);
        assert_eq!(complaints("report", &reported.report), Vec::<String>::new());
        let undecided = verify(&served, &["--advisories", &low, "--deny-severity", "high"]).exits(3).says(warning);
        let said = advisories(undecided.image());
        assert_eq!(said["message"], "1 file of the advisories cannot be read, and may be about any package");
        assert!(said["found"].as_str().expect("the file").ends_with("b.json"), "{said}");
        let bad = archive(&format!("bad{position}.zip"), CRITICAL, broken);
        verify(&served, &["--advisories", &bad, "--deny-severity", "high"]).exits(1).says("GHSA-1");
    }
    let folder = served.scratch.path("some");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("a.json"), npm("GHSA-1", "bad", Some(LOW)).to_string()).expect("a record");
    fs::write(folder.join("b.json"), [b'"', 0xe9, b'"']).expect("no text");
    let folder = folder.to_str().expect("text");
    let short = ["verify", &served.by_tag(), "--trusted-root", &served.root, "--advisories", folder].map(str::to_owned);
    let short: Vec<&str> = short.iter().map(String::as_str).chain(BY_SIGNER).chain(SBOM).collect();
    assert!(Program::new(short).run().stdout.contains("warning: 1 file of the advisories cannot be read"));
}

#[test]
fn a_limit_is_a_level_for_an_sbom_that_is_asked_for() {
    let verify = |arguments: &[&str]| {
        bonafide(&[&["verify", "oci:fixtures/images/signed:v1.0.0"], &BY_SIGNER[..], arguments].concat())
    };
    assert!(verify(&["--deny-severity", "HIGH"]).usage_error().contains("expected low, medium, high or critical"));
    let unasked = verify(&["--deny-severity", "high", "--require", "signature"]).usage_error();
    assert!(unasked.contains("--require does not list one"), "{unasked}");
}

#[test]
fn a_policy_file_sets_the_limit() {
    let served = served(&["pkg:npm/bad@1.0.0"]);
    let file = served.scratch.write("bad.json", npm("GHSA-1", "bad", Some(CRITICAL)).to_string());
    let policy = |level: &str| {
        let text = format!(
            "{{version: 1, images: [{{match: '**', signers: [{{github: acme/shop}}], require: {{sbom: {{deny: {{severity: {level}}}}}}}}}]}}"
        );
        served.scratch.write(&format!("{level}.yaml"), text)
    };
    let reference = served.by_tag();
    let verify = |arguments: &[&str]| {
        crate::program::verify(&[&[&reference, "--plain-http", "--trusted-root", &served.root], arguments])
    };
    let refused = verify(&["--policy", &policy("high"), "--advisories", &file]).exits(1);
    let requirement = requirement(refused.image(), "sbom");
    assert_eq!(
        list(&requirement["findings"]).iter().filter(|finding| finding["check"] == "sbom-advisories").count(),
        1
    );
    verify(&["--policy", &policy("low")]).exits(3);
}

#[test]
fn an_sbom_that_names_no_source_packages_is_not_taken_for_one_without_vulnerabilities() {
    let record = r#"{"id":"DSA-1","modified":"2026-02-01T00:00:00Z","database_specific":{"severity":"HIGH"},"affected":[{"package":
        {"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1~deb12u2"}]}]}]}"#;
    let package = "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?distro=debian-12";
    let unnamed = served(&[package]);
    let file = unnamed.scratch.write("debian.json", record);
    let limit = ["--advisories", file.as_str(), "--deny-severity", "high"];
    verify(&unnamed, &limit).exits(3).says("not checked: 1 of an unknown source package");
    verify(&served(&[&format!("{package}&upstream=openssl")]), &limit)
        .exits(1)
        .says("pkg:deb/debian/libssl3@3.0.11-1~deb12u1 DSA-1 (high, fixed in 3.0.11-1~deb12u2)");
}

/// What an index says is what the files say, unreadable ones and withdrawn records among them.
#[test]
fn an_index_says_what_the_files_say() {
    let served = served(&["pkg:npm/bad@1.0.0", "pkg:npm/worse@1.0.0", "pkg:npm/good@1.0.0"]);
    let mut withdrawn = npm("GHSA-3", "good", Some(CRITICAL));
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    let mut long = npm("GHSA-1", "bad", Some(LOW));
    long["details"] = json!("not read");
    long["references"] = json!([{"type": "WEB", "url": "https://example.com"}]);
    long["affected"][0]["database_specific"] = json!({"source": "not read", "severity": "HIGH"});
    let folder = served.scratch.path("database");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("a.json"), format!("{long:#}")).expect("a record");
    fs::write(folder.join("b.json"), json!([npm("MAL-1", "worse", None), withdrawn]).to_string()).expect("a list");
    let folder = folder.to_str().expect("text");
    let index = served.scratch.path("all.jsonl");
    let index = index.to_str().expect("text");
    let make = || bonafide(&["advisories", "index", folder, "-o", index]);
    let known = |place: &str, code: i32| {
        let checked = verify(&served, &["--advisories", place, "--deny-severity", "high"]).exits(code);
        let mut report = checked.report["advisories"].clone();
        for key in ["sources", "unreadableFiles"] {
            report.as_object_mut().expect("an object").remove(key);
        }
        (report, advisories(checked.image())["found"].clone())
    };
    assert_eq!(make().success(), "");
    let text = fs::read_to_string(index).expect("an index");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains("not read") && !text.contains("example.com"), "{text}");
    assert_eq!(known(index, 1), known(folder, 1));
    // An index of an index is the same one.
    let again = served.scratch.path("again.jsonl");
    bonafide(&["advisories", "index", index, "-o", again.to_str().expect("text")]).success();
    assert_eq!(fs::read_to_string(again).expect("an index"), text);
    // What cannot be read there cannot be read here.
    fs::write(format!("{folder}/c.json"), "7").expect("no record");
    let said = make();
    assert!(said.stderr.contains("warning: 1 of the files cannot be read"), "{}", said.stderr);
    assert_eq!(known(index, 1), known(folder, 1));
    for name in ["a.json", "b.json"] {
        fs::remove_file(format!("{folder}/{name}")).expect("a file");
    }
    fs::write(format!("{folder}/good.json"), npm("GHSA-4", "other", Some(LOW)).to_string()).expect("a record");
    make();
    let undecided = verify(&served, &["--advisories", index, "--deny-severity", "high"]).exits(3);
    assert_eq!(undecided.report["advisories"]["unreadable"], 1);
    undecided.says("all.jsonl line 1");
    bonafide(&["advisories", "index", folder, "-o", "all.json"]).usage_error();
}

/// Where an index ends early or was changed, half a database would pass for a whole one.
#[test]
fn an_index_is_read_whole_or_not_at_all() {
    let scratch = Scratch::new();
    let records: Vec<Value> = (0..5).map(|number| npm(&format!("GHSA-{number}"), "bad", None)).collect();
    let records = scratch.write("all.json", json!(records).to_string());
    let index = scratch.path("all.jsonl");
    bonafide(&["advisories", "index", &records, "-o", index.to_str().expect("text")]).success();
    let whole = fs::read_to_string(&index).expect("an index");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let last = lines[5];
    let broken = [
        (String::new(), "its last line is missing"),
        (lines[..5].concat(), "its last line is missing"),
        (lines[..3].concat() + last, "it was changed after it was written"),
        (lines[..5].concat() + lines[4] + last, "it was changed after it was written"),
        (whole.replacen("2.0.0", "1.0.0", 1), "it was changed after it was written"),
        (whole[..whole.len() - 1].to_owned(), "its last line is missing"),
        (whole.clone() + "x", "its last line is missing"),
        (whole.replace("advisories/v1", "advisories/v2"), "another version of the program wrote it"),
        (last.to_owned(), "it was changed after it was written"),
    ];
    for (position, (content, why)) in broken.into_iter().enumerate() {
        let file = scratch.write(&format!("{position}.jsonl"), content);
        let arguments =
            [&["verify", "oci:fixtures/images/signed:v1.0.0", "--advisories", &file], &BY_SIGNER[..]].concat();
        let error = bonafide(&arguments).usage_error();
        assert!(error.contains("is not a complete index of advisories") && error.contains(why), "{position}: {error}");
    }
    // Nothing is left of an index that could not be made.
    let missing = scratch.path("nowhere/all.jsonl");
    bonafide(&["advisories", "index", &records, "-o", missing.to_str().expect("text")]).usage_error();
    bonafide(&["advisories", "index", "nowhere", "-o", index.to_str().expect("text")]).usage_error();
    assert_eq!(fs::read_to_string(&index).expect("an index"), whole);
}
