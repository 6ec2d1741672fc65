//! `verifyImages` of Kyverno's `ClusterPolicy` and `Policy` (`kyverno.io/v1`), as rules.
//!
//! All sets of attestors must hold, so each becomes a rule of its own. Of the entries in a set, `count` must hold, or all. In
//! Kyverno's patterns `*` stands for any text, slashes included, and `?` for one character (kyverno `ext/wildcard`).

use crate::policy::{Requirement, unreachable};

use super::authority::{self, Expectation, Pattern, Required, Signer};
use super::common::{self, PUBLIC_GOOD};
use super::field::Field;
use super::images::{Suffix, without_suffix};
use super::policy::Rule;
use super::remark::{Effect, Remark};

const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
/// Checks of a log that can be switched off.
const IGNORED: [&str; 4] = ["ignoreTlog", "ignoreSCT", "insecureIgnoreTlog", "insecureIgnoreSCT"];
/// Keys of a log or a timestamp authority of one's own.
const OWN_KEYS: [&str; 5] = ["pubkey", "rekorPubKey", "CTLogPubKey", "ctLogPubKey", "tsaCertChain"];
const IMAGES: [&str; 17] = [
    "type",
    "image",
    "imageReferences",
    "skipImageReferences",
    "attestors",
    "attestations",
    "required",
    "mutateDigest",
    "verifyDigest",
    "useCache",
    "repository",
    "imageRegistryCredentials",
    "failureAction",
    "cosignOCI11",
    "annotations",
    "validate",
    "key",
];
const ENTRY: [&str; 6] = ["keys", "keyless", "certificates", "attestor", "annotations", "repository"];
const KEYS: [&str; 6] = ["publicKeys", "signatureAlgorithm", "kms", "secret", "rekor", "ctlog"];
/// The keys that name the signers of an entry. An entry has one of them.
const SIGNERS: [&str; 4] = ["keys", "keyless", "certificates", "attestor"];
const KEYLESS: [&str; 8] =
    ["subject", "subjectRegExp", "issuer", "issuerRegExp", "rekor", "ctlog", "roots", "additionalExtensions"];

/// Whether it is a policy of Kyverno that can verify images.
pub(super) fn is_policy(root: &Field<'_>) -> bool {
    let version = root.text_of("apiVersion").unwrap_or_default();
    let kind = root.text_of("kind").unwrap_or_default();
    version.starts_with("kyverno.io/") && matches!(kind.as_str(), "ClusterPolicy" | "Policy")
}

/// Reads every `verifyImages` of a policy, the `number`th.
pub(super) fn rules(root: &Field<'_>, number: usize) -> Vec<Rule> {
    let policy = common::policy_name(root, number);
    let spec = root.field("spec");
    let mut rules = Vec::new();
    let mut remarks = Vec::new();
    let listed = spec.as_ref().map_or_else(Vec::new, |spec| common::listed(spec, "rules", &mut remarks));
    if !remarks.is_empty() {
        rules.push(Rule::without_demand(&policy, remarks));
    }
    for rule in &listed {
        let name = rule.text_of("name").map_or_else(|| policy.clone(), |rule| format!("{policy}/{rule}"));
        let mut remarks = Vec::new();
        let images = common::listed(rule, "verifyImages", &mut remarks);
        if images.is_empty() {
            if remarks.is_empty() {
                remarks.push(rule.remark(Effect::LeftOut, "it verifies no signature of an image", ""));
            }
            rules.push(Rule::without_demand(&name, remarks));
        }
        for one in images {
            let mut remarks = Vec::new();
            common::workloads(rule, &["exclude", "preconditions", "celPreconditions"], &mut remarks);
            let action = spec.as_ref().and_then(|spec| spec.field("validationFailureAction"));
            only_warned(one.field("failureAction").or(action), &mut remarks);
            rules.extend(of_images(&name, &one, remarks));
        }
    }
    rules
}

fn only_warned(action: Option<Field<'_>>, remarks: &mut Vec<Remark>) {
    let only_warned = |action: &Field<'_>| action.text().is_some_and(|text| !text.eq_ignore_ascii_case("enforce"));
    remarks.extend(action.filter(only_warned).as_ref().map(common::only_warned));
}

fn of_images(name: &str, field: &Field<'_>, mut remarks: Vec<Remark>) -> Vec<Rule> {
    common::unknown(field, &IMAGES, &mut remarks);
    let kind = field.text_of("type");
    if kind.as_deref().is_some_and(|kind| !matches!(kind, "Cosign" | "SigstoreBundle")) {
        let message = format!("{} is not a Sigstore signature", kind.unwrap_or_default());
        remarks.push(field.remark(Effect::Lost, message, "keep this rule where it is, or sign with cosign too"));
        return vec![Rule::without_demand(name, remarks)];
    }
    beside_the_signers(field, &mut remarks);
    let images = patterns(field, &mut remarks);
    let mut expectations = Vec::new();
    let of_image = common::listed(field, "attestors", &mut remarks);
    for set in &of_image {
        expectations.extend(of_set(set, Required::Kind(Requirement::Signature), &mut remarks));
    }
    for attestation in common::listed(field, "attestations", &mut remarks) {
        common::unknown(&attestation, &["name", "type", "predicateType", "attestors", "conditions"], &mut remarks);
        if let Some(conditions) = attestation.present("conditions") {
            let hint = "express it in the policy file as far as possible: `attestation: {fields: …}`, `sbom`, `vulnerabilities`";
            remarks.push(conditions.remark(Effect::Lost, "its requirements on the content are not carried over", hint));
        }
        let kind = attestation.text_of("type").or_else(|| attestation.text_of("predicateType")).unwrap_or_default();
        let Some(required) = authority::required(&attestation, &kind, &mut remarks) else { continue };
        let own = common::listed(&attestation, "attestors", &mut remarks);
        if own.is_empty() {
            let message = "without attestors anyone could sign it: here the image's own attestors must have signed it";
            remarks.push(attestation.remark(Effect::LeftOut, message, "name its signers, if they differ"));
        }
        for set in if own.is_empty() { &of_image } else { &own } {
            expectations.extend(of_set(set, required.clone(), &mut remarks));
        }
    }
    if expectations.is_empty() {
        let hint = "images that no other rule is about never pass; for the others, add the expected signers by hand";
        remarks.push(field.remark(Effect::Lost, "no attestor is left, so no rule is written", hint));
        return vec![Rule::without_demand(name, remarks)];
    }
    Rule::each(name, &images, expectations, remarks)
}

/// Settings of the rule that say nothing of who signed.
fn beside_the_signers(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    if let Some(skipped) = field.present("skipImageReferences") {
        let hint = "verify them with another policy, or not at all";
        remarks.push(skipped.remark(Effect::LeftOut, "images were skipped, and rules are about all that match", hint));
    }
    not_required(field, remarks);
    repository(field, remarks);
    common::annotations(field, remarks);
    for (name, message) in [
        ("validate", "its requirements on the image's content are not carried over"),
        ("key", "the signer in the form of early versions is not read: write it below `attestors`"),
    ] {
        if let Some(lost) = field.present(name) {
            remarks.push(lost.remark(Effect::Lost, message, "add it by hand as far as possible"));
        }
    }
}

/// Reports `required: false`.
pub(super) fn not_required(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    if let Some(required) = field.field("required").filter(Field::is_false) {
        remarks.push(required.remark(Effect::LeftOut, "images were not required to be signed, and here they are", ""));
    }
}

fn repository(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    let place = field.present("repository");
    remarks.extend(place.map(|place| common::another_repository(&place, &place.text().unwrap_or_default())));
}

fn patterns(field: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let listed = common::listed(field, "imageReferences", remarks);
    let read = field.field("image").into_iter().chain(listed).filter_map(|image| pattern(&image, remarks)).collect();
    some_patterns(field, read, remarks)
}

/// Returns the patterns, each once. A rule without any is about nothing.
pub(super) fn some_patterns(field: &Field<'_>, mut patterns: Vec<String>, remarks: &mut Vec<Remark>) -> Vec<String> {
    if patterns.is_empty() {
        remarks.push(field.remark(Effect::Lost, "it names no images that a rule can name", "write the rule by hand"));
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

/// A pattern for names, of one for whole references.
pub(super) fn pattern(image: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<String> {
    let written = image.text().unwrap_or_default();
    let mut say = |effect, message: String, hint: &str| remarks.push(image.remark(effect, message, hint));
    let (name, suffix) = without_suffix(&written);
    if name.is_empty() || name.contains('?') {
        say(Effect::Lost, format!("`{written}` cannot be said in a pattern for names"), "write the rule by hand");
        return None;
    }
    if suffix == Suffix::None && !name.ends_with('*') {
        let message = format!("`{written}` matches no reference with a tag; this rule is about all of them");
        say(Effect::Check, message, "make sure that this was intended");
    }
    if let Some((effect, message, hint)) = suffix.remark(&written, name) {
        say(effect, message, &hint);
    }
    let first = name.split('/').next().unwrap_or_default();
    let name = match name.contains('/') {
        _ if first.contains('*') => name.to_owned(),
        true if first.contains(['.', ':']) || first == "localhost" => name.to_owned(),
        true => format!("docker.io/{name}"),
        false => format!("docker.io/library/{name}"),
    };
    let crossing = name.split('*').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("**");
    let start = if name.starts_with('*') { "**" } else { "" };
    let end = if name.ends_with('*') && !crossing.is_empty() { "**" } else { "" };
    let pattern = format!("{start}{crossing}{end}");
    match unreachable(&pattern) {
        None => Some(pattern),
        Some((message, hint)) => {
            say(Effect::Lost, message, &hint);
            None
        }
    }
}

/// The entries of a set, and how many of them must have signed.
fn of_set(set: &Field<'_>, required: Required, remarks: &mut Vec<Remark>) -> Option<Expectation> {
    common::unknown(set, &["count", "entries"], remarks);
    let entries = common::listed(set, "entries", remarks);
    let mut signers = Vec::new();
    let mut all = 0;
    for entry in &entries {
        let (found, wanted) = of_entry(entry, remarks);
        all += wanted;
        signers.extend(found);
    }
    let count = set.text_of("count").and_then(|count| count.parse().ok()).unwrap_or(all).max(1);
    if signers.len() < count {
        let message = format!("{count} of its entries must have signed, and {} can be carried over", signers.len());
        remarks.push(set.remark(Effect::Lost, message, "add the expected signers by hand"));
        return None;
    }
    Some(Expectation { requirements: vec![required], trust: Some(PUBLIC_GOOD.to_owned()), signers, at_least: count })
}

/// The signers of an entry, and how many it stands for: several keys are one each.
fn of_entry(entry: &Field<'_>, remarks: &mut Vec<Remark>) -> (Vec<Signer>, usize) {
    common::unknown(entry, &ENTRY, remarks);
    common::annotations(entry, remarks);
    repository(entry, remarks);
    let kinds: Vec<&str> = SIGNERS.into_iter().filter(|kind| entry.present(kind).is_some()).collect();
    let (keys, keyless) = (entry.present("keys"), entry.present("keyless"));
    let keyless = match (kinds.as_slice(), keys, keyless) {
        ([_], Some(keys), None) => return of_keys(&keys, remarks),
        ([_], None, Some(keyless)) => keyless,
        _ => {
            let message = "only an entry of `keys` or `keyless` alone is carried over";
            remarks.push(common::unread_signer(entry, message));
            return (Vec::new(), 1);
        }
    };
    common::unknown(&keyless, &KEYLESS, remarks);
    own_instance(&keyless, Effect::Lost, remarks);
    if let Some(extensions) = keyless.present("additionalExtensions") {
        let message = "its requirements on the certificate, other than the name, are not carried over";
        remarks.push(extensions.remark(Effect::Lost, message, "write it by hand: `claims` beside the signer"));
    }
    (authority::identity_of(&keyless, wildcard, remarks).into_iter().collect(), 1)
}

/// A text in which `*` is any text and `?` one character.
fn wildcard(text: String) -> Pattern {
    if !text.contains(['*', '?']) {
        return Pattern::Exact(text);
    }
    Pattern::Expression(regex::escape(&text).replace(r"\*", ".*").replace(r"\?", "."))
}

fn of_keys(keys: &Field<'_>, remarks: &mut Vec<Remark>) -> (Vec<Signer>, usize) {
    common::unknown(keys, &KEYS, remarks);
    own_instance(keys, Effect::LeftOut, remarks);
    let is_elsewhere = common::keys_elsewhere(keys, remarks);
    common::hash_algorithm(keys, "signatureAlgorithm", remarks);
    let text = keys.text_of("publicKeys").unwrap_or_default();
    let end = "-----END PUBLIC KEY-----";
    let blocks: Vec<&str> = text.split_inclusive(end).filter(|block| block.contains(end)).collect();
    if blocks.is_empty() && !is_elsewhere {
        remarks.push(common::unread_signer(keys, "there is no key in it"));
    }
    let keys: Vec<String> = blocks.iter().filter_map(|pem| common::public_key(keys, pem, remarks)).collect();
    let signers = keys.into_iter().map(|base64| Signer::Key { base64, log_is_required: true }).collect();
    (signers, blocks.len().max(1))
}

/// Reports logs and authorities that are not those of the public instance, and checks that were switched off. `effect` is that
/// of judging by the public instance: a certificate of it may be another person's, and a key is the same.
pub(super) fn own_instance(field: &Field<'_>, effect: Effect, remarks: &mut Vec<Remark>) {
    let logs: Vec<Field<'_>> = ["rekor", "ctlog"].iter().filter_map(|part| field.field(part)).collect();
    for log in &logs {
        common::unknown(log, &[&["url"], &IGNORED[..], &OWN_KEYS[..]].concat(), remarks);
        for ignored in IGNORED.iter().filter_map(|name| log.field(name)).filter(|ignored| !ignored.is_false()) {
            let message = "the log or an SCT was not asked for, and here a log must hold every signature";
            let hint = "sign with a log, or expect these images to be rejected";
            remarks.push(ignored.remark(Effect::LeftOut, message, hint));
        }
    }
    let is_own_log = |log: &Field<'_>| {
        let url = log.present("url").map(|url| url.text().unwrap_or_default());
        url.is_some_and(|url| url.trim_end_matches('/') != PUBLIC_LOG)
            || OWN_KEYS.iter().any(|key| log.present(key).is_some())
    };
    let has_root = ["roots", "tuf"].iter().any(|name| field.present(name).is_some());
    if has_root || logs.iter().any(is_own_log) {
        let hint = "make a trusted root from it, and name that in the rule: `trust: [FILE]`";
        remarks.push(field.remark(effect, "it trusts an instance of its own, and this rule the public one", hint));
    }
}
