//! SPDX and CycloneDX documents signed by a trusted signer.

use crate::{forge, lab};

const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// As JSON of both families, and as the text that cosign makes of a file that it does not read (A106).
pub fn run(data: &[u8]) {
    forge::judge(&forge::statement(SPDX, data));
    forge::judge(&forge::statement(CYCLONEDX, data));
    let text = serde_json::Value::from(String::from_utf8_lossy(data).into_owned()).to_string();
    forge::judge(&forge::statement(SPDX, text.as_bytes()));
}

/// The SBOMs of the fixtures, and a small document of each other form.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = lab::predicates(SPDX);
    seeds.extend([CYCLONEDX_SEED, SPDX_3_SEED].map(|seed| seed.as_bytes().to_vec()));
    seeds
}

const CYCLONEDX_SEED: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"tools":{"components":[{"name":"syft"}]},
"component":{"bom-ref":"a","type":"container","name":"shop"}},"components":[{"bom-ref":"b","type":"library","name":"zlib",
"purl":"pkg:deb/debian/zlib1g@1.3","licenses":[{"license":{"id":"Zlib"}}],"hashes":[{"alg":"SHA-256","content":"00"}],
"components":[{"type":"file","name":"x"}]}],"dependencies":[{"ref":"a","dependsOn":["b"]},{"ref":"b"}]}"#;

const SPDX_3_SEED: &str = r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
{"type":"SpdxDocument","spdxId":"d","rootElement":["s"],"creationInfo":{"created":"2026-01-01T00:00:00Z","createdBy":["o"]}},
{"type":"software_Sbom","spdxId":"s","rootElement":["p"]},{"type":"Organization","spdxId":"o","name":"Acme"},
{"type":"software_Package","spdxId":"p","name":"shop"},{"type":"software_Package","spdxId":"q","name":"zlib","suppliedBy":"o"},
{"type":"Relationship","from":"p","relationshipType":"contains","to":["q"]},
{"type":"expandedlicensing_ConjunctiveLicenseSet","spdxId":"l","expandedlicensing_member":["l","https://spdx.org/licenses/MIT"]},
{"type":"Relationship","from":"q","relationshipType":"hasConcludedLicense","to":["l"]}]}"#;
