//! Signatures with keys instead of certificates: by the right key alone, with the log behind it unless that is waived by name.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use bonafide::check::{CandidateReport, CheckId, Finding, ImageReport, Outcome, Verdict};
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{KeyRule, LogRule, Policy, PublicKey, Requirement, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use support::folder::Folder;
use support::sigstore::{
    self, EntryKind, Evidence as Kept, Identity, Key, LegacyLayer, SIGNING_TIME, Signed, Sigstore, TimestampAuthority,
    Version,
};
use support::statement::{Subject, slsa_v1};

const ENVELOPE_ENTRIES: [EntryKind; 4] =
    [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002, EntryKind::HashedRekordV002];

struct World {
    instance: Sigstore,
    key: Key,
    image: Digest,
    subject: Subject,
}

impl World {
    fn new() -> World {
        let image = Digest::of(Algorithm::Sha256, b"the manifest of the image");
        let subject = Subject::new("registry.test/acme/shop", &image.to_string());
        World { instance: Sigstore::new(), key: Key::p256(), image, subject }
    }

    fn signer(&self) -> sigstore::Signer<'_> {
        self.instance.key_signer(&self.key)
    }

    fn logged_as(&self, kind: EntryKind) -> Signed {
        self.signer().logged_as(kind).sign_image(&self.subject)
    }

    fn bundle(&self) -> Value {
        self.signer().sign_image(&self.subject).bundle(Version::V03)
    }

    fn domain(&self) -> TrustDomain {
        self.domain_with(|_| {})
    }

    fn domain_with(&self, bend: impl FnOnce(&mut Value)) -> TrustDomain {
        let root = self.instance.trusted_root_with(bend);
        let root = TrustRoot::parse("virtual", "trusted_root.json", root.as_bytes()).expect("a root");
        TrustDomain::prepare(&root).expect("a trust domain")
    }

    fn judge(&self) -> Judge {
        Judge {
            image: self.image.clone(),
            signer: keys(&[&self.key], LogRule::Required),
            requirement: Requirement::Signature,
            domains: vec![self.domain()],
            now: SIGNING_TIME + SignedDuration::from_hours(1),
        }
    }

    fn without_log(&self) -> Judge {
        Judge { signer: keys(&[&self.key], LogRule::NotRequired), ..self.judge() }
    }
}

fn keys(keys: &[&Key], log: LogRule) -> Signer {
    let keys = keys.iter().map(|key| PublicKey::from_pem(key.public_pem().as_bytes()).expect("a key"));
    Signer::Keys(KeyRule::new(keys, log).expect("a rule"))
}

struct Judge {
    image: Digest,
    signer: Signer,
    requirement: Requirement,
    domains: Vec<TrustDomain>,
    now: Timestamp,
}

impl Judge {
    fn judge(&self, content: Content) -> ImageReport {
        let candidate = Candidate {
            subject: self.image.clone(),
            origin: Origin::Referrer(self.image.clone()),
            digest: self.image.clone(),
            content,
        };
        let evidence =
            Evidence::of(Target::image("registry.test/acme/shop:v1", None, self.image.clone()), vec![candidate]);
        let policy = Policy::from_flags(self.signer.clone(), [self.requirement], None).expect("a policy");
        verify(&evidence, &policy, &self.domains, self.now)
    }

    #[track_caller]
    fn accepts(&self, content: Content) -> CandidateReport {
        let mut report = self.judge(content);
        let candidate = report.candidates.remove(0);
        assert_eq!(candidate.findings.iter().find(|finding| finding.is_blocking()), None);
        assert_eq!((report.verdict, candidate.accepted), (Verdict::Verified, true));
        candidate
    }

    #[track_caller]
    fn refuses(&self, content: Content, check: CheckId) -> Finding {
        let report = self.judge(content);
        let finding = report.candidates[0].findings.iter().find(|finding| finding.is_blocking());
        let finding = finding.expect("something must stand in the way").clone();
        assert_eq!((finding.check, finding.outcome), (check, Outcome::Fail), "{finding:?}");
        assert_eq!(report.verdict, Verdict::Rejected);
        finding
    }
}

fn bundle(json: &Value) -> Content {
    Content::Bundle(Opened::bundle(Blob::of(Algorithm::Sha256, json.to_string().into_bytes())))
}

fn layer(layer: &LegacyLayer) -> Content {
    let annotations: BTreeMap<String, String> = layer
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    let bytes = Blob::of(Algorithm::Sha256, layer.bytes.clone());
    match layer.media_type.as_str() {
        sigstore::signed::SIMPLE_SIGNING => Content::LegacySignature { payload: bytes, annotations },
        _ => Content::LegacyAttestation { envelope: Opened::envelope(bytes), annotations },
    }
}

fn without_log_entries(bundle: &mut Value) {
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
}

#[test]
fn a083_no_other_key_stands_in_for_the_expected_one() {
    let world = World::new();
    let stranger = Key::p256();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.instance.key_signer(&stranger).logged_as(kind).sign_image(&world.subject);
        let found = world.judge().refuses(bundle(&signed.bundle(Version::V03)), CheckId::SignerKey);
        assert_eq!(found.message, "none of the expected keys made the signature");
    }
    world.without_log().refuses(
        bundle(&world.instance.key_signer(&stranger).sign_image(&world.subject).bundle(Version::V03)),
        CheckId::SignerKey,
    );
}

#[test]
fn a082_a_key_id_and_a_hint_prove_nothing() {
    let world = World::new();
    let signed = world.instance.key_signer(&Key::p256()).sign_image(&world.subject);
    let ours = world.bundle()["verificationMaterial"]["publicKey"].clone();
    let forged = signed.bundle_with(Version::V03, |bundle| bundle["verificationMaterial"]["publicKey"] = ours);
    world.judge().refuses(bundle(&forged), CheckId::SignerKey);
    // The other way round a wrong hint takes nothing away either.
    let mut odd = world.bundle();
    odd["verificationMaterial"]["publicKey"] = json!({"hint": "somebody else"});
    world.judge().accepts(bundle(&odd));
}

#[test]
fn a_key_never_stands_in_for_a_certificate_nor_the_other_way_round() {
    let world = World::new();
    let identity = Identity::email("alice@acme.example", "https://accounts.acme.example");
    // The very same key, under a certificate.
    let keyless = world.instance.signer(&identity).key(&world.key).sign_image(&world.subject);
    for judge in [world.judge(), world.without_log()] {
        let finding = judge.refuses(bundle(&keyless.bundle(Version::V03)), CheckId::SignerKey);
        assert_eq!(finding.message, "it was signed with a certificate, not with a key");
        assert_eq!(finding.found.as_deref(), Some("a certificate of alice@acme.example"));
        judge.refuses(layer(&keyless.legacy_layer()), CheckId::SignerKey);
    }
    let expected =
        Signer::from_flags(Some("alice@acme.example"), Some("https://accounts.acme.example"), None, None, None);
    let by_identity = Judge { signer: expected.expect("a signer"), ..world.judge() };
    let finding = by_identity.refuses(bundle(&world.bundle()), CheckId::CertificateChain);
    assert_eq!(finding.message, "it was signed with a key, not with a certificate");
    assert!(finding.next.expect("a hint").contains("--key FILE"));
}

#[test]
fn a287_the_log_is_required_unless_it_is_waived_by_name() {
    let world = World::new();
    let mut unlogged = world.bundle();
    without_log_entries(&mut unlogged);
    let finding = world.judge().refuses(bundle(&unlogged), CheckId::TransparencyLog);
    assert_eq!(finding.message, "the signature has no transparency log entry");
    assert!(finding.next.expect("a hint").contains("--key-without-log"));

    let accepted = world.without_log().accepts(bundle(&unlogged));
    assert_eq!((accepted.trust_domain, accepted.log_entries.len()), (None, 0));
    let waived = accepted.findings.iter().find(|finding| finding.check == CheckId::TransparencyLog);
    let waived = waived.expect("it is said that the log was waived");
    assert_eq!(waived.outcome, Outcome::Skip);
    assert!(waived.message.starts_with("log not required"));
}

#[test]
fn a_domain_without_a_log_cannot_satisfy_the_demand_for_one() {
    let world = World::new();
    let no_log = || world.domain_with(|root| root["tlogs"] = json!([]));
    let judge = Judge { domains: vec![no_log()], ..world.judge() };
    judge.refuses(bundle(&world.bundle()), CheckId::TransparencyLog);
    let none = Judge { domains: Vec::new(), ..world.judge() };
    assert_eq!(none.judge(bundle(&world.bundle())).verdict, Verdict::Undecided);
    Judge { domains: vec![no_log()], ..world.without_log() }.accepts(bundle(&world.bundle()));
}

#[test]
fn a133_the_log_entry_is_bound_to_the_key() {
    let world = World::new();
    let stranger = Key::p256();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.logged_as(kind);
        signed.entries = world.instance.key_signer(&stranger).logged_as(kind).sign_image(&world.subject).entries;
        world.judge().refuses(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    }
}

#[test]
fn a158_without_the_log_an_entry_that_is_there_must_hold_all_the_same() {
    let world = World::new();
    let mut signed = world.signer().sign_image(&world.subject);
    signed.entries[0].proof.as_mut().expect("a proof").hashes[0][0] ^= 1;
    world.without_log().refuses(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    // An entry of a log that nobody here knows proves nothing and takes nothing away.
    let elsewhere = Sigstore::new().key_signer(&world.key).sign_image(&world.subject);
    world.judge().refuses(bundle(&elsewhere.bundle(Version::V03)), CheckId::TransparencyLog);
    let accepted = world.without_log().accepts(bundle(&elsewhere.bundle(Version::V03)));
    assert_eq!(accepted.log_entries.len(), 0);
}

#[test]
fn a138_a_logged_key_signature_is_not_from_the_future() {
    let world = World::new();
    let judge = Judge { now: SIGNING_TIME - SignedDuration::from_secs(1), ..world.judge() };
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        judge.refuses(bundle(&world.logged_as(kind).bundle(Version::V03)), CheckId::SignedTime);
    }
    let stamped = world.signer().rekor_v2().sign_image(&world.subject);
    judge.refuses(bundle(&stamped.bundle(Version::V03)), CheckId::SignedTime);
}

#[test]
fn a162_a_timestamp_of_a_known_authority_must_hold() {
    let world = World::new();
    for judge in [world.judge(), world.without_log()] {
        for unlogged in [false, true] {
            let mut signed = world.signer().stamped().sign_image(&world.subject);
            let stamp = |bytes: &[u8]| world.instance.timestamp_authority.stamp(bytes, SIGNING_TIME);
            signed.timestamps = vec![stamp(b"another signature")];
            let mut broken = signed.bundle(Version::V03);
            if unlogged {
                without_log_entries(&mut broken);
            }
            let check = if unlogged && matches!(&judge.signer, Signer::Keys(rule) if rule.log() == LogRule::Required) {
                CheckId::TransparencyLog
            } else {
                CheckId::SignedTime
            };
            judge.refuses(bundle(&broken), check);
            // One of an authority that nobody here knows counts for nothing.
            signed.timestamps = vec![TimestampAuthority::new().stamp(b"whatever", SIGNING_TIME)];
            judge.accepts(bundle(&signed.bundle(Version::V03)));
        }
    }
    let mut stamped = world.signer().stamped().sign_image(&world.subject).bundle(Version::V03);
    without_log_entries(&mut stamped);
    let accepted = world.without_log().accepts(bundle(&stamped));
    assert_eq!(accepted.timestamps.iter().map(|stamp| stamp.time).collect::<Vec<_>>(), [SIGNING_TIME]);
}

#[test]
fn every_kind_of_log_entry_is_taken_for_a_key() {
    let world = World::new();
    let fingerprint = Digest::of(Algorithm::Sha256, &world.key.public_der()).to_string();
    for kind in ENVELOPE_ENTRIES {
        let accepted = world.judge().accepts(bundle(&world.logged_as(kind).bundle(Version::V03)));
        let signer = accepted.signer.expect("a signer");
        assert_eq!((signer.identity_kind.as_str(), signer.identity), ("key", fingerprint.clone()));
        assert_eq!(signer.issuer, "");
        assert_eq!(accepted.log_entries.len(), 1);
        assert_eq!(accepted.trust_domain.as_deref(), Some("virtual"));
    }
    let simple = world.signer().sign_simple(&world.subject);
    let accepted = world.judge().accepts(layer(&simple.legacy_layer()));
    assert_eq!(accepted.log_entries[0].evidence.as_str(), "promise");
    assert_eq!(accepted.timestamps[0].source.as_str(), "log");
}

#[test]
fn legacy_layers_without_a_certificate_were_signed_with_a_key() {
    let world = World::new();
    let provenance =
        slsa_v1(&world.subject, &support::statement::Build::github("acme/shop", "r.yml", "refs/heads/main"));
    let judge = Judge { requirement: Requirement::Provenance, ..world.judge() };
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = world.signer().logged_as(kind).evidence(Kept::Promise).attest(&provenance);
        judge.accepts(layer(&signed.legacy_layer()));
    }
    let unlogged = world.signer().sign_simple(&world.subject).legacy_layer_with(|layer| {
        layer.annotations.remove("dev.sigstore.cosign/bundle");
    });
    world.judge().refuses(layer(&unlogged), CheckId::TransparencyLog);
    world.without_log().accepts(layer(&unlogged));
}

#[test]
fn any_of_several_keys_may_have_signed() {
    let world = World::new();
    let (first, other) = (Key::p384(), Key::ed25519());
    let judge = Judge { signer: keys(&[&first, &world.key, &other], LogRule::Required), ..world.judge() };
    for key in [&first, &world.key, &other] {
        let signed = world.instance.key_signer(key).sign_image(&world.subject);
        let accepted = judge.accepts(bundle(&signed.bundle(Version::V03)));
        let fingerprint = Digest::of(Algorithm::Sha256, &key.public_der()).to_string();
        assert_eq!(accepted.signer.expect("a signer").identity, fingerprint);
    }
}

#[test]
fn a_signature_over_the_manifest_itself_needs_the_hash_of_its_digest() {
    let world = World::new();
    let judge = |key: &Key| Judge { signer: keys(&[key], LogRule::NotRequired), ..world.judge() };
    let signed = |key: &Key| world.instance.key_signer(key).sign_bytes(b"the manifest of the image");
    let p256 = signed(&world.key).bundle(Version::V03);
    world.judge().accepts(bundle(&p256));
    for key in [Key::p384(), Key::ed25519()] {
        let report = judge(&key).judge(bundle(&signed(&key).bundle_with(Version::V03, |bundle| {
            bundle["messageSignature"].as_object_mut().expect("an object").remove("messageDigest");
        })));
        assert_eq!(report.verdict, Verdict::Undecided);
    }
}

// --- the command line

fn bonafide(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide"))
        .args(arguments)
        .env_clear()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_takes_keys_in_files_and_nothing_else() {
    let folder = Folder::new();
    let public = folder.write("cosign.pub", Key::p256().public_pem()).display().to_string();
    let private =
        "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
    let private = folder.write("cosign.key", private).display().to_string();
    let usage = |flags: &[&str], hint: &str| {
        let (code, stdout, stderr) = bonafide(&[&["verify", "oci:fixtures/images/signed:v1.0.0"], flags].concat());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{flags:?}: {stderr}");
        assert!(stderr.contains(hint), "{flags:?}: {stderr}");
    };
    usage(&["--key", "awskms:///alias/release"], "cosign public-key --key awskms:///alias/release > cosign.pub");
    usage(&["--key", "pkcs11:token=x"], "cosign public-key --key");
    usage(&["--key", &private], "give the public key");
    usage(&["--key", "no/such/file"], "check the path");
    usage(&["--key", &public, "--repo", "acme/shop"], "leave out `--key` or `--repo`");
    usage(&["--key", &public, "--certificate-identity", "a@b.c"], "leave out `--key` or `--certificate-identity`");
    usage(&["--key-without-log", "--repo", "acme/shop"], "add `--key FILE`");
    usage(&[], "or `--key FILE`");
}

#[test]
fn a_keyless_image_does_not_verify_with_a_key() {
    let folder = Folder::new();
    let public = folder.write("cosign.pub", Key::p256().public_pem()).display().to_string();
    let (code, stdout, _) = bonafide(&[
        "verify",
        "oci:fixtures/images/signed:v1.0.0",
        "--offline",
        "--trusted-root",
        "fixtures/trust/lab.trusted_root.json",
        "--key",
        &public,
    ]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("it was signed with a certificate, not with a key"), "{stdout}");
}
