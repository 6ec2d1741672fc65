//! Parts that the short and the full text report share.

use crate::check::{
    AdvisoriesReport, CandidateReport, CheckId, Finding, ImageReport, LogEntryReport, Outcome, Report,
    RequirementReport, TimestampReport, TrustReport, Verdict,
};

/// How much to say, and whether in colour.
#[derive(Debug, Clone, Copy, Default)]
pub struct Detail {
    /// Verdict lines only, with the reason of each that is not verified.
    pub quiet: bool,
    /// Every candidate and every check of it.
    pub verbose: bool,
    /// The images to show.
    pub images: Images,
    /// With ANSI colours.
    pub colour: bool,
    /// The columns of the terminal; files and pipes have none.
    pub width: Option<usize>,
}

/// The images that are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Images {
    /// Every one.
    #[default]
    All,
    /// Those that are not verified.
    Failed,
}

impl Detail {
    /// Whether an image is shown.
    pub(super) fn shows(self, image: &ImageReport) -> bool {
        self.images == Images::All || image.verdict != Verdict::Verified
    }

    /// Returns a word in the colour of a verdict, if there is to be colour.
    pub(super) fn coloured(self, verdict: Verdict, word: &str) -> String {
        if !self.colour {
            return word.to_owned();
        }
        let code = match verdict {
            Verdict::Verified => "1;32",
            Verdict::Rejected => "1;31",
            // Not bold: many terminals show bold yellow as bright yellow, which is unreadable on white.
            Verdict::Undecided => "33",
            Verdict::Absent => "1;35",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

/// How a candidate verified for one requirement.
pub(super) struct Verification<'a> {
    pub(super) trust_domain: Option<&'a str>,
    pub(super) log_entries: &'a [LogEntryReport],
    pub(super) timestamps: &'a [TimestampReport],
    /// Whether the policy needs no log entry for this signer, and the signature has none.
    pub(super) is_unlogged: bool,
}

impl<'a> Verification<'a> {
    pub(super) fn of(requirement: &'a RequirementReport, candidate: &'a CandidateReport) -> Self {
        let own = requirement.signatures.iter().find(|signature| signature.candidate == candidate.id);
        let (trust_domain, log_entries, timestamps) = match own {
            Some(own) => (&own.trust_domain, &own.log_entries, &own.timestamps),
            None => (&candidate.trust_domain, &candidate.log_entries, &candidate.timestamps),
        };
        let mut findings = requirement.findings.iter().chain(&candidate.findings);
        Self {
            trust_domain: trust_domain.as_deref(),
            log_entries,
            timestamps,
            is_unlogged: log_entries.is_empty() && findings.any(is_log_not_required),
        }
    }
}

impl<'a> Verification<'a> {
    /// How a candidate verifies with any signer.
    pub(super) fn of_any(candidate: &'a CandidateReport) -> Self {
        Self {
            trust_domain: candidate.trust_domain.as_deref(),
            log_entries: &candidate.log_entries,
            timestamps: &candidate.timestamps,
            is_unlogged: false,
        }
    }

    /// Where it verified, what the log says, and when it was signed.
    pub(super) fn in_words(&self) -> Vec<String> {
        let domain = self.trust_domain.map(|domain| format!("trust domain {domain}"));
        let unlogged = self.is_unlogged.then(|| "log not required".to_owned());
        let log = self.log_entries.iter().map(|entry| match entry.log_index {
            Some(index) => format!("log index {index} ({})", entry.evidence),
            None => format!("in the log ({})", entry.evidence),
        });
        let time = self.timestamps.iter().map(|stamp| format!("{} ({})", stamp.time, stamp.source));
        domain.into_iter().chain(unlogged).chain(log).chain(time).collect()
    }
}

/// What stands below a report about its advisories, and if it is a whole one, about those that were of no use.
pub(super) fn about_advisories(known: &AdvisoriesReport, is_whole: bool) -> impl Iterator<Item = String> {
    let unreadable = known.unreadable_in_words().map(|warning| format!("warning: {warning}"));
    let unused = known.unused_in_words().filter(|_| is_whole).map(|reasons| format!("advisories not used: {reasons}"));
    [format!("advisories: {}", known.in_words())].into_iter().chain(unreadable).chain(unused)
}

/// What stands below a report about its trusted roots.
pub(super) fn about_roots(trust: &[TrustReport]) -> impl Iterator<Item = String> {
    trust.iter().flat_map(|domain| {
        domain.warnings.iter().map(|warning| format!("warning: trust domain {}: {warning}", domain.domain))
    })
}

/// Whether a finding says that the user did without the log.
fn is_log_not_required(finding: &Finding) -> bool {
    finding.check == CheckId::TransparencyLog && finding.outcome == Outcome::Skip
}

/// Says that references were left out, for people: no verdict of a report is about them.
pub(super) fn about_left_out(report: &Report) -> Option<String> {
    let references = match report.left_out {
        0 => return None,
        1 => "1 reference cannot be used and is".to_owned(),
        count => format!("{count} references cannot be used and are"),
    };
    Some(format!("{references} left out: nothing is known of what was meant"))
}

/// What a working exception says.
pub(super) fn excepted(requirement: &RequirementReport) -> Option<String> {
    let exception = requirement.exception.as_ref().filter(|exception| exception.works)?;
    Some(format!("and does not count until {}: {}", exception.until, exception.because))
}

/// Whether a finding says how the image was found, or with what it was compared, which is worth a line although nothing is wrong.
pub(super) fn is_note(finding: &Finding) -> bool {
    matches!(finding.check, CheckId::ImageResolved | CheckId::NotWeaker) && finding.outcome == Outcome::Pass
}

/// Whether a check is about other attestations than those that satisfy a requirement.
pub(super) fn is_about_others(check: CheckId) -> bool {
    matches!(check, CheckId::ProvenanceOthers | CheckId::SbomOthers | CheckId::ScanOthers)
}

/// The first of the candidates that satisfy a requirement.
pub(super) fn satisfying<'a>(image: &'a ImageReport, requirement: &RequirementReport) -> Option<&'a CandidateReport> {
    let by = requirement.satisfied_by.first()?;
    image.candidates.iter().find(|candidate| candidate.id == *by)
}

/// A reference without the digest, which is shown beside it.
pub(super) fn reference(image: &ImageReport) -> &str {
    match image.index.as_deref().or(image.digest.as_deref()) {
        Some(digest) => image.reference.strip_suffix(&format!("@{digest}")).unwrap_or(&image.reference),
        None => &image.reference,
    }
}

/// A finding without its place: a line that was printed is not printed again for another place.
pub(super) fn bare(finding: &Finding) -> Finding {
    Finding { candidate: None, subject: None, ..finding.clone() }
}

/// The word that begins the line of an image.
pub(super) fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::Rejected => "rejected",
        Verdict::Undecided => "could not check",
        Verdict::Absent => "incomplete",
    }
}

/// A terminal of fewer columns is narrow.
pub(super) const NARROW: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_begins_its_line_with_another_word() {
        let all = [Verdict::Verified, Verdict::Rejected, Verdict::Undecided, Verdict::Absent].map(headline);
        assert_eq!(all, ["verified", "rejected", "could not check", "incomplete"]);
    }
}
