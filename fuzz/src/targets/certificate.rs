//! Certificates in DER, read before anything about them is verified.

use std::sync::LazyLock;

use bonafide::evidence::{Content, Opened};
use serde_json::{Value, json};

use crate::{forge, holds, lab};

/// A good bundle and the image it is about.
static GOOD: LazyLock<Value> = LazyLock::new(|| lab::bundles().next().expect("a bundle").1);

/// No other certificate stands in for the one that signed; also one that is only named in a refusal is escaped.
pub fn run(data: &[u8]) {
    let mut bundle = GOOD.clone();
    bundle["verificationMaterial"]["certificate"] = json!({"rawBytes": lab::encode(data)});
    let text = bundle.to_string();
    let is_the_one = bundle == *GOOD;
    for signer in [&lab::SIGNERS[0], &*forge::SIGNER] {
        let content = Content::Bundle(Opened::bundle(lab::blob(text.as_str())));
        let report = lab::judge(&lab::SAMPLES[0].image, content, signer, &*lab::DOMAINS);
        holds::of_lab_evidence(&report);
        assert!(is_the_one || !report.candidates[0].accepted);
    }
}

/// The certificates of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    let certificate =
        |bundle: Value| bundle["verificationMaterial"]["certificate"]["rawBytes"].as_str().map(lab::decode);
    lab::bundles().filter_map(|(_, bundle)| certificate(bundle)).collect()
}
