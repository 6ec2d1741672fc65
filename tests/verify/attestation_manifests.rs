//! Statements that an attestation manifest lists, by the signature on that manifest: the four links, and each of them broken.

use std::sync::Arc;

use bonafide::check::{CheckId, ImageReport, Outcome, Verdict};
use bonafide::evidence::{
    AttestationManifest, AttestationPlace, Candidate, Content, Evidence, Gap, GapReason, Obstacle, Origin,
};
use bonafide::oci::{Algorithm, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::verify::{inspect, verify};
use serde_json::{Value, json};

use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Signed, Version};
use crate::support::statement::{COSIGN_SIGNATURE, SPDX, Subject, cosign_signature, slsa_v1, spdx_23, statement};
use crate::world::{World, as_legacy_signature, blob, bundle, candidate, evidence_of_index, obstacle};

fn digest(text: &str) -> Digest {
    Digest::of(Algorithm::Sha256, text.as_bytes())
}

fn subject(digest: &Digest) -> Subject {
    Subject::new("pkg:docker/registry.test/acme/shop@1.0.0?platform=linux%2Famd64", &digest.to_string())
}

/// An index of two platforms, each with an attestation manifest.
struct Image {
    world: World,
    root: Digest,
    platforms: [Digest; 2],
}

type Bend = fn(&mut AttestationManifest, &Digest);

/// What one attestation manifest is and lists, and which digest is signed.
struct Beside {
    platform: Digest,
    manifest: AttestationManifest,
    signed: Digest,
    statement: Value,
}

impl Image {
    fn new() -> Self {
        Self { world: World::new(), root: digest("index"), platforms: [digest("amd64"), digest("arm64")] }
    }

    /// The attestation manifest of a platform, as BuildKit writes it, with this statement in it.
    fn beside(&self, place: usize, statement: Value) -> Beside {
        let platform = self.platforms[place].clone();
        let manifest = AttestationManifest {
            digest: digest(&format!("attestation manifest {place}")),
            annotated: vec![platform.clone()],
            subject: Some(platform.clone()),
            statements: vec![blob(statement.to_string()).digest().clone()],
        };
        Beside { signed: manifest.digest.clone(), platform, manifest, statement }
    }

    fn provenance(&self, place: usize) -> Beside {
        self.beside(place, slsa_v1(&subject(&self.platforms[place]), &self.world.build))
    }

    fn sbom(&self, place: usize) -> Beside {
        self.beside(place, spdx_23(&subject(&self.platforms[place]), &[("zlib", "1.3.1")]))
    }

    fn evidence(&self, candidates: Vec<Candidate>) -> Evidence {
        let places = candidates.iter().filter_map(|candidate| match &candidate.content {
            Content::ListedStatement { manifest, .. } => Some(AttestationPlace {
                digest: manifest.digest.clone(),
                about: vec![candidate.subject.clone()],
                searched: true,
            }),
            _ => None,
        });
        let attestation_manifests = places.collect();
        Evidence { attestation_manifests, ..evidence_of_index(&self.root, &self.platforms, candidates) }
    }

    fn judge(&self, requirement: Requirement, candidates: Vec<Candidate>) -> ImageReport {
        self.world.requiring(requirement).judge_evidence(&self.evidence(candidates))
    }

    /// Judges both platforms, of which the second is as it should be.
    fn with(&self, first: Candidate) -> ImageReport {
        self.judge(Requirement::Provenance, vec![first, self.provenance(1).signed_by(&self.world)])
    }

    /// Asserts that the first platform is refused, and by which check.
    #[track_caller]
    fn refuses(&self, first: Candidate, check: CheckId) {
        let report = self.with(first);
        assert_eq!(report.verdict, Verdict::Rejected);
        let refused = report.candidates.iter().find(|one| !one.accepted).expect("one is refused");
        let finding = obstacle(refused).expect("an obstacle");
        assert_eq!((finding.check, finding.outcome), (check, Outcome::Fail), "{finding:?}");
        assert!(refused.section.is_none());
    }
}

impl Beside {
    /// The signature that cosign makes on it: a bundle around a statement of its own.
    fn signed_by(self, world: &World) -> Candidate {
        let signed = world.signer().sign_image(&subject(&self.signed));
        self.with(bundle(&signed.bundle(Version::V03)))
    }

    fn with(self, signature: Content) -> Candidate {
        let signature = candidate(&self.manifest.digest, 0, signature);
        let statement = blob(self.statement.to_string());
        Candidate {
            subject: self.platform,
            origin: Origin::AttestationManifest {
                manifest: self.manifest.digest.clone(),
                signature: Box::new(signature.origin.clone()),
            },
            digest: statement.digest().clone(),
            content: Content::ListedStatement {
                manifest: Arc::new(self.manifest),
                signature: Box::new(signature),
                statement,
            },
        }
    }
}

#[test]
fn each_statement_counts_by_the_signature_on_its_manifest() {
    let image = Image::new();
    let report = image.with(image.provenance(0).signed_by(&image.world));
    assert_eq!(report.verdict, Verdict::Verified, "{:?}", report.requirements);
    let one = &report.candidates[0];
    assert_eq!((one.kind.as_str(), one.origin.kind.as_str()), ("provenance", "attestation-manifest"));
    assert_eq!(one.subject, image.platforms[0].to_string());
    assert!(one.section.is_some() && one.signer.is_some());
    let passed: Vec<CheckId> =
        one.findings.iter().filter(|finding| finding.outcome == Outcome::Pass).map(|finding| finding.check).collect();
    for link in [CheckId::AttestationManifest, CheckId::SubjectDigest, CheckId::Signature] {
        assert!(passed.contains(&link), "{link}");
    }
    let candidates = vec![image.sbom(0).signed_by(&image.world), image.sbom(1).signed_by(&image.world)];
    assert_eq!(image.judge(Requirement::Sbom, candidates).verdict, Verdict::Verified);
}

#[test]
fn every_form_of_signature_on_the_manifest_counts() {
    let image = Image::new();
    let on = || subject(&image.provenance(0).manifest.digest);
    let simple = image.world.signer().sign_simple(&on());
    let digest_alone = image.world.signer().sign_bytes(b"the bytes of the manifest");
    let mut over_digest = image.provenance(0);
    over_digest.manifest.digest = digest("the bytes of the manifest");
    let payload = blob(simple.legacy_layer().bytes);
    let moved = Content::BundleOverPayload {
        bundle: bonafide::evidence::Opened::bundle(blob(simple.bundle(Version::V03).to_string())),
        payload,
    };
    for first in [
        image.provenance(0).with(as_legacy_signature(simple.legacy_layer())),
        image.provenance(0).with(moved),
        over_digest.with(bundle(&digest_alone.bundle(Version::V03))),
    ] {
        let report = image.with(first);
        assert_eq!(report.verdict, Verdict::Verified, "{:?}", report.candidates[0].findings);
    }
}

#[test]
fn one_of_the_two_that_name_the_image_is_enough_and_both_must_agree() {
    let image = Image::new();
    for (annotated, own) in [(true, false), (false, true)] {
        let mut first = image.provenance(0);
        first.manifest.annotated.retain(|_| annotated);
        first.manifest.subject = first.manifest.subject.filter(|_| own);
        assert_eq!(image.with(first.signed_by(&image.world)).verdict, Verdict::Verified, "{annotated} {own}");
    }
    let other = &image.platforms[1];
    let bends: [(&str, Bend); 5] = [
        ("the annotation points elsewhere", |manifest, other| manifest.annotated = vec![other.clone()]),
        ("the subject is another", |manifest, other| manifest.subject = Some(other.clone())),
        ("listed twice", |manifest, other| manifest.annotated.push(other.clone())),
        ("the annotation alone, and elsewhere", |manifest, other| {
            manifest.annotated = vec![other.clone()];
            manifest.subject = None;
        }),
        ("neither", |manifest, _| {
            manifest.annotated.clear();
            manifest.subject = None;
        }),
    ];
    for (what, bend) in bends {
        let mut first = image.provenance(0);
        bend(&mut first.manifest, other);
        println!("{what}");
        image.refuses(first.signed_by(&image.world), CheckId::AttestationManifest);
    }
}

#[test]
fn a_statement_that_the_manifest_does_not_list_is_refused() {
    let image = Image::new();
    let mut first = image.provenance(0);
    first.manifest.statements = vec![digest("another statement")];
    image.refuses(first.signed_by(&image.world), CheckId::AttestationManifest);
    let mut first = image.provenance(0);
    first.manifest.statements.clear();
    image.refuses(first.signed_by(&image.world), CheckId::AttestationManifest);
}

#[test]
fn a_statement_about_another_manifest_is_refused() {
    let image = Image::new();
    for about in [&image.platforms[1], &image.root, &image.provenance(0).manifest.digest, &digest("another image")] {
        let first = image.beside(0, slsa_v1(&subject(about), &image.world.build));
        image.refuses(first.signed_by(&image.world), CheckId::SubjectDigest);
    }
}

#[test]
fn a_statement_with_several_subjects_is_about_each_of_them() {
    let image = Image::new();
    let mut both = slsa_v1(&subject(&image.platforms[1]), &image.world.build);
    let own = subject(&image.platforms[0]).to_json();
    both["subject"].as_array_mut().expect("subjects").push(own);
    assert_eq!(image.with(image.beside(0, both).signed_by(&image.world)).verdict, Verdict::Verified);
}

#[test]
fn a_replayed_signature_is_refused() {
    let image = Image::new();
    // A signature of another image's attestation manifest, of the image itself, and of the index.
    for signed in [digest("another attestation manifest"), image.platforms[0].clone(), image.root.clone()] {
        let world = &image.world;
        let on = subject(&signed);
        let as_bundle = bundle(&world.signer().sign_image(&on).bundle(Version::V03));
        let as_layer = as_legacy_signature(world.signer().sign_simple(&on).legacy_layer());
        let moved = bundle(&world.signer().sign_bytes(b"something").bundle(Version::V03));
        for signature in [as_bundle, as_layer, moved] {
            image.refuses(image.provenance(0).with(signature), CheckId::SubjectDigest);
        }
    }
}

#[test]
fn a_signature_on_another_attestation_manifest_than_the_one_in_hand_is_refused() {
    let image = Image::new();
    let mut first = image.provenance(0).signed_by(&image.world);
    let Content::ListedStatement { manifest, .. } = &mut first.content else { panic!("a listed statement") };
    Arc::make_mut(manifest).digest = digest("swapped");
    image.refuses(first, CheckId::AttestationManifest);
}

#[test]
fn a_strangers_signature_on_the_manifest_is_refused() {
    let image = Image::new();
    let stranger = Identity::email("mallory@evil.test", GITHUB_ACTIONS);
    let signed: Signed = image.world.instance.signer(&stranger).sign_image(&subject(&image.provenance(0).signed));
    image.refuses(image.provenance(0).with(bundle(&signed.bundle(Version::V03))), CheckId::SignerIdentity);
}

#[test]
fn one_platform_without_a_signature_is_absent() {
    let image = Image::new();
    let report = image.judge(Requirement::Provenance, vec![image.provenance(0).signed_by(&image.world)]);
    assert_eq!(report.verdict, Verdict::Absent);
    let verdicts: Vec<Verdict> = report.platforms.iter().map(|platform| platform.verdict).collect();
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Absent]);
}

#[test]
fn no_signature_on_an_attestation_manifest_is_one_on_the_image() {
    let image = Image::new();
    // Not even a statement in it that says so.
    let claimed = |place: usize| image.beside(place, cosign_signature(&subject(&image.platforms[place])));
    let candidates = vec![
        claimed(0).signed_by(&image.world),
        claimed(1).signed_by(&image.world),
        image.provenance(0).signed_by(&image.world),
    ];
    let report = image.judge(Requirement::Signature, candidates);
    assert_eq!(report.verdict, Verdict::Absent);
    assert!(report.candidates.iter().all(|one| one.kind.as_str() != "signature"));
    assert!(report.candidates.iter().any(|one| one.predicate_type.as_deref() == Some(COSIGN_SIGNATURE)));
}

#[test]
fn an_attestation_of_the_manifest_is_no_signature_on_it() {
    let image = Image::new();
    let about_manifest = spdx_23(&subject(&image.provenance(0).signed), &[("zlib", "1.3.1")]);
    let attested = image.world.signer().attest(&about_manifest);
    let report = image.with(image.provenance(0).with(bundle(&attested.bundle(Version::V03))));
    assert_eq!(report.verdict, Verdict::Absent);
    let one = report.candidates.iter().find(|one| one.kind.as_str() == "ignored").expect("one is set aside");
    assert!(one.reason.as_deref().is_some_and(|reason| reason.contains("not a signature")), "{:?}", one.reason);
    // Nor is what is no signature at all, nor a statement wrapped in another.
    for content in [
        Content::Ignored { artifact_type: "application/x".to_owned(), reason: "not a bundle".to_owned() },
        image.provenance(0).signed_by(&image.world).content,
    ] {
        assert_eq!(image.with(image.provenance(0).with(content)).verdict, Verdict::Absent);
    }
}

#[test]
fn a_bundle_that_cannot_be_read_is_refused_and_satisfies_no_signature() {
    let image = Image::new();
    let broken = || image.provenance(0).with(bundle(&json!({})));
    image.refuses(broken(), CheckId::BundleFormat);
    assert_eq!(image.judge(Requirement::Signature, vec![broken()]).verdict, Verdict::Absent);
}

#[test]
fn what_is_no_statement_is_refused() {
    let image = Image::new();
    let provenance = image.provenance(0).statement;
    let envelope = json!({
        "payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": [{"sig": "AAAA"}],
    });
    let mut other_version = provenance.clone();
    other_version["_type"] = json!("https://in-toto.io/Statement/v9");
    let mut no_digest = provenance;
    no_digest["subject"] = json!([{"name": "shop"}]);
    for statement in [envelope, no_digest, json!([]), json!("text")] {
        image.refuses(image.beside(0, statement).signed_by(&image.world), CheckId::PayloadFormat);
    }
    // A version newer than this program knows is undecided (A309).
    let report = image.with(image.beside(0, other_version).signed_by(&image.world));
    assert_eq!(report.verdict, Verdict::Undecided);
}

#[test]
fn what_the_provenance_says_is_compared_with_the_certificate_of_who_signed_the_manifest() {
    let image = Image::new();
    for (pointer, check) in [
        ("/predicate/buildDefinition/externalParameters/workflow/repository", CheckId::ProvenanceSource),
        ("/predicate/buildDefinition/resolvedDependencies/0/digest/gitCommit", CheckId::ProvenanceCommit),
        ("/predicate/buildDefinition/externalParameters/workflow/path", CheckId::ProvenanceWorkflow),
    ] {
        let mut lie = image.provenance(0).statement;
        *lie.pointer_mut(pointer).expect("a member") = match check {
            CheckId::ProvenanceSource => json!("https://github.com/mallory/shop"),
            CheckId::ProvenanceCommit => json!("0000000000000000000000000000000000000001"),
            _ => json!(".github/workflows/nightly.yml"),
        };
        image.refuses(image.beside(0, lie).signed_by(&image.world), check);
    }
}

#[test]
fn of_two_statements_of_which_one_lies_the_other_counts_and_the_lie_is_told() {
    let image = Image::new();
    let mut lie = image.provenance(0).statement;
    lie["predicate"]["buildDefinition"]["externalParameters"]["workflow"]["repository"] =
        json!("https://github.com/mallory/shop");
    let candidates = vec![
        image.provenance(0).signed_by(&image.world),
        image.beside(0, lie).signed_by(&image.world),
        image.provenance(1).signed_by(&image.world),
    ];
    let report = image.judge(Requirement::Provenance, candidates);
    assert_eq!(report.verdict, Verdict::Verified);
    assert!(report.requirements[0].findings.iter().any(|finding| finding.check == CheckId::ProvenanceOthers));
}

/// docker/github-builder: a reusable workflow signs, and BuildKit writes the run as the builder.
#[test]
fn a_provenance_of_docker_github_builder_counts_for_the_repository_that_called_it() {
    const BUILDER: &str = "https://github.com/docker/github-builder/.github/workflows/build.yml@refs/tags/v1.2.0";
    let image = Image::new();
    let caller = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0";
    let identity = Identity::github_reusable_workflow(BUILDER, "acme/shop", caller, "refs/tags/v1.0.0");
    let provenance = |repository: &str, commit: &str, run: &str| {
        statement(
            &subject(&image.platforms[0]),
            "https://slsa.dev/provenance/v1",
            json!({
                "buildDefinition": {
                    "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
                    "externalParameters": {
                        "configSource": {
                            "uri": format!("https://github.com/{repository}.git#refs/tags/v1.0.0"),
                            "digest": {"sha1": commit}, "path": "Dockerfile",
                        },
                        "request": {"frontend": "dockerfile.v0", "args": {}},
                    },
                    "internalParameters": {"builderPlatform": "linux/amd64"},
                    "resolvedDependencies": [],
                },
                "runDetails": {"builder": {"id": format!("https://github.com/{repository}/actions/runs/{run}")}},
            }),
        )
    };
    let judge = |statement: Value| {
        let first = image.beside(0, statement);
        let signature = image.world.instance.signer(&identity).sign_image(&subject(&first.signed));
        let mut evidence = image.evidence(vec![first.with(bundle(&signature.bundle(Version::V03)))]);
        evidence.target.subjects.pop();
        let rule = Signer::from_flags(Some(BUILDER), Some(GITHUB_ACTIONS), Some("acme/shop"), None, None);
        let policy = Policy::from_flags(rule.expect("a signer"), [Requirement::Provenance], None).expect("a policy");
        verify(&evidence, &policy, &[image.world.domain()], image.world.for_provenance().now)
    };
    let commit = crate::support::sigstore::identity::COMMIT;
    let good = judge(provenance("acme/shop", commit, "7012345678/attempts/1"));
    assert_eq!(good.verdict, Verdict::Verified, "{:?}", good.candidates[0].findings);
    for (lie, check) in [
        (provenance("mallory/shop", commit, "7012345678/attempts/1"), CheckId::ProvenanceSource),
        (provenance("acme/shop", &"0".repeat(40), "7012345678/attempts/1"), CheckId::ProvenanceCommit),
        (provenance("acme/shop", commit, "1/attempts/1"), CheckId::ProvenanceRun),
    ] {
        let report = judge(lie);
        assert_eq!(report.verdict, Verdict::Rejected);
        assert_eq!(obstacle(&report.candidates[0]).map(|finding| finding.check), Some(check));
    }
}

#[test]
fn what_could_not_be_read_of_an_attestation_manifest_leaves_its_platform_undecided_for_statements_alone() {
    let image = Image::new();
    let of = |requirement, about: &[&Digest]| {
        let mut evidence = image.evidence(vec![image.provenance(1).signed_by(&image.world)]);
        let about = about.iter().map(|digest| (*digest).clone()).collect();
        let place = AttestationPlace { digest: digest("unread"), about, searched: true };
        evidence.attestation_manifests.push(place);
        evidence.gaps.push(Gap {
            subject: digest("unread"),
            what: "the attestation manifest".to_owned(),
            obstacle: Obstacle::new(GapReason::Unavailable, "status 500"),
        });
        image.world.requiring(requirement).judge_evidence(&evidence).verdict
    };
    assert_eq!(of(Requirement::Provenance, &[&image.platforms[0]]), Verdict::Undecided);
    assert_eq!(of(Requirement::Provenance, &[&image.root]), Verdict::Undecided);
    assert_eq!(of(Requirement::Provenance, &[]), Verdict::Undecided, "it may be about any platform");
    assert_eq!(of(Requirement::Provenance, &[&image.platforms[1]]), Verdict::Absent, "of the other platform");
    assert_eq!(of(Requirement::Signature, &[&image.platforms[0]]), Verdict::Absent);
}

#[test]
fn an_attestation_manifest_that_was_not_searched_leaves_its_platform_undecided() {
    let image = Image::new();
    let mut evidence = image.evidence(vec![image.provenance(1).signed_by(&image.world)]);
    let about = vec![image.platforms[0].clone()];
    evidence.attestation_manifests.push(AttestationPlace { digest: digest("later"), about, searched: false });
    assert_eq!(image.world.for_provenance().judge_evidence(&evidence).verdict, Verdict::Undecided);
    assert_eq!(image.world.for_signatures().judge_evidence(&evidence).verdict, Verdict::Absent);
}

#[test]
fn a_statement_that_was_not_fetched_could_be_no_signature() {
    let image = Image::new();
    let mut first = image.provenance(0).signed_by(&image.world);
    first.content = Content::Unread { media_type: "application/vnd.in-toto+json".to_owned(), bytes: 2_000_000 };
    assert_eq!(image.with(first.clone()).verdict, Verdict::Undecided);
    assert_eq!(image.judge(Requirement::Signature, vec![first]).verdict, Verdict::Absent);
}

#[test]
fn an_inspection_names_the_statement_and_who_signed_its_manifest() {
    let image = Image::new();
    let good = image.provenance(0).signed_by(&image.world);
    let mut swapped = image.provenance(1);
    swapped.manifest.annotated = vec![image.platforms[0].clone()];
    let sbom = image.beside(0, statement(&subject(&image.platforms[0]), SPDX, json!({})));
    let evidence = image.evidence(vec![good, swapped.signed_by(&image.world), sbom.signed_by(&image.world)]);
    let now = image.world.for_provenance().now;
    let inspected = inspect(&evidence, None, &[image.world.domain()], now);
    let accepted: Vec<(&str, bool)> =
        inspected.candidates.iter().map(|one| (one.kind.as_str(), one.accepted)).collect();
    assert!(accepted.contains(&("provenance", true)) && accepted.contains(&("provenance", false)), "{accepted:?}");
    assert!(inspected.candidates.iter().filter(|one| one.accepted).all(|one| one.signer.is_some()));
}
