//! Builds the requirements from flags and files: the signers, and the rules for the content.

use std::path::Path;

use crate::collect::files;
use crate::policy::{
    Asked, Claim, KeyRule, LogRule, PolicyError, ProvenanceFlags, PublicKey, Requirement, Signer, SignerFlags,
    UnknownType,
};

use super::args::{ProvenanceArgs, SignerArgs};
use super::diagnostics::Diagnostic;
use super::given::Given;
use super::input;

/// Bytes that are read of a policy file or of a key that it names: more than either may have.
pub(super) const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// The signer that the flags name: a certificate's identity, or keys.
pub(super) fn signer(args: &Given<SignerArgs>) -> Result<Signer, Diagnostic> {
    if let Some(rule) = keys(args)? {
        return Ok(Signer::Keys(rule));
    }
    Ok(flags(args).prove()?)
}

fn flags(args: &SignerArgs) -> SignerFlags<'_> {
    SignerFlags {
        identity: args.certificate_identity.as_deref(),
        identity_regexp: args.certificate_identity_regexp.as_deref(),
        issuer: args.certificate_oidc_issuer.as_deref(),
        issuer_regexp: args.certificate_oidc_issuer_regexp.as_deref(),
        repository: args.repo.as_deref(),
        owner: args.owner.as_deref(),
        signer_workflow: args.signer_workflow.as_deref(),
        reference: args.source_ref.as_deref(),
        digest: args.source_digest.as_deref(),
        deny_self_hosted_runners: args.deny_self_hosted_runners,
        claims: claims(args),
    }
}

/// The requirements, with the flags about the provenance. A flag about a kind that is not required would have no
/// effect.
pub(super) fn asked(required: &[Asked], provenance: &Given<ProvenanceArgs>) -> Result<Vec<Asked>, Diagnostic> {
    let is_provenance = |asked: &Asked| asked.requirement() == Requirement::Provenance;
    let given = provenance.flags().next();
    if let Some(flag) = given.filter(|_| !required.iter().any(is_provenance)) {
        let requirement = Requirement::Provenance;
        return Err(PolicyError::NotRequired { flag: flag.to_owned(), requirement }.into());
    }
    let mut rules = provenance_flags(provenance).prove()?;
    // Scripts that require a provenance by its signer alone continue to work. In a policy file, the key has a meaning
    // of its own.
    if given.is_none() {
        rules.unknown_type = UnknownType::Accept;
    }
    let ask = |asked: &Asked| match asked {
        Asked::Provenance(_) => Asked::Provenance(Box::new(rules.clone())),
        other => other.clone(),
    };
    Ok(required.iter().map(ask).collect())
}

fn provenance_flags(args: &ProvenanceArgs) -> ProvenanceFlags<'_> {
    ProvenanceFlags {
        builders: &args.builder_id,
        build_types: &args.build_type,
        source_uri: args.source_uri.as_deref(),
        source_branch: args.source_branch.as_deref(),
        source_tag: args.source_tag.as_deref(),
        parameters: &args.build_parameter,
        allows_unknown_parameters: args.allow_unknown_parameters,
        level: args.slsa_level,
        max_age: args.provenance_max_age.as_deref(),
        denied_events: &args.deny_event,
        allows_any_builder_ref: args.allow_any_builder_ref,
        all: args.all_provenance,
    }
}

/// cosign's flags for GitHub's claims. Each names the claim of older certificates, and is held against the one that replaced it
/// where the certificate has that.
fn claims(args: &SignerArgs) -> Vec<(Claim, String)> {
    let repository = args.certificate_github_workflow_repository.as_ref();
    let asked = [
        (Claim::BuildTrigger, args.certificate_github_workflow_trigger.clone()),
        (Claim::SourceRepositoryDigest, args.certificate_github_workflow_sha.clone()),
        (Claim::WorkflowName, args.certificate_github_workflow_name.clone()),
        (Claim::SourceRepositoryUri, repository.map(|name| format!("https://github.com/{name}"))),
        (Claim::SourceRepositoryRef, args.certificate_github_workflow_ref.clone()),
    ];
    asked.into_iter().filter_map(|(claim, value)| Some((claim, value?))).collect()
}

/// The flags about signers that do not name a certificate.
const OF_KEYS: [&str; 2] = ["--key", "--key-without-log"];

/// The rule for keys, if any key is given. A key beside an identity would leave open which of them must have signed.
fn keys(args: &Given<SignerArgs>) -> Result<Option<KeyRule>, Diagnostic> {
    let identity = args.flags().find(|flag| !OF_KEYS.contains(flag));
    match (args.key.is_empty(), args.key_without_log, identity) {
        (true, false, _) => return Ok(None),
        (true, true, _) => return Err(PolicyError::NoLogWithoutKey.into()),
        (false, _, Some(flag)) => {
            return Err(PolicyError::KeyWithIdentity { flag: flag.to_owned() }.into());
        }
        (false, _, None) => {}
    }
    let keys = read_keys(&args.key)?;
    let log = if args.key_without_log { LogRule::NotRequired } else { LogRule::Required };
    Ok(Some(KeyRule::new(keys, log)?))
}

/// Reads the keys in these files, in their order.
pub(super) fn read_keys(files: &[String]) -> Result<Vec<PublicKey>, Diagnostic> {
    files.iter().map(|file| read_key(file)).collect()
}

/// Whether cosign takes this for the address of a key in a service, such as `awskms://…`. Nothing here asks one.
pub(super) fn is_key_service(text: &str) -> bool {
    text.contains("://") || text.starts_with("pkcs11:")
}

/// Reads a key from a file.
fn read_key(file: &str) -> Result<PublicKey, Diagnostic> {
    if is_key_service(file) {
        let hint = format!(
            "export the public key once, and give the file: `cosign public-key --key {file} > cosign.pub`, then `--key cosign.pub`"
        );
        return Err(Diagnostic::usage(
            format!("`{file}` names a key in a service, and keys are only read from files"),
            hint,
        ));
    }
    let path = Path::new(file);
    let bytes = files::read_given(path, MAX_BYTES).map_err(|error| input::unreadable(path, error))?;
    PublicKey::from_pem(&bytes).map_err(|error| {
        let hint = error.hint();
        Diagnostic::usage(error, hint).about(format!("`{file}` holds no key that can be used"))
    })
}

impl From<PolicyError> for Diagnostic {
    fn from(error: PolicyError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}
