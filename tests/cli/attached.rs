//! Evidence where tools and registries really put it: behind a referrers API that fails, as referrers in the older form, and
//! beside documents that nobody signed.

use serde_json::{Map, Value, json};

use crate::program::Program;
use crate::report::{gap_reasons, list};
use crate::shop::{Shop, referrers_path};
use crate::support::image::{Descriptor, IMAGE_INDEX, IMAGE_MANIFEST, Image, Manifest};
use crate::support::registry::{Delivery, Referrers, Response, fault};
use crate::support::repository::fallback_tag;
use crate::support::sigstore::LegacyLayer;
use crate::support::statement::Subject;

const SIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const ATT: &str = "application/vnd.dev.cosign.artifact.att.v1+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";

type Bend = Box<dyn Fn(&mut Response) + Send + Sync>;

/// Answers to the referrers API that are no list, and no "not found".
fn failures() -> Vec<(&'static str, Bend)> {
    let answer = |status: u16, media_type: &'static str, body: &'static str| -> Bend {
        Box::new(move |response| *response = Response::new(status, media_type, body.into()))
    };
    let mut failures: Vec<(&str, Bend)> = vec![
        ("a web page", fault::html()),
        ("an empty body", answer(200, IMAGE_INDEX, "")),
        ("an empty object", answer(200, IMAGE_INDEX, "{}")),
        ("a list", answer(200, "application/json", "[]")),
        ("an error with 200", answer(200, "application/json", r#"{"errors":[{"code":"UNSUPPORTED"}]}"#)),
        ("no list in the index", answer(200, IMAGE_INDEX, r#"{"schemaVersion":2}"#)),
        (
            "a manifest",
            answer(200, IMAGE_INDEX, r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#),
        ),
        ("204", answer(204, "text/plain", "")),
        ("a login page", fault::redirect("http://localhost:1/login")),
        (
            "cut off",
            Box::new(|response| {
                *response = Response::new(200, IMAGE_INDEX, br#"{"schemaVersion":2,"manifests":[]}"#.to_vec());
                response.delivery = Delivery::CutInBody;
            }),
        ),
    ];
    for status in [400, 401, 403, 405, 406, 410, 418, 500, 501, 502] {
        failures.push(("a status", fault::status(status)));
    }
    failures
}

#[test]
fn a307_the_fallback_tag_counts_although_the_referrers_api_fails_and_the_failure_is_listed() {
    for (name, bend) in failures() {
        let served = Shop::with_signature().serve();
        // The registry has a fallback tag, and an API that does not answer as one without it does.
        served.registry.list_referrers(Referrers::Unsupported);
        served.registry.bend(&referrers_path(&served.shop.digest()), bend);
        let checked = served.verify(&["--require", "signature"]).exits(0);
        assert_eq!(gap_reasons(checked.image()).len(), 1, "{name}: {}", checked.text);
        checked.says("referrers of sha256:").says("could not be read");
    }
}

#[test]
fn a307_where_nothing_is_found_elsewhere_a_failed_api_is_undecided_and_never_absent() {
    for (name, bend) in failures() {
        let served = Shop::new().serve();
        served.registry.list_referrers(Referrers::Unsupported);
        served.registry.bend(&referrers_path(&served.shop.digest()), bend);
        let checked = served.verify(&["--require", "signature"]);
        assert_eq!(checked.exit, 3, "{name}: {}", checked.text);
        checked.says("evidence-complete").never_says("is attached");
    }
}

/// Distribution-spec: 404 is the one answer that says that there is no such API, whatever is in its body.
#[test]
fn a307_a_registry_without_the_api_has_no_gap() {
    for code in ["NAME_UNKNOWN", "NOT_FOUND", "MANIFEST_UNKNOWN", "UNSUPPORTED"] {
        for (shop, exit) in [(Shop::with_signature(), 0), (Shop::new(), 4)] {
            let served = shop.serve();
            served.registry.list_referrers(Referrers::Unsupported);
            served.registry.bend(&referrers_path(&served.shop.digest()), move |response| {
                *response = Response::error(404, code);
            });
            let checked = served.verify(&["--require", "signature"]).exits(exit);
            assert_eq!(gap_reasons(checked.image()), Vec::<String>::new(), "{code}");
        }
    }
}

#[test]
fn a_list_is_read_under_a_content_type_that_says_nothing() {
    for useless in ["text/plain; charset=utf-8", "application/octet-stream", "application/json", ""] {
        let served = Shop::with_signature().serve();
        served.registry.bend("referrers/", fault::header("Content-Type", useless));
        let checked = served.verify(&["--require", "signature"]).exits(0);
        assert_eq!(gap_reasons(checked.image()), Vec::<String>::new(), "{useless}");
    }
}

#[test]
fn an_index_without_a_media_type_is_read_under_a_useless_content_type() {
    let mut image = Image::index(&["linux/amd64"]);
    let mut content = image.top.json();
    content.as_object_mut().expect("an object").remove("mediaType");
    image.top = Manifest::new(IMAGE_INDEX, &content);
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    served.registry.bend("/manifests/", fault::header("Content-Type", "application/octet-stream"));
    served.verify(&["--require", "signature"]).exits(0);
}

/// Attaches cosign's older layers as a referrer.
fn attach_legacy(shop: &mut Shop, artifact_type: &str, by_configuration: bool, layers: &[LegacyLayer]) -> Descriptor {
    let described: Vec<Value> = layers
        .iter()
        .map(|layer| {
            shop.repository.push_blob(&layer.bytes);
            let mut described = Descriptor::of(&layer.media_type, &layer.bytes).to_json();
            described["annotations"] = json!(layer.annotations);
            described
        })
        .collect();
    shop.repository.push_blob(b"{}");
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": Descriptor::of("application/vnd.oci.empty.v1+json", b"{}").to_json(),
        "layers": described,
        "subject": shop.top().to_json(),
    });
    if by_configuration {
        manifest["config"]["mediaType"] = json!(artifact_type);
    } else {
        manifest["artifactType"] = json!(artifact_type);
    }
    shop.repository.push_manifest(Manifest::new(IMAGE_MANIFEST, &manifest))
}

#[test]
fn legacy_layers_verify_as_referrers_by_the_rules_of_the_tags() {
    for by_configuration in [false, true] {
        let mut shop = Shop::new();
        let subject = Subject::from(&shop.top());
        let signature = shop.signer().sign_simple(&subject).legacy_layer();
        let provenance = shop.signer().attest(&shop.provenance(&subject)).legacy_layer();
        let sbom = shop.signer().attest(&crate::shop::sbom(&subject)).legacy_layer();
        attach_legacy(&mut shop, SIG, by_configuration, &[signature]);
        attach_legacy(&mut shop, if by_configuration { ATT } else { IN_TOTO }, by_configuration, &[provenance, sbom]);
        for referrers in [Referrers::Listed { page_size: 1 }, Referrers::Unsupported] {
            let served = shop.clone().serve();
            served.registry.list_referrers(referrers);
            served.verify(&[]).exits(0);
        }
    }
}

#[test]
fn a_legacy_referrer_that_is_signed_for_another_image_or_by_another_or_unlogged_does_not_verify() {
    let mut shop = Shop::new();
    let other = Subject::from(&Image::single("linux/arm64").descriptor());
    let subject = Subject::from(&shop.top());
    let for_another = shop.signer().sign_simple(&other).legacy_layer();
    let unlogged = shop.signer().sign_simple(&subject).legacy_layer_with(|layer| {
        layer.annotations.remove("dev.sigstore.cosign/bundle");
    });
    let tampered = shop.signer().sign_simple(&subject).legacy_layer_with(|layer| layer.bytes.push(b' '));
    for layer in [for_another, unlogged, tampered] {
        let mut shop = shop.clone();
        attach_legacy(&mut shop, SIG, true, &[layer]);
        shop.serve().verify(&["--require", "signature"]).exits(1);
    }
    // One good layer among others is enough, as under the tag.
    let good = shop.signer().sign_simple(&subject).legacy_layer();
    let bare = shop.signer().sign_simple(&subject).legacy_layer_with(|layer| layer.annotations.clear());
    attach_legacy(&mut shop, SIG, false, &[bare, good]);
    shop.serve().verify(&["--require", "signature"]).exits(0);
}

/// Puts a document under the `.sbom` tag, as `cosign attach sbom` does.
fn attach_sbom(shop: &mut Shop, media_type: &str) {
    let document = br#"{"spdxVersion":"SPDX-2.3"}"#;
    shop.repository.push_blob(document);
    shop.repository.push_blob(b"{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": Descriptor::of("application/vnd.oci.image.config.v1+json", b"{}").to_json(),
        "layers": [Descriptor::of(media_type, document).to_json()],
    });
    let pushed = shop.repository.push_manifest(Manifest::new(IMAGE_MANIFEST, &manifest));
    let tag = format!("{}.sbom", fallback_tag(&shop.digest()));
    shop.repository.tag(&tag, &pushed);
}

#[test]
fn an_sbom_under_cosigns_tag_is_named_as_present_and_unsigned() {
    for media_type in ["text/spdx+json", "text/spdx", "application/vnd.cyclonedx+json", "application/vnd.syft+json"] {
        let mut shop = Shop::with_signature();
        attach_sbom(&mut shop, media_type);
        let served = shop.serve();
        let inspected = Program::new(["inspect", &served.by_tag(), "--trusted-root", &served.root]).run();
        assert_eq!(inspected.exit, 0, "{}", inspected.stderr);
        for text in [media_type, ".sbom, unsigned: anyone with push access can write it"] {
            assert!(inspected.stdout.contains(text), "{text} is missing in\n{}", inspected.stdout);
        }
        let checked = served.verify(&["--require", "sbom"]).exits(4);
        checked.says(&format!("{media_type} under the .sbom tag (unsigned)")).says("`cosign attest --type ");
        // Nobody asks for it where an SBOM is not wanted or is there.
        served.registry.forget_requests();
        served.verify(&["--require", "signature"]).exits(0);
        served.verify(&["--require", "signature,provenance"]).exits(4);
        assert!(!served.asked().iter().any(|path| path.contains(".sbom")), "{:?}", served.asked());
    }
}

#[test]
fn unsigned_statements_and_sboms_as_referrers_are_named_for_what_they_are_and_count_for_nothing() {
    let statement = crate::shop::sbom(&Subject::from(&Shop::new().top())).to_string();
    for (artifact_type, media_type, shown) in [
        (IN_TOTO, IN_TOTO, IN_TOTO),
        ("application/spdx+json", "application/spdx+json", "application/spdx+json"),
        ("application/vnd.cyclonedx+json", "text/plain", "application/vnd.cyclonedx+json"),
    ] {
        let mut shop = Shop::new();
        let top = shop.top();
        shop.repository.push_blob(statement.as_bytes());
        let layer = Descriptor::of(media_type, statement.as_bytes());
        shop.repository.attach(&top, artifact_type, &[layer], Map::new());
        let checked = shop.serve().verify(&["--require", "sbom"]).exits(4);
        let candidate = &list(&checked.image()["candidates"])[0];
        assert_eq!((&candidate["kind"], &candidate["predicateType"]), (&json!("unsigned"), &json!(shown)));
        checked.says("(unsigned)").never_says("BuildKit");
    }
}

/// Lines of a file: `gh attestation trusted-root` prints one root on each.
#[test]
fn trusted_roots_on_lines_are_domains_of_their_own() {
    let served = Shop::with_signature().serve();
    let line = |text: &str| serde_json::from_str::<Value>(text).expect("JSON").to_string();
    let own = line(&served.shop.sigstore.trusted_root());
    let other = line(&std::fs::read_to_string(crate::fixtures::LAB_ROOT).expect("a fixture"));
    let by = |file: &str| {
        let arguments = ["verify", &served.by_tag(), "--require", "signature", "--trusted-root", file];
        Program::new([&arguments[..], &crate::shop::BY_SIGNER].concat()).run()
    };
    for text in [format!("{other}\n{own}\n"), format!("{own}\r\n\r\n{other}"), format!("{own}\n")] {
        let file = served.scratch.write("roots.jsonl", text);
        let run = by(&file);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    }
    // Of two halves no whole is made: the authority of one root and the logs of the other verify nothing.
    let mut half: Value = serde_json::from_str(&own).expect("JSON");
    half["tlogs"] = serde_json::from_str::<Value>(&other).expect("JSON")["tlogs"].clone();
    half["ctlogs"] = serde_json::from_str::<Value>(&other).expect("JSON")["ctlogs"].clone();
    let mut rest: Value = serde_json::from_str(&other).expect("JSON");
    for member in ["tlogs", "ctlogs"] {
        rest[member] = serde_json::from_str::<Value>(&own).expect("JSON")[member].clone();
    }
    let file = served.scratch.write("roots.jsonl", format!("{half}\n{rest}\n"));
    assert_eq!(by(&file).exit, 1);
    let broken = served.scratch.write("roots.jsonl", format!("{own}\n{{\n"));
    assert!(by(&broken).usage_error().contains("roots.jsonl line 2"));
    let policy = served.scratch.write(
        "policy.yaml",
        "{version: 1, images: [{match: '**', signers: [{github: acme/shop}], require: [signature], trust: [./two.jsonl]}]}",
    );
    served.scratch.write("two.jsonl", format!("{own}\n{other}\n"));
    let run = Program::new(["verify", &served.by_tag(), "--policy", &policy]).run();
    assert!(run.usage_error().contains("one on each line"));
}
