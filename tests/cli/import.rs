//! `policy import`: policies of the sigstore policy-controller become a policy file, and nothing is lost in silence.

use crate::program::{Program, Run, Scratch, bonafide};

const RELEASE: &str = "apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: release
spec:
  images:
    - glob: ghcr.io/acme/**
  authorities:
    - keyless:
        url: https://fulcio.sigstore.dev
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subjectRegExp: ^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/v.*$
      attestations:
        - name: bill
          predicateType: https://spdx.dev/Document
";

fn import(scratch: &Scratch, source: &str, flags: &[&str]) -> Run {
    let file = scratch.write("cip.yaml", source);
    let arguments = ["policy", "import", &file];
    Program::new(arguments.iter().chain(flags)).run()
}

#[test]
fn an_imported_policy_passes_its_check_and_judges_images() {
    let scratch = Scratch::new();
    let run = import(&scratch, RELEASE, &[]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    let policy = scratch.write("bonafide.yaml", &run.stdout);
    bonafide(&["policy", "check", "--strict", &policy]).success();
    let explained = bonafide(&["policy", "explain", "ghcr.io/acme/app:1", "--policy", &policy]).success();
    assert!(explained.contains("sbom        signed by"), "{explained}");
    assert!(
        explained.contains(r"https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/v.*"),
        "{explained}"
    );
}

#[test]
fn what_made_the_original_stricter_is_lost_only_by_a_decision() {
    let scratch = Scratch::new();
    let source = format!("{RELEASE}  policy:\n    type: cue\n    data: 'x: 1'\n");
    let refused = import(&scratch, &source, &[]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""));
    let lost = "cip.yaml:17:3: release: spec.policy: its requirements in cue are not carried over\n";
    assert!(refused.stderr.contains(lost) && refused.stderr.contains("lost: "), "{}", refused.stderr);
    assert!(refused.stderr.contains("with `--lossy`"), "{}", refused.stderr);

    let written = import(&scratch, &source, &["--lossy"]);
    assert_eq!(written.exit, 0, "{}", written.stderr);
    assert!(written.stderr.contains(lost), "{}", written.stderr);
    let comment = "  # lost: release: spec.policy (line 17): its requirements in cue are not carried over\n";
    assert!(written.stdout.contains(comment), "{}", written.stdout);
}

#[test]
fn what_lets_everybody_pass_is_never_written() {
    let scratch = Scratch::new();
    let start = RELEASE.split("    - keyless").next().expect("the start");
    let run = import(&scratch, &format!("{start}    - static:\n        action: pass\n"), &["--lossy"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error: nothing of the policies in "), "{}", run.stderr);
    assert!(run.stderr.contains("left out: "), "{}", run.stderr);
}

#[test]
fn what_is_no_policy_is_an_error_with_a_way_out() {
    let scratch = Scratch::new();
    for (source, message) in [
        ("kind: ConfigMap\n", "contains no policy that verifies images"),
        ("a: [b\n", "error: the policies cannot be read"),
    ] {
        let run = import(&scratch, source, &[]);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(message) && run.stderr.contains("→ "), "{}", run.stderr);
    }
}
