//! The session of `verify` and `audit`: policies, trust, registries and limits, made once from the same flags before the first
//! image is fetched.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;

use crate::check::{ImageReport, Report, TrustReport};
use crate::collect::{
    Copying, GitHubBase, Given, Limits, Logins, Pace, PlatformChoice, Registries, RegistrySettings, SettingsError,
    Store, Tell,
};
use crate::oci::{Algorithm, Digest, Reference};
use crate::policy::{Policy, Requirement, Signer, owner_and_name};
use crate::run::{Listed, Lister, Run, Target, Witness};

use super::advisories::{self, Known};
use super::args::{PlatformArg, TransportArgs, VerifyArgs};
use super::diagnostics::{Diagnostic, Warning};
use super::journal::Facts;
use super::npm::Npm;
use super::packing::{Belongings, Packing};
use super::policies::{self, Policies};
use super::roots::{self, Trusted};
use super::save::Saver;
use super::{environment, logins, loose, npm, output, progress, references, streams};

pub(super) struct Session<'a> {
    pub(super) registries: Rc<Registries>,
    pub(super) platforms: PlatformChoice,
    pub(super) limits: Limits,
    npm: Npm,
    given: Given,
    args: &'a VerifyArgs,
    policies: Policies,
    trusted: Trusted,
    known: Option<Known>,
    github_token: Option<String>,
    /// The registry that a login was given for.
    given_for: Option<String>,
    started_at: Timestamp,
    saver: Option<Saver>,
    /// Whether images are compared, so that everything is read.
    compares: bool,
    packing: Option<Packing>,
}

impl<'a> Session<'a> {
    /// Reads advisories, policy and trusted roots.
    pub(super) fn open(args: &'a VerifyArgs, logins: Logins) -> Result<Self, Diagnostic> {
        let started_at = Timestamp::now();
        if let Some(at) = args.at.filter(|at| *at > started_at) {
            return Err(Diagnostic::usage(
                format!("`--at {at}` has not come yet: the evidence of that time does not exist"),
                "give a time in the past, or leave it out",
            ));
        }
        let given_for = logins.given_for().map(str::to_owned);
        let registries = registries_with(&args.transport, args.pace.pace(), logins, args.cache.as_deref())?;
        let saver = args.save.as_deref().map(Saver::begin).transpose()?;
        let known = advisories::read(&args.advisories)?;
        let (policies, trusted) = policies::read(args, &registries, started_at)?;
        Ok(Self {
            registries,
            platforms: choice(&args.platform),
            limits: args.transport.limits(),
            npm: Npm::read(&args.transport)?,
            given: loose::read(&args.bundle, &args.sums)?,
            args,
            policies,
            trusted,
            known,
            github_token: github_token(&args.transport),
            given_for,
            started_at,
            saver,
            compares: args.not_weaker_than.is_some(),
            packing: None,
        })
    }

    /// The same, with images compared with each other.
    pub(super) fn comparing(self, compares: bool) -> Self {
        Self { compares: self.compares || compares, ..self }
    }

    /// The same, with images carried away.
    pub(super) fn packing(self, packing: Option<Packing>) -> Self {
        Self { packing, ..self }
    }

    /// Ends the pack, if there is one.
    pub(super) fn finish_pack(self, report: &Report, is_quiet: bool) -> Result<(), Diagnostic> {
        let Some(packing) = self.packing else { return Ok(()) };
        let with = Belongings { policies: &self.policies, roots: &self.trusted.documents, report };
        let copying = Copying {
            registries: &self.registries,
            limits: &self.limits,
            evidence_repository: self.args.transport.evidence_repository.as_ref(),
        };
        packing.finish(&copying, &with, is_quiet)
    }

    /// Names the registries that are asked without the given login: it is only for the registry of the references.
    pub(super) fn note_login<'r>(&self, references: impl IntoIterator<Item = &'r Reference>) {
        let Some(registry) = &self.given_for else { return };
        let images = references.into_iter().filter_map(|reference| match reference {
            Reference::Registry(image) => Some(&image.name),
            Reference::Layout(_) | Reference::Npm(_) | Reference::File(_) => None,
        });
        let names = images.chain(self.args.transport.evidence_repository.as_ref());
        let asked = names.map(|name| self.registries.asked(name).registry().to_owned());
        let others: BTreeSet<String> = asked.filter(|other| other != registry).collect();
        if !others.is_empty() {
            progress::login_not_shown(registry, &others.into_iter().collect::<Vec<_>>().join(", "));
        }
    }

    /// Returns the target for an image, with its policy. An image without a policy is a usage error.
    pub(super) fn target(&self, text: &str, reference: &Reference) -> Result<Target, Diagnostic> {
        let transport = &self.args.transport;
        let judged_as = self.args.judged_as.as_ref();
        // Exceptions that worked then work, and later ones do not.
        let now = self.args.at.unwrap_or(self.started_at);
        let policy = self.policies.of(reference, judged_as, transport.plain_http, now)?;
        let (policy, github) = if let Reference::Npm(package) = reference {
            if self.packing.is_some() {
                return Err(references::no_image(package));
            }
            if self.args.at.is_some() {
                return Err(npm::without_time(package));
            }
            let policy = if self.asks_by_default() { policy.without(Requirement::Sbom) } else { policy };
            (self.npm.policy(policy, package, self.started_at)?, None)
        } else {
            let is_file = matches!(reference, Reference::File(_));
            if let (Reference::File(file), true) = (reference, self.packing.is_some()) {
                return Err(references::no_image_but_file(file));
            }
            let policy = if is_file && self.asks_by_default() { policy.without(Requirement::Sbom) } else { policy };
            let github = github(transport, &policy, reference)?;
            (policy, github)
        };
        Ok(Target {
            text: text.to_owned(),
            reference: reference.clone(),
            policy: policy.into(),
            github,
            platforms: None,
        })
    }

    /// Whether the requirements are the defaults for images, not chosen by the user. They do not suit packages and files, which
    /// have no SBOM attached.
    fn asks_by_default(&self) -> bool {
        matches!(self.policies, Policies::Flags(_))
            && self.args.require.is_empty()
            && self.args.sbom.flags().next().is_none()
            && self.args.deny_severity.is_none()
    }

    pub(super) fn run(&self) -> Run<'_> {
        Run {
            registries: &self.registries,
            npm: &self.npm.registry,
            given: &self.given,
            domains: &self.trusted.domains,
            advisories: self.known.as_ref().map(|known| &known.advisories),
            platforms: &self.platforms,
            evidence_repository: self.args.transport.evidence_repository.as_ref(),
            offline: self.args.trust.offline,
            github_token: self.github_token.as_deref(),
            limits: &self.limits,
            jobs: self.jobs(),
            started_at: self.started_at,
            at: self.args.at,
            reads_all: self.compares,
            witness: self.saver.as_ref().map(|saver| saver as &dyn Witness),
            pack: self.packing.as_ref().map(|packing| &packing.pack),
        }
    }

    /// Ends what `--save` began.
    pub(super) fn finish_saving(&self, is_quiet: bool) -> Result<(), Diagnostic> {
        self.saver.as_ref().map_or(Ok(()), |saver| saver.finish(is_quiet))
    }

    /// How many images are examined at once.
    pub(super) fn jobs(&self) -> usize {
        self.args.pace.jobs(self.limits.total_time)
    }

    /// Returns all inputs that decide the verdicts of these targets, except the images themselves.
    pub(super) fn facts(&self, terms: &[Target]) -> Result<Facts, Diagnostic> {
        let args = self.args;
        let transport = &args.transport;
        let policies = terms.iter().map(|one| format!("{}\n{:?}\n", one.policy.canonical_text(), one.github));
        let policy = format!("{}\n{}", self.policies.report().sha256, policies.collect::<String>());
        let roots = self.trusted.domains.iter().map(|domain| {
            let TrustReport { domain, sha256, not_demanded, .. } = domain.report();
            format!("{domain:?} {sha256} {not_demanded:?}\n")
        });
        let repositories: Vec<&Reference> = terms.iter().map(|one| &one.reference).collect();
        let places = (args.trust.offline, &transport.evidence_repository, &transport.github_api, &transport.mirror);
        let hash = |text: String| Digest::of(Algorithm::Sha256, text.as_bytes()).hex().to_owned();
        Ok(Facts::from([
            ("advisories", advisories::hash(&args.advisories)?),
            (
                "flags",
                hash(format!(
                    "{places:?} {:?} {} {} {:?}",
                    args.judged_as, transport.plain_http, self.compares, args.at
                )),
            ),
            ("platforms", hash(format!("{:?}", self.platforms))),
            ("policy", hash(policy)),
            ("repositories", hash(format!("{repositories:?}"))),
            ("trusted roots", hash(roots.collect())),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ]))
    }

    /// Returns the settings for listing tags.
    pub(super) fn lister<'l>(&'l self, progress: &'l Listed) -> Lister<'l> {
        // Where the user sets the pace, no more tags wait for their turn than images would.
        let at_once = if self.args.pace.pace().per_second.is_some() { self.jobs() } else { self.limits.parallel };
        Lister { registries: &self.registries, limits: &self.limits, at_once, progress }
    }

    /// Describes the progress of the run: the number of finished targets.
    pub(super) fn state(&self, done: usize, all: usize, began: Instant) -> String {
        let speed = progress::speed(done, all, began.elapsed()).map(|speed| format!(", {speed}")).unwrap_or_default();
        format!("{done} of {all} images{speed}, {}", self.used())
    }

    /// Describes the progress of listing images.
    pub(super) fn listing_state(&self, resolved: usize, all: usize) -> String {
        match all {
            0 => format!("listing tags, {}", self.used()),
            all => format!("{resolved} of {all} tags resolved, {}", self.used()),
        }
    }

    /// Says how far the comparison of two repositories is.
    pub(super) fn comparing_state(&self) -> String {
        format!("comparing evidence, {}", self.used())
    }

    fn used(&self) -> String {
        let used = self.registries.network_use();
        format!("{} requests, {}", used.requests, progress::size(used.bytes))
    }

    pub(super) fn report(&self, images: Vec<ImageReport>) -> Report {
        let mut network = self.registries.network_use();
        network.add(&self.trusted.network);
        let policy = self.policies.report();
        let origins = self.registries.login_origins();
        let environment =
            environment::used(&network, &origins, self.github_token.is_some(), self.trusted.has_cached_root);
        let report = output::report(self.started_at, policy, &self.trusted.domains, images, output::network(network));
        Report {
            judged_at: self.args.at,
            environment,
            advisories: self.known.as_ref().map(|known| known.report.clone()),
            ..report
        }
    }
}

/// All of them, if one of the flags says so.
pub(super) fn choice(platforms: &[PlatformArg]) -> PlatformChoice {
    let one = |platform: &PlatformArg| match platform {
        PlatformArg::All => None,
        PlatformArg::One(platform) => Some(platform.clone()),
    };
    platforms.iter().map(one).collect::<Option<_>>().map_or(PlatformChoice::All, PlatformChoice::These)
}

/// Returns GitHub's API, if a flag names it, and the repository that the policy pins. Only that repository is searched for
/// attestations.
pub(super) fn github(
    args: &TransportArgs,
    policy: &Policy,
    reference: &Reference,
) -> Result<Option<(GitHubBase, String)>, Diagnostic> {
    let Some(base) = &args.github_api else { return Ok(None) };
    let signers = policy.expectations().iter().flat_map(|expectation| expectation.signers.listed());
    let pinned = signers.filter_map(Signer::source).map(|source| &source.repository).filter(|rule| rule.is_exact());
    let mut names = pinned.filter_map(|rule| owner_and_name(rule.as_str()).ok());
    match names.next() {
        Some(name) => Ok(Some((base.clone(), name.to_owned()))),
        None => Err(Diagnostic::usage(
            format!("`--github-api` is given, and nothing pins a repository on GitHub for {reference}"),
            "add `--repo OWNER/NAME`, or pin the `repository` in the policy in full",
        )),
    }
}

/// The token to send to GitHub's API.
pub(super) fn github_token(args: &TransportArgs) -> Option<String> {
    args.github_api.as_ref().and_then(|_| logins::github_token())
}

/// Returns the registries with the connection settings of the flags.
pub(super) fn registries(args: &TransportArgs, pace: Pace, logins: Logins) -> Result<Rc<Registries>, Diagnostic> {
    registries_with(args, pace, logins, None)
}

/// The same, with a cache folder for content requested by digest.
pub(super) fn registries_with(
    args: &TransportArgs,
    pace: Pace,
    logins: Logins,
    cache: Option<&Path>,
) -> Result<Rc<Registries>, Diagnostic> {
    let read = |file: &PathBuf| roots::pem_file(file);
    let client_files = args.client_cert.iter().chain(&args.client_key).map(read).collect::<Result<Vec<_>, _>>()?;
    let settings = RegistrySettings {
        plain_http: args.plain_http,
        ca_file: args.ca_file.as_ref().map(read).transpose()?,
        client_certificate: args.client_cert.is_some().then(|| client_files.join(&b'\n')),
        token_servers: args.token_server.clone(),
        mirrors: args.mirror.clone(),
        silence: Limits::default().silence,
        pace,
        secrets: streams::secrets().clone(),
        store: cache.and_then(store),
    };
    Ok(Registries::new(&settings, Box::new(logins))?)
}

/// Opens the folder of `--cache`. If that fails, a warning is printed and everything is fetched; the verdict is the same.
fn store(folder: &Path) -> Option<Rc<Store>> {
    let unwritten: Tell = |folder, error| {
        let message = format!("the cache `{}` cannot be written: {error}", folder.display());
        Warning::new(message, "the next run fetches the missing content again").print();
    };
    let unusable = |error: io::Error| {
        let message = format!("the cache `{}` is not used: {error}", folder.display());
        Warning::new(message, "name a folder of yours that no other user can write in (chmod 700), and no link")
            .print();
    };
    Store::open(folder, unwritten).map(Rc::new).map_err(unusable).ok()
}

impl From<SettingsError> for Diagnostic {
    fn from(error: SettingsError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}
