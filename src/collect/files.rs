//! Files of this machine, opened so that none of them hangs the program or fills its memory (A297, A317).
//!
//! A policy may come with a stranger's repository, and a cache may lie in a folder that others can write to. Only
//! regular files are read, up to a limit. The type is checked before opening and again on the open file, so that the
//! file cannot be exchanged in between.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::error::SourceError;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refuses.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It is something else, such as a directory, a pipe or a device.
    #[error("expected a regular file, found {found}")]
    Kind {
        /// Its actual kind.
        found: &'static str,
    },
    /// It is longer than the limit.
    #[error("expected at most {limit} bytes, found more")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// A link leads out of the folder of the file that names it.
    #[error("it is outside of the folder of the policy that names it: `{}`", .to.display())]
    Outside {
        /// Where it leads.
        to: PathBuf,
    },
    /// It is a pipe, and nothing comes out of it.
    #[error("nothing was written into the pipe for {waited:?}")]
    Silent {
        /// How long it was waited for.
        waited: Duration,
    },
}

impl FileError {
    /// Whether the file is missing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::System(error) if error.kind() == ErrorKind::NotFound)
    }

    /// The same as what became of reading a file of evidence.
    pub(super) fn as_source(&self, at: String) -> SourceError {
        match self {
            Self::System(error) => {
                SourceError::File { at, source: Arc::new(io::Error::new(error.kind(), error.to_string())) }
            }
            Self::TooLong { limit } => {
                let found = "more".to_owned();
                SourceError::Limit { at, limit: "bytes of a file of evidence", allowed: *limit, found }
            }
            Self::Kind { found } => {
                SourceError::Unexpected { at, expected: "a regular file", found: (*found).to_owned() }
            }
            other => SourceError::File { at, source: Arc::new(io::Error::other(other.to_string())) },
        }
    }

    /// The same as what became of reading an image.
    pub(super) fn of_source(self, at: String) -> SourceError {
        match self {
            Self::System(error) if error.kind() == ErrorKind::NotFound => SourceError::NotFound { at },
            Self::System(error) => SourceError::File { at, source: Arc::new(error) },
            Self::Kind { found } => SourceError::Unexpected { at, expected: "a regular file", found: found.to_owned() },
            other => SourceError::File { at, source: Arc::new(io::Error::other(other)) },
        }
    }
}

/// How long the writer of a pipe may be silent, unless `--timeout` is shorter.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// What `--timeout` says, once it is read.
static TIMEOUT: OnceLock<Duration> = OnceLock::new();
/// Between two looks into a pipe.
const PAUSE: Duration = Duration::from_millis(5);

/// Keeps pipes from being waited for any longer than this. The first call counts, so that a run has one limit.
pub fn limit_silence(timeout: Duration) {
    let _ = TIMEOUT.set(timeout);
}

fn longest_silence() -> Duration {
    TIMEOUT.get().map_or(LONGEST_SILENCE, |timeout| LONGEST_SILENCE.min(*timeout))
}

/// Opens a regular file.
pub fn open(path: &Path) -> Result<File, FileError> {
    open_with_length(path).map(|(file, _)| file)
}

/// Opens a regular file, and tells how many bytes it has at this time.
pub fn open_with_length(path: &Path) -> Result<(File, u64), FileError> {
    let (file, found) = open_anything(path, is_regular)?;
    if found.is_file() { Ok((file, found.len())) } else { Err(FileError::Kind { found: kind(&found) }) }
}

/// Reads a regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_all(open(path)?, limit)
}

/// Reads a file that a user names on the command line: a regular one, or a pipe such as a shell makes for `<(…)`.
pub fn read_given(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_all(Given::open(path)?, limit)
}

/// Reads a regular file that no other user can have written: it and its folder are this user's, and neither is a link.
#[cfg(target_os = "linux")]
pub fn read_own(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = here(path.parent().unwrap_or(Path::new("")));
    own(&fs::symlink_metadata(folder)?)?;
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path)?;
    let found = file.metadata()?;
    own(&found)?;
    if found.is_file() { read_all(file, limit) } else { Err(FileError::Kind { found: kind(&found) }) }
}

/// Who may write a file is not known here.
#[cfg(not(target_os = "linux"))]
pub fn read_own(_: &Path, _: u64) -> Result<Vec<u8>, FileError> {
    Err(io::Error::from(ErrorKind::Unsupported).into())
}

/// Makes a folder in which only this user can write, unless it is there.
#[cfg(target_os = "linux")]
pub fn create_own_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => own(&found),
        Ok(_) => Err(ErrorKind::NotADirectory.into()),
        Err(_) => fs::DirBuilder::new().recursive(true).mode(0o700).create(path),
    }
}

/// Who may write in a folder is not known here.
#[cfg(not(target_os = "linux"))]
pub fn create_own_folder(_: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Refuses what others may write, and a link.
#[cfg(target_os = "linux")]
fn own(found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    // proc(5): `/proc/self` belongs to the process's effective user.
    let user = fs::metadata("/proc/self")?.uid();
    let is_own = !found.is_symlink() && found.uid() == user && found.mode() & 0o022 == 0;
    if is_own { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) }
}

/// Reads a regular file that a policy names by this path, which is below the policy's folder or stated to be elsewhere.
///
/// Links are followed to files beside the policy, as mounted configuration has them, and to no others: a path that looks like one
/// of the repository's own must not lead out of it.
pub fn read_named(path: &Path, policy: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let folder = policy.parent().unwrap_or(Path::new(""));
    let stays = path.strip_prefix(folder).is_ok_and(|rest| rest.components().all(|part| is_plain(&part)));
    if stays {
        let to = fs::canonicalize(path)?;
        let linked = fs::canonicalize(policy).ok();
        let folders =
            [fs::canonicalize(here(folder)).ok(), linked.as_deref().and_then(Path::parent).map(Path::to_owned)];
        if !folders.iter().flatten().any(|folder| to.starts_with(folder)) {
            return Err(FileError::Outside { to });
        }
        return read(&to, limit);
    }
    read(path, limit)
}

fn is_plain(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_) | Component::CurDir)
}

fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Opens a regular file to be written, or makes it. Nothing in it is changed.
pub fn open_or_create(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(FileError::Kind { found: kind(&found) }),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let file = not_waiting(&mut options).open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok(file) } else { Err(FileError::Kind { found: kind(&found) }) }
}

/// A file that a user names on the command line.
pub struct Given {
    file: File,
    is_pipe: bool,
    /// Whether something came out of it already.
    has_begun: bool,
}

impl Given {
    /// Opens a regular file, or a pipe such as a shell makes for `<(…)`.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let fits = |found: &Metadata| found.is_file() || is_pipe(found);
        let (file, found) = open_anything(path, fits)?;
        if fits(&found) {
            Ok(Self { file, is_pipe: !found.is_file(), has_begun: false })
        } else {
            Err(FileError::Kind { found: kind(&found) })
        }
    }
}

impl Read for Given {
    /// A pipe was opened without waiting for it, so reading does not wait either, and the waiting is done here. Before its writer
    /// comes, a pipe looks as it does at its end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (begin, longest) = (Instant::now(), longest_silence());
        loop {
            let read = self.file.read(buffer);
            let is_silent = match &read {
                Ok(count) => *count == 0 && !self.has_begun && !buffer.is_empty(),
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            };
            if !(self.is_pipe && is_silent) {
                self.has_begun |= read.is_ok();
                return read;
            }
            if begin.elapsed() >= longest {
                return Err(io::Error::new(ErrorKind::TimedOut, FileError::Silent { waited: longest }));
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Opens a file of a fitting kind, without waiting; returns the kind of the opened file.
fn open_anything(path: &Path, fits: impl Fn(&Metadata) -> bool) -> Result<(File, Metadata), FileError> {
    // Also before it is opened: opening some devices has effects.
    let found = fs::metadata(path)?;
    if !fits(&found) {
        return Err(FileError::Kind { found: kind(&found) });
    }
    let file = not_waiting(OpenOptions::new().read(true)).open(path)?;
    let found = file.metadata()?;
    Ok((file, found))
}

fn is_regular(found: &Metadata) -> bool {
    found.is_file()
}

fn read_all(from: impl Read, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(FileError::TooLong { limit }) } else { Ok(bytes) }
}

/// `open` of a pipe waits for its other end, which may never come.
#[cfg(unix)]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NONBLOCK)
}

#[cfg(not(unix))]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn is_pipe(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn kind(found: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let found = found.file_type();
    match () {
        () if found.is_dir() => "a directory",
        () if found.is_fifo() => "a pipe",
        () if found.is_socket() => "a socket",
        () if found.is_char_device() || found.is_block_device() => "a device",
        () => "something else",
    }
}

#[cfg(not(unix))]
fn kind(found: &Metadata) -> &'static str {
    if found.is_dir() { "a directory" } else { "something else" }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    fn make_pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    }

    fn found(result: Result<Vec<u8>, FileError>) -> &'static str {
        match result {
            Err(FileError::Kind { found }) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a297_only_regular_files_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"12345").expect("a file");
        make_pipe(&at("pipe"));
        let _socket = UnixListener::bind(at("socket")).expect("a socket");
        for (target, link) in [("file", "to-file"), ("pipe", "to-pipe"), ("/dev/zero", "to-device")] {
            symlink(target, at(link)).expect("a link");
        }
        assert_eq!(read(&at("file"), 5).expect("a file"), b"12345");
        assert_eq!(read(&at("to-file"), 5).expect("a file"), b"12345");
        assert!(matches!(read(&at("file"), 4), Err(FileError::TooLong { limit: 4 })));
        assert!(read(&at("nothing"), 5).expect_err("nothing").is_not_found());
        for (name, kind) in [
            ("pipe", "a pipe"),
            ("to-pipe", "a pipe"),
            ("socket", "a socket"),
            ("to-device", "a device"),
            ("", "a directory"),
        ] {
            assert_eq!(found(read(&at(name), 5)), kind);
            if kind != "a pipe" {
                assert_eq!(found(read_given(&at(name), 5)), kind);
            }
            assert!(matches!(open_or_create(&at(name)), Err(FileError::Kind { found }) if found == kind), "{name}");
        }
    }

    #[test]
    fn a317_a_lock_is_made_once_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        drop(open_or_create(&path).expect("a new file"));
        fs::write(&path, b"x").expect("a file");
        drop(open_or_create(&path).expect("the same file"));
        assert_eq!(fs::read(&path).expect("a file"), b"x");
    }

    #[test]
    fn a297_links_of_a_policy_stay_beside_it() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("policies/..data")).expect("a folder");
        fs::create_dir_all(at("policies/keys")).expect("a folder");
        for file in ["secret", "policies/policy.yaml", "policies/..data/root.json", "policies/keys/a.pub"] {
            fs::write(at(file), b"x").expect("a file");
        }
        for (target, link) in [
            ("..data/root.json", "policies/root.json"),
            ("../secret", "policies/out"),
            ("..", "policies/up"),
            ("policies/policy.yaml", "linked.yaml"),
            ("policies/keys/a.pub", "a.pub"),
        ] {
            symlink(target, at(link)).expect("a link");
        }
        let named =
            |policy: &str, name: &str| read_named(&at(policy).parent().expect("a folder").join(name), &at(policy), 9);
        for name in ["root.json", "keys/a.pub", "./keys/a.pub", "../secret"] {
            assert!(named("policies/policy.yaml", name).is_ok(), "{name}");
        }
        for name in ["out", "up/secret"] {
            let error = named("policies/policy.yaml", name).expect_err(name);
            assert!(matches!(error, FileError::Outside { .. }), "{error}");
        }
        assert!(
            named("linked.yaml", "a.pub").is_ok(),
            "a link beside the link to the policy, to a file beside the policy"
        );
    }

    #[test]
    fn a297_a_pipe_is_read_to_its_end_and_no_further_than_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        make_pipe(&path);
        for (limit, is_whole) in [(9, true), (8, false)] {
            let writer = thread::spawn({
                let path = path.clone();
                move || {
                    let mut pipe = OpenOptions::new().write(true).open(path).expect("the pipe");
                    for piece in [b"one", b"two", b"end"] {
                        thread::sleep(PAUSE * 4);
                        let _ = std::io::Write::write_all(&mut pipe, piece);
                    }
                }
            });
            let read = read_given(&path, limit);
            writer.join().expect("the writer");
            match read {
                Ok(bytes) => assert!(is_whole && bytes == b"onetwoend"),
                Err(error) => assert!(!is_whole && matches!(error, FileError::TooLong { limit: 8 }), "{error}"),
            }
        }
    }
}
