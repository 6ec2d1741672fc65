//! SPDX documents that somebody trusted did sign.

use crate::{forge, lab};

const SPDX: &str = "https://spdx.dev/Document";

/// As JSON, and as the text that cosign makes of a file that it does not read (A106).
pub fn run(data: &[u8]) {
    forge::judge(&forge::statement(SPDX, data));
    let text = serde_json::Value::from(String::from_utf8_lossy(data).into_owned()).to_string();
    forge::judge(&forge::statement(SPDX, text.as_bytes()));
}

/// The SBOMs of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    lab::predicates(SPDX)
}
