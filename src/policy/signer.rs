//! Who may sign: a certificate's identity, issuer and source repository, or keys.

use crate::check::{SignerKind, WorkflowName};

use super::PolicyError;
use super::claim::Claim;
use super::key::KeyRule;
use super::text::TextRule;

/// The issuer of identity tokens for GitHub Actions workflows on github.com.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The kind of the one name that a certificate has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// A URI: a workflow, a service account.
    Uri,
    /// An e-mail address.
    Email,
    /// A user name, in Fulcio's own `otherName`.
    OtherName,
}

impl IdentityKind {
    /// Returns the kind that a name has by its form: URIs have a scheme, addresses an at sign, and the rest are Fulcio's
    /// `user!domain`.
    fn of(name: &str) -> Self {
        match (name.contains("://"), name.contains('@')) {
            (true, _) => Self::Uri,
            (false, true) => Self::Email,
            (false, false) => Self::OtherName,
        }
    }
}

impl From<IdentityKind> for SignerKind {
    fn from(kind: IdentityKind) -> Self {
        match kind {
            IdentityKind::Uri => Self::Uri,
            IdentityKind::Email => Self::Email,
            IdentityKind::OtherName => Self::OtherName,
        }
    }
}

/// What the subject alternative name of the certificate must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// The whole name.
    Name(TextRule),
    /// A GitHub workflow: the name is `REPOSITORY/.github/workflows/FILE@REF`.
    Workflow {
        /// The repository that the workflow lies in, as a URL.
        repository: TextRule,
        /// What follows the repository: `.github/workflows/FILE@REF`.
        file: TextRule,
        /// Whose workflow it must be.
        caller: Caller,
    },
}

/// Whose workflow may have signed. A reusable workflow can be called by anyone: its own repository is in the name of the
/// certificate, the caller's in the claims (fulcio `oid-info.md`, `.9` and `.12`; A198).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The repository's own, which ran for that very repository.
    Itself,
    /// A reusable one, which another repository called that is pinned beside it.
    Pinned,
}

impl IdentityRule {
    /// The workflows of a repository given as a URL.
    pub(crate) fn workflow_of(repository: TextRule) -> Self {
        let file = TextRule::glob(".github/workflows/**").expect("a constant glob compiles");
        Self::Workflow { repository, file, caller: Caller::Itself }
    }

    /// The workflows of every repository of an owner. One may call another: both are the owner's.
    pub(super) fn workflow_of_owner(repositories: TextRule) -> Self {
        let file = TextRule::glob(".github/workflows/**").expect("a constant glob compiles");
        Self::Workflow { repository: repositories, file, caller: Caller::Pinned }
    }

    /// Whether an identity satisfies the rule. A name of one kind never stands in for one of another: a text with a scheme
    /// is a URI, and any other is none (A193).
    pub fn matches(&self, kind: IdentityKind, identity: &str) -> bool {
        if kind != IdentityKind::of(identity) {
            return false;
        }
        match self {
            Self::Name(name) => name.matches(identity),
            Self::Workflow { repository, file, .. } => WorkflowName::of_github(identity)
                .is_some_and(|found| repository.matches(found.repository) && file.matches(&found.path_at_ref())),
        }
    }

    /// Returns the rule as a person would write it.
    pub fn describe(&self) -> String {
        match self {
            Self::Name(name) => name.to_string(),
            Self::Workflow { repository, file, .. } if file.as_str() == ".github/workflows/**" => {
                format!("{repository}/.github/workflows/…")
            }
            Self::Workflow { repository, file, .. } => format!("{repository}/{file}"),
        }
    }

    fn canonical_text(&self) -> String {
        match self {
            Self::Name(name) => name.canonical_text(),
            Self::Workflow { repository, file, caller } => {
                format!("workflow {} {} {caller:?}", repository.canonical_text(), file.canonical_text())
            }
        }
    }
}

/// Which source a workflow must have run for. A claim that is asked for and absent fails (A202).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRule {
    /// The repository as a URL: `https://github.com/OWNER/NAME`.
    pub repository: TextRule,
    /// The full git ref, such as `refs/tags/v1.2.3`.
    pub reference: Option<TextRule>,
    /// The commit.
    pub digest: Option<TextRule>,
}

/// What one claim of the certificate must be. Absent, it fails (A202).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRule {
    /// The claim.
    pub claim: Claim,
    /// Its value.
    pub value: TextRule,
}

/// Who may sign. A certificate never stands in for a key, nor a key for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The holder of a certificate with these properties.
    Certificate(Box<CertificateRule>),
    /// The holder of one of these keys.
    Keys(KeyRule),
}

/// One keyless signer: all of its rules must hold on one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRule {
    /// What the certificate must name.
    pub identity: IdentityRule,
    /// Who must have vouched for it.
    pub issuer: TextRule,
    /// Which source it must have signed for, if that is pinned.
    pub source: Option<SourceRule>,
    /// What else the certificate must say.
    pub claims: Vec<ClaimRule>,
}

/// Signers, and how many of them must have signed, each by itself.
///
/// No one stands in for two: of those that signed, as many as are required must be different, and each must be a
/// different one of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signers {
    listed: Vec<Signer>,
    at_least: usize,
}

impl Signers {
    /// One signer, who must have signed.
    pub fn one(signer: Signer) -> Self {
        Self { listed: vec![signer], at_least: 1 }
    }

    /// Proves that at least one signer is required, and not more than are listed.
    pub fn new(listed: Vec<Signer>, at_least: usize) -> Result<Self, PolicyError> {
        match (listed.len(), at_least) {
            (0, _) | (_, 0) => Err(PolicyError::NoSigner),
            (count, at_least) if at_least > count => Err(PolicyError::TooFewSigners { count, at_least }),
            _ => Ok(Self { listed, at_least }),
        }
    }

    /// Returns the signers, at least one.
    pub fn listed(&self) -> &[Signer] {
        &self.listed
    }

    /// Returns how many of them must have signed: at least one, at most all.
    pub fn at_least(&self) -> usize {
        self.at_least
    }

    pub(crate) fn canonical_text(&self) -> String {
        let listed: String = self.listed.iter().map(Signer::canonical_text).collect();
        let count = if self.at_least == 1 { String::new() } else { format!("at-least {}\n", self.at_least) };
        format!("{count}{listed}")
    }
}

impl Signer {
    /// Returns the source that a certificate must have signed for, if that is pinned.
    pub fn source(&self) -> Option<&SourceRule> {
        match self {
            Self::Certificate(rule) => rule.source.as_ref(),
            Self::Keys(_) => None,
        }
    }

    /// Returns the signer as a person reads it.
    pub fn describe(&self) -> String {
        match self {
            Self::Certificate(rule) => rule.identity.describe(),
            Self::Keys(rule) => format!("the key {}", rule.describe()),
        }
    }

    /// Returns the rules as lines of text, for the policy's hash.
    pub(crate) fn canonical_text(&self) -> String {
        match self {
            Self::Certificate(rule) => rule.canonical_text(),
            Self::Keys(rule) => rule.canonical_text(),
        }
    }
}

impl CertificateRule {
    /// Quoted, so that no value can look like another line.
    fn canonical_text(&self) -> String {
        let or_dash = |rule: &Option<TextRule>| rule.as_ref().map_or_else(|| "-".to_owned(), TextRule::canonical_text);
        let source = self.source.as_ref().map_or_else(String::new, |source| {
            let repository = source.repository.canonical_text();
            format!("source {repository} {} {}\n", or_dash(&source.reference), or_dash(&source.digest))
        });
        let claim = |rule: &ClaimRule| format!("claim {} {}\n", rule.claim, rule.value.canonical_text());
        let claims = self.claims.iter().map(claim).collect::<Vec<_>>().concat();
        format!(
            "identity {}\nissuer {}\n{source}{claims}",
            self.identity.canonical_text(),
            self.issuer.canonical_text()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::SignerFlags;
    use super::*;

    #[test]
    fn a181_nobody_is_not_a_signer() {
        assert_eq!(Signer::from_flags(None, None, None, None, None), Err(PolicyError::NoSigner));
        assert_eq!(
            Signer::from_flags(Some(" "), Some("x"), None, None, None),
            Err(PolicyError::Empty { what: "the certificate identity" })
        );
    }

    #[test]
    fn a181_a_pattern_that_everybody_matches_names_nobody() {
        let flags = |identity, issuer| SignerFlags {
            identity_regexp: Some(identity),
            issuer_regexp: Some(issuer),
            ..SignerFlags::default()
        };
        for (identity, issuer) in [
            (".*", ".*"),
            (r"https://github\.com/.*", r"https://token\.actions\.githubusercontent\.com"),
            (".*@.*", "https://accounts.google.com"),
        ] {
            assert!(matches!(flags(identity, issuer).prove(), Err(PolicyError::Strangers(_))), "{identity}");
        }
        assert!(flags(r"https://github\.com/acme/.*", ".*").prove().is_ok(), "an owner names a signer");
        assert!(flags(".*", r"https://accounts\.acme\.example").prove().is_ok(), "so is everyone of one house");
        let github = r"https://token\.actions\.githubusercontent\.com";
        let pinned = SignerFlags { repository: Some("acme/app"), ..flags(".*", github) };
        assert!(pinned.prove().is_ok(), "and so does a signer for one repository");
        let anywhere = SignerFlags { repository: Some("acme/app"), ..flags(".*", ".*") };
        assert!(anywhere.prove().is_err(), "but on Codefresh anyone can build a public repository");
    }

    #[test]
    fn a182_identity_and_issuer_come_together() {
        assert!(matches!(Signer::from_flags(Some("a@b.c"), None, None, None, None), Err(PolicyError::NoIssuer { .. })));
        assert!(matches!(
            Signer::from_flags(None, Some("https://i"), None, None, None),
            Err(PolicyError::NoIdentity { .. })
        ));
    }

    fn workflows_of(repository: &str) -> Box<CertificateRule> {
        match Signer::from_flags(None, None, Some(repository), None, None) {
            Ok(Signer::Certificate(rule)) => rule,
            other => panic!("expected a rule for certificates, found {other:?}"),
        }
    }

    #[test]
    fn a_repository_alone_names_its_own_workflows_at_github() {
        let signer = workflows_of("acme/app");
        assert_eq!(signer.issuer, TextRule::exact(GITHUB_ISSUER));
        assert!(
            signer
                .identity
                .matches(IdentityKind::Uri, "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main")
        );
    }

    #[test]
    fn a183_a_repository_whose_name_begins_alike_is_another() {
        let signer = workflows_of("acme/app");
        assert!(
            !signer
                .identity
                .matches(IdentityKind::Uri, "https://github.com/acme/app-evil/.github/workflows/x.yml@refs/heads/main")
        );
        assert!(
            !signer
                .identity
                .matches(IdentityKind::Uri, "https://github.com/acme/app.evil/.github/workflows/x.yml@refs/heads/main")
        );
        assert!(
            !signer
                .identity
                .matches(IdentityKind::Uri, "https://github.com.evil/acme/app/.github/workflows/x.yml@refs/heads/main")
        );
    }

    #[test]
    fn a193_a_name_of_one_kind_never_stands_in_for_another() {
        let uri = "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main";
        for rule in [
            IdentityRule::Name(TextRule::exact(uri)),
            IdentityRule::workflow_of(TextRule::exact("https://github.com/acme/app")),
        ] {
            assert!(rule.matches(IdentityKind::Uri, uri));
            assert!(!rule.matches(IdentityKind::Email, uri));
            assert!(!rule.matches(IdentityKind::OtherName, uri));
        }
        let address = IdentityRule::Name(TextRule::exact("alice@acme.example"));
        assert!(address.matches(IdentityKind::Email, "alice@acme.example"));
        assert!(!address.matches(IdentityKind::Uri, "alice@acme.example"));
    }

    #[test]
    fn repositories_on_github_do_not_distinguish_case() {
        let signer = workflows_of("Acme/App");
        assert!(
            signer
                .identity
                .matches(IdentityKind::Uri, "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main")
        );
    }

    #[test]
    fn a_ref_or_commit_needs_its_repository() {
        assert!(matches!(
            Signer::from_flags(Some("i"), Some("j"), None, Some("refs/heads/main"), None),
            Err(PolicyError::SourceWithoutRepository { flag: "--source-ref" })
        ));
    }

    #[test]
    fn repositories_are_owner_and_name() {
        for text in ["acme", "acme/", "/app", "acme/app/x", "acme/app?x", "acme /app"] {
            assert!(
                matches!(Signer::from_flags(None, None, Some(text), None, None), Err(PolicyError::Repository(_))),
                "{text}"
            );
        }
        assert!(Signer::from_flags(None, None, Some("https://github.com/acme/app/"), None, None).is_ok());
    }
}
