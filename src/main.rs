//! The `bonafide` program: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    bonafide::cli::stop_at_panics();
    bonafide::cli::run(std::env::args_os())
}
