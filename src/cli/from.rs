//! `--from`: the images that files name. Each is judged once, and reported at every place that names it.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::check::{GapReport, ImageReport, InstalledReport, LocationReport};
use crate::collect::{PlatformChoice, files};
use crate::evidence::{GapReason, Obstacle};
use crate::from::lock::{self, Locked, LockedPackage, NoRelease};
use crate::from::{self, Found, FromError, Named, Open, Position};
use crate::oci::{Digest, Platform, Reference, RegistryReference};
use crate::policy::Policy;
use crate::render::at;
use crate::render::escape::terminal;
use crate::verify::unnamed;

use super::args::VerifyArgs;
use super::colour::Colour;
use super::diagnostics::Diagnostic;
use super::references::References;
use super::{input, streams};

const STANDARD_INPUT: &str = "-";
/// The most bytes that are read of a file; a longer one is refused by its reader.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// One image, and the places in files that name it; none for an argument.
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) reference: Reference,
    platform: Option<Platform>,
    /// The digest that a lock file pins.
    digest: Option<Digest>,
    places: Vec<LocationReport>,
}

impl Asked {
    /// The platforms that are judged, where the file says which one runs.
    pub(super) fn platforms(&self) -> Option<PlatformChoice> {
        self.platform.clone().map(|platform| PlatformChoice::These(vec![platform]))
    }

    /// Returns its policy. For a package of a lock file, the policy pins the tarball's digest.
    pub(super) fn pinned(&self, policy: Arc<Policy>) -> Arc<Policy> {
        match &self.digest {
            Some(digest) => policy.pinned_to(digest.clone()).into(),
            None => policy,
        }
    }

    /// The rows that it has in a report.
    fn labels(&self) -> Vec<String> {
        match self.places.as_slice() {
            [] => vec![self.text.clone()],
            places => places.iter().map(|place| at(&self.text, place)).collect(),
        }
    }

    /// The report on it for each place.
    pub(super) fn reports<'a>(&'a self, report: &'a ImageReport) -> impl Iterator<Item = ImageReport> + 'a {
        let of_argument = self.places.is_empty().then(|| report.clone());
        let placed = |place: &LocationReport| ImageReport { location: Some(place.clone()), ..report.clone() };
        of_argument.into_iter().chain(self.places.iter().map(placed))
    }

    /// Adds the place that names the image to an error about it.
    pub(super) fn place(&self, error: Diagnostic) -> Diagnostic {
        match self.places.first() {
            Some(place) => error.about(place),
            None => error,
        }
    }
}

/// The images of a run.
pub(super) struct Images {
    pub(super) all: Vec<Asked>,
    /// Those that files leave open. They come first in a report.
    pub(super) open: Vec<ImageReport>,
    /// Names in files that are no references.
    left_out: usize,
}

impl Images {
    /// The images of files.
    pub(super) fn read(verify: &VerifyArgs, is_quiet: bool, colour: Colour) -> Result<Self, Diagnostic> {
        let mut images = Self { all: Vec::new(), open: Vec::new(), left_out: 0 };
        for file in &verify.from {
            let is_standard_input = file.as_os_str() == STANDARD_INPUT;
            let name = if is_standard_input { "standard input".to_owned() } else { file.display().to_string() };
            let bytes = read(file, is_standard_input)?;
            let path = if is_standard_input { "" } else { name.as_str() };
            let reading = on_thread(|| from::read(path, &bytes))?.map_err(|error| refused(&name, &error))?;
            if !is_quiet {
                let count = reading.found.len();
                let images = if count == 1 { "1 image".to_owned() } else { format!("{count} images") };
                let line = format!("{name}: {images} in {}", reading.formats.join(" and "));
                streams::to_stderr(&format!("{}\n", terminal(&line)));
            }
            for found in reading.found {
                images.add(&name, found, colour);
            }
        }
        let most = from::MOST_IMAGES;
        match images.all.len() + images.open.len() {
            count if count > most && !verify.from.is_empty() => {
                Err(Diagnostic::usage(format!("the files name more than {most} images"), "verify them in several runs"))
            }
            _ => images.and_locked(verify, is_quiet),
        }
    }

    /// Adds the packages of lock files, each once.
    fn and_locked(mut self, verify: &VerifyArgs, is_quiet: bool) -> Result<Self, Diagnostic> {
        for file in &verify.lock {
            let name = file.display().to_string();
            let bytes = files::read_given(file, lock::MAX_BYTES as u64 + 1);
            let bytes = bytes.map_err(|error| input::unreadable(file, error))?;
            let found = on_thread(|| lock::read(&name, &bytes))?.map_err(|error| {
                let hint = error.hint();
                Diagnostic::usage(error, hint).about(format!("cannot read the packages of `{name}`"))
            })?;
            if !is_quiet {
                streams::to_stderr(&format!("{}\n", terminal(&format!("{name}: packages: {}", found.len()))));
            }
            for Locked { package, place, dependency } in found {
                let dependency = dependency.map(|one| InstalledReport {
                    direct: one.because.is_none(),
                    because: one.because,
                    development: one.development,
                    optional: one.optional,
                });
                let place = LocationReport { dependency, ..location(&name, place) };
                self.add_locked(package, place);
            }
        }
        Ok(self)
    }

    fn add_locked(&mut self, package: LockedPackage, place: LocationReport) {
        match package {
            LockedPackage::Open { text, why } => self.open.push(open_package(&text, why, place)),
            LockedPackage::Release { package, digest } => self.all.push(Asked {
                text: package.to_string(),
                reference: Reference::Npm(package),
                platform: None,
                digest: Some(digest),
                places: vec![place],
            }),
        }
    }

    fn add(&mut self, file: &str, found: Found, colour: Colour) {
        let place = location(file, found.place);
        let text = match found.image {
            Named::Reference(text) => text,
            Named::Open { text, why } => return self.open.push(open(&text, &why, &found.role, place)),
        };
        // Never a layout: `oci:x` in a Dockerfile is an image of Docker Hub.
        let reference = match text.parse::<RegistryReference>() {
            Ok(reference) => Reference::Registry(reference),
            Err(error) => {
                let hint = "correct it there: nothing is known of this image";
                Diagnostic::usage(error, hint).about(format!("{place}, {}", found.role)).print(colour);
                self.left_out += 1;
                return;
            }
        };
        let is_same = |one: &&mut Asked| one.reference == reference && one.platform == found.platform;
        match self.all.iter_mut().find(is_same) {
            Some(known) => known.places.push(place),
            None => {
                self.all.push(Asked { text, reference, platform: found.platform, digest: None, places: vec![place] });
            }
        }
    }

    /// Calls `make` for each image. If it fails for some, those are left out, and their errors are printed with their places. If
    /// it fails for all, the first error ends the run.
    pub(super) fn keep<T>(
        mut self,
        make: impl Fn(&Asked) -> Result<T, Diagnostic>,
        colour: Colour,
    ) -> Result<(Self, Vec<T>), Diagnostic> {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        self.all.retain(|image| match make(image) {
            Ok(one) => {
                results.push(one);
                true
            }
            Err(error) => {
                errors.push(image.place(error));
                false
            }
        });
        self.left_out += errors.len();
        if results.is_empty() && self.open.is_empty() && !errors.is_empty() {
            return Err(errors.swap_remove(0));
        }
        for error in &errors {
            error.print(colour);
        }
        Ok((self, results))
    }

    /// Puts the images of arguments in front.
    pub(super) fn put_first(&mut self, references: &References) {
        let of_argument = |(text, reference): &(String, Reference)| Asked {
            text: text.clone(),
            reference: reference.clone(),
            platform: None,
            digest: None,
            places: Vec::new(),
        };
        self.all.splice(0..0, references.iter().map(of_argument));
    }

    /// How many names cannot be used.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many rows a report on them has.
    pub(super) fn rows(&self) -> usize {
        self.labels().len()
    }

    /// What the rows begin with.
    pub(super) fn labels(&self) -> Vec<String> {
        let open = self.open.iter().map(crate::render::label_of);
        open.chain(self.all.iter().flat_map(Asked::labels)).collect()
    }
}

/// Refuses two uses of standard input, before it is read.
pub(super) fn refuse_shared_input(verify: &VerifyArgs) -> Result<(), Diagnostic> {
    let count = verify.from.iter().filter(|file| file.as_os_str() == STANDARD_INPUT).count();
    let other = if verify.references.iter().any(|text| text == STANDARD_INPUT) {
        "the references"
    } else if verify.login.password_stdin {
        "the password"
    } else if verify.policy.as_ref().is_some_and(|file| file.as_os_str() == STANDARD_INPUT) {
        "the policy"
    } else if count > 1 {
        "another file"
    } else {
        return Ok(());
    };
    if count == 0 {
        return Ok(());
    }
    let message = format!("standard input cannot be both a file that names images and {other}");
    Err(Diagnostic::usage(message, "write `-` once, and name the rest as files"))
}

fn read(file: &Path, is_standard_input: bool) -> Result<Vec<u8>, Diagnostic> {
    if is_standard_input {
        let mut bytes = Vec::new();
        io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes).map_err(input::no_standard_input)?;
        return Ok(bytes);
    }
    files::read_given(file, MAX_BYTES).map_err(|error| input::unreadable(file, error))
}

/// Reads a file on a thread of its own: those of some systems have little stack.
fn on_thread<T: Send>(read: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    let read = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(from::STACK);
        reader.spawn_scoped(scope, read).map(thread::ScopedJoinHandle::join)
    });
    match read {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(Diagnostic::without_hint("the thread that reads a file ended early")),
        Err(error) => Err(Diagnostic::without_hint(error).about("cannot start a thread")),
    }
}

fn location(file: &str, place: Position) -> LocationReport {
    LocationReport { file: file.to_owned(), line: place.line, column: place.column, dependency: None }
}

fn refused(name: &str, error: &FromError) -> Diagnostic {
    Diagnostic::usage(error.to_string(), error.hint()).about(format!("cannot read the images of `{name}`"))
}

/// A package of a lock file without a release or digest is undecided, because anything may be installed.
fn open_package(text: &str, why: NoRelease, place: LocationReport) -> ImageReport {
    let obstacle = Obstacle {
        cause: Some(format!("no release is known here: {why}")),
        next: format!("see {}:{}: {}", place.file, place.line, why.hint()),
        ..Obstacle::new(GapReason::Open, format!("`{text}`"))
    };
    let report = unnamed(text, &GapReport::new(text, obstacle, None));
    ImageReport { location: Some(place), ..report }
}

/// An image that a file leaves open is undecided, because the file may use any image when it runs.
fn open(text: &str, why: &Open, role: &str, place: LocationReport) -> ImageReport {
    let (cause, next) = match why {
        Open::Variables(names) => (
            format!("no image is known here: the file gives no value to `{}`", names.join("`, `")),
            format!("give it a default at {place}, or verify the image by its name"),
        ),
        Open::Form(form) => (
            format!("no image is known here: {form}"),
            format!("write the image's name at {place}, or verify the image by its name"),
        ),
    };
    let detail = format!("`{text}` ({role})");
    let obstacle = Obstacle { cause: Some(cause), next, ..Obstacle::new(GapReason::Open, detail) };
    let report = unnamed(text, &GapReport::new(text, obstacle, None));
    ImageReport { location: Some(place), ..report }
}
