//! `bonafide verify` by a policy from a web server, a registry or a layout: by digest, or not at all (A262).

use crate::fixtures::{LAB_ROOT, image};
use crate::program::{Run, bonafide, verify};
use crate::support::digest::sha256_hex;
use crate::support::image::Descriptor;
use crate::support::registry::{Registry, Response};
use crate::support::repository::Repository;

const AS: [&str; 2] = ["--as", "registry.acme.example/shop:1.0.0"];
const ROOT: [&str; 2] = ["--trusted-root", LAB_ROOT];
const POLICY: &str =
    "{version: 1, images: [{match: registry.acme.example/shop, signers: [{github: acme/shop}], require: [signature]}]}";

fn serving(bytes: &'static str) -> Registry {
    let server = Registry::start();
    server.bend_when(
        |request| request.path == "/policies/shop.yaml",
        move |response| *response = Response::new(200, "text/plain", bytes.as_bytes().to_vec()),
    );
    server
}

fn address(server: &Registry) -> String {
    format!("{}/policies/shop.yaml@sha256:{}", server.url(), sha256_hex(POLICY.as_bytes()))
}

fn run(policy: &str, more: &[&str]) -> Run {
    bonafide(&[&["verify", &image("signed"), "--policy", policy], &ROOT[..], &AS, more].concat())
}

#[test]
fn a_policy_of_a_web_server_is_taken_by_its_digest() {
    let server = serving(POLICY);
    let checked = verify(&[&[&image("signed")], &ROOT, &["--policy", &address(&server)], &AS]).exits(0);
    assert_eq!(checked.report["policy"]["source"], address(&server));
    assert_eq!(checked.report["policy"]["sha256"], sha256_hex(POLICY.as_bytes()));
    assert_eq!(checked.report["network"]["requests"], 1, "read once");
    verify(&[&[&image("other-signer")], &ROOT, &["--policy", &address(&server)], &AS]).exits(1);
}

#[test]
fn a262_a_policy_that_was_changed_is_none() {
    let server = serving("{version: 1, images: [{match: '**', signers: [{github: evil/shop}], require: [signature]}]}");
    let message = run(&address(&server), &[]).usage_error();
    assert!(message.contains("the policy is not the one that was named"), "{message}");
}

#[test]
fn a262_an_error_page_is_no_policy() {
    let server = Registry::start();
    let ran = run(&address(&server), &[]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("the policy could not be read"), "{}", ran.stderr);
}

#[test]
fn a_policy_without_a_digest_and_one_with_offline_are_refused_before_anybody_is_asked() {
    let server = serving(POLICY);
    let without = format!("{}/policies/shop.yaml", server.url());
    assert!(run(&without, &[]).usage_error().contains("without a digest"));
    assert!(run(&address(&server), &["--offline"]).usage_error().contains("--offline"));
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_policy_from_elsewhere_names_no_files() {
    const KEY: &str = "{version: 1, images: [{match: '**', signers: [{key: /etc/hostname}], require: [signature]}]}";
    const TRUST: &str = "{version: 1, trust: [./root.json], images: [{match: '**', signers: [{github: acme/shop}], require: [signature]}]}";
    for (policy, said) in [(KEY, "write the key out as `pem`"), (TRUST, "cannot name files")] {
        let server = serving(policy);
        let address = format!("{}/policies/shop.yaml@sha256:{}", server.url(), sha256_hex(policy.as_bytes()));
        let message = run(&address, &[]).usage_error();
        assert!(message.contains(said), "{message}");
    }
}

/// An artifact as `oras push` makes it, of these layers.
fn pushed(layers: &[&str]) -> (Registry, String) {
    let mut repository = Repository::new();
    let layers: Vec<Descriptor> = layers
        .iter()
        .map(|text| {
            repository.push_blob(text.as_bytes());
            Descriptor::of("application/yaml", text.as_bytes())
        })
        .collect();
    let nothing = Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"nothing");
    let manifest = repository.attach(&nothing, "application/vnd.acme.policy", &layers, serde_json::Map::new());
    let server = Registry::serving("acme/policy", repository);
    let reference = format!("docker://{}", server.reference("acme/policy", &manifest.digest));
    (server, reference)
}

#[test]
fn a_policy_of_a_registry_is_an_artifact_with_one_layer() {
    let (_server, reference) = pushed(&[POLICY]);
    verify(&[&[&image("signed")], &ROOT, &["--policy", &reference], &AS]).exits(0);
    let (_server, reference) = pushed(&[POLICY, POLICY]);
    assert!(run(&reference, &[]).usage_error().contains("one layer"));
}
