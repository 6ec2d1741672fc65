//! Vulnerability scans: the scanner, the time, the age of its database, and the vulnerabilities found.
//!
//! A scan with an unreadable result is not a clean one. The policy decides how old it may be.

pub(crate) mod checks;
mod gitlab;
mod grype;
mod model;
mod osv_scanner;
mod predicate;
mod result;
pub(crate) mod rules;
mod sarif;
pub(crate) mod section;
mod trivy;
pub(crate) mod types;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::attestation::judging::{Judging, first_of};
use crate::attestation::section::Section;
use crate::check::{CheckId, Finding, ScannerReport, VulnerabilitiesReport};
use crate::oci::Digest;
use crate::packages::Severity;
use crate::policy::{Asked, MaxAge, VulnerabilityRules};

use crate::attestation::generic::types::current_spelling;
use crate::attestation::sbom;
use crate::attestation::vex::Image;
use crate::verify::question::Question;

use model::Findings;
pub(crate) use model::{Scan, Scanner, Vulnerability};
use section::ignored_in_words;
use types::{INTOTO, SARIF};

/// Vulnerabilities that a message names.
const SHOWN: usize = 5;

impl Judging for Scan {
    fn format(&self) -> CheckId {
        CheckId::ScanFormat
    }

    fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let legacy = if self.is_legacy { " (its type is in the legacy spelling of cosign 1)" } else { "" };
        let names: Vec<String> = self.scanners.iter().map(Scanner::describe).collect();
        let ignored = ignored_in_words(self.ignored()).map(|text| format!("; {text}")).unwrap_or_default();
        let read = Finding::pass(CheckId::ScanFormat, format!("a scan by {}{legacy}{ignored}", names.join(" and ")));
        let rules = match question.expected.map(|expected| expected.asked) {
            Some(Asked::Vulnerabilities(rules)) => rules,
            // Asked for by its type: what was found does not matter, but it must be said.
            Some(Asked::Attestation(_)) => {
                let checks = self.check_subject(question).into_iter().chain(self.check_results());
                return std::iter::once(read).chain(checks).collect();
            }
            _ => return vec![read],
        };
        let mut findings = vec![read];
        findings.extend(self.check_subject(question));
        findings.extend(self.check_scanners(rules));
        findings.extend(rules.max_age.as_ref().map(|age| self.check_age(age, question)));
        findings.extend(rules.max_database_age.iter().flat_map(|age| self.check_databases(age, question)));
        findings.extend(rules.deny.map(|severity| self.check_findings(severity, rules, question)));
        findings
    }

    fn section(&self) -> Section {
        Section::Vulnerabilities(self.report())
    }

    fn made(&self) -> Option<String> {
        self.finished.map(|time| time.to_string())
    }
}

impl Scan {
    /// Reads a predicate of a scan's type.
    pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<Self, Finding> {
        let read = if SARIF.contains(&predicate_type) {
            sarif::read_document(predicate)
        } else {
            predicate::read(predicate, INTOTO.contains(&predicate_type))
        };
        let mut scan = read.map_err(|reason| {
            Finding::fail(CheckId::ScanFormat, "the vulnerability scan cannot be read")
                .expected("a predicate of cosign's vuln, of in-toto's vulns, or a SARIF report")
                .found(reason)
                .next("scan and attest again: `trivy image --format cosign-vuln`, then `cosign attest --type vuln`")
        })?;
        scan.is_legacy = current_spelling(predicate_type) != predicate_type;
        Ok(scan)
    }

    /// Whether each report that names its image by the digests of registries is of this one, an index that it is in, or a part of it.
    fn check_subject(&self, question: &Question<'_>) -> Option<Finding> {
        let image = sbom::Image { subject: question.subject, evidence: question.evidence };
        let results = self.scanners.iter().filter_map(|scanner| scanner.result.as_ref().ok());
        let named: Vec<&Findings> = results.filter(|found| !found.images.is_empty()).collect();
        let digest = |name: &String| name.rsplit_once('@').and_then(|(_, digest)| digest.parse().ok());
        let is_another = |found: &&&Findings| {
            let digests: Vec<Digest> = found.images.iter().filter_map(digest).collect();
            !digests.is_empty() && !digests.iter().any(|digest| sbom::may_be_of(digest, image))
        };
        match named.iter().find(is_another) {
            Some(other) => Some(
                Finding::fail(CheckId::ScanSubject, "the scan says that it is of another image")
                    .expected(format!("{}, or no digest at all", question.subject))
                    .found(first_of(&other.images, SHOWN))
                    .next("scan this image by its digest, and attest that report"),
            ),
            None if named.is_empty() => None,
            None => Some(Finding::pass(CheckId::ScanSubject, "the scan names this image by its digest")),
        }
    }

    fn check_scanners(&self, rules: &VulnerabilityRules) -> Option<Finding> {
        if rules.scanners.is_empty() {
            return None;
        }
        let is_named = |scanner: &Scanner| rules.scanners.iter().any(|rule| rule.matches(&scanner.uri));
        let is_allowed = |scanner: &&Scanner| !scanner.uri.is_empty() && is_named(scanner);
        let expected = || rules.scanners.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        Some(match self.scanners.iter().find(|scanner| !is_allowed(scanner)) {
            None => Finding::pass(CheckId::ScanScanner, "an expected scanner looked"),
            Some(other) => Finding::fail(CheckId::ScanScanner, "another scanner looked than the policy names")
                .expected(expected())
                .found(if other.uri.is_empty() { "a scanner that does not say which it is" } else { &other.uri }),
        })
    }

    fn check_age(&self, age: &MaxAge, question: &Question<'_>) -> Finding {
        let expected = format!("ended not longer ago than {age}");
        let Some(stated) = self.finished else {
            return Finding::fail(CheckId::ScanAge, "the scan does not say when it ended")
                .expected(expected)
                .found("no `scanFinishedOn`");
        };
        let time = match question.verified.not_after_signing(stated, CheckId::ScanAge, question.now) {
            Ok(time) => time,
            Err(finding) => return finding,
        };
        if age.is_over(time, question.now) {
            return Finding::fail(CheckId::ScanAge, "the scan is too old")
                .expected(expected)
                .found(time.to_string())
                .next("scan the image again, with a database of today, and attest the result");
        }
        Finding::pass(CheckId::ScanAge, format!("the scan ended at {time}"))
    }

    fn check_databases(&self, age: &MaxAge, question: &Question<'_>) -> Vec<Finding> {
        let check = |scanner: &Scanner| {
            let expected = format!("a database not older than {age}");
            let Some(stated) = scanner.database_updated() else {
                return Finding::fail(CheckId::ScanAge, "the scan does not say how old the scanner's database was")
                    .expected(expected)
                    .found("no date of the database");
            };
            let time = match question.verified.not_after_signing(stated, CheckId::ScanAge, question.now) {
                Ok(time) => time,
                Err(finding) => return finding,
            };
            if age.is_over(time, question.now) {
                return Finding::fail(CheckId::ScanAge, "the scanner's database is too old")
                    .expected(expected)
                    .found(time.to_string())
                    .next("update the scanner's database, scan the image again, and attest the result");
            }
            Finding::pass(CheckId::ScanAge, format!("the scanner's database is of {time}"))
        };
        self.scanners.iter().map(check).collect()
    }

    /// Whether what every scanner found can be read.
    fn check_results(&self) -> Option<Finding> {
        let reason = self.scanners.iter().find_map(|scanner| scanner.result.as_ref().err())?;
        Some(
            Finding::error(CheckId::ScanFindings, "the scan has no result that can be read")
                .expected("the JSON report of trivy, grype, osv-scanner or Docker Scout, SARIF, or the list of in-toto")
                .found(reason)
                .next("attest what the scanner writes as JSON; a scan without its result does not say that nothing was found"),
        )
    }

    /// Whether any vulnerability is open from a severity on. An unknown severity could be any.
    fn check_findings(&self, severity: Severity, rules: &VulnerabilityRules, question: &Question<'_>) -> Finding {
        let expected = format!("nothing open of severity {severity} or above");
        if let Some(finding) = self.check_results() {
            return finding;
        }
        let results = self.scanners.iter().filter_map(|scanner| scanner.result.as_ref().ok());
        let listed: Vec<&Vulnerability> = results.flat_map(|result| &result.vulnerabilities).collect();
        let is_denied =
            |one: &&&Vulnerability| one.rating.reaches(severity) || (one.rating.is_open && !rules.unknown_allowed);
        let denied: Vec<&Vulnerability> = listed.iter().filter(is_denied).copied().collect();
        let (ignored, left): (Vec<&Vulnerability>, Vec<&Vulnerability>) = denied
            .into_iter()
            .take_while(|_| !question.time.is_over())
            .partition(|one| is_ignored(one, rules, question.now));
        let mut closed = Vec::new();
        let mut open = Vec::new();
        for one in left.into_iter().take_while(|_| !question.time.is_over()) {
            match closing(one, question) {
                Some(why) => closed.push(format!("{} ({why})", one.id())),
                None => open.push(one),
            }
        }
        let is_certain = open.iter().any(|one| one.rating.reaches(severity));
        if open.is_empty() {
            let by_name =
                if ignored.is_empty() { String::new() } else { format!(", {} ignored by the policy", ignored.len()) };
            let by_vex = if closed.is_empty() {
                String::new()
            } else {
                format!(", closed by VEX: {}", first_of(&closed, SHOWN))
            };
            let left_out = ignored_in_words(self.ignored()).map(|text| format!("; {text}")).unwrap_or_default();
            let message = format!("{expected}: {} found in all{by_name}{by_vex}{left_out}", listed.len());
            return Finding::pass(CheckId::ScanFindings, message);
        }
        let found = list(&open);
        if is_certain {
            Finding::fail(CheckId::ScanFindings, format!("{} open", count(open.len())))
                .expected(expected)
                .found(found)
                .next("update the affected packages and scan again; or state why one does not matter: with VEX, or `ignore` in the policy")
        } else {
            Finding::error(CheckId::ScanFindings, format!("{} open, of no known severity", count(open.len())))
                .expected(expected)
                .found(found)
                .next("any of them could be critical: look at each, then `ignore` it by name, or allow all of them with `unknown-severity: allow`")
        }
    }

    /// Returns what a report says of it.
    pub(crate) fn report(&self) -> VulnerabilitiesReport {
        let scanner = |scanner: &Scanner| ScannerReport {
            uri: scanner.uri.clone(),
            version: scanner.version.clone(),
            database: scanner.database.clone(),
            database_updated: scanner.database_updated(),
        };
        VulnerabilitiesReport {
            scanners: self.scanners.iter().map(scanner).collect(),
            finished: self.finished,
            found: self.counts(),
            ignored: self.ignored(),
        }
    }

    /// How many findings the scanners left out of what they list.
    fn ignored(&self) -> u64 {
        self.scanners.iter().filter_map(|scanner| scanner.result.as_ref().ok()).map(|found| found.ignored).sum()
    }

    /// How many there are of each severity, if all that was found can be read.
    fn counts(&self) -> Option<BTreeMap<String, u64>> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for severity in Severity::ALL {
            counts.insert(severity.to_string(), 0);
        }
        counts.insert("unknown".to_owned(), 0);
        for scanner in &self.scanners {
            for one in &scanner.result.as_ref().ok()?.vulnerabilities {
                let known =
                    one.rating.severity.filter(|severity| !one.rating.is_open || *severity == Severity::Critical);
                let word = known.map_or("unknown", Severity::as_str);
                *counts.entry(word.to_owned()).or_default() += 1;
            }
        }
        Some(counts)
    }
}

fn is_ignored(one: &Vulnerability, rules: &VulnerabilityRules, now: Timestamp) -> bool {
    rules.ignored.iter().any(|ignored| ignored.works_at(now) && one.ids.contains(&ignored.id))
}

fn count(number: usize) -> String {
    if number == 1 { "one vulnerability is".to_owned() } else { format!("{number} vulnerabilities are") }
}

/// The worst ones by name, and how many more there are.
fn list(open: &[&Vulnerability]) -> String {
    let mut sorted = open.to_vec();
    sorted.sort_by_key(|one| (std::cmp::Reverse(one.rating.severity), one.ids.first().cloned()));
    first_of(&sorted.iter().map(|one| one.describe()).collect::<Vec<_>>(), SHOWN)
}

/// Why VEX closes it, if it does.
fn closing(one: &Vulnerability, question: &Question<'_>) -> Option<String> {
    let image = Image { evidence: question.evidence, subject: question.subject, links: None, time: question.time };
    question.expected?.vex?.closing(&one.ids, one.purl.as_deref(), &image).map(|by| by.describe())
}
