//! What must hold of every report.

use bonafide::check::{ImageReport, Network, PolicyReport, Report, SCHEMA_VERSION, Tool, Verdict};
use bonafide::render::{Detail, Head, OUTPUTS, TEXT, escape};

use crate::lab;

/// Asserts that the report contradicts itself nowhere, and that nothing in it reaches a terminal as it came.
pub fn of(image: &ImageReport) {
    for candidate in image.candidates.iter().filter(|candidate| candidate.accepted) {
        let in_the_way = candidate.findings.iter().find(|finding| finding.is_blocking());
        assert!(in_the_way.is_none() && candidate.signer.is_some(), "{candidate:?}");
    }
    for requirement in image.requirements.iter().filter(|requirement| requirement.verdict == Verdict::Verified) {
        assert!(!requirement.satisfied_by.is_empty(), "{requirement:?}");
    }
    let all = image.requirements.iter().all(|requirement| requirement.verdict == Verdict::Verified);
    assert!(image.verdict != Verdict::Verified || all, "{:?}", image.requirements);
    let silent = image.candidates.iter().find(|candidate| !candidate.accepted && candidate.reason.is_none());
    assert!(silent.is_none(), "not accepted, without a reason: {silent:?}");
    rendered(image.clone());
}

/// Asserts that only what the lab really signed is believed.
pub fn of_lab_evidence(image: &ImageReport) {
    of(image);
    for candidate in image.candidates.iter().filter(|candidate| candidate.accepted) {
        assert!(lab::is_known(candidate), "believed, and never signed: {candidate:?}");
    }
}

fn rendered(image: ImageReport) {
    let report = Report {
        judged_at: None,
        advisories: None,
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict: image.verdict,
        started_at: lab::NOW,
        policy: PolicyReport { source: "flags".to_owned(), file: None, sha256: String::new() },
        verifier: Some("https://acme.example/verifier".to_owned()),
        trust: Vec::new(),
        repositories: Vec::new(),
        shard: None,
        images: vec![image],
        left_out: 0,
        network: Network::default(),
        environment: Vec::new(),
    };
    // A file has no media type, and not every format is one of files.
    let is_file = report.images.iter().any(|image| image.media_type.is_none());
    for output in OUTPUTS.iter().copied().filter(|output| output.is_for_bundles || !is_file) {
        // The report for people is the only one that is longer with `-v`.
        let details = if output == TEXT { &[false, true][..] } else { &[false] };
        for verbose in details {
            let head = Head { targets: 1, column: 0, detail: Detail { verbose: *verbose, ..Detail::default() } };
            let mut out = Vec::new();
            output.write(&head, &report, &mut out).expect("memory can be written to");
            let text = String::from_utf8(out).expect("reports are UTF-8");
            // Lines of CSV end with both (RFC 4180 §2).
            let text = if output.name == "csv" { text.replace("\r\n", "\n") } else { text };
            let unsafe_one = text.chars().find(|character| *character != '\n' && escape::is_unsafe(*character));
            assert_eq!(unsafe_one, None, "{output:?}: {text:?}");
            // In JSON it stands in a string, in the middle of a line.
            assert!(output.name != "text" || !text.contains("##["), "{text:?}");
        }
    }
}
