//! `bonafide verify-bundle`: `bonafide bundle` with the command line of sigstore-conformance, for running its suite against this
//! program. Exit code 0 means success; any other means refusal.

use crate::trust::Instance;

use super::args::{Args, BundleArgs, SignerArgs, TrustArgs, VerifyBundleArgs};
use super::bundle;
use super::diagnostics::Diagnostic;
use super::given::Given;

/// Verifies one bundle.
pub(super) fn run(verify: &VerifyBundleArgs, args: &Args) -> Result<u8, Diagnostic> {
    bundle::run(&translate(verify), args)
}

fn translate(verify: &VerifyBundleArgs) -> BundleArgs {
    BundleArgs {
        artifact: verify.artifact.clone(),
        bundle: verify.bundle.clone(),
        output: Vec::new(),
        signer: Given::from(SignerArgs {
            certificate_identity: verify.certificate_identity.clone(),
            certificate_oidc_issuer: verify.certificate_oidc_issuer.clone(),
            key: verify.key.iter().cloned().collect(),
            ..SignerArgs::default()
        }),
        trust: TrustArgs {
            trust: verify.staging.then_some(Instance::Staging).into_iter().collect(),
            trusted_root: verify.trusted_root.iter().cloned().collect(),
            offline: true,
            ..TrustArgs::default()
        },
    }
}
