//! Source references, in one normal form.

/// A source repository and the ref in it, as a provenance states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::verify) struct Source {
    /// `https://host/path`, without `.git`, trailing slash or default port.
    pub(in crate::verify) repository: String,
    /// What stands after the `@`, or after the `#` in BuildKit's spelling.
    pub(in crate::verify) reference: Option<String>,
}

impl Source {
    /// Reads `git+https://host/path@ref`, `https://host/path.git#ref` and the like.
    ///
    /// The ssh spellings of a repository are the same repository. Anything with a second meaning is not read: user names in front of the host, percent escapes, empty or dotted path
    /// segments, other schemes (A210).
    pub(in crate::verify) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("git+").unwrap_or(text);
        let (host, path) = match (text.strip_prefix("https://"), text.strip_prefix("ssh://git@")) {
            (Some(rest), _) | (None, Some(rest)) => rest.split_once('/')?,
            // The way `scp` writes it, with the one user name that stands for nobody.
            (None, None) => text.strip_prefix("git@")?.split_once(':')?,
        };
        let host = host.strip_suffix(":443").unwrap_or(host);
        if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':')) {
            return None;
        }
        let (path, reference) = match path.find(['@', '#']) {
            Some(position) => (&path[..position], Some(&path[position + 1..])),
            None => (path, None),
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".git").unwrap_or(path);
        if !path.split('/').all(is_plain_segment) {
            return None;
        }
        Some(Self {
            repository: format!("https://{}/{path}", host.to_ascii_lowercase()),
            reference: reference.filter(|reference| !reference.is_empty()).map(str::to_owned),
        })
    }
}

fn is_plain_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment != "."
        && segment != ".."
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> Option<String> {
        Source::parse(text).map(|source| source.repository)
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
            "git@github.com:acme/shop.git",
        ] {
            assert_eq!(repository(text).as_deref(), Some("https://github.com/acme/shop"), "{text}");
        }
    }

    #[test]
    fn a_ref_may_hold_an_at_sign() {
        let source = Source::parse("git+https://github.com/acme/shop@refs/tags/@acme/app@1.0.0").expect("a source");
        assert_eq!(source.reference.as_deref(), Some("refs/tags/@acme/app@1.0.0"));
    }

    #[test]
    fn a210_texts_with_a_second_meaning_are_not_read() {
        for text in [
            "https://github.com@evil.example/acme/shop",
            "https://user:secret@github.com/acme/shop",
            "https://github.com/acme/../evil/shop",
            "https://github.com//acme/shop",
            "https://github.com/acme%2fshop",
            "http://github.com/acme/shop",
            "alice@github.com:acme/shop.git",
            "git@github.com@evil.example:acme/shop",
            "https://github.com",
            "https:///acme/shop",
        ] {
            assert_eq!(repository(text), None, "{text}");
        }
    }
}
