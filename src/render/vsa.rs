//! A verification summary of the run (VSA), unsigned: the predicate about the one image. `cosign attest` takes it, and
//! makes the statement about the digest itself.
//!
//! SLSA `verification_summary.md`. It claims no more than the report says: a level of a track that nothing here derived is
//! `UNEVALUATED`.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::check::{ImageReport, Report, Verdict, VexReport};

use super::json;
use super::output::{Asked, Delivery, Note, Output, Refusal};

pub(super) const OUTPUT: Output =
    Output::new("vsa", "a verification summary of one image, for `cosign attest` to sign", |_, report, out| {
        write(report, out)
    })
    .naming_verifier(refuse)
    .with_notes(notes);

/// The predicate type, as `cosign attest` wants to know it.
const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";
/// How the pinned name of a package begins: a package URL.
const PACKAGE: &str = "pkg:";
/// "If the VSA issuer does not want to make a claim about the track level".
const UNEVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";

/// Writes the summary of the one image of a report, and nothing if it is undecided: a registry that did not answer is
/// not a judgement to sign.
fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match predicate(report) {
        Some(predicate) => json::write(&predicate, out),
        None => Ok(()),
    }
}

/// A summary is of one image, and says whose it is.
fn refuse(asked: &Asked<'_>) -> Result<(), Refusal> {
    match (asked.verifier, asked.images) {
        (None, _) => Err(Refusal {
            message: "a verification summary names its verifier, and none is given".to_owned(),
            hint: "add `--verifier URI`, with your own URI: readers of the summary compare it",
        }),
        (Some(_), 1) => Ok(()),
        (Some(_), images) => Err(Refusal {
            message: format!("a verification summary is of one image, and {images} are given"),
            hint: "verify one image in each run that writes `--output vsa=FILE`",
        }),
    }
}

/// How a summary is signed, or why there is none.
fn notes(report: &Report, delivery: &Delivery<'_>) -> Vec<Note> {
    let [image] = report.images.as_slice() else { return Vec::new() };
    if delivery.quiet {
        return Vec::new();
    }
    let reference = &image.reference;
    if image.verdict == Verdict::Undecided {
        return vec![Note::Warning {
            message: format!("{reference} is undecided, so no verification summary is written"),
            hint: "see the gaps in the report, and verify it again",
        }];
    }
    if is_of_several_digests(image) {
        return vec![Note::Warning {
            message: format!("several platforms of {reference} were verified, so no verification summary is written"),
            hint: "a summary is about one digest: select one platform, or all",
        }];
    }
    let (Some(pinned), Some(file)) = (&image.pinned, delivery.file) else { return Vec::new() };
    if pinned.starts_with(PACKAGE) {
        return Vec::new();
    }
    let file = file.display();
    vec![Note::Line(format!(
        "the summary is not signed yet: `cosign attest --type {PREDICATE_TYPE} --predicate {file} {pinned}`"
    ))]
}

fn predicate(report: &Report) -> Option<Value> {
    let [image] = report.images.as_slice() else { return None };
    if is_of_several_digests(image) {
        return None;
    }
    let verifier = report.verifier.as_ref()?;
    let (result, level) = match image.verdict {
        Verdict::Verified => ("PASSED", level(image)),
        Verdict::Rejected | Verdict::Absent => ("FAILED", "FAILED".to_owned()),
        Verdict::Undecided => return None,
    };
    Some(json!({
        "verifier": {"id": verifier, "version": {report.tool.name: report.tool.version}},
        "timeVerified": report.started_at,
        "resourceUri": resource(image),
        "policy": {"uri": report.policy.source, "digest": {"sha256": report.policy.sha256}},
        "inputAttestations": inputs(image),
        "verificationResult": result,
        "verifiedLevels": [level],
        "slsaVersion": "1.2",
    }))
}

/// Whether the selected platforms of an index are several manifests: their verdict is not about one digest.
fn is_of_several_digests(image: &ImageReport) -> bool {
    image.pinned.is_none() && image.platforms.iter().any(|platform| platform.pinned.is_some())
}

/// The level derived for every platform, the lowest of several requirements. An excepted requirement does not give a
/// level, and neither does a provenance that was not required.
fn level(image: &ImageReport) -> String {
    let counting = image.requirements.iter().filter(|requirement| requirement.counting() == Some(Verdict::Verified));
    let level = counting.filter_map(|requirement| requirement.build_level).min();
    level.map_or_else(|| UNEVALUATED.to_owned(), |level| format!("SLSA_BUILD_LEVEL_{level}"))
}

/// "The URI from which the producer expects the consumer to fetch the artifact": purl-spec, type `oci`. A layout has
/// none, and keeps its given name.
fn resource(image: &ImageReport) -> String {
    if let Some(package) = image.pinned.as_deref().filter(|pinned| pinned.starts_with(PACKAGE)) {
        return package.split('?').next().unwrap_or(package).to_owned();
    }
    let Some((name, digest)) = image.pinned.as_deref().and_then(|pinned| pinned.split_once('@')) else {
        return image.reference.clone();
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    format!("pkg:oci/{last}@{}?repository_url={name}", digest.replace(':', "%3A"))
}

/// "This field MUST contain information on all the attestations used to perform verification."
fn inputs(image: &ImageReport) -> Vec<Value> {
    let satisfies = |id: &String| image.requirements.iter().any(|requirement| requirement.satisfied_by.contains(id));
    // VEX satisfies nothing itself, and may have closed what a scan found.
    let used =
        image.candidates.iter().filter(|candidate| satisfies(&candidate.id) || candidate.says::<VexReport>().is_some());
    let digests = used.map(|candidate| &candidate.digest);
    let mut digests: Vec<&String> = digests.collect();
    digests.sort_unstable();
    digests.dedup();
    let described = digests.into_iter().filter_map(|digest| digest.split_once(':'));
    described.map(|(algorithm, hex)| json!({"digest": {algorithm: hex}})).collect()
}
