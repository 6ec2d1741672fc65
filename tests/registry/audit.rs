//! Every tag of a repository: what is fetched, what is said, and that nothing unread is ever a pass.

use std::time::Duration;

use bonafide::render::OUTPUTS;
use serde_json::{Value, json};

use crate::program::{self, Folder, Program, REPOSITORY, Run, fixture};
use crate::support::registry::{Referrers, Registry, Response, fault};
use crate::support::repository::Repository;
use crate::support::schema::complaints;

/// The fixtures with these names, each under the tag that stands beside it, in one repository.
fn repository(images: &[(&str, &str)]) -> Repository {
    let mut all = Repository::new();
    for (name, tag) in images {
        let one = fixture(name);
        let digest = one.tags["v1.0.0"].clone();
        all.manifests.extend(one.manifests);
        all.blobs.extend(one.blobs);
        all.images.extend(one.images);
        all.tags.extend(one.tags.into_iter().filter(|(tag, _)| tag != "v1.0.0"));
        all.tags.insert((*tag).to_owned(), digest);
    }
    all
}

fn serve(images: &[(&str, &str)]) -> (Registry, String) {
    let registry = Registry::serving(REPOSITORY, repository(images));
    let name = format!("{}/{REPOSITORY}", registry.host());
    (registry, name)
}

/// Four images: two good ones, one that was never signed and one of another signer.
const FOUR: [(&str, &str); 4] =
    [("signed", "1.10.0"), ("multi-platform", "1.9.0"), ("unsigned", "1.8.0"), ("other-signer", "1.2.0")];

fn audit(arguments: &[&str]) -> Run {
    program::audit(arguments).run()
}

fn report(arguments: &[&str]) -> (i32, Value) {
    let run = audit(&[arguments, &["--output", "json"]].concat());
    (run.exit, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen())))
}

/// The verdicts of all images, by their tags.
fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let images = report["images"].as_array().expect("images");
    let tags = |image: &Value| image["tags"].as_array().expect("tags").iter().map(text).collect::<Vec<_>>().join("+");
    images.iter().map(|image| (tags(image), text(&image["verdict"]))).collect()
}

fn manifests_fetched(registry: &Registry, method: &str) -> Vec<String> {
    let requests = registry.requests().into_iter().filter(|request| request.method == method);
    requests.filter_map(|request| Some(request.path.split_once("/manifests/")?.1.to_owned())).collect()
}

#[test]
fn every_tag_is_judged_also_when_others_fail_and_each_digest_once() {
    let (registry, name) = serve(&FOUR);
    let (alias, latest) = (registry.edit(REPOSITORY, |content| content.tags["1.10.0"].clone()), "latest");
    registry.edit(REPOSITORY, |content| {
        for tag in ["1.10", "1", latest] {
            content.tags.insert(tag.to_owned(), alias.clone());
        }
    });
    let (code, report) = report(&[&name]);
    let expected =
        [("1.10.0+1.10+1+latest", "verified"), ("1.9.0", "verified"), ("1.8.0", "absent"), ("1.2.0", "rejected")];
    let expected: Vec<_> = expected.map(|(tags, verdict)| (tags.to_owned(), verdict.to_owned())).into();
    // `1` is the lowest version there is, but it names what 1.10.0 names.
    assert_eq!((code, verdicts(&report)), (1, expected));
    let repository = &report["repositories"][0];
    assert_eq!(repository["tags"], json!({"listed": 7, "selected": 7, "evidence": 3, "orphanedEvidence": 0}));
    assert_eq!((&repository["digests"], &repository["verdict"]), (&json!(4), &json!("rejected")));
    let heads = manifests_fetched(&registry, "HEAD");
    assert_eq!(heads.len(), 7, "{heads:?}");
    let fetched = manifests_fetched(&registry, "GET");
    assert_eq!(fetched.iter().filter(|name| **name == alias).count(), 1, "{fetched:?}");
    assert!(!fetched.iter().any(|name| name.starts_with(latest) || name.starts_with("1.")), "{fetched:?}");

    let run = audit(&[&name]);
    let row = format!("verified         {name}:1.10.0 (also 1.10, 1, latest)");
    assert!(run.stdout.lines().any(|line| line.starts_with(&row)), "{}", run.stdout);
    assert!(run.stdout.contains("4 images: 2 verified · 1 rejected · 1 incomplete\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains(&format!("{name}: tags audited 7 of 7 · digests 4 · tags of evidence 3\n")),
        "{}",
        run.stdout
    );
}

#[test]
fn tags_are_selected_by_globs_and_by_their_order_as_versions() {
    let (registry, name) = serve(&FOUR);
    let selected = |arguments: &[&str]| {
        let (code, report) = report(&[&[name.as_str()], arguments].concat());
        (code, verdicts(&report).into_iter().map(|(tags, _)| tags).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(selected(&["--newest", "2"]), (0, "1.10.0 1.9.0".to_owned()));
    assert_eq!(selected(&["--tags", "1.1*", "--tags", "1.2.*", "--exclude", "*.2.0"]), (0, "1.10.0".to_owned()));
    assert_eq!(selected(&["--exclude", "1.2.0"]), (4, "1.10.0 1.9.0 1.8.0".to_owned()));
    registry.forget_requests();
    assert_eq!(selected(&["--newest", "1"]).0, 0);
    assert_eq!(manifests_fetched(&registry, "HEAD"), ["1.10.0"], "no other tag is asked for");
}

/// Nothing selected is nothing verified, and a list that cannot be read may name anything.
#[test]
fn an_empty_selection_and_an_unread_list_are_never_a_pass() {
    let (registry, name) = serve(&[("signed", "1.0.0")]);
    for arguments in [&["--tags", "v2*"][..], &["--exclude", "*"]] {
        let run = audit(&[&[name.as_str()], arguments].concat());
        assert_eq!(run.exit, 3, "{}", run.seen());
        assert!(run.stdout.contains("no tag is selected: 1 are listed, and 1 of evidence"), "{}", run.stdout);
    }
    for answer in [
        fault::status(404),
        fault::status(500),
        fault::status(403),
        fault::html(),
        fault::body(b"[\"1.0.0\"]"),
        fault::body(b"{\"tags\":[\"1.0.0\"],\"tags\":[]}"),
        fault::body(b"{\"tags\":{}}"),
        fault::redirect("http://127.0.0.1:1/v2/acme/shop/tags/list"),
        fault::retry_after(429, 3600),
    ] {
        registry.mend();
        registry.bend("/tags/list", answer);
        let (code, report) = report(&[&name]);
        assert_eq!((code, &report["verdict"]), (3, &json!("undecided")), "{report}");
        assert_eq!(report["repositories"][0]["gaps"].as_array().map(Vec::len), Some(1), "{report}");
    }
    registry.mend();
    registry.bend("/tags/list", fault::body(b"{\"name\":\"acme/shop\",\"tags\":null}"));
    assert_eq!(report(&[&name]).0, 3, "a repository without tags");
}

/// What was listed before the list broke is judged, and the rest is not forgotten.
#[test]
fn a017_a018_pages_elsewhere_repeated_or_without_an_end_are_undecided() {
    let (registry, name) = serve(&[("signed", "1.0.0")]);
    for link in [
        "<https://evil.example/v2/acme/shop/tags/list>; rel=next",
        "</v2/acme/shop/tags/list?n=1000>; rel=next",
        "</v2/acme/shop/tags/list?last=1.0.0>; rel=next",
        "next",
    ] {
        registry.mend();
        registry.bend("/tags/list", fault::header("Link", link));
        let (code, report) = report(&[&name]);
        assert_eq!((code, verdicts(&report)), (3, vec![("1.0.0".to_owned(), "verified".to_owned())]), "{link}");
        assert_eq!(report["repositories"][0]["gaps"].as_array().map(Vec::len), Some(1), "{link}");
    }
    registry.mend();
    let count = std::sync::atomic::AtomicU32::new(0);
    registry.bend("/tags/list", move |response| {
        let next = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        response.set_header("Link", &format!("</v2/acme/shop/tags/list?last={next}>; rel=next"));
    });
    registry.forget_requests();
    let run = audit(&[&name]);
    assert_eq!(run.exit, 3, "{}", run.seen());
    let pages = registry.paths().iter().filter(|path| path.contains("/tags/list")).count();
    assert!(pages <= 25, "{pages} pages");
}

#[test]
fn an_honest_list_comes_in_pages() {
    let (registry, name) = serve(&FOUR);
    registry.bend_when(
        |request| request.path.ends_with("/tags/list?n=1000"),
        |response| {
            response.bend_json(|list| list["tags"] = json!(["1.10.0", "1.9.0"]));
            response.set_header("Link", "</v2/acme/shop/tags/list?last=1.9.0&n=2>; rel=\"next\"");
        },
    );
    let (code, report) = report(&[&name]);
    assert_eq!((code, report["images"].as_array().map(Vec::len)), (1, Some(4)), "{report}");
}

#[test]
fn names_that_no_tag_can_have_are_never_asked_for_and_are_undecided() {
    let (registry, name) = serve(&[("signed", "1.0.0")]);
    let strange = ["../../../v2/other/manifests/x", "a b", "", "\u{1b}[2J", "\u{202e}1.0.0", "x?y=1", "1.0.0"];
    registry.bend("/tags/list", move |response| response.bend_json(|list| list["tags"] = json!(strange)));
    registry.forget_requests();
    let run = audit(&[&name]);
    assert_eq!(run.exit, 3, "{}", run.seen());
    assert!(run.stdout.contains("6 names that no tag can have"), "{}", run.stdout);
    assert!(!run.seen().contains(['\u{1b}', '\u{202e}']), "{:?}", run.seen());
    assert_eq!(manifests_fetched(&registry, "HEAD"), ["1.0.0"]);
}

#[test]
fn tags_of_evidence_are_no_releases_and_those_of_lost_images_are_counted() {
    let registry = Registry::serving(REPOSITORY, repository(&[("legacy", "1.0.0")]));
    let name = format!("{}/{REPOSITORY}", registry.host());
    registry.list_referrers(Referrers::Unsupported);
    let digest = registry.edit(REPOSITORY, |content| content.tags["1.0.0"].clone());
    let lost = format!("sha256-{}", "0".repeat(64));
    registry.edit(REPOSITORY, |content| {
        for tag in [lost.clone(), format!("{lost}.sig"), format!("{lost}.att")] {
            content.tags.insert(tag, digest.clone());
        }
    });
    let (code, report) = report(&[&name]);
    assert_eq!((code, verdicts(&report)), (0, vec![("1.0.0".to_owned(), "verified".to_owned())]), "{report}");
    let tags = &report["repositories"][0]["tags"];
    assert_eq!((&tags["listed"], &tags["orphanedEvidence"]), (&json!(1), &json!(3)), "{tags}");
    assert!(tags["evidence"].as_u64().expect("a count") >= 5, "{tags}");
}

/// The list is older than what it names: what is gone by then could not be read, and is no success.
#[test]
fn a_tag_that_goes_while_the_list_is_read_is_undecided() {
    let (registry, name) = serve(&[("signed", "1.1.0"), ("legacy", "1.0.0")]);
    registry.bend("/manifests/1.0.0", fault::status(404));
    let (code, gone) = report(&[&name]);
    assert_eq!(code, 3);
    let expected = [("1.1.0", "verified"), ("1.0.0", "undecided")].map(|(tag, one)| (tag.to_owned(), one.to_owned()));
    assert_eq!(verdicts(&gone), expected);
    // Its manifest goes after it was asked for.
    registry.mend();
    let digest = registry.edit(REPOSITORY, |content| content.tags["1.0.0"].clone());
    registry.bend(&format!("/manifests/{digest}"), fault::status(404));
    assert_eq!(verdicts(&report(&[&name]).1), expected);
}

/// Registries that do not say the digest, or say none that is one, are asked for the manifest itself (A006).
#[test]
fn a006_without_a_digest_in_the_header_the_manifest_says_it() {
    let (registry, name) = serve(&[("signed", "1.0.0")]);
    for bend in [
        fault::without_header("Docker-Content-Digest"),
        fault::header("Docker-Content-Digest", "sha256:0"),
        Box::new(|response: &mut Response| {
            let zeros = format!("sha256:{}", "0".repeat(64));
            response.headers.insert(0, ("Docker-Content-Digest".to_owned(), zeros));
        }),
        fault::status(405),
    ] {
        registry.mend();
        registry.bend_when(|request| request.method == "HEAD", bend);
        let (code, report) = report(&[&name]);
        assert_eq!((code, verdicts(&report)), (0, vec![("1.0.0".to_owned(), "verified".to_owned())]), "{report}");
    }
    // A digest that is another one's is believed as runtimes believe it, and leads to nothing good.
    registry.mend();
    let zeros = format!("sha256:{}", "0".repeat(64));
    registry.bend_when(|request| request.method == "HEAD", fault::header("Docker-Content-Digest", &zeros));
    assert_eq!(report(&[&name]).0, 3);
}

#[test]
fn a_registry_that_limits_requests_is_waited_for() {
    let (registry, name) = serve(&FOUR);
    registry.bend_first(3, "/manifests/", fault::retry_after(429, 1));
    registry.bend_first(1, "/tags/list", fault::retry_after(429, 1));
    let began = std::time::Instant::now();
    let (code, report) = report(&[&name]);
    assert_eq!((code, report["images"].as_array().map(Vec::len)), (1, Some(4)), "{report}");
    assert!(began.elapsed() >= Duration::from_secs(2));
}

/// GHCR answers the referrers API with 404, or sends whoever asks to a web page.
#[test]
fn a_registry_without_a_list_of_referrers_is_audited_by_its_tags() {
    let (registry, name) = serve(&[("signed", "1.0.0"), ("unsigned", "0.9.0")]);
    registry.list_referrers(Referrers::Unsupported);
    let (code, report) = report(&[&name]);
    let expected = [("1.0.0", "verified"), ("0.9.0", "absent")].map(|(tag, one)| (tag.to_owned(), one.to_owned()));
    assert_eq!((code, verdicts(&report)), (4, expected.to_vec()), "{report}");
}

#[test]
fn tags_that_moved_are_missing_or_were_not_expected_are_rejected() {
    let (registry, name) = serve(&[("signed", "1.1.0"), ("legacy", "1.0.0")]);
    let [newer, older] = registry.edit(REPOSITORY, |content| ["1.1.0", "1.0.0"].map(|tag| content.tags[tag].clone()));
    let folder = Folder::new();
    let expect = |released: &Value| {
        let file = folder.write("released.json", released.to_string().as_bytes());
        let (code, report) = report(&[&name, "--expect", &file.display().to_string()]);
        (code, report["repositories"][0]["changes"].clone())
    };
    assert_eq!(expect(&json!({"1.1.0": newer, "1.0.0": older})), (0, Value::Null));
    assert_eq!(expect(&json!({name.as_str(): {"1.1.0": newer, "1.0.0": older}})), (0, Value::Null));
    let (code, changes) = expect(&json!({"1.1.0": older, "0.9.0": older}));
    let expected = json!([
        {"tag": "1.1.0", "change": "moved", "expected": older, "found": newer},
        {"tag": "1.0.0", "change": "extra", "found": older},
        {"tag": "0.9.0", "change": "missing", "expected": older},
    ]);
    assert_eq!((code, changes), (1, expected));
    // A registry that does not say which digest a tag names does not keep it from being compared.
    registry.bend_when(|request| request.method == "HEAD", fault::status(405));
    assert_eq!(expect(&json!({"1.1.0": newer, "1.0.0": older})), (0, Value::Null));
    let moved = json!([{"tag": "1.1.0", "change": "moved", "expected": older, "found": newer}]);
    assert_eq!(expect(&json!({"1.1.0": older, "1.0.0": older})), (1, moved));
    registry.mend();
    // Of a list that is not whole nothing is known to be missing.
    registry.bend("/tags/list", fault::header("Link", "<https://evil.example/>; rel=next"));
    assert_eq!(expect(&json!({"1.1.0": newer, "1.0.0": older, "0.9.0": older})), (3, Value::Null));
    for wrong in [json!([]), json!({"1.0.0": "sha256:0"}), json!({"elsewhere.example/a": {}}), json!({"1.0.0": 1})] {
        let file = folder.write("released.json", wrong.to_string().as_bytes());
        assert_eq!(audit(&[&name, "--expect", &file.display().to_string()]).exit, 2, "{wrong}");
    }
}

/// A format without a place for repositories would show a rejected audit as a good one.
#[test]
fn every_format_of_an_audit_says_how_the_tags_differ_and_why_they_are_unknown() {
    let (_registry, name) = serve(&[("signed", "1.1.0")]);
    let folder = Folder::new();
    let file =
        folder.write("released.json", json!({"0.9.0": format!("sha256:{}", "a".repeat(64))}).to_string().as_bytes());
    let expect = ["--expect", &file.display().to_string()];
    for format in ["text", "json", "jsonl", "csv", "pinned", "junit", "sarif", "markdown"] {
        let run = audit(&[&[name.as_str(), "--output", format], &expect[..]].concat());
        let empty = audit(&[&name, "--output", format, "--tags", "x*"]);
        assert_eq!((run.exit, empty.exit), (1, 3), "{format}: {}", run.seen());
        // Markdown shows marks of others as references to characters.
        let seen = run.seen().replace("&#46;", ".");
        let extra = if ["csv", "junit", "sarif", "markdown"].contains(&format) { "not expected" } else { "extra" };
        assert!([extra, "missing", "0.9.0"].iter().all(|word| seen.contains(word)), "{format}: {seen}");
        assert!(empty.seen().contains("no tag is selected"), "{format}: {}", empty.seen());
    }
    let run = audit(&[&name, "--output", "vsa"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.seen());
    let names: Vec<&str> = OUTPUTS.iter().filter(|output| output.is_for_audits).map(|output| output.name).collect();
    let (last, first) = names.split_last().expect("formats");
    let all = format!("expected {} or {last}", first.join(", "));
    assert!(run.stderr.contains(&all), "{}", run.seen());
}

#[test]
fn a_layout_is_audited_by_its_tags() {
    let layout = "oci:fixtures/images/signed";
    let (code, report) = report(&[layout, "--offline"]);
    assert_eq!((code, verdicts(&report)), (0, vec![("v1.0.0".to_owned(), "verified".to_owned())]), "{report}");
    let run = audit(&[layout, "oci:fixtures/images/other-signer", "oci:fixtures/images/unsigned"]);
    assert_eq!(run.exit, 1, "{}", run.seen());
    assert!(run.stdout.contains("3 images: 1 verified · 1 rejected · 1 incomplete"), "{}", run.stdout);
}

#[test]
fn an_audit_is_of_repositories_and_of_many_images() {
    for arguments in [
        &["ghcr.io/acme/shop:1.0.0"][..],
        &["ghcr.io/acme/shop@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
        &["oci:fixtures/images/signed:v1.0.0"],
        &["ghcr.io/acme/shop", "--wait", "1m"],
        &["ghcr.io/acme/shop", "--newest", "0"],
        &["ghcr.io/acme/shop", "--output", "vsa", "--verifier", "https://acme.example/"],
    ] {
        let run = audit(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.seen());
    }
}

/// A repository that the policy has no rule for is not audited, and keeps none from being audited that has one.
#[test]
fn a_repository_without_a_rule_stops_no_other_and_never_passes() {
    let (registry, name) = serve(&[("signed", "1.0.0")]);
    let other = format!("{}/acme/other", registry.host());
    let folder = Folder::new();
    let rule = format!("- match: '{name}'\n  signers: [{{github: acme/shop}}]\n  require: [signature]\n");
    let policy = folder.write("policy.yaml", format!("version: 1\nimages:\n{rule}")).display().to_string();
    let flags = ["--policy", &policy, "--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    let run = Program::new([&["audit", &other, &name, "--output", "json"], &flags[..]].concat()).run();
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    assert_eq!((run.exit, &report["exitCode"], &report["leftOut"]), (2, &json!(2), &json!(1)), "{}", run.stderr);
    assert_eq!(verdicts(&report), [("1.0.0".to_owned(), "verified".to_owned())]);
    assert_eq!(report["repositories"].as_array().map(Vec::len), Some(1));
    assert!(run.stderr.starts_with("error: no rule of ") && run.stderr.contains(&other), "{}", run.stderr);
    let alone = Program::new([&["audit", &*other], &flags[..]].concat()).run();
    assert_eq!((alone.exit, alone.stdout.as_str()), (2, ""), "{}", alone.stderr);
}

#[test]
fn the_report_is_described_by_the_schema() {
    let (registry, name) = serve(&FOUR);
    registry.edit(REPOSITORY, |content| content.tags.insert(format!("sha256-{}", "0".repeat(64)), String::new()));
    let schema = Program::new(["schema", "report"]).run();
    let schema: Value = serde_json::from_str(&schema.stdout).expect("JSON");
    let folder = Folder::new();
    let file = folder.write("released.json", b"{}");
    let (_, report) = report(&[&name, "--expect", &file.display().to_string()]);
    assert_eq!(complaints(&schema, &report), Vec::<String>::new());
}
