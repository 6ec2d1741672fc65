//! `--cache`: a run asks for no manifest and no blob again that an earlier one has read, and its report is the same.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;

use crate::program::{self, Folder, REPOSITORY, Run, fixture, serve_tagged};
use crate::support::registry::{Registry, fault};

/// Good ones of both forms, one of another signer, and one that was never signed.
const IMAGES: [(&str, &str); 4] =
    [("signed", "1.3.0"), ("multi-platform", "1.2.0"), ("other-signer", "1.1.0"), ("unsigned", "1.0.0")];

struct Shop {
    registry: Registry,
    name: String,
    folder: Folder,
}

impl Shop {
    fn new() -> Shop {
        let (registry, name) = serve_tagged(&IMAGES);
        Shop { registry, name, folder: Folder::new() }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn audit(&self, more: &[&str]) -> Run {
        self.registry.forget_requests();
        program::audit(&[&[self.name.as_str(), "--output", "json", "--jobs", "1"], more].concat()).run()
    }

    fn cached(&self) -> Run {
        self.audit(&["--cache", &self.cache().display().to_string()])
    }

    /// What was asked for by digest, and everything else that was asked for.
    fn asked(&self) -> (Vec<String>, Vec<String>) {
        let requests = self.registry.requests();
        let lines = requests.iter().map(|request| format!("{} {}", request.method, request.path));
        let is_content = |line: &String| {
            line.starts_with("GET ") && (line.contains("/manifests/sha256:") || line.contains("/blobs/sha256:"))
        };
        let (content, mut rest): (Vec<_>, Vec<_>) = lines.partition(is_content);
        rest.sort();
        (content, rest)
    }

    fn entries(&self) -> Vec<PathBuf> {
        let folder = self.cache().join("bonafide-content-1");
        fs::read_dir(folder).expect("the cache").map(|found| found.expect("an entry").path()).collect()
    }
}

/// What is done to an entry, and whether a run mends it.
type Plant<'a> = (&'a dyn Fn(&Path), bool);

/// A report without what differs between two runs: times, and what was asked of the network.
fn lasting(run: &Run) -> Value {
    let mut report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    for volatile in ["startedAt", "network", "environment"] {
        report[volatile] = Value::Null;
    }
    report
}

#[track_caller]
fn same(one: &Run, other: &Run) {
    assert_eq!((one.exit, one.stderr.as_str()), (other.exit, other.stderr.as_str()));
    assert_eq!(lasting(one), lasting(other));
}

#[test]
fn a_second_run_fetches_nothing_again_and_asks_for_tags_and_lists_as_before() {
    let shop = Shop::new();
    let plain = shop.audit(&[]);
    let (content, rest) = shop.asked();
    assert!(content.len() >= 12 && rest.len() >= 8, "{content:?} {rest:?}");
    let first = shop.cached();
    assert_eq!(shop.asked().1, rest);
    let second = shop.cached();
    assert_eq!(shop.asked(), (Vec::new(), rest));
    same(&plain, &first);
    same(&plain, &second);
    let mode = fs::metadata(shop.cache()).expect("the cache").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let image = format!("{}:1.3.0", shop.name);
    let cache = shop.cache().display().to_string();
    let inspect = ["inspect", &image, "--trusted-root", "fixtures/trust/lab.trusted_root.json", "--cache", &cache];
    program::Program::new(inspect).run();
    for one in [program::verify(&[&image, "--cache", &cache]), program::Program::new(inspect)] {
        shop.registry.forget_requests();
        let run = one.run();
        assert_eq!(run.exit, 0, "{}", run.seen());
        assert!(shop.asked().0.is_empty(), "{:?}", shop.asked());
    }
}

#[test]
fn a350_what_lies_in_the_cache_is_never_believed() {
    let shop = Shop::new();
    let plain = shop.audit(&[]);
    shop.cached();
    let outside = shop.folder.path().join("outside");
    fs::write(&outside, "{}").expect("a file");
    let flip = |entry: &Path| {
        let mut bytes = fs::read(entry).expect("an entry");
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        fs::write(entry, bytes).expect("an entry");
    };
    let link = |entry: &Path| {
        fs::remove_file(entry).expect("an entry");
        symlink(&outside, entry).expect("a link");
    };
    let long = |entry: &Path| fs::write(entry, vec![b' '; 5 * 1024 * 1024]).expect("an entry");
    let folder = |entry: &Path| {
        fs::remove_file(entry).expect("an entry");
        fs::create_dir(entry).expect("a folder");
    };
    let plants: [Plant<'_>; 4] = [(&flip, true), (&link, true), (&long, true), (&folder, false)];
    for (plant, is_mended) in plants {
        shop.entries().iter().for_each(|entry| plant(entry));
        let run = shop.cached();
        let fetched = shop.asked().0.len();
        assert!(fetched >= 12, "{fetched}");
        assert_eq!((run.exit, lasting(&run)), (plain.exit, lasting(&plain)));
        assert_eq!(run.stderr.is_empty(), is_mended, "{}", run.stderr);
        if is_mended {
            same(&plain, &shop.cached());
            assert!(shop.asked().0.is_empty(), "the bad entries were replaced");
        } else {
            assert_eq!(run.stderr.matches("warning: the cache").count(), 1, "told once: {}", run.stderr);
        }
    }
    assert_eq!(fs::read_to_string(outside).expect("the file"), "{}");
}

#[test]
fn a350_evidence_of_the_cache_counts_only_while_the_registry_lists_it() {
    let shop = Shop::new();
    assert_eq!(lasting(&shop.cached())["images"][0]["verdict"], "verified");
    // The tag moves to the image that was never signed, and all evidence is gone.
    let unsigned = fixture("unsigned").tags["v1.0.0"].clone();
    shop.registry.edit(REPOSITORY, |content| {
        content.tags.insert("1.3.0".to_owned(), unsigned.clone());
    });
    let plain = shop.audit(&["--tags", "1.3.0"]);
    let cached = shop.audit(&["--tags", "1.3.0", "--cache", &shop.cache().display().to_string()]);
    assert_eq!(cached.exit, 4, "{}", cached.seen());
    same(&plain, &cached);

    let shop = Shop::new();
    shop.cached();
    for list in ["/referrers/", "/manifests/sha256-"] {
        shop.registry.bend(list, fault::status(404));
    }
    let (plain, cached) = (shop.audit(&[]), shop.cached());
    same(&plain, &cached);
    assert_eq!(lasting(&cached)["images"][0]["verdict"], "absent");
    shop.registry.mend();
    for list in ["/referrers/", "/manifests/sha256-"] {
        shop.registry.bend(list, fault::status(503));
    }
    assert_eq!(lasting(&shop.cached())["images"][0]["verdict"], "undecided");
}

/// The digest of a manifest does not cover the type that its registry states.
#[test]
fn a350_a_manifest_under_another_type_is_as_bad_in_the_second_run() {
    let shop = Shop::new();
    let index = "application/vnd.oci.image.index.v1+json";
    shop.registry.bend("/manifests/sha256:", fault::header("Content-Type", index));
    let plain = shop.audit(&[]);
    assert_ne!(lasting(&plain)["images"][0]["verdict"], "verified");
    same(&plain, &shop.cached());
    same(&plain, &shop.cached());
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning_and_changes_nothing() {
    let shop = Shop::new();
    let plain = shop.audit(&[]);
    let at = |name: &str| shop.folder.path().join(name);
    fs::create_dir(at("shared")).expect("a folder");
    fs::set_permissions(at("shared"), fs::Permissions::from_mode(0o777)).expect("permissions");
    fs::create_dir(at("own")).expect("a folder");
    symlink(at("own"), at("link")).expect("a link");
    fs::write(at("file"), "").expect("a file");
    for name in ["shared", "link", "file", "file/below"] {
        let run = shop.audit(&["--cache", &at(name).display().to_string()]);
        assert_eq!((run.exit, lasting(&run)), (plain.exit, lasting(&plain)), "{name}");
        assert!(run.stderr.starts_with("warning: the cache `"), "{name}: {}", run.stderr);
        assert!(run.stderr.contains("→ name a folder of yours"), "{name}: {}", run.stderr);
    }
    assert_eq!(fs::read_dir(at("own")).expect("the folder").count(), 0);
}

#[test]
fn runs_at_once_share_a_cache() {
    let shop = Shop::new();
    let plain = shop.audit(&[]);
    thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| shop.cached())).collect();
        for run in runs {
            same(&plain, &run.join().expect("a run"));
        }
    });
    shop.cached();
    assert!(shop.asked().0.is_empty());
}
