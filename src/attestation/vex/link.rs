//! BOM-Links (ECMA-424): `urn:cdx:SERIAL/VERSION#BOM-REF` names a component of a CycloneDX document from outside.

use std::collections::HashMap;

use crate::attestation::sbom::Sbom;
use crate::packages::Purl;

/// How a link begins.
pub(super) const BOM_LINK: &str = "urn:cdx:";

/// The components of one SBOM by their `bom-ref`.
pub(crate) struct Links<'a> {
    sbom: &'a Sbom<'a>,
    serial: Option<&'a str>,
    places: HashMap<&'a str, Place>,
}

/// The components that have a `bom-ref`.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// One, at this index of the packages.
    Of(usize),
    /// More than one, so the name tells none of them.
    Ambiguous,
}

impl<'a> Links<'a> {
    pub(crate) fn of(sbom: &'a Sbom<'a>) -> Self {
        let mut places = HashMap::new();
        for (place, package) in sbom.packages.iter().enumerate().filter(|(_, package)| !package.id.is_empty()) {
            places.entry(package.id.as_ref()).and_modify(|known| *known = Place::Ambiguous).or_insert(Place::Of(place));
        }
        let serial = sbom.namespace.as_deref().and_then(|name| name.strip_prefix("urn:uuid:"));
        Self { sbom, serial, places }
    }

    /// Returns the components with this name, if there are any.
    pub(super) fn place(&self, reference: &str) -> Option<Place> {
        self.places.get(reference).copied()
    }

    /// Whether a document is this one, in any version.
    pub(super) fn is_of_this(&self, document: &str) -> bool {
        self.serial.is_some_and(|serial| document.split('/').next() == Some(serial))
    }

    /// Whether a link names a component of this SBOM in its very version, and that component has this package URL. Another version
    /// of the document may call another component so.
    pub(super) fn is_to(&self, link: &str, package: &Purl<'_>) -> bool {
        let Some((document, reference)) = link.strip_prefix(BOM_LINK).and_then(|link| link.split_once('#')) else {
            return false;
        };
        let version = document.split_once('/').and_then(|(_, version)| version.parse().ok());
        if !self.is_of_this(document) || version != Some(self.sbom.edition) {
            return false;
        }
        let Some(Place::Of(place)) = self.place(reference) else { return false };
        self.sbom.packages[place].purls.iter().any(|purl| Purl::parse(purl).is_ok_and(|purl| purl == *package))
    }
}
