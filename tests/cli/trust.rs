//! `bonafide trust`, and what `verify` does with what it keeps.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use bonafide::collect::{FileServer, FileServerSettings};
use bonafide::tuf::{Cache, Repository, update};
use serde_json::Value;
use sigstore_trust_root::SigstoreInstance;

use crate::fixtures::{BY_SHOP, LAB_ROOT, image};
use crate::program::{Program, Run, Scratch, bonafide};
use crate::support::registry::Registry;
use crate::support::tuf::{TufRepository, serve};

/// A mirror with the root of the fixtures, and a folder for one user's cache.
struct Mirror {
    repository: TufRepository,
    server: Registry,
    scratch: Scratch,
    anchor: String,
}

impl Mirror {
    fn new() -> Mirror {
        let root = fs::read_to_string(LAB_ROOT).expect("the root of the fixtures");
        let (repository, scratch) = (TufRepository::new(&root), Scratch::new());
        let anchor = scratch.write("root.json", repository.anchor());
        let mirror = Mirror { repository, server: Registry::start(), scratch, anchor };
        mirror.publish();
        mirror
    }

    fn publish(&self) {
        serve(&self.server, &self.repository.files());
    }

    /// Runs the program with this instance, and with more arguments.
    fn run(&self, arguments: &[&str]) -> Run {
        let url = self.server.url();
        let named = ["--tuf-mirror", &url, "--tuf-root", &self.anchor];
        Program::new([arguments, &named].concat()).env("XDG_CACHE_HOME", self.scratch.path("cache")).run()
    }

    /// Verifies a signed image of the fixtures.
    fn verify(&self, arguments: &[&str]) -> Run {
        let signed = image("signed");
        self.run(&[&["verify", &signed, "--output", "json"], &BY_SHOP[..], arguments].concat())
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path("cache").join("bonafide").join("trust")
    }

    /// Fills the cache as it was at a time.
    fn update_at(&self, now: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let second = Duration::from_secs(20);
            let settings = FileServerSettings { ca_file: None, silence: second, total_time: second };
            let server = FileServer::open(&self.server.url(), &settings).expect("an address");
            let repository = Repository::at(&self.server.url(), self.repository.anchor());
            let now = now.parse().expect("a time");
            update(&repository, &Cache::new(Some(self.folder())), &server, now).await.expect("an honest repository");
        });
        self.server.forget_requests();
    }
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("a report, not {}{}", run.stdout, run.stderr))
}

#[test]
fn an_update_says_what_is_new_and_verify_uses_it_without_asking_anybody() {
    let mirror = Mirror::new();
    let first = mirror.run(&["trust", "update"]).success();
    assert!(first.starts_with(&format!("updated    {}  trusted root sha256:", mirror.server.url())), "{first}");
    assert!(first.ends_with(", valid until 2100-01-01T00:00:00Z\n"), "{first}");
    let second = mirror.run(&["trust", "update"]).success();
    assert!(second.starts_with("unchanged  "), "{second}");
    mirror.server.forget_requests();
    for flags in [&[] as &[&str], &["--offline"]] {
        let run = mirror.verify(flags);
        let report = report(&run);
        assert_eq!((run.exit, run.stderr.as_str(), &report["verdict"]), (0, "", &Value::from("verified")));
        let trust = &report["trust"][0];
        assert_eq!((&trust["domain"], &trust["source"]), (&Value::from(mirror.server.url()), &Value::from("cache")));
        assert!(trust["updatedAt"].is_string() && first.contains(trust["sha256"].as_str().expect("a digest")));
        assert_eq!(report["network"]["requests"], 0);
    }
    assert!(mirror.server.requests().is_empty());
}

#[test]
fn verify_updates_first_only_when_it_is_asked_to_and_counts_what_it_asked() {
    let mirror = Mirror::new();
    let run = mirror.verify(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "nothing is cached, and nothing is fetched");
    assert!(run.stderr.contains("or add `--update-trust`"), "{}", run.stderr);
    assert!(mirror.server.requests().is_empty());
    let run = mirror.verify(&["--update-trust", "-vv"]);
    let report = report(&run);
    assert_eq!((run.exit, &report["trust"][0]["source"]), (0, &Value::from("cache")), "{}", run.stderr);
    assert_eq!(report["network"]["requests"], mirror.server.requests().len());
    assert_eq!(report["network"]["hosts"], serde_json::json!([mirror.server.host()]));
    assert!(run.stderr.contains(&format!("GET {}/timestamp.json  200", mirror.server.url())), "{}", run.stderr);
}

#[test]
fn a_failed_update_falls_back_to_a_cache_that_is_still_valid_and_says_so() {
    let mirror = Mirror::new();
    mirror.run(&["trust", "update"]).success();
    serve(&mirror.server, &[("x".to_owned(), Vec::new())].into());
    let run = mirror.verify(&["--update-trust"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let said = format!("warning: the TUF repository of {} could not be read: ", mirror.server.url());
    assert!(run.stderr.starts_with(&said) && run.stderr.contains("which is valid until 2100-01-01"), "{}", run.stderr);
    // The command that was to update has failed all the same.
    let run = mirror.run(&["trust", "update"]);
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("stays in use until 2100-01-01T00:00:00Z"), "{}", run.stderr);
}

#[test]
fn a_failed_update_never_falls_back_to_an_expired_cache() {
    let mut mirror = Mirror::new();
    mirror.repository.timestamp.expires = "2021-01-01T00:00:00Z".to_owned();
    mirror.publish();
    mirror.update_at("2020-12-31T00:00:00Z");
    for flags in [&[] as &[&str], &["--update-trust"], &["--offline"]] {
        let run = mirror.verify(flags);
        assert_eq!((run.exit, run.stdout.as_str()), (3, ""), "{flags:?}");
        assert!(run.stderr.contains(" metadata expired at 2021-01-01T00:00:00Z"), "{}", run.stderr);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let mirror = Mirror::new();
    mirror.scratch.write("cache", "a file where the folder should be");
    let run = mirror.run(&["trust", "update"]);
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("is current, but could not be kept"), "{}", run.stderr);
    let run = mirror.verify(&["--update-trust"]);
    assert_eq!(run.exit, 0, "the new root is good for this run");
    assert!(run.stderr.starts_with("warning: the new trusted root of "), "{}", run.stderr);
}

#[test]
fn without_a_home_the_embedded_roots_are_used() {
    let nowhere = |arguments: &[&str]| Program::new(arguments).env("HOME", "").env("XDG_CACHE_HOME", "relative").run();
    let shown = nowhere(&["trust", "show"]).success();
    assert!(shown.contains("cache  none: neither `XDG_CACHE_HOME` nor `HOME` is set"), "{shown}");
    let layout = image("unsigned");
    assert_eq!(nowhere(&["verify", &layout, "--repo", "acme/shop"]).exit, 4);
    let mirror = Mirror::new();
    let url = mirror.server.url();
    let run = nowhere(&["trust", "update", "--tuf-mirror", &url, "--tuf-root", &mirror.anchor]);
    assert_eq!(run.exit, 3);
    assert!(run.stderr.contains("neither `XDG_CACHE_HOME` nor `HOME` is set"), "{}", run.stderr);
}

/// Whatever lies in the cache of an embedded instance is verified from the embedded TUF root on.
#[test]
fn a243_a_cache_that_cannot_be_believed_is_named_and_the_embedded_root_is_used() {
    let mirror = Mirror::new();
    mirror.run(&["trust", "update"]).success();
    let entries = fs::read_dir(mirror.folder()).expect("a cache").map(|entry| entry.expect("an entry").path());
    let forged = entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "json")).expect("a cache");
    for content in [b"not a cache".to_vec(), fs::read(forged).expect("a cache")] {
        fs::write(mirror.folder().join("public-good.json"), content).expect("the folder can be written");
        let layout = image("signed");
        let arguments = ["verify", &layout, "--repo", "acme/shop", "--trust", "public-good", "--output", "json"];
        let run = Program::new(arguments).env("XDG_CACHE_HOME", mirror.scratch.path("cache")).run();
        assert_eq!(run.exit, 1, "nobody of the lab is trusted");
        assert_eq!(report(&run)["trust"][0]["source"], "embedded");
        let warned = run.stderr.starts_with("warning: ")
            && run.stderr.contains("; using the embedded trusted root of public-good");
        assert!(warned && run.stderr.contains("`bonafide trust update`"), "{}", run.stderr);
    }
}

/// Everything that is asked over HTTPS goes to a proxy that counts: nobody may knock there.
#[test]
fn offline_and_by_default_no_connection_is_made() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    proxy.set_nonblocking(true).expect("a socket can be set so");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let (layout, scratch) = (image("signed"), Scratch::new());
    let verify = ["verify", &layout, "--repo", "acme/shop", "--trust", "public-good", "--trust", "github"];
    for arguments in [&verify[..], &[&verify[..], &["--offline"]].concat(), &["trust", "show"]] {
        let program = Program::new(arguments).env("HTTPS_PROXY", &address).env("XDG_CACHE_HOME", scratch.directory());
        let run = program.run();
        assert!(run.exit < 2, "{}", run.stderr);
        assert!(proxy.accept().is_err(), "{arguments:?}");
    }
    // The proxy would have seen it.
    let run = Program::new(["trust", "update", "--trust", "public-good", "--timeout", "1s"])
        .env("HTTPS_PROXY", &address)
        .env("XDG_CACHE_HOME", scratch.directory())
        .run();
    assert_eq!(run.exit, 3);
    assert!(
        run.stderr.contains("the embedded trusted root of public-good of 2026-10-13 stays in use"),
        "{}",
        run.stderr
    );
    assert!(proxy.accept().is_ok());
    let run = Program::new([&verify[..5], &["public-good", "--update-trust", "--timeout", "1s"]].concat())
        .env("HTTPS_PROXY", &address)
        .env("XDG_CACHE_HOME", scratch.directory())
        .run();
    assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
    let otherwise = "without `--update-trust` the embedded trusted root of public-good of 2026-10-13 is used";
    assert!(run.stderr.contains(otherwise), "{}", run.stderr);
    assert!(proxy.accept().is_ok());
}

/// Logins are for registries, also when a mirror is on the very host that one of them is for.
#[test]
fn a251_a_mirror_never_sees_a_login_of_the_user() {
    let mirror = Mirror::new();
    let logins = format!(r#"{{"auths":{{"{}":{{"auth":"dXNlcjpodW50ZXIy"}}}}}}"#, mirror.server.host());
    mirror.scratch.write("config.json", logins);
    let url = mirror.server.url();
    let layout = image("signed");
    let named = ["--tuf-mirror", &url, "--tuf-root", &mirror.anchor];
    for arguments in [&["trust", "update"] as &[&str], &["verify", &layout, "--repo", "acme/shop", "--update-trust"]] {
        let run = Program::new([arguments, &named].concat())
            .env("XDG_CACHE_HOME", mirror.scratch.path("cache"))
            .env("DOCKER_CONFIG", mirror.scratch.directory())
            .env("BONAFIDE_REGISTRY_TOKEN", "hunter2")
            .env("GITHUB_TOKEN", "hunter2")
            .env("GH_TOKEN", "hunter2")
            .run();
        assert!(run.exit < 2, "{}", run.stderr);
    }
    let requests = mirror.server.requests();
    assert!(requests.len() >= 7, "{requests:?}");
    for request in requests {
        let told = format!("{request:?}").to_lowercase();
        for secret in ["hunter2", "authorization", "dxnlcjpodw50zxiy"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[test]
fn flags_that_contradict_each_other_are_usage_errors() {
    let layout = image("signed");
    for (flags, message) in [
        (&["--offline", "--update-trust"] as &[&str], "cannot be used with"),
        (&["--tuf-mirror", "https://tuf.example"], "--tuf-root"),
        (&["--tuf-root", "root.json"], "--tuf-mirror"),
        (&["--trusted-root", LAB_ROOT, "--update-trust"], "has nothing to update"),
        (&["--tuf-mirror", "https://tuf.example", "--tuf-root", "nowhere.json"], "cannot read `nowhere.json`"),
        (
            &["--tuf-mirror", "https://ci:hunter2@tuf.example", "--tuf-root", "Cargo.toml", "--update-trust"],
            "is not the address of a web server",
        ),
        (
            &["--tuf-mirror", "http://127.0.0.1:1", "--tuf-root", "Cargo.toml", "--update-trust"],
            "the initial TUF root of http://127.0.0.1:1 cannot be used",
        ),
    ] {
        let error = bonafide(&[&["verify", &layout, "--repo", "acme/shop"], flags].concat()).usage_error();
        assert!(error.contains(message) && !error.contains("hunter2"), "{flags:?}: {error}");
    }
}

#[test]
fn a253_a_root_older_than_the_embedded_one_is_used_with_a_warning() {
    let scratch = Scratch::new();
    let embedded = SigstoreInstance::PublicGood.embedded_trusted_root_json();
    let mut older: Value = serde_json::from_str(embedded).expect("JSON");
    older["tlogs"].as_array_mut().expect("a list").truncate(1);
    let layout = image("signed");
    for (text, is_older) in [(older.to_string(), true), (embedded.to_owned(), false)] {
        let file = scratch.write("root.json", text);
        let arguments = ["verify", &layout, "--repo", "acme/shop", "--trusted-root", &file, "--output", "json"];
        let run = bonafide(&arguments);
        assert_eq!(report(&run)["trust"][0]["source"], Value::from(file), "it is used");
        assert_eq!(run.stderr.contains("is older than the embedded trusted root of public-good"), is_older);
        assert_eq!(run.stderr.contains("`--trust public-good`"), is_older, "{}", run.stderr);
    }
}

#[test]
fn trust_show_says_where_each_root_is_from_and_what_it_names() {
    let mirror = Mirror::new();
    mirror.run(&["trust", "update"]).success();
    let arguments = ["trust", "show", "--trust", "github", "--trusted-root", LAB_ROOT];
    let shown = mirror.run(&[&arguments[..], &["--output", "json"]].concat()).success();
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let roots = shown["trust"].as_array().expect("a list");
    let sources: Vec<&str> = roots.iter().map(|root| root["source"].as_str().expect("a source")).collect();
    assert_eq!((sources, &shown["schemaVersion"]), (vec!["embedded", "cache", LAB_ROOT], &Value::from(1)));
    assert_eq!(roots[0]["updatedAt"], "2026-10-13T00:00:00Z");
    assert_eq!(roots[0]["transparencyLogs"], serde_json::json!([]));
    assert_eq!(roots[1]["validUntil"], "2100-01-01T00:00:00Z");
    assert_eq!(roots[1]["sha256"], roots[2]["sha256"]);
    assert_eq!(roots[2]["certificateAuthorities"][0]["name"], "lab.example Bonafide lab Fulcio root");
    assert!(roots[2].get("updatedAt").is_none(), "nobody knows how old a file is");
    let text = mirror.run(&arguments).success();
    for line in [
        "github".to_owned(),
        "  source   embedded of 2026-10-13".to_owned(),
        "  transparency logs: none".to_owned(),
        format!("  source   file {LAB_ROOT}"),
        format!("cache  {}", mirror.folder().display()),
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` in\n{text}");
    }
}

#[test]
fn a270_names_in_a_root_are_shown_escaped() {
    let scratch = Scratch::new();
    let root = fs::read_to_string(LAB_ROOT).expect("the root of the fixtures");
    let mut root: Value = serde_json::from_str(&root).expect("JSON");
    root["certificateAuthorities"][0]["subject"]["commonName"] = Value::from("\u{1b}[2Jverified\n\u{202e}");
    let file = scratch.write("root.json", root.to_string());
    let shown = bonafide(&["trust", "show", "--trusted-root", &file]).success();
    assert!(shown.contains("\\u{1b}[2Jverified\\u{a}\\u{202e}"), "{shown}");
}

#[test]
fn what_is_about_to_end_is_shown() {
    let scratch = Scratch::new();
    let root = fs::read_to_string(LAB_ROOT).expect("the root of the fixtures");
    let mut root: Value = serde_json::from_str(&root).expect("JSON");
    for log in root["tlogs"].as_array_mut().expect("a list") {
        log["publicKey"]["validFor"] =
            serde_json::json!({"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"});
    }
    let file = scratch.write("root.json", root.to_string());
    let shown = bonafide(&["trust", "show", "--trusted-root", &file]).success();
    let line = "  warning  its last transparency log ends on 2021-01-01T00:00:00Z, and no other follows";
    assert!(shown.lines().any(|found| found == line), "{shown}");
}

/// Signed by whom it must be, and of no use: nobody is told that it was an update.
#[test]
fn a_root_that_names_no_authority_is_no_update() {
    let mut mirror = Mirror::new();
    mirror.repository.target = br#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#.to_vec();
    mirror.publish();
    for run in [mirror.run(&["trust", "update"]), mirror.verify(&["--update-trust"]), mirror.verify(&[])] {
        assert_eq!((run.exit, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.contains("has no certificate authority"), "{}", run.stderr);
    }
}

#[test]
fn quiet_updates_say_nothing_but_errors() {
    let mirror = Mirror::new();
    assert_eq!(mirror.run(&["-q", "trust", "update"]).success(), "");
    serve(&mirror.server, &[("x".to_owned(), Vec::new())].into());
    let run = mirror.run(&["-q", "trust", "update"]);
    assert!(run.exit == 3 && run.stderr.starts_with("error: "), "{}", run.stderr);
}
