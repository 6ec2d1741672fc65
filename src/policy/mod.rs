//! Policies: the requirements that an image must satisfy.
//!
//! A [`Policy`] is valid once it exists: it has at least one requirement, and every signer in it names an identity and an issuer,
//! or a source repository that implies both, or public keys. A policy that accepts any signer cannot be made (A181, A182).

pub(crate) mod age;
pub(crate) mod builder;
mod claim;
pub(crate) mod document;
pub(crate) mod emit;
pub(crate) mod exception;
mod flags;
mod key;
pub(crate) mod license;
mod npm_keys;
pub(crate) mod package;
pub(crate) mod path;
pub(crate) mod signer;
mod strength;
mod tenancy;
pub(crate) mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::oci::{Algorithm, Digest, NpmPackage};
use crate::packages::Severity;

pub use crate::attestation::generic::rules::{AttestationRules, COSIGN_TYPES, FieldRule, FieldValue};
pub use crate::attestation::provenance::rules::{
    BuildLevel, DependencyRule, DependencyRules, ExpectedValue, ParameterError, ParameterPath, ParameterRule,
    ProvenanceFlags, ProvenanceRules, ProvenanceSourceRule, RepositoryError, UnknownParameters, UnknownType,
};
pub use crate::attestation::rules::{Asked, Incomplete, Requirement};
pub use crate::attestation::sbom::rules::{
    ExceptedLicense, MinimumElements, NoAssertion, SbomException, SbomFormat, SbomList, SbomRules,
};
pub use crate::attestation::scan::rules::{Ignored, VulnerabilityRules};
pub use crate::attestation::vsa::rules::{Level, SummaryRules};
pub use age::{AgeError, MaxAge};
pub use builder::{BuilderRule, KNOWN_BUILDERS, KnownBuilder, KnownSigner, is_delegator, is_of_generator, is_release};
pub use claim::Claim;
pub use document::{Document, DocumentError, ImageError, Place, Problem, ReadFile, Rule};
pub(crate) use document::{is_instance, lines, unreachable, yaml};
pub use exception::Exception;
pub use flags::{SignerFlags, owner_and_name};
pub use key::{KeyError, KeyKind, KeyRule, KeyWindow, LogRule, PublicKey};
pub use license::{LicenseExpression, LicenseRule, LicenseRuleError, LicenseTerm};
pub use npm_keys::{NpmKeys, NpmKeysError};
pub use package::{Component, Match, PackageRule, PackageRuleError, PackageRules, names};
pub use path::FieldPath;
pub use signer::{
    Caller, CertificateRule, ClaimRule, GITHUB_ISSUER, IdentityKind, IdentityRule, Signer, Signers, SourceRule,
};
pub use strength::{broken_hash, weakness};
pub use tenancy::Strangers;
pub(crate) use tenancy::service_of;
pub use text::{PatternError, TextRule};

/// What stands behind a signature in the transparency log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogEvidence {
    /// A promise of the log (SET), or an inclusion proof.
    PromiseOrProof,
    /// An inclusion proof.
    Proof,
}

/// One requirement, and who may satisfy it how. One candidate must do so by itself.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Its name within the policy, by which reports name it.
    pub id: String,
    /// The requirement with its rules.
    pub asked: Asked,
    /// Who must have signed it.
    pub signers: Signers,
    /// The trust domains, by name, that it may verify in; `None` for every one of the run.
    pub domains: Option<Vec<String>>,
    /// What the log must say.
    pub log: LogEvidence,
    /// Until when and why it does not count.
    pub exception: Option<Exception>,
}

impl Expectation {
    /// Returns what must be attached.
    pub const fn requirement(&self) -> Requirement {
        self.asked.requirement()
    }

    fn canonical_text(&self) -> String {
        let domains = self.domains.as_ref().map_or_else(String::new, |names| format!("domains {names:?}\n"));
        let log = match self.log {
            LogEvidence::PromiseOrProof => "",
            LogEvidence::Proof => "log proof\n",
        };
        let exception = self.exception.as_ref().map_or_else(String::new, Exception::canonical_text);
        format!(
            "require {} {:?}\n{}{}{domains}{log}{exception}",
            self.requirement(),
            self.id,
            self.asked.canonical_text(),
            self.signers.canonical_text()
        )
    }
}

/// Where a policy is written, which decides how a hint says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenIn {
    /// Flags of the command line.
    Flags,
    /// A policy file.
    File,
}

/// A proved policy for one image: every requirement must be satisfied.
#[derive(Debug, Clone)]
pub struct Policy {
    source: String,
    sha256: String,
    written_in: WrittenIn,
    expectations: Vec<Expectation>,
    expected_digest: Option<Digest>,
}

/// Why a policy cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Nothing is required.
    #[error("the policy requires nothing, and an empty policy is never a pass")]
    NothingRequired,
    /// A requirement that says nothing by its name alone.
    #[error("`{0}` says nothing alone")]
    WithoutRules(Requirement),
    /// No signer in particular.
    #[error("no signer is named: anyone with an account could have signed the image")]
    NoSigner,
    /// A pattern that strangers can satisfy.
    #[error("{0}")]
    Strangers(Strangers),
    /// An identity without the issuer that must vouch for it.
    #[error("an identity without an issuer: any issuer could assert `{identity}`")]
    NoIssuer {
        /// The identity that was given.
        identity: String,
    },
    /// An issuer without an identity.
    #[error("an issuer without an identity: anyone with an account at `{issuer}` could have signed the image")]
    NoIdentity {
        /// The issuer that was given.
        issuer: String,
    },
    /// The source repository is not `owner/name`.
    #[error("`{0}` is not a repository: expected OWNER/NAME, such as acme/app")]
    Repository(String),
    /// The source repository is on another server than github.com.
    #[error("`{text}` is a repository of {host}, and a repository alone is one of github.com")]
    RepositoryElsewhere {
        /// What was given.
        text: String,
        /// The server.
        host: String,
        /// `OWNER/NAME`.
        name: String,
    },
    /// The owner is none of GitHub's.
    #[error("`{0}` is not an owner: expected the name of a user or organisation on GitHub, such as acme")]
    Owner(String),
    /// A rule for the source without a repository it belongs to.
    #[error("{flag} needs a repository: a ref or commit alone exists in every fork")]
    SourceWithoutRepository {
        /// The flag that was given.
        flag: &'static str,
    },
    /// Two kinds of signer at once: which of them must have signed?
    #[error(
        "a key and {flag} are both given, and a signature is made with a key or with a certificate, never with both"
    )]
    KeyWithIdentity {
        /// The flag that names a certificate.
        flag: String,
    },
    /// No log is wanted, and no key is given that could do without one.
    #[error("`--key-without-log` needs `--key`: certificate signatures always require a log entry")]
    NoLogWithoutKey,
    /// More signers must have signed than there are.
    #[error("more signers must have signed ({at_least}) than are named ({count})")]
    TooFewSigners {
        /// How many are named.
        count: usize,
        /// How many must have signed.
        at_least: usize,
    },
    /// Two flags say the same thing in two ways.
    #[error("{one} and {other} are both given, and they contradict each other")]
    TwoRules {
        /// The first flag.
        one: &'static str,
        /// The second.
        other: &'static str,
    },
    /// A pattern that cannot be used.
    #[error("{flag}: {error}")]
    Pattern {
        /// The flag that was given.
        flag: &'static str,
        /// The pattern's error.
        error: PatternError,
    },
    /// The signer's workflow is not `owner/name/.github/workflows/file`.
    #[error("`{0}` is not a workflow: expected OWNER/NAME/.github/workflows/FILE, with @REF if it must be one")]
    SignerWorkflow(String),
    /// A value of another form than its flag takes.
    #[error("{flag}: `{written}` cannot be used, expected {expected}")]
    Malformed {
        /// The flag that was given.
        flag: &'static str,
        /// What was given.
        written: String,
        /// What can be used.
        expected: String,
    },
    /// A flag for a kind that is not required.
    #[error("{flag} is about {requirement}, which is not required")]
    NotRequired {
        /// The flag that was given.
        flag: String,
        /// The requirement it is about.
        requirement: Requirement,
    },
    /// Nothing is required of a package but what its registry signs.
    #[error(
        "nothing is required of `{package}` but its registry's signature, which says nothing about the signer that is named"
    )]
    RegistryAlone {
        /// The package.
        package: String,
    },
    /// A value that no certificate can ever have.
    #[error("{what} is empty: no certificate can match it")]
    Empty {
        /// The field.
        what: &'static str,
    },
}

impl PolicyError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        const BOTH: &str = "--certificate-identity IDENTITY --certificate-oidc-issuer URL";
        const ISSUER: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com";
        match self {
            Self::NothingRequired => "leave `--require` out to require signature, provenance and sbom".to_owned(),
            Self::WithoutRules(_) => "write it in a policy file, with its fields: `bonafide schema policy`".to_owned(),
            Self::NoSigner => format!(
                "name the expected signer: `{BOTH}`, or `--repo OWNER/NAME` for GitHub Actions, or `--key FILE`"
            ),
            Self::Strangers(strangers) if strangers.may_pin_source() => {
                format!("{}, or pin the source with `--repo OWNER/NAME`", strangers.hint())
            }
            Self::Strangers(strangers) => strangers.hint(),
            Self::NoIssuer { identity } if identity.starts_with("https://github.com/") => format!("add `{ISSUER}`"),
            Self::NoIssuer { .. } => "add `--certificate-oidc-issuer URL`".to_owned(),
            Self::NoIdentity { .. } => {
                "add `--certificate-identity IDENTITY`, or `--repo OWNER/NAME` for GitHub Actions".to_owned()
            }
            Self::Repository(_) => "write `--repo OWNER/NAME`".to_owned(),
            Self::RepositoryElsewhere { host, name, .. } if host.starts_with("gitlab") => {
                format!("write a policy file with `gitlab: {{project: {name}, server: https://{host}}}`")
            }
            Self::RepositoryElsewhere { host, name, .. } => format!(
                "name the workflow: `--certificate-identity https://{host}/{name}/.github/workflows/FILE@REF --certificate-oidc-issuer URL`, or in a policy file `github: {{repository: {name}, server: https://{host}, issuer: URL}}`"
            ),
            Self::Owner(_) => "write `--owner OWNER`, or `--repo OWNER/NAME` for one repository".to_owned(),
            Self::SourceWithoutRepository { .. } => "add `--repo OWNER/NAME`".to_owned(),
            Self::KeyWithIdentity { flag } => format!("leave out `--key` or `{flag}`; run twice to require both"),
            Self::NoLogWithoutKey => "add `--key FILE`, or leave `--key-without-log` out".to_owned(),
            Self::TooFewSigners { .. } => "name more signers, or require fewer of them".to_owned(),
            Self::TwoRules { one, other } => format!("leave out `{one}` or `{other}`"),
            Self::Pattern { .. } => {
                "regular expressions are those of Rust's `regex` crate, without look-around; they match the whole text"
                    .to_owned()
            }
            Self::SignerWorkflow(_) => "write `--signer-workflow OWNER/NAME/.github/workflows/FILE`".to_owned(),
            Self::Malformed { flag, .. } => format!("correct `{flag}`; `bonafide verify --help` shows its values"),
            Self::NotRequired { flag, requirement } => {
                format!("add {requirement} to `--require`, or leave out `{flag}`")
            }
            Self::RegistryAlone { .. } => {
                "require provenance too: it says who built the package, and from what; or name the registry's key with `--key` in place of a signer".to_owned()
            }
            Self::Empty { .. } => "is a variable in the command line unset?".to_owned(),
        }
    }
}

/// Where a policy is written, and the digest of its text.
#[derive(Clone, Copy)]
pub(in crate::policy) struct PolicyText<'a> {
    pub(in crate::policy) source: &'a str,
    pub(in crate::policy) written_in: WrittenIn,
    pub(in crate::policy) sha256: &'a str,
}

impl Policy {
    /// Builds a policy from what the command line says, of requirements without rules of their own.
    pub fn from_flags(
        signer: Signer,
        requirements: impl IntoIterator<Item = Requirement>,
        expected_digest: Option<Digest>,
    ) -> Result<Self, PolicyError> {
        let plain = |requirement| Asked::plain(requirement).ok_or(PolicyError::WithoutRules(requirement));
        let asked = requirements.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        Self::from_flags_asking(signer, asked, expected_digest)
    }

    /// The same, of requirements that have rules. Of two with one name the first counts.
    pub fn from_flags_asking(
        signer: Signer,
        mut asked: Vec<Asked>,
        expected_digest: Option<Digest>,
    ) -> Result<Self, PolicyError> {
        asked.sort_by_cached_key(|asked| (asked.requirement(), asked.id()));
        asked.dedup_by_key(|asked| asked.id());
        let signers = Signers::one(signer);
        let expectation = |asked: Asked| Expectation {
            id: asked.id(),
            asked,
            signers: signers.clone(),
            domains: None,
            log: LogEvidence::PromiseOrProof,
            exception: None,
        };
        let expectations: Vec<Expectation> = asked.into_iter().map(expectation).collect();
        let text: String = expectations.iter().map(Expectation::canonical_text).collect();
        let digest = expected_digest.as_ref().map_or_else(String::new, |digest| format!("digest {digest}\n"));
        let sha256 = Digest::of(Algorithm::Sha256, format!("bonafide policy 1\n{text}{digest}").as_bytes());
        let text = PolicyText { source: "flags", written_in: WrittenIn::Flags, sha256: sha256.hex() };
        Self::new(text, expectations, expected_digest, None)
    }

    /// Returns everything that it requires, as text: the same text, the same requirements.
    pub fn canonical_text(&self) -> String {
        let digest = self.expected_digest.as_ref().map_or_else(String::new, |digest| format!("digest {digest}\n"));
        self.expectations.iter().map(Expectation::canonical_text).collect::<String>() + &digest
    }

    /// Whether it asks for something of this kind.
    pub fn requires(&self, requirement: Requirement) -> bool {
        self.expectations.iter().any(|expectation| expectation.requirement() == requirement)
    }

    /// Returns the same policy, with known vulnerabilities of this severity or a worse one denied in every SBOM.
    /// Existing denials stay.
    #[must_use]
    pub fn denying_severity(mut self, severity: Severity) -> Self {
        for expectation in &mut self.expectations {
            if let Asked::Sbom(rules) = &mut expectation.asked {
                rules.deny_severity = Some(rules.deny_severity.map_or(severity, |own| own.min(severity)));
            }
        }
        let text = format!("{}\ndeny severity {severity}\n", self.sha256);
        Digest::of(Algorithm::Sha256, text.as_bytes()).hex().clone_into(&mut self.sha256);
        self
    }

    /// Returns the same policy for a package of npm. The publisher signs no package by itself: a `signature` is that of the registry,
    /// by these keys, unless the policy names keys of its own for it. It says nothing of who made the package, so it never stands
    /// alone for a signer that the policy names.
    pub fn of_package(mut self, package: &NpmPackage, keys: &NpmKeys, now: Timestamp) -> Result<Self, PolicyError> {
        let is_of_registry = |expectation: &Expectation| {
            let names_certificate = |signer: &Signer| matches!(signer, Signer::Certificate(_));
            expectation.requirement() == Requirement::Signature
                && expectation.signers.listed().iter().any(names_certificate)
        };
        let is_excepted =
            |expectation: &Expectation| expectation.exception.as_ref().is_some_and(|exception| exception.works_at(now));
        if self.expectations.iter().all(|expectation| is_of_registry(expectation) || is_excepted(expectation)) {
            return Err(PolicyError::RegistryAlone { package: package.to_string() });
        }
        let registry = Signer::Keys(keys.rule().clone());
        for expectation in self.expectations.iter_mut().filter(|expectation| is_of_registry(expectation)) {
            expectation.signers = Signers::one(registry.clone());
        }
        let text = format!("{}\nregistry {}\n", self.sha256, registry.canonical_text());
        Digest::of(Algorithm::Sha256, text.as_bytes()).hex().clone_into(&mut self.sha256);
        Ok(self)
    }

    /// Returns the same policy without a requirement that was only there because none was named.
    #[must_use]
    pub fn without(mut self, requirement: Requirement) -> Self {
        self.expectations.retain(|expectation| expectation.requirement() != requirement);
        let text = format!("{}\nwithout {requirement}\n", self.sha256);
        Digest::of(Algorithm::Sha256, text.as_bytes()).hex().clone_into(&mut self.sha256);
        self
    }

    /// Returns the same policy, that also requires this digest of the target.
    #[must_use]
    pub fn pinned_to(&self, digest: Digest) -> Self {
        Self { expected_digest: Some(digest), ..self.clone() }
    }

    /// Returns the same policy for another image than the one that must have the expected digest.
    #[must_use]
    pub fn without_pin(&self) -> Self {
        Self { expected_digest: None, ..self.clone() }
    }

    /// Proves that something is required.
    pub(in crate::policy) fn new(
        text: PolicyText<'_>,
        expectations: Vec<Expectation>,
        expected_digest: Option<Digest>,
        now: Option<Timestamp>,
    ) -> Result<Self, PolicyError> {
        let PolicyText { source, written_in, sha256 } = text;
        // Where an exception that works covers every requirement, nothing is required: that is never a pass (A255, A267).
        let is_excepted = |expectation: &Expectation| {
            let works = |exception: &Exception| now.is_none_or(|now| exception.works_at(now));
            expectation.exception.as_ref().is_some_and(works)
        };
        if expectations.iter().all(is_excepted) {
            return Err(PolicyError::NothingRequired);
        }
        Ok(Self { source: source.to_owned(), sha256: sha256.to_owned(), written_in, expectations, expected_digest })
    }

    /// Returns where the policy came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns where it is written.
    pub fn written_in(&self) -> WrittenIn {
        self.written_in
    }

    /// Returns the SHA-256 that names this policy in reports, as hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Returns the requirements in the order of reports. At least one is not covered by an exception.
    pub fn expectations(&self) -> &[Expectation] {
        &self.expectations
    }

    /// Returns a requirement that any signer in the policy satisfies. Evidence outside every requirement is judged by
    /// it, so that a report can name its signer. It decides no verdict.
    pub fn anybody_named(&self) -> Expectation {
        let listed = self
            .expectations
            .iter()
            .flat_map(|expectation| expectation.signers.listed().iter().chain(expectation.asked.vex_signers()));
        let mut seen = BTreeSet::new();
        let signers: Vec<Signer> = listed.filter(|signer| seen.insert(signer.canonical_text())).cloned().collect();
        Expectation {
            id: "unasked".to_owned(),
            asked: Asked::Signature(Box::default()),
            signers: Signers::new(signers, 1).unwrap_or_else(|_| self.expectations[0].signers.clone()),
            domains: self.named_domains(),
            log: LogEvidence::PromiseOrProof,
            exception: None,
        }
    }

    /// The trust domains that some requirement allows; `None` if one allows all.
    fn named_domains(&self) -> Option<Vec<String>> {
        let lists: Option<Vec<&Vec<String>>> =
            self.expectations.iter().map(|expectation| expectation.domains.as_ref()).collect();
        let mut names: Vec<String> = lists?.into_iter().flatten().cloned().collect();
        names.sort();
        names.dedup();
        Some(names)
    }

    /// Returns the digest that the reference must resolve to, if one is required.
    pub fn expected_digest(&self) -> Option<&Digest> {
        self.expected_digest.as_ref()
    }
}
