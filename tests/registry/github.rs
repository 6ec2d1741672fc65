//! Attestations that are at GitHub and in no registry.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use snap::raw::Encoder;

use crate::program::{self, Program, REPOSITORY, Run, fixture};
use crate::support::json::base64;
use crate::support::registry::{Registry, Request, Response, fault};
use crate::support::repository::Repository;

const TOKEN: &str = "ghp_correct-horse-battery";

/// An image in a registry, what GitHub has about it, and where GitHub keeps the larger bundles.
struct World {
    registry: Registry,
    github: Registry,
    store: Registry,
    digest: String,
    /// The bundles that the fixture had in the registry.
    bundles: Vec<Value>,
}

impl World {
    fn new(name: &str) -> World {
        let whole = fixture(name);
        let digest = whole.tags["v1.0.0"].clone();
        let bundles = bundles(&whole, &digest);
        let mut image = whole;
        image.manifests.retain(|manifest| manifest.json()["subject"].is_null());
        World {
            registry: Registry::serving(REPOSITORY, image),
            github: Registry::start(),
            store: Registry::start(),
            digest,
            bundles,
        }
    }

    /// Serves the bundles in three pages: one inline, one in the store, the rest inline.
    fn in_pages(self) -> World {
        self.answer_store(&snappy(&self.bundles[1].to_string()));
        let stored = json!({"bundle": null, "bundle_url": format!("{}/bundle.json.sn?signature=x", self.store.url())});
        let rest: Vec<Value> = self.bundles[2..].iter().map(|bundle| json!({"bundle": bundle})).collect();
        self.answer("page=3", &rest, None);
        self.answer("page=2", &[stored], Some("page=3"));
        self.answer("per_page=30", &[json!({"bundle": self.bundles[0]})], Some("page=2"));
        self
    }

    /// Lists these for the image, in one page.
    fn listing(self, attestations: &[Value]) -> World {
        self.answer("per_page=30", attestations, None);
        self
    }

    fn answer(&self, query: &'static str, attestations: &[Value], next: Option<&str>) {
        let path = format!("/api/repos/acme/shop/attestations/{}", self.digest);
        let link = next.map(|next| format!("<{path}?{next}>; rel=\"next\""));
        let body = json!({"attestations": attestations}).to_string().into_bytes();
        let applies = move |request: &Request| request.path == format!("{path}?{query}");
        self.github.bend_when(applies, move |response| {
            *response = Response::new(200, "application/json; charset=utf-8", body.clone());
            if let Some(link) = &link {
                response.set_header("Link", link);
            }
        });
    }

    fn answer_store(&self, body: &[u8]) {
        let body = body.to_vec();
        self.store.bend("/bundle", move |response| {
            *response = Response::new(200, "application/octet-stream", body.clone());
        });
    }

    fn flag(&self) -> String {
        format!("--github-api={}/api", self.github.url())
    }

    fn verify(&self, more: &[&str]) -> Program {
        let reference = self.registry.reference(REPOSITORY, "v1.0.0");
        program::verify(&[&[reference.as_str(), &self.flag()], more].concat())
    }
}

fn bundles(repository: &Repository, subject: &str) -> Vec<Value> {
    let manifest =
        |entry: &Value| repository.manifest(entry["digest"].as_str().expect("a digest")).expect("there").json();
    let layer = |manifest: Value| manifest["layers"][0]["digest"].as_str().expect("one layer").to_owned();
    let referrers = repository.referrers(subject);
    let blobs = referrers.iter().map(|entry| &repository.blobs[&layer(manifest(entry))]);
    blobs.map(|bytes| serde_json::from_slice(bytes).expect("a bundle")).collect()
}

fn snappy(text: &str) -> Vec<u8> {
    Encoder::new().compress_vec(text.as_bytes()).expect("compressed")
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).expect(&run.stdout)
}

fn shown(registry: &Registry) -> BTreeSet<Option<String>> {
    registry.requests().iter().map(|request| request.header("Authorization").map(str::to_owned)).collect()
}

#[test]
fn a_preview_asks_github_too() {
    let world = World::new("signed").in_pages();
    let folder = crate::program::Folder::new();
    let text = "version: 1\nimages:\n- match: '**'\n  signers: [{github: {repository: acme/shop, ref: 'refs/tags/v*'}}]\n  require: [signature]\n";
    let policy = folder.write("policy.yaml", text.as_bytes()).display().to_string();
    let reference = world.registry.reference(REPOSITORY, "v1.0.0");
    let trust = ["--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    let command = ["policy", "preview", "--policy", &policy, "--against", &policy, "--output", "json", &reference];
    let preview = |more: &[&str]| Program::new([&command[..], &trust, more].concat()).env("GH_TOKEN", TOKEN).run();
    assert!(preview(&[]).stdout.contains(r#""policy": "absent""#));
    let run = preview(&[&world.flag()]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(run.stdout.contains(r#""policy": "verified""#), "{}", run.stdout);
    assert!(shown(&world.github).contains(&Some(format!("Bearer {TOKEN}"))));
}

#[test]
fn attestations_are_found_on_all_pages_inline_and_compressed() {
    let world = World::new("signed").in_pages();
    let run = world.verify(&["--output", "json"]).run();
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let report = report(&run);
    let image = &report["images"][0];
    let candidates = image["candidates"].as_array().expect("a list");
    assert_eq!(candidates.len(), world.bundles.len());
    for candidate in candidates {
        assert_eq!(candidate["origin"]["kind"], "github-api");
        assert_eq!(candidate["origin"]["place"], "attestations of acme/shop at 127.0.0.1");
    }
    let hosts = [&world.registry, &world.github, &world.store].map(Registry::host);
    assert_eq!(report["network"]["hosts"].as_array().map(Vec::len), Some(hosts.len()));
    let asked: usize = [&world.registry, &world.github, &world.store].iter().map(|host| host.requests().len()).sum();
    assert_eq!(report["network"]["requests"], asked);
}

#[test]
fn inspect_shows_what_only_github_has() {
    let world = World::new("signed").in_pages();
    let reference = world.registry.reference(REPOSITORY, "v1.0.0");
    let run = program::inspect(&[&reference, &world.flag(), "--output", "json"]).run();
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let candidates = report(&run)["images"][0]["candidates"].as_array().expect("a list").clone();
    assert_eq!(candidates.len(), world.bundles.len());
    assert!(candidates.iter().all(|candidate| candidate["origin"]["kind"] == "github-api"));
    // A repository without the API, or the API without a repository, is half a question.
    let run = program::inspect(&[&reference]).run();
    assert!(run.exit == 2 && run.stderr.contains("--github-api"), "{}", run.seen());
}

#[test]
fn nobody_is_asked_who_was_not_named() {
    let world = World::new("signed").in_pages();
    let run = program::verify(&[&world.registry.reference(REPOSITORY, "v1.0.0")]).run();
    assert_eq!((run.exit, world.github.requests().len()), (4, 0), "{}", run.stdout);
}

#[test]
fn a010_the_token_goes_to_the_api_and_nowhere_else() {
    let world = World::new("signed").in_pages();
    for variable in ["GITHUB_TOKEN", "GH_TOKEN"] {
        for host in [&world.registry, &world.github, &world.store] {
            host.forget_requests();
        }
        let run = world.verify(&["-vv"]).env(variable, TOKEN).run();
        assert_eq!(run.exit, 0, "{}", run.seen());
        assert!(!run.seen().contains(TOKEN) && !run.seen().contains(&base64(TOKEN)), "{}", run.seen());
        assert_eq!(shown(&world.github), BTreeSet::from([Some(format!("Bearer {TOKEN}"))]));
        assert_eq!((shown(&world.store), shown(&world.registry)), (BTreeSet::from([None]), BTreeSet::from([None])));
    }
}

#[test]
fn the_index_and_every_platform_are_asked_about() {
    let world = World::new("multi-platform");
    world.verify(&[]).run();
    let asked: BTreeSet<String> = world
        .github
        .paths()
        .iter()
        .filter_map(|path| Some(path.split_once("/attestations/")?.1.split('?').next()?.to_owned()))
        .collect();
    assert!(asked.contains(&world.digest) && asked.len() > 1, "{asked:?}");
}

#[test]
fn what_github_does_not_have_is_absent() {
    assert_eq!(World::new("signed").verify(&[]).run().exit, 4, "404");
    assert_eq!(World::new("signed").listing(&[]).verify(&[]).run().exit, 4, "an empty list");
}

#[test]
fn a085_an_attestation_of_another_image_is_rejected() {
    let other = World::new("legacy");
    let world = World { digest: other.digest.clone(), ..World::new("signed") };
    let attestations: Vec<Value> = world.bundles.iter().map(|bundle| json!({"bundle": bundle})).collect();
    let world = World { registry: other.registry, ..world };
    world.registry.edit(REPOSITORY, |content| content.tags.retain(|tag, _| tag == "v1.0.0"));
    let run = world.listing(&attestations).verify(&[]).run();
    assert_eq!(run.exit, 1, "{}", run.stdout);
    assert!(run.stdout.contains("attestations of acme/shop at "), "{}", run.stdout);
}

/// Makes the API fail, and returns what came of it.
fn fails(what: &str, bend: impl FnOnce(&World)) -> Run {
    let world = World::new("signed").in_pages();
    bend(&world);
    let run = world.verify(&[]).run();
    assert_eq!(run.exit, 3, "{what}: {}", run.stdout);
    assert!(run.stdout.contains("could not be read") && !run.stdout.contains("is attached"), "{what}: {}", run.stdout);
    run
}

#[test]
fn a023_an_api_that_fails_is_never_absence() {
    for status in [400, 401, 403, 422, 500, 503] {
        fails(&status.to_string(), |world| world.github.bend("per_page", fault::status(status)));
    }
    fails("a web page", |world| world.github.bend("per_page", fault::html()));
    fails("no list", |world| world.github.bend("per_page", fault::body(b"{\"attestations\":{}}")));
    fails("a later page that is not there", |world| world.github.bend("?page=2", fault::status(404)));
    fails("a bundle that is not there", |world| world.store.bend("/bundle", fault::status(404)));
    fails("a denied bundle", |world| world.store.bend("/bundle", fault::status(403)));
    fails("not compressed", |world| world.answer_store(b"\xff\xff\xff\xff\xff\xff"));
    let run = fails("too few requests left", |world| {
        world.github.bend("per_page", |response| {
            *response = Response::new(403, "application/json", br#"{"message":"API rate limit exceeded"}"#.to_vec());
            response.set_header("x-ratelimit-remaining", "0");
        });
    });
    assert!(run.stdout.contains("limits requests") && run.stdout.contains("API rate limit exceeded"), "{}", run.stdout);
    let run = fails("a private repository", |world| world.github.bend("per_page", fault::status(401)));
    assert!(run.stdout.contains("neither GH_TOKEN nor GITHUB_TOKEN is set"), "{}", run.stdout);
}

#[test]
fn a017_a018_pages_stay_on_the_host_and_end() {
    fails("elsewhere", |world| {
        world.github.bend("per_page", fault::header("Link", "<https://evil.example/x?page=2>; rel=next"));
    });
    let world = World::new("signed");
    let path = format!("/api/repos/acme/shop/attestations/{}?per_page=30", world.digest);
    let world = world.listing(&[]);
    world.github.bend("per_page", fault::header("Link", &format!("<{path}>; rel=next")));
    let run = world.verify(&[]).run();
    assert_eq!((run.exit, world.github.requests().len()), (3, 20), "{}", run.stdout);
    assert!(run.stdout.contains("pages of attestations"), "{}", run.stdout);
}

#[test]
fn a031_a_bundle_that_unpacks_to_more_than_is_read_is_not_unpacked() {
    // 4 GiB stated in five bytes; then 20 MiB of zeros, which Snappy makes one of.
    fails("stated", |world| world.answer_store(b"\xff\xff\xff\xff\x0f"));
    let zeros = Encoder::new().compress_vec(&vec![0; 20 << 20]).expect("compressed");
    assert!(zeros.len() < 2 << 20);
    let run = fails("unpacked", |world| world.answer_store(&zeros));
    assert!(run.stdout.contains("expected at most 16777216 bytes of a bundle, found 20971520"), "{}", run.stdout);
}

#[test]
fn a009_bundles_are_not_fetched_from_places_that_nobody_has_reason_to_name() {
    for place in [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "http://store.example/bundle",
        "file:///etc/passwd",
        "bundle",
    ] {
        let world = World::new("signed").listing(&[json!({"bundle_url": place})]);
        let run = world.verify(&[]).run();
        assert_eq!(run.exit, 3, "{place}: {}", run.stdout);
    }
    let world = World::new("signed").listing(&[json!({"bundle": null})]);
    assert_eq!(world.verify(&[]).run().exit, 3, "neither bundle nor place");
}

#[test]
fn the_flag_needs_a_repository_and_a_safe_address() {
    let world = World::new("signed");
    for more in [&["--offline"][..], &["--github-api=https://github.example"], &["--github-api=x"]] {
        let run = world.verify(more).run();
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{more:?}: {}", run.stderr);
    }
    let http = program::verify(&["oci:fixtures/images/signed", "--github-api=http://api.github.com"]).run();
    assert_eq!((http.exit, http.stdout.as_str()), (2, ""));
    assert!(http.stderr.contains("expected an https address"), "{}", http.stderr);
}
