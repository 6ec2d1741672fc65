//! `bonafide verify`: references in, one report out.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use crate::check::{CheckId, Finding, GapReport, ImageReport, PolicyReport, Report, Verdict};
use crate::collect::{
    Collector, EvidenceElsewhere, GitHubAttestations, GitHubBase, LayoutSource, Limits, Logins, PlatformChoice,
    Registries, RegistrySettings, Source, SourceError, WithAttestations,
};
use crate::oci::{ImageName, Reference, RegistryReference};
use crate::policy::{Policy, Requirement, Signer, owner_and_name};
use crate::render::Format;
use crate::verify::{Grounds, Judge, refused, unresolved};

use super::advisories::{self, Known};
use super::args::{Args, PlatformArg, TransportArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::progress::{self, Progress, Wait};
use super::roots::{self, Trusted};
use super::threads::Threads;
use super::{logins, output, policies, references};

/// Everything a run needs, proved before the first byte is fetched.
struct Request {
    images: Vec<Asked>,
    policy: PolicyReport,
    trusted: Trusted,
    known: Option<Known>,
    platform: PlatformChoice,
    evidence_repository: Option<ImageName>,
    github_token: Option<String>,
    limits: Limits,
    wait: Option<Duration>,
    started_at: Timestamp,
}

/// One image, as it was asked for, and what it is judged by.
struct Asked {
    text: String,
    reference: Reference,
    policy: Policy,
    /// Where GitHub is asked for attestations too, and of which repository.
    github: Option<(GitHubBase, String)>,
}

/// Verifies the images and writes the report.
pub(super) fn run(verify: &VerifyArgs, args: &Args) -> Result<u8, Diagnostic> {
    let targets = output::targets(&verify.output)?;
    policies::refuse_shared_input(verify)?;
    let references = references::read(&verify.references, !verify.login.password_stdin)?;
    let at: Vec<&Reference> = references.iter().map(|(_, reference)| reference).collect();
    let logins = logins::logins(&verify.login, &at, args.verbose)?;
    output::refuse_summary_without(&targets, verify.verifier.as_deref(), references.len())?;
    let given_for = logins.given_for().map(str::to_owned);
    let registries = registries(&verify.transport, logins, args.verbose)?;
    let request = request(verify, references, &registries, args.verbose)?;
    if let Some(registry) = given_for.filter(|_| !args.quiet) {
        note_login(&request, &registries, &registry);
    }
    let is_silent = args.quiet || args.verbose || request.wait.is_some();
    let progress = if is_silent { None } else { Progress::on_terminal() };
    let mut report = examine_all(&request, &registries, args.quiet, progress)?;
    report.verifier.clone_from(&verify.verifier);
    output::write(&report, &targets, args)?;
    if targets.iter().all(|target| target.format == Format::Pinned) {
        output::explain_missing_pins(&report, args)?;
    }
    output::explain_summaries(&report, &targets, args);
    Ok(report.verdict.exit_code())
}

/// Turns arguments, files and the clock into a request. Every usage error is found here, before anything is fetched.
fn request(
    args: &VerifyArgs,
    references: Vec<(String, Reference)>,
    registries: &Rc<Registries>,
    verbose: bool,
) -> Result<Request, Diagnostic> {
    let started_at = Timestamp::now();
    let known = advisories::read(&args.advisories)?;
    let (policies, trusted) = policies::read(args, registries, started_at, verbose)?;
    let judged_as = args.judged_as.as_ref();
    let ask = |(text, reference): (String, Reference)| {
        let policy = policies.of(&reference, judged_as, args.transport.plain_http, started_at)?;
        let github = args.github_api.as_ref().map(|base| Ok((base.clone(), github_repository(&policy, &reference)?)));
        Ok(Asked { text, reference, github: github.transpose()?, policy })
    };
    Ok(Request {
        images: references.into_iter().map(ask).collect::<Result<_, _>>()?,
        policy: policies.report(),
        trusted,
        known,
        platform: choice(&args.platform),
        evidence_repository: args.transport.evidence_repository.clone(),
        github_token: args.github_api.as_ref().and_then(|_| logins::github_token()),
        limits: Limits { total_time: args.transport.timeout, ..Limits::default() },
        wait: args.wait,
        started_at,
    })
}

/// All of them, if one of the flags says so.
pub(super) fn choice(platforms: &[PlatformArg]) -> PlatformChoice {
    let one = |platform: &PlatformArg| match platform {
        PlatformArg::All => None,
        PlatformArg::One(platform) => Some(platform.clone()),
    };
    platforms.iter().map(one).collect::<Option<_>>().map_or(PlatformChoice::All, PlatformChoice::These)
}

/// The repository on GitHub that the policy pins: of it, and of no other, GitHub is asked for attestations.
fn github_repository(policy: &Policy, reference: &Reference) -> Result<String, Diagnostic> {
    let signers = policy.demands().iter().flat_map(|demand| demand.signers.listed());
    let pinned = signers.filter_map(Signer::source).map(|source| &source.repository).filter(|rule| rule.is_exact());
    let mut names = pinned.filter_map(|rule| owner_and_name(rule.as_str()).ok());
    names.next().map(str::to_owned).ok_or_else(|| Diagnostic::no_repository_for_github(reference))
}

/// Says who is asked without the login that was given: it is for the references' own registry and for no other.
fn note_login(request: &Request, registries: &Registries, registry: &str) {
    let images = request.images.iter().filter_map(|asked| match &asked.reference {
        Reference::Registry(image) => Some(&image.name),
        Reference::Layout(_) => None,
    });
    let asked = images.chain(&request.evidence_repository).map(|name| {
        let mirror = registries.mirror_of(name);
        mirror.as_ref().unwrap_or(name).registry().to_owned()
    });
    let others: BTreeSet<String> = asked.filter(|other| other != registry).collect();
    if !others.is_empty() {
        progress::login_not_shown(registry, &others.into_iter().collect::<Vec<_>>().join(", "));
    }
}

/// Examines every image, one after the other, and again while all that is missing may still come.
fn examine_all(
    request: &Request,
    registries: &Rc<Registries>,
    quiet: bool,
    progress: Option<Progress<io::Stderr>>,
) -> Result<Report, Diagnostic> {
    // One image is a handful of requests: threads would cost more than they bring.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Diagnostic::system)?;
    let examined = Cell::new(0);
    let state = || {
        let used = registries.network_use();
        let (done, all) = (examined.get(), request.images.len());
        format!("{done} of {all} images, {} requests, {} bytes", used.requests, used.bytes)
    };
    let work = examine_each(request, registries, quiet, &examined);
    let images = runtime.block_on(async {
        match progress {
            Some(mut progress) => progress.show(state, work).await,
            None => work.await,
        }
    });
    let mut network = registries.network_use();
    network.add(&request.trusted.network);
    let network = output::network(network);
    let report = output::report(request.started_at, request.policy.clone(), &request.trusted.domains, images, network);
    Ok(Report { advisories: request.known.as_ref().map(|known| known.report.clone()), ..report })
}

async fn examine_each(
    request: &Request,
    registries: &Rc<Registries>,
    quiet: bool,
    examined: &Cell<usize>,
) -> Vec<ImageReport> {
    let mut images = Vec::with_capacity(request.images.len());
    for asked in &request.images {
        let mut image = examine(request, registries, asked, &asked.reference).await;
        note_mirror(registries, &asked.reference, &mut image);
        images.push(image);
        examined.set(images.len());
    }
    if let Some(wait) = request.wait {
        wait_for(request, registries, &mut images, Wait::new(wait, quiet)).await;
    }
    images
}

/// Says that a tag was read on a mirror, which may be behind or may lie: nothing binds a tag to a digest.
fn note_mirror(registries: &Registries, reference: &Reference, image: &mut ImageReport) {
    let Reference::Registry(asked @ RegistryReference { digest: None, .. }) = reference else { return };
    if let Some(mirror) = registries.mirror_of(&asked.name).filter(|_| image.digest.is_some()) {
        let message = format!("the tag was read on the mirror {mirror}, not in {}", asked.name);
        image.findings.push(Finding::pass(CheckId::ImageResolved, message));
    }
}

/// Examines what is absent again, until nothing is, or something is worse, or the time is up.
///
/// A tag is not resolved again: the digest that was looked at first is the one that is waited for (A001).
async fn wait_for(request: &Request, registries: &Rc<Registries>, images: &mut [ImageReport], mut wait: Wait) {
    while Verdict::join(images.iter().map(|image| image.verdict)) == Verdict::Absent && wait.pause().await {
        for (image, asked) in images.iter_mut().zip(&request.images) {
            if image.verdict == Verdict::Absent {
                let root = image.index.as_deref().or(image.digest.as_deref());
                let at_digest = pinned(&asked.reference, root);
                *image = examine(request, registries, asked, &at_digest).await;
                note_mirror(registries, &asked.reference, image);
            }
        }
    }
}

fn pinned(reference: &Reference, digest: Option<&str>) -> Reference {
    let mut reference = reference.clone();
    let digest = digest.and_then(|digest| digest.parse().ok());
    match &mut reference {
        Reference::Registry(image) => image.digest = digest.or(image.digest.take()),
        Reference::Layout(layout) => layout.digest = digest.or(layout.digest.take()),
    }
    reference
}

pub(super) fn registries(args: &TransportArgs, logins: Logins, verbose: bool) -> Result<Rc<Registries>, Diagnostic> {
    let read = |file: &PathBuf| roots::pem_file(file);
    let client_files = args.client_cert.iter().chain(&args.client_key).map(read).collect::<Result<Vec<_>, _>>()?;
    let settings = RegistrySettings {
        plain_http: args.plain_http,
        ca_file: args.ca_file.as_ref().map(read).transpose()?,
        client_certificate: args.client_cert.is_some().then(|| client_files.join(&b'\n')),
        token_servers: args.token_server.clone(),
        mirrors: args.mirror.clone(),
        silence: Limits::default().silence,
    };
    let registries = Registries::new(&settings, Box::new(logins)).map_err(Diagnostic::settings)?;
    if verbose {
        registries.log_requests(Box::new(progress::request));
    }
    Ok(registries)
}

/// Examines one image at `reference`, which is the one that was asked for or the digest that it was at before.
async fn examine(request: &Request, registries: &Rc<Registries>, asked: &Asked, reference: &Reference) -> ImageReport {
    let examined = match reference {
        Reference::Layout(layout) => match LayoutSource::open(layout, &request.limits) {
            Ok(source) => examine_with_evidence(request, registries, source, asked).await,
            Err(error) => Err(error),
        },
        Reference::Registry(image) => match registries.open(image, &request.limits) {
            Ok(source) => examine_with_evidence(request, registries, source, asked).await,
            Err(error) => Err(error),
        },
    };
    examined.unwrap_or_else(|error| {
        let judge = if error.is_refusal() { refused } else { unresolved };
        judge(&asked.text, &asked.policy, &unread(&asked.text, &error))
    })
}

/// Takes the evidence from where the image is, or from a repository of its own.
async fn examine_with_evidence<S: Source>(
    request: &Request,
    registries: &Rc<Registries>,
    image: S,
    asked: &Asked,
) -> Result<ImageReport, SourceError> {
    let Some(name) = &request.evidence_repository else {
        return examine_with_github(request, registries, image, asked).await;
    };
    let repository = RegistryReference { name: name.clone(), tag: None, digest: None };
    let evidence = registries.open(&repository, &request.limits)?;
    examine_with_github(request, registries, EvidenceElsewhere::new(image, evidence), asked).await
}

/// Adds GitHub's attestations if they are asked for.
async fn examine_with_github<S: Source>(
    request: &Request,
    registries: &Rc<Registries>,
    image: S,
    asked: &Asked,
) -> Result<ImageReport, SourceError> {
    let service = asked.github.as_ref().map(|(base, repository)| {
        GitHubAttestations::new(registries, base, repository, request.github_token.as_deref(), &request.limits)
    });
    examine_source(request, WithAttestations::new(image, service), asked).await
}

/// Collects and verifies step by step: more evidence can never make a verified image anything else.
async fn examine_source<S: Source>(request: &Request, source: S, asked: &Asked) -> Result<ImageReport, SourceError> {
    let mut collector =
        Collector::resolve(source, &asked.text, request.platform.clone(), request.limits.clone()).await?;
    // Where no SBOM counts, one that was never signed is part of the answer.
    if asked.policy.demands().iter().any(|demand| demand.requirement() == Requirement::Sbom) {
        collector = collector.naming_sbom_tags();
    }
    if asked.policy.demands().iter().all(|demand| demand.requirement() == Requirement::Signature) {
        collector = collector.for_signatures_alone();
    }
    // Each judgement has its own time: what was signed while this ran is not from the future.
    let mut judge = Judge::new(Grounds {
        workers: &Threads,
        policy: &asked.policy,
        domains: &request.trusted.domains,
        advisories: request.known.as_ref().map(|known| &known.advisories),
        now: request.started_at,
    });
    let mut report = judge.judge(collector.evidence(), Timestamp::now());
    while report.verdict != Verdict::Verified && collector.step().await {
        report = judge.judge(collector.evidence(), Timestamp::now());
    }
    Ok(report)
}

pub(super) fn unread(text: &str, error: &SourceError) -> GapReport {
    GapReport {
        what: text.to_owned(),
        reason: error.gap_reason().as_str().to_owned(),
        detail: error.detail(),
        subject: None,
    }
}
