//! Timestamp tokens: what an authority signed, and what merely came along (G8).

use crate::forge::signing_time_plus;
use crate::support::sigstore::certificate::{Profile, TIME_STAMPING};
use crate::support::sigstore::{Key, SIGNING_TIME, TimestampAuthority};
use crate::timestamps::{accepted, refused, tells_nothing};
use crate::token::{DATA, SHA_1, SHA_512, Token};
use crate::world::World;

#[track_caller]
fn token_is_refused(bend: impl Fn(&mut Token)) {
    let world = World::new();
    refused(&world, |signature| Token::over(&world.instance.timestamp_authority, signature).with(&bend));
}

#[test]
fn a_token_written_by_hand_is_as_good_as_the_authoritys() {
    let world = World::new();
    accepted(&world, |signature| world.instance.timestamp_authority.stamp(signature, SIGNING_TIME));
    accepted(&world, |signature| Token::over(&world.instance.timestamp_authority, signature).with(|_| {}));
}

#[test]
fn a166_certificates_may_come_along_in_any_number_and_order() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    let embedding = TimestampAuthority { embeds_certificate: true, ..authority.clone() };
    accepted(&world, |signature| embedding.stamp(signature, SIGNING_TIME));
    let chain: Vec<Vec<u8>> = authority.chain().map(|certificate| certificate.der.clone()).to_vec();
    let reversed: Vec<Vec<u8>> = chain.iter().rev().cloned().collect();
    for embedded in [chain, reversed] {
        accepted(&world, |signature| Token::over(authority, signature).with(|token| token.embedded = embedded.clone()));
    }
}

/// The forged certificate has the issuer and serial that the signer is named by, and a key of the attacker's.
#[test]
fn a167_a_forged_certificate_that_comes_along_is_not_used() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    let mut impostor = authority.clone();
    impostor.signer.key = Key::p256();
    let mut profile = Profile::new(signing_time_plus(-60), signing_time_plus(60)).named("sigstore-tsa");
    profile.set_usages(true, &[TIME_STAMPING]);
    let mut issuer = authority.authority.intermediate.clone();
    issuer.key = Key::p384();
    let forged = issuer.issue(&profile, &impostor.signer.key);
    for embedded in [vec![forged.der.clone(), authority.signer.der.clone()], vec![forged.der.clone()]] {
        refused(&world, |signature| Token::over(&impostor, signature).with(|token| token.embedded = embedded.clone()));
        accepted(&world, |signature| Token::over(authority, signature).with(|token| token.embedded = embedded.clone()));
    }
}

#[test]
fn a170_a_token_that_nobody_signed_tells_nothing() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    tells_nothing(&world, |signature| Token::over(authority, signature).with(|token| token.signers = 0));
}

/// RFC 3161 §2.4.2: "The time-stamp token MUST NOT contain any signatures other than the signature of the TSA."
#[test]
fn a170_a_token_with_two_signers_is_refused() {
    token_is_refused(|token| token.signers = 2);
}

#[test]
fn a170_attributes_that_are_missing_or_wrong_are_refused() {
    token_is_refused(|token| token.has_attributes = false);
    token_is_refused(|token| token.attributed_digest = Some(vec![0; 32]));
    token_is_refused(|token| token.attributed_digest = Some(Vec::new()));
    token_is_refused(|token| token.signs_stored_form = true);
    token_is_refused(|token| token.content_type = DATA);
}

/// RFC 5652 §5.3: "The content-type attribute … MUST match the … eContentType value".
#[test]
fn a170_attributes_that_name_another_type_are_refused() {
    token_is_refused(|token| token.attributed_type = DATA);
}

#[test]
fn a171_weak_hashes_and_wrong_lengths_are_refused() {
    token_is_refused(|token| (token.imprint_algorithm, token.imprint) = (SHA_1, vec![0; 20]));
    token_is_refused(|token| token.digest_algorithm = SHA_1);
    token_is_refused(|token| token.imprint.truncate(20));
    token_is_refused(|token| token.imprint.push(0));
    token_is_refused(|token| token.imprint.clear());
}

/// The digest of the content and the signature have a hash each (RFC 5652 §5.3), and need not be the same one.
#[test]
fn a316_the_content_and_the_signature_may_have_two_hashes() {
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    let other = |token: &mut Token| token.digest_algorithm = SHA_512;
    accepted(&world, |signature| Token::over(authority, signature).with(other));
    token_is_refused(|token| (token.digest_algorithm, token.attributed_digest) = (SHA_512, Some(vec![0; 64])));
}

#[test]
fn a173_a_stamp_that_was_not_granted_is_refused() {
    for status in [2, 3, 4, 5, 6] {
        token_is_refused(|token| token.status = status);
    }
    let world = World::new();
    let authority = &world.instance.timestamp_authority;
    // "granted with modifications", and a token without the response around it.
    accepted(&world, |signature| Token::over(authority, signature).with(|token| token.status = 1));
    accepted(&world, |signature| Token::over(authority, signature).with(|token| token.bare = true));
}
