//! `collect --to docker://…`: a copy in a registry has everything byte for byte, gives the same report, and is never left in part
//! under a tag.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::collect::{IMAGES, differences};
use crate::fixtures::{BY_SHOP, LAB_ROOT};
use crate::program::{Program, Run, Scratch, run_with_report as run};
use crate::shop::{NAME, Served, Shop, TAG};
use crate::support::image::Image;
use crate::support::registry::{Access, Referrers, Registry, fault};
use crate::support::repository::Repository;

const COPY: &str = "mirror/copy";

/// A registry that takes pushes.
fn target() -> Registry {
    let target = Registry::start();
    target.accept_pushes();
    target
}

fn place(target: &Registry) -> String {
    format!("docker://{}/{COPY}", target.host())
}

#[test]
fn a_copy_of_every_fixture_gives_the_report_of_the_registry() {
    let flags = [&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat();
    for name in IMAGES {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name);
        let source = Registry::serving(NAME, Repository::read_layout(&directory));
        let reference = source.reference(NAME, "v1.0.0");
        for (here, there) in [
            (Referrers::Listed { page_size: 2 }, Referrers::Listed { page_size: 2 }),
            (Referrers::Unsupported, Referrers::Unsupported),
            (Referrers::Listed { page_size: 2 }, Referrers::Unsupported),
            (Referrers::Unsupported, Referrers::Listed { page_size: 2 }),
        ] {
            let target = target();
            source.list_referrers(here);
            target.list_referrers(there);
            let what = format!("{name} from {here:?} to {there:?}");
            let (copied, original) = run(&[&["collect", &reference, "--to", &place(&target)], &flags[..]].concat());
            assert!(copied.stderr.starts_with("copied to "), "{what}: {}", copied.stderr);
            let copy = target.reference(COPY, "v1.0.0");
            let (verified, report) = run(&[&["verify", &copy], &flags[..]].concat());
            assert_eq!(verified.exit, copied.exit, "{what}: {}{}", verified.stdout, verified.stderr);
            if here == there {
                assert_eq!(differences("", &report, &original), [] as [String; 0], "{what}");
            }
            assert_same_content(&source, &target, &what);
            // What is there already is not sent again.
            target.forget_requests();
            let (again, _) = run(&[&["collect", &reference, "--to", &place(&target)], &flags[..]].concat());
            assert_eq!(again.exit, copied.exit, "{what}: {}", again.stderr);
            let sent = target.requests().into_iter().filter(|request| request.path.contains("/uploads/"));
            assert_eq!(sent.count(), 0, "{what}");
        }
    }
}

/// Every manifest and blob of the source is in the copy, under the same tags; lists under fallback tags may differ.
fn assert_same_content(source: &Registry, target: &Registry, what: &str) {
    let content = |registry: &Registry, name: &str| registry.edit(name, |content| content.clone());
    let (one, other) = (content(source, NAME), content(target, COPY));
    let is_list = |tag: &str| tag.starts_with("sha256-") && !tag.contains('.');
    for (tag, digest) in one.tags.iter().filter(|(tag, _)| !is_list(tag)) {
        assert_eq!(other.tags.get(tag), Some(digest), "{what}: {tag}");
    }
    for (digest, bytes) in &other.blobs {
        assert_eq!(one.blobs.get(digest), Some(bytes), "{what}: {digest}");
    }
    let lists: Vec<&String> = one.tags.iter().filter(|(tag, _)| is_list(tag)).map(|(_, digest)| digest).collect();
    for manifest in one.manifests.iter().filter(|manifest| !lists.contains(&&manifest.descriptor().digest)) {
        assert_eq!(other.manifest(&manifest.descriptor().digest), Some(manifest), "{what}");
    }
}

fn copy(served: &Served, to: &str, more: &[&str]) -> Run {
    let trust = ["--trusted-root", served.root.as_str(), "--repo", NAME];
    Program::new([&["collect", &served.by_tag(), "--to", to][..], &trust, more].concat()).run()
}

fn tags(target: &Registry) -> Vec<String> {
    target.edit(COPY, |content| content.tags.keys().cloned().collect())
}

#[test]
fn a371_a_copy_that_fails_leaves_no_tag() {
    let served = Shop::with_legacy().serve();
    let cases = [
        ("refuses", "/blobs/uploads/", fault::status(403)),
        ("is closed", "/blobs/uploads/", fault::status(405)),
        ("fails", "/blobs/uploads/", fault::status(500)),
        ("refuses manifests", "/manifests/sha256:", fault::status(400)),
        ("fails at manifests", "/manifests/sha256:", fault::status(503)),
        ("keeps other bytes", "/manifests/sha256:", fault::flipped_bit()),
        (
            "keeps another digest",
            "/manifests/sha256:",
            fault::header("Docker-Content-Digest", &format!("sha256:{:064}", 1)),
        ),
        ("leads uploads elsewhere", "/blobs/uploads/", fault::header("Location", "http://169.254.169.254/latest")),
        ("leads uploads to another port", "/blobs/uploads/", fault::header("Location", "http://127.0.0.1:1/v2/x")),
        ("leads uploads to a login", "/blobs/uploads/", fault::header("Location", "//user:password@127.0.0.1/")),
        ("leads uploads nowhere", "/blobs/uploads/", fault::without_header("Location")),
        ("redirects", "/blobs/uploads/", fault::redirect("http://127.0.0.1:1/")),
    ];
    for (what, path, bend) in cases {
        let target = target();
        target.bend(path, bend);
        let run = copy(&served, &place(&target), &["-q"]);
        assert_eq!(run.exit, 3, "{what}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("not copied to {}/{COPY}", target.host())), "{what}: {}", run.stderr);
        assert_eq!(tags(&target), [] as [&str; 0], "{what}");
    }
    // A tag that names other bytes than those that were sent is said to.
    let target = target();
    target.bend(&format!("/manifests/{TAG}"), |response| {
        if response.status == 200 {
            response.body = b"{}".to_vec();
        }
    });
    assert_eq!(copy(&served, &place(&target), &[]).exit, 3);
}

#[test]
fn a371_what_cannot_be_read_is_not_copied() {
    let served = Shop::with_bundles().serve();
    let layer = served.shop.image.top.json()["layers"][0]["digest"].as_str().expect("a layer").to_owned();
    for (path, bend) in [
        (format!("/blobs/{layer}"), fault::flipped_bit()),
        (format!("/blobs/{layer}"), fault::status(404)),
        (format!("/referrers/{}", served.shop.digest()), fault::status(500)),
    ] {
        let target = target();
        served.registry.mend();
        served.registry.bend(&path, bend);
        let run = copy(&served, &place(&target), &[]);
        assert_eq!(run.exit, 3, "{path}: {}", run.stderr);
        assert_eq!(tags(&target), [] as [&str; 0], "{path}");
        assert!(target.edit(COPY, |content| content.manifests.is_empty()), "{path}");
    }
}

#[test]
fn uploads_that_fail_once_or_are_too_large_are_sent_again() {
    let image = Image::single_containing(&"x".repeat(20 << 20), "linux/amd64");
    let layer = image.top.json()["layers"][0]["digest"].as_str().expect("a layer").to_owned();
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    for bend in [fault::status(500), fault::status(404), fault::status(413), fault::retry_after(429, 1)] {
        let target = target();
        target.bend_first(1, "digest=", bend);
        let run = copy(&served, &place(&target), &["--require", "signature"]);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        assert!(target.edit(COPY, |content| content.blobs.contains_key(&layer)));
        let pieces = target.requests().into_iter().filter(|request| request.method == "PATCH").count();
        let was_too_large = target.requests().iter().any(|request| request.status == 413);
        assert_eq!(pieces, if was_too_large { 3 } else { 0 });
    }
}

#[test]
fn a372_a_tag_that_names_something_else_is_not_moved_unless_asked() {
    let served = Shop::with_legacy().serve();
    let target = target();
    let place = place(&target);
    let other = Image::single_containing("other", "linux/amd64");
    let signatures = format!("{}.sig", served.shop.digest().replace(':', "-"));
    for tag in [TAG, &signatures] {
        target.edit(COPY, |content| {
            *content = Repository::new();
            content.push_tagged(tag, &other);
        });
        target.forget_requests();
        let run = copy(&served, &place, &[]);
        assert!(run.exit == 2 && run.stderr.contains("--move-tags") && run.stderr.contains(tag), "{}", run.stderr);
        assert!(target.requests().iter().all(|request| matches!(request.method.as_str(), "GET" | "HEAD")), "{tag}");
        let run = copy(&served, &place, &["--move-tags"]);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        assert_ne!(target.edit(COPY, |content| content.tags[tag].clone()), other.digest());
    }
    let run = copy(&served, &format!("{place}:stable"), &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(target.edit(COPY, |content| content.tags["stable"].clone()), served.shop.digest());
}

#[test]
fn what_others_listed_under_a_fallback_tag_stays() {
    let mut shop = Shop::with_signature();
    let junk = shop.attach_junk(&shop.top(), "a note");
    let (digest, with_junk) = (shop.digest(), shop.repository.clone());
    shop.repository.manifests.retain(|manifest| manifest.descriptor().digest != junk.digest);
    let list = with_junk.fallback_index(&digest).expect("a list");
    let served = shop.serve();
    let target = target();
    target.list_referrers(Referrers::Unsupported);
    target.edit(COPY, |content| {
        let list = content.push_manifest(list);
        content.tag(&digest.replace(':', "-"), &list);
    });
    let run = copy(&served, &place(&target), &["--require", "signature"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let content = target.edit(COPY, |content| content.clone());
    let named = content.manifest(&content.tags[&digest.replace(':', "-")]).expect("a list").json();
    let named: Vec<&Value> = named["manifests"].as_array().expect("entries").iter().collect();
    assert!(named.len() == 2 && named.iter().any(|entry| entry["digest"] == junk.digest.as_str()), "{named:?}");
}

#[test]
fn blobs_of_the_same_registry_are_taken_over_and_a_token_is_asked_for_both_repositories() {
    for access in [Access::Open, Access::anonymous_token()] {
        let served = Shop::with_bundles().serve();
        served.registry.accept_pushes();
        served.registry.restrict(access);
        let run = copy(&served, &place(&served.registry), &[]);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let requests = served.registry.requests();
        assert!(requests.iter().all(|request| !(request.method == "PUT" && request.path.contains("/uploads/"))));
        let tokens: Vec<_> = requests.iter().filter(|request| request.path.starts_with("/token")).collect();
        for token in &tokens {
            let is_for_copy = token.path.contains("mirror%2Fcopy%3Apull%2Cpush");
            assert!(!is_for_copy || !token.path.contains("acme%2Fshop%3Apull%2Cpush"), "{}", token.path);
        }
    }
}

#[test]
fn a_rejected_image_is_copied_and_the_exit_code_says_so() {
    let served = Shop::with_signature().serve();
    let target = target();
    let trust = ["--trusted-root", served.root.as_str(), "--repo", "acme/other", "--require", "signature"];
    let run = Program::new([&["collect", &served.by_tag(), "--to", &place(&target)][..], &trust].concat()).run();
    assert_eq!(run.exit, 1, "{}", run.stderr);
    assert_eq!(tags(&target), [TAG]);
}

#[test]
fn flags_that_have_no_place_are_refused() {
    let scratch = Scratch::new();
    let pack = scratch.path("pack").display().to_string();
    let (copy, digest) = ("docker://registry.example/copy", format!("sha256:{:064}", 1));
    for (to, more, said) in [
        (copy, &["--layers"][..], "--layers"),
        (copy, &["--platform", "linux/amd64"], "--platform"),
        (&pack, &["--move-tags"], "--move-tags"),
        (&format!("{copy}@{digest}"), &[], "leave out"),
        ("docker://", &[], "--to"),
        ("docker://registry.example/UPPER", &[], "--to"),
    ] {
        let command = [&["collect", "registry.example/app:1", "--to", to, "--repo", NAME], more].concat();
        let message = crate::program::bonafide(&command).usage_error();
        assert!(message.contains(said), "{to}: {message}");
    }
    assert!(fs::metadata(&pack).is_err());
}
