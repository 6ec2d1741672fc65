//! `bonafide schema`: the JSON Schemas of the documents that this program reads and writes.

use super::args::{Document, SchemaArgs};
use super::diagnostics::Diagnostic;
use super::print;

/// Prints one schema.
pub(super) fn run(args: &SchemaArgs) -> Result<u8, Diagnostic> {
    match args.document {
        Document::Report => print(include_bytes!("../check/report.schema.json")),
        Document::Trust => print(include_bytes!("trust/show.schema.json")),
    }
}
