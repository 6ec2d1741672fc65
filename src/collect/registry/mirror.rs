//! Mirrors: registries that are asked in place of others.

use std::str::FromStr;

use crate::oci::{ImageName, ReferenceError};

/// A registry, and where its images are asked for instead. What comes by digest is the same wherever it comes from; what
/// a tag means is the mirror's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    registry: String,
    /// A host, and perhaps the folder in which the mirror keeps that registry.
    place: String,
}

/// Why a text names no mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// There are not two sides.
    #[error("expected HOST=MIRROR, such as docker.io=mirror.example/hub")]
    Form,
    /// One side is not a registry.
    #[error(transparent)]
    Registry(ReferenceError),
}

impl Mirror {
    /// Returns the name that an image has on the mirror, if it is an image of the mirrored registry.
    pub fn name_of(&self, image: &ImageName) -> Option<ImageName> {
        (image.registry() == self.registry).then(|| format!("{}/{}", self.place, image.repository()).parse().ok())?
    }
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, MirrorError> {
        let (registry, place) = text.split_once('=').ok_or(MirrorError::Form)?;
        let registry = ImageName::registry_from(registry).map_err(MirrorError::Registry)?;
        let host =
            ImageName::registry_from(place.split('/').next().unwrap_or_default()).map_err(MirrorError::Registry)?;
        let name: ImageName = format!("{place}/x").parse().map_err(MirrorError::Registry)?;
        // A host without a dot would be taken for a folder of Docker Hub.
        if name.registry() != host {
            return Err(MirrorError::Form);
        }
        Ok(Self { registry, place: place.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(mirror: &str, image: &str) -> Option<String> {
        let mirror: Mirror = mirror.parse().expect(mirror);
        mirror.name_of(&image.parse().expect(image)).map(|name| name.to_string())
    }

    #[test]
    fn an_image_of_the_registry_has_a_name_on_the_mirror() {
        assert_eq!(
            name("docker.io=mirror.example/hub", "alpine").as_deref(),
            Some("mirror.example/hub/library/alpine")
        );
        assert_eq!(name("GHCR.io:443=localhost:5000", "ghcr.io/a/b").as_deref(), Some("localhost:5000/a/b"));
        for other in ["ghcr.io:5000/a", "x.ghcr.io/a", "ghcr.io.example/a", "alpine"] {
            assert_eq!(name("ghcr.io=mirror.example", other), None, "{other}");
        }
    }

    #[test]
    fn what_names_no_two_registries_is_refused() {
        for text in [
            "",
            "ghcr.io",
            "=",
            "ghcr.io=",
            "=mirror.example",
            "ghcr.io=mirror",
            "ghcr.io=https://m.example",
            "a b=c.d",
        ] {
            assert!(text.parse::<Mirror>().is_err(), "{text}");
        }
    }
}
