//! `bonafide man`: manual pages, written from the same parser as the help.

use clap::Command;
use clap_mangen::Man;

use super::args::ManArgs;
use super::command::command;
use super::diagnostics::Diagnostic;
use super::output::{lost, print};

/// Prints the page of the program, or of a command.
pub(super) fn run(args: &ManArgs) -> Result<u8, Diagnostic> {
    let mut program = command();
    program.build();
    let mut found: &Command = &program;
    for word in &args.command {
        let next = found.find_subcommand(word).filter(|one| !one.is_hide_set());
        found = next.ok_or_else(|| {
            let message = format!("there is no command `{}`", args.command.join(" "));
            Diagnostic::usage(message, "`bonafide --help` lists all commands")
        })?;
    }
    let name = std::iter::once("bonafide").chain(args.command.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    let mut page = Vec::new();
    Man::new(found.clone()).title(name).render(&mut page).map_err(lost)?;
    print(&page)
}
