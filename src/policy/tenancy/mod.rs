//! Which signers strangers can be: the issuers that anyone can have an account at, and what in the names they vouch for tells one
//! account from another (A181, A293).
//!
//! There is one table, for flags, policy files and imports. A rule whose issuer is not in it is about a house of its own, which
//! may let in everyone there.

mod automaton;
mod template;

use std::fmt;

use super::claim::Claim;
use super::signer::{CertificateRule, ClaimRule, IdentityRule, Signer};
use super::text::TextRule;
use automaton::{Automaton, Width};
use template::{Fit, draw, fit, tenant_of};

/// An issuer that many tenants share.
struct Service {
    name: &'static str,
    /// The form of the issuer, with the tenant where each has an issuer of its own.
    issuer: &'static str,
    /// The forms of the names that it vouches for.
    names: &'static [&'static str],
    source: Source,
}

/// What the source repository in a certificate says of the tenant.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// It is the tenant's own.
    Own,
    /// Certificates state none.
    Unstated,
    /// It may be of another: anyone can let builds run for a public repository.
    Foreign,
}

const GITHUB: &[&str] = &["https://github.com/<owner>/**"];
const CIRCLECI: &[&str] = &["https://circleci.com/api/v2/projects/<project>/**"];
/// Alike in every cluster: the issuer alone tells clusters apart.
const KUBERNETES: &[&str] = &["https://kubernetes.io/namespaces/**"];
/// Not of the public instance: of these there is a fault in a rule only that names the service and not the tenant.
const ANY: &[&str] = &["**"];
/// E-mail addresses: by the domain, and by the whole of the address where anyone gets one of the domain.
const MAIL: &[&str] = &[
    "*@<domain>.<ending>",
    "*@**.<domain>.<ending>",
    "*@<domain>.(co|com|org|net|ac|edu|gov|gob|go|or|ne|nom|gen|ltd|plc|me|mil|sch|web|id|in|ed|gr|lg|asn).??",
    "*@**.<domain>.(co|com|org|net|ac|edu|gov|gob|go|or|ne|nom|gen|ltd|plc|me|mil|sch|web|id|in|ed|gr|lg|asn).??",
    "<account>@(gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|rocketmail|myyahoo|icloud|aol|aim|proton|protonmail|gmx|yandex|ya|zoho|zohomail|mail|email|fastmail|tutanota|tutamail|tuta|keemail|inbox|hushmail|rediffmail|mailinator|yopmail|duck|hey|qq|foxmail|sina|sohu|yeah|naver|daum|hanmail|seznam|laposte|orange|free|libero|terra|uol|bol|posteo|mailbox|riseup|disroot).*",
    "<account>@(outlook|hotmail|live|yahoo|gmx|yandex|msn|aol|uol|bol|terra|sina).(co|com).??",
    "<account>@(me.com|mac.com|pm.me|web.de|t-online.de|163.com|126.com|139.com|vip.qq.com|bk.ru|list.ru|internet.ru|rambler.ru|passport.com|wp.pl|o2.pl|onet.pl|interia.pl|abv.bg|ukr.net|comcast.net|verizon.net|att.net|sbcglobal.net|btinternet.com|wanadoo.fr|sfr.fr|bluewin.ch|telia.com|virgilio.it|tiscali.it|freenet.de|arcor.de|docomo.ne.jp|users.noreply.github.com|privaterelay.appleid.com|passinbox.com|simplelogin.com|mozmail.com)",
    "*@<project>.iam.gserviceaccount.com",
    "<account>@(developer|appspot|cloudbuild|cloudservices|system|serverless-robot-prod.iam|compute-system.iam|container-engine-robot.iam|gcp-sa-artifactregistry.iam|gcp-sa-cloudbuild.iam|gcp-sa-pubsub.iam).gserviceaccount.com",
    "*@**<tenant>.(onmicrosoft|microsoftonline).*",
];

/// The issuers of the public instance (fulcio `config/identity/config.yaml`, `docs/oidc.md`), and those that instances of one's own
/// are likely to trust and that are many tenants' too.
const SERVICES: &[Service] = &[
    service("GitHub Actions", "https://token.actions.githubusercontent.com", GITHUB, Source::Own),
    service("GitHub Actions", "https://token.actions.githubusercontent.com/<enterprise>", GITHUB, Source::Own),
    service(
        "GitHub Enterprise Cloud",
        "https://token.actions.<enterprise>.ghe.com",
        &["https://<enterprise>.ghe.com/**"],
        Source::Own,
    ),
    service("GitLab.com", "https://gitlab.com", &["https://gitlab.com/<group>/**"], Source::Own),
    service(
        "GitLab Dedicated",
        "https://<tenant>.gitlab-dedicated.com",
        &["https://<tenant>.gitlab-dedicated.com/**"],
        Source::Own,
    ),
    service("Buildkite", "https://agent.buildkite.com", &["https://buildkite.com/<organization>/**"], Source::Unstated),
    service("CircleCI", "https://oidc.circleci.com", CIRCLECI, Source::Foreign),
    service("CircleCI", "https://oidc.circleci.com/org/<organization>", CIRCLECI, Source::Foreign),
    service("Codefresh", "https://oidc.codefresh.io", &["https://g.codefresh.io/<account>/**"], Source::Foreign),
    service(
        "Chainguard",
        "https://issuer.enforce.dev",
        &["https://issuer.enforce.dev/<organization>/**"],
        Source::Unstated,
    ),
    service("Google", "https://accounts.google.com", MAIL, Source::Unstated),
    service("GitHub", "https://github.com/login/oauth", MAIL, Source::Unstated),
    service("Microsoft", "https://login.microsoftonline.com", MAIL, Source::Unstated),
    service("Sigstore", "https://oauth2.sigstore.dev/auth", MAIL, Source::Unstated),
    service("Hellō", "https://issuer.hello.coop", MAIL, Source::Unstated),
    service("IBM", "https://sigstore.verify.ibm.com/oauth2", MAIL, Source::Unstated),
    service("Kaggle", "https://www.kaggle.com/api/v1/models/signing", MAIL, Source::Unstated),
    service("Amazon EKS", "https://oidc.eks.*.amazonaws.com/id/<cluster>", KUBERNETES, Source::Unstated),
    service("Amazon EKS", "https://oidc.eks.*.amazonaws.com.cn/id/<cluster>", KUBERNETES, Source::Unstated),
    service("Amazon EKS", "https://oidc-eks.*.api.aws/id/<cluster>", KUBERNETES, Source::Unstated),
    service("Azure AKS", "https://*.oic.prod-aks.azure.com/<tenant>/*/", KUBERNETES, Source::Unstated),
    service("Azure AKS", "https://*.oic.prod-aks.azure.com/<tenant>/*", KUBERNETES, Source::Unstated),
    service("Azure AKS", "https://oidc.prod-aks.azure.com/<cluster>/", KUBERNETES, Source::Unstated),
    service("Azure AKS", "https://oidc.prod-aks.azure.com/<cluster>", KUBERNETES, Source::Unstated),
    service(
        "Google GKE",
        "https://container.googleapis.com/v1/projects/<project>/(locations|zones)/*/clusters/*",
        KUBERNETES,
        Source::Unstated,
    ),
    service(
        "OpenShift",
        "https://(rh-oidc.s3.us-east-1.amazonaws.com|oidc.op1.openshiftapps.com)/<cluster>",
        KUBERNETES,
        Source::Unstated,
    ),
    service("Amazon S3", "https://<bucket>.s3.amazonaws.com", KUBERNETES, Source::Unstated),
    service("Amazon S3", "https://<bucket>.s3.*.amazonaws.com", KUBERNETES, Source::Unstated),
    service("Google Cloud Storage", "https://storage.googleapis.com/<bucket>", KUBERNETES, Source::Unstated),
    service(
        "Microsoft Entra",
        "https://(login.microsoftonline.com|sts.windows.net)/<tenant>/**",
        ANY,
        Source::Unstated,
    ),
    service("Azure DevOps", "https://vstoken.dev.azure.com/<organization>", ANY, Source::Unstated),
    service("Bitbucket", "https://api.bitbucket.org/2.0/workspaces/<workspace>/**", ANY, Source::Unstated),
    service("Amazon Cognito", "https://cognito-idp.*.amazonaws.com/<pool>", ANY, Source::Unstated),
    service("Auth0", "https://<tenant>.(auth0|eu.auth0|us.auth0|au.auth0|jp.auth0).com/", ANY, Source::Unstated),
    service("Okta", "https://<tenant>.(okta|oktapreview|okta-emea).com/**", ANY, Source::Unstated),
];

/// The claims that name whose source it was, and what in them tells owners apart.
const SOURCES: &[(Claim, &[&str])] = &[
    (Claim::SourceRepositoryUri, &["https://github.com/<owner>/**", "https://gitlab.com/<group>/**"]),
    (Claim::WorkflowRepository, &["<owner>/**"]),
    (Claim::SourceRepositoryOwnerUri, &["https://github.com/<owner>/**", "https://gitlab.com/<group>/**"]),
    (Claim::SourceRepositoryIdentifier, &["<number>"]),
    (Claim::SourceRepositoryOwnerIdentifier, &["<number>"]),
    (Claim::BuildConfigUri, &["https://github.com/<owner>/**", "https://gitlab.com/<group>/**"]),
];

/// The whole form of the names of services that give no other. Narrower than [`Service::names`], which is about tenants.
const WHOLE_NAMES: &[(&str, &str)] = &[
    ("GitHub Actions", "https://github.com/*/*/.github/workflows/*@**"),
    ("GitLab.com", "https://gitlab.com/**//**@**"),
    ("Buildkite", "https://buildkite.com/*/*"),
];

const fn service(name: &'static str, issuer: &'static str, names: &'static [&'static str], source: Source) -> Service {
    Service { name, issuer, names, source }
}

/// Who else can satisfy a rule: everyone with an account at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strangers {
    /// The rule that they satisfy.
    rule: String,
    service: &'static str,
    /// The form that tells tenants apart, and the word for what does.
    form: &'static str,
    tenant: &'static str,
    may_pin_source: bool,
}

impl fmt::Display for Strangers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, service, tenant, .. } = self;
        write!(
            formatter,
            "strangers can sign: {rule} does not name the {tenant} in full, and anyone can have an account at {service}"
        )
    }
}

impl Strangers {
    /// Returns what to write instead.
    pub fn hint(&self) -> String {
        format!("name the whole {}: `{}`", self.tenant, draw(self.form))
    }

    /// Whether it would do to pin the source: that of others then does not match.
    pub fn may_pin_source(&self) -> bool {
        self.may_pin_source
    }
}

impl CertificateRule {
    /// Returns who else can satisfy the rule: those who can have a name that it matches, from an issuer that it matches, where
    /// nothing pins the source (A181, A293). `None` if only those whom it names can.
    ///
    /// GitHub's workflows need no answer here: their names already contain owner and repository.
    pub fn strangers(&self) -> Option<Strangers> {
        let IdentityRule::Name(name) = &self.identity else { return None };
        let (names, issuers) = (Automaton::of(name), Automaton::of(&self.issuer));
        let has_source = self.pins_source();
        let of_service = |service: &Service| {
            let is_pinned = has_source && service.source != Source::Foreign;
            let issued = fit(issuers.as_ref(), service.issuer);
            if is_pinned || !issued.is_open() || (issued == Fit::Loose && service.names == ANY) {
                return None;
            }
            let form = service.names.iter().find(|form| fit(names.as_ref(), form).is_open())?;
            let of_name = tenant_of(form).map(|tenant| (name.to_string(), *form, tenant));
            let of_issuer = || Some((self.issuer.to_string(), service.issuer, tenant_of(service.issuer)?));
            let (rule, form, tenant) = of_name.or_else(of_issuer)?;
            Some(Strangers { rule, service: service.name, form, tenant, may_pin_source: service.source == Source::Own })
        };
        SERVICES.iter().find_map(of_service)
    }

    /// Whether it says for whose source the signer must have run, by name or by number. What strangers' repositories match too
    /// pins nothing.
    pub fn pins_source(&self) -> bool {
        let source = self.source.iter().map(|source| (Claim::SourceRepositoryUri, &source.repository));
        let claims = self.claims.iter().map(|ClaimRule { claim, value }| (*claim, value));
        source.chain(claims).any(|(claim, value)| {
            SOURCES.iter().any(|(known, forms)| {
                *known == claim && {
                    let value = Automaton::of(value);
                    forms.iter().all(|form| !fit(value.as_ref(), form).is_open())
                }
            })
        })
    }
}

/// Why no certificate can satisfy a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmatchable {
    /// No issuer is written so: each is an address.
    Issuer,
    /// The issuer gives names of another form.
    Name {
        /// The service that the issuer belongs to.
        service: &'static str,
        /// The form of its names.
        form: &'static str,
    },
}

impl CertificateRule {
    /// Returns why no certificate can satisfy the rule, if that is certain from the rule alone.
    pub fn unmatchable(&self) -> Option<Unmatchable> {
        let issuers = Automaton::of(&self.issuer);
        if ["https://**", "http://**"].iter().all(|form| fit(issuers.as_ref(), form) == Fit::Apart) {
            return Some(Unmatchable::Issuer);
        }
        let names = Automaton::of(&self.name());
        let mut of_issuer = SERVICES.iter().filter(|service| fit(issuers.as_ref(), service.issuer) != Fit::Apart);
        let first = of_issuer.next()?;
        // Of an issuer that could be another too, its names say nothing.
        if !self.issuer.is_exact() || of_issuer.any(|service| service.name != first.name) {
            return None;
        }
        let form = WHOLE_NAMES.iter().find(|(name, _)| *name == first.name).map(|(_, form)| *form)?;
        (fit(names.as_ref(), form) == Fit::Apart).then_some(Unmatchable::Name { service: first.name, form })
    }
}

/// Whether tokens of more than one issuer that anyone can have an account at, or of more than one tenant, match.
pub(super) fn is_open_issuer(issuer: &TextRule) -> bool {
    let issuers = Automaton::of(issuer);
    !issuer.is_exact() && SERVICES.iter().any(|service| fit(issuers.as_ref(), service.issuer).is_open())
}

/// Whether the names of more than one tenant of some service match.
pub(super) fn is_open_name(name: &TextRule) -> bool {
    let names = Automaton::of(name);
    let mut forms = SERVICES.iter().flat_map(|service| service.names).filter(|form| tenant_of(form).is_some());
    !name.is_exact() && forms.any(|form| fit(names.as_ref(), form).is_open())
}

/// Whether one signature can be by both of them.
pub(super) fn overlap(one: &Signer, other: &Signer) -> bool {
    match (one, other) {
        (Signer::Keys(one), Signer::Keys(other)) => {
            one.keys().iter().any(|key| other.keys().iter().any(|same| key.point() == same.point()))
        }
        (Signer::Certificate(one), Signer::Certificate(other)) => {
            share_a_text(&one.name(), &other.name())
                && share_a_text(&one.issuer, &other.issuer)
                && one.rules().iter().all(|(claim, value)| {
                    other
                        .rules()
                        .iter()
                        .filter(|(same, _)| same == claim)
                        .all(|(_, theirs)| share_a_text(value, theirs))
                })
        }
        _ => false,
    }
}

impl CertificateRule {
    /// The rule for the whole name. Of a workflow's two parts, put together.
    fn name(&self) -> TextRule {
        match &self.identity {
            IdentityRule::Name(name) => name.clone(),
            IdentityRule::Workflow { repository, file, .. } => {
                TextRule::glob_ignoring_case(&format!("{}/{}", repository.as_str(), file.as_str()))
                    .unwrap_or_else(|_| repository.clone())
            }
        }
    }

    fn rules(&self) -> Vec<(Claim, &TextRule)> {
        let source = self.source.iter().flat_map(|source| {
            [
                Some((Claim::SourceRepositoryUri, &source.repository)),
                source.reference.as_ref().map(|rule| (Claim::SourceRepositoryRef, rule)),
                source.digest.as_ref().map(|rule| (Claim::SourceRepositoryDigest, rule)),
            ]
        });
        source.flatten().chain(self.claims.iter().map(|rule| (rule.claim, &rule.value))).collect()
    }
}

fn share_a_text(one: &TextRule, other: &TextRule) -> bool {
    if one.is_exact() || other.is_exact() {
        return one.matches(other.as_str()) || other.matches(one.as_str());
    }
    match (Automaton::<Width>::of(one), Automaton::<Width>::of(other)) {
        (Some(one), Some(other)) => one.meet(&other, |_, _, _| {}) != Some(false),
        _ => true,
    }
}

/// Returns the name under which a service is known that an issuer belongs to: GitHub has one for every enterprise.
pub(crate) fn service_of(issuer: &str) -> Option<&'static str> {
    let issuer = Automaton::of(&TextRule::exact(issuer));
    SERVICES.iter().find(|service| fit(issuer.as_ref(), service.issuer) != Fit::Apart).map(|service| service.name)
}

#[cfg(test)]
mod tests;
