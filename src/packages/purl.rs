//! Package URLs (ECMA-427, `package-url/purl-spec`), as SBOM tools write them.
//!
//! The `packageurl` crate refuses a whole URL for a rule of its type (a namespace where the type has none, a missing
//! qualifier). Such a URL would escape every rule that denies a package, so only what cannot be taken apart is refused here.

use std::borrow::Cow;
use std::fmt;

use percent::decode;

use super::name;
use super::version::{Same, same_version};

/// The parts of a package URL, decoded and in the normal form of its type. Borrowed from the text wherever it is normal already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purl<'a> {
    /// The type, in lower case: `npm`, `deb`, `golang`.
    pub kind: Cow<'a, str>,
    /// What the name is unique within, if the type has such a thing: `@angular`, `debian`, `org.apache.commons`.
    pub namespace: Option<Cow<'a, str>>,
    /// The name.
    pub name: Cow<'a, str>,
    /// The version.
    pub version: Option<Cow<'a, str>>,
    /// Keys in lower case and their values, in the order of the text. No key is there twice, no value is empty.
    pub qualifiers: Vec<Qualifier<'a>>,
    /// A path within the package.
    pub subpath: Option<Cow<'a, str>>,
}

/// Qualifiers that a package URL may have: each is held against the others.
const MAX_QUALIFIERS: usize = 64;

/// The key of a qualifier and its value.
pub type Qualifier<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Why a text is not a package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PurlError {
    /// It begins with something other than `pkg:`.
    #[error("a package URL begins with `pkg:`")]
    Scheme,
    /// The type is missing or has characters that no type has.
    #[error("`{kind}` is not a package URL type: expected letters, digits, `.` and `-`, a letter first")]
    Kind {
        /// What stands where the type belongs.
        kind: String,
    },
    /// The name is missing.
    #[error("the package URL has no name")]
    Name,
    /// A part is not UTF-8 after decoding, or a `%` is not followed by two hexadecimal digits.
    #[error("`{part}` is not percent-encoded UTF-8")]
    Encoding {
        /// The part, as written.
        part: String,
    },
    /// A qualifier's key has characters that no key has.
    #[error("`{key}` is not a qualifier key: expected letters, digits, `.`, `-` and `_`, a letter first")]
    Key {
        /// The key, as written.
        key: String,
    },
    /// A qualifier is there twice: readers would differ in which one counts.
    #[error("the qualifier `{key}` occurs twice")]
    KeyTwice {
        /// The key, in lower case.
        key: String,
    },
    /// It has more qualifiers than any package needs.
    #[error("the package URL has more than {MAX_QUALIFIERS} qualifiers")]
    TooManyQualifiers,
}

impl<'a> Purl<'a> {
    /// Takes a package URL apart (purl-spec, "How to parse a PURL string") and brings it into the normal form of its type.
    ///
    /// An unencoded `@` before the name (`pkg:npm/@angular/core`) is read as the start of a scope. White space around
    /// the text is dropped, because behind the name it would make another name.
    pub fn parse(text: &'a str) -> Result<Self, PurlError> {
        let (rest, subpath) = split_right(text.trim(), '#');
        let (rest, qualifiers) = split_right(rest, '?');
        let rest = without_scheme(rest)?.trim_matches('/');
        let (kind, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let kind = name::standard_kind(lower(Cow::Borrowed(checked_kind(kind)?)));
        let (path, version) = split_version(rest);
        let (namespace, name) = split_right_once(path.trim_end_matches('/'));
        if name.is_empty() {
            return Err(PurlError::Name);
        }
        let mut purl = Self {
            kind,
            namespace: segments(namespace, |_| true)?,
            name: decode(name)?,
            version: version.filter(|version| !version.is_empty()).map(decode).transpose()?,
            qualifiers: qualifiers.map(read_qualifiers).transpose()?.unwrap_or_default(),
            subpath: segments(subpath.unwrap_or_default(), |segment| !matches!(segment, "." | ".."))?,
        };
        purl.normalize();
        Ok(purl)
    }

    /// Returns the value of a qualifier, by its key in lower case.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_ref())
    }

    /// Returns the version as its ecosystem orders it: with the epoch that package URLs of RPM and of Debian may have apart.
    pub fn full_version(&self) -> Option<Cow<'_, str>> {
        Some(self.with_epoch(Cow::Borrowed(self.version.as_deref()?)))
    }

    /// Returns a version of the package that a document states elsewhere, with the epoch of the package URL.
    pub fn with_epoch<'v>(&self, version: Cow<'v, str>) -> Cow<'v, str> {
        let has_epochs = matches!(&*self.kind, "rpm" | "deb") && !version.contains(':');
        match self.qualifier("epoch").filter(|_| has_epochs) {
            Some(epoch) => Cow::Owned(format!("{epoch}:{version}")),
            None => version,
        }
    }

    /// Returns namespace and name, joined with `/`.
    pub fn full_name(&self) -> Cow<'_, str> {
        match &self.namespace {
            Some(namespace) => Cow::Owned(format!("{namespace}/{}", self.name)),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// Returns type, namespace and name in a form that is equal for two spellings of one package.
    ///
    /// Case is ignored for every type: earlier type definitions lowered it for Go and npm, and tools of that time still
    /// do. In PyPI names, `.`, `_` and `-` are equal (PEP 503).
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind, name::fold(&self.kind, &self.full_name()))
    }

    /// Whether the other names the same package, in any version.
    pub fn is_same_package(&self, other: &Purl<'_>) -> bool {
        self.kind == other.kind && self.key() == other.key()
    }

    /// Whether another one is of what this names: the same package, and the same version and qualifiers where this has any.
    pub fn covers(&self, other: &Purl<'_>) -> bool {
        let same_version = || match (self.full_version(), other.full_version()) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(one), Some(other)) => same_version(&self.kind, &one, &other) == Same::Yes,
        };
        // An epoch is a part of the version, which was compared.
        let mut qualifiers = self.qualifiers.iter().filter(|(key, _)| key != "epoch");
        self.is_same_package(other) && same_version() && qualifiers.all(|one| other.qualifiers.contains(one))
    }

    /// Returns the same with nothing borrowed.
    pub fn into_owned(self) -> Purl<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Purl {
            kind: own(self.kind),
            namespace: self.namespace.map(own),
            name: own(self.name),
            version: self.version.map(own),
            qualifiers: self.qualifiers.into_iter().map(|(key, value)| (own(key), own(value))).collect(),
            subpath: self.subpath.map(own),
        }
    }

    /// Applies the rules of its type (purl-spec `types/*-definition.json`).
    fn normalize(&mut self) {
        self.standardize();
        let rules = rules(&self.kind);
        if rules.lower_namespace {
            self.namespace = self.namespace.take().map(lower);
        }
        if rules.lower_name {
            self.name = lower(std::mem::take(&mut self.name));
        }
        if rules.lower_version {
            self.version = self.version.take().map(lower);
        }
        match &*self.kind {
            // pypi-definition.json: "Replace underscore _ with dash -".
            "pypi" if self.name.contains('_') => self.name = self.name.replace('_', "-").into(),
            // pub-definition.json: "Replace non-[a-z] letters, non-[0-9] digits with underscore _".
            "pub" if !self.name.bytes().all(is_plain) => {
                self.name = self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            }
            _ => {}
        }
    }

    /// Brings the name into the form that the ecosystem itself has, where tools write another one.
    fn standardize(&mut self) {
        // Most types have one form, and lists of packages are long: their names are not even joined.
        if name::has_other_forms(&self.kind) {
            if let Some(module) = name::module_of_subpath(&self.kind, &self.full_name(), self.subpath.as_deref()) {
                self.subpath = None;
                self.rename(&module);
            }
            if let Some(name) = name::standard(&self.kind, &self.full_name(), self.qualifier("repository_url")) {
                self.rename(&name);
            }
        }
        if self.namespace.is_none()
            && let Some(namespace) = name::distribution_of(&self.kind, self.qualifier("distro"))
        {
            self.namespace = Some(Cow::Owned(namespace.to_owned()));
        }
    }

    fn rename(&mut self, path: &str) {
        let (namespace, name) = split_right_once(path);
        self.namespace = (!namespace.is_empty()).then(|| Cow::Owned(namespace.to_owned()));
        self.name = Cow::Owned(name.to_owned());
    }
}

impl fmt::Display for Purl<'_> {
    /// Writes the canonical form (purl-spec, "How to build a PURL string").
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pkg:{}/", self.kind)?;
        for segment in self.namespace.iter().flat_map(|namespace| namespace.split('/')) {
            write!(formatter, "{}/", percent::Encoded(segment))?;
        }
        write!(formatter, "{}", percent::Encoded(&self.name))?;
        if let Some(version) = &self.version {
            write!(formatter, "@{}", percent::Encoded(version))?;
        }
        let mut qualifiers: Vec<_> = self.qualifiers.iter().collect();
        qualifiers.sort_unstable();
        for (position, (key, value)) in qualifiers.into_iter().enumerate() {
            let separator = if position == 0 { '?' } else { '&' };
            write!(formatter, "{separator}{key}={}", percent::Encoded(value))?;
        }
        for (position, segment) in self.subpath.iter().flat_map(|subpath| subpath.split('/')).enumerate() {
            write!(formatter, "{}{}", if position == 0 { '#' } else { '/' }, percent::Encoded(segment))?;
        }
        Ok(())
    }
}

/// Splits at the last separator: the text before it, and the text after it if the separator occurs.
fn split_right(text: &str, separator: char) -> (&str, Option<&str>) {
    text.rsplit_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// "The purl scheme … is case insensitive", and "Strip the remainder from leading and trailing `/`".
fn without_scheme(text: &str) -> Result<&str, PurlError> {
    let (scheme, rest) = text.split_once(':').ok_or(PurlError::Scheme)?;
    if scheme.eq_ignore_ascii_case("pkg") { Ok(rest) } else { Err(PurlError::Scheme) }
}

fn checked_kind(kind: &str) -> Result<&str, PurlError> {
    let begins = kind.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    if begins && kind.bytes().all(is_allowed) { Ok(kind) } else { Err(PurlError::Kind { kind: kind.to_owned() }) }
}

/// Splits at the last `@`, unless it begins a segment that another one follows: then it is a scope and no version.
fn split_version(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((before, after)) if after.contains('/') && (before.is_empty() || before.ends_with('/')) => (text, None),
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn split_right_once(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Decodes each segment that counts, and joins them.
fn segments(path: &str, counts: impl Fn(&str) -> bool) -> Result<Option<Cow<'_, str>>, PurlError> {
    let is_plain = !path.contains(['%', '.']) && !path.contains("//") && !path.starts_with('/') && !path.ends_with('/');
    if is_plain {
        return Ok((!path.is_empty()).then_some(Cow::Borrowed(path)));
    }
    let mut joined = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decode(segment)?;
        if counts(&segment) {
            joined.push_str(if joined.is_empty() { "" } else { "/" });
            joined.push_str(&segment);
        }
    }
    Ok((!joined.is_empty()).then_some(Cow::Owned(joined)))
}

fn read_qualifiers(text: &str) -> Result<Vec<Qualifier<'_>>, PurlError> {
    let mut qualifiers: Vec<Qualifier<'_>> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let begins = key.starts_with(|c: char| c.is_ascii_alphabetic());
        if !begins || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return Err(PurlError::Key { key: key.to_owned() });
        }
        // "A key=value pair with an empty value is the same as no key/value at all for this key."
        let (key, value) = (lower(Cow::Borrowed(key)), decode(value)?);
        if value.is_empty() {
            continue;
        }
        if qualifiers.iter().any(|(known, _)| *known == key) {
            return Err(PurlError::KeyTwice { key: key.into_owned() });
        }
        if qualifiers.len() == MAX_QUALIFIERS {
            return Err(PurlError::TooManyQualifiers);
        }
        qualifiers.push((key, value));
    }
    Ok(qualifiers)
}

/// Which parts of a type ignore case, so that their normal form is lower case.
#[derive(Default)]
struct Rules {
    lower_namespace: bool,
    lower_name: bool,
    lower_version: bool,
}

fn rules(kind: &str) -> Rules {
    let both = Rules { lower_namespace: true, lower_name: true, lower_version: false };
    match kind {
        "alpm" | "apk" | "bitbucket" | "brew" | "composer" | "deb" | "github" | "hex" | "luarocks" => both,
        "vscode-extension" => Rules { lower_version: true, ..both },
        "qpkg" | "rpm" | "yocto" => Rules { lower_namespace: true, ..Rules::default() },
        "bitnami" | "chrome-extension" | "otp" | "pub" => Rules { lower_name: true, ..Rules::default() },
        "oci" | "pypi" => Rules { lower_name: true, lower_version: true, ..Rules::default() },
        "huggingface" => Rules { lower_version: true, ..Rules::default() },
        _ => Rules::default(),
    }
}

fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) { Cow::Owned(text.to_lowercase()) } else { text }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Percent-encoding (RFC 3986 §2.1) as package URLs use it.
mod percent {
    use std::borrow::Cow;
    use std::fmt::{self, Write};

    use super::PurlError;

    /// Decodes a part.
    pub(super) fn decode(part: &str) -> Result<Cow<'_, str>, PurlError> {
        if !part.contains('%') {
            return Ok(Cow::Borrowed(part));
        }
        let invalid = || PurlError::Encoding { part: part.to_owned() };
        let mut bytes = Vec::with_capacity(part.len());
        let mut rest = part.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(
                match byte {
                    b'%' => nibble(rest.next()).zip(nibble(rest.next())).map(|(high, low)| high << 4 | low),
                    other => Some(other),
                }
                .ok_or_else(invalid)?,
            );
        }
        String::from_utf8(bytes).map(Cow::Owned).map_err(|_| invalid())
    }

    fn nibble(digit: Option<u8>) -> Option<u8> {
        char::from(digit?).to_digit(16).and_then(|value| u8::try_from(value).ok())
    }

    /// A part as it is written: everything but letters, digits, `.`, `-`, `_`, `~` and `:` encoded (purl-spec, "Character
    /// encoding").
    pub(super) struct Encoded<'a>(pub(super) &'a str);

    impl fmt::Display for Encoded<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.bytes().try_for_each(|byte| match byte {
                b'.' | b'-' | b'_' | b'~' | b':' => formatter.write_char(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => formatter.write_char(char::from(byte)),
                byte => write!(formatter, "%{byte:02X}"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> Purl<'_> {
        Purl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_syft_and_trivy_write_is_read() {
        let deb = purl(
            "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%403.0.11-1~deb12u2",
        );
        assert_eq!((&*deb.kind, deb.namespace.as_deref(), &*deb.name), ("deb", Some("debian"), "libssl3"));
        assert_eq!(deb.version.as_deref(), Some("3.0.11-1~deb12u2"));
        assert_eq!(deb.qualifier("upstream"), Some("openssl@3.0.11-1~deb12u2"));
        assert_eq!(purl("pkg:npm/%40babel/core@7.0.0").full_name(), "@babel/core");
        assert_eq!(purl("pkg:golang/github.com/Masterminds/semver/v3@v3.2.1").name, "v3");
        let rpm =
            purl("pkg:rpm/redhat/perl-libs@5.32.1-480.el9?arch=x86_64&epoch=4&upstream=perl-5.32.1-480.el9.src.rpm");
        assert_eq!(rpm.full_version().as_deref(), Some("4:5.32.1-480.el9"));
        assert_eq!(purl("pkg:golang/stdlib@1.22.3").full_version().as_deref(), Some("1.22.3"));
    }

    #[test]
    fn an_unencoded_scope_is_no_version() {
        let scoped = purl("pkg:npm/@babel/core");
        assert_eq!((scoped.namespace.as_deref(), &*scoped.name, &scoped.version), (Some("@babel"), "core", &None));
        let versioned = purl("pkg:npm/@babel/core@7.0.0");
        assert_eq!((versioned.namespace.as_deref(), versioned.version.as_deref()), (Some("@babel"), Some("7.0.0")));
    }

    #[test]
    fn parts_are_brought_into_the_normal_form_of_the_type() {
        assert_eq!(purl("pkg:PyPI/Django_Package@1.11.1").to_string(), "pkg:pypi/django-package@1.11.1");
        assert_eq!(purl("pkg:GitHub/Acme/Shop@V1").to_string(), "pkg:github/acme/shop@V1");
        assert_eq!(purl("pkg:NPM//%40Angular///Core@1#/a/./../b/").to_string(), "pkg:npm/%40Angular/Core@1#a/b");
        assert_eq!(purl("pkg://deb/Debian/Curl@1?arch=").to_string(), "pkg:deb/debian/curl@1");
        assert_eq!(
            purl("pkg:maven/a.b/C@1?type=jar&classifier=x").to_string(),
            "pkg:maven/a.b/C@1?classifier=x&type=jar"
        );
        assert_eq!(purl("pkg:pub/Flutter-Web@1").name, "flutter_web");
    }

    #[test]
    fn two_spellings_of_one_package_are_the_same() {
        assert!(purl("pkg:pypi/Zope.Interface@5").is_same_package(&purl("pkg:pypi/zope__interface")));
        assert!(purl("pkg:golang/github.com/Azure/sdk@1").is_same_package(&purl("pkg:golang/github.com/azure/sdk")));
        assert!(!purl("pkg:npm/a/b").is_same_package(&purl("pkg:npm/b")));
        assert!(!purl("pkg:npm/a").is_same_package(&purl("pkg:pypi/a")));
    }

    #[test]
    fn rules_of_a_type_do_not_make_a_package_unreadable() {
        for odd in ["pkg:swift/Alamofire@5", "pkg:cargo/crates.io/serde@1", "pkg:cpan/Moose@2", "pkg:julia/Dates@1"] {
            assert!(Purl::parse(odd).is_ok(), "{odd}");
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_is_refused() {
        let error = |text: &str| Purl::parse(text).expect_err("broken");
        assert_eq!(error("EnterpriseLibrary.Common@6.0"), PurlError::Scheme);
        assert_eq!(error("pkg%3Amaven/org/io"), PurlError::Scheme);
        assert_eq!(error("pkg:3nginx/nginx@1"), PurlError::Kind { kind: "3nginx".to_owned() });
        assert_eq!(error("pkg:nginx:a/nginx@1"), PurlError::Kind { kind: "nginx:a".to_owned() });
        assert!(matches!(error("pkg:EnterpriseLibrary.Common@6.0"), PurlError::Kind { .. }));
        assert_eq!(error("pkg:maven/@1.3.4"), PurlError::Name);
        assert_eq!(error("pkg:npm/"), PurlError::Name);
        assert_eq!(error("pkg:npm/a%zz"), PurlError::Encoding { part: "a%zz".to_owned() });
        assert_eq!(error("pkg:npm/a%ff"), PurlError::Encoding { part: "a%ff".to_owned() });
        assert_eq!(error("pkg:npm/a@1?in%20production=true"), PurlError::Key { key: "in%20production".to_owned() });
        let many: Vec<String> = (0..100_000).map(|number| format!("&k{number}=v")).collect();
        let many = many.concat();
        assert_eq!(error(&format!("pkg:npm/a@1?{many}")), PurlError::TooManyQualifiers);
        assert_eq!(error("pkg:npm/a@1?arch=x&ARCH=y"), PurlError::KeyTwice { key: "arch".to_owned() });
    }

    #[test]
    fn what_is_named_with_less_covers_what_is_named_with_more() {
        let covers =
            |one: &str, other: &str| Purl::parse(one).expect("a purl").covers(&Purl::parse(other).expect("a purl"));
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
