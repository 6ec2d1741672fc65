//! Files of this machine, with evidence beside them, given for them, and kept by GitHub.

use std::fs;

use bonafide::json::base64::STANDARD;
use serde_json::{Value, json};

use crate::support::digest::{hex, oci_digest, sha256_hex};
use crate::support::folder::Folder;
use crate::support::program::{Program, Run};
use crate::support::registry::{Registry, Response};
use crate::support::sigstore::key::{SHA2_384, SHA2_512};
use crate::support::sigstore::signed::legacy_bundle;
use crate::support::sigstore::{Evidence, Key, Signed, Sigstore, Version};
use crate::support::statement::{Build, Subject, slsa_v1};

const CONTENT: &[u8] = b"the content of the file";
const BY_ACME: [&str; 4] = ["--repo", "acme/app", "--trusted-root", "root.json"];

/// A file `dist/app.tar.gz`, and the Sigstore that it is signed by.
struct World {
    sigstore: Sigstore,
    folder: Folder,
}

impl World {
    fn new() -> World {
        let world = World { sigstore: Sigstore::new(), folder: Folder::new() };
        world.folder.write("root.json", world.sigstore.trusted_root());
        world.folder.write("dist/app.tar.gz", CONTENT);
        world
    }

    fn build() -> Build {
        Build::github("acme/app", ".github/workflows/release.yml", "refs/tags/v1.4.2")
    }

    fn signed(&self, content: &[u8]) -> Signed {
        self.sigstore.signer(&World::build().identity()).sign_bytes(content)
    }

    fn provenance(&self, digest: Value) -> Value {
        let mut statement = slsa_v1(&Subject::new("app.tar.gz", &oci_digest(CONTENT)), &World::build());
        statement["subject"][0]["digest"] = digest;
        self.sigstore.attest(&World::build().identity(), &statement).bundle(Version::V03)
    }

    fn about(content: &[u8]) -> Value {
        json!({"sha256": sha256_hex(content)})
    }

    /// Writes a file of evidence beside the file, and removes what lay there before.
    fn beside(&self, files: &[(&str, &[u8])]) {
        for entry in fs::read_dir(self.folder.path().join("dist")).expect("a folder") {
            let path = entry.expect("an entry").path();
            if !path.ends_with("app.tar.gz") {
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
            }
        }
        for (ending, bytes) in files {
            self.folder.write(&format!("dist/app.tar.gz{ending}"), bytes);
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Program::new(arguments).within(self.folder.path()).run()
    }

    fn verify(&self, more: &[&str]) -> Judged {
        let run = self.run(&[&["verify", "file:dist/app.tar.gz", "--output", "json"], &BY_ACME[..], more].concat());
        let report = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.seen()));
        Judged { exit: run.exit, report }
    }

    /// Judges these files of evidence by the requirement of a signature alone.
    fn signature(&self, files: &[(&str, &[u8])]) -> Judged {
        self.beside(files);
        self.verify(&["--require", "signature"])
    }
}

struct Judged {
    exit: i32,
    report: Value,
}

impl Judged {
    fn image(&self) -> &Value {
        &self.report["images"][0]
    }

    /// What each requirement came to, and the first check that speaks against it.
    fn requirements(&self) -> Vec<String> {
        let requirements = self.image()["requirements"].as_array().expect("a list");
        let one = |one: &Value| {
            let findings = one["findings"].as_array().expect("findings");
            let blocking = findings.iter().find(|finding| finding["outcome"] != "pass" && one["verdict"] != "verified");
            let check = blocking.map_or("", |finding| finding["check"].as_str().expect("a check"));
            let word = |name: &str| one[name].as_str().expect("a word");
            format!("{} {} {check}", word("id"), word("verdict")).trim_end().to_owned()
        };
        requirements.iter().map(one).collect()
    }

    fn text(&self) -> String {
        self.image().to_string()
    }
}

#[test]
fn a_file_is_verified_by_the_bundles_beside_it() {
    let world = World::new();
    let provenance = world.provenance(World::about(CONTENT)).to_string();
    world.beside(&[(".sigstore.json", provenance.as_bytes())]);
    let judged = world.verify(&[]);
    assert_eq!(
        (judged.exit, judged.requirements()),
        (0, vec!["signature verified".into(), "provenance verified".into()])
    );
    let image = judged.image();
    assert_eq!((&image["digest"], &image["reference"]), (&json!(oci_digest(CONTENT)), &json!("file:dist/app.tar.gz")));
    assert_eq!(image["candidates"][0]["origin"], json!({"kind": "file", "place": "dist/app.tar.gz.sigstore.json"}));
    let lines = format!("{provenance}\n{}\n", world.signed(b"another file").bundle(Version::V03));
    world.beside(&[(".intoto.jsonl", lines.as_bytes())]);
    assert_eq!(world.verify(&[]).exit, 0, "any one of several is enough");
    let message = world.signed(CONTENT).bundle(Version::V03).to_string();
    for ending in [".sigstore.json", ".sigstore", ".bundle"] {
        assert_eq!(world.signature(&[(ending, message.as_bytes())]).exit, 0, "{ending}");
    }
    let judged = world.verify(&[]);
    assert_eq!((judged.exit, &judged.requirements()[1][..]), (4, "provenance absent evidence-present"));
}

#[test]
fn a085_evidence_on_another_file_is_refused_with_both_digests() {
    let world = World::new();
    for other in [world.signed(b"another file").bundle(Version::V03), world.provenance(World::about(b"another file"))] {
        let judged = world.signature(&[(".sigstore.json", other.to_string().as_bytes())]);
        assert_eq!((judged.exit, judged.requirements()), (1, vec!["signature rejected subject-digest".to_owned()]));
        for digest in [oci_digest(CONTENT), oci_digest(b"another file")] {
            assert!(judged.text().contains(&digest), "{}", judged.text());
        }
    }
}

#[test]
fn a_signature_without_its_log_entry_says_what_is_missing() {
    let world = World::new();
    let signed = world.signed(CONTENT);
    let layer = signed.legacy_layer();
    let part = |name: &str| layer.annotations[name].as_str().expect("a text").to_owned();
    let (signature, certificate) =
        (part("dev.cosignproject.cosign/signature"), part("dev.sigstore.cosign/certificate"));
    // cosign writes the certificate in base64 once more.
    let packed = STANDARD.encode(certificate.as_bytes());
    for pem in [&certificate, &packed] {
        let judged = world.signature(&[(".sig", signature.as_bytes()), (".pem", pem.as_bytes())]);
        assert_eq!((judged.exit, judged.requirements()), (1, vec!["signature rejected transparency-log".to_owned()]));
        assert!(judged.text().contains("give it with `--bundle FILE`"), "{}", judged.text());
    }
    let entry = legacy_bundle(&signed.entries[0]);
    let entry: Value = serde_json::from_str(&entry).expect("an entry");
    let old = json!({"base64Signature": signature, "cert": packed, "rekorBundle": entry}).to_string();
    let judged = world.signature(&[(".bundle", old.as_bytes())]);
    assert_eq!((judged.exit, judged.requirements()), (0, vec!["signature verified".to_owned()]), "cosign's own bundle");
    let other = world.signed(b"another file");
    let stolen = other.legacy_layer().annotations["dev.cosignproject.cosign/signature"].clone();
    let old = json!({"base64Signature": stolen, "cert": packed, "rekorBundle": entry}).to_string();
    assert_eq!(world.signature(&[(".bundle", old.as_bytes())]).exit, 1);
}

#[test]
fn an_envelope_without_a_bundle_is_read_and_proves_nothing_without_its_log_entry() {
    let world = World::new();
    let bundle = world.provenance(World::about(CONTENT));
    let mut envelope = bundle["dsseEnvelope"].clone();
    world.beside(&[(".intoto.jsonl", envelope.to_string().as_bytes())]);
    assert_eq!(world.verify(&[]).exit, 1);
    let der = bundle["verificationMaterial"]["certificate"]["rawBytes"].as_str().expect("a certificate");
    envelope["signatures"][0]["cert"] =
        json!(format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"));
    world.beside(&[(".intoto.jsonl", envelope.to_string().as_bytes())]);
    let judged = world.verify(&[]);
    assert_eq!((judged.exit, &judged.requirements()[1][..]), (1, "provenance rejected transparency-log"));
    assert!(judged.text().contains("give it with `--bundle FILE`"), "{}", judged.text());
}

#[test]
fn keys_sign_files_with_every_hash_and_without_a_log() {
    let world = World::new();
    for key in [Key::p256(), Key::p384(), Key::p521(), Key::ed25519(), Key::ed25519ph()] {
        world.folder.write("key.pub", key.public_pem());
        let run = |files: &[(&str, &[u8])], more: &[&str]| {
            world.beside(files);
            let all = ["verify", "file:dist/app.tar.gz", "--key", "key.pub", "--require", "signature"];
            world.run(&[&all[..], &["--trusted-root", "root.json"], more].concat())
        };
        let bundle = world.sigstore.key_signer(&key).sign_bytes(CONTENT).bundle(Version::V03).to_string();
        let kind = key.details();
        // Rekor v1 records no signature of pure Ed25519 on a digest.
        let logged = i32::from(kind == "PKIX_ED25519");
        assert_eq!(run(&[(".sigstore.json", bundle.as_bytes())], &[]).exit, logged, "{kind}");
        let signature = key.sign(CONTENT);
        let letters = STANDARD.encode(&signature);
        for form in [&signature[..], letters.as_bytes(), format!("{letters}\n").as_bytes()] {
            assert_eq!(run(&[(".sig", form)], &["--key-without-log"]).exit, 0, "{kind}");
        }
        assert_eq!(run(&[(".sig", letters.as_bytes())], &[]).exit, 1, "{kind}");
        let other = STANDARD.encode(&key.sign(b"another file"));
        assert_eq!(run(&[(".sig", other.as_bytes())], &["--key-without-log"]).exit, 1, "{kind}");
    }
}

#[test]
fn signatures_of_other_tools_are_no_evidence() {
    let world = World::new();
    let files: [&[u8]; 3] = [
        b"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n",
        &[0x89, 0x01, 0x33, 0x04, 0x00, 0x01],
        b"untrusted comment: signature from minisign\nRUQ=\n",
    ];
    for file in files {
        let judged = world.signature(&[(".sig", file)]);
        assert_eq!((judged.exit, judged.requirements()), (4, vec!["signature absent evidence-present".to_owned()]));
        assert!(judged.text().contains("(not evidence)"), "{}", judged.text());
    }
}

#[test]
fn subjects_may_name_a_file_by_longer_digests_and_contradict_none() {
    let world = World::new();
    let digests = |content: &[u8]| [("sha384", hex(&SHA2_384.of(content))), ("sha512", hex(&SHA2_512.of(content)))];
    for ((name, own), (_, others)) in digests(CONTENT).into_iter().zip(digests(b"another file")) {
        let judge = |digest: Value| {
            world.beside(&[(".sigstore.json", world.provenance(digest).to_string().as_bytes())]);
            world.verify(&[]).exit
        };
        assert_eq!(judge(json!({name: own})), 0, "{name}");
        assert_eq!(judge(json!({name: others})), 1, "{name}");
        assert_eq!(judge(json!({"sha256": sha256_hex(CONTENT), name: others})), 1, "{name}");
    }
}

#[test]
fn a023_what_lies_there_and_cannot_be_read_leaves_it_undecided() {
    let world = World::new();
    world.beside(&[]);
    fs::create_dir(world.folder.path().join("dist/app.tar.gz.sig")).expect("a folder");
    let judged = world.verify(&[]);
    assert_eq!(judged.exit, 3);
    assert!(judged.text().contains("dist/app.tar.gz.sig"), "{}", judged.text());
    world.beside(&[]);
    let judged = world.verify(&[]);
    assert_eq!(
        (judged.exit, judged.requirements()),
        (4, vec!["signature absent evidence-present".to_owned(), "provenance absent evidence-present".to_owned(),])
    );
    let found = "nothing beside dist/app.tar.gz (.sigstore.json, .sigstore, .bundle, .intoto.jsonl or .sig)";
    assert!(judged.text().contains(found), "{}", judged.text());
}

#[test]
#[cfg(unix)]
fn a297_only_regular_files_are_targets() {
    use std::os::unix::fs::symlink;
    use std::process::Command;
    let world = World::new();
    let at = |name: &str| world.folder.path().join(name);
    symlink("loop", at("loop")).expect("a link");
    symlink("dist/app.tar.gz", at("linked")).expect("a link");
    assert!(Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo").success());
    let run = |file: &str| world.run(&[&["verify", file], &BY_ACME[..]].concat());
    for (file, said) in [
        ("file:dist", "a directory"),
        ("file:pipe", "a pipe"),
        ("file:missing", "No such file"),
        ("file:dist/", "is the path of a folder"),
        ("file:", "no path is named"),
        ("file://host/app", "another machine"),
    ] {
        let error = run(file).usage_error();
        assert!(error.contains(said), "{file}: {error}");
    }
    assert_eq!(run("file:loop").exit, 3);
    assert_eq!(run("file:linked").exit, 4, "the evidence lies beside the name that was given");
}

#[test]
fn given_bundles_count_as_those_beside_the_file() {
    let world = World::new();
    world.beside(&[]);
    world.folder.write("evidence.jsonl", format!("{}\n", world.provenance(World::about(CONTENT))));
    assert_eq!(world.verify(&["--bundle", "evidence.jsonl"]).exit, 0);
    let missing = world.run(&[&["verify", "file:dist/app.tar.gz", "--bundle", "missing"], &BY_ACME[..]].concat());
    assert!(missing.usage_error().contains("missing"));
    let error = world.run(&[&["verify", "oci:x", "--bundle", "evidence.jsonl"], &BY_ACME[..]].concat()).usage_error();
    assert!(error.contains("no file is verified") || error.contains("no such file"), "{error}");
    let error = world.run(&[&["audit", "ghcr.io/acme/app", "--bundle", "x"], &BY_ACME[..]].concat()).usage_error();
    assert!(error.contains("`--bundle`"), "{error}");
    for command in
        [["collect", "--to", "pack"], ["diff", "--offline", "ghcr.io/acme/app"], ["audit", "-q", "--offline"]]
    {
        let error = world.run(&[&command[..], &["file:dist/app.tar.gz"], &BY_ACME[..]].concat()).usage_error();
        assert!(error.contains("`file:"), "{error}");
    }
}

#[test]
fn a_policy_reaches_files_by_their_names_alone() {
    let world = World::new();
    world.beside(&[(".sigstore.json", world.provenance(World::about(CONTENT)).to_string().as_bytes())]);
    let policy = |pattern: &str| {
        let rule = format!(
            "  - match: \"{pattern}\"\n    signers: [{{github: acme/app}}]\n    require: [signature, provenance]\n"
        );
        world.folder.write("bonafide.yaml", format!("version: 1\ntrust: [./root.json]\nimages:\n{rule}"));
        let absolute = format!("file:{}", world.folder.path().join("dist/app.tar.gz").display());
        ["file:dist/app.tar.gz", "file:./dist/../dist/app.tar.gz", &absolute].map(|file| world.run(&["verify", file]))
    };
    for pattern in ["file:app.tar.gz", "file:app*", "file:*", "file:**"] {
        assert_eq!(policy(pattern).map(|run| run.exit), [0, 0, 0], "{pattern}");
    }
    for pattern in ["**", "*/app.tar.gz", "file:*.zip"] {
        for run in policy(pattern) {
            assert!(run.usage_error().contains("no rule"), "{pattern}");
        }
    }
    for (pattern, hint) in
        [("file:dist/app.tar.gz", "write file:app.tar.gz"), ("file:", "file:NAME"), ("file:/", "file:*")]
    {
        for run in policy(pattern) {
            let error = run.usage_error();
            assert!(error.contains(hint), "{pattern}: {error}");
        }
    }
}

#[test]
fn the_expected_digest_of_a_file_may_be_a_longer_one() {
    let world = World::new();
    world.beside(&[(".sigstore.json", world.provenance(World::about(CONTENT)).to_string().as_bytes())]);
    let exit = |digest: &str| world.verify(&["--expect-digest", digest]).exit;
    assert_eq!(exit(&oci_digest(CONTENT)), 0);
    assert_eq!(exit(&oci_digest(b"another file")), 1);
}

#[test]
fn inspect_shows_the_evidence_of_a_file_and_suggests_a_policy() {
    let world = World::new();
    world.beside(&[(".sigstore.json", world.provenance(World::about(CONTENT)).to_string().as_bytes())]);
    let inspect = |more: &[&str]| {
        world.run(&[&["inspect", "file:dist/app.tar.gz", "--trusted-root", "root.json"], more].concat())
    };
    let seen = inspect(&[]).success();
    assert!(
        seen.contains("acme/app/.github/workflows/release.yml") && seen.contains("slsa.dev/provenance/v1"),
        "{seen}"
    );
    let policy = inspect(&["--suggest-policy"]).stdout;
    assert!(policy.contains("- match: file:app.tar.gz"), "{policy}");
    world.folder.write("bonafide.yaml", policy);
    let run = world.run(&["verify", "file:dist/app.tar.gz"]);
    assert_eq!(run.exit, 0, "{}", run.seen());
}

#[test]
fn github_is_asked_for_the_digest_of_the_file() {
    let world = World::new();
    world.beside(&[]);
    let github = Registry::start();
    let api = format!("--github-api={}", github.url());
    let body = json!({"attestations": [{"bundle": world.provenance(World::about(CONTENT))}]}).to_string();
    let path = format!("/repos/acme/app/attestations/{}", oci_digest(CONTENT));
    github.bend(&path, move |response| *response = Response::new(200, "application/json", body.clone().into_bytes()));
    let judged = world.verify(&[&api]);
    assert_eq!(judged.exit, 0, "{}", judged.text());
    assert_eq!(judged.image()["candidates"][0]["origin"]["kind"], "github-api");
    github.mend();
    github.bend(&path, |response| *response = Response::new(404, "application/json", b"{}".to_vec()));
    let judged = world.verify(&[&api]);
    assert_eq!(judged.exit, 4, "{}", judged.text());
    assert!(judged.text().contains("nor in the attestations of acme/app"), "{}", judged.text());
    github.mend();
    github.bend(&path, |response| *response = Response::new(500, "application/json", b"{}".to_vec()));
    assert_eq!(world.verify(&[&api]).exit, 3);
}

#[test]
fn every_output_knows_files() {
    let world = World::new();
    world.beside(&[(".sigstore.json", world.provenance(World::about(CONTENT)).to_string().as_bytes())]);
    for output in ["text", "json", "jsonl", "sarif", "junit", "markdown", "csv", "html", "gitlab"] {
        let run = world.run(&[&["verify", "file:dist/app.tar.gz", "--output", output], &BY_ACME[..]].concat());
        assert_eq!(run.exit, 0, "{output}: {}", run.seen());
        assert!(run.stdout.contains("app") || ["sarif", "gitlab"].contains(&output), "{output}: {}", run.stdout);
    }
}

/// A promise of the log is all that cosign's own bundle has, and a proof alone is none of a time.
#[test]
fn a_detached_signature_with_a_broken_log_entry_is_refused() {
    let world = World::new();
    let signed = world.sigstore.signer(&World::build().identity()).evidence(Evidence::Promise).sign_bytes(CONTENT);
    let layer = signed.legacy_layer();
    let mut entry: Value = serde_json::from_str(&legacy_bundle(&signed.entries[0])).expect("an entry");
    let bundle = |entry: &Value| {
        let part = |name: &str| layer.annotations[name].as_str().expect("a text");
        json!({
            "base64Signature": part("dev.cosignproject.cosign/signature"),
            "cert": STANDARD.encode(part("dev.sigstore.cosign/certificate").as_bytes()),
            "rekorBundle": entry,
        })
        .to_string()
    };
    assert_eq!(world.signature(&[(".bundle", bundle(&entry).as_bytes())]).exit, 0);
    entry["Payload"]["integratedTime"] = json!(1_000_000_000);
    assert_eq!(world.signature(&[(".bundle", bundle(&entry).as_bytes())]).exit, 1);
}

#[test]
fn a_signed_list_vouches_for_the_files_on_it_and_for_nothing_else() {
    let world = World::new();
    world.beside(&[]);
    let own = sha256_hex(CONTENT);
    let other = sha256_hex(b"another file");
    let judge = |list: &str, bundle: Option<Value>, require: &str| {
        world.folder.write("SHA256SUMS", list);
        let _ = fs::remove_file(world.folder.path().join("SHA256SUMS.sigstore.json"));
        if let Some(bundle) = bundle {
            world.folder.write("SHA256SUMS.sigstore.json", bundle.to_string());
        }
        world.verify(&["--sums", "SHA256SUMS", "--require", require])
    };
    let signed = |list: &str| {
        let judged = judge(list, Some(world.signed(list.as_bytes()).bundle(Version::V03)), "signature");
        (judged.exit, judged.requirements().remove(0), judged.text())
    };
    for list in [
        format!("{own}  app.tar.gz\n"),
        format!("{other}  other\r\n{own} *dist/app.tar.gz\r\n"),
        format!("SHA512 (app.tar.gz) = {}\nSHA256 (app.tar.gz) = {own}\n", hex(&SHA2_512.of(CONTENT))),
    ] {
        let (exit, requirement, text) = signed(&list);
        assert_eq!((exit, requirement.as_str()), (0, "signature verified"), "{list}: {text}");
        assert!(text.contains("the list SHA256SUMS has this file and its digest"), "{text}");
    }
    for (list, check) in [
        (format!("{other}  app.tar.gz\n"), "subject-digest"),
        (format!("{own}  app.tar.gz\n{other}  app.tar.gz\n"), "subject-digest"),
        (format!("{own}  linux/app.tar.gz\n{other}  windows/app.tar.gz\n"), "subject-digest"),
        (format!("{own}  other\n"), "subject-name"),
        (format!("{own}  app.tar.gz.old\n"), "subject-name"),
        (format!("{own}  app.tar.gz\nrubbish\n"), "payload-format"),
    ] {
        let (exit, requirement, text) = signed(&list);
        assert_eq!((exit, requirement), (1, format!("signature rejected {check}")), "{list}: {text}");
    }
    let list = format!("{own}  app.tar.gz\n");
    // A signature on another list, or on the file that was put in place of the list.
    for bytes in [format!("{list}{other}  more\n").as_bytes(), CONTENT] {
        let judged = judge(&list, Some(world.signed(bytes).bundle(Version::V03)), "signature");
        assert_eq!((judged.exit, judged.requirements()), (1, vec!["signature rejected subject-digest".to_owned()]));
    }
    assert_eq!(judge(&list, None, "signature").exit, 4, "nobody signed the list");
    // Who built the list did not build the file.
    let mut statement = slsa_v1(&Subject::new("SHA256SUMS", &oci_digest(list.as_bytes())), &World::build());
    statement["subject"][0]["name"] = json!("SHA256SUMS");
    let provenance = || world.sigstore.attest(&World::build().identity(), &statement).bundle(Version::V03);
    assert_eq!(judge(&list, Some(provenance()), "signature").exit, 0);
    let judged = judge(&list, Some(provenance()), "provenance");
    assert_eq!((judged.exit, judged.requirements()), (4, vec!["provenance absent evidence-present".to_owned()]));
    assert_eq!(judge(&list, Some(provenance()), "https://slsa.dev/provenance/v1").exit, 4);
    let error = world.run(&[&["verify", "file:dist/app.tar.gz", "--sums", "missing"], &BY_ACME[..]].concat());
    assert!(error.usage_error().contains("missing"));
    let error = world.run(&[&["audit", "ghcr.io/acme/app", "--sums", "SHA256SUMS"], &BY_ACME[..]].concat());
    assert!(error.usage_error().contains("`--sums`"));
}
