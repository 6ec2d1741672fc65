//! A VEX document in one form, whichever it was written in.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::attestation::sbom::clipped;
use crate::check::VexReport;
use crate::json;
use crate::packages::Purl;

use super::image::Image;
use super::product::{Component, Product};

/// A VEX document, read.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(super) form: &'static str,
    pub(super) author: String,
    /// Of two editions of a document the one with the greater number is the later one.
    pub(super) edition: u64,
    pub(super) statements: Vec<Statement>,
    /// The places of the statements about each name of a vulnerability.
    pub(super) by_id: HashMap<String, Vec<usize>>,
}

/// A statement about one vulnerability.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The vulnerability's name and its aliases.
    pub(super) ids: Arc<[String]>,
    /// What it is said of; of what the attestation is about where nothing is named.
    pub(super) products: Vec<Arc<Product>>,
    pub(super) status: Status,
    /// Why the product is not affected: a label or a text.
    pub(super) because: Option<Arc<str>>,
    /// Since when it is so.
    pub(super) time: Option<Timestamp>,
}

/// The status words of VEX, and any other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    NotAffected,
    Fixed,
    Affected,
    UnderInvestigation,
    Unknown,
}

impl Document {
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
    pub(super) fn latest(&self, ids: &[String], package: Option<&Purl<'_>>, image: &Image<'_>) -> Option<&Statement> {
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten().take_while(|_| !image.time.is_over());
        let named = places.map(|place| (*place, &self.statements[*place]));
        named
            .filter(|(_, one)| one.is_about(package, image))
            .max_by_key(|(place, one)| (one.time, *place))
            .map(|(_, one)| one)
    }

    /// A scan may list as many vulnerabilities as a document has statements.
    pub(super) fn indexed(mut self) -> Self {
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
    pub(super) fn is_closing(&self) -> bool {
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
    pub(super) fn differs_in(&self, image: &Image<'_>) -> String {
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

    pub(super) fn describe(&self) -> String {
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
pub(super) fn time(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text.and_then(json::stated_date) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("`{text}` is not a time"))
}
