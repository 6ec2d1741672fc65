//! VEX: a maker's statements about vulnerabilities in an image. A statement of a signer in the policy may close a
//! finding of a scan or of advisories, and no statement can open one: leaving VEX out never makes an image verified.

mod alone;
pub(crate) mod checks;
mod csaf;
mod cyclonedx;
mod judge;
mod link;
mod openvex;
mod product;
pub(crate) mod section;
pub(crate) mod types;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::check::{CheckId, ClosingReport, Finding, VexReport};
use crate::evidence::Evidence;
use crate::json;
use crate::oci::Digest;
use crate::packages::Purl;
use crate::time_limit::TimeLimit;

use crate::attestation::sbom::clipped;

use types::CSAF;

pub(crate) use link::Links;
pub(crate) use product::{Component, Product};

/// CycloneDX has one predicate type for SBOMs and VEX, which is written with and without a version.
const CYCLONEDX: &str = "https://cyclonedx.org/";

/// Whether a statement of an SBOM's type is a VEX document of its own instead.
pub(crate) fn is_instead_of_sbom(predicate_type: &str, predicate: &str) -> bool {
    predicate_type.starts_with(CYCLONEDX) && alone::is_alone(predicate)
}

/// Whether an SBOM may state something of vulnerabilities. Most have no such field, and need not be read for it.
pub(crate) fn may_be_in_sbom(predicate: &str) -> bool {
    predicate.contains("vulnerabilities")
}

/// A VEX document, read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    form: &'static str,
    author: String,
    /// Of two editions of a document the one with the greater number is the later one.
    edition: u64,
    statements: Vec<Statement>,
    /// The places of the statements about each name of a vulnerability.
    by_id: HashMap<String, Vec<usize>>,
}

/// A statement about one vulnerability.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The vulnerability's name and its aliases.
    ids: Arc<[String]>,
    /// What it is said of; of what the attestation is about where nothing is named.
    products: Vec<Arc<Product>>,
    status: Status,
    /// Why the product is not affected: a label or a text.
    because: Option<Arc<str>>,
    /// Since when it is so.
    time: Option<Timestamp>,
}

/// The status words of VEX, and any other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    NotAffected,
    Fixed,
    Affected,
    UnderInvestigation,
    Unknown,
}

impl Document {
    /// Reads a predicate of a VEX document's type.
    pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<Self, Finding> {
        let read = if predicate_type == CSAF {
            csaf::read(predicate)
        } else if predicate_type.starts_with(CYCLONEDX) {
            cyclonedx::read(predicate_type, predicate)
        } else {
            openvex::read(predicate)
        };
        read.map(Self::indexed).map_err(|reason| {
            Finding::fail(CheckId::VexFormat, "the VEX document cannot be read")
                .expected("OpenVEX 0.2, CSAF 2.0 of the category csaf_vex, or CycloneDX")
                .found(reason)
                .next("write and attest it again: `vexctl create`, then `cosign attest --type openvex`")
        })
    }

    /// Reads what an SBOM states of vulnerabilities; nothing where it states nothing, or cannot be read.
    pub(crate) fn in_sbom(predicate_type: &str, predicate: &str) -> Option<Self> {
        let document = cyclonedx::read(predicate_type, predicate).ok()?;
        (!document.statements.is_empty()).then(|| document.indexed())
    }

    /// Returns what a report says of it.
    pub(crate) fn report(&self) -> VexReport {
        let count = |status: Status| self.statements.iter().filter(|one| one.status == status).count() as u64;
        VexReport {
            format: self.form.to_owned(),
            author: self.author.clone(),
            not_affected: count(Status::NotAffected),
            fixed: count(Status::Fixed),
            affected: count(Status::Affected),
            under_investigation: count(Status::UnderInvestigation),
        }
    }

    /// The statement of this document that counts: the latest of those about the vulnerability in the package of the image.
    fn latest(&self, ids: &[String], package: Option<&Purl<'_>>, image: &Image<'_>) -> Option<&Statement> {
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten().take_while(|_| !image.time.is_over());
        let named = places.map(|place| (*place, &self.statements[*place]));
        named
            .filter(|(_, one)| one.is_about(package, image))
            .max_by_key(|(place, one)| (one.time, *place))
            .map(|(_, one)| one)
    }

    /// A scan may list as many vulnerabilities as a document has statements.
    fn indexed(mut self) -> Self {
        for (place, statement) in self.statements.iter().enumerate() {
            for id in statement.ids.iter() {
                self.by_id.entry(id.clone()).or_default().push(place);
            }
        }
        self
    }
}

impl Statement {
    /// OpenVEX: "not_affected" without a reason is not a statement; "affected" and "under_investigation" close nothing.
    fn is_closing(&self) -> bool {
        match self.status {
            Status::Fixed => true,
            Status::NotAffected => self.because.is_some(),
            Status::Affected | Status::UnderInvestigation | Status::Unknown => false,
        }
    }

    fn is_about(&self, package: Option<&Purl<'_>>, image: &Image<'_>) -> bool {
        self.products.is_empty() || image.any(self.products.iter(), |product| product.means(package, image))
    }

    /// Which of product and subcomponent is another one than was asked about.
    fn differs_in(&self, image: &Image<'_>) -> String {
        let first = |component: Option<&Arc<Component>>| {
            let name = component.and_then(|component| component.names.first());
            name.map(|name| format!(" ({})", clipped(name))).unwrap_or_default()
        };
        let mut products = self.products.iter().take_while(|_| !image.time.is_over());
        match products.find(|product| product.is(image)) {
            Some(product) => format!("another subcomponent{}", first(product.parts.first())),
            None => format!("another product{}", first(self.products.first().map(|product| &product.component))),
        }
    }

    fn describe(&self) -> String {
        match (self.status, &self.because) {
            (Status::NotAffected, Some(because)) => format!("not affected: {because}"),
            (Status::NotAffected, None) => "not affected, without a reason".to_owned(),
            (Status::Fixed, _) => "fixed".to_owned(),
            (Status::Affected, _) => "affected".to_owned(),
            (Status::UnderInvestigation, _) => "under investigation".to_owned(),
            (Status::Unknown, _) => "a status that VEX does not have".to_owned(),
        }
    }
}

/// When something is said, if that is stated.
fn time(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text.and_then(json::stated_date) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("`{text}` is not a time"))
}

/// The image that something was found in: by its digest, those of the indexes above it, and its name.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) subject: &'a Digest,
    /// The components of the SBOM that lists what was found, by their links.
    pub(crate) links: Option<&'a Links<'a>>,
    pub(crate) time: TimeLimit<'a>,
}

impl Image<'_> {
    /// Whether one of many matches, as far as the time allows. An author can list any number.
    fn any<T>(&self, many: impl Iterator<Item = T>, is_it: impl FnMut(T) -> bool) -> bool {
        many.take_while(|_| !self.time.is_over()).any(is_it)
    }

    /// Whether a digest is that of the image or of an index that binds it.
    fn has_digest(&self, digest: &Digest) -> bool {
        let of_subject = || self.evidence.target.subjects.iter().filter(|one| one.digest == *self.subject);
        digest == self.subject || of_subject().any(|one| one.reached_through.contains(digest))
    }
}

/// A document whose signer the policy believes, and what it is attached to.
pub(crate) struct Attached {
    /// The candidate's name in the report.
    pub(crate) id: String,
    pub(crate) subject: Digest,
    pub(crate) document: Document,
}

/// Everything that is said by signers whom one demand of the policy believes.
#[derive(Default)]
pub(crate) struct Statements(pub(crate) Vec<Attached>);

impl Statements {
    /// Returns what closes a vulnerability, if some author closes it.
    ///
    /// `ids` are its name and aliases, `package` is the affected package. An author's latest statement about it counts,
    /// in any document. Of two statements of one time the one that leaves it open counts.
    pub(crate) fn closing(&self, ids: &[String], package: Option<&str>, image: &Image<'_>) -> Option<ClosingReport> {
        let package = package.and_then(|package| Purl::parse(package).ok());
        let mut last: BTreeMap<&str, (&Attached, &Statement)> = BTreeMap::new();
        for attached in self.about(image) {
            let Some(statement) = attached.document.latest(ids, package.as_ref(), image) else { continue };
            let said = last.entry(attached.document.author.trim()).or_insert((attached, statement));
            if rank(attached, statement) > rank(said.0, said.1) {
                *said = (attached, statement);
            }
        }
        let closing = last.into_values().find(|(_, statement)| statement.is_closing());
        closing.map(|(attached, statement)| ClosingReport {
            candidate: attached.id.clone(),
            author: attached.document.author.clone(),
            statement: statement.describe(),
            time: statement.time,
        })
    }

    /// Returns why a vulnerability is open although VEX of a believed signer is attached: what each document says instead.
    pub(crate) fn open_because(&self, ids: &[String], package: Option<&str>, image: &Image<'_>) -> Option<String> {
        let package = package.and_then(|package| Purl::parse(package).ok());
        let reasons: Vec<String> = self
            .about(image)
            .map(|attached| {
                let document = &attached.document;
                let named = || ids.iter().filter_map(|id| document.by_id.get(id)).flatten();
                match (document.latest(ids, package.as_ref(), image), named().next()) {
                    (Some(statement), _) => format!("{} says: {}", attached.id, statement.describe()),
                    (None, Some(place)) => {
                        format!("{} is about {}", attached.id, document.statements[*place].differs_in(image))
                    }
                    (None, None) => format!("{} is about other vulnerabilities", attached.id),
                }
            })
            .take(3)
            .collect();
        (!reasons.is_empty()).then(|| format!("the VEX document {}", reasons.join("; ")))
    }

    fn about<'s>(&'s self, image: &Image<'_>) -> impl Iterator<Item = &'s Attached> {
        self.0.iter().filter(move |attached| image.has_digest(&attached.subject))
    }
}

/// Which of two statements is the later one. One that leaves a vulnerability open and has no time is never the earlier one.
fn rank(attached: &Attached, statement: &Statement) -> (bool, Option<Timestamp>, u64, bool) {
    let is_open = !statement.is_closing();
    (is_open && statement.time.is_none(), statement.time, attached.document.edition, is_open)
}
