//! The short report that people see first, whole.

use std::io::{BufRead, BufReader};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::program::{Program, Run, bonafide};
use crate::shop::{NAME, Shop, TAG};
use crate::support::image::Image;
use crate::support::registry::fault;

const REPO: [&str; 2] = ["--repo", "acme/shop"];

/// Verifies a fixture for its own repository, in an environment of its own.
fn verify(name: &str, more: &[&str]) -> Run {
    let root = ["--offline", "--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    bonafide(&[&["verify", &format!("oci:fixtures/images/{name}:v1.0.0")], &root[..], more].concat())
}

#[test]
fn a_success_is_a_line_for_each_requirement() {
    let expected = "\
verified  oci:fixtures/images/signed:v1.0.0  sha256:42ad26bd8c9dd4b51f9531f9a61d0e599c3e329007716dcaf8ec4c4911e5c9b6
  signature   acme/shop release.yml @ refs/tags/v1.0.0, logged 2026-11-21 10:13 UTC
  provenance  acme/shop @ refs/tags/v1.0.0 (4f0c1a6be2d9), built by that workflow, SLSA build level 2
  sbom        SPDX 2.3, 6 packages
  evidence    3 accepted (-v lists all)
";
    assert_eq!(verify("signed", &REPO).success(), expected);
}

#[test]
fn a_strangers_signature_is_explained_once_and_no_hint_trusts_it() {
    let run = verify("other-signer", &REPO);
    let expected = "\
rejected  oci:fixtures/images/other-signer:v1.0.0  sha256:86ec6e032ce982fa8bbb88276b97d80aae5721c596c31ec6bf41565067c21a01
  signature   the signer is not the expected one
              expected  https://github.com/acme/shop/.github/workflows/…
              found     mallory@evil.example
              where     c3, fallback tag, manifest sha256:e2665bdaedf734dd4297dadcbc87444695d0981a96d0683dc38ba8f922380bf7
              → anyone can sign: ask the image's maker who signs it, and do not use the image until then (`bonafide explain signer-identity`)
  provenance  rejected, as above
  sbom        rejected, as above
  evidence    3 refused (-v lists all)
";
    assert_eq!((run.exit, run.stdout.as_str()), (1, expected));
    assert!(!verify("other-signer", &[&REPO[..], &["-v"]].concat()).stdout.contains("--certificate-identity"));
}

#[test]
fn another_spelling_of_the_signer_is_answered_with_the_right_one() {
    let whole = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0";
    let issuer = ["--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"];
    for near in [
        "https://github.com/acme/shop/.github/workflows/release.yml",
        "https://github.com/acme/shop/.github/workflows/release.yml@v1.0.0",
        "https://github.com/Acme/Shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        "github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0",
        "acme/shop/.github/workflows/release.yml",
    ] {
        let run = verify("signed", &[&["--certificate-identity", near], &issuer[..]].concat());
        assert_eq!(run.exit, 1, "{near}");
        assert!(run.stdout.contains(&format!(": `--certificate-identity {whole}` (")), "{near}: {}", run.stdout);
    }
    let run = verify("signed", &[&REPO[..], &["--source-ref", "v1.0.0"]].concat());
    assert!(run.exit == 1 && run.stdout.contains("`--source-ref` refs/tags/v1.0.0"), "{}", run.stdout);
}

#[test]
fn what_is_missing_is_named_once_and_each_with_its_next_step() {
    let run = verify("unsigned", &REPO);
    assert_eq!(run.exit, 4);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 8, "{}", run.stdout);
    assert_eq!(run.stdout.matches("nothing attached").count(), 1, "where it was looked for is said once");
    assert_eq!(run.stdout.matches("leave evidence behind").count(), 1, "so is what is to do about the image");
    assert_eq!(run.stdout.matches("if you made it: ").count(), 3, "and what makes each kind is said of each");
    assert!(lines[0].starts_with("incomplete  oci:"));
    for (line, said, next) in
        [(1, "no signature is attached", 3), (4, "no provenance is attached", 5), (6, "no SBOM is attached", 7)]
    {
        assert!(lines[line].ends_with(said), "{}", lines[line]);
        assert!(lines[next].trim_start().starts_with("→ "), "{}", lines[next]);
    }
}

#[test]
fn an_image_that_cannot_be_read_says_so_first() {
    let served = Shop::with_bundles().serve();
    served.registry.bend("manifests/1", fault::status(500));
    let run = bonafide(&["verify", &served.by_tag(), "--repo", NAME, "--trusted-root", &served.root]);
    assert_eq!(run.exit, 3);
    assert!(run.stdout.starts_with("could not check  "), "{}", run.stdout);
    assert!(run.stdout.contains("500") && run.stdout.lines().count() <= 5, "{}", run.stdout);
}

/// Platforms that agree are one line; of those that do not, each says what it lacks.
#[test]
fn platforms_are_folded_where_they_agree() {
    let whole = verify("multi-platform", &REPO).success();
    assert!(whole.lines().count() <= 6, "{whole}");
    assert!(whole.contains("\n  platforms   linux/amd64, linux/arm64\n"), "{whole}");
    let partial = verify("multi-platform-partial", &REPO).stdout;
    let lines = "\n  platforms   linux/amd64: verified\n              linux/arm64: provenance absent, sbom absent, signature absent\n";
    assert!(partial.contains(lines), "{partial}");
}

#[test]
fn many_images_are_a_line_each_and_the_counts_come_last() {
    let mut shop = Shop::with_signature();
    for number in 0..60 {
        shop.repository
            .push_tagged(&format!("v{number}"), &Image::single_containing(&number.to_string(), "linux/amd64"));
    }
    let served = shop.serve();
    let references: Vec<String> =
        (0..60).map(|number| served.registry.reference(NAME, &format!("v{number}"))).collect();
    let tag = served.by_tag();
    let references: Vec<&str> = references.iter().map(String::as_str).chain([tag.as_str()]).collect();
    let common = ["--repo", NAME, "--require", "signature", "--trusted-root", &served.root];
    let run = bonafide(&[&["verify"], &references[..], &common].concat());
    assert_eq!((run.exit, run.stderr.as_str()), (4, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.len() <= 80, "{}", run.stdout);
    for (line, reference) in lines.iter().zip(&references) {
        assert!(line.contains(&format!("  {reference}  ")), "{line}");
    }
    assert!(lines[0].ends_with("  no signature") && lines[60].starts_with("verified  "), "{}", run.stdout);
    assert_eq!(lines[61..63], ["", "61 images: 1 verified · 60 incomplete"]);
}

/// The second image is answered only once the line of the first was read.
#[test]
fn each_line_is_written_as_soon_as_it_is_known() {
    let served = Shop::with_signature().serve();
    let repository = served.shop.repository.clone();
    served.registry.edit("acme/second", |content| *content = repository);
    let (read, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    served.registry.bend_first(1, "acme/second/manifests/", move |_| {
        wait.lock().expect("one request").recv_timeout(Duration::from_secs(60)).expect("the first line was read");
    });
    let (first, second) = (served.by_tag(), served.registry.reference("acme/second", TAG));
    let common = ["--repo", NAME, "--require", "signature", "--trusted-root", &served.root];
    let mut running = Program::new([&["verify", &first, &second], &common[..]].concat()).start();
    let mut lines = BufReader::new(running.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    assert!(lines.next().expect("a line").contains(&first));
    read.send(()).expect("the registry waits");
    assert!(lines.next().expect("a line").contains(&second));
    assert_eq!(lines.collect::<Vec<_>>(), ["", "2 images: 2 verified"]);
    assert!(running.wait().expect("it ends").success());
}

#[test]
fn quiet_keeps_the_reason() {
    let run = verify("other-signer", &[&REPO[..], &["-q"]].concat());
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!((run.exit, lines.len()), (1, 2), "{}", run.stdout);
    assert!(lines[1].starts_with("  the signer is not the expected one, expected "), "{}", run.stdout);
}
