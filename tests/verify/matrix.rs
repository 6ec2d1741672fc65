//! Every kind of requirement by every form of evidence in every place: what counts there, and what never does.

use std::sync::Arc;

use bonafide::check::{ImageReport, Verdict};
use bonafide::evidence::{AttestationManifest, AttestationPlace, Candidate, Content, Origin};
use bonafide::oci::{Algorithm, Digest};
use bonafide::verify::verify;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::forge::flip;
use crate::policy_files::{policy, rule};
use crate::scans::{VULN, scan, trivy};
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, SIGNING_TIME, Signed, Version};
use crate::support::statement::{Build, Subject, cosign_signature, slsa_v1, spdx_23, statement};
use crate::world::{World, as_legacy_attestation, as_legacy_signature, blob, bundle, candidate, evidence_of_index};

const REVIEW: &str = "https://acme.example/review/v1";
const VERIFIER: &str = "https://acme.example/verifier";

/// A kind of requirement, and the statement that satisfies it.
struct Kind {
    require: &'static str,
    says: fn(&Subject, &Build) -> Value,
}

impl Kind {
    fn is_signature(&self) -> bool {
        self.require.starts_with("signature")
    }
}

const KINDS: [Kind; 6] = [
    Kind { require: "signature: {}", says: |subject, _| cosign_signature(subject) },
    Kind { require: "provenance: {}", says: slsa_v1 },
    Kind { require: "sbom: {}", says: |subject, _| spdx_23(subject, &[("zlib", "1.3.1")]) },
    Kind {
        require: "vulnerabilities: {deny: {severity: high}}",
        says: |subject, _| statement(subject, VULN, scan(trivy(&[]))),
    },
    Kind {
        require: "vsa: {verifier: https://acme.example/verifier, levels: [SLSA_BUILD_LEVEL_2]}",
        says: |subject, _| statement(subject, "https://slsa.dev/verification_summary/v1", summary()),
    },
    Kind {
        require: "attestation: {type: https://acme.example/review/v1}",
        says: |subject, _| statement(subject, REVIEW, json!({"reviewed": true})),
    },
];

fn summary() -> Value {
    json!({
        "verifier": {"id": VERIFIER},
        "timeVerified": "2026-03-01T11:00:00Z",
        "resourceUri": "registry.test/acme/shop",
        "policy": {"uri": "https://acme.example/policy.yaml"},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
    })
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Bundle,
    Legacy,
    /// A statement that a signed attestation manifest lists.
    Listed,
    /// The same with a signature of the older form on the manifest.
    ListedLegacy,
}

const FORMS: [Form; 4] = [Form::Bundle, Form::Legacy, Form::Listed, Form::ListedLegacy];

impl Form {
    fn is_listed(self) -> bool {
        matches!(self, Self::Listed | Self::ListedLegacy)
    }
}

/// One piece of evidence before it is made. Everything in it may be bent.
#[derive(Clone)]
struct Piece {
    form: Form,
    /// The manifest that it is attached to.
    at: Digest,
    /// The manifest that it is about.
    about: Digest,
    by: Identity,
    /// Whether the signature is broken after it was made.
    is_broken: bool,
    /// Of what is listed: which manifest the list belongs to, and which one is signed.
    belongs_to: Digest,
    signed: Digest,
}

struct Index {
    world: World,
    root: Digest,
    platforms: [Digest; 2],
}

fn digest(text: &str) -> Digest {
    Digest::of(Algorithm::Sha256, text.as_bytes())
}

fn subject(digest: &Digest) -> Subject {
    Subject::new("registry.test/acme/shop", &digest.to_string())
}

fn list_beside(at: &Digest) -> Digest {
    digest(&format!("attestation manifest beside {at}"))
}

impl Index {
    fn new() -> Self {
        Self { world: World::new(), root: digest("index"), platforms: [digest("amd64"), digest("arm64")] }
    }

    /// An honest piece on one of the manifests.
    fn piece(&self, form: Form, at: &Digest) -> Piece {
        let (at, about) = (at.clone(), at.clone());
        let (belongs_to, signed) = (at.clone(), list_beside(&at));
        Piece { form, at, about, by: self.world.identity.clone(), is_broken: false, belongs_to, signed }
    }

    fn make(&self, kind: &Kind, piece: &Piece) -> Candidate {
        let Piece { form, at, about, by, is_broken, belongs_to, signed } = piece;
        let is_signature = kind.is_signature();
        let signer = || self.world.instance.signer(by);
        let done = |mut signed: Signed| {
            if *is_broken {
                flip(signed.content.signature_mut());
            }
            signed
        };
        let says = (kind.says)(&subject(about), &self.world.build);
        match form {
            Form::Bundle => candidate(at, 0, bundle(&done(signer().attest(&says)).bundle(Version::V03))),
            Form::Legacy if is_signature => {
                candidate(at, 0, as_legacy_signature(done(signer().sign_simple(&subject(about))).legacy_layer()))
            }
            Form::Legacy => candidate(at, 0, as_legacy_attestation(done(signer().attest(&says)).legacy_layer())),
            Form::Listed | Form::ListedLegacy => {
                let on = list_beside(at);
                let content = match form {
                    Form::Listed => bundle(&done(signer().sign_image(&subject(signed))).bundle(Version::V03)),
                    _ => as_legacy_signature(done(signer().sign_simple(&subject(signed))).legacy_layer()),
                };
                let signature = candidate(&on, 0, content);
                let text = blob(says.to_string());
                let manifest = AttestationManifest {
                    digest: on.clone(),
                    annotated: vec![belongs_to.clone()],
                    subject: None,
                    statements: vec![text.digest().clone()],
                };
                let origin =
                    Origin::AttestationManifest { manifest: on, signature: Box::new(signature.origin.clone()) };
                let digest = text.digest().clone();
                let content = Content::ListedStatement {
                    manifest: Arc::new(manifest),
                    signature: Box::new(signature),
                    statement: text,
                };
                Candidate { subject: at.clone(), origin, digest, content }
            }
        }
    }

    fn make_all(&self, kind: &Kind, pieces: &[Piece]) -> Vec<Candidate> {
        pieces.iter().map(|piece| self.make(kind, piece)).collect()
    }

    fn judge(&self, kind: &Kind, candidates: Vec<Candidate>) -> ImageReport {
        let places = candidates.iter().filter(|one| matches!(one.content, Content::ListedStatement { .. }));
        let places = places
            .map(|one| AttestationPlace {
                digest: list_beside(&one.subject),
                about: vec![one.subject.clone()],
                searched: true,
            })
            .collect();
        let mut evidence = evidence_of_index(&self.root, &self.platforms, candidates);
        evidence.target.name = Some("registry.test/acme/shop".to_owned());
        evidence.attestation_manifests = places;
        let policy = policy(&rule(&["signers: [{github: acme/shop}]", &format!("require: {{{}}}", kind.require)]));
        verify(&evidence, &policy, &[self.world.domain()], SIGNING_TIME + SignedDuration::from_hours(1))
    }

    /// Every way in which an honest piece is made one that must not count.
    fn bent(&self, piece: &Piece) -> Vec<(&'static str, Piece)> {
        let other = if piece.at == self.platforms[0] { &self.platforms[1] } else { &self.platforms[0] };
        let stranger = Identity::github_workflow("mallory/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0");
        let person = Identity::email("mallory@evil.example", GITHUB_ACTIONS);
        let mut bent = vec![
            ("by a stranger's workflow", Piece { by: stranger, ..piece.clone() }),
            ("by a person", Piece { by: person, ..piece.clone() }),
            ("broken", Piece { is_broken: true, ..piece.clone() }),
            ("about another platform", Piece { about: other.clone(), ..piece.clone() }),
            ("about another image", Piece { about: digest("another image"), ..piece.clone() }),
        ];
        if piece.at != self.root {
            bent.push(("about the index", Piece { about: self.root.clone(), ..piece.clone() }));
        }
        if piece.form.is_listed() {
            let elsewhere = list_beside(other);
            bent.push(("the list belongs elsewhere", Piece { belongs_to: other.clone(), ..piece.clone() }));
            bent.push(("another list is signed", Piece { signed: elsewhere, ..piece.clone() }));
            bent.push(("the image is signed and not the list", Piece { signed: piece.at.clone(), ..piece.clone() }));
            bent.push(("the index is signed and not the list", Piece { signed: self.root.clone(), ..piece.clone() }));
        }
        bent
    }
}

/// The honest pieces of one form: on the index alone, or on each of its platforms.
fn honest(index: &Index, form: Form) -> [Vec<Piece>; 2] {
    [vec![index.piece(form, &index.root)], index.platforms.iter().map(|at| index.piece(form, at)).collect()]
}

#[test]
fn what_is_signed_by_the_right_one_counts_in_every_form_and_place() {
    let index = Index::new();
    for kind in &KINDS {
        for form in FORMS {
            for pieces in honest(&index, form) {
                let report = index.judge(kind, index.make_all(kind, &pieces));
                // A signature on a list of statements is none on the image.
                let counts = !(form.is_listed() && kind.is_signature());
                let said = || format!("{} {form:?} {}: {:?}", kind.require, pieces.len(), report.requirements);
                assert_eq!(report.verdict == Verdict::Verified, counts, "{}", said());
            }
        }
    }
}

#[test]
fn one_platform_never_stands_for_the_other() {
    let index = Index::new();
    for kind in &KINDS {
        for form in FORMS {
            for at in &index.platforms {
                let report = index.judge(kind, index.make_all(kind, &[index.piece(form, at)]));
                assert_eq!(report.verdict, Verdict::Absent, "{} {form:?}", kind.require);
            }
        }
    }
}

#[test]
fn what_is_unsigned_or_anothers_or_about_something_else_never_counts() {
    let index = Index::new();
    for kind in &KINDS {
        for form in FORMS {
            for pieces in honest(&index, form) {
                let rest = index.make_all(kind, &pieces[1..]);
                let counting = if form.is_listed() && kind.is_signature() { 0 } else { rest.len() };
                for (what, bent) in index.bent(&pieces[0]) {
                    let all = std::iter::once(index.make(kind, &bent)).chain(rest.iter().cloned()).collect();
                    let report = index.judge(kind, all);
                    assert_ne!(report.verdict, Verdict::Verified, "{} {form:?}, {what}", kind.require);
                    // The honest one counts for its own platform, and the bent one for none.
                    let satisfied = &report.requirements[0].satisfied_by;
                    assert_eq!(satisfied.len(), counting, "{} {form:?}, {what}", kind.require);
                }
            }
        }
    }
}
