//! Builds of pull requests: a repository without a ref lets them sign, as `policy check` warns of policies.

use crate::check::{ImageReport, SignerReport, Verdict};
use crate::policy::Claim;

use super::args::SignerArgs;
use super::diagnostics::Warning;

/// Warns of verified images that a build of a pull request signed, where only the repository was asked for.
pub(super) fn warn(images: &[ImageReport], signer: &SignerArgs) {
    let Some(flag) = unpinned(signer) else { return };
    for image in images.iter().filter(|image| image.verdict == Verdict::Verified) {
        let accepted = image.candidates.iter().filter(|candidate| candidate.accepted);
        let mut builds = accepted.filter_map(|candidate| candidate.signer.as_ref()).filter_map(pull_request);
        if let Some(build) = builds.next() {
            let message = format!(
                "{} is signed by a build of a pull request ({build}): {flag} alone lets every branch and pull request sign",
                image.reference
            );
            let hint = "pin what may sign: `--source-ref refs/tags/…`, or in a policy `ref: refs/tags/v*`";
            Warning::new(message, hint).print();
        }
    }
}

/// The flag that names a repository, where nothing says which ref, commit or event.
fn unpinned(signer: &SignerArgs) -> Option<&'static str> {
    let is_pinned = signer.source_ref.is_some()
        || signer.source_digest.is_some()
        || signer.certificate_github_workflow_ref.is_some()
        || signer.certificate_github_workflow_sha.is_some()
        || signer.certificate_github_workflow_trigger.is_some();
    let flag = signer.repo.as_ref().map(|_| "--repo").or(signer.owner.as_ref().map(|_| "--owner"));
    flag.filter(|_| !is_pinned)
}

/// What of a certificate says that a pull request started the build.
fn pull_request(signer: &SignerReport) -> Option<&str> {
    let named = |claim: Claim| signer.claims.iter().find(|one| one.name == claim.name()).map(|one| one.value.as_str());
    let value = |claim: Claim| named(claim).or(claim.legacy().and_then(named));
    let (reference, event) = (value(Claim::SourceRepositoryRef), value(Claim::BuildTrigger));
    reference
        .filter(|reference| reference.starts_with("refs/pull/"))
        .or(event.filter(|event| event.starts_with("pull_request")))
}
