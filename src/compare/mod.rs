//! Finds what changed between two images, from the evidence that counts for each.
//!
//! Evidence counts if it verifies and a signer of the policy signed it. Evidence of strangers makes an image neither stronger nor
//! weaker. Each candidate of the older image is compared with the most similar candidate of the newer one. So two weak candidates
//! never stand for a strong one.

mod diff;
mod facts;
mod history;
mod line;
mod names;
mod packages;
mod replay;
mod side;
mod vulnerabilities;

use std::collections::BTreeSet;

use jiff::SignedDuration;

pub use diff::diff;
pub use facts::{Facts, Judged, Recorded, RecordedError};
pub use history::History;
pub use line::{Release, version};
pub use replay::Replayed;
pub use side::Side;

use crate::check::{
    AttestationKind, CheckId, ComparisonReport, Difference, Direction, DriftReport, Finding, ImageReport, Outcome,
    Property, ReasonReport, SignerKind, Unknown, Verdict,
};
use facts::{Candidate, KINDS, Platform};
use names::{is_of_pull_request, without_release, without_run};

/// Builds are signed within minutes; an approval may take days.
const LONG: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Builds of two releases may run beside each other, and end in any order.
const A_BUILD: SignedDuration = SignedDuration::from_hours(24);

/// Compares an image with an older one.
pub fn compare(old: &Facts, new: &Facts) -> ComparisonReport {
    let mut differences = platforms(old, new);
    let pairs = pairs(old, new);
    let of_pairs: Vec<(&Platform, Vec<Difference>)> =
        pairs.iter().map(|(before, after)| (*before, of_platform((old, before), (new, after)))).collect();
    for (platform, found) in &of_pairs {
        for difference in found {
            add(&mut differences, platform, difference);
        }
    }
    let everywhere =
        pairs.iter().filter_map(|(platform, _)| platform.platform.as_deref()).collect::<BTreeSet<_>>().len();
    for difference in differences.iter_mut().filter(|one| one.property != Property::Platform) {
        if difference.platforms.len() >= everywhere {
            difference.platforms.clear();
        }
    }
    differences.sort_by_key(|one| (one.direction, one.property));
    ComparisonReport {
        with: old.reference.clone(),
        digest: old.digest.clone(),
        unknown: unknown(old, new, &differences),
        differences,
    }
}

/// Compares a verified image with an older one. A weaker image becomes rejected; if that cannot be decided, it becomes undecided.
/// Any other verdict stays.
pub fn hold(report: ImageReport, old: Option<&Facts>) -> ImageReport {
    if report.verdict != Verdict::Verified {
        return report;
    }
    let comparison = old.map(|old| compare(old, &Facts::of(&report)));
    let finding = match &comparison {
        Some(comparison) => comparison.finding(),
        None => Finding::error(CheckId::NotWeaker, "there is nothing to compare it with"),
    };
    let verdict = match finding.outcome {
        Outcome::Pass => Verdict::Verified,
        Outcome::Fail => Verdict::Rejected,
        Outcome::Error | Outcome::Skip => Verdict::Undecided,
    };
    let findings: Vec<Finding> = report.findings.iter().cloned().chain([finding]).collect();
    let reason = ReasonReport::of(verdict, &findings, &report.requirements);
    ImageReport { verdict, reason, findings, comparison, ..report }
}

/// Returns the changes from one verified release to the next, as far as their evidence was read.
pub fn drift(old: &Facts, new: &Facts) -> Option<DriftReport> {
    let mut differences = compare(old, new).differences;
    // Unread evidence counts as neither lost nor new.
    differences.retain(|one| match (one.property, one.direction) {
        (Property::Evidence | Property::Signers, Direction::Weaker) => new.is_whole(),
        (Property::Evidence, _) => old.is_whole(),
        _ => true,
    });
    let report = DriftReport {
        release: new.reference.clone(),
        digest: new.digest.clone(),
        after: old.reference.clone(),
        after_digest: old.digest.clone(),
        differences,
    };
    Some(report).filter(|report| !report.differences.is_empty())
}

/// Why there may be more differences, or fewer.
fn unknown(old: &Facts, new: &Facts, differences: &[Difference]) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    if !new.is_whole() && differences.iter().any(|one| one.direction == Direction::Weaker) {
        unknown.push(Unknown::NewGaps);
    }
    let others = [Verdict::Rejected, Verdict::Undecided, Verdict::Absent];
    if !old.is_verified() {
        let verdict = others.into_iter().find(|verdict| verdict.as_str() == old.verdict);
        unknown.push(Unknown::OldVerdict(verdict.unwrap_or(Verdict::Undecided)));
    }
    if old.has_gaps() || old.platforms.is_empty() {
        unknown.push(Unknown::OldGaps);
    } else if !old.is_whole() {
        unknown.extend(
            KINDS.into_iter().find(|kind| !is_known(kind, old, new)).map(|kind| Unknown::OldKind(kind.to_owned())),
        );
    }
    unknown
}

/// Whether the report of a run that ended early tells enough about a kind of evidence. Such a run stops when all requirements are
/// satisfied. Evidence that it did not read is not lost if the newer image has it. A platform without any evidence in the older
/// report leaves nothing to compare.
fn is_known(kind: &str, old: &Facts, new: &Facts) -> bool {
    let is_bare = |platform: &Platform| !KINDS.into_iter().any(|kind| old.has(platform, kind));
    let is_everywhere = |facts: &Facts| facts.platforms.iter().all(|platform| facts.has(platform, kind));
    !old.platforms.iter().any(is_bare) && (is_everywhere(old) || is_everywhere(new))
}

/// Pairs the platforms that both images have. An image of one platform need not name it: it is paired with each platform of the
/// other image.
fn pairs<'a>(old: &'a Facts, new: &'a Facts) -> Vec<(&'a Platform, &'a Platform)> {
    let same = |one: &Platform, other: &Platform| {
        one.platform == other.platform || one.platform.is_none() || other.platform.is_none()
    };
    let of_old = old.platforms.iter();
    of_old
        .flat_map(|one| new.platforms.iter().filter(move |other| same(one, other)).map(move |other| (one, other)))
        .collect()
}

fn platforms(old: &Facts, new: &Facts) -> Vec<Difference> {
    let of = |direction, old, new| difference(Property::Platform, direction, (old, new));
    let names = |facts: &Facts| facts.platforms.iter().map(|one| one.platform.clone()).collect::<Option<BTreeSet<_>>>();
    match (names(old), names(new)) {
        (Some(before), Some(after)) => {
            let lost = before.difference(&after).map(|name| of(Direction::Weaker, Some(name.clone()), None));
            let gained = after.difference(&before).map(|name| of(Direction::Stronger, None, Some(name.clone())));
            lost.chain(gained).collect()
        }
        (Some(before), None) if before.len() > new.platforms.len() => {
            let before = before.into_iter().collect::<Vec<_>>().join(" and ");
            vec![of(Direction::Weaker, Some(before), Some("one that is not named".to_owned()))]
        }
        _ => Vec::new(),
    }
}

/// Adds a difference of a platform, to the same one of another platform or kind if there is one.
fn add(differences: &mut Vec<Difference>, platform: &Platform, found: &Difference) {
    let alike = |one: &Difference| {
        let is_same = (one.property, one.direction, &one.old, &one.new)
            == (found.property, found.direction, &found.old, &found.new);
        is_same && (one.property != Property::Evidence || one.kinds == found.kinds)
    };
    let place = differences.iter().position(alike).unwrap_or_else(|| {
        differences.push(found.clone());
        differences.len() - 1
    });
    let place = &mut differences[place];
    for kind in &found.kinds {
        if !place.kinds.contains(kind) {
            place.kinds.push(kind.clone());
        }
    }
    place.platforms.extend(platform.platform.clone().filter(|name| !place.platforms.contains(name)));
}

fn difference(property: Property, direction: Direction, (old, new): (Option<String>, Option<String>)) -> Difference {
    Difference { property, direction, kinds: Vec::new(), platforms: Vec::new(), old, new }
}

/// An image, and a platform of it.
type OnPlatform<'a> = (&'a Facts, &'a Platform);

fn of_platform(old: OnPlatform<'_>, new: OnPlatform<'_>) -> Vec<Difference> {
    let of_kinds = KINDS.into_iter().flat_map(|kind| of_kind(kind, old, new));
    of_kinds.chain(built_before(old, new)).collect()
}

/// Finds a newer release that was built first, which may be an old build under a new name. The times are those that the builders
/// state. Whether the newer commit follows the older one cannot be known without the repository.
fn built_before((old, before): OnPlatform<'_>, (new, after): OnPlatform<'_>) -> Option<Difference> {
    let (old, new) = (old.built(before)?, new.built(after)?);
    let is_before = old.duration_since(new) > A_BUILD;
    let text = (Some(old.to_string()), Some(new.to_string()));
    is_before.then(|| Difference {
        kinds: vec![AttestationKind::Provenance.as_str().to_owned()],
        ..difference(Property::BuildTime, Direction::Different, text)
    })
}

/// The differences of one kind of evidence for one platform.
fn of_kind(kind: &str, (old, before): OnPlatform<'_>, (new, after): OnPlatform<'_>) -> Vec<Difference> {
    let piece = |facts: &Facts, platform: &Platform, one: &Candidate| {
        one.signed().zip(facts.built(platform)).is_some_and(|(signed, built)| signed.duration_since(built) > LONG)
    };
    let olds: Vec<Piece<'_>> = old.evidence(before, kind).map(|one| Piece::of(one, piece(old, before, one))).collect();
    let news: Vec<Piece<'_>> = new.evidence(after, kind).map(|one| Piece::of(one, piece(new, after, one))).collect();
    let names = |pieces: &[Piece<'_>]| pieces.iter().map(|piece| piece.name.clone()).collect::<BTreeSet<_>>();
    let text = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
    let (before, after) = (names(&olds), names(&news));
    let mut found = match (olds.is_empty(), news.is_empty()) {
        (true, true) => Vec::new(),
        (false, true) => vec![difference(Property::Evidence, Direction::Weaker, (Some(text(&before)), None))],
        (true, false) => vec![difference(Property::Evidence, Direction::Stronger, (None, Some(text(&after))))],
        (false, false) => olds.iter().flat_map(|old| nearest(old, &news)).collect(),
    };
    if !news.is_empty() && after.len() < before.len() {
        found.push(difference(Property::Signers, Direction::Weaker, (Some(text(&before)), Some(text(&after)))));
    }
    for difference in &mut found {
        difference.kinds = vec![kind.to_owned()];
    }
    found
}

/// Returns the differences from the newer image's candidate that is weaker in the fewest properties; among several, from the most
/// similar one.
fn nearest(old: &Piece<'_>, news: &[Piece<'_>]) -> Vec<Difference> {
    let count = |all: &[Difference], direction| all.iter().filter(|one| one.direction == direction).count();
    let all = news.iter().map(|new| old.differences(new));
    all.min_by_key(|all| (count(all, Direction::Weaker), count(all, Direction::Different))).unwrap_or_default()
}

/// One piece of evidence.
struct Piece<'a> {
    candidate: &'a Candidate,
    /// Who signed: an identity without the ref of a release, or a key.
    name: String,
    issuer: &'a str,
    is_key: bool,
    /// Whether it was signed long after it was built.
    is_late: bool,
}

impl<'a> Piece<'a> {
    fn of(candidate: &'a Candidate, is_late: bool) -> Self {
        let signer = candidate.signer.as_ref();
        let identity = signer.map(|signer| signer.identity.as_str()).unwrap_or_default();
        Self {
            candidate,
            name: without_release(identity).to_owned(),
            issuer: signer.map(|signer| signer.issuer.as_str()).unwrap_or_default(),
            is_key: signer.is_some_and(|signer| signer.identity_kind == SignerKind::Key.as_str()),
            is_late,
        }
    }

    fn differences(&self, new: &Self) -> Vec<Difference> {
        use Direction::{Different, Stronger, Weaker};
        let (before, after) = (self.candidate, new.candidate);
        let mut all = Vec::new();
        let mut add = |property, direction, old: Option<&str>, new: Option<&str>| {
            all.push(difference(property, direction, (old.map(str::to_owned), new.map(str::to_owned))));
        };
        let owned = |text: &'static str| Some(text);
        if self.is_key != new.is_key {
            let direction = if new.is_key { Weaker } else { Stronger };
            let method = |is_key| owned(if is_key { "a key" } else { "an identity" });
            add(Property::SignedBy, direction, method(self.is_key), method(new.is_key));
        } else if self.name != new.name {
            let is_weaker = is_of_pull_request(&new.name) && !is_of_pull_request(&self.name);
            let direction = if is_weaker { Weaker } else { Different };
            add(Property::Signer, direction, Some(&self.name), Some(&new.name));
        }
        if self.issuer != new.issuer && !self.is_key && !new.is_key {
            add(Property::Issuer, Different, Some(self.issuer), Some(new.issuer));
        }
        let (old_domain, new_domain) = (before.trust_domain.as_deref(), after.trust_domain.as_deref());
        if old_domain != new_domain && old_domain.is_some() && new_domain.is_some() {
            add(Property::TrustDomain, Different, old_domain, new_domain);
        }
        if before.is_logged() != after.is_logged() {
            let direction = if before.is_logged() { Weaker } else { Stronger };
            let log = |one: &Candidate| owned("an entry in a log").filter(|_| one.is_logged());
            add(Property::Log, direction, log(before), log(after));
        }
        if let (Some(old), Some(new)) = (&before.provenance, &after.provenance) {
            let builder = (without_run(&old.builder), without_run(&new.builder));
            if builder.0 != builder.1 {
                add(Property::Builder, Different, Some(builder.0), Some(builder.1));
            }
            if old.build_type != new.build_type {
                add(Property::BuildType, Different, Some(&old.build_type), Some(&new.build_type));
            }
        }
        if let Some(direction) = runner(before.runner(), after.runner()) {
            add(Property::Runner, direction, before.runner(), after.runner());
        }
        if let Some(direction) = source(before, after) {
            add(Property::Source, direction, before.source(), after.source());
        }
        if self.is_late != new.is_late {
            let time = |is_late| owned(if is_late { "more than a week" } else { "at most a week" });
            add(
                Property::SigningDelay,
                if new.is_late { Weaker } else { Stronger },
                time(self.is_late),
                time(new.is_late),
            );
        }
        if before.build_level != after.build_level {
            let level = |one: &Candidate| one.build_level.map(|level| format!("SLSA build level {level}"));
            let direction = if after.build_level < before.build_level { Weaker } else { Stronger };
            all.push(difference(Property::BuildLevel, direction, (level(before), level(after))));
        }
        all
    }
}

/// From a machine of GitHub to any other, nothing is as strong.
fn runner(old: Option<&str>, new: Option<&str>) -> Option<Direction> {
    const HOSTED: Option<&str> = Some("github-hosted");
    match (old, new) {
        (old, new) if old == new => None,
        (HOSTED, _) => Some(Direction::Weaker),
        (_, HOSTED) => Some(Direction::Stronger),
        _ => Some(Direction::Different),
    }
}

/// Another repository has another history, and other people may push to it. A renamed repository keeps its id.
fn source(old: &Candidate, new: &Candidate) -> Option<Direction> {
    let number = old.repository_number();
    match (old.source(), new.source()) {
        (Some(before), Some(after)) if before == after => None,
        (Some(_), Some(_)) if number.is_some() && number == new.repository_number() => Some(Direction::Different),
        (None, None) => None,
        (None, Some(_)) => Some(Direction::Stronger),
        (Some(_), _) => Some(Direction::Weaker),
    }
}

#[cfg(test)]
mod tests;
