//! One authority: the allowed signers, their evidence, and the Sigstore instance.
//!
//! Without `attestations` an authority is about a signature; with them, about all of these and no signature
//! (policy-controller `pkg/webhook/validator.go`, `ValidatePolicy`).

use crate::policy::{AttestationRules, CertificateRule, IdentityRule, Requirement, Strangers, TextRule};

use super::common::{self, PUBLIC_GOOD, unknown};
use super::expression;
use super::field::Field;
use super::remark::{Effect, Remark};

const AUTHORITY: [&str; 9] =
    ["name", "key", "keyless", "static", "source", "ctlog", "attestations", "rfc3161timestamp", "signatureFormat"];
const KEYLESS: [&str; 5] = ["url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT"];
const KEY: [&str; 4] = ["secretRef", "data", "kms", "hashAlgorithm"];
const IDENTITY: [&str; 4] = ["issuer", "subject", "issuerRegExp", "subjectRegExp"];
const ATTESTATION: [&str; 3] = ["name", "predicateType", "policy"];

/// What an authority comes down to.
#[derive(Debug)]
pub(super) enum Authority {
    /// Named signers must have signed an attestation.
    Signers(Expectation),
    /// `static: {action: pass}`: everybody passes. Never written.
    Everybody,
    /// It cannot be carried over, or no signer can satisfy it. The remarks say why.
    Nothing,
}

/// Who must have signed what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    /// What must be there, each once and in the order of reports.
    pub(super) requirements: Vec<Required>,
    /// The trust domain; `None` where a key does without one.
    pub(super) trust: Option<String>,
    /// Who may have signed.
    pub(super) signers: Vec<Signer>,
    /// How many of them must have.
    pub(super) at_least: usize,
}

/// What must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Required {
    Kind(Requirement),
    /// An attestation of this predicate type.
    Type(String),
}

impl Required {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Kind(requirement) => requirement.as_str(),
            Self::Type(predicate_type) => predicate_type,
        }
    }
}

/// A signer, as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signer {
    Certificate { identity: Pattern, issuer: Pattern },
    Key { base64: String, log_is_required: bool },
}

/// A text, or a regular expression for the whole of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Exact(String),
    Expression(String),
}

/// Reads one authority.
pub(super) fn read(authority: &Field<'_>, remarks: &mut Vec<Remark>) -> Authority {
    unknown(authority, &AUTHORITY, remarks);
    if let Some(fixed) = authority.field("static") {
        return fixed_answer(&fixed, remarks);
    }
    let signers = match (authority.field("keyless"), authority.field("key")) {
        (Some(keyless), None) => certificates(&keyless, remarks),
        (None, Some(key)) => self::key(&key, authority, remarks).into_iter().collect(),
        _ => {
            let message = "it is not exactly one of `key`, `keyless` and `static`";
            remarks.push(authority.remark(Effect::LeftOut, message, "name the signer by hand"));
            Vec::new()
        }
    };
    let requirements = requirements(authority, remarks);
    if signers.is_empty() || requirements.is_empty() {
        return Authority::Nothing;
    }
    side_conditions(authority, remarks);
    let is_key = authority.field("key").is_some();
    let trust = trust(authority, is_key, remarks);
    Authority::Signers(Expectation { requirements, trust, signers, at_least: 1 })
}

fn fixed_answer(fixed: &Field<'_>, remarks: &mut Vec<Remark>) -> Authority {
    if fixed.text_of("action").as_deref() == Some("pass") {
        let hint = "images without a required signature need no policy: do not verify them, or name their signers";
        remarks.push(fixed.remark(
            Effect::LeftOut,
            "a static pass lets unsigned images pass, and is never imported",
            hint,
        ));
        return Authority::Everybody;
    }
    let hint = "an image that no rule is about never passes: make sure that no other rule is about these";
    remarks.push(fixed.remark(Effect::LeftOut, "a policy file cannot refuse signed images", hint));
    Authority::Nothing
}

fn certificates(keyless: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<Signer> {
    unknown(keyless, &KEYLESS, remarks);
    if let Some(ignored) = keyless.field("insecureIgnoreSCT") {
        let hint = "certificates need an SCT of the instance's certificate transparency log";
        remarks.push(ignored.remark(Effect::LeftOut, "certificates without an SCT are never accepted", hint));
    }
    identities(keyless, remarks)
}

/// Reads `identities`: any one of them may have signed.
pub(super) fn identities(keyless: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<Signer> {
    let identities = common::listed(keyless, "identities", remarks);
    if identities.is_empty() {
        remarks.push(common::without_identity(keyless));
    }
    identities.iter().filter_map(|one| identity(one, remarks)).collect()
}

fn identity(field: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Signer> {
    unknown(field, &IDENTITY, remarks);
    identity_of(field, Pattern::Exact, remarks)
}

/// Reads issuer and subject. `of_subject` is the meaning of a subject that is not a regular expression.
pub(super) fn identity_of(
    field: &Field<'_>,
    of_subject: fn(String) -> Pattern,
    remarks: &mut Vec<Remark>,
) -> Option<Signer> {
    let identity = pattern(field, "subject", of_subject, "subjectRegExp", remarks);
    let issuer = pattern(field, "issuer", Pattern::Exact, "issuerRegExp", remarks);
    let (identity, issuer) = (identity?, issuer?);
    let Some(strangers) = strangers(&identity.as_found, &issuer.as_found) else {
        return Some(Signer::Certificate { identity: identity.as_found, issuer: issuer.as_found });
    };
    // An expression that is found anywhere may match inside strangers' names. Anchored at the beginning it often
    // cannot.
    if let (Some(identity), Some(issuer)) = (identity.from_beginning, issuer.from_beginning)
        && self::strangers(&identity, &issuer).is_none()
    {
        let message =
            "the original finds it anywhere in a name, where strangers can put it: here names must begin with it";
        remarks.push(field.remark(Effect::LeftOut, message, "verify one image to see whether it still passes"));
        return Some(Signer::Certificate { identity, issuer });
    }
    let message = format!("the identity is left out: {strangers}");
    remarks.push(field.remark(Effect::LeftOut, message, strangers.hint()));
    None
}

/// What a policy file of ours refuses is not written into one.
fn strangers(identity: &Pattern, issuer: &Pattern) -> Option<Strangers> {
    let rule = |pattern: &Pattern| match pattern {
        Pattern::Exact(text) => Some(TextRule::exact(text)),
        Pattern::Expression(text) => TextRule::regexp(text).ok(),
    };
    let identity = IdentityRule::Name(rule(identity)?);
    CertificateRule { identity, issuer: rule(issuer)?, source: None, claims: Vec::new() }.strangers()
}

/// A pattern that matches what the original did, and one that is the same where what the original finds anywhere is a name's
/// beginning.
struct Carried {
    as_found: Pattern,
    from_beginning: Option<Pattern>,
}

fn pattern(
    field: &Field<'_>,
    exact: &str,
    of_text: fn(String) -> Pattern,
    expression: &str,
    remarks: &mut Vec<Remark>,
) -> Option<Carried> {
    match (field.present(exact), field.present(expression)) {
        (Some(written), None) => {
            let text = written.text();
            if text.is_none() {
                let message = format!("the identity is left out: `{exact}` is not a text");
                remarks.push(written.remark(Effect::LeftOut, message, "write it as a text"));
            }
            let text = text?;
            Some(Carried { as_found: of_text(text.clone()), from_beginning: Some(of_text(text)) })
        }
        (None, Some(written)) => {
            let go = written.text().unwrap_or_default();
            match expression::translate(&go) {
                Ok(translated) => {
                    if translated.is_open {
                        remarks.push(open(&written, &go));
                    }
                    let from_beginning = expression::from_beginning(&go).map(Pattern::Expression);
                    Some(Carried { as_found: Pattern::Expression(translated.text), from_beginning })
                }
                Err(reason) => {
                    let message = format!("the identity is left out: `{go}` cannot be carried over: {reason}");
                    remarks.push(written.remark(Effect::LeftOut, message, "write it anew for the whole text"));
                    None
                }
            }
        }
        (both, _) => {
            let how = if both.is_some() { "both there" } else { "both missing" };
            let message = format!("the identity is left out: `{exact}` and `{expression}` are {how}");
            remarks.push(field.remark(Effect::LeftOut, message, "name exactly one of them"));
            None
        }
    }
}

fn open(written: &Field<'_>, go: &str) -> Remark {
    written.remark(
        Effect::Check,
        format!("`{go}` is found anywhere in the text, as in the original policy"),
        "write the whole text: without that, a name that merely contains it passes",
    )
}

fn key(key: &Field<'_>, authority: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Signer> {
    unknown(key, &KEY, remarks);
    common::keys_elsewhere(key, remarks);
    common::hash_algorithm(key, "hashAlgorithm", remarks);
    let data = key.field("data")?;
    let base64 = common::public_key(&data, &data.text().unwrap_or_default(), remarks);
    let log_is_required = authority.field("ctlog").is_some_and(|log| !log.is_empty())
        && authority.field("rfc3161timestamp").is_none_or(|field| field.is_empty());
    if base64.is_some() && !log_is_required {
        let hint = "with a log, leave out `log: not-required`: without one, a stolen key can sign in secret";
        remarks.push(key.remark(
            Effect::Check,
            "signatures of this key need no log entry, as in the original policy",
            hint,
        ));
    }
    Some(Signer::Key { base64: base64?, log_is_required })
}

/// Everything that the authority wants to see signed.
fn requirements(authority: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<Required> {
    if authority.present("attestations").is_none() {
        return vec![Required::Kind(Requirement::Signature)];
    }
    let items = common::listed(authority, "attestations", remarks);
    let mut required: Vec<Required> = items.iter().filter_map(|item| attestation(item, remarks)).collect();
    required.sort_unstable();
    required.dedup();
    required
}

fn attestation(field: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Required> {
    unknown(field, &ATTESTATION, remarks);
    content_policy(field, remarks);
    required(field, &field.text_of("predicateType").unwrap_or_default(), remarks)
}

/// What an attestation of this type is here.
pub(super) fn required(field: &Field<'_>, predicate_type: &str, remarks: &mut Vec<Remark>) -> Option<Required> {
    // The short names are those of `cosign verify-attestation --type`.
    match predicate_type {
        "slsaprovenance"
        | "slsaprovenance02"
        | "slsaprovenance1"
        | "https://slsa.dev/provenance/v0.2"
        | "https://slsa.dev/provenance/v1" => {
            let message = format!("`{predicate_type}` is one version of provenance, and here any that is read will do");
            remarks.push(field.remark(Effect::Check, message, "nothing, unless the version matters"));
            Some(Required::Kind(Requirement::Provenance))
        }
        "spdx" | "spdxjson" | "https://spdx.dev/Document" => Some(Required::Kind(Requirement::Sbom)),
        "vuln" | "https://cosign.sigstore.dev/attestation/vuln/v1" => {
            Some(Required::Kind(Requirement::Vulnerabilities))
        }
        other => {
            let meant = AttestationRules::predicate_type_of(other).map(|full| Required::Type(full.to_owned()));
            if meant.is_none() {
                let message = format!("`{other}` is not a predicate type");
                remarks.push(field.remark(
                    Effect::Lost,
                    message,
                    "write the whole type: `attestation: {type: https://…}`",
                ));
            }
            meant
        }
    }
}

/// What CUE or Rego require of contents.
pub(super) fn content_policy(field: &Field<'_>, remarks: &mut Vec<Remark>) {
    if let Some(policy) = field.field("policy") {
        let language = policy.text_of("type").unwrap_or_else(|| "cue".to_owned());
        remarks.push(common::content_rules(&policy, &language));
    }
}

/// Conditions beside the signer that a policy file does not have.
fn side_conditions(authority: &Field<'_>, remarks: &mut Vec<Remark>) {
    for source in common::listed(authority, "source", remarks) {
        common::evidence_elsewhere(&source, "oci", remarks);
    }
    if let Some(timestamp) = authority.field("rfc3161timestamp").filter(|field| !field.is_empty()) {
        remarks.push(if authority.field("key").is_some() {
            let hint = "with a log, leave out `log: not-required`: then the log says when it was signed";
            timestamp.remark(Effect::Lost, "a timestamp of a key's signature is not required", hint)
        } else {
            let hint = "sign with a log, or expect these images to be rejected";
            timestamp.remark(
                Effect::LeftOut,
                "a timestamp does not replace the log entry, which is always required",
                hint,
            )
        });
    }
    if let Some(format) = authority.field("signatureFormat").filter(|format| !format.is_empty()) {
        let hint = "nothing to do";
        remarks.push(format.remark(Effect::Check, "bundles and legacy signatures are both read", hint));
    }
}

/// The instance that the authority believes: the public one, or one whose trusted root a person has to put in a file. Until
/// then the run fails, so that nothing passes by the wrong instance.
fn trust(authority: &Field<'_>, is_key: bool, remarks: &mut Vec<Remark>) -> Option<String> {
    let private: Vec<(Field<'_>, String)> = [
        authority.field("keyless").and_then(|keyless| root_reference(&keyless)),
        authority.field("ctlog").and_then(|log| root_reference(&log)),
        authority.field("rfc3161timestamp").and_then(|field| root_reference(&field)),
        authority
            .field("keyless")
            .and_then(|keyless| keyless.field("ca-cert"))
            .map(|field| (field, "ca-cert".to_owned())),
        authority.field("keyless").and_then(|keyless| own_host(&keyless, "fulcio.sigstore.dev")),
        authority.field("ctlog").and_then(|log| own_host(&log, "rekor.sigstore.dev")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let Some((field, name)) = private.first() else {
        let has_log = authority.field("ctlog").is_some_and(|log| !log.is_empty());
        return (!is_key || has_log).then(|| PUBLIC_GOOD.to_owned());
    };
    let file = format!("./{}.trusted_root.json", file_name(name));
    let message = format!(
        "this is a private instance: its trusted root is expected in {file}, with a log that holds its signatures"
    );
    let hint = "write it with `cosign trusted-root create`, with every key and certificate that the TrustRoot names";
    remarks.push(field.remark(Effect::Check, message, hint));
    Some(file)
}

fn root_reference<'a>(field: &Field<'a>) -> Option<(Field<'a>, String)> {
    let reference = field.field("trustRootRef")?;
    let name = reference.text()?;
    Some((reference, name))
}

/// A server other than the public one.
fn own_host<'a>(field: &Field<'a>, public: &str) -> Option<(Field<'a>, String)> {
    let url = field.field("url")?;
    let written = url.text()?;
    let host = written.split("://").last().unwrap_or_default().split(['/', ':']).next().unwrap_or_default().to_owned();
    (host != public).then_some((url, host))
}

fn file_name(name: &str) -> String {
    let is_safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let safe: String = name.chars().filter(is_safe).take(64).collect();
    let safe = safe.trim_matches('.');
    if safe.is_empty() { "own".to_owned() } else { safe.to_owned() }
}
