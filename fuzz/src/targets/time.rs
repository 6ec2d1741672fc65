//! No input of 64 KiB takes more than a second to judge.

use std::cell::Cell;
use std::time::{Duration, Instant};

use bonafide::evidence::{Content, Opened};
use bonafide::policy::LicenseExpression;
use bonafide::verify::TrustDomain;
use serde_json::{Value, json};

use super::{bundle, certificate, legacy_layer, manifest, packages, policy, provenance, reference, sbom, statement};
use crate::{forge, holds, lab};

/// Bytes of the longest input.
const LONGEST: usize = 64 * 1024;
/// The longest that one may take. Without optimization, and on a machine with other work, the same takes several times as long.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// Bytes in front of the repeated text: its reader, the kind of repetition, and the part to repeat.
const HEAD: usize = 6;

/// What reads an input, and inputs that it understands.
type Reader = (fn(&[u8]), fn() -> Vec<Vec<u8>>);

const READERS: [Reader; 16] = [
    (bundle::run, bundle::seeds),
    (certificate::run, certificate::seeds),
    (legacy_layer::run, legacy_layer::seeds),
    (manifest::run, manifest::seeds),
    (packages::run, packages::seeds),
    (policy::run, policy::seeds),
    (provenance::run, provenance::seeds),
    (reference::run, reference::seeds),
    (sbom::run, sbom::seeds),
    (statement::run, statement::seeds),
    (read_trusted_root, || vec![lab::ROOT.clone()]),
    (read_timestamp, timestamps),
    (read_license, licenses),
    (|data| read_predicate("https://openvex.dev/ns/v0.2.0", data), vex),
    (|data| read_predicate("https://cosign.sigstore.dev/attestation/vuln/v1", data), scans),
    (|data| read_predicate("https://slsa.dev/verification_summary/v1", data), summaries),
];

/// The first bytes say who reads the others, and which part of them is repeated until the input has its full length: as it is,
/// with a number in it that rises or falls, or one within the other.
pub fn run(data: &[u8]) {
    let Some((head, data)) = data.split_at_checked(HEAD) else { return };
    let (read, _) = READERS[usize::from(head[0]) % READERS.len()];
    let input = swell(head, data);
    // Once may be an accident of the machine: three times is none.
    let took = |_| {
        let begin = Instant::now();
        read(&input);
        begin.elapsed()
    };
    let slow = (0..3).map(took).take_while(|took| *took > LIMIT).count();
    assert!(slow < 3, "reader {} takes longer than {LIMIT:?} for {} bytes", head[0], input.len());
}

fn swell(head: &[u8], data: &[u8]) -> Vec<u8> {
    let data = &data[..data.len().min(LONGEST)];
    let place = |octets: &[u8]| usize::from(u16::from_be_bytes([octets[0], octets[1]])) % (data.len() + 1);
    let (one, other) = (place(&head[2..4]), place(&head[4..6]));
    let (begin, end) = (one.min(other), one.max(other));
    let (before, part, after) = (&data[..begin], &data[begin..end], &data[end..]);
    let times = (LONGEST - data.len()) / part.len().max(1);
    let numbered = |number: usize| {
        let digits = format!("{number:06}");
        let mut part = part.to_vec();
        let middle = part.len().saturating_sub(digits.len()) / 2;
        part.iter_mut().skip(middle).zip(digits.bytes()).for_each(|(byte, digit)| *byte = digit);
        part
    };
    let middle = match head[1] % 5 {
        0 => part.to_vec(),
        1 => part.repeat(times + 1),
        2 => (0..=times).flat_map(numbered).collect(),
        3 => (0..=times).rev().flat_map(numbered).collect(),
        _ => {
            let (opening, closing) = part.split_at(part.len() / 2);
            [opening.repeat(times + 1), closing.repeat(times + 1)].concat()
        }
    };
    [before, &middle, after].concat()
}

fn read_trusted_root(data: &[u8]) {
    let _: Option<TrustDomain> = lab::domain(data);
}

/// As a timestamp of an authority that the lab knows.
fn read_timestamp(data: &[u8]) {
    let Some((image, mut bundle)) = lab::bundles().next() else { return };
    bundle["verificationMaterial"]["timestampVerificationData"] =
        json!({"rfc3161Timestamps": [{"signedTimestamp": lab::encode(data)}]});
    let content = Content::Bundle(Opened::bundle(lab::blob(bundle.to_string())));
    holds::of_lab_evidence(&lab::judge(image, content, &lab::SIGNERS[0], &*lab::DOMAINS));
}

fn timestamps() -> Vec<Vec<u8>> {
    let stamps = |bundle: &Value| {
        let stamps = &bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
        let tokens = stamps.as_array().into_iter().flatten().filter_map(|stamp| stamp["signedTimestamp"].as_str());
        tokens.map(lab::decode).collect::<Vec<_>>()
    };
    lab::bundles().flat_map(|(_, bundle)| stamps(&bundle)).collect()
}

fn read_license(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(expression) = LicenseExpression::parse(text) {
        // Whether it holds or not, every part may be asked for.
        let odd = Cell::new(false);
        let _ = expression.holds_where(|_| !odd.replace(!odd.get()));
    }
}

fn licenses() -> Vec<Vec<u8>> {
    ["(MIT OR Apache-2.0) AND (GPL-2.0-only WITH Classpath-exception-2.0 OR BSD-3-Clause)", "((MIT))"]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

fn read_predicate(predicate_type: &str, data: &[u8]) {
    forge::judge(&forge::statement(predicate_type, data));
}

fn vex() -> Vec<Vec<u8>> {
    let openvex = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2026-000001","aliases":["GHSA-1"]},"products":[{"@id":"pkg:oci/shop@sha256%3A00","subcomponents":[{"@id":"pkg:npm/left-pad@1.0.0"}]}],"status":"not_affected","justification":"component_not_present"}]}"#;
    vec![openvex.as_bytes().to_vec()]
}

fn scans() -> Vec<Vec<u8>> {
    let grype = r#"{"invocation":{"uri":""},"scanner":{"uri":"grype","version":"1","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":{"matches":[{"vulnerability":{"id":"CVE-2026-000001","severity":"High","fix":{"state":"fixed"}},"artifact":{"name":"a","version":"1","purl":"pkg:npm/a@1"}}],"source":{"type":"image"},"descriptor":{"name":"grype"}}},"metadata":{"scanFinishedOn":"2026-01-01T00:00:00Z"}}"#;
    let sarif = r#"{"invocation":{},"scanner":{"uri":"trivy","result":{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Trivy","rules":[{"id":"CVE-2026-000001","properties":{"security-severity":"9.8"}}]}},"results":[{"ruleId":"CVE-2026-000001","ruleIndex":0,"message":{"text":"Package: a"}}]}]}},"metadata":{"scanFinishedOn":"2026-01-01T00:00:00Z"}}"#;
    [grype, sarif].map(|text| text.as_bytes().to_vec()).to_vec()
}

fn summaries() -> Vec<Vec<u8>> {
    let summary = r#"{"verifier":{"id":"https://acme.example/verifier"},"timeVerified":"2026-01-01T00:00:00Z","resourceUri":"pkg:oci/shop","policy":{"uri":"https://acme.example/policy"},"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3"],"dependencyLevels":{"SLSA_BUILD_LEVEL_0":"5"},"inputAttestations":[{"uri":"a","digest":{"sha256":"00"}}]}"#;
    vec![summary.as_bytes().to_vec()]
}

/// Each seed of each reader, and in it each pair of brackets and each element of a list, repeated in each way.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, (_, inputs)) in READERS.iter().enumerate() {
        let reader = u8::try_from(number).expect("few readers");
        for (position, input) in inputs().iter().enumerate() {
            let input = &input[..input.len().min(LONGEST / 2)];
            for way in 0..5_u8 {
                let (begin, end) = part(input, position * 5 + usize::from(way));
                let head = [[reader, way], begin.to_be_bytes(), end.to_be_bytes()].concat();
                seeds.push([head.as_slice(), input].concat());
            }
        }
    }
    seeds
}

/// A part of the input: of text from a comma to the next but few, of anything else a few bytes.
fn part(input: &[u8], number: usize) -> (u16, u16) {
    let commas: Vec<usize> = (0..input.len()).filter(|place| input[*place] == b',').collect();
    let place = |place: usize| u16::try_from(place).unwrap_or_default();
    match commas.len() {
        0 | 1 => (place(input.len() / 3), place(input.len() / 3 + 5 + number % 7)),
        count => {
            let first = number * 7 % (count - 1);
            (place(commas[first]), place(commas[(first + 1 + number % 3).min(count - 1)]))
        }
    }
}
