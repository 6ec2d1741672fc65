//! Why an image has its verdict, as one reason: the one that decided.

use super::report::{ReasonReport, RequirementReport};
use super::{CheckId, Finding, Verdict};

impl ReasonReport {
    /// Returns the reason of a verdict, of what was found of the image as a whole and of each requirement; a verified image has none.
    pub fn of(verdict: Verdict, findings: &[Finding], requirements: &[RequirementReport]) -> Option<Self> {
        if verdict == Verdict::Verified {
            return None;
        }
        let deciding: Vec<&RequirementReport> =
            requirements.iter().filter(|requirement| requirement.counting() == Some(verdict)).collect();
        let names: Vec<String> = deciding.iter().map(|requirement| requirement.id.clone()).collect();
        let of_requirements = deciding.iter().flat_map(|requirement| &requirement.findings);
        let first = findings.iter().chain(of_requirements).find(|finding| finding.is_blocking());
        Some(match first {
            Some(finding) if verdict != Verdict::Absent => Self {
                check: finding.check,
                message: finding.message.clone(),
                expected: finding.expected.clone(),
                found: finding.found.clone(),
                requirements: names,
            },
            _ => Self {
                check: CheckId::EvidencePresent,
                message: match verdict {
                    Verdict::Absent => format!("no {}", names.join(", no ")),
                    other => format!("{other}: {}", names.join(", ")),
                },
                expected: None,
                found: None,
                requirements: names,
            },
        })
    }

    /// Returns the whole reason as one line.
    pub fn in_words(&self) -> String {
        in_one_line(&self.message, self.expected.as_deref(), self.found.as_deref())
    }
}

impl Finding {
    /// Returns what happened, what was expected and what was found, as one line.
    pub fn in_one_line(&self) -> String {
        in_one_line(&self.message, self.expected.as_deref(), self.found.as_deref())
    }
}

fn in_one_line(message: &str, expected: Option<&str>, found: Option<&str>) -> String {
    let expected = expected.map(|text| format!(", expected {text}")).unwrap_or_default();
    let found = found.map(|text| format!(", found {text}")).unwrap_or_default();
    format!("{message}{expected}{found}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::ExceptionReport;

    fn requirement(id: &str, verdict: Verdict, findings: Vec<Finding>) -> RequirementReport {
        RequirementReport {
            id: id.to_owned(),
            kind: id.to_owned(),
            verdict,
            build_level: None,
            satisfied_by: Vec::new(),
            signatures: Vec::new(),
            findings,
            exception: None,
        }
    }

    fn stranger() -> Finding {
        Finding::fail(CheckId::SignerIdentity, "the signer is not the expected one").expected("acme").found("mallory")
    }

    #[test]
    fn a_verified_image_has_no_reason() {
        assert_eq!(ReasonReport::of(Verdict::Verified, &[stranger()], &[]), None);
    }

    #[test]
    fn the_reason_is_of_a_requirement_with_the_verdict_and_of_no_other() {
        let requirements = [
            requirement("sbom", Verdict::Absent, vec![Finding::fail(CheckId::EvidencePresent, "no sbom")]),
            requirement("signature", Verdict::Rejected, vec![stranger()]),
            requirement("provenance", Verdict::Rejected, vec![stranger()]),
        ];
        let reason = ReasonReport::of(Verdict::Rejected, &[], &requirements).expect("a reason");
        assert_eq!(reason.check, CheckId::SignerIdentity);
        assert_eq!(reason.requirements, ["signature", "provenance"]);
        assert_eq!(reason.in_words(), "the signer is not the expected one, expected acme, found mallory");
    }

    #[test]
    fn what_is_missing_is_named_unless_an_exception_keeps_it_from_counting() {
        let excepted = RequirementReport {
            exception: Some(ExceptionReport { until: String::new(), because: String::new(), works: true }),
            ..requirement("vsa", Verdict::Absent, Vec::new())
        };
        let absent = |id: &str| requirement(id, Verdict::Absent, Vec::new());
        let reason = ReasonReport::of(Verdict::Absent, &[], &[absent("provenance"), excepted, absent("sbom")]);
        let reason = reason.expect("a reason");
        assert_eq!(reason.message, "no provenance, no sbom");
        assert_eq!(reason.requirements, ["provenance", "sbom"]);
    }

    #[test]
    fn every_other_verdict_has_a_reason_even_without_a_finding() {
        for verdict in [Verdict::Rejected, Verdict::Undecided, Verdict::Absent] {
            let reason = ReasonReport::of(verdict, &[], &[requirement("signature", verdict, Vec::new())]);
            assert!(reason.is_some_and(|reason| !reason.message.is_empty()), "{verdict}");
        }
    }
}
