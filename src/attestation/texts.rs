//! The files of each kind other than code: parts of JSON Schemas, the text for a first policy, and a seed for fuzzing.

use super::types::Kind;

/// A file in the folder of a kind, if the kind has what it is about.
macro_rules! text {
    ($folder:ident $name:literal) => {
        None
    };
    ($folder:ident $name:literal $($present:tt)+) => {
        Some(include_str!(concat!(stringify!($folder), "/", $name)))
    };
}

macro_rules! texts {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        impl Kind {
            /// Returns the JSON Schema of its requirement: `require`, and the `$defs` for it.
            pub const fn policy_schema(self) -> Option<&'static str> {
                match self { $(Self::$variant => text!($folder "policy.schema.json" $($rules)?),)+ }
            }

            /// Returns the JSON Schema of what a report says of it.
            pub const fn section_schema(self) -> Option<&'static str> {
                match self { $(Self::$variant => text!($folder "section.schema.json" $($section)?),)+ }
            }

            /// Returns what a first policy may ask of it, as YAML.
            pub const fn starter(self) -> Option<&'static str> {
                match self { $(Self::$variant => text!($folder "starter.yaml" $($rules)?),)+ }
            }

            /// Returns a good one as JSON: its predicate type and its predicate. Fuzzing begins with it.
            pub const fn seed(self) -> Option<&'static str> {
                match self { $(Self::$variant => text!($folder "seed.json" $($predicate)?),)+ }
            }
        }
    };
}
kinds!(texts);
