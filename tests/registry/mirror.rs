//! `--mirror-of`: a repository has the tags, digests and evidence of another one, and each difference is named.

use serde_json::{Value, json};

use crate::program::{self, Program, REPOSITORY, Run, fixture, serve_tagged};
use crate::support::image::{Image, Manifest};
use crate::support::registry::{Referrers, Registry, fault};
use crate::support::schema::complaints;

/// Both forms of evidence, and several platforms.
const IMAGES: [(&str, &str); 2] = [("signed", "1.2.0"), ("multi-platform", "1.1.0")];

/// The schema of reports, as the program prints it.
fn schema() -> Value {
    let run = Program::new(["schema", "report"]).run();
    serde_json::from_str(&run.stdout).expect("a schema")
}

struct Two {
    original: Registry,
    mirror: Registry,
}

impl Two {
    fn new() -> Two {
        Two { original: serve_tagged(&IMAGES).0, mirror: serve_tagged(&IMAGES).0 }
    }

    fn name(registry: &Registry) -> String {
        format!("{}/{REPOSITORY}", registry.host())
    }

    fn run(&self, more: &[&str]) -> Run {
        let (mirror, original) = (Self::name(&self.mirror), Self::name(&self.original));
        program::audit(&[&[mirror.as_str(), "--mirror-of", &original], more].concat()).run()
    }

    /// The exit code, and what is said of the repository.
    fn report(&self, more: &[&str]) -> (i32, Value) {
        let run = self.run(&[&["--output", "json"], more].concat());
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
        assert_eq!(complaints(&schema(), &report), Vec::<String>::new());
        (run.exit, report["repositories"][0].clone())
    }

    /// The exit code, and each difference as `difference tag`.
    #[track_caller]
    fn differences(&self, more: &[&str]) -> (i32, Vec<String>) {
        let (code, repository) = self.report(more);
        let text = |one: &Value, name: &str| one[name].as_str().expect("a text").to_owned();
        let all = repository["mirror"]["differences"].as_array().expect("differences");
        (code, all.iter().map(|one| format!("{} {}", text(one, "difference"), text(one, "tag"))).collect())
    }
}

#[test]
fn a_true_copy_is_the_same() {
    let two = Two::new();
    let (code, repository) = two.report(&[]);
    assert_eq!((code, &repository["verdict"]), (0, &json!("verified")), "{repository}");
    let mirror = &repository["mirror"];
    assert_eq!((&mirror["of"], &mirror["digests"]), (&json!(Two::name(&two.original)), &json!(2)));
    assert!(mirror["evidence"].as_u64().expect("a count") >= 5, "{mirror}");
    assert_eq!(mirror["differences"], json!([]));
    let text = two.run(&[]);
    let line = format!("mirror of {}: digests of the same tag 2", Two::name(&two.original));
    assert!(text.stdout.contains(&line), "{}", text.stdout);
    // A registry without the referrers API keeps the same under fallback tags.
    two.mirror.list_referrers(Referrers::Listed { page_size: 1 });
    assert_eq!(two.differences(&[]), (0, Vec::new()), "page by page");
}

#[test]
fn each_difference_of_tags_is_named() {
    let two = Two::new();
    let digest = |name: &str| fixture(name).tags["v1.0.0"].clone();
    let (signed, platforms) = (digest("signed"), digest("multi-platform"));
    two.original.edit(REPOSITORY, |content| {
        content.tags.insert("1.0.0".to_owned(), signed.clone());
        content.tags.insert("0.9.0-rc.1".to_owned(), signed.clone());
    });
    two.mirror.edit(REPOSITORY, |content| {
        content.tags.insert("1.1.0".to_owned(), signed.clone());
        content.tags.insert("1.3.0".to_owned(), signed.clone());
    });
    let expected = ["other-digest 1.1.0", "extra-tag 1.3.0", "missing-tag 0.9.0-rc.1", "missing-tag 1.0.0"];
    let (code, found) = two.differences(&[]);
    assert_eq!((code, found.as_slice()), (1, expected.map(str::to_owned).as_slice()));
    assert_eq!(
        two.differences(&["--exclude", "*-rc*", "--exclude", "1.1.0"]).1,
        ["extra-tag 1.3.0", "missing-tag 1.0.0"]
    );
    assert_eq!(two.differences(&["--tags", "1.2.0"]), (0, Vec::new()));

    let (_, repository) = two.report(&[]);
    let moved = &repository["mirror"]["differences"][0];
    assert_eq!((&moved["expected"], &moved["found"]), (&json!(platforms), &json!(signed)));
    assert_eq!(repository["verdict"], "rejected");
    for output in ["text", "markdown", "junit", "sarif", "csv", "gitlab", "html", "jsonl"] {
        let run = two.run(&["--output", output]);
        assert_eq!(run.exit, 1, "{}", run.seen());
        let said = if output == "jsonl" { "extra-tag" } else { "the tag is not in " };
        assert!(run.stdout.contains(said), "{output}: {}", run.stdout);
    }
}

#[test]
fn evidence_that_one_side_lacks_is_named() {
    let two = Two::new();
    // A bundle among the referrers, which a copy of the image alone leaves behind.
    let bundle = two.mirror.edit(REPOSITORY, |content| {
        let is_evidence = |one: &Manifest| {
            !content.images.contains(&one.descriptor().digest) && one.json().to_string().contains("\"subject\"")
        };
        let place = content.manifests.iter().position(is_evidence).expect("evidence");
        content.manifests.remove(place).descriptor().digest
    });
    let (code, repository) = two.report(&[]);
    let found = &repository["mirror"]["differences"];
    assert_eq!((code, found.as_array().map(Vec::len)), (1, Some(1)), "{found}");
    assert_eq!(found[0]["difference"], "missing-evidence");
    assert_eq!((&found[0]["expected"], &found[0]["place"]), (&json!(bundle), &json!("referrers")));
    let text = two.run(&[]).stdout;
    assert!(text.contains("missing-evidence") && text.contains("oras copy -r"), "{text}");
    // The other way round it is evidence that the original has not.
    let turned = Two { original: two.mirror, mirror: two.original };
    let (code, found) = turned.differences(&[]);
    assert_eq!((code, found.len()), (1, 1));
    assert!(found[0].starts_with("extra-evidence "), "{found:?}");

    // Under a tag of cosign's another manifest is there.
    let two = Two::new();
    let digest = fixture("signed").tags["v1.0.0"].clone();
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let other = Image::single("linux/amd64");
    for (registry, expected) in [(&two.mirror, "extra-evidence 1.2.0"), (&two.original, "")] {
        registry.edit(REPOSITORY, |content| content.push_tagged(&tag, &other));
        let (_, found) = two.differences(&["--tags", "1.2.0"]);
        assert_eq!(found, [expected].into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>());
    }
}

/// What is not known is never the same.
#[test]
fn a351_a_side_that_cannot_be_read_is_undecided() {
    let undecided = |two: &Two| {
        let (code, repository) = two.report(&[]);
        assert_eq!((code, &repository["verdict"]), (3, &json!("undecided")), "{repository}");
        assert!(!repository["gaps"].as_array().expect("gaps").is_empty(), "{repository}");
        assert_eq!(repository["mirror"]["differences"], json!([]), "{repository}");
    };
    for (path, status) in [
        ("/tags/list", 503),
        ("/tags/list", 404),
        ("/manifests/1.1.0", 500),
        ("/referrers/", 500),
        ("/referrers/", 403),
    ] {
        let two = Two::new();
        two.original.bend(path, fault::status(status));
        undecided(&two);
    }
    // No tag of the original is selected.
    let two = Two::new();
    two.original.edit(REPOSITORY, |content| content.tags.retain(|tag, _| tag.starts_with("sha256-")));
    let (code, repository) = two.report(&[]);
    assert_eq!((code, repository["gaps"].as_array().map(Vec::len)), (1, Some(1)), "{repository}");
    assert_eq!(repository["mirror"]["digests"], 0);
    // Pages of referrers without an end.
    let two = Two::new();
    two.original.bend("/referrers/", fault::header("Link", "</v2/acme/shop/referrers/x>; rel=\"next\""));
    let (code, repository) = two.report(&[]);
    assert_eq!(code, 3, "{repository}");
    // What only the mirror fails to list is undecided too.
    let two = Two::new();
    two.mirror.bend("/referrers/", fault::status(500));
    assert_eq!(two.report(&[]).0, 3);
}

/// A list of referrers is no proof that what it names is there.
#[test]
fn a351_a_mirror_that_lists_what_it_does_not_have_lacks_it() {
    let two = Two::new();
    let evidence = two.original.edit(REPOSITORY, |content| {
        let of: Vec<_> =
            content.manifests.iter().filter(|one| one.json().to_string().contains("dev.sigstore.bundle")).collect();
        of.last().expect("a bundle").descriptor().digest
    });
    two.mirror.bend(&format!("/manifests/{evidence}"), fault::status(404));
    let (code, found) = two.differences(&[]);
    assert!(matches!(code, 1) && found.len() == 1 && found[0].starts_with("missing-evidence "), "{code} {found:?}");
}

#[test]
fn a_comparison_with_itself_and_without_sense_is_refused() {
    let two = Two::new();
    let (mirror, original) = (Two::name(&two.mirror), Two::name(&two.original));
    let itself = program::audit(&[&mirror, "--mirror-of", &mirror]).run().usage_error();
    assert!(itself.contains("with itself"), "{itself}");
    let led = format!("{}={}", two.original.host(), two.mirror.host());
    let led = program::audit(&[&mirror, "--mirror-of", &original, "--mirror", &led]).run().usage_error();
    assert!(led.contains("with itself"), "{led}");
    let tagged = program::audit(&[&mirror, "--mirror-of", &format!("{original}:1.2.0")]).run().usage_error();
    assert!(tagged.contains("names an image"), "{tagged}");
    for more in [&["--newest", "1"][..], &["--shard", "1/2"], &["--expect", "x.json"]] {
        two.run(more).usage_error();
    }
    assert!(two.original.requests().is_empty() && two.mirror.requests().is_empty());
}
