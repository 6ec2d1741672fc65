//! `verify --replay` and `--at`: the same report again, or why not; and never a verdict that only a report says.

use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::fixtures::{BY_BUILDERS, BY_SHOP, LAB_ROOT, image};
use crate::program::{Scratch, bonafide, run_with_report as run, text};
use crate::report::{list, word};
use crate::shop::{NAME, Shop};

const TRUST: [&str; 2] = ["--trusted-root", LAB_ROOT];

/// What is changed in a report, and how.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Value));

/// The messages of a replay that differs.
fn differences(report: &Value) -> Vec<String> {
    let findings = report["images"][0]["findings"].as_array().map_or(&[][..], Vec::as_slice).iter();
    findings
        .filter(|finding| finding["check"] == "replayed")
        .map(|finding| word(&finding["message"]).to_owned())
        .collect()
}

/// A report of an image, in a file.
fn reported(scratch: &Scratch, arguments: &[&str]) -> (String, Value) {
    let (_, report) = run(&[&["verify"], arguments, &TRUST].concat());
    (scratch.write("old.json", report.to_string()), report)
}

fn packed(scratch: &Scratch, name: &str, to: &str) -> PathBuf {
    let pack = scratch.path(to);
    let (run, _) = run(&[&["collect", &image(name), "--to", text(&pack)][..], &TRUST, &BY_SHOP].concat());
    assert!(pack.exists(), "{}", run.stderr);
    pack
}

#[test]
fn every_report_is_replayed_as_it_was() {
    for (name, exit) in [("signed", 0), ("legacy", 0), ("multi-platform", 0), ("other-signer", 1), ("unsigned", 4)] {
        let scratch = Scratch::new();
        let (file, _) = reported(&scratch, &[&[image(name).as_str()], &BY_SHOP[..]].concat());
        let (folder, archive) = (packed(&scratch, name, "pack"), packed(&scratch, name, "pack.tar"));
        for of in [file.as_str(), text(&folder), text(&archive)] {
            let (again, report) = run(&[&["verify", "--replay", of][..], &TRUST, &BY_SHOP].concat());
            assert_eq!(again.exit, exit, "{of}: {}{}", again.stdout, again.stderr);
            assert_eq!(differences(&report), [] as [String; 0], "{of}");
        }
    }
}

#[test]
fn a_report_of_a_registry_is_replayed_by_digest_and_in_its_pack() {
    let served = Shop::with_bundles().serve();
    let scratch = Scratch::new();
    let flags = ["--trusted-root", served.root.as_str(), "--repo", NAME];
    let pack = scratch.path("pack");
    let (_, report) = run(&[&["collect", &served.by_tag(), "--to", text(&pack)], &flags[..]].concat());
    let file = scratch.write("old.json", report.to_string());
    let replay = |of: &str| run(&[&["verify", "--replay", of], &flags[..]].concat());
    assert_eq!(replay(&file).0.exit, 0);
    // The tag moved meanwhile.
    served.registry.edit(NAME, |content| content.tags.clear());
    assert_eq!(replay(&file).0.exit, 0);
    // Something was attached meanwhile.
    let mut shop = served.shop.clone();
    let top = shop.top();
    shop.attach_junk(&top, "note");
    served.registry.edit(NAME, |content| *content = shop.repository.clone());
    let (again, report) = replay(&file);
    assert_eq!(again.exit, 1, "{}", again.stdout);
    assert!(!differences(&report).is_empty() && report["images"][0]["reason"]["check"] == "replayed");
    // Of the pack nothing but the pack is asked.
    served.registry.forget_requests();
    let (again, report) = replay(text(&pack));
    assert_eq!((again.exit, &report["network"]["requests"]), (0, &json!(0)), "{}", again.stdout);
    assert!(served.registry.requests().is_empty());
}

#[test]
fn a344_a_report_verifies_nothing() {
    let scratch = Scratch::new();
    let (file, good) = reported(&scratch, &[&[image("other-signer").as_str()], &BY_SHOP[..]].concat());
    // It says that everything is verified.
    let lie =
        good.to_string().replace(":\"rejected\"", ":\"verified\"").replace("\"accepted\":false", "\"accepted\":true");
    fs::write(&file, lie).expect("a report");
    let (again, report) = run(&[&["verify", "--replay", &file][..], &TRUST, &BY_SHOP].concat());
    assert_eq!(again.exit, 1, "{}", again.stdout);
    assert!(differences(&report).iter().any(|one| one == "it differs from the report in /verdict"), "{report:#}");

    // Each of these changes a report of an image that verifies.
    let (file, good) = reported(&scratch, &[&[image("signed").as_str()], &BY_SHOP[..]].concat());
    let changes: [Change<'_>; 9] = [
        ("verdict", &|report| report["images"][0]["verdict"] = json!("absent")),
        ("signer", &|report| {
            report["images"][0]["candidates"][0]["signer"]["identity"] = json!("mallory@evil.example");
        }),
        ("digest of evidence", &|report| report["images"][0]["candidates"][1]["digest"] = json!("sha256:00")),
        ("fewer pieces", &|report| drop(report["images"][0]["candidates"].as_array_mut().map(Vec::pop))),
        ("outcome", &|report| report["images"][0]["candidates"][0]["findings"][0]["outcome"] = json!("fail")),
        ("more", &|report| report["images"][0]["candidates"][0]["note"] = json!("x".repeat(1 << 20))),
        ("policy", &|report| report["policy"]["sha256"] = json!("0".repeat(64))),
        ("trust", &|report| report["trust"][0]["sha256"] = json!("0".repeat(64))),
        ("time", &|report| report["judgedAt"] = json!("2026-11-25T00:00:00Z")),
    ];
    for (what, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        fs::write(&file, bad.to_string()).expect("a report");
        let (again, report) = run(&[&["verify", "--replay", &file][..], &TRUST, &BY_SHOP].concat());
        assert_eq!((again.exit, &report["verdict"]), (1, &json!("rejected")), "{what}: {}", again.stdout);
        assert!(!differences(&report).is_empty(), "{what}");
        assert!(again.stdout.len() < 20_000, "{what}");
    }
    fs::write(&file, good.to_string()).expect("a report");
    let (again, report) = run(&[&["verify", "--replay", &file][..], &TRUST, &BY_BUILDERS].concat());
    assert_eq!(again.exit, 1);
    assert!(differences(&report).iter().any(|one| one == "the policy is another one than in the report"));
}

#[test]
fn a345_a_pack_with_the_report_of_another_image_is_not_verified() {
    let scratch = Scratch::new();
    let (pack, other) = (packed(&scratch, "signed", "pack"), packed(&scratch, "legacy", "other"));
    let command = ["verify", "--replay", text(&pack)];
    fs::copy(other.join("bonafide/report.json"), pack.join("bonafide/report.json")).expect("swapped");
    let (again, _) = run(&[&command[..], &TRUST, &BY_SHOP].concat());
    assert_eq!(again.exit, 3, "its checksums say so: {}{}", again.stdout, again.stderr);
    fs::remove_file(pack.join("bonafide/SHA256SUMS")).expect("the checksums");
    let (again, _) = run(&[&command[..], &TRUST, &BY_SHOP].concat());
    assert_eq!(again.exit, 3, "its image is not there: {}{}", again.stdout, again.stderr);
}

#[test]
fn a346_what_is_no_report_is_not_replayed() {
    let scratch = Scratch::new();
    let (file, good) = reported(&scratch, &[&[image("signed").as_str()], &BY_SHOP[..]].concat());
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        bad.to_string()
    };
    let of_image = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad["images"][0][name] = value;
        bad.to_string()
    };
    let many = vec![good["images"][0].clone(); 1001];
    for bad in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        "[".repeat(100_000),
        with("schemaVersion", json!(2)),
        with("tool", json!({"name": "other", "version": "1"})),
        with("images", json!([])),
        with("images", json!([1])),
        with("images", json!(many)),
        with("repositories", json!([{}])),
        of_image("digest", Value::Null),
        of_image("digest", json!("sha256:../../x")),
        of_image("reference", json!("-")),
        of_image("reference", json!("--policy")),
    ] {
        fs::write(&file, &bad).expect("a file");
        let again = bonafide(&[&["verify", "--replay", &file][..], &TRUST, &BY_SHOP].concat());
        assert_eq!((again.exit, again.stdout.as_str()), (2, ""), "{:.100}: {}", bad, again.stderr);
    }
    let twice = ["verify", "--replay", &file, "ghcr.io/acme/app:1"];
    bonafide(&[&twice[..], &BY_SHOP].concat()).usage_error();
    for command in ["audit", "collect"] {
        bonafide(&[&[command, "oci:fixtures/images/signed", "--to", "x", "--replay", &file][..], &BY_SHOP].concat())
            .usage_error();
    }
}

/// When the image was signed.
fn signed_at() -> Timestamp {
    let (_, report) = run(&[&["verify", &image("signed")][..], &TRUST, &BY_SHOP].concat());
    let times = list(&report["images"][0]["candidates"]).iter().map(|one| word(&one["timestamps"][0]["time"]).parse());
    times.map(|time| time.expect("a time")).max().expect("evidence")
}

#[test]
fn a347_an_image_is_judged_as_of_then() {
    let signed = signed_at();
    let at = |hours: i64| (signed + SignedDuration::from_hours(hours)).to_string();
    let verify = |time: &str, age: &str| {
        let flags = ["--at", time, "--provenance-max-age", age];
        run(&[&["verify", &image("signed")][..], &flags, &TRUST, &BY_SHOP].concat())
    };
    let (then, report) = verify(&at(12), "1d");
    assert_eq!((then.exit, &report["judgedAt"]), (0, &json!(at(12))), "{}", then.stdout);
    assert!(then.stdout.contains(&format!("it was judged as of {}", at(12))), "{}", then.stdout);
    assert_eq!(verify(&at(48), "1d").0.exit, 1, "it was too old then");
    assert_eq!(verify(&at(-24 * 30), "1d").0.exit, 1, "nobody had signed it then");
    let (later, _) = verify("2999-01-01", "1d");
    assert_eq!((later.exit, later.stdout.as_str()), (2, ""), "{}", later.stderr);
    for odd in ["", "now", "1", "2026-13-01", "-1d"] {
        assert_eq!(verify(odd, "1d").0.exit, 2, "{odd}");
    }
    let vsa = ["--output", "vsa", "--verifier", "https://acme.example/verifier", "--at", &at(12)];
    let message = bonafide(&[&["verify", &image("signed")][..], &vsa, &TRUST, &BY_SHOP].concat()).usage_error();
    assert!(message.contains("verification summary"), "{message}");
}

#[test]
fn a_report_of_then_is_replayed_as_of_then() {
    let at = (signed_at() + SignedDuration::from_hours(12)).to_string();
    let scratch = Scratch::new();
    let flags = ["--provenance-max-age", "1d"];
    let (file, _) = reported(&scratch, &[&[image("signed").as_str(), "--at", &at], &flags[..], &BY_SHOP].concat());
    let replay = |more: &[&str]| run(&[&["verify", "--replay", &file][..], &flags, &TRUST, &BY_SHOP, more].concat());
    assert_eq!(replay(&["--at", &at]).0.exit, 0);
    assert_eq!(replay(&[]).0.exit, 1);
}
