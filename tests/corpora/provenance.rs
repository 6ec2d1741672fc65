//! What published provenances say, beside the same fields taken out of the payload by JSON pointers, and what came of the
//! comparison with the certificate.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bonafide::check::CandidateReport;
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, inspect};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The checks that compare with the certificate, in the order of reports, with `+` for a pass and `-` for a skip.
type Checks = [&'static str];

const ALL: &Checks =
    &["+format", "+builder", "+source", "+ref", "+commit", "+workflow", "+run", "+event", "+runner", "+repository-id"];

#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn fields_and_comparisons_of_published_images() {
    let corpora = crate::folder();
    let images = corpora.join("images");
    let before_2023: &Checks =
        &["+format", "+builder", "+source", "+ref", "+commit", "-workflow", "-run", "+event", "-repository-id"];
    let since: &Checks = &[
        "+format",
        "+builder",
        "+source",
        "+ref",
        "+commit",
        "+workflow",
        "+run",
        "+event",
        "-runner",
        "+repository-id",
    ];
    for (version, checks) in [("v1.4.0", before_2023), ("v1.7.0", since), ("v1.10.0", since)] {
        for layout in [format!("slsa-generator/{version}"), format!("referrers/slsa-{version}")] {
            compare(&images.join(layout), None, generator, checks);
        }
    }
    for name in ["829dd06d", "2fdc0c88"] {
        let root = images.join("tekton-chains").join(name).join("trusted_root.json");
        for layout in [format!("tekton-chains/{name}/layout"), format!("referrers/conforma-{name}")] {
            compare(&images.join(layout), Some(&root), tekton, &["+format", "-builder", "-source"]);
        }
    }
    let lab = corpora.join("lab");
    for layout in ["08-github/oci", "08-github/oci-fallback"] {
        compare(&lab.join(layout), Some(&lab.join("trusted_root.json")), github, ALL);
    }
}

/// A layout, of which the one provenance that verifies says what its payload says.
fn compare(layout: &Path, root: Option<&Path>, expected: fn(&Value) -> Value, checks: &Checks) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.args(["inspect", &format!("oci:{}", layout.display()), "--output", "json"]).env_clear();
    if let Some(root) = root {
        command.arg("--trusted-root").arg(root);
    }
    let output = command.output().expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let candidates = report["images"][0]["candidates"].as_array().expect("candidates");
    let provenances: Vec<&Value> = candidates.iter().filter(|one| one["kind"] == "provenance").collect();
    assert!(!provenances.is_empty(), "{}", layout.display());
    for candidate in provenances {
        let carrier = candidate["digest"].as_str().expect("a digest").replace(':', "/");
        let predicate = predicate(&fs::read(layout.join("blobs").join(carrier)).expect("a blob"));
        assert_eq!(candidate["accepted"], true, "{}: {candidate}", layout.display());
        same(&layout.display().to_string(), &candidate["provenance"], &expected(&predicate));
        assert_eq!(outcomes(&candidate["findings"]), checks, "{}", layout.display());
    }
}

/// The predicate in a bundle or an envelope.
fn predicate(bytes: &[u8]) -> Value {
    let carrier: Value = serde_json::from_slice(bytes).expect("JSON");
    let envelope = carrier.get("dsseEnvelope").unwrap_or(&carrier);
    let payload = STANDARD.decode(envelope["payload"].as_str().expect("a payload")).expect("base64");
    let statement: Value = serde_json::from_slice(&payload).expect("a statement");
    statement["predicate"].clone()
}

/// Every field that is expected is in the report, and nothing else of these.
fn same(what: &str, found: &Value, expected: &Value) {
    for (field, value) in expected.as_object().expect("fields") {
        let found = found.get(field).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{what}: {field}");
    }
}

fn outcomes(findings: &Value) -> Vec<String> {
    let findings = findings.as_array().expect("findings").iter();
    findings
        .filter_map(|finding| {
            let check = finding["check"].as_str()?.strip_prefix("provenance-")?;
            let sign = match finding["outcome"].as_str()? {
                "pass" => "+",
                "skip" => "-",
                other => other,
            };
            Some(format!("{sign}{check}"))
        })
        .collect()
}

/// slsa-github-generator, v0.2.
fn generator(predicate: &Value) -> Value {
    let at = |pointer: &str| predicate.pointer(pointer).cloned().unwrap_or_default();
    let environment = |name: &str| at(&format!("/invocation/environment/github_{name}"));
    let uri = at("/invocation/configSource/uri");
    let (repository, reference) =
        uri.as_str().and_then(|uri| uri.strip_prefix("git+")?.split_once('@')).expect("a uri");
    let (id, attempt) = (environment("run_id"), environment("run_attempt"));
    let run = format!("{repository}/actions/runs/{}/attempts/{}", id.as_str().unwrap(), attempt.as_str().unwrap());
    json!({
        "version": "v0.2",
        "builder": at("/builder/id"),
        "buildType": at("/buildType"),
        "knownBuildType": true,
        "source": repository,
        "ref": reference,
        "commit": at("/invocation/configSource/digest/sha1"),
        "workflow": {"path": at("/invocation/configSource/entryPoint"), "ref": environment("ref")},
        "event": environment("event_name"),
        "repositoryId": environment("repository_id"),
        "ownerId": environment("repository_owner_id"),
        "run": run,
        "parameters": at("/invocation/parameters"),
        "unknownParameters": null,
        "dependencyCount": at("/materials").as_array().map(Vec::len),
        "dependencies": [{"uri": at("/materials/0/uri"), "digests": at("/materials/0/digest")}],
        "startedOn": null,
    })
}

/// Tekton Chains, v0.2.
fn tekton(predicate: &Value) -> Value {
    let at = |pointer: &str| predicate.pointer(pointer).cloned().unwrap_or_default();
    json!({
        "version": "v0.2",
        "builder": at("/builder/id"),
        "buildType": at("/buildType"),
        "knownBuildType": true,
        "source": null,
        "commit": null,
        "dependencyCount": at("/materials").as_array().map_or(0, Vec::len),
        "startedOn": at("/metadata/buildStartedOn"),
        "finishedOn": at("/metadata/buildFinishedOn"),
        "unknownParameters": null,
    })
}

/// GitHub's attest action and the npm CLI, v1.
fn github(predicate: &Value) -> Value {
    let at = |pointer: &str| predicate.pointer(pointer).cloned().unwrap_or_default();
    let variable = |name: &str| at(&format!("/buildDefinition/internalParameters/github/{name}"));
    let builder = at("/runDetails/builder/id");
    let of_builder = builder.as_str().and_then(|id| id.strip_prefix("https://github.com/actions/runner/"));
    let runner = match variable("runner_environment") {
        Value::Null => of_builder.map_or(Value::Null, Value::from),
        runner => runner,
    };
    json!({
        "version": "v1",
        "builder": builder,
        "buildType": at("/buildDefinition/buildType"),
        "knownBuildType": true,
        "source": at("/buildDefinition/externalParameters/workflow/repository"),
        "ref": at("/buildDefinition/externalParameters/workflow/ref"),
        "commit": at("/buildDefinition/resolvedDependencies/0/digest/gitCommit"),
        "workflow": {
            "path": at("/buildDefinition/externalParameters/workflow/path"),
            "ref": at("/buildDefinition/externalParameters/workflow/ref"),
        },
        "event": variable("event_name"),
        "repositoryId": variable("repository_id"),
        "ownerId": variable("repository_owner_id"),
        "runnerEnvironment": runner,
        "run": at("/runDetails/metadata/invocationId"),
        "parameters": at("/buildDefinition/externalParameters"),
        "unknownParameters": null,
        "dependencyCount": 1,
        "startedOn": null,
    })
}

/// Bundles of the npm CLI and of GitHub's attest action, about files: the file's digest stands where the image's would.
#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn fields_and_comparisons_of_published_bundles() {
    let corpora = crate::folder();
    for file in [
        "gh/reusable-workflow-attestation.sigstore.json",
        "gh/sigstore-js-2.1.0-bundle.json",
        "gh/sigstore-js-2.1.0-bundle-v0.1.json",
        "gh/github_provenance_demo-0.0.12-py3-none-any-bundle.jsonl",
        "sigstore-go/sigstore.js@2.0.0-provenance.sigstore.json",
    ] {
        // The builder of the older ones is the kind of machine, which is no workflow.
        for (line, candidate) in read_bundles(&corpora, file) {
            let predicate = predicate(&line);
            let report = serde_json::to_value(&candidate).expect("JSON");
            assert!(candidate.accepted, "{file}: {report:#}");
            same(file, &report["provenance"], &github(&predicate));
            let is_machine = predicate["runDetails"]["builder"]["id"]
                .as_str()
                .is_some_and(|id| id.starts_with("https://github.com/actions/runner/"));
            let expected: Vec<&str> =
                ALL.iter().map(|check| if is_machine && *check == "+builder" { "-builder" } else { check }).collect();
            assert_eq!(outcomes(&report["findings"]), expected, "{file}");
        }
    }
}

/// The suite of the conformance tests signs the statement of another project's build with its own workflow. Signature and
/// log are good; what is signed is not about the run that signed it.
#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn a209_a_statement_signed_by_a_stranger_to_it_is_refused() {
    let corpora = crate::folder();
    let file = "../conformance/bundle-verify/happy-path-intoto-in-dsse-v3/bundle.sigstore.json";
    let (_, candidate) = read_bundles(&corpora, file).remove(0);
    assert!(!candidate.accepted);
    let refused: Vec<&str> = candidate
        .findings
        .iter()
        .filter(|finding| finding.is_blocking())
        .map(|finding| finding.check.as_str())
        .collect();
    let all =
        ["builder", "source", "commit", "workflow", "run", "repository-id"].map(|name| format!("provenance-{name}"));
    assert_eq!(refused, all);
}

fn read_bundles(corpora: &Path, file: &str) -> Vec<(Vec<u8>, CandidateReport)> {
    let text = fs::read_to_string(corpora.join("bundles").join(file)).expect("a bundle");
    let lines: Vec<&str> = if Path::new(file).extension().is_some_and(|one| one == "jsonl") {
        text.lines().collect()
    } else {
        vec![&text]
    };
    lines.into_iter().map(|line| (line.as_bytes().to_vec(), report_on(corpora, line))).collect()
}

/// Reports on a bundle as if it were attached to an image of its first subject's digest.
fn report_on(corpora: &Path, bundle: &str) -> CandidateReport {
    let domains: Vec<TrustDomain> = ["public-good", "github"]
        .iter()
        .map(|name| {
            let file = format!("{name}.trusted_root.json");
            let bytes = fs::read(corpora.join("trust-roots").join(&file)).expect("a root");
            TrustDomain::prepare(&TrustRoot::parse(name, &file, &bytes).expect("a root")).expect("a domain")
        })
        .collect();
    let evidence = evidence(bundle);
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
    inspect(&evidence, None, &domains, now).candidates.remove(0)
}

fn evidence(bundle: &str) -> Evidence {
    let carrier: Value = serde_json::from_str(bundle).expect("JSON");
    let payload = STANDARD.decode(carrier["dsseEnvelope"]["payload"].as_str().expect("a payload")).expect("base64");
    let statement: Value = serde_json::from_slice(&payload).expect("a statement");
    let digests = statement["subject"][0]["digest"].as_object().expect("digests");
    let (algorithm, value) = digests.iter().next().expect("a digest");
    let subject: Digest = format!("{algorithm}:{}", value.as_str().expect("a text")).parse().expect("a digest");
    let blob = Blob::of(Algorithm::Sha256, bundle.as_bytes().to_vec());
    let candidate = Candidate {
        subject: subject.clone(),
        origin: Origin::Referrer(subject.clone()),
        digest: blob.digest().clone(),
        content: Content::Bundle(Opened::bundle(blob)),
    };
    Evidence::of(Target::image("published", None, subject), vec![candidate])
}

/// The statements of BuildKit in an index, of both versions: shown as unsigned, with what they say.
#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn what_published_images_say_unsigned() {
    let corpora = crate::folder();
    for (layout, count) in [
        ("images/other/buildkit-unsigned-index", 2),
        ("images/slsa-generator/v1.7.0", 1),
        ("images/slsa-generator/v1.10.0", 1),
        ("lab/25-buildkit-unsigned/oci", 3),
    ] {
        let folder = corpora.join(layout);
        let output = Command::new(env!("CARGO_BIN_EXE_bonafide"))
            .args(["inspect", &format!("oci:{}", folder.display()), "--output", "json"])
            .env_clear()
            .output()
            .expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let candidates = report["images"][0]["candidates"].as_array().expect("candidates");
        let shown: Vec<&Value> = candidates.iter().filter(|one| one.get("unsignedProvenance").is_some()).collect();
        assert_eq!(shown.len(), count, "{layout}");
        for candidate in shown {
            assert_eq!((&candidate["kind"], &candidate["accepted"]), (&json!("unsigned"), &json!(false)), "{layout}");
            assert!(candidate.get("provenance").is_none(), "{layout}");
            let file = candidate["digest"].as_str().expect("a digest").replace(':', "/");
            let statement: Value = serde_json::from_slice(&fs::read(folder.join("blobs").join(file)).expect("a blob"))
                .expect("a statement");
            same(layout, &candidate["unsignedProvenance"], &buildkit(&statement["predicate"]));
        }
    }
}

/// BuildKit, v0.2 and v1.
fn buildkit(predicate: &Value) -> Value {
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| predicate.pointer(pointer)).cloned();
    let uri = first(&["/invocation/configSource/uri", "/buildDefinition/externalParameters/configSource/uri"]);
    let source = uri.as_ref().and_then(Value::as_str).map(|uri| uri.split(".git#").next().unwrap_or(uri).to_owned());
    let commit = first(&[
        "/invocation/configSource/digest/sha1",
        "/buildDefinition/externalParameters/configSource/digest/sha1",
    ]);
    json!({
        "builder": first(&["/builder/id", "/runDetails/builder/id"]),
        "buildType": first(&["/buildType", "/buildDefinition/buildType"]),
        "knownBuildType": true,
        "source": source,
        "commit": commit,
        "startedOn": first(&["/metadata/buildStartedOn", "/runDetails/metadata/startedOn"]),
        "finishedOn": first(&["/metadata/buildFinishedOn", "/runDetails/metadata/finishedOn"]),
        "dependencyCount": first(&["/materials", "/buildDefinition/resolvedDependencies"])
            .and_then(|list| list.as_array().map(Vec::len)),
    })
}
