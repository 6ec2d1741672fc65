//! An SBOM as far as every format has it. Texts are borrowed from the document wherever they stand there as they are.

use std::borrow::Cow;
use std::fmt;

pub(crate) use super::types::Family;

/// A text of the document.
pub(crate) type Text<'a> = Cow<'a, str>;

/// A document, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sbom<'a> {
    pub(crate) format: Format,
    pub(crate) name: Option<Text<'a>>,
    /// Its own name in the world: SPDX 2 `documentNamespace`, CycloneDX `serialNumber`, SPDX 3 `spdxId`.
    pub(crate) namespace: Option<Text<'a>>,
    /// Which version of the document of that name it is: CycloneDX `version`, 1 where it does not say.
    pub(crate) edition: u64,
    /// When it was made, as written.
    pub(crate) created: Option<Text<'a>>,
    /// Who or what made it, as SPDX 2 writes them: `Tool: …`, `Organization: …`, `Person: …`.
    pub(crate) creators: Vec<Text<'a>>,
    /// At which point of the life of the software it was made: CycloneDX `lifecycles`, SPDX 3 `sbomType`. SPDX 2 has no field for it.
    pub(crate) contexts: Vec<Text<'a>>,
    /// What the document says it is about: places in `packages`, each once.
    pub(crate) describes: Vec<usize>,
    pub(crate) packages: Vec<Package<'a>>,
    pub(crate) relationships: Vec<Relationship>,
    /// The counted elements, which are not stored.
    pub(crate) counts: Counts,
    /// Names of images by digest that generators add to the described package: trivy's `RepoDigest`.
    pub(crate) repository_digests: Vec<Text<'a>>,
    /// Licences that the document gives names of its own: SPDX 2 `hasExtractedLicensingInfos`.
    pub(crate) extracted: Vec<ExtractedLicense<'a>>,
    /// The predicate, as it was signed.
    pub(crate) source: &'a str,
    /// Remarks on its form, although it could be read.
    pub(crate) remarks: Vec<crate::check::Finding>,
}

/// A licence by a name of the document's own (`LicenseRef-…`), and what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExtractedLicense<'a> {
    pub(crate) id: Text<'a>,
    pub(crate) name: Option<Text<'a>>,
    pub(crate) text: Option<Text<'a>>,
}

impl ExtractedLicense<'_> {
    fn into_owned<'b>(self) -> ExtractedLicense<'b> {
        let text = |text: Text<'_>| Cow::Owned(text.into_owned());
        ExtractedLicense { id: text(self.id), name: self.name.map(text), text: self.text.map(text) }
    }
}

/// The form of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) family: Family,
    /// `2.3`, `3.0.1`, `1.6`.
    pub(crate) version: &'static str,
}

/// `SPDX-2.3`, `SPDX-3.0.1`, `CycloneDX-1.6`.
impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.family, self.version)
    }
}

/// The counted elements, which are not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Files that it lists.
    pub(crate) files: u64,
    /// Relationships that it states, with any ends.
    pub(crate) relationships: u64,
    /// Ends of relationships that name nothing in the document.
    pub(crate) dangling: u64,
    /// The first few of the names behind them.
    pub(crate) dangling_names: Vec<String>,
    /// Elements that it says it describes and that are no package: files, snippets, other documents.
    pub(crate) describes_otherwise: u64,
}

/// One package. Values that are not asserted (`NOASSERTION`, `NONE`, nothing) are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Package<'a> {
    /// Its name within the document.
    pub(crate) id: Text<'a>,
    pub(crate) name: Text<'a>,
    /// What the name is within, where the document says it apart: CycloneDX `group`.
    pub(crate) group: Option<Text<'a>>,
    pub(crate) version: Option<Text<'a>>,
    /// Who supplies it, as written.
    pub(crate) supplier: Option<Text<'a>>,
    /// Who made it, as written.
    pub(crate) originator: Option<Text<'a>>,
    /// Package URLs, as written.
    pub(crate) purls: Vec<Text<'a>>,
    /// The source package that it was built from, where the document says it beside the package URL, as trivy does.
    pub(crate) source: Option<Box<SourcePackage<'a>>>,
    /// Checksums: algorithm as written (`SHA256`, `SHA-256`, `sha256`) and hexadecimal digits.
    pub(crate) checksums: Vec<(Text<'a>, Text<'a>)>,
    /// The licence that was concluded, an SPDX expression.
    pub(crate) license_concluded: Option<Text<'a>>,
    /// The licence that its authors declare, an SPDX expression.
    pub(crate) license_declared: Option<Text<'a>>,
    pub(crate) purpose: Purpose,
    /// Whether it has an identifier other than a package URL: a CPE, a SWID tag, a gitoid.
    pub(crate) otherwise_identified: bool,
    /// The licence that was seen in its files, an SPDX expression (CycloneDX `evidence`).
    pub(crate) license_observed: Option<Text<'a>>,
    /// An unreadable field that tells which package it is.
    pub(crate) unread: Option<&'static str>,
    /// Whether it is listed and no part of the product (CycloneDX `scope: excluded`), as dependencies for tests are.
    pub(crate) is_excluded: bool,
    /// Whether a licence is stated in a way that cannot be read.
    pub(crate) has_unread_license: bool,
}

/// What a distribution built a package from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourcePackage<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) version: Option<Text<'a>>,
}

/// What a package is for, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    #[default]
    Unstated,
    /// An image of a container.
    Container,
    OperatingSystem,
    /// Any other.
    Other,
}

impl Purpose {
    /// Reads the spellings of all formats: `CONTAINER`, `container`, `OPERATING-SYSTEM`, `operatingSystem`.
    pub(super) fn read(text: &str) -> Self {
        if text.eq_ignore_ascii_case("container") {
            Self::Container
        } else if text.replace(['-', '_'], "").eq_ignore_ascii_case("operatingsystem") {
            Self::OperatingSystem
        } else {
            Self::Other
        }
    }
}

impl Package<'_> {
    /// The licence that counts: the concluded one, or else the declared one, or else what was seen.
    pub(crate) fn license(&self) -> Option<&str> {
        let stated = self.license_concluded.as_deref().or(self.license_declared.as_deref());
        stated.or(self.license_observed.as_deref())
    }

    /// The package as a person knows it: name and version.
    pub(crate) fn describe(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {}", clipped(&self.name), clipped(version)),
            None if self.name.is_empty() => clipped(&self.id),
            None => clipped(&self.name),
        }
    }
}

/// A text of the document as far as a message needs it.
pub(crate) fn clipped(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One element stands in a relation to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relationship {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) kind: Relation,
}

/// One end of a relationship, in four bytes: there are millions of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End(u32);

impl End {
    /// The document itself.
    pub(crate) const DOCUMENT: Self = Self(u32::MAX);
    /// An element that is not a package: a file, a snippet, a service.
    pub(crate) const OTHER: Self = Self(u32::MAX - 1);
    /// An element outside the document, in another one or undefined.
    pub(crate) const OUTSIDE: Self = Self(u32::MAX - 2);
    /// `NONE` and `NOASSERTION`, which say that there is nothing, or nothing to say.
    pub(crate) const NOTHING: Self = Self(u32::MAX - 3);

    /// A package by its place.
    pub(super) const fn at(place: u32) -> Self {
        Self(place)
    }

    /// The place in `packages`, if it is a package.
    pub(crate) const fn package(self) -> Option<usize> {
        if self.0 < Self::NOTHING.0 { Some(self.0 as usize) } else { None }
    }
}

/// How one element stands to another, always read from the left: SPDX writes many of them in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Describes,
    Contains,
    /// Every kind of dependency: at build time, at run time, linked, optional.
    DependsOn,
    /// Any other.
    Other,
}

impl Sbom<'_> {
    /// The same, borrowing nothing but the predicate that it came from.
    pub(super) fn into_owned<'b>(self) -> Sbom<'b> {
        let word = |text: Option<Text<'_>>| text.map(|text| Cow::Owned(text.into_owned()));
        let words = |texts: Vec<Text<'_>>| texts.into_iter().map(|text| Cow::Owned(text.into_owned())).collect();
        Sbom {
            format: self.format,
            name: word(self.name),
            namespace: word(self.namespace),
            edition: self.edition,
            created: word(self.created),
            creators: words(self.creators),
            contexts: words(self.contexts),
            describes: self.describes,
            packages: self.packages.into_iter().map(Package::into_owned).collect(),
            relationships: self.relationships,
            counts: self.counts,
            repository_digests: words(self.repository_digests),
            extracted: self.extracted.into_iter().map(ExtractedLicense::into_owned).collect(),
            source: "",
            remarks: self.remarks,
        }
    }
}

impl Package<'_> {
    fn into_owned<'b>(self) -> Package<'b> {
        let text = |text: Text<'_>| Cow::Owned(text.into_owned());
        Package {
            id: text(self.id),
            name: text(self.name),
            group: self.group.map(text),
            version: self.version.map(text),
            supplier: self.supplier.map(text),
            originator: self.originator.map(text),
            purls: self.purls.into_iter().map(text).collect(),
            source: self.source.map(|source| {
                let SourcePackage { name, version } = *source;
                Box::new(SourcePackage { name: text(name), version: version.map(text) })
            }),
            checksums: self.checksums.into_iter().map(|(one, other)| (text(one), text(other))).collect(),
            license_concluded: self.license_concluded.map(text),
            license_declared: self.license_declared.map(text),
            purpose: self.purpose,
            otherwise_identified: self.otherwise_identified,
            license_observed: self.license_observed.map(text),
            unread: self.unread,
            is_excluded: self.is_excluded,
            has_unread_license: self.has_unread_license,
        }
    }
}
