//! Good evidence of every generation verifies, and the report says what vouched for it.

use bonafide::check::{CheckId, ProvenanceReport, SbomReport};
use bonafide::policy::Requirement;

use crate::support::sigstore::identity::COMMIT;
use crate::support::sigstore::{EntryKind, Evidence, GITHUB_ACTIONS, SIGNING_TIME, Signed, Version};
use crate::support::statement::{slsa_v02, spdx_23};
use crate::world::{ENVELOPE_ENTRIES, REFERENCE, WORKFLOW_URI, World, bundle, legacy, logged_as};

const VERSIONS: [Version; 3] = [Version::V01, Version::V02, Version::V03];

/// Kind and evidence of the one log entry in the report.
fn log_entry(report: &bonafide::check::CandidateReport) -> (&str, &str) {
    let [entry] = report.log_entries.as_slice() else { panic!("one entry: {:?}", report.log_entries) };
    (&entry.kind, entry.evidence.as_str())
}

fn sources(report: &bonafide::check::CandidateReport) -> Vec<&str> {
    report.timestamps.iter().map(|stamp| stamp.source.as_str()).collect()
}

#[test]
fn image_signatures_verify_in_every_bundle_version() {
    let world = World::new();
    for version in VERSIONS {
        let report = world.for_signatures().accepts(bundle(&world.signed_image().bundle(version)));
        assert_eq!(report.kind.as_str(), "signature");
        assert_eq!(report.trust_domain.as_deref(), Some("virtual"));
        assert_eq!(log_entry(&report), ("dsse 0.0.1", "proof"));
        assert_eq!(sources(&report), ["log"]);
    }
}

#[test]
fn the_report_names_the_signer_and_every_claim() {
    let world = World::new();
    let report = world.for_signatures().accepts(bundle(&world.signed_image().bundle(Version::V03)));
    let signer = report.signer.expect("a signer");
    assert_eq!(signer.identity, WORKFLOW_URI);
    assert_eq!(signer.identity_kind.as_str(), "uri");
    assert_eq!(signer.issuer, GITHUB_ACTIONS);
    let claim = |name: &str| signer.claims.iter().find(|claim| claim.name == name).map(|claim| claim.value.as_str());
    assert_eq!(claim("sourceRepositoryUri"), Some("https://github.com/acme/shop"));
    assert_eq!(claim("sourceRepositoryDigest"), Some(COMMIT));
    assert_eq!(claim("sourceRepositoryRef"), Some(REFERENCE));
    assert_eq!(claim("githubWorkflowRepository"), Some("acme/shop"));
    assert_eq!(signer.claims.len(), 20);
}

#[test]
fn attestations_verify_with_every_kind_of_log_entry() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        for version in VERSIONS {
            // Version 0.1 is older than Rekor v2, and requires the promise that such a log does not give.
            if (kind, version) == (EntryKind::HashedRekordV002, Version::V01) {
                continue;
            }
            let report = world.for_provenance().accepts(bundle(&world.provenance_logged_as(kind).bundle(version)));
            let expected = format!("{} {}", kind.kind(), kind.version());
            assert_eq!(log_entry(&report), (expected.as_str(), "proof"));
        }
    }
}

#[test]
fn what_provenance_and_sboms_say_is_reported() {
    let world = World::new();
    for statement in [world.provenance(), slsa_v02(&world.subject, &world.build)] {
        let signed = world.signer().attest(&statement);
        let report = world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        let provenance = report.says::<ProvenanceReport>().expect("provenance");
        assert_eq!(provenance.builder, WORKFLOW_URI);
        assert_eq!(provenance.source.as_deref(), Some("https://github.com/acme/shop"));
        assert_eq!(provenance.reference.as_deref(), Some(REFERENCE));
        assert_eq!(provenance.commit.as_deref(), Some(COMMIT));
    }
    let packages = [("zlib", "1.3.1"), ("openssl", "3.5.0")];
    let signed = world.signer().attest(&spdx_23(&world.subject, &packages));
    let report = world.for_sboms().accepts(bundle(&signed.bundle(Version::V03)));
    let sbom = report.says::<SbomReport>().expect("an SBOM");
    assert_eq!((sbom.format.as_str(), sbom.packages, sbom.with_purl), ("SPDX-2.3", 3, 2));
    assert_eq!(sbom.creators, ["Organization: Acme", "Tool: syft-1.20.0"]);
}

#[test]
fn message_signatures_on_the_image_verify() {
    let world = World::new();
    let manifest = b"the manifest of the image";
    let v1 = world.signer().sign_bytes(manifest);
    let report = world.for_signatures().accepts(bundle(&v1.bundle(Version::V03)));
    assert_eq!(log_entry(&report), ("hashedrekord 0.0.1", "proof"));
    let v2 = world.signer().rekor_v2().sign_bytes(manifest);
    let report = world.for_signatures().accepts(bundle(&v2.bundle(Version::V03)));
    assert_eq!(log_entry(&report), ("hashedrekord 0.0.2", "proof"));
    assert_eq!(sources(&report), ["timestamp-authority"]);
    assert!(report.log_entries[0].integrated_time.is_none(), "Rekor v2 vouches for no time");
}

#[test]
fn legacy_signatures_verify_by_the_promise_alone() {
    let world = World::new();
    let report = world.for_signatures().accepts(legacy(world.signer().sign_simple(&world.subject).legacy_layer()));
    assert_eq!(log_entry(&report), ("hashedrekord 0.0.1", "promise"));
    assert_eq!(report.log_entries[0].integrated_time, Some(SIGNING_TIME));
}

#[test]
fn legacy_attestations_verify_with_every_kind_of_rekor_v1_entry() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let report = world.for_provenance().accepts(legacy(world.provenance_logged_as(kind).legacy_layer()));
        let expected = format!("{} {}", kind.kind(), kind.version());
        assert_eq!(log_entry(&report), (expected.as_str(), "promise"));
        assert_eq!(report.predicate_type.as_deref(), Some("https://slsa.dev/provenance/v1"));
    }
}

#[test]
fn a_bundle_of_version_1_may_have_a_promise_alone_and_says_so() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = world.signer().logged_as(kind).evidence(Evidence::Promise).attest(&world.provenance());
        let report = world.for_provenance().accepts(bundle(&signed.bundle(Version::V01)));
        assert_eq!(log_entry(&report).1, "promise", "{kind:?}");
    }
}

#[test]
fn later_bundles_demand_the_proof() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        for version in [Version::V02, Version::V03] {
            let signed = world.signer().logged_as(kind).evidence(Evidence::Promise).attest(&world.provenance());
            let finding = world.for_provenance().rejects(bundle(&signed.bundle(version)), CheckId::TransparencyLog);
            assert!(finding.message.contains("no inclusion proof"), "{finding:?}");
        }
    }
}

#[test]
fn a_timestamp_beside_the_promise_is_reported_beside_it() {
    let world = World::new();
    let signed = world.signer().stamped().sign_image(&world.subject);
    let report = world.for_signatures().accepts(bundle(&signed.bundle(Version::V03)));
    assert_eq!(sources(&report), ["timestamp-authority", "log"]);
    assert!(report.timestamps.iter().all(|stamp| stamp.time == SIGNING_TIME));
}

#[test]
fn a_timestamp_vouches_for_an_entry_that_has_a_proof_and_no_promise() {
    let world = World::new();
    let signed = world.signer().evidence(Evidence::Proof).stamped().sign_image(&world.subject);
    let report = world.for_signatures().accepts(bundle(&signed.bundle(Version::V03)));
    assert_eq!(log_entry(&report), ("dsse 0.0.1", "proof"));
    assert_eq!(sources(&report), ["timestamp-authority"]);
}

#[test]
fn a_legacy_signature_with_a_timestamp_verifies() {
    let world = World::new();
    let signed = world.signer().stamped().sign_simple(&world.subject);
    let report = world.for_signatures().accepts(legacy(signed.legacy_layer()));
    assert_eq!(sources(&report), ["timestamp-authority", "log"]);
}

/// cosign stamps the whole envelope of a legacy attestation, because its signature annotation is empty.
#[test]
fn a_legacy_attestation_with_a_timestamp_verifies() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = logged_as(world.signer(), kind).stamped().attest(&world.provenance());
        world.for_provenance().accepts(legacy(signed.legacy_layer()));
    }
}

#[test]
fn all_three_requirements_are_met_by_three_candidates() {
    let world = World::new();
    let report = world.requiring_all(&Requirement::DEFAULT).judge(world.complete());
    assert_eq!(report.verdict, bonafide::check::Verdict::Verified);
    for requirement in &report.requirements {
        assert_eq!(requirement.satisfied_by.len(), 1, "{}", requirement.kind);
        assert!(!requirement.findings.is_empty(), "a pass says why");
        assert!(requirement.findings.iter().all(|finding| !finding.is_blocking()));
    }
}

/// The same signature serves again, whatever else the test does with it.
#[test]
fn verification_does_not_depend_on_what_was_verified_before() {
    let world = World::new();
    let signed: Signed = world.signed_image();
    let judge = world.for_signatures();
    let first = judge.accepts(bundle(&signed.bundle(Version::V03)));
    let second = judge.accepts(bundle(&signed.bundle(Version::V03)));
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}
