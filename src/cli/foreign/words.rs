//! A command line of another tool, taken apart as its own parser does (spf13/pflag).

use std::collections::BTreeMap;

use clap::ArgAction;

use super::super::command::command;
use super::flags::{self as known, Foreign, Takes};
use super::{Task, Tool};

/// A flag that was given, with its value.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// One of another tool.
    Foreign(&'static Foreign, String),
    /// One of ours, by its long name.
    Ours(String, Option<String>),
    /// One that is of no tool that is known.
    Unknown(String),
}

/// What was given.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) flags: Vec<Given>,
    /// Images and files.
    pub(super) positional: Vec<String>,
    /// The flags that we know.
    pub(super) ours: OurFlags,
}

/// The long flags of `verify` and `bundle`.
#[derive(Debug)]
pub(super) struct OurFlags(BTreeMap<String, OurFlag>);

#[derive(Debug)]
struct OurFlag {
    takes_value: bool,
    /// `bundle` judges signatures alone, and has fewer flags.
    is_of_bundle: bool,
}

/// Takes the words behind the command apart.
pub(super) fn read(words: &[String], task: Task) -> Words {
    let ours = OurFlags::read();
    let tool = task.tool();
    let (mut flags, mut positional) = (Vec::new(), Vec::new());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            positional.extend(rest.by_ref().cloned());
        } else if let Some(flag) = word.strip_prefix("--") {
            let (name, value) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
            let mut next = || value.clone().or_else(|| rest.next().cloned()).unwrap_or_default();
            let given = if let Some(takes_value) = ours.takes_value(name).filter(|_| tool.is_none()) {
                Given::Ours(name.to_owned(), if takes_value { Some(next()) } else { value })
            } else if let Some(foreign) = known::by_name(name, tool) {
                match foreign.takes {
                    Takes::Value => Given::Foreign(foreign, next()),
                    Takes::Nothing => Given::Foreign(foreign, value.unwrap_or_else(|| "true".to_owned())),
                }
            } else if let Some(takes_value) = ours.takes_value(name) {
                Given::Ours(name.to_owned(), if takes_value { Some(next()) } else { value })
            } else {
                // Its value would be taken for an image, and repeated.
                if value.is_none() && ["password", "secret", "token"].iter().any(|word| name.contains(word)) {
                    rest.next();
                }
                Given::Unknown(format!("--{name}"))
            };
            flags.push(given);
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            flags.push(short(letters, tool, &mut rest));
        } else {
            positional.push(word.clone());
        }
    }
    Words { flags, positional, ours }
}

/// `-x VALUE`, `-xVALUE` and `-x=VALUE`.
fn short<'a>(letters: &str, tool: Option<Tool>, rest: &mut impl Iterator<Item = &'a String>) -> Given {
    let Some(letter) = letters.chars().next() else { return Given::Unknown("-".to_owned()) };
    let behind = &letters[letter.len_utf8()..];
    if tool.is_none() && letters.chars().all(|letter| matches!(letter, 'q' | 'v')) {
        let name = if letter == 'q' { "quiet" } else { "verbose" };
        return Given::Ours(name.to_owned(), None);
    }
    let Some(foreign) = known::by_letter(letter, tool) else { return Given::Unknown(format!("-{letter}")) };
    match foreign.takes {
        Takes::Nothing => Given::Foreign(foreign, "true".to_owned()),
        Takes::Value => {
            let attached = behind.strip_prefix('=').unwrap_or(behind);
            let value = if behind.is_empty() { rest.next().cloned().unwrap_or_default() } else { attached.to_owned() };
            Given::Foreign(foreign, value)
        }
    }
}

impl OurFlags {
    fn read() -> Self {
        let command = command();
        let mut flags: BTreeMap<String, OurFlag> = BTreeMap::new();
        for one in command.get_subcommands().filter(|one| matches!(one.get_name(), "verify" | "bundle")) {
            for flag in one.get_arguments().chain(command.get_arguments()) {
                let Some(name) = flag.get_long() else { continue };
                // A value that may be left out is only ever attached.
                let takes_value = matches!(flag.get_action(), ArgAction::Set | ArgAction::Append)
                    && flag.get_num_args().is_none_or(|number| number.min_values() > 0);
                let known = flags.entry(name.to_owned()).or_insert(OurFlag { takes_value, is_of_bundle: false });
                known.is_of_bundle |= one.get_name() == "bundle";
            }
        }
        Self(flags)
    }

    /// Whether a flag takes a value; `None` for one that is none of ours.
    fn takes_value(&self, name: &str) -> Option<bool> {
        self.0.get(name).map(|flag| flag.takes_value)
    }

    pub(super) fn is_of_bundle(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|flag| flag.is_of_bundle)
    }
}
