//! The report that the parts of one audit make together.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{GapReason, Obstacle};

use super::{GapReport, ImageReport, Network, Report, RepositoryReport, ShardReport, Verdict};

/// Why reports are not parts of one audit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A report of something else.
    #[error("it is not the report of a shard")]
    NoShard,
    /// Two reports have the same number.
    #[error("it is shard {0}, and so is another report")]
    Twice(u32),
    /// It contradicts itself.
    #[error("its shard is not one that an audit writes")]
    Malformed,
    /// It differs from the first in something that all parts have in common.
    #[error("it is of another audit than the first: the {0} differs")]
    Other(&'static str),
}

/// Joins the reports of an audit's parts into the report of one run. A missing part becomes a gap in every repository, so no
/// repository is verified without it.
///
/// An error names the index of the report that caused it.
pub fn merge(parts: Vec<Report>) -> Result<Report, (usize, MergeError)> {
    let mut shards: BTreeMap<u32, (ShardReport, Report)> = BTreeMap::new();
    for (place, mut report) in parts.into_iter().enumerate() {
        let at = |error| (place, error);
        let shard = report.shard.take().ok_or(at(MergeError::NoShard))?;
        if !is_well_formed(&shard, &report) {
            return Err(at(MergeError::Malformed));
        }
        if let Some((first_shard, first)) = shards.values().next() {
            is_of_one((first_shard, first), (&shard, &report)).map_err(at)?;
        }
        if shards.contains_key(&shard.number) {
            return Err(at(MergeError::Twice(shard.number)));
        }
        shards.insert(shard.number, (shard, report));
    }
    let missing = missing(&shards);
    let (all_shards, reports): (Vec<ShardReport>, Vec<Report>) = shards.into_values().unzip();
    let mut reports: Vec<Report> = reports;
    let images = in_order(&all_shards, &mut reports);
    let Some(first) = reports.first().cloned() else { return Err((0, MergeError::NoShard)) };
    let repositories: Vec<RepositoryReport> =
        (0..first.repositories.len()).map(|place| joined(place, &reports, &images, &missing)).collect();
    Ok(Report {
        // Of an image that belongs to no repository too: none is left out.
        verdict: Verdict::join(repositories.iter().map(|one| one.verdict).chain(images.iter().map(|one| one.verdict))),
        started_at: reports.iter().map(|one| one.started_at).min().unwrap_or(first.started_at),
        repositories,
        images,
        left_out: reports.iter().map(|one| one.left_out).fold(0, usize::saturating_add),
        network: network(&reports),
        environment: reports
            .iter()
            .flat_map(|one| one.environment.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        ..first
    })
}

fn is_well_formed(shard: &ShardReport, report: &Report) -> bool {
    let is_in_order = shard.places.windows(2).all(|two| two[0] < two[1]);
    let is_within = shard.places.last().is_none_or(|last| *last < shard.total);
    // An audit has repositories. Without any, a missing part could not be reported as a gap.
    let has_repositories = !report.repositories.is_empty();
    has_repositories
        && (1..=shard.of).contains(&shard.number)
        && is_in_order
        && is_within
        && shard.places.len() == report.images.len()
}

/// Everything that decides verdicts is the same; times and what was asked of the network are not.
fn is_of_one(first: (&ShardReport, &Report), other: (&ShardReport, &Report)) -> Result<(), MergeError> {
    let ((shard, report), (other_shard, other_report)) = (first, other);
    let trust = |report: &Report| -> Vec<(String, String)> {
        report.trust.iter().map(|one| (one.domain.clone(), one.sha256.clone())).collect()
    };
    let names =
        |report: &Report| -> Vec<String> { report.repositories.iter().map(|one| one.repository.clone()).collect() };
    let same = [
        ("policy", report.policy.sha256 == other_report.policy.sha256),
        ("trusted root", trust(report) == trust(other_report)),
        ("time of `--at`", report.judged_at == other_report.judged_at),
        ("advisories", report.advisories == other_report.advisories),
        ("list of repositories", names(report) == names(other_report)),
        ("number of shards", shard.of == other_shard.of),
        ("selection or a flag", shard.run == other_shard.run),
    ];
    same.into_iter().find(|(_, is_same)| !is_same).map_or(Ok(()), |(what, _)| Err(MergeError::Other(what)))
}

/// Says what keeps the parts from being the whole.
fn missing(shards: &BTreeMap<u32, (ShardReport, Report)>) -> Vec<Obstacle> {
    let Some((first, _)) = shards.values().next() else { return Vec::new() };
    let mut missing = Vec::new();
    let absent: Vec<String> =
        (1..=first.of).filter(|number| !shards.contains_key(number)).map(|number| number.to_string()).collect();
    let with =
        |detail: String, next: &str| Obstacle { next: next.to_owned(), ..Obstacle::new(GapReason::Missing, detail) };
    if !absent.is_empty() {
        let detail = format!("shards {} of {} are missing", absent.join(", "), first.of);
        missing.push(with(detail, "run the missing shards, and merge all of them"));
    }
    let places: BTreeSet<u64> = shards.values().flat_map(|(shard, _)| shard.places.iter().copied()).collect();
    let listed: usize = shards.values().map(|(shard, _)| shard.places.len()).sum();
    let is_other = |shard: &ShardReport| shard.tags != first.tags || shard.total != first.total;
    let is_torn = shards.values().any(|(shard, _)| is_other(shard)) || listed != places.len();
    let is_whole = absent.is_empty() && listed as u64 == first.total;
    if is_torn || (absent.is_empty() && !is_whole) {
        let detail = "the shards listed different tags, so that some images may be in none of them".to_owned();
        missing.push(with(detail, "run all shards again, at a time when no tag is pushed"));
    }
    missing
}

/// The images of all parts, each at its place.
fn in_order(shards: &[ShardReport], reports: &mut [Report]) -> Vec<ImageReport> {
    let of_each = shards.iter().zip(reports).flat_map(|(shard, report)| {
        let images = std::mem::take(&mut report.images);
        shard.places.iter().copied().zip(images).collect::<Vec<_>>()
    });
    let mut placed: Vec<(u64, ImageReport)> = of_each.collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, image)| image).collect()
}

fn joined(place: usize, reports: &[Report], images: &[ImageReport], missing: &[Obstacle]) -> RepositoryReport {
    let parts: Vec<&RepositoryReport> = reports.iter().map(|report| &report.repositories[place]).collect();
    let first = parts[0];
    let own: Vec<&ImageReport> = images.iter().filter(|image| is_of(image, &first.repository)).collect();
    let what = format!("the images of {}", first.repository);
    let mut gaps: Vec<GapReport> =
        missing.iter().map(|obstacle| GapReport::new(what.clone(), obstacle.clone(), None)).collect();
    let mut changes = Vec::new();
    for part in parts {
        gaps.extend(part.gaps.iter().filter(|gap| !gaps.contains(gap)).cloned().collect::<Vec<_>>());
        changes.extend(part.changes.iter().filter(|change| !changes.contains(*change)).cloned().collect::<Vec<_>>());
    }
    let of_list = (!gaps.is_empty()).then_some(Verdict::Undecided);
    let is_other =
        !changes.is_empty() || reports.iter().any(|one| !one.repositories[place].mirror_differences().is_empty());
    let of_changes = is_other.then_some(Verdict::Rejected);
    let verdicts = own.iter().map(|image| image.verdict);
    RepositoryReport {
        verdict: Verdict::join(verdicts.chain(of_list).chain(of_changes)),
        digests: own.iter().filter_map(|image| image.digest.as_deref()).collect::<BTreeSet<_>>().len(),
        changes,
        gaps,
        ..first.clone()
    }
}

/// An image of an audit is named by its repository and its first tag.
fn is_of(image: &ImageReport, repository: &str) -> bool {
    image.reference.rsplit_once(':').is_some_and(|(name, _)| name == repository)
}

fn network(reports: &[Report]) -> Network {
    let hosts: BTreeSet<String> = reports.iter().flat_map(|report| report.network.hosts.clone()).collect();
    Network {
        requests: reports.iter().map(|report| report.network.requests).fold(0, u64::saturating_add),
        bytes: reports.iter().map(|report| report.network.bytes).fold(0, u64::saturating_add),
        hosts: hosts.into_iter().collect(),
    }
}
