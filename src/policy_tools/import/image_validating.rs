//! Kyverno's `ImageValidatingPolicy` (`policies.kyverno.io`), as rules.
//!
//! Its requirements are CEL expressions. Two forms are read, both from Kyverno's documentation: an image has a signature by one
//! of several attestors, or it has such an attestation. All other expressions are dropped, with a remark for each.

use regex::Regex;

use crate::policy::Requirement;

use super::authority::{self, Expectation, Required, Signer};
use super::common::{self, PUBLIC_GOOD};
use super::field::Field;
use super::kyverno;
use super::policy::Rule;
use super::remark::{Effect, Remark};

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
const VALIDATION: [&str; 4] = ["expression", "message", "messageExpression", "reason"];
const COSIGN: [&str; 7] = ["key", "keyless", "certificate", "source", "ctlog", "tuf", "annotations"];
const KEY: [&str; 5] = ["data", "secretRef", "kms", "hashAlgorithm", "expression"];
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
    let name = common::policy_name(root, number);
    let mut remarks = Vec::new();
    common::unknown(root, &["apiVersion", "kind", "metadata", "spec", "status"], &mut remarks);
    let Some(spec) = root.field("spec") else {
        remarks.push(root.remark(Effect::Lost, "it has no `spec`", "write the rule by hand"));
        return vec![Rule::without_demand(&name, remarks)];
    };
    common::unknown(&spec, &SPEC, &mut remarks);
    common::workloads(&spec, &["matchConditions"], &mut remarks);
    if let Some(configurations) = spec.field("validationConfigurations") {
        kyverno::not_required(&configurations, &mut remarks);
    }
    let actions = common::listed(&spec, "validationActions", &mut remarks);
    if !actions.iter().any(|action| action.text().as_deref() == Some("Deny")) {
        remarks.extend(actions.first().map(common::only_warned));
    }
    for attestation in common::listed(&spec, "attestations", &mut remarks) {
        common::unknown(&attestation, &["name", "intoto", "referrer"], &mut remarks);
        attestation.field("intoto").iter().for_each(|intoto| common::unknown(intoto, &["type"], &mut remarks));
    }
    let images = images(&spec, &mut remarks);
    let mut expectations = Vec::new();
    for validation in common::listed(&spec, "validations", &mut remarks) {
        expectations.extend(expectation(&spec, &validation, &mut remarks));
    }
    if expectations.is_empty() {
        let hint = "add the expected signers by hand";
        remarks.push(spec.remark(Effect::Lost, "no validation is left, so no rule is written", hint));
        return vec![Rule::without_demand(&name, remarks)];
    }
    Rule::each(&name, &images, expectations, remarks)
}

fn images(spec: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let mut patterns = Vec::new();
    for one in common::listed(spec, "matchImageReferences", remarks) {
        common::unknown(&one, &["glob", "expression"], remarks);
        if let Some(expression) = one.present("expression") {
            let message = "which images it is about is said in CEL, which is not carried over";
            remarks.push(expression.remark(Effect::Lost, message, "write the names of the images into `match`"));
        } else {
            patterns.extend(kyverno::pattern(&one.field("glob").unwrap_or(one), remarks));
        }
    }
    kyverno::some_patterns(spec, patterns, remarks)
}

/// What one validation requires, if it is in one of the two forms.
fn expectation(spec: &Field<'_>, validation: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Expectation> {
    common::unknown(validation, &VALIDATION, remarks);
    let expression = validation.text_of("expression").unwrap_or_default();
    let Some((attestation, attestors)) = names(&expression) else {
        remarks.push(common::content_rules(validation, "CEL"));
        return None;
    };
    let required = match &attestation {
        None => Required::Kind(Requirement::Signature),
        Some(name) => attestation_type(&named(spec, "attestations", name, validation, remarks)?, remarks)?,
    };
    let mut signers = Vec::new();
    for name in &attestors {
        if let Some(attestor) = named(spec, "attestors", name, validation, remarks) {
            signers.extend(self::signers(&attestor, remarks));
        }
    }
    if signers.is_empty() {
        let message = "none of its attestors can be carried over";
        remarks.push(validation.remark(Effect::Lost, message, "add the expected signers by hand"));
        return None;
    }
    Some(Expectation { requirements: vec![required], trust: Some(PUBLIC_GOOD.to_owned()), signers, at_least: 1 })
}

/// The attestation and the attestors that an expression of one of the two forms names.
fn names(expression: &str) -> Option<(Option<String>, Vec<String>)> {
    let text: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
    let form = Regex::new(VERIFIES).ok()?;
    let found = form.captures(&text)?;
    let attestation = found.name("attestation").map(|name| name.as_str().to_owned());
    let attestors = found["attestors"].split(',');
    let attestors = attestors.map(|one| Some(one.strip_prefix("attestors.")?.to_owned())).collect::<Option<_>>()?;
    // Which of the two it is follows from the name of the function.
    let is_consistent = attestation.is_some() == text.contains("verifyAttestationSignatures(");
    is_consistent.then_some((attestation, attestors))
}

/// Finds what a validation names. Nothing holds by a name that stands for nothing: for an attestor, another one may.
fn named<'a>(
    spec: &Field<'a>,
    list: &str,
    name: &str,
    validation: &Field<'_>,
    remarks: &mut Vec<Remark>,
) -> Option<Field<'a>> {
    let items = common::listed(spec, list, remarks);
    let found = items.into_iter().find(|item| item.text_of("name").as_deref() == Some(name));
    if found.is_none() {
        let effect = if list == "attestors" { Effect::LeftOut } else { Effect::Lost };
        let message = format!("`{list}.{name}` is not in the policy");
        remarks.push(validation.remark(effect, message, "write the requirement by hand"));
    }
    found
}

fn attestation_type(attestation: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Required> {
    let (intoto, other) = (attestation.present("intoto"), attestation.present("referrer"));
    let Some(intoto) = intoto.filter(|_| other.is_none()) else {
        let message = "only in-toto attestations are carried over";
        remarks.push(attestation.remark(Effect::Lost, message, "add the requirement by hand"));
        return None;
    };
    authority::required(attestation, &intoto.text_of("type").unwrap_or_default(), remarks)
}

/// Any of the signers of an attestor.
fn signers(attestor: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<Signer> {
    let Some(cosign) = attestor.field("cosign") else {
        let hint = "sign with cosign too";
        remarks.push(attestor.remark(Effect::LeftOut, "only signatures of Sigstore's are carried over", hint));
        return Vec::new();
    };
    common::unknown(attestor, &["name", "cosign"], remarks);
    common::unknown(&cosign, &COSIGN, remarks);
    common::annotations(&cosign, remarks);
    if let Some(source) = cosign.present("source") {
        common::evidence_elsewhere(&source, "repository", remarks);
    }
    match (cosign.present("keyless"), cosign.present("key"), cosign.present("certificate")) {
        (Some(keyless), None, None) => {
            kyverno::own_instance(&cosign, Effect::Lost, remarks);
            kyverno::own_instance(&keyless, Effect::Lost, remarks);
            common::unknown(&keyless, &["identities", "roots"], remarks);
            authority::identities(&keyless, remarks)
        }
        (None, Some(key), None) => {
            kyverno::own_instance(&cosign, Effect::LeftOut, remarks);
            self::key(&key, remarks).into_iter().collect()
        }
        _ => {
            remarks
                .push(common::unread_signer(&cosign, "only an attestor of `key` or `keyless` alone is carried over"));
            Vec::new()
        }
    }
}

fn key(key: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Signer> {
    common::unknown(key, &KEY, remarks);
    let is_elsewhere = common::keys_elsewhere(key, remarks);
    common::hash_algorithm(key, "hashAlgorithm", remarks);
    let data = key.present("data");
    if data.is_none() && !is_elsewhere {
        remarks.push(common::unread_signer(key, "there is no key in it"));
    }
    let data = data?;
    let base64 = common::public_key(&data, &data.text().unwrap_or_default(), remarks)?;
    Some(Signer::Key { base64, log_is_required: true })
}
