//! Who may sign, in the words of a policy file.

use crate::policy::claim::Claim;
use crate::policy::key::{KeyError, KeyRule, LogRule, PublicKey};
use crate::policy::signer::{CertificateRule, ClaimRule, GITHUB_ISSUER, IdentityRule, Signer, Signers};
use crate::policy::tenancy::Unmatchable;
use crate::policy::text::TextRule;

use super::fields::{Fields, each, guess, pattern, text};
use super::problem::{MAX_SIGNERS, Place, Problems};
use super::shorthand;
use super::yaml::{Node, Value};

/// Reads a file that the document names, relative to the document.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// The kinds of signer. Each entry of the list is exactly one of them.
const KINDS: [&str; 9] =
    ["github", "gitlab", "google", "buildkite", "kubernetes", "email", "key", "identity", "identity-regexp"];
const ENTRY: [&str; 12] = [
    "github",
    "gitlab",
    "google",
    "buildkite",
    "kubernetes",
    "email",
    "key",
    "identity",
    "identity-regexp",
    "issuer",
    "issuer-regexp",
    "claims",
];
const COUNTED: [&str; 4] = ["any-of", "all-of", "at-least", "of"];

/// Reads `signers`: a list in which one signer suffices, or a list with a number of signers.
pub(crate) fn read(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signers> {
    let Value::Map(entries) = &node.value else { return any_of(node, files, problems) };
    if entries.iter().any(|(key, _)| KINDS.contains(&key.name.as_str())) {
        return any_of(node, files, problems);
    }
    let fields = Fields::of(node, "signers", &COUNTED, problems)?;
    match (fields.get("any-of"), fields.get("all-of"), fields.get("at-least"), fields.get("of")) {
        (Some(list), None, None, None) => any_of(list, files, problems),
        (None, Some(list), None, None) => {
            let listed = list_of(list, files, problems)?;
            let count = listed.len();
            counted(list, listed, count, problems)
        }
        (None, None, Some(count), Some(list)) => {
            let listed = list_of(list, files, problems);
            let at_least = number(count, problems);
            counted(count, listed?, at_least?, problems)
        }
        _ => {
            let hint = "write a list of signers, any one of them suffices; or `all-of: [...]`; or `at-least: 2` with `of: [...]`";
            problems.add(fields.first_place(), "it does not say how many of the signers must have signed", hint);
            None
        }
    }
}

/// Reads a list in which one signer suffices.
pub(crate) fn any_of(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signers> {
    let listed = list_of(node, files, problems)?;
    counted(node, listed, 1, problems)
}

fn counted(node: &Node, listed: Vec<Signer>, at_least: usize, problems: &mut Problems) -> Option<Signers> {
    let named = listed.len();
    Signers::new(listed, at_least)
        .map_err(|_| {
            let message = format!("{at_least} different signers must have signed, and {named} are named");
            problems.add(node.place, message, "name more signers, or require fewer of them");
        })
        .ok()
}

fn number(node: &Node, problems: &mut Problems) -> Option<usize> {
    if let Value::Integer(number @ 1..) = node.value {
        return usize::try_from(number).ok();
    }
    let message = "this says how many of the signers must have signed: a number, 1 or more";
    let hint = match &node.value {
        Value::Text(text) if text.parse::<usize>().is_ok() => format!("leave the quotes out: `at-least: {text}`"),
        _ => "write `at-least: 2`, or leave `at-least` out and name the signers in a list".to_owned(),
    };
    problems.add(node.place, message, hint);
    None
}

/// All of the list or nothing: a signer that cannot be read must not leave the others to be enough.
fn list_of(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Vec<Signer>> {
    each(node, "signers", problems, |item, problems| signer(item, files, problems))
}

/// Reads one signer.
pub(crate) fn signer(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Signer> {
    if !problems.may_read_signer() {
        let hint = "use a pattern for many similar signers, or split the policy by image";
        problems.add(Place { line: 1, column: 1, length: 1 }, format!("more than {MAX_SIGNERS} signers"), hint);
        return None;
    }
    let fields = Fields::of(node, "a signer", &ENTRY, problems)?;
    let present = fields.present(&KINDS);
    let [(kind, _)] = present.as_slice() else {
        if let Some((second, place)) = present.get(1) {
            let message = format!("one signer cannot be `{}` and `{second}` at once", present[0].0);
            problems.add(*place, message, "write two entries of the list; either of them suffices");
        } else if ENTRY.iter().all(|name| !fields.likely_means(name)) {
            no_signer(&fields, problems);
        }
        return None;
    };
    refuse_issuer_of_shorthand(&fields, kind, problems);
    if *kind == "key" {
        return key(&fields, files, problems).map(Signer::Keys);
    }
    let mut rule = match *kind {
        "github" => shorthand::github(fields.get("github")?, problems),
        "gitlab" => shorthand::gitlab(fields.get("gitlab")?, problems),
        "google" => shorthand::google(fields.get("google")?, problems),
        "buildkite" => shorthand::buildkite(fields.get("buildkite")?, problems),
        "kubernetes" => shorthand::kubernetes(fields.get("kubernetes")?, problems),
        "email" => shorthand::email(fields.get("email")?, problems),
        _ => identity(&fields, problems),
    }?;
    rule.claims.extend(claims(&fields, problems)?);
    warn_of_nobody(&fields, &rule, problems);
    if let Some(strangers) = rule.strangers() {
        let or_source = if strangers.may_pin_source() { ", or pin the source with `claims`" } else { "" };
        problems.add(fields.first_place(), strangers.to_string(), format!("{}{or_source}", strangers.hint()));
        return None;
    }
    Some(Signer::Certificate(Box::new(rule)))
}

/// A signer that no certificate names: at the key that makes it so.
fn warn_of_nobody(fields: &Fields<'_>, rule: &CertificateRule, problems: &mut Problems) {
    let (keys, message, hint) = match rule.unmatchable() {
        None => return,
        Some(Unmatchable::Issuer) => (
            ["issuer", "issuer-regexp"],
            format!("`{}` is not an issuer: an issuer is an address", rule.issuer.as_str()),
            match rule.issuer.as_str().split_once("://") {
                None => {
                    format!("write it whole, as the certificate has it: `issuer: https://{}`", rule.issuer.as_str())
                }
                Some((scheme, _)) => format!("write it as the certificate has it: with `https`, not `{scheme}`"),
            },
        ),
        Some(Unmatchable::Name { service, form }) => (
            ["identity", "identity-regexp"],
            format!("no certificate of {service} has a name that matches this"),
            format!("its names are written {form}"),
        ),
    };
    if let Some((_, place)) = fields.present(&keys).first() {
        problems.warn(*place, message, hint);
    }
}

/// An entry that is of no kind. One that is of an unknown kind has been reported as that.
fn no_signer(fields: &Fields<'_>, problems: &mut Problems) {
    if let Some((_, place)) = fields.present(&["issuer", "issuer-regexp"]).first() {
        let message = "an issuer without an identity: anyone with an account there could have signed";
        problems.add(*place, message, "add `identity: …`, exactly as the certificate has it");
    } else if !fields.has_unknown() {
        let message = "this names no signer: anyone with an account could have signed";
        problems.add(fields.first_place(), message, format!("name the signer with one of: {}", KINDS.join(", ")));
    }
}

/// The issuer is part of what a shorthand says.
fn refuse_issuer_of_shorthand(fields: &Fields<'_>, kind: &str, problems: &mut Problems) {
    if kind.starts_with("identity") {
        return;
    }
    for (name, place) in fields.present(&["issuer", "issuer-regexp"]) {
        let message = format!("`{kind}` implies the issuer, so remove `{name}`");
        problems.add(place, message, format!("leave it out, or write `identity` and `issuer` instead of `{kind}`"));
    }
}

/// `identity` or `identity-regexp`, with the issuer that must vouch for it.
fn identity(fields: &Fields<'_>, problems: &mut Problems) -> Option<CertificateRule> {
    let name = match (fields.get("identity"), fields.get("identity-regexp")) {
        (Some(_), _) => fields.glob("identity", problems),
        _ => fields.regexp("identity-regexp", problems),
    };
    let issuer = match (fields.get("issuer"), fields.get("issuer-regexp")) {
        (Some(_), None) => fields.glob("issuer", problems),
        (None, Some(_)) => fields.regexp("issuer-regexp", problems),
        (Some(_), Some(_)) => {
            for (_, place) in fields.present(&["issuer-regexp"]) {
                problems.add(place, "`issuer` and `issuer-regexp` are both there", "leave one of them out");
            }
            None
        }
        (None, None) if fields.likely_means("issuer") => None,
        (None, None) => {
            let hint = match &name {
                Some(name) if name.as_str().starts_with("https://github") => format!("add `issuer: {GITHUB_ISSUER}`"),
                _ => "add its issuer as in the certificate: `issuer: https://…`".to_owned(),
            };
            problems.add(fields.first_place(), "an identity without an issuer: any issuer could assert it", hint);
            None
        }
    };
    Some(CertificateRule { identity: IdentityRule::Name(name?), issuer: issuer?, source: None, claims: Vec::new() })
}

/// `claims`: any claim of the certificate by its name in fulcio's `oid-info.md`, as a glob.
fn claims(fields: &Fields<'_>, problems: &mut Problems) -> Option<Vec<ClaimRule>> {
    let Some(node) = fields.get("claims") else { return Some(Vec::new()) };
    let Value::Map(entries) = &node.value else {
        let message = format!("claims have names and values, and this is {}", node.value.kind());
        problems.add(node.place, message, "write `claims: {NAME: VALUE}`, such as `claims: {build-trigger: push}`");
        return None;
    };
    if entries.is_empty() {
        problems.add(node.place, "no claim is named", "leave `claims` out");
    }
    let read = entries.iter().map(|(key, value)| {
        let claim = Claim::from_key(&key.name);
        if claim.is_none() {
            let known: Vec<&str> = Claim::ALL.iter().map(|claim| claim.key()).collect();
            problems.add(key.place, format!("`{}` is not a claim", key.name), guess(&key.name, &known));
        }
        let text = text(value, problems)?;
        Some(ClaimRule { claim: claim?, value: pattern(TextRule::glob(&text), value, problems)? })
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// `key: FILE`, or `{file, pem, log}`.
fn key(fields: &Fields<'_>, files: ReadFile<'_>, problems: &mut Problems) -> Option<KeyRule> {
    if let Some((_, place)) = fields.present(&["claims"]).first() {
        problems.add(*place, "a key has no claims: only certificates do", "leave `claims` out");
    }
    let node = fields.get("key")?;
    let (file, inline, log) = if let Value::Map(_) = node.value {
        let parts = Fields::of(node, "a key", &["file", "pem", "log"], problems)?;
        (parts.get("file"), parts.get("pem"), log_rule(&parts, problems)?)
    } else {
        (Some(node), None, LogRule::Required)
    };
    let (place, pem) = match (file, inline) {
        (Some(file), None) => (file.place, read_key_file(file, files, problems)?),
        (None, Some(inline)) => (inline.place, text(inline, problems)?.into_bytes()),
        _ => {
            let message = "a key is in a `file` or written out as `pem`, exactly one of them";
            problems.add(node.first_place(), message, "leave one of the two out, or add the one that is missing");
            return None;
        }
    };
    let key = PublicKey::from_pem(&pem)
        .map_err(|error| {
            problems.add(place, format!("no key that can be used: {error}"), key_hint(&error, inline.is_some()));
        })
        .ok()?;
    KeyRule::new([key], log).ok()
}

fn key_hint(error: &KeyError, is_inline: bool) -> &'static str {
    match error {
        KeyError::Private { .. } => "give the public key, such as cosign.pub, and keep the private one to yourself",
        KeyError::OtherBlock { label } if label == "CERTIFICATE" => {
            "for a certificate of Fulcio write `identity` and `issuer`; of another one export the key: `openssl x509 -pubkey -noout -in FILE`"
        }
        _ if is_inline => "write `pem: |`, and below it, indented, the whole block with its BEGIN and END lines",
        _ => "give a public key as `cosign generate-key-pair` or `cosign public-key` writes it",
    }
}

fn read_key_file(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Vec<u8>> {
    let name = text(node, problems)?;
    if name.contains("://") || name.starts_with("pkcs11:") {
        let hint = format!("export the public key once: `cosign public-key --key {name} > cosign.pub`");
        problems.add(node.place, "this names a key in a service, and keys are only read from files", hint);
        return None;
    }
    files(&name)
        .map_err(|reason| {
            problems.add(node.place, format!("cannot read the key: {reason}"), "paths are relative to the policy file");
        })
        .ok()
}

fn log_rule(fields: &Fields<'_>, problems: &mut Problems) -> Option<LogRule> {
    let Some(node) = fields.get("log") else { return Some(LogRule::Required) };
    match text(node, problems)?.as_str() {
        "required" => Some(LogRule::Required),
        "not-required" => Some(LogRule::NotRequired),
        other => {
            problems.add(
                node.place,
                format!("`{other}` is not a setting for the log of a key"),
                guess(other, &["required", "not-required"]),
            );
            None
        }
    }
}
