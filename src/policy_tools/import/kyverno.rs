//! `verifyImages` of Kyverno's `ClusterPolicy` and `Policy` (`kyverno.io/v1`), as rules.
//!
//! All sets of attestors must hold, so each becomes a rule of its own; of a set as many entries as it counts, or all. There, `*`
//! stands for any text, slashes too, and `?` for one character (kyverno `ext/wildcard`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::policy::{PublicKey, Requirement, unreachable};

use super::authority::{self, Demand, Pattern, Required, Signer};
use super::field::Field;
use super::policy::Rule;
use super::remark::{Effect, Remark};

const PUBLIC_GOOD: &str = "public-good";
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
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
    let name = root.field("metadata").and_then(|metadata| metadata.text_of("name"));
    let policy = name.unwrap_or_else(|| format!("policy {number}"));
    let spec = root.field("spec");
    let listed = spec.as_ref().and_then(|spec| spec.field("rules")).and_then(|rules| rules.items()).unwrap_or_default();
    let mut rules = Vec::new();
    for rule in &listed {
        let name = rule.text_of("name").map_or_else(|| policy.clone(), |rule| format!("{policy}/{rule}"));
        let images = rule.field("verifyImages").and_then(|images| images.items()).unwrap_or_default();
        if images.is_empty() {
            let remark = rule.remark(Effect::LeftOut, "it verifies no signature of an image", "");
            rules.push(Rule::without_demand(&name, vec![remark]));
        }
        for one in images {
            let mut remarks = Vec::new();
            for narrowing in ["match", "exclude", "preconditions", "celPreconditions", "context"] {
                workloads(rule, narrowing, &mut remarks);
            }
            let action = spec.as_ref().and_then(|spec| spec.field("validationFailureAction"));
            only_warned(one.field("failureAction").or(action), &mut remarks);
            rules.extend(of_images(&name, &one, remarks));
        }
    }
    rules
}

/// What narrows a policy to some workloads or circumstances.
pub(super) fn workloads(field: &Field<'_>, name: &str, remarks: &mut Vec<Remark>) {
    let Some(narrowing) = field.field(name).filter(|narrowing| !narrowing.is_empty()) else { return };
    // Every policy says which kinds it is about.
    if name != "match" && name != "matchConstraints" && name != "context" {
        let hint = "verify the selected workloads with this policy, and the others with another one";
        remarks.push(narrowing.remark(
            Effect::LeftOut,
            "it was about some workloads, and rules are about images",
            hint,
        ));
    }
}

fn only_warned(action: Option<Field<'_>>, remarks: &mut Vec<Remark>) {
    let Some(action) = action.filter(|action| action.text().is_some_and(|text| !text.eq_ignore_ascii_case("enforce")))
    else {
        return;
    };
    let hint = "to warn only, let the caller go on after exit code 1";
    remarks.push(action.remark(Effect::LeftOut, "it only warned, and every rule is enforced", hint));
}

fn of_images(name: &str, field: &Field<'_>, mut remarks: Vec<Remark>) -> Vec<Rule> {
    authority::unknown(field, &IMAGES, &mut remarks);
    let kind = field.text_of("type");
    if kind.as_deref().is_some_and(|kind| !matches!(kind, "Cosign" | "SigstoreBundle")) {
        let message = format!("{} is not a Sigstore signature", kind.unwrap_or_default());
        remarks.push(field.remark(Effect::Lost, message, "keep this rule where it is, or sign with cosign too"));
        return vec![Rule::without_demand(name, remarks)];
    }
    beside_the_signers(field, &mut remarks);
    let images = patterns(field, &mut remarks);
    let mut demands = Vec::new();
    for set in sets(field) {
        demands.extend(of_set(&set, Required::Kind(Requirement::Signature), &mut remarks));
    }
    for attestation in field.field("attestations").and_then(|list| list.items()).unwrap_or_default() {
        authority::unknown(&attestation, &["name", "type", "predicateType", "attestors", "conditions"], &mut remarks);
        if let Some(conditions) = attestation.field("conditions").filter(|conditions| !conditions.is_empty()) {
            let hint = "express it in the policy file as far as possible: `attestation: {fields: …}`, `sbom`, `vulnerabilities`";
            remarks.push(conditions.remark(Effect::Lost, "its requirements on the content are not carried over", hint));
        }
        let kind = attestation.text_of("type").or_else(|| attestation.text_of("predicateType")).unwrap_or_default();
        let Some(required) = authority::required(&attestation, &kind, &mut remarks) else { continue };
        let own = sets(&attestation);
        if own.is_empty() {
            let message = "without attestors anyone could sign it: here the image's own attestors must have signed it";
            remarks.push(attestation.remark(Effect::LeftOut, message, "name its signers, if they differ"));
        }
        for set in if own.is_empty() { sets(field) } else { own } {
            demands.extend(of_set(&set, required.clone(), &mut remarks));
        }
    }
    if demands.is_empty() {
        let hint = "images that no other rule is about never pass; for the others, add the expected signers by hand";
        remarks.push(field.remark(Effect::Lost, "no attestor is left, so no rule is written", hint));
        return vec![Rule::without_demand(name, remarks)];
    }
    let mut remarks = Some(remarks);
    let rule = |demand| Rule::named(name, images.clone(), demand, remarks.take().unwrap_or_default());
    demands.into_iter().map(rule).collect()
}

fn sets<'a>(field: &Field<'a>) -> Vec<Field<'a>> {
    field.field("attestors").and_then(|sets| sets.items()).unwrap_or_default()
}

/// Settings of the rule that say nothing of who signed.
fn beside_the_signers(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    if let Some(skipped) = field.field("skipImageReferences").filter(|list| !list.is_empty()) {
        let hint = "verify them with another policy, or not at all";
        remarks.push(skipped.remark(Effect::LeftOut, "images were skipped, and rules are about all that match", hint));
    }
    if let Some(required) = field.field("required").filter(Field::is_false) {
        remarks.push(required.remark(Effect::LeftOut, "images were not required to be signed, and here they are", ""));
    }
    if let Some(place) = field.text_of("repository") {
        let hint = format!("give it to each run: `--evidence-repository {}`", place.replace('`', ""));
        remarks.push(field.remark(Effect::LeftOut, "evidence lies in a repository of its own", hint));
    }
    for (name, message) in [
        ("annotations", "annotations of a signature are not compared"),
        ("validate", "its requirements on the image's content are not carried over"),
        ("key", "the signer in the form of early versions is not read: write it below `attestors`"),
    ] {
        if let Some(lost) = field.field(name).filter(|field| !field.is_empty()) {
            remarks.push(lost.remark(Effect::Lost, message, "add it by hand as far as possible"));
        }
    }
}

fn patterns(field: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let listed = field.field("imageReferences").and_then(|list| list.items()).unwrap_or_default();
    let mut patterns: Vec<String> = Vec::new();
    for image in field.field("image").into_iter().chain(listed) {
        patterns.extend(pattern(&image, remarks));
    }
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
    let last = written.rfind('/').map_or(0, |slash| slash + 1);
    let (name, suffix) = match written[last..].find(['@', ':']) {
        Some(position) => written.split_at(last + position),
        None => (written.as_str(), ""),
    };
    if name.is_empty() || name.contains('?') {
        say(Effect::Lost, format!("`{written}` cannot be said in a pattern for names"), "write the rule by hand");
        return None;
    }
    let is_any = |suffix: &str| suffix.chars().skip(1).all(|c| c == '*');
    if suffix.is_empty() && !name.ends_with('*') {
        let message = format!("`{written}` matches no reference with a tag; this rule is about all of them");
        say(Effect::Check, message, "make sure that this was intended");
    } else if !suffix.is_empty() && !is_any(suffix) {
        let message = format!("`{written}` is about some tags, and rules are about names: this one is about every tag");
        say(Effect::Lost, message, "make sure that the signers below may sign every tag");
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
fn of_set(set: &Field<'_>, required: Required, remarks: &mut Vec<Remark>) -> Option<Demand> {
    authority::unknown(set, &["count", "entries"], remarks);
    let entries = set.field("entries").and_then(|entries| entries.items()).unwrap_or_default();
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
    Some(Demand { requirements: vec![required], trust: Some(PUBLIC_GOOD.to_owned()), signers, at_least: count })
}

/// The signers of an entry, and how many it stands for: several keys are one each.
fn of_entry(entry: &Field<'_>, remarks: &mut Vec<Remark>) -> (Vec<Signer>, usize) {
    authority::unknown(entry, &ENTRY, remarks);
    if let Some(annotations) = entry.field("annotations").filter(|field| !field.is_empty()) {
        let message = "annotations of a signature are not compared";
        remarks.push(annotations.remark(Effect::Lost, message, "let the signer's identity say it"));
    }
    if let Some(keys) = entry.field("keys") {
        return of_keys(&keys, remarks);
    }
    let Some(keyless) = entry.field("keyless") else {
        let message = "only `keys` and `keyless` are carried over";
        remarks.push(entry.remark(
            Effect::LeftOut,
            message,
            "export the public key, and add it to `signers` as `key: FILE`",
        ));
        return (Vec::new(), 1);
    };
    authority::unknown(&keyless, &KEYLESS, remarks);
    own_instance(&keyless, remarks);
    if let Some(extensions) = keyless.field("additionalExtensions").filter(|field| !field.is_empty()) {
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
    authority::unknown(keys, &KEYS, remarks);
    own_instance(keys, remarks);
    for name in ["kms", "secret"] {
        if let Some(elsewhere) = keys.field(name).filter(|field| !field.is_empty()) {
            let hint = "export the public key, and add it to `signers` as `key: FILE`";
            remarks.push(elsewhere.remark(Effect::LeftOut, "a key in a service or a secret cannot be read", hint));
        }
    }
    let text = keys.text_of("publicKeys").unwrap_or_default();
    let end = "-----END PUBLIC KEY-----";
    let blocks: Vec<&str> = text.split_inclusive(end).filter(|block| block.contains(end)).collect();
    let mut key = |pem: &&str| match PublicKey::from_pem(pem.trim_start().as_bytes()) {
        Ok(key) => Some(Signer::Key { base64: STANDARD.encode(key.der()), log_is_required: true }),
        Err(error) => {
            let message = format!("this key cannot be used: {error}");
            remarks.push(keys.remark(
                Effect::LeftOut,
                message,
                "add a key that can be, as `cosign public-key` writes it",
            ));
            None
        }
    };
    let signers: Vec<Signer> = blocks.iter().filter_map(&mut key).collect();
    (signers, blocks.len().max(1))
}

/// Logs and authorities that are not those of the public instance, and what was not asked of them.
pub(super) fn own_instance(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    for part in ["rekor", "ctlog"] {
        let Some(log) = field.field(part) else { continue };
        for (name, what) in [
            ("ignoreTlog", "the transparency log was not asked, and here a log must hold every signature"),
            ("ignoreSCT", "certificates without an SCT are never accepted"),
            ("insecureIgnoreTlog", "the transparency log was not asked, and here a log must hold every signature"),
            ("insecureIgnoreSCT", "certificates without an SCT are never accepted"),
        ] {
            if let Some(ignored) = log.field(name).filter(|ignored| !ignored.is_false()) {
                remarks.push(ignored.remark(
                    Effect::LeftOut,
                    what,
                    "sign with a log, or expect these images to be rejected",
                ));
            }
        }
    }
    let url = field.field("rekor").or_else(|| field.field("ctlog")).and_then(|log| log.text_of("url"));
    let is_own = url.is_some_and(|url| url.trim_end_matches('/') != PUBLIC_LOG)
        || ["rekor", "ctlog"].iter().any(|part| {
            let keys = ["pubkey", "rekorPubKey", "CTLogPubKey", "ctLogPubKey", "tsaCertChain"];
            field.field(part).is_some_and(|log| keys.iter().any(|key| log.text_of(key).is_some()))
        })
        || field.text_of("roots").is_some();
    if is_own {
        let hint = "make a trusted root from it, and name that in the rule: `trust: [FILE]`";
        remarks.push(field.remark(
            Effect::LeftOut,
            "it trusts an instance of its own, and this rule the public one",
            hint,
        ));
    }
}
