//! The content of accepted documents: the packages of SBOMs, and the vulnerabilities that scans list.

use std::borrow::Cow;

use crate::attestation::sbom::Sbom;
use crate::attestation::scan::{Scan, Vulnerability};
use crate::attestation::types::Kind;
use crate::check::{CandidateKind, CandidateReport, Contents, ImageReport, ScannedVulnerability};
use crate::evidence::{Candidate, Evidence};

use super::originals::{Part, parts};
use super::{id, in_order};

/// Reads the documents that count for some platform: they verify, and a signer of the policy signed them. The report is that of this
/// evidence.
pub fn contents(evidence: &Evidence, report: &ImageReport) -> Contents {
    let counts = |one: &CandidateReport| {
        one.accepted
            && one.signer.is_some()
            && report.platforms.iter().any(|platform| platform.counted.contains(&one.id))
    };
    let mut contents = Contents::default();
    let named = in_order(evidence).into_iter().enumerate().zip(&report.candidates);
    for ((place, candidate), reported) in named {
        if reported.id != id(place) || !counts(reported) {
            continue;
        }
        match reported.kind {
            CandidateKind::Of(Kind::Sbom) => {
                let packages =
                    document(candidate, reported).and_then(|bytes| Some(Sbom::of_file(&bytes).ok()?.packages()));
                contents.packages.extend(packages.map(|packages| (reported.id.clone(), packages)));
            }
            CandidateKind::Of(Kind::Vulnerabilities) => {
                contents.scans.extend(found(candidate, reported).map(|found| (reported.id.clone(), found)));
            }
            _ => {}
        }
    }
    contents
}

fn document<'c>(candidate: &'c Candidate, reported: &CandidateReport) -> Option<Cow<'c, [u8]>> {
    let mut all = parts(candidate, reported.kind).into_iter();
    all.find_map(|(part, bytes)| (part == Part::Predicate).then_some(bytes))
}

fn found(candidate: &Candidate, reported: &CandidateReport) -> Option<Vec<ScannedVulnerability>> {
    let bytes = document(candidate, reported)?;
    let scan = Scan::read(reported.predicate_type.as_deref()?, std::str::from_utf8(&bytes).ok()?).ok()?;
    let mut all = Vec::new();
    for scanner in scan.scanners {
        // One unreadable result makes the list incomplete, so no list is returned.
        all.extend(scanner.result.ok()?.vulnerabilities.into_iter().map(scanned));
    }
    Some(all)
}

fn scanned(found: Vulnerability) -> ScannedVulnerability {
    let severity = found.rating.severity.map(|severity| severity.to_string());
    ScannedVulnerability { ids: found.ids, severity, package: found.purl.or(found.package) }
}
