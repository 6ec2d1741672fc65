//! Keys and hashes that protect nothing, in every certificate that a verdict rests on (A318).

use bonafide::check::CheckId;
use bonafide::trust::TrustRoot;
use bonafide::verify::TrustDomain;

use crate::support::sigstore::{CertificateAuthority, Key, Sigstore, TimestampAuthority, Version, der};
use crate::world::{World, bundle};

/// Keys for which anyone can sign, and what is said of them.
fn weak() -> Vec<(Key, &'static str)> {
    let named = |oid: &str| der::oid(oid);
    // SEC 1 §C.2, `ECParameters`: a version, a field, and what is left of a curve.
    let described = der::sequence(&[der::integer(&[1]), der::sequence(&[der::oid("1.2.840.10045.1.1")])]);
    vec![
        (Key::neutral(), "an Ed25519 key of small order"),
        (Key::public_rsa(1024, &[1, 0, 1]), "RSA with 1024 bits"),
        (Key::public_rsa(2040, &[1, 0, 1]), "RSA with 2040 bits"),
        (Key::public_rsa(2048, &[1]), "an RSA key with the exponent 1"),
        (Key::public_rsa(2048, &[3]), "an RSA key with the exponent 3"),
        (Key::public_rsa(4096, &[1, 0, 2]), "an RSA key with an even number in it"),
        (Key::public_rsa(2048, &[0x7f; 200]), "an RSA key with an exponent of 1599 bits"),
        (Key::public_ecdsa(described, 32), "a key on a curve that is described in place of a name"),
        (Key::public_ecdsa(der::null(), 32), "a key on a curve that is described in place of a name"),
        (Key::public_ecdsa(named("1.3.132.0.33"), 28), "ECDSA on the curve secp224r1"),
        (Key::public_ecdsa(named("1.2.840.10045.3.1.1"), 24), "ECDSA on the curve"),
    ]
}

#[test]
fn a318_a_weak_key_in_the_certificate_of_a_signature_is_refused() {
    for (key, weakness) in weak() {
        let world = World::new();
        let signed = world.provenance_with_key(&key);
        let content = bundle(&signed.bundle(Version::V03));
        let finding = world.for_provenance().rejects(content, CheckId::CertificateProfile);
        let found = finding.found.unwrap_or_default();
        assert!(found.contains(weakness), "{found} is not {weakness}");
    }
}

/// A curve that is not known here says nothing against the signature (A129), and never verifies.
#[test]
fn a318_a_curve_that_is_not_known_here_is_undecided() {
    for curve in ["1.3.132.0.10", "1.3.36.3.3.2.8.1.1.7"] {
        let world = World::new();
        let key = Key::public_ecdsa(der::oid(curve), 32);
        let signed = world.provenance_with_key(&key);
        world.for_provenance().cannot_decide(bundle(&signed.bundle(Version::V03)), CheckId::CertificateProfile);
    }
}

fn prepare(instance: &Sigstore) -> Result<TrustDomain, String> {
    let root = TrustRoot::parse("weak", "weak.json", instance.trusted_root().as_bytes()).expect("a root");
    TrustDomain::prepare(&root).map_err(|error| error.to_string())
}

#[track_caller]
fn root_is_refused(instance: &Sigstore, place: &str, weakness: &str) {
    let error = prepare(instance).err().unwrap_or_default();
    assert!(error.contains(place) && error.contains(weakness), "{error} is not {place}: {weakness}");
}

#[test]
fn a318_a_weak_key_of_an_authority_is_refused_with_its_trusted_root() {
    for (key, weakness) in weak() {
        for keys in [[key.clone(), Key::p384()], [Key::p384(), key.clone()]] {
            let authority = CertificateAuthority::with_keys(&keys, |_, _| {});
            root_is_refused(&Sigstore { authority, ..Sigstore::new() }, "certificateAuthorities[0]", weakness);
        }
        let timestamp_authority = TimestampAuthority::of(&key, true);
        root_is_refused(&Sigstore { timestamp_authority, ..Sigstore::new() }, "timestampAuthorities[0]", weakness);
    }
}

const BROKEN: [(&str, &str); 6] = [
    ("1.2.840.113549.1.1.5", "SHA-1"),
    ("1.2.840.10045.4.1", "SHA-1"),
    ("1.2.840.10040.4.3", "SHA-1"),
    ("1.2.840.113549.1.1.4", "MD5"),
    ("1.2.840.113549.1.1.2", "MD2"),
    ("1.3.14.3.2.29", "SHA-1"),
];

#[test]
fn a318_a_certificate_that_is_signed_with_a_broken_hash_is_refused() {
    for (algorithm, hash) in BROKEN {
        let key = || Key::p384().said_to_sign_with(algorithm);
        // What the issuer signs: the certificate of a signature, that of an authority, and that of a timestamp authority.
        let authority = CertificateAuthority::with_keys(&[Key::p384(), key()], |_, _| {});
        let world = World::of(Sigstore { authority, ..Sigstore::new() });
        let content = bundle(&world.signed_provenance().bundle(Version::V03));
        let finding = world.for_provenance().rejects(content, CheckId::CertificateProfile);
        assert_eq!(finding.message, format!("the certificate is signed with {hash}"));
        let authority = CertificateAuthority::with_keys(&[key(), Key::p384()], |_, _| {});
        root_is_refused(&Sigstore { authority, ..Sigstore::new() }, "certificateAuthorities[0]", hash);
    }
}

/// An anchor counts because the trusted root holds it: nothing rests on its signature on itself.
#[test]
fn a318_an_anchor_that_signs_itself_with_a_broken_hash_is_worth_a_word() {
    let mut instance = Sigstore::new();
    let old =
        CertificateAuthority::with_keys(&[Key::p384().said_to_sign_with("1.2.840.10045.4.1"), Key::p384()], |_, _| {});
    instance.authority = CertificateAuthority { intermediate: old.root.clone(), root: old.root };
    let root = instance.trusted_root_with(|root| {
        let chain = root["certificateAuthorities"][0]["certChain"]["certificates"].as_array_mut().expect("a list");
        chain.truncate(1);
    });
    let root = TrustRoot::parse("old", "old.json", root.as_bytes()).expect("a root");
    let domain = TrustDomain::prepare(&root).expect("a domain");
    let warnings = &domain.report().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("signed with SHA-1")), "{warnings:?}");
}
