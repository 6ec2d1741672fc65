//! One rule of a policy file: images, signers, requirements, and exceptions with their end dates.

use std::fmt::Write as _;

use crate::policy::exception::Exception;
use crate::policy::signer::Signers;
use crate::policy::text::TextRule;
use crate::policy::{Asked, LogEvidence, Requirement};

use super::ending::Ending;
use super::fields::{Fields, each, guess, items, optional, or_default, pattern, text};
use super::problem::{Place, Problems};
use super::signers::{self, ReadFile};
use super::yaml::{Node, Value};

const RULE: [&str; 7] = ["match", "name", "trust", "log", "signers", "require", "exceptions"];
const REQUIREMENT: [&str; 2] = ["signers", "log"];
const EXCEPTION: [&str; 4] = ["require", "match", "until", "because"];
/// Embedded instances; anything else in `trust` is a file.
const INSTANCES: [&str; 3] = ["public-good", "github", "staging"];

/// Whether a trust domain is an embedded instance and no file.
pub(crate) fn is_instance(name: &str) -> bool {
    INSTANCES.contains(&name)
}

/// A rule, proved: it names images, requires something of them, and says who must have signed it.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What reports call it.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    pub(crate) images: Vec<TextRule>,
    pub(crate) trust: Option<Vec<String>>,
    pub(crate) requirements: Vec<RequiredBy>,
    pub(crate) exceptions: Vec<RuleException>,
}

/// One requirement of a rule.
#[derive(Debug, Clone)]
pub(crate) struct RequiredBy {
    pub(crate) asked: Asked,
    pub(crate) signers: Signers,
    pub(crate) log: LogEvidence,
}

/// An exception of a rule.
#[derive(Debug, Clone)]
pub(crate) struct RuleException {
    pub(crate) requirement: Requirement,
    /// The images that it is about; all of the rule without any.
    pub(crate) images: Vec<TextRule>,
    pub(crate) exception: Exception,
    pub(crate) place: Place,
}

impl Rule {
    /// Whether it is about an image or a package of this name.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        self.images.iter().any(|image| matches(image, name))
    }

    /// Returns the images that it is about, as written.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        self.images.iter().map(TextRule::as_str)
    }

    /// Returns the exception that it makes of a requirement for an image.
    pub(crate) fn exception(&self, requirement: Requirement, name: &str) -> Option<&Exception> {
        let is_about = |exception: &&RuleException| {
            exception.requirement == requirement
                && (exception.images.is_empty() || exception.images.iter().any(|image| matches(image, name)))
        };
        self.exceptions.iter().find(is_about).map(|exception| &exception.exception)
    }
}

/// How the names of packages begin: package URLs of npm.
const PACKAGE: &str = "pkg:npm/";

/// How the names of files begin.
const FILE: &str = "file:";

/// Whether a pattern is about this name. A rule for everything was written for images: packages and files are only reached by patterns
/// that say so.
fn matches(pattern: &TextRule, name: &str) -> bool {
    let kind = |text: &str| [PACKAGE, FILE].iter().position(|prefix| text.starts_with(prefix));
    kind(pattern.as_str()) == kind(name) && pattern.matches(name)
}

/// Reads one rule. Every problem in it is found, not only the first.
pub(crate) fn read(node: &Node, files: ReadFile<'_>, problems: &mut Problems) -> Option<Rule> {
    let fields = Fields::of(node, "a rule", &RULE, problems)?;
    let images = fields
        .required("match", "add `match: REGISTRY/REPOSITORY`, with `*` or `**` for several", problems)
        .and_then(|node| images(node, problems));
    let trust = optional(fields.get("trust"), |node| self::trust(node, problems));
    let log = log(&fields, LogEvidence::PromiseOrProof, problems);
    let all = fields.get("signers").map(|node| signers::read(node, files, problems));
    let all = if fields.likely_means("signers") { all.or(Some(None)) } else { all };
    let requirements = fields
        .required("require", "add `require: [signature, provenance, sbom]`, or a part of it", problems)
        .and_then(|node| requirements(node, Common { signers: all.as_ref(), log: log? }, files, problems));
    let exceptions = or_default(fields.get("exceptions"), |node| exceptions(node, problems));
    let name = match fields.get("name") {
        Some(_) => fields.text("name", problems),
        None => images.as_ref().and_then(|images| images.first()).map(|image| image.as_str().to_owned()),
    };
    Some(Rule {
        name: name?,
        place: fields.first_place(),
        images: images?,
        trust: trust?,
        requirements: requirements?,
        exceptions: exceptions?,
    })
}

fn images(node: &Node, problems: &mut Problems) -> Option<Vec<TextRule>> {
    each(node, "images", problems, image)
}

/// A pattern for the names of images, without tag or digest. One that no name can ever match is a problem: a rule that nothing
/// reaches protects nothing.
fn image(node: &Node, problems: &mut Problems) -> Option<TextRule> {
    let written = text(node, problems)?;
    if let Some((message, hint)) = unreachable(&written) {
        problems.add(node.place, message, hint);
        return None;
    }
    pattern(TextRule::glob(&written), node, problems)
}

/// Why a pattern matches no name that an image can have, and what to write.
pub(crate) fn unreachable(written: &str) -> Option<(String, String)> {
    if let Some(package) = written.strip_prefix(PACKAGE) {
        return unreachable_package(written, package);
    }
    if let Some(file) = written.strip_prefix(FILE) {
        return unreachable_file(written, file);
    }
    if written == "**" || written.starts_with("oci:") || written.starts_with("oci-archive:") {
        return None;
    }
    if written == "*" {
        let message = "`*` matches no image: one asterisk stays inside a path segment".to_owned();
        return Some((message, "write \"**\" for every image".to_owned()));
    }
    if let Some((_, rest)) = written.split_once("://") {
        return Some((format!("`{written}` matches no image: names have no scheme"), format!("write {rest}")));
    }
    let last = written.rsplit('/').next().unwrap_or(written);
    if written.contains('@') || (written.contains('/') && last.contains(':')) {
        let name = written.split('@').next().unwrap_or(written);
        let name = if name.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            name.rsplit_once(':').map_or(name, |(name, _)| name)
        } else {
            name
        };
        let hint = format!("write {name}: a rule is about a name, for all its tags");
        return Some((format!("`{written}` matches no image: names have no tag and no digest"), hint));
    }
    let Some((registry, repository)) = written.split_once('/') else {
        if written.contains(['.', ':']) || written == "localhost" {
            let hint = format!("write {written}/** for everything in it");
            return Some((format!("`{written}` matches no image: it names a registry alone"), hint));
        }
        let hint = format!("write the registry too, such as docker.io/library/{written}");
        return Some((format!("`{written}` matches no image: it names no registry"), hint));
    };
    if !registry.contains(['.', ':', '*']) && registry != "localhost" {
        let hint = format!("write the registry too, such as docker.io/{written}");
        return Some((format!("`{written}` matches no image: `{registry}` is not a registry"), hint));
    }
    if registry.contains(|c: char| c.is_ascii_uppercase()) {
        let hint = format!("write {}/{repository}", registry.to_lowercase());
        return Some((format!("`{written}` matches no image: registries are written in lower case"), hint));
    }
    if repository.split('/').any(str::is_empty) {
        let hint = match written.trim_end_matches('/') {
            whole if whole.contains("//") => "write one slash between two names".to_owned(),
            whole => format!("write {whole}/** for everything below it, or {whole} for the image itself"),
        };
        return Some((format!("`{written}` matches no image: a name is missing beside a slash"), hint));
    }
    if registry == "docker.io" && !repository.contains('/') && !repository.contains("**") {
        return Some((
            format!("`{written}` matches no image: official images lie in `library`"),
            format!("write docker.io/library/{repository}"),
        ));
    }
    if registry == "index.docker.io" || registry == "registry-1.docker.io" {
        return Some((
            format!("`{written}` matches no image: that registry is called docker.io"),
            format!("write docker.io/{repository}"),
        ));
    }
    let wrong = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/*".contains(c));
    if let Some(character) = repository.chars().find(|c| wrong(*c)) {
        let mut hint = String::from("repositories have lower-case letters, digits and `.`, `_`, `-`, `/`");
        if !character.is_ascii_uppercase() {
            hint.push_str(
                "; in patterns `*` stays inside a path segment and `**` crosses, and no variable is replaced",
            );
        }
        if character.is_ascii_uppercase() {
            let _ = write!(hint, ": write {registry}/{}", repository.to_lowercase());
        }
        return Some((format!("`{written}` matches no image: a repository's name cannot contain `{character}`"), hint));
    }
    None
}

/// The same for a pattern of packages: `pkg:npm/NAME` or `pkg:npm/%40SCOPE/NAME`, without a version.
fn unreachable_package(written: &str, package: &str) -> Option<(String, String)> {
    if let Some(scoped) = package.strip_prefix('@') {
        let message = format!("`{written}` matches no package: a package URL has the `@` of a scope as %40");
        return Some((message, format!("write {PACKAGE}%40{scoped}")));
    }
    if let Some((name, _)) = package.split_once('@') {
        let message = format!("`{written}` matches no package: names have no version here");
        return Some((message, format!("write {PACKAGE}{name}: a rule is about a name, for all its versions")));
    }
    let name = package.strip_prefix("%40").unwrap_or(package);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.~*/".contains(c);
    if name.split('/').any(str::is_empty) || !name.chars().all(is_part) {
        let message = format!("`{written}` matches no package");
        return Some((
            message,
            format!("write {PACKAGE}NAME, {PACKAGE}%40SCOPE/NAME, {PACKAGE}%40SCOPE/* or {PACKAGE}**"),
        ));
    }
    None
}

/// The same for a pattern of files: `file:NAME`, without a folder.
fn unreachable_file(written: &str, file: &str) -> Option<(String, String)> {
    let name = file.rsplit('/').next().unwrap_or_default();
    if file == name && !name.is_empty() {
        return None;
    }
    let message = match name {
        _ if file == name => format!("`{written}` names no file"),
        _ => format!("`{written}` matches no file: names have no folder here"),
    };
    let hint = match name {
        "" | "*" | "**" => format!("write {FILE}NAME, or {FILE}* for every file"),
        name => format!("write {FILE}{name}: a rule matches the name of a file without its folder"),
    };
    Some((message, hint))
}

/// `trust`: embedded instances by name, and trusted roots by file.
pub(crate) fn trust(node: &Node, problems: &mut Problems) -> Option<Vec<String>> {
    each(node, "trust domains", problems, |item, problems| {
        let written = text(item, problems)?;
        if !is_instance(&written) && !written.contains(['/', '.']) {
            let hint = format!("{}; a file has a `/` or an ending: ./{written}", guess(&written, &INSTANCES));
            problems.add(item.place, format!("`{written}` is not a trust domain"), hint);
            return None;
        }
        Some(written)
    })
}

fn log(fields: &Fields<'_>, default: LogEvidence, problems: &mut Problems) -> Option<LogEvidence> {
    let Some(node) = fields.get("log") else { return Some(default) };
    match text(node, problems)?.as_str() {
        "promise" => Some(LogEvidence::PromiseOrProof),
        "proof" => Some(LogEvidence::Proof),
        other => {
            problems.add(
                node.place,
                format!("`{other}` is not a setting for the log"),
                guess(other, &["promise", "proof"]),
            );
            None
        }
    }
}

/// What holds for every requirement of a rule that does not say otherwise.
#[derive(Clone, Copy)]
struct Common<'a> {
    /// The outer `None`: the rule has no `signers`. The inner one: they cannot be read.
    signers: Option<&'a Option<Signers>>,
    log: LogEvidence,
}

/// A name in `require`, and the settings behind it.
#[derive(Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    place: Place,
    settings: Option<&'a Node>,
}

/// `require`: a list of names, or a map from each name to its settings.
fn requirements(
    node: &Node,
    common: Common<'_>,
    files: ReadFile<'_>,
    problems: &mut Problems,
) -> Option<Vec<RequiredBy>> {
    let named: Vec<(String, Place, Option<&Node>)> = match &node.value {
        Value::List(listed) if listed.is_empty() => Vec::new(),
        Value::Null => Vec::new(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.name.clone(), key.place, Some(value))).collect(),
        _ => items(node, "requirements", problems)
            .iter()
            .map(|item| Some((text(item, problems)?, item.place, None)))
            .collect::<Option<_>>()?,
    };
    if named.is_empty() {
        problems.add(
            node.place,
            "nothing is required",
            "an empty policy is never a pass: require at least `signature`",
        );
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut read = Vec::new();
    for (name, place, special) in &named {
        if seen.contains(&name.as_str()) {
            problems.add(*place, format!("`{name}` is required twice"), "remove one of the two");
        }
        seen.push(name);
        let named = Named { name, place: *place, settings: *special };
        read.push(required(named, common, files, problems));
    }
    let read: Option<Vec<Vec<RequiredBy>>> = read.into_iter().collect();
    read.map(|read| read.into_iter().flatten().collect()).filter(|read: &Vec<RequiredBy>| !read.is_empty())
}

/// What one name in `require` asks for: one thing, or as many attestations as are listed.
fn required(
    named: Named<'_>,
    common: Common<'_>,
    files: ReadFile<'_>,
    problems: &mut Problems,
) -> Option<Vec<RequiredBy>> {
    let requirement = requirement(named.name, named.place, problems)?;
    // `signature:` with nothing behind it says as much as `signature: {}`.
    let settings = named.settings.filter(|node| !matches!(node.value, Value::Null));
    let named = Named { settings, ..named };
    let Some(node) = settings.filter(|_| requirement.may_be_several()) else {
        return Some(vec![required_once(requirement, named, common, files, problems)?]);
    };
    let listed = items(node, "attestations", problems);
    let read: Vec<Option<RequiredBy>> = listed
        .iter()
        .map(|item| required_once(requirement, Named { settings: Some(item), ..named }, common, files, problems))
        .collect();
    let read: Vec<RequiredBy> = read.into_iter().collect::<Option<_>>()?;
    refuse_names_twice(listed, &read.iter().map(|one| one.asked.id()).collect::<Vec<_>>(), problems);
    Some(read)
}

/// Reports name attestations by their names or types, so no two of a rule have the same.
fn refuse_names_twice(listed: &[Node], ids: &[String], problems: &mut Problems) {
    for (position, (node, id)) in listed.iter().zip(ids).enumerate() {
        if ids[..position].contains(id) {
            let hint = "write what both must say as one, or give them different names: `name: …`";
            problems.add(node.place, format!("two requirements are called `{id}`"), hint);
        }
    }
}

fn required_once(
    requirement: Requirement,
    Named { name, place, settings }: Named<'_>,
    common: Common<'_>,
    files: ReadFile<'_>,
    problems: &mut Problems,
) -> Option<RequiredBy> {
    let (own, log, asked) = match settings {
        None => (None, Some(common.log), plain(requirement, place, problems)),
        Some(node) => {
            if !matches!(node.value, Value::Map(_)) {
                let message = format!("a requirement has fields or nothing, and this is {}", node.value.kind());
                problems.add(
                    node.place,
                    message,
                    format!("write `{name}: {{}}`, or remove the line if it is not required"),
                );
                return None;
            }
            let fields = Fields::of(node, "a requirement", &keys(requirement), problems)?;
            let own = fields.get("signers").map(|node| signers::read(node, files, problems));
            (own, log(&fields, common.log, problems), Asked::read(requirement, &fields, files, problems))
        }
    };
    let signers = match (own, common.signers) {
        (Some(own), _) => own,
        (None, Some(common)) => common.clone(),
        (None, None) => {
            let hint = "add `signers` to the rule, or to this requirement";
            let message = format!("`{name}` has no signers: anyone with an account could have signed it");
            problems.add(place, message, hint);
            None
        }
    };
    Some(RequiredBy { asked: asked?, signers: signers?, log: log? })
}

/// The keys that a requirement may have.
fn keys(requirement: Requirement) -> Vec<&'static str> {
    REQUIREMENT.into_iter().chain(requirement.keys().iter().map(|key| key.name)).collect()
}

/// A requirement without settings, if it has a meaning without them.
fn plain(requirement: Requirement, place: Place, problems: &mut Problems) -> Option<Asked> {
    let plain = Asked::named(requirement);
    plain.map_err(|alone| problems.add(place, format!("`{requirement}` says nothing alone"), alone.in_file)).ok()
}

fn requirement(name: &str, place: Place, problems: &mut Problems) -> Option<Requirement> {
    let found = Requirement::ALL.iter().copied().find(|requirement| requirement.as_str() == name);
    if found.is_none() {
        let known: Vec<&str> = Requirement::ALL.iter().map(|requirement| requirement.as_str()).collect();
        problems.add(place, format!("`{name}` is not a requirement"), guess(name, &known));
    }
    found
}

fn exceptions(node: &Node, problems: &mut Problems) -> Option<Vec<RuleException>> {
    each(node, "exceptions", problems, exception)
}

fn exception(node: &Node, problems: &mut Problems) -> Option<RuleException> {
    let fields = Fields::of(node, "an exception", &EXCEPTION, problems)?;
    let required = fields.required("require", "say which requirement does not count: `require: sbom`", problems);
    let requirement = required.and_then(|node| Some((text(node, problems)?, node.place)));
    let requirement = requirement.and_then(|(name, place)| self::requirement(&name, place, problems));
    let ending = Ending::OF_EXCEPTION.read(&fields, problems);
    let images = or_default(fields.get("match"), |node| images(node, problems));
    Some(RuleException { requirement: requirement?, images: images?, exception: ending?, place: node.place })
}
