//! The SLSA plugin of Jenkins.
//!
//! `https://gitlab.eclipse.org/eclipsefdn/security/slsa-jenkins-plugin@v…`, as <https://github.com/jenkinsci/slsa-plugin> writes it
//! into v0.2 (`ProvenanceV0_2Generator.java`, `BuildInfo.java`): `configSource.uri` is "`git+` GIT_URL `@` GIT_BRANCH", its digest
//! GIT_COMMIT, the `entryPoint` the name of the job; there are no parameters; `environment` has `job_url`, `build_url`, `node_name`.

use super::BuildType;
use super::parameters::NOTHING;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;

/// Any release of the plugin.
pub(super) const PLUGIN: BuildType = BuildType {
    is: |version, uri| {
        let plugin = uri.strip_prefix("https://gitlab.eclipse.org/eclipsefdn/security/slsa-jenkins-plugin@v");
        version == "v0.2" && plugin.is_some_and(|release| !release.is_empty())
    },
    add_claims,
    parameters: NOTHING,
};

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    claims.add_source("/invocation/configSource/uri", predicate.config_source.uri.as_deref());
    claims.add(Property::Commit, "/invocation/configSource/digest", commit(&predicate.config_source.digests));
    claims.add(Property::Run, "/invocation/environment/build_url", predicate.internal.text("build_url"));
}
