//! From candidates to the verdict on one image.

use bonafide::check::{CheckId, Outcome, Verdict};
use bonafide::evidence::{Content, Evidence, Gap, GapReason, Obstacle, Opened};
use bonafide::policy::{Policy, Requirement};
use bonafide::verify::verify;

use crate::forge::{flip, other_image};
use crate::support::sigstore::{Identity, SIGNING_TIME, Version};
use crate::world::{World, blob, bundle, evidence, expected_signer, legacy, obstacle};

fn gap(world: &World) -> Gap {
    Gap {
        subject: world.image.clone(),
        what: format!("referrers of {}", world.image),
        obstacle: Obstacle::new(GapReason::Unavailable, "the registry answered 503"),
    }
}

fn with_gap(world: &World, contents: impl IntoIterator<Item = Content>) -> Evidence {
    let mut evidence = evidence(&world.image, contents);
    evidence.gaps.push(gap(world));
    evidence
}

fn stranger() -> Identity {
    Identity::github_workflow("mallory/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0")
}

#[test]
fn nothing_attached_is_absent() {
    let world = World::new();
    let report = world.requiring_all(&Requirement::DEFAULT).judge([]);
    assert_eq!(report.verdict, Verdict::Absent);
    for requirement in &report.requirements {
        assert_eq!(requirement.verdict, Verdict::Absent);
        let finding = &requirement.findings[0];
        assert_eq!((finding.check, finding.outcome), (CheckId::EvidencePresent, Outcome::Skip));
        assert_eq!(finding.found.as_deref(), Some("nothing attached"));
    }
}

#[test]
fn a_missing_kind_is_absent_and_the_report_names_what_was_there() {
    let world = World::new();
    let contents: Vec<Content> = world
        .complete()
        .into_iter()
        .take(2)
        .chain([Content::Ignored {
            artifact_type: "application/vnd.example.scan".to_owned(),
            reason: "not a kind of evidence".to_owned(),
        }])
        .collect();
    let report = world.requiring_all(&Requirement::DEFAULT).judge(contents);
    assert_eq!(report.verdict, Verdict::Absent);
    let verdicts: Vec<Verdict> = report.requirements.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Verified, Verdict::Absent]);
    let found = report.requirements[2].findings[0].found.as_deref().expect("what was there");
    assert_eq!(
        found,
        "application/vnd.example.scan (not evidence); \
         https://sigstore.dev/cosign/sign/v1; https://slsa.dev/provenance/v1"
    );
}

#[test]
fn another_signer_is_rejected() {
    let world = World::new();
    let signed = world.instance.attest(&stranger(), &world.provenance());
    let finding = world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignerIdentity);
    let name = "https://github.com/mallory/shop/.github/workflows/release.yml@refs/tags/v1.0.0";
    assert_eq!(finding.found.as_deref(), Some(name));
}

#[test]
fn a_gap_makes_absence_undecided() {
    let world = World::new();
    let report = world.for_provenance().judge_evidence(&with_gap(&world, []));
    assert_eq!(report.verdict, Verdict::Undecided);
    let finding = &report.requirements[0].findings[0];
    assert_eq!((finding.check, finding.outcome), (CheckId::EvidenceComplete, Outcome::Error));
    assert_eq!(finding.found.as_deref(), Some("the registry answered 503"));
    assert_eq!(report.gaps.len(), 1);
    assert_eq!(
        (report.gaps[0].reason.as_str(), report.gaps[0].subject.as_deref()),
        ("unavailable", Some(world.subject.digest.as_str()))
    );
}

#[test]
fn a_gap_beside_all_that_is_required_is_no_obstacle() {
    let world = World::new();
    let report = world.requiring_all(&Requirement::DEFAULT).judge_evidence(&with_gap(&world, world.complete()));
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.gaps.len(), 1, "and is reported all the same");
}

/// What could not be read may be the right one. It is said first; what was read and does not count is still there.
#[test]
fn a308_a_strangers_signature_decides_nothing_beside_one_that_could_not_be_read() {
    let world = World::new();
    let judge = world.for_provenance();
    let signed = bundle(&world.instance.attest(&stranger(), &world.provenance()).bundle(Version::V03));
    assert_eq!(judge.judge([signed.clone()]).verdict, Verdict::Rejected);
    let unread = Content::Unread { media_type: "application/octet-stream".to_owned(), bytes: 60 << 20 };
    let newer = bundle(&world.signed_provenance().bundle_with(Version::V03, |bundle| {
        bundle["mediaType"] = serde_json::json!("application/vnd.dev.sigstore.bundle.v0.4+json");
    }));
    let mut unsearched = evidence(&world.image, [signed.clone()]);
    unsearched.target.subjects[0].searched = false;
    let reports = [
        judge.judge_evidence(&with_gap(&world, [signed.clone()])),
        judge.judge_evidence(&unsearched),
        judge.judge([signed.clone(), unread]),
        judge.judge([newer, signed.clone()]),
    ];
    for report in reports {
        assert_eq!(report.verdict, Verdict::Undecided, "{:?}", report.requirements);
        let findings = &report.requirements[0].findings;
        assert_eq!(findings[0].outcome, Outcome::Error, "{findings:?}");
        assert!(findings.iter().any(|finding| finding.check == CheckId::SignerIdentity), "{findings:?}");
    }
    // On another image nothing was missed of this one.
    let mut elsewhere = with_gap(&world, [signed]);
    elsewhere.gaps[0].subject = other_image().0;
    assert_eq!(judge.judge_evidence(&elsewhere).verdict, Verdict::Rejected);
}

/// Who signed what could not be read decides whether it matters.
#[test]
fn a308_what_a_stranger_signed_cannot_satisfy_however_it_is_read() {
    let world = World::new();
    let judge = world.for_provenance();
    let mut statement = world.provenance();
    statement["_type"] = serde_json::json!("https://in-toto.io/Statement/v2");
    let by = |identity: &Identity| bundle(&world.instance.attest(identity, &statement).bundle(Version::V03));
    let finding = judge.cannot_decide(by(&world.identity), CheckId::PayloadFormat);
    assert_eq!(finding.found.as_deref(), Some("https://in-toto.io/Statement/v2"));
    assert_eq!(judge.judge([by(&stranger())]).verdict, Verdict::Rejected);
    // Nor does a copy of the right signature that was broken.
    let mut broken = world.instance.attest(&world.identity, &statement);
    flip(broken.content.signature_mut());
    assert_eq!(judge.judge([bundle(&broken.bundle(Version::V03))]).verdict, Verdict::Rejected);
    let good = bundle(&world.signed_provenance().bundle(Version::V03));
    assert_eq!(judge.judge([by(&world.identity), good]).verdict, Verdict::Verified);
}

#[test]
fn a309_what_is_newer_than_this_program_is_undecided() {
    let world = World::new();
    let predicates = [
        (Requirement::Signature, "https://sigstore.dev/cosign/sign/v2"),
        (Requirement::Provenance, "https://slsa.dev/provenance/v1.1"),
        (Requirement::Provenance, "https://slsa.dev/provenance/v2"),
        (Requirement::Sbom, "https://spdx.dev/Document/v3.1"),
        (Requirement::Sbom, "https://cyclonedx.org/bom/v1.8"),
        (Requirement::Sbom, "https://cyclonedx.org/bom/v2.0"),
    ];
    for (requirement, predicate_type) in predicates {
        let mut statement = world.provenance();
        statement["predicateType"] = serde_json::json!(predicate_type);
        let content = bundle(&world.signer().attest(&statement).bundle(Version::V03));
        let finding = world.requiring(requirement).cannot_decide(content, CheckId::PayloadFormat);
        assert_eq!(finding.found.as_deref(), Some(predicate_type));
    }
    for media_type in [
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle.v0.9+json",
        "application/vnd.dev.sigstore.bundle.v1+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.4",
    ] {
        // Whatever else is in it: fields that are not known, or another shape.
        for shape in 0..3 {
            let newer = world.signed_provenance().bundle_with(Version::V03, |bundle| {
                bundle["mediaType"] = serde_json::json!(media_type);
                match shape {
                    0 => {}
                    1 => bundle["verificationMaterial"]["rekor3"] = serde_json::json!({}),
                    _ => bundle["verificationMaterial"] = serde_json::json!([]),
                }
            });
            let finding = world.for_provenance().cannot_decide(bundle(&newer), CheckId::BundleFormat);
            assert_eq!(finding.found.as_deref(), Some(media_type));
        }
    }
}

#[test]
fn a_broken_candidate_beside_a_good_one_is_listed_with_its_reason() {
    let world = World::new();
    let good = world.signed_provenance();
    let mut broken = good.clone();
    flip(broken.content.signature_mut());
    let contents = [
        bundle(&broken.bundle(Version::V03)),
        bundle(&good.bundle(Version::V03)),
        legacy(broken.legacy_layer()),
        Content::Bundle(Opened::bundle(blob("{"))),
    ];
    let report = world.for_provenance().judge(contents);
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.requirements[0].satisfied_by.len(), 1);
    assert!(report.requirements[0].findings.iter().all(|finding| !finding.is_blocking()));
    let mut reasons: Vec<CheckId> =
        report.candidates.iter().filter_map(obstacle).map(|finding| finding.check).collect();
    reasons.sort();
    assert_eq!(reasons, [CheckId::BundleFormat, CheckId::Signature, CheckId::Signature]);
    let refused = report.candidates.iter().filter(|one| !one.accepted);
    assert!(refused.clone().all(|one| one.reason.is_some() && one.section.is_none()));
    assert_eq!(refused.count(), 3);
}

#[test]
fn a_second_signer_cannot_lend_its_provenance() {
    let world = World::new();
    let contents = [
        bundle(&world.signed_image().bundle(Version::V03)),
        bundle(&world.instance.attest(&stranger(), &world.provenance()).bundle(Version::V03)),
    ];
    let report = world.requiring_all(&[Requirement::Signature, Requirement::Provenance]).judge(contents);
    assert_eq!(report.verdict, Verdict::Rejected);
    let verdicts: Vec<Verdict> = report.requirements.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Rejected]);
    assert_eq!(report.requirements[1].findings[0].check, CheckId::SignerIdentity);
    assert!(report.requirements[1].satisfied_by.is_empty());
}

/// One candidate has the right signer and the wrong image, the other the right image and the wrong signer.
#[test]
fn checks_are_never_mixed_across_candidates() {
    let world = World::new();
    let (_, other) = other_image();
    let contents = [
        bundle(&world.signer().sign_image(&other).bundle(Version::V03)),
        bundle(&world.instance.sign_image(&stranger(), &world.subject).bundle(Version::V03)),
    ];
    let report = world.for_signatures().judge(contents);
    assert_eq!(report.verdict, Verdict::Rejected);
    let mut checks: Vec<CheckId> = report.candidates.iter().filter_map(obstacle).map(|finding| finding.check).collect();
    checks.sort();
    assert_eq!(checks, [CheckId::SignerIdentity, CheckId::SubjectDigest]);
}

#[test]
fn what_is_broken_in_one_kind_says_nothing_of_the_others() {
    let world = World::new();
    let mut contents = world.complete();
    let mut broken = world.signer().attest(&world.sbom());
    flip(broken.content.signature_mut());
    contents[2] = bundle(&broken.bundle(Version::V03));
    let report = world.requiring_all(&Requirement::DEFAULT).judge(contents.clone());
    let verdicts: Vec<Verdict> = report.requirements.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Verified, Verdict::Rejected]);
    assert_eq!(report.verdict, Verdict::Rejected);
    let narrower = world.requiring_all(&[Requirement::Signature, Requirement::Provenance]).judge(contents);
    assert_eq!(narrower.verdict, Verdict::Verified);
}

#[test]
fn what_cannot_be_decided_is_worse_than_absence_and_better_than_rejection_of_another_requirement() {
    let world = World::new();
    let mut statement = world.sbom();
    statement["predicate"]["spdxVersion"] = serde_json::json!("SPDX-3.0.1");
    let undecided = bundle(&world.signer().attest(&statement).bundle(Version::V03));
    let judge = world.requiring_all(&[Requirement::Sbom, Requirement::Provenance]);
    assert_eq!(judge.judge([undecided.clone()]).verdict, Verdict::Undecided);
    let mut broken = world.signer().attest(&world.sbom());
    flip(broken.content.signature_mut());
    let broken = bundle(&broken.bundle(Version::V03));
    assert_eq!(judge.judge([undecided.clone(), broken]).verdict, Verdict::Undecided, "one of the two may be good");
    let mut broken = world.signed_provenance();
    flip(broken.content.signature_mut());
    let broken = bundle(&broken.bundle(Version::V03));
    assert_eq!(judge.judge([undecided, broken]).verdict, Verdict::Rejected, "no reading makes the provenance good");
}

#[test]
fn what_is_ignored_is_listed_and_of_no_consequence() {
    let world = World::new();
    let ignored = Content::Ignored { artifact_type: "text/plain".to_owned(), reason: "no evidence".to_owned() };
    let report = world.for_signatures().judge([ignored.clone()]);
    assert_eq!(report.verdict, Verdict::Absent);
    assert_eq!(
        (report.candidates[0].kind.as_str(), report.candidates[0].reason.as_deref()),
        ("ignored", Some("no evidence"))
    );
    let report = world.for_signatures().judge([ignored, bundle(&world.signed_image().bundle(Version::V03))]);
    assert_eq!(report.verdict, Verdict::Verified);
}

#[test]
fn what_was_not_fetched_is_never_absence_and_does_no_harm_where_all_is_satisfied() {
    let world = World::new();
    let unread = Content::Unread { media_type: "application/octet-stream".to_owned(), bytes: 60 << 20 };
    for requirement in Requirement::DEFAULT {
        let report = world.requiring_all(&[requirement]).judge([unread.clone()]);
        assert_eq!(report.verdict, Verdict::Undecided, "{requirement}: it may be just that");
    }
    let signed = bundle(&world.signed_image().bundle(Version::V03));
    let report = world.for_signatures().judge([unread.clone(), signed.clone()]);
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.candidates.iter().filter(|one| one.kind.as_str() == "unread" && !one.accepted).count(), 1);
    let report = world.requiring_all(&[Requirement::Signature, Requirement::Sbom]).judge([unread, signed]);
    assert_eq!(report.verdict, Verdict::Undecided);
}

fn pinned(world: &World, digest: &bonafide::oci::Digest) -> bonafide::check::ImageReport {
    let policy =
        Policy::from_flags(expected_signer(), [Requirement::Signature], Some(digest.clone())).expect("a policy");
    let signed = bundle(&world.signed_image().bundle(Version::V03));
    verify(&evidence(&world.image, [signed]), &policy, &[world.domain()], SIGNING_TIME)
}

#[test]
fn a_reference_that_resolves_to_another_digest_is_rejected() {
    let world = World::new();
    let (other, _) = other_image();
    let report = pinned(&world, &other);
    assert_eq!(report.verdict, Verdict::Rejected);
    let finding = &report.findings[0];
    assert_eq!((finding.check, finding.outcome), (CheckId::ImagePinned, Outcome::Fail));
    assert_eq!((&finding.expected, &finding.found), (&Some(other.to_string()), &Some(world.image.to_string())));
    let report = pinned(&world, &world.image);
    assert_eq!((report.verdict, report.findings[0].outcome), (Verdict::Verified, Outcome::Pass));
}

#[test]
fn an_image_that_could_not_be_read_is_undecided() {
    let world = World::new();
    let obstacle = Obstacle::new(GapReason::Unauthorized, "401");
    let gap = bonafide::check::GapReport::new("registry.test/acme/shop:1.0.0", obstacle, None);
    let policy = world.requiring_all(&Requirement::DEFAULT).policy();
    let report = bonafide::verify::unresolved("registry.test/acme/shop:1.0.0", &policy, &gap);
    assert_eq!(report.verdict, Verdict::Undecided);
    assert_eq!((report.findings[0].check, report.findings[0].outcome), (CheckId::ImageResolved, Outcome::Error));
    assert!(report.requirements.iter().all(|one| one.verdict == Verdict::Undecided && one.satisfied_by.is_empty()));
    assert_eq!(report.pinned, None);
}
