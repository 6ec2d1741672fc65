//! Images that other projects published, with the verdicts their READMEs state.
//!
//! They are not in this repository. `BONAFIDE_CORPORA` names the folder that holds them:
//! `BONAFIDE_CORPORA=FOLDER cargo test --test corpora -- --ignored`.

#[path = "corpora/provenance.rs"]
mod provenance;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of published material.
fn folder() -> PathBuf {
    std::env::var_os("BONAFIDE_CORPORA").map(PathBuf::from).expect("BONAFIDE_CORPORA names a folder")
}

const GITHUB: [&str; 2] = ["--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"];
const TEKTON: [&str; 6] = [
    "--certificate-identity",
    "https://kubernetes.io/namespaces/default/serviceaccounts/default",
    "--certificate-oidc-issuer",
    "https://kubernetes.default.svc.cluster.local",
    "--require",
    "signature,provenance",
];
const ANYBODY: [&str; 4] =
    ["--certificate-identity", "nobody@example.com", "--certificate-oidc-issuer", "https://accounts.example.com"];

struct Corpora {
    images: PathBuf,
    wrong: Vec<String>,
    checked: usize,
}

impl Corpora {
    fn expect(&mut self, exit: i32, layout: &str, arguments: &[&str]) {
        let reference = format!("oci:{}", self.images.join(layout).display());
        let output = Command::new(env!("CARGO_BIN_EXE_bonafide"))
            .args(["verify", &reference, "--offline"])
            .args(arguments)
            .env_clear()
            .output()
            .expect("the program runs");
        self.checked += 1;
        if output.status.code() != Some(exit) {
            let text = String::from_utf8_lossy(&output.stdout);
            self.wrong.push(format!("expected {exit}: {reference} {arguments:?}\n{text}"));
        }
    }

    fn root(&self, name: &str) -> String {
        self.images.join("tekton-chains").join(name).join("trusted_root.json").display().to_string()
    }
}

#[test]
#[ignore = "needs BONAFIDE_CORPORA"]
fn published_images_get_the_verdict_that_they_deserve() {
    let mut corpora = Corpora { images: folder().join("images"), wrong: Vec::new(), checked: 0 };
    slsa_generator(&mut corpora);
    tekton(&mut corpora);
    nothing_of_ours(&mut corpora);
    suggestions(&mut corpora);
    println!("{} questions on published images", corpora.checked);
    assert!(corpora.wrong.is_empty(), "{}", corpora.wrong.join("\n"));
}

/// Provenance by a reusable workflow: `intoto` 0.0.1 and `dsse` 0.0.1 entries, certificates of three generations.
fn slsa_generator(corpora: &mut Corpora) {
    const SOURCE: [&str; 2] = ["--repo", "slsa-framework/example-package"];
    for version in ["v1.4.0", "v1.7.0", "v1.10.0"] {
        let identity = format!(
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/{version}"
        );
        for layout in [format!("slsa-generator/{version}"), format!("referrers/slsa-{version}")] {
            let mut ask = |exit, require, source: &[&str]| {
                let signer = ["--certificate-identity", &identity, "--require", require];
                corpora.expect(exit, &layout, &[&signer[..], &GITHUB, source].concat());
            };
            ask(0, "provenance", &SOURCE);
            ask(1, "provenance", &[]);
            ask(4, "provenance,sbom", &SOURCE);
        }
    }
}

/// Signature and provenance of two instances that know nothing of each other.
fn tekton(corpora: &mut Corpora) {
    for (one, other) in [("829dd06d", "2fdc0c88"), ("2fdc0c88", "829dd06d")] {
        let (own, stranger) = (corpora.root(one), corpora.root(other));
        for layout in [format!("tekton-chains/{one}/layout"), format!("referrers/conforma-{one}")] {
            corpora.expect(0, &layout, &[&TEKTON[..], &["--trusted-root", &own]].concat());
            corpora.expect(1, &layout, &[&TEKTON[..], &["--trusted-root", &stranger]].concat());
        }
    }
}

/// Unsigned statements, Notary signatures, referrers of other kinds: nothing here is evidence.
fn nothing_of_ours(corpora: &mut Corpora) {
    for layout in [
        "other/buildkit-unsigned-index",
        "other/notation-signature:v1",
        "other/regclient-referrers:v1",
        "other/regclient-referrers:v2",
        "other/regclient-referrers:v3",
        "simple-signing/other-attachment",
    ] {
        corpora.expect(4, layout, &ANYBODY);
    }
    corpora.expect(1, "simple-signing/valid", &[&ANYBODY[..], &["--require", "signature"]].concat());
}

/// The policy that is suggested for an image verifies it, and is about nothing else.
fn suggestions(corpora: &mut Corpora) {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suggested");
    std::fs::create_dir_all(&scratch).expect("cargo's directory for tests can be written");
    let tekton = ["829dd06d", "2fdc0c88"].map(|name| (format!("referrers/conforma-{name}"), Some(corpora.root(name))));
    let slsa = ["v1.4.0", "v1.7.0", "v1.10.0"];
    let slsa =
        slsa.iter().flat_map(|version| [format!("slsa-generator/{version}"), format!("referrers/slsa-{version}")]);
    for (layout, root) in tekton.into_iter().chain(slsa.map(|layout| (layout, None))) {
        let reference = format!("oci:{}", corpora.images.join(&layout).display());
        let root: Vec<String> = root.into_iter().flat_map(|root| ["--trusted-root".to_owned(), root]).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_bonafide"))
            .args(["inspect", &reference, "--suggest-policy"])
            .args(&root)
            .env_clear()
            .output()
            .expect("the program runs");
        let policy = scratch.join(format!("{}.yaml", layout.replace('/', "-")));
        std::fs::write(&policy, &output.stdout).expect("the policy can be written");
        corpora.expect(0, &layout, &["--policy", &policy.display().to_string()]);
    }
}
