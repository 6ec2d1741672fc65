//! Flags about the SBOM, on an image whose SBOM lists alpine-baselayout, musl, ca-certificates-bundle, serde and tokio.

use crate::fixtures::{BY_SHOP, LAB, check, image};
use crate::program::{Scratch, bonafide};

fn with<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&BY_SHOP[..], &["--require", "sbom"], flags].concat()
}

#[test]
fn packages_and_licences_that_are_not_there_are_no_obstacle() {
    for flags in [
        &["--deny-package", "pkg:cargo/serde@1.0.229", "--deny-package", "pkg:npm/**"] as &[&str],
        &["--deny-license", "AGPL-*", "--deny-license", "Apache-2.0 WITH LLVM-exception"],
        &[
            "--allow-license",
            "MIT",
            "--allow-license",
            "MPL-2.0",
            "--allow-license",
            "GPL-2.0-only",
            "--allow-license",
            "Apache-2.0",
        ],
    ] {
        check("signed", &[&with(flags)]).exits(0);
    }
}

#[test]
fn denied_packages_and_licences_are_named_with_what_to_do() {
    check("signed", &[&with(&["--deny-package", "pkg:cargo/serde", "--deny-package", "pkg:apk/alpine/m*"])]).exits(1).has_lines(&[
        "c3: 2 of 6 packages are denied",
        "expected  none of pkg:cargo/serde, pkg:apk/alpine/m*",
        "found     musl 1.2.5-r10 (pkg:apk/alpine/musl@1.2.5-r10?arch=x86_64&distro=alpine-3.22), serde 1.0.228 (pkg:cargo/serde@1.0.228)",
    ]);
    check("signed", &[&with(&["--deny-license", "mpl-2.0"])]).exits(1).has_lines(&[
        "c3: 1 of 6 packages is under a licence that is denied",
        "found     ca-certificates-bundle 20250619-r0: MPL-2.0 AND MIT",
    ]);
    check("signed", &[&with(&["--allow-license", "MIT", "--allow-license", "Apache-2.0"])])
        .exits(1)
        .has_lines(&["c3: 2 of 6 packages are under a licence that is not allowed"]);
    check("signed", &[&with(&["--minimum-elements", "cisa-2025"])])
        .exits(1)
        .has_lines(&["expected  the minimum elements of cisa-2025"]);
}

#[test]
fn a_rule_that_cannot_be_meant_is_a_usage_error_that_says_what_to_write() {
    for (flags, said) in [
        (["--deny-package", "event-stream"], "expected pkg:TYPE/event-stream"),
        (["--deny-license", "AGPL"], "did you mean AGPL-*?"),
        (["--deny-license", "MIT OR ISC"], "give the flag once for each"),
        (["--allow-license", "NOASSERTION"], "says that no licence is asserted"),
        (["--minimum-elements", "ntia"], "expected ntia-2021 or cisa-2025"),
    ] {
        let image = image("signed");
        let message = bonafide(&[&["verify", &image], &LAB[..], &with(&flags)].concat()).usage_error();
        assert!(message.contains(said), "{said} in\n{message}");
    }
}

#[test]
fn a_flag_about_an_sbom_that_nobody_requires_says_nothing_and_is_refused() {
    let image = image("signed");
    let asked = ["--require", "signature", "--deny-license", "MIT"];
    let message = bonafide(&[&["verify", &image], &LAB[..], &BY_SHOP[..], &asked].concat()).usage_error();
    assert!(message.contains("--deny-license is about sbom, which is not required"), "{message}");
    let scratch = Scratch::new();
    let policy = scratch
        .write("policy.yaml", "{version: 1, images: [{match: '**', signers: [{github: acme/shop}], require: [sbom]}]}");
    let beside = ["--policy", &policy, "--deny-package", "pkg:npm/x"];
    let message = bonafide(&[&["verify", &image], &LAB[..], &beside].concat()).usage_error();
    assert!(message.contains("--deny-package"), "{message}");
}
