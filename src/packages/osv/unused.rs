//! Records that no package can be held against, counted by the reason.

use std::collections::BTreeMap;

use super::pack::{Reader, Writer};

/// Ecosystems that are told apart by name. A file may name as many as it has records.
const MOST_ECOSYSTEMS: usize = 64;

/// Why no package can be held against a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unused {
    /// It was withdrawn.
    Withdrawn,
    /// It is about commits (`GIT` ranges) of no package: no package URL says which commit a package was built from.
    CommitsAlone,
    /// It names no package at all. It may still rate the vulnerability of other records.
    WithoutPackages,
    /// Each of its packages is of an ecosystem, or of a release of one, that no package URL stands for; this is the first.
    Ecosystem(Box<str>),
}

impl Unused {
    pub(super) fn pack(reason: Option<&Self>, writer: &mut Writer) {
        writer.number(match reason {
            None => 0,
            Some(Self::Withdrawn) => 1,
            Some(Self::CommitsAlone) => 2,
            Some(Self::WithoutPackages) => 3,
            Some(Self::Ecosystem(_)) => 4,
        });
        if let Some(Self::Ecosystem(name)) = reason {
            writer.text(name);
        }
    }

    pub(super) fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        Some(match reader.number() {
            0 => return None,
            1 => Self::Withdrawn,
            2 => Self::CommitsAlone,
            3 => Self::WithoutPackages,
            _ => Self::Ecosystem(reader.text().into()),
        })
    }
}

/// How many records no package can be held against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnusedRecords {
    /// They were withdrawn.
    pub withdrawn: u64,
    /// They are about commits (`GIT` ranges) of no package.
    pub commits_alone: u64,
    /// They name no package at all.
    pub without_packages: u64,
    /// They are about unknown ecosystems, or unknown releases of one: number of records of each.
    pub ecosystems: BTreeMap<String, u64>,
    /// The same of further ecosystems, which are not told apart.
    pub other_ecosystems: u64,
}

impl UnusedRecords {
    /// Counts a record.
    pub(super) fn add(&mut self, reason: &Unused) {
        if let Unused::Ecosystem(name) = reason
            && (self.ecosystems.len() < MOST_ECOSYSTEMS || self.ecosystems.contains_key(&**name))
        {
            self.ecosystems.entry(name.to_string()).or_default();
        }
        *self.count_of(reason) += 1;
    }

    /// Takes a record back that another edition of it replaces.
    pub(super) fn remove(&mut self, reason: &Unused) {
        let count = self.count_of(reason);
        *count = count.saturating_sub(1);
        self.ecosystems.retain(|_, count| *count > 0);
    }

    fn count_of(&mut self, reason: &Unused) -> &mut u64 {
        match reason {
            Unused::Withdrawn => &mut self.withdrawn,
            Unused::CommitsAlone => &mut self.commits_alone,
            Unused::WithoutPackages => &mut self.without_packages,
            Unused::Ecosystem(name) => self.ecosystems.get_mut(&**name).unwrap_or(&mut self.other_ecosystems),
        }
    }
}
