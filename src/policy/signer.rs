//! Who may sign: a certificate's identity, issuer and source repository, or keys.

use super::PolicyError;
use super::key::KeyRule;

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

    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uri => "uri",
            Self::Email => "email",
            Self::OtherName => "other-name",
        }
    }
}

/// What the subject alternative name of the certificate must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// Exactly this text, byte for byte.
    Exact(String),
    /// A workflow of this GitHub repository: the name begins with `https://github.com/OWNER/NAME/`.
    WorkflowOf(String),
}

impl IdentityRule {
    /// Whether an identity satisfies the rule. A name of one kind never stands in for one of another: a text with a scheme
    /// is a URI, and any other is none (A193).
    pub fn matches(&self, kind: IdentityKind, identity: &str) -> bool {
        match self {
            Self::Exact(expected) => identity == expected && kind == IdentityKind::of(expected),
            // Names on github.com do not distinguish upper and lower case.
            Self::WorkflowOf(repository) => {
                kind == IdentityKind::Uri
                    && identity.split_at_checked(repository.len()).is_some_and(|(start, rest)| {
                        start.eq_ignore_ascii_case(repository) && rest.starts_with("/.github/workflows/")
                    })
            }
        }
    }

    /// Returns the rule as a person would write it.
    pub fn describe(&self) -> String {
        match self {
            Self::Exact(expected) => expected.clone(),
            Self::WorkflowOf(repository) => format!("{repository}/.github/workflows/…"),
        }
    }
}

/// Which source a workflow must have run for. A claim that is asked for and absent fails (A202).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRule {
    /// The repository as a URL: `https://github.com/OWNER/NAME`.
    pub repository: String,
    /// The full git ref, such as `refs/tags/v1.2.3`.
    pub reference: Option<String>,
    /// The commit.
    pub digest: Option<String>,
}

/// Who may sign. A certificate never stands in for a key, nor a key for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Whoever a certificate with these properties was issued to.
    Certificate(CertificateRule),
    /// Whoever holds one of these keys.
    Keys(KeyRule),
}

/// One keyless signer: all of its rules must hold on one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRule {
    /// What the certificate must name.
    pub identity: IdentityRule,
    /// Who must have vouched for it, byte for byte.
    pub issuer: String,
    /// Which source it must have signed for, if that is pinned.
    pub source: Option<SourceRule>,
}

/// The words of the command line that name a signer, before they are proved to name one.
struct SignerFlags<'a> {
    identity: Option<&'a str>,
    issuer: Option<&'a str>,
    repository: Option<&'a str>,
    reference: Option<&'a str>,
    digest: Option<&'a str>,
}

impl Signer {
    /// Proves that the flags name a signer.
    ///
    /// `repository` alone is enough, as with `gh attestation verify --repo`: it implies GitHub's issuer and a workflow
    /// of that very repository. With an identity beside it, it pins the source that a reusable workflow ran for.
    ///
    /// # Errors
    /// Everything that would let more than one signer through; see [`PolicyError`].
    pub fn from_flags(
        identity: Option<&str>,
        issuer: Option<&str>,
        repository: Option<&str>,
        reference: Option<&str>,
        digest: Option<&str>,
    ) -> Result<Self, PolicyError> {
        SignerFlags { identity, issuer, repository, reference, digest }.prove().map(Self::Certificate)
    }

    /// Returns the source that a certificate must have signed for, if that is pinned.
    pub fn source(&self) -> Option<&SourceRule> {
        match self {
            Self::Certificate(rule) => rule.source.as_ref(),
            Self::Keys(_) => None,
        }
    }

    /// Returns the rules as lines of text, for the policy's hash.
    pub(super) fn canonical_text(&self) -> String {
        match self {
            Self::Certificate(rule) => rule.canonical_text(),
            Self::Keys(rule) => rule.canonical_text(),
        }
    }
}

impl CertificateRule {
    fn canonical_text(&self) -> String {
        let source = self.source.as_ref().map_or_else(String::new, |source| {
            let or_dash = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
            format!("source {:?} {:?} {:?}\n", source.repository, or_dash(&source.reference), or_dash(&source.digest))
        });
        // Quoted, so that no value can look like another line.
        format!("identity {:?}\nissuer {:?}\n{source}", self.identity, self.issuer)
    }
}

impl SignerFlags<'_> {
    fn prove(&self) -> Result<CertificateRule, PolicyError> {
        self.refuse_empty()?;
        let source = self.source()?;
        let (identity, issuer) = match (self.identity, self.issuer, &source) {
            (Some(identity), Some(issuer), _) => (IdentityRule::Exact(identity.to_owned()), issuer.to_owned()),
            (None, None, Some(source)) => {
                (IdentityRule::WorkflowOf(source.repository.clone()), GITHUB_ISSUER.to_owned())
            }
            (None, None, None) => return Err(PolicyError::NoSigner),
            (Some(identity), None, _) => return Err(PolicyError::NoIssuer { identity: identity.to_owned() }),
            (None, Some(issuer), None) => return Err(PolicyError::NoIdentity { issuer: issuer.to_owned() }),
            (None, Some(issuer), Some(source)) => {
                (IdentityRule::WorkflowOf(source.repository.clone()), issuer.to_owned())
            }
        };
        Ok(CertificateRule { identity, issuer, source })
    }

    fn refuse_empty(&self) -> Result<(), PolicyError> {
        let fields = [
            ("the certificate identity", self.identity),
            ("the certificate issuer", self.issuer),
            ("the repository", self.repository),
            ("the source ref", self.reference),
            ("the source digest", self.digest),
        ];
        match fields.into_iter().find(|(_, value)| value.is_some_and(|text| text.trim().is_empty())) {
            Some((what, _)) => Err(PolicyError::Empty { what }),
            None => Ok(()),
        }
    }

    fn source(&self) -> Result<Option<SourceRule>, PolicyError> {
        let Some(repository) = self.repository else {
            return match (self.reference, self.digest) {
                (None, None) => Ok(None),
                (Some(_), _) => Err(PolicyError::SourceWithoutRepository { flag: "--source-ref" }),
                (None, Some(_)) => Err(PolicyError::SourceWithoutRepository { flag: "--source-digest" }),
            };
        };
        Ok(Some(SourceRule {
            repository: format!("https://github.com/{}", owner_and_name(repository)?),
            reference: self.reference.map(str::to_owned),
            digest: self.digest.map(str::to_owned),
        }))
    }
}

/// Accepts `owner/name`, also in the URL form people paste.
fn owner_and_name(text: &str) -> Result<&str, PolicyError> {
    let bare = text.strip_prefix("https://github.com/").unwrap_or(text).trim_end_matches('/');
    let mut parts = bare.split('/');
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match (parts.next(), parts.next(), parts.next()) {
        (Some(owner), Some(name), None) if is_name(owner) && is_name(name) => Ok(bare),
        _ => Err(PolicyError::Repository(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
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
    fn a182_identity_and_issuer_come_together() {
        assert!(matches!(Signer::from_flags(Some("a@b.c"), None, None, None, None), Err(PolicyError::NoIssuer { .. })));
        assert!(matches!(
            Signer::from_flags(None, Some("https://i"), None, None, None),
            Err(PolicyError::NoIdentity { .. })
        ));
    }

    fn workflows_of(repository: &str) -> CertificateRule {
        match Signer::from_flags(None, None, Some(repository), None, None) {
            Ok(Signer::Certificate(rule)) => rule,
            other => panic!("expected a rule for certificates, found {other:?}"),
        }
    }

    #[test]
    fn a_repository_alone_names_its_own_workflows_at_github() {
        let signer = workflows_of("acme/app");
        assert_eq!(signer.issuer, GITHUB_ISSUER);
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
        for rule in
            [IdentityRule::Exact(uri.to_owned()), IdentityRule::WorkflowOf("https://github.com/acme/app".to_owned())]
        {
            assert!(rule.matches(IdentityKind::Uri, uri));
            assert!(!rule.matches(IdentityKind::Email, uri));
            assert!(!rule.matches(IdentityKind::OtherName, uri));
        }
        let address = IdentityRule::Exact("alice@acme.example".to_owned());
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
        for text in ["acme", "acme/", "/app", "acme/app/x", "acme/app?x", "https://gitlab.com/acme/app", "acme /app"] {
            assert!(
                matches!(Signer::from_flags(None, None, Some(text), None, None), Err(PolicyError::Repository(_))),
                "{text}"
            );
        }
        assert!(Signer::from_flags(None, None, Some("https://github.com/acme/app/"), None, None).is_ok());
    }
}
