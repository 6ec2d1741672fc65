//! What a provenance must have been built from.

use crate::policy::text::{PatternError, TextRule};

use super::hash::hash_each;

/// The rules for the source. A property that neither the provenance nor its certificate states does not satisfy its
/// rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvenanceSourceRule {
    /// The repository in its normal form, `https://host/path`.
    pub repository: Option<TextRule>,
    /// The full git ref.
    pub reference: Option<TextRule>,
    /// The commit.
    pub commit: Option<TextRule>,
    /// The tag: the ref is a tag, and this is its name.
    pub tag: Option<TextRule>,
    /// The repository's number.
    pub repository_id: Option<TextRule>,
}

impl ProvenanceSourceRule {
    /// The rules that there are, each by its key in a policy file.
    fn rules(&self) -> impl Iterator<Item = (&'static str, &TextRule)> {
        let Self { repository, reference, commit, tag, repository_id } = self;
        let all = [
            ("repository", repository),
            ("ref", reference),
            ("commit", commit),
            ("tag", tag),
            ("repository-id", repository_id),
        ];
        all.into_iter().filter_map(|(what, rule)| Some((what, rule.as_ref()?)))
    }

    /// Whether anything is required.
    pub fn is_empty(&self) -> bool {
        self.rules().next().is_none()
    }

    pub(crate) fn canonical_text(&self) -> String {
        hash_each("source", self.rules(), |(what, rule)| format!("{what} {}", rule.canonical_text()))
    }

    pub(crate) fn describe(&self) -> Vec<String> {
        self.rules().map(|(what, rule)| format!("source {what} {rule}")).collect()
    }
}

/// Why a text names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// It is another spelling of this one.
    #[error("`{written}` is not the normal form of a repository")]
    Spelling {
        /// What was written.
        written: String,
        /// What to write.
        normal: String,
    },
    /// It names no repository.
    #[error("`{0}` is not a repository")]
    NoRepository(String),
    /// A pattern that cannot be used.
    #[error(transparent)]
    Pattern(PatternError),
}

/// Reads a repository in its normal form, `https://host/path` or without the scheme; `*` may stand below the first name of the
/// path. Provenance has many spellings of one repository, which are brought to this form before they are compared.
pub(crate) fn repository(text: &str) -> Result<TextRule, RepositoryError> {
    let written = || text.to_owned();
    let Some((host, bare)) = host_of(text) else {
        return Err(match normal(text).filter(|normal| host_of(normal).is_some()) {
            Some(normal) => RepositoryError::Spelling { written: written(), normal },
            None => RepositoryError::NoRepository(written()),
        });
    };
    let url = format!("https://{bare}");
    let rule = if FORGES.contains(&host) { TextRule::glob_ignoring_case(&url) } else { TextRule::glob(&url) };
    rule.map_err(RepositoryError::Pattern)
}

/// Hosts whose repositories have an owner, and are the same in upper and lower case.
const FORGES: [&str; 2] = ["github.com", "gitlab.com"];

/// Whether a pattern is about a repository on one of them.
pub(crate) fn is_on_forge(pattern: &str) -> bool {
    let host = pattern.strip_prefix("https://").and_then(|rest| rest.split_once('/')).map(|(host, _)| host);
    host.is_some_and(|host| FORGES.contains(&host))
}

/// The host of a repository in its normal form, and the whole without the scheme.
fn host_of(text: &str) -> Option<(&str, &str)> {
    let bare = text.strip_prefix("https://").unwrap_or(text);
    let (host, path) = bare.split_once('/')?;
    let is_owner_alone = FORGES.contains(&host) && !path.contains('/');
    (is_host(host) && is_path(path) && !is_owner_alone).then_some((host, bare))
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    name.contains('.') && name.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~+*-".contains(&b))
    };
    let owner = path.split('/').next().unwrap_or_default();
    path.split('/').all(is_segment) && !owner.contains('*') && path.strip_suffix(".git").is_none()
}

/// The likely meaning of another spelling.
fn normal(text: &str) -> Option<String> {
    let text = text.strip_prefix("git+").unwrap_or(text);
    let bare = match text.strip_prefix("git@") {
        Some(rest) => rest.replacen(':', "/", 1),
        None => text.split_once("://").map_or(text, |(_, rest)| rest).trim_start_matches("git@").to_owned(),
    };
    let (host, path) = bare.split_once('/')?;
    let path = path.split(['@', '#', '?']).next().unwrap_or_default().trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    Some(format!("https://{}/{path}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read_and_the_others_are_told_it() {
        let rule = repository("https://github.com/acme/*").expect("a repository");
        assert!(rule.matches("https://github.com/Acme/app"));
        assert_eq!(repository("github.com/acme/app"), repository("https://github.com/acme/app"));
        for spelling in [
            "git+https://github.com/acme/app@refs/tags/v1",
            "https://github.com/acme/app.git",
            "https://github.com/acme/app/",
            "git@github.com:acme/app.git",
            "ssh://git@github.com/acme/app",
            "https://GitHub.com/acme/app",
            "http://github.com/acme/app",
        ] {
            let normal = "https://github.com/acme/app".to_owned();
            assert_eq!(repository(spelling), Err(RepositoryError::Spelling { written: spelling.to_owned(), normal }));
        }
    }

    #[test]
    fn a210_what_has_a_second_meaning_is_no_repository() {
        for wrong in [
            "acme/app",
            "github.com",
            "https://github.com/acme",
            "https://github.com@evil.example/acme/app",
            "https://user:secret@github.com/acme/app",
            "https://github.com/acme/../evil/app",
            "https://github.com/acme%2fapp",
            "https://github.com/*/app",
            "https://*/acme/app",
            "**",
        ] {
            assert_eq!(repository(wrong), Err(RepositoryError::NoRepository(wrong.to_owned())), "{wrong}");
        }
    }
}
