//! The policy of each image of a run: out of flags, or out of a policy file.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;

use crate::check::PolicyReport;
use crate::collect::files::{self, FileError};
use crate::collect::{NetworkUse, Registries};
use crate::oci::{Blob, Digest, Reference, RegistryReference};
use crate::packages::Severity;
use crate::policy::{Asked, Document, DocumentError, ImageError, Policy, Requirement};
use crate::trust::Instance;

use super::args::{LoginArgs, VerifyArgs};
use super::diagnostics::{Diagnostic, Warning};
use super::roots::{self, Reach, Trusted};
use super::terms::MAX_BYTES;
use super::{input, policy_source, sbom_flags, terms};

/// The file that is read where none is named.
const DEFAULT: &str = "bonafide.yaml";
/// Common wrong names for it.
const MISNAMED: [&str; 4] = ["bonafide.yml", ".bonafide.yaml", ".bonafide.yml", "bonafide.json"];
const STANDARD_INPUT: &str = "-";

/// The policies of a run, before the images are known.
pub(super) enum Policies {
    /// The same for every image.
    Flags(Policy),
    /// By the image's name, and more strictly where a flag says so.
    File {
        document: Box<Document>,
        /// Where it is on this machine.
        file: Option<PathBuf>,
        default_trust: Vec<String>,
        expected_digest: Option<Digest>,
        deny_severity: Option<Severity>,
    },
}

impl Policies {
    /// Returns the policy of one image.
    pub(super) fn of(
        &self,
        reference: &Reference,
        judged_as: Option<&RegistryReference>,
        plain_http: bool,
        now: Timestamp,
    ) -> Result<Policy, Diagnostic> {
        match self {
            Self::Flags(policy) => Ok(policy.clone()),
            Self::File { document, default_trust, expected_digest, deny_severity, .. } => {
                let policy = document
                    .policy_for(&name(reference, judged_as, plain_http)?, default_trust, expected_digest.clone(), now)
                    .map_err(|error| without_rule(reference, judged_as.is_some(), error))?;
                match deny_severity {
                    None => Ok(policy),
                    Some(severity) if policy.requires(Requirement::Sbom) => Ok(policy.denying_severity(*severity)),
                    Some(_) => Err(severity_without_sbom()),
                }
            }
        }
    }

    /// Returns the policy as files: the one that was read, and the keys that it names in its folder, or the text of the flags.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let document = match self {
            Self::Flags(policy) => return vec![("flags.txt".to_owned(), policy.canonical_text().into())],
            Self::File { document, .. } => document,
        };
        let is_inside = |name: &&String| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        let named = document.files().keys().filter(is_inside).filter(|name| *name != DEFAULT);
        let named = named.map(|name| (name.clone(), document.files()[name].clone()));
        [(DEFAULT.to_owned(), document.bytes())].into_iter().chain(named).collect()
    }

    /// Returns the report's section about the policies.
    pub(super) fn report(&self) -> PolicyReport {
        let (source, sha256) = match self {
            Self::Flags(policy) => (policy.source(), policy.sha256()),
            Self::File { document, .. } => (document.source_name(), document.sha256()),
        };
        let source = match self {
            Self::File { deny_severity: Some(severity), .. } => format!("{source}, --deny-severity {severity}"),
            _ => source.to_owned(),
        };
        let file = match self {
            Self::File { file: Some(file), .. } => Some(file.display().to_string()),
            _ => None,
        };
        PolicyReport { source, file, sha256: sha256.to_owned() }
    }
}

/// The name that rules are matched against. The names in a layout are not trustworthy, so `--as` can give one.
pub(super) fn name(
    reference: &Reference,
    judged_as: Option<&RegistryReference>,
    plain_http: bool,
) -> Result<String, Diagnostic> {
    match (reference, judged_as) {
        (Reference::Layout(_), Some(judged_as)) => Ok(judged_as.name.to_string()),
        (Reference::Registry(_) | Reference::Npm(_) | Reference::File(_), Some(_)) => Err(Diagnostic::usage(
            format!("`--as` gives a layout or archive a name, and {reference} has one"),
            "leave `--as` out, or verify the layout in a run of its own",
        )),
        (_, None) => Ok(reference.policy_name(plain_http)),
    }
}

/// Standard input can be read once: the policy, the references and a password cannot all be there.
pub(super) fn refuse_shared_input(
    policy: Option<&Path>,
    references: &[String],
    login: &LoginArgs,
) -> Result<(), Diagnostic> {
    if policy.is_none_or(|file| file.as_os_str() != STANDARD_INPUT) {
        return Ok(());
    }
    match (references.iter().any(|text| text == STANDARD_INPUT), login.password_stdin) {
        (true, _) => Err(shared_input("the references")),
        (_, true) => Err(shared_input("the password")),
        _ => Ok(()),
    }
}

/// The error for standard input with two uses.
pub(super) fn shared_input(other: &str) -> Diagnostic {
    let message = format!("standard input cannot be both the policy and {other}");
    Diagnostic::usage(message, "give the policy as a file: `--policy FILE`")
}

/// Reads the policy of a run, and the trust domains that evidence may verify in.
pub(super) fn read(
    args: &VerifyArgs,
    registries: &Rc<Registries>,
    now: Timestamp,
) -> Result<(Policies, Trusted), Diagnostic> {
    let file = file_of(args)?;
    if let Some(warning) = misnamed().filter(|_| file.is_none() && !args.no_policy) {
        warning.print();
    }
    let reach = Reach::of(&args.transport);
    // Every usage error is found before a trusted root is fetched.
    if let Some(file) = file {
        let mut network = NetworkUse::default();
        let document = here_or_elsewhere(&file, args.trust.offline, registries, &reach, &mut network)?;
        let mut trusted = of_rules_without_trust(&document, args, &reach, now)?;
        trusted.network.add(&network);
        return from_document(document, &file, trusted, args, now);
    }
    let policy = from_flags(args)?;
    Ok((policy, roots::trusted(&args.trust, &reach, now)?))
}

/// Reads a policy file, or a policy that is elsewhere.
pub(super) fn here_or_elsewhere(
    file: &Path,
    is_offline: bool,
    registries: &Rc<Registries>,
    reach: &Reach,
    network: &mut NetworkUse,
) -> Result<Document, Diagnostic> {
    match policy_source::elsewhere(file)? {
        Some(_) if is_offline => {
            let message = format!("`{}` would be fetched, and `--offline` is given", file.display());
            Err(Diagnostic::usage(message, "fetch the policy first, and give the file"))
        }
        Some(place) => fetched(file, &policy_source::fetch(&place, registries, reach, network)?),
        None => document(file),
    }
}

/// The policy file of a run, if there is one. A flag that says the same thing is refused beside it.
fn file_of(args: &VerifyArgs) -> Result<Option<PathBuf>, Diagnostic> {
    match (&args.policy, flag_of_a_signer(args)) {
        (Some(_), Some(flag)) => Err(Diagnostic::usage(
            format!("--policy and {flag} are both given, and the policy names the signers and requirements"),
            format!("leave out `{flag}`, or write it into the policy"),
        )),
        (Some(file), None) => Ok(Some(file.clone())),
        (None, _) if args.no_policy => Ok(None),
        (None, flag) => match (default_file()?, flag) {
            (Some(file), Some(flag)) => Err(Diagnostic::usage(
                format!("`{}` is here and {flag} is given, and both say what must hold", file.display()),
                format!("leave out `{flag}`, or judge by flags alone: `--no-policy`"),
            )),
            (file, _) => Ok(file),
        },
    }
}

/// The policy of the folder, which came with it: a regular file. Anything else of that name might have been the policy.
pub(super) fn default_file() -> Result<Option<PathBuf>, Diagnostic> {
    let file = PathBuf::from(DEFAULT);
    if file.symlink_metadata().is_err() {
        return Ok(None);
    }
    files::open(&file).map_err(|error| unreadable(&file, error))?;
    Ok(Some(file))
}

/// A file in the folder that looks like a policy and is not read as one.
pub(super) fn misnamed() -> Option<Warning> {
    let is_there = |name: &&str| Path::new(name).symlink_metadata().is_ok();
    let other = MISNAMED.into_iter().find(is_there).filter(|_| !is_there(&DEFAULT))?;
    let message = format!("`{other}` is not read: the policy of a folder is called bonafide.yaml");
    Some(Warning::new(message, format!("rename it, or give it: `--policy {other}`")))
}

/// The first flag about signers or requirements, which a policy file states too.
fn flag_of_a_signer(args: &VerifyArgs) -> Option<&str> {
    let require = (!args.require.is_empty()).then_some("--require");
    let of_content = args.provenance.flags().chain(args.sbom.flags());
    args.signer.flags().chain(require).chain(of_content).next()
}

fn from_flags(args: &VerifyArgs) -> Result<Policies, Diagnostic> {
    let default = || Requirement::DEFAULT.into_iter().filter_map(Asked::plain).collect();
    let required = if args.require.is_empty() { default() } else { args.require.clone() };
    let signer = terms::signer(&args.signer)?;
    let asks_for_sbom = required.iter().any(|asked| asked.requirement() == Requirement::Sbom);
    let asked = sbom_flags::asked(terms::asked(&required, &args.provenance)?, &args.sbom)?;
    let policy = Policy::from_flags_asking(signer, asked, args.expect_digest.clone())?;
    match args.deny_severity {
        None => Ok(Policies::Flags(policy)),
        Some(severity) if asks_for_sbom => Ok(Policies::Flags(policy.denying_severity(severity))),
        Some(_) => Err(severity_without_sbom()),
    }
}

/// The trust domains of the flags are for rules without any; without such a rule the flags would have no effect.
fn of_rules_without_trust(
    document: &Document,
    args: &VerifyArgs,
    reach: &Reach,
    now: Timestamp,
) -> Result<Trusted, Diagnostic> {
    if !document.names_all_trust() || args.trust.update_trust {
        return roots::trusted(&args.trust, reach, now);
    }
    let given = [
        ("--trust", !args.trust.trust.is_empty()),
        ("--trusted-root", !args.trust.trusted_root.is_empty()),
        ("--tuf-mirror", args.trust.repository.tuf_mirror.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Diagnostic::usage(
            format!("{flag} is given, and every rule of the policy names the trust domains of its own"),
            format!("leave out `{flag}`, or `trust` in the policy"),
        )),
        None => Ok(Trusted::default()),
    }
}

/// The trust domains of the flags apply to rules that name none. The domains that rules name are added.
fn from_document(
    document: Document,
    file: &Path,
    mut trusted: Trusted,
    args: &VerifyArgs,
    now: Timestamp,
) -> Result<(Policies, Trusted), Diagnostic> {
    let default_trust = trusted.names();
    trusted.add_named(&document, file, now)?;
    let expected_digest = args.expect_digest.clone();
    let deny_severity = args.deny_severity;
    let is_here = file.as_os_str() != STANDARD_INPUT && policy_source::elsewhere(file)?.is_none();
    let file = is_here.then(|| file.to_owned());
    Ok((Policies::File { document: Box::new(document), file, default_trust, expected_digest, deny_severity }, trusted))
}

/// Reads a policy file and the keys that it names.
pub(super) fn document(file: &Path) -> Result<Document, Diagnostic> {
    Ok(parsed(file)??)
}

/// The same, with its errors as they are.
pub(super) fn parsed(file: &Path) -> Result<Result<Document, DocumentError>, Diagnostic> {
    let bytes = bytes(file)?;
    let key_file =
        |name: &str| files::read_named(&beside(file, name), file, MAX_BYTES).map_err(|error| error.to_string());
    let document = Document::parse(&file.display().to_string(), &bytes, &key_file);
    Ok(document.map(|document| document.with_roots_at(&|name| roots::name_of_file(&beside(file, name)))))
}

/// Reads a policy from elsewhere. It has no folder, so it names no files: keys are written out in it, and trusted roots are
/// those of the program.
fn fetched(location: &Path, bytes: &Blob) -> Result<Document, Diagnostic> {
    let no_file = |_: &str| Err("a remote policy cannot name files: write the key out as `pem`".to_owned());
    let document = Document::parse(&location.display().to_string(), bytes.bytes(), &no_file)?;
    match document.trust().into_iter().find(|name| name.parse::<Instance>().is_err()) {
        Some(name) => Err(Diagnostic::usage(
            format!("the policy names the trusted root `{name}`, but a remote policy cannot name files"),
            "remove `trust` from it, and give the root with `--trusted-root FILE`",
        )),
        None => Ok(document),
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Diagnostic> {
    if file.as_os_str() != STANDARD_INPUT {
        return files::read_given(file, MAX_BYTES).map_err(|error| unreadable(file, error));
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(input::no_standard_input)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable(file, FileError::TooLong { limit: MAX_BYTES }));
    }
    Ok(bytes)
}

/// Paths in a policy are relative to it, wherever the program runs.
fn beside(file: &Path, name: &str) -> PathBuf {
    file.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
}

/// An image without a rule in the policy. `is_named` tells whether `--as` named it.
pub(super) fn without_rule(reference: &Reference, is_named: bool, error: ImageError) -> Diagnostic {
    let hint = match (&error, reference) {
        (ImageError::NoRule { .. }, Reference::Layout(_)) if !is_named => {
            "say by which name it is to be judged: `--as REGISTRY/REPOSITORY`".to_owned()
        }
        _ => error.hint(),
    };
    Diagnostic::usage(error, hint)
}

/// A limit for the vulnerabilities of an SBOM that is not asked for.
fn severity_without_sbom() -> Diagnostic {
    Diagnostic::usage(
        "--deny-severity needs an SBOM: --require does not list one",
        "add sbom to `--require`, or leave `--deny-severity` out",
    )
}

fn unreadable(file: &Path, error: FileError) -> Diagnostic {
    Diagnostic::usage(error, "check the path; `bonafide policy init` writes a first policy")
        .about(format!("cannot read the policy `{}`", file.display()))
}

/// The errors of a policy file, each with its hint.
impl From<DocumentError> for Diagnostic {
    fn from(error: DocumentError) -> Self {
        let count = match error.problems().len() {
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        Self::of_parts(format!("the policy cannot be used: it has {count}"), error.to_string())
    }
}
