//! A run: targets in, reports out.
//!
//! One thread reads the answers of the network, for several targets at once. Other threads verify the collected evidence. The
//! reports come in the order of the targets, each as soon as it and all earlier ones are known.

mod inspect;
mod mirror;
mod pool;
mod releases;
mod threads;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;

pub use inspect::{Attested, InspectRun, Inspected, Inspector, Means, with_inspector};
pub use mirror::{Image, Original, mirror};
pub use releases::{Listed, Lister, Release, Releases, Selection, releases, tagged};
pub use threads::Threads;

use crate::check::{CheckId, Finding, GapReport, ImageReport, Verdict};
use crate::collect::{
    Collector, GitHubBase, GitHubPlace, Given, ImageSource, Limits, LocalFile, NpmRegistry, Pack, Places,
    PlatformChoice, Recorded, Registries, Share, SourceError, collect_npm,
};
use crate::evidence::Evidence;
use crate::oci::{Digest, FileReference, ImageName, NpmPackage, Reference, RegistryReference};
use crate::packages::Advisories;
use crate::policy::{Policy, Requirement};
use crate::time_limit::TimeLimit;
use crate::verify::{Grounds, Judge, TrustDomain, refused, unresolved};
use pool::Pool;

/// Settings that all targets of a run share.
pub struct Run<'a> {
    /// The registries.
    pub registries: &'a Rc<Registries>,
    /// The registry of npm packages.
    pub npm: &'a NpmRegistry,
    /// Evidence in files of this machine, given for the files that are verified.
    pub given: &'a Given,
    /// The trust domains in which a signature may verify.
    pub domains: &'a [TrustDomain],
    /// The advisories that packages of SBOMs are compared with.
    pub advisories: Option<&'a Advisories>,
    /// The platforms of each image that are verified.
    pub platforms: &'a PlatformChoice,
    /// The repository with the evidence of all images, instead of each image's own repository.
    pub evidence_repository: Option<&'a ImageName>,
    /// Whether `--offline` was given: only the place of each image is searched.
    pub offline: bool,
    /// The token to send to GitHub.
    pub github_token: Option<&'a str>,
    /// Limits on the bytes, numbers and time of each target.
    pub limits: &'a Limits,
    /// How many targets are examined at once.
    pub jobs: usize,
    /// When the run began.
    pub started_at: Timestamp,
    /// The time to verify as of, if `--at` was given.
    pub at: Option<Timestamp>,
    /// Whether all evidence is read even after every requirement is satisfied, as comparisons of images need it.
    pub reads_all: bool,
    /// Receives the evidence of each image before it is dropped.
    pub witness: Option<&'a dyn Witness>,
    /// The pack that receives each image with all its evidence.
    pub pack: Option<&'a Pack>,
}

/// Receives the evidence of each image, together with the report on it.
pub trait Witness {
    /// Is called once for each report.
    fn judged(&self, evidence: &Evidence, report: &ImageReport);
}

/// One image, as given by the user, with its policy.
pub struct Target {
    /// The reference as it was typed.
    pub text: String,
    /// The reference.
    pub reference: Reference,
    /// The policy for this target.
    pub policy: Arc<Policy>,
    /// The GitHub API to ask for attestations, and the repository there.
    pub github: Option<(GitHubBase, String)>,
    /// Its platforms, if they are others than those of the run.
    pub platforms: Option<PlatformChoice>,
}

/// What came of one target.
pub struct Examined {
    /// The report.
    pub report: ImageReport,
    /// The digests of the image's manifests and of the attestation manifests beside it. Evidence for any of them belongs to the
    /// image.
    pub digests: Vec<Digest>,
}

fn digests(evidence: &Evidence) -> Vec<Digest> {
    let parts = evidence.target.subjects.iter().map(|subject| &subject.digest);
    parts.chain(evidence.attestation_manifests.iter().map(|place| &place.digest)).cloned().collect()
}

/// The default number of targets examined at once. At a latency of 100 ms a target takes half a second, nearly all of it waiting.
pub const AT_ONCE: usize = 12;

/// Starts threads for this many targets and calls `body`, which examines them. The threads end when `body` returns.
pub fn with_examiner<'a, R>(run: &'a Run<'a>, targets: usize, body: impl FnOnce(&Examiner<'a, '_>) -> R) -> R {
    pool::with_threads(pool::threads_for(targets), |pool| body(&Examiner { run, pool, share: Rc::default() }))
}

/// Examines the targets of a run.
pub struct Examiner<'a, 'p> {
    run: &'a Run<'a>,
    pool: &'p Pool<'a>,
    /// The memory that all targets share.
    share: Rc<Share>,
}

impl<'a> Examiner<'a, '_> {
    /// Examines targets, several at once. The reports come in their order.
    pub fn examine_all(
        &self,
        targets: impl IntoIterator<Item = (&'a Target, Result<Reference, SourceError>)>,
    ) -> impl Stream<Item = Examined> {
        stream::iter(targets).map(|(target, at)| self.examine(target, at)).buffered(self.run.jobs)
    }

    /// Examines one target at a reference: the target's own, or a digest resolved earlier. `at` is an error if the target could
    /// not be resolved; the report then says that it could not be read.
    pub async fn examine(&self, target: &'a Target, at: Result<Reference, SourceError>) -> Examined {
        let examined = match at {
            Ok(reference) => self.collect_and_judge(target, &reference).await,
            Err(error) => Err(error),
        };
        if let (Some(pack), Err(error)) = (self.run.pack, &examined) {
            pack.fail(error.clone());
        }
        let mut examined = examined.unwrap_or_else(|error| {
            let judge = if error.is_refusal() { refused } else { unresolved };
            let report = judge(&target.text, &target.policy, &unread(&target.text, &error));
            Examined { report, digests: Vec::new() }
        });
        self.note_mirror(&target.reference, &mut examined.report);
        if let Some(at) = self.run.at {
            let message = format!("it was judged as of {at}, as `--at` says");
            examined.report.findings.push(Finding::pass(CheckId::ImageResolved, message));
        }
        examined
    }

    /// Collects and verifies step by step, and stops at `verified`: more evidence never changes that verdict.
    async fn collect_and_judge(&self, target: &'a Target, reference: &Reference) -> Result<Examined, SourceError> {
        let run = self.run;
        if let Reference::Npm(package) = reference {
            return self.collect_and_judge_package(target, package).await;
        }
        if let Reference::File(file) = reference {
            return self.collect_and_judge_file(target, file).await;
        }
        let github = self.github(target);
        let places = Places { evidence_repository: run.evidence_repository, github, alone: run.offline };
        let recording = run.pack.map(Pack::recording);
        let source =
            Recorded::new(ImageSource::open(reference, places, run.registries, run.limits)?, recording.clone());
        let (platforms, limits) = (target.platforms.as_ref().unwrap_or(run.platforms).clone(), run.limits.clone());
        let mut collector = Collector::resolve_among(&self.share, source, &target.text, platforms, limits).await?;
        // A report about a missing SBOM names unsigned SBOMs too.
        if target.policy.expectations().iter().any(|expectation| expectation.requirement() == Requirement::Sbom) {
            collector = collector.naming_sbom_tags();
        }
        let signatures_alone = !run.reads_all
            && target
                .policy
                .expectations()
                .iter()
                .all(|expectation| expectation.requirement() == Requirement::Signature);
        if signatures_alone {
            collector = collector.for_signatures_alone();
        }
        let mut judge = self.judge(target);
        let mut stopwatch = self.stopwatch();
        loop {
            let evidence = collector.shared_evidence();
            let judged = self.pool.run(move || {
                let report = stopwatch.judge(&mut judge, &evidence);
                (judge, stopwatch, report)
            });
            let mut report;
            (judge, stopwatch, report) = judged.await;
            if (report.verdict == Verdict::Verified && !run.reads_all) || !collector.step().await {
                report.read_in_full &= !signatures_alone;
                if let Some(witness) = run.witness {
                    witness.judged(collector.evidence(), &report);
                }
                let digests = digests(collector.evidence());
                if let (Some(pack), Some(recording)) = (run.pack, recording) {
                    collector.read_the_rest().await;
                    pack.add(&target.reference, &recording);
                }
                return Ok(Examined { report, digests });
            }
        }
    }

    /// Collects and verifies a package: all its evidence in its registry is requested at once.
    async fn collect_and_judge_package(
        &self,
        target: &'a Target,
        package: &NpmPackage,
    ) -> Result<Examined, SourceError> {
        let run = self.run;
        let evidence = collect_npm(run.registries, run.npm, &target.text, package, run.limits).await?;
        Ok(self.judge_whole(target, evidence).await)
    }

    /// Reads and verifies a file of this machine. A pool thread hashes it, so the network thread does not wait.
    async fn collect_and_judge_file(&self, target: &'a Target, file: &FileReference) -> Result<Examined, SourceError> {
        let (run, file) = (self.run, file.clone());
        let given = run.given;
        let local = self.pool.run(move || LocalFile::read(&target.text, &file, given)).await?;
        let evidence = local.collect(run.registries, self.github(target), run.offline, run.limits).await;
        Ok(self.judge_whole(target, evidence).await)
    }

    /// Verifies evidence that was collected in one step.
    async fn judge_whole(&self, target: &'a Target, evidence: Evidence) -> Examined {
        let evidence = Arc::new(evidence);
        let (mut judge, shared) = (self.judge(target), Arc::clone(&evidence));
        let mut stopwatch = self.stopwatch();
        let report = self.pool.run(move || stopwatch.judge(&mut judge, &shared)).await;
        if let Some(witness) = self.run.witness {
            witness.judged(&evidence, &report);
        }
        Examined { report, digests: digests(&evidence) }
    }

    fn github(&self, target: &'a Target) -> Option<GitHubPlace<'a>> {
        let token = self.run.github_token;
        target.github.as_ref().map(|(base, repository)| GitHubPlace { base, repository, token })
    }

    fn judge(&self, target: &'a Target) -> Judge<'a> {
        let run = self.run;
        Judge::new(Grounds {
            workers: &Threads,
            policy: &target.policy,
            domains: run.domains,
            advisories: run.advisories,
            now: run.at.unwrap_or(run.started_at),
            time: TimeLimit::NONE,
        })
    }

    fn stopwatch(&self) -> Stopwatch {
        Stopwatch { allowed: self.run.limits.total_time, spent: Duration::ZERO, at: self.run.at }
    }

    /// Adds a note to the report that a tag was read from a mirror. The mirror may be outdated or lie, because nothing binds a
    /// tag to a digest.
    fn note_mirror(&self, reference: &Reference, report: &mut ImageReport) {
        let Reference::Registry(asked @ RegistryReference { digest: None, .. }) = reference else { return };
        if let Some(mirror) = self.run.registries.mirror_of(&asked.name).filter(|_| report.digest.is_some()) {
            let message = format!("the tag was read on the mirror {mirror}, not in {}", asked.name);
            report.findings.push(Finding::pass(CheckId::ImageResolved, message));
        }
    }
}

/// The time allowed for verifying one image, and the time spent so far (A298). Waiting for the network does not count: a slow
/// registry must not use up the time for verifying the evidence that it did send.
struct Stopwatch {
    allowed: Duration,
    spent: Duration,
    at: Option<Timestamp>,
}

impl Stopwatch {
    fn judge(&mut self, judge: &mut Judge<'_>, evidence: &Evidence) -> ImageReport {
        let begin = Instant::now();
        let left = self.allowed.saturating_sub(self.spent);
        let is_over = || begin.elapsed() >= left;
        // Each judgement reads the clock again, so evidence signed during the run is not from the future.
        let now = self.at.unwrap_or_else(Timestamp::now);
        let report = judge.judge(evidence, now, TimeLimit::new(self.allowed, &is_over));
        self.spent += begin.elapsed();
        report
    }
}

/// Returns the gap for a target that could not be read.
pub fn unread(text: &str, error: &SourceError) -> GapReport {
    GapReport::new(text, error.obstacle(), None)
}
