//! SPDX 2.2 and 2.3 JSON, read as tolerantly as generators write it.
//!
//! Real documents leave out fields that the specification requires, so every field but the version is optional, a null is
//! a missing field, and values of another type are passed over. Whether a document is strictly valid is another question.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use crate::check::Finding;

use super::builder::Builder;
use super::lenient::{Each, LenientStr, LenientStrs, Object, Objects, ReadFields, read_fields};
use super::locators;
use super::model::{End, ExtractedLicense, Family, Format, Package, Purpose, Relation, Sbom, SourcePackage, Text};
use super::refusal::{malformed, unreadable, unsupported};

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Sbom<'_>, Finding> {
    let mut document = Document { builder: Builder::new(text), version: LenientStr::default(), also: false };
    // SPDX 2.3 §6.3: the document's own name, which relationships use whether or not the document states it.
    document.builder.define("SPDXRef-DOCUMENT", End::DOCUMENT);
    for nothing in ["NONE", "NOASSERTION"] {
        document.builder.define(nothing, End::NOTHING);
    }
    read_fields(&mut document, text).map_err(|error| unreadable(&error))?;
    if document.also {
        return Err(malformed("the document claims to be SPDX and another format at once".to_owned()));
    }
    let version = match document.version.as_str() {
        Some("SPDX-2.2") => "2.2",
        Some("SPDX-2.3") => "2.3",
        Some(other) if other.starts_with("SPDX-") => return Err(unsupported(other)),
        Some(other) => return Err(malformed(format!("`spdxVersion` is `{}`", other.escape_debug()))),
        None => return Err(malformed("`spdxVersion` is missing".to_owned())),
    };
    document.builder.finish(Format { family: Family::Spdx, version })
}

/// A document while it is read, in one pass and in any order of its fields.
struct Document<'a> {
    builder: Builder<'a>,
    version: LenientStr<'a>,
    /// Whether it has the marks of another format too.
    also: bool,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    SpdxVersion,
    #[serde(rename = "SPDXID")]
    Id,
    Name,
    DocumentNamespace,
    CreationInfo,
    DocumentDescribes,
    Packages,
    Files,
    Snippets,
    Relationships,
    HasExtractedLicensingInfos,
    #[serde(rename = "bomFormat", alias = "@graph")]
    OtherFormat,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct CreationInfo<'a> {
    #[serde(borrow, default)]
    created: LenientStr<'a>,
    #[serde(borrow, default)]
    creators: LenientStrs<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePackage<'a> {
    #[serde(rename = "SPDXID", borrow, default)]
    id: LenientStr<'a>,
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    #[serde(borrow, default)]
    version_info: LenientStr<'a>,
    #[serde(borrow, default)]
    supplier: LenientStr<'a>,
    #[serde(borrow, default)]
    originator: LenientStr<'a>,
    #[serde(borrow, default)]
    source_info: LenientStr<'a>,
    #[serde(borrow, default)]
    license_concluded: LenientStr<'a>,
    #[serde(borrow, default)]
    license_declared: LenientStr<'a>,
    #[serde(borrow, default)]
    primary_package_purpose: LenientStr<'a>,
    #[serde(borrow, default)]
    external_refs: Objects<ExternalRef<'a>>,
    #[serde(borrow, default)]
    checksums: Objects<Checksum<'a>>,
    #[serde(borrow, default)]
    attribution_texts: LenientStrs<'a>,
    #[serde(borrow, default)]
    annotations: Objects<Annotation<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExtracted<'a> {
    #[serde(borrow, default)]
    license_id: LenientStr<'a>,
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    #[serde(borrow, default)]
    extracted_text: LenientStr<'a>,
}

#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow, default)]
    comment: LenientStr<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef<'a> {
    #[serde(borrow, default)]
    reference_type: LenientStr<'a>,
    #[serde(borrow, default)]
    reference_locator: LenientStr<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    #[serde(borrow, default)]
    algorithm: LenientStr<'a>,
    #[serde(borrow, default)]
    checksum_value: LenientStr<'a>,
}

/// A file or a snippet: only that it is there counts.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(rename = "SPDXID", borrow, default)]
    id: LenientStr<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRelationship<'a> {
    #[serde(borrow, default)]
    spdx_element_id: LenientStr<'a>,
    #[serde(rename = "relationshipType", borrow, default)]
    kind: LenientStr<'a>,
    #[serde(borrow, default)]
    related_spdx_element: LenientStr<'a>,
}

impl<'de> ReadFields<'de> for Document<'de> {
    type Field = Field;

    const WHAT: &'static str = "an SPDX document";

    fn read<A: MapAccess<'de>>(&mut self, field: Field, values: &mut A) -> Result<(), A::Error> {
        let Document { builder, version, also } = self;
        match field {
            Field::SpdxVersion => *version = values.next_value()?,
            Field::Id => {
                let id: LenientStr<'de> = values.next_value()?;
                builder.define(id.as_str().unwrap_or_default(), End::DOCUMENT);
            }
            Field::Name => builder.sbom.name = values.next_value::<LenientStr<'de>>()?.0,
            Field::DocumentNamespace => builder.sbom.namespace = values.next_value::<LenientStr<'de>>()?.0,
            Field::CreationInfo => {
                if let Some(creation) = values.next_value::<Object<CreationInfo<'de>>>()?.0 {
                    builder.sbom.created = creation.created.stated_date();
                    builder.sbom.creators = creation.creators.0;
                }
            }
            Field::DocumentDescribes => {
                let described: LenientStrs<'de> = values.next_value()?;
                described.0.iter().for_each(|id| builder.describe(id));
            }
            Field::Packages => values.next_value_seed(Each::strict("packages", |one| package(builder, one)))?,
            Field::HasExtractedLicensingInfos => {
                values.next_value_seed(Each::strict("extracted licences", |one: WireExtracted<'de>| {
                    let (name, text) = (one.name.stated(), one.extracted_text.0);
                    builder.sbom.extracted.extend(one.license_id.0.map(|id| ExtractedLicense { id, name, text }));
                }))?;
            }
            Field::Files => values.next_value_seed(Each::new(|one: Named<'de>| {
                builder.sbom.counts.files += 1;
                builder.define(one.id.as_str().unwrap_or_default(), End::OTHER);
            }))?,
            Field::Snippets => values.next_value_seed(Each::new(|one: Named<'de>| {
                builder.define(one.id.as_str().unwrap_or_default(), End::OTHER);
            }))?,
            Field::Relationships => values.next_value_seed(Each::new(|one| relationship(builder, &one)))?,
            Field::OtherFormat => {
                *also = true;
                values.next_value::<IgnoredAny>()?;
            }
            Field::Unknown => {
                values.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn package<'a>(builder: &mut Builder<'a>, wire: WirePackage<'a>) {
    let mut purls = Vec::new();
    let mut otherwise_identified = false;
    let mut unread =
        [("name", wire.name.1), ("versionInfo", wire.version_info.1), ("externalRefs", wire.external_refs.1)]
            .into_iter()
            .find_map(|(field, is_other)| is_other.then_some(field));
    for reference in wire.external_refs.0 {
        if reference.reference_type.1 || reference.reference_locator.1 {
            unread = Some("externalRefs");
        }
        let kind = reference.reference_type.as_str().unwrap_or_default();
        if is_type(kind, "purl") {
            // One at a time, as there is one nearly always.
            purls.reserve_exact(1);
            purls.extend(reference.reference_locator.stated());
        } else if let Some(manager) = MANAGERS.iter().find(|manager| is_type(kind, manager)) {
            let locator = reference.reference_locator.stated();
            let purl = locator.as_deref().map(|locator| locators::purl(manager, locator));
            match purl {
                Some(Some(purl)) => purls.push(purl.into()),
                Some(None) => unread = Some("referenceLocator"),
                None => {}
            }
        } else if ["cpe23Type", "cpe22Type", "swid", "gitoid", "swh"].iter().any(|known| is_type(kind, known)) {
            otherwise_identified |= reference.reference_locator.stated().is_some();
        }
    }
    let checksums =
        wire.checksums.0.into_iter().filter_map(|one| Some((one.algorithm.stated()?, one.checksum_value.stated()?)));
    let mut checksums: Vec<_> = checksums.collect();
    checksums.shrink_to_fit();
    let notes =
        wire.attribution_texts.0.into_iter().chain(wire.annotations.0.into_iter().filter_map(|one| one.comment.0));
    builder.sbom.repository_digests.extend(notes.filter_map(repository_digest));
    let has_unread_license = wire.license_concluded.1 || wire.license_declared.1;
    let (mut name, version) = (wire.name.stated().unwrap_or_default(), wire.version_info.stated());
    if let Some((kind, rest)) = locators::of_dependency_graph(&name) {
        if purls.is_empty() {
            purls.push(locators::written(kind, rest, version.as_deref()).into());
        }
        name = rest.to_owned().into();
    }
    builder.package(Package {
        is_excluded: false,
        id: wire.id.0.unwrap_or_default(),
        name,
        group: None,
        version,
        license_observed: None,
        unread,
        has_unread_license,
        supplier: wire.supplier.stated(),
        originator: wire.originator.stated(),
        purls,
        source: wire.source_info.0.as_deref().and_then(source),
        checksums,
        license_concluded: wire.license_concluded.stated(),
        license_declared: wire.license_declared.stated(),
        purpose: wire.primary_package_purpose.as_str().map(Purpose::read).unwrap_or_default(),
        otherwise_identified,
    });
}

/// SPDX 2.3 annex F.3: package managers beside `purl`.
const MANAGERS: [&str; 4] = ["npm", "maven-central", "nuget", "bower"];

/// What trivy writes as `sourceInfo` of a package of a distribution: `built package from: NAME VERSION`.
fn source<'a>(info: &str) -> Option<Box<SourcePackage<'a>>> {
    let (name, version) = info.strip_prefix("built package from: ")?.split_once(' ')?;
    Some(Box::new(SourcePackage { name: name.to_owned().into(), version: Some(version.to_owned().into()) }))
}

/// The types of SPDX 2.3 annex F, also as the IRIs that they stand for (`http://spdx.org/rdf/references/purl`), in any case.
fn is_type(found: &str, name: &str) -> bool {
    found.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
}

fn relationship<'a>(builder: &mut Builder<'a>, wire: &WireRelationship<'a>) {
    let (Some(one), Some(other)) = (&wire.spdx_element_id.0, &wire.related_spdx_element.0) else { return };
    let (kind, is_turned) = relation(wire.kind.as_str().unwrap_or_default());
    let (from, to) = if is_turned { (other, one) } else { (one, other) };
    for end in [from, to] {
        // SPDX 2.3 §6.6: something in another document, which is named and not here.
        if end.starts_with("DocumentRef-") {
            builder.define(end, End::OUTSIDE);
        }
    }
    builder.relate(from, kind, to);
}

/// SPDX 2.3 §11.1: what a relationship says, and whether it is written the other way round.
fn relation(kind: &str) -> (Relation, bool) {
    match kind {
        "DESCRIBES" => (Relation::Describes, false),
        "DESCRIBED_BY" => (Relation::Describes, true),
        "CONTAINS" => (Relation::Contains, false),
        "CONTAINED_BY" => (Relation::Contains, true),
        "DEPENDS_ON" | "DYNAMIC_LINK" | "STATIC_LINK" | "HAS_PREREQUISITE" => (Relation::DependsOn, false),
        "DEPENDENCY_OF"
        | "BUILD_DEPENDENCY_OF"
        | "DEV_DEPENDENCY_OF"
        | "OPTIONAL_DEPENDENCY_OF"
        | "PROVIDED_DEPENDENCY_OF"
        | "RUNTIME_DEPENDENCY_OF"
        | "TEST_DEPENDENCY_OF"
        | "PREREQUISITE_FOR" => (Relation::DependsOn, true),
        _ => (Relation::Other, false),
    }
}

/// What trivy says of an image in its notes: `RepoDigest: NAME@DIGEST`, for every repository that has it.
fn repository_digest(note: Text<'_>) -> Option<Text<'_>> {
    const LABEL: &str = "RepoDigest: ";
    match note {
        Text::Borrowed(text) => text.strip_prefix(LABEL).map(Text::Borrowed),
        Text::Owned(text) => text.strip_prefix(LABEL).map(|rest| Text::Owned(rest.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    #[test]
    fn a_document_is_read_with_what_it_describes() {
        let sbom = read(r#"{
            "spdxVersion": "SPDX-2.3", "name": "shop", "documentDescribes": ["SPDXRef-a"],
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: syft-1.0"]},
            "packages": [
                {"SPDXID": "SPDXRef-a", "name": "shop", "versionInfo": "1.0", "supplier": "Organization: Acme", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
                 "primaryPackagePurpose": "CONTAINER", "checksums": [{"algorithm": "SHA256", "checksumValue": "00ff"}],
                 "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/shop@1.0"}]},
                {"SPDXID": "SPDXRef-b", "name": "left-pad", "versionInfo": "", "supplier": "NOASSERTION", "externalRefs": null}
            ],
            "files": [{"SPDXID": "SPDXRef-file"}],
            "relationships": [
                {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"},
                {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"},
                {"spdxElementId": "SPDXRef-b", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-file"}
            ]
        }"#).expect("a document");
        let report = sbom.report();
        assert_eq!(report.describes, ["shop 1.0"]);
        assert_eq!(
            (report.packages, report.with_purl, report.with_version, report.with_supplier, report.with_license),
            (2, 1, 1, 1, 1)
        );
        assert_eq!(sbom.packages[0].purpose, Purpose::Container);
        assert_eq!(sbom.packages[0].checksums, [("SHA256".into(), "00ff".into())]);
        let kinds: Vec<_> =
            sbom.relationships.iter().map(|one| (one.from.package(), one.kind, one.to.package())).collect();
        assert_eq!(
            kinds,
            [
                (None, Relation::Describes, Some(0)),
                (Some(0), Relation::DependsOn, Some(1)),
                (Some(1), Relation::Contains, None)
            ]
        );
        assert_eq!((sbom.counts.files, sbom.counts.dangling), (1, 0));
    }

    #[test]
    fn package_urls_are_known_by_every_spelling_of_their_type() {
        for kind in ["purl", "PURL", "http://spdx.org/rdf/references/purl", "https://spdx.org/rdf/references/purl"] {
            let text = format!(
                r#"{{"spdxVersion":"SPDX-2.3","packages":[{{"externalRefs":[{{"referenceType":"{kind}","referenceLocator":"pkg:npm/a"}}]}}]}}"#
            );
            assert_eq!(read(&text).expect("a document").packages[0].purls, ["pkg:npm/a"], "{kind}");
        }
    }

    #[test]
    fn texts_are_borrowed_unless_they_are_written_with_escapes() {
        let text = r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"plain"},{"name":"esc\u0061ped"}]}"#;
        let sbom = read(text).expect("a document");
        assert!(matches!(sbom.packages[0].name, Text::Borrowed("plain")));
        assert_eq!(sbom.packages[1].name, "escaped");
    }

    #[test]
    fn nulls_and_values_of_other_types_are_passed_over() {
        let sbom = read(
            r#"{"spdxVersion":"SPDX-2.2","name":7,"creationInfo":null,"relationships":null,"files":{"a":[1]},"documentDescribes":[{}],
                "packages":[{"name":"x","versionInfo":1.0,"licenseDeclared":["MIT"],"checksums":7,"externalRefs":["y",null,{"referenceType":[]}]},null]}"#,
        );
        let sbom = sbom.expect("a document");
        assert_eq!(sbom.packages.len(), 1);
        assert_eq!(sbom.packages[0].version, None);
        assert!(sbom.packages[0].unread.is_some() && sbom.packages[0].has_unread_license);
    }

    #[test]
    fn a295_a_package_that_is_no_object_makes_the_document_unreadable() {
        for packages in [r#"["a"]"#, r#"[["SPDXRef-a","a"]]"#, r#"{"name":"a"}"#, "7"] {
            assert!(read(&format!(r#"{{"spdxVersion":"SPDX-2.3","packages":{packages}}}"#)).is_err(), "{packages}");
        }
    }

    #[test]
    fn a295_packages_are_named_by_the_locators_of_annex_f_and_by_dependency_graphs() {
        let purl = |fields: &str| {
            let text = format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{{{fields}}}]}}"#);
            let package = read(&text).expect("a document").into_owned().packages[0].clone();
            (package.name.to_string(), package.purls.first().map(ToString::to_string), package.unread)
        };
        let by = |kind: &str, locator: &str| {
            purl(&format!(r#""name":"x","externalRefs":[{{"referenceType":"{kind}","referenceLocator":"{locator}"}}]"#))
        };
        assert_eq!(by("npm", "event-stream@3.3.6").1.as_deref(), Some("pkg:npm/event-stream@3.3.6"));
        assert_eq!(by("http://spdx.org/rdf/references/maven-central", "a:b:1").1.as_deref(), Some("pkg:maven/a/b@1"));
        assert_eq!(by("maven-central", "b").2, Some("referenceLocator"));
        let graph = purl(r#""name":"npm:event-stream","versionInfo":"3.3.6""#);
        assert_eq!(graph, ("event-stream".to_owned(), Some("pkg:npm/event-stream@3.3.6".to_owned()), None));
    }

    #[test]
    fn a223_other_documents_and_nothing_are_not_dangling() {
        let sbom = read(
            r#"{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a"}],"relationships":[
                {"spdxElementId":"SPDXRef-a","relationshipType":"COPY_OF","relatedSpdxElement":"DocumentRef-other:SPDXRef-b"},
                {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"NONE"},
                {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-gone"}]}"#,
        )
        .expect("a document");
        assert_eq!((sbom.counts.relationships, sbom.counts.dangling), (3, 1));
        assert_eq!(sbom.counts.dangling_names, ["SPDXRef-gone"]);
    }

    #[test]
    fn trivys_notes_name_the_repositories_that_have_the_image() {
        let sbom = read(
            r#"{"spdxVersion":"SPDX-2.3","packages":[
                {"attributionTexts":["ImageID: sha256:aa","RepoDigest: a/b@sha256:01"]},
                {"annotations":[{"comment":"RepoDigest: c/d@sha256:02"},{"comment":"Class: os-pkgs"}]}]}"#,
        )
        .expect("a document");
        assert_eq!(sbom.repository_digests, ["a/b@sha256:01", "c/d@sha256:02"]);
    }

    #[test]
    fn a222_a_million_packages_cannot_be_decided_and_take_little_room() {
        let text = format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{}{{}}]}}"#, "{},".repeat(999_999));
        let refusal = read(&text).expect_err("too many");
        assert_eq!((refusal.outcome, refusal.found.as_deref()), (Outcome::Error, Some("1000000")));
    }

    #[test]
    fn a222_a_list_within_a_package_has_a_limit() {
        let text = format!(
            r#"{{"spdxVersion":"SPDX-2.3","packages":[{{"externalRefs":[{}{{}}]}}]}}"#,
            "{},".repeat(1_000_000)
        );
        assert_eq!(read(&text).expect_err("too many").outcome, Outcome::Error);
    }

    #[test]
    fn a222_documents_nested_without_end_are_refused() {
        for opening in ["[", r#"{"a":"#, r#"[{"checksums":"#, r#"[{"annotations":[{"comment":"#] {
            let text = format!(r#"{{"spdxVersion":"SPDX-2.3","packages":{}"#, opening.repeat(100_000));
            assert_eq!(read(&text).expect_err("no end").outcome, Outcome::Fail);
        }
    }

    #[test]
    fn trivys_source_info_names_the_source_package() {
        let sbom = read(
            r#"{"spdxVersion":"SPDX-2.3","packages":[{"sourceInfo":"built package from: openssl 3.0.11-1~deb12u2"},
                {"sourceInfo":"acquired package info from DPKG DB: /var/lib/dpkg/status"},{"sourceInfo":7}]}"#,
        )
        .expect("a document");
        let sources = sbom.packages.iter().map(|package| package.source.as_deref());
        let openssl = SourcePackage { name: "openssl".into(), version: Some("3.0.11-1~deb12u2".into()) };
        assert_eq!(sources.collect::<Vec<_>>(), [Some(&openssl), None, None]);
    }

    #[test]
    fn other_versions_are_unsupported_and_other_documents_malformed() {
        assert_eq!(read(r#"{"spdxVersion":"SPDX-2.1"}"#).expect_err("2.1").outcome, Outcome::Error);
        assert_eq!(
            read(r#"{"spdxVersion":"SPDX-2.3","bomFormat":"CycloneDX"}"#).expect_err("two").outcome,
            Outcome::Fail
        );
        assert_eq!(read(r#"{"SPDXID":"SPDXRef-DOCUMENT"}"#).expect_err("no version").outcome, Outcome::Fail);
        assert_eq!(read("null").expect_err("nothing").outcome, Outcome::Fail);
    }
}
