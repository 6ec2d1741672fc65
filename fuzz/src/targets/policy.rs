//! Policy files, from any author.

use bonafide::check::Verdict;
use bonafide::policy::Document;
use bonafide::verify::verify;

use crate::{forge, holds, lab};

const IMAGE: &str = "ghcr.io/acme/shop";

/// A file that can be read requires something: no policy is satisfied by an image that nothing is attached to. One that cannot
/// be read says where.
pub fn run(data: &[u8]) {
    let document = match Document::parse("policy.yaml", data, &|_| Ok(forge::PEM.clone().into_bytes())) {
        Ok(document) => document,
        Err(error) => {
            // The first line may be a warning that stands beside the error.
            let drawn = error.to_string();
            let first = drawn.strip_prefix("warning: ").unwrap_or(&drawn);
            return assert!(first.starts_with("policy.yaml:"), "{error}");
        }
    };
    assert!(!document.rules().is_empty());
    for warning in document.lint_warnings(jiff::civil::date(2030, 1, 1)) {
        assert!(document.draw(&warning).starts_with("policy.yaml:"));
    }
    let Ok(policy) = document.policy_for(IMAGE, &["lab".to_owned()], None, crate::lab::NOW) else { return };
    assert!(!policy.expectations().is_empty());
    let report = verify(&lab::evidence(&lab::SAMPLES[0].image, Vec::new()), &policy, &*lab::DOMAINS, lab::NOW);
    assert_ne!(report.verdict, Verdict::Verified, "an image with nothing attached satisfies it");
    holds::of(&report);
}

/// The policy that `bonafide policy init` writes, and one of every other part.
pub fn seeds() -> Vec<Vec<u8>> {
    let starter = include_str!("../../../src/policy_tools/starter.yaml");
    let other = r#"version: 1
trust: [public-good, lab.json]
images:
  - match: ["ghcr.io/acme/**", "oci:build"]
    name: acme
    log: proof
    trust: [github]
    signers:
      - github: acme/shop
      - key: cosign.pub
      - email: {address: alice@acme.example, issuer: https://accounts.acme.example}
      - identity: https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1
        issuer: https://token.actions.githubusercontent.com
    require:
      signature: {signers: {at-least: 1, of: [{github: {repository: acme/shop, workflow: release.yml}}]}}
      sbom: {log: promise}
    exceptions:
      - {require: sbom, match: ghcr.io/acme/old, until: 2027-01-31, because: "not yet"}
  - {match: '**', signers: [{github: acme/shop}], require: [signature]}
"#;
    vec![
        starter.as_bytes().to_vec(),
        other.as_bytes().to_vec(),
        b"{version: 1, images: [{match: '**', signers: [{github: acme/shop}], require: [signature]}]}".to_vec(),
    ]
}
