//! Finds the flags that are present on the command line.

use std::ops::Deref;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// A group of arguments, and those of them that are on the command line.
#[derive(Debug, Default)]
pub(super) struct Given<T> {
    args: T,
    /// In the order of the help.
    flags: Vec<String>,
}

impl<T> Given<T> {
    /// The flags that are given, such as `--repo`, in the order of the help.
    pub(super) fn flags(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(String::as_str)
    }
}

/// Arguments that the program makes itself, not the command line.
impl<T> From<T> for Given<T> {
    fn from(args: T) -> Self {
        Self { args, flags: Vec::new() }
    }
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.args
    }
}

/// The flags of the group that are given. Read before the values are, which takes them out of the matches.
fn given<T: Args>(matches: &ArgMatches) -> Vec<String> {
    let command = T::augment_args(Command::new(""));
    let is_given = |id: &Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let all = command.get_arguments().filter(|argument| is_given(argument.get_id()));
    all.filter_map(|argument| argument.get_long()).map(|name| format!("--{name}")).collect()
}

impl<T: Args> FromArgMatches for Given<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { flags: given::<T>(matches), args: T::from_arg_matches(matches)? })
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Self { flags: given::<T>(matches), args: T::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.flags = given::<T>(matches);
        self.args.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Given<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        T::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Default, Args)]
    struct Group {
        #[arg(long)]
        first: Option<String>,
        #[arg(long, default_value = "x")]
        second: String,
        #[arg(long)]
        third: bool,
    }

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        group: Given<Group>,
    }

    #[test]
    fn what_is_on_the_command_line_is_given_and_a_default_is_not() {
        let given = |arguments: &[&str]| {
            let line = Line::try_parse_from(["program"].iter().chain(arguments)).expect("a command line");
            line.group.flags().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(given(&[]), Vec::<String>::new());
        assert_eq!(given(&["--third", "--first="]), ["--first", "--third"]);
        assert_eq!(given(&["--second", "x"]), ["--second"]);
    }
}
