//! Runs the program under test and looks at everything that comes out of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::report;
pub(crate) use crate::support::program::{Program, Run};

/// Runs the program.
pub(crate) fn bonafide(arguments: &[&str]) -> Run {
    Program::new(arguments).run()
}

/// Runs the program, and returns its JSON report too, if it wrote one.
pub(crate) fn run_with_report(arguments: &[&str]) -> (Run, Value) {
    let scratch = Scratch::new();
    let file = scratch.path("report.json");
    let output = format!("json={}", file.display());
    let run = bonafide(&[arguments, &["--output", "text", "--output", &output]].concat());
    let report = fs::read(&file).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).expect("a report"));
    (run, report)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A verification, with both reports of the one run.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) exit: i32,
    /// The report on standard output.
    pub(crate) text: String,
    /// The JSON report, as written to a file by the same run.
    pub(crate) json: String,
    /// The same, read.
    pub(crate) report: Value,
}

/// Runs `bonafide verify` with these groups of arguments.
///
/// Asserts what holds for every run that ends in a report: nothing on standard error, one verdict in the exit code and in
/// both reports, and the same counts in both.
#[track_caller]
pub(crate) fn verify(arguments: &[&[&str]]) -> Checked {
    verify_in(arguments, |program| program)
}

/// The same in an environment that `prepare` changes.
#[track_caller]
pub(crate) fn verify_in(arguments: &[&[&str]], prepare: impl FnOnce(Program) -> Program) -> Checked {
    let scratch = Scratch::new();
    let file = scratch.path("report.json");
    let json_target = format!("json={}", file.display());
    let outputs = ["--output", "text", "--output", &json_target];
    let given = arguments.concat();
    // What is found is asserted of the report in full, unless a test is about another.
    let detail = if given.iter().any(|argument| matches!(*argument, "-q" | "-v" | "-vv")) { None } else { Some("-v") };
    let arguments: Vec<&str> = ["verify"].into_iter().chain(given).chain(detail).chain(outputs).collect();
    let run = prepare(Program::new(&arguments)).run();
    // With `-vv` every request is told there, and with or without it nothing else is.
    let told =
        |line: &str| arguments.contains(&"-vv") && (line.starts_with("GET http") || line.starts_with("POST http"));
    // On the day that the embedded roots of this version are old, every run with one of them says so.
    let is_old = |line: &str| {
        line.starts_with("warning: the embedded trusted root of ")
            || line.starts_with("  → `bonafide trust update`, or ")
    };
    let others: Vec<&str> = run.stderr.lines().filter(|line| !told(line) && !is_old(line)).collect();
    assert!(
        others.is_empty(),
        "a run that ends in a report says nothing else: {others:?} {arguments:?}\n{}",
        run.stdout
    );
    let json = fs::read_to_string(&file).expect("the report was written");
    let report: Value = serde_json::from_str(&json).expect("the report is JSON");
    report::assert_agreement(run.exit, &run.stdout, &report);
    Checked { exit: run.exit, text: run.stdout, json, report }
}

impl Checked {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Checked {
        assert_eq!(self.exit, exit, "{}", self.text);
        self
    }

    /// Asserts that the text report has each of these lines, white space at both ends aside.
    #[track_caller]
    pub(crate) fn has_lines(self, wanted: &[&str]) -> Checked {
        for line in wanted {
            assert!(
                self.text.lines().any(|found| found.trim() == *line),
                "expected the line `{line}` in\n{}",
                self.text
            );
        }
        self
    }

    /// Asserts that the text report holds this somewhere.
    #[track_caller]
    pub(crate) fn says(self, wanted: &str) -> Checked {
        assert!(self.text.contains(wanted), "expected `{wanted}` in\n{}", self.text);
        self
    }

    /// Asserts that neither report nor any part of it holds this.
    #[track_caller]
    pub(crate) fn never_says(self, unwanted: &str) -> Checked {
        assert!(!self.text.contains(unwanted), "`{unwanted}` in\n{}", self.text);
        assert!(!self.json.contains(unwanted), "`{unwanted}` in\n{}", self.json);
        self
    }

    /// The report's only image.
    #[track_caller]
    pub(crate) fn image(&self) -> &Value {
        let images = self.report["images"].as_array().expect("a list of images");
        assert_eq!(images.len(), 1, "one image");
        &images[0]
    }
}

/// A directory that is gone after the test.
pub(crate) struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cli-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).expect("cargo's directory for tests can be written");
        Scratch { directory }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file and returns its path as an argument.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("the test's directory can be written");
        path.display().to_string()
    }

    /// The names of all files in the directory, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.directory).expect("the test's directory can be listed");
        let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("the test's names are UTF-8");
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A left-over lies in cargo's own directory, where the next `cargo clean` finds it.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
