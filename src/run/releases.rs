//! The release tags of a repository, and the digests that they name.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::collect::{Limits, Registries, SourceError, TagList, evidence_stem, list_layout_tags};
use crate::compare::version;
use crate::oci::{Digest, Reference, RegistryReference, Tag};
use crate::packages::Version;
use crate::policy::TextRule;

/// Selects tags of a repository.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Include tags that match one of these patterns; all tags if there are none.
    pub tags: Vec<TextRule>,
    /// Exclude tags that match one of these patterns.
    pub exclude: Vec<TextRule>,
    /// Of these, keep only the N highest versions. Tags that are not versions are then dropped.
    pub newest: Option<usize>,
}

/// The releases of a repository.
#[derive(Debug)]
pub struct Releases {
    /// The number of listed tags, without tags of evidence.
    pub listed: usize,
    /// How many tags are selected.
    pub selected: usize,
    /// The tags of evidence.
    pub evidence: Vec<Tag>,
    /// Names in the list that no tag can have.
    pub unusable: Vec<String>,
    /// Why the list is incomplete, if it is.
    pub gap: Option<SourceError>,
    /// The digests that selected tags name, the highest version first.
    pub releases: Vec<Release>,
}

/// A digest, and the tags that name it.
#[derive(Debug)]
pub struct Release {
    /// The tags, the highest version first.
    pub tags: Vec<Tag>,
    /// The image by its digest, or why the tag could not be read.
    pub at: Result<Reference, SourceError>,
    /// The digest, as the registry says it.
    pub digest: Option<Digest>,
}

/// Settings for listing tags.
pub struct Lister<'a> {
    /// The registries.
    pub registries: &'a Rc<Registries>,
    /// Limits on the bytes and time of each request.
    pub limits: &'a Limits,
    /// How many tags are resolved at once.
    pub at_once: usize,
    /// Updated as the list progresses.
    pub progress: &'a Listed,
}

/// Progress of a list of tags.
#[derive(Debug, Default)]
pub struct Listed {
    /// How many tags are selected so far.
    pub selected: Cell<usize>,
    /// How many of them are resolved: their digest is known, or the reason why it is not.
    pub resolved: Cell<usize>,
}

/// Lists the tags of a repository and resolves the selected ones. Tags of one digest become one release, so each image is fetched
/// once.
///
/// Tags that are `expected` are always selected.
pub async fn releases(
    repository: &Reference,
    selection: &Selection,
    expected: &BTreeMap<String, Digest>,
    with: &Lister<'_>,
) -> Result<Releases, SourceError> {
    let Lister { registries, limits, at_once, progress } = *with;
    let TagList { tags, unusable, gap } = match repository {
        Reference::Registry(image) => registries.open(image, limits)?.tags(limits).await,
        Reference::Layout(layout) => list_layout_tags(layout, limits)?,
        no_image @ (Reference::Npm(_) | Reference::File(_)) => {
            return Err(SourceError::NotFound { at: no_image.to_string() });
        }
    };
    let (evidence, tags): (Vec<_>, Vec<_>) =
        tags.into_iter().partition(|(tag, _)| evidence_stem(tag.as_str()).is_some());
    let evidence = evidence.into_iter().map(|(tag, _)| tag).collect();
    let listed = tags.len();
    let selected = selection.select(tags, expected);
    let count = selected.len();
    progress.selected.set(progress.selected.get() + count);
    let resolve = |(tag, known): (Tag, Option<Digest>)| async move {
        let digest = match (known, repository) {
            (Some(digest), _) => Ok(digest),
            (None, Reference::Registry(image)) => match registries.open(image, limits) {
                Ok(source) => source.digest_of(&tag, limits).await,
                Err(error) => Err(error),
            },
            // A layout lists the digests of its images.
            (None, place @ (Reference::Layout(_) | Reference::Npm(_) | Reference::File(_))) => {
                Err(SourceError::NotFound { at: format!("{place}: {tag}") })
            }
        };
        progress.resolved.set(progress.resolved.get() + 1);
        (tag, digest)
    };
    let resolved: Vec<_> = stream::iter(selected).map(resolve).buffered(at_once).collect().await;
    Ok(Releases { listed, selected: count, evidence, unusable, gap, releases: by_digest(repository, resolved) })
}

/// Groups tags by digest: one release for each, in the order of their first tags.
fn by_digest(repository: &Reference, resolved: Vec<(Tag, Result<Digest, SourceError>)>) -> Vec<Release> {
    let mut releases: Vec<Release> = Vec::new();
    let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
    for (tag, digest) in resolved {
        if let Ok(digest) = &digest {
            if let Some(place) = places.get(digest) {
                releases[*place].tags.push(tag);
                continue;
            }
            places.insert(digest.clone(), releases.len());
        }
        let known = digest.as_ref().ok().cloned();
        let at = digest.map(|digest| tagged(repository, &tag, Some(digest)));
        releases.push(Release { tags: vec![tag], at, digest: known });
    }
    releases
}

/// The image in a repository under this tag, at the digest if that is known.
pub fn tagged(repository: &Reference, tag: &Tag, digest: Option<Digest>) -> Reference {
    match repository {
        Reference::Registry(image) => {
            Reference::Registry(RegistryReference { name: image.name.clone(), tag: Some(tag.clone()), digest })
        }
        Reference::Layout(layout) => {
            let mut layout = layout.clone();
            layout.tag = Some(tag.to_string());
            layout.digest = digest;
            Reference::Layout(layout)
        }
        no_image @ (Reference::Npm(_) | Reference::File(_)) => no_image.clone(),
    }
}

impl Selection {
    /// Returns the tags that are selected: versions first, from the highest to the lowest, then the others by name.
    fn select(
        &self,
        tags: Vec<(Tag, Option<Digest>)>,
        expected: &BTreeMap<String, Digest>,
    ) -> Vec<(Tag, Option<Digest>)> {
        let matches = |rules: &[TextRule], tag: &Tag| rules.iter().any(|rule| rule.matches(tag.as_str()));
        let is_wanted = |tag: &Tag| (self.tags.is_empty() || matches(&self.tags, tag)) && !matches(&self.exclude, tag);
        let read = |(tag, digest): (Tag, Option<Digest>)| (version(tag.as_str()), tag, digest);
        let mut tags: Vec<(Option<Version>, Tag, Option<Digest>)> = tags.into_iter().map(read).collect();
        tags.sort_by(|one, other| order((one.0.as_ref(), &one.1), (other.0.as_ref(), &other.1)));
        let mut versions = 0;
        tags.retain(|(version, tag, _)| {
            let is_newest = |versions: &mut usize| {
                let Some(newest) = self.newest else { return true };
                *versions += usize::from(version.is_some());
                version.is_some() && *versions <= newest
            };
            expected.contains_key(tag.as_str()) || is_wanted(tag) && is_newest(&mut versions)
        });
        tags.into_iter().map(|(_, tag, digest)| (tag, digest)).collect()
    }
}

/// Orders the highest version first. Of equal versions the longer spelling comes first: `1.4.0` before `1.4`.
fn order(one: (Option<&Version>, &Tag), other: (Option<&Version>, &Tag)) -> Ordering {
    let by_name = || one.1.cmp(other.1);
    match (one.0, other.0) {
        (Some(first), Some(second)) => second
            .compare(first)
            .unwrap_or(Ordering::Equal)
            .then_with(|| other.1.as_str().len().cmp(&one.1.as_str().len()))
            .then_with(by_name),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => by_name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Algorithm;

    fn select(selection: &Selection, tags: &[&str]) -> Vec<String> {
        select_with(selection, tags, &BTreeMap::new())
    }

    fn select_with(selection: &Selection, tags: &[&str], expected: &BTreeMap<String, Digest>) -> Vec<String> {
        let tags = tags.iter().map(|tag| (tag.parse().expect("a tag"), None)).collect();
        selection.select(tags, expected).into_iter().map(|(tag, _)| tag.to_string()).collect()
    }

    fn globs(texts: &[&str]) -> Vec<TextRule> {
        texts.iter().map(|text| TextRule::glob(text).expect("a glob")).collect()
    }

    const TAGS: [&str; 9] = ["1.10.0", "latest", "1.9", "v2.0.0-rc.1", "1.9.0", "1", "main", "9f86d08", "2.0.0"];

    #[test]
    fn versions_come_first_and_the_highest_of_them() {
        assert_eq!(
            select(&Selection::default(), &TAGS),
            ["2.0.0", "v2.0.0-rc.1", "1.10.0", "1.9.0", "1.9", "1", "9f86d08", "latest", "main"]
        );
    }

    #[test]
    fn globs_select_and_exclude_and_the_newest_are_versions() {
        let some = Selection { tags: globs(&["1*"]), exclude: globs(&["*.*.*"]), newest: None };
        assert_eq!(select(&some, &TAGS), ["1.9", "1"]);
        let newest = Selection { exclude: globs(&["*-*"]), newest: Some(2), ..Selection::default() };
        assert_eq!(select(&newest, &TAGS), ["2.0.0", "1.10.0"]);
        let none = Selection { newest: Some(2), ..Selection::default() };
        assert!(select(&none, &["latest", "main"]).is_empty(), "nothing there is known to be newer");
    }

    #[test]
    fn what_is_expected_is_selected_whatever_the_selection_says() {
        let expected = BTreeMap::from([("main".to_owned(), Digest::of(Algorithm::Sha256, b""))]);
        let newest = Selection { newest: Some(1), ..Selection::default() };
        assert_eq!(select_with(&newest, &TAGS, &expected), ["2.0.0", "main"]);
    }

    #[test]
    fn each_digest_is_one_release() {
        let repository: Reference = "registry.test/acme/shop".parse().expect("a reference");
        let digest = |text: &str| Ok(Digest::of(Algorithm::Sha256, text.as_bytes()));
        let tag = |text: &str| text.parse::<Tag>().expect("a tag");
        let resolved = vec![
            (tag("2"), digest("two")),
            (tag("1"), digest("one")),
            (tag("latest"), digest("two")),
            (tag("gone"), Err(SourceError::NotFound { at: "gone".to_owned() })),
        ];
        let releases = by_digest(&repository, resolved);
        let tags: Vec<String> =
            releases.iter().map(|one| one.tags.iter().map(Tag::as_str).collect::<Vec<_>>().join("+")).collect();
        assert_eq!(tags, ["2+latest", "1", "gone"]);
        assert!(releases[2].at.is_err() && releases[1].at.is_ok());
    }
}
