//! Parts of one audit on several machines.

use serde::{Deserialize, Serialize};

/// Which part of an audit a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardReport {
    /// Its number, from 1.
    pub number: u32,
    /// How many parts there are.
    pub of: u32,
    /// The SHA-256 of everything that decides verdicts: all parts of one audit have the same.
    pub run: String,
    /// The SHA-256 of the selected tags with their digests: parts that listed the same tags have the same.
    pub tags: String,
    /// How many images all parts have together.
    pub total: u64,
    /// The place of each image of this part among all of them.
    pub places: Vec<u64>,
}
