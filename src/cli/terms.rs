//! The signer that evidence is judged by, out of flags and files.

use std::fs;
use std::path::Path;

use crate::policy::{KeyRule, LogDemand, PolicyError, PublicKey, Signer};

use super::args::SignerArgs;
use super::diagnostics::Diagnostic;

/// The signer that the flags name: a certificate's identity, or keys.
pub(super) fn signer(args: &SignerArgs) -> Result<Signer, Diagnostic> {
    if let Some(rule) = keys(args)? {
        return Ok(Signer::Keys(rule));
    }
    Signer::from_flags(
        args.certificate_identity.as_deref(),
        args.certificate_oidc_issuer.as_deref(),
        args.repo.as_deref(),
        args.source_ref.as_deref(),
        args.source_digest.as_deref(),
    )
    .map_err(Diagnostic::policy)
}

/// The rule for keys, if any key is given. A key beside an identity would leave open which of them must have signed.
fn keys(args: &SignerArgs) -> Result<Option<KeyRule>, Diagnostic> {
    let certificate_flags = [
        ("--certificate-identity", args.certificate_identity.is_some()),
        ("--certificate-oidc-issuer", args.certificate_oidc_issuer.is_some()),
        ("--repo", args.repo.is_some()),
        ("--source-ref", args.source_ref.is_some()),
        ("--source-digest", args.source_digest.is_some()),
    ];
    let identity = certificate_flags.into_iter().find(|(_, given)| *given);
    match (args.key.is_empty(), args.key_without_log, identity) {
        (true, false, _) => return Ok(None),
        (true, true, _) => return Err(Diagnostic::policy(PolicyError::NoLogWithoutKey)),
        (false, _, Some((flag, _))) => return Err(Diagnostic::policy(PolicyError::KeyWithIdentity { flag })),
        (false, _, None) => {}
    }
    let keys = args.key.iter().map(|file| read_key(file)).collect::<Result<Vec<_>, _>>()?;
    let log = if args.key_without_log { LogDemand::NotRequired } else { LogDemand::Required };
    KeyRule::new(keys, log).map(Some).map_err(Diagnostic::policy)
}

/// Reads a key from a file. What cosign takes as the address of a key in a service (`awskms://…`) is never asked for one.
fn read_key(file: &str) -> Result<PublicKey, Diagnostic> {
    if file.contains("://") || file.starts_with("pkcs11:") {
        return Err(Diagnostic::key_service(file));
    }
    let bytes = fs::read(file).map_err(|error| Diagnostic::file(Path::new(file), error))?;
    PublicKey::from_pem(&bytes).map_err(|error| Diagnostic::key(file, error))
}
