//! A node's recently verified digests, each in a file of its own.
//!
//! A file counts only for the same digest, name, policy, trusted roots, advisories, platforms, version and day. It holds all of
//! these, not only their hash. Only files that no other user can have written are read. Refused images have no file, because they
//! may be signed soon after.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cli::journal::{Facts, binding};
use crate::collect::{files, saving};
use crate::json;
use crate::oci::Digest;

/// The most bytes of a file. Usual files have a thousand.
const LARGEST: u64 = 16 * 1024;
/// The most files that one clean-up examines.
const MOST: usize = 10_000;

/// The folder of the files, and how long they count.
pub(super) struct Verdicts {
    folder: PathBuf,
    time: SignedDuration,
}

/// The content of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verified {
    digest: Digest,
    facts: BTreeMap<String, String>,
    at: Timestamp,
}

impl Verdicts {
    pub(super) fn new(folder: &Path, time: Duration) -> Self {
        Self { folder: folder.to_owned(), time: SignedDuration::try_from(time).unwrap_or(SignedDuration::ZERO) }
    }

    /// Returns the time at which this digest was verified under the same facts, unless that is too long ago.
    pub(super) fn find(&self, digest: &Digest, facts: &Facts, now: Timestamp) -> Option<Timestamp> {
        let bytes = files::read_own(&self.file(digest, facts), LARGEST).ok()?;
        let found: Verified = json::from_slice(&bytes).ok()?;
        let is_same = found.digest == *digest
            && found.facts.len() == facts.len()
            && facts.iter().all(|(name, value)| found.facts.get(*name) == Some(value));
        let age = now.duration_since(found.at);
        // A time in the future would count for ever.
        (is_same && age >= SignedDuration::ZERO && age < self.time).then_some(found.at)
    }

    /// Records that this digest is verified. Several processes may write at once.
    pub(super) fn keep(&self, digest: &Digest, facts: &Facts, now: Timestamp) -> io::Result<()> {
        files::create_own_folder(&self.folder)?;
        let facts_of_file = facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let verified = Verified { digest: digest.clone(), facts: facts_of_file, at: now };
        let bytes = serde_json::to_vec(&verified)?;
        saving::save_private(&self.file(digest, facts), &bytes)?;
        self.remove_old();
        Ok(())
    }

    fn file(&self, digest: &Digest, facts: &Facts) -> PathBuf {
        let mut named = facts.clone();
        named.insert("digest", digest.to_string());
        self.folder.join(format!("{}.verified", binding(&named)))
    }

    /// Removes files that no longer count, and drafts of processes that were ended.
    fn remove_old(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let limit = self.time.unsigned_abs() + Duration::from_secs(60);
        let is_old = |entry: &fs::DirEntry| {
            let modified = entry.metadata().and_then(|found| found.modified()).unwrap_or(SystemTime::now());
            modified.elapsed().is_ok_and(|age| age > limit)
        };
        for entry in entries.take(MOST).flatten() {
            let path = entry.path();
            let is_ours = path.extension().is_some_and(|end| end == "verified" || end == "partial");
            if is_ours && is_old(&entry) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn digest(of: char) -> Digest {
        format!("sha256:{}", of.to_string().repeat(64)).parse().expect("a digest")
    }

    fn facts(policy: &str) -> Facts {
        Facts::from([("policy", policy.to_owned()), ("version", "1".to_owned())])
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    const NOON: &str = "2026-12-01T12:00:00Z";

    fn kept() -> (tempfile::TempDir, Verdicts) {
        let folder = tempfile::tempdir().expect("a folder");
        let verdicts = Verdicts::new(&folder.path().join("verdicts"), Duration::from_secs(600));
        verdicts.keep(&digest('a'), &facts("p"), at(NOON)).expect("kept");
        (folder, verdicts)
    }

    #[test]
    fn what_was_verified_counts_for_a_while_and_for_nothing_else() {
        let (_folder, verdicts) = kept();
        let find = |of: char, policy: &str, now: &str| verdicts.find(&digest(of), &facts(policy), at(now));
        assert_eq!(find('a', "p", NOON), Some(at(NOON)));
        assert_eq!(find('a', "p", "2026-12-01T12:09:59Z"), Some(at(NOON)));
        assert_eq!(find('a', "p", "2026-12-01T12:10:00Z"), None, "it is old");
        assert_eq!(find('a', "p", "2026-12-01T11:59:59Z"), None, "it is of a time to come");
        assert_eq!(find('b', "p", NOON), None, "another image");
        assert_eq!(find('a', "q", NOON), None, "another policy");
        let mut fewer = facts("p");
        fewer.remove("version");
        assert_eq!(verdicts.find(&digest('a'), &fewer, at(NOON)), None);
    }

    #[test]
    fn a_file_under_the_name_of_another_counts_for_nothing() {
        let (_folder, verdicts) = kept();
        let own = verdicts.file(&digest('a'), &facts("p"));
        for (of, policy) in [('b', "p"), ('a', "q")] {
            fs::copy(&own, verdicts.file(&digest(of), &facts(policy))).expect("a copy");
            assert_eq!(verdicts.find(&digest(of), &facts(policy), at(NOON)), None, "{of} {policy}");
        }
    }

    #[test]
    fn a_file_that_others_may_have_written_counts_for_nothing() {
        let (folder, verdicts) = kept();
        let own = verdicts.file(&digest('a'), &facts("p"));
        let find = || verdicts.find(&digest('a'), &facts("p"), at(NOON));
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        for mode in [0o620, 0o602] {
            set(&own, mode);
            assert_eq!(find(), None, "{mode:o}");
        }
        set(&own, 0o600);
        for mode in [0o770, 0o707] {
            set(&verdicts.folder, mode);
            assert_eq!(find(), None, "{mode:o}");
        }
        set(&verdicts.folder, 0o700);
        assert!(find().is_some());
        fs::rename(&own, folder.path().join("moved")).expect("moved");
        symlink(folder.path().join("moved"), &own).expect("a link");
        assert_eq!(find(), None, "a link");
        fs::rename(folder.path().join("moved"), &own).expect("moved");
        fs::rename(&verdicts.folder, folder.path().join("real")).expect("moved");
        symlink(folder.path().join("real"), &verdicts.folder).expect("a link");
        assert_eq!(find(), None, "a link to the folder");
        verdicts.keep(&digest('a'), &facts("p"), at(NOON)).expect_err("nothing is written there either");
    }

    #[test]
    fn a_damaged_file_counts_for_nothing() {
        let (_folder, verdicts) = kept();
        let own = verdicts.file(&digest('a'), &facts("p"));
        let text = fs::read_to_string(&own).expect("the file");
        let find = |text: &str| {
            fs::write(&own, text).expect("a file");
            verdicts.find(&digest('a'), &facts("p"), at(NOON))
        };
        for length in 0..text.len() {
            assert_eq!(find(&text[..length]), None, "{length}");
        }
        assert_eq!(find(&text.replace("\"1\"", "\"2\"")), None);
        assert_eq!(find(&text.replace("\"digest\"", "\"more\":1,\"digest\"")), None);
        assert_eq!(find(&format!("[{text}]")), None);
        assert_eq!(find(&format!("{text}{}", " ".repeat(20_000))), None, "it is too long");
        assert!(find(&text).is_some());
    }

    #[test]
    fn old_files_are_removed() {
        let (_folder, verdicts) = kept();
        let old = verdicts.folder.join("old.verified");
        let other = verdicts.folder.join("other");
        for path in [&old, &other] {
            let file = fs::File::create(path).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_secs(7200)).expect("a time");
        }
        verdicts.keep(&digest('b'), &facts("p"), at(NOON)).expect("kept");
        assert!(!old.exists() && other.exists());
        assert!(verdicts.find(&digest('a'), &facts("p"), at(NOON)).is_some());
    }
}
