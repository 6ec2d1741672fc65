//! What a policy file asks of a certificate, with real forms of Fulcio's certificates: each rule passes, fails, and fails
//! where the certificate says nothing (A202).

use bonafide::check::{CheckId, Verdict};
use bonafide::policy::Claim;

use crate::policy_files::{finding, judge, policy, rule, signed_by};
use crate::support::sigstore::identity::COMMIT;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Version};
use crate::world::{REFERENCE, REPOSITORY, WORKFLOW, WORKFLOW_URI, World, bundle};

/// A workflow of GitHub with every claim that there is.
fn workflow() -> Identity {
    Identity::github_workflow(REPOSITORY, WORKFLOW, REFERENCE).claim(23, "production")
}

fn verdict(world: &World, signer: &str, identity: &Identity) -> Verdict {
    let content = bundle(&world.instance.sign_image(identity, &world.subject).bundle(Version::V03));
    judge(world, &signed_by(signer), [content]).verdict
}

fn value_of(identity: &Identity, arc: u32) -> &str {
    let oid = crate::support::sigstore::claim_oid(arc);
    identity.claims.iter().find(|(known, _)| *known == oid).map(|(_, value)| value.as_str()).expect("the claim")
}

#[test]
fn a202_every_claim_passes_fails_and_is_missed() {
    let world = World::new();
    for claim in Claim::ALL.iter().copied() {
        let asking = |value: &str| {
            format!("identity: \"{WORKFLOW_URI}\", issuer: {GITHUB_ACTIONS}, claims: {{{}: \"{value}\"}}", claim.key())
        };
        let identity = workflow();
        let value = value_of(&identity, claim.arc()).to_owned();
        assert_eq!(verdict(&world, &asking(&value), &identity), Verdict::Verified, "{claim}");
        assert_eq!(verdict(&world, &asking(&format!("{value}x")), &identity), Verdict::Rejected, "{claim}");
        let silent = identity.without_claim(claim.arc());
        let silent = claim.legacy().map_or_else(|| silent.clone(), |older| silent.clone().without_claim(older.arc()));
        assert_eq!(verdict(&world, &asking(&value), &silent), Verdict::Rejected, "{claim} is missing");
        assert_eq!(
            verdict(&world, &asking("**"), &silent),
            Verdict::Rejected,
            "{claim} is missing, and anything would do"
        );
    }
}

#[test]
fn the_older_claim_answers_where_the_newer_is_missing() {
    let world = World::new();
    for claim in
        [Claim::BuildTrigger, Claim::SourceRepositoryDigest, Claim::SourceRepositoryUri, Claim::SourceRepositoryRef]
    {
        let identity = workflow();
        let value = value_of(&identity, claim.arc()).to_owned();
        let asking =
            format!("identity: \"{WORKFLOW_URI}\", issuer: {GITHUB_ACTIONS}, claims: {{{}: \"{value}\"}}", claim.key());
        assert_eq!(verdict(&world, &asking, &identity.without_claim(claim.arc())), Verdict::Verified, "{claim}");
    }
}

#[test]
fn a191_claims_that_contradict_their_older_forms_satisfy_nothing() {
    let world = World::new();
    for (arc, other) in [
        (2, "workflow_dispatch"),
        (3, "0000000000000000000000000000000000000000"),
        (5, "mallory/shop"),
        (6, "refs/heads/main"),
    ] {
        let identity = workflow().claim(arc, other);
        let signed = world.instance.sign_image(&identity, &world.subject);
        let report = judge(&world, &signed_by("github: acme/shop"), [bundle(&signed.bundle(Version::V03))]);
        assert_eq!(report.verdict, Verdict::Rejected, ".{arc}");
        let finding = finding(&report.requirements[0].findings, CheckId::CertificateProfile);
        assert_eq!(finding.found.as_deref(), Some(other), "{finding:?}");
    }
}

/// A field, what passes, what does not, and the claims that it is read from.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [u32]);

/// The fields of `github`: what passes, what does not, and the claims without which it cannot be known.
#[test]
fn a199_a201_a202_every_field_of_github_passes_fails_and_is_missed() {
    let world = World::new();
    let commit_of_others = "f".repeat(40);
    let cases: [Case<'_>; 9] = [
        (
            "ref",
            &[REFERENCE, "refs/tags/v*", "refs/**", "\"**\""],
            &["refs/heads/*", "refs/tags/v1", "refs/*"],
            &[14, 6],
        ),
        ("commit", &[COMMIT], &[&commit_of_others], &[13, 3]),
        ("event", &["push", "[release, push]"], &["pull_request", "[release, workflow_dispatch]", "\"*\""], &[20, 2]),
        ("runner-environment", &["github-hosted"], &["self-hosted"], &[11]),
        ("environment", &["production", "prod*"], &["staging"], &[23]),
        ("repository-id", &["123456789", "\"123456789\""], &["12345678", "9919"], &[15]),
        ("owner-id", &["9919"], &["99"], &[17]),
        ("visibility", &["public"], &["private", "internal"], &[22]),
        (
            "workflow",
            &["release.yml", ".github/workflows/release.yml", "rel*.yml"],
            &["nightly.yml", "elease.yml"],
            &[],
        ),
    ];
    for (field, good, bad, arcs) in cases {
        let asking = |value: &str| format!("github: {{repository: acme/shop, {field}: {value}}}");
        for value in good {
            assert_eq!(verdict(&world, &asking(value), &workflow()), Verdict::Verified, "{field}: {value}");
        }
        for value in bad {
            assert_eq!(verdict(&world, &asking(value), &workflow()), Verdict::Rejected, "{field}: {value}");
        }
        if !arcs.is_empty() {
            let silent = arcs.iter().fold(workflow(), |identity, arc| identity.without_claim(*arc));
            assert_eq!(verdict(&world, &asking(good[0]), &silent), Verdict::Rejected, "{field} is missing");
        }
    }
}

#[test]
fn a183_repositories_are_compared_whole_and_without_case() {
    let world = World::new();
    for good in ["acme/shop", "Acme/Shop", "acme/*", "acme/s*p", "https://github.com/acme/shop"] {
        assert_eq!(verdict(&world, &format!("github: {good}"), &workflow()), Verdict::Verified, "{good}");
    }
    for bad in ["acme/sho", "acme/shop2", "acme/web*", "mallory/*"] {
        assert_eq!(verdict(&world, &format!("github: {bad}"), &workflow()), Verdict::Rejected, "{bad}");
    }
    for evil in ["acme/shop-evil", "acme-evil/shop", "mallory/shop"] {
        let identity = Identity::github_workflow(evil, WORKFLOW, REFERENCE);
        assert_eq!(verdict(&world, "github: acme/shop", &identity), Verdict::Rejected, "{evil}");
    }
}

const BUILDER: &str = "https://github.com/acme/ci/.github/workflows/container.yml@refs/tags/v2.1.0";

fn called_by(repository: &str) -> Identity {
    let caller = format!("https://github.com/{repository}/{WORKFLOW}@{REFERENCE}");
    Identity::github_reusable_workflow(BUILDER, repository, &caller, REFERENCE)
}

#[test]
fn a198_a_reusable_workflow_counts_for_the_repository_that_called_it() {
    let world = World::new();
    let asking = |more: &str| {
        format!(
            "github: {{repository: acme/shop, reusable-workflow: acme/ci/.github/workflows/container.yml@refs/tags/v2.*{more}}}"
        )
    };
    assert_eq!(verdict(&world, &asking(""), &called_by("acme/shop")), Verdict::Verified);
    assert_eq!(verdict(&world, &asking(", workflow: release.yml"), &called_by("acme/shop")), Verdict::Verified);
    assert_eq!(verdict(&world, &asking(", workflow: nightly.yml"), &called_by("acme/shop")), Verdict::Rejected);
    assert_eq!(verdict(&world, &asking(""), &called_by("mallory/shop")), Verdict::Rejected);
    assert_eq!(
        verdict(&world, &asking(""), &called_by("acme/shop").without_claim(12).without_claim(5)),
        Verdict::Rejected
    );
    assert_eq!(verdict(&world, &asking(""), &workflow()), Verdict::Rejected, "its own workflow is another one");
    for unpinned in ["acme/shop", "acme/ci", "acme/*"] {
        let signer = format!("github: {unpinned}");
        assert_eq!(verdict(&world, &signer, &called_by("acme/shop")), Verdict::Rejected, "{unpinned}");
    }
    // By its whole name, without saying which repository may call it.
    let by_name = format!("identity: \"{BUILDER}\", issuer: {GITHUB_ACTIONS}");
    assert_eq!(verdict(&world, &by_name, &called_by("acme/shop")), Verdict::Rejected);
    let pinned = format!("{by_name}, claims: {{source-repository-uri: https://github.com/acme/shop}}");
    assert_eq!(verdict(&world, &pinned, &called_by("acme/shop")), Verdict::Verified);
    assert_eq!(verdict(&world, &pinned, &called_by("mallory/shop")), Verdict::Rejected);
}

/// The certificates of the other services, as fulcio's `config/identity/config.yaml` and `docs/oidc.md` describe them.
#[test]
fn the_signers_of_other_services_are_who_fulcio_names() {
    let world = World::new();
    let gitlab =
        Identity::uri("https://gitlab.com/acme/tools/shop//.gitlab-ci.yml@refs/heads/main", "https://gitlab.com")
            .claim(12, "https://gitlab.com/acme/tools/shop")
            .claim(14, "refs/heads/main")
            .claim(15, "4711");
    let google = Identity::email("release@acme.iam.gserviceaccount.com", "https://accounts.google.com");
    let buildkite = Identity::uri("https://buildkite.com/acme/release", "https://agent.buildkite.com");
    let cluster = "https://oidc.cluster.example";
    let kubernetes = Identity::uri("https://kubernetes.io/namespaces/release/serviceaccounts/signer", cluster);
    let person = Identity::email("alice@acme.example", "https://accounts.acme.example");
    let account = |namespace: &str, name: &str| {
        format!("kubernetes: {{issuer: {cluster}, namespace: {namespace}, service-account: {name}}}")
    };
    let cases: [(&Identity, Vec<String>, Vec<String>); 5] = [
        (
            &gitlab,
            [
                "gitlab: {project: acme/tools/shop}",
                "gitlab: {project: acme/tools/*, ref: refs/heads/main, project-id: 4711}",
                "gitlab: {project: acme/tools/shop, config: .gitlab-ci.yml, server: https://gitlab.com/}",
            ]
            .map(str::to_owned)
            .into(),
            [
                "gitlab: {project: acme/shop}",
                "gitlab: {project: acme/tools}",
                "gitlab: {project: acme/tools/shop, ref: refs/tags/*}",
                "gitlab: {project: acme/tools/shop, project-id: 471}",
                "gitlab: {project: acme/tools/shop, environment: production}",
                "gitlab: {project: acme/tools/shop, config: other.yml}",
                "gitlab: {project: acme/tools/shop, server: https://gitlab.acme.example}",
            ]
            .map(str::to_owned)
            .into(),
        ),
        (
            &google,
            vec!["google: release@acme.iam.gserviceaccount.com".to_owned()],
            vec!["google: other@acme.iam.gserviceaccount.com".to_owned()],
        ),
        (
            &buildkite,
            vec!["buildkite: acme/release".to_owned(), "buildkite: acme/*".to_owned()],
            vec!["buildkite: acme/rel".to_owned(), "buildkite: other/release".to_owned()],
        ),
        (
            &kubernetes,
            vec![account("release", "signer")],
            vec![account("release", "other"), account("default", "signer")],
        ),
        (
            &person,
            vec!["email: {address: alice@acme.example, issuer: https://accounts.acme.example}".to_owned()],
            vec![
                "email: {address: bob@acme.example, issuer: https://accounts.acme.example}".to_owned(),
                "email: {address: alice@acme.example, issuer: https://accounts.google.com}".to_owned(),
            ],
        ),
    ];
    for (identity, good, bad) in cases {
        for signer in &good {
            assert_eq!(verdict(&world, signer, identity), Verdict::Verified, "{signer}");
            let elsewhere = Identity { issuer: "https://accounts.evil.example".to_owned(), ..identity.clone() };
            assert_eq!(verdict(&world, signer, &elsewhere), Verdict::Rejected, "{signer} of another issuer");
        }
        for signer in &bad {
            assert_eq!(verdict(&world, signer, identity), Verdict::Rejected, "{signer}");
        }
    }
}

#[test]
fn a183_a186_a190_patterns_are_about_the_whole_identity_and_issuer() {
    let world = World::new();
    let issuer = format!("issuer: {GITHUB_ACTIONS}");
    for good in [
        r"identity-regexp: 'https://github\.com/acme/shop/\.github/workflows/release\.yml@refs/tags/v.*'",
        r"identity-regexp: 'evil|https://github\.com/acme/.*'",
        "identity: https://github.com/acme/shop/.github/workflows/*@refs/tags/v*",
        "identity: https://github.com/acme/shop/**",
    ] {
        assert_eq!(verdict(&world, &format!("{good}, {issuer}"), &workflow()), Verdict::Verified, "{good}");
    }
    for bad in [
        r"identity-regexp: 'https://github\.com/acme/shop'",
        r"identity-regexp: 'acme/shop'",
        r"identity-regexp: '^https://github\.com/acme|evil$'",
        "identity: https://github.com/acme/*",
        "identity: https://github.com/acme/shop/.github/workflows/*",
    ] {
        assert_eq!(verdict(&world, &format!("{bad}, {issuer}"), &workflow()), Verdict::Rejected, "{bad}");
    }
    for bad in [
        "issuer: https://token.actions.githubusercontent.com/",
        "issuer: https://token.actions.githubusercontent.com/*",
        "issuer: HTTPS://token.actions.githubusercontent.com",
        r"issuer-regexp: 'https://token\.actions'",
        r"issuer-regexp: '.*\.evil'",
    ] {
        let signer = format!("identity: \"{WORKFLOW_URI}\", {bad}");
        assert_eq!(verdict(&world, &signer, &workflow()), Verdict::Rejected, "{bad}");
    }
    let signer = format!("identity: \"{WORKFLOW_URI}\", issuer-regexp: 'https://token\\.actions\\..*'");
    assert_eq!(verdict(&world, &signer, &workflow()), Verdict::Verified);
}

#[test]
fn a257_brackets_and_question_marks_in_globs_are_themselves() {
    let world = World::new();
    for glob in ["refs/tags/v[0-9]*", "refs/tags/v?.0.0", "refs/tags/[!x]*", "refs/tags/{v1.0.0,v2}"] {
        let signer = format!("github: {{repository: acme/shop, ref: \"{glob}\"}}");
        assert_eq!(verdict(&world, &signer, &workflow()), Verdict::Rejected, "{glob}");
    }
}

#[test]
fn any_one_of_the_list_is_enough_and_the_nearest_is_named_when_none_is() {
    let world = World::new();
    let signed = || [bundle(&world.instance.sign_image(&workflow(), &world.subject).bundle(Version::V03))];
    let listed = |signers: &str| policy(&rule(&[&format!("signers: [{signers}]"), "require: [signature]"]));
    let any = listed("{github: acme/web}, {google: a@b.example}, {github: acme/shop}");
    assert_eq!(judge(&world, &any, signed()).verdict, Verdict::Verified);
    let none = listed("{github: acme/web}, {github: {repository: acme/shop, runner-environment: self-hosted}}");
    let report = judge(&world, &none, signed());
    assert_eq!(report.verdict, Verdict::Rejected);
    let nearest = finding(&report.requirements[0].findings, CheckId::SignerClaims);
    assert_eq!(nearest.found.as_deref(), Some("github-hosted"));
}
