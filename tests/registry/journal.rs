//! An audit that was interrupted goes on where it was, and ends with the report of one that was not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::{self, Folder, REPOSITORY, Run, fixture, serve_tagged};
use crate::support::digest::sha256_hex;
use crate::support::registry::{Registry, fault};

/// A good image, one of another signer, and one that was never signed.
const IMAGES: [(&str, &str); 3] = [("signed", "1.2.0"), ("other-signer", "1.1.0"), ("unsigned", "1.0.0")];

struct Shop {
    registry: Registry,
    name: String,
    folder: Folder,
}

impl Shop {
    fn new() -> Shop {
        let (registry, name) = serve_tagged(&IMAGES);
        Shop { registry, name, folder: Folder::new() }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("audit.journal")
    }

    fn audit(&self, more: &[&str]) -> Run {
        let journal = self.journal().display().to_string();
        let arguments =
            [&[self.name.as_str(), "--output", "json", "--journal", &journal, "--jobs", "1"], more].concat();
        program::audit(&arguments).run()
    }

    /// How many images were fetched since requests were forgotten.
    fn fetched(&self) -> usize {
        let requests = self.registry.requests();
        let is_image = |path: &str| IMAGES.iter().any(|(image, _)| path.ends_with(&fixture(image).tags["v1.0.0"]));
        requests
            .iter()
            .filter(|one| one.method == "GET" && one.path.contains("/manifests/") && is_image(&one.path))
            .count()
    }

    fn whole(&self) -> (Run, Vec<u8>) {
        let run = self.audit(&[]);
        (run, fs::read(self.journal()).expect("a journal"))
    }

    fn resumed_with(&self, journal: &[u8]) -> Run {
        fs::write(self.journal(), journal).expect("a journal");
        self.registry.forget_requests();
        self.audit(&["--resume"])
    }
}

/// A report without what differs between two runs: times, and what was asked of the network.
fn lasting(run: &Run) -> Value {
    let mut report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report: {}", run.seen()));
    for volatile in ["startedAt", "network", "environment"] {
        report[volatile] = Value::Null;
    }
    report
}

fn line_ends(journal: &[u8]) -> Vec<usize> {
    journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1).collect()
}

#[test]
fn an_audit_that_was_cut_anywhere_ends_with_the_report_of_one_that_was_not() {
    let shop = Shop::new();
    let (whole, journal) = shop.whole();
    assert_eq!((whole.exit, whole.stderr.as_str()), (1, ""), "{}", whole.seen());
    let ends = line_ends(&journal);
    assert_eq!(ends.len(), 1 + IMAGES.len(), "one line that binds it, and one for each image");
    let more = ends.iter().flat_map(|end| [end - 1, *end, end + 1, end + 80]).filter(|end| *end <= journal.len());
    let cuts: Vec<usize> =
        [0, 1].into_iter().chain(more).chain((3..journal.len()).step_by(journal.len() / 12)).collect();
    for cut in cuts {
        let run = shop.resumed_with(&journal[..cut]);
        assert_eq!((run.exit, lasting(&run)), (1, lasting(&whole)), "{cut}: {}", run.stderr);
        let kept = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(shop.fetched(), IMAGES.len() - kept, "{cut}");
        assert_eq!(run.stderr.contains("is not whole"), cut > 0 && !ends.contains(&cut), "{cut}: {}", run.stderr);
        assert_eq!(
            run.stderr.contains(&format!("{kept} verdicts are taken from the journal")),
            kept > 0,
            "{cut}: {}",
            run.stderr
        );
        // What the run added makes the journal whole again.
        let again = fs::read(shop.journal()).expect("a journal");
        assert_eq!((line_ends(&again).len(), again.last()), (ends.len(), Some(&b'\n')), "{cut}");
    }
}

/// A changed bit is never a verdict, wherever it is.
#[test]
fn a_damaged_journal_is_not_believed() {
    let shop = Shop::new();
    let (_, journal) = shop.whole();
    let ends = line_ends(&journal);
    for place in (0..journal.len()).step_by(journal.len() / 40).chain(ends[..3].iter().map(|end| end - 1)) {
        let mut damaged = journal.clone();
        damaged[place] ^= 1;
        let run = shop.resumed_with(&damaged);
        // Of the last line alone the end may be torn.
        let is_last_end = place + 1 == journal.len();
        assert_eq!(
            (run.exit, run.stdout.is_empty()),
            if is_last_end { (1, false) } else { (2, true) },
            "{place}: {}",
            run.seen()
        );
    }
    // A whole line is left out without harm; a line that is there twice says the same twice.
    let without = [&journal[..ends[0]], &journal[ends[1]..]].concat();
    assert_eq!(shop.resumed_with(&without).exit, 1);
    let twice = [&journal[..], &journal[ends[2]..]].concat();
    assert_eq!(shop.resumed_with(&twice).exit, 1);
}

/// Verdicts of another policy, trusted root, platform or way to look for evidence say nothing about this run.
#[test]
fn a_journal_of_another_run_is_refused() {
    let shop = Shop::new();
    let (_, journal) = shop.whole();
    let other_root = shop.folder.write("root.json", other_root());
    let folder = shop.folder.path().join("records");
    fs::create_dir(&folder).expect("a folder");
    for (more, differs) in [
        (&["--require", "signature"][..], "policy changed"),
        (&["--source-ref", "refs/tags/v1.0.0"], "policy changed"),
        (&["--platform", "linux/arm64"], "platforms changed"),
        (&["--offline"], "flags changed"),
        (&["--evidence-repository", "127.0.0.1:1/acme/elsewhere"], "flags changed"),
        (&["--mirror", "docker.io=127.0.0.1:1/hub"], "flags changed"),
        (&["--trusted-root", &other_root.display().to_string()], "trusted roots changed"),
        (&["127.0.0.1:1/acme/other"], "repositories changed"),
    ] {
        fs::write(shop.journal(), &journal).expect("a journal");
        let run = shop.audit(&[&["--resume"], more].concat());
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{more:?}: {}", run.seen());
        assert!(
            run.stderr.contains("it is of another run") && run.stderr.contains(differs),
            "{more:?}: {}",
            run.stderr
        );
        assert_eq!(fs::read(shop.journal()).expect("a journal"), journal, "it is left as it was");
    }
    let lines = line_ends(&journal);
    let older = [br#"{"journal":2,"of":{}}"#, &b"\n"[..], &journal[lines[0]..]].concat();
    assert!(shop.resumed_with(&older).stderr.contains("expected form 1, found 2"));
    let run = shop.audit(&["--resume", "--advisories", &folder.display().to_string()]);
    assert_eq!(run.exit, 2, "{}", run.seen());
}

/// The root of the fixtures, written differently: another file, with the same parties.
fn other_root() -> Vec<u8> {
    let root =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trust/lab.trusted_root.json")).expect("a root");
    [&root[..], b"\n\n"].concat()
}

/// A read that failed may succeed now, and a verdict is taken over for the digest that it was about.
#[test]
fn what_is_undecided_or_moved_is_judged_again() {
    let shop = Shop::new();
    let signed = fixture("signed").tags["v1.0.0"].clone();
    shop.registry.bend(&format!("/manifests/{signed}"), fault::status(500));
    let (first, journal) = shop.whole();
    assert_eq!((first.exit, line_ends(&journal).len()), (1, IMAGES.len()), "{}", first.seen());
    shop.registry.mend();
    let run = shop.resumed_with(&journal);
    assert_eq!((&lasting(&run)["images"][0]["verdict"], shop.fetched()), (&json!("verified"), 1), "{}", run.seen());
    // The tag of the good image names the unsigned one now.
    let unsigned = fixture("unsigned").tags["v1.0.0"].clone();
    shop.registry.edit(REPOSITORY, |content| content.tags.insert("1.2.0".to_owned(), unsigned.clone()));
    shop.registry.forget_requests();
    let run = shop.audit(&["--resume"]);
    let images = &lasting(&run)["images"];
    assert_eq!((&images[0]["verdict"], &images[0]["digest"]), (&json!("absent"), &json!(unsigned)), "{}", run.seen());
    assert_eq!(images.as_array().map(Vec::len), Some(2));
}

/// Ages and days of the policy go on: a longer run would have looked again.
#[test]
fn a_verdict_of_another_day_is_given_anew() {
    let shop = Shop::new();
    let (_, journal) = shop.whole();
    let text = String::from_utf8(journal).expect("text");
    let binding = {
        let header: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        let facts = header["of"].as_object().expect("facts").iter();
        let facts: Vec<String> =
            facts.map(|(name, value)| format!("{name}={}\n", value.as_str().expect("a text"))).collect();
        sha256_hex(facts.concat().as_bytes())
    };
    let bind = |entry: &str| {
        let hash = sha256_hex(format!("{binding}\n{entry}").as_bytes());
        format!("{{\"sha256\":\"{hash}\",\"entry\":{entry}}}\n")
    };
    let written_at = |seconds: i64| {
        let mut lines = text.lines();
        let mut all = format!("{}\n", lines.next().expect("a line"));
        for line in lines {
            let entry = line.split_once("\"entry\":").and_then(|(_, rest)| rest.strip_suffix('}')).expect("an entry");
            let parsed: Value = serde_json::from_str(entry).expect("JSON");
            let at: jiff::Timestamp = parsed["at"].as_str().expect("a time").parse().expect("a time");
            let moved = at + jiff::SignedDuration::from_secs(seconds);
            all += &bind(&entry.replacen(&at.to_string(), &moved.to_string(), 1));
        }
        all
    };
    for (seconds, fetched) in [(0, 0), (-86_000, 0), (-87_000, 3), (3_600, 3)] {
        let run = shop.resumed_with(written_at(seconds).as_bytes());
        assert_eq!((run.exit, shop.fetched()), (1, fetched), "{seconds}: {}", run.stderr);
    }
}

#[test]
fn a_journal_is_a_file_of_its_own_and_of_one_process() {
    let shop = Shop::new();
    let (_, journal) = shop.whole();
    let again = shop.audit(&[]);
    assert_eq!((again.exit, again.stdout.as_str()), (2, ""), "{}", again.seen());
    assert!(again.stderr.contains("it is there already") && again.stderr.contains("--resume"), "{}", again.stderr);
    assert_eq!(program::audit(&[&shop.name, "--resume"]).run().exit, 2, "without a journal");

    let file = fs::File::open(shop.journal()).expect("a journal");
    file.lock().expect("a lock");
    let run = shop.audit(&["--resume"]);
    assert_eq!(run.exit, 2, "{}", run.seen());
    assert!(run.stderr.contains("another process uses it"), "{}", run.stderr);
    drop(file);

    fs::remove_file(shop.journal()).expect("a journal");
    fs::create_dir(shop.journal()).expect("a folder");
    assert_eq!(shop.audit(&["--resume"]).exit, 2);
    fs::remove_dir(shop.journal()).expect("a folder");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        for victim in ["victim", "nowhere"] {
            let victim = shop.folder.path().join(victim);
            if victim.ends_with("victim") {
                fs::write(&victim, &journal).expect("a file");
            }
            symlink(&victim, shop.journal()).expect("a link");
            for more in [&["--resume"][..], &[]] {
                let run = shop.audit(more);
                assert_eq!(run.exit, 2, "A319: {}", run.seen());
            }
            assert_eq!(fs::read(&victim).ok(), victim.ends_with("victim").then(|| journal.clone()));
            fs::remove_file(shop.journal()).expect("a link");
        }
        assert_eq!(shop.audit(&["--resume"]).exit, 1, "a journal that is not there yet is begun");
        let mode = fs::metadata(shop.journal()).expect("a journal").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
