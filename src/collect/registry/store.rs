//! The folder of `--cache`: manifests and blobs that several runs share, as files of the user.
//!
//! Only content requested by digest is stored, and every read hashes it again, so the folder need not be trusted. Tags, lists of
//! referrers, answers to `HEAD` and verdicts are never stored: each run asks the registry for them.

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::access::Scope;
use crate::collect::{files, saving};
use crate::oci::{Algorithm, Blob, Digest};

/// A folder of manifests and blobs. Several runs of one user may use it at once.
pub struct Store {
    folder: PathBuf,
    room: u64,
    /// How much was added since the folder was last looked through, in bytes.
    added: Cell<u64>,
    tell: Cell<Option<Tell>>,
}

/// Receives the folder and the error when an entry could not be stored; called at most once.
pub type Tell = fn(&Path, &io::Error);

/// The kind of content that was requested under a digest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Manifest,
    Blob,
}

/// The key of an entry. It names the repository too: content of one repository is not used for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) scope: &'a Scope,
    pub(super) kind: Kind,
    pub(super) digest: &'a Digest,
}

/// The size of the folder, in bytes.
const ROOM: u64 = 1024 * 1024 * 1024;
/// The folder's size divided by this number is the largest entry, and also the bytes added between two clean-ups.
const PART: u64 = 16;
/// The block size of the disk in bytes, as assumed here.
const BLOCK: u64 = 4096;
/// A draft of this age was left behind by a run that was killed.
const OLD_DRAFT: Duration = Duration::from_secs(60 * 60);
/// The subfolder for entries, which holds nothing else. Another format of entries gets another name.
const NAME: &str = "bonafide-content-1";

impl Store {
    /// Creates the folder if it is missing. `tell` is called for the first entry that cannot be written.
    pub fn open(folder: &Path, tell: Tell) -> io::Result<Self> {
        Self::of_size(folder, ROOM, tell)
    }

    fn of_size(folder: &Path, room: u64, tell: Tell) -> io::Result<Self> {
        files::create_own_folder(folder)?;
        let folder = folder.join(NAME);
        files::create_own_folder(&folder)?;
        // The first entry that is added starts a clean-up, which measures the entries of earlier runs.
        Ok(Self { folder, room, added: Cell::new(room), tell: Cell::new(Some(tell)) })
    }

    /// Returns an entry of at most `limit` bytes if its bytes match the requested digest.
    pub(super) fn find(&self, key: Key<'_>, limit: u64) -> Option<Blob> {
        let bytes = files::read_own(&self.place(key), limit.min(self.largest())).ok()?;
        Blob::expect(key.digest, bytes).ok()
    }

    /// Writes an entry and replaces any file of its name. Too large entries are not stored.
    pub(super) fn add(&self, key: Key<'_>, blob: &Blob) {
        let size = blob.bytes().len() as u64;
        if size > self.largest() || blob.digest() != key.digest {
            return;
        }
        let kept = saving::save_replaceable(&self.place(key), blob.bytes()).and_then(|()| self.make_room(taken(size)));
        if let (Err(error), Some(tell)) = (&kept, self.tell.take()) {
            tell(&self.folder, error);
        }
    }

    fn largest(&self) -> u64 {
        self.room / PART
    }

    fn place(&self, Key { scope, kind, digest }: Key<'_>) -> PathBuf {
        let kind = match kind {
            Kind::Manifest => "manifests",
            Kind::Blob => "blobs",
        };
        // Neither a registry's nor a repository's name has a blank in it.
        let whose = Digest::of(Algorithm::Sha256, format!("{} {} {kind}", scope.registry, scope.repository).as_bytes());
        self.folder.join(format!("{}-{}", &whose.hex()[..WHOSE], digest.to_string().replace(':', "-")))
    }

    /// Removes the oldest entries if the folder is too large, down to three quarters of its size. Other runs may add as much
    /// meanwhile.
    fn make_room(&self, added: u64) -> io::Result<()> {
        self.added.set(self.added.get().saturating_add(added));
        if self.added.get() < self.room / PART {
            return Ok(());
        }
        self.added.set(0);
        let mut entries = Vec::new();
        for found in fs::read_dir(&self.folder)? {
            let found = found?;
            // Another run may have removed it.
            let Ok(about) = found.metadata() else { continue };
            let (name, written) = (found.file_name(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            let Some(name) = name.to_str().filter(|_| about.is_file()) else { continue };
            let is_left_behind = || written.elapsed().is_ok_and(|age| age > OLD_DRAFT);
            if is_entry(name) {
                entries.push((written, taken(about.len()), found.path()));
            } else if saving::is_draft(name) && is_left_behind() {
                let _ = fs::remove_file(found.path());
            }
        }
        let mut all: u64 = entries.iter().map(|(_, size, _)| size).sum();
        if all <= self.room {
            return Ok(());
        }
        entries.sort();
        for (_, size, place) in entries {
            if all <= self.room / 4 * 3 {
                break;
            }
            match fs::remove_file(place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => all -= size,
            }
        }
        Ok(())
    }
}

/// The number of hex digits in an entry's name that stand for its repository.
const WHOSE: usize = 16;

fn is_entry(name: &str) -> bool {
    let mut parts = name.splitn(3, '-');
    let is_hex = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let whose = parts.next().filter(|whose| whose.len() == WHOSE);
    is_hex(whose) && matches!(parts.next(), Some("sha256" | "sha512")) && is_hex(parts.next())
}

/// The bytes that a file of this size occupies on the disk.
fn taken(size: u64) -> u64 {
    size.max(1).next_multiple_of(BLOCK)
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;
    use std::thread;

    use tempfile::TempDir;

    use super::*;
    use crate::collect::registry::access::Rights;

    fn scope(repository: &str) -> Scope {
        Scope { registry: "ghcr.io".to_owned(), repository: repository.to_owned(), rights: Rights::Pull }
    }

    fn blob(text: &str) -> Blob {
        Blob::of(Algorithm::Sha256, text.as_bytes().to_vec())
    }

    fn key<'a>(scope: &'a Scope, blob: &'a Blob) -> Key<'a> {
        Key { scope, kind: Kind::Blob, digest: blob.digest() }
    }

    fn never(_: &Path, error: &io::Error) {
        panic!("cannot keep it: {error}");
    }

    fn open() -> (TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::of_size(&folder.path().join("cache"), 16 * 16 * BLOCK, never).expect("a store");
        (folder, store)
    }

    const LIMIT: u64 = 1024 * 1024;

    #[test]
    fn an_entry_belongs_to_its_repository_and_its_kind() {
        let (folder, store) = open();
        let (one, content) = (scope("acme/app"), blob("content"));
        store.add(key(&one, &content), &content);
        assert_eq!(store.find(key(&one, &content), LIMIT), Some(content.clone()));
        let other = scope("acme/other");
        assert_eq!(store.find(key(&other, &content), LIMIT), None);
        assert_eq!(store.find(Key { kind: Kind::Manifest, ..key(&one, &content) }, LIMIT), None);
        assert_eq!(store.find(key(&one, &content), 3), None, "longer than it may be");
        for at in [folder.path().join("cache"), folder.path().join("cache").join(NAME)] {
            assert_eq!(fs::metadata(at).expect("the folder").mode() & 0o777, 0o700);
        }
        assert_eq!(fs::metadata(store.place(key(&one, &content))).expect("the entry").mode() & 0o777, 0o600);
    }

    /// A file counts as an entry only if it is regular, belongs to this user and has the right bytes.
    #[test]
    fn what_has_other_bytes_or_is_no_file_is_no_entry_and_is_replaced() {
        let (folder, store) = open();
        let (one, content) = (scope("acme/app"), blob("content"));
        let place = store.place(key(&one, &content));
        let victim = folder.path().join("victim");
        fs::write(&victim, "content").expect("a file");
        let plant: [(&str, &dyn Fn()); 6] = [
            ("a flipped byte", &|| fs::write(&place, "cOntent").expect("a file")),
            ("nothing", &|| fs::write(&place, "").expect("a file")),
            ("too long", &|| fs::write(&place, vec![b'x'; 1 << 20]).expect("a file")),
            ("a link to the right bytes", &|| symlink(&victim, &place).expect("a link")),
            ("a link to nothing", &|| symlink("nowhere", &place).expect("a link")),
            ("a pipe", &|| {
                assert!(Command::new("mkfifo").arg(&place).status().expect("mkfifo").success());
            }),
        ];
        for (what, plant) in plant {
            let _ = fs::remove_file(&place);
            plant();
            assert_eq!(store.find(key(&one, &content), LIMIT), None, "{what}");
            store.add(key(&one, &content), &content);
            assert_eq!(store.find(key(&one, &content), LIMIT), Some(content.clone()), "{what}");
            assert!(fs::symlink_metadata(&place).expect("the entry").is_file(), "{what}");
        }
        assert_eq!(fs::read_to_string(victim).expect("the file"), "content");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o666)).expect("permissions");
        assert_eq!(store.find(key(&one, &content), LIMIT), None, "others may write it");
    }

    #[test]
    fn a_folder_in_the_place_of_an_entry_is_told_once_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), |_, _| ()).expect("a store");
        let (one, content) = (scope("acme/app"), blob("content"));
        let place = store.place(key(&one, &content));
        fs::create_dir(&place).expect("a folder");
        fs::write(place.join("a file"), "").expect("a file");
        assert_eq!(store.find(key(&one, &content), LIMIT), None);
        store.add(key(&one, &content), &content);
        assert!(store.tell.take().is_none(), "it was told");
        assert!(place.join("a file").exists());
    }

    #[test]
    fn a_folder_of_others_and_a_link_are_no_store() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("shared")).expect("a folder");
        fs::set_permissions(at("shared"), fs::Permissions::from_mode(0o777)).expect("permissions");
        fs::create_dir(at("own")).expect("a folder");
        symlink(at("own"), at("link")).expect("a link");
        fs::write(at("file"), "").expect("a file");
        fs::create_dir(at("linked")).expect("a folder");
        symlink(at("own"), at("linked").join(NAME)).expect("a link");
        for name in ["shared", "link", "file", "linked"] {
            assert!(Store::open(&at(name), never).is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(at("own")).expect("the folder").count(), 0, "nothing was written through a link");
        assert!(Store::open(&at("own"), never).is_ok());
    }

    #[test]
    fn the_oldest_entries_make_room_and_nothing_else_is_removed() {
        let (_folder, store) = open();
        let one = scope("acme/app");
        for name in ["notes.txt", "0123456789abcdef-sha256-notes"] {
            fs::write(store.folder.join(name), "mine").expect("a file");
        }
        let long = |number: usize| blob(&number.to_string().repeat(2 * 4096));
        let huge = blob(&"x".repeat(16 * 4096 + 1));
        store.add(key(&one, &huge), &huge);
        assert_eq!(store.find(key(&one, &huge), LIMIT), None, "larger than an entry may be");
        for number in 0..1000 {
            let content = long(number);
            store.add(key(&one, &content), &content);
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
            let file = fs::File::options().write(true).open(store.place(key(&one, &content))).expect("the entry");
            file.set_modified(at).expect("a time");
        }
        let is_kept = |number| store.find(key(&one, &long(number)), LIMIT).is_some();
        assert!(is_kept(999) && is_kept(990) && !is_kept(0) && !is_kept(500));
        let sizes = fs::read_dir(&store.folder).expect("the folder").map(|found| found.expect("a file").metadata());
        let all: u64 = sizes.map(|about| taken(about.expect("a file").len())).sum();
        assert!(all <= store.room + store.room / PART, "{all}");
        assert!(store.folder.join("notes.txt").exists());
        assert!(store.folder.join("0123456789abcdef-sha256-notes").exists());
    }

    #[test]
    fn a_store_that_is_full_already_makes_room_for_the_first_entry() {
        let (folder, store) = open();
        let one = scope("acme/app");
        for number in 0..64 {
            let content = blob(&number.to_string().repeat(4 * 4096));
            fs::write(store.place(key(&one, &content)), content.bytes()).expect("an entry of another run");
        }
        let next = Store::of_size(&folder.path().join("cache"), store.room, never).expect("a store");
        let content = blob("content");
        next.add(key(&one, &content), &content);
        let count = fs::read_dir(&store.folder).expect("the folder").count();
        assert!(count < 50, "{count}");
    }

    #[test]
    fn runs_at_once_leave_whole_entries() {
        let (folder, _store) = open();
        let contents: Vec<Blob> = (0..200).map(|number| blob(&number.to_string().repeat(5000))).collect();
        thread::scope(|scope_of| {
            for _ in 0..4 {
                scope_of.spawn(|| {
                    let store = Store::of_size(&folder.path().join("cache"), 16 * 16 * BLOCK, never).expect("a store");
                    let one = scope("acme/app");
                    for content in contents.iter().cycle().take(600) {
                        match store.find(key(&one, content), LIMIT) {
                            Some(found) => assert_eq!(found, *content),
                            None => store.add(key(&one, content), content),
                        }
                    }
                });
            }
        });
    }
}
