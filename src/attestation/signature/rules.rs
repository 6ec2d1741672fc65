//! What a signature must be beyond being good: nothing.

use crate::attestation::rules::{Missing, Rules};

/// The rules for a signature on the image: a cosign signature bundle, a message signature or legacy simple signing. An attestation
/// is not a signature.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureRules;

impl Rules for SignatureRules {
    fn describe(&self) -> Vec<String> {
        Vec::new()
    }

    fn canonical_text(&self) -> String {
        String::new()
    }

    fn missing(&self) -> Missing {
        Missing {
            what: "signature",
            expected: "a cosign signature".to_owned(),
            make: "`cosign sign IMAGE@DIGEST`".to_owned(),
        }
    }
}
