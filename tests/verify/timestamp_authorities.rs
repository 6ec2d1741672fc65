//! The certificates of timestamp authorities, and when they count (G8).

use bonafide::check::CheckId;

use crate::forge::{minutes, signing_time_plus};
use crate::support::sigstore::certificate::{
    BASIC_CONSTRAINTS, CODE_SIGNING, DIGITAL_SIGNATURE, KEY_USAGE, Profile, TIME_STAMPING,
};
use crate::support::sigstore::{
    CertificateAuthority, Key, SIGNING_TIME, Sigstore, TRUSTED_SINCE, TimestampAuthority, Version, der,
};
use crate::timestamps::signed;
use crate::world::{World, bundle};

/// A world whose timestamp authority signs with a certificate bent like this.
fn with_timestamp_authority(bend: impl FnOnce(&mut Profile)) -> World {
    World::of(Sigstore { timestamp_authority: TimestampAuthority::with(bend), ..Sigstore::new() })
}

#[track_caller]
fn authority_is_refused(bend: impl FnOnce(&mut Profile)) {
    let world = with_timestamp_authority(bend);
    for signed in signed(&world) {
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
    }
}

#[test]
fn a163_a_time_outside_the_certificate_of_the_authority_is_refused() {
    authority_is_refused(|leaf| leaf.not_after = signing_time_plus(-1));
    authority_is_refused(|leaf| leaf.not_before = signing_time_plus(1));
}

/// Asserts that stamps tell nothing where the authority's own chain is bent like this.
#[track_caller]
fn chain_of_authority_is_refused(bend: impl FnOnce(&mut Profile, &mut Profile)) {
    let authority = CertificateAuthority::with(|root, intermediate| {
        intermediate.set_usages(false, &[TIME_STAMPING]);
        bend(root, intermediate);
    });
    let mut profile = Profile::new(TRUSTED_SINCE, SIGNING_TIME + minutes(1_000_000)).named("sigstore-tsa");
    profile.set(KEY_USAGE, true, DIGITAL_SIGNATURE.to_vec());
    profile.set_usages(true, &[TIME_STAMPING]);
    let signer = authority.intermediate.issue(&profile, &Key::p256());
    let timestamp_authority = TimestampAuthority { signer, authority, embeds_certificate: false };
    let world = World::of(Sigstore { timestamp_authority, ..Sigstore::new() });
    for signed in signed(&world) {
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignedTime);
    }
}

#[test]
fn a163_a_time_outside_the_chain_of_the_authority_is_refused() {
    chain_of_authority_is_refused(|_, intermediate| intermediate.not_after = signing_time_plus(-60));
    chain_of_authority_is_refused(|_, intermediate| intermediate.not_before = signing_time_plus(60));
}

/// sigstore_trustroot.proto: "Clients MUST check timestamps against *both* the `valid_for` time range *and* the entire
/// certificate chain."
#[test]
fn a163_a_time_outside_the_root_of_the_authority_is_refused() {
    chain_of_authority_is_refused(|root, _| root.not_after = signing_time_plus(-60));
}

/// RFC 3161 §2.3: the certificate "MUST contain only one instance of the extended key usage … and it MUST be critical".
#[test]
fn a169_an_authority_that_may_do_more_than_stamp_is_refused() {
    authority_is_refused(|leaf| leaf.set_usages(true, &[CODE_SIGNING]));
    authority_is_refused(|leaf| leaf.remove("2.5.29.37"));
}

#[test]
fn a169_an_authority_whose_usage_is_not_critical_is_refused() {
    authority_is_refused(|leaf| leaf.set_usages(false, &[TIME_STAMPING]));
}

#[test]
fn a169_an_authority_that_may_stamp_and_sign_code_is_refused() {
    authority_is_refused(|leaf| leaf.set_usages(true, &[TIME_STAMPING, CODE_SIGNING]));
    authority_is_refused(|leaf| leaf.set_usages(true, &[TIME_STAMPING, "1.3.6.1.4.1.57264.99"]));
}

#[test]
fn a169_an_authority_that_may_issue_certificates_is_refused() {
    authority_is_refused(|leaf| leaf.set(BASIC_CONSTRAINTS, true, der::sequence(&[der::boolean(true)])));
}
