//! References: what a user types to name an image.
//!
//! A reference has exactly one meaning here. Other tools guess at ambiguous texts: a path or a repository, user information or a
//! digest. Here such a text is refused, and the error shows the unambiguous spelling, because a verifier that guesses wrong
//! verifies another image (A282, A283).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::digest::{Digest, DigestError};
use super::file::{FileReference, FileReferenceError};
use super::npm::{NpmPackage, NpmPackageError};

/// What a user typed to name an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An image in a registry.
    Registry(RegistryReference),
    /// An image in an OCI layout: a directory or an archive.
    Layout(LayoutReference),
    /// A package of npm.
    Npm(NpmPackage),
    /// A file of this machine.
    File(FileReference),
}

/// An image in a registry, by tag, by digest or by both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegistryReference {
    /// The registry and the repository.
    pub name: ImageName,
    /// The tag as typed, or `latest` when there is neither tag nor digest.
    pub tag: Option<Tag>,
    /// The digest. When it is there the tag is never asked for (A002).
    pub digest: Option<Digest>,
}

/// A registry and a repository in it: `ghcr.io/acme/app`.
///
/// All spellings of one image have one name: hosts are in lower case, the default port of https is left out, and the
/// aliases of Docker Hub are `docker.io` (A034). Policies are matched against this name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName {
    registry: Box<str>,
    repository: Box<str>,
}

/// An image in an OCI layout, spelled as containers-transports(5) has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayoutReference {
    /// Whether the path is a directory or a file.
    pub form: LayoutForm,
    /// The directory or the archive.
    pub path: String,
    /// What the annotation `org.opencontainers.image.ref.name` must say.
    pub tag: Option<String>,
    /// The digest of the image. When it is there the tag is not looked at.
    pub digest: Option<Digest>,
}

/// What an OCI layout is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayoutForm {
    /// A directory: `oci:`.
    Directory,
    /// A tar archive, perhaps compressed with gzip: `oci-archive:`.
    Archive,
}

/// A tag such as `v1.2.3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Box<str>);

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing was given.
    #[error(
        "the reference is empty: expected REGISTRY/REPOSITORY:TAG, REGISTRY/REPOSITORY@sha256:…, oci:DIR or oci-archive:FILE"
    )]
    Empty,
    /// A space, a line break or another character that no reference has, which usually came with a copied line.
    #[error("`{}` has the character {character:?}, which no reference has", .text.escape_debug())]
    Character {
        /// The reference.
        text: String,
        /// The first such character.
        character: char,
    },
    /// An address of the web.
    #[error("`{text}` is a URL: expected a reference such as `{expected}`")]
    Url {
        /// The reference.
        text: String,
        /// The same without the scheme.
        expected: String,
    },
    /// A path on disk without its transport.
    #[error("`{0}` looks like a path: expected `oci:{0}` for an OCI layout directory, or a registry's name in front")]
    Path(String),
    /// A place where images may be that this program does not read.
    #[error("`{transport}:` is not supported: {instead}")]
    UnsupportedTransport {
        /// The transport's name.
        transport: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A name and a password in front of the host.
    #[error("`{0}` has user information in front of the host: a login is never part of a reference")]
    UserInformation(String),
    /// More than one `@`.
    #[error("`{0}` has more than one `@`: expected at most one digest")]
    SeveralDigests(String),
    /// What follows the `@` is not a digest.
    #[error("`{text}` does not end in a digest")]
    Digest {
        /// The reference.
        text: String,
        /// The digest's error.
        source: DigestError,
    },
    /// A package of npm that is not named, or not in one version.
    #[error("`{text}` is not a release of a package")]
    Npm {
        /// The reference.
        text: String,
        /// The package's error.
        source: NpmPackageError,
    },
    /// A file of this machine that is not named.
    #[error("`{text}` is not a file")]
    File {
        /// The reference.
        text: String,
        /// The file's error.
        source: FileReferenceError,
    },
    /// The host of the registry is none.
    #[error(
        "`{found}` is not a registry: expected a host name, an IPv4 address or an IPv6 address in brackets, with an optional port"
    )]
    Registry {
        /// The text in front of the first `/`.
        found: String,
    },
    /// The repository has capital letters.
    #[error("repository `{found}` has capital letters: expected `{expected}`")]
    Capitals {
        /// The repository.
        found: String,
        /// The same in lower case.
        expected: String,
    },
    /// The repository is none.
    #[error(
        "`{found}` is not a repository: expected lowercase words and digits, joined by `.`, `_`, `__` or `-`, in parts divided by one `/`"
    )]
    Repository {
        /// The text after the registry.
        found: String,
    },
    /// The name is longer than registries take.
    #[error("expected a name of at most {limit} characters, found {found}")]
    TooLong {
        /// The longest name there is.
        limit: usize,
        /// The length of this one.
        found: usize,
    },
    /// The tag is none.
    #[error("`{found}` is not a tag: expected a letter, digit or `_` and up to 127 letters, digits, `_`, `.` or `-`")]
    Tag {
        /// The text after the colon.
        found: String,
    },
}

impl ReferenceError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnsupportedTransport { .. } => {
                "write an OCI layout instead, and name it `oci:DIR`, or `oci-archive:FILE` if it is an archive"
            }
            Self::Npm { .. } => {
                "write it as npm:NAME@VERSION or npm:@SCOPE/NAME@VERSION; `npm view NAME versions` lists versions"
            }
            Self::File { .. } => "write it as file:PATH; relative paths begin in the current directory",
            _ => "write it as registry/repository:tag, registry/repository@sha256:…, oci:DIR or oci-archive:FILE",
        }
    }
}

/// Transports of containers-transports(5) that are known here only to say what to do instead.
const UNSUPPORTED_TRANSPORTS: [(&str, &str); 4] = [
    ("dir", "copy the image to an OCI layout and name that as `oci:DIR`"),
    (
        "docker-archive",
        "it does not keep the manifests that were signed; save the image as an OCI layout or archive and name that as `oci:DIR` or `oci-archive:FILE`",
    ),
    ("docker-daemon", "the daemon does not keep the manifests that were signed; name the image in its registry"),
    (
        "containers-storage",
        "name the image in its registry, or copy it with its signatures to an OCI layout and name that as `oci:DIR`",
    ),
];

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        for form in [LayoutForm::Directory, LayoutForm::Archive] {
            if let Some(layout) = text.strip_prefix(form.transport()).and_then(|rest| rest.strip_prefix(':')) {
                return layout_reference(text, form, layout).map(Self::Layout);
            }
        }
        if NpmPackage::is_meant(text) {
            let package = text.parse().map_err(|source| ReferenceError::Npm { text: text.to_owned(), source });
            return package.map(Self::Npm);
        }
        if FileReference::is_meant(text) {
            let file = text.parse().map_err(|source| ReferenceError::File { text: text.to_owned(), source });
            return file.map(Self::File);
        }
        if let Some((transport, instead)) = UNSUPPORTED_TRANSPORTS
            .into_iter()
            .find(|(transport, _)| text.strip_prefix(transport).is_some_and(|rest| rest.starts_with(':')))
        {
            return Err(ReferenceError::UnsupportedTransport { transport, instead });
        }
        text.parse().map(Self::Registry)
    }
}

impl Reference {
    /// Returns the name that policies are matched against, without tag and digest: `registry/repository` in its one
    /// normal form, or a layout in its `oci:` spelling, as typed. Without TLS (always so on loopback hosts) port 80 is
    /// the default, so it is left out of the name (A034).
    pub fn policy_name(&self, plain_http: bool) -> String {
        match self {
            Self::Registry(reference) if plain_http || reference.name.is_loopback() => {
                let name = &reference.name;
                let registry = name.registry();
                format!("{}/{}", registry.strip_suffix(":80").unwrap_or(registry), name.repository())
            }
            Self::Registry(reference) => reference.name.to_string(),
            Self::Layout(reference) => format!("{}:{}", reference.form.transport(), reference.path),
            Self::Npm(package) => package.policy_name(),
            Self::File(file) => file.policy_name(),
        }
    }

    /// Returns the same image by its digest, so that its tag is not looked at again.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Self {
        match self.clone() {
            Self::Registry(image) => Self::Registry(RegistryReference { digest: Some(digest), ..image }),
            Self::Layout(layout) => Self::Layout(LayoutReference { digest: Some(digest), ..layout }),
            // A version is never published twice, and has no place for a digest.
            package @ Self::Npm(_) => package,
            file @ Self::File(_) => file,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => reference.fmt(formatter),
            Self::Layout(reference) => reference.fmt(formatter),
            Self::Npm(package) => package.fmt(formatter),
            Self::File(file) => file.fmt(formatter),
        }
    }
}

impl LayoutForm {
    /// Returns the word in front of the first colon of a reference.
    fn transport(self) -> &'static str {
        match self {
            Self::Directory => "oci",
            Self::Archive => "oci-archive",
        }
    }
}

/// Reads what follows `oci:` or `oci-archive:`. The path ends at the first colon, as for the tools that write such references.
fn layout_reference(text: &str, form: LayoutForm, rest: &str) -> Result<LayoutReference, ReferenceError> {
    // Helm and gh spell an image of a registry so. `oci:///tmp/x` is a path all the same.
    if let Some(expected) = rest.strip_prefix("//").filter(|expected| !expected.starts_with('/')) {
        return Err(ReferenceError::Url { text: text.to_owned(), expected: expected.to_owned() });
    }
    if let Some(character) = text.chars().find(|c| c.is_control()) {
        return Err(ReferenceError::Character { text: text.to_owned(), character });
    }
    let (rest, digest) = match rest.rsplit_once('@') {
        Some((before, after)) if names_an_algorithm(after) => (before, Some(digest(text, after)?)),
        _ => (rest, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((_, "")) => return Err(ReferenceError::Tag { found: String::new() }),
        Some((path, tag)) => (path, Some(tag.to_owned())),
        None => (rest, None),
    };
    if path.is_empty() {
        return Err(ReferenceError::Empty);
    }
    Ok(LayoutReference { form, path: path.to_owned(), tag, digest })
}

/// Whether a text is meant as a digest; directories may have an `@` in their names.
fn names_an_algorithm(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| !algorithm.contains('/') && !hex.contains('/'))
}

fn digest(text: &str, digest: &str) -> Result<Digest, ReferenceError> {
    digest.parse().map_err(|source| ReferenceError::Digest { text: text.to_owned(), source })
}

impl fmt::Display for LayoutReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.form.transport(), self.path)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for RegistryReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix("docker://").unwrap_or(text);
        refuse_what_is_no_name(rest)?;
        let (rest, digest) = split_digest(rest)?;
        let (name, tag) = split_tag(rest);
        let name = ImageName::from_str(name)?;
        let tag = match tag {
            Some(tag) => Some(tag.parse()?),
            None if digest.is_none() => Some(Tag::latest()),
            None => None,
        };
        Ok(Self { name, tag, digest })
    }
}

/// Refuses whole classes of text before any part of it is given a meaning.
fn refuse_what_is_no_name(text: &str) -> Result<(), ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    if let Some(character) = text.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '%' | '\\' | '?' | '#')) {
        return Err(ReferenceError::Character { text: text.to_owned(), character });
    }
    if let Some((_, expected)) = text.split_once("://") {
        return Err(ReferenceError::Url { text: text.to_owned(), expected: expected.to_owned() });
    }
    if text.starts_with(['.', '/', '~']) {
        return Err(ReferenceError::Path(text.to_owned()));
    }
    Ok(())
}

fn split_digest(text: &str) -> Result<(&str, Option<Digest>), ReferenceError> {
    let Some((before, after)) = text.split_once('@') else {
        return Ok((text, None));
    };
    if after.contains('@') {
        return Err(ReferenceError::SeveralDigests(text.to_owned()));
    }
    if after.contains('/') {
        // What stands in front of the `@` may be a password, and messages end up in logs.
        return Err(ReferenceError::UserInformation(format!("…@{after}")));
    }
    Ok((before, Some(digest(text, after)?)))
}

/// Splits at the colon of the tag, which comes after the last `/`; one before it belongs to a port.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    match text[last..].split_once(':') {
        Some((word, tag)) => (&text[..last + word.len()], Some(tag)),
        None => (text, None),
    }
}

impl fmt::Display for RegistryReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// The one name of Docker Hub, its aliases, and the host that answers for it.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_ALIASES: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];
const DOCKER_HUB_API: &str = "registry-1.docker.io";

impl ImageName {
    /// The longest name that registries take, in characters (distribution `reference`: `NameTotalLengthMax`).
    const LONGEST: usize = 255;

    /// Returns the registry: a host in lower case, with its port unless that is 443 and the host is one without it.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the repository, such as `acme/app`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Returns the host, and the port if there is one, that answers for the registry.
    pub fn api_host(&self) -> &str {
        if &*self.registry == DOCKER_HUB { DOCKER_HUB_API } else { &self.registry }
    }

    /// Returns the one spelling of a registry, such as `ghcr.io` for `GHCR.IO:443`.
    pub fn registry_from(text: &str) -> Result<String, ReferenceError> {
        canonical_registry(text)
    }

    /// Whether the registry is this machine, by the host as it is written.
    pub fn is_loopback(&self) -> bool {
        is_loopback(host_of(&self.registry))
    }
}

impl FromStr for ImageName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        refuse_what_is_no_name(text)?;
        let (registry, repository) = match text.split_once('/') {
            Some((first, rest)) if is_registry(first) => (canonical_registry(first)?, rest),
            _ => (DOCKER_HUB.to_owned(), text),
        };
        check_repository(repository)?;
        let repository = if registry == DOCKER_HUB && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        let name = Self { registry: registry.into(), repository: repository.into() };
        let found = name.registry.len() + 1 + name.repository.len();
        if found > Self::LONGEST {
            return Err(ReferenceError::TooLong { limit: Self::LONGEST, found });
        }
        Ok(name)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)
    }
}

/// Whether the part in front of the first `/` is a registry and not a folder of Docker Hub.
///
/// distribution `reference/normalize.go`, `splitDockerDomain`: a dot, a colon, a capital letter, or `localhost`.
fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn canonical_registry(text: &str) -> Result<String, ReferenceError> {
    let wrong = || ReferenceError::Registry { found: text.to_owned() };
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
        let address: Ipv6Addr = address.parse().map_err(|_| wrong())?;
        (format!("[{address}]"), port)
    } else {
        let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (canonical_host(host).ok_or_else(wrong)?, port)
    };
    let port = match port.strip_prefix(':') {
        // Ports are compared as numbers: `:0443` is the same door as `:443`.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse::<u16>().map_err(|_| wrong())?)
        }
        None if port.is_empty() => None,
        _ => return Err(wrong()),
    };
    match port {
        Some(0) => Err(wrong()),
        // With its port it would be read as a transport: `oci:443/app` is a layout.
        _ if is_transport(&host) => Err(wrong()),
        // Without its port it would be read as a folder of Docker Hub, which is another image.
        Some(443) | None if !is_registry(&host) => Ok(format!("{host}:443")),
        // This machine is spoken to over plain HTTP, whose default port is another.
        Some(443) if !is_loopback(&host) => Ok(hub_name(host)),
        Some(port) => Ok(format!("{host}:{port}")),
        None => Ok(hub_name(host)),
    }
}

/// Whether a word in front of a colon says how an image is read, and names no host.
fn is_transport(word: &str) -> bool {
    let ours = [LayoutForm::Directory, LayoutForm::Archive].map(LayoutForm::transport);
    ours.contains(&word) || UNSUPPORTED_TRANSPORTS.iter().any(|(transport, _)| *transport == word)
}

fn hub_name(host: String) -> String {
    if DOCKER_HUB_ALIASES.contains(&host.as_str()) { DOCKER_HUB.to_owned() } else { host }
}

/// Returns the host in lower case if it is a host name or an IPv4 address written in full.
fn canonical_host(text: &str) -> Option<String> {
    let host = text.to_ascii_lowercase();
    let labels_are_good = host.split('.').all(|label| {
        label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    // WHATWG URL, "ends in a number checker": an HTTP client takes every host that ends in a number as an IPv4 address,
    // so `2130706433` and `0x7f.1` also mean 127.0.0.1. Only the full spelling is taken.
    let last = host.rsplit('.').next().unwrap_or_default();
    let ends_in_a_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    (labels_are_good && host.len() <= 253 && (!ends_in_a_number || host.parse::<Ipv4Addr>().is_ok())).then_some(host)
}

/// Returns the host of `host:port`, without the brackets of an IPv6 address.
fn host_of(registry: &str) -> &str {
    match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_repository(text: &str) -> Result<(), ReferenceError> {
    if text.split('/').all(is_repository_part) {
        return Ok(());
    }
    let lower = text.to_ascii_lowercase();
    if lower != text && lower.split('/').all(is_repository_part) {
        return Err(ReferenceError::Capitals { found: text.to_owned(), expected: lower });
    }
    Err(ReferenceError::Repository { found: text.to_owned() })
}

/// distribution-spec, "Pulling manifests": `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_repository_part(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    is_word(first)
        && is_word(last)
        && bytes
            .split(|&byte| is_word(byte))
            .all(|between| matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|&byte| byte == b'-'))
}

impl Tag {
    /// Returns the tag that a reference without tag and digest means.
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// Returns the tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    /// distribution-spec, "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let good = text.len() <= 128
            && text.bytes().next().is_some_and(is_word)
            && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'));
        if good { Ok(Self(text.into())) } else { Err(ReferenceError::Tag { found: text.to_owned() }) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn canonical(text: &str) -> String {
        text.parse::<Reference>().unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    fn refusal(text: &str) -> ReferenceError {
        text.parse::<Reference>().expect_err(text)
    }

    fn registry(text: &str) -> RegistryReference {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_are_completed_as_docker_completes_them() {
        assert_eq!(canonical("alpine"), "docker.io/library/alpine:latest");
        assert_eq!(canonical("acme/app:1"), "docker.io/acme/app:1");
        assert_eq!(canonical("localhost/app"), "localhost/app:latest");
        assert_eq!(canonical("localhost:5000"), "docker.io/library/localhost:5000");
        assert_eq!(canonical("localhost:5000/app"), "localhost:5000/app:latest");
        assert_eq!(canonical("docker://ghcr.io/acme/app:1.0"), "ghcr.io/acme/app:1.0");
    }

    #[test]
    fn a034_all_spellings_of_one_image_have_one_name() {
        for text in [
            "alpine",
            "docker.io/alpine",
            "index.docker.io/library/alpine",
            "registry-1.docker.io/library/alpine",
            "DOCKER.IO:443/alpine",
        ] {
            assert_eq!(registry(text).name.to_string(), "docker.io/library/alpine", "{text}");
            assert_eq!(registry(text).name.api_host(), "registry-1.docker.io", "{text}");
        }
        assert_eq!(canonical("GHCR.io:0443/acme/app"), "ghcr.io/acme/app:latest");
        assert_eq!(canonical("ghcr.io:8443/acme/app"), "ghcr.io:8443/acme/app:latest");
    }

    #[test]
    fn a034_without_tls_port_80_is_no_other_registry() {
        let name = |text: &str, plain: bool| text.parse::<Reference>().expect(text).policy_name(plain);
        assert_eq!(name("registry.lan:80/acme/app", true), name("registry.lan/acme/app", true));
        assert_eq!(name("127.0.0.1:80/acme/app", false), "127.0.0.1/acme/app");
        assert_eq!(name("registry.lan:80/acme/app", false), "registry.lan:80/acme/app");
        assert_eq!(name("oci:some/folder:v1", false), "oci:some/folder");
    }

    /// `registry/acme/app` is Docker Hub's, from every spelling.
    #[test]
    fn a034_a_host_without_a_dot_keeps_the_port_that_makes_it_one() {
        for text in ["registry:443/acme/app", "Registry:0443/acme/app", "REGISTRY/acme/app"] {
            assert_eq!(canonical(text), "registry:443/acme/app:latest", "{text}");
        }
        assert_eq!(canonical("registry:5000/acme/app"), "registry:5000/acme/app:latest");
        // Found by fuzzing: written as `oci:443/acme/app` it would be a layout.
        for text in ["OCI/acme/app", "oCi/7", "Oci-Archive/acme/app", "Docker-archive/acme/app"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert_eq!(canonical("registry/acme/app"), "docker.io/registry/acme/app:latest");
    }

    #[test]
    fn a002_a_digest_is_kept_beside_the_tag_and_no_tag_is_made_up() {
        let both = registry(&format!("ghcr.io/acme/app:1@{DIGEST}"));
        assert_eq!(
            (both.tag.map(|tag| tag.to_string()), both.digest.map(|digest| digest.to_string())),
            (Some("1".into()), Some(DIGEST.into()))
        );
        assert_eq!(canonical(&format!("ghcr.io/acme/app@{DIGEST}")), format!("ghcr.io/acme/app@{DIGEST}"));
    }

    #[test]
    fn a283_ambiguous_references_are_refused() {
        assert!(matches!(refusal("user:pass@ghcr.io/acme/app"), ReferenceError::UserInformation(_)));
        assert!(matches!(refusal(&format!("ghcr.io/app@{DIGEST}@{DIGEST}")), ReferenceError::SeveralDigests(_)));
        assert!(matches!(refusal("ghcr.io//app"), ReferenceError::Repository { .. }));
        assert!(matches!(refusal("ghcr.io/app/"), ReferenceError::Repository { .. }));
        assert!(matches!(refusal("ghcr.io/../app"), ReferenceError::Repository { .. }));
        for text in [
            "ghcr.io/app\n",
            " ghcr.io/app",
            "ghcr.io/app%2fx",
            "ghçr.io/app",
            "ghcr.io/аcme",
            "ghcr.io/a\u{202e}b",
            "ghcr.io\\app",
        ] {
            assert!(matches!(refusal(text), ReferenceError::Character { .. }), "{text:?}");
        }
        assert!(matches!(refusal(""), ReferenceError::Empty));
        assert!(matches!(refusal("ghcr.io/app@sha256:12"), ReferenceError::Digest { .. }));
        assert!(matches!(refusal("ghcr.io/app:"), ReferenceError::Tag { .. }));
        assert!(matches!(refusal("ghcr.io/app:-x"), ReferenceError::Tag { .. }));
        assert!(matches!(refusal(&format!("ghcr.io/app:{}", "x".repeat(129))), ReferenceError::Tag { .. }));
        assert!(matches!(refusal(&format!("ghcr.io/{}", "a/".repeat(150) + "a")), ReferenceError::TooLong { .. }));
    }

    #[test]
    fn a283_capital_letters_in_a_repository_are_named() {
        let error = refusal("ghcr.io/Acme/App:V1");
        assert_eq!(error, ReferenceError::Capitals { found: "Acme/App".into(), expected: "acme/app".into() });
    }

    #[test]
    fn a283_ip_addresses_have_one_spelling() {
        assert_eq!(canonical("[::1]:5000/x"), "[::1]:5000/x:latest");
        assert_eq!(canonical("[0:0:0:0:0:0:0:1]:5000/x"), "[::1]:5000/x:latest");
        assert_eq!(canonical("127.0.0.1:5000/x"), "127.0.0.1:5000/x:latest");
        for text in [
            "2130706433:5000/x",
            "0x7f.1/x",
            "0x7f000001:5000/x",
            "127.1:5000/x",
            "0177.0.0.1/x",
            "[::1/x",
            "[::1]5000/x",
            "[fe80::1%25eth0]:1/x",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_that_are_none_are_refused() {
        for text in [
            "ghcr..io/x",
            "-ghcr.io/x",
            "ghcr-.io/x",
            "ghcr.io:/x",
            "ghcr.io:0/x",
            "ghcr.io:65536/x",
            "ghcr.io:+1/x",
            ".ghcr.io/x",
            "localhost./x",
            "a_b.io/x",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        // Punycode is plain text here: nothing converts it, so the host that is named is the host that is asked.
        assert_eq!(canonical("xn--bcher-kva.example/x"), "xn--bcher-kva.example/x:latest");
    }

    #[test]
    fn a282_paths_and_urls_are_refused_with_the_spelling_that_was_meant() {
        assert!(refusal("./ghcr.io/x").to_string().contains("`oci:./ghcr.io/x`"));
        assert!(matches!(refusal("/tmp/image"), ReferenceError::Path(_)));
        for text in ["https://ghcr.io/acme/app", "oci://ghcr.io/acme/app"] {
            assert!(refusal(text).to_string().contains("such as `ghcr.io/acme/app`"), "{text}");
        }
        assert!(matches!(
            refusal("docker-archive:image.tar"),
            ReferenceError::UnsupportedTransport { transport: "docker-archive", .. }
        ));
    }

    #[test]
    fn layouts_are_spelled_as_containers_transports_has_them() {
        for text in ["oci:dir", "oci:/tmp/a b@c", "oci:dir:docker.io/library/x:test", "oci-archive:a.tar.gz:v1"] {
            assert_eq!(canonical(text), text);
        }
        let Ok(Reference::Layout(layout)) = format!("oci:./d:v1@{DIGEST}").parse() else { panic!("a layout") };
        assert_eq!((layout.path.as_str(), layout.tag.as_deref(), layout.digest.is_some()), ("./d", Some("v1"), true));
        for text in ["oci:", "oci::v1", "oci:dir:", "oci:dir@sha256:12", "oci:dir@md5:00", "oci:dir\n", "oci-archive:"]
        {
            assert!(text.parse::<Reference>().is_err(), "{text:?}");
        }
    }

    /// The canonical text is a fixed point for all parts.
    #[test]
    fn the_canonical_text_means_the_same_image() {
        let hosts = [
            "",
            "localhost/",
            "LOCALHOST:5000/",
            "ghcr.io/",
            "Ghcr.IO:443/",
            "registry:443/",
            "REGISTRY/",
            "ghcr.io:80/",
            "10.0.0.1:443/",
            "[::1]/",
            "[::1]:443/",
            "127.0.0.1:443/",
        ];
        let repositories = ["a", "a/b", "x/a.b__c--d_e/0", "library/a"];
        let ends = [String::new(), ":1".into(), ":_x.Y-z".into(), format!("@{DIGEST}"), format!(":1@{DIGEST}")];
        for host in hosts {
            for repository in repositories {
                for end in &ends {
                    let text = format!("{host}{repository}{end}");
                    let reference = registry(&text);
                    assert_eq!(registry(&reference.to_string()), reference, "{text}");
                }
            }
        }
    }

    #[test]
    fn loopback_is_told_by_the_written_host() {
        for text in ["localhost/x", "localhost:1/x", "127.9.9.9/x", "[::1]:5000/x"] {
            assert!(registry(text).name.is_loopback(), "{text}");
        }
        for text in ["localhost.example/x", "10.0.0.1/x", "127.0.0.1.nip.io/x", "x"] {
            assert!(!registry(text).name.is_loopback(), "{text}");
        }
    }
}
