//! The program under test, run with nothing of the machine's own, and everything that comes out of it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// The program with arguments, in an environment that holds an empty home and nothing else.
///
/// It runs in the root of the repository, so that fixtures have the same short names everywhere.
pub struct Program {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Program {
    pub fn new(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env_clear();
        command.env("HOME", empty_home());
        // Registries of these tests are on loopback and asked directly. Whatever is asked by mistake ends here.
        command.env("HTTPS_PROXY", "http://127.0.0.1:1");
        Program { command, input: None }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    pub fn within(mut self, directory: &Path) -> Program {
        self.command.current_dir(directory);
        self
    }

    /// Writes this to standard input.
    pub fn stdin(mut self, input: impl AsRef<[u8]>) -> Program {
        self.input = Some(input.as_ref().to_vec());
        self
    }

    /// Reads standard input from a file.
    pub fn stdin_from(mut self, file: &Path) -> Program {
        self.command.stdin(fs::File::open(file).expect("the file is there"));
        self
    }

    /// Sends standard output elsewhere; [`Run::stdout`] is then empty.
    pub fn stdout_to(mut self, stdout: impl Into<Stdio>) -> Program {
        self.command.stdout(stdout);
        self
    }

    /// Starts it, with standard output to be read while it runs.
    pub fn start(mut self) -> Child {
        self.command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program can be started")
    }

    pub fn run(mut self) -> Run {
        let output = match self.input {
            None => self.command.output(),
            Some(input) => {
                let piped = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut child = piped.spawn().expect("the program can be started");
                let mut stdin = child.stdin.take().expect("a pipe");
                // A run that ends before it has read everything closes the pipe.
                thread::spawn(move || stdin.write_all(&input));
                child.wait_with_output()
            }
        };
        let output = output.expect("the program can be started");
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let exit = output.status.code().expect("no signal ends the program");
        Run { exit, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// One home for all runs: nobody may write to it.
fn empty_home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-home");
        fs::create_dir_all(&home).expect("cargo's directory for tests can be written");
        home
    })
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Everything that anybody could see of it.
    pub fn seen(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts a success that says nothing on standard error, and returns standard output.
    #[track_caller]
    pub fn success(self) -> String {
        assert_eq!((self.exit, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// Asserts a usage error: exit 2, no report, and a message. Returns the message.
    #[track_caller]
    pub fn usage_error(self) -> String {
        assert_eq!((self.exit, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "the message names itself: {}", self.stderr);
        self.stderr
    }

    /// Asserts that a report could not be written, and returns the message.
    #[track_caller]
    pub fn lost_report(self) -> String {
        assert_eq!((self.exit, self.stdout.as_str()), (3, ""), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: cannot write "), "{}", self.stderr);
        self.stderr
    }
}
