//! Documents that hide a denied package or another image's scan, and honest ones that look like it.

use bonafide::check::{CheckId, ImageReport, Verdict};
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::policy_files::{finding, judge, policy, rule};
use crate::scans::{VULN, scan, trivy};
use crate::support::sigstore::Version;
use crate::support::statement::{spdx_23, statement};
use crate::world::{World, bundle};

const RULES: &str = "require: {sbom: {deny: {packages: ['pkg:npm/event-stream']}}}";

fn judged(world: &World, said: &Value) -> ImageReport {
    let attested: Content = bundle(&world.signer().attest(said).bundle(Version::V03));
    judge(world, &policy(&rule(&["signers: [{github: acme/shop}]", RULES])), [attested])
}

fn verdict_of(world: &World, predicate_type: &str, document: Value) -> Verdict {
    judged(world, &statement(&world.subject, predicate_type, document)).verdict
}

fn bad() -> Value {
    json!({"bom-ref": "bad", "type": "library", "name": "event-stream", "version": "3.3.6", "purl": "pkg:npm/event-stream@3.3.6"})
}

fn good() -> Value {
    json!({"bom-ref": "good", "type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0"})
}

/// A CycloneDX document after `bend` had its way with it.
fn cyclonedx(bend: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"bom-ref": "root", "type": "container", "name": "shop"}},
        "components": [good()],
    });
    bend(&mut document);
    document
}

/// What is put where, and where that is.
type Place = fn(&mut Value);

#[test]
fn a295_a_denied_package_is_found_wherever_cyclonedx_has_components() {
    let world = World::new();
    let places: [(&str, Place); 10] = [
        ("in the image", |bom| bom["metadata"]["component"]["components"] = json!([bad()])),
        ("the image itself", |bom| bom["metadata"]["component"] = bad()),
        ("deep", |bom| bom["components"][0]["components"] = json!([{"name": "x", "components": [bad()]}])),
        ("in a file", |bom| {
            bom["components"] = json!([good(), {"type": "file", "name": "/app", "components": [bad()]}]);
        }),
        ("as a file", |bom| {
            bom["components"] = json!([good(), bad()]);
            bom["components"][1]["type"] = json!("file");
        }),
        ("under a name that another one has", |bom| {
            bom["components"] = json!([good(), bad()]);
            bom["components"][1]["bom-ref"] = json!("good");
        }),
        ("out of scope", |bom| {
            bom["components"] = json!([good(), bad()]);
            bom["components"][1]["scope"] = json!("excluded");
        }),
        ("in another spelling", |bom| bom["components"][0]["purl"] = json!("PKG:NPM/Event%2DStream@3.3.6#x")),
        ("behind a fork", |bom| {
            bom["components"][0]["components"] = json!([bad()]);
            bom["components"][0]["pedigree"] = json!({"ancestors": [good()]});
        }),
        ("of no type", |bom| {
            bom["components"] = json!([good(), bad()]);
            bom["components"][1]["type"] = json!(7);
        }),
    ];
    for (where_it_is, bend) in places {
        let verdict = verdict_of(&world, "https://cyclonedx.org/bom", cyclonedx(bend));
        assert_eq!(verdict, Verdict::Rejected, "{where_it_is}");
    }
}

#[test]
fn what_is_no_part_of_the_image_is_not_denied_in_cyclonedx() {
    let world = World::new();
    let places: [(&str, Place); 7] = [
        ("tools", |bom| bom["metadata"]["tools"] = json!({"components": [bad()]})),
        ("an ancestor", |bom| bom["components"][0]["pedigree"] = json!({"ancestors": [bad()], "patches": []})),
        ("a service", |bom| {
            bom["services"] =
                json!([{"bom-ref": "s", "name": "event-stream", "services": [{"bom-ref": "t", "name": "x"}]}]);
            bom["dependencies"] =
                json!([{"ref": "root", "dependsOn": ["good", "s"]}, {"ref": "s", "dependsOn": ["t"]}]);
        }),
        ("a document elsewhere", |bom| {
            bom["components"][0]["externalReferences"] =
                json!([{"type": "bom", "url": "https://example.com/event-stream"}]);
        }),
        ("a formula", |bom| bom["formulation"] = json!([{"components": [bad()]}])),
        ("a finding", |bom| {
            bom["vulnerabilities"] = json!([{"id": "CVE-1", "affects": [{"ref": "pkg:npm/event-stream@3.3.6"}]}]);
        }),
        ("nothing", |_| {}),
    ];
    for (where_it_is, bend) in places {
        let verdict = verdict_of(&world, "https://cyclonedx.org/bom", cyclonedx(bend));
        assert_eq!(verdict, Verdict::Verified, "{where_it_is}");
    }
}

#[test]
fn a295_a_denied_package_is_found_wherever_spdx_2_has_it() {
    let world = World::new();
    let places: [(&str, Place); 6] = [
        ("a second package URL", |package| {
            let second = json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/event-stream@3.3.6"});
            package["externalRefs"].as_array_mut().expect("references").push(second);
        }),
        ("another category", |package| {
            package["externalRefs"] = json!([{"referenceCategory": "OTHER", "referenceType": "PURL", "referenceLocator": "pkg:npm/event-stream@3.3.6"}]);
        }),
        ("an address as the type", |package| {
            package["externalRefs"] = json!([{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "http://spdx.org/rdf/references/purl", "referenceLocator": "pkg:npm/event-stream@3.3.6"}]);
        }),
        ("a locator of npm", |package| {
            package["externalRefs"] = json!([{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "npm", "referenceLocator": "event-stream@3.3.6"}]);
        }),
        ("the id of another package", |package| {
            package["SPDXID"] = json!("SPDXRef-DOCUMENT");
            package["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/event-stream@3.3.6");
        }),
        ("files in it", |package| {
            package["hasFiles"] = json!(["SPDXRef-File"]);
            package["externalRefs"][0]["referenceLocator"] = json!("pkg:npm/event-stream@3.3.6");
        }),
    ];
    for (where_it_is, bend) in places {
        let mut said = spdx_23(&world.subject, &[("first", "1.0.0"), ("second", "1.0.0")]);
        bend(&mut said["predicate"]["packages"][2]);
        assert_eq!(judged(&world, &said).verdict, Verdict::Rejected, "{where_it_is}");
    }
    let mut honest = spdx_23(&world.subject, &[("first", "1.0.0")]);
    honest["predicate"]["snippets"] = json!([{"SPDXID": "SPDXRef-Snippet", "name": "event-stream"}]);
    honest["predicate"]["files"] =
        json!([{"SPDXID": "SPDXRef-File", "fileName": "./node_modules/event-stream/LICENSE"}]);
    honest["predicate"]["externalDocumentRefs"] =
        json!([{"externalDocumentId": "DocumentRef-x", "spdxDocument": "https://example.com/x"}]);
    assert_eq!(judged(&world, &honest).verdict, Verdict::Verified);
}

#[test]
fn a295_elements_of_spdx_3_are_read_or_the_document_is_not_believed() {
    let world = World::new();
    let document = |package: Value| {
        json!({
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": [
                {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z", "createdBy": ["a"]},
                {"type": "SpdxDocument", "spdxId": "d", "creationInfo": "_:c", "rootElement": ["p"]},
                {"type": "software_Package", "spdxId": "p", "name": "shop", "software_packageVersion": "1"},
                package,
            ],
        })
    };
    let purl = "pkg:npm/event-stream@3.3.6";
    let verdict = |package: Value| verdict_of(&world, "https://spdx.dev/Document/v3.0.1", document(package));
    assert_eq!(verdict(json!({"type": "software_Package", "spdxId": "x", "name": "x"})), Verdict::Verified);
    for package in [
        json!({"type": "software_Package", "spdxId": "x", "name": "x", "software_packageUrl": purl}),
        json!({"@type": "software_Package", "@id": "x", "name": "x", "software_packageUrl": purl}),
        json!({"type": ["software_Package"], "spdxId": "x", "name": "x", "software_packageUrl": purl}),
        json!({"type": "https://spdx.org/rdf/3.0.1/terms/Software/Package", "spdxId": "x", "name": "x", "software_packageUrl": purl}),
        json!({"type": "dataset_DatasetPackage", "spdxId": "x", "name": "x", "software_packageUrl": purl}),
        json!({"type": "software_File", "spdxId": "x", "name": "x", "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": purl}]}),
        json!({"type": "Relationship", "spdxId": "r", "relationshipType": "contains", "from": "p",
            "to": [{"type": "software_Package", "spdxId": "x", "name": "x", "software_packageUrl": purl}]}),
        json!({"type": "software_Sbom", "spdxId": "s", "element": [{"type": "software_Package", "spdxId": "x", "software_packageUrl": purl}]}),
        json!({"type": "software_Sbom", "spdxId": "s", "@graph": [{"type": "software_Package", "spdxId": "x", "software_packageUrl": purl}]}),
    ] {
        assert_ne!(verdict(package.clone()), Verdict::Verified, "{package}");
    }
}

#[test]
fn a294_a_scan_of_another_image_is_none_of_this_one() {
    let world = World::new();
    let judged = |report: Value| {
        let require = "require: {vulnerabilities: {deny: {severity: high}}}";
        let said = statement(&world.subject, VULN, scan(report));
        let attested = bundle(&world.signer().attest(&said).bundle(Version::V03));
        judge(&world, &policy(&rule(&["signers: [{github: acme/shop}]", require])), [attested])
    };
    let other = format!("sha256:{}", "ab".repeat(32));
    let own = world.image.to_string();
    let by_trivy = |digests: Value| {
        let mut report = trivy(&[]);
        report["Metadata"] = json!({"RepoDigests": digests});
        report
    };
    let by_grype = |target: Value| json!({"matches": [], "source": {"type": "image", "target": target}});
    let named = |digest: &str| json!([format!("registry.test/acme/shop@{digest}")]);
    for report in [by_trivy(named(&other)), by_grype(json!({"repoDigests": named(&other)}))] {
        let judged = judged(report.clone());
        assert_eq!(judged.verdict, Verdict::Rejected, "{report}");
        let refused = finding(&judged.requirements[0].findings, CheckId::ScanSubject);
        assert_eq!(refused.message, "the scan says that it is of another image");
    }
    for report in [
        by_trivy(named(&own)),
        by_trivy(json!([format!("elsewhere.test/x@{other}"), format!("registry.test/acme/shop@{own}")])),
        by_trivy(json!([])),
        by_trivy(json!(null)),
        by_grype(json!({"repoDigests": named(&own)})),
        by_grype(json!({"manifestDigest": other, "repoDigests": []})),
        by_grype(json!("/app")),
        json!({"SchemaVersion": 2, "ArtifactName": "shop", "ArtifactType": "container_image", "Results": null}),
    ] {
        assert_eq!(judged(report.clone()).verdict, Verdict::Verified, "{report}");
    }
}
