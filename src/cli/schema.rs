//! `bonafide schema`: the JSON Schemas of the documents that this program reads and writes.

use serde_json::{Value, json};

use crate::attestation::keys::KeyText;
use crate::attestation::types::Kind;
use crate::json;
use crate::policy::{Asked, Claim, Requirement};

use super::args::{Document, SchemaArgs};
use super::diagnostics::Diagnostic;
use super::output::print;
use super::schema_texts::{DIFF, DOCTOR, POLICY, POLICY_CHECK, POLICY_PREVIEW, REPORT, TRUST};

/// Prints one schema.
pub(super) fn run(args: &SchemaArgs) -> Result<u8, Diagnostic> {
    let schema = match args.document {
        Document::Policy => policy(),
        Document::Report => report(),
        Document::Inspection => inspection(),
        Document::Diff => diff(),
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
        let keys =
            Requirement::ALL.iter().filter(|one| one.kind() == *kind).flat_map(|one| one.keys()).collect::<Vec<_>>();
        if !keys.is_empty() {
            with_keys(&mut part["$defs"][kind.as_str()], &keys);
        }
        policy["$defs"]["rule"]["properties"]["require"]["anyOf"][2]["properties"][kind.as_str()] =
            part["require"].take();
        if let (Value::Object(own), Value::Object(all)) = (part["$defs"].take(), &mut policy["$defs"]) {
            all.extend(own);
        }
    }
    policy
}

/// Adds the keys of a kind to those that every requirement has.
fn with_keys(schema: &mut Value, keys: &[KeyText]) {
    let mut properties = json!({
        "signers": {
            "$ref": "#/$defs/signers",
            "description": "Who must have signed this, instead of the rule's signers.",
        },
        "log": {"$ref": "#/$defs/log"},
    });
    for key in keys {
        properties[key.name] = (key.schema)();
    }
    schema["properties"] = properties;
    let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
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
    for claim in Claim::ALL {
        let description = format!("{} (1.3.6.1.4.1.57264.1.{})", claim.title(), claim.arc());
        candidate["signer"]["properties"]["claims"]["properties"][claim.name()] =
            json!({"type": "string", "description": description});
    }
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

/// Two images beside each other are compared by parts of their reports, which are described there.
fn diff() -> Value {
    let (mut schema, report) = (of_command(DIFF), report());
    schema["properties"]["policy"] = report["properties"]["policy"].clone();
    for part in ["digest", "verdict", "differences"] {
        schema["$defs"][part] = report["$defs"][part].clone();
    }
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
            "environment": part("environment"),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::policy::document::Document;

    use super::*;

    const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/policy.md");

    fn with_requirement(requirement: Requirement, settings: &Value) -> Value {
        let settings = if requirement.may_be_several() { json!([settings]) } else { settings.clone() };
        let require = json!({requirement.as_str(): settings});
        let rule = json!({"match": "ghcr.io/acme/app", "signers": [{"github": "acme/app"}], "require": require});
        json!({"version": 1, "images": [rule]})
    }

    fn parse(policy: &Value) -> Result<Document, String> {
        let no_files = |name: &str| Err(format!("{name} is not there"));
        Document::parse("policy", policy.to_string().as_bytes(), &no_files).map_err(|error| error.to_string())
    }

    /// What a requirement with these settings asks for: its name, for a person, and for the hash.
    fn asked(requirement: Requirement, settings: &Value) -> (String, Vec<String>, String) {
        let document = parse(&with_requirement(requirement, settings)).unwrap_or_else(|error| panic!("{error}"));
        let asked = &document.rules()[0].requirements[0].asked;
        (asked.id(), asked.describe(), asked.canonical_text())
    }

    fn first_example(schema: &Value) -> Option<&Value> {
        match schema {
            Value::Object(fields) => {
                fields.get("examples").and_then(|all| all.get(0)).or_else(|| fields.values().find_map(first_example))
            }
            Value::Array(items) => items.iter().find_map(first_example),
            _ => None,
        }
    }

    /// The settings of the example, and the same without the key that it is of.
    fn with_and_without(key: &KeyText, required: &[KeyText]) -> (Value, Value) {
        let (mut with, mut without) = ((key.example)(), (key.example)());
        without.as_object_mut().expect("keys").remove(key.name).expect("the key itself");
        for one in required {
            let schema = (one.schema)();
            let value = first_example(&schema).expect("an example of what must be there");
            for settings in [&mut with, &mut without].into_iter().filter(|settings| settings.get(one.name).is_none()) {
                settings[one.name] = value.clone();
            }
        }
        (with, without)
    }

    #[test]
    fn schema_reader_description_hash_and_reference_agree_on_every_key() {
        let schema = policy();
        let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
        let reference = std::fs::read_to_string(REFERENCE).expect("the reference");
        for requirement in Requirement::ALL {
            let required: Vec<KeyText> = requirement.keys().into_iter().filter(|key| key.is_required).collect();
            let page = reference.split("\n## ").find(|page| page.starts_with(&format!("{requirement}\n")));
            for key in requirement.keys() {
                let name = format!("{requirement}: {}", key.name);
                let (with, without) = with_and_without(&key, &required);
                let complaint =
                    validator.validate(&with_requirement(*requirement, &with)).err().map(|error| error.to_string());
                assert_eq!(complaint, None, "{name}");
                let (with_it, without_it) = (asked(*requirement, &with), asked(*requirement, &without));
                assert!(with_it.0 != without_it.0 || with_it.1 != without_it.1, "{name} is not described");
                assert!(with_it.0 != without_it.0 || with_it.2 != without_it.2, "{name} is not in the hash");
                let mut broken = with;
                broken[key.name] = json!([[]]);
                let broken = with_requirement(*requirement, &broken);
                assert!(
                    validator.validate(&broken).is_err() && parse(&broken).is_err(),
                    "{name} can be a list of lists"
                );
                assert!(page.is_some_and(|page| page.contains(&format!("\n| `{}` | ", key.name))), "{name}");
            }
        }
    }

    /// The keys of every mapping that a value may be, each with the mapping around an unknown key.
    fn mappings(schema: &Value, all: &Value) -> Vec<(BTreeSet<String>, Value)> {
        let mut found = Vec::new();
        if let Some(name) = schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
            found.extend(mappings(&all["$defs"][name], all));
        }
        if let Some(keys) = schema["properties"].as_object().filter(|_| schema["additionalProperties"] == false) {
            found.push((keys.keys().cloned().collect(), json!({"zzzzzz": "x"})));
        }
        if let Some(of_values) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
            found.extend(mappings(of_values, all).into_iter().map(|(keys, value)| (keys, json!({"/a": value}))));
        }
        for form in ["anyOf", "oneOf"].iter().flat_map(|form| schema[*form].as_array().into_iter().flatten()) {
            found.extend(mappings(form, all));
        }
        found
    }

    /// The lists of keys that the problems of a policy name.
    fn listed(policy: &Value) -> Vec<BTreeSet<String>> {
        let said = parse(policy).expect_err("an unknown key");
        let lists = said.lines().filter_map(|line| Some(line.split_once("expected one of: ")?.1));
        lists.map(|list| list.split(", ").map(str::to_owned).collect()).collect()
    }

    #[test]
    fn schema_and_reader_know_the_same_keys_outside_of_requirements() {
        let all = policy();
        let with = |place: &str, key: &str, value: &Value| {
            let mut policy = with_requirement(Requirement::Signature, &json!({}));
            policy.pointer_mut(place).expect("a place")[key] = value.clone();
            policy
        };
        let unknown = json!([{"zzzzzz": "x"}]);
        let cases = [
            ("", with("", "zzzzzz", &json!("x"))),
            ("/$defs/rule", with("/images/0", "zzzzzz", &json!("x"))),
            ("/$defs/exception", with("/images/0", "exceptions", &unknown)),
            ("/$defs/signer", with("/images/0", "signers", &unknown)),
            ("/$defs/builder", with("", "builders", &unknown)),
        ];
        for (place, policy) in cases {
            let keys = all.pointer(place).and_then(|schema| schema["properties"].as_object()).expect("keys");
            let expected: BTreeSet<String> = keys.keys().cloned().collect();
            assert!(listed(&policy).contains(&expected), "{place}: {:?}", listed(&policy));
        }
        let forms = all["$defs"]["signer"]["properties"].as_object().expect("forms of signers");
        let mut count = 0;
        // The keys of claims are those of `Claim`, and stand beside a signer.
        for (form, schema) in forms.iter().filter(|(form, _)| *form != "claims") {
            for (expected, value) in mappings(schema, &all) {
                let listed = listed(&with("/images/0", "signers", &json!([{form: value}])));
                assert!(listed.contains(&expected), "{form}: {listed:?}");
                count += 1;
            }
        }
        assert_eq!(count, 5, "github, gitlab, kubernetes, email and key");
    }

    #[test]
    fn schema_and_reader_know_the_same_keys_inside_of_every_value() {
        let all = policy();
        let mut count = 0;
        for requirement in Requirement::ALL {
            for key in requirement.keys() {
                for (expected, value) in mappings(&(key.schema)(), &all) {
                    let settings = json!({key.name: value});
                    let listed = listed(&with_requirement(*requirement, &settings));
                    assert!(listed.contains(&expected), "{requirement}: {}: {listed:?}", key.name);
                    count += 1;
                }
            }
        }
        assert!(count > 10, "{count}");
    }
}
