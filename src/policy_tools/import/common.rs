//! Parts that the policies of all other tools share: lists, signers' keys, and settings without a counterpart in a policy file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::policy::PublicKey;

use super::field::Field;
use super::remark::{Effect, Remark};

/// The trust domain of a policy that names no instance.
pub(super) const PUBLIC_GOOD: &str = "public-good";
const EXPORT_KEY: &str = "export the public key, and add it to `signers` as `key: FILE`";

/// Returns the name of a policy, the `number`th.
pub(super) fn policy_name(root: &Field<'_>, number: usize) -> String {
    let name = root.field("metadata").and_then(|metadata| metadata.text_of("name"));
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("policy {number}"))
}

/// A key that is not known might have said anything.
pub(super) fn unknown(field: &Field<'_>, known: &[&str], remarks: &mut Vec<Remark>) {
    for other in field.unknown(known) {
        let hint = "see whether it made the policy stricter, and write it by hand";
        remarks.push(other.remark(Effect::Lost, "this key is not known", hint));
    }
}

/// Returns the items of a list behind a key. Another value cannot be read, and might have said anything.
pub(super) fn listed<'a>(field: &Field<'a>, name: &str, remarks: &mut Vec<Remark>) -> Vec<Field<'a>> {
    let Some(list) = field.present(name) else { return Vec::new() };
    list.items().unwrap_or_else(|| {
        remarks.push(list.remark(Effect::Lost, "this is not a list, and is not read", "write it by hand"));
        Vec::new()
    })
}

/// Reports what narrows a policy to some workloads or circumstances.
pub(super) fn workloads(field: &Field<'_>, names: &[&str], remarks: &mut Vec<Remark>) {
    for narrowing in names.iter().filter_map(|name| field.present(name)) {
        let hint = "verify the selected workloads with this policy, and the others with another one";
        let message = "it was about some workloads, and rules are about images";
        remarks.push(narrowing.remark(Effect::LeftOut, message, hint));
    }
}

/// Reports that a policy only warned, by the setting that says so.
pub(super) fn only_warned(setting: &Field<'_>) -> Remark {
    let hint = "to warn only, let the caller go on after exit code 1";
    setting.remark(Effect::LeftOut, "it only warned, and every rule is enforced", hint)
}

/// Reports signatures and attestations that lie in a repository of their own, named by the key `repository`.
pub(super) fn evidence_elsewhere(source: &Field<'_>, repository: &str, remarks: &mut Vec<Remark>) {
    unknown(source, &[repository, "tagPrefix", "signaturePullSecrets"], remarks);
    if let Some(place) = source.text_of(repository) {
        remarks.push(another_repository(source, &place));
    }
    if let Some(prefix) = source.present("tagPrefix") {
        let hint = "copy the evidence to tags without it";
        remarks.push(prefix.remark(Effect::LeftOut, "tags with a prefix are not looked for", hint));
    }
}

/// Reports one repository of that kind.
pub(super) fn another_repository(field: &Field<'_>, place: &str) -> Remark {
    let hint = format!("give it to each run: `--evidence-repository {}`", place.replace('`', ""));
    let message = format!("evidence lies in another repository `{place}`, which a policy file cannot name");
    field.remark(Effect::LeftOut, message, hint)
}

/// Reports annotations of a signature.
pub(super) fn annotations(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    if let Some(annotations) = field.present("annotations") {
        let message = "annotations of a signature are not compared";
        remarks.push(annotations.remark(Effect::Lost, message, "let the signer's identity say it"));
    }
}

/// Reports requirements on contents in the `language` of another program.
pub(super) fn content_rules(rules: &Field<'_>, language: &str) -> Remark {
    let hint = "express it in the policy file as far as possible, and check the rest with another tool";
    rules.remark(Effect::Lost, format!("its requirements in {language} are not carried over"), hint)
}

/// Reports a list of identities that is empty.
pub(super) fn without_identity(keyless: &Field<'_>) -> Remark {
    let message = "without an identity anyone with an account could sign: not imported";
    keyless.remark(Effect::LeftOut, message, "name the issuer and subject of the signer")
}

/// Reports keys that are not in the policy itself. Returns whether there are any.
pub(super) fn keys_elsewhere(key: &Field<'_>, remarks: &mut Vec<Remark>) -> bool {
    let before = remarks.len();
    for (name, what) in [
        ("kms", "a key in a service cannot be read"),
        ("secret", "a key in a secret of the cluster cannot be read"),
        ("secretRef", "a key in a secret of the cluster cannot be read"),
        ("expression", "a key that CEL computes cannot be read"),
    ] {
        if let Some(elsewhere) = key.present(name) {
            remarks.push(elsewhere.remark(Effect::LeftOut, what, EXPORT_KEY));
        }
    }
    remarks.len() > before
}

/// Reports a signer of a kind that is not read.
pub(super) fn unread_signer(field: &Field<'_>, message: &str) -> Remark {
    field.remark(Effect::LeftOut, message, EXPORT_KEY)
}

/// Reports a hash algorithm other than the usual one, by its key.
pub(super) fn hash_algorithm(key: &Field<'_>, name: &str, remarks: &mut Vec<Remark>) {
    if let Some(algorithm) = key.present(name).filter(|field| field.text().as_deref() != Some("sha256")) {
        let message = "the hash algorithm is the one that belongs to the kind of key";
        remarks.push(algorithm.remark(Effect::Check, message, "verify one image to see whether it is the same"));
    }
}

/// Returns a public key in base64, of its PEM.
pub(super) fn public_key(field: &Field<'_>, pem: &str, remarks: &mut Vec<Remark>) -> Option<String> {
    match PublicKey::from_pem(pem.trim_start().as_bytes()) {
        Ok(key) => Some(STANDARD.encode(key.der())),
        Err(error) => {
            let hint = "add a key that can be, as `cosign public-key` writes it";
            remarks.push(field.remark(Effect::LeftOut, format!("this key cannot be used: {error}"), hint));
            None
        }
    }
}
