//! Checks of this machine: trusted roots, the policy, the environment.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::oci::Reference;
use crate::policy::Document;
use crate::trust::{Instance, RootOrigin};

use super::super::args::{DoctorArgs, TrustArgs};
use super::super::diagnostics::Diagnostic;
use super::super::roots::{self, Chosen};
use super::super::{environment, policies, references};
use super::line::Line;

const ROOT: &str = "trusted root";
const POLICY: &str = "policy";

/// A layout or archive that would be read.
pub(super) fn layout(text: &str, reference: &Reference) -> Line {
    match references::refuse_without_layout([(text, reference)]) {
        Ok(()) => Line::ok("layout", format!("{reference} is there; no registry is asked")),
        Err(error) => Line::of("layout", &error),
    }
}

/// Age and source of every trusted root that may be used.
pub(super) fn roots(args: &TrustArgs, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |found: Result<Vec<Chosen>, Diagnostic>| match found {
        Ok(chosen) => lines.extend(chosen.iter().flat_map(|one| root(one, now))),
        Err(error) => lines.push(Line::of(ROOT, &error)),
    };
    match roots::repository(&args.repository) {
        Ok(repository) => {
            let nothing_named = args.trust.is_empty() && args.trusted_root.is_empty() && repository.is_none();
            let instances = if nothing_named { Instance::ALL.to_vec() } else { args.trust.clone() };
            for source in roots::sources_of(instances, repository) {
                add(source.at_hand(&roots::cache(), now).map(|one| vec![one]));
            }
        }
        Err(error) => add(Err(error)),
    }
    for file in &args.trusted_root {
        add(roots::of_file(file));
    }
    lines
}

fn root(chosen: &Chosen, now: Timestamp) -> Vec<Line> {
    let root = &chosen.root;
    let source = match root.origin {
        RootOrigin::Embedded => "comes with this version",
        RootOrigin::Cached => "updated by TUF",
        RootOrigin::Given => root.source.as_str(),
    };
    let of = root.updated_at.map(|time| format!(", of {} ({})", time.strftime("%Y-%m-%d"), age_of(time, now)));
    let until = chosen.valid_until.map(|time| format!(", valid until {}", time.strftime("%Y-%m-%d")));
    let said = format!("{}: {source}{}{}", root.domain, of.unwrap_or_default(), until.unwrap_or_default());
    let warnings = chosen.warnings.iter().map(|warning| Line::of_warning(ROOT, warning));
    std::iter::once(Line::ok(ROOT, said)).chain(warnings).collect()
}

fn age_of(time: Timestamp, now: Timestamp) -> String {
    match now.duration_since(time).as_hours() / 24 {
        days if days < 0 => "from the future: see the clock".to_owned(),
        0 => "less than a day old".to_owned(),
        1 => "one day old".to_owned(),
        days => format!("{days} days old"),
    }
}

/// What the policy says, of the image if there is one.
pub(super) fn policy(doctor: &DoctorArgs, reference: Option<&Reference>, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(warning) = policies::misnamed().filter(|_| doctor.policy.is_none()) {
        lines.push(Line::of_warning(POLICY, &warning));
    }
    let file = match &doctor.policy {
        Some(file) => Ok(Some(file.clone())),
        None => policies::default_file(),
    };
    match file {
        Ok(None) => {
            lines.push(Line::ok(POLICY, "this folder has no bonafide.yaml: flags say who must have signed"));
        }
        Ok(Some(file)) => lines.extend(of_file(&file, doctor, reference, now)),
        Err(error) => lines.push(Line::of(POLICY, &error)),
    }
    lines
}

fn of_file(file: &Path, doctor: &DoctorArgs, reference: Option<&Reference>, now: Timestamp) -> Vec<Line> {
    let document = match policies::document(file) {
        Ok(document) => document,
        Err(error) => {
            let mut line = Line::of(POLICY, &error);
            line.message = format!("{}: {}", file.display(), line.message);
            line.next = line.next.or_else(|| Some(format!("`bonafide policy check {}` shows where", file.display())));
            return vec![line];
        }
    };
    let name = file.display();
    let warnings = document.lint_warnings(now.to_zoned(TimeZone::UTC).date()).len();
    let mut lines = Vec::new();
    if warnings > 0 {
        let said = format!("{name} has {warnings} lint warning{}", if warnings == 1 { "" } else { "s" });
        lines.push(Line::warning(POLICY, said, format!("`bonafide policy check {name}`")));
    }
    lines.push(match reference {
        None => Line::ok(POLICY, format!("{name} has {} rules and no errors", document.rules().len())),
        Some(reference) => of_image(&document, doctor, reference, now),
    });
    lines
}

fn of_image(document: &Document, doctor: &DoctorArgs, reference: &Reference, now: Timestamp) -> Line {
    let judged_as = doctor.judged_as.as_ref();
    let name = match policies::name(reference, judged_as, doctor.transport.plain_http) {
        Ok(name) => name,
        Err(error) => return Line::of(POLICY, &error),
    };
    match document.policy_for(&name, &["public-good".to_owned()], None, now) {
        Ok(policy) => {
            let rules: Vec<String> = document
                .rules_about(&name)
                .into_iter()
                .map(|rule| format!("{} (line {})", rule.name, rule.place.line))
                .collect();
            let required: Vec<&str> = policy.expectations().iter().map(|expectation| expectation.id.as_str()).collect();
            let said = format!("{}: {} asks for {}", document.source_name(), rules.join(", "), required.join(", "));
            Line::ok(POLICY, said)
        }
        Err(error) => Line::of(POLICY, &policies::without_rule(reference, judged_as.is_some(), error)),
    }
}

/// Which variables change something.
pub(super) fn environment() -> Line {
    let set = environment::set();
    let said = if set.is_empty() {
        "no variable that changes anything is set".to_owned()
    } else {
        format!("set: {}", set.join(", "))
    };
    Line::ok("environment", said)
}
