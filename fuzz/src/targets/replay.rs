//! Reports that images are held against: `verify --replay`.

use std::sync::LazyLock;

use bonafide::check::{ImageReport, Verdict};
use bonafide::compare::Replayed;
use bonafide::oci::Digest;
use serde_json::{Value, json};

use crate::lab;

/// An image that is verified, and one that is not.
static IMAGES: LazyLock<[ImageReport; 2]> = LazyLock::new(|| {
    let all = || {
        let judged = |sample: &lab::Sample| {
            let candidate = lab::candidate(&sample.image, 0, sample.content.clone());
            let requirements = [bonafide::policy::Requirement::Signature];
            let policy = lab::policy(&lab::SIGNERS[0], &requirements);
            let evidence = lab::evidence(&sample.image, vec![candidate]);
            bonafide::verify::verify(&evidence, &policy, &*lab::DOMAINS, lab::NOW)
        };
        lab::SAMPLES.iter().map(judged)
    };
    let is_verified = |image: &ImageReport| image.verdict == Verdict::Verified;
    [all().find(is_verified).expect("one"), all().find(|image| !is_verified(image)).expect("another")]
});

/// No report makes a verdict better, and only one that is as it was leaves it as it is.
pub fn run(data: &[u8]) {
    let Ok(report) = Replayed::read(data) else { return };
    let Some(images) = report.images() else { return };
    for image in IMAGES.iter() {
        let held = report.hold(image.clone(), &[]);
        assert!(held.verdict == image.verdict || held.verdict == Verdict::Rejected, "{:?}", held.verdict);
        if held.verdict == Verdict::Verified {
            let says = |digest: &str| {
                images.iter().any(|one| one.digest.parse::<Digest>().is_ok_and(|known| known.to_string() == digest))
            };
            assert!(image.digest.as_deref().is_some_and(says), "it says nothing of the image");
        }
        let more = held.findings.len() - image.findings.len();
        assert!(more < 32, "{more} differences");
    }
}

fn seed(images: &[Value]) -> Vec<u8> {
    let hash = json!({"sha256": "0"});
    let tool = json!({"name": "bonafide", "version": env!("CARGO_PKG_VERSION")});
    let report = json!({"schemaVersion": 1, "tool": tool, "policy": hash, "trust": [hash], "images": images});
    report.to_string().into_bytes()
}

/// Reports of the images as they are: each is held against its own.
pub fn seeds() -> Vec<Vec<u8>> {
    let images: Vec<Value> = IMAGES.iter().map(|image| serde_json::to_value(image).expect("JSON")).collect();
    let alone = images.iter().map(|image| seed(std::slice::from_ref(image)));
    alone.chain([seed(&images)]).collect()
}
