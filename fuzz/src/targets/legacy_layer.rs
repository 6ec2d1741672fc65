//! Layers of `.sig` and `.att` tags with their annotations.

use std::collections::BTreeMap;

use bonafide::check::ImageReport;
use bonafide::evidence::{Content, Opened};

use crate::{holds, lab};

/// The annotations that cosign writes.
const ANNOTATIONS: [&str; 5] = [
    "dev.cosignproject.cosign/signature",
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
];

/// An byte for the kind of layer, then the annotations and the layer itself, each ended by a zero.
pub fn run(data: &[u8]) {
    if let Some(report) = judge(data) {
        holds::of_lab_evidence(&report);
    }
}

/// Judges a layer that is written so.
pub fn judge(data: &[u8]) -> Option<ImageReport> {
    let (kind, rest) = data.split_first()?;
    let mut parts = rest.splitn(ANNOTATIONS.len() + 1, |byte| *byte == 0);
    let mut annotations = BTreeMap::new();
    for name in ANNOTATIONS {
        let text = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        if !text.is_empty() {
            annotations.insert(name.to_owned(), text);
        }
    }
    let layer = lab::blob(parts.next().unwrap_or_default());
    let content = match kind {
        b's' => Content::LegacySignature { payload: layer, annotations },
        b'a' => Content::LegacyAttestation { envelope: Opened::envelope(layer), annotations },
        _ => return None,
    };
    let is_legacy = |sample: &&lab::Sample| !matches!(sample.content, Content::Bundle(_));
    let image = &lab::SAMPLES.iter().find(is_legacy).expect("the fixtures have legacy layers").image;
    Some(lab::judge(image, content, &lab::SIGNERS[0], &*lab::DOMAINS))
}

/// The legacy layers of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    let layers = lab::SAMPLES.iter().filter_map(|sample| match &sample.content {
        Content::LegacySignature { payload, annotations } => Some((b's', payload.bytes().to_vec(), annotations)),
        Content::LegacyAttestation { envelope, annotations } => {
            Some((b'a', envelope.original().into_owned(), annotations))
        }
        _ => None,
    });
    layers
        .map(|(kind, layer, annotations)| {
            let text = |name: &str| annotations.get(name).map_or(&[][..], |text| text.as_bytes());
            let mut seed = vec![kind];
            for name in ANNOTATIONS {
                seed.extend([text(name), &[0]].concat());
            }
            [seed, layer].concat()
        })
        .collect()
}
