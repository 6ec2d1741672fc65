//! The words of the command line that name a signer, before they are proved to name one.

use super::PolicyError;
use super::claim::Claim;
use super::signer::{Caller, CertificateRule, ClaimRule, GITHUB_ISSUER, IdentityRule, Signer, SourceRule};
use super::text::TextRule;

/// What the flags say of a signer. Names are those of cosign and gh where they have one.
#[derive(Debug, Clone, Default)]
pub struct SignerFlags<'a> {
    /// `--certificate-identity`
    pub identity: Option<&'a str>,
    /// `--certificate-identity-regexp`
    pub identity_regexp: Option<&'a str>,
    /// `--certificate-oidc-issuer`
    pub issuer: Option<&'a str>,
    /// `--certificate-oidc-issuer-regexp`
    pub issuer_regexp: Option<&'a str>,
    /// `--repo`
    pub repository: Option<&'a str>,
    /// `--owner`
    pub owner: Option<&'a str>,
    /// `--signer-workflow`
    pub signer_workflow: Option<&'a str>,
    /// `--source-ref`
    pub reference: Option<&'a str>,
    /// `--source-digest`
    pub digest: Option<&'a str>,
    /// `--deny-self-hosted-runners`
    pub deny_self_hosted_runners: bool,
    /// Claims with the value that each must have, such as those of `--certificate-github-workflow-ref`.
    pub claims: Vec<(Claim, String)>,
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
        SignerFlags { identity, issuer, repository, reference, digest, ..SignerFlags::default() }.prove()
    }
}

impl SignerFlags<'_> {
    /// Proves that the flags name a signer.
    ///
    /// # Errors
    /// Everything that would let more than one signer through; see [`PolicyError`].
    pub fn prove(&self) -> Result<Signer, PolicyError> {
        self.refuse_empty()?;
        self.refuse_two_rules_for_one()?;
        let source = self.source()?;
        let issuer = text_rule("--certificate-oidc-issuer-regexp", self.issuer, self.issuer_regexp)?;
        let identity = text_rule("--certificate-identity-regexp", self.identity, self.identity_regexp)?;
        let rule = CertificateRule {
            identity: self.identity_rule(identity, issuer.as_ref(), source.as_ref())?,
            issuer: issuer.unwrap_or_else(|| TextRule::exact(GITHUB_ISSUER)),
            source,
            claims: self.claims(),
        };
        if let Some(strangers) = rule.strangers() {
            return Err(PolicyError::Strangers(strangers));
        }
        Ok(Signer::Certificate(Box::new(rule)))
    }

    fn identity_rule(
        &self,
        identity: Option<TextRule>,
        issuer: Option<&TextRule>,
        source: Option<&SourceRule>,
    ) -> Result<IdentityRule, PolicyError> {
        match (identity, issuer, source) {
            (Some(identity), Some(_), _) => Ok(IdentityRule::Name(identity)),
            (Some(identity), None, _) => Err(PolicyError::NoIssuer { identity: identity.as_str().to_owned() }),
            (None, _, Some(source)) => match self.signer_workflow {
                Some(workflow) => workflow_rule(workflow, source),
                None if self.owner.is_some() => Ok(IdentityRule::workflow_of_owner(source.repository.clone())),
                None => Ok(IdentityRule::workflow_of(source.repository.clone())),
            },
            (None, _, None) if self.signer_workflow.is_some() => {
                Err(PolicyError::SourceWithoutRepository { flag: "--signer-workflow" })
            }
            (None, Some(issuer), None) => Err(PolicyError::NoIdentity { issuer: issuer.as_str().to_owned() }),
            (None, None, None) => Err(PolicyError::NoSigner),
        }
    }

    fn refuse_empty(&self) -> Result<(), PolicyError> {
        let fields = [
            ("the certificate identity", self.identity),
            ("the certificate identity's regular expression", self.identity_regexp),
            ("the certificate issuer", self.issuer),
            ("the certificate issuer's regular expression", self.issuer_regexp),
            ("the repository", self.repository),
            ("the owner", self.owner),
            ("the signer's workflow", self.signer_workflow),
            ("the source ref", self.reference),
            ("the source digest", self.digest),
        ];
        let claims = self.claims.iter().map(|(claim, value)| (claim.key(), Some(value.as_str())));
        match fields.into_iter().chain(claims).find(|(_, value)| value.is_some_and(|text| text.trim().is_empty())) {
            Some((what, _)) => Err(PolicyError::Empty { what }),
            None => Ok(()),
        }
    }

    /// Of two rules for one thing, which counts? Neither is dropped in silence (A189).
    fn refuse_two_rules_for_one(&self) -> Result<(), PolicyError> {
        let identities = [
            ("--certificate-identity", self.identity.is_some()),
            ("--certificate-identity-regexp", self.identity_regexp.is_some()),
            ("--signer-workflow", self.signer_workflow.is_some()),
        ];
        let issuers = [
            ("--certificate-oidc-issuer", self.issuer.is_some()),
            ("--certificate-oidc-issuer-regexp", self.issuer_regexp.is_some()),
        ];
        let sources = [("--repo", self.repository.is_some()), ("--owner", self.owner.is_some())];
        for group in [&identities[..], &issuers[..], &sources[..]] {
            let given: Vec<&'static str> = group.iter().filter(|(_, given)| *given).map(|(flag, _)| *flag).collect();
            if let [one, other, ..] = given.as_slice() {
                return Err(PolicyError::TwoRules { one, other });
            }
        }
        Ok(())
    }

    fn source(&self) -> Result<Option<SourceRule>, PolicyError> {
        let repository = match (self.repository, self.owner) {
            (Some(name), _) => {
                Some(TextRule::exact_ignoring_case(format!("https://github.com/{}", owner_and_name(name)?)))
            }
            (None, Some(owner)) => Some(repositories_of(owner)?),
            (None, None) => None,
        };
        let Some(repository) = repository else {
            return match (self.reference, self.digest) {
                (None, None) => Ok(None),
                (Some(_), _) => Err(PolicyError::SourceWithoutRepository { flag: "--source-ref" }),
                (None, Some(_)) => Err(PolicyError::SourceWithoutRepository { flag: "--source-digest" }),
            };
        };
        Ok(Some(SourceRule {
            repository,
            reference: self.reference.map(TextRule::exact),
            digest: self.digest.map(TextRule::exact),
        }))
    }

    fn claims(&self) -> Vec<ClaimRule> {
        let hosted = self
            .deny_self_hosted_runners
            .then(|| ClaimRule { claim: Claim::RunnerEnvironment, value: TextRule::exact("github-hosted") });
        let given = self.claims.iter().map(|(claim, value)| ClaimRule { claim: *claim, value: TextRule::exact(value) });
        given.chain(hosted).collect()
    }
}

fn text_rule(flag: &'static str, exact: Option<&str>, regexp: Option<&str>) -> Result<Option<TextRule>, PolicyError> {
    match (exact, regexp) {
        (Some(text), _) => Ok(Some(TextRule::exact(text))),
        (None, Some(text)) => TextRule::regexp(text).map(Some).map_err(|error| PolicyError::Pattern { flag, error }),
        (None, None) => Ok(None),
    }
}

/// `OWNER/NAME/.github/workflows/FILE[@REF]`, as `gh attestation verify --signer-workflow` takes it. The workflow of another
/// repository than the source's is a reusable one.
fn workflow_rule(text: &str, source: &SourceRule) -> Result<IdentityRule, PolicyError> {
    let wrong = || PolicyError::SignerWorkflow(text.to_owned());
    let bare = text.strip_prefix("https://").unwrap_or(text);
    let bare = bare.strip_prefix("github.com/").unwrap_or(bare);
    let (name, rest) = bare.split_once("/.github/workflows/").ok_or_else(wrong)?;
    let name = owner_and_name(name).map_err(|_| wrong())?;
    let (file, reference) = rest.split_once('@').unwrap_or((rest, "**"));
    if file.is_empty() || file.contains(['/', '*']) || reference.is_empty() {
        return Err(wrong());
    }
    let repository = TextRule::exact_ignoring_case(format!("https://github.com/{name}"));
    let is_its_own = source.repository.is_exact() && source.repository.matches(repository.as_str());
    let caller = if is_its_own { Caller::Itself } else { Caller::Pinned };
    let file = TextRule::glob(&format!(".github/workflows/{file}@{reference}")).map_err(|_| wrong())?;
    Ok(IdentityRule::Workflow { repository, file, caller })
}

/// Every repository of an owner. The name is taken whole: `acme` is not `acme-evil` (A183).
fn repositories_of(owner: &str) -> Result<TextRule, PolicyError> {
    let wrong = || PolicyError::Owner(owner.to_owned());
    let bare = owner.strip_prefix("https://").unwrap_or(owner);
    let name = bare.strip_prefix("github.com/").unwrap_or(bare).trim_end_matches('/');
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !is_name {
        return Err(wrong());
    }
    TextRule::glob_ignoring_case(&format!("https://github.com/{name}/*")).map_err(|_| wrong())
}

/// Reads `owner/name`, also as the addresses that people paste: of the web, and of git as its remotes are written.
pub fn owner_and_name(text: &str) -> Result<&str, PolicyError> {
    let wrong = || PolicyError::Repository(text.to_owned());
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let (host, path) = host_and_path(text);
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let Some((owner, name)) = path.split_once('/') else { return Err(wrong()) };
    match host {
        _ if !is_name(owner) || !is_name(name) => Err(wrong()),
        None => Ok(path),
        Some(host) if host.eq_ignore_ascii_case("github.com") || host.eq_ignore_ascii_case("www.github.com") => {
            Ok(path)
        }
        Some(host) => Err(PolicyError::RepositoryElsewhere {
            text: text.to_owned(),
            host: host.to_owned(),
            name: path.to_owned(),
        }),
    }
}

/// Splits an address: `https://HOST/PATH`, `ssh://git@HOST/PATH`, `git@HOST:PATH`, `HOST/OWNER/NAME`.
fn host_and_path(text: &str) -> (Option<&str>, &str) {
    let text = text.strip_prefix("git+").unwrap_or(text);
    let without_user = |rest: &'_ str| rest.find('@').map_or(0, |at| at + 1);
    for scheme in ["https://", "http://", "ssh://", "git://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let rest = &rest[without_user(rest)..];
            return rest.split_once('/').map_or((Some(rest), ""), |(host, path)| (Some(host), path));
        }
    }
    if let Some((host, path)) = text.strip_prefix("git@").and_then(|rest| rest.split_once(':')) {
        return (Some(host), path);
    }
    match text.split_once('/') {
        // Owners have no dots, and servers do.
        Some((host, path)) if host.contains(['.', ':']) && path.trim_end_matches('/').contains('/') => {
            (Some(host), path)
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::IdentityKind;

    fn rule(flags: &SignerFlags<'_>) -> CertificateRule {
        match flags.prove() {
            Ok(Signer::Certificate(rule)) => *rule,
            other => panic!("expected a rule for certificates, found {other:?}"),
        }
    }

    #[test]
    fn a189_a_regular_expression_beside_a_text_is_refused_and_never_ignored() {
        let both = SignerFlags {
            identity: Some("a@acme.example"),
            identity_regexp: Some(".*"),
            issuer: Some("https://accounts.acme.example"),
            ..SignerFlags::default()
        };
        assert_eq!(
            both.prove(),
            Err(PolicyError::TwoRules { one: "--certificate-identity", other: "--certificate-identity-regexp" })
        );
        let alone = SignerFlags { identity: None, ..both };
        assert!(rule(&alone).identity.matches(IdentityKind::Email, "b@acme.example"));
    }

    #[test]
    fn a_repository_is_taken_in_every_spelling_that_people_paste() {
        for text in [
            "acme/app",
            "acme/app/",
            "acme/app.git",
            "github.com/acme/app",
            "https://github.com/acme/app.git",
            "https://www.github.com/acme/app/",
            "http://GitHub.com/acme/app",
            "git+https://github.com/acme/app.git",
            "git@github.com:acme/app.git",
            "ssh://git@github.com/acme/app.git",
            "git://github.com/acme/app.git",
        ] {
            assert_eq!(owner_and_name(text), Ok("acme/app"), "{text}");
        }
        for text in ["ghe.example/acme/app", "https://ghe.example/acme/app", "git@ghe.example:acme/app.git"] {
            let Err(PolicyError::RepositoryElsewhere { host, name, .. }) = owner_and_name(text) else {
                panic!("{text} is of another server")
            };
            assert_eq!((host.as_str(), name.as_str()), ("ghe.example", "acme/app"));
        }
        for text in
            ["acme", "acme/", "/app", "acme/.git", "https://github.com/acme", "acme/app/tree/main", "git@github.com"]
        {
            assert_eq!(owner_and_name(text), Err(PolicyError::Repository(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_workflow_of_another_repository_is_a_reusable_one() {
        let flags = |workflow| SignerFlags {
            repository: Some("acme/app"),
            signer_workflow: Some(workflow),
            ..SignerFlags::default()
        };
        let caller = |workflow| match rule(&flags(workflow)).identity {
            IdentityRule::Workflow { caller, .. } => caller,
            IdentityRule::Name(name) => panic!("expected a workflow, found {name}"),
        };
        assert_eq!(caller("Acme/app/.github/workflows/release.yml"), Caller::Itself);
        assert_eq!(caller("acme/ci/.github/workflows/release.yml@refs/tags/v1"), Caller::Pinned);
        for wrong in
            ["acme/ci", "acme/ci/.github/workflows/", "acme/.github/workflows/x.yml", "acme/ci/.github/workflows/*"]
        {
            assert_eq!(flags(wrong).prove(), Err(PolicyError::SignerWorkflow(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn a_workflow_without_a_ref_is_the_workflow_at_every_ref_and_no_other_file() {
        let flags = SignerFlags {
            repository: Some("acme/app"),
            signer_workflow: Some("acme/app/.github/workflows/release.yml"),
            ..SignerFlags::default()
        };
        let identity = rule(&flags).identity;
        let at = |rest: &str| {
            identity.matches(IdentityKind::Uri, &format!("https://github.com/acme/app/.github/workflows/{rest}"))
        };
        assert!(at("release.yml@refs/heads/main"));
        assert!(!at("release.yml.evil.yml@refs/heads/main"));
        assert!(!at("nightly.yml@refs/heads/release.yml@x"));
    }
}
