//! Attestation manifests and the signatures on them, in a registry: what is asked for, what counts, and what could not be read.

use serde_json::{Map, Value, json};

use crate::program::{Checked, Program};
use crate::report::{list, requirement, word};
use crate::shop::{REFERENCE, Shop, WORKFLOW, referrers_path, sbom, tag_path};
use crate::support::image::{Descriptor, Image};
use crate::support::registry::{Referrers, fault};
use crate::support::repository::Repository;
use crate::support::sigstore::{GITHUB_ACTIONS, Identity};
use crate::support::statement::{SLSA_V1, Subject};

const IN_TOTO: &str = "application/vnd.in-toto+json";
const PROVENANCE: [&str; 2] = ["--require", "provenance"];
const SIGNATURE: [&str; 2] = ["--require", "signature"];

/// A shop of two platforms, each with an attestation manifest in the index that lists its provenance.
fn shop() -> Shop {
    let image = Image::index(&["linux/amd64", "linux/arm64"]);
    let statement = Shop::new().provenance(&Subject::from(&image.descriptor()));
    Shop::selling(image.with_unsigned_statements(&statement))
}

/// The attestation manifests, in the order of the platforms.
fn manifests(shop: &Shop) -> Vec<Descriptor> {
    let beside = shop.image.platforms.iter().filter(|(platform, _)| platform == "unknown/unknown");
    beside.map(|(_, manifest)| manifest.descriptor()).collect()
}

fn signed() -> Shop {
    let mut shop = shop();
    for manifest in manifests(&shop) {
        let signature = shop.signature(&manifest);
        shop.attach(&manifest, &signature);
    }
    shop
}

fn origins(checked: &Checked) -> Vec<&str> {
    list(&checked.image()["candidates"]).iter().map(|one| word(&one["origin"]["kind"])).collect()
}

#[test]
fn signatures_on_both_attestation_manifests_make_their_provenance_count() {
    for referrers in [Referrers::Listed { page_size: 100 }, Referrers::Unsupported] {
        let served = signed().serve();
        served.registry.list_referrers(referrers);
        let checked = served.verify(&PROVENANCE).exits(0);
        assert_eq!(origins(&checked), ["attestation-manifest"; 2]);
        assert_eq!(list(&requirement(checked.image(), "provenance")["satisfiedBy"]).len(), 2);
        served.verify(&["--require", "provenance", "--platform", "linux/arm64"]).exits(0);
        served.verify(&SIGNATURE).exits(4).never_says("attestation-manifest");
        served.verify(&["--require", "provenance,sbom"]).exits(4);
    }
}

#[test]
fn legacy_signatures_on_attestation_manifests_count_too() {
    let mut shop = shop();
    for manifest in manifests(&shop) {
        let layer = shop.signer().sign_simple(&Subject::from(&manifest)).legacy_layer();
        shop.repository.attach_legacy_signature(&manifest, &[layer]);
    }
    shop.serve().verify(&PROVENANCE).exits(0);
}

#[test]
fn an_attestation_manifest_that_is_a_referrer_of_its_platform_counts() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
    for platform in ["linux/amd64", "linux/arm64"] {
        let target = shop.image.platform(platform);
        let subject = Subject::from(&target);
        let layers: Vec<Descriptor> = [shop.provenance(&subject), sbom(&subject)]
            .map(|statement| {
                let text = statement.to_string();
                shop.repository.push_blob(text.as_bytes());
                Descriptor::of(IN_TOTO, text.as_bytes())
            })
            .to_vec();
        let manifest = shop.repository.attach(&target, IN_TOTO, &layers, Map::new());
        let signature = shop.signature(&manifest);
        shop.attach(&manifest, &signature);
    }
    for referrers in [Referrers::Listed { page_size: 100 }, Referrers::Unsupported] {
        let served = shop.clone().serve();
        served.registry.list_referrers(referrers);
        served.verify(&["--require", "provenance,sbom"]).exits(0);
        // By the digest of a platform there is no index to name it.
        let platform = served.registry.reference(crate::shop::NAME, &served.shop.image.platform("linux/amd64").digest);
        served.verify_reference(&platform, &["--require", "provenance,sbom"]).exits(0);
    }
}

#[test]
fn a_signature_on_the_index_vouches_for_no_statement_in_it() {
    let mut shop = shop();
    let top = shop.top();
    let signature = shop.signature(&top);
    shop.attach(&top, &signature);
    let served = shop.serve();
    served.verify(&SIGNATURE).exits(0);
    served.verify(&PROVENANCE).exits(4).says("(unsigned)");
}

#[test]
fn one_platform_or_a_stranger_is_not_enough() {
    let mut half = shop();
    let first = manifests(&half)[0].clone();
    let signature = half.signature(&first);
    half.attach(&first, &signature);
    let served = half.serve();
    served.verify(&PROVENANCE).exits(4).says("linux/arm64");
    served.verify(&["--require", "provenance", "--platform", "linux/amd64"]).exits(0);
    let mut strange = shop();
    for manifest in manifests(&strange) {
        let mallory = Identity::email("mallory@evil.example", GITHUB_ACTIONS);
        let signature = strange.sigstore.sign_image(&mallory, &Subject::from(&manifest));
        strange.attach(&manifest, &signature);
    }
    strange.serve().verify(&PROVENANCE).exits(1).says("signer-identity");
}

/// A signature of one attestation manifest that is attached to the other.
#[test]
fn a_replayed_signature_is_refused() {
    let mut shop = shop();
    let [first, second] = manifests(&shop).try_into().expect("two manifests");
    let signature = shop.signature(&first);
    shop.attach(&first, &signature);
    shop.attach(&second, &signature);
    shop.serve().verify(&PROVENANCE).exits(1).says("subject-digest");
}

#[test]
fn what_is_not_needed_is_not_asked_for() {
    let mut shop = signed();
    let top = shop.top();
    let signature = shop.signature(&top);
    shop.attach(&top, &signature);
    let hexes: Vec<String> = manifests(&shop).iter().map(|manifest| manifest.digest.replace("sha256:", "")).collect();
    let is_about_them = |path: &String| hexes.iter().any(|hex| path.contains(hex));
    let served = shop.serve();
    served.verify(&SIGNATURE).exits(0);
    assert!(!served.asked().iter().any(is_about_them), "{:?}", served.asked());
    // The index satisfies the one requirement; the other needs what is in the attestation manifests.
    served.registry.forget_requests();
    served.verify(&["--require", "signature,provenance"]).exits(0);
    let about_one = |digest: &str| {
        let hex = digest.replace("sha256:", "");
        served.asked().into_iter().filter(|path| path.contains(&hex)).collect::<Vec<String>>()
    };
    for manifest in manifests(&served.shop) {
        let digest = &manifest.digest;
        let mut expected =
            vec![format!("manifests/{digest}"), referrers_path(digest), tag_path(digest, ""), tag_path(digest, ".sig")];
        expected.sort();
        let mut asked = about_one(digest);
        asked.sort();
        assert_eq!(asked, expected);
    }
    // Where signatures alone are asked for, nothing on them could help.
    let bare = signed().serve();
    bare.verify(&SIGNATURE).exits(4);
    assert!(!bare.asked().iter().any(is_about_them), "{:?}", bare.asked());
}

#[test]
fn what_cannot_be_read_on_the_way_is_undecided_and_hides_nothing() {
    let shop = signed();
    let first = manifests(&shop)[0].digest.clone();
    let text = |digest: &str| shop.repository.manifest(digest).expect("there").json();
    let statement = word(&text(&first)["layers"][0]["digest"]).to_owned();
    let signature = word(&shop.repository.referrers(&first)[0]["digest"]).to_owned();
    let bundle = word(&text(&signature)["layers"][0]["digest"]).to_owned();
    for path in [
        format!("manifests/{first}"),
        referrers_path(&first),
        format!("manifests/{signature}"),
        format!("blobs/{bundle}"),
        format!("blobs/{statement}"),
    ] {
        for fault in [fault::status(500), fault::status(404), fault::flipped_bit(), fault::html()] {
            // A list that is not there is an empty one, and the fallback tag holds nothing either.
            let served = shop.clone().serve();
            served.registry.bend(&path, fault);
            let checked = served.verify(&PROVENANCE);
            let is_list_not_there = path.starts_with("referrers/") && checked.exit == 4;
            assert!(is_list_not_there || checked.exit == 3, "{path}: {} {}", checked.exit, checked.text);
            served.verify(&["--require", "provenance", "--platform", "linux/arm64"]).exits(0);
            served.verify(&SIGNATURE).exits(4);
        }
    }
    // Beside other evidence that satisfies, no such failure matters.
    let mut shop = signed();
    let top = shop.top();
    let attested = shop.signer().attest(&shop.provenance(&Subject::from(&top)));
    shop.attach(&top, &attested);
    let served = shop.serve();
    served.registry.bend(&format!("manifests/{first}"), fault::status(500));
    served.verify(&PROVENANCE).exits(0);
}

#[test]
fn an_attestation_manifest_that_was_lost_leaves_the_image_undecided() {
    let mut shop = signed();
    let first = manifests(&shop)[0].digest.clone();
    shop.repository.lose(&first);
    shop.serve().verify(&PROVENANCE).exits(3).says("attestation manifest");
}

#[test]
fn an_index_that_gives_one_attestation_manifest_to_another_platform_is_refused() {
    let mut shop = signed();
    let swap = |index: &mut Value| {
        let entries = index["manifests"].as_array_mut().expect("entries");
        let about = entries[3]["annotations"]["vnd.docker.reference.digest"].clone();
        entries[2]["annotations"]["vnd.docker.reference.digest"] = about;
    };
    let image = shop.image.clone().bent(swap);
    shop.repository.push_tagged(crate::shop::TAG, &image);
    // Nothing is left that is about the first platform, and what is now said to be about the second is about the first.
    let served = Shop { image, ..shop }.serve();
    served.verify(&PROVENANCE).exits(4);
    served.verify(&["--require", "provenance", "--platform", "linux/arm64"]).exits(0);
}

/// Takes what was attached after `before` out of a shop's repository.
fn take_evidence(shop: &mut Shop, before: &Repository) -> Repository {
    let mut evidence = std::mem::replace(&mut shop.repository, before.clone());
    let known: Vec<String> = before.manifests.iter().map(|manifest| manifest.descriptor().digest).collect();
    evidence.manifests.retain(|manifest| !known.contains(&manifest.descriptor().digest));
    evidence.blobs.retain(|digest, _| !before.blobs.contains_key(digest));
    evidence.tags.retain(|tag, _| !before.tags.contains_key(tag));
    evidence
}

/// The list of statements lies with the image, whose index names it; the signatures on it lie elsewhere.
#[test]
fn signatures_on_attestation_manifests_are_found_in_a_repository_of_their_own() {
    const ELSEWHERE: &str = "security/signatures";
    let mut forms = Vec::new();
    for is_legacy in [false, true] {
        let mut shop = shop();
        let before = shop.repository.clone();
        for manifest in manifests(&shop) {
            if is_legacy {
                let layer = shop.signer().sign_simple(&Subject::from(&manifest)).legacy_layer();
                shop.repository.attach_legacy_signature(&manifest, &[layer]);
            } else {
                let signature = shop.signature(&manifest);
                shop.attach(&manifest, &signature);
            }
        }
        let evidence = take_evidence(&mut shop, &before);
        forms.push((shop, evidence));
    }
    for (shop, evidence) in forms {
        let platform = shop.image.platform("linux/amd64").digest;
        let served = shop.serve();
        let elsewhere = format!("{}/{ELSEWHERE}", served.registry.host());
        let found = ["--require", "provenance", "--evidence-repository", &elsewhere];
        served.verify(&PROVENANCE).exits(4);
        // Nothing is in the other place yet.
        served.registry.edit(ELSEWHERE, |_| {});
        served.verify(&found).exits(4).says("(unsigned)");
        served.registry.edit(ELSEWHERE, |content| *content = evidence.clone());
        for referrers in [Referrers::Listed { page_size: 100 }, Referrers::Unsupported] {
            served.registry.list_referrers(referrers);
            let checked = served.verify(&found).exits(0);
            assert_eq!(origins(&checked), ["attestation-manifest"; 2]);
            served.verify(&["--require", "signature", "--evidence-repository", &elsewhere]).exits(4);
        }
        // Half of it is not enough, and what cannot be read is not absent.
        served.registry.bend(&format!("{ELSEWHERE}/blobs/"), fault::status(500));
        served.verify(&found).exits(3);
        served.registry.mend();
        served.registry.bend(&format!("{ELSEWHERE}/referrers/"), fault::status(503));
        served.registry.bend(&format!("{ELSEWHERE}/manifests/"), fault::status(503));
        served.verify(&found).exits(3);
        served.registry.mend();
        // A platform by its own digest is named by no index.
        let alone = served.registry.reference(crate::shop::NAME, &platform);
        served.verify_reference(&alone, &found).exits(4);
    }
}

#[test]
fn an_inspection_shows_who_signed_and_the_suggested_policy_verifies() {
    let served = signed().serve();
    let by_root = ["--trusted-root", served.root.as_str()];
    let shown = Program::new(["inspect", &served.by_tag()].iter().chain(&by_root)).run();
    assert_eq!(shown.exit, 0, "{}", shown.stderr);
    for text in [
        &format!("verifies  {SLSA_V1} [attestation-manifest]"),
        &format!("signed by   https://github.com/acme/shop/{WORKFLOW}@{REFERENCE}"),
    ] {
        assert!(shown.stdout.contains(text), "{text} is missing in\n{}", shown.stdout);
    }
    let suggested = Program::new(["inspect", &served.by_tag(), "--suggest-policy"].iter().chain(&by_root)).run();
    assert_eq!(suggested.exit, 0, "{}", suggested.stderr);
    assert!(suggested.stdout.contains("provenance: {}") && !suggested.stdout.contains("signature: {}"));
    let policy = served.scratch.write("policy.yaml", suggested.stdout.as_bytes());
    let verified = Program::new(["verify", &served.by_tag(), "--policy", &policy]).run();
    assert_eq!(verified.exit, 0, "{}\n{}{}", suggested.stdout, verified.stdout, verified.stderr);
    let json = Program::new(["inspect", &served.by_tag(), "--output", "json"].iter().chain(&by_root)).run();
    let inspection: Value = serde_json::from_str(&json.stdout).expect("JSON");
    for candidate in list(&inspection["images"][0]["candidates"]) {
        assert_eq!(
            (&candidate["accepted"], &candidate["origin"]["kind"]),
            (&json!(true), &json!("attestation-manifest"))
        );
    }
}
