//! The good evidence of `fixtures/`, and everything that is true of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bonafide::attestation::types::Kind;
use bonafide::check::{CandidateReport, ImageReport};
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::Timestamp;
use serde_json::Value;

/// The images with evidence: bundles logged by Rekor v2 and by v1, legacy layers, a stranger's, a reusable workflow's.
const IMAGES: [&str; 5] = ["signed", "signed-rekor1", "legacy", "other-signer", "reusable-workflow"];

/// After everything in the fixtures was signed; the time of signing is judged, never the time of judging.
pub const NOW: Timestamp = Timestamp::constant(1_893_456_000, 0); // 2030-01-01T00:00:00Z

/// One signature or attestation of the fixtures.
pub struct Sample {
    /// The image that it is about.
    pub image: Digest,
    /// The attached content.
    pub content: Content,
}

/// Every signature and attestation, in an order that is always the same.
pub static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| IMAGES.iter().flat_map(|name| samples(name)).collect());

/// The trusted root of the lab that made them, as JSON.
pub static ROOT: LazyLock<Vec<u8>> = LazyLock::new(|| read(&fixtures().join("trust/lab.trusted_root.json")));

/// The lab as a trust domain.
pub static DOMAINS: LazyLock<[TrustDomain; 1]> = LazyLock::new(|| [domain(&ROOT).expect("the lab's root is good")]);

/// Who signed: the release workflow, the one who signed `other-signer`, and the reusable workflow.
pub static SIGNERS: LazyLock<[Signer; 3]> = LazyLock::new(|| {
    let github = "https://token.actions.githubusercontent.com";
    let reusable = "https://github.com/acme/builders/.github/workflows/container.yml@refs/tags/v2";
    [
        (None, None, Some("acme/shop")),
        (Some("mallory@evil.example"), Some("https://accounts.lab.example"), None),
        (Some(reusable), Some(github), Some("acme/shop")),
    ]
    .map(|(identity, issuer, repository)| Signer::from_flags(identity, issuer, repository, None, None))
    .map(|signer| signer.expect("a signer"))
});

/// The good evidence: nothing else was ever signed, so nothing else may ever be accepted.
static KNOWN: LazyLock<Vec<CandidateReport>> = LazyLock::new(|| {
    let judged = |sample: &Sample, signer: &Signer| judge(&sample.image, sample.content.clone(), signer, &*DOMAINS);
    let reports = SAMPLES.iter().flat_map(|sample| SIGNERS.iter().map(move |signer| judged(sample, signer)));
    reports.flat_map(|report| report.candidates).filter(|candidate| candidate.accepted).collect()
});

/// Whether the accepted facts of a candidate were true before any change.
///
/// Less is as good: an entry or a timestamp that was left out, where the rest still carries the signature.
pub fn is_known(candidate: &CandidateReport) -> bool {
    let said = |one: &CandidateReport| {
        format!("{} {} {:?} {:?} {:?}", one.subject, one.kind, one.predicate_type, one.trust_domain, one.signer)
    };
    KNOWN.iter().any(|known| {
        said(known) == said(candidate)
            && candidate.section.as_ref().is_none_or(|one| known.section.as_ref() == Some(one))
            && candidate.timestamps.iter().all(|stamp| known.timestamps.contains(stamp))
            && candidate.log_entries.iter().all(|entry| {
                known.log_entries.iter().any(|known| {
                    (&known.kind, &known.log_id) == (&entry.kind, &entry.log_id)
                        && entry.log_index.is_none_or(|index| known.log_index == Some(index))
                        && entry.integrated_time.is_none_or(|time| known.integrated_time == Some(time))
                })
            })
    })
}

/// How many of the fixtures' signatures and attestations are believed as they are.
pub fn known() -> usize {
    KNOWN.len()
}

/// Reads a trusted root and prepares it, under the name that is always the same.
pub fn domain(root: &[u8]) -> Option<TrustDomain> {
    TrustDomain::prepare(&TrustRoot::parse("lab", "lab", root).ok()?).ok()
}

/// Judges one thing attached to an image, which may be any of the three kinds.
pub fn judge(image: &Digest, content: Content, signer: &Signer, domains: &[TrustDomain]) -> ImageReport {
    let evidence = evidence(image, vec![candidate(image, 0, content)]);
    verify(&evidence, &policy(signer, &Requirement::DEFAULT), domains, NOW)
}

/// A policy for this signer.
pub fn policy(signer: &Signer, requirements: &[Requirement]) -> Policy {
    Policy::from_flags(signer.clone(), requirements.iter().copied(), None).expect("a policy")
}

/// One image without an index, and its evidence.
pub fn evidence(image: &Digest, candidates: Vec<Candidate>) -> Evidence {
    Evidence::of(
        Target::image("registry.test/acme/shop:1.0.0", Some("registry.test/acme/shop"), image.clone()),
        candidates,
    )
}

/// Content attached to an image; `position` tells equal content apart.
pub fn candidate(image: &Digest, position: usize, content: Content) -> Candidate {
    let origin = Origin::Referrer(Digest::of(Algorithm::Sha256, format!("referrer {position}").as_bytes()));
    Candidate { subject: image.clone(), digest: image.clone(), origin, content }
}

/// Bytes as a blob.
pub fn blob(bytes: impl Into<Vec<u8>>) -> Blob {
    Blob::of(Algorithm::Sha256, bytes.into())
}

/// The bundles of the fixtures as JSON.
pub fn bundles() -> impl Iterator<Item = (&'static Digest, Value)> {
    SAMPLES.iter().filter_map(|sample| match &sample.content {
        Content::Bundle(bundle) => Some((&sample.image, json(&bundle.original()))),
        _ => None,
    })
}

/// The image of the fixtures that a bundle's statement names, or the first: most of what can be wrong comes after that.
pub fn image_named_in(bundle: &[u8]) -> &'static Digest {
    let read = serde_json::from_slice::<Value>(bundle).unwrap_or_default();
    let payload = read["dsseEnvelope"]["payload"].as_str().and_then(|payload| STANDARD.decode(payload).ok());
    let payload = String::from_utf8(payload.unwrap_or_default()).unwrap_or_default();
    let named = SAMPLES.iter().find(|sample| payload.contains(sample.image.hex()));
    &named.unwrap_or(&SAMPLES[0]).image
}

/// The statements in them.
pub fn statements() -> Vec<Value> {
    let payload = |bundle: Value| decode(bundle["dsseEnvelope"]["payload"].as_str().expect("an envelope"));
    bundles().map(|(_, bundle)| json(&payload(bundle))).chain(of_each_kind()).collect()
}

/// A statement of each kind that is read, by the seed in its folder.
fn of_each_kind() -> impl Iterator<Item = Value> {
    Kind::ALL.iter().filter_map(|kind| kind.seed()).map(|seed| {
        let mut statement = json(seed.as_bytes());
        statement["_type"] = "https://in-toto.io/Statement/v1".into();
        statement["subject"] = serde_json::json!([{"name": "image", "digest": {"sha256": "00"}}]);
        statement
    })
}

/// The predicates of this type.
pub fn predicates(predicate_type: &str) -> Vec<Vec<u8>> {
    let statements = statements().into_iter().filter(|statement| statement["predicateType"] == predicate_type);
    statements.map(|statement| statement["predicate"].to_string().into_bytes()).collect()
}

/// Every manifest and index of every image.
pub fn manifests() -> Vec<Vec<u8>> {
    let mut manifests = Vec::new();
    for name in IMAGES.iter().chain(&["multi-platform", "buildkit-unsigned"]) {
        let layout = layout(name);
        manifests.extend(entries(&layout).into_iter().map(|(_, digest)| blob_of(&layout, &digest)));
        manifests.push(read(&layout.join("index.json")));
    }
    manifests
}

fn samples(name: &str) -> Vec<Sample> {
    let layout = layout(name);
    let entries = entries(&layout);
    let (_, image) = entries.iter().find(|(tag, _)| tag == "v1.0.0").expect("the image");
    let image: Digest = image.parse().expect("a digest");
    let mut contents = Vec::new();
    for (tag, digest) in entries.iter().filter(|(tag, _)| tag != "v1.0.0") {
        let manifest = json(&blob_of(&layout, digest));
        // `sha256-….sig` and `.att` hold layers; without such an ending it is an index of referrers.
        if tag.contains('.') {
            contents.extend(layers(&manifest).map(|layer| legacy(&layout, layer)));
            continue;
        }
        for referrer in manifest["manifests"].as_array().into_iter().flatten() {
            let referrer = json(&blob_of(&layout, text(&referrer["digest"])));
            contents.extend(
                layers(&referrer)
                    .map(|layer| Content::Bundle(Opened::bundle(blob(blob_of(&layout, text(&layer["digest"])))))),
            );
        }
    }
    contents.into_iter().map(|content| Sample { image: image.clone(), content }).collect()
}

fn layers(manifest: &Value) -> impl Iterator<Item = &Value> {
    manifest["layers"].as_array().into_iter().flatten()
}

fn legacy(layout: &Path, layer: &Value) -> Content {
    let bytes = blob(blob_of(layout, text(&layer["digest"])));
    let annotations: BTreeMap<String, String> =
        serde_json::from_value(layer["annotations"].clone()).expect("annotations are texts");
    match text(&layer["mediaType"]) {
        "application/vnd.dsse.envelope.v1+json" => {
            Content::LegacyAttestation { envelope: Opened::envelope(bytes), annotations }
        }
        _ => Content::LegacySignature { payload: bytes, annotations },
    }
}

/// Tags and digests, in the order of the layout's index.
fn entries(layout: &Path) -> Vec<(String, String)> {
    let index = json(&read(&layout.join("index.json")));
    let tag = |entry: &Value| text(&entry["annotations"]["org.opencontainers.image.ref.name"]).to_owned();
    let manifests = index["manifests"].as_array().expect("manifests");
    manifests.iter().map(|entry| (tag(entry), text(&entry["digest"]).to_owned())).collect()
}

fn layout(name: &str) -> PathBuf {
    fixtures().join("images").join(name)
}

/// Beside the crate, or above it where this is compiled as a crate of its own.
fn fixtures() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.ancestors().map(|folder| folder.join("fixtures")).find(|folder| folder.is_dir());
    folder.expect("the folder `fixtures`")
}

fn blob_of(layout: &Path, digest: &str) -> Vec<u8> {
    read(&layout.join("blobs").join(digest.replace(':', "/")))
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fixtures are good JSON.
pub fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// Fixtures are good base64.
pub fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

/// Writes base64 as the tools do.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
