//! Source references, in one normal form.

/// The hosts on which names of owners and repositories do not distinguish upper and lower case. Elsewhere every byte counts.
const IGNORE_CASE: [&str; 2] = ["https://github.com/", "https://gitlab.com/"];

/// A source repository and the ref in it, as a provenance states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// `https://host/path`, without `.git`, trailing slash or default port; the path in the case in which it was written.
    pub(crate) repository: String,
    /// What stands after the `@`, or after the `#` in BuildKit's spelling.
    pub(crate) reference: Option<String>,
}

impl Source {
    /// Reads `git+https://host/path@ref`, `https://host/path.git#ref` and the like.
    ///
    /// The ssh spellings of a repository are the same repository. Anything with a second meaning is not read: user
    /// names in front of the host, empty or dotted path segments, other schemes, an ssh port, because the repository's
    /// https address is then unknown (A210). Percent escapes are not decoded but refused: RFC 3986 §6.2.2.2 makes `%73`
    /// the same as `s`, servers and git differ on whether `%2f` is a slash, and no builder writes either in the name of
    /// a repository.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("git+").unwrap_or(text);
        let (host, path) = if let Some(rest) = text.strip_prefix("https://") {
            let (host, path) = rest.split_once('/').filter(|(host, _)| is_host(host))?;
            (host.strip_suffix(":443").unwrap_or(host), path)
        } else if let Some(rest) = text.strip_prefix("ssh://git@") {
            let (host, path) = rest.split_once('/').filter(|(host, _)| is_host(host))?;
            (without_port(host.strip_suffix(":22").unwrap_or(host))?, path)
        } else {
            // The `scp` spelling, with the one user name that does not name a user.
            text.strip_prefix("git@")?.split_once(':').filter(|(host, _)| is_host(host))?
        };
        let (path, reference) = split_reference(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".git").unwrap_or(path);
        if !path.split('/').all(is_plain_segment) || !reference.is_none_or(is_plain_reference) {
            return None;
        }
        Some(Self {
            repository: format!("https://{}/{path}", host.to_ascii_lowercase()),
            reference: reference.map(str::to_owned),
        })
    }

    /// Whether this is the repository that a certificate or a policy names by its URL.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        Self::parse(url).is_some_and(|other| same_place(&self.repository, &other.repository))
    }
}

/// Whether two URLs of one host are the same there.
pub(crate) fn same_place(one: &str, other: &str) -> bool {
    let ignores_case = IGNORE_CASE.iter().any(|host| one.starts_with(host) && other.starts_with(host));
    one == other || (ignores_case && one.eq_ignore_ascii_case(other))
}

/// Takes the ref off a path. After an `@` all is the ref, which may hold further ones: `@refs/tags/@acme/app@1.0.0`. After a `#`
/// a colon begins the directory below (docs.docker.com, "Build context", "URL fragments").
fn split_reference(path: &str) -> (&str, Option<&str>) {
    let Some(position) = path.find(['@', '#']) else { return (path, None) };
    let rest = &path[position + 1..];
    let is_fragment = path.as_bytes()[position] == b'#';
    let reference = if is_fragment { rest.split(':').next().unwrap_or(rest) } else { rest };
    (&path[..position], Some(reference).filter(|reference| !reference.is_empty()))
}

fn without_port(host: &str) -> Option<&str> {
    (!host.contains(':')).then_some(host)
}

/// A host name with at most a port: no user in front, no empty label, nothing beyond ASCII.
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.split('.').all(is_label) && port.is_none_or(is_port)
}

/// RFC 9110 §4.2.3 makes an empty port the default one, and leading zeros mean nothing: neither is read.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0 && port.to_string() == text)
}

fn is_plain_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment != "."
        && segment != ".."
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+'))
}

/// git-check-ref-format(1): "They cannot have ASCII control characters, space, tilde, caret, or colon anywhere", nor a backslash.
fn is_plain_reference(reference: &str) -> bool {
    !reference.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '~' | '^' | ':' | '\\'))
}

/// A source repository as far as a provenance states one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stated {
    /// It states this one.
    Source(Source),
    /// It states this text, which cannot be read in one way.
    Unreadable(String),
    /// It states none where its build type has a place for one.
    Nothing,
}

impl Stated {
    pub(super) fn read(text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            None => Self::Nothing,
            Some(text) => Source::parse(text).map_or_else(|| Self::Unreadable(text.to_owned()), Self::Source),
        }
    }

    pub(super) fn source(&self) -> Option<&Source> {
        match self {
            Self::Source(source) => Some(source),
            Self::Unreadable(_) | Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> Option<String> {
        Source::parse(text).map(|source| source.repository)
    }

    fn reference(text: &str) -> Option<String> {
        Source::parse(text).expect("a source").reference
    }

    #[test]
    fn one_repository_has_one_form() {
        for text in [
            "https://github.com/acme/shop",
            "git+https://github.com/acme/shop@refs/heads/main",
            "git+https://GitHub.com:443/acme/shop.git",
            "https://github.com/acme/shop.git#refs/tags/v1:sub/dir",
            "https://github.com/acme/shop/",
            "git+ssh://git@github.com/acme/shop.git",
            "ssh://git@github.com:22/acme/shop.git",
            "git@github.com:acme/shop.git",
        ] {
            assert_eq!(repository(text).as_deref(), Some("https://github.com/acme/shop"), "{text}");
        }
        assert_eq!(
            repository("https://git.acme.example:8443/shop").as_deref(),
            Some("https://git.acme.example:8443/shop")
        );
    }

    #[test]
    fn a_ref_may_hold_an_at_sign() {
        let text = "git+https://github.com/acme/shop@refs/tags/@acme/app@1.0.0";
        assert_eq!(reference(text).as_deref(), Some("refs/tags/@acme/app@1.0.0"));
    }

    #[test]
    fn a_fragment_ends_where_the_directory_begins() {
        assert_eq!(reference("https://github.com/acme/shop.git#refs/tags/v1:sub/dir").as_deref(), Some("refs/tags/v1"));
        assert_eq!(reference("https://github.com/acme/shop.git#:sub/dir"), None);
        assert_eq!(reference("https://github.com/acme/shop@"), None);
    }

    #[test]
    fn a210_texts_with_a_second_meaning_are_not_read() {
        for text in [
            "https://github.com@evil.example/acme/shop",
            "https://user:secret@github.com/acme/shop",
            "https://github.com/acme/../evil/shop",
            "https://github.com//acme/shop",
            "https://github.com/acme%2fshop",
            "https://github.com/acme/sho%70",
            "https://github.com/acme/shop?ref=main",
            "http://github.com/acme/shop",
            "git://github.com/acme/shop",
            "file:///acme/shop",
            "alice@github.com:acme/shop.git",
            "git@github.com@evil.example:acme/shop",
            "ssh://git@github.com:2222/acme/shop",
            "https://github.com",
            "https:///acme/shop",
            "https://github.com./acme/shop",
            "https://github.com:/acme/shop",
            "https://github.com:0/acme/shop",
            "https://github.com:80:443/acme/shop",
            "https://github.com:0443/acme/shop",
            "https://github.com:+443/acme/shop",
            "ssh://git@github.com:22:22/acme/shop",
            "https://github.com\\@evil.example/acme/shop",
            "https://gıthub.com/acme/shop",
            "git+https://github.com/acme/shop@refs/heads/main\n",
            "git+https://github.com/acme/shop@refs/heads/main:evil",
            " https://github.com/acme/shop",
        ] {
            assert_eq!(repository(text), None, "{text}");
        }
    }

    #[test]
    fn a210_case_counts_except_where_the_host_ignores_it() {
        let is_at = |text: &str, url: &str| Source::parse(text).expect("a source").is_at(url);
        assert!(is_at("git+https://github.com/Acme/Shop@refs/heads/main", "https://github.com/acme/shop"));
        assert!(is_at("https://gitlab.com/Acme/Team/Shop", "https://gitlab.com/acme/team/shop"));
        assert!(!is_at("https://git.acme.example/Acme/Shop", "https://git.acme.example/acme/shop"));
        assert!(!is_at("https://github.com/acme/shop-evil", "https://github.com/acme/shop"));
        assert!(!is_at("https://gitlab.com/acme/shop", "https://github.com/acme/shop"));
    }
}
