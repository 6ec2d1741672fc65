//! Lock files of npm, pnpm and yarn.
//!
//! An entry that installs a tarball from a registry by its sha512 is a release. Each release is found once, with its first place.
//! Every other installed entry is *open*: it is reported, and never left out. The project's own folders are not packages.
//!
//! The file's name determines the tool, and the file is read as that tool reads it. So a text that npm and yarn read differently
//! cannot hide a package.

mod berry;
mod graph;
mod model;
mod npm;
mod pnpm;
mod release;
mod yarn;

use std::collections::HashMap;

pub use graph::Dependency;
pub use model::{LockError, Locked, LockedPackage, MAX_BYTES, MOST_PACKAGES, NoRelease, Tool};

/// Finds the packages that a lock file lists, in its order. Its path says which tool reads it, and is opened by nothing here. Runs on
/// a thread with [`super::STACK`].
pub fn read(path: &str, bytes: &[u8]) -> Result<Vec<Locked>, LockError> {
    if bytes.len() > MAX_BYTES {
        return Err(LockError::TooLong);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = || std::str::from_utf8(bytes).map_err(|_| LockError::Form("it is not text in UTF-8".to_owned()));
    let mut listed = match Tool::of(path, bytes).ok_or(LockError::Unknown)? {
        Tool::Npm => npm::read(bytes)?,
        Tool::Pnpm => pnpm::read(text()?)?,
        Tool::Yarn if berry::is(text()?) => berry::read(text()?)?,
        Tool::Yarn => yarn::read(text()?)?,
    };
    if listed.len() > MOST_PACKAGES {
        return Err(LockError::TooMany);
    }
    listed.sort_by_key(|one| one.place);
    let mut known: HashMap<LockedPackage, usize> = HashMap::new();
    let mut found: Vec<Locked> = Vec::new();
    for one in listed {
        if let Some(first) = known.get(&one.package) {
            found[*first].also(one.dependency);
        } else {
            known.insert(one.package.clone(), found.len());
            found.push(one);
        }
    }
    if found.is_empty() { Err(LockError::Empty) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_the_tool_reads_it_that_its_name_belongs_to() {
        let npm = br#"{"lockfileVersion":3,"packages":{}}"#;
        for (path, text, tool) in [
            ("a/package-lock.json", &b"lockfileVersion: '9.0'"[..], Some(Tool::Npm)),
            ("npm-shrinkwrap.json", b"", Some(Tool::Npm)),
            ("pnpm-lock.yaml", npm, Some(Tool::Pnpm)),
            (r"a\yarn.lock", npm, Some(Tool::Yarn)),
            ("lock", npm, Some(Tool::Npm)),
            ("pnpm-lock.main.yaml", b"\nlockfileVersion: '9.0'\n", Some(Tool::Pnpm)),
            ("lock", b"# THIS\r# yarn lockfile v1\r", Some(Tool::Yarn)),
            ("lock", b"__metadata:\n  version: 8\n", Some(Tool::Yarn)),
            ("Cargo.lock", b"version = 4\n", None),
        ] {
            assert_eq!(Tool::of(path, text), tool, "{path}");
        }
    }

    /// yarn 1 reads YAML where it cannot read its own format, and so JSON: such a file would say one thing to this program and another
    /// to yarn.
    #[test]
    fn a_yarn_lock_that_is_json_is_refused() {
        let both = br#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}},"b@^1.0.0":{"version":"1.0.0"}}"#;
        assert!(matches!(read("yarn.lock", both), Err(LockError::Form(_))));
        assert!(matches!(read("pnpm-lock.yaml", both), Err(LockError::Version { tool: Tool::Pnpm, .. })));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for path in ["package-lock.json", "pnpm-lock.yaml", "yarn.lock"] {
            assert!(matches!(read(path, b"\xff\xfe"), Err(LockError::Form(_))), "{path}");
        }
        assert_eq!(read("lock", b""), Err(LockError::Unknown));
    }
}
