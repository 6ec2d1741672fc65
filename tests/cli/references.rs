//! Which image a reference means: tags, digests and platforms of layouts, and several references in one run.

use std::fs;

use serde_json::json;

use crate::fixtures::{BY_SHOP, LAB, check, digest, image};
use crate::program::{Program, Scratch, bonafide, verify};
use crate::report::{finding, gap_reasons, list, requirement, verdicts, word};
use crate::shop::{NAME, Shop};
use crate::support::image::Image;
use crate::support::repository::Repository;

#[test]
fn a_layout_of_one_image_needs_no_tag() {
    for name in ["signed", "legacy", "multi-platform", "multi-platform-children"] {
        let reference = format!("oci:fixtures/images/{name}");
        let checked = verify(&[&[&reference], &LAB, &BY_SHOP]).exits(0);
        assert_eq!(checked.image()["digest"], digest(name));
    }
}

#[test]
fn a_layout_of_several_images_wants_a_choice_and_names_them() {
    let scratch = Scratch::new();
    let mut repository = Repository::new();
    let one = repository.push_tagged("one", &Image::single_containing("one", "linux/amd64"));
    repository.push_tagged("two", &Image::single_containing("two", "linux/amd64"));
    repository.write_layout(scratch.directory());
    let reference = |end: &str| format!("oci:{}{end}", scratch.directory().display());
    let checked = verify(&[&[&reference("")], &LAB, &BY_SHOP]).exits(3);
    assert_eq!(gap_reasons(checked.image()), ["selection"]);
    let checked = checked.says("one (sha256:").says("two (sha256:");
    assert_eq!(verdicts(checked.image()), ["undecided"; 3]);
    for end in [":one".to_owned(), format!("@{}", one.digest)] {
        let checked = verify(&[&[&reference(&end)], &LAB, &BY_SHOP]).exits(4);
        assert_eq!(checked.image()["digest"], one.digest);
    }
}

#[test]
fn a_digest_names_an_image_of_a_layout() {
    let digest = digest("signed");
    let checked = verify(&[&[&format!("oci:fixtures/images/signed@{digest}")], &LAB, &BY_SHOP]).exits(0);
    assert_eq!(checked.image()["digest"], digest);
    assert_eq!(checked.text.lines().next(), Some(format!("verified  oci:fixtures/images/signed @ {digest}").as_str()));
    let absent = format!("oci:fixtures/images/signed@sha256:{}", "0".repeat(64));
    let checked = verify(&[&[&absent], &LAB, &BY_SHOP]).exits(3);
    assert_eq!(gap_reasons(checked.image()), ["missing"]);
}

/// A path is typed by the user, as a flag is: where there is no layout, no image was looked for.
#[test]
fn a_place_without_a_layout_is_a_usage_error_that_says_what_is_there() {
    let scratch = Scratch::new();
    let tar = |names: &[&str]| {
        let mut tar = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = tar::Header::new_ustar();
            header.set_size(2);
            tar.append_data(&mut header, name, &b"[]"[..]).expect("memory");
        }
        tar.into_inner().expect("memory")
    };
    let saved = tar(&["0123.json", "manifest.json", "repositories"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &saved).expect("memory");
    scratch.write("saved.tar.gz", gzip.finish().expect("memory"));
    scratch.write("saved.tar", &saved);
    scratch.write("other.tar", tar(&["readme.txt"]));
    scratch.write("xz.tar", b"\xfd7zXZ\0....");
    let zstd = ruzstd::encoding::compress_to_vec(&saved[..], ruzstd::encoding::CompressionLevel::Fastest);
    scratch.write("saved.tar.zst", zstd);
    scratch.write("text", "hello");
    scratch.write("empty", "");
    for (reference, found, hint) in [
        ("oci:nowhere:v1", "no such file or directory", "check the path"),
        ("oci-archive:nowhere", "no such file or directory", "check the path"),
        ("oci:text/below", "no such file or directory", "check the path"),
        ("oci:.", "a directory without `oci-layout` and `index.json`", "`cosign save --dir DIR IMAGE`"),
        ("oci:saved.tar", "a directory with an OCI layout, found a file", "`oci-archive:FILE`"),
        ("oci-archive:.", "an archive of an OCI layout, found a directory", "`oci:DIR`"),
        ("oci-archive:saved.tar", "the output of `docker save`", "it has no signatures"),
        ("oci-archive:saved.tar.gz", "the output of `docker save`", "it has no signatures"),
        ("oci-archive:other.tar", "a tar archive without `oci-layout`", "`oras copy -r --to-oci-layout"),
        ("oci-archive:saved.tar.zst", "the output of `docker save`", "it has no signatures"),
        ("oci-archive:xz.tar", "compressed with xz", "decompress it first"),
        ("oci-archive:text", "another kind of file", "`oci:DIR`"),
        ("oci-archive:empty", "another kind of file", "`oci:DIR`"),
        ("oci:/dev/null", "a pipe or a device", "`oci-archive:FILE`"),
    ] {
        for command in [&["verify", reference, "--repo", "acme/shop"][..], &["inspect", reference]] {
            let message = Program::new(command).within(scratch.directory()).run().usage_error();
            assert!(message.contains(&format!("`{reference}` is not an image")), "{message}");
            assert!(message.contains(found) && message.contains(hint), "{reference}: {message}");
        }
    }
}

#[test]
fn a_layout_that_is_damaged_is_undecided() {
    let scratch = Scratch::new();
    for (file, content) in [("index.json", "{"), ("oci-layout", "{}")] {
        scratch.write(file, content);
        let reference = format!("oci:{}", scratch.directory().display());
        verify(&[&[&reference], &LAB, &BY_SHOP]).exits(3);
        fs::remove_file(scratch.path(file)).expect("it was written");
    }
    // A header of a tar archive, and nothing after it.
    let header = tar::Header::new_ustar();
    let cut = scratch.write("cut.tar", &header.as_bytes()[..300]);
    verify(&[&[&format!("oci-archive:{cut}")], &LAB, &BY_SHOP]).exits(3);
}

#[test]
fn what_is_not_there_is_undecided_and_named() {
    let cases = [(
        "oci:fixtures/images/signed:v2",
        "index.json in fixtures/images/signed, tag v2: expected one image, found v1.0.0 (",
        "selection",
    )];
    for (reference, found, reason) in cases {
        let checked =
            verify(&[&[reference], &LAB, &BY_SHOP]).exits(3).says(found).says("(`bonafide explain image-resolved`)");
        let image = checked.image();
        assert_eq!(verdicts(image), ["undecided"; 3]);
        assert_eq!((image.get("digest"), image.get("pinned")), (None, None));
        assert_eq!(gap_reasons(image), [reason]);
        let finding = finding(image, "image-resolved");
        assert_eq!(finding["outcome"], "error");
        assert!(word(&finding["found"]).contains(found));
    }
}

#[test]
fn a_covered_platform_verifies_and_another_does_not() {
    let on = |platform| check("multi-platform-partial", &[&BY_SHOP, &["--platform", platform]]);
    let checked = on("linux/amd64").exits(0);
    let platforms = list(&checked.image()["platforms"]);
    assert_eq!(platforms.len(), 1);
    assert_eq!((&platforms[0]["platform"], &platforms[0]["verdict"]), (&json!("linux/amd64"), &json!("verified")));
    let checked = on("linux/arm64").exits(4).has_lines(&["no signature is attached for linux/arm64"]);
    assert_eq!(verdicts(checked.image()), ["absent"; 3]);
    assert_eq!(on("all").exit, 4);
}

#[test]
fn a049_a_platform_that_is_not_there_is_undecided_and_the_others_are_named() {
    for (name, found) in [
        ("multi-platform-partial", "expected an image for linux/s390x, found linux/amd64, linux/arm64"),
        ("signed", "expected an image for linux/s390x, found linux/amd64"),
    ] {
        let checked = check(name, &[&BY_SHOP, &["--platform", "linux/s390x"]]).exits(3);
        let checked = checked.has_lines(&[&format!("found     {found}")]);
        assert_eq!(finding(checked.image(), "image-resolved")["found"], found);
        // Told to "check the tag or the digest" nobody would find the platform.
        checked.says("--platform");
    }
}

#[test]
fn the_expected_digest_holds_the_image_to_it() {
    let right = digest("signed");
    let checked = check("signed", &[&BY_SHOP, &["--expect-digest", &right]]).exits(0);
    assert_eq!(finding(checked.image(), "image-pinned")["outcome"], "pass");
    let wrong = digest("legacy");
    let checked = check("signed", &[&BY_SHOP, &["--expect-digest", &wrong]]).exits(1).has_lines(&[
        "image       the reference resolves to another digest",
        &format!("expected  {wrong}"),
        &format!("found     {right}"),
    ]);
    let finding = finding(checked.image(), "image-pinned");
    assert_eq!((&finding["expected"], &finding["found"]), (&json!(wrong), &json!(right)));
    assert_eq!(verdicts(checked.image()), ["verified"; 3], "the evidence is as good as before");
}

#[test]
fn an_expected_digest_of_an_image_that_is_not_there_is_not_a_rejection() {
    let digest = digest("signed");
    let missing = ["oci:fixtures/images/signed:v2", "--expect-digest", &digest];
    let checked = verify(&[&missing, &LAB, &BY_SHOP]).exits(3);
    assert_eq!(checked.report["verdict"], "undecided");
}

#[test]
fn a265_the_last_image_does_not_decide() {
    let (good, unsigned, other) = (image("signed"), image("unsigned"), image("other-signer"));
    let missing = "oci:fixtures/images/signed:v2";
    // Rejected before undecided before absent.
    let cases: [(&[&str], i32, usize); 6] = [
        (&[&unsigned, &good], 4, 1),
        (&[&good, &unsigned], 4, 1),
        (&[missing, &unsigned, &good], 3, 1),
        (&[&other, missing, &good], 1, 1),
        (&[&good, missing, &unsigned, &other], 1, 1),
        (&[&good, &good], 0, 2),
    ];
    for (references, exit, verified) in cases {
        let checked = verify(&[references, &LAB, &BY_SHOP]).exits(exit);
        let found: Vec<_> = list(&checked.report["images"]).iter().map(|one| word(&one["reference"])).collect();
        assert_eq!(found, references, "one entry for each, in the order given");
        let count = format!("{verified} of {} images verified", references.len());
        assert_eq!(checked.text.lines().last(), Some(count.as_str()));
    }
}

#[test]
fn every_image_is_judged_by_itself() {
    let checked = verify(&[&[&image("unsigned"), &image("signed")], &LAB, &BY_SHOP]).exits(4);
    let images = list(&checked.report["images"]);
    assert_eq!(verdicts(&images[0]), ["absent"; 3]);
    assert_eq!(images[0]["candidates"], json!([]), "nothing of the second image");
    assert_eq!(verdicts(&images[1]), ["verified"; 3]);
    assert_eq!(requirement(&images[1], "signature")["verdict"], "verified");
}

#[test]
fn one_bad_reference_stops_the_run_before_it_begins() {
    let good = image("signed");
    let arguments = ["verify", &good, "ghcr.io//app"].into_iter().chain(LAB).chain(BY_SHOP);
    let message = bonafide(&arguments.collect::<Vec<_>>()).usage_error();
    assert!(message.contains("`ghcr.io//app` is not a reference to an image"), "{message}");
}

/// A list out of a pipe is long, and one line of it must neither hide the others nor be passed over.
#[test]
fn a_bad_line_of_standard_input_is_named_and_stops_no_other() {
    let scratch = Scratch::new();
    let signed = image("signed");
    let list = scratch.write("list", format!("# images\n{signed}\n\nnot a reference\noci:\n{}\n", image("legacy")));
    let by_shop = [&LAB[..], &BY_SHOP].concat();
    for command in [vec!["verify", "-"], vec!["verify", "-", "--output", "json"], vec!["inspect", "-"]] {
        let flags = if command[0] == "verify" { &by_shop[..] } else { &LAB[..] };
        let run = Program::new([&command[..], flags].concat()).stdin_from(list.as_ref()).run();
        assert_eq!(run.exit, 2, "{command:?}: {}", run.stderr);
        let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(errors[0].starts_with("error: line 4 of standard input: `not a reference` "), "{}", run.stderr);
        assert!(errors[1].starts_with("error: line 5 of standard input: "), "{}", run.stderr);
        assert!(errors.len() == 3 && errors[2].contains("left out because of the errors above: 2"), "{}", run.stderr);
        assert!(run.stdout.contains(&signed) && run.stdout.contains(&image("legacy")), "{}", run.stdout);
    }
    let none = scratch.write("none", "not a reference\n");
    let message = Program::new([&["verify", "-"], &by_shop[..]].concat()).stdin_from(none.as_ref()).run().usage_error();
    assert!(message.contains("line 1 of") && message.contains("expected at least one"), "{message}");
    let argument = Program::new([&["verify", &signed, "not a reference"], &by_shop[..]].concat()).run();
    assert!(argument.usage_error().contains("`not a reference` is not a reference"));
}

/// So is an image among others that the policy has no rule for, and a layout that is not there: they are not verified, and the others
/// are judged.
#[test]
fn an_image_without_a_rule_or_a_layout_stops_no_other_and_never_passes() {
    let scratch = Scratch::new();
    let served = Shop::with_signature().serve();
    let (good, host) = (served.by_tag(), served.registry.host());
    let rule = format!("- match: '{host}/acme/shop'\n  signers: [{{github: {NAME}}}]\n  require: [signature]\n");
    let policy = scratch.write("policy.yaml", format!("version: 1\nimages:\n{rule}"));
    let flags = ["--policy", &policy, "--trusted-root", &served.root];
    let (other, nowhere) = (format!("{host}/acme/other:1"), "oci:nowhere:v1");
    let list = scratch.write("list", format!("{other}\n{good}\n\n{nowhere}\n"));
    for (given, begins) in [
        (vec![&*other, &good, nowhere], ["error: no rule of ", "error: `oci:nowhere:v1` is not an image: "]),
        (
            vec!["-"],
            ["error: line 1 of standard input: no rule of ", "error: line 4 of standard input: `oci:nowhere:v1` "],
        ),
    ] {
        for more in [&[][..], &["--output", "json"], &["-q"]] {
            let arguments = [&["verify"], &given[..], &flags, more].concat();
            let run = Program::new(arguments).stdin_from(list.as_ref()).run();
            assert_eq!(run.exit, 2, "{given:?} {more:?}: {}", run.stderr);
            let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
            assert_eq!(errors.len(), 3, "{}", run.stderr);
            assert!(begins.iter().all(|begin| errors.iter().any(|line| line.starts_with(begin))), "{}", run.stderr);
            assert!(errors[2].starts_with("error: images left out because of the errors above: 2"), "{}", run.stderr);
            assert!(run.stdout.contains(&good) && run.stdout.contains("verified"), "{}", run.stdout);
            assert!(!run.stdout.contains(&other) && !run.stdout.contains(nowhere), "{}", run.stdout);
        }
    }
    // No report says that the run was good.
    let report = |format: &str| {
        let run = Program::new([&["verify", &good, &*other, "--output", format], &flags[..]].concat()).run();
        assert_eq!(run.exit, 2, "{}", run.stderr);
        let document = if format == "jsonl" { run.stdout.lines().last().unwrap_or_default() } else { &run.stdout };
        serde_json::from_str::<serde_json::Value>(document).expect("JSON")
    };
    let whole = report("json");
    assert_eq!((&whole["verdict"], &whole["exitCode"], &whole["leftOut"]), (&"verified".into(), &2.into(), &1.into()));
    let summary = report("jsonl")["summary"].take();
    assert_eq!((&summary["exitCode"], &summary["leftOut"]), (&2.into(), &1.into()));
    for format in ["markdown", "html", "junit"] {
        let run = Program::new([&["verify", &good, &*other, "--output", format], &flags[..]].concat()).run();
        assert!(run.stdout.contains("1 reference cannot be used and is left out"), "{}", run.stdout);
    }
    let sarif_run = report("sarif")["runs"][0]["invocations"][0].take();
    assert_eq!((&sarif_run["exitCode"], &sarif_run["executionSuccessful"]), (&2.into(), &false.into()));
    for alone in [&*other, nowhere] {
        let run = Program::new([&["verify", alone], &flags[..]].concat()).run();
        let message = run.usage_error();
        assert!(!message.contains("left out"), "{message}");
    }
}

#[test]
fn verified_images_can_be_left_out_of_the_text_and_of_nothing_else() {
    let images = [image("signed"), image("unsigned"), image("legacy")];
    let references: Vec<&str> = images.iter().map(String::as_str).collect();
    let with = |references: &[&str], more: &[&str]| {
        bonafide(&[&["verify", "--failed-only"], references, &LAB[..], &BY_SHOP, more].concat())
    };
    for more in [&[][..], &["-q"], &["-v"]] {
        let run = with(&references, more);
        assert_eq!((run.exit, run.stderr.as_str()), (4, ""));
        assert!(run.stdout.contains(references[1]), "{}", run.stdout);
        assert!(!run.stdout.contains(references[0]) && !run.stdout.contains(references[2]), "{}", run.stdout);
        assert!(more == ["-q"] || run.stdout.contains("2 verified") || run.stdout.contains("2 of 3"), "{}", run.stdout);
    }
    let alone = with(&references[..1], &[]);
    assert_eq!((alone.exit, alone.stdout.as_str()), (0, ""));
    let json = with(&references, &["--output", "json"]);
    assert!(references.iter().all(|reference| json.stdout.contains(reference)), "{}", json.stdout);
}
