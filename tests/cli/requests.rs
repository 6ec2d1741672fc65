//! What is asked of a registry: each thing once, no more than needed, and counted to the byte.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{list, word};
use crate::shop::{NAME, Served, Shop, TAG, referrers_path, sbom, tag_path};
use crate::support::image::Image;
use crate::support::registry::{Referrers, Registry, fault};
use crate::support::statement::{Subject, spdx_23};

/// Counts the bytes of all bodies that a registry sends from now on.
fn count_bytes(registry: &Registry) -> Arc<AtomicUsize> {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    registry.bend("", move |response| {
        counter.fetch_add(response.body.len(), Ordering::SeqCst);
    });
    sent
}

/// The requests of a run, each with how often it was made.
fn counted(served: &Served) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for path in served.asked() {
        *counts.entry(path).or_default() += 1;
    }
    counts
}

/// The paths that three bundles as referrers take: the tag, four lists, three manifests, three blobs.
fn expected_paths(served: &Served) -> Vec<String> {
    let digest = served.shop.digest();
    let mut paths = vec![
        format!("manifests/{TAG}"),
        referrers_path(&digest),
        tag_path(&digest, ""),
        tag_path(&digest, ".sig"),
        tag_path(&digest, ".att"),
    ];
    for manifest in &served.shop.repository.manifests {
        let content = manifest.json();
        if content["subject"]["digest"] == digest {
            paths.push(format!("manifests/{}", manifest.descriptor().digest));
            paths.push(format!("blobs/{}", content["layers"][0]["digest"].as_str().expect("one layer")));
        }
    }
    paths.sort();
    paths
}

#[test]
fn three_bundles_take_eleven_requests_each_made_once() {
    for referrers in [Referrers::Listed { page_size: 100 }, Referrers::Unsupported] {
        let served = Shop::with_bundles().serve();
        served.registry.list_referrers(referrers);
        let sent = count_bytes(&served.registry);
        let checked = served.verify(&[]).exits(0);
        let mut asked = served.asked();
        asked.sort();
        assert_eq!(asked, expected_paths(&served));
        assert_eq!(asked.len(), 11);
        assert!(served.registry.requests().iter().all(|request| request.method == "GET" && request.body.is_empty()));
        let expected = json!({
            "requests": 11,
            "bytes": sent.load(Ordering::SeqCst),
            "hosts": [served.registry.host()],
        });
        assert_eq!(checked.report["network"], expected);
    }
}

/// A shop whose SBOM lists so many packages that its bundle is larger than is fetched at once; and that bundle's path.
fn with_large_sbom() -> (Shop, String) {
    let mut shop = Shop::with_signature();
    let top = shop.top();
    let names: Vec<String> = (0..8000).map(|number| format!("package-{number:05}")).collect();
    let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let signed = shop.signer().attest(&spdx_23(&Subject::from(&top), &packages));
    let manifest = shop.attach(&top, &signed);
    let layer = shop.repository.manifest(&manifest.digest).expect("just pushed").json()["layers"][0].clone();
    assert!(layer["size"].as_u64().expect("a size") > 1 << 20);
    let path = format!("blobs/{}", layer["digest"].as_str().expect("a digest"));
    (shop, path)
}

#[test]
fn a_large_sbom_is_not_fetched_for_a_requirement_that_the_signature_satisfies() {
    let (shop, large) = with_large_sbom();
    let served = shop.serve();
    let checked = served.verify(&["--require", "signature"]).exits(0);
    assert_eq!(served.times_asked(&large), 0);
    let unread: Vec<_> =
        list(&checked.image()["candidates"]).iter().filter(|candidate| candidate["kind"] == "unread").collect();
    assert_eq!((unread.len(), &unread[0]["accepted"]), (1, &json!(false)), "what was left is named");
    checked.says("not read").says("bytes, not fetched");
    served.registry.forget_requests();
    served.verify(&["--require", "signature,sbom"]).exits(0).never_says("not read");
    assert_eq!(served.times_asked(&large), 1);
}

#[test]
fn nothing_large_is_left_where_something_is_missing() {
    let (shop, large) = with_large_sbom();
    let served = shop.serve();
    let checked = served.verify(&["--require", "signature,provenance"]).exits(4);
    assert_eq!(served.times_asked(&large), 1, "it could have been the provenance");
    checked.never_says("not read");
    served.registry.bend(&large, fault::status(500));
    served.verify(&["--require", "signature"]).exits(0);
    served.verify(&["--require", "sbom"]).exits(3);
}

#[test]
fn the_tag_is_asked_for_first_and_never_again() {
    let served = Shop::with_bundles().serve();
    served.verify(&[]).exits(0);
    assert_eq!(served.asked()[0], format!("manifests/{TAG}"));
    assert_eq!(served.times_asked(&format!("manifests/{TAG}")), 1);
    assert_eq!(
        served.times_asked(&format!("manifests/{}", served.shop.digest())),
        0,
        "the tag's answer was the manifest"
    );
}

#[test]
fn legacy_evidence_takes_eight_requests() {
    let served = Shop::with_legacy().serve();
    served.verify(&[]).exits(0);
    // The tag, four lists, the payload of the signature, two envelopes.
    assert_eq!(served.asked().len(), 8);
    assert!(counted(&served).values().all(|times| *times == 1), "{:?}", counted(&served));
}

#[test]
fn an_unsigned_image_takes_five_requests_and_one_for_an_sbom_that_was_never_signed() {
    let served = Shop::new().serve();
    let checked = served.verify(&[]).exits(4);
    assert_eq!(served.asked().len(), 6);
    assert_eq!(checked.report["network"]["requests"], 6);
    assert_eq!(
        served.asked()[5],
        tag_path(&served.shop.digest(), ".sbom"),
        "the last, and only where an SBOM is missing"
    );
}

#[test]
fn evidence_on_the_index_leaves_the_platforms_alone() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    served.verify(&["--require", "signature"]).exits(0);
    for platform in ["linux/amd64", "linux/arm64"] {
        let hex = served.shop.image.platform(platform).digest.replace("sha256:", "");
        assert!(!served.asked().iter().any(|path| path.contains(&hex)), "{platform}: {:?}", served.asked());
    }
}

#[test]
fn one_blob_that_two_lists_name_is_fetched_once() {
    let mut shop = Shop::with_signature();
    let top = shop.top();
    // The same bundle under another manifest.
    let manifest = shop.repository.referrers(&top.digest)[0].clone();
    let content = shop.repository.manifest(manifest["digest"].as_str().expect("a digest")).expect("there").json();
    let layer = &content["layers"][0];
    let blob = shop.repository.blobs[layer["digest"].as_str().expect("a digest")].clone();
    let bundle: Value = serde_json::from_slice(&blob).expect("a bundle");
    let mut annotated = serde_json::Map::new();
    annotated.insert("copy".into(), json!("1"));
    let layer = crate::support::image::Descriptor::of(bundle["mediaType"].as_str().expect("a type"), &blob);
    shop.repository.attach(&top, "application/vnd.dev.sigstore.bundle.v0.3+json", &[layer], annotated);
    let served = shop.serve();
    let checked = served.verify(&["--require", "signature"]).exits(0);
    assert_eq!(list(&checked.image()["candidates"]).len(), 2);
    assert!(counted(&served).values().all(|times| *times == 1), "{:?}", counted(&served));
}

#[test]
fn two_references_share_one_count() {
    let served = Shop::with_bundles().serve();
    let digest = served.by_digest();
    let checked = served.verify(&[&digest]).exits(0);
    assert_eq!(checked.report["network"]["requests"], json!(served.registry.requests().len()));
    assert_eq!(list(&checked.report["images"]).len(), 2);
}

#[test]
fn what_several_references_share_is_fetched_once() {
    let mut shop = Shop::with_bundles();
    let top = shop.top();
    shop.repository.tag("latest", &top);
    let served = shop.serve();
    let latest = served.registry.reference(NAME, "latest");
    let checked = served.verify(&[&latest, &served.by_digest()]).exits(0);
    assert_eq!(list(&checked.report["images"]).len(), 3);
    let twice: Vec<String> =
        counted(&served).into_iter().filter(|(_, times)| *times > 1).map(|(path, _)| path).collect();
    // What may change is asked for each image: the four lists of its one digest.
    assert_eq!(twice.len(), 4, "{twice:?}");
    assert!(twice.iter().all(|path| path.contains("referrers/") || path.contains("manifests/sha256-")), "{twice:?}");
}

/// A shop under several names: what one repository has says nothing of another, so each is asked.
fn branches(count: usize) -> (Served, Vec<String>) {
    let served = Shop::with_bundles().serve();
    let repository = served.shop.repository.clone();
    let names: Vec<String> = (0..count).map(|number| format!("acme/branch-{number}")).collect();
    for name in &names {
        served.registry.edit(name, |content| *content = repository.clone());
    }
    let references = names.iter().map(|name| served.registry.reference(name, TAG)).collect();
    (served, references)
}

/// The registry answers the first requests for tags only once there are three of them: who asked for one image after the other
/// would wait in vain.
#[test]
fn several_images_are_examined_at_once_and_reported_in_the_order_asked() {
    let (served, references) = branches(40);
    let together = Arc::new(Barrier::new(3));
    served.registry.bend_first(3, &format!("manifests/{TAG}"), move |_| {
        together.wait();
    });
    // The last to be answered is the first to be reported.
    served.registry.bend("acme/branch-0/manifests/", fault::delayed(Duration::from_millis(200)));
    let others: Vec<&str> = references[1..].iter().map(String::as_str).collect();
    let checked = served.verify_reference(&references[0], &others).exits(0);
    let reported: Vec<&str> = list(&checked.report["images"]).iter().map(|image| word(&image["reference"])).collect();
    assert_eq!(reported, references);
}

/// Each image has its own answer, whatever the others have.
#[test]
fn an_image_that_cannot_be_read_leaves_the_others_alone() {
    let (served, references) = branches(14);
    served.registry.bend("acme/branch-3/manifests/1", fault::status(500));
    served.registry.bend("acme/branch-5/referrers/", fault::status(403));
    served.registry.bend("acme/branch-7/manifests/1", fault::html());
    let others: Vec<&str> = references[1..].iter().map(String::as_str).collect();
    let checked = served.verify_reference(&references[0], &others).exits(3);
    for (number, image) in list(&checked.report["images"]).iter().enumerate() {
        assert_eq!(image["verdict"] == "verified", ![3, 5, 7].contains(&number), "{number}: {image}");
    }
}

/// A cached verdict would be keyed by what somebody forgot to put in the key.
#[test]
fn a278_a_verdict_is_kept_nowhere() {
    let served = Shop::with_signature().serve();
    let signature = ["--require", "signature"];
    served.verify(&signature).exits(0);
    served.verify(&["--require", "signature,sbom"]).exits(4);
    served.verify(&["--require", "signature", "--expect-digest", &format!("sha256:{}", "0".repeat(64))]).exits(1);
    let other = Shop::with_signature().serve();
    let foreign = ["--trusted-root", other.root.as_str(), "--require", "signature"];
    crate::program::verify(&[&[&served.by_tag()], &crate::shop::BY_SIGNER, &foreign]).exits(1);
    let bare = Shop::new();
    served.registry.edit(NAME, |content| *content = bare.repository.clone());
    served.verify(&signature).exits(4);
}

#[test]
fn no_layer_of_the_image_is_ever_fetched() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    let top = shop.top();
    let signed = shop.signer().attest(&sbom(&Subject::from(&top)));
    shop.attach(&top, &signed);
    let served = shop.serve();
    served.verify(&[]).exits(4);
    let layers: Vec<String> = served
        .shop
        .image
        .platforms
        .iter()
        .flat_map(|(_, manifest)| list(&manifest.json()["layers"]).to_vec())
        .map(|layer| format!("/v2/{NAME}/blobs/{}", layer["digest"].as_str().expect("a digest")))
        .collect();
    assert!(layers.iter().all(|layer| !served.registry.paths().contains(layer)));
}
