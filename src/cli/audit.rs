//! `bonafide audit`: repositories in, every image that their tags name judged, one report out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::check::{
    Change, GapReport, ImageReport, Report, RepositoryReport, ShardReport, TagChange, TagCounts, Verdict,
};
use crate::collect::{PlatformChoice, SourceError, evidence_stem, files};
use crate::evidence::{GapReason, Obstacle};
use crate::json;
use crate::oci::{Digest, Reference, Tag};
use crate::run::{self, Examined, Examiner, Listed, Lister, Releases, Selection, Target, releases, unread};

use super::args::{Args, AuditArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::journal::{self, Journal};
use super::mirror::{self, Compared, MirrorOf};
use super::output::{Reader, Rows};
use super::pull_requests::Builds;
use super::session::Session;
use super::weaker::{History, Older};
use super::{input, logins, output, policies, progress, references, runner, runtime};

/// The tags of a repository, and the expected ones.
struct Repository {
    reference: Reference,
    name: String,
    expected: Option<BTreeMap<String, Digest>>,
    listed: Result<Releases, SourceError>,
}

/// Audits the repositories and writes the report.
pub(super) fn run(audit: &AuditArgs, args: &Args) -> Result<u8, Diagnostic> {
    let verify = &audit.verify;
    files::limit_silence(verify.transport.timeout);
    let targets = output::targets(&verify.output)?;
    refuse_flags_of_one_image(verify)?;
    policies::refuse_shared_input(verify.policy.as_deref(), &verify.references, &verify.login)?;
    let references = references::read(&verify.references, !verify.login.password_stdin, args.color)?;
    let asked = repositories(&references)?;
    let expected = audit.expect.as_deref().map(|file| expectations(file, &asked)).transpose()?;
    let older = Older::reference(verify.not_weaker_than.as_ref())?;
    let original = audit.mirror_of.as_deref().map(MirrorOf::named).transpose()?;
    let others = older.iter().chain(original.as_ref().map(MirrorOf::reference));
    let at: Vec<&Reference> = asked.iter().map(|(_, reference)| reference).chain(others).collect();
    let logins = logins::logins(&verify.login, &at)?;
    let session = Session::open(verify, logins)?.comparing(audit.no_downgrade);
    if let Some(original) = &original {
        original.refuse_itself(asked.iter().map(|(_, reference)| reference), &session)?;
    }
    // A repository without a policy is found before anything is listed.
    let (references, mut terms) = references.keep(
        |text, reference| references::repository(text, reference).and_then(|one| session.target(text, &one)),
        args.color,
    )?;
    let mut seen = BTreeSet::new();
    terms.retain(|one| seen.insert(one.reference.policy_name(false)));
    let older = verify.not_weaker_than.as_ref().map(|named| Older::open(named, &session)).transpose()?;
    older.iter().try_for_each(|older| older.refuse_unfit(&terms))?;
    let open = |file: &PathBuf| Journal::open(file, audit.resume, &session.facts(&terms)?, args.quiet);
    let journal = audit.journal.as_ref().map(open).transpose()?;
    if !args.quiet {
        session.note_login(at);
    }

    let runtime = runtime::start()?;
    let selection = Selection {
        tags: audit.tags.clone(),
        exclude: audit.exclude.clone(),
        newest: audit.newest.map(|count| count as usize),
    };
    let is_hushed = args.quiet || args.shows_requests();
    let so_far = Listed::default();
    let with = session.lister(&so_far);
    let listing = list(&terms, expected.as_ref(), &selection, &with);
    let state = || session.listing_state(so_far.resolved.get(), so_far.selected.get());
    let repositories = runtime.block_on(progress::shown(is_hushed, state, listing));
    let expected_of = original.as_ref().map(|original| {
        let listing = original.list(&selection, &with);
        runtime.block_on(progress::shown(is_hushed, state, listing))
    });
    let all = images(&repositories, &terms);
    let total = all.len();
    let (places, wanted): (Vec<u64>, Vec<Wanted<'_>>) =
        (0..).zip(all).filter(|(_, one)| audit.shard.is_none_or(|shard| shard.has(one.release))).unzip();
    let labels: Vec<String> = wanted.iter().map(|one| crate::render::label(&one.target.text, &one.tags)).collect();
    // A release is compared with an older one, which is judged later. So no row is final before the end.
    let begin = || Rows::begin(labels.iter().map(String::as_str), &targets, args);
    let rows = if audit.no_downgrade { None } else { begin() };
    let builds = Builds::allowed_by(&verify.signer);
    let is_silent = is_hushed || rows.as_ref().is_some_and(Rows::are_on_terminal);
    let reader =
        Reader { rows: rows.as_ref(), builds: &builds, is_only: targets.len() == 1, journal: journal.as_ref() };
    let histories = repositories.iter().map(|_| RefCell::default()).collect::<Vec<_>>();
    let work = Work { session: &session, wanted: &wanted, older: older.as_ref(), histories: &histories };
    let mut examined = work.examine(&runtime, &reader, is_silent);
    if audit.no_downgrade {
        examined = work.hold(examined);
    }

    let compared = match original.as_ref().zip(expected_of.as_ref()) {
        Some((original, expected)) => {
            let comparing = work.compare(&repositories, &examined, (original, expected), &with);
            runtime.block_on(progress::shown(is_hushed, || session.comparing_state(), comparing))
        }
        None => Vec::new(),
    };
    let reports = work.reports(&repositories, &examined, compared, audit.shard.is_none());
    let images: Vec<ImageReport> = examined.into_iter().map(|(image, _)| image).collect();
    let verdict = Verdict::join(reports.iter().map(|repository| repository.verdict));
    let shard = audit.shard.map(|shard| -> Result<ShardReport, Diagnostic> {
        let mut facts = session.facts(&terms)?;
        facts.insert("selection", format!("{selection:?} {expected:?}"));
        Ok(shard.report(journal::binding(&facts), &listed_tags(&repositories), total, places))
    });
    let report = Report {
        verdict,
        repositories: reports,
        left_out: references.left_out(),
        shard: shard.transpose()?,
        ..session.report(images)
    };
    output::write(&report, &targets, rows.as_ref(), args)?;
    output::write_notes(&report, &targets, args)?;
    builds.warn();
    session.finish_saving(args.quiet)?;
    journal.map_or(Ok(()), |journal| journal.finish(args.quiet))?;
    references.if_whole(|| runner::add(&report, &targets))?;
    Ok(references.exit_code(report.verdict.exit_code(), args.color))
}

/// Refuses flags that wait for one image, pin one or summarise one: an audit is about many images.
fn refuse_flags_of_one_image(verify: &VerifyArgs) -> Result<(), Diagnostic> {
    if !verify.from.is_empty() {
        let message = "`--from` reads the names of images, and an audit is of repositories";
        return Err(Diagnostic::usage(message, "use it with `bonafide verify`"));
    }
    let given = [
        ("--wait", verify.wait.is_some()),
        ("--lock", !verify.lock.is_empty()),
        ("--bundle", !verify.bundle.is_empty()),
        ("--sums", !verify.sums.is_empty()),
        ("--expect-digest", verify.expect_digest.is_some()),
        ("--verifier", verify.verifier.is_some()),
    ];
    Diagnostic::refuse_flags(&given, "is about one image, and an audit is of many")
}

/// Takes references that name a repository, and no image in it; each repository once.
fn repositories(references: &[(String, Reference)]) -> Result<Vec<(String, Reference)>, Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut repositories = Vec::new();
    for (text, reference) in references {
        let reference = references::repository(text, reference)?;
        if seen.insert(reference.policy_name(false)) {
            repositories.push((text.clone(), reference));
        }
    }
    Ok(repositories)
}

type Expectations = BTreeMap<String, BTreeMap<String, Digest>>;

/// The longest file of expectations: a hundred thousand tags.
const LONGEST_EXPECTATION: u64 = 16 * 1024 * 1024;

/// Reads which digest each tag must name: of the one repository that is audited, or by the names of several.
fn expectations(file: &Path, asked: &[(String, Reference)]) -> Result<Expectations, Diagnostic> {
    let bytes = files::read_given(file, LONGEST_EXPECTATION).map_err(|error| input::unreadable(file, error))?;
    let read = || -> Result<Expectations, String> {
        let named: BTreeMap<String, Value> = json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let is_of_one = named.values().all(Value::is_string);
        match asked {
            [(text, _)] if is_of_one => Ok(BTreeMap::from([(text.clone(), digests(named)?)])),
            _ => {
                let mut all = BTreeMap::new();
                for (repository, tags) in named {
                    let Value::Object(tags) = tags else { return Err(format!("expected the tags of `{repository}`")) };
                    if !asked.iter().any(|(text, _)| *text == repository) {
                        return Err(format!("`{repository}` is not audited"));
                    }
                    all.insert(repository, digests(tags.into_iter().collect())?);
                }
                Ok(all)
            }
        }
    };
    read().map_err(|found| {
        Diagnostic::usage(
            format!("`{}` does not say which digests the tags must name: {found}", file.display()),
            r#"write {"1.4.2": "sha256:…"}, or {"ghcr.io/acme/app": {"1.4.2": "sha256:…"}} with the repositories as they are typed"#,
        )
    })
}

fn digests(tags: BTreeMap<String, Value>) -> Result<BTreeMap<String, Digest>, String> {
    let read = |(tag, value): (String, Value)| {
        let digest = value.as_str().and_then(|text| text.parse().ok());
        digest.map(|digest| (tag.clone(), digest)).ok_or_else(|| format!("expected a digest for the tag `{tag}`"))
    };
    tags.into_iter().map(read).collect()
}

/// Lists the tags of all repositories, one after the other: of each, many are asked for at once.
async fn list(
    asked: &[Target],
    expected: Option<&Expectations>,
    selection: &Selection,
    with: &Lister<'_>,
) -> Vec<Repository> {
    let mut repositories = Vec::new();
    for Target { text, reference, .. } in asked {
        let expected = expected.map(|all| all.get(text).cloned().unwrap_or_default());
        let none = BTreeMap::new();
        let listed = releases(reference, selection, expected.as_ref().unwrap_or(&none), with).await;
        let name = match reference {
            Reference::Registry(image) => image.name.to_string(),
            Reference::Layout(_) | Reference::Npm(_) | Reference::File(_) => text.clone(),
        };
        repositories.push(Repository { reference: reference.clone(), name, expected, listed });
    }
    repositories
}

/// An image that tags name.
struct Wanted<'a> {
    /// The place of the repository among those that were asked for.
    repository: usize,
    target: Target,
    tags: Vec<String>,
    release: &'a run::Release,
}

fn images<'a>(repositories: &'a [Repository], terms: &[Target]) -> Vec<Wanted<'a>> {
    let mut images = Vec::new();
    for (place, (repository, terms)) in repositories.iter().zip(terms).enumerate() {
        for release in repository.listed.iter().flat_map(|listed| &listed.releases) {
            let Some(first) = release.tags.first() else { continue };
            let target = Target {
                text: format!("{}:{first}", repository.name),
                reference: run::tagged(&repository.reference, first, None),
                policy: Arc::clone(&terms.policy),
                github: terms.github.clone(),
                platforms: None,
            };
            let tags = release.tags.iter().map(ToString::to_string).collect();
            images.push(Wanted { repository: place, target, tags, release });
        }
    }
    images
}

/// The inputs of an audit.
struct Work<'a> {
    session: &'a Session<'a>,
    wanted: &'a [Wanted<'a>],
    /// The older image or report that no image may be weaker than.
    older: Option<&'a Older>,
    /// The releases of each repository, as far as they are known.
    histories: &'a [RefCell<History>],
}

/// An image, and the digests that are parts of it or lie beside it.
type Judged = (ImageReport, Vec<Digest>);

impl Work<'_> {
    /// Judges every image, also when others fail; the rows are written as they become known.
    fn examine(&self, runtime: &Runtime, reader: &Reader<'_>, is_silent: bool) -> Vec<Judged> {
        let (done, began) = (Cell::new(0), Instant::now());
        let state = || self.session.state(done.get(), self.wanted.len(), began);
        let read = |report: ImageReport| {
            done.set(done.get() + 1);
            reader.read(report)
        };
        run::with_examiner(&self.session.run(), self.wanted.len(), |examiner| {
            runtime.block_on(progress::shown(is_silent, state, self.examine_each(examiner, reader.journal, &read)))
        })
    }

    async fn examine_each<'a>(
        &'a self,
        examiner: &Examiner<'a, '_>,
        journal: Option<&Journal>,
        read: &dyn Fn(ImageReport) -> ImageReport,
    ) -> Vec<Judged> {
        let judged = match self.older {
            Some(older) => older.judge(examiner).await,
            None => None,
        };
        // The journal has verdicts without comparisons: the other image may be another one when it is resumed.
        let each = self.wanted.iter().map(|one| async move { (one, one.examine(examiner, journal).await) });
        let finished = stream::iter(each).buffered(self.session.jobs()).map(|(one, examined)| {
            let mut report = ImageReport { tags: one.tags.clone(), ..examined.report };
            if let Some(older) = self.older {
                report = older.hold(report, &one.target.reference, judged.as_ref());
            }
            self.histories[one.repository].borrow_mut().add(&report);
            (read(report), examined.digests)
        });
        finished.collect().await
    }

    /// Compares each release with the one before it.
    fn hold(&self, examined: Vec<Judged>) -> Vec<Judged> {
        let mut next = vec![0; self.histories.len()];
        let each = self.wanted.iter().zip(examined).map(|(one, (image, digests))| {
            let place = next[one.repository];
            next[one.repository] += 1;
            (self.histories[one.repository].borrow().hold(place, image), digests)
        });
        each.collect()
    }
}

impl Work<'_> {
    /// Compares each repository whose tags are listed with the one that it must be a mirror of.
    async fn compare(
        &self,
        repositories: &[Repository],
        examined: &[Judged],
        (original, expected): (&MirrorOf, &Result<Releases, SourceError>),
        with: &Lister<'_>,
    ) -> Vec<Option<Compared>> {
        let mut compared = Vec::new();
        for (place, repository) in repositories.iter().enumerate() {
            let Ok(listed) = &repository.listed else {
                compared.push(None);
                continue;
            };
            let of_it = self.wanted.iter().zip(examined).filter(|(one, _)| one.repository == place);
            let parts: Vec<_> = of_it.map(|(one, (_, digests))| (one.release, digests.as_slice())).collect();
            compared.push(Some(original.compare((&repository.reference, listed), expected, &parts, with).await));
        }
        compared
    }

    /// The reports on all repositories. `is_whole` says whether all images of them are here.
    fn reports(
        &self,
        repositories: &[Repository],
        examined: &[Judged],
        compared: Vec<Option<Compared>>,
        is_whole: bool,
    ) -> Vec<RepositoryReport> {
        let mut compared = compared.into_iter();
        let report = |(place, repository): (usize, &Repository)| {
            let of_it = self.wanted.iter().zip(examined).filter(|(one, _)| one.repository == place);
            let (images, digests): (Vec<_>, Vec<_>) = of_it.map(|(_, (image, digests))| (image, digests)).unzip();
            let bound: BTreeSet<String> = digests.into_iter().flatten().map(Digest::referrers_tag).collect();
            let is_all = is_whole && matches!(self.session.platforms, PlatformChoice::All);
            let bound = is_all.then_some(bound);
            let report = repository.report(&images, bound.as_ref());
            // Which release came before another is not known from a part of them.
            let drift = if is_whole { self.histories[place].borrow().drift() } else { Vec::new() };
            let report = RepositoryReport { drift, ..report };
            match compared.next().flatten() {
                Some(compared) => mirror::add(report, compared),
                None => report,
            }
        };
        repositories.iter().enumerate().map(report).collect()
    }
}

/// The tags of all repositories with what they name.
fn listed_tags(repositories: &[Repository]) -> String {
    let of_each = repositories.iter().map(|repository| {
        let listed = repository.listed.as_ref().map(|listed| {
            listed.releases.iter().map(|one| format!("{:?} {:?}", one.tags, one.digest)).collect::<Vec<_>>()
        });
        format!("{} {:?}\n", repository.name, listed.ok())
    });
    of_each.collect()
}

impl Wanted<'_> {
    /// Examines the image, unless the journal has a verdict on it.
    async fn examine<'t>(&'t self, examiner: &Examiner<'t, '_>, journal: Option<&Journal>) -> Examined {
        let known = journal.zip(self.release.digest.as_ref());
        if let Some(taken) = known.and_then(|(journal, digest)| journal.take(&self.target.text, digest)) {
            return taken;
        }
        let judged = examiner.examine(&self.target, self.release.at.clone()).await;
        if let Some((journal, digest)) = known {
            journal.add(&self.target.text, digest, &judged);
        }
        judged
    }
}

impl Repository {
    /// The findings about the repository beside its images. `bound` are the stems of all tags of evidence that may
    /// belong to one of them, if all platforms were looked at.
    fn report(&self, images: &[&ImageReport], bound: Option<&BTreeSet<String>>) -> RepositoryReport {
        let what = format!("the tags of {}", self.name);
        let listed = match &self.listed {
            Ok(listed) => listed,
            Err(error) => {
                return RepositoryReport {
                    repository: self.name.clone(),
                    verdict: Verdict::Undecided,
                    tags: TagCounts::default(),
                    digests: 0,
                    changes: Vec::new(),
                    drift: Vec::new(),
                    mirror: None,
                    gaps: vec![unread(&what, error)],
                };
            }
        };
        let mut gaps: Vec<GapReport> = listed.gap.iter().map(|error| unread(&what, error)).collect();
        let gap = |reason: GapReason, detail: String| GapReport::new(what.clone(), Obstacle::new(reason, detail), None);
        if let Some(first) = listed.unusable.first() {
            let detail = format!("{} names that no tag can have, such as {first:?}", listed.unusable.len());
            gaps.push(gap(GapReason::Corrupt, detail));
        }
        if listed.selected == 0 && listed.gap.is_none() {
            let detail =
                format!("no tag is selected: {} are listed, and {} of evidence", listed.listed, listed.evidence.len());
            gaps.push(gap(GapReason::Selection, detail));
        }
        let changes = self.changes(listed);
        let is_all = listed.selected == listed.listed && gaps.is_empty();
        let is_bound =
            |tag: &Tag, bound: &BTreeSet<String>| evidence_stem(tag.as_str()).is_some_and(|stem| bound.contains(stem));
        let orphans = |bound: &BTreeSet<String>| listed.evidence.iter().filter(|tag| !is_bound(tag, bound)).count();
        let own = images.iter().map(|image| image.verdict);
        let of_list = (!gaps.is_empty()).then_some(Verdict::Undecided);
        let of_changes = (!changes.is_empty()).then_some(Verdict::Rejected);
        RepositoryReport {
            repository: self.name.clone(),
            verdict: Verdict::join(own.chain(of_list).chain(of_changes)),
            tags: TagCounts {
                listed: listed.listed,
                selected: listed.selected,
                evidence: listed.evidence.len(),
                orphaned_evidence: bound.filter(|_| is_all).map(orphans),
            },
            digests: images.iter().filter_map(|image| image.digest.as_deref()).collect::<BTreeSet<_>>().len(),
            changes,
            drift: Vec::new(),
            mirror: None,
            gaps,
        }
    }

    /// The differences from the expected tags. In an incomplete list, missing tags are unknown.
    fn changes(&self, listed: &Releases) -> Vec<TagChange> {
        let Some(expected) = &self.expected else { return Vec::new() };
        let mut changes = Vec::new();
        let mut seen = BTreeSet::new();
        for release in &listed.releases {
            for tag in &release.tags {
                seen.insert(tag.as_str());
                let wanted = expected.get(tag.as_str());
                let found = release.digest.as_ref();
                let change = match (wanted, found) {
                    (None, _) => Change::Extra,
                    (Some(wanted), Some(found)) if wanted != found => Change::Moved,
                    // The same, or a tag that could not be read, which is undecided already.
                    _ => continue,
                };
                let text = |digest: Option<&Digest>| digest.map(ToString::to_string);
                changes.push(TagChange { tag: tag.to_string(), change, expected: text(wanted), found: text(found) });
            }
        }
        if listed.gap.is_none() {
            let missing = expected.iter().filter(|(tag, _)| !seen.contains(tag.as_str()));
            changes.extend(missing.map(|(tag, digest)| TagChange {
                tag: tag.clone(),
                change: Change::Missing,
                expected: Some(digest.to_string()),
                found: None,
            }));
        }
        changes
    }
}
