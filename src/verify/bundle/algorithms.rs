//! Signature algorithms of aws-lc-rs, by kind of key and hash, and those of certificates: the Sigstore crate's, and those of ECDSA
//! that it leaves out.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sigstore_verify::crypto::WEBPKI_VERIFICATION_ALGS;

use crate::oci::Algorithm;
use crate::policy::KeyKind;

/// Returns the algorithm of signatures by a kind of key with a hash; RSA is PKCS #1 v1.5. Pure Ed25519 is in it with SHA-512, which it
/// hashes with by itself.
pub(super) fn provider(kind: KeyKind, hash: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (kind, hash) {
        (KeyKind::P256, Algorithm::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, Algorithm::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (KeyKind::P256, Algorithm::Sha512) => &ECDSA_P256_SHA512_ASN1,
        (KeyKind::P384, Algorithm::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, Algorithm::Sha384) => &ECDSA_P384_SHA384_ASN1,
        (KeyKind::P384, Algorithm::Sha512) => &ECDSA_P384_SHA512_ASN1,
        (KeyKind::P521, Algorithm::Sha256) => &ECDSA_P521_SHA256_ASN1,
        (KeyKind::P521, Algorithm::Sha384) => &ECDSA_P521_SHA384_ASN1,
        (KeyKind::P521, Algorithm::Sha512) => &ECDSA_P521_SHA512_ASN1,
        (KeyKind::Rsa(_), Algorithm::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa(_), Algorithm::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa(_), Algorithm::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Ed25519, Algorithm::Sha512) => &ED25519,
        (KeyKind::Ed25519, Algorithm::Sha256 | Algorithm::Sha384) => return None,
    })
}

/// An algorithm of aws-lc-rs as path building asks for it.
struct Ecdsa {
    curve: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    provider: &'static EcdsaVerificationAlgorithm,
}

/// P-521, and SHA-512 with the smaller curves (RFC 5758 §3.2), which some authorities use.
static MORE: [Ecdsa; 5] = [
    Ecdsa { curve: alg_id::ECDSA_P256, signature: alg_id::ECDSA_SHA512, provider: &ECDSA_P256_SHA512_ASN1 },
    Ecdsa { curve: alg_id::ECDSA_P384, signature: alg_id::ECDSA_SHA512, provider: &ECDSA_P384_SHA512_ASN1 },
    Ecdsa { curve: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA256, provider: &ECDSA_P521_SHA256_ASN1 },
    Ecdsa { curve: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA384, provider: &ECDSA_P521_SHA384_ASN1 },
    Ecdsa { curve: alg_id::ECDSA_P521, signature: alg_id::ECDSA_SHA512, provider: &ECDSA_P521_SHA512_ASN1 },
];

/// Returns all algorithms that a certificate may be signed by.
pub(in crate::verify) fn algorithms() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let more = MORE.iter().map(|one| one as &dyn SignatureVerificationAlgorithm);
    WEBPKI_VERIFICATION_ALGS.iter().copied().chain(more).collect()
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.curve
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }

    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(self.provider, public_key).verify(message, signature).map_err(|_| InvalidSignature)
    }
}

impl fmt::Debug for Ecdsa {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ECDSA by aws-lc-rs")
    }
}
