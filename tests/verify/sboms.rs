//! What an SBOM says, in every form that is read: whether it is one, whether it is about the image, and for which platforms.

use bonafide::check::{CheckId, Finding, ImageReport, Outcome, SbomReport, Verdict};
use bonafide::evidence::{Candidate, Content};
use bonafide::oci::{Algorithm, Digest};
use serde_json::{Value, json};

use crate::support::sigstore::Version;
use crate::support::statement::{Subject, spdx_23};
use crate::world::{World, attested_as, bundle, candidate, evidence_of_index};

const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// A document signed by the right party for the right image.
fn attested(world: &World, predicate_type: &str, predicate: &Value) -> Content {
    attested_as(world, predicate_type, predicate.clone())
}

fn spdx(world: &World) -> Value {
    world.sbom()["predicate"].clone()
}

fn cyclonedx(world: &World) -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "image", "type": "container", "name": "shop", "purl": format!("pkg:oci/shop@{}", world.image)}},
        "components": [{"bom-ref": "zlib", "type": "library", "name": "zlib", "version": "1.3.1", "purl": "pkg:deb/debian/zlib1g@1.3.1"}],
        "dependencies": [{"ref": "image", "dependsOn": ["zlib"]}]
    })
}

fn spdx_3(world: &World) -> Value {
    json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:image"]},
            {"type": "software_Package", "spdxId": "urn:image", "name": "shop", "software_primaryPurpose": "container", "software_packageUrl": format!("pkg:oci/shop@{}", world.image)},
            {"type": "software_Package", "spdxId": "urn:zlib", "name": "zlib", "software_packageVersion": "1.3.1"},
            {"type": "Relationship", "spdxId": "urn:r", "from": "urn:image", "relationshipType": "contains", "to": ["urn:zlib"]}
        ]
    })
}

/// The finding of one check on the candidate that this alone is.
fn found(report: &ImageReport, check: CheckId) -> &Finding {
    let mut findings = report.candidates[0].findings.iter().rev();
    findings.find(|finding| finding.check == check).expect("the check was made")
}

#[test]
fn every_format_is_read_and_recognised_as_being_about_the_image() {
    let world = World::new();
    for (predicate_type, document, format) in [
        (SPDX, spdx(&world), "SPDX-2.3"),
        ("https://spdx.dev/Document/v2.3", spdx(&world), "SPDX-2.3"),
        (SPDX, spdx_3(&world), "SPDX-3.0.1"),
        ("https://spdx.dev/Document/v3.0.1", spdx_3(&world), "SPDX-3.0.1"),
        (CYCLONEDX, cyclonedx(&world), "CycloneDX-1.6"),
        ("https://cyclonedx.org/bom/v1.6", cyclonedx(&world), "CycloneDX-1.6"),
        (CYCLONEDX, json!({"Data": cyclonedx(&world), "Timestamp": "2022-01-01T00:00:00Z"}), "CycloneDX-1.6"),
        (SPDX, json!(spdx(&world).to_string()), "SPDX-2.3"),
    ] {
        let report = world.for_sboms().accepts(attested(&world, predicate_type, &document));
        let sbom = report.says::<SbomReport>().expect("an SBOM");
        assert_eq!((sbom.format.as_str(), sbom.packages), (format, 2));
        let about = report.findings.iter().find(|finding| finding.check == CheckId::SbomSubject).expect("the check");
        assert_eq!(about.outcome, Outcome::Pass, "{about:?}");
    }
}

#[test]
fn a233_a_document_under_the_type_of_another_family_is_refused() {
    let world = World::new();
    let finding = world.for_sboms().rejects(attested(&world, SPDX, &cyclonedx(&world)), CheckId::SbomFormat);
    assert_eq!(finding.found.as_deref(), Some("CycloneDX-1.6"));
    world.for_sboms().rejects(attested(&world, CYCLONEDX, &spdx(&world)), CheckId::SbomFormat);
}

#[test]
fn a233_types_that_look_like_an_sbom_are_none_and_are_named() {
    let world = World::new();
    for near in ["https://cyclonedx.org/bom/v1.7.0", "https://spdx.dev/Document/v2.4", "cyclonedx.org/bom"] {
        let report = world.for_sboms().judge([attested(&world, near, &cyclonedx(&world))]);
        assert_eq!(report.verdict, Verdict::Absent);
        let finding = &report.requirements[0].findings[0];
        assert_eq!(finding.expected.as_deref(), Some("a signed attestation of an SPDX or CycloneDX document"));
        assert_eq!(finding.found.as_deref(), Some(near));
    }
}

#[test]
fn a285_a_legacy_spelling_is_accepted_and_said_to_be_one() {
    let world = World::new();
    let document = json!({"Data": cyclonedx(&world)});
    let report = world.for_sboms().accepts(attested(&world, "https://cyclonedx.org/schema", &document));
    let legacy = report.findings.iter().find(|finding| finding.message.contains("legacy")).expect("a remark");
    assert_eq!((legacy.check, legacy.outcome), (CheckId::SbomFormat, Outcome::Skip));
}

#[test]
fn a226_a_context_of_an_attacker_is_refused() {
    let world = World::new();
    let mut document = spdx_3(&world);
    document["@context"] = json!("https://evil.example/context.jsonld");
    let finding = world.for_sboms().rejects(attested(&world, SPDX, &document), CheckId::SbomFormat);
    assert!(finding.expected.expect("what is known").contains("spdx.org/rdf/3.0.1"));
}

#[test]
fn a227_two_documents_in_one_are_refused() {
    let world = World::new();
    let mut document = spdx_3(&world);
    let elements = document["@graph"].as_array_mut().expect("elements");
    elements.push(json!({"type": "SpdxDocument", "spdxId": "urn:other"}));
    world.for_sboms().rejects(attested(&world, SPDX, &document), CheckId::SbomFormat);
}

#[test]
fn a106_what_is_no_json_is_named_with_the_conversion_to_use() {
    let world = World::new();
    let text = json!("SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n");
    let finding = world.for_sboms().cannot_decide(attested(&world, SPDX, &text), CheckId::SbomFormat);
    assert_eq!(finding.found.as_deref(), Some("SPDX tag-value"));
    assert!(finding.next.expect("a next step").contains("syft convert"));
}

#[test]
fn a_document_that_lists_nothing_but_the_image_is_refused() {
    let world = World::new();
    let bare = spdx_23(&world.subject, &[])["predicate"].clone();
    world.for_sboms().rejects(attested(&world, SPDX, &bare), CheckId::SbomContent);
    let mut document = cyclonedx(&world);
    document["components"] = json!([]);
    world.for_sboms().rejects(attested(&world, CYCLONEDX, &document), CheckId::SbomContent);
}

#[test]
fn a223_cycles_and_dangling_references_are_reported_and_not_refused() {
    let world = World::new();
    let mut document = cyclonedx(&world);
    document["dependencies"] =
        json!([{"ref": "image", "dependsOn": ["zlib", "ghost"]}, {"ref": "zlib", "dependsOn": ["image"]}]);
    let report = world.for_sboms().accepts(attested(&world, CYCLONEDX, &document));
    assert_eq!(report.says::<SbomReport>().expect("an SBOM").dangling, 1);
    let remarks: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|one| one.check == CheckId::SbomContent && one.outcome == Outcome::Skip)
        .collect();
    assert_eq!(remarks[0].found.as_deref(), Some("ghost"));
    assert!(remarks[1].message.starts_with("2 packages contain or depend on themselves"), "{remarks:?}");
}

#[test]
fn a229_what_is_missing_of_the_minimum_elements_is_reported_and_not_refused() {
    let world = World::new();
    let report = world.for_sboms().accepts(attested(&world, SPDX, &spdx_3(&world)));
    let missing = &report.says::<SbomReport>().expect("an SBOM").missing_elements;
    let suppliers = &missing.ntia_2021[0];
    assert_eq!((suppliers.element.as_str(), suppliers.missing, suppliers.of), ("supplier name", 2, 2));
    assert_eq!(suppliers.first, ["shop", "zlib 1.3.1"]);
    assert!(missing.cisa_2025.iter().any(|one| one.element == "generation context"));
}

#[test]
fn a_document_of_another_image_is_refused_and_one_that_does_not_say_is_not() {
    let world = World::new();
    let other = Digest::of(Algorithm::Sha256, b"another image");
    let mut document = cyclonedx(&world);
    let purl = format!("pkg:oci/shop@{other}");
    document["metadata"]["component"]["purl"] = json!(purl);
    let finding = world.for_sboms().rejects(attested(&world, CYCLONEDX, &document), CheckId::SbomSubject);
    assert_eq!(finding.found, Some(purl));
    document["metadata"]["component"]["purl"] = json!("pkg:oci/shop?tag=v1");
    let report = world.for_sboms().judge([attested(&world, CYCLONEDX, &document)]);
    assert_eq!(report.verdict, Verdict::Verified);
    let about = found(&report, CheckId::SbomSubject);
    assert_eq!((about.outcome, about.found.as_deref()), (Outcome::Skip, Some("describes shop")));
}

/// An index of two platforms.
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

    /// An SBOM that names one digest, attested for another or the same.
    fn sbom(&self, naming: &Digest, attached_to: &Digest) -> Candidate {
        let mut statement = spdx_23(&Subject::new("shop", &naming.to_string()), &[("zlib", "1.3.1")]);
        let attached = Subject::new("shop", &attached_to.to_string());
        statement["subject"] = json!([{"name": "shop", "digest": {"sha256": attached.hex()}}]);
        candidate(attached_to, 0, bundle(&self.world.signer().attest(&statement).bundle(Version::V03)))
    }

    fn judge(&self, candidates: Vec<Candidate>) -> ImageReport {
        self.world.for_sboms().judge_evidence(&evidence_of_index(&self.root, &self.platforms, candidates))
    }
}

fn verdicts(report: &ImageReport) -> Vec<Verdict> {
    report.platforms.iter().map(|platform| platform.verdict).collect()
}

#[test]
fn an_sbom_on_the_index_that_names_the_index_covers_every_platform() {
    let index = Index::new();
    let report = index.judge(vec![index.sbom(&index.root, &index.root)]);
    assert_eq!(verdicts(&report), [Verdict::Verified, Verdict::Verified]);
}

#[test]
fn an_sbom_on_the_index_that_names_one_platform_covers_that_platform_alone() {
    let index = Index::new();
    let [amd64, arm64] = &index.platforms;
    let report = index.judge(vec![index.sbom(amd64, &index.root)]);
    assert_eq!(verdicts(&report), [Verdict::Verified, Verdict::Absent]);
    let finding = &report.requirements[0].findings[0];
    assert_eq!(finding.message, "no SBOM is attached for linux/arm64");
    assert_eq!(finding.found.as_deref(), Some("https://spdx.dev/Document (about another platform of the image)"));
    assert!(found(&report, CheckId::SbomSubject).message.ends_with("names one platform: linux/amd64"));
    let both = index.judge(vec![index.sbom(amd64, &index.root), index.sbom(arm64, &index.root)]);
    assert_eq!(verdicts(&both), [Verdict::Verified, Verdict::Verified]);
}

#[test]
fn an_sbom_on_a_platform_may_name_the_index_and_not_the_other_platform() {
    let index = Index::new();
    let [amd64, arm64] = &index.platforms;
    let report = index.judge(vec![index.sbom(&index.root, amd64), index.sbom(amd64, arm64)]);
    assert_eq!(verdicts(&report), [Verdict::Verified, Verdict::Rejected]);
}
