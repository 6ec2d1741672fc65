//! Package URLs, as far as attestations name products with them.

use crate::oci::decode_hex;

/// A package URL, taken apart (purl-spec `PURL-SPECIFICATION.rst`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purl {
    /// In lower case.
    pub(super) kind: String,
    /// Empty where there is none.
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// By key, each of which is there once.
    pub(super) qualifiers: Vec<(String, String)>,
}

impl Purl {
    /// Reads one; `None` for what is none, or could be read in two ways.
    pub(super) fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, qualifiers) = rest.split_once('?').map_or((rest, ""), |(rest, qualifiers)| (rest, qualifiers));
        let (kind, path) = rest.split_once('/')?;
        // The version follows the last `@` behind the last `/`: a scope such as `@acme` is written `%40acme`, or is not.
        let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
        let (path, version) = match path[name_at..].rfind('@') {
            Some(at) if at > 0 => (&path[..name_at + at], Some(&path[name_at + at + 1..])),
            _ => (path, None),
        };
        let (namespace, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
        let read = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: unescape(namespace)?,
            name: unescape(name)?,
            version: match version {
                Some(version) => Some(unescape(version)?),
                None => None,
            },
            qualifiers: read_qualifiers(qualifiers)?,
        };
        (!read.kind.is_empty() && !read.name.is_empty() && read.version.as_deref() != Some("")).then_some(read)
    }

    /// Returns a qualifier.
    pub(super) fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Whether another one is of what this names: the same package, and the same version and qualifiers where this has any.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let same_package = (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name);
        let same_version = self.version.is_none() || self.version == other.version;
        same_package && same_version && self.qualifiers.iter().all(|one| other.qualifiers.contains(one))
    }
}

fn read_qualifiers(text: &str) -> Option<Vec<(String, String)>> {
    let mut read: Vec<(String, String)> = Vec::new();
    for qualifier in text.split('&').filter(|qualifier| !qualifier.is_empty()) {
        let (key, value) = qualifier.split_once('=')?;
        if read.iter().any(|(known, _)| known == key) {
            return None;
        }
        read.push((key.to_owned(), unescape(value)?));
    }
    Some(read)
}

/// RFC 3986 §2.1. What is no escape, or no text, is refused.
fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(decode_hex(digits)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Purl {
        Purl::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn the_parts_are_told_apart() {
        let purl = read("pkg:apk/alpine/busybox@1.31.1-r21?arch=x86_64&distro=3.12.9");
        assert_eq!((purl.kind.as_str(), purl.namespace.as_str(), purl.name.as_str()), ("apk", "alpine", "busybox"));
        assert_eq!((purl.version.as_deref(), purl.qualifier("arch")), (Some("1.31.1-r21"), Some("x86_64")));
        let scoped = read("pkg:npm/%40acme/app@1.0.0#lib");
        assert_eq!((scoped.namespace.as_str(), scoped.name.as_str()), ("@acme", "app"));
        assert_eq!(read("pkg:npm/@acme/app").version, None);
        assert_eq!(read("pkg:oci/app@sha256%3Aab").version.as_deref(), Some("sha256:ab"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_none() {
        for text in [
            "",
            "app",
            "pkg:",
            "pkg:oci",
            "pkg:oci/",
            "pkg:oci/app@",
            "pkg:oci/app?a=1&a=2",
            "pkg:oci/a%2",
            "pkg:oci/app?a",
        ] {
            assert_eq!(Purl::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_named_with_less_covers_what_is_named_with_more() {
        let covers = |one: &str, other: &str| read(one).covers(&read(other));
        let found = "pkg:apk/alpine/busybox@1.31?arch=x86_64";
        for name in
            ["pkg:apk/alpine/busybox", "pkg:apk/alpine/busybox@1.31", found, "pkg:APK/alpine/busybox?arch=x86_64"]
        {
            assert!(covers(name, found), "{name}");
        }
        for name in [
            "pkg:apk/alpine/busybox@1.32",
            "pkg:deb/alpine/busybox",
            "pkg:apk/wolfi/busybox",
            "pkg:apk/alpine/busybox?arch=arm64",
        ] {
            assert!(!covers(name, found), "{name}");
        }
        assert!(!covers("pkg:apk/alpine/busybox?distro=3.12", found));
    }
}
