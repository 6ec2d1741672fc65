//! The source repository that a workflow ran for (G9).

use bonafide::check::CheckId;
use bonafide::policy::Signer;

use crate::identity::{ACCOUNTS, EMAIL, named, repository, signed_by};
use crate::support::sigstore::identity::COMMIT;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Name, Version};
use crate::world::{REFERENCE, REPOSITORY, WORKFLOW, World, bundle, signer};

const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0";

fn reused_by(repository: &str) -> Identity {
    let caller = format!("https://github.com/{repository}/{WORKFLOW}@{REFERENCE}");
    Identity::github_reusable_workflow(GENERATOR, repository, &caller, REFERENCE)
}

/// Anybody may call a reusable workflow: its name alone says nothing about whose software it signed.
#[test]
fn a198_a_reusable_workflow_counts_only_for_a_pinned_source() {
    let world = World::new();
    let unpinned = || world.for_signatures().signed_by(signer(GENERATOR, GITHUB_ACTIONS));
    for caller in [REPOSITORY, "mallory/shop"] {
        let finding = unpinned().rejects(signed_by(&world, &reused_by(caller)), CheckId::SignerSource);
        let next = finding.next.expect("what to do");
        assert!(next.contains(&format!("--repo {caller}")), "{next}");
    }
    let pin =
        Signer::from_flags(Some(GENERATOR), Some(GITHUB_ACTIONS), Some(REPOSITORY), None, None).expect("a signer");
    let pinned = || world.for_signatures().signed_by(pin.clone());
    pinned().accepts(signed_by(&world, &reused_by(REPOSITORY)));
    let finding = pinned().rejects(signed_by(&world, &reused_by("mallory/shop")), CheckId::SignerSource);
    assert_eq!(finding.expected.as_deref(), Some("https://github.com/acme/shop"));
    assert_eq!(finding.found.as_deref(), Some("https://github.com/mallory/shop"));
}

#[test]
fn a198_the_source_is_read_from_the_older_claim_where_the_newer_is_missing() {
    let world = World::new();
    // Certificates before the newer claims say it in the older one.
    let older = world.identity.clone().without_claim(12);
    world.for_signatures().accepts(signed_by(&world, &older));
    let older = reused_by("mallory/shop").without_claim(12);
    let unpinned = world.for_signatures().signed_by(signer(GENERATOR, GITHUB_ACTIONS));
    unpinned.rejects(signed_by(&world, &older), CheckId::SignerSource);
}

#[test]
fn a199_a_pinned_ref_or_commit_is_compared_exactly() {
    let world = World::new();
    let content = || bundle(&world.signed_image().bundle(Version::V03));
    let judge = |reference, digest| world.for_signatures().signed_by(repository(reference, digest));
    judge(Some(REFERENCE), Some(COMMIT)).accepts(content());
    for other in ["refs/heads/main", "refs/tags/v1.0", "refs/tags/v1.0.0-rc1", "v1.0.0", "refs/pull/1/merge"] {
        let finding = judge(Some(other), None).rejects(content(), CheckId::SignerSource);
        assert_eq!(finding.found.as_deref(), Some(REFERENCE));
    }
    for other in [&COMMIT[..39], &COMMIT.to_uppercase(), "HEAD"] {
        judge(None, Some(other)).rejects(content(), CheckId::SignerSource);
    }
}

#[test]
fn a202_a_claim_that_is_asked_for_and_absent_fails() {
    let world = World::new();
    for (claims, reference, digest) in
        [([12, 5], None, None), ([14, 6], Some(REFERENCE), None), ([13, 3], None, Some(COMMIT))]
    {
        let silent = claims.into_iter().fold(world.identity.clone(), Identity::without_claim);
        let judge = world.for_signatures().signed_by(repository(reference, digest));
        let finding = judge.rejects(signed_by(&world, &silent), CheckId::SignerSource);
        assert_eq!(finding.found, None);
        assert!(finding.message.contains("does not state"), "{finding:?}");
    }
    let email = named(Name::Email(EMAIL.into()));
    let pin = Signer::from_flags(Some(EMAIL), Some(ACCOUNTS), Some(REPOSITORY), None, None).expect("a signer");
    world.for_signatures().signed_by(pin).rejects(signed_by(&world, &email), CheckId::SignerSource);
}

/// A claim that contradicts its older form would be read in one way by some and in the other by others.
#[test]
fn a203_only_the_exact_identifier_is_the_claim() {
    let world = World::new();
    for oid in
        ["1.3.6.1.4.1.57264.1.120", "1.3.6.1.4.1.57264.1.12.1", "1.3.6.1.4.1.57264.2.12", "1.3.6.1.4.1.57265.1.12"]
    {
        let identity = reused_by("mallory/shop").without_claim(12).without_claim(5);
        let pin =
            Signer::from_flags(Some(GENERATOR), Some(GITHUB_ACTIONS), Some(REPOSITORY), None, None).expect("a signer");
        let signed = world
            .instance
            .signer(&identity)
            .leaf(|leaf| leaf.set_claim(oid, "https://github.com/acme/shop"))
            .sign_image(&world.subject);
        world.for_signatures().signed_by(pin).rejects(bundle(&signed.bundle(Version::V03)), CheckId::SignerSource);
    }
}
