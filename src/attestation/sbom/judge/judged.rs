//! A package as the rules see it.

use crate::attestation::sbom::model::Package;
use crate::packages::Purl;
use crate::policy::Component;

/// A package on its way through the rules.
pub(super) struct Judged<'a> {
    pub(super) package: &'a Package<'a>,
    /// As the rules see it.
    pub(super) component: Component<'a>,
    /// A package URL that cannot be read, and why.
    pub(super) unreadable: Option<String>,
    /// Whether it is the one thing that the document is about, and no part of it.
    pub(super) is_root: bool,
}

impl<'a> Judged<'a> {
    pub(super) fn of(package: &'a Package<'a>, is_root: bool) -> Self {
        let mut purls = Vec::with_capacity(package.purls.len());
        let mut unreadable = None;
        for written in &package.purls {
            match Purl::parse(written) {
                Ok(purl) => purls.push(purl),
                Err(error) => unreadable = Some(error.to_string()),
            }
        }
        let (version, supplier) = (package.version.as_deref(), package.supplier.as_deref());
        let component = Component { name: &package.name, group: package.group.as_deref(), version, supplier, purls };
        Self { package, component, unreadable, is_root }
    }

    /// Name and version, and the package URL where the name alone could be another's.
    pub(super) fn describe(&self) -> String {
        let described = self.package.describe();
        let scope = if self.package.is_excluded { ", scope excluded" } else { "" };
        match self.package.purls.first() {
            Some(purl) => format!("{described} ({purl}{scope})"),
            None => format!("{described}{scope}"),
        }
    }
}
