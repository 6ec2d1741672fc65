//! VEX: what a maker says of vulnerabilities in an image. A statement of somebody whom the policy believes may close what a scan or
//! advisories found, and nothing that is said can open anything: leaving VEX out never makes an image verified.

mod csaf;
mod openvex;
mod product;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::check::{CheckId, Finding, VexReport};
use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::packages::Purl;

pub(super) use product::{Component, Product};

/// OpenVEX `ATTESTING.md`: the predicate type is the context, which is written with and without its version.
const OPENVEX: [&str; 2] = ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"];
/// CSAF 2.0 has no predicate type of its own: this is the URI of its schema.
const CSAF: &str = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json";

/// Whether a predicate type is a VEX document.
pub(super) fn is_vex(predicate_type: &str) -> bool {
    OPENVEX.contains(&predicate_type) || predicate_type == CSAF
}

/// A VEX document, read.
#[derive(Debug, Default)]
pub(super) struct Document {
    form: &'static str,
    author: String,
    statements: Vec<Statement>,
    /// The places of the statements about each name of a vulnerability.
    by_id: HashMap<String, Vec<usize>>,
}

/// What is said of one vulnerability.
#[derive(Debug)]
pub(super) struct Statement {
    /// The vulnerability's name and its aliases.
    ids: Vec<String>,
    /// What it is said of; of what the attestation is about where nothing is named.
    products: Vec<Arc<Product>>,
    status: Status,
    /// Why the product is not affected: a label or a text.
    because: Option<Arc<str>>,
    /// Since when it is so.
    time: Option<Timestamp>,
}

/// The words of VEX, and whatever else stands in their place.
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
    pub(super) fn read(predicate_type: &str, predicate: Option<&RawValue>) -> Result<Self, Finding> {
        let text = predicate.map_or("null", RawValue::get);
        let read = if predicate_type == CSAF { csaf::read(text) } else { openvex::read(text) };
        read.map(Self::indexed).map_err(|reason| {
            Finding::fail(CheckId::VexFormat, "the VEX document cannot be read")
                .expected("OpenVEX 0.2 or CSAF 2.0 of the category csaf_vex")
                .found(reason)
                .next("write and attest it again: `vexctl create`, then `cosign attest --type openvex`")
        })
    }

    /// Judges it: it can be read. What it closes is for the scans.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let closing = self.statements.iter().filter(|statement| statement.is_closing()).count();
        let message =
            format!("{} statements of {}, of which {closing} may close a finding", self.statements.len(), self.author);
        vec![Finding::pass(CheckId::VexFormat, message)]
    }

    /// Returns what a report says of it.
    pub(super) fn report(&self) -> VexReport {
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
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten();
        let named = places.map(|place| (*place, &self.statements[*place]));
        named
            .filter(|(_, one)| one.is_about(package, image))
            .max_by_key(|(place, one)| (one.time, *place))
            .map(|(_, one)| one)
    }

    /// A scan may list as many vulnerabilities as a document has statements.
    fn indexed(mut self) -> Self {
        for (place, statement) in self.statements.iter().enumerate() {
            for id in &statement.ids {
                self.by_id.entry(id.clone()).or_default().push(place);
            }
        }
        self
    }
}

impl Statement {
    /// OpenVEX: "not_affected" without a reason is no statement; "affected" and "under_investigation" close nothing.
    fn is_closing(&self) -> bool {
        match self.status {
            Status::Fixed => true,
            Status::NotAffected => self.because.is_some(),
            Status::Affected | Status::UnderInvestigation | Status::Unknown => false,
        }
    }

    fn is_about(&self, package: Option<&Purl<'_>>, image: &Image<'_>) -> bool {
        self.products.is_empty() || self.products.iter().any(|product| product.is(image) && product.has(package))
    }

    fn describe(&self) -> String {
        match (self.status, &self.because) {
            (Status::NotAffected, Some(because)) => format!("not affected: {because}"),
            _ => "fixed".to_owned(),
        }
    }
}

/// The image that something was found in: by its digest, those of the indexes above it, and its name.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) subject: &'a Digest,
}

impl Image<'_> {
    /// Whether a digest is that of the image or of an index that binds it.
    fn has_digest(&self, digest: &Digest) -> bool {
        let of_subject = || self.evidence.subjects.iter().filter(|one| one.digest == *self.subject);
        digest == self.subject || of_subject().any(|one| one.reached_through.contains(digest))
    }
}

/// A document whose signer the policy believes, and what it is attached to.
pub(super) struct Attached {
    /// The candidate's name in the report.
    pub(super) id: String,
    pub(super) subject: Digest,
    pub(super) document: Document,
}

/// Everything that is said by signers whom one demand of the policy believes.
#[derive(Default)]
pub(super) struct Statements(pub(super) Vec<Attached>);

impl Statements {
    /// Returns why a vulnerability is closed, if one of the documents closes it.
    ///
    /// `ids` are its name and aliases, `package` is what it is in. A document says one thing of it: what it said last.
    pub(super) fn closing(&self, ids: &[String], package: Option<&str>, image: &Image<'_>) -> Option<String> {
        let package = package.and_then(|package| Purl::parse(package).ok());
        let here = self.0.iter().filter(|attached| image.has_digest(&attached.subject));
        let mut latest = here.filter_map(|attached| {
            Some((attached.id.as_str(), attached.document.latest(ids, package.as_ref(), image)?))
        });
        latest
            .find(|(_, statement)| statement.is_closing())
            .map(|(id, statement)| format!("{}, {id}", statement.describe()))
    }
}
