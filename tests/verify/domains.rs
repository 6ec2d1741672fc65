//! Trust domains: evidence verifies wholly inside one of them, and each requires what its root says it has.

use bonafide::check::{CheckId, Verdict};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, TrustDomainError};
use serde_json::{Value, json};

use crate::forge::relog;
use crate::support::json::base64;
use crate::support::sigstore::{EntryKind, Key, SIGNING_TIME, Signed, Sigstore, Version};
use crate::world::{ENVELOPE_ENTRIES, World, bundle, domain, legacy, logged_as};

/// GitHub's own instance: no transparency log and no certificate transparency, but timestamps.
fn without_logs(world: &World) -> TrustDomain {
    domain("timestamps", &root_without_logs(world))
}

fn root_without_logs(world: &World) -> String {
    world.instance.trusted_root_with(|root| {
        root["tlogs"] = json!([]);
        root["ctlogs"] = json!([]);
    })
}

/// What such an instance signs: a certificate that no CT log has seen, a timestamp, no log entry.
fn signed_without_logs(world: &World) -> Signed {
    let signed = world.signer().leaf(|leaf| leaf.timestamped_by.clear()).stamped().attest(&world.provenance());
    Signed { entries: Vec::new(), ..signed }
}

#[test]
fn a_domain_without_logs_verifies_by_timestamps_alone() {
    let world = World::new();
    for version in [Version::V02, Version::V03] {
        let content = bundle(&signed_without_logs(&world).bundle(version));
        let report = world.for_provenance().trusting([without_logs(&world)]).accepts(content);
        assert_eq!(report.trust_domain.as_deref(), Some("timestamps"));
        assert!(report.log_entries.is_empty());
        assert_eq!(
            (report.timestamps[0].source.as_str(), report.timestamps[0].time),
            ("timestamp-authority", SIGNING_TIME)
        );
    }
}

#[test]
fn a_domain_without_logs_demands_the_timestamp() {
    let world = World::new();
    let unstamped = Signed { timestamps: Vec::new(), ..signed_without_logs(&world) };
    let judge = || world.for_provenance().trusting([without_logs(&world)]);
    judge().rejects(bundle(&unstamped.bundle(Version::V03)), CheckId::SignedTime);
    // A log entry is no substitute: no key of this root vouches for its time.
    let mut logged = unstamped.clone();
    relog(&world.instance, &mut logged, EntryKind::DsseV001);
    for version in [Version::V02, Version::V03] {
        judge().rejects(bundle(&logged.bundle(version)), CheckId::SignedTime);
    }
}

#[test]
fn a130_a_bundle_without_log_evidence_fails_where_the_domain_has_logs() {
    let world = World::new();
    let content = bundle(&signed_without_logs(&world).bundle(Version::V03));
    world.for_provenance().rejects(content.clone(), CheckId::TransparencyLog);
    // With the entry supplied, the SCT is what is missing.
    let mut logged = signed_without_logs(&world);
    relog(&world.instance, &mut logged, EntryKind::DsseV001);
    world.for_provenance().rejects(bundle(&logged.bundle(Version::V03)), CheckId::CertificateTransparency);
}

/// The laxer domain is trusted too; its authority did not issue the certificate, so its rules are not the ones.
#[test]
fn a130_a_laxer_domain_lends_its_rules_to_nobody() {
    let strict = World::new();
    let lax = World::new();
    let content = bundle(&signed_without_logs(&strict).bundle(Version::V03));
    for domains in [[strict.domain(), without_logs(&lax)], [without_logs(&lax), strict.domain()]] {
        let judge = strict.for_provenance().trusting(domains);
        let finding = judge.rejects(content.clone(), CheckId::TransparencyLog);
        assert!(finding.message.contains("no transparency log entry"), "{finding:?}");
    }
    for domains in [[strict.domain(), without_logs(&lax)], [without_logs(&lax), strict.domain()]] {
        let content = bundle(&signed_without_logs(&lax).bundle(Version::V03));
        let report = strict.for_provenance().trusting(domains).accepts(content);
        assert_eq!(report.trust_domain.as_deref(), Some("timestamps"));
    }
}

#[test]
fn a131_a_leaf_of_one_domain_and_a_log_entry_of_another_do_not_add_up() {
    let one = World::new();
    let other = World::new();
    let domains = || [one.domain(), domain("other", &other.instance.trusted_root())];
    for kind in ENVELOPE_ENTRIES {
        one.for_provenance().trusting(domains()).accepts(bundle(&one.provenance_logged_as(kind).bundle(Version::V03)));
        one.for_provenance()
            .trusting(domains())
            .accepts(bundle(&other.provenance_logged_as(kind).bundle(Version::V03)));
        let impostors = [
            Sigstore {
                rekor: other.instance.rekor.clone(),
                rekor_v2: other.instance.rekor_v2.clone(),
                ..one.instance.clone()
            },
            Sigstore { authority: other.instance.authority.clone(), ..one.instance.clone() },
            Sigstore { ct: other.instance.ct.clone(), ..one.instance.clone() },
        ];
        let expected = [CheckId::TransparencyLog, CheckId::TransparencyLog, CheckId::CertificateTransparency];
        for (impostor, check) in impostors.into_iter().zip(expected) {
            let impostor = World::of(impostor);
            let content = bundle(&impostor.provenance_logged_as(kind).bundle(Version::V03));
            one.for_provenance().trusting(domains()).rejects(content, check);
        }
    }
}

#[test]
fn a131_a_timestamp_of_another_domain_is_refused() {
    let one = World::new();
    let other = World::new();
    let mixed =
        World::of(Sigstore { timestamp_authority: other.instance.timestamp_authority.clone(), ..one.instance.clone() });
    let domains = [one.domain(), domain("other", &other.instance.trusted_root())];
    let content = bundle(&mixed.provenance_logged_as(EntryKind::HashedRekordV002).bundle(Version::V03));
    one.for_provenance().trusting(domains).rejects(content, CheckId::SignedTime);
}

/// One signature in two logs, of which each domain knows one.
#[test]
fn a131_two_halves_that_verify_in_different_domains_make_no_whole() {
    let one = World::new();
    let other = World::new();
    let mut signed = one.signed_provenance();
    let theirs = {
        let mut theirs = signed.clone();
        relog(&other.instance, &mut theirs, EntryKind::DsseV001);
        theirs.entries
    };
    signed.entries = theirs;
    let domains = [one.domain(), domain("other", &other.instance.trusted_root())];
    let finding =
        one.for_provenance().trusting(domains).rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    assert!(finding.message.contains("`virtual` does not know"), "the domain that issued it says so: {finding:?}");
}

#[test]
fn the_reason_is_that_of_the_domain_whose_authority_issued_the_certificate() {
    let one = World::new();
    let other = World::new();
    let mut flipped = one.signed_provenance();
    crate::forge::flip(flipped.content.signature_mut());
    let content = bundle(&flipped.bundle(Version::V03));
    for domains in [
        vec![one.domain(), domain("other", &other.instance.trusted_root())],
        vec![domain("other", &other.instance.trusted_root()), one.domain()],
    ] {
        one.for_provenance().trusting(domains).rejects(content.clone(), CheckId::Signature);
    }
    let stranger = World::new();
    let domains = [one.domain(), domain("other", &other.instance.trusted_root())];
    let content = bundle(&stranger.signed_provenance().bundle(Version::V03));
    let finding = one.for_provenance().trusting(domains).rejects(content, CheckId::CertificateChain);
    assert_eq!(finding.expected.as_deref(), Some("an authority of other, virtual"));
}

#[test]
fn without_a_domain_nothing_can_be_decided() {
    let world = World::new();
    let judge = world.for_provenance().trusting([]);
    judge.cannot_decide(bundle(&world.signed_provenance().bundle(Version::V03)), CheckId::CertificateChain);
}

/// The requirement comes from the root as it was written, not from what is left of it.
#[test]
fn a249_a_log_whose_key_is_not_supported_is_still_demanded() {
    let world = World::new();
    let unsupported = || {
        world.domain_with(|root| {
            let mut log = root["tlogs"][0].clone();
            log["publicKey"]["rawBytes"] = json!(base64(b"a key of tomorrow"));
            log["publicKey"]["keyDetails"] = json!("ML_DSA_65");
            root["tlogs"] = json!([log]);
        })
    };
    let warnings = unsupported().report().warnings.clone();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("ML_DSA_65"), "{warnings:?}");
    let stamped = world.signer().stamped().attest(&world.provenance());
    let unlogged = Signed { entries: Vec::new(), ..stamped.clone() };
    for signed in [stamped, unlogged] {
        let judge = world.for_provenance().trusting([unsupported()]);
        judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    }
    let judge = world.for_provenance().trusting([unsupported()]);
    judge.rejects(legacy(world.signed_provenance().legacy_layer()), CheckId::TransparencyLog);
}

#[test]
fn a249_a_ct_log_whose_key_is_not_supported_is_still_demanded() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let unsupported = world.domain_with(|root| {
            root["ctlogs"][0]["publicKey"]["rawBytes"] = json!(base64(b"a key of tomorrow"));
        });
        let signed =
            logged_as(world.signer(), kind).leaf(|leaf| leaf.timestamped_by.clear()).attest(&world.provenance());
        let judge = world.for_provenance().trusting([unsupported]);
        let content = bundle(&signed.bundle(Version::V03));
        judge.rejects(content, CheckId::CertificateTransparency);
    }
}

#[test]
fn a249_a_log_of_a_kind_that_is_not_supported_does_not_hurt_its_neighbour() {
    let world = World::new();
    let beside = || {
        world.domain_with(|root| {
            let mut log = root["tlogs"][0].clone();
            log["publicKey"]["rawBytes"] = json!(base64(b"a key of tomorrow"));
            log["logId"]["keyId"] = json!(base64([7; 32]));
            root["tlogs"].as_array_mut().expect("a list").insert(0, log);
        })
    };
    for kind in ENVELOPE_ENTRIES {
        let content = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
        world.for_provenance().trusting([beside()]).accepts(content);
    }
}

/// Roots made before there was a timestamp authority name none, and protobuf leaves out what is empty.
#[test]
fn a_root_without_a_list_is_a_root_with_an_empty_one() {
    let world = World::new();
    let content = || bundle(&world.signed_provenance().bundle(Version::V03));
    let without = |list: &str| {
        prepare(&world, |root| {
            root.as_object_mut().expect("an object").remove(list);
        })
        .expect("a trust domain")
    };
    world.for_provenance().trusting([without("timestampAuthorities")]).accepts(content());
    world.for_provenance().trusting([without("ctlogs")]).accepts(content());
    let stamped = world.signer().stamped().attest(&world.provenance());
    let judge = world.for_provenance().trusting([without("tlogs")]);
    judge.accepts(bundle(&Signed { entries: Vec::new(), ..stamped }.bundle(Version::V03)));
}

/// Something else where a part of the root should be is an error, and so never an empty list that asks for nothing.
#[test]
fn a247_a_root_of_other_parts_than_a_root_has_is_no_domain() {
    let world = World::new();
    for text in ["", "null", "[]", "7", r#""a root""#, "{", "{}"] {
        assert!(TrustRoot::parse("virtual", "root.json", text.as_bytes()).is_err(), "{text:?}");
    }
    let wrong = [json!(null), json!(7), json!("text"), json!({}), json!([null]), json!([[]]), json!([7])];
    for list in ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"] {
        for value in &wrong {
            let root = world.instance.trusted_root_with(|root| root[list] = value.clone());
            let read = TrustRoot::parse("virtual", "root.json", root.as_bytes());
            assert!(read.is_err() || TrustDomain::prepare(&read.expect("a root")).is_err(), "{list}: {value}");
        }
    }
    for (place, values) in [
        ("/certificateAuthorities/0/certChain", vec![json!(null), json!({}), json!({"certificates": []})]),
        ("/certificateAuthorities/0/certChain/certificates/0/rawBytes", vec![json!(7), json!("%"), json!("AAAA")]),
        ("/timestampAuthorities/0/certChain/certificates/0", vec![json!(null), json!({"rawBytes": 7})]),
        ("/tlogs/0/logId", vec![json!(null), json!({}), json!({"keyId": 7}), json!({"keyId": "%"})]),
    ] {
        for value in values {
            let bent = |root: &mut Value| *root.pointer_mut(place).expect("a place") = value.clone();
            let root = world.instance.trusted_root_with(bent);
            let read = TrustRoot::parse("virtual", "root.json", root.as_bytes());
            let prepared = read.map(|root| TrustDomain::prepare(&root));
            let is_refused = matches!(prepared, Err(_) | Ok(Err(TrustDomainError::Unusable { .. })));
            assert!(is_refused, "{place}: {value}");
        }
    }
}

/// go-tuf panicked on one: a key of the wrong length is no key, and the requirement for its log stays.
#[test]
fn a247_a_key_of_the_wrong_length_is_not_counted() {
    let world = World::new();
    let ed25519 = Key::ed25519().public_der();
    let keys = [&ed25519[..ed25519.len() - 1], &[ed25519.as_slice(), &[0]].concat(), &[]];
    for key in keys {
        let domain = || {
            world.domain_with(|root| {
                root["tlogs"].as_array_mut().expect("a list").truncate(1);
                root["tlogs"][0]["publicKey"]["rawBytes"] = json!(base64(key));
                root["tlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_ED25519");
            })
        };
        let warnings = domain().report().warnings.clone();
        assert!(matches!(&warnings[..], [one] if one.contains("PKIX_ED25519")), "{warnings:?}");
        let content = bundle(&world.signed_provenance().bundle(Version::V03));
        world.for_provenance().trusting([domain()]).rejects(content, CheckId::TransparencyLog);
    }
}

fn prepare(world: &World, bend: impl FnOnce(&mut Value)) -> Result<TrustDomain, TrustDomainError> {
    let root = world.instance.trusted_root_with(bend);
    TrustDomain::prepare(&TrustRoot::parse("virtual", "root.json", root.as_bytes()).expect("a root"))
}

#[test]
fn a_root_without_an_authority_is_no_domain() {
    let world = World::new();
    for authorities in [json!([]), json!(null)] {
        let domain = prepare(&world, |root| {
            if authorities.is_null() {
                root.as_object_mut().expect("an object").remove("certificateAuthorities");
            } else {
                root["certificateAuthorities"] = authorities;
            }
        });
        assert!(matches!(domain, Err(TrustDomainError::NoAuthority { .. })));
    }
}

#[test]
fn a250_two_logs_of_one_id_are_refused() {
    let world = World::new();
    let domain = prepare(&world, |root| {
        let log = root["tlogs"][0].clone();
        root["tlogs"].as_array_mut().expect("a list").push(log);
    });
    assert!(matches!(domain, Err(TrustDomainError::Unusable { .. })));
}

#[test]
fn a115_a_window_without_a_start_is_no_root() {
    let world = World::new();
    for window in [json!({"end": "2027-01-01T00:00:00Z"}), json!({"start": "soon"}), json!({"start": 7}), json!({})] {
        let root = world.instance.trusted_root_with(|root| root["certificateAuthorities"][0]["validFor"] = window);
        assert!(TrustRoot::parse("virtual", "root.json", root.as_bytes()).is_err());
    }
}

/// The same domain given twice, as a file beside the embedded one, is no reason to refuse.
#[test]
fn a_domain_that_is_there_twice_verifies_as_once() {
    let world = World::new();
    let report = world
        .for_provenance()
        .trusting([world.domain(), world.domain()])
        .judge([bundle(&world.signed_provenance().bundle(Version::V03))]);
    assert_eq!(report.verdict, Verdict::Verified);
}
