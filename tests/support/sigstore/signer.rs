//! Signing as cosign does it: a fresh key, a certificate, a signature, a log entry.

use jiff::{Span, Timestamp};
use serde_json::Value;

use super::Sigstore;
use super::certificate::{CODE_SIGNING, Certificate, DIGITAL_SIGNATURE, KEY_USAGE, Profile};
use super::content::{Content, Envelope, IN_TOTO};
use super::entry::{EntryKind, LogEntry, Verifier};
use super::identity::{Identity, claim_oid, is_bare};
use super::key::Key;
use super::signed::Signed;
use crate::support::json::canonical;
use crate::support::statement::{self, Subject};

/// When everything is signed unless a test says otherwise.
pub const SIGNING_TIME: Timestamp = Timestamp::constant(1_772_366_400, 0); // 2026-03-01T12:00:00Z

/// Which of its two answers the log's entry keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Signed entry timestamp and inclusion proof.
    Both,
    /// The signed entry timestamp, as in legacy signatures.
    Promise,
    /// The inclusion proof, which vouches for no time.
    Proof,
}

type Bend<'a, Part> = Box<dyn FnOnce(&mut Part) + 'a>;

/// A signature about to be made. What is set here goes wrong before signing, so everything after it is honest about it.
pub struct Signer<'a> {
    instance: &'a Sigstore,
    identity: Option<&'a Identity>,
    key: Key,
    time: Timestamp,
    integrated: Timestamp,
    kind: Option<EntryKind>,
    evidence: Evidence,
    stamped: bool,
    payload_type: String,
    bend_leaf: Option<Bend<'a, Profile>>,
    bend_body: Option<Bend<'a, Value>>,
}

impl<'a> Signer<'a> {
    pub(super) fn new(instance: &'a Sigstore, identity: Option<&'a Identity>, key: Key) -> Signer<'a> {
        Signer {
            instance,
            identity,
            key,
            time: SIGNING_TIME,
            integrated: SIGNING_TIME,
            kind: None,
            evidence: Evidence::Both,
            stamped: false,
            payload_type: IN_TOTO.into(),
            bend_leaf: None,
            bend_body: None,
        }
    }

    /// Moves certificate, log and time stamp to another time.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = time;
        self.integrated = time;
        self
    }

    /// Moves only what the log and the timestamp authority witness; call it after [`Signer::at`].
    pub fn integrated_at(mut self, time: Timestamp) -> Self {
        self.integrated = time;
        self
    }

    /// Uses this key, to make several signatures with one.
    pub fn key(mut self, key: &Key) -> Self {
        self.key = key.clone();
        self
    }

    /// Logs the signature as another kind of entry; [`EntryKind::HashedRekordV002`] goes to the v2 log.
    pub fn logged_as(mut self, kind: EntryKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Logs to Rekor v2, with the time stamp such a signature cannot do without.
    pub fn rekor_v2(self) -> Self {
        self.logged_as(EntryKind::HashedRekordV002).stamped()
    }

    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// Adds a time stamp by the instance's timestamp authority.
    pub fn stamped(mut self) -> Self {
        self.stamped = true;
        self
    }

    /// Signs envelopes under another payload type.
    pub fn payload_type(mut self, payload_type: &str) -> Self {
        self.payload_type = payload_type.into();
        self
    }

    /// Bends the leaf certificate's profile before the authority and the CT log sign it.
    pub fn leaf(mut self, bend: impl FnOnce(&mut Profile) + 'a) -> Self {
        self.bend_leaf = Some(Box::new(bend));
        self
    }

    /// Bends the log entry's body before the log signs it.
    pub fn body(mut self, bend: impl FnOnce(&mut Value) + 'a) -> Self {
        self.bend_body = Some(Box::new(bend));
        self
    }

    /// Signs an image as `cosign sign` does for bundles: an in-toto statement that says nothing but its subject.
    pub fn sign_image(self, subject: &Subject) -> Signed {
        let statement = statement::cosign_signature(subject);
        self.attest(&statement)
    }

    /// Signs an image as `cosign sign` did before bundles: a simple signing document.
    pub fn sign_simple(self, subject: &Subject) -> Signed {
        self.sign_bytes(statement::simple_signing(subject).as_bytes())
    }

    /// Signs a statement in an envelope.
    pub fn attest(self, statement: &Value) -> Signed {
        self.sign_payload(statement.to_string().as_bytes())
    }

    /// Signs any payload in an envelope.
    pub fn sign_payload(self, payload: &[u8]) -> Signed {
        let envelope = Envelope {
            payload_type: self.payload_type.clone(),
            payload: payload.to_vec(),
            key_id: String::new(),
            signature: Vec::new(),
        };
        self.finish(Content::Envelope(envelope))
    }

    /// Signs bytes as they are.
    pub fn sign_bytes(self, bytes: &[u8]) -> Signed {
        self.finish(Content::Message { bytes: bytes.to_vec(), signature: Vec::new() })
    }

    fn finish(mut self, mut content: Content) -> Signed {
        *content.signature_mut() = self.key.sign(&content.signed_bytes());
        let certificate = self.certificate();
        let entry = self.entry(&content, certificate.as_ref());
        let chain = self.instance.authority.chain();
        Signed {
            certificate: certificate.map(|certificate| certificate.der),
            chain: chain.map(|above| above.der.clone()).to_vec(),
            timestamps: self.stamp(content.signature()).into_iter().collect(),
            layer_timestamp: self.stamp(&content.layer_stamped_bytes()),
            key: self.key,
            content,
            entries: vec![entry],
        }
    }

    fn certificate(&mut self) -> Option<Certificate> {
        let mut profile = leaf(self.instance, self.identity?, self.time);
        if let Some(bend) = self.bend_leaf.take() {
            bend(&mut profile);
        }
        let issuer = &self.instance.authority.intermediate;
        Some(issuer.issue(&profile, &self.key))
    }

    fn entry(&mut self, content: &Content, certificate: Option<&Certificate>) -> LogEntry {
        let kind = self.kind.unwrap_or(match content {
            Content::Message { .. } => EntryKind::HashedRekordV001,
            Content::Envelope(_) => EntryKind::DsseV001,
        });
        let mut body = kind.body(content, &verifier(certificate, &self.key));
        if let Some(bend) = self.bend_body.take() {
            bend(&mut body);
        }
        let log = self.instance.log(kind);
        let mut entry = log.append(kind, canonical(&body), self.integrated);
        match self.evidence {
            Evidence::Both => {}
            Evidence::Promise => entry.proof = None,
            Evidence::Proof => entry.promise = None,
        }
        entry
    }

    fn stamp(&self, message: &[u8]) -> Option<Vec<u8>> {
        let authority = &self.instance.timestamp_authority;
        self.stamped.then(|| authority.stamp(message, self.integrated))
    }
}

// Fulcio's certificate specification, §7: a short-lived certificate with no subject and one critical name.
fn leaf(instance: &Sigstore, identity: &Identity, time: Timestamp) -> Profile {
    let mut profile = Profile::new(time, time + Span::new().minutes(10));
    profile.set(KEY_USAGE, true, DIGITAL_SIGNATURE.to_vec());
    profile.set_usages(false, &[CODE_SIGNING]);
    profile.set_names(std::slice::from_ref(&identity.name));
    profile.set_bare_claim(&claim_oid(1), &identity.issuer);
    let (bare, encoded): (Vec<_>, Vec<_>) = identity.claims.iter().partition(|(oid, _)| is_bare(oid));
    for (oid, text) in bare {
        profile.set_bare_claim(oid, text);
    }
    profile.set_claim(&claim_oid(8), &identity.issuer);
    for (oid, text) in encoded {
        profile.set_claim(oid, text);
    }
    profile.timestamped_by = vec![instance.ct.clone()];
    profile
}

fn verifier(certificate: Option<&Certificate>, key: &Key) -> Verifier {
    match certificate {
        Some(certificate) => {
            Verifier::Certificate { der: certificate.der.clone(), pem: certificate.pem(), details: key.details() }
        }
        None => Verifier::Key { der: key.public_der(), pem: key.public_pem(), details: key.details() },
    }
}
