//! Warns of builds of pull requests: an expected repository without a ref lets them sign. `policy check` gives the same warning
//! about policies.

use std::cell::RefCell;

use crate::check::{ImageReport, SignerReport, Verdict};
use crate::policy::Claim;

use super::args::SignerArgs;
use super::diagnostics::Warning;

/// Verified images that a build of a pull request signed, where only the repository was asked for.
pub(super) struct Builds {
    /// The flag that lets it sign.
    flag: Option<&'static str>,
    found: RefCell<Vec<String>>,
}

impl Builds {
    pub(super) fn allowed_by(signer: &SignerArgs) -> Self {
        Self { flag: unpinned(signer), found: RefCell::default() }
    }

    /// Looks at one image.
    pub(super) fn see(&self, image: &ImageReport) {
        let Some(flag) = self.flag.filter(|_| image.verdict == Verdict::Verified) else { return };
        let accepted = image.candidates.iter().filter(|candidate| candidate.accepted);
        let mut builds = accepted.filter_map(|candidate| candidate.signer.as_ref()).filter_map(pull_request);
        if let Some(build) = builds.next() {
            self.found.borrow_mut().push(format!(
                "{} is signed by a build of a pull request ({build}): {flag} alone lets every branch and pull request sign",
                image.reference
            ));
        }
    }

    /// Warns of those that were seen.
    pub(super) fn warn(&self) {
        let hint = "pin what may sign: `--source-ref refs/tags/…`, or in a policy `ref: refs/tags/v*`";
        self.found.take().into_iter().for_each(|message| Warning::new(message, hint).print());
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

/// The claim in a certificate that a pull request started the build.
fn pull_request(signer: &SignerReport) -> Option<&str> {
    let named = |claim: Claim| signer.claims.iter().find(|one| one.name == claim.name()).map(|one| one.value.as_str());
    let value = |claim: Claim| named(claim).or(claim.legacy().and_then(named));
    let (reference, event) = (value(Claim::SourceRepositoryRef), value(Claim::BuildTrigger));
    reference
        .filter(|reference| reference.starts_with("refs/pull/"))
        .or(event.filter(|event| event.starts_with("pull_request")))
}
