//! Who signed, exactly (G9).

use bonafide::check::{CheckId, Verdict};
use bonafide::evidence::Content;
use bonafide::policy::{Policy, PolicyError, Requirement, Signer};

use crate::support::sigstore::certificate::{Name, Profile, SUBJECT_ALTERNATIVE_NAME};
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Version, claim_oid, der};
use crate::world::{REFERENCE, REPOSITORY, WORKFLOW, WORKFLOW_URI, World, bundle, legacy, signer};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const ACCOUNTS: &str = "https://accounts.example.com";

pub(crate) fn signed_by(world: &World, identity: &Identity) -> Content {
    bundle(&world.instance.sign_image(identity, &world.subject).bundle(Version::V03))
}

pub(crate) fn named(name: Name) -> Identity {
    Identity { name, ..Identity::email(EMAIL, ACCOUNTS) }
}

/// An image signature under a certificate whose profile was bent.
fn bent(world: &World, bend: impl FnOnce(&mut Profile)) -> Content {
    bundle(&world.signer().leaf(bend).sign_image(&world.subject).bundle(Version::V03))
}

pub(crate) fn repository(reference: Option<&str>, digest: Option<&str>) -> Signer {
    Signer::from_flags(None, None, Some(REPOSITORY), reference, digest).expect("a signer")
}

#[test]
fn a181_nobody_in_particular_is_no_signer() {
    assert_eq!(Signer::from_flags(None, None, None, None, None), Err(PolicyError::NoSigner));
    for empty in ["", " ", "\n"] {
        for flags in [(Some(empty), Some(ACCOUNTS), None), (Some(EMAIL), Some(empty), None), (None, None, Some(empty))]
        {
            let signer = Signer::from_flags(flags.0, flags.1, flags.2, None, None);
            assert!(matches!(signer, Err(PolicyError::Empty { .. })), "{flags:?}");
        }
    }
    let nothing = Policy::from_flags(signer(EMAIL, ACCOUNTS), [], None);
    assert!(matches!(nothing, Err(PolicyError::NothingRequired)));
}

#[test]
fn a182_identity_and_issuer_come_together() {
    assert_eq!(
        Signer::from_flags(Some(EMAIL), None, None, None, None),
        Err(PolicyError::NoIssuer { identity: EMAIL.to_owned() })
    );
    assert_eq!(
        Signer::from_flags(None, Some(ACCOUNTS), None, None, None),
        Err(PolicyError::NoIdentity { issuer: ACCOUNTS.to_owned() })
    );
    // A repository beside the identity implies no issuer for it.
    assert!(matches!(
        Signer::from_flags(Some(EMAIL), None, Some(REPOSITORY), None, None),
        Err(PolicyError::NoIssuer { .. })
    ));
}

#[test]
fn an_identity_is_compared_byte_for_byte() {
    let world = World::new();
    let content = bundle(&world.signed_image().bundle(Version::V03));
    for other in [
        "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.1",
        "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0 ",
        "https://github.com/acme/shop/.github/workflows/release.yml",
        "https://github.com/acme/shop/.github/workflows/releaseXyml@refs/tags/v1.0.0",
        "https://github.com/Acme/Shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        "https://github.com/acme/shop",
        ".*",
    ] {
        let judge = world.for_signatures().signed_by(signer(other, GITHUB_ACTIONS));
        let finding = judge.rejects(content.clone(), CheckId::SignerIdentity);
        assert_eq!(finding.expected.as_deref(), Some(other));
        assert_eq!(finding.found.as_deref(), Some(WORKFLOW_URI));
    }
}

#[test]
fn a183_a_repository_whose_name_begins_alike_is_another() {
    let world = World::new();
    for other in ["acme/shop-evil", "acme/shop.evil", "acme/shopping", "acmeXshop/x"] {
        let content = signed_by(&world, &Identity::github_workflow(other, WORKFLOW, REFERENCE));
        world.for_signatures().signed_by(repository(None, None)).rejects(content, CheckId::SignerIdentity);
    }
}

#[test]
fn a190_issuers_are_compared_byte_for_byte() {
    let world = World::new();
    for issuer in [
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com/acme-enterprise",
        "HTTPS://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com.evil.example",
        "http://token.actions.githubusercontent.com",
        "token.actions.githubusercontent.com",
    ] {
        let identity = Identity { issuer: issuer.into(), ..world.identity.clone() };
        for judge in [world.for_signatures(), world.for_signatures().signed_by(repository(None, None))] {
            let finding = judge.rejects(signed_by(&world, &identity), CheckId::SignerIssuer);
            assert_eq!(finding.expected.as_deref(), Some(GITHUB_ACTIONS));
            assert_eq!(finding.found.as_deref(), Some(issuer));
        }
    }
}

#[test]
fn a191_two_issuers_in_one_certificate_are_refused() {
    let world = World::new();
    for arc in [1, 8] {
        let content = bent(&world, |leaf| match arc {
            1 => leaf.set_bare_claim(&claim_oid(1), ACCOUNTS),
            _ => leaf.set_claim(&claim_oid(8), ACCOUNTS),
        });
        let finding = world.for_signatures().rejects(content, CheckId::CertificateProfile);
        assert_eq!(finding.message, "the certificate names two issuers");
    }
}

#[test]
fn a191_one_of_the_two_forms_of_the_issuer_is_enough() {
    let world = World::new();
    for arc in [1, 8] {
        let content = bent(&world, |leaf| leaf.remove(&claim_oid(arc)));
        world.for_signatures().accepts(content);
    }
    let none = bent(&world, |leaf| [1, 8].into_iter().for_each(|arc| leaf.remove(&claim_oid(arc))));
    world.for_signatures().rejects(none, CheckId::CertificateProfile);
}

#[test]
fn a191_an_issuer_that_is_not_a_der_text_is_refused() {
    let world = World::new();
    let text = GITHUB_ACTIONS.as_bytes();
    for value in [
        text.to_vec(),
        der::element(0x13, text),
        [der::utf8_string(GITHUB_ACTIONS), vec![0]].concat(),
        der::element(0x0c, b"\xff"),
        Vec::new(),
    ] {
        let content = bent(&world, |leaf| leaf.set(&claim_oid(8), false, value));
        world.for_signatures().rejects(content, CheckId::CertificateProfile);
    }
}

/// The kinds of names have their own owners: an address in a URI says nothing about who may read mail there.
#[test]
fn a193_a_name_of_another_kind_is_another_name() {
    let world = World::new();
    let judge = || world.for_signatures().signed_by(signer(EMAIL, ACCOUNTS));
    judge().accepts(signed_by(&world, &named(Name::Email(EMAIL.into()))));
    judge().rejects(signed_by(&world, &named(Name::Uri(EMAIL.into()))), CheckId::SignerIdentity);
    let uri_as_email = Identity { name: Name::Email(WORKFLOW_URI.into()), ..world.identity.clone() };
    world.for_signatures().rejects(signed_by(&world, &uri_as_email), CheckId::SignerIdentity);
    world
        .for_signatures()
        .signed_by(repository(None, None))
        .rejects(signed_by(&world, &uri_as_email), CheckId::SignerIdentity);
}

#[test]
fn a194_a_certificate_names_exactly_one_signer() {
    let world = World::new();
    let trusted = Name::Uri(WORKFLOW_URI.into());
    let other = Name::Uri("https://github.com/mallory/shop/.github/workflows/release.yml@refs/heads/main".into());
    for names in [
        vec![trusted.clone(), other.clone()],
        vec![other, trusted.clone()],
        vec![trusted.clone(), trusted.clone()],
        vec![trusted, Name::Email(EMAIL.into())],
        vec![],
    ] {
        let content = bent(&world, |leaf| leaf.set_names(&names));
        world.for_signatures().rejects(content, CheckId::CertificateProfile);
    }
    let dns = bent(&world, |leaf| leaf.set_names(&[Name::Dns("github.com".into())]));
    world.for_signatures().rejects(dns, CheckId::CertificateProfile);
    let nobody = bent(&world, |leaf| leaf.remove(SUBJECT_ALTERNATIVE_NAME));
    world.for_signatures().rejects(nobody, CheckId::CertificateProfile);
}

#[test]
fn a195_a_user_name_is_a_kind_of_its_own() {
    let world = World::new();
    let user = |text: &str| named(Name::Other { oid: claim_oid(7), text: text.into() });
    let judge = |text: &str| world.for_signatures().signed_by(signer(text, ACCOUNTS));
    let report = judge("alice!example.com").accepts(signed_by(&world, &user("alice!example.com")));
    assert_eq!(report.signer.expect("a signer").identity_kind.as_str(), "other-name");
    judge("alice!example.com")
        .rejects(signed_by(&world, &named(Name::Uri("alice!example.com".into()))), CheckId::SignerIdentity);
    let foreign = named(Name::Other { oid: "1.3.6.1.4.1.311.20.2.3".into(), text: "alice!example.com".into() });
    judge("alice!example.com").rejects(signed_by(&world, &foreign), CheckId::CertificateProfile);
}

/// What looks like an address is one only where the certificate says that it is.
#[test]
fn a195_a_user_name_that_looks_like_an_address_is_no_address() {
    let world = World::new();
    let judge = |text: &str| world.for_signatures().signed_by(signer(text, ACCOUNTS));
    let user = named(Name::Other { oid: claim_oid(7), text: EMAIL.into() });
    judge(EMAIL).rejects(signed_by(&world, &user), CheckId::SignerIdentity);
    let address = named(Name::Email("alice!example.com".into()));
    judge("alice!example.com").rejects(signed_by(&world, &address), CheckId::SignerIdentity);
}

#[test]
fn a197_a_subject_beside_the_name_is_refused() {
    let world = World::new();
    let subject = bent(&world, |leaf| leaf.common_name = Some(WORKFLOW_URI.into()));
    world.for_signatures().rejects(subject, CheckId::CertificateProfile);
    let elsewhere = bent(&world, |leaf| {
        leaf.common_name = Some(WORKFLOW_URI.into());
        let name = der::context_primitive(6, b"https://github.com/mallory/shop");
        leaf.set(SUBJECT_ALTERNATIVE_NAME, false, der::sequence(&[name]));
    });
    world.for_signatures().rejects(elsewhere, CheckId::CertificateProfile);
    let not_critical = bent(&world, |leaf| {
        let name = der::context_primitive(6, WORKFLOW_URI.as_bytes());
        leaf.set(SUBJECT_ALTERNATIVE_NAME, false, der::sequence(&[name]));
    });
    world.for_signatures().rejects(not_critical, CheckId::CertificateProfile);
}

#[test]
fn a205_one_expected_signer_among_many_is_found() {
    let world = World::new();
    let stranger = named(Name::Email("mallory@example.com".into()));
    let mut contents: Vec<Content> = (0..40)
        .map(|number| match number % 2 {
            0 => signed_by(&world, &stranger),
            _ => legacy(world.instance.signer(&stranger).sign_simple(&world.subject).legacy_layer()),
        })
        .collect();
    let all_strangers = world.for_signatures().judge(contents.clone());
    assert_eq!(all_strangers.verdict, Verdict::Rejected);
    assert!(
        all_strangers.requirements[0]
            .findings
            .iter()
            .all(|finding| { finding.check == CheckId::SignerIdentity || finding.check == CheckId::SignerIssuer })
    );
    contents.insert(23, bundle(&world.signed_image().bundle(Version::V03)));
    let report = world.for_signatures().judge(contents);
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.requirements[0].satisfied_by.len(), 1);
    assert_eq!(report.candidates.iter().filter(|one| one.reason.is_some()).count(), 40);
}

#[test]
fn every_rule_that_is_broken_is_reported_not_only_the_first() {
    let world = World::new();
    let stranger = Identity::github_workflow("mallory/shop", WORKFLOW, REFERENCE);
    let stranger = Identity { issuer: ACCOUNTS.into(), ..stranger };
    let report = world.for_signatures().signed_by(repository(None, None)).judge([signed_by(&world, &stranger)]);
    let checks: Vec<CheckId> = report.candidates[0]
        .findings
        .iter()
        .filter(|finding| finding.is_blocking())
        .map(|finding| finding.check)
        .collect();
    assert_eq!(checks, [CheckId::SignerIdentity, CheckId::SignerIssuer, CheckId::SignerSource]);
    let requirement = &report.requirements[0];
    assert_eq!((requirement.kind.as_str(), requirement.findings.len()), (Requirement::Signature.as_str(), 3));
}
