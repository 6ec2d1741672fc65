//! Signing keys, fresh in every process and never written anywhere.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::der;

/// A private key of one of the kinds Sigstore's algorithm registry allows.
#[derive(Clone)]
pub struct Key {
    kind: Kind,
    pair: Arc<Pair>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    P256,
    P384,
    P521,
    Rsa,
    Ed25519,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub fn p256() -> Key {
        Key::ecdsa(Kind::P256, &ECDSA_P256_SHA256_ASN1_SIGNING)
    }

    pub fn p384() -> Key {
        Key::ecdsa(Kind::P384, &ECDSA_P384_SHA384_ASN1_SIGNING)
    }

    pub fn p521() -> Key {
        Key::ecdsa(Kind::P521, &ECDSA_P521_SHA512_ASN1_SIGNING)
    }

    /// An RSA key of 2048 bits, which signs with PKCS #1 v1.5 and SHA-256.
    pub fn rsa() -> Key {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("the system has randomness");
        Key { kind: Kind::Rsa, pair: Arc::new(Pair::Rsa(pair)) }
    }

    pub fn ed25519() -> Key {
        let pair = Ed25519KeyPair::generate().expect("the system has randomness");
        Key { kind: Kind::Ed25519, pair: Arc::new(Pair::Ed25519(pair)) }
    }

    fn ecdsa(kind: Kind, algorithm: &'static EcdsaSigningAlgorithm) -> Key {
        let pair = EcdsaKeyPair::generate(algorithm).expect("the system has randomness");
        Key { kind, pair: Arc::new(Pair::Ecdsa(pair)) }
    }

    /// Signs `message` with the hash that belongs to the curve; ECDSA signatures are in ASN.1 form.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &*self.pair {
            Pair::Ecdsa(pair) => {
                pair.sign(&SystemRandom::new(), message).expect("a generated key can sign").as_ref().to_vec()
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .expect("a generated key can sign");
                signature
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// Returns the public key without its algorithm: an uncompressed point, PKCS #1 in DER, or the 32 octets of Ed25519.
    pub fn public_octets(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Returns the DER SubjectPublicKeyInfo.
    pub fn public_der(&self) -> Vec<u8> {
        let algorithm = match self.kind {
            Kind::P256 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")],
            Kind::P384 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.34")],
            Kind::P521 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.35")],
            Kind::Rsa => vec![der::oid("1.2.840.113549.1.1.1"), der::null()],
            Kind::Ed25519 => vec![der::oid("1.3.101.112")],
        };
        der::sequence(&[der::sequence(&algorithm), der::bit_string(&self.public_octets())])
    }

    /// Returns the PEM public key, as `cosign verify --key` takes it.
    pub fn public_pem(&self) -> String {
        der::pem("PUBLIC KEY", &self.public_der())
    }

    /// Returns the DER AlgorithmIdentifier of this key's signatures.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        der::sequence(&match self.kind {
            Kind::P256 => vec![der::oid("1.2.840.10045.4.3.2")],
            Kind::P384 => vec![der::oid("1.2.840.10045.4.3.3")],
            Kind::P521 => vec![der::oid("1.2.840.10045.4.3.4")],
            Kind::Rsa => vec![der::oid("1.2.840.113549.1.1.11"), der::null()],
            Kind::Ed25519 => vec![der::oid("1.3.101.112")],
        })
    }

    /// Returns the name the trusted root's `keyDetails` gives this kind of key.
    pub fn details(&self) -> &'static str {
        match self.kind {
            Kind::P256 => "PKIX_ECDSA_P256_SHA_256",
            Kind::P384 => "PKIX_ECDSA_P384_SHA_384",
            Kind::P521 => "PKIX_ECDSA_P521_SHA_512",
            Kind::Rsa => "PKIX_RSA_PKCS1V15_2048_SHA256",
            Kind::Ed25519 => "PKIX_ED25519",
        }
    }
}
