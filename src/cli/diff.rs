//! `bonafide diff`: two images in, what changed between them out.

use std::cell::RefCell;
use std::path::Path;
use std::time::Instant;

use futures_util::StreamExt;

use crate::check::{Contents, DiffReport, ImageReport};
use crate::collect::files;
use crate::compare::{Judged, Side, diff};
use crate::evidence::Evidence;
use crate::oci::Reference;
use crate::run::{self, Run, Target, Witness};
use crate::verify::contents;

use super::args::{Args, DiffArgs, VerifyArgs};
use super::compared_with::{Named, named};
use super::diagnostics::Diagnostic;
use super::session::Session;
use super::weaker::LONGEST;
use super::{input, logins, output, policies, progress, references, runtime};

/// One side, as it was given.
enum Given {
    Image { text: String, reference: Reference },
    Report { file: String, report: Box<Judged> },
}

/// A judged image with the content of its documents, or the report on an image from a file.
struct Known {
    report: ImageReport,
    file: Option<String>,
    contents: Option<Contents>,
}

impl Known {
    fn side(&self) -> Side<'_> {
        Side { report: &self.report, file: self.file.as_deref(), contents: self.contents.as_ref() }
    }
}

/// Judges both images by the same policy, and writes what changed.
pub(super) fn run(asked: &DiffArgs, args: &Args) -> Result<u8, Diagnostic> {
    let verify = &asked.verify;
    files::limit_silence(verify.transport.timeout);
    refuse_flags_of_verdicts(verify)?;
    let targets = output::targets(&verify.output)?;
    policies::refuse_shared_input(verify.policy.as_deref(), &verify.references, &verify.login)?;
    let [old, new] = verify.references.as_slice() else {
        return Err(Diagnostic::usage("a comparison is of two images", "name the older and the newer one"));
    };
    let given = [given(old)?, given(new)?];
    let images: Vec<&Reference> = given.iter().filter_map(Given::reference).collect();
    let logins = logins::logins(&verify.login, &images)?;
    // Two reports need neither policy nor trusted roots.
    let session = (!images.is_empty()).then(|| Session::open(verify, logins)).transpose()?;
    let known = match &session {
        Some(session) => {
            if !args.quiet {
                session.note_login(images);
            }
            judge(&given, session, args)?
        }
        None => given.iter().map(|one| one.known(None)).collect::<Result<_, _>>()?,
    };
    let [old, new] = known.as_slice() else { unreachable!("both sides were read above") };
    let policy = session.as_ref().map(|session| session.report(Vec::new()).policy);
    let report: DiffReport = diff(old.side(), new.side(), policy);
    output::write_diff(&report, &targets, args)?;
    Ok(report.exit_code)
}

fn given(text: &str) -> Result<Given, Diagnostic> {
    match named(text).map_err(|error| Diagnostic::usage(error, "name two images, or reports about them"))? {
        Named::Image(text) => {
            let reference = references::parse(&text)?;
            references::refuse_without_layout([(text.as_str(), &reference)])?;
            Ok(Given::Image { text, reference })
        }
        Named::Report(file) => Ok(Given::Report { report: Box::new(read(&file)?), file: file.display().to_string() }),
    }
}

fn read(file: &Path) -> Result<Judged, Diagnostic> {
    let bytes = files::read_given(file, LONGEST).map_err(|error| input::unreadable(file, error))?;
    Judged::read(&bytes).map_err(|error| {
        Diagnostic::usage(error, "write one with `bonafide verify REFERENCE --output json=FILE`")
            .about(format!("cannot compare with `{}`", file.display()))
    })
}

impl Given {
    fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Image { reference, .. } => Some(reference),
            Self::Report { .. } => None,
        }
    }

    /// Takes the image from a report: its only image, or the image with the other side's name.
    fn known(&self, other: Option<&Reference>) -> Result<Known, Diagnostic> {
        let Self::Report { file, report } = self else { unreachable!("images are judged") };
        let name = other.map(super::weaker::name).unwrap_or_default();
        let report = report.image(&name).ok_or_else(|| {
            let message = format!("`{file}` is about several images, and not about exactly one that is meant");
            Diagnostic::usage(message, "give a report about one image")
        })?;
        Ok(Known { report: report.clone(), file: Some(file.clone()), contents: None })
    }
}

/// Reads the content of documents before the evidence is dropped.
#[derive(Default)]
struct Reader(RefCell<Contents>);

impl Witness for Reader {
    fn judged(&self, evidence: &Evidence, report: &ImageReport) {
        *self.0.borrow_mut() = contents(evidence, report);
    }
}

/// Judges the sides that are images, one after the other, everything attached included.
fn judge(given: &[Given; 2], session: &Session<'_>, args: &Args) -> Result<Vec<Known>, Diagnostic> {
    let runtime = runtime::start()?;
    let reader = Reader::default();
    let run = Run { reads_all: true, witness: Some(&reader), ..session.run() };
    let is_silent = args.quiet || args.shows_requests();
    let began = Instant::now();
    let mut all = Vec::new();
    for (place, one) in given.iter().enumerate() {
        let Given::Image { text, reference } = one else {
            all.push(one.known(given[1 - place].reference())?);
            continue;
        };
        let target: Target = session.target(text, reference)?;
        let judged = run::with_examiner(&run, 1, |examiner| {
            let examined = async {
                let asked = [(&target, Ok(target.reference.clone()))];
                examiner.examine_all(asked).collect::<Vec<_>>().await
            };
            let state = || session.state(place, given.len(), began);
            runtime.block_on(progress::shown(is_silent, state, examined))
        });
        let contents = reader.0.take();
        all.extend(judged.into_iter().map(|examined| Known {
            report: examined.report,
            file: None,
            contents: Some(contents.clone()),
        }));
    }
    Ok(all)
}

/// What gates, waits or saves has no place in a comparison.
fn refuse_flags_of_verdicts(verify: &VerifyArgs) -> Result<(), Diagnostic> {
    let given = [
        ("--wait", verify.wait.is_some()),
        ("--expect-digest", verify.expect_digest.is_some()),
        ("--verifier", verify.verifier.is_some()),
        ("--from", !verify.from.is_empty()),
        ("--lock", !verify.lock.is_empty()),
        ("--bundle", !verify.bundle.is_empty()),
        ("--sums", !verify.sums.is_empty()),
        ("--save", verify.save.is_some()),
        ("--not-weaker-than", verify.not_weaker_than.is_some()),
        ("--failed-only", verify.failed_only),
        ("--replay", verify.replay.is_some()),
        ("--at", verify.at.is_some()),
    ];
    Diagnostic::refuse_flags(&given, "has no place in a comparison of two images")
}
