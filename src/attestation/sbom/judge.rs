//! Judges an SBOM by the rules of a policy. Each check yields one finding, with the number of failing packages and the first of
//! them.

mod age;
mod complaint;
mod completeness;
mod creators;
mod exceptions;
mod judged;
mod licenses;
mod packages;
mod suppliers;

use crate::attestation::judging::Judging;
use crate::attestation::section::Section;
use crate::check::{CheckId, Finding};
use crate::oci::Digest;
use crate::policy::{Asked, SbomRules};
use crate::time_limit::TimeLimit;

use super::about::{self, Description, Image};
use super::model::{Sbom, clipped};
use super::quality;
use crate::verify::advisories;
use crate::verify::question::Question;

use exceptions::Exceptions;
use judged::Judged;

impl Judging for Sbom<'_> {
    fn format(&self) -> CheckId {
        CheckId::SbomFormat
    }

    fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let image = Image { subject: question.subject, evidence: question.evidence };
        let mut findings = vec![Finding::pass(CheckId::SbomFormat, self.format.to_string())];
        findings.extend(self.remarks.iter().cloned());
        findings.push(quality::check_content(self));
        findings.extend(quality::remarks(self));
        findings.push(about::describe(self, image).finding(image));
        findings.extend(check(self, question));
        findings.extend(advisories::judge(self, question));
        findings
    }

    fn section(&self) -> Section {
        Section::Sbom(self.report())
    }

    fn made(&self) -> Option<String> {
        self.created.as_deref().map(clipped)
    }

    fn only_about(&self, question: &Question<'_>) -> Option<Vec<Digest>> {
        match about::describe(self, Image { subject: question.subject, evidence: question.evidence }) {
            Description::Agrees { only } => only,
            Description::Contradicts(_) | Description::DoesNotSay(_) => None,
        }
    }
}

/// Judges an SBOM by the rules. Without rules it reports nothing.
fn check(sbom: &Sbom<'_>, question: &Question<'_>) -> Vec<Finding> {
    let Some(Asked::Sbom(rules)) = question.expected.map(|expected| expected.asked) else { return Vec::new() };
    let mut exceptions = Exceptions::at(&rules.exceptions, question.now, question.time);
    let mut findings: Vec<Finding> = check_format(sbom, rules).into_iter().collect();
    findings.extend(rules.describes_required.then(|| check_described(sbom, question)).flatten());
    findings.extend(rules.strict.then(|| sbom.strict()));
    findings.extend(check_packages(sbom, rules, &mut exceptions, question.time));
    findings.extend(rules.deny_severity.and_then(|_| check_named(sbom)));
    findings.extend(creators::check(&sbom.creators, rules));
    findings.extend(rules.max_age.as_ref().map(|most| age::check(sbom.created.as_deref(), most, question.verified)));
    findings.extend(rules.minimum_elements.map(|elements| completeness::check(sbom, elements)));
    findings.extend(exceptions.finding());
    findings
}

/// Checks that the form is one of those that count.
fn check_format(sbom: &Sbom<'_>, rules: &SbomRules) -> Option<Finding> {
    let found = sbom.format.to_string();
    if rules.formats.is_empty() || rules.formats.iter().any(|format| format.is(&found)) {
        return None;
    }
    let expected: Vec<String> = rules.formats.iter().map(ToString::to_string).collect();
    Some(
        Finding::fail(CheckId::SbomFormat, "the SBOM has another form than the policy asks for")
            .expected(expected.join(" or "))
            .found(found)
            .next("attest an SBOM of that form too, or add this one to `formats` in the policy"),
    )
}

/// What cannot be told which package it is cannot be held against advisories (A295).
fn check_named(sbom: &Sbom<'_>) -> Option<Finding> {
    let unread = sbom.packages.iter().find_map(|package| Some((package, package.unread?)));
    let (package, field) = unread?;
    Some(
        Finding::error(CheckId::SbomAdvisories, "a package could not be held against the advisories")
            .expected("names, versions and package URLs that are texts")
            .found(format!("{}: `{field}` cannot be read", package.describe()))
            .next("generate the SBOM again with a current tool, and attest it"),
    )
}

/// Where it must, the document says by digest which image it describes. That it names another one is said already.
fn check_described(sbom: &Sbom<'_>, question: &Question<'_>) -> Option<Finding> {
    let image = Image { subject: question.subject, evidence: question.evidence };
    let Description::DoesNotSay(found) = about::describe(sbom, image) else { return None };
    Some(
        Finding::fail(CheckId::SbomSubject, "the SBOM must say by digest which image it describes, and does not")
            .expected(question.subject.to_string())
            .found(found)
            .next("generate the SBOM from the image by digest, or leave `describes` out of the policy"),
    )
}

/// What stands in the way of packages, in one walk: each package URL is read once.
fn check_packages(
    sbom: &Sbom<'_>,
    rules: &SbomRules,
    exceptions: &mut Exceptions<'_>,
    time: TimeLimit<'_>,
) -> Vec<Finding> {
    let mut packages = packages::Check::of(rules, time);
    let mut licenses = licenses::Check::of(rules, &sbom.extracted);
    let mut suppliers = suppliers::Check::of(rules);
    if packages.is_none() && licenses.is_none() && suppliers.is_none() {
        return Vec::new();
    }
    let root = match sbom.describes.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    for (place, package) in sbom.packages.iter().enumerate().take_while(|_| !time.is_over()) {
        let judged = Judged::of(package, root == Some(place));
        if let Some(check) = &mut packages {
            check.look_at(&judged, exceptions);
        }
        if let Some(check) = &mut licenses {
            check.look_at(&judged, exceptions);
        }
        if let Some(check) = &mut suppliers {
            check.look_at(&judged, exceptions);
        }
    }
    let count = sbom.packages.len() as u64;
    let ran_out = exceptions.ran_out();
    [
        packages.map(|check| check.finding(count, ran_out.as_deref())),
        licenses.map(|check| check.finding(count, ran_out.as_deref())),
        suppliers.map(|check| check.finding(count, ran_out.as_deref())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
