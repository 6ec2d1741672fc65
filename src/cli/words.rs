//! Values of flags that a shell can complete, beside the function that reads them.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::check::CheckId;
use crate::policy::{Asked, COSIGN_TYPES, MinimumElements, Requirement};
use crate::trust::Instance;

/// What `explain` lists beside the checks.
pub(super) const BUILDERS: &str = "builders";
/// The verdicts, also by the words of the text output.
pub(super) const VERDICTS: [&[&str]; 4] =
    [&["verified"], &["rejected"], &["undecided", "could-not-check"], &["absent", "incomplete"]];

/// Reads a value with a function. The words are for completions only: every value that the function accepts is accepted.
#[derive(Clone)]
pub(super) struct Completed<T> {
    read: fn(&str) -> Result<T, String>,
    words: fn() -> Vec<&'static str>,
}

/// A reader with words.
pub(super) const fn completed<T>(
    read: fn(&str) -> Result<T, String>,
    words: fn() -> Vec<&'static str>,
) -> Completed<T> {
    Completed { read, words }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Completed<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let read = self.read;
        (move |text: &str| read(text)).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.words)().into_iter().map(PossibleValue::new)))
    }
}

/// What can be required by a word.
pub(super) fn requirements() -> Vec<&'static str> {
    let kinds = Requirement::ALL.iter().filter(|kind| Asked::plain(**kind).is_some());
    kinds.map(|kind| kind.as_str()).chain(COSIGN_TYPES.iter().map(|(short, _)| *short)).collect()
}

/// Every Sigstore instance that comes with the program.
pub(super) fn instances() -> Vec<&'static str> {
    Instance::ALL.into_iter().map(Instance::as_str).collect()
}

/// How bad a vulnerability is.
pub(super) fn severities() -> Vec<&'static str> {
    vec!["low", "medium", "high", "critical"]
}

/// Whose minimum elements an SBOM can have.
pub(super) fn minimum_elements() -> Vec<&'static str> {
    MinimumElements::ALL.into_iter().map(MinimumElements::as_str).collect()
}

/// Everything that has a page.
pub(super) fn pages() -> Vec<&'static str> {
    let verdicts = VERDICTS.iter().flat_map(|names| *names).copied();
    CheckId::all().map(|check| check.id.as_str()).chain(verdicts).chain([BUILDERS]).collect()
}

/// What the generator leaves out for fish: words that are no flags.
pub(super) fn for_fish(program: &Command) -> String {
    let of_nested = |command: &Command| {
        let name = command.get_name();
        let nested = command.get_subcommands().map(move |nested| {
            offer(nested, &format!("{name}; and __fish_seen_subcommand_from {}", nested.get_name()))
        });
        nested.collect::<String>()
    };
    program.get_subcommands().map(|command| offer(command, command.get_name()) + &of_nested(command)).collect()
}

/// The words that may follow a command, in fish's language.
fn offer(command: &Command, place: &str) -> String {
    let words: Vec<PossibleValue> = command.get_positionals().flat_map(Arg::get_possible_values).collect();
    let words: Vec<&str> = words.iter().map(PossibleValue::get_name).collect();
    if words.is_empty() {
        return String::new();
    }
    format!("complete -c bonafide -n \"__fish_bonafide_using_subcommand {place}\" -f -a \"{}\"\n", words.join(" "))
}
