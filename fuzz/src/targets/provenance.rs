//! SLSA provenance that somebody trusted did sign.

use crate::{forge, lab};

const V1: &str = "https://slsa.dev/provenance/v1";
const V02: &str = "https://slsa.dev/provenance/v0.2";

/// Read as either version, it ends in a report.
pub fn run(data: &[u8]) {
    for predicate_type in [V1, V02] {
        forge::judge(&forge::statement(predicate_type, data));
    }
}

/// The provenance of the fixtures, and the same in the older version's words (slsa.dev/provenance/v0.2).
pub fn seeds() -> Vec<Vec<u8>> {
    let older = r#"{"builder":{"id":"https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0"},"buildType":"https://github.com/slsa-framework/slsa-github-generator/container@v1","invocation":{"configSource":{"uri":"git+https://github.com/acme/shop@refs/tags/v1.0.0","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"},"entryPoint":".github/workflows/release.yml"},"parameters":{},"environment":{}},"metadata":{"buildStartedOn":"2026-03-01T12:00:00Z"},"materials":[{"uri":"git+https://github.com/acme/shop@refs/tags/v1.0.0","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"}}]}"#;
    lab::predicates(V1).into_iter().chain([older.as_bytes().to_vec()]).collect()
}
