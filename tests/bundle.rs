//! `bonafide bundle`: loose bundles about a file, standard input or a digest.

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use support::digest::{oci_digest, sha256_hex};
use support::schema::complaints;
use support::sigstore::key::{SHA2_384, SHA2_512};
use support::sigstore::{Identity, Key, Sigstore, Version};
use support::statement::{Build, SLSA_V1, Subject, slsa_v1, spdx_23, statement};

const CONTENT: &[u8] = b"the content of the file";
const EMAIL: &str = "alice@acme.example";
const ISSUER: &str = "https://accounts.acme.example";

/// A Sigstore, a file and a folder in which both are written down.
struct World {
    instance: Sigstore,
    identity: Identity,
    folder: PathBuf,
}

impl World {
    fn new(name: &str) -> World {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bundle-{name}"));
        fs::create_dir_all(&folder).expect("a folder");
        let world = World { instance: Sigstore::new(), identity: Identity::email(EMAIL, ISSUER), folder };
        world.write("root.json", world.instance.trusted_root().as_bytes());
        world.write("file", CONTENT);
        world
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.join(name), bytes).expect("a file");
    }

    fn subject() -> Subject {
        Subject::new("file", &oci_digest(CONTENT))
    }

    fn message(&self) -> Value {
        self.instance.signer(&self.identity).sign_bytes(CONTENT).bundle(Version::V03)
    }

    fn attestation(&self, statement: &Value) -> Value {
        self.instance.attest(&self.identity, statement).bundle(Version::V03)
    }

    fn command(&self, artifact: &str, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        command.args([
            "bundle",
            artifact,
            "--bundle",
            "bundle.json",
            "--output",
            "json",
            "--trusted-root",
            "root.json",
        ]);
        command.args(flags).current_dir(&self.folder).env_clear();
        command
    }

    fn by_identity(&self, artifact: &str) -> Output {
        self.command(artifact, &["--certificate-identity", EMAIL, "--certificate-oidc-issuer", ISSUER])
            .output()
            .expect("the program runs")
    }

    /// Judges these bundles, one per line, about the file.
    fn judge(&self, bundles: &[Value]) -> (i32, Value) {
        let lines: Vec<String> = bundles.iter().map(Value::to_string).collect();
        self.write("bundle.json", lines.join("\n").as_bytes());
        read(&self.by_identity("file"))
    }
}

fn read(output: &Output) -> (i32, Value) {
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("a report: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("an exit code"), report)
}

fn refusal(report: &Value, candidate: usize) -> &str {
    let findings = report["images"][0]["candidates"][candidate]["findings"].as_array().expect("findings");
    let refusal = findings.iter().find(|finding| matches!(finding["outcome"].as_str(), Some("fail" | "error")));
    refusal.expect("a refusal")["check"].as_str().expect("a check")
}

#[test]
fn a085_a_signature_on_another_file_is_refused() {
    let world = World::new("other");
    let other = world.instance.signer(&world.identity).sign_bytes(b"another file");
    let (code, report) = world.judge(&[other.bundle(Version::V03)]);
    assert_eq!((code, refusal(&report, 0)), (1, "subject-digest"));
    // Without the hint it is the signature that does not fit.
    let silent = other.bundle_with(Version::V03, |bundle| {
        bundle["messageSignature"].as_object_mut().expect("an object").remove("messageDigest");
    });
    let (code, report) = world.judge(&[silent]);
    assert_eq!((code, refusal(&report, 0)), (1, "signature"));
    let elsewhere = statement(&Subject::new("file", &oci_digest(b"another file")), SLSA_V1, json!({}));
    let (code, report) = world.judge(&[world.attestation(&elsewhere)]);
    assert_eq!((code, refusal(&report, 0)), (1, "subject-digest"));
}

#[test]
fn a098_the_name_of_a_file_is_no_subject() {
    let world = World::new("name");
    let mut named = statement(&World::subject(), SLSA_V1, json!({}));
    named["subject"][0]["digest"] = json!({"sha256": sha256_hex(b"another file")});
    assert_eq!(world.judge(&[world.attestation(&named)]).0, 1);
}

#[test]
fn somebody_else_is_refused() {
    let world = World::new("stranger");
    let mallory = Identity::email("mallory@acme.example", ISSUER);
    let (code, report) = world.judge(&[world.instance.signer(&mallory).sign_bytes(CONTENT).bundle(Version::V03)]);
    assert_eq!((code, refusal(&report, 0)), (1, "signer-identity"));
}

#[test]
fn a090_each_of_several_bundles_is_judged_by_itself_and_any_one_is_enough() {
    let world = World::new("lines");
    let mut broken = world.message();
    broken["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.9+json");
    let (code, report) = world.judge(&[broken.clone(), world.message(), broken.clone()]);
    assert_eq!(code, 0);
    let candidates = report["images"][0]["candidates"].as_array().expect("candidates");
    let accepted: Vec<bool> = candidates.iter().map(|one| one["accepted"] == true).collect();
    assert_eq!(accepted, [false, true, false]);
    assert_eq!(candidates[1]["origin"], json!({"kind": "file", "place": "bundle.json line 2"}));
    assert_eq!(report["images"][0]["requirements"][0]["satisfiedBy"], json!(["c2"]));

    let (code, report) = world.judge(&[broken.clone(), broken]);
    // A newer version of the format is not refused: it cannot be read (A309).
    assert_eq!((code, refusal(&report, 1)), (3, "bundle-format"));
}

#[test]
fn any_kind_of_statement_about_the_file_will_do_and_is_reported_not_judged() {
    let world = World::new("kinds");
    // The provenance names another repository than anybody certified, which would not do for an image.
    let build = Build::github("acme/shop", ".github/workflows/release.yml", "refs/heads/main");
    let statements = [
        (slsa_v1(&World::subject(), &build), "provenance"),
        (spdx_23(&World::subject(), &[("zlib", "1.3.1")]), "sbom"),
        (statement(&World::subject(), "https://example.test/anything/v1", json!({})), "attestation"),
    ];
    for (statement, kind) in statements {
        let (code, report) = world.judge(&[world.attestation(&statement)]);
        let candidate = &report["images"][0]["candidates"][0];
        assert_eq!((code, &candidate["kind"], &candidate["accepted"]), (0, &json!(kind), &json!(true)), "{report}");
        assert_eq!(candidate["predicateType"], statement["predicateType"]);
        assert_eq!(candidate.get("provenance").is_some(), kind == "provenance");
        assert_eq!(candidate.get("sbom").is_some(), kind == "sbom");
    }
}

#[test]
fn a_file_standard_input_and_a_digest_are_the_same_thing() {
    let world = World::new("forms");
    world.write("bundle.json", world.message().to_string().as_bytes());
    let digest = oci_digest(CONTENT);
    for artifact in ["file", digest.as_str()] {
        let (code, report) = read(&world.by_identity(artifact));
        assert_eq!((code, &report["images"][0]["digest"]), (0, &json!(digest)));
        assert_eq!(report["images"][0]["reference"], json!(artifact));
        assert!(report["images"][0].get("mediaType").is_none() && report["images"][0].get("pinned").is_none());
    }
    let mut child = world
        .command("-", &["--certificate-identity", EMAIL, "--certificate-oidc-issuer", ISSUER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(CONTENT).expect("the program reads");
    assert_eq!(read(&child.wait_with_output().expect("the program ends")).0, 0);
}

/// npm packages are named by SHA-512 alone; other tools write SHA-384.
#[test]
fn a_statement_may_name_the_file_by_sha_384_or_sha_512_alone() {
    let world = World::new("sha512");
    for hash in [SHA2_384, SHA2_512] {
        let hex = |bytes: &[u8]| support::digest::hex(&hash.of(bytes));
        let named = |value: &str| {
            let subject = json!([{"name": "pkg:npm/shop@1.0.0", "digest": {hash.rekor: value}}]);
            let statement = json!({
                "_type": "https://in-toto.io/Statement/v1",
                "predicateType": "https://example.test/anything/v1",
                "subject": subject,
            });
            let bundle = world.attestation(&statement);
            world.write("bundle.json", bundle.to_string().as_bytes());
        };
        let digest = format!("{}:{}", hash.rekor, hex(CONTENT));
        named(&hex(CONTENT));
        for (artifact, code) in [("file", 0), (digest.as_str(), 0), (oci_digest(CONTENT).as_str(), 1)] {
            assert_eq!(read(&world.by_identity(artifact)).0, code, "{artifact}");
        }
        named(&hex(b"another file"));
        for artifact in ["file", &digest] {
            assert_eq!(read(&world.by_identity(artifact)).0, 1, "{artifact}");
        }
    }
}

/// A digest is enough where it is the one that was signed.
#[test]
fn keys_of_every_algorithm_sign_files() {
    let world = World::new("algorithms");
    for key in Key::of_every_kind() {
        world.write("cosign.pub", key.public_pem().as_bytes());
        let bundle = world.instance.key_signer(&key).sign_bytes(CONTENT).bundle(Version::V03);
        let judge = |bundle: &Value, artifact: &str| {
            world.write("bundle.json", bundle.to_string().as_bytes());
            let output = world.command(artifact, &["--key", "cosign.pub"]).output();
            output.expect("the program runs").status.code()
        };
        let digest = format!("{}:{}", key.hash().rekor, support::digest::hex(&key.hash().of(CONTENT)));
        let other = if digest.starts_with("sha512") {
            oci_digest(CONTENT)
        } else {
            format!("sha512:{}", support::digest::hex(&SHA2_512.of(CONTENT)))
        };
        for (artifact, code) in [("file", 0), (digest.as_str(), 0), (other.as_str(), 3)] {
            assert_eq!(judge(&bundle, artifact), Some(code), "{} {artifact}", key.details());
        }
        let mut lied = bundle.clone();
        lied["messageSignature"]["messageDigest"]["digest"] = json!(support::json::base64(key.hash().of(b"other")));
        assert_eq!(judge(&lied, "file"), Some(1), "{}", key.details());
    }
}

#[test]
fn keys_sign_files_too_and_some_of_them_need_the_content() {
    let world = World::new("keys");
    for (key, from_digest) in [(Key::p256(), 0), (Key::ed25519(), 3)] {
        world.write("cosign.pub", key.public_pem().as_bytes());
        let signed = world.instance.key_signer(&key).sign_bytes(CONTENT);
        let bundle = signed.bundle_with(Version::V03, |bundle| {
            bundle["verificationMaterial"]["tlogEntries"] = json!([]);
            bundle["messageSignature"].as_object_mut().expect("an object").remove("messageDigest");
        });
        world.write("bundle.json", bundle.to_string().as_bytes());
        let by_key = |artifact: &str, flags: &[&str]| {
            let flags = [&["--key", "cosign.pub"], flags].concat();
            world.command(artifact, &flags).output().expect("the program runs").status.code()
        };
        assert_eq!(by_key("file", &["--key-without-log"]), Some(0));
        assert_eq!(by_key(&oci_digest(CONTENT), &["--key-without-log"]), Some(from_digest));
        assert_eq!(by_key("file", &[]), Some(1));
    }
}

#[test]
fn what_cannot_be_read_is_a_usage_error() {
    let world = World::new("usage");
    world.write("bundle.json", world.message().to_string().as_bytes());
    for artifact in ["no-such-file", "sha256:00", "sha512:zz"] {
        assert_eq!(world.by_identity(artifact).status.code(), Some(2), "{artifact}");
    }
    fs::remove_file(world.folder.join("bundle.json")).expect("the file is there");
    assert_eq!(world.by_identity("file").status.code(), Some(2));
}

#[test]
fn the_report_is_described_by_the_schema() {
    let world = World::new("schema");
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(["schema", "report"]).output();
    let schema: Value = serde_json::from_slice(&output.expect("the program runs").stdout).expect("JSON");
    let mut broken = world.message();
    broken["messageSignature"] = json!({});
    let (_, report) = world.judge(&[world.message(), broken]);
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());

    let key = Key::p256();
    world.write("cosign.pub", key.public_pem().as_bytes());
    let signed = world.instance.key_signer(&key).sign_bytes(CONTENT).bundle(Version::V03);
    world.write("bundle.json", signed.to_string().as_bytes());
    let (code, report) = read(&world.command("file", &["--key", "cosign.pub"]).output().expect("the program runs"));
    assert_eq!(code, 0);
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
}

/// The instance of the bundle by its TUF repository: fetched once, when it is asked for, and then at hand.
#[test]
fn the_root_may_come_from_tuf() {
    let world = World::new("tuf");
    world.write("bundle.json", world.message().to_string().as_bytes());
    let repository = support::tuf::TufRepository::new(&world.instance.trusted_root());
    world.write("tuf-root.json", &repository.anchor());
    let server = support::registry::Registry::start();
    support::tuf::serve(&server, &repository.files());
    let url = server.url();
    // What a run before left is of another repository, and only lies about.
    let cache = world.folder.join("cache");
    let _ = fs::remove_dir_all(&cache);
    for (flags, requests) in [(&["--update-trust"] as &[&str], 5), (&["--offline"], 0)] {
        server.forget_requests();
        let output = Command::new(env!("CARGO_BIN_EXE_bonafide"))
            .args(["bundle", "file", "--bundle", "bundle.json", "--output", "json"])
            .args(["--tuf-mirror", &url, "--tuf-root", "tuf-root.json"])
            .args(["--certificate-identity", EMAIL, "--certificate-oidc-issuer", ISSUER])
            .args(flags)
            .current_dir(&world.folder)
            .env_clear()
            .env("XDG_CACHE_HOME", &cache)
            .output()
            .expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!((&report["verdict"], &report["trust"][0]["source"]), (&json!("verified"), &json!("cache")));
        // The next root, timestamp, snapshot, targets and the trusted root; and nothing at all the second time.
        assert_eq!(report["network"]["requests"], server.requests().len(), "{flags:?}");
        assert_eq!(server.requests().len(), requests, "{:?}", server.paths());
    }
}
