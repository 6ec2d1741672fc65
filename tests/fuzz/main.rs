//! The targets of `fuzz/` without a fuzzing engine: every seed, and the same mutations of them in every run.
//!
//! It shows on every machine that the targets still hold and that their seeds still say something. Looking for what nobody
//! thought of is the engine's work: `fuzz/run.sh`.

#[allow(dead_code, unreachable_pub)]
#[path = "../../fuzz/src/lib.rs"]
mod bonafide_fuzz;
mod mutation;

// Inside, the modules name each other as those of a crate.
use bonafide_fuzz::{forge, holds, lab, targets};

use mutation::Mutations;

/// Runs each seed and this many mutations of seeds.
fn hold(name: &str, mutations: usize) {
    let target = targets::ALL.into_iter().find(|target| target.name == name).expect("a target of that name");
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        (target.run)(seed);
    }
    for input in Mutations::of(&seeds).take(mutations) {
        (target.run)(&input);
    }
    println!("{name}: {} seeds and {mutations} mutations", seeds.len());
}

#[test]
fn every_target_is_run_here() {
    let here = include_str!("main.rs");
    for target in targets::ALL {
        assert!(here.contains(&format!("hold(\"{}\", ", target.name)), "{} is not run", target.name);
        let engine = format!("{}/fuzz/fuzz_targets/{}.rs", env!("CARGO_MANIFEST_DIR"), target.name);
        assert!(std::path::Path::new(&engine).exists(), "{} has no entry for the engine", target.name);
    }
}

/// Three of each of four images, and two of the reusable workflow's: what the other assertions compare with.
#[test]
fn the_good_evidence_is_believed() {
    assert_eq!(lab::known(), 14);
    let forged = forge::statement("https://sigstore.dev/cosign/sign/v1", b"{}");
    assert!(forge::judge(&forged).candidates[0].accepted, "a forged statement gets past the signature");
    holds::of_lab_evidence(&lab::judge(
        &lab::SAMPLES[0].image,
        lab::SAMPLES[0].content.clone(),
        &lab::SIGNERS[0],
        &*lab::DOMAINS,
    ));
}

#[test]
fn arrays_hold() {
    hold("arrays", 1_000);
}

/// Every object of these is read as a struct or a map, none as what anybody may fill in.
#[test]
fn a291_no_object_of_a_bundle_a_layer_or_a_root_may_be_an_array() {
    for (kind, documents) in targets::arrays::documents().into_iter().filter(|(kind, _)| *kind != b's') {
        for document in documents {
            assert!(document.starts_with(b"{") || kind == b'l');
            let places = 0..targets::arrays::objects(&document);
            let changed = places.filter_map(|place| Some((place, targets::arrays::in_arrays(&document, place)?)));
            for (place, [values, _]) in changed {
                assert!(
                    !targets::arrays::is_believed(kind, &values),
                    "{}: object {place} in {}",
                    char::from(kind),
                    String::from_utf8_lossy(&values)
                );
            }
        }
    }
}

#[test]
fn references_hold() {
    hold("reference", 20_000);
}

#[test]
fn files_that_name_images_hold() {
    hold("from", 3_000);
}

#[test]
fn reports_that_are_replayed_hold() {
    hold("replay", 2_000);
}

#[test]
fn reports_that_are_read_back_hold() {
    hold("report", 100);
}

#[test]
fn manifests_hold() {
    hold("manifest", 3_000);
}

#[test]
fn packages_hold() {
    hold("packages", 5_000);
}

#[test]
fn trusted_roots_hold() {
    hold("trust_root", 100);
}

#[test]
fn bundles_hold() {
    hold("bundle", 300);
}

#[test]
fn lock_files_hold() {
    hold("lock", 2000);
}

#[test]
fn files_of_evidence_hold() {
    hold("loose", 2000);
}

#[test]
fn lists_of_digests_hold() {
    hold("sums", 5_000);
}

#[test]
fn legacy_layers_hold() {
    hold("legacy_layer", 500);
}

#[test]
fn certificates_hold() {
    hold("certificate", 500);
}

#[test]
fn statements_hold() {
    hold("statement", 500);
}

#[test]
fn policies_hold() {
    hold("policy", 3_000);
}

#[test]
fn provenance_holds() {
    hold("provenance", 500);
}

#[test]
fn sboms_hold() {
    hold("sbom", 300);
}

/// A310: limits and prefilters keep every input within a second.
#[test]
fn a310_time_holds() {
    hold("time", 50);
}

#[test]
fn requirements_hold() {
    hold("requirement", 100);
}

#[test]
fn evidence_holds() {
    hold("verify", 100);
}
