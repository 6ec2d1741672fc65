//! `policy preview`: what another policy would change, image by image.

use serde_json::Value;

use crate::fixtures::LAB;
use crate::program::{Run, Scratch, bonafide};

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
