//! The tags of a repository, and which of them are kept for evidence.

use std::collections::HashSet;

use super::error::SourceError;
use crate::oci::{Digest, Tag};

/// The most tags of one repository that are listed.
const MOST_TAGS: usize = 100_000;
/// The most pages in which they may come.
const MOST_PAGES: usize = 2000;
/// The most pages in a row that bring no new tag.
const MOST_IDLE: usize = 20;

/// The tags of a repository, each once, in the order in which they were listed.
#[derive(Debug, Default)]
pub struct TagList {
    /// The tags. Of a layout the digests are known too.
    pub tags: Vec<(Tag, Option<Digest>)>,
    /// Names that no tag can have, so that nothing can be asked for by them.
    pub unusable: Vec<String>,
    /// Why the list is not whole, if it is not.
    pub gap: Option<SourceError>,
}

/// A list of tags while its pages are read.
#[derive(Debug, Default)]
pub(super) struct Pages {
    list: TagList,
    seen: HashSet<String>,
    read: usize,
    idle: usize,
}

impl Pages {
    /// Whether another page may be asked for: a list has an end.
    pub(super) fn may_read(&self, at: &str) -> Result<(), SourceError> {
        let exceeded = |limit, allowed: usize| SourceError::Limit {
            at: at.to_owned(),
            limit,
            allowed: allowed as u64,
            found: "more".to_owned(),
        };
        if self.read >= MOST_PAGES {
            return Err(exceeded("pages of tags", MOST_PAGES));
        }
        if self.idle >= MOST_IDLE {
            return Err(exceeded("pages in a row without a new tag", MOST_IDLE));
        }
        if self.seen.len() > MOST_TAGS {
            return Err(exceeded("tags of one repository", MOST_TAGS));
        }
        Ok(())
    }

    /// Adds the tags of a page that were not listed before.
    pub(super) fn add(&mut self, tags: Vec<String>) {
        self.read += 1;
        let before = self.seen.len();
        for tag in tags {
            self.add_tag(tag, None);
        }
        self.idle = if self.seen.len() == before { self.idle + 1 } else { 0 };
    }

    /// Adds a tag, and the digest that it is known to name.
    pub(super) fn add_tag(&mut self, name: String, digest: Option<Digest>) {
        if digest.is_none() && self.seen.contains(&name) {
            return;
        }
        match name.parse() {
            Ok(tag) => self.list.tags.push((tag, digest)),
            Err(_) => self.list.unusable.push(name.clone()),
        }
        self.seen.insert(name);
    }

    pub(super) fn whole(self) -> TagList {
        self.list
    }

    pub(super) fn broken(self, error: SourceError) -> TagList {
        TagList { gap: Some(error), ..self.list }
    }
}

/// The length of a stem: an algorithm, a dash, and 64 digits.
const STEM: usize = 71;

/// Returns the part of a tag of evidence that is made of a digest, if it is one: `sha256-…` alone is the tag for the digest's
/// referrers ([`Digest::referrers_tag`]); what begins with it and goes on with a dot, as `.sig`, is cosign's.
pub fn evidence_stem(tag: &str) -> Option<&str> {
    let stem = tag.split_once('.').map_or(tag, |(stem, _)| stem);
    let (hex, lengths): (&str, &[usize]) = match (stem.strip_prefix("sha256-"), stem.strip_prefix("sha512-")) {
        (Some(hex), _) => (hex, &[64]),
        // Cosign does not truncate it.
        (_, Some(hex)) => (hex, &[64, 128]),
        _ => return None,
    };
    let is_hex = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (lengths.contains(&hex.len()) && is_hex).then(|| &stem[..STEM])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn tags_are_listed_once_and_strange_names_apart() {
        let mut pages = Pages::default();
        pages.add(page(&["v2", "v1", "v2"]));
        pages.add(page(&["v1", "../v3", "", "v 4", "v5\u{202e}", "v6"]));
        let list = pages.whole();
        let names: Vec<&str> = list.tags.iter().map(|(tag, _)| tag.as_str()).collect();
        assert_eq!(names, ["v2", "v1", "v6"]);
        assert_eq!(list.unusable, ["../v3", "", "v 4", "v5\u{202e}"]);
    }

    #[test]
    fn a_list_has_an_end() {
        let mut pages = Pages::default();
        pages.add(page(&["v1"]));
        for _ in 0..MOST_IDLE {
            assert!(pages.may_read("").is_ok());
            pages.add(page(&["v1"]));
        }
        assert!(pages.may_read("").is_err(), "nothing new for so long");
        let mut pages = Pages::default();
        for number in 0..MOST_PAGES {
            assert!(pages.may_read("").is_ok());
            pages.add(vec![number.to_string()]);
        }
        assert!(pages.may_read("").is_err(), "so many pages");
        let mut pages = Pages::default();
        pages.add((0..=MOST_TAGS).map(|number| number.to_string()).collect());
        assert!(pages.may_read("").is_err(), "so many tags");
        let more = MOST_TAGS + 10;
        let mut pages = Pages::default();
        pages.add((0..more).map(|number| number.to_string()).collect());
        assert_eq!(pages.whole().tags.len(), more, "a page is taken whole, or its list would seem whole without it");
    }

    #[test]
    fn tags_of_evidence_are_told_from_releases() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for end in ["", ".sig", ".att", ".sbom", ".cosign.bundle"] {
            let tag = format!("sha256-{hex}{end}");
            assert_eq!(evidence_stem(&tag), Some(&tag[..71]), "{tag}");
        }
        assert!(evidence_stem(&format!("sha512-{hex}")).is_some());
        let whole = format!("sha512-{hex}{hex}.sig");
        assert_eq!(
            evidence_stem(&whole),
            Some(&whole[..71]),
            "cosign's tag is not truncated, and belongs to the same digest"
        );
        let longer = format!("sha256-{hex}0");
        for tag in ["v1.sig", "sha256-abc", "sha-ba7816b", &longer, &format!("sha256-{hex}-rc1"), "latest"] {
            assert_eq!(evidence_stem(tag), None, "{tag}");
        }
    }
}
