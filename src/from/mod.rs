//! The images that the files of a project name: Dockerfiles, compose files, manifests of Kubernetes, workflows.
//!
//! The input is the bytes of a file; the output is its images with their places. Only variables are replaced, and only by values
//! that the file itself states. An image with another variable in its name is *open*: it is reported, and never left out.
//!
//! Each format is one file and one line of `FORMATS`. Only Dockerfiles are not YAML.

mod action;
mod compose;
mod devcontainer;
mod dockerfile;
mod github;
mod gitlab;
mod images;
mod kubernetes;
pub mod lock;
mod model;
mod tekton;
mod tree;
mod variables;

use crate::policy::yaml::{self, Bounds, Value};

use images::{Format, Images};
use model::MAX_BYTES;
pub use model::{Found, FromError, MOST_IMAGES, Named, Open, Position, Reading};

/// What the YAML of a file may hold. A chart with the definitions of its resources has a hundred thousand values, thirty levels deep.
const BOUNDS: Bounds = Bounds { bytes: MAX_BYTES, nodes: 400_000, documents: 1024, depth: 64, merges: true };

/// Every format. A document is of the first that says so.
const FORMATS: [&Format; 7] = [
    &tekton::FORMAT,
    &kubernetes::FORMAT,
    &github::FORMAT,
    &action::FORMAT,
    &devcontainer::FORMAT,
    &compose::FORMAT,
    &gitlab::FORMAT,
];

/// The names of all formats.
pub fn names() -> Vec<&'static str> {
    std::iter::once(dockerfile::NAME).chain(FORMATS.iter().map(|format| format.name)).collect()
}

/// Bytes of stack that reading takes at most: values are nested, and each level takes some.
pub const STACK: usize = 16 * 1024 * 1024;

/// Finds the images that a file names. Its path is a hint at its format, and opened by nothing here. Runs on a thread with
/// [`STACK`].
pub fn read(path: &str, bytes: &[u8]) -> Result<Reading, FromError> {
    if bytes.len() > MAX_BYTES {
        return Err(FromError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| FromError::NoText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut images = Images::of(text);
    let formats = if dockerfile::is_name(path) || dockerfile::looks_like_one(text) {
        dockerfile::read(text, &mut images)?;
        vec![dockerfile::NAME]
    } else {
        documents(path, text, &mut images)?
    };
    let found = images.finish();
    match found.len() {
        0 => Err(FromError::NoImage { formats }),
        count if count > MOST_IMAGES => Err(FromError::TooMany),
        _ => Ok(Reading { formats, found }),
    }
}

/// Reads every document of a stream of YAML.
fn documents(path: &str, text: &str, images: &mut Images<'_>) -> Result<Vec<&'static str>, FromError> {
    let plain = devcontainer::is_name(path).then(|| devcontainer::without_comments(text));
    let documents =
        yaml::read_stream(plain.as_deref().unwrap_or(text), &BOUNDS).map_err(|problem| FromError::Syntax {
            at: Position { line: problem.place.line, column: problem.place.column },
            message: problem.message,
            hint: "correct it there; templates are rendered first: `helm template . | bonafide verify --from -`"
                .to_owned(),
        })?;
    let mut formats = Vec::new();
    for document in documents.iter().filter(|document| !matches!(document.value, Value::Null)) {
        let place = document.first_place();
        let format = FORMATS.iter().find(|format| (format.is)(path, document));
        let format = format.ok_or(unknown(place.line, place.column))?;
        (format.read)(document, images);
        if !formats.contains(&format.name) {
            formats.push(format.name);
        }
    }
    if formats.is_empty() { Err(unknown(1, 1)) } else { Ok(formats) }
}

fn unknown(line: usize, column: usize) -> FromError {
    FromError::Unknown { at: Position { line, column }, known: names().join(", ") }
}
