//! TUF repositories that others published, at the time for which they were kept.
//!
//! They are not in this repository. `BONAFIDE_CORPORA` names the folder that holds them: `BONAFIDE_CORPORA=FOLDER cargo test --test
//! trust -- --ignored`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bonafide::tuf::{Cache, Repository, TufError, Update, cached};
use jiff::{SignedDuration, Timestamp};

use crate::support::registry::Registry;
use crate::support::tuf::{Files, serve};
use crate::world::{full, update_in};

/// A repository on disk, on a mirror.
struct Published {
    folder: PathBuf,
    server: Registry,
    time: Timestamp,
}

impl Published {
    fn new(corpora: &Path, name: &str) -> Published {
        let folder = corpora.join("tuf").join(name);
        let time = fs::read_to_string(folder.join("faketime")).expect("a time");
        let published = Published {
            server: Registry::start(),
            time: time.trim().replace(' ', "T").parse().expect("a time"),
            folder,
        };
        let mut files = Files::new();
        collect(&published.folder.join("metadata"), "", &mut files);
        collect(&published.folder.join("targets"), "targets/", &mut files);
        serve(&published.server, &files);
        published
    }

    fn repository(&self) -> Repository {
        Repository::at(&self.server.url(), fs::read(self.folder.join("initial_root.json")).expect("a root"))
    }

    fn update(&self, cache: &Cache, now: Timestamp) -> Result<Update, TufError> {
        update_in(&self.repository(), cache, Duration::from_secs(20), now)
    }
}

/// Reads all files below a folder.
fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(&path).expect("a file"));
        }
    }
}

#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn published_repositories_are_read_at_their_time() {
    let corpora = std::env::var_os("BONAFIDE_CORPORA").map(PathBuf::from).expect("BONAFIDE_CORPORA names a folder");
    sigstore(&corpora);
    tuf_on_ci(&corpora);
}

/// Sigstore's public repository, with signatures that are still missing and fields that only its tools know.
fn sigstore(corpora: &Path) {
    let published = Published::new(corpora, "sigstore-root-signing");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("published-{}", std::process::id()));
    let cache = Cache::new(Some(folder.clone()));
    let update = published.update(&cache, published.time).expect("Sigstore's repository of that day");
    assert!(update.not_cached.is_none());
    // With consistent snapshots the name of a target starts with its digest (TUF 1.0.34 §6.2).
    let target = format!("{}.trusted_root.json", update.current.root.sha256);
    assert!(published.folder.join("targets").join(target).exists());
    let offline = cached(&published.repository(), &cache, published.time).expect("sound").expect("a cache");
    assert_eq!(offline.root.sha256, update.current.root.sha256);
    let week = published.time + SignedDuration::from_hours(24 * 8);
    assert!(published.update(&cache, week).expect_err("a week later").is_expired());
    assert!(cached(&published.repository(), &cache, week).expect_err("a week later").is_expired());
    fs::remove_dir_all(folder).expect("the test's own folder");
}

/// Its metadata is good to the last role, which is asked for a trusted root and has none.
fn tuf_on_ci(corpora: &Path) {
    let published = Published::new(corpora, "tuf-on-ci-0.11");
    let error = published.update(&Cache::new(None), published.time).expect_err("no trusted root");
    assert!(
        full(&error).contains("\"trusted_root.json\" is not listed by any trusted targets role"),
        "{}",
        full(&error)
    );
}
