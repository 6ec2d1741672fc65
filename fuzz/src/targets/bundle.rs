//! Sigstore bundles, written by anyone with push access.

use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::verify::{Alone, verify_with};

use crate::{holds, lab};

/// For every text, only bundles signed by the lab are accepted, for an image and for a file.
pub fn run(data: &[u8]) {
    let image = lab::image_named_in(data);
    for signer in &lab::SIGNERS[..2] {
        let report = lab::judge(image, Content::Bundle(Opened::bundle(lab::blob(data))), signer, &*lab::DOMAINS);
        holds::of_lab_evidence(&report);
    }
    let bundle = Opened::bundle(lab::blob(data));
    let candidate = Candidate {
        subject: image.clone(),
        origin: Origin::File { file: "a.json".to_owned(), line: None },
        digest: bundle.digest().clone(),
        content: Content::Bundle(bundle),
    };
    let target = Target::file("a".to_owned(), image.clone(), None);
    let evidence = Evidence::of(target, vec![candidate]);
    let policy = lab::policy(&lab::SIGNERS[0], &[bonafide::policy::Requirement::Signature]);
    holds::of_lab_evidence(&verify_with(&Alone, &evidence, &policy, &*lab::DOMAINS, lab::NOW));
}

/// The bundles of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    lab::bundles().map(|(_, bundle)| bundle.to_string().into_bytes()).collect()
}
