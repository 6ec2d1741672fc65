//! Writes files: each appears whole or not at all (A266), and no link is followed (A319).
//!
//! Other users can write to a folder such as `/tmp`. They could plant a link under the name of a report, or of its draft, and
//! make the program overwrite a file of its user.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::{NamedTempFile, TempDir};

/// Names for what the program itself has open. They are links, and made to be followed: a shell makes one for `>(…)`.
const OWN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];

/// Who can read a new file.
#[derive(Clone, Copy, PartialEq)]
enum Readers {
    /// As the user's mask of permissions says.
    All,
    /// The user alone.
    Owner,
}

/// Writes a file and replaces an older one of that name. A link of that name is replaced too, and its target is not touched.
pub fn save(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if OWN.iter().any(|name| file.starts_with(name)) {
        return OpenOptions::new().append(true).open(file)?.write_all(bytes);
    }
    if file.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    match fs::symlink_metadata(file) {
        // A device or a pipe cannot be replaced, only written to.
        Ok(found) if !found.is_file() && !found.is_symlink() => {
            not_following(OpenOptions::new().write(true)).open(file)?.write_all(bytes)
        }
        _ => put(draft(file, bytes, Readers::All)?, file),
    }
}

/// Writes a file that only its owner can read, in the place of an older one if there is one.
pub fn save_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(draft(file, bytes, Readers::Owner)?, file)
}

/// Writes a private file without waiting for the disk. For content that can be fetched again and is hashed on every read.
pub fn save_replaceable(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = begin(file, Readers::Owner)?;
    draft.write_all(bytes)?;
    put(draft, file)
}

/// Whether a file of this name is a draft.
pub fn is_draft(name: &str) -> bool {
    name.starts_with(DRAFT) && name.ends_with(PARTIAL)
}

/// What the names of drafts begin with.
const DRAFT: &str = ".bonafide-";
/// What they end with.
const PARTIAL: &str = ".partial";

/// A regular file that another program created, opened to append. Links are not followed and pipes are not waited for.
#[derive(Debug)]
pub struct Begun {
    file: fs::File,
    /// How many bytes it has.
    pub length: u64,
}

impl Begun {
    /// Opens it. A file that is not there is not made.
    pub fn open(file: &Path) -> io::Result<Self> {
        let file = not_waiting(OpenOptions::new().append(true)).open(file)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(Self { file, length: about.len() })
    }

    /// Adds bytes to its end.
    pub fn append(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_all()
    }
}

/// Opens a regular file to read it and to append to it, or makes one that only its owner can read. A link is not followed.
pub fn open_to_append(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    let opened = match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => private(options.create_new(true)).open(file)?,
        Ok(found) if found.is_file() => not_waiting(&mut options).open(file)?,
        found => return Err(found.err().unwrap_or_else(|| io::Error::other("it is not a regular file"))),
    };
    // It may have been replaced since.
    if opened.metadata()?.is_file() { Ok(opened) } else { Err(io::Error::other("it is not a regular file")) }
}

fn put(draft: NamedTempFile, file: &Path) -> io::Result<()> {
    draft.persist(file).map(drop).map_err(|refused| refused.error)
}

/// Writes a file under an unused name; an existing file of that name is an error.
pub fn save_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    draft(file, bytes, Readers::All)?.persist_noclobber(file).map(drop).map_err(|refused| refused.error)
}

/// Writes a file under an unused name; `write` produces the content piece by piece.
pub fn save_new_with(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut draft = begin(file, Readers::All)?;
    let mut out = io::BufWriter::new(draft.as_file_mut());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    draft.as_file().sync_all()?;
    draft.persist_noclobber(file).map(drop).map_err(|refused| refused.error)
}

/// Makes a folder of an unpredictable name beside the place of another. It is removed unless it is put there.
pub fn draft_folder(to: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(DRAFT).suffix(PARTIAL);
    make_enterable(&mut builder);
    builder.tempdir_in(folder_of(to))
}

/// Puts a folder in its place, where there is nothing or an empty folder. A link there is refused.
pub fn put_folder(draft: TempDir, to: &Path) -> io::Result<()> {
    match fs::remove_dir(to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::rename(draft.path(), to)?,
    }
    // It has another name now, and is not removed.
    let _ = draft.keep();
    Ok(())
}

/// Writes the content to a draft: a new file beside the final one, with an unpredictable name. The draft is removed on drop
/// unless it was renamed to its final name.
fn draft(file: &Path, bytes: &[u8], readers: Readers) -> io::Result<NamedTempFile> {
    let mut draft = begin(file, readers)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    Ok(draft)
}

fn begin(file: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(DRAFT).suffix(PARTIAL);
    if readers == Readers::All {
        make_readable(&mut builder);
    }
    builder.tempfile_in(folder_of(file))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Lets others enter a folder as they may enter other new ones.
#[cfg(unix)]
fn make_enterable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o777));
}

#[cfg(not(unix))]
fn make_enterable(_: &mut tempfile::Builder<'_, '_>) {}

/// Makes a draft readable like other new files: a temporary file is only readable by its owner.
#[cfg(unix)]
fn make_readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn make_readable(_: &mut tempfile::Builder<'_, '_>) {}

#[cfg(unix)]
fn not_following(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW)
}

#[cfg(unix)]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

#[cfg(not(unix))]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn not_following(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;

    use super::*;

    #[test]
    fn a319_nothing_is_written_through_a_link_that_others_planted() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "keep").expect("a file");
        let predictable = format!("report.json.{}.partial", std::process::id());
        for link in ["report.json", &predictable] {
            symlink(at("victim"), at(link)).expect("a link");
        }
        save(&at("report.json"), b"new").expect("a report");
        assert_eq!(fs::read_to_string(at("victim")).expect("the file"), "keep");
        assert!(fs::symlink_metadata(at("report.json")).expect("the report").is_file());
        assert_eq!(fs::read_to_string(at("report.json")).expect("the report"), "new");

        symlink(at("made"), at("dangling")).expect("a link");
        save_new(&at("dangling"), b"new").expect_err("the name is taken");
        save_new(&at("victim"), b"new").expect_err("the name is taken");
        save_new(&at("policy.yaml"), b"new").expect("a policy");
        save(&at("dangling"), b"new").expect("a report in the place of the link");
        assert!(!at("made").exists());
        symlink(folder.path(), at("folder")).expect("a link");
        save(&at("folder"), b"new").expect_err("a folder cannot be replaced by a report");
        assert_eq!(fs::read_to_string(at("victim")).expect("the file"), "keep");
    }

    #[test]
    fn a266_two_writers_at_once_leave_one_whole_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.json");
        let contents = [vec![b'a'; 300_000], vec![b'b'; 200_000]];
        save(&file, &contents[0]).expect("a report");
        thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| (0..20).for_each(|_| save(&file, content).expect("a report")));
            }
            for _ in 0..100 {
                let read = fs::read(&file).expect("a report is there at every moment");
                assert!(contents.contains(&read), "{} bytes, of two reports", read.len());
            }
        });
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "no draft is left");
    }

    #[test]
    fn a_report_can_be_read_like_other_files_of_its_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |name: &str| fs::metadata(folder.path().join(name)).expect("a file").permissions().mode();
        fs::write(folder.path().join("other"), "").expect("a file");
        save(&folder.path().join("report.json"), b"").expect("a report");
        assert_eq!(mode("report.json"), mode("other"));
    }
}
