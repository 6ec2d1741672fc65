//! Files of the shapes that real projects have: every image with its line, and none that is not there.
//!
//! What is expected is written by hand from the reference of each format. `LINE IMAGE` is an image, with a platform if the file asks
//! for one; `LINE ?A,B` is one that the file leaves open by these variables, and `LINE !` by its form.

mod dockerfiles;
mod hostile;
mod manifests;
mod pipelines;
mod projects;

use std::thread;

use bonafide::from::{Found, FromError, Named, Open, Reading, STACK};

/// A path, the file, and its images.
type File = (&'static str, &'static str, &'static [&'static str]);

fn shown(found: &Found) -> String {
    let what = match &found.image {
        Named::Reference(text) => text.clone(),
        Named::Open { why: Open::Variables(names), .. } => format!("?{}", names.join(",")),
        Named::Open { why: Open::Form(_), .. } => "!".to_owned(),
    };
    let platform = found.platform.as_ref().map(|platform| format!(" {platform}")).unwrap_or_default();
    format!("{} {what}{platform}", found.place.line)
}

/// On a thread with as much stack as the program gives it.
fn read(path: &str, bytes: &[u8]) -> Result<Reading, FromError> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || bonafide::from::read(path, bytes));
        reader.expect("a thread").join().expect("it ends")
    })
}

fn reading(path: &str, text: &str) -> Reading {
    read(path, text.as_bytes()).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"))
}

#[track_caller]
fn all_are_found(format: &str, files: &[File]) {
    for (path, text, expected) in files {
        let reading = reading(path, text);
        assert_eq!(reading.formats, [format], "{path}\n{text}");
        let found: Vec<String> = reading.found.iter().map(shown).collect();
        assert_eq!(found, *expected, "{path}\n{text}");
        // Lines that end as on Windows, and a mark at the beginning, move nothing.
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let found: Vec<String> = self::reading(path, &windows).found.iter().map(shown).collect();
        assert_eq!(found, *expected, "{path} with CRLF\n{text}");
    }
}

#[test]
fn the_corpus_is_large() {
    let files = dockerfiles::FILES.len()
        + manifests::FILES.len()
        + projects::FILES.iter().map(|(_, files)| files.len()).sum::<usize>()
        + pipelines::FILES.len()
        + manifests::TEKTON.len();
    assert!(files >= 60, "{files} files");
}
