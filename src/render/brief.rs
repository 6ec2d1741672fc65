//! The short text report: the verdict first, a line for each satisfied requirement, and each failure once, with the expected
//! value, the found value and a hint.
//!
//! [`super::text`] has everything else; `-v` selects it. The report is readable without colour. Every line with text from outside
//! is escaped.

use std::io::{self, Write};

use crate::check::{
    CandidateReport, CandidateState, CheckId, ClosingReport, Finding, GapReport, ImageReport,
    KnownVulnerabilitiesReport, Outcome, Report, RequirementReport, SbomReport, SignerReport, Verdict,
};

use super::audit;
use super::diff;
use super::escape::terminal;
use super::inspection;
use super::label::named;
use super::lines::{Lines, short_digest};
use super::output::{Head, Output};
use super::parts::{
    Detail, NARROW, Verification, about_advisories, about_roots, bare, excepted, headline, is_about_others, is_note,
    satisfying,
};
use super::{rows, text};

pub(super) const OUTPUT: Output = Output::new("text", "for people", end)
    .streamed(|head| head.targets != 1 && !head.detail.verbose, row)
    .for_bundles()
    .for_audits()
    .for_inspections(inspection::write)
    .for_diffs(diff::text);

/// The most failures of one requirement, things left unread and pieces of evidence that are shown one by one.
const SHOWN: usize = 3;

/// Writes the report of one image, or what stands below the lines of several.
fn end(head: &Head, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if head.detail.verbose {
        return text::write(report, head.detail, out);
    }
    if let (1, [image]) = (head.targets, report.images.as_slice())
        && head.detail.shows(image)
    {
        Page::new(head.detail, out).image(image)?;
    }
    below(head, report, out)
}

/// Writes the row of an image among several.
fn row(head: &Head, image: &ImageReport, out: &mut dyn Write) -> io::Result<()> {
    if head.detail.shows(image) { rows::write(head, image, &mut Lines::new(out, head.detail.width)) } else { Ok(()) }
}

/// Writes what stands below the images.
fn below(head: &Head, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let detail = head.detail;
    let mut lines = Lines::new(out, detail.width);
    if detail.quiet {
        return audit::write(&report.repositories, detail, &mut lines);
    }
    if report.images.len() > 1 {
        rows::counts(head, report, &mut lines)?;
    }
    audit::write(&report.repositories, detail, &mut lines)?;
    let advisories = report.advisories.iter().flat_map(|known| about_advisories(known, false));
    advisories.chain(about_roots(&report.trust)).try_for_each(|line| lines.write("", "", &line))
}

struct Page<'a> {
    detail: Detail,
    lines: Lines<'a>,
    /// What was already said of this image.
    said: Vec<Finding>,
    /// The signer that was shown last.
    signer: Option<SignerReport>,
}

impl<'a> Page<'a> {
    fn new(detail: Detail, out: &'a mut dyn Write) -> Self {
        Self { detail, lines: Lines::new(out, detail.width), said: Vec::new(), signer: None }
    }

    fn image(&mut self, image: &ImageReport) -> io::Result<()> {
        let word = headline(image.verdict);
        let coloured = self.detail.coloured(image.verdict, word);
        let reference = named(image);
        let digest = image.digest.as_deref().map(|digest| self.digest(digest));
        let names: Vec<String> = [reference].into_iter().chain(digest).collect();
        let line = terminal(&names.join("  ")).into_owned();
        if self.fits(word.len() + 2 + line.chars().count()) {
            self.lines.raw(&format!("{coloured}  {line}"))?;
        } else {
            self.lines.raw(&coloured)?;
            names.iter().try_for_each(|name| self.lines.write("  ", "", name))?;
        }
        if self.detail.quiet {
            return match &image.reason {
                Some(reason) => self.lines.write("  ", "", &reason.in_words()),
                None => Ok(()),
            };
        }
        for finding in image.findings.iter().filter(|finding| finding.is_blocking()) {
            self.obstacle(image, "image", finding)?;
        }
        for finding in image.findings.iter().filter(|finding| is_note(finding)) {
            self.row("image", &finding.message)?;
        }
        if image.digest.is_none() {
            return Ok(());
        }
        for requirement in &image.requirements {
            self.requirement(image, requirement)?;
        }
        self.platforms(image)?;
        self.evidence(image)?;
        self.gaps(&image.gaps)
    }

    fn requirement(&mut self, image: &ImageReport, requirement: &RequirementReport) -> io::Result<()> {
        if requirement.verdict == Verdict::Verified {
            if let Some(candidate) = satisfying(image, requirement) {
                self.proof(requirement, candidate)?;
            }
            let mut others = requirement.findings.iter().filter(|one| is_about_others(one.check));
            return others.try_for_each(|finding| self.obstacle(image, "", finding));
        }
        let findings = &requirement.findings;
        let mut shown = 0;
        for finding in findings {
            if self.is_said(finding) || is_of_a_stranger(finding, findings) {
                continue;
            }
            if shown == SHOWN {
                self.row("", "and more: -v shows all")?;
                break;
            }
            self.obstacle(image, if shown == 0 { &requirement.id } else { "" }, finding)?;
            shown += 1;
        }
        if shown == 0 {
            self.row(&requirement.id, &format!("{}, as above", headline(requirement.verdict)))?;
        }
        if let Some(exception) = excepted(requirement) {
            self.row("", &exception)?;
        }
        Ok(())
    }

    /// What a satisfied requirement rests on, in one line.
    fn proof(&mut self, requirement: &RequirementReport, candidate: &CandidateReport) -> io::Result<()> {
        let who = match &candidate.signer {
            Some(signer) if self.signer.as_ref() == Some(signer) => None,
            Some(signer) => {
                self.signer = Some(signer.clone());
                Some(signer.in_words())
            }
            None => None,
        };
        let signed_by = candidate.signer.as_ref().map(|signer| signer.identity.as_str());
        let section = candidate.section.as_ref();
        let mut said = section.map(|section| section.shown().brief(signed_by)).unwrap_or_default();
        if let Some(level) = requirement.build_level.or(candidate.build_level) {
            said.push(format!("SLSA build level {level}"));
        }
        if said.is_empty() {
            said.extend(who.or_else(|| Some("the same signer".to_owned()).filter(|_| candidate.signer.is_some())));
            said.push(logged(requirement, candidate));
        } else {
            said.extend(who.map(|who| format!("signed by {who}")));
        }
        let more = requirement.satisfied_by.len().saturating_sub(1);
        if more > 0 {
            said.push(format!("and {more} more"));
        }
        said.retain(|text| !text.is_empty());
        self.row(&requirement.id, &said.join(", "))?;
        match (candidate.says::<SbomReport>(), &candidate.known_vulnerabilities) {
            (Some(sbom), Some(known)) => self.known_vulnerabilities(known, sbom.packages),
            _ => Ok(()),
        }
    }

    fn known_vulnerabilities(&mut self, found: &KnownVulnerabilitiesReport, packages: u64) -> io::Result<()> {
        self.row("", &found.in_words(packages))?;
        if let Some(reasons) = found.unchecked_in_words() {
            self.row("", &format!("not checked: {reasons}"))?;
        }
        let closed: Vec<_> = found.listed.iter().filter(|one| !one.closed_by.is_empty()).collect();
        for one in closed.iter().take(SHOWN) {
            let why = ClosingReport::join(&one.closed_by);
            self.row("", &format!("closed {} {}: {why}", one.package, one.id))?;
        }
        match closed.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => self.row("", &format!("and {more} more closed: -v shows all")),
        }
    }

    /// What was expected, what was found and what to do, once.
    fn obstacle(&mut self, image: &ImageReport, label: &str, finding: &Finding) -> io::Result<()> {
        if self.is_said(finding) {
            return Ok(());
        }
        self.said.push(bare(finding));
        self.row(label, &finding.message)?;
        // The message already names the missing evidence; the places searched are printed once.
        let is_absent = finding.check == CheckId::EvidencePresent && finding.outcome == Outcome::Skip;
        let is_repeated = is_absent && self.said.iter().filter(|said| said.found == finding.found).count() > 1;
        let expected = finding.expected.as_ref().filter(|_| !is_absent);
        let found = finding.found.as_ref().filter(|_| !is_repeated);
        for (word, text) in [("expected", expected), ("found", found)] {
            if let Some(text) = text {
                self.lines.write(self.indent(), &format!("{word:<9} "), text)?;
            }
        }
        let place = image.candidates.iter().find(|candidate| Some(&candidate.id) == finding.candidate.as_ref());
        if let Some(candidate) = place {
            let place = self.digests_shortened(&candidate.origin.place);
            self.lines.write(self.indent(), "where     ", &format!("{}, {place}", candidate.id))?;
        }
        let explain = format!("`bonafide explain {}`", finding.check);
        let is_begun = finding.shared_next.is_some()
            && self.said.iter().filter(|said| said.shared_next == finding.shared_next).count() > 1;
        let next = if is_begun { finding.own_next() } else { finding.next.as_deref() };
        match next {
            Some(next) => self.lines.write(self.indent(), "→ ", &format!("{next} ({explain})")),
            None => self.lines.write(self.indent(), "→ ", &explain),
        }
    }

    fn is_said(&self, finding: &Finding) -> bool {
        self.said.contains(&bare(finding))
    }

    /// Platforms, folded to one line where they agree.
    fn platforms(&mut self, image: &ImageReport) -> io::Result<()> {
        let name = |platform: &Option<String>| platform.clone().unwrap_or_else(|| "unknown".to_owned());
        let names: Vec<String> = image.platforms.iter().map(|one| name(&one.platform)).collect();
        // Of an index, one platform was asked for: the verdict is about that one and no other.
        if let Some(index) = &image.index {
            return self
                .row("platform", &format!("{} alone, of the index {}", names.join(" and "), self.digest(index)));
        }
        if image.platforms.len() < 2 {
            return Ok(());
        }
        let first = &image.platforms[0].requirements;
        if image.platforms.iter().all(|platform| platform.requirements == *first) {
            return self.row("platforms", &names.join(", "));
        }
        let mut label = "platforms";
        for (platform, name) in image.platforms.iter().zip(&names) {
            let missing: Vec<String> = platform
                .requirements
                .iter()
                .filter(|(_, verdict)| **verdict != Verdict::Verified)
                .map(|(requirement, verdict)| format!("{requirement} {verdict}"))
                .collect();
            let said = if missing.is_empty() { "verified".to_owned() } else { missing.join(", ") };
            self.row(label, &format!("{name}: {said}"))?;
            label = "";
        }
        Ok(())
    }

    /// How much evidence there is; and where something is missing, what of it did not count.
    fn evidence(&mut self, image: &ImageReport) -> io::Result<()> {
        if image.candidates.is_empty() {
            return Ok(());
        }
        let said = [CandidateState::Accepted, CandidateState::Refused, CandidateState::Unused, CandidateState::Unread]
            .into_iter()
            .filter_map(|state| {
                let count = image.candidates.iter().filter(|candidate| candidate.state() == state).count();
                (count > 0).then(|| format!("{count} {state}"))
            });
        let said: Vec<String> = said.collect();
        self.row("evidence", &format!("{} (-v lists all)", said.join(", ")))?;
        if image.verdict == Verdict::Verified {
            return Ok(());
        }
        let unused = image.candidates.iter().filter(|one| !one.accepted && !is_explained(one));
        let mut described: Vec<String> = Vec::new();
        for candidate in unused {
            let reason = candidate.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let what = candidate.predicate_type.as_deref().unwrap_or(candidate.kind.as_str());
            let says = candidate.unsigned_provenance.as_ref().map(|says| format!("; it says: {}", says.line()));
            let state = candidate.state();
            described.push(format!("{state} {what} [{}]{reason}{}", candidate.origin.kind, says.unwrap_or_default()));
        }
        described.sort();
        described.dedup();
        for text in described.iter().take(SHOWN) {
            self.row("", text)?;
        }
        Ok(())
    }

    fn gaps(&mut self, gaps: &[GapReport]) -> io::Result<()> {
        let mut label = "not read";
        let gaps = self.unsaid(gaps);
        for gap in gaps.iter().take(SHOWN) {
            self.row(label, &format!("{}: {} ({})", gap.what, gap.in_words(), gap.reason))?;
            label = "";
        }
        match gaps.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => self.row("", &format!("and {more} more: -v shows all")),
        }
    }

    /// The gaps that no failure was said to come of, nor another gap of the same cause.
    fn unsaid<'b>(&self, gaps: &'b [GapReport]) -> Vec<&'b GapReport> {
        let is_said = |gap: &&GapReport| self.said.iter().any(|finding| finding.found.as_ref() == Some(&gap.detail));
        let causes: Vec<&String> = gaps.iter().filter(is_said).filter_map(|gap| gap.cause.as_ref()).collect();
        let is_caused = |gap: &GapReport| gap.cause.as_ref().is_some_and(|cause| causes.contains(&cause));
        gaps.iter().filter(|gap| !is_said(gap) && !is_caused(gap)).collect()
    }

    /// A label with a text beside it, or below it if the line is too short.
    fn row(&mut self, label: &str, text: &str) -> io::Result<()> {
        let indent = self.indent();
        if indent == INDENT && label.chars().count() + 2 < INDENT.len() - 1 {
            return self.lines.write("  ", &format!("{label:<12}"), text);
        }
        if !label.is_empty() {
            self.lines.write("  ", "", label)?;
        }
        self.lines.write(indent, "", text)
    }

    /// Whether a line of so many columns is whole on the terminal.
    fn fits(&self, columns: usize) -> bool {
        self.detail.width.is_none_or(|width| columns <= width)
    }

    /// Where texts begin: below their labels, on a narrow terminal.
    fn indent(&self) -> &'static str {
        if self.detail.width.is_some_and(|width| width < NARROW) { "    " } else { INDENT }
    }

    /// A text with the digests in it as short as one beside it.
    fn digests_shortened(&self, text: &str) -> String {
        text.split(' ').map(|word| self.digest(word)).collect::<Vec<_>>().join(" ")
    }

    /// Whole in files and pipes, and as short on a terminal as a person compares.
    fn digest(&self, digest: &str) -> String {
        if self.detail.width.is_some() { short_digest(digest) } else { digest.to_owned() }
    }
}

/// Where the texts beside labels begin.
const INDENT: &str = "              ";

/// Whether a finding says only how else a stranger differs whose identity is refused already.
fn is_of_a_stranger(finding: &Finding, all: &[Finding]) -> bool {
    let is_detail = matches!(finding.check, CheckId::SignerIssuer | CheckId::SignerSource | CheckId::SignerClaims);
    let refuses =
        |one: &Finding| one.check == CheckId::SignerIdentity && one.candidate == finding.candidate && one.is_blocking();
    is_detail && all.iter().any(refuses)
}

/// Whether the reason of a failed requirement already covers a candidate's fault.
fn is_explained(candidate: &CandidateReport) -> bool {
    candidate.findings.iter().any(|finding| finding.is_blocking() && finding.outcome == Outcome::Fail)
}

/// The trusted time of the signature, if there is one.
fn logged(requirement: &RequirementReport, candidate: &CandidateReport) -> String {
    let Verification { log_entries, timestamps, is_unlogged, .. } = Verification::of(requirement, candidate);
    let time = timestamps.iter().map(|stamp| stamp.time).min();
    let time = time.map(|time| format!(" {}", time.strftime("%F %H:%M UTC")));
    match time {
        time if !log_entries.is_empty() => format!("logged{}", time.unwrap_or_default()),
        Some(time) if is_unlogged => format!("not logged, signed{time}"),
        Some(time) => format!("signed{time}"),
        None if is_unlogged => "not logged".to_owned(),
        None => String::new(),
    }
}
