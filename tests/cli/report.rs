//! The JSON report, field by field.

use serde_json::Value;

pub(crate) const KINDS: [&str; 3] = ["signature", "provenance", "sbom"];

/// Asserts that exit code, text and JSON report tell one story.
#[track_caller]
pub(crate) fn assert_agreement(exit: i32, text: &str, report: &Value) {
    assert_eq!(report["schemaVersion"], 1);
    assert_eq!(report["tool"]["name"], "bonafide");
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(exit, exit_code(word(&report["verdict"])), "exit code and verdict\n{text}");
    let images = list(&report["images"]);
    for image in images {
        let reference = word(&image["reference"]);
        let head = format!("{}  ", word(&image["verdict"]));
        let digest = image["digest"].as_str().map(|digest| format!(" @ {digest}")).unwrap_or_default();
        let is_head = |line: &str| line.starts_with(&head) && line.ends_with(&digest);
        assert!(text.lines().any(is_head), "{reference}: no line begins with `{head}`\n{text}");
        let is_verified = image["verdict"] == "verified";
        assert_eq!(image["reason"].is_null(), is_verified, "{reference}: {}", image["reason"]);
    }
    let in_json = |is_it: &dyn Fn(&Value) -> bool| {
        images.iter().flat_map(|image| list(&image["candidates"])).filter(|candidate| is_it(candidate)).count()
    };
    let lines = |state: &str| text.lines().filter(|line| is_candidate(line) && line.contains(state)).count();
    assert_eq!(lines(""), in_json(&|_| true), "candidates\n{text}");
    assert_eq!(lines(" accepted  "), in_json(&|one| one["accepted"] == true), "accepted candidates\n{text}");
    for kind in KINDS {
        for verdict in ["verified", "rejected", "undecided", "absent"] {
            let lines = text.lines().filter(|line| is_requirement(line, kind, verdict)).count();
            // An image that could not be read has no requirement worth a line.
            let resolved = images.iter().filter(|image| !image["digest"].is_null());
            let found = resolved.flat_map(|image| list(&image["requirements"]));
            let found = found.filter(|one| one["kind"] == kind && one["verdict"] == verdict).count();
            assert_eq!(lines, found, "requirements {kind} {verdict}\n{text}");
        }
    }
}

/// The name of a requirement begins with its kind, and names the rule where there are several.
fn is_requirement(line: &str, kind: &str, verdict: &str) -> bool {
    let line = line.split_once(", and does not count until ").map_or(line, |(before, _)| before);
    line == format!("  {kind:<11} {verdict}")
        || line.starts_with(&format!("  {kind} of ")) && line.ends_with(&format!(" {verdict}"))
}

fn is_candidate(line: &str) -> bool {
    let id = line.strip_prefix("    c").and_then(|rest| rest.split(' ').next());
    id.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The contract of the command line.
pub(crate) fn exit_code(verdict: &str) -> i32 {
    match verdict {
        "verified" => 0,
        "rejected" => 1,
        "undecided" => 3,
        "absent" => 4,
        other => panic!("`{other}` is no verdict"),
    }
}

#[track_caller]
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

#[track_caller]
pub(crate) fn word(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The requirement of this kind.
#[track_caller]
pub(crate) fn requirement<'a>(image: &'a Value, kind: &str) -> &'a Value {
    let found = list(&image["requirements"]).iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("{kind} is required"))
}

/// The verdicts of signature, provenance and SBOM; `-` where it is not required.
pub(crate) fn verdicts(image: &Value) -> [&str; 3] {
    KINDS.map(|kind| {
        let found = list(&image["requirements"]).iter().find(|one| one["kind"] == kind);
        found.map_or("-", |one| word(&one["verdict"]))
    })
}

/// Kind, origin and state of every candidate, sorted, as their order is that of digests.
pub(crate) fn candidates(image: &Value) -> Vec<(&str, &str, bool)> {
    let one = |candidate: &'_ Value| candidate["accepted"].as_bool().expect("a state");
    let all = list(&image["candidates"]);
    let mut found: Vec<_> =
        all.iter().map(|each| (word(&each["kind"]), word(&each["origin"]["kind"]), one(each))).collect();
    found.sort_unstable();
    found
}

/// The candidate of this kind, when there is one of it.
#[track_caller]
pub(crate) fn candidate<'a>(image: &'a Value, kind: &str) -> &'a Value {
    let found: Vec<_> = list(&image["candidates"]).iter().filter(|one| one["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "one candidate of kind {kind}: {:?}", candidates(image));
    found[0]
}

/// The findings of a requirement or an image that were made by this check.
#[track_caller]
pub(crate) fn findings<'a>(place: &'a Value, check: &str) -> Vec<&'a Value> {
    list(&place["findings"]).iter().filter(|finding| finding["check"] == check).collect()
}

/// The first of them, which must be there.
#[track_caller]
pub(crate) fn finding<'a>(place: &'a Value, check: &str) -> &'a Value {
    let found = findings(place, check);
    found.first().unwrap_or_else(|| panic!("a finding of {check} in {:#}", place["findings"]))
}

/// The reasons of all gaps, in their order.
pub(crate) fn gap_reasons(image: &Value) -> Vec<&str> {
    list(&image["gaps"]).iter().map(|gap| word(&gap["reason"])).collect()
}
