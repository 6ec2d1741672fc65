//! Registries that lie: about digests, lists, sizes and types. The number of each test is its row in the table of hostile
//! inputs. Wherever it can be, everything else about the image is good, so that nothing else keeps it from verifying.

use serde_json::{Map, Value, json};

use crate::program::Checked;
use crate::report::{candidate, gap_reasons, list, word};
use crate::shop::{NAME, Served, Shop, TAG, referrers_path};
use crate::support::image::{Descriptor, IMAGE_INDEX, Image, Manifest};
use crate::support::json::base64;
use crate::support::registry::{Delivery, Referrers, Response, fault};
use crate::support::sigstore::Version;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGNATURE: [&str; 2] = ["--require", "signature"];

#[track_caller]
fn check(served: &Served) -> Checked {
    served.verify(&SIGNATURE)
}

/// Asserts that the image could not be read, for this reason.
#[track_caller]
fn undecided(checked: Checked, reason: &str) -> Checked {
    let checked = checked.exits(3).never_says("is attached");
    let reasons = gap_reasons(checked.image());
    assert!(reasons.contains(&reason), "{reasons:?}\n{}", checked.text);
    checked
}

/// Asserts that the image's own manifest was refused, for this reason.
#[track_caller]
fn rejected(checked: Checked, reason: &str) -> Checked {
    let checked = checked.exits(1).never_says("is attached");
    let reasons = gap_reasons(checked.image());
    assert!(reasons.contains(&reason), "{reasons:?}\n{}", checked.text);
    checked
}

/// An image of these bytes, signed all the same.
fn signed_image(image: Image) -> Shop {
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    shop
}

/// An image whose manifest is bent, signed all the same.
fn signed_bent(bend: impl FnOnce(&mut Value)) -> Shop {
    signed_image(Image::single("linux/amd64").bent(bend))
}

#[test]
fn a003_another_body_under_the_right_digest_is_not_the_image() {
    let mut shop = Shop::with_signature();
    let other = Image::single_containing("something else", "linux/amd64");
    shop.repository.push(&other);
    let served = shop.serve();
    // The header goes on saying what was asked for.
    let digest = served.shop.digest();
    served.registry.bend(&format!("/manifests/{digest}"), fault::body(&other.top.bytes));
    let checked = undecided(served.verify_reference(&served.by_digest(), &SIGNATURE), "corrupt");
    checked.says(&other.digest()).says("do not use this image until that is explained");
}

#[test]
fn a005_a006_the_digest_header_is_ignored() {
    let sha512 = format!("sha512:{}", "0".repeat(128));
    for header in ["", "sha256:12", "garbage", &sha512, &format!("sha256:{}", "0".repeat(64))] {
        let served = Shop::with_signature().serve();
        served.registry.bend("/v2/", fault::header("Docker-Content-Digest", header));
        let checked = check(&served).exits(0);
        assert_eq!(checked.image()["pinned"], served.pinned(), "{header:?}");
    }
    let served = Shop::with_signature().serve();
    let twice = |response: &mut Response| {
        let digest = format!("sha256:{}", "0".repeat(64));
        response.headers.push(("Docker-Content-Digest".into(), digest));
    };
    served.registry.bend("/v2/", twice);
    assert_eq!(check(&served).exits(0).image()["pinned"], served.pinned());
}

#[test]
fn a007_a_manifest_that_never_ends_is_cut_off_at_the_limit() {
    let served = Shop::with_signature().serve();
    served.registry.bend(&format!("/manifests/{TAG}"), fault::delivered(Delivery::Endless));
    let checked = undecided(check(&served), "limit");
    let bytes = checked.report["network"]["bytes"].as_u64().expect("a number");
    assert!((4 << 20..5 << 20).contains(&bytes), "4 MiB, and one piece more: {bytes}");
    checked.says("expected at most 4194304 bytes, found more");
}

#[test]
fn a007_a_length_that_lies_gains_nothing() {
    for (length, reason) in [("10", "corrupt"), ("100000", "connection"), ("10000000000", "limit")] {
        let served = Shop::with_signature().serve();
        served.registry.bend(&format!("/manifests/{TAG}"), fault::header("Content-Length", length));
        undecided(check(&served), reason);
    }
}

#[test]
fn a_bundle_that_never_ends_is_cut_off_at_its_size() {
    let served = Shop::with_signature().serve();
    served.registry.bend("/blobs/", fault::delivered(Delivery::Endless));
    let checked = undecided(check(&served), "corrupt");
    let size = served.shop.repository.blobs.values().map(Vec::len).max().expect("the bundle is the largest blob");
    let bytes = checked.report["network"]["bytes"].as_u64().expect("a number");
    assert!(bytes < (1 << 20), "{bytes}");
    checked.says(&format!("expected {size} bytes as its descriptor says, found more"));
}

#[test]
fn a_bundle_that_says_it_is_huge_is_never_asked_for() {
    let mut shop = Shop::new();
    let top = shop.top();
    let layer = Descriptor { media_type: BUNDLE.into(), digest: format!("sha256:{}", "1".repeat(64)), size: 10 << 30 };
    shop.repository.attach(&top, BUNDLE, std::slice::from_ref(&layer), Map::new());
    let served = shop.serve();
    let checked = undecided(check(&served), "limit");
    assert_eq!(served.times_asked(&format!("blobs/{}", layer.digest)), 0);
    checked.says("bytes of a bundle, found 10737418240");
}

#[test]
fn a014_redirects_are_followed_only_where_they_may_lead() {
    for (target, expected) in [
        ("file:///etc/passwd", "only http and https are followed"),
        ("unix:/run/registry.sock", "only http and https are followed"),
        ("http://169.254.169.254/latest", "it is a link-local, unspecified or metadata address"),
        ("http://registry.example/x", "the connection would not be encrypted"),
        ("", "no address was given"),
        ("http://[", "that is not an address"),
    ] {
        for path in [format!("/manifests/{TAG}"), "/blobs/".into(), "/referrers/".into()] {
            let served = Shop::with_signature().serve();
            served.registry.bend(&path, fault::redirect(target));
            let checked = undecided(check(&served), "unavailable").says(expected);
            assert_eq!(checked.report["network"]["hosts"], json!([served.registry.host()]));
        }
    }
}

#[test]
fn a014_a_redirect_to_itself_ends() {
    let served = Shop::with_signature().serve();
    let path = format!("/v2/{NAME}/manifests/{TAG}");
    served.registry.bend(&path, fault::redirect(&path));
    undecided(check(&served), "unavailable").says("it was redirected too often");
    assert!(served.registry.requests().len() <= 6);
}

#[test]
fn a017_a_next_page_on_another_host_is_not_asked() {
    for target in
        ["http://evil.example/next", "//evil.example/next", "https://127.0.0.1/next", "http://127.0.0.1:1/next"]
    {
        let link = format!("<{target}>; rel=\"next\"");
        let mut shop = Shop::new();
        let top = shop.top();
        shop.attach_junk(&top, "a note");
        let served = shop.serve();
        served.registry.bend(&referrers_path(&top.digest), fault::header("Link", &link));
        let checked = undecided(check(&served), "unavailable").says("expected a next page on the same host");
        assert_eq!(checked.report["network"]["hosts"], json!([served.registry.host()]));
        // What the first page names counts, as more evidence never makes a verified image anything else.
        let served = Shop::with_signature().serve();
        served.registry.bend(&referrers_path(&served.shop.digest()), fault::header("Link", &link));
        let checked = check(&served).exits(0);
        assert_eq!(gap_reasons(checked.image()), ["unavailable"]);
        assert_eq!(checked.report["network"]["hosts"], json!([served.registry.host()]));
    }
}

#[test]
fn a018_a_list_without_an_end_is_given_up() {
    let mut shop = Shop::new();
    let top = shop.top();
    shop.attach_junk(&top, "a note");
    let served = shop.serve();
    let path = format!("/v2/{NAME}/{}", referrers_path(&top.digest));
    served.registry.bend(&path, fault::header("Link", &format!("<{path}>; rel=\"next\"")));
    undecided(check(&served), "limit").says("expected at most 20 pages of referrers, found more");
    assert_eq!(served.times_asked(&referrers_path(&top.digest)), 20);
}

#[test]
fn a018_what_a_list_without_an_end_has_named_counts() {
    let served = Shop::with_signature().serve();
    let path = format!("/v2/{NAME}/{}", referrers_path(&served.shop.digest()));
    served.registry.bend(&path, fault::header("Link", &format!("<{path}>; rel=\"next\"")));
    // More evidence never makes a verified image anything else, so its first page is enough.
    let checked = check(&served).exits(0);
    assert_eq!(gap_reasons(checked.image()), ["limit"]);
}

/// Nobody can see what a registry hides, so hiding gains nothing: no requirement is met by absence, and no filter is asked
/// for that a registry could pretend to apply.
#[test]
fn a021_what_a_registry_hides_verifies_nothing() {
    let shop = Shop::with_bundles();
    let referrers = shop.repository.referrers(&shop.digest());
    for hidden in 0..1 << referrers.len() {
        let served = shop.clone().serve();
        let left: Vec<&Value> = referrers
            .iter()
            .enumerate()
            .filter(|(position, _)| hidden >> position & 1 == 0)
            .map(|(_, one)| one)
            .collect();
        let list = json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": left}).to_string();
        served.registry.bend(&referrers_path(&served.shop.digest()), move |response| {
            response.body = list.clone().into_bytes();
            response.set_header("OCI-Filters-Applied", "artifactType");
        });
        served.verify(&[]).exits(if hidden == 0 { 0 } else { 4 });
        assert!(served.asked().iter().all(|path| !path.contains("artifactType")));
    }
}

#[test]
fn a022_more_referrers_than_are_looked_at_are_named_with_the_limit() {
    let served = Shop::with_signature().serve();
    served.registry.bend(&referrers_path(&served.shop.digest()), |response| {
        response.bend_json(|index| {
            let junk = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": format!("sha256:{}", "2".repeat(64)), "size": 7});
            let real = index["manifests"].as_array_mut().expect("a list").split_off(0);
            index["manifests"] = json!(vec![junk; 1000].into_iter().chain(real).collect::<Vec<_>>());
        });
    });
    undecided(check(&served), "limit").says("expected at most 1000 referrers, found more");
}

#[test]
fn a026_a_referrer_of_another_image_is_ignored() {
    let mut shop = Shop::new();
    let top = shop.top();
    let other = shop.repository.push(&Image::single_containing("something else", "linux/amd64"));
    // The signature itself is about this image.
    let signed = shop.signature(&top);
    let manifest = shop.attach(&other, &signed);
    shop.repository.list_falsely(&top, &manifest);
    let checked = check(&shop.serve()).exits(4);
    let ignored = candidate(checked.image(), "ignored");
    assert_eq!(ignored["reason"], format!("listed here, but its subject is {}", other.digest));
    assert_eq!(ignored["accepted"], false);
}

#[test]
fn a026_a_referrer_of_another_image_does_not_spoil_a_good_one() {
    let mut shop = Shop::with_signature();
    let top = shop.top();
    let other = shop.repository.push(&Image::single_containing("something else", "linux/amd64"));
    let signed = shop.signature(&other);
    let manifest = shop.attach(&other, &signed);
    shop.repository.list_falsely(&top, &manifest);
    let checked = check(&shop.serve()).exits(0);
    assert_eq!(candidate(checked.image(), "ignored")["accepted"], false);
}

#[test]
fn a027_what_a_list_says_of_a_bundle_does_not_matter() {
    for bend in [
        |entry: &mut Value| entry["artifactType"] = json!("application/vnd.acme.note"),
        |entry: &mut Value| {
            entry["annotations"] = json!({"dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"});
        },
        |entry: &mut Value| entry["mediaType"] = json!("application/vnd.oci.image.index.v1+json"),
        |entry: &mut Value| drop(entry.as_object_mut().expect("an object").remove("artifactType")),
        // A033: the data beside a descriptor is not what its digest names.
        |entry: &mut Value| entry["data"] = json!(base64("{}")),
    ] {
        for referrers in [Referrers::Listed { page_size: 100 }, Referrers::Unsupported] {
            let served = Shop::with_signature().serve();
            served.registry.list_referrers(referrers);
            let bent = move |response: &mut Response| {
                if response.status == 200 {
                    response.bend_json(|index| bend(&mut index["manifests"][0]));
                }
            };
            served.registry.bend(&referrers_path(&served.shop.digest()), bent);
            let fallback = crate::shop::tag_path(&served.shop.digest(), "");
            served.registry.bend_when(move |request| request.path.ends_with(&fallback), bent);
            let checked = check(&served).exits(0);
            assert_eq!(candidate(checked.image(), "signature")["accepted"], true);
        }
    }
}

#[test]
fn a027_a_list_that_calls_a_note_a_bundle_makes_none_of_it() {
    let mut shop = Shop::new();
    let top = shop.top();
    shop.attach_junk(&top, "a note");
    let served = shop.serve();
    served.registry.bend(&referrers_path(&top.digest), |response| {
        response.bend_json(|index| index["manifests"][0]["artifactType"] = json!(BUNDLE));
    });
    let checked = check(&served).exits(4);
    assert_eq!(candidate(checked.image(), "ignored")["predicateType"], "application/vnd.acme.note");
}

#[test]
fn a306_a_list_that_gives_a_wrong_size_or_none_names_the_manifest_by_its_digest_all_the_same() {
    let sizes = [json!(0), json!(1), json!(-1), json!(100_000), json!(10_000_000_000_u64), json!("397"), Value::Null];
    for (referrers, list) in
        [(Referrers::Listed { page_size: 100 }, "referrers/"), (Referrers::Unsupported, "manifests/sha256-")]
    {
        for size in sizes.clone() {
            let served = Shop::with_signature().serve();
            served.registry.list_referrers(referrers);
            served.registry.bend(list, move |response| {
                if response.status == 200 {
                    response.bend_json(|index| index["manifests"][0]["size"] = size.clone());
                }
            });
            check(&served).exits(0);
        }
    }
}

/// What a list says is small is read to the limit of manifests and no further.
#[test]
fn a306_a_size_that_a_list_states_is_no_reason_to_read_more() {
    let served = Shop::with_signature().serve();
    let listed =
        served.shop.repository.referrers(&served.shop.digest())[0]["digest"].as_str().expect("a digest").to_owned();
    served.registry.bend(&referrers_path(&served.shop.digest()), |response| {
        response.bend_json(|index| index["manifests"][0]["size"] = json!(10_000_000_000_u64));
    });
    served.registry.bend(&format!("manifests/{listed}"), |response| response.body = vec![b' '; 5 << 20]);
    undecided(check(&served), "limit");
}

#[test]
fn a030_a_referrer_has_exactly_one_bundle() {
    let mut shop = Shop::new();
    let top = shop.top();
    let [first, second] = [(); 2].map(|()| shop.signature(&top).bundle(Version::V03).to_string());
    let layers = [&first, &second].map(|text| Descriptor::of(BUNDLE, text.as_bytes()));
    for text in [&first, &second] {
        shop.repository.push_blob(text.as_bytes());
    }
    for layers in [&layers[..], &[]] {
        let mut shop = shop.clone();
        shop.repository.attach(&top, BUNDLE, layers, Map::new());
        let checked = check(&shop.serve()).exits(4);
        let reason = word(&candidate(checked.image(), "ignored")["reason"]).to_owned();
        assert_eq!(reason, format!("expected exactly one layer with a Sigstore bundle, found {} layers", layers.len()));
    }
}

/// A newer version may have another number of layers, and another type of them.
#[test]
fn a309_a_bundle_of_a_newer_version_leaves_it_undecided_and_satisfies_nothing() {
    let note = Descriptor::of("application/vnd.acme.note", b"note");
    for layers in [vec![], vec![note.clone()], vec![note.clone(), note.clone()]] {
        for mut shop in [Shop::new(), Shop::with_signature()] {
            let (top, is_signed) = (shop.top(), !shop.repository.referrers(&shop.digest()).is_empty());
            shop.repository.push_blob(b"note");
            let newer = "application/vnd.dev.sigstore.bundle.v0.4+json";
            shop.repository.attach(&top, newer, &layers, Map::new());
            let checked = check(&shop.serve());
            if is_signed {
                checked.exits(0);
            } else {
                let checked = undecided(checked, "unsupported");
                checked.says("found application/vnd.dev.sigstore.bundle.v0.4+json");
            }
        }
    }
}

#[test]
fn a031_a_compressed_bundle_is_not_unpacked() {
    // gzip's magic, and nothing of interest after it.
    let bytes = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 64]].concat();
    let mut shop = Shop::new();
    let top = shop.top();
    shop.repository.push_blob(&bytes);
    shop.repository.attach(&top, BUNDLE, &[Descriptor::of(BUNDLE, &bytes)], Map::new());
    let served = shop.serve();
    served.registry.bend("/blobs/", fault::header("Content-Encoding", "gzip"));
    let checked = check(&served).exits(1);
    assert_eq!(list(&checked.image()["candidates"])[0]["accepted"], false);
    assert!(served.registry.requests().iter().all(|request| request.header("Accept-Encoding").is_none()));
}

#[test]
fn a037_a_manifest_of_two_forms_is_not_read() {
    for shop in [
        signed_bent(|manifest| manifest["manifests"] = json!([])),
        signed_image(Image::index(&["linux/amd64"]).bent(|index| index["layers"] = json!([]))),
        signed_image(
            Image::index(&["linux/amd64"])
                .bent(|index| index["config"] = json!({"digest": format!("sha256:{}", "0".repeat(64)), "size": 2})),
        ),
    ] {
        rejected(check(&shop.serve()), "corrupt").says("ambiguous");
    }
}

#[test]
fn a038_a_manifest_that_is_announced_as_something_else_is_not_read() {
    let served = Shop::with_signature().serve();
    served.registry.bend(&format!("/manifests/{TAG}"), fault::header("Content-Type", IMAGE_INDEX));
    rejected(check(&served), "corrupt").says(IMAGE_INDEX);
}

#[test]
fn a039_a_manifest_of_no_stated_type_is_read_where_its_members_leave_no_doubt() {
    let without = |member: &'static str| {
        move |manifest: &mut Value| {
            for name in ["mediaType", member] {
                manifest.as_object_mut().expect("an object").remove(name);
            }
        }
    };
    let tag = format!("/manifests/{TAG}");
    let served = signed_bent(without("")).serve();
    check(&served).exits(0);
    for useless in ["text/plain", "application/octet-stream", "application/json; charset=utf-8", "binary/octet-stream"]
    {
        served.registry.mend();
        served.registry.bend(&tag, fault::header("Content-Type", useless));
        check(&served).exits(0);
    }
    served.registry.mend();
    served.registry.bend(&tag, fault::without_header("Content-Type"));
    check(&served).exits(0);
    // A page is none, whatever is in it.
    served.registry.bend(&tag, fault::header("Content-Type", "text/html"));
    undecided(check(&served), "unsupported").says("no mediaType and Content-Type text/html");
    // Without layers it could be anything.
    let served = signed_bent(without("layers")).serve();
    served.registry.bend(&tag, fault::header("Content-Type", "text/plain"));
    undecided(check(&served), "unsupported").says("no mediaType and Content-Type text/plain");
    // With members of both forms it is refused, as with a type.
    let served = signed_bent(|manifest| {
        without("")(manifest);
        manifest["manifests"] = json!([]);
    })
    .serve();
    served.registry.bend(&tag, fault::header("Content-Type", "text/plain"));
    rejected(check(&served), "corrupt").says("ambiguous");
}

#[test]
fn a041_a_digest_that_cannot_be_computed_is_not_skipped() {
    for digest in ["md5:d41d8cd98f00b204e9800998ecf8427e", "blake3:00", "sha256:zz", "latest"] {
        let shop = signed_bent(|manifest| manifest["layers"][0]["digest"] = json!(digest));
        undecided(check(&shop.serve()), "unsupported").says("unusable digest in `layers`");
    }
}

#[test]
fn a042_a_size_that_nothing_has_is_not_read() {
    for size in [json!(-1), json!(1.5), json!("397"), json!(1_u64 << 63), Value::Null] {
        let shop = signed_bent(|manifest| manifest["config"]["size"] = size.clone());
        rejected(check(&shop.serve()), "corrupt");
    }
}

#[test]
fn a043_a_manifest_with_two_meanings_is_not_read() {
    for (once, twice) in [
        (r#""schemaVersion":2"#, r#""schemaVersion":2,"schemaVersion":2"#),
        (r#""config":{"#, r#""config":{"digest":"sha256:00","#),
        (r#""layers":["#, r#""layers":[],"layers":["#),
    ] {
        let mut image = Image::single("linux/amd64");
        let text = String::from_utf8(image.top.bytes.clone()).expect("JSON");
        assert!(text.contains(once), "{text}");
        image.top.bytes = text.replace(once, twice).into_bytes();
        rejected(check(&signed_image(image).serve()), "corrupt");
    }
}

#[test]
fn a045_indexes_are_nested_only_so_deep() {
    let mut image = Image::index(&["linux/amd64"]);
    let mut inner = Vec::new();
    for _ in 0..5 {
        inner.push(image.top.clone());
        let entries = json!([image.top.descriptor().to_json()]);
        image.top =
            Manifest::new(IMAGE_INDEX, &json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": entries}));
    }
    let mut shop = signed_image(image);
    for manifest in inner {
        shop.repository.push_manifest(manifest);
    }
    undecided(check(&shop.serve()), "limit").says("expected at most 4 levels of nested indexes");
}

#[test]
fn a046_the_first_of_two_entries_for_a_platform_is_the_one_that_counts() {
    let second = Image::single_containing("the second", "linux/amd64");
    let image = Image::index(&["linux/amd64"]).bent(|index| {
        let mut entry = second.top.descriptor().to_json();
        entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
        index["manifests"].as_array_mut().expect("a list").push(entry);
    });
    let mut shop = Shop::selling(image);
    let signed_one = shop.repository.push(&second);
    let signed = shop.signature(&signed_one);
    shop.attach(&signed_one, &signed);
    let served = shop.serve();
    let checked = served.verify(&["--require", "signature", "--platform", "linux/amd64"]).exits(4);
    let first = served.shop.image.platform("linux/amd64").digest;
    assert_eq!(checked.image()["platforms"][0]["digest"], first);
    check(&served).exits(4);
}

#[test]
fn a050_the_first_schema_is_not_read() {
    let shop = signed_bent(|manifest| {
        *manifest = json!({"schemaVersion": 1, "name": NAME, "tag": TAG, "architecture": "amd64", "fsLayers": [], "history": []});
    });
    let served = shop.serve();
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    served.registry.bend(&format!("/manifests/{TAG}"), fault::header("Content-Type", schema1));
    undecided(check(&served), "unsupported").says("schema 1");
}

#[test]
fn a051_an_image_without_layers_is_an_image() {
    let shop = signed_bent(|manifest| manifest["layers"] = json!([]));
    check(&shop.serve()).exits(0);
}

#[test]
fn a057_a_layer_of_another_type_is_no_signature() {
    let mut shop = Shop::with_legacy();
    let top = shop.top();
    let subject = crate::support::statement::Subject::from(&top);
    let layer = shop
        .signer()
        .sign_simple(&subject)
        .legacy_layer_with(|layer| layer.media_type = "application/vnd.acme.note".into());
    shop.repository.attach_legacy_signature(&top, &[layer]);
    let checked = check(&shop.serve()).exits(4);
    let ignored = candidate(checked.image(), "ignored");
    assert_eq!(ignored["reason"], "expected application/vnd.dev.cosign.simplesigning.v1+json under this tag");
}

#[test]
fn a062_more_signatures_than_are_looked_at_are_named_with_the_limit() {
    let mut shop = Shop::new();
    let top = shop.top();
    let subject = crate::support::statement::Subject::from(&top);
    let layer = shop.signer().sign_simple(&subject).legacy_layer();
    let junk = |number: usize| {
        let mut junk = layer.clone();
        junk.bytes = format!("{{\"number\":{number}}}").into_bytes();
        junk.annotations = Map::new();
        junk
    };
    let layers: Vec<_> = (0..300).map(junk).collect();
    shop.repository.attach_legacy_signature(&top, &layers);
    let served = shop.serve();
    let checked = check(&served);
    assert_ne!(checked.exit, 0);
    assert!(gap_reasons(checked.image()).contains(&"limit"));
    assert!(served.asked().iter().filter(|path| path.starts_with("blobs/")).count() <= 256);
    checked.says("expected at most 256 bundles, signatures and attestations of one subject, found 300");
}
