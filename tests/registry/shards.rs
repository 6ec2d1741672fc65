//! An audit in parts: their reports make the report of the whole, and nothing that is missing is ever a pass.

use std::fs;

use serde_json::{Value, json};

use crate::program::{self, Folder, Program, REPOSITORY, Run, fixture, serve_tagged};
use crate::support::registry::Registry;
use crate::support::schema::complaints;

struct Shop {
    registry: Registry,
    name: String,
    folder: Folder,
}

const GOOD: [(&str, &str); 4] =
    [("signed", "1.3.0"), ("legacy", "1.2.0"), ("multi-platform", "1.1.0"), ("signed", "latest")];
const OTHERS: [(&str, &str); 2] = [("other-signer", "1.0.0"), ("unsigned", "0.9.0")];

impl Shop {
    fn new(images: &[(&str, &str)]) -> Shop {
        let (registry, name) = serve_tagged(images);
        Shop { registry, name, folder: Folder::new() }
    }

    fn whole(&self) -> Run {
        program::audit(&[&self.name, "--output", "json"]).run()
    }

    /// Runs one part, and returns its report's file.
    fn part(&self, shard: &str, more: &[&str]) -> String {
        let file = self.folder.path().join(format!("{}.json", shard.replace('/', "-of-"))).display().to_string();
        let output = format!("json={file}");
        let run = program::audit(&[&[self.name.as_str(), "--shard", shard, "--output", &output], more].concat()).run();
        assert_ne!(run.exit, 2, "{}", run.seen());
        file
    }

    fn parts(&self, count: usize) -> Vec<String> {
        (1..=count).map(|number| self.part(&format!("{number}/{count}"), &[])).collect()
    }
}

fn merge(files: &[String]) -> Run {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    Program::new([&["report", "merge", "--output", "json"], &files[..]].concat()).run()
}

/// A report without what differs between runs: times, and what was asked of the network.
fn lasting(run: &Run) -> Value {
    let mut report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    for volatile in ["startedAt", "network", "environment"] {
        report[volatile] = Value::Null;
    }
    // A part does not know which evidence belongs to the images of the others.
    if let Some(tags) = report["repositories"][0]["tags"].as_object_mut() {
        tags.remove("orphanedEvidence");
    }
    report
}

fn read(file: &str) -> Value {
    serde_json::from_slice(&fs::read(file).expect("a report")).expect("JSON")
}

#[test]
fn the_parts_make_the_whole_in_any_order_and_number() {
    for (images, code) in [(&GOOD[..], 0), (&[&GOOD[..], &OTHERS[..]].concat(), 1)] {
        let shop = Shop::new(images);
        let whole = shop.whole();
        assert_eq!(whole.exit, code, "{}", whole.seen());
        for count in [1, 2, 4, 9] {
            let mut files = shop.parts(count);
            files.reverse();
            let merged = merge(&files);
            assert_eq!((merged.exit, lasting(&merged)), (code, lasting(&whole)), "{count}: {}", merged.stderr);
        }
    }
}

#[test]
fn a_missing_part_is_undecided_and_named() {
    let shop = Shop::new(&GOOD);
    let files = shop.parts(3);
    for missing in 0..3 {
        let mut some = files.clone();
        some.remove(missing);
        let run = merge(&some);
        assert_eq!(run.exit, 3, "{}", run.seen());
        assert!(run.stdout.contains(&format!("shards {} of 3 are missing", missing + 1)), "{}", run.stdout);
        for format in ["text", "jsonl", "csv", "junit", "sarif", "markdown", "pinned"] {
            let names: Vec<&str> = some.iter().map(String::as_str).collect();
            let run = Program::new([&["report", "merge", "--output", format], &names[..]].concat()).run();
            assert_eq!(run.exit, 3, "{format}: {}", run.seen());
            assert!(run.seen().contains("are missing"), "{format}: {}", run.seen());
        }
    }
}

/// A tag that is pushed between two parts may be in none of them.
#[test]
fn tags_that_changed_between_the_parts_are_undecided() {
    let shop = Shop::new(&GOOD);
    let first = shop.part("1/2", &[]);
    let other = fixture("unsigned").tags["v1.0.0"].clone();
    shop.registry.edit(REPOSITORY, |content| content.tags.insert("1.2.0".to_owned(), other));
    let second = shop.part("2/2", &[]);
    let run = merge(&[first, second]);
    assert_ne!(run.exit, 0, "{}", run.seen());
    assert!(run.stdout.contains("the shards listed different tags"), "{}", run.stdout);
}

#[test]
fn reports_that_are_no_parts_of_one_audit_are_refused() {
    let shop = Shop::new(&GOOD);
    let files = shop.parts(2);
    let refused = |files: &[String], why: &str| {
        let run = merge(files);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{why}: {}", run.seen());
        assert!(run.stderr.contains(why), "{why}: {}", run.stderr);
    };
    refused(&[files[0].clone(), files[0].clone()], "it is shard 1, and so is another report");
    refused(&["no/such/file".to_owned()], "no/such/file");
    let whole = shop.folder.write("whole.json", &shop.whole().stdout).display().to_string();
    refused(&[whole], "it is not the report of a shard");
    let (first, changed) = (files[0].clone(), shop.folder.path().join("changed.json").display().to_string());
    for (more, why) in [
        (&["--require", "signature"][..], "the policy differs"),
        (&["--newest", "3"], "the selection or a flag differs"),
        (&["--platform", "linux/amd64"], "the selection or a flag differs"),
        (&["--offline"], "the selection or a flag differs"),
    ] {
        refused(&[first.clone(), shop.part("2/2", more)], why);
    }
    refused(&[first.clone(), shop.part("2/3", &[])], "the number of shards differs");
    let second = shop.part("2/2", &[]);
    // What a report says of itself must fit, and nothing in it is passed over.
    let edits: [(&str, Value); 10] = [
        ("/verdict", json!("verified!")),
        ("/exitCode", json!(1)),
        ("/counts/verified", json!(99)),
        ("/tool/version", json!("9.9.9")),
        ("/schemaVersion", json!("1")),
        ("/shard/number", json!(3)),
        ("/shard/places", json!([0, 1, 2, 3, 4, 5])),
        ("/shard/total", json!(0)),
        ("/images", json!([])),
        ("/images/0/findings", json!([{"check": "no-such-check", "outcome": "pass", "message": ""}])),
    ];
    for (place, value) in edits {
        let mut report = read(if read(&first)["images"][0].is_null() { &second } else { &first });
        match report.pointer_mut(place) {
            Some(at) => *at = value,
            None => report["images"][0]["findings"] = value,
        }
        fs::write(&changed, report.to_string()).expect("a file");
        let run = merge(std::slice::from_ref(&changed));
        assert_eq!(run.exit, 2, "{place}: {}", run.seen());
    }
    let mut report = read(&first);
    report["more"] = json!(1);
    fs::write(&changed, report.to_string()).expect("a file");
    assert_eq!(merge(&[changed, second]).exit, 2, "a field that is not known");
}

#[test]
fn a_part_says_which_it_is_and_a_job_of_kubernetes_names_it() {
    let shop = Shop::new(&GOOD);
    let report = read(&shop.part("1/2", &[]));
    let schema = Program::new(["schema", "report"]).run();
    assert_eq!(complaints(&serde_json::from_str(&schema.stdout).expect("JSON"), &report), Vec::<String>::new());
    let auto = |variables: &[(&str, &str)]| {
        let run = program::audit(&[&shop.name, "--shard", "auto", "--output", "json"]);
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    };
    let run = auto(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")]);
    let found: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.seen()));
    assert_eq!(found["shard"], report["shard"]);
    for wrong in [&[][..], &[("JOB_COMPLETION_INDEX", "2"), ("JOB_COMPLETIONS", "2")], &[("JOB_COMPLETION_INDEX", "0")]]
    {
        assert_eq!(auto(wrong).exit, 2, "{wrong:?}");
    }
}
