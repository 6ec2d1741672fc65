//! Exit codes: `0` verified, `1` rejected, `2` usage, `3` undecided, `4` absent.

use std::io::{self, Write};
use std::panic;
use std::process;

pub(super) const USAGE: u8 = 2;
pub(super) const UNDECIDED: u8 = 3;
pub(super) const ABSENT: u8 = 4;

/// Makes a panic on any thread end the program with the exit code for undecided (A266).
///
/// Only the place of the panic is printed. Its message may quote a secret or hostile text.
pub fn stop_at_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let message = format!(
            "error: a fault in bonafide itself{place}: nothing is decided\n  → report it, with this place and the command\n"
        );
        // If standard error is closed the exit code still tells the result.
        let _ = io::stderr().write_all(message.as_bytes());
        process::exit(i32::from(UNDECIDED))
    }));
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// Asks for a panic in a process of its own, where this same test runs again.
    const CHILD: &str = "BONAFIDE_TEST_OF_PANICS";

    #[test]
    fn a266_a_panic_on_any_thread_ends_the_program_as_undecided() {
        if env::var_os(CHILD).is_some() {
            stop_at_panics();
            let ended = thread::spawn(|| panic!("s3cret")).join();
            unreachable!("the panic of a thread was survived: {ended:?}");
        }
        let name = "cli::exit::tests::a266_a_panic_on_any_thread_ends_the_program_as_undecided";
        let mut child = Command::new(env::current_exe().expect("this test is a program"));
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().expect("it can be started");
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(i32::from(UNDECIDED)), "{message}");
        assert!(message.starts_with("error: a fault in bonafide itself at src/cli/exit.rs:"), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}
