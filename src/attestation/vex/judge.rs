//! Judges a VEX document. By itself it closes nothing: what it says is for the requirements that believe its signer.

use crate::attestation::judging::Judging;
use crate::attestation::section::Section;
use crate::check::{CheckId, Finding};
use crate::verify::question::Question;

use super::model::Document;

impl Judging for Document {
    fn format(&self) -> CheckId {
        CheckId::VexFormat
    }

    fn judge(&self, _: &Question<'_>) -> Vec<Finding> {
        let closing = self.statements.iter().filter(|statement| statement.is_closing()).count();
        let message = format!("{} statements of {}; {closing} may close a finding", self.statements.len(), self.author);
        vec![Finding::pass(CheckId::VexFormat, message)]
    }

    fn section(&self) -> Section {
        Section::Vex(self.report())
    }
}
