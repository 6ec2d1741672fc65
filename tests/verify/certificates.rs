//! The chain of the signing certificate and its profile (G6).

use bonafide::check::CheckId;
use bonafide::trust::TrustRoot;
use bonafide::verify::TrustDomain;
use serde_json::json;

use crate::forge::{minutes, relog, signing_time_plus};
use crate::support::json::base64;
use crate::support::sigstore::certificate::{
    BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, PRECERTIFICATE_POISON, SIGNED_CERTIFICATE_TIMESTAMPS,
    TIME_STAMPING,
};
use crate::support::sigstore::{
    CertificateAuthority, EntryKind, Key, Profile, SIGNING_TIME, Signed, Sigstore, Version, claim_oid, der,
};
use crate::world::{ENVELOPE_ENTRIES, World, bundle, logged_as};

/// A world whose certificate authority is bent before it signs anything.
fn with_authority(bend: impl FnOnce(&mut Profile, &mut Profile)) -> World {
    let authority = CertificateAuthority::with(bend);
    World::of(Sigstore { authority, ..Sigstore::new() })
}

/// Asserts that a leaf bent like this is refused for its profile, whatever kind of entry logged it.
#[track_caller]
fn profile_is_refused(bend: impl Fn(&mut Profile)) -> String {
    let world = World::new();
    let mut message = String::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(world.signer(), kind).leaf(&bend).attest(&world.provenance());
        let judge = world.for_provenance();
        message = judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateProfile).message;
    }
    message
}

#[test]
fn an_unknown_authority_of_the_same_name_is_refused() {
    let world = World::new();
    let stranger = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = stranger.provenance_logged_as(kind);
        let finding = world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateChain);
        assert_eq!(finding.message, "no trusted authority issued the certificate");
        assert_eq!(finding.expected.as_deref(), Some("an authority of virtual"));
    }
}

/// Only the certificate is a stranger's: log and timestamps are the instance's own.
#[test]
fn an_unknown_authority_is_refused_though_all_else_is_known() {
    let world = World::new();
    let impostor = World::of(Sigstore { authority: CertificateAuthority::new(), ..world.instance.clone() });
    for kind in ENVELOPE_ENTRIES {
        let signed = impostor.provenance_logged_as(kind);
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateChain);
    }
}

#[test]
fn a_self_signed_certificate_is_refused() {
    let world = World::new();
    let mut authority = world.instance.authority.clone();
    let key = crate::support::sigstore::Key::p256();
    authority.intermediate.key = key.clone();
    let impostor = World::of(Sigstore { authority, ..world.instance.clone() });
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(impostor.signer(), kind).key(&key).attest(&world.provenance());
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateChain);
    }
}

#[test]
fn a113_an_intermediate_that_had_expired_issues_nothing() {
    let expired = [
        with_authority(|_, intermediate| intermediate.not_after = signing_time_plus(-60)),
        with_authority(|_, intermediate| intermediate.not_before = signing_time_plus(60)),
        with_authority(|root, _| root.not_after = signing_time_plus(-60)),
    ];
    for world in expired {
        for kind in ENVELOPE_ENTRIES {
            let signed = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
            let finding = world.for_provenance().rejects(signed, CheckId::SignedTime);
            assert!(finding.message.contains("authority was not valid"), "{finding:?}");
        }
    }
}

#[test]
fn a114_an_authority_counts_only_within_its_window() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
        for (start, end) in
            [("2026-01-01T00:00:00Z", "2026-03-01T11:59:59Z"), ("2026-03-01T12:00:01Z", "2027-01-01T00:00:00Z")]
        {
            let domain = world.domain_with(|root| {
                root["certificateAuthorities"][0]["validFor"] = json!({"start": start, "end": end});
            });
            let finding = world.for_provenance().trusting([domain]).rejects(signed.clone(), CheckId::SignedTime);
            assert!(finding.message.contains("authority was not valid"), "{finding:?}");
        }
    }
}

#[test]
fn a115_both_ends_of_a_window_belong_to_it() {
    let world = World::new();
    let time = SIGNING_TIME.to_string();
    for kind in ENVELOPE_ENTRIES {
        let domain = world.domain_with(|root| {
            root["certificateAuthorities"][0]["validFor"] = json!({"start": time, "end": time});
        });
        let signed = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
        world.for_provenance().trusting([domain]).accepts(signed);
    }
}

#[test]
fn a115_a_certificate_is_valid_at_both_of_its_ends() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        for time in [SIGNING_TIME, SIGNING_TIME + minutes(10)] {
            let signed = logged_as(world.signer(), kind).integrated_at(time).attest(&world.provenance());
            world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        }
    }
}

/// Asserts that a trusted root with an authority bent like this cannot be used at all.
#[track_caller]
fn root_is_refused(bend: impl FnOnce(&mut Profile, &mut Profile)) {
    let authority = CertificateAuthority::with(bend);
    let instance = Sigstore { authority, ..Sigstore::new() };
    let root = TrustRoot::parse("bent", "bent.json", instance.trusted_root().as_bytes()).expect("a root");
    let error = TrustDomain::prepare(&root).err().expect("an authority that may not issue").to_string();
    assert!(error.contains("may not issue others"), "{error}");
}

#[test]
fn a117_an_intermediate_that_may_not_issue_such_certificates_is_refused() {
    root_is_refused(|_, intermediate| intermediate.set_usages(false, &[TIME_STAMPING]));
}

#[test]
fn a117_an_intermediate_that_may_not_sign_certificates_is_refused() {
    root_is_refused(|_, intermediate| {
        intermediate.set(KEY_USAGE, true, crate::support::sigstore::certificate::DIGITAL_SIGNATURE.to_vec());
    });
}

#[test]
fn a117_a_leaf_in_the_place_of_an_authority_is_refused() {
    root_is_refused(|_, intermediate| intermediate.remove(BASIC_CONSTRAINTS));
}

/// The trusted intermediate has a path length of 0: nothing below it may issue.
#[test]
fn a117_an_authority_below_an_intermediate_that_allows_none_is_refused() {
    let world = World::new();
    let mut below = Profile::new(signing_time_plus(-3600), signing_time_plus(3600)).named("below");
    below.set_authority(0);
    below.set_usages(false, &[crate::support::sigstore::certificate::CODE_SIGNING]);
    let key = crate::support::sigstore::Key::p256();
    let mut authority = world.instance.authority.clone();
    authority.intermediate = world.instance.authority.intermediate.issue(&below, &key);
    let sub = World::of(Sigstore { authority: authority.clone(), ..world.instance.clone() });
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let json = sub.provenance_logged_as(kind).bundle_with(Version::V02, |json| {
            let certificates = &mut json["verificationMaterial"]["x509CertificateChain"]["certificates"];
            let intermediate = json!({"rawBytes": base64(&authority.intermediate.der)});
            certificates.as_array_mut().expect("a list").push(intermediate);
        });
        world.for_provenance().rejects(bundle(&json), CheckId::CertificateChain);
    }
}

/// A leaf is no authority: whoever signs an image cannot issue certificates with the same key.
#[test]
fn a117_a_leaf_issues_nothing() {
    let world = World::new();
    let signed = world.signed_provenance();
    let mut authority = world.instance.authority.clone();
    authority.intermediate.key = signed.key.clone();
    authority.intermediate.subject = der::sequence(&[]);
    authority.intermediate.der = signed.certificate.clone().expect("a leaf");
    let impostor = World::of(Sigstore { authority: authority.clone(), ..world.instance.clone() });
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001] {
        let json = impostor.provenance_logged_as(kind).bundle_with(Version::V02, |json| {
            let certificates = &mut json["verificationMaterial"]["x509CertificateChain"]["certificates"];
            let leaf = json!({"rawBytes": base64(&authority.intermediate.der)});
            certificates.as_array_mut().expect("a list").push(leaf);
        });
        world.for_provenance().rejects(bundle(&json), CheckId::CertificateChain);
    }
}

/// Two regions of one instance name their intermediates alike; only keys tell them apart.
#[test]
fn a118_authorities_of_the_same_name_are_told_apart_by_key() {
    let world = World::new();
    let sister = World::of(Sigstore { authority: CertificateAuthority::new(), ..world.instance.clone() });
    let both = || {
        let theirs: serde_json::Value = serde_json::from_str(&sister.instance.trusted_root()).expect("JSON");
        world.domain_with(|root| {
            let authorities = root["certificateAuthorities"].as_array_mut().expect("a list");
            authorities.insert(0, theirs["certificateAuthorities"][0].clone());
        })
    };
    for kind in ENVELOPE_ENTRIES {
        for signer in [&world, &sister] {
            let signed = bundle(&signer.provenance_logged_as(kind).bundle(Version::V03));
            world.for_provenance().trusting([both()]).accepts(signed);
        }
    }
}

#[test]
fn a125_the_poison_of_a_precertificate_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = logged_as(world.signer(), kind)
            .leaf(|leaf| leaf.set(PRECERTIFICATE_POISON, true, der::null()))
            .attest(&world.provenance());
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateProfile);
    }
}

#[test]
fn a125_two_lists_of_timestamps_are_refused() {
    let message = profile_is_refused(|leaf| leaf.add(SIGNED_CERTIFICATE_TIMESTAMPS, false, der::octet_string(&[0, 0])));
    assert_eq!(message, "the certificate has an extension twice");
}

#[test]
fn a126_an_extension_that_is_there_twice_is_refused() {
    for arc in [1, 8, 12, 24] {
        let message = profile_is_refused(|leaf| leaf.add(&claim_oid(arc), false, der::utf8_string("other")));
        assert_eq!(message, "the certificate has an extension twice");
    }
    let names = der::sequence(&[der::context_primitive(6, b"https://github.com/mallory/shop")]);
    profile_is_refused(|leaf| leaf.add("2.5.29.17", true, names.clone()));
}

fn with_certificate(world: &World, der: Vec<u8>) -> Signed {
    let mut signed = world.signed_provenance();
    signed.certificate = Some(der);
    relog(&world.instance, &mut signed, EntryKind::DsseV001);
    signed
}

#[test]
fn a127_bytes_after_or_within_a_certificate_are_refused() {
    let world = World::new();
    let good = world.signed_provenance().certificate.expect("a certificate");
    let inner = &good[4..];
    let oddities = [
        [good.as_slice(), &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        // X.690 §10.1: lengths in the fewest bytes, and never the indefinite form.
        [&[0x30, 0x83, 0], &good[2..]].concat(),
        [&[0x30, 0x80], inner, &[0, 0]].concat(),
        Vec::new(),
    ];
    for der in oddities {
        let signed = with_certificate(&world, der);
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::CertificateProfile);
    }
    // Beyond a limit of this program nothing is decoded, which says nothing against the evidence (A310).
    let nested = with_certificate(&world, [0x30, 0x80].repeat(10_000));
    let finding = world.for_provenance().cannot_decide(bundle(&nested.bundle(Version::V03)), CheckId::BundleFormat);
    assert!(finding.message.contains("nested deeper than 32 levels"), "{finding:?}");
}

#[test]
fn a127_a_boolean_that_is_not_der_is_refused() {
    let world = World::new();
    let mut der = world.signed_provenance().certificate.expect("a certificate");
    // 2.5.29.17, critical
    let position = der.windows(8).position(|bytes| bytes == [6, 3, 0x55, 0x1d, 0x11, 1, 1, 0xff]).expect("the name");
    der[position + 7] = 1;
    let signed = with_certificate(&world, der);
    let report = world.for_provenance().judge([bundle(&signed.bundle(Version::V03))]);
    assert_eq!(report.verdict, bonafide::check::Verdict::Rejected);
}

#[test]
fn usages_other_than_signing_code_are_refused() {
    let both = [crate::support::sigstore::certificate::CODE_SIGNING, TIME_STAMPING];
    profile_is_refused(|leaf| leaf.set_usages(false, &[TIME_STAMPING]));
    profile_is_refused(|leaf| leaf.set_usages(false, &both));
    profile_is_refused(|leaf| leaf.remove(EXTENDED_KEY_USAGE));
    profile_is_refused(|leaf| leaf.remove(KEY_USAGE));
    profile_is_refused(|leaf| leaf.set(KEY_USAGE, true, vec![3, 2, 1, 6]));
}

#[test]
fn the_certificate_of_another_signature_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        signed.certificate = world.signed_provenance().certificate;
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::Signature);
    }
}

/// Fulcio signs with what its operator has, and signers bring what their hardware makes.
#[test]
fn a129_authorities_with_keys_of_rsa_and_ecdsa_issue() {
    for keys in [[Key::rsa(), Key::rsa()], [Key::rsa(), Key::p384()], [Key::p384(), Key::p256()]] {
        let authority = CertificateAuthority::with_keys(&keys, |_, _| {});
        let world = World::of(Sigstore { authority, ..Sigstore::new() });
        for kind in ENVELOPE_ENTRIES {
            world.for_provenance().accepts(bundle(&world.provenance_logged_as(kind).bundle(Version::V03)));
        }
    }
}

#[test]
fn a129_leaves_with_keys_of_rsa_ecdsa_and_ed25519_sign() {
    let world = World::new();
    for key in [Key::p256(), Key::p384(), Key::p521(), Key::ed25519(), Key::rsa()] {
        let signed = world.provenance_with_key(&key);
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    }
}

#[test]
fn a129_authorities_with_keys_of_p521_issue() {
    let authority = CertificateAuthority::with_keys(&[Key::p384(), Key::p521()], |_, _| {});
    let world = World::of(Sigstore { authority, ..Sigstore::new() });
    for kind in ENVELOPE_ENTRIES {
        world.for_provenance().accepts(bundle(&world.provenance_logged_as(kind).bundle(Version::V03)));
    }
}
