//! `bonafide schema`: the JSON Schemas of the documents that this program reads and writes.

use serde_json::{Value, json};

use crate::json;

use super::args::{Document, SchemaArgs};
use super::diagnostics::Diagnostic;
use super::print;

pub(super) const REPORT: &str = include_str!("../check/report.schema.json");
pub(super) const POLICY: &str = include_str!("../policy/policy.schema.json");

/// Prints one schema.
pub(super) fn run(args: &SchemaArgs) -> Result<u8, Diagnostic> {
    match args.document {
        Document::Policy => print(POLICY.as_bytes()),
        Document::Report => print(REPORT.as_bytes()),
        Document::Inspection => print(format!("{:#}\n", inspection()).as_bytes()),
        Document::Trust => print(include_bytes!("trust/show.schema.json")),
    }
}

/// An inspection is made of parts of the report, which are described there.
fn inspection() -> Value {
    let report: Value = json::from_slice(REPORT.as_bytes()).expect("a file of this crate, which a test reads");
    let part = |name: &str| report["properties"][name].clone();
    let of_image = |name: &str| report["$defs"]["image"]["properties"][name].clone();
    json!({
        "$schema": report["$schema"],
        "title": "Bonafide inspection",
        "description": "The evidence attached to images, its signers and its content. It was compared with no expectation.",
        "type": "object",
        "properties": {
            "schemaVersion": part("schemaVersion"),
            "tool": part("tool"),
            "startedAt": part("startedAt"),
            "trust": part("trust"),
            "images": {
                "type": "array",
                "description": "One entry per reference, in the order given.",
                "items": {
                    "type": "object",
                    "properties": {
                        "reference": of_image("reference"),
                        "pinned": of_image("pinned"),
                        "digest": of_image("digest"),
                        "mediaType": of_image("mediaType"),
                        "platforms": platforms(),
                        "candidates": {
                            "type": "array",
                            "description": "Every attached piece of evidence. Here `accepted` means that it verifies and can be read, with any signer.",
                            "items": {"$ref": "#/$defs/candidate"},
                        },
                        "gaps": of_image("gaps"),
                    },
                    "required": ["reference", "platforms", "candidates", "gaps"],
                    "additionalProperties": true,
                },
            },
            "advisories": part("advisories"),
            "files": {
                "type": "array",
                "description": "SBOMs in files of this machine, in the order given. They are unsigned.",
                "items": {
                    "type": "object",
                    "description": "One file.",
                    "properties": {
                        "file": {"type": "string", "description": "The file as typed."},
                        "digest": {"$ref": "#/$defs/digest"},
                        "sbom": report["$defs"]["candidate"]["properties"]["sbom"],
                        "knownVulnerabilities": report["$defs"]["candidate"]["properties"]["knownVulnerabilities"],
                    },
                    "required": ["file", "digest", "sbom"],
                    "additionalProperties": true,
                },
            },
            "network": part("network"),
        },
        "required": ["schemaVersion", "tool", "startedAt", "trust", "images", "network"],
        "additionalProperties": true,
        "$defs": {
            "digest": report["$defs"]["digest"],
            "finding": report["$defs"]["finding"],
            "candidate": report["$defs"]["candidate"],
        },
    })
}

fn platforms() -> Value {
    json!({
        "type": "array",
        "description": "The image's platforms.",
        "items": {
            "type": "object",
            "properties": {
                "platform": {"type": "string", "description": "os/architecture[/variant]; absent where the image does not say."},
                "digest": {"$ref": "#/$defs/digest"},
                "reachedThrough": {
                    "type": "array",
                    "description": "The indexes that bind it.",
                    "items": {"$ref": "#/$defs/digest"},
                },
            },
            "required": ["digest", "reachedThrough"],
            "additionalProperties": true,
        },
    })
}
