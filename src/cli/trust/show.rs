//! `bonafide trust show`: lists every available trusted root, with its authorities and logs.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::check::{NotDemanded, Tool};
use crate::render::escape::terminal;
use crate::trust::{Instance, RootOrigin, Service};

use super::super::diagnostics::Diagnostic;
use super::super::output::{print, print_json};
use super::super::roots::{self, Chosen};
use crate::cli::args::{ShowFormat, TrustShowArgs};

/// An end within this time gets a warning: the metadata of TUF roots is renewed well before.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The version of the JSON shape: additions only within a version.
const SCHEMA_VERSION: u32 = 1;

/// All trusted roots, as JSON has them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    schema_version: u32,
    tool: Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<String>,
    trust: Vec<ShownRoot>,
}

/// One trusted root.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownRoot {
    domain: String,
    source: String,
    #[serde(skip)]
    origin: RootOrigin,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    certificate_authorities: Vec<ShownService>,
    transparency_logs: Vec<ShownService>,
    ct_logs: Vec<ShownService>,
    timestamp_authorities: Vec<ShownService>,
    not_demanded: Vec<NotDemanded>,
    warnings: Vec<String>,
}

/// One authority or log.
#[derive(Debug, Serialize)]
struct ShownService {
    name: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Timestamp>,
}

/// Prints the roots. Nothing is asked of the network.
pub(super) fn run(args: &TrustShowArgs) -> Result<u8, Diagnostic> {
    let shown = shown(args, Timestamp::now())?;
    match args.output {
        ShowFormat::Json => print_json(&shown),
        ShowFormat::Text => print(text(&shown).as_bytes()),
    }
}

fn shown(args: &TrustShowArgs, now: Timestamp) -> Result<Shown, Diagnostic> {
    let repository = roots::repository(&args.repository)?;
    let mut instances = args.trust.clone();
    if instances.is_empty() && args.trusted_root.is_empty() && repository.is_none() {
        instances.extend(Instance::ALL);
    }
    let cache = roots::cache();
    let mut trust = Vec::new();
    for source in roots::sources_of(instances, repository) {
        trust.push(root(&source.at_hand(&cache, now)?, now));
    }
    for file in &args.trusted_root {
        trust.extend(roots::of_file(file)?.iter().map(|chosen| root(chosen, now)));
    }
    let cache = cache.folder().map(|folder| folder.display().to_string());
    Ok(Shown { schema_version: SCHEMA_VERSION, tool: Tool::default(), cache, trust })
}

fn root(chosen: &Chosen, now: Timestamp) -> ShownRoot {
    let contents = chosen.root.contents();
    let ending = contents.ending_before(now + SOON).into_iter();
    let ending = ending.map(|(kind, end)| format!("its last {kind} ends on {end}, and no other follows"));
    let mut warnings = chosen.domain.report().warnings.clone();
    warnings.extend(chosen.warnings.iter().map(|warning| warning.message().to_owned()));
    warnings.extend(ending);
    let services = |list: Vec<Service>| list.into_iter().map(ShownService::from).collect();
    ShownRoot {
        domain: chosen.root.domain.clone(),
        source: chosen.root.source.clone(),
        origin: chosen.root.origin,
        sha256: chosen.root.sha256.clone(),
        updated_at: chosen.root.updated_at,
        valid_until: chosen.valid_until,
        certificate_authorities: services(contents.authorities),
        transparency_logs: services(contents.logs),
        ct_logs: services(contents.ct_logs),
        timestamp_authorities: services(contents.timestamp_authorities),
        not_demanded: chosen.domain.report().not_demanded.clone(),
        warnings,
    }
}

impl From<Service> for ShownService {
    fn from(Service { name, id, start, end }: Service) -> Self {
        Self { name, id, start, end }
    }
}

fn text(shown: &Shown) -> String {
    let mut page = String::new();
    for root in &shown.trust {
        // Writing to a `String` cannot fail.
        let _ = write_root(&mut page, root);
    }
    let nowhere = "none: neither `XDG_CACHE_HOME` nor `HOME` is set";
    let _ = writeln!(page, "cache  {}", terminal(shown.cache.as_deref().unwrap_or(nowhere)));
    page
}

fn write_root(page: &mut String, root: &ShownRoot) -> std::fmt::Result {
    writeln!(page, "{}", terminal(&root.domain))?;
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let date = root.updated_at.map(|time| format!(" of {}", day(time))).unwrap_or_default();
    let until = root.valid_until.map(|time| format!(", valid until {time}")).unwrap_or_default();
    let source = match root.origin {
        RootOrigin::Embedded | RootOrigin::Cached => root.source.clone(),
        RootOrigin::Given => format!("file {}", root.source),
    };
    writeln!(page, "  source   {}{date}{until}", terminal(&source))?;
    writeln!(page, "  sha256   {}", root.sha256)?;
    for (kind, services) in [
        ("certificate authorities", &root.certificate_authorities),
        ("transparency logs", &root.transparency_logs),
        ("certificate transparency logs", &root.ct_logs),
        ("timestamp authorities", &root.timestamp_authorities),
    ] {
        writeln!(page, "  {kind}{}", if services.is_empty() { ": none" } else { "" })?;
        for service in services {
            let start = service.start.map_or_else(|| "…".to_owned(), day);
            let end = service.end.map_or_else(String::new, day);
            writeln!(page, "    {start} – {end:<10}  {}", terminal(&service.name))?;
        }
    }
    for notice in root.not_demanded.iter().map(|one| one.describe()) {
        // Of roots that do not come with the program it is a warning, too.
        if root.warnings.iter().all(|warning| warning != notice) {
            writeln!(page, "  notice   {notice}")?;
        }
    }
    for warning in &root.warnings {
        writeln!(page, "  warning  {}", terminal(warning))?;
    }
    writeln!(page)
}
