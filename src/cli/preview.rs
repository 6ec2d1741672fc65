//! `bonafide policy preview`: which images would get another verdict by another policy.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args as ClapArgs;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::Serialize;

use crate::check::{ImageReport, Tool, Verdict};
use crate::collect::{Limits, PlatformChoice, Registries, files};
use crate::oci::Reference;
use crate::render::escape::terminal;
use crate::run::{self, Run, Target};

use super::args::{Args, LoginArgs, TransportArgs, TrustArgs};
use super::diagnostics::Diagnostic;
use super::exit::UNDECIDED;
use super::output::print;
use super::roots::{self, Reach};
use super::trust::ShowFormat;
use super::{logins, policies, references, runtime, session};

/// An image loses its pass.
const LOSES: u8 = 1;
/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

const EXAMPLES: &str = "\
Examples:
  kubectl get pods -A -o jsonpath='{range .items[*].spec.containers[*]}{.image}{\"\\n\"}{end}' |
    sort -u | bonafide policy preview --policy new.yaml -
  bonafide policy preview --policy new.yaml --against old.yaml ghcr.io/acme/app:1.4.2

Exit codes: 0 no image loses its pass, 1 at least one does, 2 usage, 3 something could not be read";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct PreviewArgs {
    /// The images; - reads references from standard input, one on each line
    #[arg(required = true, value_name = "REFERENCE")]
    pub(super) references: Vec<String>,
    /// The policy that would hold
    #[arg(long, value_name = "FILE")]
    pub(super) policy: PathBuf,
    /// The policy that holds now
    #[arg(long, value_name = "FILE", default_value = "bonafide.yaml")]
    pub(super) against: PathBuf,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: ShowFormat,

    #[command(flatten)]
    pub(super) trust: TrustArgs,

    #[command(flatten)]
    pub(super) login: LoginArgs,

    #[command(flatten)]
    pub(super) transport: TransportArgs,
}

/// What one policy says of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    Verified,
    Rejected,
    Undecided,
    Absent,
    /// No rule is about it, so it would not pass.
    NoRule,
}

impl Said {
    fn of(report: Option<&ImageReport>) -> Self {
        match report.map(|report| report.verdict) {
            Some(Verdict::Verified) => Self::Verified,
            Some(Verdict::Rejected) => Self::Rejected,
            Some(Verdict::Undecided) => Self::Undecided,
            Some(Verdict::Absent) => Self::Absent,
            None => Self::NoRule,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Undecided => "undecided",
            Self::Absent => "absent",
            Self::NoRule => "no rule",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Preview<'a> {
    schema_version: u32,
    tool: Tool,
    policy: String,
    against: String,
    images: &'a [Compared],
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

/// Judges every image by both policies, and prints what changes.
pub(super) fn run(preview: &PreviewArgs, args: &Args) -> Result<u8, Diagnostic> {
    files::limit_silence(preview.transport.timeout);
    let references = references::read(&preview.references, !preview.login.password_stdin)?;
    let at: Vec<&Reference> = references.iter().map(|(_, reference)| reference).collect();
    let logins = logins::logins(&preview.login, &at, args.shows_requests())?;
    let registries = session::registries(&preview.transport, logins, args.shows_requests())?;
    references::refuse_without_layout(references.iter().map(|(text, reference)| (text.as_str(), reference)))?;
    let now = Timestamp::now();
    let judge = |policy: &Path| judge(preview, policy, &references, &registries, now);
    let (new, old) = (judge(&preview.policy)?, judge(&preview.against)?);
    let compared: Vec<Compared> = references
        .iter()
        .zip(old.iter().zip(&new))
        .map(|((text, _), (old, new))| {
            let (against, policy) = (Said::of(old.as_ref()), Said::of(new.as_ref()));
            Compared { reference: text.clone(), against, policy, is_changed: against != policy }
        })
        .collect();
    print(shown(preview, &compared).as_bytes())?;
    let loses = |image: &Compared| image.against == Said::Verified && image.is_changed;
    let is_open = |image: &Compared| image.against == Said::Undecided || image.policy == Said::Undecided;
    Ok(if compared.iter().any(is_open) {
        UNDECIDED
    } else if compared.iter().any(loses) {
        LOSES
    } else {
        0
    })
}

/// Judges every image by one policy. `None` for images that no rule is about.
fn judge(
    preview: &PreviewArgs,
    file: &Path,
    references: &[(String, Reference)],
    registries: &Rc<Registries>,
    now: Timestamp,
) -> Result<Vec<Option<ImageReport>>, Diagnostic> {
    let document = policies::document(file)?;
    let transport = &preview.transport;
    let reach = Reach { ca_file: transport.ca_file.clone(), total_time: transport.timeout, verbose: false };
    let mut domains = roots::trusted(&preview.trust, &reach, now)?.domains;
    let default_trust: Vec<String> = domains.iter().map(|domain| domain.name().to_owned()).collect();
    for name in document.trust().iter().filter(|name| !default_trust.contains(name)) {
        domains.push(roots::named(name, file, now)?);
    }
    let target = |(text, reference): &(String, Reference)| {
        let name = policies::name(reference, None, transport.plain_http)?;
        let policy = document.policy_for(&name, &default_trust, None, now).ok();
        Ok(policy.map(|policy| Target { text: text.clone(), reference: reference.clone(), policy, github: None }))
    };
    let targets: Vec<Option<Target>> = references.iter().map(target).collect::<Result<_, Diagnostic>>()?;
    let limits = Limits { total_time: transport.timeout, ..Limits::default() };
    let run = Run {
        registries,
        domains: &domains,
        advisories: None,
        platforms: &PlatformChoice::All,
        evidence_repository: transport.evidence_repository.as_ref(),
        offline: preview.trust.offline,
        github_token: None,
        limits: &limits,
        started_at: now,
    };
    let runtime = runtime::start()?;
    let asked: Vec<&Target> = targets.iter().flatten().collect();
    let reports: Vec<ImageReport> = run::with_examiner(&run, asked.len(), |examiner| {
        let all = examiner.examine_all(asked.iter().map(|target| (*target, Ok(target.reference.clone()))));
        runtime.block_on(all.map(|examined| examined.report).collect())
    });
    let mut reports = reports.into_iter();
    Ok(targets.iter().map(|target| target.as_ref().and_then(|_| reports.next())).collect())
}

fn shown(preview: &PreviewArgs, images: &[Compared]) -> String {
    let (policy, against) = (preview.policy.display().to_string(), preview.against.display().to_string());
    if preview.output == ShowFormat::Json {
        let all = Preview { schema_version: SCHEMA_VERSION, tool: Tool::default(), policy, against, images };
        let mut text = serde_json::to_string_pretty(&all).expect("texts can be written as JSON");
        text.push('\n');
        return text;
    }
    let mut page = String::new();
    let changed: Vec<&Compared> = images.iter().filter(|image| image.is_changed).collect();
    for image in &changed {
        let change = format!("{} → {}", image.against.as_str(), image.policy.as_str());
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
        terminal(&policy),
        terminal(&against)
    );
    page
}
