//! One bundle in process: Bonafide's whole judgement beside the bare call of the Sigstore crate.
//!
//! `cargo bench --bench bundle` prints medians. Both do everything from the bundle's JSON text on, with the trusted root
//! prepared before; Bonafide also reads the statement, the predicate and the signer against a policy, and reports.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bonafide::check::Verdict;
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::Timestamp;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier};

const ROUNDS: usize = 7;
const CALLS: u32 = 200;

/// A bundle of a fixture, with the image it is about.
struct Sample {
    name: String,
    image: Digest,
    requirement: Requirement,
    bytes: Vec<u8>,
}

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let root = fs::read(fixtures.join("trust/lab.trusted_root.json")).expect("the trusted root");
    for image in ["signed", "signed-rekor1"] {
        for sample in samples(&fixtures.join("images").join(image), image) {
            compare(&sample, &root);
        }
    }
}

fn compare(sample: &Sample, root: &[u8]) {
    let ours = ours(sample, root);
    let bare = bare(sample, root);
    let (ours, bare) = medians(ours, bare);
    println!(
        "{:<28} {:>6} bytes   bonafide {:>7.1} µs   bare crate {:>7.1} µs   ratio {:.2}",
        sample.name,
        sample.bytes.len(),
        microseconds(ours),
        microseconds(bare),
        microseconds(ours) / microseconds(bare),
    );
}

fn ours(sample: &Sample, root: &[u8]) -> impl FnMut() {
    let root = TrustRoot::parse("lab", "lab", root).expect("a trusted root");
    let domains = [TrustDomain::prepare(&root).expect("a domain")];
    let signer = Signer::from_flags(None, None, Some("acme/shop"), None, None).expect("a signer");
    let policy = Policy::from_flags(signer, [sample.requirement], None).expect("a policy");
    let blob = Blob::of(Algorithm::Sha256, sample.bytes.clone());
    let evidence = Evidence::of(
        Target::image("", None, sample.image.clone()),
        vec![Candidate {
            subject: sample.image.clone(),
            origin: Origin::Referrer(sample.image.clone()),
            digest: blob.digest().clone(),
            content: Content::Bundle(Opened::bundle(blob)),
        }],
    );
    let now = Timestamp::now();
    move || {
        let report = verify(black_box(&evidence), &policy, &domains, now);
        assert_eq!(report.verdict, Verdict::Verified);
    }
}

fn bare(sample: &Sample, root: &[u8]) -> impl FnMut() {
    let root = TrustedRoot::from_json(std::str::from_utf8(root).expect("text")).expect("a trusted root");
    let verifier = Verifier::new(&root).expect("a verifier");
    let text = String::from_utf8(sample.bytes.clone()).expect("text");
    let digest = Sha256Hash::from_hex(sample.image.hex()).expect("a digest");
    let policy = VerificationPolicy::any_identity();
    move || {
        let bundle = Bundle::from_json(black_box(&text)).expect("a bundle");
        verifier.verify(digest, &bundle, &policy).expect("a valid bundle");
    }
}

/// Measures both in turn, so that a machine that slows down slows both.
fn medians(mut ours: impl FnMut(), mut bare: impl FnMut()) -> (Duration, Duration) {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(time(&mut ours));
        other.push(time(&mut bare));
    }
    one.sort_unstable();
    other.sort_unstable();
    (one[ROUNDS / 2], other[ROUNDS / 2])
}

fn time(call: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..CALLS {
        call();
    }
    start.elapsed() / CALLS
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The bundles among a layout's blobs. What each is for is in its statement.
fn samples(layout: &Path, image: &str) -> Vec<Sample> {
    let index: serde_json::Value = read_json(&layout.join("index.json"));
    let digest = index["manifests"]
        .as_array()
        .expect("manifests")
        .iter()
        .find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == "v1.0.0")
        .and_then(|entry| entry["digest"].as_str())
        .expect("the image");
    let mut samples = Vec::new();
    for entry in fs::read_dir(layout.join("blobs/sha256")).expect("blobs") {
        let bytes = fs::read(entry.expect("a blob").path()).expect("a blob");
        let Ok(bundle) = serde_json::from_slice::<serde_json::Value>(&bytes) else { continue };
        let Some(payload) = bundle["dsseEnvelope"]["payload"].as_str() else { continue };
        let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).expect("base64");
        let statement: serde_json::Value = serde_json::from_slice(&payload).expect("a statement");
        let requirement = match statement["predicateType"].as_str().expect("a predicate type") {
            "https://sigstore.dev/cosign/sign/v1" => Requirement::Signature,
            "https://slsa.dev/provenance/v1" => Requirement::Provenance,
            _ => Requirement::Sbom,
        };
        samples.push(Sample {
            name: format!("{image} {requirement}"),
            image: digest.parse().expect("a digest"),
            requirement,
            bytes,
        });
    }
    samples.sort_by_key(|sample| sample.requirement);
    samples
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}
