//! The facts about a candidate before its signature is verified.

use std::cell::OnceCell;

use crate::check::{CheckId, Finding, Outcome};
use crate::packages::Examined;
use crate::policy::Asked;
use crate::verify::bundle::Signed;
use crate::verify::entity::SignedEntity;
use crate::verify::newer;
use crate::verify::predicate::Kind;
use crate::verify::statement::Statement;

/// The facts about a candidate before its signer is compared. The first failed step is the last.
pub(super) struct Examination<'a> {
    pub(super) kind: Kind,
    /// Whether a signature on any kind of statement is one on the target: a file has no statement of its own for that.
    pub(super) any_statement_signs: bool,
    /// Whether it cannot be a signature on the image, with any content.
    pub(super) never_signature: bool,
    pub(super) predicate_type: Option<String>,
    pub(super) findings: Vec<Finding>,
    /// The signature to verify, unless an earlier step failed.
    pub(super) ready: Option<(SignedEntity, Signed<'a>)>,
    pub(super) statement: Option<Statement<'a>>,
    /// The advisories about the packages of an SBOM, once they were looked up.
    pub(super) examined: OnceCell<Examined>,
}

impl<'a> Examination<'a> {
    pub(super) fn of(kind: Kind) -> Self {
        Self {
            kind,
            any_statement_signs: false,
            never_signature: false,
            predicate_type: None,
            findings: Vec::new(),
            ready: None,
            statement: None,
            examined: OnceCell::new(),
        }
    }

    pub(super) fn stopped_by(kind: Kind, finding: Finding) -> Self {
        let mut examination = Self::of(kind);
        examination.findings.push(finding);
        examination
    }

    /// A signature on the subject itself; `signed` is its content or its digest.
    pub(super) fn of_message(finding: Option<Finding>, entity: SignedEntity, signed: Signed<'a>) -> Self {
        Self::of(Kind::Signature).ready_unless_stopped(finding, entity, signed)
    }

    /// After a failed check the signature does not matter. After an undecided check the signer still does.
    pub(super) fn ready_unless_stopped(
        mut self,
        finding: Option<Finding>,
        entity: SignedEntity,
        signed: Signed<'a>,
    ) -> Self {
        self.findings.extend(finding);
        if !self.findings.iter().any(|finding| finding.outcome == Outcome::Fail) {
            self.ready = Some((entity, signed));
        }
        self
    }

    /// Whether an earlier step failed, before the signer is compared.
    pub(super) fn is_stopped(&self) -> bool {
        self.findings.iter().any(Finding::is_blocking)
    }

    pub(super) fn concerns(&self, asked: &Asked) -> bool {
        if self.any_statement_signs && matches!(asked, Asked::Signature(_)) {
            return true;
        }
        !(self.never_signature && matches!(asked, Asked::Signature(_)))
            && self.kind.concerns(asked, self.predicate_type.as_deref())
    }
}

/// Of a family that is known here, in a version that is not: this program is the older one (A309).
pub(super) fn newer_predicate(predicate_type: &str) -> Option<Finding> {
    newer::predicate(predicate_type).map(|kind| {
        let message = format!("the {} is of a newer version than is known here", kind.as_str());
        Finding::error(CheckId::PayloadFormat, message)
            .found(predicate_type)
            .next("use a newer version of this program")
    })
}
