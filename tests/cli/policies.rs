//! `bonafide verify` by a policy file: where the file is found, what it is called, and which images it is about.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fixtures::{BY_SHOP, LAB, LAB_ROOT, SHOP, image};
use crate::program::{Checked, Program, Run, Scratch, bonafide, verify, verify_in};
use crate::report::{finding, list, requirement, word};
use crate::shop::{Served, Shop};
use crate::support::digest::sha256_hex;

const NAME: &str = "registry.acme.example/shop";
const AS: [&str; 2] = ["--as", "registry.acme.example/shop:1.0.0"];

/// A policy of one rule about [`NAME`].
fn about_shop(signer: &str, requirements: &str) -> String {
    about(NAME, signer, requirements)
}

fn about(name: &str, signer: &str, requirements: &str) -> String {
    format!("version: 1\nimages:\n  - match: \"{name}\"\n    signers: [{{{signer}}}]\n    require: [{requirements}]\n")
}

/// The policy that the images of the fixtures satisfy.
fn good() -> String {
    about_shop("github: {repository: acme/shop, ref: refs/tags/v*}", "signature, provenance, sbom")
}

#[track_caller]
fn by(policy: &str, image: &str) -> Checked {
    verify(&[&[image], &LAB, &["--policy", policy], &AS])
}

/// Runs `verify` that ends before there is a report.
fn refused(arguments: &[&[&str]]) -> Run {
    bonafide(&[&["verify"], arguments.concat().as_slice()].concat())
}

#[test]
fn a_file_decides_and_the_report_names_it_by_its_bytes() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", good());
    let checked = by(&file, &image("signed")).exits(0);
    assert_eq!(checked.report["policy"]["source"], file);
    assert_eq!(checked.report["policy"]["sha256"], sha256_hex(good().as_bytes()));
    for (name, exit) in [("legacy", 0), ("multi-platform", 0), ("other-signer", 1), ("unsigned", 4)] {
        by(&file, &image(name)).exits(exit);
    }
    let stricter = scratch.write("stricter.yaml", good().replace("refs/tags/v*", "refs/tags/v2*"));
    let checked = by(&stricter, &image("signed")).exits(1);
    let refused = finding(requirement(checked.image(), "signature"), "signer-source");
    assert_eq!((word(&refused["expected"]), word(&refused["found"])), ("refs/tags/v2*", "refs/tags/v1.0.0"));
}

#[test]
fn standard_input_is_a_policy_and_only_that() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", good());
    let image = image("signed");
    let arguments: [&[&str]; 4] = [&[&image], &LAB, &["--policy", "-"], &AS];
    let checked = verify_in(&arguments, |program| program.stdin_from(Path::new(&file))).exits(0);
    assert_eq!(checked.report["policy"]["source"], "-");
    let message = refused(&arguments).usage_error();
    assert!(message.contains("the policy is empty"), "{message}");
    let message = refused(&[&["-", "--policy", "-"]]).usage_error();
    assert!(message.contains("standard input cannot be both the policy and the references"), "{message}");
    let message = refused(&[&["ghcr.io/a/b", "--policy", "-", "--username", "ci", "--password-stdin"]]).usage_error();
    assert!(message.contains("standard input cannot be both the policy and the password"), "{message}");
}

/// Paths of what the run needs, from another folder than the repository.
fn absolute(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_file_in_the_working_directory_is_read_and_no_flag_takes_its_place_unsaid() {
    let scratch = Scratch::new();
    scratch.write("bonafide.yaml", good());
    let image = format!("oci:{}", absolute("fixtures/images/signed:v1.0.0"));
    let root = absolute(LAB_ROOT);
    let trust = ["--offline", "--trusted-root", root.as_str()];
    let here =
        |more: &[&str]| verify_in(&[&[image.as_str()], &trust, more], |program| program.within(scratch.directory()));
    assert_eq!(here(&AS).exits(0).report["policy"]["source"], "bonafide.yaml");
    let alone = |flags: &[&'static str]| [flags, &["--no-policy"]].concat();
    assert_eq!(here(&alone(&BY_SHOP)).exits(0).report["policy"]["source"], "flags");
    assert_eq!(here(&alone(&["--repo", "acme/other"])).exits(1).report["policy"]["source"], "flags");
    let arguments: Vec<&str> = ["verify", &image].into_iter().chain(trust).collect();
    for flag in [["--repo", "acme/other"], ["--require", "signature"], ["--key", "cosign.pub"], ["--owner", "acme"]] {
        let both = arguments.iter().chain(&flag);
        let message = Program::new(both).within(scratch.directory()).run().usage_error();
        assert!(message.contains(&format!("`bonafide.yaml` is here and {} is given", flag[0])), "{message}");
        assert!(message.contains("`--no-policy`"), "{message}");
    }
    // A broken file is not passed over, and is not read at all where flags alone decide.
    scratch.write("bonafide.yaml", "version: 1\n");
    here(&alone(&BY_SHOP)).exits(0);
    let message = Program::new(&arguments).within(scratch.directory()).run().usage_error();
    assert!(message.contains("bonafide.yaml:1:1: `images` is missing"), "{message}");
    fs::remove_file(scratch.path("bonafide.yaml")).expect("the file was there");
    let message = Program::new(&arguments).within(scratch.directory()).run().usage_error();
    assert!(message.contains("no signer is named"), "{message}");
}

#[test]
fn an_alert_points_at_the_policy_file_and_at_nothing_else() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("policies")).expect("a folder");
    scratch.write("policies/prod.yaml", good());
    scratch.write("policies/prod", good());
    let image = format!("oci:{}", absolute("fixtures/images/unsigned:v1.0.0"));
    let root = absolute(LAB_ROOT);
    let place = |more: &[&str]| {
        let trust = ["--offline", "--trusted-root", root.as_str(), "--output", "sarif"];
        let arguments = [&["verify", image.as_str()], &trust[..], more].concat();
        let run = Program::new(arguments).within(scratch.directory()).run();
        let log: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("SARIF: {}", run.stderr));
        word(&log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).to_owned()
    };
    for file in ["policies/prod.yaml", "./policies/prod.yaml", "policies/prod"] {
        let by = ["--policy", file, AS[0], AS[1]];
        assert_eq!(place(&by), file.trim_start_matches("./"));
        assert_eq!(place(&[&by[..], &["--deny-severity", "high"]].concat()), file.trim_start_matches("./"));
    }
    let absolute = scratch.path("policies/prod.yaml");
    for by in [&["--policy", absolute.to_str().expect("text"), AS[0], AS[1]][..], &BY_SHOP] {
        assert_eq!(place(by), "bonafide.yaml", "no file of the repository says it");
    }
}

#[test]
fn a_file_and_a_flag_that_says_the_same_thing_are_refused() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", good());
    let image = image("signed");
    for flags in [
        &["--repo", "acme/shop"] as &[&str],
        &["--certificate-identity", SHOP],
        &["--certificate-identity-regexp", ".*"],
        &["--certificate-oidc-issuer", "https://accounts.acme.example"],
        &["--signer-workflow", "acme/shop/.github/workflows/release.yml"],
        &["--source-ref", "refs/tags/v1.0.0"],
        &["--deny-self-hosted-runners"],
        &["--certificate-github-workflow-trigger", "push"],
        &["--key", "cosign.pub"],
        &["--key-without-log"],
        &["--require", "signature"],
        &["--builder-id", SHOP],
        &["--slsa-level", "2"],
        &["--source-tag", "v1.*"],
        &["--all-provenance"],
    ] {
        let message = refused(&[&[&image], &LAB, &["--policy", &file], &AS, flags]).usage_error();
        assert!(message.starts_with(&format!("error: --policy and {} are both given", flags[0])), "{message}");
        assert!(message.contains(&format!("leave out `{}`", flags[0])), "{message}");
    }
    // What narrows is no contradiction.
    let other = format!("sha256:{}", "0".repeat(64));
    verify(&[&[&image], &LAB, &["--policy", &file, "--expect-digest", &other], &AS]).exits(1);
    verify(&[&[&image], &LAB, &["--policy", &file, "--platform", "linux/amd64"], &AS]).exits(0);
    let narrowed = verify(&[&[&image], &LAB, &["--policy", &file, "--deny-severity", "high"], &AS]);
    assert_eq!(narrowed.report["policy"]["source"], format!("{file}, --deny-severity high"));
}

#[test]
fn a255_an_image_without_a_rule_stops_the_run_before_anything_is_fetched() {
    let scratch = Scratch::new();
    let served = Shop::with_bundles().serve();
    let file = scratch.write("policy.yaml", good());
    let before = served.registry.requests().len();
    let message = refused(&[&[&served.by_tag(), "--policy", &file]]).usage_error();
    let name = format!("{}/acme/shop", served.registry.host());
    assert!(message.contains(&format!("no rule of `{file}` is about `{name}`")), "{message}");
    assert!(message.contains(&format!("add a rule with `match: {name}`; the rules are about {NAME}")), "{message}");
    // One image without a rule beside others that have one.
    let message = refused(&[&[&image("signed"), &served.by_tag(), "--policy", &file]]).usage_error();
    assert!(message.contains("no rule of"), "{message}");
    assert_eq!(served.registry.requests().len(), before, "nothing was asked");
}

#[test]
fn a255_a_policy_that_demands_nothing_is_no_policy() {
    let scratch = Scratch::new();
    let empty = scratch.write("empty.yaml", "");
    let excepted = good().replace("signature, provenance, sbom", "sbom")
        + "    exceptions: [{require: sbom, until: 2099-12-31, because: never}]\n";
    let excepted = scratch.write("excepted.yaml", excepted);
    for (file, said) in [(&empty, "the policy is empty"), (&excepted, "exceptions cover every requirement")] {
        let message = refused(&[&[&image("signed")], &LAB, &["--policy", file], &AS]).usage_error();
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn a_layout_has_the_name_that_it_is_given_and_never_one_that_is_written_in_it() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", good());
    let image = image("signed");
    let message = refused(&[&[&image], &LAB, &["--policy", &file]]).usage_error();
    assert!(message.contains("is about `oci:fixtures/images/signed`"), "{message}");
    assert!(message.contains("say by which name it is to be judged: `--as REGISTRY/REPOSITORY`"), "{message}");
    let by_path = about("oci:fixtures/images/*", "github: acme/shop", "signature");
    let by_path = scratch.write("by-path.yaml", by_path);
    verify(&[&[&image], &LAB, &["--policy", &by_path]]).exits(0);
    // The name of a registry's image is its own.
    let message = refused(&[&["ghcr.io/acme/shop:1.0.0", "--policy", &file], &AS]).usage_error();
    assert!(message.contains("`--as` gives a layout or archive a name"), "{message}");
}

#[test]
fn names_are_compared_in_their_one_normal_form() {
    let scratch = Scratch::new();
    let file = scratch.write("policy.yaml", about("docker.io/library/nginx", "github: acme/shop", "signature"));
    for name in ["nginx", "nginx:1.29", "docker.io/nginx", "docker.io/library/nginx", "index.docker.io/library/nginx"] {
        verify(&[&[&image("signed")], &LAB, &["--policy", &file, "--as", name]]).exits(0);
    }
    for name in ["docker.io/acme/nginx", "ghcr.io/library/nginx"] {
        let message = refused(&[&[&image("signed")], &LAB, &["--policy", &file, "--as", name]]).usage_error();
        assert!(message.contains("no rule of"), "{message}");
    }
}

/// The policy for the image of a registry in this process.
fn for_served(served: &Served, rules: &str) -> String {
    let name = format!("{}/acme/shop", served.registry.host());
    format!("version: 1\nimages:\n{}", rules.replace("IMAGE", &name))
}

#[test]
fn an_image_in_a_registry_is_judged_by_every_rule_about_it() {
    let served = Shop::with_bundles().serve();
    let rules = "  - match: IMAGE\n    signers: [{github: acme/shop}]\n    require: [signature, provenance]\n\
                 \x20 - match: \"**\"\n    name: everything\n    signers: [{github: SECOND}]\n    require: [sbom]\n";
    for (second, exit) in [("acme/shop", 0), ("acme/web", 1)] {
        let file = served.scratch.write("policy.yaml", for_served(&served, &rules.replace("SECOND", second)));
        let reference = served.by_tag();
        let checked = verify(&[&[&reference, "--trusted-root", &served.root, "--policy", &file]]).exits(exit);
        let ids: Vec<&str> = list(&checked.image()["requirements"]).iter().map(|one| word(&one["id"])).collect();
        let name = reference.strip_suffix(":1.0.0").expect("a tag");
        let first = [format!("signature of {name}"), format!("provenance of {name}")];
        assert_eq!(ids, [first[0].as_str(), &first[1], "sbom of everything"]);
    }
}

#[test]
fn an_exception_is_in_both_reports_while_it_works() {
    let served = Shop::with_signature().serve();
    let rules = |until: &str| {
        format!(
            "  - match: IMAGE\n    signers: [{{github: acme/shop}}]\n    require: [signature, sbom]\n    exceptions: [{{require: sbom, until: {until}, because: not written yet}}]\n"
        )
    };
    let checked = |until: &str| {
        let file = served.scratch.write("policy.yaml", for_served(&served, &rules(until)));
        verify(&[&[&served.by_tag(), "--trusted-root", &served.root, "--policy", &file]])
    };
    let works = checked("9999-12-31").exits(0).says("not written yet").says("9999-12-31");
    let exception = &requirement(works.image(), "sbom")["exception"];
    assert_eq!((word(&exception["until"]), &exception["works"]), ("9999-12-31", &true.into()));
    let over = checked("2026-01-01").exits(4).says("the exception for it has run out");
    assert_eq!(requirement(over.image(), "sbom")["exception"]["works"], false);
}

#[test]
fn keys_and_trusted_roots_are_found_beside_the_policy() {
    let scratch = Scratch::new();
    let root = fs::read(absolute(LAB_ROOT)).expect("the lab's root");
    scratch.write("lab.json", root);
    let key = fs::read(absolute("fixtures/policies/valid/cosign.pub")).expect("a key");
    scratch.write("cosign.pub", key);
    let text = about_shop("github: acme/shop", "signature")
        .replace("signers: [", "trust: [./lab.json]\n    signers: [{key: cosign.pub}, ");
    let file = scratch.write("policy.yaml", text);
    let checked = verify(&[&[&image("signed"), "--offline", "--policy", &file], &AS]).exits(0);
    let domain = scratch.path("./lab.json").display().to_string();
    assert_eq!(checked.image()["candidates"][0]["trustDomain"], domain);
    // The same root under another name is another domain, and not the rule's.
    let public = scratch.write(
        "public.yaml",
        about_shop("github: acme/shop", "signature").replace("signers:", "trust: [public-good]\n    signers:"),
    );
    verify(&[&[&image("signed"), "--offline", "--policy", &public], &AS]).exits(1);
    let message = refused(&[&[&image("signed")], &LAB, &["--policy", &public], &AS]).usage_error();
    assert!(message.contains("--trusted-root is given, and every rule of the policy names"), "{message}");
    fs::remove_file(scratch.path("cosign.pub")).expect("the key was there");
    let message = refused(&[&[&image("signed"), "--offline", "--policy", &file], &AS]).usage_error();
    assert!(message.contains("cannot read the key") && message.contains("relative to the policy file"), "{message}");
}

/// A pipe gives what it has once: who opened it a second time would wait, or find it empty.
#[cfg(unix)]
#[test]
fn a262_the_policy_is_read_once() {
    let scratch = Scratch::new();
    let pipe = scratch.path("policy.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, good())
    });
    let checked = by(&pipe.display().to_string(), &image("signed")).exits(0);
    assert_eq!(checked.report["policy"]["sha256"], sha256_hex(good().as_bytes()));
    writer.join().expect("the writer ends").expect("the program read it");
}

#[test]
fn a_policy_that_is_not_there_is_said_with_a_way_out() {
    let message = refused(&[&[&image("signed"), "--policy", "nowhere.yaml"]]).usage_error();
    assert!(message.contains("cannot read the policy `nowhere.yaml`"), "{message}");
    assert!(message.contains("bonafide policy init"), "{message}");
}
