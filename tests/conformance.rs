//! The suite of sigstore-conformance, spoken to in its own client protocol (`bonafide verify-bundle`).
//!
//! `BONAFIDE_CONFORMANCE` names the folder that holds the suite's `bundle-verify`: `BONAFIDE_CONFORMANCE=FOLDER cargo test --test
//! conformance -- --ignored`. That a bundle is refused is not enough: it must be refused by the check that its case was made for.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use support::sigstore::Key;

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Which check refuses each case that must be refused. `usage`: a file that the command line names is what is broken.
const REFUSALS: [(&str, &str); 46] = [
    ("bundle-empty-certificate-chain_fail", "bundle-format"),
    ("bundle-from-wrong-instance_fail", "certificate-chain"),
    ("bundle-invalid-base64-signature_fail", "bundle-format"),
    ("bundle-malformed-json_fail", "bundle-format"),
    ("bundle-negative-log-index_fail", "bundle-format"),
    ("bundle-unknown-version_fail", "bundle-format"),
    // Its checkpoint is empty. The root in its chain alone would be set aside: real bundles of version 0.1 have one.
    ("bundle-with-root-cert_fail", "transparency-log"),
    ("checkpoint-bad-keyhint_fail", "transparency-log"),
    ("checkpoint-wrong-roothash_fail", "transparency-log"),
    ("dsse-invalid-sig_fail", "signature"),
    ("dsse-mismatch-envelope_fail", "transparency-log"),
    ("dsse-mismatch-sig_fail", "transparency-log"),
    ("inclusion-proof-corrupted-hash_fail", "transparency-log"),
    ("incorrect-public-key_fail", "transparency-log"),
    ("integrated-time-in-future_fail", "signed-time"),
    ("intoto-expired-certificate_fail", "signed-time"),
    ("intoto-log-entry-mismatch_fail", "transparency-log"),
    ("intoto-missing-inclusion-proof_fail", "transparency-log"),
    ("intoto-set-outside-signing-cert-validity_fail", "signed-time"),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", "signed-time"),
    ("invalid-checkpoint-signature_fail", "transparency-log"),
    ("invalid-ct-key_fail", "certificate-transparency"),
    // Its checkpoint is empty, too.
    ("invalid-inclusion-proof_fail", "transparency-log"),
    ("managed-key-no-key_fail", "certificate-chain"),
    // The key is no point on any curve; see `a_wrong_key_is_refused_by_the_check_for_keys`.
    ("managed-key-wrong-key_fail", "usage"),
    ("message-digest-mismatch_fail", "subject-digest"),
    ("rekor2-checkpoint-missing-log-signature_fail", "transparency-log"),
    ("rekor2-checkpoint-missing-origin_fail", "transparency-log"),
    ("rekor2-checkpoint-missing-root-hash_fail", "transparency-log"),
    ("rekor2-checkpoint-missing-size_fail", "transparency-log"),
    ("rekor2-checkpoint-no-matching-signature_fail", "transparency-log"),
    ("rekor2-dsse-invalid-sig_fail", "signature"),
    ("rekor2-dsse-mismatch-envelope_fail", "transparency-log"),
    ("rekor2-dsse-mismatch-sig_fail", "transparency-log"),
    ("rekor2-no-inclusion-proof_fail", "transparency-log"),
    ("rekor2-no-timestamp_fail", "signed-time"),
    ("rekor2-timestamp-outside-trust-root-tsa-validity_fail", "signed-time"),
    ("rekor2-timestamp-outside-tsa-cert-validity_fail", "signed-time"),
    ("rekor2-timestamp-payload-mismatch_fail", "signed-time"),
    ("rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "signed-time"),
    ("rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "signed-time"),
    // Its base64 has line breaks; see `a163_a_timestamp_outside_the_certificate_is_refused_by_its_time`.
    ("rekor2-timestamp-with-incorrect-time_fail", "bundle-format"),
    ("set-invalid-signature_fail", "transparency-log"),
    ("signature-mismatch_fail", "signature"),
    ("trust-root-tlog-missing-validity-start_fail", "usage"),
    ("wrong-material_fail", "subject-digest"),
];

/// The three cases whose log entry belongs to something else.
const SPLICED: [&str; 3] =
    ["wrong-hashedrekord-artifact_fail", "wrong-hashedrekord-cert-and-sig_fail", "wrong-hashedrekord-entry_fail"];

fn suite() -> PathBuf {
    std::env::var_os("BONAFIDE_CONFORMANCE").map(PathBuf::from).expect("BONAFIDE_CONFORMANCE names a folder")
}

struct Case {
    name: String,
    folder: PathBuf,
    artifact: PathBuf,
}

impl Case {
    fn of(suite: &Path, name: &str) -> Case {
        let folder = suite.join("bundle-verify").join(name);
        let own = folder.join("artifact");
        let artifact = if own.exists() { own } else { suite.join("bundle-verify/a.txt") };
        Case { name: name.to_owned(), folder, artifact }
    }

    fn all(suite: &Path) -> Vec<Case> {
        let entries = fs::read_dir(suite.join("bundle-verify")).expect("the suite's `bundle-verify`");
        let mut cases: Vec<Case> = entries
            .map(|entry| entry.expect("an entry"))
            .filter(|entry| entry.path().is_dir())
            .map(|entry| Case::of(suite, &entry.file_name().to_string_lossy()))
            .collect();
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        cases
    }

    fn text(&self, file: &str, default: &str) -> String {
        fs::read_to_string(self.folder.join(file)).map_or_else(|_| default.to_owned(), |text| text.trim().to_owned())
    }

    fn bundle(&self) -> PathBuf {
        self.folder.join("bundle.sigstore.json")
    }

    fn flags(&self, bundle: &Path) -> Vec<String> {
        let mut flags = vec!["--bundle".to_owned(), bundle.display().to_string()];
        let path = |file: &str| Some(self.folder.join(file)).filter(|path| path.exists());
        match path("key.pub") {
            Some(key) => flags.extend(["--key".to_owned(), key.display().to_string()]),
            None => flags.extend([
                "--certificate-identity".to_owned(),
                self.text("identity", IDENTITY),
                "--certificate-oidc-issuer".to_owned(),
                self.text("issuer", ISSUER),
            ]),
        }
        if let Some(root) = path("trusted_root.json") {
            flags.extend(["--trusted-root".to_owned(), root.display().to_string()]);
        }
        flags
    }

    fn verify_bundle(&self) -> Output {
        let artifact = self.artifact.display().to_string();
        bonafide(&[&["verify-bundle".to_owned()], self.flags(&self.bundle()).as_slice(), &[artifact]].concat())
    }

    /// The check that refuses the case, `usage`, or `none`.
    fn refused_by(&self, bundle: &Path) -> String {
        let artifact = self.artifact.display().to_string();
        let head = ["bundle", "--output", "json"].map(str::to_owned);
        let output = bonafide(&[&head, self.flags(bundle).as_slice(), &[artifact]].concat());
        if output.status.code() == Some(2) {
            return "usage".to_owned();
        }
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let findings = report["images"][0]["candidates"][0]["findings"].as_array().expect("findings");
        let refusal = findings.iter().find(|finding| matches!(finding["outcome"].as_str(), Some("fail" | "error")));
        refusal.map_or_else(|| "none".to_owned(), |finding| finding["check"].as_str().expect("a check").to_owned())
    }
}

fn bonafide(arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bonafide")).args(arguments).env_clear().output().expect("the program runs")
}

#[test]
#[ignore = "needs BONAFIDE_CONFORMANCE"]
fn every_case_of_the_suite_is_judged_right_and_for_the_right_reason() {
    let suite = suite();
    let mut expected: BTreeMap<&str, &str> = REFUSALS.into_iter().collect();
    expected.extend(SPLICED.map(|name| (name, "transparency-log")));
    let cases = Case::all(&suite);
    let mut wrong = Vec::new();
    for case in &cases {
        let must_fail = case.name.ends_with("_fail");
        let code = case.verify_bundle().status.code();
        let reason = case.refused_by(&case.bundle());
        let right = match expected.remove(case.name.as_str()) {
            Some(check) => must_fail && code != Some(0) && reason == check,
            None => !must_fail && code == Some(0) && reason == "none",
        };
        println!("{:<62} exit {} {reason}", case.name, code.unwrap_or(-1));
        if !right {
            wrong.push(case.name.as_str());
        }
    }
    println!("{} of {} cases", cases.len() - wrong.len(), cases.len());
    assert_eq!(wrong, Vec::<&str>::new());
    assert_eq!(expected, BTreeMap::new(), "cases of the table that the suite does not have");
}

#[test]
#[ignore = "needs BONAFIDE_CONFORMANCE"]
fn a_digest_stands_for_the_file() {
    let suite = suite();
    for name in ["happy-path-v0.3", "rekor2-happy-path", "rekor2-dsse-happy-path"] {
        let case = Case::of(&suite, name);
        let digest = format!("sha256:{}", support::digest::sha256_hex(&fs::read(&case.artifact).expect("the file")));
        let output =
            bonafide(&[&["verify-bundle".to_owned()], case.flags(&case.bundle()).as_slice(), &[digest]].concat());
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
}

#[test]
#[ignore = "needs BONAFIDE_CONFORMANCE"]
fn a163_a_timestamp_outside_the_certificate_is_refused_by_its_time() {
    let suite = suite();
    let case = Case::of(&suite, "rekor2-timestamp-with-incorrect-time_fail");
    // The case's base64 is broken into lines, which no reading of the format allows; whole, it is refused by the time.
    let mended = fs::read_to_string(case.bundle()).expect("the bundle").replace("\\n", "").replace('\n', "");
    let mended = restore_note(&mended, &fs::read_to_string(case.bundle()).expect("the bundle"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mended.sigstore.json");
    fs::write(&file, mended).expect("a file");
    assert_eq!(case.refused_by(&file), "signed-time");
}

/// Puts the checkpoint back, whose line breaks belong to it.
fn restore_note(mended: &str, original: &str) -> String {
    let mut mended: Value = serde_json::from_str(mended).expect("JSON");
    let original: Value = serde_json::from_str(original).expect("JSON");
    let note = "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope";
    *mended.pointer_mut(note).expect("a checkpoint") = original.pointer(note).expect("a checkpoint").clone();
    mended.to_string()
}

#[test]
#[ignore = "needs BONAFIDE_CONFORMANCE"]
fn a_wrong_key_is_refused_by_the_check_for_keys() {
    let suite = suite();
    let case = Case::of(&suite, "managed-key-happy-path");
    let key = Path::new(env!("CARGO_TARGET_TMPDIR")).join("another.pub");
    fs::write(&key, Key::p256().public_pem()).expect("a file");
    let flags = ["bundle", "--output", "json", "--key"].map(str::to_owned);
    let files = [key, PathBuf::from("--bundle"), case.bundle(), case.artifact.clone()];
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let output = bonafide(&[&flags, files.as_slice()].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"signer-key\""));
}
