//! Identifies the person or workflow behind a signer, so that none counts twice: not under two refs, two spellings of one name,
//! two issuers of one mailbox, or two encodings of one key (A296).

use crate::check::WorkflowName;
use crate::policy::{IdentityKind, service_of};

use super::certificate::Leaf;
use super::signature::{SignedBy, Verified};

/// One signer, in words that tell them from every other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person(String);

impl Person {
    pub(super) fn of(verified: &Verified) -> Self {
        match &verified.signed_by {
            SignedBy::Certificate(leaf) => Self::of_certificate(leaf),
            SignedBy::Key(key) => Self(format!("key {}", key.point())),
        }
    }

    /// One workflow at two refs is the same signer; one reusable workflow that two repositories called is two.
    fn of_certificate(leaf: &Leaf) -> Self {
        if leaf.identity_kind == IdentityKind::Email {
            // With any issuer it is one mailbox.
            return Self(format!("mailbox {}", mailbox(&leaf.identity)));
        }
        let name = match WorkflowName::parse(&leaf.identity) {
            // Names on GitHub and GitLab are unique without their case; those of files are not.
            Some(name) => format!("{}{}", name.repository.to_lowercase(), name.path()),
            None => leaf.identity.split_once("@refs/").map_or(leaf.identity.as_str(), |(name, _)| name).to_owned(),
        };
        let service = service_of(&leaf.issuer).unwrap_or(&leaf.issuer);
        let source = leaf.source_repository().map(|source| source.to_lowercase()).unwrap_or_default();
        Self(format!("{name} of {service} for {source}"))
    }
}

/// An address as its provider reads it: without case, and Google's own without dots and what stands behind a plus.
fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    match address.rsplit_once('@') {
        Some((name, "gmail.com" | "googlemail.com")) => {
            let name = name.split('+').next().unwrap_or_default().replace('.', "");
            format!("{name}@gmail.com")
        }
        _ => address,
    }
}

/// Whether enough signers signed: each a different one of the list, and no two the same person.
///
/// `signatures` are the places in the list that each accepted candidate matches, and who signed it. No signature counts for
/// two of the list, and no person for two of the signatures.
pub(super) fn count_signers(signatures: &[(&[usize], &Person)]) -> usize {
    let mut people: Vec<(&Person, Vec<usize>)> = Vec::new();
    for (places, person) in signatures {
        match people.iter_mut().find(|(known, _)| known == person) {
            Some((_, known)) => known.extend(*places),
            None => people.push((person, places.to_vec())),
        }
    }
    let mut taken: Vec<(usize, usize)> = Vec::new();
    (0..people.len()).filter(|person| find_place(*person, &people, &mut taken, &mut Vec::new())).count()
}

/// Finds a place of the list for a person, moving others where they have another one (Kuhn's algorithm). `taken` are pairs of
/// place and person.
fn find_place(
    person: usize,
    people: &[(&Person, Vec<usize>)],
    taken: &mut Vec<(usize, usize)>,
    seen: &mut Vec<usize>,
) -> bool {
    for place in &people[person].1 {
        if seen.contains(place) {
            continue;
        }
        seen.push(*place);
        let holder = taken.iter().find(|(held, _)| held == place).map(|(_, holder)| *holder);
        if holder.is_none_or(|holder| find_place(holder, people, taken, seen)) {
            taken.retain(|(held, _)| held != place);
            taken.push((*place, person));
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(signatures: &[(&[usize], &str)]) -> usize {
        let people: Vec<Person> = signatures.iter().map(|(_, name)| Person((*name).to_owned())).collect();
        let signatures: Vec<(&[usize], &Person)> =
            signatures.iter().zip(&people).map(|((places, _), person)| (*places, person)).collect();
        count_signers(&signatures)
    }

    #[test]
    fn no_one_counts_twice_however_often_they_sign() {
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[(&[0], "alice"), (&[0], "alice"), (&[1], "alice")]), 1);
        assert_eq!(count(&[(&[0], "alice"), (&[0], "bob")]), 1, "two people for one place of the list");
        assert_eq!(count(&[(&[0], "alice"), (&[1], "bob")]), 2);
    }

    #[test]
    fn whoever_fits_two_places_leaves_the_one_that_another_needs() {
        assert_eq!(count(&[(&[0, 1], "alice"), (&[0], "bob")]), 2);
        assert_eq!(count(&[(&[0, 1], "alice"), (&[0, 2], "bob"), (&[0], "carol")]), 3);
        assert_eq!(count(&[(&[0, 1], "a"), (&[0, 1], "b"), (&[0, 1], "c")]), 2);
    }

    #[test]
    fn a296_an_address_is_read_as_its_provider_reads_it() {
        assert_eq!(mailbox("Alice@Acme.example"), "alice@acme.example");
        assert_eq!(mailbox("A.Lice+x@googlemail.com"), "alice@gmail.com");
        assert_ne!(mailbox("a.lice@acme.example"), mailbox("alice@acme.example"));
    }
}
