//! `policy preview`: what another policy would change, image by image.

use serde_json::Value;

use crate::fixtures::{LAB, LAB_ROOT};
use crate::program::{Run, Scratch, bonafide};
use crate::shop::{Shop, TAG};
use crate::support::registry::fault;

fn policy(repository: &str, pattern: &str) -> String {
    format!(
        "version: 1\nimages:\n- match: '{pattern}'\n  signers: [{{github: {{repository: {repository}, ref: 'refs/tags/v*'}}}}]\n  require: [signature]\n"
    )
}

fn preview(new: &str, old: &str, more: &[&str]) -> Run {
    let scratch = Scratch::new();
    let (new, old) = (scratch.write("new.yaml", new), scratch.write("old.yaml", old));
    let images = ["oci:fixtures/images/signed:v1.0.0", "oci:fixtures/images/unsigned:v1.0.0"];
    let command = ["policy", "preview", "--policy", &new, "--against", &old];
    bonafide(&[&command[..], &LAB, more, &images].concat())
}

#[test]
fn only_what_changes_is_listed() {
    let (shop, other) = (policy("acme/shop", "**"), policy("acme/other", "**"));
    let run = preview(&shop, &shop, &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("2 images: 0 would change by "), "{}", run.stdout);
    let run = preview(&other, &shop, &[]);
    assert_eq!(run.exit, 1, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.starts_with("verified → rejected     oci:fixtures/images/signed:v1.0.0\n2 images: 1 would change"),
        "{}",
        run.stdout
    );
    let run = preview(&shop, &other, &[]);
    assert_eq!(run.exit, 0, "nothing loses its pass");
    assert!(run.stdout.starts_with("rejected → verified "), "{}", run.stdout);
}

#[test]
fn an_image_without_a_rule_is_no_error() {
    let run = preview(&policy("acme/shop", "ghcr.io/acme/*"), &policy("acme/shop", "**"), &["--output", "json"]);
    assert_eq!(run.exit, 1, "{}", run.stderr);
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let first = &shown["images"][0];
    assert_eq!(
        (&first["against"], &first["policy"], &first["isChanged"]),
        (&"verified".into(), &"no-rule".into(), &true.into())
    );
    assert_eq!(shown["images"][1]["against"], "absent");
}

#[test]
fn a001_a_tag_is_resolved_once_for_both_policies() {
    let served = Shop::with_bundles().serve();
    let scratch = Scratch::new();
    let rule = |reference: &str| policy("acme/shop", "**").replace("refs/tags/v*", reference);
    let (new, old) = (scratch.write("new.yaml", rule("refs/heads/x")), scratch.write("old.yaml", rule("refs/tags/v*")));
    let reference = served.by_tag();
    let command = ["policy", "preview", "--policy", &new, "--against", &old, "--trusted-root", &served.root];
    // A tag that moves in between must not look as if the policy had changed the verdict.
    served.registry.bend_after(1, &format!("/manifests/{TAG}"), fault::status(404));
    let run = bonafide(&[&command[..], &[&reference]].concat());
    assert_eq!((run.exit, served.times_asked(&format!("manifests/{TAG}"))), (1, 1), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("verified → rejected "), "{}", run.stdout);
}

#[test]
fn both_policies_are_read_before_anything_is_asked() {
    let served = Shop::with_bundles().serve();
    let scratch = Scratch::new();
    let new = scratch.write("new.yaml", policy("acme/shop", "**"));
    let old = scratch.path("old.yaml").display().to_string();
    let reference = served.by_tag();
    let command = ["policy", "preview", "--policy", &new, "--against", &old, "--trusted-root", &served.root];
    let message = bonafide(&[&command[..], &[&reference]].concat()).usage_error();
    assert!(message.contains("old.yaml"), "{message}");
    assert_eq!(served.asked(), Vec::<String>::new());
}

#[test]
fn what_is_excepted_from_every_requirement_is_an_error_as_in_verify() {
    let shop = policy("acme/shop", "**");
    let excepted = format!("{shop}  exceptions: [{{require: signature, until: 9999-12-31, because: not yet}}]\n");
    let message = preview(&excepted, &shop, &[]).usage_error();
    assert!(message.contains("exceptions cover every requirement"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_trusted_root_out_of_a_pipe_is_read_once() {
    let scratch = Scratch::new();
    let pipe = scratch.path("root.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let root = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(LAB_ROOT)).expect("the lab's root");
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::write(pipe, root))
    };
    let shop = scratch.write("policy.yaml", policy("acme/shop", "**"));
    let pipe = pipe.display().to_string();
    let run = bonafide(&[
        "policy",
        "preview",
        "--policy",
        &shop,
        "--against",
        &shop,
        "--offline",
        "--timeout",
        "2s",
        "--trusted-root",
        &pipe,
        "oci:fixtures/images/signed:v1.0.0",
    ]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    writer.join().expect("the thread").expect("the whole root");
}
