//! SPDX 3.0 JSON-LD: the profiles core, software, licensing, and the packages and relationships of the others.
//!
//! The document is read as the JSON that the specification gives it (SPDX 3.0.1 annex "RDF serialization"), not as RDF: the
//! context must be the one of a known version, by its address, and is never fetched (A226).

use std::collections::HashMap;

use serde::de::{IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer};

use crate::check::{CheckId, Finding};

use super::builder::{Builder, NOTHING};
use super::lenient::{Count, Each, LenientStr, LenientStrs, Objects, ReadFields, TextOr, read_fields};
use super::license::{LicenseElement, Licenses};
use super::model::{End, Family, Format, Package, Purpose, Relation, Sbom, Text, clipped};
use super::refusal::{malformed, unreadable, unsupported};

/// The contexts of the versions that are read.
const CONTEXTS: [(&str, &str); 2] = [
    ("https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "3.0.1"),
    ("https://spdx.org/rdf/3.0.0/spdx-context.jsonld", "3.0.0"),
];

/// The classes of packages.
const PACKAGES: [&str; 3] = ["software_Package", "ai_AIPackage", "dataset_DatasetPackage"];

/// Kinds of SBOM that are kept.
const MAX_CONTEXTS: usize = 16;

/// The length of the name of an agent, in bytes: every package that it supplies copies it.
const MAX_NAME: usize = 1024;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Sbom<'_>, Finding> {
    let mut document = Document::new(text);
    read_fields(&mut document, text).map_err(|error| unreadable(&error))?;
    let version = document.version()?;
    document.finish(Format { family: Family::Spdx, version })
}

/// A document while it is read, in one pass and in any order of its elements.
struct Document<'a> {
    builder: Builder<'a>,
    context: Option<LenientStrs<'a>>,
    has_graph: bool,
    /// Why the document is not read: it holds elements in another way than in one list.
    refused: Option<String>,
    /// Whether it has the marks of another format too.
    also: bool,
    /// How many elements are an `SpdxDocument`.
    documents: usize,
    /// Which creation information is the document's.
    creation: Reference<'a>,
    creations: HashMap<Text<'a>, CreationInfo<'a>>,
    /// The first one, which is the document's where nothing says otherwise.
    first_creation: Option<CreationInfo<'a>>,
    /// Persons, organisations and tools: `Person: NAME`.
    agents: HashMap<Text<'a>, String>,
    licenses: Licenses<'a>,
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Field {
    #[serde(rename = "@context")]
    Context,
    #[serde(rename = "@graph")]
    Graph,
    #[serde(rename = "@included", alias = "@reverse", alias = "@nest")]
    Elsewhere,
    #[serde(rename = "spdxVersion", alias = "bomFormat")]
    OtherFormat,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize, Clone, Default)]
#[serde(rename_all = "camelCase")]
struct CreationInfo<'a> {
    #[serde(borrow, default)]
    created: LenientStr<'a>,
    #[serde(borrow, default)]
    created_by: LenientStrs<'a>,
    #[serde(borrow, default)]
    created_using: LenientStrs<'a>,
}

/// An element of any class. Names with a profile in front are of that profile.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element<'a> {
    #[serde(rename = "type", alias = "@type", borrow, default)]
    class: LenientStrs<'a>,
    /// What JSON-LD can put elements into beside the list of them.
    #[serde(rename = "@graph", alias = "@included", alias = "@reverse", alias = "@nest", default)]
    nested: Option<IgnoredAny>,
    #[serde(rename = "element", default)]
    collected: NoObjects,
    #[serde(rename = "spdxId", alias = "@id", borrow, default)]
    id: LenientStr<'a>,
    #[serde(borrow, default)]
    name: LenientStr<'a>,
    #[serde(borrow, default)]
    creation_info: Reference<'a>,
    #[serde(borrow, default)]
    created: LenientStr<'a>,
    #[serde(borrow, default)]
    created_by: LenientStrs<'a>,
    #[serde(borrow, default)]
    created_using: LenientStrs<'a>,
    #[serde(rename = "rootElement", borrow, default)]
    roots: LenientStrs<'a>,
    #[serde(rename = "software_sbomType", borrow, default)]
    contexts: LenientStrs<'a>,
    #[serde(borrow, default)]
    supplied_by: LenientStrs<'a>,
    #[serde(borrow, default)]
    originated_by: LenientStrs<'a>,
    #[serde(rename = "software_packageVersion", borrow, default)]
    version: LenientStr<'a>,
    #[serde(rename = "software_packageUrl", borrow, default)]
    purls: LenientStrs<'a>,
    #[serde(rename = "software_primaryPurpose", borrow, default)]
    purpose: LenientStr<'a>,
    #[serde(rename = "software_contentIdentifier", default)]
    content_identifiers: Count,
    #[serde(rename = "externalIdentifier", borrow, default)]
    identifiers: Objects<ExternalIdentifier<'a>>,
    #[serde(rename = "verifiedUsing", borrow, default)]
    checksums: Objects<Hash<'a>>,
    #[serde(rename = "relationshipType", borrow, default)]
    kind: LenientStr<'a>,
    #[serde(borrow, default)]
    from: LenientStr<'a>,
    #[serde(borrow, default)]
    to: LenientStrs<'a>,
    #[serde(rename = "simplelicensing_licenseExpression", borrow, default)]
    expression: LenientStr<'a>,
    #[serde(rename = "expandedlicensing_member", borrow, default)]
    members: LenientStrs<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalIdentifier<'a> {
    #[serde(rename = "externalIdentifierType", borrow, default)]
    kind: LenientStr<'a>,
    #[serde(borrow, default)]
    identifier: LenientStr<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hash<'a> {
    #[serde(borrow, default)]
    algorithm: LenientStr<'a>,
    #[serde(borrow, default)]
    hash_value: LenientStr<'a>,
}

/// Whether something else than names stands in a list, which is not kept.
#[derive(Default)]
struct NoObjects(bool);

impl<'de> Deserialize<'de> for NoObjects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LenientStrs::deserialize(deserializer).map(|words| Self(words.1))
    }
}

/// Creation information by its name, or in place.
type Reference<'a> = TextOr<'a, CreationInfo<'a>>;

impl<'de> ReadFields<'de> for Document<'de> {
    type Field = Field;

    const WHAT: &'static str = "an SPDX 3 document";

    fn read<A: MapAccess<'de>>(&mut self, field: Field, values: &mut A) -> Result<(), A::Error> {
        let document = self;
        match field {
            Field::Context => document.context = Some(values.next_value()?),
            Field::Elsewhere => {
                values.next_value::<IgnoredAny>()?;
                document.refuse("elements are beside `@graph`".to_owned());
            }
            Field::Graph => {
                document.has_graph = true;
                values.next_value_seed(Each::strict("elements", |element| document.element(element)))?;
            }
            Field::OtherFormat => {
                document.also = true;
                values.next_value::<IgnoredAny>()?;
            }
            Field::Unknown => {
                values.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'a> Document<'a> {
    fn new(text: &'a str) -> Self {
        let mut builder = Builder::new(text);
        // SPDX 3.0.1 Core: the individuals that stand for nothing, by their short and their full names.
        for name in ["NoneElement", "NoAssertionElement"] {
            builder.define(name, End::NOTHING);
            builder.define(&format!("https://spdx.org/rdf/3.0.1/terms/Core/{name}"), End::NOTHING);
        }
        builder.define(NOTHING, End::NOTHING);
        Self {
            builder,
            context: None,
            has_graph: false,
            refused: None,
            also: false,
            documents: 0,
            creation: TextOr::Nothing,
            creations: HashMap::new(),
            first_creation: None,
            agents: HashMap::new(),
            licenses: Licenses::default(),
        }
    }

    fn version(&self) -> Result<&'static str, Finding> {
        if self.also {
            return Err(malformed("the document claims to be SPDX 3 and another format at once".to_owned()));
        }
        let context = self.context.as_ref().ok_or_else(|| malformed("`@context` is missing".to_owned()))?;
        // JSON-LD takes one address and a list of one for the same. What a context of its own would mean is not looked up.
        let LenientStrs(addresses, is_other) = context;
        let ([context], false) = (addresses.as_slice(), *is_other) else {
            return Err(malformed("`@context` is not the address of one context".to_owned()));
        };
        if let Some(reason) = &self.refused {
            return Err(malformed(reason.clone())
                .expected("every element by itself in `@graph`, and named by its `spdxId` elsewhere")
                .next("have the generator write the elements flat, as the JSON schema of SPDX 3 has them"));
        }
        if let Some((_, version)) = CONTEXTS.iter().find(|(known, _)| *known == context) {
            return if self.has_graph { Ok(version) } else { Err(malformed("`@graph` is missing".to_owned())) };
        }
        if context.starts_with("https://spdx.org/rdf/") {
            return Err(unsupported(&format!("SPDX 3 of the context {}", context.escape_debug())));
        }
        let finding = malformed(format!("`@context` is `{}`", context.escape_debug()));
        Err(finding.expected(format!("the context {}, which is known here and never fetched", CONTEXTS[0].0)))
    }

    /// Notes the first reason.
    fn refuse(&mut self, reason: String) {
        self.refused.get_or_insert(reason);
    }

    /// JSON-LD may nest an element in another one, where packages are not read (A295): that is reported, not skipped.
    fn check_form(&mut self, element: &Element<'a>, class: &str) {
        let id = element.id.as_str().unwrap_or("without an `spdxId`");
        let wrong = [
            (element.class.1 || element.class.0.len() > 1, "type"),
            (element.nested.is_some(), "@graph"),
            (element.collected.0, "element"),
            (element.roots.1, "rootElement"),
            (element.from.1, "from"),
            (element.to.1, "to"),
            (element.members.1, "expandedlicensing_member"),
        ];
        if let Some((_, field)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            let what = if field == "type" { "is of several classes" } else { "holds something else than names" };
            self.refuse(format!("`{field}` of the element {} {what}", clipped(id)));
        }
        let is_like_package = class.to_ascii_lowercase().ends_with("package") || class.contains(['/', ':']);
        if is_like_package && !PACKAGES.contains(&class) && !class.starts_with("extension_") {
            self.refuse(format!("the class `{}` is not known", clipped(class)));
        }
    }

    fn element(&mut self, element: Element<'a>) {
        let id = element.id.0.clone().unwrap_or_default();
        let class = element.class.0.first().cloned().unwrap_or_default();
        self.check_form(&element, &class);
        match class.as_ref() {
            "CreationInfo" => self.creation_info(id, element),
            "SpdxDocument" => {
                self.documents += 1;
                self.builder.define(&id, End::DOCUMENT);
                self.builder.sbom.namespace = element.id.0;
                self.builder.sbom.name = element.name.stated();
                self.creation = element.creation_info;
                element.roots.0.iter().for_each(|root| self.builder.describe(root));
            }
            "software_Sbom" | "Bom" | "Bundle" => {
                self.builder.define(&id, End::DOCUMENT);
                self.builder.sbom.contexts.extend(element.contexts.0);
                self.builder.sbom.contexts.truncate(MAX_CONTEXTS);
                element.roots.0.iter().for_each(|root| self.builder.describe(root));
            }
            class if PACKAGES.contains(&class) => self.package(id, element),
            // A file that is named as a package is one.
            "software_File" if element.names_a_package() => self.package(id, element),
            "software_File" => {
                self.builder.sbom.counts.files += 1;
                self.builder.define(&id, End::OTHER);
            }
            class @ ("Person" | "Organization" | "Agent" | "SoftwareAgent" | "Tool") => {
                let kind = match class {
                    "SoftwareAgent" => "Tool",
                    "Agent" => "Organization",
                    other => other,
                };
                self.builder.define(&id, End::OTHER);
                self.agents.extend(element.name.stated().map(|name| (id, format!("{kind}: {name}"))));
            }
            class if class.ends_with("Relationship") => self.relationship(&element),
            class => {
                self.builder.define(&id, End::OTHER);
                let Element { expression, name, members, .. } = element;
                self.licenses.define(class, LicenseElement { id, expression, name, members: members.0 });
            }
        }
    }

    fn creation_info(&mut self, id: Text<'a>, element: Element<'a>) {
        let creation = CreationInfo {
            created: element.created,
            created_by: element.created_by,
            created_using: element.created_using,
        };
        self.first_creation.get_or_insert_with(|| creation.clone());
        self.creations.insert(id, creation);
    }

    fn package(&mut self, id: Text<'a>, element: Element<'a>) {
        let mut purls: Vec<_> =
            element.purls.0.into_iter().filter_map(|purl| LenientStr(Some(purl), false).stated()).collect();
        let unread = [
            ("name", element.name.1),
            ("software_packageVersion", element.version.1),
            ("software_packageUrl", element.purls.1),
            ("externalIdentifier", element.identifiers.1),
        ]
        .into_iter()
        .find_map(|(field, is_other)| is_other.then_some(field));
        let mut otherwise_identified = element.content_identifiers.0 > 0;
        for identifier in element.identifiers.0 {
            match identifier.kind.as_str().unwrap_or_default() {
                "packageUrl" | "purl" => {
                    purls.extend(identifier.identifier.stated());
                }
                "cpe22" | "cpe23" | "swid" | "swhid" | "gitoid" => {
                    otherwise_identified |= identifier.identifier.stated().is_some();
                }
                _ => {}
            }
        }
        // Most documents write the same one twice, in both places.
        purls.dedup();
        let checksums = element.checksums.0.into_iter();
        self.builder.package(Package {
            id,
            name: element.name.stated().unwrap_or_default(),
            group: None,
            version: element.version.stated(),
            // The name of who it is stands elsewhere, perhaps further down.
            supplier: element.supplied_by.0.into_iter().next(),
            originator: element.originated_by.0.into_iter().next(),
            purls,
            source: None,
            checksums: checksums.filter_map(|one| Some((one.algorithm.stated()?, one.hash_value.stated()?))).collect(),
            license_concluded: None,
            license_declared: None,
            purpose: element.purpose.as_str().map(Purpose::read).unwrap_or_default(),
            otherwise_identified,
            license_observed: None,
            unread,
            is_excluded: false,
            has_unread_license: false,
        });
    }

    fn relationship(&mut self, element: &Element<'a>) {
        let Some(from) = &element.from.0 else { return };
        let kind = element.kind.as_str().unwrap_or_default();
        for to in &element.to.0 {
            match kind {
                "hasConcludedLicense" | "hasDeclaredLicense" => self.licenses.state(kind, from, to),
                _ => self.builder.relate(from, relation(kind), to),
            }
        }
    }

    fn finish(self, format: Format) -> Result<Sbom<'a>, Finding> {
        let Self { mut builder, creation, mut creations, first_creation, agents, licenses, .. } = self;
        if self.documents > 1 {
            return Err(malformed(format!("the document has {} elements of the class SpdxDocument", self.documents))
                .expected("one SpdxDocument at most (SPDX 3.0.1 Core, SpdxDocument)"));
        }
        if let Some(name) = agents.values().find(|name| name.len() > MAX_NAME) {
            return Err(Finding::error(CheckId::SbomFormat, "the SBOM has a supplier's name that is too long")
                .expected(format!("at most {MAX_NAME} bytes"))
                .found(format!("{} bytes", name.len()))
                .next("generate and attest the SBOM again"));
        }
        let creation = match creation {
            TextOr::Object(creation) => Some(creation),
            TextOr::Text(name) => creations.remove(&name).or(first_creation),
            TextOr::Nothing => first_creation,
        }
        .unwrap_or_default();
        builder.sbom.created = creation.created.stated_date();
        let creators = creation.created_by.0.into_iter().chain(creation.created_using.0);
        builder.sbom.creators = creators.map(|id| agents.get(&id).map_or(id, |name| name.clone().into())).collect();
        for package in &mut builder.sbom.packages {
            for party in [&mut package.supplier, &mut package.originator] {
                // A party that is not an element of the document has only an id, and is dropped.
                *party = party.take().and_then(|id| agents.get(&id)).map(|name| name.clone().into());
            }
        }
        licenses.apply(&mut builder);
        builder.finish(format)
    }
}

impl Element<'_> {
    fn names_a_package(&self) -> bool {
        let is_purl = |one: &ExternalIdentifier<'_>| matches!(one.kind.as_str(), Some("packageUrl" | "purl"));
        !self.purls.0.is_empty() || self.identifiers.0.iter().any(is_purl)
    }
}

/// SPDX 3.0.1 Core, `RelationshipType`.
fn relation(kind: &str) -> Relation {
    match kind {
        "describes" => Relation::Describes,
        "contains" | "packagedBy" => Relation::Contains,
        "dependsOn"
        | "hasDynamicLink"
        | "hasStaticLink"
        | "hasOptionalDependency"
        | "hasPrerequisite"
        | "hasProvidedDependency" => Relation::DependsOn,
        _ => Relation::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;

    fn document(elements: &str) -> String {
        format!(r#"{{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{elements}]}}"#)
    }

    #[test]
    fn a_document_is_read_across_its_elements() {
        let text = document(
            r#"{"type":"Relationship","spdxId":"r1","from":"p2","relationshipType":"hasConcludedLicense","to":["l1"]},
            {"type":"Relationship","spdxId":"r2","from":"p2","relationshipType":"hasDeclaredLicense","to":["https://spdx.org/licenses/MIT"]},
            {"type":"Relationship","spdxId":"r3","from":"p1","relationshipType":"contains","to":["p2","f1"]},
            {"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"2026-01-01T00:00:00Z","createdBy":["a1"],"createdUsing":["t1"]},
            {"type":"Organization","spdxId":"a1","name":"Acme"}, {"type":"Tool","spdxId":"t1","name":"syft-1.0"},
            {"type":"SpdxDocument","spdxId":"d","name":"shop","creationInfo":"_:c","rootElement":["s"]},
            {"type":"software_Sbom","spdxId":"s","software_sbomType":["build"],"rootElement":["p1"]},
            {"type":"software_Package","spdxId":"p1","name":"shop","software_primaryPurpose":"container"},
            {"type":"software_Package","spdxId":"p2","name":"zlib","software_packageVersion":"1.3","suppliedBy":"a1","software_packageUrl":"pkg:deb/debian/zlib@1.3",
             "externalIdentifier":[{"externalIdentifierType":"packageUrl","identifier":"pkg:deb/debian/zlib@1.3"},{"externalIdentifierType":"cpe23","identifier":"cpe:2.3:a:z"}],
             "verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"00"}]},
            {"type":"software_File","spdxId":"f1"},
            {"type":"simplelicensing_LicenseExpression","spdxId":"l1","simplelicensing_licenseExpression":"Zlib OR MIT"}"#,
        );
        let sbom = read(&text).expect("a document");
        assert_eq!(sbom.format.to_string(), "SPDX-3.0.1");
        assert_eq!((sbom.name.as_deref(), sbom.created.as_deref()), (Some("shop"), Some("2026-01-01T00:00:00Z")));
        assert_eq!(sbom.creators, ["Organization: Acme", "Tool: syft-1.0"]);
        assert_eq!((&sbom.describes[..], &sbom.contexts[..]), (&[0][..], &["build".into()][..]));
        assert_eq!(sbom.packages[0].purpose, Purpose::Container);
        let zlib = &sbom.packages[1];
        assert_eq!(zlib.supplier.as_deref(), Some("Organization: Acme"));
        assert_eq!((zlib.purls.len(), zlib.otherwise_identified, zlib.checksums.len()), (1, true, 1));
        assert_eq!(zlib.license_concluded.as_deref(), Some("Zlib OR MIT"));
        assert_eq!(zlib.license_declared.as_deref(), Some("MIT"));
        assert_eq!((sbom.counts.files, sbom.counts.relationships, sbom.counts.dangling), (1, 2, 0));
    }

    #[test]
    fn a226_a_context_is_known_or_refused_and_never_fetched() {
        for context in [
            r#""https://evil.example/spdx-context.jsonld""#,
            r#"["https://spdx.org/rdf/3.0.1/spdx-context.jsonld",{"name":"https://evil.example/name"}]"#,
            r#"{"@vocab":"https://evil.example/"}"#,
            r#""https://spdx.org/rdf/3.0.1/spdx-context.jsonld ""#,
            "null",
        ] {
            let text = format!(r#"{{"@context":{context},"@graph":[]}}"#);
            let refusal = read(&text).expect_err(context);
            assert!(refusal.is_blocking() && refusal.found.expect("what").contains("context"), "{context}");
        }
        assert_eq!(read(r#"{"@graph":[]}"#).expect_err("no context").outcome, Outcome::Fail);
        let later = r#"{"@context":"https://spdx.org/rdf/3.1/spdx-context.jsonld","@graph":[]}"#;
        assert_eq!(read(later).expect_err("a later version").outcome, Outcome::Error);
    }

    #[test]
    fn a_package_url_counts_wherever_it_stands() {
        let purl = "pkg:npm/event-stream@3.3.6";
        for element in [
            format!(r#"{{"type":"software_Package","software_packageUrl":["{purl}"]}}"#),
            format!(
                r#"{{"type":"software_File","externalIdentifier":[{{"externalIdentifierType":"packageUrl","identifier":"{purl}"}}]}}"#
            ),
        ] {
            let text = document(&element);
            assert_eq!(read(&text).expect("a document").packages[0].purls, [purl], "{element}");
        }
    }

    #[test]
    fn a222_what_every_package_would_copy_is_bounded() {
        let long = "x".repeat(1 << 20);
        let supplier = document(&format!(r#"{{"type":"Organization","spdxId":"a","name":"{long}"}}"#));
        assert_eq!(read(&supplier).expect_err("a long name").outcome, Outcome::Error);
        let license = document(&format!(
            r#"{{"type":"software_Package","spdxId":"p"}},{{"type":"Relationship","from":"p","relationshipType":"hasDeclaredLicense","to":["l"]}},
            {{"type":"simplelicensing_LicenseExpression","spdxId":"l","simplelicensing_licenseExpression":"\u004dIT AND {long}"}}"#
        ));
        assert_eq!(read(&license).expect("a document").packages[0].license(), Some("l"));
    }

    #[test]
    fn a227_two_documents_in_one_are_refused() {
        let text = document(r#"{"type":"SpdxDocument","spdxId":"a"},{"type":"SpdxDocument","spdxId":"b"}"#);
        assert_eq!(read(&text).expect_err("two documents").outcome, Outcome::Fail);
    }

    #[test]
    fn creation_information_may_stand_in_place() {
        let text = document(
            r#"{"type":"SpdxDocument","spdxId":"d","creationInfo":{"type":"CreationInfo","created":"2026-01-01T00:00:00Z","createdBy":["https://example.com/jane"]}}"#,
        );
        let sbom = read(&text).expect("a document");
        assert_eq!(sbom.created.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(sbom.creators, ["https://example.com/jane"]);
    }

    #[test]
    fn values_of_other_types_are_passed_over() {
        let text = document(
            r#"null,{"type":["software_Package"]},{"type":"software_Package","spdxId":1,"name":null,"verifiedUsing":"x","suppliedBy":{}}"#,
        );
        assert_eq!(read(&text).expect("a document").packages.len(), 2);
        let named = document(r#"{"type":"software_Package","name":"a","software_packageUrl":{"x":1}}"#);
        assert_eq!(read(&named).expect("a document").packages[0].unread, Some("software_packageUrl"));
    }

    #[test]
    fn a295_elements_that_are_written_elsewhere_than_in_the_list_are_refused_in_words() {
        const BAD: &str = r#"{"type":"software_Package","spdxId":"b","name":"event-stream"}"#;
        for element in [
            format!(r#"{{"type":"software_Sbom","element":[{BAD}]}}"#),
            format!(r#"{{"type":"SpdxDocument","rootElement":[{BAD}]}}"#),
            format!(r#"{{"type":"Relationship","relationshipType":"contains","from":"a","to":[{BAD}]}}"#),
            format!(r#"{{"type":"Relationship","relationshipType":"contains","from":{BAD},"to":["a"]}}"#),
            format!(r#"{{"@graph":[{BAD}]}}"#),
            format!(r#"{{"type":"software_Sbom","@included":[{BAD}]}}"#),
            r#"{"type":["software_Package","Element"],"name":"event-stream"}"#.to_owned(),
            r#"{"type":"Software_Package","name":"event-stream"}"#.to_owned(),
            r#"{"type":"https://spdx.org/rdf/3.0.1/terms/Software/Package","name":"event-stream"}"#.to_owned(),
            r#"["software_Package","b","event-stream"]"#.to_owned(),
        ] {
            let finding = read(&document(&element)).expect_err("elements elsewhere");
            assert_eq!((finding.check, finding.outcome), (CheckId::SbomFormat, Outcome::Fail), "{element}");
        }
        let beside = document(BAD).replacen('{', &format!(r#"{{"@included":[{BAD}],"#), 1);
        assert!(read(&beside).is_err());
    }

    #[test]
    fn a_context_may_be_a_list_of_one() {
        let text = document(r#"{"type":"software_Package","name":"a"}"#);
        let address = format!("\"{}\"", CONTEXTS[0].0);
        assert!(read(&text.replace(&address, &format!("[{address}]"))).is_ok());
        for other in [format!("[{address},{{\"x\":\"y\"}}]"), format!("[{address},{address}]"), "[]".to_owned()] {
            assert!(read(&text.replace(&address, &other)).is_err(), "{other}");
        }
    }
}
