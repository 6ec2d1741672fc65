//! Reports as people and programs read them: one file per format, each from `&Report` and a writer.
//!
//! Renderers decide nothing. Text from outside is escaped for its destination ([`escape`]). A new format is one file with an
//! [`Output`], and one line in [`OUTPUTS`].

mod alerts;
mod audit;
mod brief;
mod cells;
mod csv;
mod diff;
mod drift;
pub mod escape;
mod github;
mod gitlab;
mod html;
mod inspection;
mod json;
mod jsonl;
mod junit;
mod label;
mod lines;
mod markdown;
mod output;
mod packages;
mod parts;
mod pinned;
mod rows;
mod sarif;
mod text;
mod vsa;

pub use json::{value as json_value, write as write_json, write_others as write_others_json};
pub use label::{at, label, label_of};
pub use output::{Added, Asked, Delivery, Head, Note, Output, Refusal, Room};
pub use packages::{PackageFormat, write_packages};
pub use parts::{Detail, Images};

/// Every output format. The first is the default.
#[rustfmt::skip]
pub const OUTPUTS: &[&Output] = &[
    &brief::OUTPUT,
    &json::OUTPUT,
    &jsonl::OUTPUT,
    &csv::OUTPUT,
    &pinned::OUTPUT,
    &vsa::OUTPUT,
    &junit::OUTPUT,
    &sarif::OUTPUT,
    &markdown::OUTPUT,
    &github::OUTPUT,
    &gitlab::OUTPUT,
    &html::OUTPUT,
];

/// The format for people.
pub const TEXT: &Output = &brief::OUTPUT;

/// How wide the column of references is, where there are several.
pub fn column<'a>(references: impl Iterator<Item = &'a str>) -> usize {
    references.map(|reference| escape::terminal(reference).chars().count()).max().unwrap_or_default()
}
