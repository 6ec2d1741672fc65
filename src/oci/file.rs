//! Files of this machine, named by their paths.

use std::fmt;
use std::str::FromStr;

/// The prefix of a file's reference.
const SCHEME: &str = "file:";

/// A file of this machine: `file:dist/app.tar.gz`.
///
/// Policies match the file's name without its folder: `file:./dist/app.tar.gz` and `file:/tmp/app.tar.gz` have the same rules. So
/// another spelling of a path cannot avoid a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileReference {
    path: Box<str>,
}

/// Why a text names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileReferenceError {
    /// Nothing follows the scheme.
    #[error("no path is named")]
    Empty,
    /// A line break or another control character, which usually came with a copied line.
    #[error("the path has the character {0:?}")]
    Character(char),
    /// A URL with a host, which names a file of another machine.
    #[error("a URL names a file of another machine: expected a path, such as `file:{0}`")]
    Url(String),
    /// The path ends as that of a folder does.
    #[error("`{0}` is the path of a folder")]
    Folder(String),
}

impl FileReference {
    /// Whether a text is meant as a reference to a file.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Returns the path, as typed.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the name of the file, without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the name as policies are matched against it.
    pub fn policy_name(&self) -> String {
        format!("{SCHEME}{}", self.name())
    }
}

impl FromStr for FileReference {
    type Err = FileReferenceError;

    fn from_str(text: &str) -> Result<Self, FileReferenceError> {
        let path = text.strip_prefix(SCHEME).unwrap_or(text);
        if let Some(character) = path.chars().find(|c| c.is_control()) {
            return Err(FileReferenceError::Character(character));
        }
        // `file:///tmp/app.tar.gz` is the URL of a file here.
        if let Some(rest) = path.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
            return Err(FileReferenceError::Url(rest.to_owned()));
        }
        match path.rsplit('/').next() {
            _ if path.is_empty() => Err(FileReferenceError::Empty),
            None | Some("" | "." | "..") => Err(FileReferenceError::Folder(path.to_owned())),
            Some(_) => Ok(Self { path: path.into() }),
        }
    }
}

impl fmt::Display for FileReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_to_a_file_has_the_same_name() {
        for path in ["app.tar.gz", "./app.tar.gz", "/tmp/app.tar.gz", "///tmp/app.tar.gz", "../dist//app.tar.gz"] {
            let file: FileReference = format!("file:{path}").parse().expect(path);
            assert_eq!(
                (file.path(), file.name(), file.policy_name().as_str()),
                (path, "app.tar.gz", "file:app.tar.gz")
            );
            assert_eq!(file.to_string(), format!("file:{path}"));
        }
        let odd: FileReference = "file:a b@1:2".parse().expect("a name with signs in it");
        assert_eq!(odd.name(), "a b@1:2");
    }

    #[test]
    fn what_is_no_path_to_a_file_is_refused() {
        let read = |text: &str| text.parse::<FileReference>();
        assert_eq!(read("file:"), Err(FileReferenceError::Empty));
        assert_eq!(read("file:a\nb"), Err(FileReferenceError::Character('\n')));
        assert_eq!(read("file://host/app"), Err(FileReferenceError::Url("host/app".to_owned())));
        for folder in [".", "..", "dist/", "/", "dist/..", "///"] {
            assert_eq!(read(&format!("file:{folder}")), Err(FileReferenceError::Folder(folder.to_owned())));
        }
    }
}
