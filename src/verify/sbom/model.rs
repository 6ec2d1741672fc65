//! An SBOM as far as every format has it. Texts are borrowed from the document wherever they stand there as they are.

use std::borrow::Cow;

/// A text of the document.
pub(in crate::verify) type Text<'a> = Cow<'a, str>;

/// A document, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::verify) struct Sbom<'a> {
    /// `SPDX-2.3`, `SPDX-3.0.1`, `CycloneDX-1.6`.
    pub(in crate::verify) format: String,
    pub(in crate::verify) name: Option<Text<'a>>,
    /// When it was made, as written.
    pub(in crate::verify) created: Option<Text<'a>>,
    /// Who or what made it, as SPDX 2 writes them: `Tool: …`, `Organization: …`, `Person: …`.
    pub(in crate::verify) creators: Vec<Text<'a>>,
    /// What the document says it is about: places in `packages`.
    pub(in crate::verify) describes: Vec<usize>,
    pub(in crate::verify) packages: Vec<Package<'a>>,
}

/// One package. What is not asserted (`NOASSERTION`, `NONE`, nothing) is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::verify) struct Package<'a> {
    /// Its name within the document.
    pub(in crate::verify) id: Text<'a>,
    pub(in crate::verify) name: Text<'a>,
    pub(in crate::verify) version: Option<Text<'a>>,
    /// Who supplies it, as written.
    pub(in crate::verify) supplier: Option<Text<'a>>,
    /// Package URLs, as written.
    pub(in crate::verify) purls: Vec<Text<'a>>,
    /// Checksums: algorithm as written (`SHA256`, `SHA-256`, `sha256`) and hexadecimal digits.
    pub(in crate::verify) checksums: Vec<(Text<'a>, Text<'a>)>,
    /// The licence that was concluded, an SPDX expression.
    pub(in crate::verify) license_concluded: Option<Text<'a>>,
    /// The licence that its authors declare, an SPDX expression.
    pub(in crate::verify) license_declared: Option<Text<'a>>,
}

impl Package<'_> {
    /// The licence that counts: the concluded one, or else the declared one.
    pub(in crate::verify) fn license(&self) -> Option<&str> {
        self.license_concluded.as_deref().or(self.license_declared.as_deref())
    }

    /// The package as a person knows it: name and version.
    pub(in crate::verify) fn describe(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None if self.name.is_empty() => self.id.to_string(),
            None => self.name.to_string(),
        }
    }
}
