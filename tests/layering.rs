//! The architecture of the crate's documentation, kept by a test: which module may name which, and what the pure modules never name.

#[path = "layering/circles.rs"]
mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and the modules it may name. `json` and `oci` are at the bottom, `cli` at the top; nothing points back.
const MODULES: [(&str, &[&str]); 22] = [
    ("json", &[]),
    ("time_limit", &[]),
    ("oci", &["json"]),
    ("evidence", &["json", "oci"]),
    (NAMING, &[]),
    // Reports name why evidence could not be read.
    ("check", &["evidence", NAMING, SHOWING]),
    (SHOWING, &["check", NAMING]),
    ("packages", &["json"]),
    ("compare", &["json", "check", "packages", NAMING]),
    ("policy", &["json", "oci", "check", "packages", "time_limit", ASKING]),
    (ASKING, &["oci", "check", "packages", "policy", "time_limit", NAMING]),
    ("policy_tools", &["check", "policy", NAMING]),
    // The names of images in files: YAML is read as that of policies is.
    ("from", &["json", "oci", "policy"]),
    ("trust", &["json", "oci"]),
    (
        "verify",
        &[
            "json",
            "oci",
            "evidence",
            "check",
            "packages",
            "policy",
            "trust",
            "time_limit",
            NAMING,
            SHOWING,
            ASKING,
            JUDGING,
        ],
    ),
    (
        JUDGING,
        &["json", "oci", "evidence", "check", "packages", "policy", "time_limit", NAMING, SHOWING, ASKING, "verify"],
    ),
    // The name of an image in a layout is taken apart by the grammar that it was read by.
    ("render", &["check", "oci"]),
    ("secrets", &[]),
    ("collect", &["json", "oci", "evidence", "secrets"]),
    // Keeps trusted roots current: apart from `trust`, which is pure, and from `collect`, which knows of no trust.
    ("tuf", &["json", "oci", "trust", "collect"]),
    ("run", &["compare", "oci", "check", "evidence", "packages", "policy", "verify", "collect", "time_limit"]),
    (
        "cli",
        &[
            "json",
            "time_limit",
            "oci",
            "evidence",
            "check",
            "compare",
            "packages",
            "policy",
            "policy_tools",
            "from",
            NAMING,
            ASKING,
            "trust",
            "verify",
            "render",
            "secrets",
            "collect",
            "tuf",
            "run",
        ],
    ),
];

/// Each kind of attestation is one folder, whose files are of several layers. None knows of those below it in this list.
const NAMING: &str = "attestation (its predicate types)";
const SHOWING: &str = "attestation (what a report says)";
const ASKING: &str = "attestation (what a policy may ask)";
const JUDGING: &str = "attestation (how it is judged)";
/// The files of each layer but the last, which is that of all other files.
const LAYERS: [(&str, &str); 8] = [
    ("types", NAMING),
    ("texts", NAMING),
    ("checks", SHOWING),
    ("section", SHOWING),
    ("rules", ASKING),
    ("keys", ASKING),
    ("lint", ASKING),
    ("listed", ASKING),
];

/// What JSON from outside is never read with: only `json` reads a struct from an object alone (A291). The attributes make serde
/// buffer a value and read it again without that.
const READERS: [&str; 7] = [
    "serde_json::from_",
    "serde_json::Deserializer",
    "serde_json::StreamDeserializer",
    "serde(untagged",
    "serde(flatten",
    "serde(tag",
    "serde(content",
];

const IMPURE: [&str; 4] = ["collect", "run", "tuf", "cli"];

/// What a pure module never names: runtimes, HTTP, sockets, files, the environment, clocks, randomness, events.
const FORBIDDEN: [&str; 16] = [
    "tokio",
    "reqwest",
    "std::fs",
    "std::env",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "getrandom",
    "tracing::",
];

/// What only one place may name: the Sigstore verifier; the decoders of certificates and timestamps, before which the limits on
/// DER from outside are checked; the streams of the program, before which secrets are taken out (A315).
const RESERVED: [(&str, &str); 6] = [
    ("stdout().lock()", "cli/streams.rs"),
    ("stderr().lock()", "cli/streams.rs"),
    ("println!", "cli/streams.rs"),
    ("sigstore_verify", "verify/bundle/"),
    ("Certificate::from_der", "verify/untrusted_der.rs"),
    ("ContentInfo::from_der", "verify/untrusted_der.rs"),
];

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the crate") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// What decides by the words of a message. Reasons, kinds and states are enums from where they arise to where they are shown.
const BY_WORDS: [&str; 15] = [
    ".to_string().contains(",
    ".to_string().starts_with(",
    ".to_string().ends_with(",
    ".message.contains(",
    ".message.starts_with(",
    ".message.ends_with(",
    ".detail.contains(",
    ".detail.starts_with(",
    ".message == \"",
    ".reason == \"",
    ".state() == \"",
    ".evidence == \"",
    ".identity_kind == \"",
    "split(\"; \")",
    "split_once(\"; \")",
];

/// The YAML parser has no kinds for some of its errors: only which hint is shown depends on the words. Licences are named by texts.
const READS_WORDS: [&str; 3] =
    ["policy/document/yaml.rs", "attestation/sbom/judge/licenses.rs", "cli/foreign/translate.rs"];

/// The files that decide something by the words of a message, tests apart.
fn by_words(sources: &BTreeMap<String, String>) -> Vec<String> {
    let is_test = |file: &str| file.ends_with("tests.rs") || file.contains("/tests/");
    let files = sources.iter().filter(|(file, _)| !is_test(file) && !READS_WORDS.contains(&file.as_str()));
    let found = files.flat_map(|(file, code)| {
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        let words = BY_WORDS.iter().filter(move |word| code.contains(**word));
        words.map(move |word| format!("{file} decides by words: `{word}`"))
    });
    found.collect()
}

#[test]
fn nothing_is_decided_by_the_words_of_a_message() {
    assert_eq!(by_words(&sources()), Vec::<String>::new());
    let found = |file: &str, code: &str| by_words(&BTreeMap::from([(file.to_owned(), code.to_owned())])).len();
    assert_eq!(found("verify/chain.rs", "error.to_string().contains(\"CertExpired\")"), 1);
    assert_eq!(found("verify/chain.rs", "#[cfg(test)]\nerror.to_string().contains(\"CertExpired\")"), 0);
}

/// Every source file by its path below `src`, without comments.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    source_files(&root)
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file");
            let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
            (name, code.join("\n"))
        })
        .collect()
}

/// The module that a file is in: its folder, or its name for a module of one file. A kind of attestation is in several.
fn module_of(file: &str) -> &str {
    module(file.split('/').map(|name| name.trim_end_matches(".rs")))
}

/// The module of a path below the crate.
fn module<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    match names.next().unwrap_or_default() {
        "attestation" => layer_of_kind(names),
        other => other,
    }
}

/// The layer of a file below `attestation`, or of what a path names there: by its own name, or in the folder of a kind.
fn layer_of_kind<'a>(names: impl Iterator<Item = &'a str>) -> &'static str {
    let layer = |name: &str| LAYERS.iter().find(|(file, _)| *file == name).map(|(_, layer)| *layer);
    names.take(2).find_map(layer).unwrap_or(JUDGING)
}

fn complaints(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut complaints = Vec::new();
    let named = circles::named(sources);
    for (file, code) in sources {
        let Some((name, allowed)) = MODULES.iter().find(|(name, _)| *name == module_of(file)) else { continue };
        for path in &named[file.as_str()] {
            let other = module(path.iter().map(String::as_str));
            let is_module = MODULES.iter().any(|(module, _)| *module == other);
            if is_module && other != *name && !allowed.contains(&other) {
                complaints.push(format!("{file} names `{}`, and so {other}, which {name} may not", path.join("::")));
            }
        }
        if !IMPURE.contains(name) {
            complaints.extend(
                FORBIDDEN.iter().filter(|word| code.contains(**word)).map(|word| format!("{file} names `{word}`")),
            );
        }
        if *name != "json" {
            let reads = code.contains("Deserialize");
            let read = READERS.iter().filter(|word| code.contains(**word) && (reads || !word.starts_with("serde(")));
            complaints.extend(read.map(|word| format!("{file} reads JSON with `{word}`, not by `json`")));
        }
        let elsewhere = RESERVED.iter().filter(|(word, place)| code.contains(word) && !file.starts_with(place));
        complaints.extend(elsewhere.map(|(word, place)| format!("{file} names `{word}`, which only {place} may")));
    }
    complaints
}

#[test]
fn arrows_never_point_back_and_pure_modules_stay_pure() {
    assert_eq!(complaints(&sources()), Vec::<String>::new());
}

#[test]
fn every_source_file_is_in_a_module_that_has_rules() {
    for file in sources().keys() {
        let known =
            MODULES.iter().any(|(name, _)| *name == module_of(file)) || matches!(file.as_str(), "lib.rs" | "main.rs");
        assert!(known, "{file} is in no module of tests/layering.rs");
    }
}

#[test]
fn what_prints_errors_knows_none_of_them() {
    let sources = sources();
    let named = circles::named(&sources);
    let modules = named["cli/diagnostics.rs"].iter().map(|path| module(path.iter().map(String::as_str)));
    let others: BTreeSet<&str> = modules.filter(|module| *module != "cli").collect();
    assert_eq!(others, BTreeSet::from(["render"]));
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let found: Vec<String> = circles::circles(&sources()).into_iter().flat_map(|circle| circle.edges).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_check_itself_can_fail() {
    let broken = |file: &str, code: &str| complaints(&BTreeMap::from([(file.to_owned(), code.to_owned())])).len();
    assert_eq!(broken("oci/digest.rs", "use crate::verify::verify;"), 1);
    assert_eq!(broken("check/mod.rs", "use crate::{json, oci::Digest};"), 2);
    assert_eq!(broken("verify/mod.rs", "let now = Timestamp::now();"), 1);
    assert_eq!(broken("verify/candidate.rs", "use sigstore_verify::Verifier;"), 1);
    assert_eq!(broken("verify/candidate.rs", "Certificate::from_der(der)"), 1);
    assert_eq!(broken("attestation/scan/rules.rs", "use crate::verify::predicate::Question;"), 1);
    assert_eq!(broken("attestation/scan/keys.rs", "use crate::attestation::scan::model::Scan;"), 1);
    assert_eq!(broken("attestation/scan/model.rs", "use crate::attestation::scan::rules::Ignored;"), 0);
    assert_eq!(broken("attestation/scan/types.rs", "use super::model::is_scan;"), 1);
    assert_eq!(broken("policy/mod.rs", "use crate::attestation::scan::Scan;"), 1);
    assert_eq!(broken("policy/mod.rs", "use crate::{attestation::{scan::{Scan, rules::Ignored}}};"), 1);
    assert_eq!(broken("attestation/section.rs", "use crate::policy::Policy;"), 1);
    assert_eq!(broken("check/report.rs", "use crate::attestation::scan::section::ScannerReport;"), 0);
    assert_eq!(broken("check/report.rs", "use crate::attestation::scan::rules::Ignored;"), 1);
    assert_eq!(broken("collect/mod.rs", "use crate::cli::run;"), 1);
    assert_eq!(broken("collect/mod.rs", "use tokio::time::sleep;"), 0);
    assert_eq!(broken("attestation/vex/openvex.rs", "serde_json::from_str(text)"), 1);
    assert_eq!(broken("cli/mod.rs", "#[derive(Deserialize)] #[serde(untagged)]"), 1);
    assert_eq!(broken("cli/mod.rs", "#[derive(Serialize)] #[serde(untagged)]"), 0);
    assert_eq!(broken("json/shapes.rs", "serde_json::from_str(text)"), 0);
}
