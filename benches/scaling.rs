//! Many bundles on one image: all on one core, shared out as the program does it, and as well as it could be done.
//!
//! `cargo bench --bench scaling` prints medians. The ideal are as many threads as cores that each judge an equal part of the
//! bundles as evidence of its own, know nothing of each other and share nothing but the trusted root.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bonafide::check::Verdict;
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::run::Threads;
use bonafide::trust::TrustRoot;
use bonafide::verify::{Alone, TrustDomain, Workers, verify_with};
use jiff::Timestamp;

const ROUNDS: usize = 21;
const COUNTS: [usize; 9] = [1, 2, 3, 4, 6, 8, 16, 64, 256];

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let root = fs::read(fixtures.join("trust/lab.trusted_root.json")).expect("the trusted root");
    let root = TrustRoot::parse("lab", "lab", &root).expect("a trusted root");
    let terms =
        Terms { domains: [TrustDomain::prepare(&root).expect("a domain")], policy: policy(), now: Timestamp::now() };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; medians of {ROUNDS} rounds");
    let (image, bundle) = signature(&fixtures.join("images/signed"));
    for count in COUNTS {
        let whole = evidence(&image, &bundle, count);
        let part = evidence(&image, &bundle, count.div_ceil(cores));
        let [one, shared, ideal] =
            medians([&|| terms.judge(&Alone, &whole), &|| terms.judge(&Threads, &whole), &|| {
                apart(cores, &|| terms.judge(&Alone, &part));
            }]);
        println!(
            "{count:>4} bundles   one core {:>9.2} ms   shared out {:>9.2} ms ({:.2} times as fast)   ideal {:>9.2} ms   over ideal {:.2}",
            milliseconds(one),
            milliseconds(shared),
            milliseconds(one) / milliseconds(shared),
            milliseconds(ideal),
            milliseconds(shared) / milliseconds(ideal),
        );
    }
}

/// As many threads as there are cores, each with work of its own.
fn apart(cores: usize, work: &(dyn Fn() + Sync)) {
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
}

struct Terms {
    policy: Policy,
    domains: [TrustDomain; 1],
    now: Timestamp,
}

impl Terms {
    fn judge(&self, workers: &dyn Workers, evidence: &Evidence) {
        let report = verify_with(workers, evidence, &self.policy, &self.domains, self.now);
        assert_eq!(report.verdict, Verdict::Verified);
        assert!(report.candidates.iter().all(|candidate| candidate.accepted));
    }
}

fn policy() -> Policy {
    let signer = Signer::from_flags(None, None, Some("acme/shop"), None, None).expect("a signer");
    Policy::from_flags(signer, [Requirement::Signature], None).expect("a policy")
}

/// Measures all in turn, so that a machine that slows down slows all.
fn medians(calls: [&dyn Fn(); 3]) -> [Duration; 3] {
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (call, times) in calls.iter().zip(&mut times) {
            let start = Instant::now();
            call();
            times.push(start.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The image of a fixture, and the bundle that signs it.
fn signature(layout: &Path) -> (Digest, Vec<u8>) {
    let read = |file: &Path| fs::read(file).expect("a file");
    let index: serde_json::Value = serde_json::from_slice(&read(&layout.join("index.json"))).expect("JSON");
    let mut entries = index["manifests"].as_array().expect("manifests").iter();
    let image = entries
        .find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == "v1.0.0")
        .and_then(|entry| entry["digest"].as_str())
        .expect("the image");
    let blobs = fs::read_dir(layout.join("blobs/sha256")).expect("blobs");
    let mut bundles = blobs.map(|entry| read(&entry.expect("a blob").path())).filter(|bytes| is_signature(bytes));
    (image.parse().expect("a digest"), bundles.next().expect("a signature"))
}

fn is_signature(bytes: &[u8]) -> bool {
    let Ok(bundle) = serde_json::from_slice::<serde_json::Value>(bytes) else { return false };
    let Some(payload) = bundle["dsseEnvelope"]["payload"].as_str() else { return false };
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).expect("base64");
    String::from_utf8(payload).expect("text").contains("https://sigstore.dev/cosign/sign/v1")
}

fn evidence(image: &Digest, bundle: &[u8], count: usize) -> Evidence {
    let blob = Blob::of(Algorithm::Sha256, bundle.to_vec());
    let candidates = (0..count).map(|position| Candidate {
        subject: image.clone(),
        origin: Origin::Referrer(Digest::of(Algorithm::Sha256, position.to_string().as_bytes())),
        digest: blob.digest().clone(),
        content: Content::Bundle(Opened::bundle(blob.clone())),
    });
    Evidence::of(Target::image("", None, image.clone()), candidates.collect())
}
