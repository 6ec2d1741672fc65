//! Registries of npm packages: the metadata of a release, the registry's signatures on it, and its attestations.
//!
//! Two addresses are requested, both built from the registry's base address and the package's name. Addresses in an answer are
//! never requested. The registry states the tarball's integrity; its signature and every attestation must be about that
//! integrity. The tarball is not fetched: npm compares it with the integrity at installation.

use std::collections::BTreeSet;
use std::str::FromStr;

use futures_util::future::join;
use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::address::{Place, place_of};
use super::transport::{Answer, Deadline, Request, at, shown_host};
use super::{Registries, judge, may_redirect};
use crate::collect::error::SourceError;
use crate::collect::limits::Limits;
use crate::collect::said::printable;
use crate::evidence::{Candidate, Content, Evidence, Gap, LookedIn, Opened, Origin, Target};
use crate::json;
use crate::oci::{Algorithm, Blob, Digest, NpmPackage};

/// The media type in the `Accept` header.
const JSON: &str = "application/json";
/// The most signatures of one release that are judged.
const MOST_SIGNATURES: usize = 32;

/// Where a registry is: its address without a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmBase(Url);

/// Why a text is not the address of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NpmBaseError {
    /// It is not the address of a web server, or has more than host and path.
    #[error("expected an address such as https://registry.npmjs.org, without name, query or fragment")]
    Form,
    /// The address is not encrypted, so the integrity of a package could be changed on the way.
    #[error("expected an https address; http is for this machine alone")]
    Plain,
}

impl FromStr for NpmBase {
    type Err = NpmBaseError;

    fn from_str(text: &str) -> Result<Self, NpmBaseError> {
        let url = Url::parse(text).map_err(|_| NpmBaseError::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NpmBaseError::Form)?;
        let has_more = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        match url.scheme() {
            "https" | "http" if has_more || url.fragment().is_some() => Err(NpmBaseError::Form),
            "https" => Ok(Self(url)),
            "http" if place_of(host) == Place::Loopback => Ok(Self(url)),
            "http" => Err(NpmBaseError::Plain),
            _ => Err(NpmBaseError::Form),
        }
    }
}

/// The registry that packages are asked of.
#[derive(Debug, Clone)]
pub struct NpmRegistry {
    base: Url,
}

impl NpmRegistry {
    /// The registry at this address.
    pub fn at(base: &NpmBase) -> Self {
        Self { base: base.0.clone() }
    }

    /// Returns an address below the registry's own. Each part is a name that means nothing else in a path.
    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        url
    }

    /// Where the registry's document about one release is. A scope and its name are one part of the path.
    fn release(&self, package: &NpmPackage) -> Url {
        self.below(&format!("{}/{}", package.name().replace('/', "%2f"), package.version()))
    }

    /// Where the registry keeps the attestations of one release (npm/cli `lib/utils/verify-signatures.js`).
    fn attestations(&self, package: &NpmPackage) -> Url {
        let name = package.name().replace('/', "%2f");
        self.below(&format!("-/npm/v1/attestations/{name}@{}", package.version()))
    }
}

/// Collects the metadata, signatures and attestations of a package. Missing metadata is an error. Missing attestations are
/// absence, and unreadable ones are a gap.
pub async fn collect_npm(
    registries: &Registries,
    registry: &NpmRegistry,
    text: &str,
    package: &NpmPackage,
    limits: &Limits,
) -> Result<Evidence, SourceError> {
    registries.transport.give_host(registry.base.host_str().unwrap_or_default());
    registries.transport.identify_to(&registry.base);
    let deadline = Deadline { at: Instant::now() + limits.total_time, allowed: limits.total_time };
    let source = NpmSource { registries, registry, package, limits, deadline };
    let (release, attestations) = join(source.release(), source.attestations()).await;
    let release = release?;
    let digest = release.digest.clone();
    let looked_in = LookedIn { repository: Some(source.host()), ..LookedIn::default() };
    let mut evidence = Evidence { looked_in, ..Evidence::of(Target::npm(text, package.clone(), digest), Vec::new()) };
    source.take_signatures(&release, &mut evidence);
    match attestations {
        Ok(bundles) => source.take_bundles(bundles, &release.digest, &mut evidence),
        // The registry's own document says that there are some.
        Err(error) if !error.is_not_found() || release.has_attestations => {
            evidence.gaps.push(Gap {
                subject: release.digest.clone(),
                what: format!("attestations of {package}"),
                obstacle: error.obstacle_of_listed(),
            });
        }
        Err(_) => {}
    }
    Ok(evidence)
}

/// What a registry says of one release.
struct Release {
    /// The digest of the tarball.
    digest: Digest,
    /// What the registry signs: name, version and integrity.
    text: String,
    signatures: Vec<Signature>,
    /// Whether it says that there are attestations.
    has_attestations: bool,
}

#[derive(Deserialize)]
struct Document {
    name: String,
    version: String,
    dist: Dist,
}

#[derive(Deserialize)]
struct Dist {
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    signatures: Option<Vec<Signature>>,
    #[serde(default)]
    attestations: Option<IgnoredAny>,
}

/// A signature over `NAME@VERSION:INTEGRITY`. The key id in it is ignored: every trusted key is tried.
#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
struct Page {
    attestations: Vec<Attested>,
}

/// The type of a bundle comes from the bundle itself, never from the list.
#[derive(Deserialize)]
struct Attested {
    bundle: Box<RawValue>,
}

/// One release in one registry.
struct NpmSource<'a> {
    registries: &'a Registries,
    registry: &'a NpmRegistry,
    package: &'a NpmPackage,
    limits: &'a Limits,
    deadline: Deadline,
}

impl NpmSource<'_> {
    fn host(&self) -> String {
        shown_host(&self.registry.base)
    }

    async fn get(&self, url: &Url, limit: u64) -> Result<(String, Answer), SourceError> {
        let redirects = |hop: &Url| may_redirect(&self.registry.base, hop, false);
        let request = Request::get(url, JSON, limit, self.deadline, &redirects);
        let transport = &self.registries.transport;
        let answer = transport.send(&request).await?;
        let at = at(&request);
        Ok((at.clone(), judge(transport, at, answer, None)?))
    }

    /// Asks what the registry says of the release. It must be about the very package that was asked for.
    async fn release(&self) -> Result<Release, SourceError> {
        let (at, answer) = self.get(&self.registry.release(self.package), self.limits.manifest).await?;
        read_release(&at, &answer.body, self.package)
    }

    async fn attestations(&self) -> Result<Vec<Blob>, SourceError> {
        let (at, answer) = self.get(&self.registry.attestations(self.package), self.limits.service).await?;
        let bundles = read_attestations(&at, &answer.body)?;
        if bundles.len() > self.limits.candidates {
            let allowed = self.limits.candidates as u64;
            let found = bundles.len().to_string();
            return Err(SourceError::Limit { at, limit: "attestations of one package", allowed, found });
        }
        Ok(bundles)
    }

    fn take_signatures(&self, release: &Release, evidence: &mut Evidence) {
        let mut seen = BTreeSet::new();
        for signature in release.signatures.iter().filter(|signature| seen.insert(signature.sig.as_str())) {
            let text = Blob::of(Algorithm::Sha256, release.text.clone().into_bytes());
            let whole = format!("{}\n{}", release.text, signature.sig);
            evidence.candidates.push(Candidate {
                subject: release.digest.clone(),
                origin: Origin::Npm { place: format!("signature of {}", self.host()) },
                digest: Digest::of(Algorithm::Sha256, whole.as_bytes()),
                content: Content::RegistrySignature { text, signature: signature.sig.clone() },
            });
        }
    }

    /// Takes each bundle once, however often it is listed.
    fn take_bundles(&self, bundles: Vec<Blob>, subject: &Digest, evidence: &mut Evidence) {
        let mut seen = BTreeSet::new();
        for bundle in bundles.into_iter().filter(|bundle| seen.insert(bundle.digest().clone())) {
            evidence.candidates.push(Candidate {
                subject: subject.clone(),
                origin: Origin::Npm { place: format!("attestations of {}", self.host()) },
                digest: bundle.digest().clone(),
                content: Content::Bundle(Opened::bundle(bundle)),
            });
        }
    }
}

fn read_release(at: &str, body: &[u8], package: &NpmPackage) -> Result<Release, SourceError> {
    let wrong =
        |expected, found: &str| SourceError::Unexpected { at: at.to_owned(), expected, found: printable(found) };
    let document: Document =
        json::from_slice(body).map_err(|error| wrong("what a registry says of a release", &error.to_string()))?;
    if document.name != package.name() || document.version != package.version() {
        let found = format!("{}@{}", document.name, document.version);
        return Err(wrong("the package and version that were asked for", &found));
    }
    let Dist { integrity, signatures, attestations } = document.dist;
    let signatures = signatures.unwrap_or_default();
    if signatures.len() > MOST_SIGNATURES {
        let (at, allowed, found) = (at.to_owned(), MOST_SIGNATURES as u64, signatures.len().to_string());
        return Err(SourceError::Limit { at, limit: "signatures of one package", allowed, found });
    }
    let integrity = integrity.unwrap_or_default();
    let digest = sha512(&integrity).ok_or_else(|| SourceError::Integrity {
        at: at.to_owned(),
        found: if integrity.is_empty() { "none".to_owned() } else { printable(&integrity) },
    })?;
    Ok(Release { digest, text: package.signed_text(&integrity), signatures, has_attestations: attestations.is_some() })
}

/// W3C Subresource Integrity §3.5, of one hash alone: of several, each may name another tarball.
fn sha512(integrity: &str) -> Option<Digest> {
    let base64 = integrity.strip_prefix("sha512-")?;
    let bytes = json::base64::decode(base64).filter(|bytes| json::base64::STANDARD.encode(bytes) == base64)?;
    Digest::from_bytes(Algorithm::Sha512, &bytes)
}

fn read_attestations(at: &str, body: &[u8]) -> Result<Vec<Blob>, SourceError> {
    let page: Page = json::from_slice(body).map_err(|error| SourceError::Unexpected {
        at: at.to_owned(),
        expected: "a list of attestations",
        found: printable(&error.to_string()),
    })?;
    let bundle = |one: Attested| Blob::of(Algorithm::Sha256, String::from(Box::<str>::from(one.bundle)).into_bytes());
    Ok(page.attestations.into_iter().map(bundle).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> NpmPackage {
        text.parse().expect(text)
    }

    #[test]
    fn a_registry_is_asked_over_https_or_on_this_machine() {
        for text in ["https://registry.npmjs.org", "https://npm.acme.example/api/npm/all/", "http://127.0.0.1:4873"] {
            assert!(text.parse::<NpmBase>().is_ok(), "{text}");
        }
        assert_eq!("http://registry.npmjs.org".parse::<NpmBase>(), Err(NpmBaseError::Plain));
        for text in ["", "registry.npmjs.org", "ftp://a", "https://u:p@a", "https://a/?x=1", "https://a/#x", "https://"]
        {
            assert_eq!(text.parse::<NpmBase>(), Err(NpmBaseError::Form), "{text}");
        }
    }

    #[test]
    fn addresses_are_made_of_the_base_and_the_name() {
        let at = |base: &str| NpmRegistry::at(&base.parse().expect(base));
        let (scoped, plain) = (package("npm:@acme/app@1.0.0"), package("npm:app@1.0.0"));
        let registry = at("https://npm.acme.example/api/npm/");
        assert_eq!(registry.release(&plain).as_str(), "https://npm.acme.example/api/npm/app/1.0.0");
        assert_eq!(registry.release(&scoped).as_str(), "https://npm.acme.example/api/npm/@acme%2fapp/1.0.0");
        assert_eq!(
            at("https://registry.npmjs.org").attestations(&scoped).as_str(),
            "https://registry.npmjs.org/-/npm/v1/attestations/@acme%2fapp@1.0.0"
        );
    }

    #[test]
    fn an_integrity_is_one_sha512_and_nothing_else() {
        let digest = Digest::of(Algorithm::Sha512, b"tarball");
        let good = format!("sha512-{}", json::base64::STANDARD.encode(&digest.bytes()));
        assert_eq!(sha512(&good), Some(digest));
        let sha1 = "sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ=";
        for text in [
            String::new(),
            sha1.to_owned(),
            format!("{good} {sha1}"),
            format!("{good} {good}"),
            format!(" {good}"),
            format!("{good}?x"),
            good.trim_end_matches('=').to_owned(),
            good.replace("sha512", "sha256"),
            "sha512-AAAA".to_owned(),
        ] {
            assert_eq!(sha512(&text), None, "{text}");
        }
    }

    #[test]
    fn a_document_about_another_release_is_none() {
        let digest = Digest::of(Algorithm::Sha512, b"tarball");
        let integrity = format!("sha512-{}", json::base64::STANDARD.encode(&digest.bytes()));
        let text = format!(r#"{{"name":"app","version":"1.0.0","dist":{{"integrity":"{integrity}"}}}}"#);
        let read = |name: &str| read_release("here", text.as_bytes(), &package(name)).map(|release| release.text);
        assert_eq!(read("npm:app@1.0.0").ok(), Some(format!("app@1.0.0:{integrity}")));
        for other in ["npm:app@1.0.1", "npm:App@1.0.0", "npm:@acme/app@1.0.0"] {
            assert!(matches!(read(other), Err(SourceError::Unexpected { .. })), "{other}");
        }
    }
}
