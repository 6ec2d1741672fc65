//! Errors that end a run: message, place and the next step. All hints live in this file.

use std::fmt;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::check::{AttestationKind, CandidateKind, Finding, GapReport, InspectedImage, UnknownCheck};
use crate::collect::files::FileError;
use crate::collect::{FileServerError, NoLayout, SettingsError, SourceError};
use crate::oci::{BlobError, DigestError, Reference, ReferenceError};
use crate::policy::{DocumentError, ImageError, KeyError, PolicyError};
use crate::policy_tools::ImportError;
use crate::render::Refusal;
use crate::render::escape::terminal;
use crate::trust::{RootOrigin, TrustError, TrustRoot};
use crate::tuf::{CacheError, Current, Repository, TufError};
use crate::verify::DomainError;

use super::colour::Colour;
use super::errors::{ListError, LoginError};
use super::exit::{ABSENT, UNDECIDED, USAGE};
use super::streams;

/// An error that ends a run.
#[derive(Debug)]
pub(super) struct Diagnostic {
    error: anyhow::Error,
    /// The details below the error, over several lines.
    body: String,
    hint: Option<String>,
    exit_code: u8,
}

impl Diagnostic {
    /// An error of what was given: its place, and what to do.
    pub(super) fn usage(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self::ending_with(USAGE, error, hint)
    }

    fn undecided(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self::ending_with(UNDECIDED, error, hint)
    }

    fn ending_with(exit_code: u8, error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self { error: error.into(), body: String::new(), hint: Some(hint.into()), exit_code }
    }

    /// An error without a remedy.
    fn without_hint(error: anyhow::Error) -> Self {
        Self { error, body: String::new(), hint: None, exit_code: UNDECIDED }
    }

    /// A policy file that cannot be read.
    pub(super) fn policy_file(file: &Path, error: FileError) -> Self {
        let hint = "check the path; `bonafide policy init` writes a first policy";
        Self::usage(anyhow::Error::new(error).context(format!("cannot read the policy `{}`", file.display())), hint)
    }

    /// A flag for trust domains that no rule would look at.
    pub(super) fn policy_names_trust(flag: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("{flag} is given, and every rule of the policy names the trust domains of its own"),
            format!("leave out `{flag}`, or `trust` in the policy"),
        )
    }

    /// A remote policy without a digest: its server could change it.
    pub(super) fn policy_without_digest(text: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("the policy `{text}` is named without a digest, so its server could change it"),
            "add the digest: of the file for https://…/policy.yaml@sha256:…, of the manifest for docker:// and oci:",
        )
    }

    /// An address that no policy is read from.
    pub(super) fn policy_address(text: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("`{text}` is not the address of a policy"),
            "write https://HOST/PATH/FILE@sha256:…, without a login, query or fragment; without TLS only loopback hosts are asked",
        )
    }

    /// A policy from elsewhere in a run that connects to nothing else.
    pub(super) fn policy_offline(location: &Path) -> Self {
        Self::usage(
            anyhow::anyhow!("`{}` would be fetched, and `--offline` is given", location.display()),
            "fetch the policy first, and give the file",
        )
    }

    /// A policy from elsewhere that could not be fetched: nothing can be decided by it.
    pub(super) fn policy_unread(error: &SourceError) -> Self {
        let message = anyhow::anyhow!("the policy could not be read: {}", error.detail());
        Self::undecided(message, error.next())
    }

    /// A policy from elsewhere that is not the one that was named.
    pub(super) fn policy_digest(error: BlobError) -> Self {
        Self::usage(
            anyhow::Error::new(error).context("the policy is not the one that was named"),
            "its server changed it: read the changes before you name the new digest",
        )
    }

    /// An artifact that holds no policy.
    pub(super) fn policy_artifact(reference: &Reference) -> Self {
        Self::usage(
            anyhow::anyhow!("{reference} is not an artifact with one layer of the size of a policy"),
            "push it as one file, such as with `oras push REGISTRY/REPOSITORY:TAG bonafide.yaml`",
        )
    }

    /// A policy from elsewhere that names a file.
    pub(super) fn policy_names_file(name: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("the policy names the trusted root `{name}`, but a remote policy cannot name files"),
            "remove `trust` from it, and give the root with `--trusted-root FILE`",
        )
    }

    /// A policy file that cannot be begun.
    pub(super) fn new_policy(file: &Path, error: io::Error) -> Self {
        let hint = "give the name of a new file, or leave it out to see the text";
        Self::usage(anyhow::Error::new(error).context(format!("cannot write `{}`", file.display())), hint)
    }

    /// A policy file with errors, each with its hint.
    pub(super) fn document(error: &DocumentError) -> Self {
        let count = match error.problems().len() {
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        let summary = anyhow::anyhow!("the policy cannot be used: it has {count}");
        Self { error: summary, body: error.to_string(), hint: None, exit_code: USAGE }
    }

    /// Policies that cannot be carried over at all.
    pub(super) fn import(error: ImportError) -> Self {
        let hint = error.hint();
        match error {
            ImportError::Source(error) => {
                let body = error.to_string();
                Self { body, ..Self::usage(anyhow::anyhow!("the policies cannot be read"), hint) }
            }
            error => Self::usage(error, hint),
        }
    }

    /// An import that would let more images pass than the original did.
    pub(super) fn lossy_import(source_name: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("a rule that makes `{source_name}` stricter cannot be carried over, so nothing is written"),
            "look at every line above that begins with `lost`, and write the policy without it with `--lossy`",
        )
    }

    /// A policy file beside a flag that says the same thing.
    pub(super) fn policy_and_flag(flag: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("--policy and {flag} are both given, and the policy names the signers and requirements"),
            format!("leave out `{flag}`, or write it into the policy"),
        )
    }

    /// The policy of the folder beside a flag that would take its place, or ask for less.
    pub(super) fn default_policy_and_flag(file: &Path, flag: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("`{}` is here and {flag} is given, and both say what must hold", file.display()),
            format!("leave out `{flag}`, or judge by flags alone: `--no-policy`"),
        )
    }

    /// A limit for the vulnerabilities of an SBOM that is not asked for.
    pub(super) fn severity_without_sbom() -> Self {
        Self::usage(
            anyhow::anyhow!("--deny-severity needs an SBOM: --require does not list one"),
            "add sbom to `--require`, or leave `--deny-severity` out",
        )
    }

    /// Standard input that is to be two things at once.
    pub(super) fn policy_and_input(other: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("standard input cannot be both the policy and {other}"),
            "give the policy as a file: `--policy FILE`",
        )
    }

    /// An image without a rule in the policy. `is_named` tells whether `--as` named it.
    pub(super) fn image_without_policy(reference: &Reference, is_named: bool, error: ImageError) -> Self {
        let hint = match (&error, reference) {
            (ImageError::NoRule { .. }, Reference::Layout(_)) if !is_named => {
                "say by which name it is to be judged: `--as REGISTRY/REPOSITORY`".to_owned()
            }
            _ => error.hint(),
        };
        Self::usage(error, hint)
    }

    /// A suggestion for several images: which of them would the policy be about?
    pub(super) fn several_suggestions() -> Self {
        Self::usage(anyhow::anyhow!("a policy is suggested for one image"), "run it once for each")
    }

    /// An image from which no policy can be suggested.
    pub(super) fn nothing_to_suggest(text: &str, image: &InspectedImage, open: &[String]) -> Self {
        let failed = image.candidates.iter().filter(|one| !one.accepted && !is_beside_the_point(one.kind));
        let reasons: Vec<&str> = failed.filter_map(|one| one.reason.as_deref()).collect();
        let is_signed = image.candidates.iter().any(|one| one.accepted);
        let (message, hint) = match (is_signed, reasons.first()) {
            (true, _) => {
                let lines: Vec<String> = open.iter().map(|line| format!("to decide: {line}")).collect();
                let error = anyhow::anyhow!("no one signer signed `{text}` for every platform, or several did");
                let hint = "sign the index with one signer, or write a policy with the signers of each requirement";
                return Self { body: lines.join("\n"), ..Self::ending_with(ABSENT, error, hint) };
            }
            (false, Some(reason)) => (
                format!("of {} attached to `{text}` none verifies: {reason}", reasons.len()),
                "if another Sigstore instance signed it, give its root with `--trusted-root` or `--trust`".to_owned(),
            ),
            (false, None) => (
                format!("nothing signed is attached to `{text}`"),
                "sign it first: `cosign sign IMAGE@DIGEST`".to_owned(),
            ),
        };
        Self::ending_with(ABSENT, anyhow::anyhow!(message), hint)
    }

    /// An image that could not be read whole, so that no policy is suggested for it.
    pub(super) fn unread(gap: &GapReport) -> Self {
        let error = anyhow::anyhow!("{} could not be read: {}", gap.what, gap.in_words());
        Self::undecided(error, gap.next.clone())
    }

    /// `--github-api` without a repository.
    pub(super) fn no_repository_for_github(reference: &Reference) -> Self {
        Self::usage(
            anyhow::anyhow!("`--github-api` is given, and nothing pins a repository on GitHub for {reference}"),
            "add `--repo OWNER/NAME`, or pin the `repository` in the policy in full",
        )
    }

    /// A name for an image that has one.
    pub(super) fn name_for_an_image_with_one(reference: &Reference) -> Self {
        Self::usage(
            anyhow::anyhow!("`--as` gives a layout or archive a name, and {reference} has one"),
            "leave `--as` out, or verify the layout in a run of its own",
        )
    }

    /// A reference that is none.
    pub(super) fn reference(text: &str, error: ReferenceError) -> Self {
        let hint = error.hint();
        let error = match &error {
            // The text holds a password, perhaps; the error says the rest.
            ReferenceError::UserInformation(_) => anyhow::Error::new(error),
            _ => anyhow::Error::new(error).context(format!("`{text}` is not a reference to an image")),
        };
        Self::usage(error, hint)
    }

    /// The same, found at this place.
    pub(super) fn in_place(self, place: String) -> Self {
        Self { error: self.error.context(place), ..self }
    }

    /// A reference to a local layout where there is none.
    pub(super) fn no_layout(text: &str, error: NoLayout) -> Self {
        Self::usage(anyhow::Error::new(error).context(format!("`{text}` is not an image")), error.hint())
    }

    /// A list of references that cannot be used.
    pub(super) fn list(error: ListError) -> Self {
        let hint = match &error {
            ListError::Taken => "name the references as arguments, or log in with `docker login` or `podman login`",
            ListError::Twice => "write `-` once",
            ListError::Empty => "write one reference on each line",
            ListError::Unread { .. } => "correct the lines named above, and run it again",
            ListError::TooLong | ListError::TooMany => "verify them in several runs",
            ListError::NoText => "check the program that writes to standard input",
        };
        Self::usage(error, hint)
    }

    /// Flags that do not name a policy.
    pub(super) fn policy(error: PolicyError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }

    /// A key that lies in a key management service, which is never asked.
    pub(super) fn key_service(uri: &str) -> Self {
        let hint = format!(
            "export the public key once, and give the file: `cosign public-key --key {uri} > cosign.pub`, then `--key cosign.pub`"
        );
        Self::usage(anyhow::anyhow!("`{uri}` names a key in a service, and keys are only read from files"), hint)
    }

    /// A file that holds no key that could be used.
    pub(super) fn key(file: &str, error: KeyError) -> Self {
        let hint = error.hint();
        Self::usage(anyhow::Error::new(error).context(format!("`{file}` holds no key that can be used")), hint)
    }

    /// A trusted root that cannot be used.
    pub(super) fn trust(error: TrustError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }

    /// A file with more trusted roots than a policy names by it.
    pub(super) fn several_roots(name: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("trusted root `{name}` holds several documents, one on each line"),
            "a policy names one trusted root by each file: write each line into a file of its own, and name those that count",
        )
    }

    /// A trusted root whose keys cannot be used.
    pub(super) fn domain(error: DomainError) -> Self {
        Self::usage(error, "ask the operator of that Sigstore instance for its current `trusted_root.json`")
    }

    /// A trusted root that TUF does not give.
    pub(super) fn tuf(error: TufError) -> Self {
        let (exit_code, hint) = (if error.is_of_anchor() { USAGE } else { UNDECIDED }, error.hint());
        Self::ending_with(exit_code, error, hint)
    }

    /// A trusted root that TUF vouches for, and whose keys cannot be used.
    pub(super) fn unusable_root(error: DomainError) -> Self {
        Self::undecided(error, "a newer version of this program may be able to use it")
    }

    /// Adds a line to the hint.
    pub(super) fn with_hint(mut self, line: String) -> Self {
        self.hint = Some(self.hint.into_iter().chain([line]).collect::<Vec<_>>().join("\n    "));
        self
    }

    /// A repository without a cached or embedded trusted root.
    pub(super) fn nothing_cached(repository: &Repository) -> Self {
        let error = anyhow::anyhow!("no trusted root of {} is cached, and none is embedded", repository.domain());
        let hint = format!(
            "`bonafide trust update --tuf-mirror {} --tuf-root FILE`, or add `--update-trust`",
            repository.mirror()
        );
        Self::undecided(error, hint)
    }

    /// An update that succeeded and is lost.
    pub(super) fn not_kept(repository: &Repository, reason: CacheError) -> Self {
        let what = format!("the trusted root of {} is current, but could not be kept", repository.domain());
        let hint = "set `XDG_CACHE_HOME` to a folder that can be written, or use `--update-trust` with each run";
        Self::undecided(anyhow::Error::new(reason).context(what), hint)
    }

    /// Only files, which are never updated.
    pub(super) fn nothing_to_update() -> Self {
        let error = anyhow::anyhow!(
            "`--update-trust` has nothing to update: files given with `--trusted-root` are never updated"
        );
        Self::usage(error, "leave it out, or name an instance with `--trust` or `--tuf-mirror`")
    }

    /// A mirror that cannot be asked.
    pub(super) fn mirror(error: FileServerError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }

    /// A file that was named and cannot be read.
    pub(super) fn file(path: &Path, error: impl Into<FileError>) -> Self {
        let error = anyhow::Error::new(error.into());
        Self::usage(error.context(format!("cannot read `{}`", path.display())), "check the path")
    }

    /// A file that is not an SBOM. Its text is escaped when it is shown.
    pub(super) fn sbom_file(path: &Path, finding: &Finding) -> Self {
        let found = finding.found.as_deref().map(|found| format!(": {found}")).unwrap_or_default();
        let expected = finding.expected.as_deref().unwrap_or("SPDX or CycloneDX JSON");
        let message = format!("`{}` cannot be inspected: {}{found}", path.display(), finding.message);
        Self::usage(anyhow::anyhow!(message), format!("expected {expected}"))
    }

    /// Arguments that clap refuses. Its message quotes them, so it is escaped line by line.
    pub(super) fn arguments(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let lines: Vec<&str> = text.lines().collect();
        let message = lines.first().map_or("", |line| line.strip_prefix("error: ").unwrap_or(line));
        // A tip to quote an unknown flag is useless: references never begin with a dash.
        let rest = lines.iter().skip(1).filter(|line| !line.is_empty() && !line.contains("use '-- "));
        let hint: Vec<String> = rest.map(|line| terminal(line.trim()).into_owned()).collect();
        Self::usage(anyhow::anyhow!(message.to_owned()), hint.join("\n    "))
    }

    /// A command line of another tool, with remarks and our own command.
    pub(super) fn foreign(message: String, notes: &[String], ours: String) -> Self {
        Self { body: notes.join("\n"), ..Self::usage(anyhow::anyhow!(message), ours) }
    }

    /// A digest that is none.
    pub(super) fn digest(text: &str, error: DigestError) -> Self {
        let error = anyhow::Error::new(error).context(format!("`{text}` is not a digest"));
        Self::usage(error, format!("write sha256: and 64 hexadecimal digits; a file of that name is `./{text}`"))
    }

    /// Standard input that cannot be read.
    pub(super) fn stdin(error: io::Error) -> Self {
        Self::usage(
            anyhow::Error::new(error).context("cannot read standard input"),
            "give the file's name instead of `-`",
        )
    }

    /// A file with more bundles than are judged in one run.
    pub(super) fn too_many_bundles(file: &Path, found: usize, limit: usize) -> Self {
        let error = anyhow::anyhow!("`{}` has {found} bundles; the limit is {limit}", file.display());
        Self::usage(error, "split the file")
    }

    /// A command that is none.
    pub(super) fn no_command(name: &str) -> Self {
        Self::usage(anyhow::anyhow!("there is no command `{name}`"), "`bonafide --help` lists all commands")
    }

    /// A check or verdict that is none.
    pub(super) fn no_page(name: &str, nearest: Option<&str>) -> Self {
        let meant = nearest.map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default();
        Self::usage(
            anyhow::Error::new(UnknownCheck(name.to_owned())),
            format!("{meant}`bonafide explain` lists all checks"),
        )
    }

    /// Two reports for standard output.
    pub(super) fn two_reports() -> Self {
        Self::usage(
            anyhow::anyhow!("two reports cannot both go to standard output"),
            "send one of them to a file: `--output json=report.json`",
        )
    }

    /// A format that cannot be written for the request.
    pub(super) fn output(refusal: Refusal) -> Self {
        Self::usage(anyhow::anyhow!(refusal.message), refusal.hint)
    }

    /// A flag about one image, where there are many.
    pub(super) fn of_one_image(flag: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("`{flag}` is about one image, and an audit is of many"),
            "use it with `bonafide verify`",
        )
    }

    /// A reference to an image, where a repository is wanted.
    pub(super) fn no_repository(text: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("`{text}` names an image, and an audit is of a repository"),
            "leave out the tag and the digest; `--tags` selects tags",
        )
    }

    /// Expectations that cannot be read.
    pub(super) fn expectations(file: &Path, found: &str) -> Self {
        Self::usage(
            anyhow::anyhow!("`{}` does not say which digests the tags must name: {found}", file.display()),
            r#"write {"1.4.2": "sha256:…"}, or {"ghcr.io/acme/app": {"1.4.2": "sha256:…"}} with the repositories as they are typed"#,
        )
    }

    /// A verifier that no report would name. The formats that name one are given.
    pub(super) fn unnamed_verifier(formats: &[&str]) -> Self {
        Self::usage(
            anyhow::anyhow!("--verifier is given, and no verification summary is written"),
            format!("add `--output {}=FILE`, or leave `--verifier` out", formats.join("=FILE` or `--output ")),
        )
    }

    /// A login that cannot be used.
    pub(super) fn login(error: LoginError) -> Self {
        let hint = match &error {
            LoginError::SeveralRegistries { .. } => {
                "verify them one registry at a time, or log in with `docker login` or `podman login`"
            }
            LoginError::Colon => "give the name alone, and the password on standard input",
            _ => "is a variable or a secret of the pipeline unset?",
        };
        Self::usage(error, hint)
    }

    /// Settings of the network that cannot be used.
    pub(super) fn settings(error: SettingsError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }

    /// A report that could not be written: the run must not look like a success.
    pub(super) fn write(path: &Path, error: io::Error) -> Self {
        let error = anyhow::Error::new(error).context(format!("cannot write the report to `{}`", path.display()));
        Self::undecided(error, "check the folder and the free space")
    }

    /// Standard output that cannot be written.
    pub(super) fn stdout(error: io::Error) -> Self {
        Self::without_hint(anyhow::Error::new(error).context("cannot write to standard output"))
    }

    /// What the operating system does not give.
    pub(super) fn system(error: io::Error) -> Self {
        Self::without_hint(anyhow::Error::new(error).context("cannot start"))
    }

    /// Returns the message with those of its causes.
    fn message(&self) -> String {
        self.error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Returns the message with its details, on one line.
    pub(super) fn summary(&self) -> String {
        let first = self.body.lines().find(|line| !line.trim().is_empty()).map(|line| format!(": {}", line.trim()));
        without_passwords(&format!("{}{}", self.message(), first.unwrap_or_default()))
    }

    /// Returns what to do about it.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the exit code that this error ends the run with.
    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Writes the error to standard error.
    pub(super) fn print(&self, colour: Colour) {
        let (start, end) = if colour.is_for(&io::stderr()) { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        streams::to_stderr(&format!("{start}error{end}: {self}\n"));
    }
}

/// An attachment that was never meant as evidence.
fn is_beside_the_point(kind: CandidateKind) -> bool {
    matches!(kind, CandidateKind::Unsigned | CandidateKind::Ignored | CandidateKind::Of(AttestationKind::Attestation))
}

/// Something about this machine that the user should know, and that decides nothing.
#[derive(Debug)]
pub(super) struct Warning {
    message: String,
    hint: String,
}

impl Warning {
    /// A file that a person may take for the policy of the folder.
    pub(super) fn misnamed_policy(name: &str) -> Self {
        let message = format!("`{name}` is not read: the policy of a folder is called bonafide.yaml");
        Self { message, hint: format!("rename it, or give it: `--policy {name}`") }
    }

    /// An image that a build of a pull request signed, which a repository alone lets pass.
    pub(super) fn built_by_pull_request(reference: &str, build: &str, flag: &str) -> Self {
        let message = format!(
            "{reference} is signed by a build of a pull request ({build}): {flag} alone lets every branch and pull request sign"
        );
        Self {
            message,
            hint: "pin what may sign: `--source-ref refs/tags/…`, or in a policy `ref: refs/tags/v*`".to_owned(),
        }
    }

    /// What a report does not hold.
    pub(super) fn of_report(message: &str, hint: &str) -> Self {
        Self { message: message.to_owned(), hint: hint.to_owned() }
    }

    /// A list of packages with nothing in it.
    pub(super) fn no_sbom_to_list() -> Self {
        let message = "no SBOM that is attached verifies, so no package is listed".to_owned();
        Self {
            message,
            hint: "`bonafide inspect` without `--sbom` shows the attached evidence, and why it does not verify"
                .to_owned(),
        }
    }

    /// A cached root that is not used.
    pub(super) fn cached_unusable(embedded: &TrustRoot, error: &Diagnostic) -> Self {
        let message = format!("{}; using the {}", error.message(), described(embedded));
        Self { message, hint: "`bonafide trust update`".to_owned() }
    }

    /// An embedded root whose TUF root has expired.
    pub(super) fn old_embedded(embedded: &TrustRoot, expired: Timestamp) -> Self {
        let message =
            format!("the {} is old: the TUF root that came with it expired on {expired}", described(embedded));
        Self { message, hint: "`bonafide trust update`, or install a newer version".to_owned() }
    }

    /// A file that is an earlier state of an embedded root.
    pub(super) fn earlier_than_embedded(file: &str, embedded: &TrustRoot) -> Self {
        let message = format!("`{file}` is older than the {}; it is used as it is", described(embedded));
        Self { message, hint: format!("leave it out and use `--trust {}`, or give a newer file", embedded.domain) }
    }

    /// An update that failed while the cache is still good.
    pub(super) fn update_failed(current: &Current, error: &Diagnostic) -> Self {
        let Current { root, valid_until } = current;
        let message = format!("{}; using the {}, which is valid until {valid_until}", error.message(), described(root));
        Self { message, hint: error.hint.clone().unwrap_or_default() }
    }

    /// An update that is good for this run alone.
    pub(super) fn not_kept(repository: &Repository, reason: &CacheError) -> Self {
        let message =
            format!("the new trusted root of {} is used, but could not be kept: {reason}", repository.domain());
        Self { message, hint: "set `XDG_CACHE_HOME` to a folder that can be written".to_owned() }
    }

    /// Returns the message, without the hint.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the way out.
    pub(super) fn hint(&self) -> &str {
        &self.hint
    }

    /// Writes the warning to standard error.
    pub(super) fn print(&self) {
        let (message, hint) = (without_passwords(&self.message), without_passwords(&self.hint));
        streams::to_stderr(&format!("warning: {}\n  → {}\n", terminal(&message), terminal(&hint)));
    }
}

/// A root as a message names it.
pub(super) fn described(root: &TrustRoot) -> String {
    let date = root.updated_at.map(|time| format!(" of {}", time.strftime("%Y-%m-%d"))).unwrap_or_default();
    let source = if root.origin == RootOrigin::Cached { "cached" } else { &root.source };
    format!("{source} trusted root of {}{date}", root.domain)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&terminal(&without_passwords(&self.message())))?;
        for line in without_passwords(&self.body).lines() {
            write!(formatter, "\n{}", terminal(line))?;
        }
        if let Some(hint) = &self.hint {
            let hint = without_passwords(hint);
            let lines: Vec<String> = hint.lines().map(|line| terminal(line).into_owned()).collect();
            write!(formatter, "\n  → {}", lines.join("\n"))?;
        }
        Ok(())
    }
}

/// Takes `user:password@`, query and fragment out of every word that looks like an address: messages quote what was typed, and
/// end up in logs.
fn without_passwords(text: &str) -> String {
    let is_end = |character: char| character.is_whitespace() || matches!(character, '`' | '\'' | '"');
    let text: String = text.split_inclusive(is_end).map(without_query).collect();
    text.split_inclusive(|character: char| character.is_whitespace() || matches!(character, '`' | '\'' | '"' | '='))
        .map(without_password)
        .collect()
}

/// A policy's address may have a token in its query (A315).
fn without_query(word: &str) -> String {
    let Some(scheme) = word.find("://") else { return word.to_owned() };
    let (address, end) = match word.char_indices().last() {
        Some((end, last)) if last.is_whitespace() || matches!(last, '`' | '\'' | '"') => word.split_at(end),
        _ => (word, ""),
    };
    let Some(start) = address[scheme..].find(['?', '#']).map(|start| scheme + start) else { return word.to_owned() };
    // In a regular expression it means something else.
    if address[..start].contains(['(', '[', '*', '\\', '|', '^']) || address.len() == start + 1 {
        return word.to_owned();
    }
    format!("{}…{end}", &address[..=start])
}

fn without_password(word: &str) -> String {
    let start = word.find("://").map_or(0, |scheme| scheme + "://".len());
    let end = word[start..].find('/').map_or(word.len(), |slash| start + slash);
    let authority = &word[start..end];
    match authority.rsplit_once('@') {
        // A digest stands behind an `@` too. Behind a scheme all that stands before it is a login.
        Some((before, after))
            if (start > 0 || before.contains(':'))
                && !after.starts_with("sha256:")
                && !after.starts_with("sha512:") =>
        {
            format!("{}…@{after}{}", &word[..start], &word[end..])
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_out_of_addresses_and_nothing_else_is() {
        assert_eq!(without_passwords("`https://ci:p@ss@ghcr.io/a` is none"), "`https://…@ghcr.io/a` is none");
        assert_eq!(without_passwords("'ghcr.io=ci:pass@ghcr.io/x'"), "'ghcr.io=…@ghcr.io/x'");
        assert_eq!(
            without_passwords("`https://a.example/p.yaml?token=x@sha256:ab` and https://u:p@a.example/#x=1 end"),
            "`https://a.example/p.yaml?…` and https://…@a.example/#… end"
        );
        for text in [
            "`^https://github.com/acme/(app)?/x$`",
            "is this https://acme.example/?",
            "ghcr.io/acme/app:1@sha256:ab",
            "alpine:3@sha256:ab",
            "https://github.com/acme/app/.github/workflows/x.yml@refs/tags/v1",
            "alice@acme.example",
        ] {
            assert_eq!(without_passwords(text), text);
        }
    }
}
