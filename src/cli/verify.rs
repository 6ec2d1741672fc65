//! `bonafide verify`: references in, one report out.

use std::cell::Cell;
use std::time::Instant;

use futures_util::{StreamExt, stream};

use crate::check::{ImageReport, Report, Verdict};
use crate::collect::files;
use crate::oci::Reference;
use crate::run::{self, Examiner, Target};

use super::args::{Args, CollectArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::from::{Asked, Images};
use super::output::{Reader, Rows};
use super::progress::{self, Wait};
use super::pull_requests::Builds;
use super::replay::Replay;
use super::session::Session;
use super::weaker::Older;
use super::{from, logins, loose, output, packing, policies, references, runner, runtime, targets};

/// Verifies the images and writes the report.
pub(super) fn run(verify: &VerifyArgs, args: &Args) -> Result<u8, Diagnostic> {
    run_packing(verify, None, args)
}

/// The same, with the images carried away to a pack.
pub(super) fn run_packing(verify: &VerifyArgs, collect: Option<&CollectArgs>, args: &Args) -> Result<u8, Diagnostic> {
    files::limit_silence(verify.transport.timeout);
    let targets = output::targets(&verify.output)?;
    policies::refuse_shared_input(verify.policy.as_deref(), &verify.references, &verify.login)?;
    from::refuse_shared_input(verify)?;
    refuse_summary_of_then(verify, &targets)?;
    let replay = verify.replay.as_deref().map(|named| Replay::open(named, &verify.transport.limits())).transpose()?;
    let (replay, texts) = replay.map_or_else(|| (None, verify.references.clone()), |(one, texts)| (Some(one), texts));
    let references = references::read(&texts, !verify.login.password_stdin, args.color)?;
    let asked = Images::read(verify, args.quiet, args.color)?;
    let older = Older::reference(verify.not_weaker_than.as_ref())?;
    let of_arguments = references.iter().map(|(_, reference)| reference);
    let of_files = asked.all.iter().map(|image| &image.reference);
    let at: Vec<&Reference> = of_arguments.chain(of_files).chain(&older).collect();
    loose::refuse_without_file("--bundle", &verify.bundle, at.iter().copied())?;
    loose::refuse_without_file("--sums", &verify.sums, at.iter().copied())?;
    let logins = logins::logins(&verify.login, &at)?;
    output::refuse_unfit(&targets, references.len() + asked.rows(), verify.verifier.as_deref())?;
    let pack = collect.map(packing::begin).transpose()?;
    let session = Session::open(verify, logins)?.packing(pack);
    let (references, mut images) = references.keep(|text, reference| session.target(text, reference), args.color)?;
    let target = |image: &Asked| {
        let target = session.target(&image.text, &image.reference)?;
        Ok(Target { platforms: image.platforms(), policy: image.pinned(target.policy), ..target })
    };
    let (mut asked, of_files) = asked.keep(target, args.color)?;
    let references = references.and_left_out(asked.left_out());
    asked.put_first(&references);
    images.extend(of_files);
    let older = verify.not_weaker_than.as_ref().map(|named| Older::open(named, &session)).transpose()?;
    older.iter().try_for_each(|older| older.refuse_unfit(&images))?;
    if !args.quiet {
        session.note_login(asked.all.iter().map(|image| &image.reference));
    }
    // The image that is waited for may change.
    let rows = match verify.wait {
        Some(_) => None,
        None => Rows::begin(asked.labels().iter().map(String::as_str), &targets, args),
    };
    let builds = Builds::allowed_by(&verify.signer);
    let is_silent = args.quiet
        || args.shows_requests()
        || verify.wait.is_some()
        || rows.as_ref().is_some_and(Rows::are_on_terminal);
    let wait = verify.wait.map(|wait| Wait::new(wait, args.quiet));
    let reader = Reader { rows: rows.as_ref(), builds: &builds, is_only: targets.len() == 1, journal: None };
    let replay = replay.map(|replay| replay.in_run(&session.report(Vec::new())));
    let work =
        Work { session: &session, asked: &asked, targets: &images, older: older.as_ref(), replay: replay.as_ref() };
    let examined = work.examine_all(wait, &reader, is_silent)?;
    let left_out = references.left_out();
    let report = Report { verifier: verify.verifier.clone(), left_out, ..session.report(examined) };
    output::write(&report, &targets, rows.as_ref(), args)?;
    output::write_notes(&report, &targets, args)?;
    session.finish_saving(args.quiet)?;
    session.finish_pack(&report, args.quiet)?;
    references.if_whole(|| runner::add(&report, &targets))?;
    builds.warn();
    Ok(references.exit_code(report.verdict.exit_code(), args.color))
}

/// A verification summary states the time of verification and has no field for another time.
fn refuse_summary_of_then(verify: &VerifyArgs, targets: &[targets::Target]) -> Result<(), Diagnostic> {
    if verify.at.is_none() || !targets.iter().any(|target| target.output.names_verifier) {
        return Ok(());
    }
    Err(Diagnostic::usage(
        "`--at` judges as of another time, and a verification summary would say that it was verified now",
        "leave `--at` out, or write another format",
    ))
}

/// The inputs of a run.
struct Work<'a> {
    session: &'a Session<'a>,
    /// The requested images: one for each target, and those that files leave open.
    asked: &'a Images,
    targets: &'a [Target],
    /// The older image or report that no image may be weaker than.
    older: Option<&'a Older>,
    /// The earlier report that every image is compared with.
    replay: Option<&'a Replay>,
}

impl Work<'_> {
    /// Examines every image. With `--wait` it examines absent images again. Returns one report for each place that names an
    /// image.
    fn examine_all(
        &self,
        wait: Option<Wait>,
        reader: &Reader<'_>,
        is_silent: bool,
    ) -> Result<Vec<ImageReport>, Diagnostic> {
        let runtime = runtime::start()?;
        let (examined, began) = (Cell::new(0), Instant::now());
        let mut reports: Vec<ImageReport> = self.asked.open.iter().map(|report| reader.read(report.clone())).collect();
        let read = |report: ImageReport| -> Vec<ImageReport> {
            let image = &self.asked.all[examined.replace(examined.get() + 1)];
            let report = match self.replay {
                Some(replay) => replay.hold(report),
                None => report,
            };
            image.reports(&report).map(|report| reader.read(report)).collect()
        };
        let count = self.targets.len();
        let state = || self.session.state(examined.get(), count, began);
        let judged = run::with_examiner(&self.session.run(), count, |examiner| {
            runtime.block_on(progress::shown(is_silent, state, self.examine_each(examiner, wait, &read)))
        });
        reports.extend(judged.into_iter().flatten());
        Ok(reports)
    }

    async fn examine_each<'a>(
        &'a self,
        examiner: &Examiner<'a, '_>,
        wait: Option<Wait>,
        read: &dyn Fn(ImageReport) -> Vec<ImageReport>,
    ) -> Vec<Vec<ImageReport>> {
        let judged = match self.older {
            Some(older) => older.judge(examiner).await,
            None => None,
        };
        let finish = |(report, target): (ImageReport, &Target)| match self.older {
            Some(older) => read(older.hold(report, &target.reference, judged.as_ref())),
            None => read(report),
        };
        let asked = self.targets.iter().map(|target| (target, Ok(target.reference.clone())));
        let finished = examiner.examine_all(asked).map(|examined| examined.report);
        let Some(wait) = wait else {
            return finished.zip(stream::iter(self.targets)).map(finish).collect().await;
        };
        let mut images: Vec<ImageReport> = finished.collect().await;
        wait_for(self.targets, examiner, &mut images, wait).await;
        images.into_iter().zip(self.targets).map(finish).collect()
    }
}

/// Examines absent images again, until none is absent, one is worse, or the time is up.
///
/// A tag is not resolved again: the run waits for evidence on the first digest (A001).
async fn wait_for<'a>(targets: &'a [Target], examiner: &Examiner<'a, '_>, images: &mut [ImageReport], mut wait: Wait) {
    while Verdict::join(images.iter().map(|image| image.verdict)) == Verdict::Absent && wait.pause().await {
        let (absent, again): (Vec<&mut ImageReport>, Vec<_>) = images
            .iter_mut()
            .zip(targets)
            .filter(|(image, _)| image.verdict == Verdict::Absent)
            .map(|(image, target)| {
                let root = image.index.as_deref().or(image.digest.as_deref()).and_then(|digest| digest.parse().ok());
                let at = root.map_or_else(|| target.reference.clone(), |digest| target.reference.at(digest));
                (image, (target, Ok(at)))
            })
            .unzip();
        let reports: Vec<ImageReport> = examiner.examine_all(again).map(|examined| examined.report).collect().await;
        for (image, report) in absent.into_iter().zip(reports) {
            *image = report;
        }
    }
}
