//! Trusted roots: keys, certificates and windows that everything rests on.

use crate::{holds, lab};

/// With any part of a root, only bundles signed by the lab are accepted.
pub fn run(data: &[u8]) {
    let Some(domain) = lab::domain(data) else { return };
    let domains = [domain];
    for sample in lab::SAMPLES.iter().step_by(3) {
        let report = lab::judge(&sample.image, sample.content.clone(), &lab::SIGNERS[0], &domains);
        holds::of_lab_evidence(&report);
    }
}

/// The lab's root.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![lab::ROOT.clone()]
}
