//! Images in a registry: both forms of evidence, with and without the referrers API, by tag and by digest.

use serde_json::{Value, json};

use crate::program::{bonafide, verify};
use crate::report::{candidate, candidates, finding, gap_reasons, list, requirement, verdicts, word};
use crate::shop::{BY_SIGNER, NAME, Shop, TAG, referrers_path, tag_path};
use crate::support::image::{Descriptor, Image};
use crate::support::registry::{Referrers, Response, fault};
use crate::support::sigstore::Version;
use crate::support::statement::Subject;

const BUNDLES: [(&str, &str, bool); 3] =
    [("provenance", "referrer", true), ("sbom", "referrer", true), ("signature", "referrer", true)];

#[test]
fn bundles_verify_by_tag_and_by_digest() {
    let served = Shop::with_bundles().serve();
    for reference in [served.by_tag(), served.by_digest(), format!("{}@{}", served.by_tag(), served.shop.digest())] {
        let checked = served.verify_reference(&reference, &[]).exits(0);
        let image = checked.image();
        assert_eq!(image["reference"], reference);
        assert_eq!(image["digest"], served.shop.digest());
        assert_eq!(image["pinned"], served.pinned());
        assert_eq!(image["mediaType"], "application/vnd.oci.image.manifest.v1+json");
        assert_eq!(verdicts(image), ["verified"; 3]);
        assert_eq!(candidates(image), BUNDLES);
        assert_eq!(image["gaps"], json!([]));
    }
}

#[test]
fn bundles_verify_without_the_referrers_api() {
    let served = Shop::with_bundles().serve();
    served.registry.list_referrers(Referrers::Unsupported);
    let checked = served.verify(&[]).exits(0);
    let from_tag: Vec<_> = BUNDLES.iter().map(|(kind, _, state)| (*kind, "fallback-tag", *state)).collect();
    assert_eq!(candidates(checked.image()), from_tag);
    assert_eq!(served.times_asked(&tag_path(&served.shop.digest(), "")), 1);
}

#[test]
fn a_registry_that_answers_the_fallback_tag_with_the_image_itself_has_no_list() {
    let served = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"])).serve();
    served.registry.list_referrers(Referrers::Unsupported);
    let image = served.shop.image.top.clone();
    served.registry.bend(&tag_path(&served.shop.digest(), ""), move |response| {
        // As GitLab's registry does: https://github.com/oras-project/oras-go/issues/1396.
        if response.status == 404 {
            *response = Response::new(200, &image.media_type, image.bytes.clone());
        }
    });
    served.registry.bend(".sig", fault::status(404));
    served.registry.bend(".att", fault::status(404));
    let checked = served.verify(&["--require", "signature"]).exits(4);
    assert_eq!(checked.image()["candidates"], json!([]), "its platforms are no referrers");
    assert_eq!(gap_reasons(checked.image()), [] as [&str; 0]);
}

#[test]
fn the_legacy_form_verifies_with_and_without_the_referrers_api() {
    let served = Shop::with_legacy().serve();
    let expected: Vec<_> = BUNDLES.iter().map(|(kind, _, state)| (*kind, "cosign-tag", *state)).collect();
    for referrers in [Referrers::Listed { page_size: 10 }, Referrers::Unsupported] {
        served.registry.list_referrers(referrers);
        for reference in [served.by_tag(), served.by_digest()] {
            let checked = served.verify_reference(&reference, &[]).exits(0);
            assert_eq!(candidates(checked.image()), expected);
        }
    }
}

#[test]
fn a019_evidence_on_a_later_page_counts() {
    let mut shop = Shop::new();
    let top = shop.top();
    for number in 0..4 {
        shop.attach_junk(&top, &format!("note {number}"));
    }
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    for page_size in [1, 2, 4] {
        served.registry.forget_requests();
        served.registry.list_referrers(Referrers::Listed { page_size });
        let checked = served.verify(&["--require", "signature"]).exits(0);
        let image = checked.image();
        assert_eq!(candidates(image).len(), 5);
        assert_eq!(candidate(image, "signature")["accepted"], true);
        let pages = served.asked().iter().filter(|path| path.starts_with("referrers/")).count();
        assert_eq!(pages, 5_usize.div_ceil(page_size));
    }
}

#[test]
fn what_is_no_evidence_is_listed_and_does_no_harm() {
    let mut shop = Shop::with_bundles();
    let top = shop.top();
    shop.attach_junk(&top, "a note");
    let checked = shop.serve().verify(&[]).exits(0);
    let note = candidate(checked.image(), "ignored");
    assert_eq!((&note["predicateType"], &note["accepted"]), (&json!("application/vnd.acme.note"), &json!(false)));
    checked.says("not used  application/vnd.acme.note [referrer] (not a Sigstore bundle)");
}

#[test]
fn both_forms_on_one_image_are_both_found() {
    let mut shop = Shop::with_legacy();
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let checked = shop.serve().verify(&["--require", "signature"]).exits(0);
    let satisfied = &requirement(checked.image(), "signature")["satisfiedBy"];
    assert_eq!(satisfied.as_array().map(Vec::len), Some(2), "a bundle never hides a legacy signature");
}

#[test]
fn every_bundle_version_verifies() {
    for version in [Version::V01, Version::V02, Version::V03] {
        let mut shop = Shop::new();
        let top = shop.top();
        let bundle = shop.signature(&top).bundle(version);
        shop.repository.attach_bundle(&top, &bundle);
        shop.serve().verify(&["--require", "signature"]).exits(0);
    }
}

#[test]
fn a_truncated_bundle_beside_a_good_one_is_listed_with_its_reason() {
    let mut shop = Shop::with_bundles();
    let top = shop.top();
    let text = shop.signature(&top).bundle(Version::V03).to_string();
    shop.repository.attach_bundle_text(&top, &text[..text.len() / 2]);
    let checked = shop.serve().verify(&[]).exits(0);
    let image = checked.image();
    assert_eq!(verdicts(image), ["verified"; 3]);
    let bad: Vec<_> =
        image["candidates"].as_array().expect("a list").iter().filter(|one| one["accepted"] == false).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0]["kind"], "unreadable");
    assert_eq!(finding(bad[0], "bundle-format")["outcome"], "fail");
    let reason = word(&bad[0]["reason"]).to_owned();
    checked.says(&format!("({reason})"));
}

#[test]
fn a_truncated_bundle_alone_is_rejected() {
    let mut shop = Shop::new();
    let top = shop.top();
    let text = shop.signature(&top).bundle(Version::V03).to_string();
    shop.repository.attach_bundle_text(&top, &text[..text.len() / 2]);
    let checked = shop.serve().verify(&["--require", "signature"]).exits(1);
    assert_eq!(finding(requirement(checked.image(), "signature"), "bundle-format")["outcome"], "fail");
}

#[test]
fn one_platform_of_several_in_a_registry() {
    let image = Image::index(&["linux/amd64", "linux/arm64"]);
    let mut shop = Shop::selling(image);
    let amd64 = shop.image.platform("linux/amd64");
    let signed = shop.signature(&amd64);
    shop.attach(&amd64, &signed);
    let served = shop.serve();
    let on = |platform| served.verify(&["--require", "signature", "--platform", platform]);
    on("linux/amd64").exits(0);
    on("linux/arm64").exits(4);
    on("all").exits(4).has_lines(&["no signature is attached for linux/arm64"]);
    let checked = on("windows/amd64").exits(3).says("found linux/amd64, linux/arm64");
    assert_eq!(gap_reasons(checked.image()), ["selection"]);
}

/// What was not asked for was not looked at, so the index is pinned for nobody.
#[test]
fn a290_what_is_pinned_is_what_was_asked_for() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64", "linux/s390x"]));
    let [amd64, arm64] = ["linux/amd64", "linux/arm64"].map(|platform| shop.image.platform(platform));
    for platform in [&amd64, &arm64] {
        let signed = shop.signature(platform);
        shop.attach(platform, &signed);
    }
    let served = shop.serve();
    let index = served.pinned();
    let name = index.split_once('@').expect("a digest").0;
    let of = |platform: &Descriptor| format!("{name}@{}", platform.digest);
    let on = |platforms: &[&str]| {
        let asked: Vec<&str> = platforms.iter().flat_map(|platform| ["--platform", platform]).collect();
        served.verify(&[&["--require", "signature"], asked.as_slice()].concat())
    };
    for spelling in ["linux/amd64", "linux/x86_64", "Linux/AMD64"] {
        let checked = on(&[spelling]).exits(0);
        assert_eq!(
            (&checked.image()["pinned"], &checked.image()["digest"]),
            (&json!(of(&amd64)), &json!(amd64.digest))
        );
        assert_eq!(checked.image()["index"], index.split_once('@').expect("a digest").1);
    }
    let checked = on(&["linux/amd64", "linux/arm64"]).exits(0);
    assert_eq!(checked.image().get("pinned"), None);
    let each: Vec<&Value> = list(&checked.image()["platforms"]).iter().map(|platform| &platform["pinned"]).collect();
    assert_eq!(each, [&json!(of(&amd64)), &json!(of(&arm64))]);
    checked.says("of the index, the platforms that were asked for were examined, and no others");
    on(&["linux/amd64", "linux/s390x"]).exits(4);
    on(&["linux/amd64", "all"]).exits(4);
    let trust = ["--trusted-root", served.root.as_str(), "--require", "signature", "--output", "pinned"];
    let asked = ["--platform", "linux/amd64", "--platform", "linux/arm64"];
    let run = bonafide(&[&["verify", &served.by_tag()], &trust as &[&str], &asked, &BY_SIGNER].concat());
    assert_eq!(run.success(), format!("{}\n{}\n", of(&amd64), of(&arm64)));
}

#[test]
fn a290_an_entry_that_a_runtime_would_take_is_never_left_out() {
    for (wish, bare, signed) in [
        ("linux/arm64", "linux/aarch64", "linux/arm64"),
        ("linux/amd64", "Linux/x86-64", "linux/amd64"),
        ("linux/arm/v7", "linux/armhf", "linux/arm/v7"),
        ("linux/386", "linux/i386", "linux/386"),
    ] {
        let mut shop = Shop::selling(Image::index(&[bare, signed]));
        let platform = shop.image.platform(signed);
        let signature = shop.signature(&platform);
        shop.attach(&platform, &signature);
        let served = shop.serve();
        let checked = served.verify(&["--require", "signature", "--platform", wish]).exits(4);
        checked.has_lines(&[&format!("no signature is attached for {bare}")]);
    }
}

#[test]
fn a_tag_or_repository_that_is_not_there_is_undecided() {
    let served = Shop::with_bundles().serve();
    for reference in [served.registry.reference(NAME, "2.0.0"), served.registry.reference("acme/other", TAG)] {
        let checked = served.verify_reference(&reference, &[]).exits(3);
        assert_eq!(gap_reasons(checked.image()), ["missing"]);
        checked.says(": not found");
    }
}

#[test]
fn a_registry_that_is_not_there_is_undecided() {
    let served = Shop::with_bundles().serve();
    let root = served.root.clone();
    let gone = served.by_tag();
    let Shop { sigstore: _, .. } = served.shop;
    drop(served.registry);
    let checked = verify(&[&[&gone], &BY_SIGNER, &["--trusted-root", &root]]).exits(3);
    assert_eq!(gap_reasons(checked.image()), ["connection"]);
    checked.says("refused the connection").says("→ check the host and the port");
}

#[test]
fn a001_a_tag_is_resolved_once_and_what_it_was_is_verified() {
    let mut shop = Shop::with_bundles();
    let other = Image::single_containing("something else", "linux/amd64");
    shop.repository.push(&other);
    let served = shop.serve();
    let path = format!("/manifests/{TAG}");
    served.registry.bend_after(1, &path, fault::body(&other.top.bytes));
    let checked = served.verify(&[]).exits(0);
    assert_eq!(checked.image()["pinned"], served.pinned());
    assert_eq!(served.times_asked(&format!("manifests/{TAG}")), 1);
    // The tag has moved for good: what is verified is what it points at now.
    let checked = served.verify(&[]).exits(4);
    assert_eq!(checked.image()["digest"], other.digest());
}

#[test]
fn a002_a_digest_beside_the_tag_decides() {
    let mut shop = Shop::with_bundles();
    let other = Image::single_containing("something else", "linux/amd64");
    shop.repository.push_tagged(TAG, &other);
    let served = shop.serve();
    let checked = served.verify_reference(&format!("{}@{}", served.by_tag(), served.shop.digest()), &[]).exits(0);
    assert_eq!(checked.image()["digest"], served.shop.digest());
    assert_eq!(served.times_asked(&format!("manifests/{TAG}")), 0, "nobody asks for the tag");
}

#[test]
fn evidence_for_another_image_is_rejected() {
    let mut shop = Shop::new();
    let top = shop.top();
    let other = Image::single_containing("something else", "linux/amd64").descriptor();
    let signed = shop.signer().sign_image(&Subject::from(&other));
    shop.attach(&top, &signed);
    let checked = shop.serve().verify(&["--require", "signature"]).exits(1);
    let found = finding(requirement(checked.image(), "signature"), "subject-digest");
    assert_eq!(found["outcome"], "fail");
    assert!(word(&found["expected"]).contains(&top.digest) && word(&found["found"]).contains(&other.digest));
}

#[test]
fn a_lost_list_is_a_gap_that_does_not_undo_what_is_satisfied() {
    let served = Shop::with_legacy().serve();
    served.registry.bend(&referrers_path(&served.shop.digest()), fault::status(500));
    let checked = served.verify(&[]).exits(0);
    assert_eq!(gap_reasons(checked.image()), ["unavailable"]);
    checked.has_lines(&["could not be read"]);
}

#[test]
fn a_lost_list_keeps_a_missing_kind_from_being_called_absent() {
    let mut shop = Shop::new();
    let top = shop.top();
    let signature = shop.signer().sign_simple(&Subject::from(&top)).legacy_layer();
    shop.repository.attach_legacy_signature(&top, &[signature]);
    let served = shop.serve();
    served.registry.bend(&referrers_path(&served.shop.digest()), fault::status(500));
    let checked = served.verify(&["--require", "signature,sbom"]).exits(3).never_says("is attached");
    assert_eq!(verdicts(checked.image()), ["verified", "-", "undecided"]);
}
