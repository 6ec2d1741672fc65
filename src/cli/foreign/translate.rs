//! Translates a parsed command line of another tool into our command.

use crate::policy::{COSIGN_TYPES, GITHUB_ISSUER, owner_and_name};
use crate::policy_tools::expression_of_cosign;

use super::super::diagnostics::Diagnostic;
use super::super::terms::is_key_service;
use super::flags::{Fate, Foreign, Special};
use super::words::{Given, OurFlags, Words};
use super::{Task, is_shown_whole, quoted};

/// cosign asks this log unless it is told otherwise, and it is the one of the trusted root that comes with the program.
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
/// The builder that slsa-verifier expects of an image unless it is told otherwise.
const IMAGE_BUILDER: &str = "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// What becomes of the type of an attestation about a file.
const TYPE_OF_BUNDLE: &str = "`bundle` reports the statement's type, and judges the signature alone";

/// Our command, as it comes together.
#[derive(Debug, Default)]
struct Ours {
    flags: Vec<(String, Option<String>)>,
    kinds: Vec<String>,
    /// What has to be done before it.
    first: Vec<String>,
    /// Certificates for a trusted root of one's own.
    authorities: Vec<(String, String)>,
    /// Remarks about the given flags.
    notes: Vec<String>,
    is_less_strict: bool,
    /// Switches that count once all is known.
    switches: Vec<Special>,
    source: Option<String>,
    builder: Option<String>,
    bundle: Option<String>,
    /// The flags that name the type of an attestation, as given.
    types: Vec<String>,
}

/// Translates the given flags.
pub(super) fn answer(task: Task, command: &str, words: Words) -> Diagnostic {
    let given = match task.tool() {
        Some(tool) => format!("`{command}` is a command of {}", tool.name()),
        None => first_foreign(&words.flags),
    };
    let mut ours = Ours::default();
    for flag in words.flags {
        match flag {
            Given::Ours(name, value) => ours.add(&name, value),
            Given::Foreign(flag, value) => ours.carry(flag, value, task),
            Given::Unknown(flag) => ours.lose(&flag, "it is not known here: see whether it restricts something"),
        }
    }
    ours.finish(task, given, words.positional, &words.ours)
}

fn first_foreign(flags: &[Given]) -> String {
    let mut foreign = flags.iter().filter_map(|given| match given {
        Given::Foreign(flag, _) => Some(format!("`--{}` is a flag of {}", flag.name, flag.tool.name())),
        _ => None,
    });
    foreign.next().unwrap_or_default()
}

impl Ours {
    fn add(&mut self, name: &str, value: Option<String>) {
        if name == "require" {
            self.kinds.extend(value);
        } else {
            self.flags.push((name.to_owned(), value));
        }
    }

    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn lose(&mut self, given: &str, hint: &str) {
        self.is_less_strict = true;
        self.notes.push(format!("no counterpart: {given}: {hint}"));
    }

    fn leave_out(&mut self, given: &str, hint: &str) {
        let hint = if hint.is_empty() { "nothing takes its place" } else { hint };
        self.notes.push(format!("left out: {given}: {hint}"));
    }

    fn carry(&mut self, flag: &Foreign, value: String, task: Task) {
        let name = format!("--{}", flag.name);
        let is_off = flag.takes == super::flags::Takes::Nothing && matches!(value.as_str(), "false" | "0" | "f");
        match flag.fate {
            Fate::Special(Special::ChecksClaims) if is_off => {
                self.leave_out("--check-claims=false", "the signature's claims are always checked");
            }
            _ if is_off => {}
            Fate::Same(ours) => {
                let value = (flag.takes == super::flags::Takes::Value).then_some(value);
                self.add(ours, value);
            }
            Fate::Expression(ours) => self.expression(ours, &name, &value),
            Fate::Kind => self.kind(&name, &value, task),
            Fate::Loosens { check, instead: "" } => self.leave_out(&name, &format!("{check} is always checked")),
            Fate::Loosens { check, instead } => {
                self.leave_out(&name, &format!("{check} is always checked; {instead}"));
            }
            Fate::Lost(hint) => {
                let given =
                    if flag.takes == super::flags::Takes::Value { format!("{name} {}", quoted(&value)) } else { name };
                self.lose(&given, hint);
            }
            Fate::Needless("") => {}
            Fate::Needless(hint) | Fate::Secret(hint) => self.leave_out(&name, hint),
            Fate::TrustedRoot => self.authorities.push((flag.name.replace("cert-chain", "certificate-chain"), value)),
            Fate::Special(special) => self.special(special, &name, value, task),
        }
    }

    fn expression(&mut self, ours: &str, given: &str, value: &str) {
        match expression_of_cosign(value) {
            Ok(whole) => {
                if whole != value {
                    self.notes.push(format!("changed: {given}: an expression must match the whole text here"));
                }
                self.add(ours, Some(whole));
            }
            Err(reason) => self.lose(&format!("{given} {}", quoted(value)), &reason),
        }
    }

    /// The type of an attestation. What provenance and SBOM say is judged too, which no other tool does.
    fn kind(&mut self, given: &str, value: &str, task: Task) {
        let flag = format!("{given} {}", quoted(value));
        if task.is_about_file() {
            return self.lose(&flag, TYPE_OF_BUNDLE);
        }
        self.types.push(flag);
        let meant = COSIGN_TYPES.iter().find(|(short, _)| *short == value).map_or(value, |(_, full)| *full);
        let kind = match meant {
            PROVENANCE | "https://slsa.dev/provenance/v0.2" => "provenance",
            "https://cosign.sigstore.dev/attestation/vuln/v1" => "vulnerabilities",
            _ => value,
        };
        self.kinds.push(kind.to_owned());
    }

    fn special(&mut self, special: Special, given: &str, value: String, task: Task) {
        match special {
            Special::Key => self.key(value),
            Special::Timeout => match seconds(&value) {
                Some(seconds) => self.add("timeout", Some(format!("{seconds}s"))),
                None => self.leave_out(given, "write a duration such as 30s or 5m: --timeout"),
            },
            Special::LogAddress if value.trim_end_matches('/') == PUBLIC_LOG => {}
            Special::LogAddress => {
                self.leave_out(given, "the logs that count are those of the trusted root: --trusted-root FILE");
            }
            Special::Username => {
                self.add("username", Some(value));
                self.add("password-stdin", None);
            }
            Special::ReportFormat if matches!(value.as_str(), "json" | "text") => self.add("output", Some(value)),
            Special::ReportFormat if task == Task::Ours => self.add("owner", Some(value)),
            Special::ReportFormat => self.leave_out(given, "reports are text or json: --output"),
            Special::Bundle => self.bundle = Some(value),
            Special::IssuerOfGitHub => self.add("certificate-oidc-issuer", Some(value)),
            Special::LocalImage | Special::FromRegistry | Special::OnlyGitHub => self.switches.push(special),
            Special::SourceUri => self.source = Some(value),
            Special::Builder => self.builder = Some(value),
            Special::VersionedTag => self.add("source-tag", Some(versions_of(&value))),
            Special::Input => {
                let (name, value) = value.split_once('=').unwrap_or((&value, ""));
                let name = name.replace('~', "~0").replace('/', "~1");
                self.add("build-parameter", Some(format!("/inputs/{name}={value}")));
            }
            Special::ChecksClaims => {}
        }
    }

    /// cosign reads keys from services too.
    fn key(&mut self, value: String) {
        if is_key_service(&value) {
            let fetched =
                if value.starts_with("https://") { "curl -fsSL -o cosign.pub" } else { "cosign public-key --key" };
            let end = if value.starts_with("https://") { "" } else { " > cosign.pub" };
            self.first.push(format!("{fetched} {}{end}", quoted(&value)));
            return self.add("key", Some("cosign.pub".to_owned()));
        }
        self.add("key", Some(value));
    }

    fn finish(mut self, task: Task, given: String, positional: Vec<String>, known: &OurFlags) -> Diagnostic {
        let (targets, is_file) = self.targets(task, positional);
        match task {
            Task::Signature => self.kinds.push("signature".to_owned()),
            Task::Attestation if self.kinds.is_empty() => self.kinds.push("custom".to_owned()),
            Task::GitHub => self.finish_github(is_file),
            Task::SlsaImage | Task::SlsaFile => self.finish_slsa(is_file),
            _ => {}
        }
        self.finish_trust(task);
        let mut command = vec!["bonafide".to_owned(), if is_file { "bundle" } else { "verify" }.to_owned()];
        command.extend(targets);
        if is_file {
            let bundle = self.bundle.take().unwrap_or_else(|| "BUNDLE".to_owned());
            self.flags.insert(0, ("bundle".to_owned(), Some(bundle)));
            self.keep_flags_of_bundle(known);
        } else {
            if self.bundle.is_some() {
                let hint = "evidence of an image is read where the image is; for a digest: `bonafide bundle sha256:… --bundle FILE`";
                self.leave_out("the bundle's file", hint);
            }
            if !self.kinds.is_empty() {
                command.extend(["--require".to_owned(), self.kinds.join(",")]);
            }
        }
        for (name, value) in self.flags {
            match value {
                Some(value) if value.starts_with('-') => command.push(format!("--{name}={value}")),
                Some(value) => command.extend([format!("--{name}"), value]),
                None => command.push(format!("--{name}")),
            }
        }
        let message = if self.is_less_strict {
            format!("{given}, and the command below is less strict than yours")
        } else {
            given
        };
        if !command.iter().chain(&self.first).all(|word| is_shown_whole(word)) {
            let hint = "write it by hand: a value has characters that cannot be shown as they are";
            return Diagnostic::usage(message, hint).with_body(self.notes.join("\n"));
        }
        let ours = command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = self.first.into_iter().chain([ours]).collect();
        Diagnostic::usage(message, lines.join("\n    ")).with_body(self.notes.join("\n"))
    }

    /// Returns the targets, and whether they are files.
    fn targets(&self, task: Task, positional: Vec<String>) -> (Vec<String>, bool) {
        let is_image = |text: &String| text.starts_with("oci://");
        let is_file = task.is_about_file() || task == Task::GitHub && !positional.iter().any(is_image);
        let name = |text: String| match text.strip_prefix("oci://") {
            Some(image) if !is_file => image.to_owned(),
            _ if self.switches.contains(&Special::LocalImage) => format!("oci:{text}"),
            _ => text,
        };
        let named: Vec<String> = positional.into_iter().map(name).collect();
        match (named.is_empty(), is_file) {
            (false, _) => (named, is_file),
            (true, true) => (vec!["FILE".to_owned()], true),
            (true, false) => (vec!["IMAGE".to_owned()], false),
        }
    }

    fn finish_github(&mut self, is_file: bool) {
        if self.has(&["certificate-identity", "certificate-identity-regexp"]) && !self.has(&["certificate-oidc-issuer"])
        {
            self.add("certificate-oidc-issuer", Some(GITHUB_ISSUER.to_owned()));
        }
        if is_file {
            if self.types.is_empty() {
                self.types.push(format!("the type {PROVENANCE}, which gh asks for"));
            }
            for flag in std::mem::take(&mut self.types) {
                self.lose(&flag, TYPE_OF_BUNDLE);
            }
            if self.bundle.is_none() {
                self.first.push("gh attestation download FILE --repo OWNER/NAME".to_owned());
            }
            return;
        }
        if self.kinds.is_empty() {
            self.kinds.push("provenance".to_owned());
        }
        if self.switches.contains(&Special::FromRegistry) || self.bundle.is_some() {
            return;
        }
        if self.has(&["repo"]) {
            self.add("github-api", None);
        } else {
            self.leave_out("GitHub's API", "it is asked for one repository: --github-api --repo OWNER/NAME");
        }
    }

    fn finish_slsa(&mut self, is_file: bool) {
        let source = self.source.take();
        let name = source.as_deref().and_then(|uri| owner_and_name(uri).ok()).map(str::to_owned);
        match (&name, source) {
            (Some(name), _) => {
                self.add("repo", Some(name.clone()));
                if !is_file {
                    self.add("source-uri", Some(format!("https://github.com/{name}")));
                }
            }
            (None, Some(uri)) => {
                self.lose(&format!("--source-uri {}", quoted(&uri)), "name the signer: bonafide explain builders");
            }
            (None, None) => {}
        }
        let builder = self.builder.take();
        let workflow = match &builder {
            None => Some(IMAGE_BUILDER).filter(|_| !is_file),
            Some(id) => id.strip_prefix("https://github.com/").filter(|rest| rest.contains("/.github/workflows/")),
        };
        match (workflow, &builder) {
            (Some(workflow), _) => self.add("signer-workflow", Some(workflow.to_owned())),
            (None, Some(id)) => {
                self.lose(&format!("--builder-id {}", quoted(id)), "its provenance is not signed with Sigstore");
            }
            (None, None) => {
                self.lose(
                    "the builders that slsa-verifier knows",
                    "name the one that signed: --signer-workflow WORKFLOW",
                );
            }
        }
        if !is_file {
            self.kinds.push("provenance".to_owned());
        }
    }

    fn finish_trust(&mut self, task: Task) {
        if !self.authorities.is_empty() {
            let certificates: Vec<String> =
                self.authorities.iter().map(|(name, file)| format!("--{name} {}", quoted(file))).collect();
            self.first.push(format!("cosign trusted-root create {} --out trusted_root.json", certificates.join(" ")));
            self.add("trusted-root", Some("trusted_root.json".to_owned()));
        }
        if task == Task::GitHub && !self.has(&["trusted-root"]) {
            if !self.switches.contains(&Special::OnlyGitHub) {
                self.add("trust", Some("public-good".to_owned()));
            }
            self.add("trust", Some("github".to_owned()));
        }
    }

    /// `bundle` judges signatures alone, so restrictions on other properties are lost.
    fn keep_flags_of_bundle(&mut self, known: &OurFlags) {
        let (kept, lost): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.flags).into_iter().partition(|(name, _)| known.is_of_bundle(name));
        self.flags = kept;
        for (name, value) in lost {
            let value = value.map(|value| format!(" {}", quoted(&value))).unwrap_or_default();
            self.lose(&format!("--{name}{value}"), "`bundle` judges the signature alone");
        }
    }
}

impl Task {
    fn is_about_file(self) -> bool {
        matches!(self, Self::Blob | Self::SlsaFile)
    }
}

/// A duration of Go, such as `3m0s`, in whole seconds.
fn seconds(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let factor = match unit {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[digits + 1..];
    }
    (total > 0).then_some(total)
}

/// slsa-verifier takes `v1` for every version that begins so, and a whole version for itself.
fn versions_of(tag: &str) -> String {
    if tag.split('.').count() < 3 { format!("{tag}.*") } else { tag.to_owned() }
}
