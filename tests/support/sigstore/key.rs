//! Signing keys, fresh in every process and never written anywhere.

use std::sync::Arc;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA256_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use ed25519_dalek::Digest as _;

use super::der;

/// A private key of one of the kinds Sigstore's algorithm registry allows.
#[derive(Clone)]
pub struct Key {
    kind: Kind,
    pair: Arc<Pair>,
    /// What signatures are said to be made with, where that is not the truth.
    said_algorithm: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    P256,
    P384,
    P521,
    P521Sha256,
    Rsa(KeySize),
    Ed25519,
    Ed25519ph,
    Public,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Ed25519ph(ed25519_dalek::SigningKey),
    /// A `SubjectPublicKeyInfo` in DER, and what stands in the place of signatures.
    Public(Vec<u8>, Vec<u8>),
}

/// A hash, under the names that bundles, Rekor v1 and Rekor v2 give it.
#[derive(Clone, Copy)]
pub struct Hash {
    pub proto: &'static str,
    pub rekor: &'static str,
    pub oid: &'static str,
    provider: &'static digest::Algorithm,
}

pub const SHA2_256: Hash =
    Hash { proto: "SHA2_256", rekor: "sha256", oid: "2.16.840.1.101.3.4.2.1", provider: &SHA256 };
pub const SHA2_384: Hash =
    Hash { proto: "SHA2_384", rekor: "sha384", oid: "2.16.840.1.101.3.4.2.2", provider: &SHA384 };
pub const SHA2_512: Hash =
    Hash { proto: "SHA2_512", rekor: "sha512", oid: "2.16.840.1.101.3.4.2.3", provider: &SHA512 };

impl Hash {
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.provider, bytes).as_ref().to_vec()
    }

    /// The hash that goes with what sigstore_common.proto calls `PublicKeyDetails`.
    pub fn of_details(details: &str) -> Hash {
        match details {
            "PKIX_ECDSA_P384_SHA_384" => SHA2_384,
            "PKIX_ECDSA_P521_SHA_512" | "PKIX_ED25519_PH" => SHA2_512,
            _ => SHA2_256,
        }
    }
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
        Key::rsa_of(KeySize::Rsa2048)
    }

    pub fn rsa_of(size: KeySize) -> Key {
        let pair = RsaKeyPair::generate(size).expect("the system has randomness");
        Key { kind: Kind::Rsa(size), pair: Arc::new(Pair::Rsa(pair)), said_algorithm: None }
    }

    /// A P-521 key that signs with SHA-256, as cosign before 3 did.
    pub fn p521_sha256() -> Key {
        Key::ecdsa(Kind::P521Sha256, &ECDSA_P521_SHA256_ASN1_SIGNING)
    }

    /// An Ed25519 key that signs digests (RFC 8032 §5.1), as cosign 3 does.
    pub fn ed25519ph() -> Key {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).expect("the system has randomness");
        let pair = Pair::Ed25519ph(ed25519_dalek::SigningKey::from_bytes(&seed));
        Key { kind: Kind::Ed25519ph, pair: Arc::new(pair), said_algorithm: None }
    }

    /// Every kind of key that cosign signs with, each by its current scheme.
    pub fn of_every_kind() -> Vec<Key> {
        let rsa = [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096].map(Key::rsa_of);
        [Key::p256(), Key::p384(), Key::p521(), Key::ed25519ph()].into_iter().chain(rsa).collect()
    }

    pub fn ed25519() -> Key {
        let pair = Ed25519KeyPair::generate().expect("the system has randomness");
        Key { kind: Kind::Ed25519, pair: Arc::new(Pair::Ed25519(pair)), said_algorithm: None }
    }

    /// The neutral point of Ed25519. Without a private key anyone signs for it, and every verifier that takes the key takes that.
    pub fn neutral() -> Key {
        let mut neutral = vec![0; 32];
        neutral[0] = 1;
        let signature = [neutral.as_slice(), &[0; 32]].concat();
        Key::public(&der::sequence(&[der::sequence(&[der::oid("1.3.101.112")]), der::bit_string(&neutral)]), &signature)
    }

    /// An RSA key with a modulus of so many bits and this exponent, of which nobody has the private half.
    pub fn public_rsa(bits: usize, exponent: &[u8]) -> Key {
        let modulus = [&[0], vec![0xff; bits / 8].as_slice()].concat();
        let key = der::sequence(&[der::integer(&modulus), der::integer(exponent)]);
        let algorithm = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
        Key::public(&der::sequence(&[algorithm, der::bit_string(&key)]), b"no signature")
    }

    /// A key on a curve with these parameters, a name or a description, of which nobody has the private half.
    pub fn public_ecdsa(parameters: Vec<u8>, octets: usize) -> Key {
        let algorithm = der::sequence(&[der::oid("1.2.840.10045.2.1"), parameters]);
        let point = [&[4], vec![1; 2 * octets].as_slice()].concat();
        Key::public(&der::sequence(&[algorithm, der::bit_string(&point)]), b"no signature")
    }

    fn public(der: &[u8], signature: &[u8]) -> Key {
        let pair = Arc::new(Pair::Public(der.to_vec(), signature.to_vec()));
        Key { kind: Kind::Public, pair, said_algorithm: None }
    }

    /// The same key, of which certificates say that it signs with this algorithm.
    pub fn said_to_sign_with(self, algorithm: &'static str) -> Key {
        Key { said_algorithm: Some(algorithm), ..self }
    }

    fn ecdsa(kind: Kind, algorithm: &'static EcdsaSigningAlgorithm) -> Key {
        let pair = EcdsaKeyPair::generate(algorithm).expect("the system has randomness");
        Key { kind, pair: Arc::new(Pair::Ecdsa(pair)), said_algorithm: None }
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
            Pair::Ed25519ph(pair) => {
                let hashed = ed25519_dalek::Sha512::new().chain_update(message);
                pair.sign_prehashed(hashed, None).expect("a context of no length").to_bytes().to_vec()
            }
            Pair::Public(_, signature) => signature.clone(),
        }
    }

    /// Returns the hash that goes with the key in signatures; pure Ed25519 signs no digest, and SHA-256 is stated beside it.
    pub fn hash(&self) -> Hash {
        Hash::of_details(self.details())
    }

    /// Returns the public key without its algorithm: an uncompressed point, PKCS #1 in DER, or the 32 bytes of Ed25519.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519ph(pair) => pair.verifying_key().as_bytes().to_vec(),
            Pair::Public(der, _) => der.clone(),
        }
    }

    /// Returns the DER SubjectPublicKeyInfo.
    pub fn public_der(&self) -> Vec<u8> {
        if let Pair::Public(der, _) = &*self.pair {
            return der.clone();
        }
        let algorithm = match self.kind {
            Kind::P256 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")],
            Kind::P384 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.34")],
            Kind::P521 | Kind::P521Sha256 => vec![der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.35")],
            Kind::Rsa(_) => vec![der::oid("1.2.840.113549.1.1.1"), der::null()],
            Kind::Ed25519 | Kind::Ed25519ph | Kind::Public => vec![der::oid("1.3.101.112")],
        };
        der::sequence(&[der::sequence(&algorithm), der::bit_string(&self.public_bytes())])
    }

    /// Returns the PEM public key, as `cosign verify --key` takes it.
    pub fn public_pem(&self) -> String {
        der::pem("PUBLIC KEY", &self.public_der())
    }

    /// Returns the DER AlgorithmIdentifier of this key's signatures.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        if let Some(oid) = self.said_algorithm {
            return der::sequence(&[der::oid(oid)]);
        }
        der::sequence(&match self.kind {
            Kind::P256 | Kind::P521Sha256 => vec![der::oid("1.2.840.10045.4.3.2")],
            Kind::P384 => vec![der::oid("1.2.840.10045.4.3.3")],
            Kind::P521 => vec![der::oid("1.2.840.10045.4.3.4")],
            Kind::Rsa(_) => vec![der::oid("1.2.840.113549.1.1.11"), der::null()],
            Kind::Ed25519 | Kind::Ed25519ph | Kind::Public => vec![der::oid("1.3.101.112")],
        })
    }

    /// Returns the name the trusted root's `keyDetails` gives this kind of key.
    pub fn details(&self) -> &'static str {
        match self.kind {
            Kind::P256 => "PKIX_ECDSA_P256_SHA_256",
            Kind::P384 => "PKIX_ECDSA_P384_SHA_384",
            Kind::P521 => "PKIX_ECDSA_P521_SHA_512",
            Kind::P521Sha256 => "PKIX_ECDSA_P521_SHA_256",
            Kind::Rsa(KeySize::Rsa3072) => "PKIX_RSA_PKCS1V15_3072_SHA256",
            Kind::Rsa(KeySize::Rsa4096) => "PKIX_RSA_PKCS1V15_4096_SHA256",
            Kind::Rsa(_) => "PKIX_RSA_PKCS1V15_2048_SHA256",
            Kind::Ed25519 | Kind::Public => "PKIX_ED25519",
            Kind::Ed25519ph => "PKIX_ED25519_PH",
        }
    }
}
