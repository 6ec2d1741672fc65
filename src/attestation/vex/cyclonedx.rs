//! CycloneDX VEX (ECMA-424 `vulnerabilities`): in an SBOM, or in a document of its own that refers to one by BOM-Link. cosign writes
//! both under the predicate type of CycloneDX.
//!
//! A vulnerability without `analysis` is a finding of a scanner, and no statement.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::attestation::sbom::{Purpose, Sbom, document};
use crate::json;
use crate::packages::Purl;

use super::link::{BOM_LINK, Links, Place};
use super::model::{Document, Statement, Status, time};
use super::product::{Component, Product};

/// Components that all vulnerabilities together may name.
const MAX_AFFECTED: usize = 1_000_000;

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    version: serde_json::Value,
    #[serde(default)]
    vulnerabilities: Option<Vec<WireVulnerability>>,
}

#[derive(Deserialize)]
struct WireVulnerability {
    #[serde(default)]
    id: Option<String>,
    /// "Zero or more pointers to vulnerabilities that are the equivalent of the vulnerability specified."
    #[serde(default)]
    references: Option<Vec<WireReference>>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct WireReference {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    first_issued: Option<String>,
    #[serde(default)]
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Option<Vec<AffectedVersion>>,
}

#[derive(Deserialize)]
struct AffectedVersion {
    #[serde(default)]
    version: Option<String>,
    /// "affected" where nothing is stated.
    #[serde(default)]
    status: Option<String>,
}

/// Reads what a document states; nothing where it states nothing.
pub(super) fn read(predicate_type: &str, predicate: &str) -> Result<Document, String> {
    let unreadable = |finding: crate::check::Finding| finding.found.unwrap_or(finding.message);
    let sbom = Sbom::read(predicate_type, predicate).map_err(unreadable)?;
    let text = document(predicate).map_err(unreadable)?;
    let wire: Wire = json::from_part(&text).map_err(|error| error.to_string())?;
    // What leaves a vulnerability open at a time that cannot be read still counts, and what closes one comes before all else.
    let issued = time(sbom.created.as_deref()).ok().flatten();
    let names = Names::of(&sbom);
    let vulnerabilities = wire.vulnerabilities.unwrap_or_default();
    let affected: usize = vulnerabilities.iter().map(|one| one.affects.as_ref().map_or(0, Vec::len)).sum();
    if affected > MAX_AFFECTED {
        return Err(format!("the vulnerabilities name more than {MAX_AFFECTED} components"));
    }
    let mut statements = Vec::new();
    for vulnerability in &vulnerabilities {
        statements.extend(vulnerability.statements(&names, issued));
    }
    // Of statements at one time the last counts, so those that leave a vulnerability open come last.
    statements.sort_by_key(|statement| !statement.is_closing());
    let edition = wire.version.as_u64().unwrap_or_default();
    Ok(Document { form: "CycloneDX", author: author(&sbom), edition, statements, ..Document::default() })
}

/// The person or organisation that made the document; a tool states nothing by itself.
fn author(sbom: &Sbom<'_>) -> String {
    let named = sbom.creators.iter().filter_map(|one| one.split_once(": ")).filter(|(kind, _)| *kind != "Tool");
    named.map(|(_, name)| name).next().unwrap_or_default().to_owned()
}

impl WireVulnerability {
    /// One statement of each component that is named: of the whole image where it leaves the vulnerability open and names none.
    fn statements(&self, names: &Names<'_>, issued: Option<Timestamp>) -> Vec<Statement> {
        let Some(analysis) = &self.analysis else { return Vec::new() };
        let stated = analysis.last_updated.as_deref().and_then(json::stated_date);
        let time = match time(stated.or(analysis.first_issued.as_deref())) {
            Ok(stated) => stated.or(issued),
            Err(_) => None,
        };
        let (status, because) = analysis.status();
        let equivalents = self.references.iter().flatten().filter_map(|reference| reference.id.as_ref());
        let ids: Arc<[String]> = self.id.iter().chain(equivalents).cloned().collect();
        let statement = |products: Vec<Arc<Product>>, status: Status| {
            let because = because.clone();
            Statement { ids: Arc::clone(&ids), products, status, because, time }
        };
        let affects = self.affects.as_deref().unwrap_or_default();
        let closes = matches!(status, Status::Fixed | Status::NotAffected);
        if affects.is_empty() {
            return if closes { Vec::new() } else { vec![statement(Vec::new(), status)] };
        }
        let mut statements = Vec::new();
        for affected in affects {
            match (names.find(&affected.reference), &affected.versions) {
                (Named::Image, versions) if versions.is_none() || !closes => {
                    statements.push(statement(Vec::new(), status));
                }
                (Named::Unknown | Named::Image, _) => {}
                (Named::Product(product), None) => statements.push(statement(vec![product], status)),
                // A statement about versions is about each by itself, and closes no other.
                (Named::Product(product), Some(versions)) => {
                    let each =
                        versions.iter().filter_map(|one| Some((one, product_in(&product, one.version.as_ref()?)?)));
                    statements.extend(each.map(|(one, product)| {
                        let is_unaffected = one.status.as_deref() == Some("unaffected");
                        let status = if is_unaffected || !closes { status } else { Status::Affected };
                        statement(vec![Arc::new(product)], status)
                    }));
                }
            }
        }
        statements
    }
}

impl Analysis {
    /// The status in the words of VEX, and why it is that. `false_positive` is a reason by itself.
    fn status(&self) -> (Status, Option<Arc<str>>) {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let because = text(&self.justification).or_else(|| text(&self.detail));
        let (status, because) = match self.state.as_deref() {
            Some("resolved" | "resolved_with_pedigree") => (Status::Fixed, because),
            Some("not_affected") => (Status::NotAffected, because),
            Some("false_positive") => (Status::NotAffected, because.or_else(|| Some("false_positive".to_owned()))),
            Some("exploitable") => (Status::Affected, None),
            Some("in_triage") => (Status::UnderInvestigation, None),
            _ => (Status::Unknown, None),
        };
        (status, because.map(Arc::from))
    }
}

/// The same product in another version.
fn product_in(product: &Product, version: &str) -> Option<Product> {
    let purl = Purl::parse(product.component.names.first()?).ok()?;
    let purl = Purl { version: Some(version.into()), ..purl };
    Some(Product { component: Component::named(purl.to_string()).into(), parts: Vec::new() })
}

/// What a reference names.
enum Named {
    /// All of what the document is attached to.
    Image,
    Product(Arc<Product>),
    /// Unnamed, or one of several: statements about it close nothing.
    Unknown,
}

/// The components of a document by their `bom-ref`.
struct Names<'a> {
    sbom: &'a Sbom<'a>,
    links: Links<'a>,
}

impl<'a> Names<'a> {
    fn of(sbom: &'a Sbom<'a>) -> Self {
        Self { sbom, links: Links::of(sbom) }
    }

    /// Finds a component of this document, or of another one: that names its components by package URLs, or is known once an
    /// SBOM is there that has it.
    fn find(&self, reference: &str) -> Named {
        match self.links.place(reference) {
            Some(Place::Of(place)) => return self.named(place),
            Some(Place::Ambiguous) => return Named::Unknown,
            None => {}
        }
        let Some((document, element)) = reference.strip_prefix(BOM_LINK).and_then(|link| link.split_once('#')) else {
            return product(reference);
        };
        let is_own = self.links.is_of_this(document);
        match decoded(element) {
            Some(element) if is_own && self.links.place(&element).is_some() => self.find(&element),
            Some(_) if is_own => Named::Unknown,
            Some(element) => linked(document, &element),
            None => Named::Unknown,
        }
    }

    /// The image itself, if that is what the document describes; else a package, in the one version that is there.
    fn named(&self, place: usize) -> Named {
        let package = &self.sbom.packages[place];
        let is_image = self.sbom.describes.contains(&place) && package.purpose == Purpose::Container;
        match package.purls.first() {
            None if is_image => match package.version.as_deref() {
                Some(version) if version.starts_with("sha256:") => {
                    let name = format!("{}@{version}", package.name);
                    Named::Product(Arc::new(Product { component: Component::named(name).into(), parts: Vec::new() }))
                }
                _ => Named::Image,
            },
            Some(purl) if is_image => Named::Product(Arc::new(Product {
                component: Component::named(purl.to_string()).into(),
                parts: Vec::new(),
            })),
            None => Named::Unknown,
            Some(purl) => match (product(purl), package.version.as_deref()) {
                (Named::Unknown, Some(version)) => {
                    let bare = Product { component: Component::named(purl.to_string()).into(), parts: Vec::new() };
                    product_in(&bare, version).map_or(Named::Unknown, |product| Named::Product(Arc::new(product)))
                }
                (named, _) => named,
            },
        }
    }
}

/// A package by its package URL. One without a version would be any version of it.
fn product(purl: &str) -> Named {
    match Purl::parse(purl) {
        Ok(parsed) if parsed.version.is_some() => {
            Named::Product(Arc::new(Product { component: Component::named(purl.to_owned()).into(), parts: Vec::new() }))
        }
        _ => Named::Unknown,
    }
}

/// A component of another document. What looks like a package URL is one.
fn linked(document: &str, element: &str) -> Named {
    let purl = Purl::parse(element);
    if purl.as_ref().is_ok_and(|purl| purl.version.is_none()) {
        return Named::Unknown;
    }
    let mut names: Vec<String> = purl.is_ok().then(|| element.to_owned()).into_iter().collect();
    names.push(format!("{BOM_LINK}{document}#{element}"));
    let component = Component { names, sha256: Vec::new() };
    Named::Product(Arc::new(Product { component: component.into(), parts: Vec::new() }))
}

/// A `bom-ref` in a BOM-Link: percent-encoded, or written as it is.
fn decoded(element: &str) -> Option<String> {
    if element.contains(':') {
        return Some(element.to_owned());
    }
    let mut bytes = Vec::with_capacity(element.len());
    let mut rest = element.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        bytes.push(match digits {
            Some(digits) => u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?,
            None => *first,
        });
        rest = if digits.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Document {
        read("https://cyclonedx.org/bom", text).expect("a document")
    }

    fn document(components: &str, vulnerabilities: &str) -> Document {
        read_text(&format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e67","version":2,
            "metadata":{{"timestamp":"2026-03-01T10:00:00Z","authors":[{{"name":"Acme"}}],
            "component":{{"bom-ref":"root","type":"container","name":"shop"}}}},
            "components":[{components}],"vulnerabilities":[{vulnerabilities}]}}"#
        ))
    }

    const BAD: &str = r#"{"bom-ref":"b","name":"bad","version":"1.0.0","purl":"pkg:npm/bad@1.0.0"}"#;

    /// The names of the closed vulnerabilities.
    fn closed(document: &Document) -> Vec<&str> {
        let closing = document.statements.iter().filter(|one| one.is_closing());
        closing.flat_map(|one| &one.products).flat_map(|one| &one.component.names).map(String::as_str).collect()
    }

    fn said(analysis: &str, affects: &str) -> String {
        format!(r#"{{"id":"CVE-1","references":[{{"id":"GHSA-1"}}],"analysis":{{{analysis}}},"affects":[{affects}]}}"#)
    }

    #[test]
    fn states_are_read_in_the_words_of_vex() {
        for (analysis, closes, status) in [
            (r#""state":"resolved""#, true, Status::Fixed),
            (r#""state":"resolved_with_pedigree""#, true, Status::Fixed),
            (r#""state":"not_affected","justification":"code_not_reachable""#, true, Status::NotAffected),
            (r#""state":"not_affected","detail":"never called""#, true, Status::NotAffected),
            (r#""state":"not_affected""#, false, Status::NotAffected),
            (r#""state":"false_positive""#, true, Status::NotAffected),
            (r#""state":"exploitable","justification":"code_not_reachable""#, false, Status::Affected),
            (r#""state":"in_triage""#, false, Status::UnderInvestigation),
            (r#""state":"fine""#, false, Status::Unknown),
            (r#""detail":"x""#, false, Status::Unknown),
        ] {
            let document = document(BAD, &said(analysis, r#"{"ref":"b"}"#));
            let one = &document.statements[0];
            assert_eq!((one.is_closing(), one.status), (closes, status), "{analysis}");
            assert_eq!(one.ids[..], ["CVE-1", "GHSA-1"]);
            assert_eq!((document.author.as_str(), document.edition), ("Acme", 2));
        }
        assert!(document(BAD, r#"{"id":"CVE-1","affects":[{"ref":"b"}]}"#).statements.is_empty(), "a finding");
    }

    #[test]
    fn references_name_components_of_this_document_and_package_urls_of_another() {
        let fixed = |components: &str, affects: &str| {
            let document = document(components, &said(r#""state":"resolved""#, affects));
            closed(&document).join(" ")
        };
        assert_eq!(fixed(BAD, r#"{"ref":"b"}"#), "pkg:npm/bad@1.0.0");
        assert_eq!(fixed(BAD, r#"{"ref":"urn:cdx:3e67/1#b"}"#), "pkg:npm/bad@1.0.0");
        for link in ["urn:cdx:9999/1#pkg:npm/bad@1.0.0", "urn:cdx:9999/1#pkg%3Anpm%2Fbad%401.0.0"] {
            let named = fixed(BAD, &format!(r#"{{"ref":"{link}"}}"#));
            assert_eq!(named, "pkg:npm/bad@1.0.0 urn:cdx:9999/1#pkg:npm/bad@1.0.0");
        }
        assert_eq!(fixed(BAD, r#"{"ref":"pkg:npm/other@2"}"#), "pkg:npm/other@2");
        let without_version = r#"{"bom-ref":"b","name":"bad","version":"1.0.0","purl":"pkg:npm/bad"}"#;
        assert_eq!(fixed(without_version, r#"{"ref":"b"}"#), "pkg:npm/bad@1.0.0", "never any version");
        assert_eq!(
            fixed(BAD, r#"{"ref":"urn:cdx:9999/1#b"}"#),
            "urn:cdx:9999/1#b",
            "by the document of that name alone"
        );
        for unknown in ["c", "urn:cdx:9999/1#%zz", "urn:cdx:3e67/1#c", "pkg:npm/bad", "urn:cdx:9999/1#pkg:npm/bad"] {
            assert_eq!(fixed(BAD, &format!(r#"{{"ref":"{unknown}"}}"#)), "", "{unknown}");
        }
        let twice = format!(r#"{BAD},{{"bom-ref":"b","name":"worse","version":"1","purl":"pkg:npm/worse@1"}}"#);
        assert_eq!(fixed(&twice, r#"{"ref":"b"}"#), "", "a name that two components have names neither");
        let inner = format!(r#"{{"bom-ref":"a","name":"a","components":[{BAD}]}}"#);
        assert_eq!(fixed(&inner, r#"{"ref":"b"}"#), "pkg:npm/bad@1.0.0");
        let image = document(BAD, &said(r#""state":"resolved""#, r#"{"ref":"root"}"#));
        assert!(image.statements[0].is_closing() && image.statements[0].products.is_empty(), "all of the image");
        assert!(document(BAD, &said(r#""state":"resolved""#, "")).statements.is_empty(), "nothing is named");
    }

    #[test]
    fn what_is_said_of_versions_closes_those_alone_that_are_unaffected() {
        let versions = |versions: &str| {
            let affects = format!(r#"{{"ref":"b","versions":[{versions}]}}"#);
            document(BAD, &said(r#""state":"not_affected","justification":"code_not_present""#, &affects))
        };
        assert_eq!(closed(&versions(r#"{"version":"1.0.0","status":"unaffected"}"#)), ["pkg:npm/bad@1.0.0"]);
        for open in [r#"{"version":"1.0.0"}"#, r#"{"version":"1.0.0","status":"unknown"}"#, r#"{"range":"vers:npm/*"}"#]
        {
            assert!(closed(&versions(open)).is_empty(), "{open}");
        }
        let both = r#"{"version":"1.0.0","status":"unaffected"},{"version":"1.0.0","status":"affected"}"#;
        assert!(!versions(both).statements.last().expect("one").is_closing(), "open ones come last");
    }
}
