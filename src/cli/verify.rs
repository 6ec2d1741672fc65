//! `bonafide verify`: references in, one report out.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;

use crate::check::{ImageReport, PolicyReport, Report, Verdict};
use crate::collect::{Limits, Logins, PlatformChoice, Registries, RegistrySettings, files};
use crate::oci::{ImageName, Reference};
use crate::policy::{Policy, Signer, owner_and_name};
use crate::run::{self, Examiner, Run, Target};

use super::advisories::{self, Known};
use super::args::{Args, PlatformArg, TransportArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::output::Rows;
use super::progress::{self, Progress, Wait};
use super::roots::{self, Trusted};
use super::{logins, output, policies, pull_requests, references, streams};

/// Everything a run needs, proved before the first byte is fetched.
struct Request {
    targets: Vec<Target>,
    policy: PolicyReport,
    trusted: Trusted,
    known: Option<Known>,
    platform: PlatformChoice,
    evidence_repository: Option<ImageName>,
    offline: bool,
    github_token: Option<String>,
    limits: Limits,
    wait: Option<Duration>,
    started_at: Timestamp,
}

/// Verifies the images and writes the report.
pub(super) fn run(verify: &VerifyArgs, args: &Args) -> Result<u8, Diagnostic> {
    files::limit_silence(verify.transport.timeout);
    let targets = output::targets(&verify.output)?;
    policies::refuse_shared_input(verify)?;
    let references = references::read(&verify.references, !verify.login.password_stdin)?;
    let at: Vec<&Reference> = references.iter().map(|(_, reference)| reference).collect();
    let logins = logins::logins(&verify.login, &at, args.shows_requests())?;
    output::refuse_unfit(&targets, references.len(), verify.verifier.as_deref())?;
    let given_for = logins.given_for().map(str::to_owned);
    let registries = registries(&verify.transport, logins, args.shows_requests())?;
    let request = request(verify, references, &registries, args.shows_requests())?;
    references::refuse_without_layout(request.targets.iter().map(|target| (target.text.as_str(), &target.reference)))?;
    if let Some(registry) = given_for.filter(|_| !args.quiet) {
        note_login(&request, &registries, &registry);
    }
    let texts = request.targets.iter().map(|target| target.text.as_str());
    // The image that is waited for may change.
    let rows = if request.wait.is_some() { None } else { Rows::begin(texts, &targets, args) };
    let is_silent = args.quiet || args.shows_requests() || request.wait.is_some() || rows.is_some();
    let progress = if is_silent { None } else { Progress::on_terminal() };
    let mut report = examine_all(&request, &registries, args.quiet, progress, rows.as_ref())?;
    report.verifier.clone_from(&verify.verifier);
    output::write(&report, &targets, rows.as_ref(), args)?;
    output::write_notes(&report, &targets, args)?;
    pull_requests::warn(&report.images, &verify.signer);
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
        let github =
            args.transport.github_api.as_ref().map(|base| Ok((base.clone(), github_repository(&policy, &reference)?)));
        Ok(Target { text, reference, github: github.transpose()?, policy })
    };
    Ok(Request {
        targets: references.into_iter().map(ask).collect::<Result<_, _>>()?,
        policy: policies.report(),
        trusted,
        known,
        platform: choice(&args.platform),
        evidence_repository: args.transport.evidence_repository.clone(),
        offline: args.trust.offline,
        github_token: args.transport.github_api.as_ref().and_then(|_| logins::github_token()),
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
pub(super) fn github_repository(policy: &Policy, reference: &Reference) -> Result<String, Diagnostic> {
    let signers = policy.demands().iter().flat_map(|demand| demand.signers.listed());
    let pinned = signers.filter_map(Signer::source).map(|source| &source.repository).filter(|rule| rule.is_exact());
    let mut names = pinned.filter_map(|rule| owner_and_name(rule.as_str()).ok());
    names.next().map(str::to_owned).ok_or_else(|| Diagnostic::no_repository_for_github(reference))
}

/// Says who is asked without the login that was given: it is for the references' own registry and for no other.
fn note_login(request: &Request, registries: &Registries, registry: &str) {
    let images = request.targets.iter().filter_map(|asked| match &asked.reference {
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

/// Examines every image, and again while all that is missing may still come.
fn examine_all(
    request: &Request,
    registries: &Rc<Registries>,
    quiet: bool,
    progress: Option<Progress<io::Stderr>>,
    rows: Option<&Rows>,
) -> Result<Report, Diagnostic> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Diagnostic::system)?;
    let examined = Cell::new(0);
    let state = || {
        let used = registries.network_use();
        let (done, all) = (examined.get(), request.targets.len());
        format!("{done} of {all} images, {} requests, {} bytes", used.requests, used.bytes)
    };
    let run = Run {
        registries,
        domains: &request.trusted.domains,
        advisories: request.known.as_ref().map(|known| &known.advisories),
        platforms: &request.platform,
        evidence_repository: request.evidence_repository.as_ref(),
        offline: request.offline,
        github_token: request.github_token.as_deref(),
        limits: &request.limits,
        started_at: request.started_at,
    };
    let images = run::with_examiner(&run, request.targets.len(), |examiner| {
        let wait = request.wait.map(|wait| Wait::new(wait, quiet));
        let note = |report: &ImageReport| {
            examined.set(examined.get() + 1);
            rows.inspect(|rows| rows.add(report));
        };
        let work = examine_each(&request.targets, examiner, wait, &note);
        runtime.block_on(async {
            match progress {
                Some(mut progress) => progress.show(state, work).await,
                None => work.await,
            }
        })
    });
    let mut network = registries.network_use();
    network.add(&request.trusted.network);
    let network = output::network(network);
    let report = output::report(request.started_at, request.policy.clone(), &request.trusted.domains, images, network);
    Ok(Report { advisories: request.known.as_ref().map(|known| known.report.clone()), ..report })
}

async fn examine_each<'a>(
    targets: &'a [Target],
    examiner: &Examiner<'a, '_>,
    wait: Option<Wait>,
    note: &dyn Fn(&ImageReport),
) -> Vec<ImageReport> {
    let asked = targets.iter().map(|target| (target, Ok(target.reference.clone())));
    let finished = examiner.examine_all(asked).map(|examined| examined.report).inspect(note);
    let mut images: Vec<ImageReport> = finished.collect().await;
    if let Some(wait) = wait {
        wait_for(targets, examiner, &mut images, wait).await;
    }
    images
}

/// Examines absent images again, until none is absent, one is worse, or the time is up.
///
/// A tag is not resolved again: the digest that was looked at first is the one that is waited for (A001).
async fn wait_for<'a>(targets: &'a [Target], examiner: &Examiner<'a, '_>, images: &mut [ImageReport], mut wait: Wait) {
    while Verdict::join(images.iter().map(|image| image.verdict)) == Verdict::Absent && wait.pause().await {
        let (absent, again): (Vec<&mut ImageReport>, Vec<_>) = images
            .iter_mut()
            .zip(targets)
            .filter(|(image, _)| image.verdict == Verdict::Absent)
            .map(|(image, target)| {
                let root = image.index.as_deref().or(image.digest.as_deref());
                let at_digest = pinned(&target.reference, root);
                (image, (target, Ok(at_digest)))
            })
            .unzip();
        let reports: Vec<ImageReport> = examiner.examine_all(again).map(|examined| examined.report).collect().await;
        for (image, report) in absent.into_iter().zip(reports) {
            *image = report;
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
        secrets: streams::secrets().clone(),
    };
    let registries = Registries::new(&settings, Box::new(logins)).map_err(Diagnostic::settings)?;
    if verbose {
        registries.log_requests(Box::new(progress::request));
    }
    Ok(registries)
}
