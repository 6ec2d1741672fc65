//! Which platforms are covered by what is attached to an index, to a platform, or to something else.

use bonafide::check::{CheckId, ImageReport, Verdict};
use bonafide::evidence::{Candidate, Evidence, Gap, GapReason, Obstacle, SubjectKind, TargetKind};
use bonafide::oci::{Algorithm, Digest};
use bonafide::policy::Requirement;

use crate::support::sigstore::Version;
use crate::support::statement::Subject;
use crate::world::{World, bundle, candidate, evidence_of_index, manifest};

struct Index {
    world: World,
    root: Digest,
    platforms: [Digest; 2],
}

impl Index {
    fn new() -> Index {
        let digest = |text: &str| Digest::of(Algorithm::Sha256, text.as_bytes());
        Index { world: World::new(), root: digest("index"), platforms: [digest("amd64"), digest("arm64")] }
    }

    fn evidence(&self, candidates: Vec<Candidate>) -> Evidence {
        evidence_of_index(&self.root, &self.platforms, candidates)
    }

    /// An image signature about one digest, attached to another or the same.
    fn signature(&self, about: &Digest, attached_to: &Digest) -> Candidate {
        let subject = Subject::new("registry.test/acme/shop", &about.to_string());
        let signed = self.world.signer().sign_image(&subject);
        candidate(attached_to, 0, bundle(&signed.bundle(Version::V03)))
    }

    fn signature_on(&self, digest: &Digest) -> Candidate {
        self.signature(digest, digest)
    }

    fn judge(&self, candidates: Vec<Candidate>) -> ImageReport {
        self.world.for_signatures().judge_evidence(&self.evidence(candidates))
    }
}

fn verdicts(report: &ImageReport) -> Vec<(Option<&str>, Verdict)> {
    report.platforms.iter().map(|platform| (platform.platform.as_deref(), platform.verdict)).collect()
}

#[test]
fn evidence_on_the_index_covers_every_platform() {
    let index = Index::new();
    let report = index.judge(vec![index.signature_on(&index.root)]);
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(verdicts(&report), [(Some("linux/amd64"), Verdict::Verified), (Some("linux/arm64"), Verdict::Verified)]);
    assert_eq!(report.requirements[0].satisfied_by, ["c1"]);
}

#[test]
fn evidence_on_a_platform_covers_that_platform_alone() {
    let index = Index::new();
    let report = index.judge(vec![index.signature_on(&index.platforms[0])]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(verdicts(&report), [(Some("linux/amd64"), Verdict::Verified), (Some("linux/arm64"), Verdict::Absent)]);
    let finding = &report.requirements[0].findings[0];
    assert_eq!(finding.check, CheckId::EvidencePresent);
    assert_eq!(finding.message, "no signature is attached for linux/arm64");
    assert_eq!(finding.subject, Some(index.platforms[1].to_string()));
}

#[test]
fn evidence_on_every_platform_covers_the_image() {
    let index = Index::new();
    let report = index.judge(index.platforms.iter().map(|platform| index.signature_on(platform)).collect());
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.requirements[0].satisfied_by, ["c1", "c2"]);
}

/// A047: what a signature covers is the digest that it is about, not where it is attached.
#[test]
fn a047_a_signature_about_a_platform_attached_to_the_index_covers_nothing() {
    let index = Index::new();
    let report = index.judge(vec![index.signature(&index.platforms[0], &index.root)]);
    assert_eq!(report.verdict, Verdict::Rejected);
    assert!(report.platforms.iter().all(|platform| platform.verdict == Verdict::Rejected));
    let report = index.judge(vec![index.signature(&index.root, &index.platforms[0])]);
    assert_eq!(verdicts(&report), [(Some("linux/amd64"), Verdict::Rejected), (Some("linux/arm64"), Verdict::Absent)]);
    assert_eq!(report.requirements[0].findings[0].check, CheckId::SubjectDigest);
}

#[test]
fn evidence_on_a_digest_that_is_not_of_the_image_covers_nothing() {
    let index = Index::new();
    let elsewhere = Digest::of(Algorithm::Sha256, b"elsewhere");
    let report = index.judge(vec![index.signature_on(&elsewhere)]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert!(report.requirements[0].satisfied_by.is_empty());
}

#[test]
fn a_platform_that_was_tampered_with_is_rejected_though_the_other_is_good() {
    let index = Index::new();
    let bad = index.signature(&index.platforms[0], &index.platforms[1]);
    let report = index.judge(vec![index.signature_on(&index.platforms[0]), bad]);
    assert_eq!(report.verdict, Verdict::Rejected);
    assert_eq!(verdicts(&report), [(Some("linux/amd64"), Verdict::Verified), (Some("linux/arm64"), Verdict::Rejected)]);
}

#[test]
fn a_gap_on_one_platform_leaves_that_platform_undecided() {
    let index = Index::new();
    let gap = |subject: &Digest| Gap {
        subject: subject.clone(),
        what: "referrers".to_owned(),
        obstacle: Obstacle::new(GapReason::Throttled, "429"),
    };
    let judge = index.world.for_signatures();
    let mut evidence = index.evidence(vec![index.signature_on(&index.platforms[0])]);
    evidence.gaps.push(gap(&index.platforms[1]));
    let report = judge.judge_evidence(&evidence);
    assert_eq!(
        verdicts(&report),
        [(Some("linux/amd64"), Verdict::Verified), (Some("linux/arm64"), Verdict::Undecided)]
    );
    assert_eq!(report.verdict, Verdict::Undecided);
    // On the index it concerns all that is not covered otherwise.
    let mut evidence = index.evidence(Vec::new());
    evidence.gaps.push(gap(&index.root));
    let report = judge.judge_evidence(&evidence);
    assert!(report.platforms.iter().all(|platform| platform.verdict == Verdict::Undecided));
}

#[test]
fn requirements_may_be_met_on_different_levels() {
    let index = Index::new();
    let attest = |digest: &Digest| {
        let subject = Subject::new("registry.test/acme/shop", &digest.to_string());
        let statement = crate::support::statement::slsa_v1(&subject, &index.world.build);
        candidate(digest, 0, bundle(&index.world.signer().attest(&statement).bundle(Version::V03)))
    };
    let judge = index.world.requiring_all(&[Requirement::Signature, Requirement::Provenance]);
    let mut candidates = vec![index.signature_on(&index.root), attest(&index.platforms[0])];
    let report = judge.judge_evidence(&index.evidence(candidates.clone()));
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(report.platforms[0].verdict, Verdict::Verified);
    assert_eq!(report.platforms[1].requirements["signature"], Verdict::Verified);
    assert_eq!(report.platforms[1].requirements["provenance"], Verdict::Absent);
    candidates.push(attest(&index.platforms[1]));
    assert_eq!(judge.judge_evidence(&index.evidence(candidates)).verdict, Verdict::Verified);
}

#[test]
fn evidence_on_a_nested_index_covers_what_is_below_it() {
    let index = Index::new();
    let nested = Digest::of(Algorithm::Sha256, b"nested index");
    let mut evidence = index.evidence(vec![index.signature_on(&nested)]);
    evidence.target.subjects.insert(1, manifest(&nested, SubjectKind::Index, &[&index.root]));
    evidence.target.subjects[3].reached_through.push(nested.clone());
    let report = index.world.for_signatures().judge_evidence(&evidence);
    assert_eq!(verdicts(&report), [(Some("linux/amd64"), Verdict::Absent), (Some("linux/arm64"), Verdict::Verified)]);
}

#[test]
fn an_index_without_platforms_stands_for_itself() {
    let index = Index::new();
    let mut evidence = index.evidence(vec![index.signature_on(&index.root)]);
    evidence.target.subjects.truncate(1);
    let report = index.world.for_signatures().judge_evidence(&evidence);
    assert_eq!((report.verdict, verdicts(&report)), (Verdict::Verified, vec![(None, Verdict::Verified)]));
    evidence.candidates.clear();
    assert_eq!(index.world.for_signatures().judge_evidence(&evidence).verdict, Verdict::Absent);
}

/// No manifest at all is nothing to verify, and nothing is never a pass.
#[test]
fn a267_no_subject_is_never_a_pass() {
    let index = Index::new();
    let mut evidence = index.evidence(vec![index.signature_on(&index.root)]);
    evidence.target.subjects.clear();
    let report = index.world.for_signatures().judge_evidence(&evidence);
    assert_eq!(report.verdict, Verdict::Undecided);
}

/// A place that nobody looked at may hold anything: nothing found is not nothing there.
#[test]
fn a_manifest_that_was_not_searched_is_undecided_unless_it_is_covered_otherwise() {
    let index = Index::new();
    let judge = index.world.for_signatures();
    let mut evidence = index.evidence(vec![index.signature_on(&index.platforms[0])]);
    evidence.target.subjects[2].searched = false;
    let report = judge.judge_evidence(&evidence);
    assert_eq!(
        verdicts(&report),
        [(Some("linux/amd64"), Verdict::Verified), (Some("linux/arm64"), Verdict::Undecided)]
    );
    assert_eq!(report.requirements[0].findings[0].check, CheckId::EvidenceComplete);
    evidence.candidates.push(index.signature_on(&index.root));
    assert_eq!(judge.judge_evidence(&evidence).verdict, Verdict::Verified);
}

/// Whoever pulls the index on another platform would run what was not looked at.
#[test]
fn of_one_platform_that_was_asked_for_the_platform_is_what_is_pinned() {
    let index = Index::new();
    let mut evidence = index.evidence(vec![index.signature_on(&index.root)]);
    evidence.target.name = Some("registry.test/acme/shop".to_owned());
    let judge = index.world.for_signatures();
    assert_eq!(judge.judge_evidence(&evidence).pinned, Some(format!("registry.test/acme/shop@{}", index.root)));
    evidence.target.kind = TargetKind::Image {
        media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
        platforms: vec!["linux/amd64".parse().expect("a platform")],
    };
    evidence.target.subjects.truncate(2);
    let report = judge.judge_evidence(&evidence);
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.pinned, Some(format!("registry.test/acme/shop@{}", index.platforms[0])));
    assert_eq!((report.digest, report.index), (Some(index.platforms[0].to_string()), Some(index.root.to_string())));
}
