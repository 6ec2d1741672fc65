//! Files that never end, never begin or lie elsewhere: each flag that names a file refuses them by what they are (A297, A317).

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::fixtures::{BY_SHOP, LAB, LAB_ROOT, image};
use crate::program::{Program, Scratch, bonafide};
use crate::shop::Shop;
use crate::support::registry::Access;

const KEY: &str = "fixtures/policies/valid/cosign.pub";
const AS: [&str; 2] = ["--as", "registry.acme.example/shop:1.0.0"];

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// What is no regular file, each under a name that says what it is.
fn odd_files(scratch: &Scratch) -> [(&'static str, &'static str); 4] {
    make_pipe(&scratch.path("pipe"));
    drop(UnixListener::bind(scratch.path("socket")).expect("a socket"));
    symlink("/dev/zero", scratch.path("endless")).expect("a link");
    fs::create_dir(scratch.path("folder")).expect("a folder");
    [("pipe", "a pipe"), ("socket", "a socket"), ("endless", "a device"), ("folder", "a directory")]
}

#[test]
fn a297_each_flag_refuses_what_is_no_regular_file() {
    let scratch = Scratch::new();
    let image = image("signed");
    for (name, kind) in odd_files(&scratch) {
        let odd = scratch.path(name).display().to_string();
        let verify = |arguments: &[&str]| [&["verify", &image][..], arguments].concat().join("\n");
        let commands = [
            verify(&["--policy", &odd, "--offline"]),
            verify(&["--key", &odd, "--offline"]),
            verify(&["--trusted-root", &odd, "--offline", BY_SHOP[0], BY_SHOP[1], BY_SHOP[2], BY_SHOP[3]]),
            verify(&["--ca-file", &odd, "--repo", "acme/shop"]),
            verify(&["--registry-token-file", &odd, "--repo", "acme/shop"]),
            ["verify", &image, "--tuf-mirror", "https://tuf.example", "--tuf-root", &odd, "--repo", "acme/shop"]
                .join("\n"),
            ["bundle", &odd, "--bundle", KEY, "--key", KEY].join("\n"),
            ["bundle", "README.md", "--bundle", &odd, "--repo", "acme/shop", "--offline"].join("\n"),
            ["inspect", &image, "--key", &odd].join("\n"),
            ["policy", "check", &odd].join("\n"),
            ["policy", "import", &odd].join("\n"),
            ["trust", "show", "--trusted-root", &odd].join("\n"),
        ];
        // A pipe may be given, and is waited for: by all of them at once.
        let expected = if name == "pipe" { "nothing was written into the pipe for 10s" } else { kind };
        let runs = commands.map(|command| {
            thread::spawn(move || (bonafide(&command.split('\n').collect::<Vec<_>>()).usage_error(), command))
        });
        for run in runs {
            let (message, command) = run.join().expect("a usage error");
            assert!(message.contains(&odd) && message.contains(expected), "{command:?}: {message}");
        }
        // A folder of advisories is read, and this one is empty.
        let expected = if name == "folder" { "holds no advisory" } else { expected };
        let message = bonafide(&["verify", &image, "--advisories", &odd, "--repo", "acme/shop"]).usage_error();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a298_a_pipe_is_waited_for_no_longer_than_the_timeout() {
    let scratch = Scratch::new();
    make_pipe(&scratch.path("pipe"));
    let (pipe, image) = (scratch.path("pipe").display().to_string(), image("signed"));
    let wait = ["--offline", "--timeout", "1s"];
    for arguments in [
        &["--advisories", &pipe, "--repo", "acme/shop"][..],
        &["--policy", &pipe],
        &["--key", &pipe],
        &["--trusted-root", &pipe, "--repo", "acme/shop"],
    ] {
        let message = bonafide(&[&["verify", &image], arguments, &wait].concat()).usage_error();
        assert!(message.contains("nothing was written into the pipe for 1s"), "{arguments:?}: {message}");
    }
}

#[test]
fn a297_advisories_in_a_folder_are_regular_files() {
    let scratch = Scratch::new();
    make_pipe(&scratch.path("a.json"));
    symlink("/dev/zero", scratch.path("b.zip")).expect("a link");
    let folder = scratch.directory().display().to_string();
    let refused = |kind| {
        let message =
            bonafide(&["verify", &image("signed"), "--advisories", &folder, "--repo", "acme/shop"]).usage_error();
        assert!(message.contains(kind), "{message}");
    };
    refused("a pipe");
    fs::remove_file(scratch.path("a.json")).expect("the pipe");
    refused("a device");
}

#[test]
fn a297_files_have_limits_that_are_named() {
    let scratch = Scratch::new();
    let sparse = scratch.path("sparse");
    fs::File::create(&sparse).and_then(|file| file.set_len(10 << 30)).expect("a file with nothing in it");
    let sparse = sparse.display().to_string();
    let image = image("signed");
    for (arguments, limit) in [
        (vec!["verify", &image, "--policy", &sparse], "2097152"),
        (vec!["verify", &image, "--key", &sparse], "2097152"),
        (vec!["verify", &image, "--trusted-root", &sparse, "--repo", "acme/shop"], "4194304"),
        (vec!["verify", &image, "--ca-file", &sparse, "--repo", "acme/shop"], "4194304"),
        (vec!["verify", &image, "--registry-token-file", &sparse, "--repo", "acme/shop"], "65536"),
    ] {
        let message = bonafide(&arguments).usage_error();
        assert!(message.contains(limit), "{arguments:?}: {message}");
    }
}

/// A policy that names a key and a trusted root, both beside it.
fn with_policy(scratch: &Scratch) -> String {
    fs::copy(LAB_ROOT, scratch.path("lab.json")).expect("the lab's root");
    scratch.write(
        "policy.yaml",
        "version: 1\ntrust: [root.json]\nimages:\n  - match: registry.acme.example/shop\n    \
         signers: [{github: {repository: acme/shop, ref: refs/tags/v*}}]\n    require: [signature]\n",
    )
}

#[test]
fn a297_what_a_policy_names_is_a_regular_file_beside_it() {
    let scratch = Scratch::new();
    let policy = with_policy(&scratch);
    let image = image("signed");
    let verify = || bonafide(&["verify", &image, "--offline", "--policy", &policy, AS[0], AS[1]]);
    let root = scratch.path("root.json");
    make_pipe(&root);
    assert!(verify().usage_error().contains("a pipe"));
    for (target, reason) in
        [("/dev/zero", "outside of the folder"), (".", "a directory"), ("../..", "outside of the folder")]
    {
        fs::remove_file(&root).expect("the one before");
        symlink(target, &root).expect("a link");
        let message = verify().usage_error();
        assert!(message.contains("root.json") && message.contains(reason), "{message}");
    }
    fs::remove_file(&root).expect("the one before");
    symlink("lab.json", &root).expect("a link");
    verify().success();
}

/// As Kubernetes mounts a ConfigMap: each file is a link into a folder that is replaced whole.
#[test]
fn a297_mounted_configuration_is_read() {
    let scratch = Scratch::new();
    let policy = with_policy(&scratch);
    fs::create_dir(scratch.path("..2026")).expect("a folder");
    for name in ["policy.yaml", "lab.json"] {
        fs::rename(scratch.path(name), scratch.path("..2026").join(name)).expect("a file");
    }
    symlink("..2026", scratch.path("..data")).expect("a link");
    symlink("..data/policy.yaml", scratch.path("policy.yaml")).expect("a link");
    symlink("..data/lab.json", scratch.path("root.json")).expect("a link");
    bonafide(&["verify", &image("signed"), "--offline", "--policy", &policy, AS[0], AS[1]]).success();
}

/// The policy that is used without being named must not vanish because it is no file.
#[test]
fn a297_a_policy_of_the_folder_that_is_no_file_is_an_error() {
    let scratch = Scratch::new();
    make_pipe(&scratch.path("bonafide.yaml"));
    let image = format!("oci:{}/fixtures/images/signed:v1.0.0", env!("CARGO_MANIFEST_DIR"));
    let message = Program::new(["verify", &image, "--offline"]).within(scratch.directory()).run().usage_error();
    assert!(message.contains("bonafide.yaml") && message.contains("a pipe"), "{message}");
}

#[test]
fn pipes_of_the_shell_are_read() {
    let Ok(found) = Command::new("bash").args(["-c", "echo <(true)"]).output() else { return };
    if !found.stdout.starts_with(b"/dev/fd/") {
        return;
    }
    let command = format!(
        "'{}' verify '{}' --offline --trusted-root <(sleep 0.1; cat '{LAB_ROOT}') --repo acme/shop --require signature",
        env!("CARGO_BIN_EXE_bonafide"),
        image("signed"),
    );
    let run = Command::new("bash").args(["-c", &command]).stdin(Stdio::null()).output().expect("bash");
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a317_an_archive_or_a_file_of_a_layout_that_is_a_pipe_is_refused() {
    let scratch = Scratch::new();
    make_pipe(&scratch.path("layout.tar"));
    make_pipe(&scratch.path("index.json"));
    scratch.write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    for reference in [
        format!("oci-archive:{}", scratch.path("layout.tar").display()),
        format!("oci:{}", scratch.directory().display()),
    ] {
        let arguments: Vec<&str> =
            ["verify", &reference].into_iter().chain(LAB).chain(["--repo", "acme/shop", "--timeout", "5s"]).collect();
        let run = bonafide(&arguments);
        assert!(matches!(run.exit, 2 | 3), "{run:?}");
        assert!(run.stdout.contains("regular file") || run.stderr.contains("regular file"), "{run:?}");
    }
}

#[test]
fn a317_a_login_file_that_is_a_pipe_is_refused() {
    let scratch = Scratch::new();
    make_pipe(&scratch.path("config.json"));
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic("robot", "correct-horse-battery"));
    let prepare = |program: Program| program.env("DOCKER_CONFIG", scratch.directory());
    served.verify_in(&served.by_tag(), &[], prepare).exits(3).says("a pipe");
}
