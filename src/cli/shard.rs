//! `--shard`: the part of an audit that one machine of several judges.

use std::env;
use std::str::FromStr;

use crate::check::ShardReport;
use crate::oci::{Algorithm, Digest};
use crate::run::Release;

/// One of several parts, by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// From 1.
    number: u32,
    of: u32,
}

/// The most parts.
const MOST: u32 = 10_000;

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u32>().ok();
        if text == "auto" {
            // Kubernetes numbers the pods of an Indexed Job from 0.
            let variable = |name: &str| env::var(name).ok().as_deref().and_then(number);
            let (index, of) = (variable("JOB_COMPLETION_INDEX"), variable("JOB_COMPLETIONS"));
            return index
                .zip(of)
                .and_then(|(index, of)| Self::of(index.checked_add(1)?, of))
                .ok_or_else(|| "expected numbers in JOB_COMPLETION_INDEX (from 0) and JOB_COMPLETIONS".to_owned());
        }
        let parts = text.split_once('/').and_then(|(one, of)| Self::of(number(one)?, number(of)?));
        parts.ok_or_else(|| format!("expected I/N with 1 ≤ I ≤ N ≤ {MOST}, such as 1/4, or auto"))
    }
}

impl Shard {
    fn of(number: u32, of: u32) -> Option<Self> {
        (of <= MOST && (1..=of).contains(&number)).then_some(Self { number, of })
    }

    /// Whether an image is in this part: by its digest, so that each has about as many, or by its tag if that could not be read.
    pub(super) fn has(self, release: &Release) -> bool {
        let hash = match (&release.digest, release.tags.first()) {
            (Some(digest), _) => digest.clone(),
            (None, Some(tag)) => Digest::of(Algorithm::Sha256, tag.as_str().as_bytes()),
            (None, None) => return true,
        };
        let number = u64::from_str_radix(&hash.hex()[..15], 16).unwrap_or_default();
        number % u64::from(self.of) == u64::from(self.number - 1)
    }

    /// Returns the description of this part for a report. `run` is the hash of all inputs of the verdicts, `tags` the text of the
    /// listed tags.
    pub(super) fn report(self, run: String, tags: &str, total: usize, places: Vec<u64>) -> ShardReport {
        let tags = Digest::of(Algorithm::Sha256, tags.as_bytes()).hex().to_owned();
        ShardReport { number: self.number, of: self.of, run, tags, total: total as u64, places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_is_in_one_part() {
        let release = |text: &str, is_read: bool| Release {
            tags: vec![text.parse().expect("a tag")],
            at: Err(crate::collect::SourceError::NotFound { at: text.to_owned() }),
            digest: is_read.then(|| Digest::of(Algorithm::Sha256, text.as_bytes())),
        };
        let shards: Vec<Shard> = (1..=4).map(|number| format!("{number}/4").parse().expect("a shard")).collect();
        let mut counts = [0; 4];
        for number in 0..1000 {
            let release = release(&format!("v{number}"), number % 10 > 0);
            let of: Vec<usize> = (0..4).filter(|shard| shards[*shard].has(&release)).collect();
            assert_eq!(of.len(), 1, "{number}");
            counts[of[0]] += 1;
        }
        assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
        for wrong in ["", "0/4", "5/4", "1/0", "1", "-1/4", "1/4/4", "a/b", "1/10001"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
