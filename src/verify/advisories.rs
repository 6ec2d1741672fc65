//! Compares the packages of an SBOM with advisories, and judges the result by the policy.
//!
//! A pass does not prove that there are no vulnerabilities. It means only that these advisories list none for the packages that
//! they cover.

use std::collections::{BTreeMap, HashSet};

use crate::check::{CandidateReport, CheckId, ClosingReport, Finding, KnownVulnerabilitiesReport, VulnerabilityReport};
use crate::packages::{Advisories, Examined, Listed, Severity, Unchecked, Vulnerable};
use crate::policy::{Asked, SbomRules};

use super::advised::Closed;
use super::question::Question;
use crate::attestation::sbom::{Purpose, Sbom};
use crate::attestation::vex::{Image, Links, Statements};

/// Vulnerabilities that a finding shows.
const SHOWN: usize = 5;
/// Vulnerabilities that the report of one image lists. It is held until the run ends.
const LISTED: usize = 100_000;

/// What VEX closes, by the signers whom the requirement believes. VEX is asked about each, however bad it is: the report says so of all.
fn closed_by_vex(examined: &Examined, sbom: &Sbom<'_>, question: &Question<'_>) -> Closed {
    let Some(vex) = question.expected.and_then(|expected| expected.vex) else { return Closed::default() };
    let links = Links::of(sbom);
    let image = image(question, &links);
    let listed = examined.vulnerable.iter().enumerate().take_while(|_| !question.time.is_over());
    Closed(listed.filter_map(|(place, one)| Some((place, closing(one, vex, &image)?))).collect())
}

/// Which of those that count are closed, and why: the worst first.
fn describe_closed(closed: &Closed, examined: &Examined, counts: impl Fn(&Vulnerable) -> bool) -> Option<String> {
    let named = closed.0.iter().map(|(place, why)| (&examined.vulnerable[*place], why));
    let texts: Vec<String> = named
        .filter(|(one, _)| counts(one))
        .map(|(one, by)| format!("{} {} ({})", name(one), id(one), ClosingReport::join(by)))
        .collect();
    let more = texts.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!texts.is_empty())
        .then(|| format!("{} closed by VEX: {}{rest}", texts.len(), texts[..texts.len() - more].join("; ")))
}

fn examine<'q>(question: &Question<'q>, sbom: &Sbom<'_>) -> Option<&'q Examined> {
    let advisories = question.advised.advisories?;
    let listed = || listed(sbom).into_iter().take_while(|_| !question.time.is_over());
    Some(question.advised.examined.get_or_init(|| advisories.examine(listed())))
}

/// The packages as advisories are asked for them. What the document describes, a container and an operating system are no packages
/// that an advisory could be about.
fn listed<'a>(sbom: &'a Sbom<'_>) -> Vec<Listed<'a>> {
    let mut systems = sbom.packages.iter().filter(|package| package.purpose == Purpose::OperatingSystem);
    let system = systems.next().filter(|_| systems.next().is_none());
    let system = system.and_then(|system| Some((system.name.as_ref(), system.version.as_deref()?)));
    let described: HashSet<usize> = sbom.describes.iter().copied().collect();
    let packages = sbom.packages.iter().enumerate().map(|(place, package)| Listed {
        purls: &package.purls,
        version: package.version.as_deref(),
        source: package.source.as_deref().map(|source| (source.name.as_ref(), source.version.as_deref())),
        system,
        is_frame: described.contains(&place)
            || matches!(package.purpose, Purpose::Container | Purpose::OperatingSystem),
    });
    packages.collect()
}

/// Records may call several vulnerabilities of the CVE list one: each of them must be closed then.
fn closing(one: &Vulnerable, vex: &Statements, image: &Image<'_>) -> Option<Vec<ClosingReport>> {
    let closing = |ids: &[String]| vex.closing(ids, Some(&one.package), image);
    let (cves, others): (Vec<String>, Vec<String>) = one.ids.iter().cloned().partition(|id| id.starts_with("CVE-"));
    if cves.len() < 2 {
        return closing(&one.ids).map(|by| vec![by]);
    }
    let each = cves.into_iter().map(|cve| closing(&[vec![cve], others.clone()].concat()));
    let mut by = each.collect::<Option<Vec<ClosingReport>>>()?;
    by.dedup();
    Some(by)
}

/// Judges the packages of an SBOM. Without a limit in the policy, findings are reported and block nothing.
pub(crate) fn judge(sbom: &Sbom<'_>, question: &Question<'_>) -> Option<Finding> {
    let limit = rules(question).and_then(|rules| rules.deny_severity);
    match (examine(question, sbom), limit) {
        (None, None) => None,
        (None, Some(limit)) => Some(without_advisories(limit)),
        (Some(examined), limit) => {
            let closed = question.advised.closed.get_or_init(|| closed_by_vex(examined, sbom, question));
            Some(limit.map_or_else(|| reported(examined), |limit| judge_by(examined, closed, limit, sbom, question)))
        }
    }
}

fn rules<'q>(question: &Question<'q>) -> Option<&'q SbomRules> {
    match question.expected.map(|expected| expected.asked) {
        Some(Asked::Sbom(rules)) => Some(rules),
        _ => None,
    }
}

/// What believed VEX documents say of an open vulnerability, for those who expected one of them to close it.
fn open_because(one: &Vulnerable, sbom: &Sbom<'_>, question: &Question<'_>) -> Option<String> {
    let vex = question.expected?.vex?;
    vex.open_because(&one.ids, Some(&one.package), &image(question, &Links::of(sbom)))
}

fn image<'a>(question: &Question<'a>, links: &'a Links<'a>) -> Image<'a> {
    Image { evidence: question.evidence, subject: question.subject, links: Some(links), time: question.time }
}

fn without_advisories(limit: Severity) -> Finding {
    Finding::error(CheckId::SbomAdvisories, "known vulnerabilities could not be checked: no advisories are given")
        .expected(nothing_of(limit))
        .next("give the advisories of the ecosystems in the SBOM with `--advisories`, such as the all.zip files of osv.dev")
}

fn nothing_of(limit: Severity) -> String {
    format!("no known vulnerability of severity {}", or_worse(limit))
}

fn or_worse(limit: Severity) -> String {
    if limit == Severity::Critical { limit.to_string() } else { format!("{limit} or worse") }
}

fn reported(examined: &Examined) -> Finding {
    let message = format!("{} and not judged: the policy sets no limit", counted(examined));
    let finding = Finding::skip(CheckId::SbomAdvisories, message);
    match first(examined.vulnerable.iter()) {
        Some(found) => finding.found(found),
        None => finding,
    }
}

/// A vulnerability of unknown severity that may reach the limit is an error. A pass would rest on missing knowledge.
fn judge_by(
    examined: &Examined,
    closed: &Closed,
    limit: Severity,
    sbom: &Sbom<'_>,
    question: &Question<'_>,
) -> Finding {
    let all_checked = rules(question).is_some_and(|rules| rules.unchecked_fail);
    let counts = |one: &Vulnerable| one.severity.is_none_or(|severity| severity >= limit);
    let is_known = |one: &Vulnerable| one.is_certain && one.severity.is_some();
    let mut left = closed.leave(examined);
    left.retain(|one| counts(one));
    let denied = || left.iter().copied().filter(|one| is_known(one));
    let open = || left.iter().copied().filter(|one| !is_known(one));
    let by_vex = describe_closed(closed, examined, counts).map(|text| format!("; {text}")).unwrap_or_default();
    let finding = if let Some(first) = denied().next() {
        let message = format!("{} of severity {}{by_vex}", vulnerabilities(denied().count()), or_worse(limit));
        let next = "update the packages, build the image again, and attest it again";
        let next = match open_because(first, sbom, question) {
            Some(because) => format!("{next}; {} stays open, as {because}", id(first)),
            None => format!("{next}; or say why one does not matter, with VEX"),
        };
        Finding::fail(CheckId::SbomAdvisories, message).next(next)
    } else if let Some(unreadable) = question.advised.unreadable() {
        let files = if unreadable.count == 1 { "1 file".to_owned() } else { format!("{} files", unreadable.count) };
        let message = format!("{files} of the advisories cannot be read, and may be about any package");
        let more = if unreadable.count > unreadable.named.len() as u64 { " and others" } else { "" };
        return Finding::error(CheckId::SbomAdvisories, message)
            .expected(nothing_of(limit))
            .found(format!("{}{more}", unreadable.named.join(", ")))
            .next("fetch the advisories again, or remove the files that are not OSV records");
    } else if examined.is_cut_short || examined.more > 0 {
        Finding::error(CheckId::SbomAdvisories, "the SBOM needs more comparisons with advisories than the limit")
            .next("give the advisories of one ecosystem at a time, or split the SBOM")
    } else if open().next().is_some() {
        let message = format!("{} may be of severity {}{by_vex}", vulnerabilities(open().count()), or_worse(limit));
        Finding::error(CheckId::SbomAdvisories, message).next(
            "advisories that rate them may help, such as those of the CVE list that osv.dev has; or update the packages",
        )
    } else if examined.checked == 0 {
        Finding::error(
            CheckId::SbomAdvisories,
            "no package of the SBOM is of an ecosystem that the advisories are about",
        )
        .next("give the advisories of the ecosystems in the SBOM with `--advisories`")
    } else if let Some(left) = unchecked(&examined.unchecked).filter(|_| all_checked) {
        let message = format!("{} packages could not be compared with the advisories", examined.unchecked.count());
        let next = "give the advisories of the ecosystems that are named with `--advisories`, or have the SBOM made by a tool that writes package URLs with versions and releases";
        return Finding::error(CheckId::SbomAdvisories, message)
            .expected("every package checked, as `advisories: {unchecked: fail}` requires")
            .found(left)
            .next(next);
    } else {
        let what = if by_vex.is_empty() { "known" } else { "open" };
        let message = format!("no {what} vulnerability of severity {}{}{by_vex}", or_worse(limit), scope(examined));
        return Finding::pass(CheckId::SbomAdvisories, message);
    };
    let finding = finding.expected(nothing_of(limit));
    match first(denied().chain(open())).or_else(|| unchecked(&examined.unchecked)) {
        Some(found) => finding.found(found),
        None => finding,
    }
}

fn vulnerabilities(count: usize) -> String {
    if count == 1 { "1 known vulnerability".to_owned() } else { format!("{count} known vulnerabilities") }
}

/// The number of vulnerabilities of each severity, and of their packages.
fn counted(examined: &Examined) -> String {
    let total = examined.vulnerable.len();
    let each: Vec<String> =
        counts(examined).into_iter().rev().map(|(rank, count)| format!("{count} {}", word(rank))).collect();
    let each = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
    format!("{}{each}{}", vulnerabilities(total), scope(examined))
}

/// The coverage of the advisories: a package outside it is not free of vulnerabilities.
fn scope(examined: &Examined) -> String {
    let not = unchecked(&examined.unchecked).map(|text| format!("; {text}")).unwrap_or_default();
    format!(" in the {} packages that the advisories are about{not}", examined.checked)
}

fn unchecked(unchecked: &Unchecked) -> Option<String> {
    let reasons = reasons(unchecked);
    let texts: Vec<String> = reasons.iter().take(SHOWN).map(|(reason, count)| format!("{count} {reason}")).collect();
    let more = if reasons.len() > SHOWN { ", and others" } else { "" };
    (!texts.is_empty()).then(|| format!("not checked: {}{more}", texts.join(", ")))
}

/// Packages that were not checked, by the reason in words.
fn reasons(unchecked: &Unchecked) -> Vec<(String, u64)> {
    let named = [
        ("without a package URL", unchecked.without_purl),
        ("with one that cannot be read", unchecked.unreadable),
        ("without a version", unchecked.without_version),
        ("of an unknown release", unchecked.without_release),
        ("of an unknown source package", unchecked.without_source),
    ];
    let named = named.into_iter().filter(|(_, count)| *count > 0).map(|(reason, count)| (reason.to_owned(), count));
    named.chain(unchecked.not_covered.iter().map(|(what, count)| (format!("of {what}"), *count))).collect()
}

/// Describes the first few: package, id, severity and the fixed version.
fn first<'a>(vulnerable: impl Iterator<Item = &'a Vulnerable> + Clone) -> Option<String> {
    let texts: Vec<String> = vulnerable.clone().take(SHOWN).map(describe).collect();
    let more = vulnerable.count().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!texts.is_empty()).then(|| format!("{}{more}", texts.join("; ")))
}

fn describe(one: &Vulnerable) -> String {
    let (name, id) = (name(one), id(one));
    let severity = one.severity.map_or("of unknown severity", Severity::as_str);
    let fixed = if one.fixed.is_empty() { String::new() } else { format!(", fixed in {}", one.fixed.join(" or ")) };
    let open = if one.is_certain { "" } else { ", if its version is one of the affected ones" };
    format!("{name} {id} ({severity}{fixed}{open})")
}

/// Returns the package URL without the qualifiers that distinguish copies of one package.
fn name(one: &Vulnerable) -> &str {
    one.package.split(['?', '#']).next().unwrap_or(&one.package)
}

fn id(one: &Vulnerable) -> &str {
    one.ids.first().map_or("", String::as_str)
}

/// How many of each severity there are, from the least.
fn counts(examined: &Examined) -> BTreeMap<Option<Severity>, u64> {
    let mut counts = BTreeMap::new();
    for one in &examined.vulnerable {
        *counts.entry(one.severity).or_default() += 1;
    }
    counts
}

fn word(severity: Option<Severity>) -> &'static str {
    severity.map_or("unknown", Severity::as_str)
}

/// Returns the report about an unsigned SBOM.
pub(super) fn of_nobody(sbom: &Sbom<'_>, advisories: &Advisories) -> KnownVulnerabilitiesReport {
    report(&advisories.examine(listed(sbom).into_iter()), &Closed::default())
}

/// Returns the section for the report.
pub(super) fn report(examined: &Examined, closed: &Closed) -> KnownVulnerabilitiesReport {
    KnownVulnerabilitiesReport {
        checked: examined.checked,
        unchecked: reasons(&examined.unchecked).into_iter().collect(),
        counts: counts(examined).into_iter().map(|(severity, count)| (word(severity).to_owned(), count)).collect(),
        closed: closed.0.len() as u64,
        listed: examined
            .vulnerable
            .iter()
            .enumerate()
            .map(|(place, one)| VulnerabilityReport {
                closed_by: closed.0.get(&place).cloned().unwrap_or_default(),
                ..described(one)
            })
            .collect(),
        more: examined.more,
        complete: !examined.is_cut_short && examined.more == 0,
    }
}

fn described(one: &Vulnerable) -> VulnerabilityReport {
    VulnerabilityReport {
        id: id(one).to_owned(),
        aliases: one.ids.iter().skip(1).cloned().collect(),
        package: one.package.clone(),
        version: one.version.clone(),
        severity: one.severity.map(|severity| severity.to_string()),
        fixed: one.fixed.clone(),
        certain: one.is_certain,
        closed_by: Vec::new(),
    }
}

/// Bounds the listed vulnerabilities of an image's candidates, the first candidate first. The rest is counted.
pub(super) fn bound(candidates: &mut [CandidateReport]) {
    let mut left = LISTED;
    for known in candidates.iter_mut().filter_map(|candidate| candidate.known_vulnerabilities.as_mut()) {
        let kept = known.listed.len().min(left);
        known.more += (known.listed.len() - kept) as u64;
        known.listed.truncate(kept);
        known.listed.shrink_to_fit();
        left -= kept;
    }
}
