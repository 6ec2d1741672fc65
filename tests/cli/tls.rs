//! Registries with TLS: authorities of one's own, and client certificates, which go to registries alone.

use crate::program::{Checked, Program, bonafide, verify_in};
use crate::report::gap_reasons;
use crate::shop::{BY_SIGNER, NAME, Served, Shop, TAG};
use crate::support::digest::oci_digest;
use crate::support::registry::{Registry, fault};
use crate::support::tls::{Client, Front, file};

/// Verifies the image behind a front.
#[track_caller]
fn verify(served: &Served, front: &Front, arguments: &[&str]) -> Checked {
    let reference = format!("127.0.0.1:{}/{NAME}:{TAG}", front.port());
    let trust = ["--trusted-root", served.root.as_str(), "--require", "signature"];
    let direct = |program: Program| program.env("NO_PROXY", "127.0.0.1,localhost");
    verify_in(&[&[&reference], &BY_SIGNER, &trust, arguments], direct)
}

#[test]
fn a_client_certificate_is_shown_to_a_registry_that_asks_for_one() {
    let served = Shop::with_signature().serve();
    let front = Front::start(&served.registry.host(), Client::Must);
    let (authority, certificate, key) = (file("authority.pem"), file("client.pem"), file("client.key"));
    let trusted = ["--ca-file", &authority];
    let refused = verify(&served, &front, &trusted).exits(3);
    assert_eq!(gap_reasons(refused.image()), ["connection"]);
    refused.says("asks for a client certificate that it accepts").says("`--client-cert FILE`");
    let shown = ["--client-cert", &certificate, "--client-key", &key];
    verify(&served, &front, &[&trusted[..], &shown].concat()).exits(0);
    let both = served.scratch.write(
        "both.pem",
        [key.as_str(), &certificate].map(|name| std::fs::read_to_string(name).expect("a fixture")).concat(),
    );
    verify(&served, &front, &[&trusted[..], &["--client-cert", &both]].concat()).exits(0);
    assert!(front.shown().iter().all(|shown| *shown), "{:?}", front.shown());
}

#[test]
fn a_client_certificate_is_not_shown_where_a_registry_sends_the_client() {
    let shop = Shop::with_signature();
    let store = Registry::serving(NAME, shop.repository.clone());
    let elsewhere = Front::start(&store.host(), Client::May);
    let served = shop.serve();
    let front = Front::start(&served.registry.host(), Client::Must);
    let target = format!("https://localhost:{}/v2/{NAME}/blobs", elsewhere.port());
    served.registry.bend("/blobs/", move |response| {
        let digest = oci_digest(&response.body);
        fault::redirect(&format!("{target}/{digest}"))(response);
    });
    let (authority, certificate, key) = (file("authority.pem"), file("client.pem"), file("client.key"));
    let arguments = ["--ca-file", &authority, "--client-cert", &certificate, "--client-key", &key];
    verify(&served, &front, &arguments).exits(0);
    assert!(front.shown().iter().all(|shown| *shown));
    assert!(!elsewhere.shown().is_empty() && elsewhere.shown().iter().all(|shown| !shown), "{:?}", elsewhere.shown());
}

#[test]
fn a_client_certificate_that_cannot_be_used_is_a_usage_error() {
    let (certificate, key, server) = (file("client.pem"), file("client.key"), file("server.pem"));
    let run = |arguments: &[&str]| {
        bonafide(&[&["verify", "registry.example/acme/shop:1", "--repo", "acme/shop"], arguments].concat())
            .usage_error()
    };
    assert!(run(&["--client-cert", &certificate]).contains("`--client-key`"));
    assert!(run(&["--client-cert", &key]).contains("expected a certificate"));
    assert!(
        run(&["--client-cert", &certificate, "--client-key", &server])
            .contains("the client certificate cannot be used")
    );
    assert!(run(&["--client-key", &key]).contains("--client-cert"));
    assert!(run(&["--client-cert", "/nowhere.pem", "--client-key", &key]).contains("/nowhere.pem"));
}

#[test]
fn an_authority_that_is_not_trusted_is_named_with_the_flag_that_trusts_it() {
    let served = Shop::with_signature().serve();
    let front = Front::start(&served.registry.host(), Client::May);
    // Without certificates of one's own, loopback is spoken to in the clear: here a name stands for it.
    let other = served.scratch.write("other.pem", std::fs::read(file("client.pem")).expect("a fixture"));
    let checked = verify(&served, &front, &["--ca-file", &other]).exits(3);
    assert_eq!(gap_reasons(checked.image()), ["certificate"]);
    checked.says("is from an authority that is not trusted").says("`--ca-file FILE`");
}
