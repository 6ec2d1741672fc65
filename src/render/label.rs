//! How an image is named in text.

use crate::check::{ImageReport, LocationReport};

use super::parts::reference;

/// The name of an image in text: with the place that names it, or the other tags of its digest.
pub(super) fn named(image: &ImageReport) -> String {
    in_words(reference(image), image)
}

/// The same with the digest.
pub fn label_of(image: &ImageReport) -> String {
    in_words(&image.reference, image)
}

fn in_words(reference: &str, image: &ImageReport) -> String {
    match &image.location {
        Some(location) => at(reference, location),
        None => label(reference, &image.tags),
    }
}

/// A reference, and the place that names it.
pub fn at(reference: &str, location: &LocationReport) -> String {
    format!("{reference} ({location})")
}

/// A reference, and the other tags of the same digest.
pub fn label(reference: &str, tags: &[String]) -> String {
    match tags {
        [] | [_] => reference.to_owned(),
        [_, others @ ..] => format!("{reference} (also {})", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_tags_of_a_digest_stand_behind_the_first() {
        let tags = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(label("a:1.2", &tags(&[])), "a:1.2");
        assert_eq!(label("a:1.2", &tags(&["1.2"])), "a:1.2");
        assert_eq!(label("a:1.2", &tags(&["1.2", "1", "latest"])), "a:1.2 (also 1, latest)");
    }
}
