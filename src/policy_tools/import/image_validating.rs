//! Kyverno's `ImageValidatingPolicy` (`policies.kyverno.io`), as rules.
//!
//! What must hold is said in CEL. Two forms of it are read, those of Kyverno's own documentation: that an image has a signature
//! by one of some attestors, and that it has such an attestation. Everything else in CEL is lost, and said to be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

use crate::policy::{PublicKey, Requirement};

use super::authority::{self, Demand, Pattern, Required, Signer};
use super::field::Field;
use super::kyverno;
use super::policy::Rule;
use super::remark::{Effect, Remark};

const PUBLIC_GOOD: &str = "public-good";
const SPEC: [&str; 16] = [
    "matchConstraints",
    "matchConditions",
    "matchImageReferences",
    "images",
    "variables",
    "attestors",
    "attestations",
    "validations",
    "validationActions",
    "validationConfigurations",
    "credentials",
    "failurePolicy",
    "webhookConfiguration",
    "evaluation",
    "autogen",
    "auditAnnotations",
];
const COSIGN: [&str; 8] = ["key", "keyless", "certificate", "source", "ctlog", "tuf", "annotations", "name"];
/// `images.containers.map(image, verifyImageSignatures(image, [attestors.a])).all(e, e > 0)`, and the same of attestations.
const VERIFIES: &str = r"^images\.\w+\.map\(\w+,verify(?:Image|Attestation)Signatures\(\w+,(?:attestations\.(?P<attestation>\w+),)?\[(?P<attestors>attestors\.\w+(?:,attestors\.\w+)*)\]\)\)\.all\(\w+,\w+>0\)$";

/// Whether it is one.
pub(super) fn is_policy(root: &Field<'_>) -> bool {
    let version = root.text_of("apiVersion").unwrap_or_default();
    let kind = root.text_of("kind").unwrap_or_default();
    version.starts_with("policies.kyverno.io/")
        && matches!(kind.as_str(), "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy")
}

/// Reads a policy, the `number`th.
pub(super) fn rules(root: &Field<'_>, number: usize) -> Vec<Rule> {
    let name = root.field("metadata").and_then(|metadata| metadata.text_of("name"));
    let name = name.unwrap_or_else(|| format!("policy {number}"));
    let mut remarks = Vec::new();
    let Some(spec) = root.field("spec") else {
        remarks.push(root.remark(Effect::Lost, "it has no `spec`", "write the rule by hand"));
        return vec![Rule::without_demand(&name, remarks)];
    };
    authority::unknown(&spec, &SPEC, &mut remarks);
    kyverno::workloads(&spec, "matchConditions", &mut remarks);
    for action in spec.field("validationActions").and_then(|actions| actions.items()).unwrap_or_default() {
        if action.text().is_some_and(|action| action != "Deny") {
            let hint = "to warn only, let the caller go on after exit code 1";
            remarks.push(action.remark(Effect::LeftOut, "it only warned, and every rule is enforced", hint));
        }
    }
    let images = images(&spec, &mut remarks);
    let mut demands = Vec::new();
    for validation in spec.field("validations").and_then(|list| list.items()).unwrap_or_default() {
        demands.extend(demand(&spec, &validation, &mut remarks));
    }
    if demands.is_empty() {
        let hint = "add the expected signers by hand";
        remarks.push(spec.remark(Effect::Lost, "no validation is left, so no rule is written", hint));
        return vec![Rule::without_demand(&name, remarks)];
    }
    let mut remarks = Some(remarks);
    let rule = |demand| Rule::named(&name, images.clone(), demand, remarks.take().unwrap_or_default());
    demands.into_iter().map(rule).collect()
}

fn images(spec: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let mut patterns = Vec::new();
    for one in spec.field("matchImageReferences").and_then(|list| list.items()).unwrap_or_default() {
        if let Some(glob) = one.field("glob") {
            patterns.extend(kyverno::pattern(&glob, remarks));
        } else {
            let message = "which images it is about is said in CEL, which is not carried over";
            remarks.push(one.remark(Effect::Lost, message, "write the names of the images into `match`"));
        }
    }
    if patterns.is_empty() {
        remarks.push(spec.remark(Effect::Lost, "it names no images that a rule can name", "write the rule by hand"));
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

/// What one validation demands, if it is in one of the two forms.
fn demand(spec: &Field<'_>, validation: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Demand> {
    let text: String = validation.text_of("expression")?.chars().filter(|c| !c.is_whitespace()).collect();
    let found = Regex::new(VERIFIES).ok().and_then(|form| {
        let found = form.captures(&text)?;
        let attestation = found.name("attestation").map(|name| name.as_str().to_owned());
        let attestors: Vec<String> =
            found["attestors"].split(',').filter_map(|one| Some(one.strip_prefix("attestors.")?.to_owned())).collect();
        // Which of the two it is follows from the name of the function.
        let is_consistent = attestation.is_some() == text.contains("verifyAttestationSignatures(");
        is_consistent.then_some((attestation, attestors))
    });
    let Some((attestation, attestors)) = found else {
        let hint = "express it in the policy file as far as possible, and check the rest with another tool";
        remarks.push(validation.remark(Effect::Lost, "its requirements in CEL are not carried over", hint));
        return None;
    };
    let required = match &attestation {
        None => Required::Kind(Requirement::Signature),
        Some(name) => {
            let one = named(spec, "attestations", name)?;
            let kind = one.field("intoto").and_then(|intoto| intoto.text_of("type")).unwrap_or_default();
            authority::required(&one, &kind, remarks)?
        }
    };
    let named: Vec<Field<'_>> = attestors.iter().filter_map(|name| named(spec, "attestors", name)).collect();
    let signers: Vec<Signer> = named.iter().flat_map(|attestor| signers(attestor, remarks)).collect();
    if signers.is_empty() {
        let message = "none of its attestors can be carried over";
        remarks.push(validation.remark(Effect::Lost, message, "add the expected signers by hand"));
        return None;
    }
    Some(Demand { requirements: vec![required], trust: Some(PUBLIC_GOOD.to_owned()), signers, at_least: 1 })
}

fn named<'a>(spec: &Field<'a>, list: &str, name: &str) -> Option<Field<'a>> {
    let items = spec.field(list)?.items()?;
    items.into_iter().find(|item| item.text_of("name").as_deref() == Some(name))
}

/// Any of the signers of an attestor.
fn signers(attestor: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<Signer> {
    let Some(cosign) = attestor.field("cosign") else {
        remarks.push(attestor.remark(
            Effect::LeftOut,
            "only signatures of Sigstore's are carried over",
            "sign with cosign too",
        ));
        return Vec::new();
    };
    authority::unknown(&cosign, &COSIGN, remarks);
    kyverno::own_instance(&cosign, remarks);
    if let Some(annotations) = cosign.field("annotations").filter(|field| !field.is_empty()) {
        let message = "annotations of a signature are not compared";
        remarks.push(annotations.remark(Effect::Lost, message, "let the signer's identity say it"));
    }
    if let Some(keyless) = cosign.field("keyless") {
        kyverno::own_instance(&keyless, remarks);
        let identities = keyless.field("identities").and_then(|list| list.items()).unwrap_or_default();
        if identities.is_empty() {
            let message = "without an identity anyone with an account could sign: not imported";
            remarks.push(keyless.remark(Effect::LeftOut, message, "name the issuer and subject of the signer"));
        }
        return identities.iter().filter_map(|one| authority::identity_of(one, Pattern::Exact, remarks)).collect();
    }
    let key = cosign.field("key").and_then(|key| key.text_of("data"));
    if let Some(Ok(key)) = key.as_deref().map(|pem| PublicKey::from_pem(pem.as_bytes())) {
        return vec![Signer::Key { base64: STANDARD.encode(key.der()), log_is_required: true }];
    }
    let hint = "export the public key, and add it to `signers` as `key: FILE`";
    remarks.push(cosign.remark(Effect::LeftOut, "its key cannot be read from the policy", hint));
    Vec::new()
}
