//! What a statement is about: an image, and perhaps packages in it.

use std::sync::Arc;

use crate::oci::{Digest, RegistryReference};

use crate::packages::Purl;

use super::image::Image;
use super::link::BOM_LINK;

/// A product, and the parts of it that are meant; all of it where none is named.
#[derive(Debug, Default)]
pub(crate) struct Product {
    pub(super) component: Arc<Component>,
    pub(super) parts: Vec<Arc<Component>>,
}

/// How something is named: each name that it has.
#[derive(Debug, Default)]
pub(crate) struct Component {
    /// Package URLs, references of images, and links to components of SBOMs.
    pub(super) names: Vec<String>,
    /// SHA-256, in hexadecimal digits.
    pub(super) sha256: Vec<String>,
}

impl Product {
    /// Whether it is the image, or a part of it that is the package; or the package by itself, which is how VEX of a package's own
    /// maker names it.
    pub(super) fn means(&self, package: Option<&Purl<'_>>, image: &Image<'_>) -> bool {
        (self.is(image) && self.has(package, image)) || (self.parts.is_empty() && self.component.is(package, image))
    }

    /// Whether it is the image: by digest, or by the name of its repository without any version.
    pub(super) fn is(&self, image: &Image<'_>) -> bool {
        let by_hash = |hex: &String| digest(&format!("sha256:{}", hex.to_ascii_lowercase()));
        image.any(self.component.sha256.iter().filter_map(by_hash), |digest| image.has_digest(&digest))
            || image.any(self.component.names.iter(), |name| names(name, image))
    }

    /// Whether a package is meant. One that is not named cannot be told from those that are not meant.
    pub(super) fn has(&self, package: Option<&Purl<'_>>, image: &Image<'_>) -> bool {
        self.parts.is_empty() || image.any(self.parts.iter(), |part| part.is(package, image))
    }
}

impl Component {
    /// What has this name alone.
    pub(super) fn named(name: String) -> Self {
        Self { names: vec![name], sha256: Vec::new() }
    }

    /// Whether one of its names is that of a package.
    fn is(&self, package: Option<&Purl<'_>>, image: &Image<'_>) -> bool {
        let Some(package) = package else { return false };
        let is_linked = |name: &String| image.links.is_some_and(|links| links.is_to(name, package));
        let covers = |name: &String| Purl::parse(name).is_ok_and(|one| one.covers(package)) || is_linked(name);
        image.any(self.names.iter(), covers)
    }
}

fn names(name: &str, image: &Image<'_>) -> bool {
    if name.starts_with("pkg:") {
        return Purl::parse(name).is_ok_and(|purl| purl.kind == "oci" && is_package(&purl, image));
    }
    if name.starts_with(BOM_LINK) {
        return false;
    }
    let reference: Option<RegistryReference> = name.strip_prefix("oci://").unwrap_or(name).parse().ok();
    reference.and_then(|reference| reference.digest).is_some_and(|digest| image.has_digest(&digest))
}

/// purl-spec, type `oci`: the version is the digest, and `repository_url` is its repository. Without a digest it means
/// any version of that repository, including this image.
fn is_package(purl: &Purl<'_>, image: &Image<'_>) -> bool {
    if let Some(version) = &purl.version {
        return digest(version).is_some_and(|digest| image.has_digest(&digest));
    }
    let repository = purl.qualifier("repository_url").and_then(|url| url.parse::<RegistryReference>().ok());
    repository.is_some_and(|reference| image.evidence.target.name.as_ref() == Some(&reference.name.to_string()))
}

fn digest(text: &str) -> Option<Digest> {
    text.parse().ok()
}
