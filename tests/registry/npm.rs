//! Packages of npm, at a registry that answers as npm's does.

use std::fs;
use std::path::Path;
use std::process::Command;

use bonafide::json::base64::STANDARD;
use bonafide::oci::{Algorithm, Digest};
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::registry::{Registry, Response, fault};
use crate::support::sigstore::signer::SIGNING_TIME;
use crate::support::sigstore::{Key, Sigstore, Version};
use crate::support::statement::{Build, STATEMENT_V1, Subject, slsa_v1};

const NAME: &str = "@acme/app";
const VERSION: &str = "1.4.2";
const REFERENCE: &str = "npm:@acme/app@1.4.2";
const PURL: &str = "pkg:npm/%40acme/app@1.4.2";
const RELEASE: &str = "/@acme%2fapp/1.4.2";
const ATTESTATIONS: &str = "/-/npm/v1/attestations/@acme%2fapp@1.4.2";
const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
const SLSA: &str = "https://slsa.dev/provenance/v1";

/// What a run ended with.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn seen(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

fn bonafide(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let output = command.args(arguments).env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { code: output.status.code().expect("no signal"), out: text(&output.stdout), err: text(&output.stderr) }
}

/// A registry with its key, and the Sigstore by which builders sign.
struct World {
    registry: Registry,
    sigstore: Sigstore,
    key: Key,
    folder: Folder,
}

/// What a registry has about one release.
#[derive(Clone)]
struct Release {
    document: Value,
    attestations: Vec<Value>,
}

fn tarball() -> Digest {
    Digest::of(Algorithm::Sha512, b"the tarball of the package")
}

fn integrity(digest: &Digest) -> String {
    format!("sha512-{}", STANDARD.encode(&digest.bytes()))
}

fn subject(name: &str, digest: &Digest) -> Value {
    json!([{"name": name, "digest": {"sha512": digest.hex()}}])
}

fn build(repository: &str) -> Build {
    Build::github(repository, ".github/workflows/release.yml", "refs/tags/v1.4.2")
}

/// Provenance of a build of this repository, about this subject.
fn provenance(repository: &str, subject: Value) -> Value {
    let mut statement = slsa_v1(&Subject::new("", &format!("sha256:{}", "0".repeat(64))), &build(repository));
    statement["subject"] = subject;
    statement
}

/// What npm says when it published a package.
fn publish(subject: &Value, name: &str, version: &str) -> Value {
    let predicate = json!({"name": name, "version": version, "registry": "https://registry.npmjs.org"});
    json!({"_type": STATEMENT_V1, "subject": subject, "predicateType": PUBLISH, "predicate": predicate})
}

fn signature(key: &Key, text: &str) -> Value {
    json!({"keyid": "SHA256:test", "sig": STANDARD.encode(&key.sign(text.as_bytes()))})
}

impl World {
    fn new() -> World {
        let world =
            World { registry: Registry::start(), sigstore: Sigstore::new(), key: Key::p256(), folder: Folder::new() };
        world.folder.write("root.json", world.sigstore.trusted_root());
        world.keys(&world.key, None);
        world
    }

    /// Trusts this key of the registry, until then.
    fn keys(&self, key: &Key, expires: Option<Timestamp>) {
        let key = json!({
            "expires": expires, "keyid": "SHA256:test", "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256",
            "key": STANDARD.encode(&key.public_der()),
        });
        self.folder.write("keys.json", json!({"keys": [key]}).to_string());
    }

    fn built(&self, statement: &Value, repository: &str) -> Value {
        let bundle = self.sigstore.attest(&build(repository).identity(), statement).bundle(Version::V03);
        json!({"predicateType": SLSA, "bundle": bundle})
    }

    fn published(&self, statement: &Value, at: Timestamp) -> Value {
        let bundle = self.sigstore.key_signer(&self.key).at(at).integrated_at(at).attest(statement);
        json!({"predicateType": PUBLISH, "bundle": bundle.bundle(Version::V03)})
    }

    /// What npm's registry has about a package that was published with provenance.
    fn honest(&self) -> Release {
        let integrity = integrity(&tarball());
        let signature = signature(&self.key, &format!("{NAME}@{VERSION}:{integrity}"));
        let document = json!({
            "_id": format!("{NAME}@{VERSION}"), "name": NAME, "version": VERSION,
            "dist": {
                "integrity": integrity, "shasum": "0".repeat(40), "signatures": [signature],
                "tarball": "https://registry.npmjs.org/@acme/app/-/app-1.4.2.tgz",
                "attestations": {
                    "url": format!("{}{ATTESTATIONS}", self.registry.url()), "provenance": {"predicateType": SLSA},
                },
            },
        });
        let about = || subject(PURL, &tarball());
        let attestations = vec![
            self.published(&publish(&about(), NAME, VERSION), SIGNING_TIME),
            self.built(&provenance("acme/app", about()), "acme/app"),
        ];
        Release { document, attestations }
    }

    fn serve(&self, release: &Release) {
        self.registry.mend();
        let answer = |path: &'static str, body: Value| {
            let body = body.to_string().into_bytes();
            self.registry.bend_when(
                move |request| request.path == path,
                move |response| *response = Response::new(200, "application/json", body.clone()),
            );
        };
        answer(RELEASE, release.document.clone());
        answer(ATTESTATIONS, json!({"attestations": release.attestations}));
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn command(&self, command: &str, more: &[&str]) -> Run {
        let (url, keys, root) = (self.registry.url(), self.file("keys.json"), self.file("root.json"));
        let common = [command, "--registry", &url, "--registry-keys", &keys, "--trusted-root", &root];
        bonafide(&[&common[..], more].concat())
    }

    fn verify(&self, more: &[&str]) -> Run {
        self.command("verify", &[&[REFERENCE, "--repo", "acme/app", "--output", "json"], more].concat())
    }

    /// The exit code of a release, and the check that each requirement fails by.
    fn judge(&self, change: impl FnOnce(&mut Release)) -> (i32, Vec<String>) {
        let mut release = self.honest();
        change(&mut release);
        self.serve(&release);
        self.outcome(&[])
    }

    fn outcome(&self, more: &[&str]) -> (i32, Vec<String>) {
        let run = self.verify(more);
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.seen()));
        let requirements = report["images"][0]["requirements"].as_array().expect("a list").clone();
        let reason = |one: &Value| {
            let findings = one["findings"].as_array().cloned().unwrap_or_default();
            let blocking = findings.iter().find(|finding| finding["outcome"] != "pass");
            let check = blocking.map_or("", |finding| finding["check"].as_str().unwrap_or_default());
            let words = (one["id"].as_str().unwrap_or_default(), one["verdict"].as_str().unwrap_or_default());
            match words {
                (id, verdict @ "verified") => format!("{id} {verdict}"),
                (id, verdict) => format!("{id} {verdict} {check}"),
            }
        };
        (run.code, requirements.iter().map(reason).collect())
    }
}

fn assert_judged((found, reasons): (i32, Vec<String>), code: i32, requirements: [&str; 2]) {
    assert_eq!((found, reasons), (code, requirements.map(str::to_owned).to_vec()));
}

#[test]
fn a_package_with_signature_and_provenance_is_verified() {
    let world = World::new();
    assert_judged(world.judge(|_| {}), 0, ["signature verified", "provenance verified"]);
    let report: Value = serde_json::from_str(&world.verify(&[]).out).expect("a report");
    let image = &report["images"][0];
    assert_eq!(image["digest"], tarball().to_string());
    assert_eq!(image["candidates"].as_array().map(Vec::len), Some(3));
    let accepted = |one: &Value| one["accepted"] == true && one["origin"]["kind"] == "npm-registry";
    assert!(image["candidates"].as_array().is_some_and(|all| all.iter().all(accepted)), "{image}");
    let level = world.outcome(&["--slsa-level", "2", "--source-ref", "refs/tags/v1.4.2"]);
    assert_judged(level, 0, ["signature verified", "provenance verified"]);
}

#[test]
fn every_output_knows_packages() {
    let world = World::new();
    world.serve(&world.honest());
    for output in ["text", "json", "jsonl", "csv", "sarif", "junit", "markdown", "html", "gitlab", "pinned"] {
        let run = world.command("verify", &[REFERENCE, "--repo", "acme/app", "--output", output]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{output}: {}", run.seen());
        assert!(!run.out.contains("127.0.0.1@"), "{output}: {}", run.out);
    }
    let run = world.command("inspect", &[REFERENCE, "--output", "json"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.seen());
    let inspected: Value = serde_json::from_str(&run.out).expect("an inspection");
    let candidates = inspected["images"][0]["candidates"].as_array().expect("a list");
    assert_eq!(candidates.iter().filter(|one| one["accepted"] == true).count(), 3, "{}", run.out);
}

#[test]
fn a_registry_without_the_endpoints_has_nothing_and_is_never_called_unsigned() {
    let world = World::new();
    let bare = world.judge(|release| {
        release.attestations.clear();
        release.document["dist"].as_object_mut().expect("an object").retain(|key, _| key == "integrity");
    });
    assert_judged(bare, 4, ["signature absent evidence-present", "provenance absent evidence-present"]);
    let mut release = world.honest();
    release.document["dist"]["attestations"] = Value::Null;
    world.serve(&release);
    world.registry.bend("attestations", fault::status(404));
    assert_judged(world.outcome(&[]), 4, ["signature verified", "provenance absent evidence-present"]);
}

#[test]
fn attestations_that_the_registry_names_and_does_not_give_are_a_gap() {
    let world = World::new();
    for status in [404, 401, 403, 500, 503] {
        world.serve(&world.honest());
        world.registry.bend("attestations", fault::status(status));
        assert_judged(world.outcome(&[]), 3, ["signature verified", "provenance undecided evidence-complete"]);
    }
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"attestations":null}"#,
        r#"{"attestations":[{}]}"#,
        r#"{"attestations":[],"attestations":[]}"#,
    ] {
        world.serve(&world.honest());
        world.registry.bend("attestations", fault::body(body.as_bytes()));
        assert_judged(world.outcome(&[]), 3, ["signature verified", "provenance undecided evidence-complete"]);
    }
    world.serve(&world.honest());
    world.registry.bend(RELEASE, fault::status(500));
    assert_judged(world.outcome(&[]), 3, ["signature undecided image-resolved", "provenance undecided image-resolved"]);
}

#[test]
fn a_release_that_is_not_the_one_that_was_asked_for_is_undecided() {
    let world = World::new();
    let undecided = ["signature undecided image-resolved", "provenance undecided image-resolved"];
    let sha1 = "sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ=";
    for (pointer, value) in [
        ("/name", json!("@acme/other")),
        ("/version", json!("1.4.1")),
        ("/version", json!(1)),
        ("/dist/integrity", json!(sha1)),
        ("/dist/integrity", Value::Null),
        ("/dist/integrity", json!(format!("{} {sha1}", integrity(&tarball())))),
        ("/dist/signatures", json!(vec![json!({"keyid": "x", "sig": "AA=="}); 33])),
        ("/dist", json!([])),
    ] {
        let judged = world.judge(|release| *release.document.pointer_mut(pointer).expect(pointer) = value);
        assert_judged(judged, 3, undecided);
    }
}

#[test]
fn an_attestation_of_another_tarball_name_or_version_is_refused() {
    let world = World::new();
    let other = Digest::of(Algorithm::Sha512, b"another tarball");
    for (about, check) in [
        (subject(PURL, &other), "subject-digest"),
        (subject("pkg:npm/%40acme/app@1.4.1", &tarball()), "subject-name"),
        (subject("pkg:npm/%40evil/app@1.4.2", &tarball()), "subject-name"),
        (subject("pkg:npm/@acme/app@1.4.2", &tarball()), "subject-name"),
        (subject("@acme/app@1.4.2", &tarball()), "subject-name"),
        (json!([{"digest": {"sha512": tarball().hex()}}]), "subject-name"),
        // The digest of one subject and the name of another make no subject.
        (
            json!([
                {"name": PURL, "digest": {"sha512": other.hex()}},
                {"name": "pkg:npm/other@1.0.0", "digest": {"sha512": tarball().hex()}},
            ]),
            "subject-name",
        ),
        (json!([{"name": PURL, "digest": {"sha256": tarball().hex()[..64]}}]), "subject-digest"),
    ] {
        let refused = format!("provenance rejected {check}");
        let provenance = world.built(&provenance("acme/app", about.clone()), "acme/app");
        assert_judged(world.judge(|release| release.attestations[1] = provenance), 1, ["signature verified", &refused]);
        let refused = format!("signature rejected {check}");
        let published = world.published(&publish(&about, NAME, VERSION), SIGNING_TIME);
        let judged = world.judge(|release| {
            release.attestations[0] = published;
            release.document["dist"]["signatures"] = json!([]);
        });
        assert_judged(judged, 1, [&refused, "provenance verified"]);
    }
    for (name, version) in [("@acme/other", VERSION), (NAME, "1.4.1")] {
        let published = world.published(&publish(&subject(PURL, &tarball()), name, version), SIGNING_TIME);
        let judged = world.judge(|release| {
            release.attestations[0] = published;
            release.document["dist"]["signatures"] = json!([]);
        });
        assert_judged(judged, 1, ["signature rejected subject-name", "provenance verified"]);
    }
}

#[test]
fn provenance_of_another_repository_is_refused() {
    let world = World::new();
    let foreign = world.built(&provenance("mallory/app", subject(PURL, &tarball())), "mallory/app");
    let judged = world.judge(|release| release.attestations[1] = foreign);
    assert_judged(judged, 1, ["signature verified", "provenance rejected signer-identity"]);
    // What it says of the source is not believed against its signer.
    let lies = world.built(&provenance("acme/app", subject(PURL, &tarball())), "mallory/app");
    let judged = world.judge(|release| release.attestations[1] = lies);
    assert_judged(judged, 1, ["signature verified", "provenance rejected signer-identity"]);
}

#[test]
fn what_the_registry_signs_says_nothing_about_the_source() {
    let world = World::new();
    let judged = world.judge(|release| drop(release.attestations.remove(1)));
    assert_judged(judged, 4, ["signature verified", "provenance absent evidence-present"]);
    // Provenance that the registry signed itself is nobody's build.
    let own = world.published(&provenance("acme/app", subject(PURL, &tarball())), SIGNING_TIME);
    let (code, requirements) = world.judge(|release| release.attestations[1] = own);
    assert_eq!((code, requirements[0].as_str()), (1, "signature verified"));
    assert!(requirements[1].starts_with("provenance rejected"), "{requirements:?}");
    // And a publish attestation that a builder signed is not the registry's.
    let own = world.built(&publish(&subject(PURL, &tarball()), NAME, VERSION), "acme/app");
    let (code, requirements) = world.judge(|release| {
        release.attestations[0] = own;
        release.document["dist"]["signatures"] = json!([]);
    });
    assert_eq!((code, requirements[1].as_str()), (1, "provenance verified"));
    assert!(requirements[0].starts_with("signature rejected"), "{requirements:?}");
    let run = world.verify(&["--require", "signature"]);
    assert!(run.code == 2 && run.err.contains("require provenance too"), "{}", run.seen());
}

#[test]
fn a_registry_signature_is_over_this_very_line_by_a_known_key() {
    let world = World::new();
    let (good, other) = (integrity(&tarball()), integrity(&Digest::of(Algorithm::Sha512, b"another tarball")));
    for text in [
        format!("@acme/app@1.4.1:{good}"),
        format!("acme/app@1.4.2:{good}"),
        format!("@acme/app@1.4.2:{other}"),
        good.clone(),
        String::new(),
    ] {
        let signature = self::signature(&world.key, &text);
        let judged = world.judge(|release| {
            release.document["dist"]["signatures"] = json!([signature]);
            release.attestations.remove(0);
        });
        assert_judged(judged, 1, ["signature rejected signer-key", "provenance verified"]);
    }
    let text = format!("{NAME}@{VERSION}:{good}");
    let stranger = signature(&Key::p256(), &text);
    let judged = world.judge(|release| {
        release.document["dist"]["signatures"] = json!([stranger, stranger]);
        release.attestations.remove(0);
    });
    assert_judged(judged, 1, ["signature rejected signer-key", "provenance verified"]);
    let judged = world.judge(|release| {
        release.document["dist"]["signatures"] = json!([{"keyid": "SHA256:test", "sig": "%"}]);
        release.attestations.remove(0);
    });
    assert_judged(judged, 1, ["signature rejected bundle-format", "provenance verified"]);
}

#[test]
fn a_key_that_has_expired_needs_a_time_that_somebody_vouches_for() {
    let world = World::new();
    let at = |hours: i64| SIGNING_TIME + Span::new().hours(hours);
    world.keys(&world.key, Some(at(1)));
    // The log says when the publish attestation was signed; nothing says it of the registry's signature.
    assert_judged(world.judge(|_| {}), 0, ["signature verified", "provenance verified"]);
    let judged = world.judge(|release| drop(release.attestations.remove(0)));
    assert_judged(judged, 3, ["signature undecided signed-time", "provenance verified"]);
    // The registry's own word on the time does not count.
    let judged = world.judge(|release| {
        release.attestations.remove(0);
        release.document["time"] = json!({VERSION: SIGNING_TIME});
    });
    assert_judged(judged, 3, ["signature undecided signed-time", "provenance verified"]);
    let late = world.published(&publish(&subject(PURL, &tarball()), NAME, VERSION), at(2));
    let judged = world.judge(|release| {
        release.attestations[0] = late;
        release.document["dist"]["signatures"] = json!([]);
    });
    assert_judged(judged, 1, ["signature rejected signed-time", "provenance verified"]);
}

#[test]
fn an_address_that_the_registry_names_is_not_asked() {
    let world = World::new();
    let elsewhere = Registry::start();
    let judged = world.judge(|release| {
        release.document["dist"]["attestations"]["url"] = json!(format!("{}/attestations", elsewhere.url()));
        release.document["dist"]["tarball"] = json!(format!("{}/app.tgz", elsewhere.url()));
    });
    assert_judged(judged, 0, ["signature verified", "provenance verified"]);
    assert_eq!(elsewhere.requests().len(), 0);
    let mut paths = world.registry.paths();
    paths.sort();
    assert_eq!(paths, [ATTESTATIONS, RELEASE]);
}

#[test]
fn one_attestation_among_many_is_enough_and_is_judged_once() {
    let world = World::new();
    let foreign = world.built(&provenance("mallory/app", subject(PURL, &tarball())), "mallory/app");
    let judged = world.judge(|release| {
        let own = release.attestations[1].clone();
        release.attestations.extend([foreign, own.clone(), own]);
    });
    assert_judged(judged, 0, ["signature verified", "provenance verified"]);
    let report: Value = serde_json::from_str(&world.verify(&[]).out).expect("a report");
    assert_eq!(report["images"][0]["candidates"].as_array().map(Vec::len), Some(4));
    let many = world.judge(|release| {
        let one = release.attestations[1].clone();
        release.attestations = vec![one; 257];
    });
    assert_judged(many, 3, ["signature verified", "provenance undecided evidence-complete"]);
}

#[test]
fn a_policy_reaches_packages_by_patterns_for_packages_alone() {
    let world = World::new();
    world.serve(&world.honest());
    let judge = |pattern: &str, require: &str| {
        let text = format!(
            "version: 1\nimages:\n- match: '{pattern}'\n  trust: [./root.json]\n  signers: [{{github: {{repository: acme/app}}}}]\n  require: {require}\n"
        );
        let policy = world.folder.write("policy.yaml", text).display().to_string();
        let (url, keys) = (world.registry.url(), world.file("keys.json"));
        let arguments = ["verify", REFERENCE, "--policy", &policy, "--registry", &url, "--registry-keys", &keys];
        bonafide(&arguments)
    };
    for pattern in ["pkg:npm/%40acme/app", "pkg:npm/%40acme/*", "pkg:npm/**"] {
        let run = judge(pattern, "[signature, provenance]");
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{pattern}: {}", run.seen());
    }
    for pattern in ["**", "*/**", "pkg:npm/*", "pkg:npm/%40other/**"] {
        let run = judge(pattern, "[signature, provenance]");
        assert!(run.code == 2 && run.err.contains("no rule"), "{pattern}: {}", run.seen());
    }
    for (pattern, hint) in [
        ("pkg:npm/@acme/app", "pkg:npm/%40acme/app"),
        ("pkg:npm/app@1.0.0", "write pkg:npm/app"),
        ("pkg:npm/", "pkg:npm/NAME"),
        ("pkg:npm/a b", "pkg:npm/NAME"),
    ] {
        let run = judge(pattern, "[signature]");
        assert!(run.code == 2 && run.err.contains(hint), "{pattern}: {}", run.seen());
    }
    let run = judge("pkg:npm/**", "[signature]");
    assert!(run.code == 2 && run.err.contains("says nothing about the signer"), "{}", run.seen());
    assert_eq!(judge("pkg:npm/**", "[provenance]").code, 0);
    assert_eq!(judge("pkg:npm/**", "[provenance, sbom]").code, 4);
}

#[test]
fn a_key_of_the_users_own_stands_for_the_registry() {
    let world = World::new();
    world.serve(&world.honest());
    let key = world.folder.write("registry.pem", world.key.public_pem()).display().to_string();
    let other = world.folder.write("other.pem", Key::p256().public_pem()).display().to_string();
    let judge = |key: &str| {
        let arguments = [REFERENCE, "--key", key, "--key-without-log", "--require", "signature"];
        world.command("verify", &arguments).code
    };
    assert_eq!((judge(&key), judge(&other)), (0, 1));
}

#[test]
fn a_package_is_named_by_an_exact_version_and_is_no_image() {
    let world = World::new();
    for reference in ["npm:@acme/app", "npm:@acme/app@latest", "npm:@acme/app@^1.4.0", "npm:", "npm:../x@1.0.0"] {
        let run = world.command("verify", &[reference, "--repo", "acme/app"]);
        assert!(run.code == 2 && run.err.contains("npm:NAME@VERSION"), "{reference}: {}", run.seen());
    }
    assert_eq!(world.command("audit", &[REFERENCE, "--repo", "acme/app"]).code, 2);
    let to = world.file("pack");
    assert_eq!(world.command("collect", &[REFERENCE, "--repo", "acme/app", "--to", &to]).code, 2);
    for arguments in
        [&["doctor", REFERENCE][..], &["verify", "ghcr.io/acme/app", "--repo", "a/b", "--not-weaker-than", REFERENCE]]
    {
        let run = bonafide(arguments);
        assert!(run.code == 2 && run.err.contains("is a package of npm"), "{}", run.seen());
    }
    let plain = bonafide(&["verify", REFERENCE, "--repo", "acme/app", "--registry", "http://npm.acme.example"]);
    assert!(plain.code == 2 && plain.err.contains("https"), "{}", plain.seen());
    assert_eq!(world.registry.requests().len(), 0);
}

/// A lock file of these packages: path, and what else is said of each.
fn lock(world: &World, packages: &[(&str, Value)]) -> String {
    let mut all = serde_json::Map::from_iter([(String::new(), json!({"name": "project", "version": "0.0.0"}))]);
    all.extend(packages.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())));
    let text = serde_json::to_string_pretty(&json!({"lockfileVersion": 3, "packages": all})).expect("JSON");
    world.folder.write("package-lock.json", text).display().to_string()
}

#[test]
fn a_lock_file_is_verified_by_the_integrity_in_it() {
    let world = World::new();
    world.serve(&world.honest());
    let judge = |packages: &[(&str, Value)]| {
        let run =
            world.command("verify", &["--lock", &lock(&world, packages), "--repo", "acme/app", "--output", "json"]);
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.seen()));
        let verdict = |image: &Value| {
            let line = image["location"]["line"].as_u64().expect("a line");
            format!(
                "{} {} {line}",
                image["reference"].as_str().unwrap_or_default(),
                image["verdict"].as_str().unwrap_or_default()
            )
        };
        let images = report["images"].as_array().expect("a list");
        (run.code, images.iter().map(verdict).collect::<Vec<_>>())
    };
    let good =
        json!({"version": VERSION, "integrity": integrity(&tarball()), "resolved": "https://registry.npmjs.org/x.tgz"});
    let honest = judge(&[("node_modules/@acme/app", good.clone())]);
    assert_eq!(honest, (0, vec!["npm:@acme/app@1.4.2 verified 8".to_owned()]));
    // Somebody wrote another tarball into the lock file, under the same name and version.
    let other = integrity(&Digest::of(Algorithm::Sha512, b"another tarball"));
    let injected = json!({"version": VERSION, "integrity": other, "resolved": "https://evil.example/x.tgz"});
    let rejected = judge(&[("node_modules/@acme/app", injected.clone())]);
    assert_eq!(rejected, (1, vec!["npm:@acme/app@1.4.2 rejected 8".to_owned()]));
    let run = world.command("verify", &["--lock", &world.file("package-lock.json"), "--repo", "acme/app"]);
    assert!(run.out.contains("the registry states another integrity"), "{}", run.seen());
    let both = judge(&[("node_modules/@acme/app", good.clone()), ("node_modules/b/node_modules/@acme/app", injected)]);
    assert_eq!(both.0, 1);
    // What names no release is never left out, and never a pass.
    for entry in [
        json!({"version": VERSION}),
        json!({"version": VERSION, "integrity": "sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ="}),
        json!({"version": VERSION, "integrity": integrity(&tarball()), "resolved": "git+ssh://git@github.com/a/b.git#0"}),
        json!({"resolved": "../elsewhere", "link": true}),
    ] {
        let judged = judge(&[("node_modules/@acme/app", good.clone()), ("node_modules/b", entry)]);
        assert_eq!(judged.0, 3);
        assert!(judged.1.contains(&"node_modules/b undecided 13".to_owned()), "{judged:?}");
    }
    let alias = json!({"name": NAME, "version": VERSION, "integrity": integrity(&tarball())});
    assert_eq!(judge(&[("node_modules/alias", alias)]).0, 0);
    let missing = json!({"version": "9.9.9", "integrity": integrity(&tarball())});
    assert_eq!(judge(&[("node_modules/@acme/app", missing)]).0, 3);
}

#[test]
fn a_lock_file_of_pnpm_or_yarn_is_verified_like_that_of_npm() {
    let world = World::new();
    world.serve(&world.honest());
    let judge = |name: &str, text: &str| {
        let file = world.folder.write(name, text).display().to_string();
        let run = world.command("verify", &["--lock", &file, "--repo", "acme/app", "--output", "json"]);
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.seen()));
        (run.code, report["images"].as_array().expect("a list").clone())
    };
    let (good, other) = (integrity(&tarball()), integrity(&Digest::of(Algorithm::Sha512, b"another tarball")));
    let nine = |integrity: &str| {
        format!(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    devDependencies:\n      app: {{specifier: 'npm:@acme/app', version: '@acme/app@1.4.2'}}\n\
             packages:\n  '@acme/app@1.4.2':\n    resolution: {{integrity: {integrity}}}\nsnapshots:\n  '@acme/app@1.4.2': {{}}\n"
        )
    };
    let six = |integrity: &str| {
        format!(
            "lockfileVersion: '6.0'\npackages:\n  /@acme/app@1.4.2(x@1.0.0):\n    resolution: {{integrity: {integrity}}}\n"
        )
    };
    let classic = |integrity: &str| {
        format!(
            "\"@acme/app@^1.4.0\":\n  version \"1.4.2\"\n  resolved \"https://registry.yarnpkg.com/x.tgz\"\n  integrity {integrity}\n"
        )
    };
    for (name, of, line) in [
        ("pnpm-lock.yaml", &nine as &dyn Fn(&str) -> String, 7),
        ("pnpm-lock.yaml", &six, 3),
        ("yarn.lock", &classic, 1),
    ] {
        let (code, images) = judge(name, &of(&good));
        let found = (code, &images[0]["reference"], &images[0]["verdict"], &images[0]["location"]["line"]);
        assert_eq!(found, (0, &json!(REFERENCE), &json!("verified"), &json!(line)), "{name}");
        let (code, images) = judge(name, &of(&other));
        assert_eq!((code, &images[0]["reason"]["check"]), (1, &json!("image-pinned")), "{name}");
    }
    let (_, images) = judge("pnpm-lock.yaml", &nine(&good));
    let dependency = json!({"direct": true, "development": true, "optional": false});
    assert_eq!(images[0]["location"]["dependency"], dependency);
    let run = world.command("verify", &["--lock", &world.file("pnpm-lock.yaml"), "--repo", "acme/app"]);
    assert!(run.code == 0 && run.out.contains("pnpm-lock.yaml:7, for development"), "{}", run.seen());
    // The registry is not even asked: nothing of its answer would be bound to what yarn installs.
    world.registry.forget_requests();
    let berry = "__metadata:\n  version: 8\n\n\"@acme/app@npm:^1.4.0\":\n  version: 1.4.2\n  resolution: \"@acme/app@npm:1.4.2\"\n  checksum: 10c0/00\n";
    let (code, images) = judge("yarn.lock", berry);
    assert_eq!((code, &images[0]["verdict"], world.registry.requests().len()), (3, &json!("undecided"), 0));
    let run = world.command("verify", &["--lock", &world.file("yarn.lock"), "--repo", "acme/app"]);
    assert!(run.out.contains("archive that yarn makes") && run.out.contains("npm:NAME@VERSION"), "{}", run.seen());
}

#[test]
fn a_lock_file_in_sarif_has_the_line_of_the_package() {
    let world = World::new();
    let mut release = world.honest();
    release.attestations.remove(1);
    world.serve(&release);
    let good = json!({"version": VERSION, "integrity": integrity(&tarball())});
    let file = lock(&world, &[("node_modules/@acme/app", good)]);
    let run = world.command("verify", &["--lock", &file, "--repo", "acme/app", "--output", "sarif"]);
    let sarif: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.seen()));
    assert_eq!((run.code, sarif["runs"][0]["results"].as_array().map(Vec::len)), (4, Some(1)), "{}", run.out);
    // Only a file below the folder of the run has a place in the repository.
    let near = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm-package-lock.json");
    fs::copy(&file, &near).expect("a copy");
    if let Ok(near) = near.strip_prefix(env!("CARGO_MANIFEST_DIR")) {
        let near = near.display().to_string();
        let run = world.command("verify", &["--lock", &near, "--repo", "acme/app", "--output", "sarif"]);
        let sarif: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.seen()));
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&json!(near), &json!(8)));
    }
    for (arguments, said) in [
        (&["verify", "--lock", "Cargo.toml", "--repo", "a/b"][..], "cannot read the packages"),
        (&["verify", "--lock", &file, "--repo", "a/b", "--require", "signature"], "require provenance too"),
        (&["audit", "ghcr.io/a/b", "--lock", &file, "--repo", "a/b"], "--lock"),
    ] {
        let run = bonafide(arguments);
        assert!(run.code == 2 && run.err.contains(said), "{}", run.seen());
    }
}
