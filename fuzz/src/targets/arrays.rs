//! Objects written as the arrays of their values, which serde reads as structs (A291).

use std::ops::Range;

use bonafide::check::{ImageReport, Verdict};
use bonafide::evidence::{Content, Opened};

use super::legacy_layer;
use crate::{forge, lab};

/// An byte for the kind of document, two for the object in it, then the document.
///
/// Evidence accepted with an array of values is also accepted with an empty array: nothing is read out of an array by
/// its order. (An array may stand in fields that are not read, such as a builder's or scanner's own.)
pub fn run(data: &[u8]) {
    let [kind, low, high, document @ ..] = data else { return };
    let place = usize::from(u16::from_le_bytes([*low, *high]));
    let Some([values, empty]) = in_arrays(document, place) else { return };
    if is_believed(*kind, &values) {
        assert!(is_believed(*kind, &empty), "read from an array: {}", String::from_utf8_lossy(&values));
    }
}

/// Documents of every kind, with places in each.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (kind, documents) in documents() {
        for document in documents {
            let places = objects(&document);
            for place in (0..places).step_by(1 + places / 40) {
                let place = u16::try_from(place).expect("few objects").to_le_bytes();
                seeds.push([&[kind], place.as_slice(), &document].concat());
            }
        }
    }
    seeds
}

/// The good documents of the other targets, by kind: bundles, legacy layers, the trusted root, and statements.
pub fn documents() -> [(u8, Vec<Vec<u8>>); 4] {
    let mut statements = super::statement::seeds();
    let predicates = [
        ("https://slsa.dev/provenance/v1", lab::predicates("https://slsa.dev/provenance/v1")),
        ("https://cyclonedx.org/bom", super::sbom::seeds()),
        ("https://slsa.dev/verification_summary/v1", vec![SUMMARY.as_bytes().to_vec()]),
        ("https://in-toto.io/attestation/vulns/v0.2", vec![SCAN.as_bytes().to_vec()]),
        ("https://openvex.dev/ns/v0.2.0", vec![OPENVEX.as_bytes().to_vec()]),
    ];
    for (predicate_type, predicates) in predicates {
        statements.extend(predicates.iter().map(|predicate| forge::statement(predicate_type, predicate)));
    }
    [
        (b'b', super::bundle::seeds()),
        (b'l', legacy_layer::seeds()),
        (b't', super::trust_root::seeds()),
        (b's', statements),
    ]
}

/// Whether anything in the document, or signed under it, is believed.
pub fn is_believed(kind: u8, document: &[u8]) -> bool {
    let believes = |report: &ImageReport| {
        let is_verified = report.requirements.iter().any(|requirement| requirement.verdict == Verdict::Verified);
        is_verified || report.candidates.iter().any(|candidate| candidate.accepted)
    };
    match kind {
        b'b' => {
            let image = lab::image_named_in(document);
            let signers = &lab::SIGNERS[..2];
            signers.iter().any(|signer| {
                let content = Content::Bundle(Opened::bundle(lab::blob(document)));
                believes(&lab::judge(image, content, signer, &*lab::DOMAINS))
            })
        }
        b'l' => legacy_layer::judge(document).is_some_and(|report| believes(&report)),
        b't' => lab::domain(document).is_some_and(|domain| {
            let sample = &lab::SAMPLES[0];
            believes(&lab::judge(&sample.image, sample.content.clone(), &lab::SIGNERS[0], &[domain]))
        }),
        b's' => believes(&forge::judge(document)),
        _ => false,
    }
}

/// How many objects a document has, or a few more.
pub fn objects(document: &[u8]) -> usize {
    document.split(|byte| *byte == b'{').count() - 1
}

/// The document with one of its objects as the array of its values in their order, and as an empty array.
pub fn in_arrays(document: &[u8], place: usize) -> Option<[Vec<u8>; 2]> {
    let (mut opened, mut depth, mut seen, mut in_text, mut escaped) = (None, 0_usize, 0, false, false);
    // Where the values of that object are.
    let mut values: Vec<Range<usize>> = Vec::new();
    for (at, byte) in document.iter().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                if *byte == b'{' && opened.is_none() {
                    if seen == place {
                        opened = Some((at, depth));
                    }
                    seen += 1;
                }
            }
            b':' if opened.is_some_and(|(_, of)| of == depth) => values.push(at + 1..at + 1),
            b',' if opened.is_some_and(|(_, of)| of == depth) => values.last_mut()?.end = at,
            b'}' | b']' => {
                if let Some((begins, _)) = opened.filter(|(_, of)| *of == depth) {
                    if let Some(last) = values.last_mut() {
                        last.end = at;
                    }
                    let values: Vec<&[u8]> = values.into_iter().map(|value| &document[value]).collect();
                    let with = |inside: &[u8]| [&document[..begins], b"[", inside, b"]", &document[at + 1..]].concat();
                    return Some([with(&values.join(&b',')), with(b"")]);
                }
                depth = depth.checked_sub(1)?;
            }
            _ => {}
        }
    }
    None
}

const SUMMARY: &str = r#"{"verifier":{"id":"https://verifier.example/x"},"timeVerified":"2026-03-01T12:00:00Z","resourceUri":"registry.test/acme/shop",
"policy":{"uri":"https://verifier.example/policy","digest":{"sha256":"00"}},"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3"]}"#;

const SCAN: &str = r#"{"scanner":{"uri":"https://scan.example","version":"1","db":{"uri":"https://db.example","lastUpdate":"2026-03-01T12:00:00Z"},
"result":[{"id":"CVE-2026-1","severity":[{"method":"nvd","score":"low"}]}]},"metadata":{"scanStartedOn":"2026-03-01T12:00:00Z","scanFinishedOn":"2026-03-01T12:00:00Z"}}"#;

const OPENVEX: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"Acme","timestamp":"2026-03-01T10:00:00Z","version":1,
"statements":[{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/shop","subcomponents":[{"@id":"pkg:apk/alpine/busybox@1.31"}]}],
"status":"not_affected","justification":"vulnerable_code_not_present"}]}"#;
