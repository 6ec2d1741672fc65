//! `inspect`: what is attached, whoever signed it, and the policy that it suggests.

use crate::fixtures::LAB_ROOT;
use crate::program::{Program, Scratch};
use crate::report::{list, word};
use crate::shop::{NAME, REFERENCE, Shop, WORKFLOW};
use crate::support::image::Image;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity};
use crate::support::statement::Subject;

const SIGNED: [&str; 8] = [
    "signed",
    "signed-rekor1",
    "legacy",
    "multi-platform",
    "multi-platform-children",
    "other-signer",
    "reusable-workflow",
    "unsigned",
];

/// Paths in a policy are relative to it, and these policies lie elsewhere.
fn root() -> String {
    format!("{}/{LAB_ROOT}", env!("CARGO_MANIFEST_DIR"))
}

fn layout(image: &str) -> String {
    format!("oci:{}/fixtures/images/{image}:v1.0.0", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_is_attached_is_shown_with_its_signer_and_what_it_says() {
    let ran = Program::new(["inspect", &layout("signed"), "--trusted-root", &root()]).run();
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    for text in [
        "verifies  https://sigstore.dev/cosign/sign/v1",
        "signed by   https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        "sourceRepositoryUri https://github.com/acme/shop",
        "signed by   the same as c1",
        "source      https://github.com/acme/shop at refs/tags/v1.0.0",
        "document    SPDX-2.3, 6 packages",
    ] {
        assert!(ran.stdout.contains(text), "{text} is missing in\n{}", ran.stdout);
    }
}

#[test]
fn what_is_unsigned_fails_or_is_not_there_is_shown_as_that() {
    let unsigned = Program::new(["inspect", &layout("buildkit-unsigned"), "--trusted-root", &root()]).run();
    assert_eq!(unsigned.exit, 0);
    for text in [
        "present, unsigned: anyone with push access can write it",
        "build type  https://mobyproject.org/buildkit@v1 (SLSA v0.2)",
        "`cosign attest --type slsaprovenance02 --predicate FILE IMAGE@DIGEST`",
        "`cosign attest --type spdxjson --predicate FILE IMAGE@DIGEST`",
    ] {
        assert!(unsigned.stdout.contains(text), "{text} is missing in\n{}", unsigned.stdout);
    }
    let nothing = Program::new(["inspect", &layout("unsigned"), "--trusted-root", &root()]).run();
    assert!(nothing.stdout.contains("nothing attached"), "{}", nothing.stdout);
    // Of a Sigstore that is not trusted, nothing is believed.
    let untrusted = Program::new(["inspect", &layout("signed")]).run();
    assert!(untrusted.stdout.contains("FAILS"), "{}", untrusted.stdout);
    assert!(!untrusted.stdout.contains("signed by"), "{}", untrusted.stdout);
}

#[test]
fn an_image_that_cannot_be_read_is_undecided() {
    let ran = Program::new(["inspect", "127.0.0.1:1/nobody/listens"]).run();
    assert_eq!(ran.exit, 3);
    assert!(ran.stdout.contains("could not be read"), "{}", ran.stdout);
    let ran = Program::new(["inspect", "127.0.0.1:1/nobody/listens", "--suggest-policy"]).run();
    assert_eq!((ran.exit, ran.stdout.as_str()), (3, ""));
}

#[test]
fn a_suggested_policy_verifies_the_image_that_it_was_written_for() {
    for image in SIGNED.into_iter().filter(|image| *image != "unsigned") {
        let scratch = Scratch::new();
        let suggested = Program::new(["inspect", &layout(image), "--trusted-root", &root(), "--suggest-policy"]).run();
        assert_eq!(suggested.exit, 0, "{image}: {}", suggested.stderr);
        let policy = scratch.write("policy.yaml", suggested.stdout.as_bytes());
        let verified = Program::new(["verify", &layout(image), "--policy", &policy]).run();
        assert_eq!(verified.exit, 0, "{image}:\n{}\n{}{}", suggested.stdout, verified.stdout, verified.stderr);
    }
}

#[test]
fn nothing_is_suggested_for_what_is_not_signed() {
    let ran = Program::new(["inspect", &layout("unsigned"), "--trusted-root", &root(), "--suggest-policy"]).run();
    assert_eq!((ran.exit, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("nothing signed is attached"), "{}", ran.stderr);
}

fn shop_signed_by(identity: &Identity) -> Shop {
    let mut shop = Shop::new();
    let top = shop.top();
    let signed = shop.sigstore.sign_image(identity, &Subject::from(&top));
    shop.attach(&top, &signed);
    shop
}

#[test]
fn a_suggested_policy_refuses_another_repository_workflow_ref_event_or_owner() {
    let good = Identity::github_workflow(NAME, WORKFLOW, REFERENCE);
    let served = shop_signed_by(&good).serve();
    let suggested =
        Program::new(["inspect", &served.by_tag(), "--trusted-root", &served.root, "--suggest-policy"]).run();
    assert_eq!(suggested.exit, 0, "{}", suggested.stderr);
    let judge = |identity: &Identity| {
        let mut shop = Shop { sigstore: served.shop.sigstore.clone(), ..Shop::new() };
        let top = shop.top();
        let signed = shop.sigstore.sign_image(identity, &Subject::from(&top));
        shop.attach(&top, &signed);
        let variant = shop.serve();
        let text = suggested.stdout.replace(&served.registry.host(), &variant.registry.host());
        let policy = variant.scratch.write("policy.yaml", text.as_bytes());
        let ran = Program::new(["verify", &variant.by_tag(), "--policy", &policy]).run();
        (ran.exit, format!("{}{}", ran.stdout, ran.stderr))
    };
    assert_eq!(judge(&good).0, 0, "{}\n{}", suggested.stdout, judge(&good).1);
    let next_release = Identity::github_workflow(NAME, WORKFLOW, "refs/tags/v1.0.1");
    assert_eq!(judge(&next_release).0, 0, "{}", judge(&next_release).1);
    for (what, identity) in [
        ("repository", Identity::github_workflow("acme/shop-evil", WORKFLOW, REFERENCE)),
        ("owner", Identity::github_workflow("evil/shop", WORKFLOW, REFERENCE)),
        ("workflow", Identity::github_workflow(NAME, ".github/workflows/nightly.yml", REFERENCE)),
        ("branch", Identity::github_workflow(NAME, WORKFLOW, "refs/heads/main")),
        ("pull request", Identity::github_workflow(NAME, WORKFLOW, "refs/pull/1/merge")),
        ("issuer", Identity::email("mallory@evil.example", GITHUB_ACTIONS)),
    ] {
        let (exit, output) = judge(&identity);
        assert_eq!(exit, 1, "another {what}: {output}");
    }
}

/// A list of signers of which each is enough would let either sign the whole.
#[test]
fn a314_no_policy_is_suggested_that_lets_a_signer_of_one_platform_sign_all_of_them() {
    let suggested = |people: [&str; 2]| {
        let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
        for (position, person) in people.into_iter().enumerate() {
            let platform = shop.image.platforms[position].1.descriptor();
            let identity = Identity::email(person, "https://accounts.acme.example");
            let signed = shop.sigstore.sign_image(&identity, &Subject::from(&platform));
            shop.attach(&platform, &signed);
        }
        let served = shop.serve();
        Program::new(["inspect", &served.by_tag(), "--trusted-root", &served.root, "--suggest-policy"]).run()
    };
    let divided = suggested(["alice@acme.example", "bob@acme.example"]);
    assert_eq!((divided.exit, divided.stdout.as_str()), (4, ""), "{}", divided.stderr);
    let line = "to decide: signature is not required: different signers signed different platforms: alice@acme.example; bob@acme.example";
    assert!(divided.stderr.contains(line), "{}", divided.stderr);
    let whole = suggested(["alice@acme.example", "alice@acme.example"]);
    assert_eq!(whole.exit, 0, "{}", whole.stderr);
}

/// Two people signed all of an index: the policy asks for both, so that neither can stand for the other.
#[test]
fn a314_where_two_signed_everything_the_policy_asks_for_each_of_them() {
    let people = ["alice@acme.example", "bob@acme.example"];
    let sigstore = Shop::new().sigstore;
    let signed_by = |who: &[&str], on_platforms: bool| {
        let image = Image::index(&["linux/amd64", "linux/arm64"]);
        let mut shop = Shop { sigstore: sigstore.clone(), ..Shop::selling(image) };
        let mut places = vec![shop.top()];
        if on_platforms {
            places = shop.image.platforms.iter().map(|(_, manifest)| manifest.descriptor()).collect();
        }
        for place in places {
            for person in who {
                let identity = Identity::email(person, "https://accounts.acme.example");
                let signed = shop.sigstore.sign_image(&identity, &Subject::from(&place));
                shop.attach(&place, &signed);
            }
        }
        shop.serve()
    };
    for on_platforms in [false, true] {
        let served = signed_by(&people, on_platforms);
        let suggested =
            Program::new(["inspect", &served.by_tag(), "--trusted-root", &served.root, "--suggest-policy"]).run();
        assert_eq!(suggested.exit, 0, "{}", suggested.stderr);
        let line = "to decide: signature is required from each of alice@acme.example; bob@acme.example";
        assert!(suggested.stderr.contains(line) && suggested.stdout.contains(line), "{}", suggested.stderr);
        let judge = |served: &crate::shop::Served, host: &str| {
            let text = suggested.stdout.replace(host, &served.registry.host());
            let policy = served.scratch.write("policy.yaml", text.as_bytes());
            let ran = Program::new(["verify", &served.by_tag(), "--policy", &policy]).run();
            (ran.exit, format!("{text}\n{}{}", ran.stdout, ran.stderr))
        };
        let host = served.registry.host();
        let (exit, output) = judge(&served, &host);
        assert_eq!(exit, 0, "{output}");
        for (who, expected) in [(&people[..1], 4), (&people[1..], 4), (&["mallory@acme.example"][..], 1)] {
            let (exit, output) = judge(&signed_by(who, on_platforms), &host);
            assert_eq!(exit, expected, "{who:?}: {output}");
        }
    }
}

#[test]
fn an_asterisk_in_a_certificate_never_becomes_a_pattern() {
    let served = shop_signed_by(&Identity::uri("https://ci.acme.example/*", "https://ci.acme.example")).serve();
    let ran = Program::new(["inspect", &served.by_tag(), "--trusted-root", &served.root, "--suggest-policy"]).run();
    assert_eq!((ran.exit, ran.stdout.as_str()), (4, ""));
}

#[test]
fn the_json_has_every_candidate() {
    let ran = Program::new(["inspect", &layout("signed"), "--trusted-root", &root(), "--output", "json"]).run();
    let inspection: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let kinds: Vec<&str> =
        list(&inspection["images"][0]["candidates"]).iter().map(|candidate| word(&candidate["kind"])).collect();
    assert_eq!(kinds.len(), 3);
    for kind in ["signature", "provenance", "sbom"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[test]
fn the_packages_of_an_sbom_that_verifies_are_listed_as_table_json_and_csv() {
    let list = |target: &str| {
        let ran = Program::new(["inspect", &layout("signed"), "--trusted-root", &root(), "--sbom", target]).run();
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        ran.stdout
    };
    let table = list("-");
    assert!(table.contains("signed by   https://github.com/acme/shop/.github/workflows/release.yml"), "{table}");
    assert!(table.contains("NAME") && table.contains("pkg:cargo/"), "{table}");
    assert!(!table.contains("verifies"), "the tree goes elsewhere or nowhere: {table}");
    let json: serde_json::Value = serde_json::from_str(&list("json=-")).expect("JSON");
    assert_eq!(json["documents"][0]["packages"].as_array().expect("packages").len(), 6);
    assert_eq!(json["documents"][0]["format"], "SPDX-2.3");
    let csv = list("csv=-");
    assert_eq!(csv.lines().count(), 7, "{csv}");
}

#[test]
fn a_list_of_packages_in_a_file_leaves_standard_output_to_the_tree() {
    let scratch = Scratch::new();
    let file = scratch.path("packages.json");
    let ran =
        Program::new(["inspect", &layout("signed"), "--trusted-root", &root(), "--sbom", &file.display().to_string()])
            .run();
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("document    SPDX-2.3, 6 packages"), "{}", ran.stdout);
    let text = std::fs::read_to_string(file).expect("the file is there");
    assert!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON by its name")["documents"].is_array());
}

#[test]
fn a231_what_nobody_trusted_signed_is_not_listed() {
    for (image, arguments) in [("buildkit-unsigned", &["--trusted-root", &root()][..]), ("signed", &[])] {
        let ran = Program::new(["inspect", &layout(image), "--sbom", "-"].iter().chain(arguments)).run();
        assert_eq!((ran.exit, ran.stdout.as_str()), (4, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("no SBOM that is attached verifies"), "{}", ran.stderr);
    }
}

#[test]
fn two_things_cannot_both_go_to_standard_output() {
    let ran = Program::new(["inspect", &layout("signed"), "--sbom", "-", "--output", "json"]).run();
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
    let unknown = Program::new(["inspect", &layout("signed"), "--sbom", "xml=-"]).run();
    assert!(unknown.stderr.contains("expected table, json or csv"), "{}", unknown.stderr);
}
