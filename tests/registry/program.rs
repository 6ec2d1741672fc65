//! The program, run with nothing of the machine's own.

// Public to this test alone.
#![allow(unreachable_pub)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

pub use crate::support::folder::Folder;
use crate::support::registry::Registry;
use crate::support::repository::Repository;

/// The repository that fixtures are served as.
pub const REPOSITORY: &str = "acme/shop";

/// What a run ended with.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Everything that anybody could see of it.
    pub fn seen(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// `bonafide verify` of these arguments, by the signer of the fixtures.
pub struct Verify {
    command: Command,
    input: Vec<u8>,
}

impl Verify {
    pub fn new(arguments: &[&str]) -> Verify {
        Verify::command("verify", arguments)
    }

    /// A look at what is attached instead.
    pub fn inspect(arguments: &[&str]) -> Verify {
        Verify::command("inspect", arguments)
    }

    /// Every image of repositories.
    pub fn audit(arguments: &[&str]) -> Verify {
        Verify::command("audit", arguments)
    }

    /// A command without a signer.
    pub fn bare(arguments: &[&str]) -> Verify {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        command.args(arguments).env_clear().current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        Verify { command, input: Vec::new() }
    }

    fn command(name: &str, arguments: &[&str]) -> Verify {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        command
            .args([name, "--repo", "acme/shop", "--trusted-root", "fixtures/trust/lab.trusted_root.json"])
            .args(arguments)
            .env_clear()
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        Verify { command, input: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Verify {
        self.command.env(name, value);
        self
    }

    pub fn input(mut self, input: &str) -> Verify {
        self.input = input.into();
        self
    }

    pub fn run(mut self) -> Run {
        let piped = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A run that ends before it has read everything closes the pipe.
        let _ = stdin.write_all(&self.input);
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Run { code: output.status.code().expect("no signal"), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Returns a fixture's content.
pub fn fixture(name: &str) -> Repository {
    Repository::read_layout(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name))
}

/// Starts a registry that has a fixture, and returns it with the reference to it.
pub fn serve(name: &str) -> (Registry, String) {
    let registry = Registry::serving(REPOSITORY, fixture(name));
    let reference = registry.reference(REPOSITORY, "v1.0.0");
    (registry, reference)
}

/// Starts a registry that has several fixtures, each under a tag of its own, and returns it with the repository's name.
pub fn serve_tagged(images: &[(&str, &str)]) -> (Registry, String) {
    let registry = Registry::start();
    for (image, tag) in images {
        let one = fixture(image);
        registry.edit(REPOSITORY, |content| {
            content.tags.insert((*tag).to_owned(), one.tags["v1.0.0"].clone());
            content.tags.extend(one.tags.into_iter().filter(|(tag, _)| tag != "v1.0.0"));
            content.manifests.extend(one.manifests);
            content.blobs.extend(one.blobs);
            content.images.extend(one.images);
        });
    }
    let name = format!("{}/{REPOSITORY}", registry.host());
    (registry, name)
}
