//! `collect --layers`: the images' layers go into the pack too, each as its manifest says, or nothing is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::fixtures::{BY_SHOP, LAB_ROOT};
use crate::program::{Run, Scratch, run_with_report as run, text};
use crate::shop::{NAME, Served, Shop, TAG};
use crate::support::image::Image;
use crate::support::registry::{Delivery, Registry, fault};
use crate::support::repository::Repository;

/// The digests of the layers of every image manifest in a pack, and of all its blobs.
fn layers_and_blobs(pack: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut layers, mut blobs) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(pack.join("blobs/sha256")).expect("blobs") {
        let entry = entry.expect("an entry");
        blobs.insert(entry.file_name().into_string().expect("UTF-8"));
        let read: Value = serde_json::from_slice(&fs::read(entry.path()).expect("a blob")).unwrap_or_default();
        let named = read["layers"].as_array().cloned().unwrap_or_default();
        layers.extend(named.iter().map(|layer| layer["digest"].as_str().expect("a digest").replace("sha256:", "")));
    }
    (layers, blobs)
}

fn collect(reference: &str, to: &Path, flags: &[&str]) -> (Run, Value) {
    run(&[&["collect", reference, "--layers", "--to", text(to)], flags].concat())
}

#[test]
fn a_pack_with_layers_has_all_of_them_and_can_be_carried_away_again() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images/multi-platform");
    let registry = Registry::serving(NAME, Repository::read_layout(&directory));
    let flags = [&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat();
    let scratch = Scratch::new();
    let (first, archive, last) = (scratch.path("first"), scratch.path("archive.tar"), scratch.path("last"));
    let steps = [
        (registry.reference(NAME, "v1.0.0"), &first),
        (format!("oci:{}", first.display()), &archive),
        (format!("oci-archive:{}", archive.display()), &last),
    ];
    for (reference, to) in &steps {
        let (collected, _) = collect(reference, to, &flags);
        assert_eq!(collected.exit, 0, "{reference}: {}{}", collected.stdout, collected.stderr);
    }
    let (layers, blobs) = layers_and_blobs(&last);
    assert!(layers.len() >= 4 && layers.is_subset(&blobs), "{layers:?} {blobs:?}");
    assert_eq!(layers, layers_and_blobs(&first).0);
    let (verified, _) = run(&[&["verify", &format!("oci:{}", last.display()), "--offline"], &flags[..]].concat());
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
    let layer = layers_of(&last).into_iter().next().expect("a layer");
    let mut bytes = fs::read(&layer).expect("a layer");
    bytes[0] ^= 1;
    fs::write(&layer, bytes).expect("a layer");
    let (verified, _) = run(&[&["verify", &format!("oci:{}", last.display()), "--offline"], &flags[..]].concat());
    assert_eq!(verified.exit, 3, "{}", verified.stdout);
}

fn layers_of(pack: &Path) -> Vec<PathBuf> {
    layers_and_blobs(pack).0.iter().map(|hex| pack.join("blobs/sha256").join(hex)).collect()
}

/// An image with one large layer, and the digest of that.
fn with_large_layer() -> (Served, String) {
    let image = Image::single_containing(&"x".repeat(3 << 20), "linux/amd64");
    let layer = image.top.json()["layers"][0]["digest"].as_str().expect("a layer").to_owned();
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    (shop.serve(), layer)
}

#[test]
fn a370_a_layer_that_is_not_as_its_manifest_says_is_not_carried_away() {
    let (served, layer) = with_large_layer();
    let flags = ["--trusted-root", served.root.as_str(), "--repo", NAME, "--require", "signature"];
    let scratch = Scratch::new();
    let pack = scratch.path("pack");
    let path = format!("/blobs/{layer}");
    let rejects = |what: &str| {
        let (collected, _) = collect(&served.by_tag(), &pack, &flags);
        assert_eq!(collected.exit, 3, "{what}: {}{}", collected.stdout, collected.stderr);
        assert!(collected.stderr.contains("nothing was written"), "{what}: {}", collected.stderr);
        assert_eq!(scratch.files(), [] as [&str; 0], "{what}");
        served.registry.mend();
    };
    for (what, bend) in [
        ("one bit", fault::flipped_bit()),
        ("other bytes", fault::body(b"short")),
        ("never ends", fault::delivered(Delivery::Endless)),
        ("broken off each time", fault::delivered(Delivery::CutInBody)),
        ("not there", fault::status(404)),
        ("not for us", fault::status(403)),
        ("failing", fault::status(500)),
        ("led to a metadata service", fault::redirect("http://169.254.169.254/latest")),
    ] {
        served.registry.bend(&path, bend);
        rejects(what);
    }
    // A connection that breaks off once may break off again or not.
    served.registry.bend_first(1, &path, fault::delivered(Delivery::ResetInBody));
    let (collected, _) = collect(&served.by_tag(), &pack, &flags);
    assert_eq!(collected.exit, 0, "{}", collected.stderr);
    let hex = layer.replace("sha256:", "");
    assert!(fs::metadata(pack.join("blobs/sha256").join(hex)).expect("the layer").len() > 3 << 20);
}

#[test]
fn a370_a_full_disk_leaves_nothing_behind() {
    let (served, _) = with_large_layer();
    let scratch = Scratch::new();
    let (pack, reference) = (scratch.path("pack"), served.by_tag());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_bonafide"), "collect"]);
    command.args([reference.as_str(), "--layers", "--to", text(&pack), "--repo", NAME, "--require", "signature"]);
    let output = command.args(["--trusted-root", &served.root]).env_clear().env("HOME", "/nonexistent").output();
    let output = output.expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot be written to the disk") && said.contains("free space"), "{said}");
    assert_eq!(scratch.files(), [] as [&str; 0]);
}

#[test]
fn without_the_flag_no_layer_is_asked_for() {
    let (served, layer) = with_large_layer();
    let scratch = Scratch::new();
    let flags = ["--trusted-root", served.root.as_str(), "--repo", NAME, "--require", "signature"];
    let (collected, _) =
        run(&[&["collect", &served.by_tag(), "--to", text(&scratch.path("pack"))], &flags[..]].concat());
    assert_eq!(collected.exit, 0, "{}", collected.stderr);
    assert!(served.registry.paths().iter().all(|path| !path.contains(&layer)));
    assert!(served.by_tag().ends_with(TAG));
}
