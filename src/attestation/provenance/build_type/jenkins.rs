//! The SLSA plugin of Jenkins.
//!
//! `https://gitlab.eclipse.org/eclipsefdn/security/slsa-jenkins-plugin@v…`, as <https://github.com/jenkinsci/slsa-plugin> writes it
//! into v0.2 (`ProvenanceV0_2Generator.java`, `BuildInfo.java`): `configSource.uri` is "`git+` GIT_URL `@` GIT_BRANCH", its digest
//! GIT_COMMIT, the `entryPoint` the name of the job; there are no parameters; `environment` has `job_url`, `build_url`, `node_name`.

use super::BuildType;
use super::parameters::NOTHING;
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::outline::Outline;

/// Any release of the plugin.
pub(super) const PLUGIN: BuildType = BuildType {
    is: |version, uri| {
        let plugin = uri.strip_prefix("https://gitlab.eclipse.org/eclipsefdn/security/slsa-jenkins-plugin@v");
        version == "v0.2" && plugin.is_some_and(|release| !release.is_empty())
    },
    tell,
    parameters: NOTHING,
};

fn tell(outline: &Outline, account: &mut Account) {
    account.tell_source("/invocation/configSource/uri", outline.config_source.uri.as_deref());
    account.tell(Topic::Commit, "/invocation/configSource/digest", commit(&outline.config_source.digests));
    account.tell(Topic::Run, "/invocation/environment/build_url", outline.internal.text("build_url"));
}
