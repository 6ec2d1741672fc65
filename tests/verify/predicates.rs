//! What a verified predicate must say: SLSA provenance (G10) and SPDX (G11).

use bonafide::check::{CheckId, ProvenanceReport, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::Signer;
use serde_json::{Value, json};

use crate::support::sigstore::Version;
use crate::support::statement::{SLSA_V1, SLSA_V02, slsa_v02};
use crate::world::{REPOSITORY, World, attested, blob, bundle};

/// Provenance v1 after `bend` had its way with the predicate.
fn provenance(world: &World, bend: impl FnOnce(&mut Value)) -> Content {
    let mut statement = world.provenance();
    bend(&mut statement["predicate"]);
    attested(world, &statement)
}

fn sbom(world: &World, bend: impl FnOnce(&mut Value)) -> Content {
    let mut statement = world.sbom();
    bend(&mut statement["predicate"]);
    attested(world, &statement)
}

#[test]
fn a213_a_predicate_under_the_other_version_is_refused() {
    let world = World::new();
    let mut v02_as_v1 = slsa_v02(&world.subject, &world.build);
    v02_as_v1["predicateType"] = json!(SLSA_V1);
    let finding = world.for_provenance().rejects(attested(&world, &v02_as_v1), CheckId::ProvenanceFormat);
    assert_eq!(finding.found.as_deref(), Some("`buildDefinition` is missing"));
    let mut v1_as_v02 = world.provenance();
    v1_as_v02["predicateType"] = json!(SLSA_V02);
    let finding = world.for_provenance().rejects(attested(&world, &v1_as_v02), CheckId::ProvenanceFormat);
    assert_eq!(finding.found.as_deref(), Some("`builder.id` is missing"));
}

#[test]
fn a214_missing_null_and_empty_are_the_same() {
    let world = World::new();
    for builder in [json!(null), json!({}), json!({"id": null}), json!({"id": ""})] {
        let content = provenance(&world, |predicate| predicate["runDetails"]["builder"] = builder);
        let finding = world.for_provenance().rejects(content, CheckId::ProvenanceFormat);
        assert_eq!(finding.found.as_deref(), Some("`runDetails.builder.id` is missing"));
    }
    for build_type in [json!(null), json!("")] {
        let content = provenance(&world, |predicate| predicate["buildDefinition"]["buildType"] = build_type);
        let finding = world.for_provenance().rejects(content, CheckId::ProvenanceFormat);
        assert_eq!(finding.found.as_deref(), Some("`buildDefinition.buildType` is missing"));
    }
    for nothing in [json!(null), json!({}), json!([]), json!("provenance")] {
        let content = provenance(&world, |predicate| *predicate = nothing);
        world.for_provenance().rejects(content, CheckId::ProvenanceFormat);
    }
    let mut statement = world.provenance();
    statement.as_object_mut().expect("an object").remove("predicate");
    world.for_provenance().rejects(attested(&world, &statement), CheckId::ProvenanceFormat);
}

#[test]
fn a215_an_unsigned_statement_is_shown_and_satisfies_nothing() {
    let world = World::new();
    for statement in [world.provenance(), world.sbom()] {
        let unsigned = Content::UnsignedStatement(blob(statement.to_string()));
        for judge in [world.for_provenance(), world.for_sboms()] {
            let report = judge.judge([unsigned.clone()]);
            assert_eq!(report.verdict, Verdict::Absent);
            assert_eq!((report.candidates[0].kind.as_str(), report.candidates[0].accepted), ("unsigned", false));
            assert!(report.candidates[0].section.is_none(), "nobody stands for what it says");
            let how = report.candidates[0].findings[0].next.as_deref().expect("what to do");
            assert!(how.contains("cosign attest --type ") && how.contains(" --predicate "), "{how}");
            let found = report.requirements[0].findings[0].found.clone().expect("what is there");
            assert_eq!(found, format!("{} (unsigned)", statement["predicateType"].as_str().expect("a text")));
        }
    }
}

/// What an unsigned provenance says is shown as such, if it is about the image at all.
#[test]
fn a215_what_an_unsigned_provenance_says_is_shown_apart() {
    let world = World::new();
    let shown = |statement: &Value| {
        let unsigned = Content::UnsignedStatement(blob(statement.to_string()));
        world.for_provenance().judge([unsigned]).candidates[0].unsigned_provenance.clone()
    };
    let mut statement = world.provenance();
    let said = shown(&statement).expect("what it says");
    assert_eq!(said.source.as_deref(), Some("https://github.com/acme/shop"));
    assert_eq!(said.commit.as_deref(), Some(crate::support::sigstore::identity::COMMIT));
    // BuildKit knows of no builder outside of a CI job.
    statement["predicate"]["runDetails"]["builder"]["id"] = json!("");
    assert_eq!(shown(&statement).expect("what it says").builder, "");
    statement["subject"][0]["digest"]["sha256"] = json!("00");
    assert_eq!(shown(&statement), None, "it is about something else");
    assert_eq!(shown(&json!({"predicateType": SLSA_V1})), None);
    let rubbish = world.for_provenance().judge([Content::UnsignedStatement(blob("[".repeat(1000)))]);
    assert_eq!((rubbish.verdict, rubbish.candidates[0].unsigned_provenance.is_none()), (Verdict::Absent, true));
}

/// The workflow that signed says that another one built it.
#[test]
fn a206_a_builder_that_did_not_sign_is_refused() {
    let world = World::new();
    for builder in [
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator.yml@refs/tags/v2.1.0",
        "https://github.com/acme/shop-evil/.github/workflows/release.yml@refs/tags/v1.0.0",
        "https://gitlab.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0",
    ] {
        let content = provenance(&world, |predicate| predicate["runDetails"]["builder"]["id"] = json!(builder));
        let finding = world.for_provenance().rejects(content, CheckId::ProvenanceBuilder);
        assert_eq!(finding.found.as_deref(), Some(builder));
    }
    let hosted = "https://github.com/actions/runner/github-hosted";
    let content = provenance(&world, |predicate| predicate["runDetails"]["builder"]["id"] = json!(hosted));
    let report = world.for_provenance().accepts(content);
    assert_eq!(report.says::<ProvenanceReport>().expect("provenance").builder, hosted);
}

#[test]
fn a210_a_source_with_a_second_meaning_is_refused_and_the_ssh_spelling_is_not() {
    let world = World::new();
    let from = |source: &str| {
        provenance(&world, |predicate| {
            predicate["buildDefinition"]["externalParameters"]["workflow"]["repository"] = json!(source);
        })
    };
    for same in ["git@github.com:acme/shop.git", "git+https://github.com/acme/shop", "https://github.com/Acme/Shop/"] {
        world.for_provenance().accepts(from(same));
    }
    for other in [
        "https://github.com@evil.example/acme/shop",
        "https://user:secret@github.com/acme/shop",
        "https://github.com/acme/shop/../../mallory/shop",
        "https://github.com/acme%2fshop",
        "http://github.com/acme/shop",
    ] {
        let finding = world.for_provenance().rejects(from(other), CheckId::ProvenanceSource);
        assert_eq!(finding.found.as_deref(), Some(other));
    }
}

#[test]
fn a209_provenance_of_another_repository_than_the_certificates_is_refused() {
    let world = World::new();
    let fork = "https://github.com/mallory/shop";
    let content = provenance(&world, |predicate| {
        predicate["buildDefinition"]["externalParameters"]["workflow"]["repository"] = json!(fork);
    });
    let finding = world.for_provenance().rejects(content.clone(), CheckId::ProvenanceSource);
    assert_eq!(finding.expected.as_deref(), Some("https://github.com/acme/shop"));
    assert_eq!(finding.found.as_deref(), Some(fork));
    let pinned = Signer::from_flags(None, None, Some(REPOSITORY), None, None).expect("a signer");
    let finding = world.for_provenance().signed_by(pinned).rejects(content, CheckId::ProvenanceSource);
    assert!(finding.message.contains("the policy"), "{finding:?}");
}

#[test]
fn a225_an_sbom_without_packages_is_refused() {
    let world = World::new();
    for packages in [json!([]), json!(null)] {
        let content = sbom(&world, |document| document["packages"] = packages);
        let finding = world.for_sboms().rejects(content, CheckId::SbomContent);
        assert_eq!(finding.found.as_deref(), Some("0 packages"));
    }
}

#[test]
fn a225_an_sbom_that_is_no_spdx_2_document_is_refused() {
    let world = World::new();
    for version in [json!(null), json!("2.3"), json!(2.3), json!("CycloneDX-1.6")] {
        let content = sbom(&world, |document| document["spdxVersion"] = version);
        world.for_sboms().rejects(content, CheckId::SbomFormat);
    }
    for unsupported in ["SPDX-2.1", "SPDX-2.4", "SPDX-3.0.1"] {
        let content = sbom(&world, |document| document["spdxVersion"] = json!(unsupported));
        let finding = world.for_sboms().cannot_decide(content, CheckId::SbomFormat);
        assert_eq!(finding.found.as_deref(), Some(unsupported));
    }
    for nothing in [json!(null), json!([]), json!({}), json!(7)] {
        world.for_sboms().rejects(sbom(&world, |document| *document = nothing), CheckId::SbomFormat);
    }
}

/// A predicate is read only when it is known who wrote it, and nothing of it is shown before.
#[test]
fn a_broken_predicate_by_a_stranger_is_refused_for_the_stranger() {
    let world = World::new();
    let stranger = crate::support::sigstore::Identity::email("mallory@example.com", "https://accounts.example.com");
    let mut statement = world.provenance();
    statement["predicate"] = json!(null);
    let signed = world.instance.signer(&stranger).attest(&statement);
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignerIdentity);
}
