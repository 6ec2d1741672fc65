//! Text that signers, builders and registries write, on its way to terminals, files and logs of CI (A269, A270).

use serde_json::json;

use crate::fixtures::{LAB_ROOT, image};
use crate::program::{Checked, Program, Scratch, bonafide};
use crate::report::{candidate, list, word};
use crate::shop::{NAME, REFERENCE, SIGNER, Shop, TAG, WORKFLOW, sbom};
use crate::support::image::{Descriptor, Image};
use crate::support::registry::{Response, fault};
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Version};
use crate::support::statement::{Build, Subject};

/// A colour, a cursor movement, a command to GitHub Actions, a text direction, a character of no width, a line separator.
const HOSTILE: &str = "x\u{1b}[32mverified\u{1b}[1A\n::set-output name=ok::1\r\u{202e}live\u{200b}\u{2028}\u{7}";
/// The part of it that fits where only ASCII is allowed.
const HOSTILE_ASCII: &str = "x\u{1b}[32mverified\u{1b}[1A\n::error file=a::b\r\u{7}";

fn is_hostile(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Asserts that no output holds a character that does something, nor a line that begins a command.
#[track_caller]
fn assert_harmless(text: &str) {
    let found = text.chars().find(|character| is_hostile(*character));
    assert_eq!(found, None, "{text}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
}

/// Asserts the same of both reports, and that JSON has kept what was said.
#[track_caller]
fn harmless(checked: Checked) -> Checked {
    assert_harmless(&checked.text);
    assert_harmless(&checked.json);
    checked
}

#[test]
fn a270_a_hostile_identity_is_shown_as_it_is_and_does_nothing() {
    let mut shop = Shop::new();
    let top = shop.top();
    for identity in [
        Identity::email(HOSTILE_ASCII, "https://accounts.example"),
        Identity::uri(&format!("https://acme.example/{HOSTILE_ASCII}"), "https://accounts.example"),
        Identity::uri("https://acme.example/a", HOSTILE_ASCII),
    ] {
        let signed = shop.sigstore.sign_image(&identity, &Subject::from(&top));
        shop.attach(&top, &signed);
    }
    let checked = harmless(shop.serve().verify(&["--require", "signature", "-v"]));
    assert_eq!(checked.exit, 1, "{}", checked.text);
    assert_eq!(list(&checked.image()["candidates"]).len(), 3);
}

#[test]
fn a270_hostile_claims_are_escaped_where_they_are_compared() {
    let mut shop = Shop::new();
    let top = shop.top();
    let identity = Identity::github_workflow(NAME, WORKFLOW, REFERENCE).claim(6, HOSTILE).claim(14, HOSTILE);
    let signed = shop.sigstore.sign_image(&identity, &Subject::from(&top));
    shop.attach(&top, &signed);
    let pinned = ["--require", "signature", "--repo", NAME, "--source-ref", REFERENCE];
    let checked = harmless(shop.serve().verify(&pinned)).exits(1);
    let claims = &candidate(checked.image(), "signature")["signer"]["claims"];
    assert_eq!(claims["sourceRepositoryRef"], HOSTILE, "JSON keeps every character");
    checked.says("found     x\\u{1b}[32mverified\\u{1b}[1A\\u{a}::set-output");
}

#[test]
fn a230_hostile_provenance_and_sbom_are_escaped() {
    let mut shop = Shop::new();
    let top = shop.top();
    let subject = Subject::from(&top);
    let build = Build { builder: HOSTILE.into(), ..shop.build.clone() };
    let provenance = crate::support::statement::slsa_v1(&subject, &build);
    let mut sbom = sbom(&subject);
    sbom["predicate"]["name"] = json!(HOSTILE);
    sbom["predicate"]["packages"][0]["name"] = json!(HOSTILE);
    sbom["predicate"]["creationInfo"]["creators"] = json!([format!("Tool: {HOSTILE}")]);
    for statement in [provenance, sbom] {
        let signed = shop.signer().attest(&statement);
        shop.attach(&top, &signed);
    }
    let checked = harmless(shop.serve().verify(&["--require", "provenance,sbom", "-v"])).exits(0);
    let image = checked.image();
    assert_eq!(candidate(image, "provenance")["provenance"]["builder"], HOSTILE);
    assert_eq!(candidate(image, "sbom")["sbom"]["name"], HOSTILE);
    assert_eq!(candidate(image, "sbom")["sbom"]["creators"], json!([format!("Tool: {HOSTILE}")]));
}

#[test]
fn a269_hostile_annotations_and_types_are_escaped() {
    let image =
        Image::index(&["linux/amd64"]).with_unsigned_statements(&json!({"predicateType": HOSTILE, "predicate": {}}));
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let layer = Descriptor::of(HOSTILE, b"x");
    shop.repository.push_blob(b"x");
    shop.repository.attach(&top, HOSTILE, &[layer], serde_json::Map::new());
    let signed = shop.signer().attest(&crate::support::statement::statement(&Subject::from(&top), HOSTILE, json!({})));
    shop.attach(&top, &signed);
    let checked = harmless(shop.serve().verify(&["-v"])).exits(4);
    let all = list(&checked.image()["candidates"]);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|one| one["predicateType"] == HOSTILE), "JSON keeps every character: {all:#?}");
}

#[test]
fn a269_what_a_registry_says_is_escaped_and_short() {
    let served = Shop::with_signature().serve();
    let message = format!("{HOSTILE}{}", "a".repeat(5000));
    let body = json!({"errors": [{"code": HOSTILE, "message": message}]}).to_string().into_bytes();
    for status in [403, 429, 500] {
        served.registry.mend();
        let body = body.clone();
        served.registry.bend("/manifests/", move |response| {
            *response = Response::new(status, "application/json", body.clone());
            response.set_header("Retry-After", "3600");
        });
        let checked = harmless(served.verify(&["-v"])).exits(3);
        assert!(checked.text.len() < 2000, "{}", checked.text);
    }
}

#[test]
fn a269_hostile_headers_are_escaped() {
    for (name, value) in [
        ("Content-Type", "text/x\u{9b}31m"),
        ("Location", "http://127.0.0.1:1/\u{9b}31m"),
        ("WWW-Authenticate", "Bearer realm=\"\u{9b}31m\""),
    ] {
        let served = Shop::with_signature().serve();
        let status = match name {
            "Location" => 307,
            "WWW-Authenticate" => 401,
            _ => 200,
        };
        served.registry.bend(&format!("/manifests/{TAG}"), fault::header(name, value));
        served.registry.bend(&format!("/manifests/{TAG}"), move |response| response.status = status);
        harmless(served.verify(&["-v"]));
    }
}

#[test]
fn hostile_platforms_and_tags_of_a_layout_are_escaped() {
    let image = Image::index(&["linux/amd64"]).bent(|index| {
        index["manifests"][0]["platform"]["os"] = json!(HOSTILE);
        let mut second = index["manifests"][0].clone();
        second["platform"]["os"] = json!("linux");
        index["manifests"].as_array_mut().expect("a list").push(second);
    });
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let layout = crate::program::Scratch::new();
    shop.repository.tag(HOSTILE, &top);
    shop.repository.write_layout(layout.directory());
    let served = shop.serve();
    harmless(served.verify(&["--require", "signature"])).exits(0);
    harmless(served.verify(&["--require", "signature", "--platform", "plan9/386"])).exits(3);
    let missing = format!("oci:{}:missing", layout.directory().display());
    harmless(served.verify_reference(&missing, &[])).exits(3);
}

#[test]
fn hostile_arguments_are_escaped_in_errors() {
    for arguments in [
        vec!["verify", HOSTILE, "--repo", "acme/shop"],
        vec!["verify", "ghcr.io/acme/shop", "--repo", HOSTILE],
        vec!["verify", "ghcr.io/acme/shop", "--certificate-identity", HOSTILE],
        vec!["verify", "ghcr.io/acme/shop", "--repo", "acme/shop", "--trusted-root", HOSTILE],
        vec!["verify", "ghcr.io/acme/shop", "--repo", "acme/shop", "--require", HOSTILE],
        vec!["verify", "ghcr.io/acme/shop", "--repo", "acme/shop", "--expect-digest", HOSTILE],
        vec!["verify", "ghcr.io/acme/shop", "--repo", "acme/shop", "--timeout", HOSTILE],
        vec!["explain", HOSTILE],
    ] {
        let run = bonafide(&arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
        assert_harmless(&run.stderr);
    }
}

#[test]
fn a_hostile_identity_can_be_asked_for_and_is_escaped_where_it_is_expected() {
    let served = Shop::with_signature().serve();
    let trust = ["--trusted-root", &served.root, "--require", "signature"];
    let by = ["--certificate-identity", HOSTILE, "--certificate-oidc-issuer", GITHUB_ACTIONS];
    let checked = harmless(crate::program::verify(&[&[&served.by_tag()], &by, &trust])).exits(1);
    let image = checked.image();
    let finding = crate::report::finding(crate::report::requirement(image, "signature"), "signer-identity");
    assert_eq!((word(&finding["expected"]), word(&finding["found"])), (HOSTILE, SIGNER));
}

#[test]
fn a_hostile_bundle_is_refused_with_a_harmless_reason() {
    let mut shop = Shop::new();
    let top = shop.top();
    let signed = shop.signature(&top);
    let texts = [
        HOSTILE.to_owned(),
        format!(r#"{{"mediaType":{}}}"#, json!(HOSTILE)),
        signed.bundle_with(Version::V03, |bundle| bundle[HOSTILE] = json!(1)).to_string(),
        signed.bundle_with(Version::V03, |bundle| bundle["dsseEnvelope"]["payloadType"] = json!(HOSTILE)).to_string(),
    ];
    for text in &texts {
        let layer = Descriptor::of("application/vnd.dev.sigstore.bundle.v0.3+json", text.as_bytes());
        shop.repository.push_blob(text.as_bytes());
        let layers = [layer.clone()];
        shop.repository.attach(&top, &layer.media_type, &layers, serde_json::Map::new());
    }
    let checked = harmless(shop.serve().verify(&["--require", "signature", "-v"]));
    assert_eq!(checked.exit, 1, "{}", checked.text);
}

/// The runners of GitHub and Azure take `##[` for a command anywhere in a line; JSON may hold any character in a string.
#[cfg(unix)]
#[test]
fn a269_every_json_is_filtered() {
    let scratch = Scratch::new();
    let name = "##[error]\u{202e}\u{9b}.yaml";
    let policy = "version: 1\nimages:\n- match: '**'\n  signers: [{github: {repository: acme/shop, ref: 'refs/tags/v*'}}]\n  require: [signature]\n";
    scratch.write(name, policy);
    scratch.write("root", std::fs::read(LAB_ROOT).expect("the lab's root"));
    std::fs::copy(LAB_ROOT, scratch.path("##[\u{202e}root")).expect("the lab's root");
    let image = image("signed").replace("oci:", concat!("oci:", env!("CARGO_MANIFEST_DIR"), "/"));
    for command in [
        vec!["policy", "check", name],
        vec!["doctor", "--policy", "##[\u{202e}\u{9b}"],
        vec!["policy", "preview", "--policy", name, "--against", name, "--offline", "--trusted-root", "root", &image],
        vec!["trust", "show", "--trusted-root", "##[\u{202e}root"],
    ] {
        let run = Program::new([&command[..], &["--output", "json"]].concat()).within(scratch.directory()).run();
        assert_harmless(&run.stdout);
        assert!(!run.stdout.contains("##["), "{command:?}: {}", run.stdout);
        let value: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert!(value.to_string().contains("##["), "{command:?}: {value}");
    }
}
