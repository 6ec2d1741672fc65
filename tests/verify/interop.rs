//! What must verify because it is out there: refusing it would be as wrong as accepting a forgery (G16).

use bonafide::check::{CandidateReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Requirement;
use serde_json::json;

use crate::support::sigstore::{EntryKind, Signed, Version};
use crate::support::statement::slsa_v02;
use crate::world::{World, blob, bundle, domain, legacy};

/// cosign 1 wrote predicate types without a scheme. They name none of the three kinds, and none is guessed.
#[test]
fn a285_predicate_types_without_a_scheme_are_named_as_they_are() {
    let world = World::new();
    for predicate_type in
        ["cosign.sigstore.dev/attestation/vuln/v1", "cosign.sigstore.dev/attestation/v1", "slsa.dev/provenance/v1"]
    {
        let mut statement = world.provenance();
        statement["predicateType"] = json!(predicate_type);
        let mut contents = world.complete();
        contents.push(legacy(world.signer().attest(&statement).legacy_layer()));
        let report = world.requiring_all(&Requirement::DEFAULT).judge(contents);
        assert_eq!(report.verdict, Verdict::Verified);
        let is_other = |one: &&CandidateReport| one.predicate_type.as_deref() == Some(predicate_type);
        let other = report.candidates.iter().find(is_other).expect("the old one");
        let kind = if predicate_type.contains("vuln") { "vulnerabilities" } else { "attestation" };
        assert_eq!(other.kind.as_str(), kind);
        assert!(!other.accepted && other.signer.is_some());
    }
}

/// Everything that one image may have collected over the years, in two trust domains.
fn zoo(world: &World, github: &World) -> Vec<(&'static str, bool, Content)> {
    let without_logs = github.signer().leaf(|leaf| leaf.timestamped_by.clear()).stamped().attest(&github.provenance());
    let without_logs = Signed { entries: Vec::new(), ..without_logs };
    let legacy_provenance =
        |kind| legacy(world.signer().logged_as(kind).attest(&slsa_v02(&world.subject, &world.build)).legacy_layer());
    vec![
        ("signature", true, legacy(world.signer().sign_simple(&world.subject).legacy_layer())),
        ("provenance", true, legacy_provenance(EntryKind::IntotoV001)),
        ("provenance", true, legacy_provenance(EntryKind::IntotoV002)),
        ("sbom", true, legacy(world.signer().attest(&world.sbom()).legacy_layer())),
        ("signature", true, bundle(&world.signed_image().bundle(Version::V03))),
        ("provenance", true, bundle(&world.provenance_logged_as(EntryKind::HashedRekordV002).bundle(Version::V03))),
        ("provenance", true, bundle(&without_logs.bundle(Version::V03))),
        ("unsigned", false, Content::UnsignedStatement(blob(world.provenance().to_string()))),
        ("unsigned", false, Content::UnsignedStatement(blob(world.sbom().to_string()))),
        (
            "ignored",
            false,
            Content::Ignored { artifact_type: "application/vnd.cyclonedx+json".into(), reason: "not signed".into() },
        ),
    ]
}

#[test]
fn a286_all_generations_together_are_each_what_they_are_in_any_order() {
    let (world, github) = (World::new(), World::new());
    let zoo = zoo(&world, &github);
    for rotation in 0..zoo.len() {
        let mut contents: Vec<Content> = zoo.iter().map(|(_, _, content)| content.clone()).collect();
        contents.rotate_left(rotation);
        let root = github.instance.trusted_root_with(|root| {
            root["tlogs"] = json!([]);
            root["ctlogs"] = json!([]);
        });
        let mut domains = vec![world.domain(), domain("github", &root)];
        if rotation % 2 == 1 {
            domains.reverse();
        }
        let report = world.requiring_all(&Requirement::DEFAULT).trusting(domains).judge(contents);
        assert_eq!(report.verdict, Verdict::Verified);
        let mut found: Vec<(&str, bool)> =
            report.candidates.iter().map(|one| (one.kind.as_str(), one.accepted)).collect();
        let mut expected: Vec<(&str, bool)> = zoo.iter().map(|(kind, accepted, _)| (*kind, *accepted)).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let domains: Vec<&str> = report.candidates.iter().filter_map(|one| one.trust_domain.as_deref()).collect();
        assert_eq!(domains.iter().filter(|domain| **domain == "github").count(), 1);
    }
}
