//! Who issues certificates, and when: what the trusted root says, and nothing that comes with a signature (A311).

use bonafide::check::CheckId;
use bonafide::evidence::Content;
use bonafide::trust::TrustRoot;
use bonafide::verify::TrustDomain;
use serde_json::{Value, json};

use crate::forge::{minutes, signing_time_plus};
use crate::support::json::base64;
use crate::support::sigstore::certificate::{CODE_SIGNING, Certificate, KEY_USAGE};
use crate::support::sigstore::{CertificateAuthority, Key, Profile, SIGNING_TIME, Signed, Sigstore, Version, der};
use crate::world::{ENVELOPE_ENTRIES, Judge, World, bundle, legacy, logged_as};

/// The authority of a world, and another intermediate under the same root, which issues in a world of its own.
struct Sisters {
    world: World,
    sister: World,
}

impl Sisters {
    fn new() -> Sisters {
        let mut profile = None;
        let authority = CertificateAuthority::with(|_, intermediate| profile = Some(intermediate.clone()));
        let intermediate = authority.root.issue(&profile.expect("a profile"), &Key::p384());
        let instance = Sigstore { authority, ..Sigstore::new() };
        let authority = CertificateAuthority { root: instance.authority.root.clone(), intermediate };
        Sisters { sister: World::of(Sigstore { authority, ..instance.clone() }), world: World::of(instance) }
    }

    /// Judges by a root that has the world's authority, and the sister's with this window.
    fn judge(&self, window: Option<(&str, &str)>) -> Judge {
        let theirs: Value = serde_json::from_str(&self.sister.instance.trusted_root()).expect("JSON");
        let domain = self.world.domain_with(|root| {
            let authorities = root["certificateAuthorities"].as_array_mut().expect("a list");
            if let Some((start, end)) = window {
                let mut sister = theirs["certificateAuthorities"][0].clone();
                sister["validFor"] = json!({"start": start, "end": end});
                authorities.insert(0, sister);
            }
        });
        self.world.for_provenance().trusting([domain])
    }
}

/// The signature in every form that has room for certificates: alone, with the issuer, and with the whole chain.
fn forms(signed: &Signed) -> Vec<Content> {
    let with_chain = |version, length: usize| {
        let json = signed.bundle_with(version, |json| {
            let certificates = json["verificationMaterial"]["x509CertificateChain"]["certificates"].as_array_mut();
            let above = signed.chain[..length].iter().map(|der| json!({"rawBytes": base64(der)}));
            certificates.expect("a list").extend(above);
        });
        bundle(&json)
    };
    let mut forms =
        vec![bundle(&signed.bundle(Version::V03)), with_chain(Version::V02, 1), with_chain(Version::V02, 2)];
    if signed.entries[0].promise.is_some() {
        forms.extend([with_chain(Version::V01, 1), with_chain(Version::V01, 2), legacy(signed.legacy_layer())]);
    }
    forms
}

/// Every form of the signature, by every kind of entry.
fn signatures(world: &World) -> Vec<Content> {
    let kinds = ENVELOPE_ENTRIES.into_iter();
    kinds.flat_map(|kind| forms(&logged_as(world.signer(), kind).attest(&world.provenance()))).collect()
}

const BEFORE: (&str, &str) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
const AROUND: (&str, &str) = ("2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z");
const AFTER: (&str, &str) = ("2026-04-01T00:00:00Z", "2027-01-01T00:00:00Z");

#[test]
fn a311_an_intermediate_outside_its_window_issues_nothing_though_its_root_is_another_ones() {
    let sisters = Sisters::new();
    for content in signatures(&sisters.sister) {
        for window in [BEFORE, AFTER] {
            let finding = sisters.judge(Some(window)).rejects(content.clone(), CheckId::SignedTime);
            assert!(finding.found.is_some_and(|found| found.contains("2026-03-01")), "{}", finding.message);
        }
    }
}

#[test]
fn a311_an_intermediate_that_the_trusted_root_does_not_hold_issues_nothing() {
    let sisters = Sisters::new();
    for content in signatures(&sisters.sister) {
        sisters.judge(None).rejects(content, CheckId::CertificateChain);
    }
}

#[test]
fn a311_every_current_authority_issues_whatever_comes_along() {
    let sisters = Sisters::new();
    for world in [&sisters.world, &sisters.sister] {
        for content in signatures(world) {
            sisters.judge(Some(AROUND)).accepts(content);
        }
    }
}

/// A document of its own for each signature of an image, in both forms.
#[test]
fn a311_the_same_holds_for_signatures_of_images() {
    let sisters = Sisters::new();
    let judge = |window| {
        let requirement = sisters.world.for_signatures();
        requirement.trusting(sisters.judge(window).domains)
    };
    for signed in [
        sisters.sister.signer().sign_simple(&sisters.sister.subject).legacy_layer(),
        sisters.sister.signer().attest(&sisters.sister.provenance()).legacy_layer(),
    ] {
        let is_signature = signed.media_type.contains("simplesigning");
        let judge = |window| if is_signature { judge(window) } else { sisters.judge(window) };
        judge(Some(AROUND)).accepts(legacy(signed.clone()));
        judge(Some(BEFORE)).rejects(legacy(signed.clone()), CheckId::SignedTime);
        judge(None).rejects(legacy(signed), CheckId::CertificateChain);
    }
}

/// An unreadable or foreign chain is as good as none, for better and for worse.
#[test]
fn a311_what_comes_along_takes_nothing_away() {
    let world = World::new();
    let stranger = World::new();
    let mut signed = world.signed_provenance();
    signed.chain = stranger.signed_provenance().chain;
    for content in forms(&signed) {
        world.for_provenance().accepts(content);
    }
    signed.chain = vec![b"no certificate".to_vec(); 2];
    for content in forms(&signed) {
        world.for_provenance().accepts(content);
    }
}

#[test]
fn a311_of_two_entries_with_the_same_certificates_one_that_covers_the_time_is_enough() {
    let world = World::new();
    let signed = bundle(&world.signed_provenance().bundle(Version::V03));
    let judge = |windows: [(&str, &str); 2]| {
        let domain = world.domain_with(|root| {
            let authorities = root["certificateAuthorities"].as_array_mut().expect("a list");
            authorities.push(authorities[0].clone());
            for (authority, (start, end)) in authorities.iter_mut().zip(windows) {
                authority["validFor"] = json!({"start": start, "end": end});
            }
        });
        world.for_provenance().trusting([domain])
    };
    judge([BEFORE, AROUND]).accepts(signed.clone());
    judge([AROUND, AFTER]).accepts(signed.clone());
    judge([BEFORE, AFTER]).rejects(signed, CheckId::SignedTime);
}

/// One authority must count at every time: two that each cover one do not add up.
#[test]
fn a311_every_time_lies_within_the_window_of_one_authority() {
    let world = World::new();
    // The log saw the signature five minutes after the timestamp authority did.
    let mut signed = world.signer().stamped().attest(&world.provenance());
    signed.entries =
        world.signer().key(&signed.key).integrated_at(SIGNING_TIME + minutes(5)).attest(&world.provenance()).entries;
    let mut later = world.signer().integrated_at(SIGNING_TIME + minutes(5)).stamped().attest(&world.provenance());
    later.timestamps.push(world.instance.timestamp_authority.stamp(later.content.signature(), SIGNING_TIME));
    let content = bundle(&later.bundle(Version::V03));
    let judge = |windows: &[(i64, i64)]| {
        let domain = world.domain_with(|root| {
            let authorities = root["certificateAuthorities"].as_array_mut().expect("a list");
            let one = authorities.remove(0);
            authorities.extend(windows.iter().map(|(start, end)| {
                let mut authority = one.clone();
                let time = |seconds: &i64| signing_time_plus(*seconds).to_string();
                authority["validFor"] = json!({"start": time(start), "end": time(end)});
                authority
            }));
        });
        world.for_provenance().trusting([domain])
    };
    judge(&[(0, 300)]).accepts(content.clone());
    judge(&[(-900, 60), (0, 300)]).accepts(content.clone());
    judge(&[(0, 299)]).rejects(content.clone(), CheckId::SignedTime);
    judge(&[(1, 300)]).rejects(content.clone(), CheckId::SignedTime);
    judge(&[(-900, 60), (60, 900)]).rejects(content, CheckId::SignedTime);
}

/// An authority's root is one of its certificates.
#[test]
fn a311_a_leaf_that_the_root_itself_issued_is_accepted() {
    let instance = Sigstore::new();
    let root = instance.authority.root.clone();
    let authority = CertificateAuthority { intermediate: root.clone(), root };
    let world = World::of(Sigstore { authority, ..instance.clone() });
    let domain = || crate::world::domain("virtual", &instance.trusted_root());
    for content in signatures(&world) {
        world.for_provenance().trusting([domain()]).accepts(content);
    }
}

#[track_caller]
fn unusable(root: &str) -> String {
    let root = TrustRoot::parse("bent", "bent.json", root.as_bytes()).expect("a root");
    TrustDomain::prepare(&root).err().expect("an authority that may not issue").to_string()
}

fn below(authority: &Certificate, bend: impl FnOnce(&mut Profile)) -> Certificate {
    let mut profile = Profile::new(signing_time_plus(-3600), signing_time_plus(3600)).named("below");
    profile.set_authority(0);
    profile.set_usages(false, &[CODE_SIGNING]);
    bend(&mut profile);
    authority.issue(&profile, &Key::p256())
}

/// Path building looks at the path length of every certificate but the anchor.
#[test]
fn a117_an_authority_with_more_below_it_than_it_allows_is_refused() {
    let instance =
        Sigstore { authority: CertificateAuthority::with(|root, _| root.set_authority(0)), ..Sigstore::new() };
    assert!(unusable(&instance.trusted_root()).contains("more authorities below it than it allows"));
    let instance = Sigstore::new();
    let third = below(&instance.authority.intermediate, |_| {});
    let longer = instance.trusted_root_with(|root| {
        let chain = root["certificateAuthorities"][0]["certChain"]["certificates"].as_array_mut().expect("a list");
        chain.insert(0, json!({"rawBytes": base64(&third.der)}));
    });
    assert!(unusable(&longer).contains("more authorities below it than it allows"));
}

#[test]
fn a117_what_stands_above_an_authority_of_timestamps_may_issue_too() {
    let instance = Sigstore::new();
    for bend in [
        |profile: &mut Profile| profile.set(KEY_USAGE, true, vec![3, 2, 7, 0x80]),
        |profile: &mut Profile| profile.remove("2.5.29.19"),
        |profile: &mut Profile| profile.set_usages(false, &[CODE_SIGNING]),
    ] {
        let above = below(&instance.timestamp_authority.authority.root, bend);
        let root = instance.trusted_root_with(|root| {
            let chain = &mut root["timestampAuthorities"][0]["certChain"]["certificates"];
            chain[1] = json!({"rawBytes": base64(&above.der)});
        });
        assert!(unusable(&root).contains("timestampAuthorities[0] has a certificate that may not issue"));
    }
}

/// RFC 5280 §4.2.1.10: a constraint that is not understood is one that is not met.
#[test]
fn a117_an_intermediate_whose_names_are_constrained_to_others_issues_nothing() {
    let uri = |text: &str| der::sequence(&[der::context_primitive(6, text.as_bytes())]);
    let permitted = der::sequence(&[der::context(0, &uri(".gitlab.com"))]);
    for on_root in [true, false] {
        let authority = CertificateAuthority::with(|root, intermediate| {
            let profile = if on_root { root } else { intermediate };
            profile.set("2.5.29.30", true, permitted.clone());
        });
        let world = World::of(Sigstore { authority, ..Sigstore::new() });
        let content = bundle(&world.signed_provenance().bundle(Version::V03));
        world.for_provenance().rejects(content, CheckId::CertificateChain);
    }
}

#[test]
fn a318_an_sct_from_the_future_or_of_another_time_than_its_certificate_is_refused() {
    let instance = Sigstore::new();
    let with_clock = |seconds: i64| {
        let ct = crate::support::sigstore::CtLog { clock: Some(signing_time_plus(seconds)), ..instance.ct.clone() };
        World::of(Sigstore { ct, ..instance.clone() })
    };
    // The certificate is valid for ten minutes; it is judged after an hour.
    for seconds in [-1, 0, 1, 600] {
        let world = with_clock(seconds);
        for content in signatures(&world) {
            world.for_provenance().accepts(content);
        }
    }
    for seconds in [-86_400, -3600, -61, 601, 3600, 3601, 73 * 365 * 86_400] {
        let world = with_clock(seconds);
        for content in signatures(&world) {
            world.for_provenance().rejects(content, CheckId::CertificateTransparency);
        }
    }
}

#[test]
fn a318_keys_for_which_anybody_signs_are_no_keys_of_logs_and_authorities() {
    let neutral = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0, 1], [0; 31].as_slice()].concat();
    let world = World::new();
    for list in ["tlogs", "ctlogs"] {
        let domain = world.domain_with(|root| {
            root[list].as_array_mut().expect("a list").truncate(1);
            root[list][0]["publicKey"]["rawBytes"] = json!(base64(&neutral));
        });
        let warnings = &domain.report().warnings;
        assert!(warnings.iter().any(|warning| warning.contains("small order")), "{warnings:?}");
        let content = bundle(&world.signed_provenance().bundle(Version::V03));
        let check = if list == "tlogs" { CheckId::TransparencyLog } else { CheckId::CertificateTransparency };
        world.for_provenance().trusting([domain]).rejects(content, check);
    }
}
