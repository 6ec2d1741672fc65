//! The rules for a signature: none, beyond a valid signature by an expected signer.

use crate::attestation::keys::{Declared, Key};
use crate::attestation::rules::{Incomplete, Keys, Missing, Rules};

/// The rules for a signature on the image: a cosign signature bundle, a message signature or legacy simple signing. An attestation
/// is not a signature.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureRules;

impl Rules for SignatureRules {
    fn missing(&self) -> Missing {
        Missing {
            what: "signature",
            expected: "a cosign signature".to_owned(),
            make: "`cosign sign IMAGE@DIGEST`".to_owned(),
        }
    }
}

impl Declared for SignatureRules {
    const KEYS: &'static [Key<Self>] = &[];
}

impl Keys for SignatureRules {
    fn start() -> Self {
        Self
    }

    fn plain() -> Result<Self, Incomplete> {
        Ok(Self)
    }
}
