//! SLSA provenance, signed by a trusted signer or unsigned.

use bonafide::check::Verdict;
use bonafide::evidence::Content;

use crate::{forge, holds, lab};

const V1: &str = "https://slsa.dev/provenance/v1";
const V02: &str = "https://slsa.dev/provenance/v0.2";

/// Read as either version, signed or not, it ends in a report.
pub fn run(data: &[u8]) {
    for predicate_type in [V1, V02] {
        let statement = forge::statement(predicate_type, data);
        forge::judge(&statement);
        let unsigned = Content::UnsignedStatement(lab::blob(statement));
        let report = lab::judge(&forge::IMAGE, unsigned, &forge::SIGNER, &[]);
        assert_eq!(report.verdict, Verdict::Absent, "it is unsigned");
        holds::of(&report);
    }
}

/// One of each form that has places of its own, from the descriptions of the build types.
const OTHERS: [&str; 5] = [
    r#"{"buildDefinition":{"buildType":"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md","externalParameters":{"configSource":{"uri":"https://github.com/acme/shop.git#refs/tags/v1:sub","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"},"path":"Dockerfile"},"request":{"frontend":"dockerfile.v0"}}},"runDetails":{"builder":{"id":""},"metadata":{"invocationID":"x","startedOn":"2026-03-01T12:00:00Z"}}}"#,
    r#"{"buildDefinition":{"buildType":"https://tekton.dev/chains/v2/slsa","externalParameters":{"runSpec":{}},"resolvedDependencies":[{"name":"inputs/result","uri":"git+https://github.com/acme/shop.git","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"}}]},"runDetails":{"builder":{"id":"b"}}}"#,
    r#"{"buildDefinition":{"buildType":"https://gitlab.com/gitlab-org/gitlab-runner/-/blob/2147fb44/PROVENANCE.md","externalParameters":{"source":"https://gitlab.com/acme/shop","CI":""},"internalParameters":{"job":"7"},"resolvedDependencies":[{"uri":"https://gitlab.com/acme/shop","digest":{"sha256":"bdd2ecda9ef57b129c88617a0215afc9fb223521"}}]},"runDetails":{"builder":{"id":"b"}}}"#,
    r#"{"buildDefinition":{"buildType":"https://cloud.google.com/build/gcb-buildtypes/google-worker/v1","externalParameters":{"buildConfigSource":{"repository":"git+https://github.com/acme/shop","ref":"refs/heads/main"},"sourceToBuild":{"repository":"https://github.com/acme/other","ref":"c27d339ee6075c1f744c5d4b200f7901aad2c369"}}},"runDetails":{"builder":{"id":"b"}}}"#,
    r#"{"builder":{"id":"b"},"buildType":"https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0","invocation":{"configSource":{"uri":"git@github.com:acme/shop.git"},"environment":{"GITHUB_RUN_ID":7,"GITHUB_RUN_ATTEMPT":"1","GITHUB_WORKFLOW_REF":"acme/shop/.github/workflows/a@b.yml@refs/heads/c@d"}},"metadata":{"buildInvocationID":"7-1"},"materials":[{"uri":"git+ssh://git@github.com:22/acme/shop"},null]}"#,
];

/// The provenance of the fixtures, the same in the older version's words (slsa.dev/provenance/v0.2), and other builders'.
pub fn seeds() -> Vec<Vec<u8>> {
    let older = r#"{"builder":{"id":"https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0"},"buildType":"https://github.com/slsa-framework/slsa-github-generator/container@v1","invocation":{"configSource":{"uri":"git+https://github.com/acme/shop@refs/tags/v1.0.0","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"},"entryPoint":".github/workflows/release.yml"},"parameters":{},"environment":{}},"metadata":{"buildStartedOn":"2026-03-01T12:00:00Z"},"materials":[{"uri":"git+https://github.com/acme/shop@refs/tags/v1.0.0","digest":{"sha1":"c27d339ee6075c1f744c5d4b200f7901aad2c369"}}]}"#;
    let written = std::iter::once(older).chain(OTHERS).map(|text| text.as_bytes().to_vec());
    lab::predicates(V1).into_iter().chain(written).collect()
}
