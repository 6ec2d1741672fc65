//! SBOMs that other projects published or wrote, attested by the expected signer: what is read of each.
//!
//! They are not in this repository. `BONAFIDE_CORPORA` names the folder that holds them, and `BONAFIDE_CYCLONEDX` a folder of
//! CycloneDX's own `valid-*.json`: `cargo test --test verify -- --ignored sbom_corpora`.

use std::fs;
use std::path::{Path, PathBuf};

use bonafide::check::{CandidateReport, CheckId, SbomReport, ShortfallReport};
use bonafide::evidence::Content;
use serde_json::{Value, json};

use crate::support::sigstore::Version;
use crate::world::{World, bundle, obstacle};

/// A document under the type of its family.
fn attested(world: &World, text: &str) -> Content {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let predicate_type =
        if document.get("bomFormat").is_some() { "https://cyclonedx.org/bom" } else { "https://spdx.dev/Document" };
    let mut statement = world.sbom();
    statement["predicateType"] = json!(predicate_type);
    statement["predicate"] = document;
    bundle(&world.signer().attest(&statement).bundle(Version::V03))
}

fn judged(world: &World, file: &Path) -> CandidateReport {
    let text = fs::read_to_string(file).expect("a document");
    // Two of them name their image by digest: they are read as if it were this one.
    let named = [
        "f44417ca5eae5c4832baf4f977a12d8492bca835cdf07d44c9db210409b1ba38",
        "603a6c7216a53d02889d4da068703478dc570644f9f76b1a99f6683775f9abeb",
    ];
    let text = named.iter().fold(text, |text, digest| text.replace(digest, world.image.hex()));
    world.for_sboms().judge([attested(world, &text)]).candidates.remove(0)
}

/// What a document says, which must be readable whatever else stands in its way.
fn read(world: &World, file: &Path) -> SbomReport {
    let report = judged(world, file);
    assert_eq!(obstacle(&report), None, "{}", file.display());
    report.says::<SbomReport>().cloned().expect("an SBOM")
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn line(folder: &Path, file: &Path, sbom: &SbomReport) {
    let name = file.strip_prefix(folder).unwrap_or(file).display();
    let SbomReport { format, packages, with_license, files, relationships, dangling, .. } = sbom;
    println!("{name} | {format} | {packages} | {with_license} | {files} | {relationships} | {dangling}");
}

#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn published_documents_are_read_and_broken_ones_refused_for_their_reason() {
    let folder = std::env::var_os("BONAFIDE_CORPORA").expect("BONAFIDE_CORPORA names a folder");
    let folder = Path::new(&folder).join("sbom");
    let world = World::new();
    println!("document | format | packages | with licence | files | relationships | dangling");
    let example = |name: &str| folder.join("spdx-tools").join(name);
    let valid =
        ["ControlCharacters", "SPDXJSONExample-v2.2", "SPDXJSONExample-v2.3", "SPDXJSONExample-v2.3-with-exception"];
    let valid = valid.map(|name| example(&format!("{name}.spdx.json")));
    let more = [folder.join("vex/sbom.spdx.json"), example("BadJSON.spdx.json")];
    for file in
        documents(&folder.join("generators")).iter().chain(&documents(&folder.join("spdx3"))).chain(&valid).chain(&more)
    {
        line(&folder, file, &read(&world, file));
    }
    let wrong = judged(&world, &example("SPDXWrongVersion.spdx.json"));
    let finding = obstacle(&wrong).expect("another version");
    assert_eq!((finding.check, finding.found.as_deref()), (CheckId::SbomFormat, Some("SPDX-2.2.1")));
    for file in documents(&folder.join("vex")).iter().filter(|file| !file.ends_with("sbom.spdx.json")) {
        let finding = obstacle(&judged(&world, file)).expect("no SBOM").clone();
        assert_eq!(finding.check, CheckId::SbomFormat, "{}", file.display());
    }
}

#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn a229_the_element_that_a_document_was_made_without_is_found_and_no_other() {
    let folder = std::env::var_os("BONAFIDE_CORPORA").expect("BONAFIDE_CORPORA names a folder");
    let world = World::new();
    let missing = |case: &str| -> Vec<String> {
        let file = Path::new(&folder).join("sbom/minimum-elements").join(case).join("SPDXJSONExample-v2.3.spdx.json");
        let missing = read(&world, &file).missing_elements.ntia_2021;
        missing.iter().map(ShortfallReport::in_words).collect()
    };
    let none: [&str; 0] = [];
    assert_eq!(missing("no_elements_missing"), none);
    // The folder's name says one element; that document says of three packages' supplier nothing.
    assert_eq!(missing("missing_supplier_name"), ["supplier name (3 of 3)"]);
    for (case, element) in [
        ("missing_author_name", "author of SBOM data"),
        ("missing_component_version", "component version (1 of 1)"),
        ("missing_dependency_relationships", "dependency relationship (1 of 1)"),
        ("missing_timestamp", "timestamp"),
        ("missing_unique_identifiers", "unique identifier (1 of 1)"),
    ] {
        assert!(missing(case).iter().any(|found| found == element), "{case}: {:?}", missing(case));
        println!("{case}: {:?}", missing(case));
    }
}

#[test]
#[ignore = "needs BONAFIDE_CYCLONEDX"]
fn valid_documents_of_cyclonedx_are_read() {
    let folder = std::env::var_os("BONAFIDE_CYCLONEDX").expect("BONAFIDE_CYCLONEDX names a folder");
    let folder = Path::new(&folder);
    let world = World::new();
    for file in documents(folder) {
        let text = fs::read_to_string(&file).expect("a document");
        // They show a feature each, and some have no component for it: read is what comes to judging the content.
        let report = world.for_sboms().judge([attested(&world, &text)]).candidates.remove(0);
        let stopping = obstacle(&report).map(|finding| (finding.check, finding.found.clone()));
        let is_valid = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("valid"));
        match (report.says::<SbomReport>(), stopping) {
            (Some(sbom), None) => line(folder, &file, sbom),
            (_, Some((CheckId::SbomContent, found))) => println!("{} | empty | {found:?}", file.display()),
            (_, stopping) => assert!(!is_valid, "{}: {stopping:?}", file.display()),
        }
    }
}
