//! `bonafide schema`: the JSON Schemas of the documents that this program reads and writes.

use serde_json::{Value, json};

use crate::attestation::types::Kind;
use crate::json;
use crate::policy::{Asked, Requirement};

use super::args::{Document, SchemaArgs};
use super::diagnostics::Diagnostic;
use super::output::print;
use super::schema_texts::{DOCTOR, POLICY, POLICY_CHECK, POLICY_PREVIEW, REPORT, TRUST};

/// Prints one schema.
pub(super) fn run(args: &SchemaArgs) -> Result<u8, Diagnostic> {
    let schema = match args.document {
        Document::Policy => policy(),
        Document::Report => report(),
        Document::Inspection => inspection(),
        Document::Packages => packages(),
        Document::Trust => of_command(TRUST),
        Document::Doctor => of_command(DOCTOR),
        Document::PolicyCheck => of_command(POLICY_CHECK),
        Document::PolicyPreview => of_command(POLICY_PREVIEW),
    };
    print(format!("{schema:#}\n").as_bytes())
}

fn parsed(file: &str) -> Value {
    json::from_slice(file.as_bytes()).expect("a file of this crate, which a test reads")
}

/// The file, with what each kind says of its requirement.
fn policy() -> Value {
    let mut policy = parsed(POLICY);
    let words = |of: &dyn Fn(&Requirement) -> bool| -> Value {
        Requirement::ALL.iter().filter(|one| of(one)).map(|one| one.as_str()).collect()
    };
    policy["$defs"]["exception"]["properties"]["require"]["enum"] = words(&|_| true);
    let plain = words(&|one| Asked::named(*one).is_ok());
    let require = &mut policy["$defs"]["rule"]["properties"]["require"]["anyOf"];
    require[0]["enum"] = plain.clone();
    require[1]["items"]["enum"] = plain;
    for kind in Kind::ALL {
        let Some(part) = kind.policy_schema() else { continue };
        let mut part = parsed(part);
        policy["$defs"]["rule"]["properties"]["require"]["anyOf"][2]["properties"][kind.as_str()] =
            part["require"].take();
        if let (Value::Object(own), Value::Object(all)) = (part["$defs"].take(), &mut policy["$defs"]) {
            all.extend(own);
        }
    }
    policy
}

/// The file, with what each kind says in a report.
fn report() -> Value {
    let mut report = parsed(REPORT);
    let required: Value = Requirement::ALL.iter().map(|one| one.as_str()).collect();
    report["$defs"]["image"]["properties"]["requirements"]["items"]["properties"]["kind"]["enum"] = required;
    let candidate = &mut report["$defs"]["candidate"]["properties"];
    let others = candidate["kind"]["enum"].take();
    let kinds = Kind::ALL.iter().map(|kind| Value::from(kind.as_str()));
    candidate["kind"]["enum"] = kinds.chain(others.as_array().cloned().unwrap_or_default()).collect();
    for kind in Kind::ALL {
        if let Some(section) = kind.section_schema() {
            candidate[kind.as_str()] = parsed(section);
        }
    }
    report
}

/// The file, with the program that wrote the document as the report describes it.
fn of_command(file: &str) -> Value {
    let (mut schema, report) = (parsed(file), parsed(REPORT));
    schema["$schema"] = report["$schema"].clone();
    schema["properties"]["tool"] = report["properties"]["tool"].clone();
    schema
}

/// A list of packages is made by an inspection.
fn packages() -> Value {
    let report = report();
    let text = |description: &str| json!({"type": "string", "description": description});
    let texts = |description: &str| json!({"type": "array", "description": description, "items": {"type": "string"}});
    json!({
        "$schema": report["$schema"],
        "title": "Bonafide list of packages",
        "description": "The packages of SBOMs that are attached to images, verify and can be read.",
        "type": "object",
        "properties": {
            "schemaVersion": report["properties"]["schemaVersion"],
            "tool": report["properties"]["tool"],
            "documents": {
                "type": "array",
                "description": "One entry per SBOM.",
                "items": {
                    "type": "object",
                    "properties": {
                        "reference": text("The reference of the image, as typed."),
                        "candidate": text("The name used for it in the inspection."),
                        "subject": {"$ref": "#/$defs/digest"},
                        "signer": report["$defs"]["candidate"]["properties"]["signer"],
                        "format": text("Family and version: `SPDX-2.3`."),
                        "name": text("The document's name."),
                        "packages": {
                            "type": "array",
                            "description": "What it lists, in its order.",
                            "items": {
                                "type": "object",
                                "description": "One package, as the document says. What it does not say is absent.",
                                "properties": {
                                    "name": text("Its name."),
                                    "version": text("Its version."),
                                    "supplier": text("Who supplies it."),
                                    "license": text("The concluded licence, or else the declared one."),
                                    "purls": texts("Package URLs."),
                                    "checksums": texts("Checksums as `ALGORITHM:DIGITS`."),
                                },
                                "required": ["name"],
                                "additionalProperties": true,
                            },
                        },
                    },
                    "required": ["reference", "candidate", "subject", "signer", "format", "packages"],
                    "additionalProperties": true,
                },
            },
        },
        "required": ["schemaVersion", "tool", "documents"],
        "additionalProperties": true,
        "$defs": {"digest": report["$defs"]["digest"]},
    })
}

/// An inspection is made of parts of the report, which are described there.
fn inspection() -> Value {
    let report = report();
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
