//! Certificates and timestamps that are larger than anybody writes them: refused before they are decoded (A310).

use bonafide::check::CheckId;
use bonafide::trust::TrustRoot;
use bonafide::verify::TrustDomain;
use serde_json::json;

use crate::support::json::base64;
use crate::support::sigstore::{LegacyLayer, Profile, Version, der};
use crate::timestamps::{signed, stamped_with};
use crate::token::Token;
use crate::world::{World, bundle, legacy};

/// An extension that no profile knows.
const UNKNOWN: &str = "1.3.6.1.4.1.57264.9.9";

/// A SET with this many members, the largest first.
fn swollen_set(members: u16) -> Vec<u8> {
    let members: Vec<u8> = (0..members).rev().flat_map(|number| der::octet_string(&number.to_be_bytes())).collect();
    der::element(0x31, &members)
}

fn with_set(members: u16) -> impl Fn(&mut Profile) {
    move |leaf| leaf.add(UNKNOWN, false, swollen_set(members))
}

#[test]
fn a310_a_certificate_with_a_swollen_set_is_not_decoded() {
    let world = World::new();
    let swollen =
        |members: u16| bundle(&world.signer().leaf(with_set(members)).attest(&world.provenance()).bundle(Version::V03));
    world.for_provenance().accepts(swollen(64));
    let finding = world.for_provenance().cannot_decide(swollen(65), CheckId::BundleFormat);
    assert_eq!(finding.message, "a certificate has a SET of more than 64 members");
}

#[test]
fn a310_a_certificate_of_many_bytes_is_not_decoded() {
    let world = World::new();
    let long = |bytes: usize| {
        let leaf = move |leaf: &mut Profile| leaf.add(UNKNOWN, false, der::octet_string(&vec![0; bytes]));
        bundle(&world.signer().leaf(leaf).attest(&world.provenance()).bundle(Version::V03))
    };
    world.for_provenance().accepts(long(30_000));
    let finding = world.for_provenance().cannot_decide(long(32 * 1024), CheckId::BundleFormat);
    assert!(finding.message.contains("the limit is 32768"), "{}", finding.message);
}

/// An extension may be in a certificate once; to find that out takes one look at each.
#[test]
fn a310_many_extensions_are_looked_at_once_each() {
    let world = World::new();
    let many = |twice: bool| {
        let leaf = move |leaf: &mut Profile| {
            for number in 0..500 {
                leaf.add(&format!("{UNKNOWN}.{number}"), false, der::null());
            }
            if twice {
                leaf.add(&format!("{UNKNOWN}.7"), false, der::null());
            }
        };
        bundle(&world.signer().leaf(leaf).attest(&world.provenance()).bundle(Version::V03))
    };
    world.for_provenance().accepts(many(false));
    world.for_provenance().rejects(many(true), CheckId::CertificateProfile);
}

#[test]
fn a310_a_swollen_certificate_in_a_legacy_layer_is_not_decoded() {
    let world = World::new();
    let layer = |members: u16| -> LegacyLayer {
        world.signer().leaf(with_set(members)).attest(&world.provenance()).legacy_layer()
    };
    let judge = |members: u16| (world.for_layer(&layer(members)), legacy(layer(members)));
    let (judges, content) = judge(64);
    judges.accepts(content);
    let (judges, content) = judge(65);
    judges.cannot_decide(content, CheckId::BundleFormat);
}

#[test]
fn a310_a_timestamp_with_swollen_algorithms_is_not_decoded() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    for one in signed(&world) {
        let token = |more| Token::over(authority, one.content.signature()).with(|token| token.more_algorithms = more);
        world.for_provenance().accepts(bundle(&stamped_with(&one, token(63))));
        let swollen = bundle(&stamped_with(&one, token(64)));
        let finding = world.for_provenance().cannot_decide(swollen, CheckId::BundleFormat);
        assert_eq!(finding.message, "a timestamp has a SET of more than 64 members");
    }
}

/// The honest signature beside it counts.
#[test]
fn a310_a_swollen_certificate_takes_nothing_from_the_signature_beside_it() {
    let world = World::new();
    let good = bundle(&world.signed_provenance().bundle(Version::V03));
    let swollen = bundle(&world.signer().leaf(with_set(9000)).attest(&world.provenance()).bundle(Version::V03));
    let report = world.for_provenance().judge([swollen, good]);
    assert_eq!(report.verdict, bonafide::check::Verdict::Verified);
}

#[test]
fn a310_a_trusted_root_with_a_swollen_certificate_is_refused() {
    let world = World::new();
    for (list, pointer) in [
        ("certificateAuthorities[0]", "/certificateAuthorities/0/certChain/certificates/0/rawBytes"),
        ("timestampAuthorities[0]", "/timestampAuthorities/0/certChain/certificates/0/rawBytes"),
        ("tlogs[0]", "/tlogs/0/publicKey/rawBytes"),
        ("ctlogs[0]", "/ctlogs/0/publicKey/rawBytes"),
    ] {
        let root = world.instance.trusted_root_with(|root| {
            *root.pointer_mut(pointer).expect("a certificate or key") = json!(base64(swollen_set(65)));
        });
        let root = TrustRoot::parse("virtual", "virtual", root.as_bytes()).expect("JSON");
        let error = TrustDomain::prepare(&root).err().expect("a swollen root").to_string();
        assert!(error.contains(list) && error.contains("SET of more than 64 members"), "{error}");
    }
}
