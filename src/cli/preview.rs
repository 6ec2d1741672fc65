//! `bonafide policy preview`: which images would get another verdict by another policy.

use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::check::{Tool, Verdict};
use crate::collect::{
    Given, ImageSource, NetworkUse, Pace, Places, PlatformChoice, Registries, Source, SourceError, files,
};
use crate::oci::Reference;
use crate::policy::{Document, ImageError};
use crate::render::escape::terminal;
use crate::run::{self, Run, Target};
use crate::verify::TrustDomain;

use super::args::{Args, PreviewArgs, ShowFormat};
use super::diagnostics::Diagnostic;
use super::exit::UNDECIDED;
use super::npm::Npm;
use super::output::{print, print_json};
use super::roots::{self, Reach};
use super::{logins, policies, references, runtime, session};

/// An image loses its pass.
const LOSES: u8 = 1;
/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    schema_version: u32,
    tool: Tool,
    policy: String,
    against: String,
    images: &'a [Compared],
}

/// The verdict of a policy on an image. `None` if no rule matches the image, which then does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said(Option<Verdict>);

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.map_or("no-rule", Verdict::as_str))
    }
}

/// One image by both policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    reference: String,
    against: Said,
    policy: Said,
    is_changed: bool,
}

/// An image's targets: by the policy that holds now, and by the other.
type Targets = [Option<Target>; 2];

/// Judges every image by both policies, and prints what changes.
pub(super) fn run(preview: &PreviewArgs, args: &Args) -> Result<u8, Diagnostic> {
    let transport = &preview.transport;
    files::limit_silence(transport.timeout);
    refuse_shared_input(preview)?;
    let references = references::read(&preview.references, !preview.login.password_stdin, args.color)?;
    let at: Vec<&Reference> = references.iter().map(|(_, reference)| reference).collect();
    let logins = logins::logins(&preview.login, &at)?;
    let registries = session::registries(transport, Pace::default(), logins)?;
    let now = Timestamp::now();
    let (targets, domains) = targets(preview, &references, &registries, now)?;
    let limits = transport.limits();
    let github_token = session::github_token(transport);
    let npm = Npm::read(transport)?;
    let run = Run {
        registries: &registries,
        npm: &npm.registry,
        given: &Given::default(),
        domains: &domains,
        advisories: None,
        platforms: &PlatformChoice::All,
        evidence_repository: transport.evidence_repository.as_ref(),
        offline: preview.trust.offline,
        github_token: github_token.as_deref(),
        limits: &limits,
        jobs: run::AT_ONCE,
        started_at: now,
        at: None,
        reads_all: false,
        witness: None,
        pack: None,
    };
    let mut verdicts = judge(&run, &references, &targets)?.into_iter();
    let compare = |((text, _), targets): (&(String, Reference), &Targets)| {
        let [against, policy] = targets.each_ref().map(|target| Said(target.as_ref().and_then(|_| verdicts.next())));
        Compared { reference: text.clone(), against, policy, is_changed: against != policy }
    };
    let compared: Vec<Compared> = references.iter().zip(&targets).map(compare).collect();
    show(preview, &compared)?;
    Ok(references.exit_code(exit_code(&compared), args.color))
}

/// Standard input can be read once.
fn refuse_shared_input(preview: &PreviewArgs) -> Result<(), Diagnostic> {
    for policy in [&preview.policy, &preview.against] {
        policies::refuse_shared_input(Some(policy), &preview.references, &preview.login)?;
    }
    if preview.policy == preview.against && preview.policy.as_os_str() == "-" {
        return Err(policies::shared_input("the other policy"));
    }
    Ok(())
}

/// Reads both policies, and only then the trusted roots, each once. Returns the domains of both: every requirement says in which of
/// them its evidence must verify.
fn targets(
    preview: &PreviewArgs,
    references: &[(String, Reference)],
    registries: &Rc<Registries>,
    now: Timestamp,
) -> Result<(Vec<Targets>, Vec<TrustDomain>), Diagnostic> {
    let transport = &preview.transport;
    let reach = Reach::of(transport);
    let read = |file: &Path| {
        policies::here_or_elsewhere(file, preview.trust.offline, registries, &reach, &mut NetworkUse::default())
    };
    let (old, new) = (read(&preview.against)?, read(&preview.policy)?);
    let mut trusted = roots::trusted(&preview.trust, &reach, now)?;
    let default_trust = trusted.names();
    trusted.add_named(&old, &preview.against, now)?;
    trusted.add_named(&new, &preview.policy, now)?;
    let target = |document: &Document, text: &str, reference: &Reference| {
        if let Reference::Npm(package) = reference {
            return Err(references::no_image(package));
        }
        let name = policies::name(reference, None, transport.plain_http)?;
        let policy = match document.policy_for(&name, &default_trust, None, now) {
            Ok(policy) => policy,
            Err(ImageError::NoRule { .. }) => return Ok(None),
            Err(error) => return Err(policies::without_rule(reference, false, error)),
        };
        let github = session::github(transport, &policy, reference)?;
        Ok(Some(Target {
            text: text.to_owned(),
            reference: reference.clone(),
            policy: policy.into(),
            github,
            platforms: None,
        }))
    };
    let both =
        |(text, reference): &(String, Reference)| Ok([target(&old, text, reference)?, target(&new, text, reference)?]);
    let targets = references.iter().map(both).collect::<Result<_, Diagnostic>>()?;
    Ok((targets, trusted.domains))
}

/// Judges every target, each image at one digest: a moved tag must not look like an effect of the policy (A001).
fn judge(run: &Run<'_>, references: &[(String, Reference)], targets: &[Targets]) -> Result<Vec<Verdict>, Diagnostic> {
    let runtime = runtime::start()?;
    let wanted = references.iter().zip(targets).filter(|(_, pair)| pair.iter().any(Option::is_some));
    let resolved =
        stream::iter(wanted).map(|((_, reference), pair)| async move { (pair, resolve(run, reference).await) });
    Ok(run::with_examiner(run, 2 * targets.len(), |examiner| {
        runtime.block_on(async {
            let resolved: Vec<(&Targets, Result<Reference, SourceError>)> =
                resolved.buffered(run.limits.parallel).collect().await;
            let asked = resolved.iter().flat_map(|(pair, at)| pair.iter().flatten().map(|target| (target, at.clone())));
            examiner.examine_all(asked).map(|examined| examined.report.verdict).collect().await
        })
    }))
}

/// Returns the image by its digest.
async fn resolve(run: &Run<'_>, reference: &Reference) -> Result<Reference, SourceError> {
    let source = ImageSource::open(reference, Places::default(), run.registries, run.limits)?;
    Ok(reference.at(source.root(run.limits.manifest).await?.blob.digest().clone()))
}

/// An image that certainly loses its pass outweighs an unreadable one.
fn exit_code(images: &[Compared]) -> u8 {
    let loses = |image: &Compared| {
        image.against.0 == Some(Verdict::Verified)
            && !matches!(image.policy.0, Some(Verdict::Verified | Verdict::Undecided))
    };
    let is_open = |image: &Compared| [image.against, image.policy].contains(&Said(Some(Verdict::Undecided)));
    if images.iter().any(loses) {
        LOSES
    } else if images.iter().any(is_open) {
        UNDECIDED
    } else {
        0
    }
}

fn show(preview: &PreviewArgs, images: &[Compared]) -> Result<u8, Diagnostic> {
    let (policy, against) = (preview.policy.display().to_string(), preview.against.display().to_string());
    match preview.output {
        ShowFormat::Text => print(text(&policy, &against, images).as_bytes()),
        ShowFormat::Json => {
            print_json(&Preview { schema_version: SCHEMA_VERSION, tool: Tool::default(), policy, against, images })
        }
    }
}

fn text(policy: &str, against: &str, images: &[Compared]) -> String {
    let mut page = String::new();
    let changed: Vec<&Compared> = images.iter().filter(|image| image.is_changed).collect();
    let word = |said: Said| said.0.map_or("no rule", Verdict::as_str);
    for image in &changed {
        let change = format!("{} → {}", word(image.against), word(image.policy));
        let _ = writeln!(page, "{change:<22}  {}", terminal(&image.reference));
    }
    let count = match images.len() {
        1 => "one image".to_owned(),
        count => format!("{count} images"),
    };
    let _ = writeln!(
        page,
        "{count}: {} would change by {}, against {}",
        changed.len(),
        terminal(policy),
        terminal(against)
    );
    page
}
