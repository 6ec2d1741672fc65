//! The flags of cosign, gh and slsa-verifier, and the translation of each.
//!
//! From cosign `doc/cosign_verify*.md`, `gh attestation verify --help` and slsa-verifier `cli/slsa-verifier/verify/options.go`.

use super::Tool;

/// The translation of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The same flag here, perhaps under this name.
    Same(&'static str),
    /// A regular expression that is looked for anywhere there, and matches the whole text here.
    Expression(&'static str),
    /// It names what must be attached.
    Kind,
    /// It loosens a check. Never carried over.
    Loosens {
        /// The check's subject.
        check: &'static str,
        /// What to do instead, or nothing.
        instead: &'static str,
    },
    /// A restriction that has no counterpart: what to do about it.
    Lost(&'static str),
    /// It decides nothing: what to do instead, or nothing at all.
    Needless(&'static str),
    /// Goes into the trusted root.
    TrustedRoot,
    /// A secret, which is never repeated: how it is given here.
    Secret(&'static str),
    /// It has a rule of its own.
    Special(Special),
}

/// Flags that turn into more than a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    Key,
    Timeout,
    LogAddress,
    LocalImage,
    Username,
    ReportFormat,
    Bundle,
    FromRegistry,
    IssuerOfGitHub,
    OnlyGitHub,
    SourceUri,
    Builder,
    VersionedTag,
    Input,
    ChecksClaims,
}

/// Whether a flag takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Value,
    /// True without one; `=false` turns it off.
    Nothing,
}

/// A flag of another tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreign {
    pub(super) tool: Tool,
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    pub(super) takes: Takes,
    pub(super) fate: Fate,
}

const fn value(tool: Tool, name: &'static str, fate: Fate) -> Foreign {
    Foreign { tool, name, short: None, takes: Takes::Value, fate }
}

const fn switch(tool: Tool, name: &'static str, fate: Fate) -> Foreign {
    Foreign { tool, name, short: None, takes: Takes::Nothing, fate }
}

const fn short(letter: char, flag: Foreign) -> Foreign {
    Foreign { short: Some(letter), ..flag }
}

const ANNOTATIONS: Fate = Fate::Lost("annotations of a signature are not compared: let the signer's identity say it");
const SIGNATURE_FILE: Fate = Fate::Needless("evidence is read where the image is, or from a bundle: `bonafide bundle`");
const CERTIFICATE: Fate = Fate::Lost(
    "one certificate cannot be named: name who it was issued to, with --certificate-identity and --certificate-oidc-issuer",
);
const LOG: Fate = Fate::Loosens { check: "the transparency log", instead: "" };
const PLAIN: Fate = Fate::Needless("");

/// Every flag that is known, by tool.
pub(super) const FLAGS: &[Foreign] = &[
    // cosign
    short('a', value(Tool::Cosign, "annotations", ANNOTATIONS)),
    switch(Tool::Cosign, "allow-http-registry", Fate::Same("plain-http")),
    switch(
        Tool::Cosign,
        "allow-insecure-registry",
        Fate::Loosens { check: "the registry's certificate", instead: "give its authority with --ca-file" },
    ),
    value(
        Tool::Cosign,
        "attachment",
        Fate::Lost("signatures of attached SBOMs are not read: attest the SBOM, and require sbom"),
    ),
    value(
        Tool::Cosign,
        "attachment-tag-prefix",
        Fate::Lost("tags with a prefix are not looked for: copy the evidence to tags without it"),
    ),
    value(Tool::Cosign, "bundle", Fate::Special(Special::Bundle)),
    value(Tool::Cosign, "ca-intermediates", Fate::TrustedRoot),
    value(Tool::Cosign, "ca-roots", Fate::TrustedRoot),
    value(Tool::Cosign, "certificate", CERTIFICATE),
    value(Tool::Cosign, "cert", CERTIFICATE),
    value(Tool::Cosign, "certificate-chain", Fate::TrustedRoot),
    value(Tool::Cosign, "cert-chain", Fate::TrustedRoot),
    value(Tool::Cosign, "certificate-email", Fate::Same("certificate-identity")),
    value(Tool::Cosign, "cert-email", Fate::Same("certificate-identity")),
    value(Tool::Cosign, "certificate-identity-regexp", Fate::Expression("certificate-identity-regexp")),
    value(Tool::Cosign, "certificate-oidc-issuer-regexp", Fate::Expression("certificate-oidc-issuer-regexp")),
    switch(Tool::Cosign, "check-claims", Fate::Special(Special::ChecksClaims)),
    switch(Tool::Cosign, "experimental-oci11", PLAIN),
    switch(Tool::Cosign, "insecure-ignore-sct", Fate::Loosens { check: "the log of certificates", instead: "" }),
    switch(Tool::Cosign, "insecure-ignore-tlog", LOG),
    switch(Tool::Cosign, "insecure-skip-tlog-verify", LOG),
    switch(Tool::Cosign, "private-infrastructure", LOG),
    switch(Tool::Cosign, "k8s-keychain", Fate::Needless("logins are those of docker, podman and their helpers")),
    value(Tool::Cosign, "key", Fate::Special(Special::Key)),
    switch(Tool::Cosign, "local-image", Fate::Special(Special::LocalImage)),
    value(Tool::Cosign, "max-workers", PLAIN),
    switch(Tool::Cosign, "new-bundle-format", PLAIN),
    short('o', value(Tool::Cosign, "output", Fate::Special(Special::ReportFormat))),
    value(Tool::Cosign, "output-file", PLAIN),
    value(Tool::Cosign, "payload", SIGNATURE_FILE),
    value(
        Tool::Cosign,
        "policy",
        Fate::Lost("CUE and Rego are not read: try to express it with `attestation: {fields: …}` in a policy file"),
    ),
    value(Tool::Cosign, "registry-cacert", Fate::Same("ca-file")),
    value(Tool::Cosign, "registry-client-cert", Fate::Same("client-cert")),
    value(Tool::Cosign, "registry-client-key", Fate::Same("client-key")),
    value(Tool::Cosign, "registry-password", Fate::Secret("give the password on standard input: --password-stdin")),
    value(Tool::Cosign, "registry-server-name", Fate::Lost("the registry's name must be the one in its certificate")),
    value(
        Tool::Cosign,
        "registry-token",
        Fate::Secret("give the token in BONAFIDE_REGISTRY_TOKEN, or with --registry-token-file"),
    ),
    value(Tool::Cosign, "registry-username", Fate::Special(Special::Username)),
    value(Tool::Cosign, "rekor-url", Fate::Special(Special::LogAddress)),
    value(Tool::Cosign, "rfc3161-timestamp", SIGNATURE_FILE),
    value(Tool::Cosign, "sct", Fate::Needless("the certificate holds what the log of certificates promised")),
    value(Tool::Cosign, "signature", SIGNATURE_FILE),
    value(Tool::Cosign, "signature-digest-algorithm", PLAIN),
    switch(
        Tool::Cosign,
        "sk",
        Fate::Lost("export the public key once, `cosign public-key --sk > cosign.pub`, and give --key cosign.pub"),
    ),
    value(Tool::Cosign, "slot", PLAIN),
    short('t', value(Tool::Cosign, "timeout", Fate::Special(Special::Timeout))),
    value(Tool::Cosign, "timestamp-certificate-chain", Fate::TrustedRoot),
    value(Tool::Cosign, "type", Fate::Kind),
    switch(Tool::Cosign, "use-signed-timestamps", Fate::Lost("a timestamp is checked if present, and not required")),
    short('d', switch(Tool::Cosign, "verbose", Fate::Same("verbose"))),
    // gh attestation verify
    short('b', value(Tool::Gh, "bundle", Fate::Special(Special::Bundle))),
    switch(Tool::Gh, "bundle-from-oci", Fate::Special(Special::FromRegistry)),
    value(Tool::Gh, "cert-identity", Fate::Same("certificate-identity")),
    short('i', value(Tool::Gh, "cert-identity-regex", Fate::Expression("certificate-identity-regexp"))),
    value(Tool::Gh, "cert-oidc-issuer", Fate::Special(Special::IssuerOfGitHub)),
    value(Tool::Gh, "custom-trusted-root", Fate::Same("trusted-root")),
    short('d', value(Tool::Gh, "digest-alg", PLAIN)),
    value(Tool::Gh, "format", Fate::Special(Special::ReportFormat)),
    value(
        Tool::Gh,
        "hostname",
        Fate::Lost("name the server in a policy file: `github: {repository: …, server: https://…, issuer: URL}`"),
    ),
    short('q', value(Tool::Gh, "jq", Fate::Needless("pipe `--output json` into jq"))),
    short('L', value(Tool::Gh, "limit", PLAIN)),
    switch(Tool::Gh, "no-public-good", Fate::Special(Special::OnlyGitHub)),
    short('o', value(Tool::Gh, "owner", Fate::Same("owner"))),
    value(Tool::Gh, "predicate-type", Fate::Kind),
    short('R', value(Tool::Gh, "repo", Fate::Same("repo"))),
    value(
        Tool::Gh,
        "signer-digest",
        Fate::Lost("name it in a policy file: `claims: {build-signer-digest: …}` beside the signer"),
    ),
    value(
        Tool::Gh,
        "signer-repo",
        Fate::Lost("name the workflow: --signer-workflow OWNER/NAME/.github/workflows/FILE"),
    ),
    short('t', value(Tool::Gh, "template", Fate::Needless("pipe `--output json` into jq"))),
    // slsa-verifier
    value(Tool::SlsaVerifier, "source-uri", Fate::Special(Special::SourceUri)),
    value(Tool::SlsaVerifier, "builder-id", Fate::Special(Special::Builder)),
    value(Tool::SlsaVerifier, "source-versioned-tag", Fate::Special(Special::VersionedTag)),
    value(Tool::SlsaVerifier, "build-workflow-input", Fate::Special(Special::Input)),
    switch(
        Tool::SlsaVerifier,
        "print-provenance",
        Fate::Needless("`bonafide inspect IMAGE --output json` shows the attached evidence"),
    ),
    value(Tool::SlsaVerifier, "provenance-path", Fate::Special(Special::Bundle)),
    value(Tool::SlsaVerifier, "provenance-repository", Fate::Same("evidence-repository")),
];

/// Returns the flag of this name. Of two tools, that of the one that was named, or the first.
pub(super) fn by_name(name: &str, tool: Option<Tool>) -> Option<&'static Foreign> {
    let named = |flag: &&Foreign| flag.name == name;
    match tool {
        Some(tool) => FLAGS.iter().filter(|flag| flag.tool == tool).find(named),
        None => FLAGS.iter().find(named),
    }
}

/// Returns the flag of this letter.
pub(super) fn by_letter(letter: char, tool: Option<Tool>) -> Option<&'static Foreign> {
    FLAGS.iter().filter(|flag| tool.is_none_or(|tool| flag.tool == tool)).find(|flag| flag.short == Some(letter))
}
