use super::*;
use crate::policy::signer::GITHUB_ISSUER;

const GITLAB: &str = "https://gitlab.com";
const GOOGLE: &str = "https://accounts.google.com";
const EKS: &str = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF";
const CLUSTER: &str = "https://kubernetes.io/namespaces/release/serviceaccounts/signer";

fn rule(text: &str) -> TextRule {
    match text.strip_prefix("re:") {
        Some(expression) => TextRule::regexp(expression).expect("an expression"),
        None => TextRule::glob(text).expect("a glob"),
    }
}

fn signer(identity: &str, issuer: &str) -> CertificateRule {
    CertificateRule {
        identity: IdentityRule::Name(rule(identity)),
        issuer: rule(issuer),
        source: None,
        claims: Vec::new(),
    }
}

fn strangers(identity: &str, issuer: &str) -> Option<String> {
    signer(identity, issuer).strangers().map(|strangers| strangers.to_string())
}

#[test]
fn a293_a_name_that_leaves_the_tenant_open_lets_strangers_sign() {
    for (identity, issuer, service) in [
        ("https://github.com/*/app/.github/workflows/release.yml@refs/tags/v*", GITHUB_ISSUER, "GitHub Actions"),
        ("https://github.com/acme*/app/.github/workflows/release.yml@refs/tags/v*", GITHUB_ISSUER, "GitHub Actions"),
        ("https://github.com/acme*", GITHUB_ISSUER, "GitHub Actions"),
        ("https://github.com/*", GITHUB_ISSUER, "GitHub Actions"),
        ("https://github.com/acme**", GITHUB_ISSUER, "GitHub Actions"),
        ("https://*/acme/app/.github/workflows/release.yml@refs/tags/v1", GITHUB_ISSUER, "GitHub Actions"),
        ("**@refs/tags/v1.0.0", GITHUB_ISSUER, "GitHub Actions"),
        ("**/acme/app/**", GITHUB_ISSUER, "GitHub Actions"),
        ("**", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github.com/acme.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme\b.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme/?.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme.corp/.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme(-[a-z]+)?/.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acme[0-9]/.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/acm[ef]/.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/(acme|.+)/.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:https://github\.com/(acme/|evil).*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:(https://github\.com/acme/.*|.*@refs/tags/v1)", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:(?i)https://github\.com/acme.*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:(?x)https://github\.com/acme .*", GITHUB_ISSUER, "GitHub Actions"),
        (r"re:.*@acme\.example", GITHUB_ISSUER, "GitHub Actions"),
        ("https://github.com/**", "https://token.actions.githubusercontent.com/*", "GitHub Actions"),
        ("https://*.ghe.com/acme/**", "https://token.actions.*.ghe.com", "GitHub Enterprise Cloud"),
        ("https://gitlab.com/acme*/app//.gitlab-ci.yml@refs/tags/v*", GITLAB, "GitLab.com"),
        (r"re:https://gitlab\.com/a\.b.*", GITLAB, "GitLab.com"),
        ("https://buildkite.com/acme*/app", "https://agent.buildkite.com", "Buildkite"),
        ("https://circleci.com/api/v2/projects/**", "https://oidc.circleci.com", "CircleCI"),
        ("https://circleci.com/**", "https://oidc.circleci.com/org/*", "CircleCI"),
        ("https://g.codefresh.io/acme*/**", "https://oidc.codefresh.io", "Codefresh"),
        ("https://issuer.enforce.dev/*", "https://issuer.enforce.dev", "Chainguard"),
        ("*@gmail.com", GOOGLE, "Google"),
        (r"re:alice.*@gmail\.com", GOOGLE, "Google"),
        ("*", GOOGLE, "Google"),
        (r"re:.*acme\.example", GOOGLE, "Google"),
        (r"re:.*@.*acme\.example", GOOGLE, "Google"),
        (r"re:.*@acme\..*", GOOGLE, "Google"),
        (r"re:.*@acme\.(com|[a-z]+)", GOOGLE, "Google"),
        (r"re:.*@mail.acme\.example", GOOGLE, "Google"),
        ("*@*.co.uk", GOOGLE, "Google"),
        ("*@*.com", GOOGLE, "Google"),
        ("*@*.iam.gserviceaccount.com", GOOGLE, "Google"),
        ("signer@acme-*.iam.gserviceaccount.com", GOOGLE, "Google"),
        ("*-compute@developer.gserviceaccount.com", GOOGLE, "Google"),
        ("*@yahoo.co.jp", "https://github.com/login/oauth", "GitHub"),
        ("*@users.noreply.github.com", "https://github.com/login/oauth", "GitHub"),
        ("*@outlook.de", "https://login.microsoftonline.com", "Microsoft"),
        ("*@*.onmicrosoft.com", "https://login.microsoftonline.com", "Microsoft"),
        ("*@proton.me", "https://oauth2.sigstore.dev/auth", "Sigstore"),
        (CLUSTER, "https://oidc.eks.us-east-1.amazonaws.com/id/*", "Amazon EKS"),
        (CLUSTER, r"re:https://oidc\.eks\.us-east-1\.amazonaws\.com/id/[0-9A-F]{32}", "Amazon EKS"),
        (CLUSTER, "https://oidc.eks.us-east-1.amazonaws.com/id/0123*", "Amazon EKS"),
        (CLUSTER, "https://*.oic.prod-aks.azure.com/**", "Azure AKS"),
        (CLUSTER, "https://westeurope.oic.prod-aks.azure.com/*/6cb5/", "Azure AKS"),
        (CLUSTER, "https://container.googleapis.com/v1/projects/*/locations/*/clusters/release", "Google GKE"),
        (CLUSTER, "https://container.googleapis.com/v1/projects/acme-*/locations/*/clusters/*", "Google GKE"),
        (CLUSTER, "https://**", "Amazon EKS"),
        (CLUSTER, "re:.*", "Amazon EKS"),
        ("alice@acme.example", "https://login.microsoftonline.com/*/v2.0", "Microsoft Entra"),
        ("alice@acme.example", "https://*.okta.com", "Okta"),
        ("https://github.com/**", "https://*", "GitHub Actions"),
    ] {
        let said = strangers(identity, issuer).unwrap_or_else(|| panic!("{identity} of {issuer} is taken"));
        assert!(said.ends_with(service), "{identity} of {issuer}: {said}");
    }
}

#[test]
fn a293_a_name_that_spells_the_tenant_is_taken() {
    for (identity, issuer) in [
        ("https://github.com/acme/*/.github/workflows/release.yml@refs/tags/v*", GITHUB_ISSUER),
        ("https://github.com/acme/**", GITHUB_ISSUER),
        (r"re:https://github\.com/acme/.*", GITHUB_ISSUER),
        (r"re:https://github.com/acme/.*", GITHUB_ISSUER),
        (r"re:^https://github[.]com/acme/.*$", GITHUB_ISSUER),
        (r"re:https://github\.com/acme(/.*)?", GITHUB_ISSUER),
        (r"re:https://github\.com/(acme|acmf)/.*", GITHUB_ISSUER),
        (r"re:https://github\.com/(acme/app|web/.*)/\.github/workflows/.*", GITHUB_ISSUER),
        (r"re:(?i)https://github\.com/Acme/.*", GITHUB_ISSUER),
        (r"re:https://github\.com/[Aa]cme/.*", GITHUB_ISSUER),
        (r"re:https?://github\.com/acme/.*", GITHUB_ISSUER),
        (r"re:https://github\.com/a{3}cme/.*", GITHUB_ISSUER),
        (r"re:https://github\.com/acme/.*", "re:.*"),
        ("https://github.com/acme/**", "https://token.actions.githubusercontent.com/*"),
        ("**", "https://token.actions.githubusercontent.com/acme-inc"),
        ("**", "https://token.actions.acme.ghe.com"),
        ("https://gitlab.com/acme/**", GITLAB),
        ("https://gitlab.acme.example/**", "https://gitlab.acme.example"),
        ("**", "https://gitlab.acme.example"),
        ("https://buildkite.com/acme/*", "https://agent.buildkite.com"),
        ("https://circleci.com/api/v2/projects/1f2e/**", "https://oidc.circleci.com"),
        ("**", "https://oidc.circleci.com/org/1f2e"),
        ("https://g.codefresh.io/acme/**", "https://oidc.codefresh.io"),
        ("https://issuer.enforce.dev/1f2e/**", "https://issuer.enforce.dev"),
        ("*@acme.example", GOOGLE),
        ("*@mail.acme.co.uk", GOOGLE),
        ("*@*.acme.co.uk", GOOGLE),
        ("*@*.acme.example", GOOGLE),
        (r"re:(alice|bob)@gmail\.com", GOOGLE),
        (r"re:[a-z.]+@acme.example", GOOGLE),
        (r"re:.*@(acme\.example|acme\.test)", GOOGLE),
        ("alice@gmail.com", GOOGLE),
        ("alice@gmail.com", "re:.*"),
        ("*@acme-prod.iam.gserviceaccount.com", GOOGLE),
        ("*@acme.onmicrosoft.com", "https://login.microsoftonline.com"),
        ("https://kubernetes.io/namespaces/release/**", EKS),
        ("**", EKS),
        (CLUSTER, "https://container.googleapis.com/v1/projects/acme/locations/*/clusters/*"),
        (CLUSTER, "https://westeurope.oic.prod-aks.azure.com/1f2e/*/"),
        (CLUSTER, "https://*.acme.example"),
        ("**", "https://*.acme.example"),
        ("**", r"re:https://.*\.acme\.example"),
        ("re:.*", r"re:https://accounts\.acme\.example"),
        ("re:.*", r"re:https://accounts\.acme\.example/(one|two)"),
    ] {
        assert_eq!(strangers(identity, issuer), None, "{identity} of {issuer}");
    }
}

#[test]
fn a293_claims_that_say_whose_source_it_was_pin_it() {
    let with = |claim: Claim, value: &str, issuer: &str| {
        let claims = vec![ClaimRule { claim, value: rule(value) }];
        CertificateRule { claims, ..signer("**", issuer) }.strangers()
    };
    for (claim, value) in [
        (Claim::SourceRepositoryUri, "https://github.com/acme/app"),
        (Claim::SourceRepositoryUri, "https://github.com/acme/*"),
        (Claim::SourceRepositoryOwnerUri, "https://github.com/acme"),
        (Claim::SourceRepositoryIdentifier, "812"),
        (Claim::SourceRepositoryOwnerIdentifier, "812"),
        (Claim::WorkflowRepository, "acme/app"),
        (Claim::BuildConfigUri, "https://github.com/acme/app/**"),
    ] {
        assert_eq!(with(claim, value, GITHUB_ISSUER), None, "{claim}");
    }
    for (claim, value) in [
        (Claim::SourceRepositoryUri, "https://github.com/acme*/app"),
        (Claim::SourceRepositoryUri, "**/app"),
        (Claim::SourceRepositoryOwnerUri, "https://github.com/acme*"),
        (Claim::SourceRepositoryIdentifier, "8*"),
        (Claim::SourceRepositoryRef, "refs/tags/v1"),
        (Claim::BuildTrigger, "push"),
    ] {
        assert!(with(claim, value, GITHUB_ISSUER).is_some(), "{claim}");
    }
    // On Codefresh anyone can build a public repository.
    assert!(with(Claim::SourceRepositoryUri, "https://github.com/acme/app", "https://oidc.codefresh.io").is_some());
}

#[test]
fn what_to_write_instead_is_said() {
    let found = signer("https://github.com/acme*", GITHUB_ISSUER).strangers().expect("strangers");
    assert_eq!(
        found.to_string(),
        "strangers can sign: https://github.com/acme* does not name the owner in full, and anyone can have an account at GitHub Actions"
    );
    assert_eq!(found.hint(), "name the whole owner: `https://github.com/OWNER/…`");
    let found = signer("*@gmail.com", GOOGLE).strangers().expect("strangers");
    assert_eq!(found.hint(), "name the whole account: `ACCOUNT@…`");
    let found = signer(CLUSTER, "https://oidc.eks.us-east-1.amazonaws.com/id/*").strangers().expect("strangers");
    assert_eq!(found.hint(), "name the whole cluster: `https://oidc.eks.….amazonaws.com/id/CLUSTER`");
}

#[test]
fn a296_signers_that_one_signature_can_be_by_overlap() {
    let overlaps = |one: CertificateRule, other: CertificateRule| {
        overlap(&Signer::Certificate(Box::new(one)), &Signer::Certificate(Box::new(other)))
    };
    let named = |identity| signer(identity, GITHUB_ISSUER);
    assert!(overlaps(named("https://github.com/acme/**"), named("https://github.com/acme/app/**")));
    assert!(overlaps(named("https://github.com/acme/*/x"), named("https://github.com/acme/app/*")));
    assert!(!overlaps(named("https://github.com/acme/a*"), named("https://github.com/acme/b*")));
    assert!(!overlaps(named("https://github.com/acme/**"), signer("https://github.com/acme/**", GITLAB)));
    let claimed = |value| CertificateRule {
        claims: vec![ClaimRule { claim: Claim::SourceRepositoryIdentifier, value: rule(value) }],
        ..named("**")
    };
    assert!(!overlaps(claimed("1"), claimed("2")));
    assert!(overlaps(claimed("1"), named("**")));
}

#[test]
fn a296_a_service_has_one_name_under_all_of_its_issuers() {
    assert_eq!(service_of(GITHUB_ISSUER), Some("GitHub Actions"));
    assert_eq!(service_of("https://token.actions.githubusercontent.com/acme-inc"), Some("GitHub Actions"));
    assert_eq!(service_of("https://accounts.acme.example"), None);
}

fn unmatchable(identity: &str, issuer: &str) -> Option<&'static str> {
    let rule = CertificateRule {
        identity: IdentityRule::Name(TextRule::glob(identity).expect("a glob")),
        issuer: TextRule::exact(issuer),
        source: None,
        claims: Vec::new(),
    };
    rule.unmatchable().map(|why| match why {
        super::Unmatchable::Issuer => "issuer",
        super::Unmatchable::Name { service, .. } => service,
    })
}

#[test]
fn a_rule_that_no_certificate_satisfies_is_known_where_that_is_certain() {
    let github = "https://token.actions.githubusercontent.com";
    for (identity, issuer, expected) in [
        ("https://github.com/acme/app/.github/workflows/x.yml@refs/tags/v*", github, None),
        ("https://github.com/acme/**", github, None),
        ("https://github.com/acme/app", github, Some("GitHub Actions")),
        ("https://github.com/acme/app/.github/workflows/x.yml", github, Some("GitHub Actions")),
        ("acme/app/.github/workflows/x.yml@**", github, Some("GitHub Actions")),
        ("a@acme.example", github, Some("GitHub Actions")),
        (
            "https://github.com/acme/app/.github/workflows/x.yml@v1",
            "https://token.actions.githubusercontent.com/acme",
            None,
        ),
        ("https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main", "https://gitlab.com", None),
        ("https://gitlab.com/acme/app", "https://gitlab.com", Some("GitLab.com")),
        ("a@acme.example", "https://accounts.google.com", None),
        ("anything", "https://accounts.acme.example", None),
        ("anything", "accounts.acme.example", Some("issuer")),
    ] {
        assert_eq!(unmatchable(identity, issuer), expected, "{identity} by {issuer}");
    }
}
