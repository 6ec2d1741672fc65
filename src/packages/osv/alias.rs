//! Records of one vulnerability in several databases are one vulnerability.
//!
//! OSV schema, "aliases": "symmetric … and transitive". A distribution's record has the vulnerability that it is about under
//! `upstream`: where that is one alone, it is the same for a package that both are about.

use std::collections::HashMap;

/// Groups records by the ids that they share: places of records that belong together, in the order of their first.
pub(super) fn groups<'a>(records: impl Iterator<Item = Vec<&'a str>>) -> Vec<Vec<usize>> {
    let mut leaders: Vec<usize> = Vec::new();
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (place, ids) in records.enumerate() {
        leaders.push(place);
        for id in ids {
            let other = *owner.entry(id).or_insert(place);
            let (one, other) = (leader(&mut leaders, place), leader(&mut leaders, other));
            leaders[one.max(other)] = one.min(other);
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut place_of: HashMap<usize, usize> = HashMap::new();
    for place in 0..leaders.len() {
        let leader = leader(&mut leaders, place);
        let group = *place_of.entry(leader).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(place);
    }
    groups
}

/// The first of the group that a record is in; the way to it is shortened, so that the next one is short.
fn leader(leaders: &mut [usize], mut place: usize) -> usize {
    while leaders[place] != place {
        leaders[place] = leaders[leaders[place]];
        place = leaders[place];
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_symmetric_and_transitive() {
        let records = [vec!["GHSA-1", "CVE-1"], vec!["CVE-2"], vec!["RUSTSEC-1", "CVE-3"], vec!["CVE-3", "CVE-1"]];
        assert_eq!(groups(records.into_iter()), [vec![0, 2, 3], vec![1]]);
        assert!(groups(std::iter::empty()).is_empty());
    }
}
