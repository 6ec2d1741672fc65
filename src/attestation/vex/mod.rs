//! VEX: a maker's statements about vulnerabilities in an image. A statement of a signer in the policy may close a
//! finding of a scan or of advisories, and no statement can open one: leaving VEX out never makes an image verified.

mod alone;
pub(crate) mod checks;
mod csaf;
mod cyclonedx;
mod image;
mod judge;
mod link;
mod model;
mod openvex;
mod product;
pub(crate) mod section;
pub(crate) mod types;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::{CheckId, ClosingReport, Finding};
use crate::oci::Digest;
use crate::packages::Purl;

use types::CSAF;

pub(crate) use image::Image;
pub(crate) use link::Links;
pub(crate) use model::Document;
use model::Statement;

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
}

/// A document whose signer the policy believes, and what it is attached to.
pub(crate) struct Attached {
    /// The candidate's name in the report.
    pub(crate) id: String,
    pub(crate) subject: Digest,
    pub(crate) document: Document,
}

/// Everything that is said by signers whom one requirement of the policy believes.
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
