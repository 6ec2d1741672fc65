//! `bonafide inspect`: the evidence attached to images, and a policy that one of them satisfies.

use std::path::Path;
use std::rc::Rc;

use futures_util::StreamExt;
use jiff::Timestamp;

use crate::check::{
    AttestationKind, CandidateKind, Finding, GapReport, InspectedFile, InspectedImage, Inspection, ListedDocument,
    Listing, SCHEMA_VERSION, Tool,
};
use crate::collect::files;
use crate::collect::{GitHubBase, GitHubPlace, Given, Limits, Pace, Places, PlatformChoice, Registries};
use crate::oci::{Algorithm, Digest, ImageName, Reference};
use crate::policy::{KeyRule, LogRule, Policy, owner_and_name};
use crate::policy_tools::suggest;
use crate::render::escape::terminal;
use crate::run::{Attested, InspectRun, Inspected, Means, with_inspector};
use crate::verify::inspect_sbom;

use super::advisories::{self, Known};
use super::args::{Args, InspectArgs};
use super::colour::Colour;
use super::diagnostics::{Diagnostic, Warning};
use super::exit::{ABSENT, UNDECIDED};
use super::npm::Npm;
use super::output::print;
use super::references::References;
use super::roots::{self, Reach, Trusted};
use super::targets::Target;
use super::{
    environment, input, logins, loose, output, policies, predicate, references, runtime, session, streams, terms,
};

/// How a reference to an SBOM in a file begins.
const SBOM_FILE: &str = "sbom:";
/// The longest SBOM that is read from a file: as long as one that is attested may be.
const LONGEST_SBOM: u64 = 128 * 1024 * 1024;

/// The inputs of an inspection.
struct Request {
    references: References,
    /// SBOMs in files of this machine.
    files: Vec<String>,
    /// The advisories that packages of SBOMs are compared with.
    advisories: Option<Known>,
    keys: Option<KeyRule>,
    /// The files of the keys, by the fingerprints that reports name them by.
    key_files: Vec<(String, String)>,
    trusted: Trusted,
    platform: PlatformChoice,
    evidence_repository: Option<ImageName>,
    /// The GitHub API to ask for attestations, and the repository there.
    github: Option<(GitHubBase, String)>,
    github_token: Option<String>,
    limits: Limits,
    npm: Npm,
    /// Evidence in files that are given.
    given: Given,
    /// Whether the packages of SBOMs are to be listed.
    lists_packages: bool,
    /// What an image is judged by whose predicate is wanted.
    policy: Option<Policy>,
}

/// What was found, the packages of SBOMs, and what satisfies the policy, as far as these were asked for.
type Looked = (Inspection, Vec<ListedDocument>, Vec<Attested>);

/// Looks at the images, and writes their evidence or a suggested policy.
pub(super) fn run(args: &InspectArgs, all: &Args) -> Result<u8, Diagnostic> {
    files::limit_silence(args.transport.timeout);
    let targets = targets(args)?;
    let request = request(args, all.color)?;
    let code = inspect(args, &request, &targets, all)?;
    Ok(request.references.exit_code(code, all.color))
}

fn inspect(args: &InspectArgs, request: &Request, targets: &[Target], all: &Args) -> Result<u8, Diagnostic> {
    let is_one_image = request.references.len() == 1 && request.files.is_empty();
    if args.suggest_policy && !is_one_image {
        return Err(Diagnostic::usage("a policy is suggested for one image", "run it once for each"));
    }
    if args.predicate.is_some() && !is_one_image {
        return Err(Diagnostic::usage("a predicate is written of one image", "run it once for each"));
    }
    let references: Vec<&Reference> = request.references.iter().map(|(_, reference)| reference).collect();
    let logins = logins::logins(&args.login, &references)?;
    let registries = session::registries_with(&args.transport, Pace::default(), logins, args.cache.as_deref())?;
    let (inspection, documents, attested) = inspect_all(request, &registries)?;
    if args.predicate.is_some() {
        let (text, image) = (&request.references[0].0, &inspection.images[0]);
        let attested = attested.first().ok_or_else(|| unread(image.gaps.first()))?;
        return predicate::write(text, attested, all);
    }
    if args.suggest_policy {
        return suggest_policy(args, request, &inspection.images[0]);
    }
    let is_empty = documents.is_empty();
    if let Some(target) = &args.sbom {
        let listing = Listing { schema_version: SCHEMA_VERSION, tool: Tool::default(), documents };
        output::write_packages(&listing, target)?;
    }
    output::write_inspection(&inspection, targets)?;
    if !inspection.images.iter().all(|image| image.gaps.is_empty()) {
        return Ok(UNDECIDED);
    }
    if args.sbom.is_some() && is_empty {
        let hint = "`bonafide inspect` without `--sbom` shows the attached evidence, and why it does not verify";
        Warning::new("no SBOM that is attached verifies, so no package is listed", hint).print();
        return Ok(ABSENT);
    }
    Ok(0)
}

/// Where the inspection goes: nowhere without being asked, if standard output is for the packages.
fn targets(args: &InspectArgs) -> Result<Vec<Target>, Diagnostic> {
    let packages_to_stdout = args.sbom.as_ref().is_some_and(|target| target.file.is_none());
    match (packages_to_stdout, args.output.as_slice()) {
        (true, []) => Ok(Vec::new()),
        (true, wanted) if wanted.iter().any(|target| target.file.is_none()) => Err(output::two_reports()),
        (_, wanted) => output::targets(wanted),
    }
}

fn request(args: &InspectArgs, colour: Colour) -> Result<Request, Diagnostic> {
    let reach = Reach::of(&args.transport);
    let keys = terms::read_keys(&args.key)?;
    let fingerprints = keys.iter().map(|key| key.fingerprint().to_string());
    let key_files = fingerprints.zip(args.key.iter().cloned()).collect();
    let keys = if keys.is_empty() {
        None
    } else {
        // A log entry is shown here; `verify` is what requires it.
        Some(KeyRule::new(keys, LogRule::NotRequired)?)
    };
    let (files, images): (Vec<&String>, Vec<&String>) =
        args.references.iter().partition(|text| text.starts_with(SBOM_FILE));
    let images: Vec<String> = images.into_iter().cloned().collect();
    let references = references::read(&images, !args.login.password_stdin, colour)?;
    loose::refuse_without_file("--bundle", &args.bundle, references.iter().map(|(_, reference)| reference))?;
    let repository = args.repo.as_deref().map(owner_and_name).transpose()?.map(str::to_owned);
    Ok(Request {
        references,
        files: files.into_iter().map(|text| text[SBOM_FILE.len()..].to_owned()).collect(),
        advisories: advisories::read(&args.advisories)?,
        keys,
        key_files,
        trusted: roots::trusted(&args.trust, &reach, Timestamp::now())?,
        platform: session::choice(&args.platform),
        evidence_repository: args.transport.evidence_repository.clone(),
        github: args.transport.github_api.clone().zip(repository),
        github_token: session::github_token(&args.transport),
        limits: args.transport.limits(),
        npm: Npm::read(&args.transport)?,
        given: loose::read(&args.bundle, &[])?,
        lists_packages: args.sbom.is_some(),
        policy: predicate::policy(args)?,
    })
}

fn inspect_all(request: &Request, registries: &Rc<Registries>) -> Result<Looked, Diagnostic> {
    let started_at = Timestamp::now();
    let runtime = runtime::start()?;
    let github = request.github.as_ref().map(|(base, repository)| GitHubPlace {
        base,
        repository,
        token: request.github_token.as_deref(),
    });
    let run = InspectRun {
        registries,
        npm: (&request.npm.registry, request.npm.keys.rule()),
        given: &request.given,
        platforms: &request.platform,
        places: Places { evidence_repository: request.evidence_repository.as_ref(), github, alone: false },
        limits: &request.limits,
        means: Means {
            domains: &request.trusted.domains,
            keys: request.keys.as_ref(),
            advisories: request.advisories.as_ref().map(|known| &known.advisories),
            lists_packages: request.lists_packages,
            policy: request.policy.as_ref(),
        },
    };
    let inspected: Vec<Inspected> = with_inspector(&run, request.references.len(), |inspector| {
        runtime.block_on(inspector.inspect_all(&request.references).collect())
    });
    let (mut images, mut documents, mut attested) = (Vec::new(), Vec::new(), Vec::new());
    for one in inspected {
        images.push(one.image);
        documents.extend(one.documents);
        attested.extend(one.attested);
    }
    let mut network = registries.network_use();
    network.add(&request.trusted.network);
    let inspection = Inspection {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        started_at,
        trust: request.trusted.domains.iter().map(|domain| domain.report().clone()).collect(),
        advisories: request.advisories.as_ref().map(|known| known.report.clone()),
        images,
        files: request.files.iter().map(|file| inspect_file(file, request)).collect::<Result<_, _>>()?,
        environment: environment::used(
            &network,
            &registries.login_origins(),
            request.github_token.is_some(),
            request.trusted.has_cached_root,
        ),
        network: output::network(network),
    };
    Ok((inspection, documents, attested))
}

fn inspect_file(file: &str, request: &Request) -> Result<InspectedFile, Diagnostic> {
    let path = Path::new(file);
    let bytes = files::read_given(path, LONGEST_SBOM).map_err(|error| input::unreadable(path, error))?;
    let advisories = request.advisories.as_ref().map(|known| &known.advisories);
    let (sbom, known_vulnerabilities) = inspect_sbom(&bytes, advisories).map_err(|finding| no_sbom(path, &finding))?;
    let digest = Digest::of(Algorithm::Sha256, &bytes).to_string();
    Ok(InspectedFile { file: file.to_owned(), digest, sbom, known_vulnerabilities })
}

/// A file that is not an SBOM. Its text is escaped when it is shown.
fn no_sbom(path: &Path, finding: &Finding) -> Diagnostic {
    let found = finding.found.as_deref().map(|found| format!(": {found}")).unwrap_or_default();
    let expected = finding.expected.as_deref().unwrap_or("SPDX or CycloneDX JSON");
    let message = format!("`{}` cannot be inspected: {}{found}", path.display(), finding.message);
    Diagnostic::usage(message, format!("expected {expected}"))
}

/// What could not be read of an image.
fn unread(gap: Option<&GapReport>) -> Diagnostic {
    match gap {
        Some(gap) => {
            let message = format!("{} could not be read: {}", gap.what, gap.in_words());
            Diagnostic::undecided(message, gap.next.clone())
        }
        None => Diagnostic::without_hint("the image could not be read"),
    }
}

/// Writes the policy to standard output, and the open decisions to standard error too.
fn suggest_policy(args: &InspectArgs, request: &Request, image: &InspectedImage) -> Result<u8, Diagnostic> {
    // Evidence that could not be read may be the evidence that the policy should require.
    if let Some(gap) = image.gaps.first() {
        return Err(unread(Some(gap)));
    }
    let (text, reference) = &request.references[0];
    let name = policies::name(reference, args.judged_as.as_ref(), args.transport.plain_http)?;
    let suggestion =
        suggest(&name, image, &request.key_files).map_err(|open| nothing_to_suggest(text, image, &open))?;
    for line in &suggestion.open {
        streams::to_stderr(&format!("to decide: {}\n", terminal(line)));
    }
    print(suggestion.text.as_bytes())
}

/// An image from which no policy can be suggested.
fn nothing_to_suggest(text: &str, image: &InspectedImage, open: &[String]) -> Diagnostic {
    if image.candidates.iter().any(|one| one.accepted) {
        let lines: Vec<String> = open.iter().map(|line| format!("to decide: {line}")).collect();
        let message = format!("no one signer signed `{text}` for every platform, or several did");
        let hint = "sign the index with one signer, or write a policy with the signers of each requirement";
        return Diagnostic::absent(message, hint).with_body(lines.join("\n"));
    }
    let failed = image.candidates.iter().filter(|one| !one.accepted && !is_beside_the_point(one.kind));
    let reasons: Vec<&str> = failed.filter_map(|one| one.reason.as_deref()).collect();
    match reasons.first() {
        Some(reason) => Diagnostic::absent(
            format!("of {} attached to `{text}` none verifies: {reason}", reasons.len()),
            "if another Sigstore instance signed it, give its root with `--trusted-root` or `--trust`",
        ),
        None => Diagnostic::absent(
            format!("nothing signed is attached to `{text}`"),
            "sign it first: `cosign sign IMAGE@DIGEST`",
        ),
    }
}

/// An attachment that was never meant as evidence.
fn is_beside_the_point(kind: CandidateKind) -> bool {
    matches!(kind, CandidateKind::Unsigned | CandidateKind::Ignored | CandidateKind::Of(AttestationKind::Attestation))
}
