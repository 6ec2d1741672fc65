//! The full text report: the verdict first, then each requirement with its reason, then every candidate with its checks.
//!
//! The report is readable without colour. Every line with text from outside is escaped.

use std::io::{self, Write};

use crate::check::{
    AttestationKind, CandidateKind, CandidateReport, CheckId, ClosingReport, Finding, ImageReport,
    KnownVulnerabilitiesReport, Outcome, Report, RequirementReport, SbomReport, SignerKind, SignerReport, Verdict,
};

use super::audit;
use super::escape::terminal;
use super::label::named;
use super::lines::Lines;
use super::parts::{
    Detail, Verification, about_advisories, about_roots, bare, excepted, is_about_others, is_note, satisfying,
};

/// Writes the report in full.
pub(super) fn write(report: &Report, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { detail, out, said: Vec::new(), signer: None };
    for (position, image) in report.images.iter().filter(|image| detail.shows(image)).enumerate() {
        if position > 0 {
            writeln!(page.out)?;
        }
        page.said.clear();
        page.signer = None;
        page.image(image)?;
    }
    if let Some(known) = &report.advisories {
        writeln!(page.out)?;
        about_advisories(known, true).try_for_each(|line| writeln!(page.out, "{}", terminal(&line)))?;
    }
    about_roots(&report.trust).try_for_each(|line| writeln!(page.out, "{}", terminal(&line)))?;
    if !report.environment.is_empty() {
        let used = report.environment.iter().map(|one| format!("{} ({})", one.name, one.used_for.as_str()));
        writeln!(page.out, "\nenvironment: {}", used.collect::<Vec<_>>().join(", "))?;
    }
    if report.images.len() > 1 {
        writeln!(page.out, "\n{} of {} images verified", report.counts().verified, report.images.len())?;
    }
    audit::write(&report.repositories, detail, &mut Lines::new(page.out, detail.width))
}

struct Page<'a> {
    detail: Detail,
    out: &'a mut dyn Write,
    /// What was already explained of this image: said once, it is referred to.
    said: Vec<Finding>,
    /// The signer that was shown last.
    signer: Option<SignerReport>,
}

impl Page<'_> {
    fn image(&mut self, image: &ImageReport) -> io::Result<()> {
        let verdict = self.verdict(image.verdict, 0);
        let digest = image.digest.as_deref().map(|digest| format!(" @ {digest}")).unwrap_or_default();
        writeln!(self.out, "{verdict}  {}{digest}", terminal(&named(image)))?;
        for finding in image.findings.iter().filter(|finding| finding.is_blocking()) {
            self.obstacle("image", finding)?;
        }
        for finding in image.findings.iter().filter(|finding| is_note(finding)) {
            writeln!(self.out, "  {:<11} {}", "image", terminal(&finding.message))?;
        }
        if image.digest.is_none() {
            return Ok(());
        }
        for requirement in &image.requirements {
            self.requirement(image, requirement)?;
        }
        self.matrix(image)?;
        self.candidates(image)?;
        self.gaps(image)
    }

    fn requirement(&mut self, image: &ImageReport, requirement: &RequirementReport) -> io::Result<()> {
        let verdict = self.verdict(requirement.verdict, 0);
        let exception = excepted(requirement).map(|text| format!(", {text}")).unwrap_or_default();
        writeln!(self.out, "  {:<11} {verdict}{}", terminal(&requirement.id), terminal(&exception))?;
        if requirement.verdict == Verdict::Verified {
            return match satisfying(image, requirement) {
                Some(candidate) => {
                    self.proof(requirement, candidate)?;
                    let mut others = requirement.findings.iter().filter(|one| is_about_others(one.check));
                    others.try_for_each(|finding| self.obstacle("", finding))
                }
                None => Ok(()),
            };
        }
        for finding in &requirement.findings {
            self.obstacle("", finding)?;
        }
        Ok(())
    }

    /// What a satisfied requirement rests on.
    fn proof(&mut self, requirement: &RequirementReport, candidate: &CandidateReport) -> io::Result<()> {
        let count = requirement.satisfied_by.len();
        if candidate.signer.is_some() && candidate.signer == self.signer {
            writeln!(self.out, "    signed by  the same")?;
        } else if let Some(signer) = &candidate.signer {
            let key = if signer.identity_kind == SignerKind::Key { "the key " } else { "" };
            writeln!(self.out, "    signed by  {key}{}", terminal(&signer.identity))?;
            if !signer.issuer.is_empty() {
                writeln!(self.out, "    issuer     {}", terminal(&signer.issuer))?;
            }
            self.signer = Some(signer.clone());
        }
        let evidence = Verification::of(requirement, candidate).in_words();
        writeln!(self.out, "    evidence   {}, {}", candidate.id, terminal(&evidence.join(", ")))?;
        for (label, text) in candidate.section.iter().flat_map(|section| section.shown().lines()) {
            writeln!(self.out, "    {label:<10} {}", terminal(&text))?;
        }
        if let Some(level) = requirement.build_level.or(candidate.build_level) {
            writeln!(self.out, "    level      SLSA build level {level}")?;
        }
        if let (Some(sbom), Some(known)) = (candidate.says::<SbomReport>(), &candidate.known_vulnerabilities) {
            self.known_vulnerabilities(known, sbom.packages)?;
        }
        let judged = candidate.findings.iter().find(|finding| finding.check == CheckId::ScanFindings);
        if let Some(finding) = judged {
            writeln!(self.out, "    judged     {}", terminal(&finding.message))?;
        }
        if count > 1 {
            writeln!(self.out, "    and {} more", count - 1)?;
        }
        Ok(())
    }

    fn known_vulnerabilities(&mut self, found: &KnownVulnerabilitiesReport, packages: u64) -> io::Result<()> {
        writeln!(self.out, "    advisories {}", found.in_words(packages))?;
        if let Some(reasons) = found.unchecked_in_words() {
            writeln!(self.out, "    not checked: {}", terminal(&reasons))?;
        }
        if found.more > 0 {
            writeln!(self.out, "    not listed: {} vulnerabilities, beyond the most that a report lists", found.more)?;
        }
        let closed = found.listed.iter().filter(|one| !one.closed_by.is_empty());
        for one in closed {
            let why = ClosingReport::join(&one.closed_by);
            writeln!(self.out, "    closed     {} {}: {}", terminal(&one.package), terminal(&one.id), terminal(&why))?;
        }
        Ok(())
    }

    /// What was expected, what was found, where, and what to do next.
    fn obstacle(&mut self, label: &str, finding: &Finding) -> io::Result<()> {
        let candidate = finding.candidate.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
        let bare = bare(finding);
        let again = if self.said.contains(&bare) { ", as above" } else { "" };
        if label.is_empty() {
            writeln!(self.out, "    {}{}{again}", terminal(&candidate), terminal(&finding.message))?;
        } else {
            writeln!(self.out, "  {label:<11} {}{}{again}", terminal(&candidate), terminal(&finding.message))?;
        }
        if !again.is_empty() {
            return Ok(());
        }
        self.said.push(bare);
        if let Some(expected) = &finding.expected {
            writeln!(self.out, "      expected  {}", terminal(expected))?;
        }
        if let Some(found) = &finding.found {
            writeln!(self.out, "      found     {}", terminal(found))?;
        }
        if let Some(next) = &finding.next {
            writeln!(self.out, "      → {} (`bonafide explain {}`)", terminal(next), finding.check)?;
        }
        Ok(())
    }

    /// The coverage matrix, where there is more than one platform.
    fn matrix(&mut self, image: &ImageReport) -> io::Result<()> {
        // Of an index, one platform was asked for: the verdict is about that one and no other.
        if let Some(index) = &image.index {
            let names: Vec<&str> = image.platforms.iter().filter_map(|one| one.platform.as_deref()).collect();
            return writeln!(self.out, "  platform    {} alone, of the index {index}", terminal(&names.join(" and ")));
        }
        if let [_] = image.platforms.as_slice() {
            return Ok(());
        }
        writeln!(self.out, "  platforms")?;
        for platform in &image.platforms {
            let name = platform.platform.as_deref().unwrap_or("unknown");
            let cells: Vec<String> =
                platform.requirements.iter().map(|(requirement, verdict)| format!("{requirement} {verdict}")).collect();
            let verdict = self.verdict(platform.verdict, 9);
            writeln!(
                self.out,
                "    {:<14} {verdict}  {}  {}",
                terminal(name),
                platform.digest,
                terminal(&cells.join(", "))
            )?;
        }
        Ok(())
    }

    /// One line per candidate, accepted or not, with the reason.
    fn candidates(&mut self, image: &ImageReport) -> io::Result<()> {
        if image.candidates.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "  found")?;
        for candidate in &image.candidates {
            let state = candidate.state();
            let what = candidate.predicate_type.as_deref().unwrap_or(match candidate.kind {
                CandidateKind::Of(AttestationKind::Signature) => "image signature",
                other => other.as_str(),
            });
            let reason = candidate.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let origin = &candidate.origin;
            writeln!(
                self.out,
                "    {:<3} {state:<8}  {} [{}]{}",
                candidate.id,
                terminal(what),
                origin.kind,
                terminal(&reason)
            )?;
            if let Some(provenance) = &candidate.unsigned_provenance {
                writeln!(self.out, "                   it says: {}", terminal(&provenance.line()))?;
            }
            writeln!(self.out, "          from {} on {}", terminal(&origin.place), candidate.subject)?;
            self.checks(candidate)?;
        }
        Ok(())
    }

    fn checks(&mut self, candidate: &CandidateReport) -> io::Result<()> {
        for finding in &candidate.findings {
            let outcome = match finding.outcome {
                Outcome::Pass => "pass",
                Outcome::Fail => "FAIL",
                Outcome::Skip => "skip",
                Outcome::Error => "ERROR",
            };
            writeln!(self.out, "          {outcome:<5} {:<24} {}", finding.check.as_str(), terminal(&finding.message))?;
        }
        Ok(())
    }

    fn gaps(&mut self, image: &ImageReport) -> io::Result<()> {
        if image.gaps.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "  could not be read")?;
        for gap in &image.gaps {
            writeln!(self.out, "    {}: {} ({})", terminal(&gap.what), terminal(&gap.in_words()), gap.reason)?;
        }
        Ok(())
    }

    fn verdict(&self, verdict: Verdict, width: usize) -> String {
        self.detail.coloured(verdict, &format!("{verdict:<width$}"))
    }
}
