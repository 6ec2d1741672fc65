//! Every algorithm that cosign signs with, keyless and by key, in every form and with every log entry: accepted, and its tampered
//! twins refused.

use bonafide::check::{CheckId, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::{KeyRule, LogRule, PublicKey, Requirement, Signer};
use serde_json::{Value, json};

use crate::support::json::base64;
use crate::support::sigstore::key::{SHA2_256, SHA2_512};
use crate::support::sigstore::{self, EntryKind, Key, Signed, Sigstore, TimestampAuthority, Version};
use crate::world::{Judge, World, blob, bundle, bundle_text, expected_signer, legacy, logged_as};

/// How a signature is distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// A bundle over a simple-signing payload, logged so.
    Message(EntryKind),
    /// A bundle with an envelope.
    Envelope(EntryKind),
    /// A layer of the `.sig` tag.
    Sig,
    /// A layer of the `.att` tag.
    Att(EntryKind),
}

const FORMS: [Form; 9] = [
    Form::Message(EntryKind::HashedRekordV001),
    Form::Message(EntryKind::HashedRekordV002),
    Form::Envelope(EntryKind::DsseV001),
    Form::Envelope(EntryKind::IntotoV001),
    Form::Envelope(EntryKind::IntotoV002),
    Form::Envelope(EntryKind::HashedRekordV002),
    Form::Sig,
    Form::Att(EntryKind::DsseV001),
    Form::Att(EntryKind::IntotoV001),
];

impl Form {
    fn entry(self) -> EntryKind {
        match self {
            Form::Message(kind) | Form::Envelope(kind) | Form::Att(kind) => kind,
            Form::Sig => EntryKind::HashedRekordV001,
        }
    }

    /// Where an entry of this form says by which hash its digest is, and the digest; of what is about digests alone.
    fn digest(self) -> Option<(&'static str, &'static str)> {
        match self.entry() {
            EntryKind::HashedRekordV001 => Some(("/spec/data/hash/algorithm", "/spec/data/hash/value")),
            EntryKind::HashedRekordV002 => {
                Some(("/spec/hashedRekordV002/data/algorithm", "/spec/hashedRekordV002/data/digest"))
            }
            _ => None,
        }
    }

    fn requirement(self) -> Requirement {
        match self {
            Form::Message(_) | Form::Sig => Requirement::Signature,
            Form::Envelope(_) | Form::Att(_) => Requirement::Provenance,
        }
    }

    fn sign(self, world: &World, signer: sigstore::Signer<'_>) -> Signed {
        let signer = logged_as(signer, self.entry());
        match self.requirement() {
            Requirement::Signature => signer.sign_simple(&world.subject),
            _ => signer.attest(&world.provenance()),
        }
    }

    fn content(self, signed: &Signed) -> Content {
        match self {
            Form::Message(_) => {
                let Content::Bundle(opened) = bundle(&signed.bundle(Version::V03)) else { unreachable!("a bundle") };
                Content::BundleOverPayload { bundle: opened, payload: blob(signed.content.signed_bytes()) }
            }
            Form::Envelope(_) => bundle(&signed.bundle(Version::V03)),
            Form::Sig | Form::Att(_) => legacy(signed.legacy_layer()),
        }
    }
}

/// Who signs: a workflow with a certificate for the key, or the key itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Certificate,
    Key,
}

impl Who {
    fn signer<'a>(self, world: &'a World, key: &Key) -> sigstore::Signer<'a> {
        match self {
            Who::Certificate => world.signer().key(key),
            Who::Key => world.instance.key_signer(key),
        }
    }

    fn judge(self, world: &World, form: Form, key: &Key) -> Judge {
        let signer = match self {
            Who::Certificate => expected_signer(),
            Who::Key => by_key(key, LogRule::Required),
        };
        world.requiring(form.requirement()).signed_by(signer)
    }
}

fn by_key(key: &Key, log: LogRule) -> Signer {
    let key = PublicKey::from_pem(key.public_pem().as_bytes()).expect("a key");
    Signer::Keys(KeyRule::new([key], log).expect("a rule"))
}

fn of_everything(keys: &[Key], mut look: impl FnMut(&str, Who, Form, &Key)) {
    for key in keys {
        for who in [Who::Certificate, Who::Key] {
            for form in FORMS {
                look(&format!("{} {who:?} {form:?}", key.details()), who, form, key);
            }
        }
    }
}

#[test]
fn a087_every_algorithm_of_cosign_verifies_in_every_form() {
    let world = World::new();
    let keys = [Key::of_every_kind(), vec![Key::p521_sha256()]].concat();
    of_everything(&keys, |name, who, form, key| {
        let signed = form.sign(&world, who.signer(&world, key));
        let report = who.judge(&world, form, key).judge([form.content(&signed)]);
        assert_eq!(report.verdict, Verdict::Verified, "{name}: {:?}", report.candidates[0].findings);
    });
}

#[test]
fn a087_a_tampered_twin_of_every_algorithm_is_refused() {
    let world = World::new();
    // Of RSA one length will do: the others differ in nothing that is looked at.
    let keys = &Key::of_every_kind()[..5];
    of_everything(keys, |name, who, form, key| {
        let sign = || form.sign(&world, who.signer(&world, key));
        let judge = who.judge(&world, form, key);
        let refused = |what: &str, signed: &Signed| {
            let report = judge.judge([form.content(signed)]);
            assert_eq!(report.verdict, Verdict::Rejected, "{name}, {what}: {:?}", report.candidates[0].findings);
        };

        let mut broken = sign();
        *broken.content.signature_mut().last_mut().expect("a signature") ^= 1;
        refused("one bit of the signature", &broken);

        let mut other = sign();
        match &mut other.content {
            sigstore::Content::Message { bytes, .. } => bytes.push(b' '),
            sigstore::Content::Envelope(envelope) => envelope.payload.push(b' '),
        }
        refused("other content", &other);

        let stranger = form.sign(&world, who.signer(&world, &Key::p256()));
        refused("the entry of another key", &Signed { entries: stranger.entries, ..sign() });
        // RSA and Ed25519 sign the same bytes always alike.
        if key.details().starts_with("PKIX_ECDSA") {
            refused("the entry of another signature", &Signed { entries: sign().entries, ..sign() });
        }

        let Some((algorithm, digest)) = form.digest() else { return };
        let bent = |path: &str, value: Value| {
            let bend = |body: &mut Value| *body.pointer_mut(path).expect("it is there") = value;
            form.sign(&world, who.signer(&world, key).body(bend))
        };
        let other = if key.hash().rekor == "sha512" { SHA2_256 } else { SHA2_512 };
        let (hash, text) = match form.entry() {
            EntryKind::HashedRekordV001 => (other.rekor, json!("00".repeat(key.hash().of(b"x").len()))),
            _ => (other.proto, json!(base64(key.hash().of(b"x")))),
        };
        refused("an entry by another hash", &bent(algorithm, json!(hash)));
        refused("an entry about something else", &bent(digest, text));
        if form.entry() == EntryKind::HashedRekordV002 {
            let details = "/spec/hashedRekordV002/signature/verifier/keyDetails";
            refused("an entry of another kind of key", &bent(details, json!("PKIX_RSA_PSS_2048_SHA256")));
        }
    });
}

/// Without a log nothing is stated of the hash of an envelope or of a layer: the current scheme of the key is what cosign 3 signs by,
/// and Ed25519 keys sign by both of theirs.
#[test]
fn keys_of_every_algorithm_sign_without_a_log() {
    let world = World::new();
    for key in [Key::of_every_kind(), vec![Key::ed25519()]].concat() {
        for form in [Form::Message(EntryKind::HashedRekordV001), Form::Envelope(EntryKind::DsseV001), Form::Sig] {
            let signed = Signed { entries: Vec::new(), ..form.sign(&world, world.instance.key_signer(&key)) };
            let judge = world.requiring(form.requirement()).signed_by(by_key(&key, LogRule::NotRequired));
            judge.accepts(form.content(&signed));
            let stranger = Signed { entries: Vec::new(), ..form.sign(&world, world.instance.key_signer(&Key::p384())) };
            judge.rejects(form.content(&stranger), CheckId::SignerKey);
        }
    }
}

/// The registry pairs each kind of key with its hash. A signature that states another is refused for that, not as another key's.
#[test]
fn a087_a_hash_that_does_not_go_with_the_key_is_refused() {
    let world = World::new();
    let form = Form::Message(EntryKind::HashedRekordV001);
    for (key, stated) in [(Key::p256(), "SHA2_384"), (Key::rsa(), "SHA2_512"), (Key::p384(), "SHA2_512")] {
        for who in [Who::Certificate, Who::Key] {
            let signed = form.sign(&world, who.signer(&world, &key));
            let bytes = signed.content.signed_bytes();
            let text = signed.bundle_with(Version::V03, |bundle| {
                let digest = if stated == "SHA2_384" { sigstore::key::SHA2_384 } else { SHA2_512 };
                let stated = json!({"algorithm": stated, "digest": base64(digest.of(&bytes))});
                bundle["messageSignature"]["messageDigest"] = stated;
            });
            let Content::Bundle(opened) = bundle_text(&text.to_string()) else { unreachable!("a bundle") };
            let content = Content::BundleOverPayload { bundle: opened, payload: blob(bytes) };
            let judge = who.judge(&world, form, &key);
            let said = match who {
                Who::Certificate => judge.rejects(content, CheckId::Signature).message,
                Who::Key => judge.rejects(content, CheckId::SignerKey).found.unwrap_or_default(),
            };
            assert!(said.contains("does not go with"), "{said}");
        }
    }
}

/// A153: Rekor v2 promises nothing, so a promise that stands there is no proof of anything.
#[test]
fn a153_a_promise_stands_in_for_no_proof_of_rekor_v2() {
    let world = World::new();
    for key in [Key::p256(), Key::p384(), Key::ed25519ph()] {
        let form = Form::Envelope(EntryKind::HashedRekordV002);
        let mut signed = form.sign(&world, world.instance.key_signer(&key));
        signed.entries[0].promise = Some(world.instance.rekor_v2.promise(&signed.entries[0]));
        signed.entries[0].proof = None;
        for version in [Version::V01, Version::V03] {
            let judge = Who::Key.judge(&world, form, &key);
            let report = judge.judge([bundle(&signed.bundle(version))]);
            assert_eq!(report.verdict, Verdict::Rejected, "{version:?} {}", key.details());
        }
    }
}

/// RFC 3161 requires neither elliptic keys nor a hash of their own length, nor that a certificate between leaf and root states its
/// purpose (A316).
#[test]
fn a316_authorities_of_every_kind_give_the_time() {
    for key in [Key::rsa(), Key::p256(), Key::p384(), Key::p521(), Key::ed25519()] {
        let name = key.details();
        for states_purpose in [true, false] {
            let authority = TimestampAuthority::of(&key, states_purpose);
            let world = World::of(Sigstore { timestamp_authority: authority, ..Sigstore::new() });
            for form in FORMS.into_iter().filter(|form| form.entry() == EntryKind::HashedRekordV002) {
                for who in [Who::Certificate, Who::Key] {
                    let signed = form.sign(&world, who.signer(&world, &Key::p256()));
                    let judge = |signed: &Signed| who.judge(&world, form, &signed.key).judge([form.content(signed)]);
                    let report = judge(&signed);
                    let said = &report.candidates[0].findings;
                    assert_eq!(report.verdict, Verdict::Verified, "{name} {states_purpose} {form:?} {who:?}: {said:?}");
                    let mut broken = signed.clone();
                    *broken.timestamps[0].last_mut().expect("a signature") ^= 1;
                    assert_eq!(judge(&broken).verdict, Verdict::Rejected, "{name} {form:?} {who:?}");
                    let other = form.sign(&world, who.signer(&world, &Key::p256()));
                    let replayed = Signed { timestamps: other.timestamps, ..signed };
                    assert_eq!(judge(&replayed).verdict, Verdict::Rejected, "{name} {form:?} {who:?}");
                }
            }
        }
    }
}

/// A stamp of another kind than can be verified here is no evidence against the signature.
#[test]
fn a316_a_timestamp_that_cannot_be_verified_decides_nothing() {
    let world = World::new();
    let form = Form::Envelope(EntryKind::HashedRekordV002);
    let signed = form.sign(&world, world.signer());
    // SHA3-256 in the place of SHA-256, of which the identifiers are of one length.
    let (sha2, sha3) = ([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8]);
    let mut stamp = signed.timestamps[0].clone();
    let places: Vec<usize> = (0..stamp.len() - sha2.len()).filter(|at| stamp[*at..].starts_with(&sha2)).collect();
    for place in places {
        stamp[place..place + sha3.len()].copy_from_slice(&sha3);
    }
    let content = form.content(&Signed { timestamps: vec![stamp], ..signed });
    let finding = world.for_provenance().cannot_decide(content, CheckId::SignedTime);
    assert!(finding.message.contains("cannot be verified here"), "{finding:?}");
}
