//! One Sigstore, one image, one signer and one policy that fits them: what every test starts from.

use std::collections::BTreeMap;

use bonafide::check::{CandidateReport, CheckId, Finding, ImageReport, Outcome, Verdict};
use bonafide::evidence::{
    Candidate, Content, Evidence, Opened, Origin, Subject as Manifest, SubjectKind, Target, TargetKind,
};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::sigstore::{
    self, EntryKind, GITHUB_ACTIONS, Identity, Key, LegacyLayer, SIGNING_TIME, Signed, Sigstore, Version,
};
use crate::support::statement::{self, Build, Subject, slsa_v1, spdx_23};

pub(crate) const REPOSITORY: &str = "acme/shop";
pub(crate) const WORKFLOW: &str = ".github/workflows/release.yml";
pub(crate) const REFERENCE: &str = "refs/tags/v1.0.0";
pub(crate) const WORKFLOW_URI: &str = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0";

/// The ways in which an envelope can be logged.
pub(crate) const ENVELOPE_ENTRIES: [EntryKind; 4] =
    [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002, EntryKind::HashedRekordV002];

/// A statement by the signer whom the policy expects, as a bundle.
pub(crate) fn attested(world: &World, statement: &Value) -> Content {
    bundle(&world.signer().attest(statement).bundle(Version::V03))
}

/// The same of a statement about the image.
pub(crate) fn attested_as(world: &World, predicate_type: &str, predicate: Value) -> Content {
    attested(world, &statement::statement(&world.subject, predicate_type, predicate))
}

/// The good case.
pub(crate) struct World {
    pub(crate) instance: Sigstore,
    pub(crate) image: Digest,
    /// The image as statements name it.
    pub(crate) subject: Subject,
    pub(crate) build: Build,
    pub(crate) identity: Identity,
}

impl World {
    pub(crate) fn new() -> World {
        World::of(Sigstore::new())
    }

    /// The same image and signer with another Sigstore.
    pub(crate) fn of(instance: Sigstore) -> World {
        let image = Digest::of(Algorithm::Sha256, b"the manifest of the image");
        let build = Build::github(REPOSITORY, WORKFLOW, REFERENCE);
        World {
            instance,
            subject: Subject::new("registry.test/acme/shop", &image.to_string()),
            image,
            identity: build.identity(),
            build,
        }
    }

    /// Starts a signature by the signer whom the policy expects.
    pub(crate) fn signer(&self) -> sigstore::Signer<'_> {
        self.instance.signer(&self.identity)
    }

    pub(crate) fn provenance(&self) -> Value {
        slsa_v1(&self.subject, &self.build)
    }

    pub(crate) fn sbom(&self) -> Value {
        spdx_23(&self.subject, &[("zlib", "1.3.1")])
    }

    pub(crate) fn signed_image(&self) -> Signed {
        self.signer().sign_image(&self.subject)
    }

    pub(crate) fn signed_provenance(&self) -> Signed {
        self.signer().attest(&self.provenance())
    }

    /// Provenance, logged as an entry of this kind and stamped where the log vouches for no time.
    pub(crate) fn provenance_logged_as(&self, kind: EntryKind) -> Signed {
        logged_as(self.signer(), kind).attest(&self.provenance())
    }

    /// Provenance signed with this key under a certificate of its own.
    pub(crate) fn provenance_with_key(&self, key: &Key) -> Signed {
        self.signer().key(key).attest(&self.provenance())
    }

    /// A signature, a provenance and an SBOM: all that the widest policy asks for.
    pub(crate) fn complete(&self) -> Vec<Content> {
        [self.signed_image(), self.signed_provenance(), self.signer().attest(&self.sbom())]
            .iter()
            .map(|signed| bundle(&signed.bundle(Version::V03)))
            .collect()
    }

    pub(crate) fn domain(&self) -> TrustDomain {
        self.domain_with(|_| {})
    }

    /// The instance as a trust domain after `bend` had its way with the trusted root.
    pub(crate) fn domain_with(&self, bend: impl FnOnce(&mut Value)) -> TrustDomain {
        domain("virtual", &self.instance.trusted_root_with(bend))
    }

    /// Judges by a policy that asks for this requirement from the expected signer.
    pub(crate) fn requiring(&self, requirement: Requirement) -> Judge {
        self.requiring_all(&[requirement])
    }

    pub(crate) fn requiring_all(&self, requirements: &[Requirement]) -> Judge {
        Judge {
            image: self.image.clone(),
            requirements: requirements.to_vec(),
            signer: expected_signer(),
            domains: vec![self.domain()],
            now: SIGNING_TIME + SignedDuration::from_hours(1),
        }
    }

    pub(crate) fn for_signatures(&self) -> Judge {
        self.requiring(Requirement::Signature)
    }

    pub(crate) fn for_provenance(&self) -> Judge {
        self.requiring(Requirement::Provenance)
    }

    /// By what the layer is: a signature, or provenance.
    pub(crate) fn for_layer(&self, layer: &LegacyLayer) -> Judge {
        match layer.media_type.as_str() {
            sigstore::signed::SIMPLE_SIGNING => self.for_signatures(),
            _ => self.for_provenance(),
        }
    }

    pub(crate) fn for_sboms(&self) -> Judge {
        self.requiring(Requirement::Sbom)
    }
}

/// Policy, trust and a time; what they are asked about is given to each question.
pub(crate) struct Judge {
    pub(crate) image: Digest,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) signer: Signer,
    pub(crate) domains: Vec<TrustDomain>,
    pub(crate) now: Timestamp,
}

impl Judge {
    pub(crate) fn trusting(mut self, domains: impl IntoIterator<Item = TrustDomain>) -> Judge {
        self.domains = domains.into_iter().collect();
        self
    }

    pub(crate) fn signed_by(mut self, signer: Signer) -> Judge {
        self.signer = signer;
        self
    }

    pub(crate) fn at(mut self, now: Timestamp) -> Judge {
        self.now = now;
        self
    }

    pub(crate) fn on(mut self, image: &Digest) -> Judge {
        self.image = image.clone();
        self
    }

    pub(crate) fn policy(&self) -> Policy {
        let requirements = self.requirements.iter().copied();
        Policy::from_flags(self.signer.clone(), requirements, None).expect("a policy")
    }

    pub(crate) fn judge(&self, contents: impl IntoIterator<Item = Content>) -> ImageReport {
        self.judge_evidence(&evidence(&self.image, contents))
    }

    pub(crate) fn judge_evidence(&self, evidence: &Evidence) -> ImageReport {
        verify(evidence, &self.policy(), &self.domains, self.now)
    }

    /// Asserts that this alone verifies the image, and returns what is said of it.
    #[track_caller]
    pub(crate) fn accepts(&self, content: Content) -> CandidateReport {
        let mut report = self.judge([content]);
        let candidate = report.candidates.remove(0);
        let in_the_way = obstacle(&candidate);
        assert_eq!(in_the_way, None, "nothing may stand in the way");
        assert!(candidate.accepted, "it must be accepted: {candidate:?}");
        assert_eq!(report.verdict, Verdict::Verified);
        candidate
    }

    /// Asserts that this alone gets the image rejected, and by which check; returns the finding.
    #[track_caller]
    pub(crate) fn rejects(&self, content: Content, check: CheckId) -> Finding {
        self.refuses(content, check, Outcome::Fail, Verdict::Rejected)
    }

    /// Asserts that this cannot be decided, and by which check; returns the finding.
    #[track_caller]
    pub(crate) fn cannot_decide(&self, content: Content, check: CheckId) -> Finding {
        self.refuses(content, check, Outcome::Error, Verdict::Undecided)
    }

    #[track_caller]
    fn refuses(&self, content: Content, check: CheckId, outcome: Outcome, verdict: Verdict) -> Finding {
        let report = self.judge([content]);
        let candidate = &report.candidates[0];
        let finding = obstacle(candidate).expect("something must stand in the way").clone();
        assert_eq!((finding.check, finding.outcome), (check, outcome), "{finding:?}");
        assert_eq!(report.verdict, verdict, "{finding:?}");
        assert!(!candidate.accepted);
        assert_eq!(candidate.reason.as_deref(), Some(finding.message.as_str()));
        assert!(candidate.section.is_none());
        assert!(
            report.requirements.iter().all(|one| one.satisfied_by.is_empty() && one.findings.contains(&finding)),
            "the requirement must name the reason: {:?}",
            report.requirements
        );
        finding
    }
}

/// The first finding that stands in the way of a candidate.
pub(crate) fn obstacle(candidate: &CandidateReport) -> Option<&Finding> {
    candidate.findings.iter().find(|finding| finding.is_blocking())
}

pub(crate) fn logged_as(signer: sigstore::Signer<'_>, kind: EntryKind) -> sigstore::Signer<'_> {
    match kind {
        EntryKind::HashedRekordV002 => signer.rekor_v2(),
        _ => signer.logged_as(kind),
    }
}

pub(crate) fn expected_signer() -> Signer {
    signer(WORKFLOW_URI, GITHUB_ACTIONS)
}

pub(crate) fn signer(identity: &str, issuer: &str) -> Signer {
    Signer::from_flags(Some(identity), Some(issuer), None, None, None).expect("a signer")
}

pub(crate) fn domain(name: &str, root: &str) -> TrustDomain {
    let root = TrustRoot::parse(name, "trusted_root.json", root.as_bytes()).expect("a root");
    TrustDomain::prepare(&root).expect("a trust domain")
}

pub(crate) fn blob(bytes: impl Into<Vec<u8>>) -> Blob {
    Blob::of(Algorithm::Sha256, bytes.into())
}

pub(crate) fn bundle(json: &Value) -> Content {
    bundle_text(&json.to_string())
}

pub(crate) fn bundle_text(text: &str) -> Content {
    Content::Bundle(Opened::bundle(blob(text)))
}

/// A legacy layer, taken for what its media type says.
pub(crate) fn legacy(layer: LegacyLayer) -> Content {
    match layer.media_type.as_str() {
        sigstore::signed::SIMPLE_SIGNING => as_legacy_signature(layer),
        _ => as_legacy_attestation(layer),
    }
}

pub(crate) fn as_legacy_signature(layer: LegacyLayer) -> Content {
    Content::LegacySignature { annotations: annotations(&layer), payload: blob(layer.bytes) }
}

pub(crate) fn as_legacy_attestation(layer: LegacyLayer) -> Content {
    Content::LegacyAttestation { annotations: annotations(&layer), envelope: Opened::envelope(blob(layer.bytes)) }
}

fn annotations(layer: &LegacyLayer) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("annotations are texts").to_owned();
    layer.annotations.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

/// Attaches content to a manifest; `position` keeps apart what is otherwise the same.
pub(crate) fn candidate(subject: &Digest, position: usize, content: Content) -> Candidate {
    let digest = match &content {
        Content::Bundle(bundle) | Content::BundleOverPayload { bundle, .. } => bundle.digest().clone(),
        Content::UnsignedStatement(blob) => blob.digest().clone(),
        Content::ListedStatement { statement, .. } => statement.digest().clone(),
        Content::OnList { signature, .. } => signature.digest.clone(),
        Content::LegacySignature { payload: signed, .. } | Content::RegistrySignature { text: signed, .. } => {
            signed.digest().clone()
        }
        Content::LegacyAttestation { envelope, .. } => envelope.digest().clone(),
        Content::Detached { annotations } => Digest::of(Algorithm::Sha256, format!("{annotations:?}").as_bytes()),
        Content::Unread { media_type: named, .. }
        | Content::Ignored { artifact_type: named, .. }
        | Content::Unsigned { what: named } => Digest::of(Algorithm::Sha256, named.as_bytes()),
    };
    let origin = match &content {
        Content::LegacySignature { .. } => cosign_tag(subject, ".sig", position),
        Content::LegacyAttestation { .. } => cosign_tag(subject, ".att", position),
        Content::UnsignedStatement(_) | Content::Unsigned { .. } => Origin::BuildKit(digest.clone()),
        Content::Bundle(_)
        | Content::BundleOverPayload { .. }
        | Content::ListedStatement { .. }
        | Content::Detached { .. }
        | Content::OnList { .. }
        | Content::RegistrySignature { .. }
        | Content::Unread { .. }
        | Content::Ignored { .. } => {
            Origin::Referrer(Digest::of(Algorithm::Sha256, format!("referrer {position}").as_bytes()))
        }
    };
    Candidate { subject: subject.clone(), origin, digest, content }
}

fn cosign_tag(subject: &Digest, suffix: &str, layer: usize) -> Origin {
    Origin::CosignTag { tag: format!("sha256-{}{suffix}", subject.hex()), layer }
}

/// One image without an index, with all of this attached.
pub(crate) fn evidence(image: &Digest, contents: impl IntoIterator<Item = Content>) -> Evidence {
    let candidates = contents.into_iter().enumerate();
    Evidence::of(
        Target::image("registry.test/acme/shop:1.0.0", Some("registry.test/acme/shop"), image.clone()),
        candidates.map(|(position, content)| candidate(image, position, content)).collect(),
    )
}

/// What is collected for an index of linux/amd64 and linux/arm64 that is known by no name.
pub(crate) fn evidence_of_index(root: &Digest, platforms: &[Digest; 2], candidates: Vec<Candidate>) -> Evidence {
    let platform = |name: &str| SubjectKind::Image(Some(name.parse().expect("a platform")));
    let mut evidence = evidence(root, []);
    evidence.target.name = None;
    evidence.target.kind =
        TargetKind::Image { media_type: "application/vnd.oci.image.index.v1+json".to_owned(), platforms: Vec::new() };
    evidence.target.subjects = vec![
        manifest(root, SubjectKind::Index, &[]),
        manifest(&platforms[0], platform("linux/amd64"), &[root]),
        manifest(&platforms[1], platform("linux/arm64"), &[root]),
    ];
    evidence.candidates = candidates;
    evidence
}

pub(crate) fn manifest(digest: &Digest, kind: SubjectKind, reached_through: &[&Digest]) -> Manifest {
    let reached_through = reached_through.iter().map(|index| (*index).clone()).collect();
    Manifest { digest: digest.clone(), kind, reached_through, searched: true }
}
