//! The keys of a requirement in a policy file. Each is declared once, with its name, field and type, the JSON Schema of its
//! value, its reader, its description for people, and its part of the policy's hash.

use serde_json::Value;

use crate::policy::document::fields::Fields;
use crate::policy::document::problem::Problems;
use crate::policy::document::signers::ReadFile;
use crate::policy::document::yaml::Node;

/// Everything about one key.
pub(crate) struct Key<R: 'static> {
    pub(crate) name: &'static str,
    /// What to add where it is missing; `None` if it may be left out.
    pub(crate) required: Option<&'static str>,
    pub(crate) schema: fn() -> Value,
    /// The key with a value that asks for something, and the other keys that it needs.
    pub(crate) example: fn() -> Value,
    /// Reads the value into the rules; `None` if there was a problem.
    pub(crate) read: fn(&mut R, &Node, &mut Reading<'_>) -> Option<()>,
    /// Returns what the rules ask for by it, as a person reads it, a line each.
    pub(crate) describe: fn(&R) -> Vec<String>,
    /// Returns its part of the text for the policy's hash; `None` if that is the description, each line in quotes.
    pub(crate) hash: Option<fn(&R) -> String>,
}

/// The part of a key's declaration that does not depend on the type of its rules.
pub(crate) struct KeyText {
    pub(crate) name: &'static str,
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "the command line writes the schema"))]
    pub(crate) is_required: bool,
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "the command line writes the schema"))]
    pub(crate) schema: fn() -> Value,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds the rest of the declaration against it"))]
    pub(crate) example: fn() -> Value,
}

/// What the reader of a value needs beside it.
pub(crate) struct Reading<'a> {
    pub(crate) files: ReadFile<'a>,
    pub(crate) problems: &'a mut Problems,
}

/// Rules whose keys are declared.
pub(crate) trait Declared: Sized + 'static {
    const KEYS: &'static [Key<Self>];
}

/// Declares rules: each field, and behind it the key that sets it. A field without a key is set by the one before it, or not by a
/// policy file.
macro_rules! declare {
    (
        $(#[$about:meta])*
        pub struct $rules:ident {
            $($(#[$doc:meta])* pub $field:ident: $type:ty $(=> $key:expr)?,)*
        }
    ) => {
        $(#[$about])*
        pub struct $rules {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl crate::attestation::keys::Declared for $rules {
            const KEYS: &'static [crate::attestation::keys::Key<Self>] = &[$($($key,)?)*];
        }
    };
}
pub(crate) use declare;

/// Sets a field to a value that could be read.
pub(crate) fn set<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

/// Sets a field that may be empty.
pub(crate) fn set_some<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    set(field, value.map(Some))
}

/// Reads every key that is there into rules that ask for nothing yet, and returns whether all could be read. Every problem is found,
/// not only the first.
pub(super) fn read<R: Declared>(
    mut rules: R,
    fields: &Fields<'_>,
    files: ReadFile<'_>,
    problems: &mut Problems,
) -> (R, bool) {
    let mut is_whole = true;
    for key in R::KEYS {
        let found = match key.required {
            Some(hint) => fields.required(key.name, hint, problems),
            None => fields.get(key.name),
        };
        is_whole &= match found {
            Some(node) => (key.read)(&mut rules, node, &mut Reading { files, problems }).is_some(),
            None => key.required.is_none(),
        };
    }
    (rules, is_whole)
}

/// Returns the name, schema and example of every key.
pub(super) fn texts<R: Declared>() -> Vec<KeyText> {
    let text = |key: &Key<R>| KeyText {
        name: key.name,
        is_required: key.required.is_some(),
        schema: key.schema,
        example: key.example,
    };
    R::KEYS.iter().map(text).collect()
}

/// Returns what the rules ask for, as a person reads it, a line each.
pub(super) fn describe<R: Declared>(rules: &R) -> Vec<String> {
    R::KEYS.iter().flat_map(|key| (key.describe)(rules)).collect()
}

/// Returns the text of every key for the policy's hash.
pub(super) fn hash<R: Declared>(rules: &R) -> String {
    let quoted = |key: &Key<R>| lines(&(key.describe)(rules), |line| format!("{line:?}\n")).concat();
    R::KEYS.iter().map(|key| key.hash.map_or_else(|| quoted(key), |hash| hash(rules))).collect()
}

/// Returns a line for each value.
pub(crate) fn lines<'a, T: 'a>(values: impl IntoIterator<Item = &'a T>, line: impl Fn(&'a T) -> String) -> Vec<String> {
    values.into_iter().map(line).collect()
}

/// Returns a line where something is asked for.
pub(crate) fn some_line(is_asked: bool, line: impl FnOnce() -> String) -> Vec<String> {
    is_asked.then(line).into_iter().collect()
}
