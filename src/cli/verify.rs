//! `bonafide verify`: references in, one report out.

use std::fs;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use crate::check::{CheckId, Finding, GapReport, ImageReport, Network, PolicyReport, Report, Verdict};
use crate::collect::{
    Collector, EvidenceElsewhere, LayoutSource, Limits, Logins, PlatformChoice, Registries, RegistrySettings, Source,
    SourceError,
};
use crate::evidence::Evidence;
use crate::oci::{ImageName, Reference, RegistryReference};
use crate::policy::Policy;
use crate::verify::{Domain, refused, unresolved, verify_with};

use super::args::{Args, PlatformArg, TransportArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::progress::{self, Wait};
use super::threads::Threads;
use super::{logins, output, policies, references};

/// Everything a run needs, proved before the first byte is fetched.
struct Request {
    images: Vec<Asked>,
    policy: PolicyReport,
    domains: Vec<Domain>,
    platform: PlatformChoice,
    evidence_repository: Option<ImageName>,
    limits: Limits,
    wait: Option<Duration>,
    started_at: Timestamp,
}

/// One image, as it was asked for, and what it is judged by.
struct Asked {
    text: String,
    reference: Reference,
    policy: Policy,
}

/// Verifies the images and writes the report.
pub(super) fn run(verify: &VerifyArgs, args: &Args) -> Result<u8, Diagnostic> {
    let targets = output::targets(&verify.output)?;
    let request = request(verify)?;
    let references: Vec<&Reference> = request.images.iter().map(|asked| &asked.reference).collect();
    let logins = logins::logins(&verify.login, &references)?;
    let registries = registries(&verify.transport, logins, args.verbose)?;
    let report = examine_all(&request, &registries, args.quiet)?;
    output::write(&report, &targets, args)?;
    Ok(report.verdict.exit_code())
}

/// Turns arguments, files and the clock into a request. Every usage error is found here, before anything is fetched.
fn request(args: &VerifyArgs) -> Result<Request, Diagnostic> {
    let references = references::read(&args.references, !args.login.password_stdin)?;
    let (policies, domains) = policies::read(args)?;
    let judged_as = args.judged_as.as_ref();
    let ask = |(text, reference): (String, Reference)| {
        policies.of(&reference, judged_as).map(|policy| Asked { text, reference, policy })
    };
    Ok(Request {
        images: references.into_iter().map(ask).collect::<Result<_, _>>()?,
        policy: policies.report(),
        domains,
        platform: choice(&args.platform),
        evidence_repository: args.transport.evidence_repository.clone(),
        limits: Limits { total_time: args.transport.timeout, ..Limits::default() },
        wait: args.wait,
        started_at: Timestamp::now(),
    })
}

pub(super) fn choice(platform: &PlatformArg) -> PlatformChoice {
    match platform {
        PlatformArg::All => PlatformChoice::All,
        PlatformArg::One(platform) => PlatformChoice::One(platform.clone()),
    }
}

/// Examines every image, one after the other, and again while all that is missing may still come.
fn examine_all(request: &Request, registries: &Rc<Registries>, quiet: bool) -> Result<Report, Diagnostic> {
    // One image is a handful of requests: threads would cost more than they bring.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Diagnostic::system)?;
    let images: Vec<ImageReport> = runtime.block_on(async {
        let mut images = Vec::with_capacity(request.images.len());
        for asked in &request.images {
            let mut image = examine(request, registries, asked, &asked.reference).await;
            note_mirror(registries, &asked.reference, &mut image);
            images.push(image);
        }
        if let Some(wait) = request.wait {
            wait_for(request, registries, &mut images, Wait::new(wait, quiet)).await;
        }
        images
    });
    Ok(output::report(request.started_at, request.policy.clone(), &request.domains, images, network(registries)))
}

pub(super) fn network(registries: &Registries) -> Network {
    let used = registries.network_use();
    Network { requests: used.requests, bytes: used.bytes, hosts: used.hosts.into_iter().collect() }
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
                let at_digest = pinned(&asked.reference, image.digest.as_deref());
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
    let ca_file = match &args.ca_file {
        Some(file) => Some(fs::read(file).map_err(|error| Diagnostic::file(file, error))?),
        None => None,
    };
    let settings = RegistrySettings {
        plain_http: args.plain_http,
        ca_file,
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
    let Some(name) = &request.evidence_repository else { return examine_source(request, image, asked).await };
    let repository = RegistryReference { name: name.clone(), tag: None, digest: None };
    let evidence = registries.open(&repository, &request.limits)?;
    examine_source(request, EvidenceElsewhere::new(image, evidence), asked).await
}

/// Collects and verifies, looking at the platform manifests only while the root alone does not satisfy the policy: more
/// evidence can never make a verified image anything else.
async fn examine_source<S: Source>(request: &Request, source: S, asked: &Asked) -> Result<ImageReport, SourceError> {
    let mut collector =
        Collector::resolve(source, &asked.text, request.platform.clone(), request.limits.clone()).await?;
    collector.search_root().await;
    // Each judgement has its own time: what was signed while this ran is not from the future.
    let judge =
        |evidence: &Evidence| verify_with(&Threads, evidence, &asked.policy, &request.domains, Timestamp::now());
    let report = judge(collector.evidence());
    if report.verdict == Verdict::Verified {
        return Ok(report);
    }
    collector.search_platforms().await;
    Ok(judge(collector.evidence()))
}

pub(super) fn unread(text: &str, error: &SourceError) -> GapReport {
    GapReport {
        what: text.to_owned(),
        reason: error.gap_reason().as_str().to_owned(),
        detail: error.detail(),
        subject: None,
    }
}
