//! Sigstore bundles, written by anyone with push access.

use bonafide::evidence::{Artifact, Content, LooseBundle, Opened};
use bonafide::verify::{Alone, verify_artifact};

use crate::{holds, lab};

/// For every text, only bundles signed by the lab are accepted, for an image and for a file.
pub fn run(data: &[u8]) {
    let image = lab::image_named_in(data);
    for signer in &lab::SIGNERS[..2] {
        let report = lab::judge(image, Content::Bundle(Opened::bundle(lab::blob(data))), signer, &*lab::DOMAINS);
        holds::of_lab_evidence(&report);
    }
    let loose = LooseBundle { file: "a.json".to_owned(), line: None, bundle: Opened::bundle(lab::blob(data)) };
    let artifact = Artifact { reference: "a".to_owned(), digest: image.clone(), content: None, bundles: vec![loose] };
    let policy = lab::policy(&lab::SIGNERS[0], &[bonafide::policy::Requirement::Signature]);
    holds::of_lab_evidence(&verify_artifact(&Alone, &artifact, &policy, &*lab::DOMAINS, lab::NOW));
}

/// The bundles of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    lab::bundles().map(|(_, bundle)| bundle.to_string().into_bytes()).collect()
}
