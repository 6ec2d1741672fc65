//! `collect`: what is carried away gives the same report where there is no network, and damage to it is found.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::fixtures::{BY_BUILDERS, BY_SHOP, LAB_ROOT, digest, image};
use crate::program::{Run, Scratch, bonafide, run_with_report as run, text};
use crate::shop::{NAME, Shop, TAG, referrers_path};
use crate::support::image::{Image, Manifest};
use crate::support::registry::{Referrers, Registry, fault};
use crate::support::repository::Repository;

pub(crate) const IMAGES: [&str; 10] = [
    "buildkit-unsigned",
    "legacy",
    "multi-platform",
    "multi-platform-children",
    "multi-platform-partial",
    "other-signer",
    "reusable-workflow",
    "signed",
    "signed-rekor1",
    "unsigned",
];

/// What depends on the place and the time of a run: names, what was asked, and advice.
const OF_A_RUN: [&str; 7] = ["network", "startedAt", "environment", "reference", "pinned", "lookedIn", "next"];

/// What differs between two reports, by its place.
pub(crate) fn differences(place: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            names.retain(|name| !OF_A_RUN.contains(&name.as_str()));
            let of = |map: &serde_json::Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
            names
                .iter()
                .flat_map(|name| differences(&format!("{place}/{name}"), &of(one, name), &of(other, name)))
                .collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.flat_map(|(number, (one, other))| differences(&format!("{place}/{number}"), one, other)).collect()
        }
        (one, other) if one == other => Vec::new(),
        // It says where, and a layout has no name.
        (Value::String(one), Value::String(other))
            if [one, other].iter().all(|text| text.starts_with("nothing attached")) =>
        {
            Vec::new()
        }
        (one, other) => vec![format!("{place}: {one} and {other}")],
    }
}

/// Collects an image and verifies the pack: both reports must be the same.
#[track_caller]
fn carried(reference: &str, flags: &[&str], to: &str) -> Value {
    let scratch = Scratch::new();
    let pack = scratch.path(to);
    let (collected, there) = run(&[&["collect", reference, "--to", text(&pack)], flags].concat());
    assert!(pack.exists(), "{}", collected.stderr);
    assert_eq!(scratch.files(), [to], "nothing else is left");
    let form = if pack.is_dir() { "oci" } else { "oci-archive" };
    let (verified, report) = run(&[&["verify", &format!("{form}:{}", pack.display()), "--offline"], flags].concat());
    assert_eq!(verified.exit, collected.exit, "{reference}: {}{}", verified.stdout, verified.stderr);
    assert_eq!(report["network"], json!({"requests": 0, "bytes": 0, "hosts": []}));
    assert_eq!(differences("", &report, &there), [] as [String; 0], "{reference}");
    report
}

#[test]
fn a_pack_of_every_fixture_gives_the_report_of_the_registry() {
    for name in IMAGES {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name);
        let registry = Registry::serving(NAME, Repository::read_layout(&directory));
        let reference = registry.reference(NAME, "v1.0.0");
        for (referrers, to) in [(Referrers::Listed { page_size: 2 }, "pack"), (Referrers::Unsupported, "pack.tar")] {
            registry.list_referrers(referrers);
            for flags in [BY_SHOP, BY_BUILDERS] {
                let flags = [&["--trusted-root", LAB_ROOT][..], &flags].concat();
                let report = carried(&reference, &flags, to);
                assert_eq!(report["images"][0]["digest"], digest(name).as_str());
            }
            // Where a signature is enough, the rest is carried away all the same.
            carried(&reference, &["--trusted-root", LAB_ROOT, "--repo", NAME, "--require", "signature"], to);
        }
    }
}

#[test]
fn a_layout_can_be_carried_away_again() {
    for name in IMAGES {
        carried(&image(name), &[&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat(), "pack");
    }
}

#[test]
fn everything_is_carried_though_less_is_required_and_no_layer_is() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images/multi-platform");
    let content = Repository::read_layout(&directory);
    let layers: Vec<String> = content
        .manifests
        .iter()
        .map(Manifest::json)
        .filter(|manifest| manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json")
        .flat_map(|manifest| manifest["layers"].as_array().cloned().unwrap_or_default())
        .filter(|layer| {
            layer["mediaType"].as_str().is_some_and(|named| named.contains("rootfs") || named.contains("layer"))
        })
        .map(|layer| layer["digest"].as_str().expect("a digest").replace("sha256:", ""))
        .collect();
    let registry = Registry::serving(NAME, content);
    let scratch = Scratch::new();
    let pack = scratch.path("pack");
    let reference = registry.reference(NAME, "v1.0.0");
    let flags = ["--trusted-root", LAB_ROOT, "--repo", NAME];
    let (collected, _) =
        run(&[&["collect", &reference, "--to", text(&pack), "--require", "signature"][..], &flags].concat());
    assert_eq!(collected.exit, 0, "{}", collected.stderr);
    assert!(
        collected.stderr.starts_with("collected ") && collected.stderr.contains(text(&pack)),
        "{}",
        collected.stderr
    );
    let here = format!("oci:{}:v1.0.0", pack.display());
    for platform in ["all", "linux/arm64"] {
        let (verified, _) = run(&[&["verify", &here, "--offline", "--platform", platform][..], &flags].concat());
        assert_eq!(verified.exit, 0, "provenance and SBOM are there: {}", verified.stdout);
    }
    let blobs = names(&pack.join("blobs/sha256"));
    assert!(!layers.is_empty() && layers.iter().all(|layer| !blobs.contains(layer)), "{layers:?}");
    assert!(pack.join("bonafide/report.json").exists() && pack.join("bonafide/policy/flags.txt").exists());
    let roots = names(&pack.join("bonafide/trust"));
    let root = fs::read(pack.join("bonafide/trust").join(&roots[0])).expect("a root");
    assert_eq!(root, fs::read(LAB_ROOT).expect("a root"), "as it was read");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// A pack of an image that verifies, and the command that verifies it.
fn pack_of_signed(scratch: &Scratch) -> (PathBuf, Vec<String>) {
    let pack = scratch.path("pack");
    let flags = [&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat();
    let (collected, _) = run(&[&["collect", &image("signed"), "--to", text(&pack)], &flags[..]].concat());
    assert_eq!(collected.exit, 0, "{}", collected.stderr);
    let here = format!("oci:{}", pack.display());
    let verify = [&["verify", &here, "--offline"], &flags[..]].concat();
    (pack.clone(), verify.into_iter().map(str::to_owned).collect())
}

fn verify(command: &[String]) -> Run {
    bonafide(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a340_one_flipped_byte_anywhere_in_a_pack_is_found() {
    let scratch = Scratch::new();
    let (pack, command) = pack_of_signed(&scratch);
    assert_eq!(verify(&command).exit, 0);
    let all = files(&pack);
    assert!(all.len() > 10, "{all:?}");
    for file in all {
        let good = fs::read(&file).expect("a file");
        for position in [0, 1, good.len() / 3, good.len() / 2, good.len() - 2, good.len() - 1] {
            for flip in [0x01, 0x20, 0x80] {
                let mut bad = good.clone();
                bad[position] ^= flip;
                fs::write(&file, &bad).expect("a file");
                let run = verify(&command);
                assert_eq!(run.exit, 3, "{} at {position}: {}", file.display(), run.stdout);
            }
        }
        fs::write(&file, &good).expect("a file");
    }
    assert_eq!(verify(&command).exit, 0);
}

#[test]
fn a340_one_flipped_byte_anywhere_in_the_archive_of_a_pack_is_found() {
    let scratch = Scratch::new();
    let pack = scratch.path("pack.tar");
    let flags = [&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat();
    let (collected, _) = run(&[&["collect", &image("signed"), "--to", text(&pack)], &flags[..]].concat());
    assert_eq!(collected.exit, 0, "{}", collected.stderr);
    let here = format!("oci-archive:{}", pack.display());
    let verify = || bonafide(&[&["verify", &here, "--offline"], &flags[..]].concat()).exit;
    assert_eq!(verify(), 0);
    let good = fs::read(&pack).expect("an archive");
    // Every byte of the first header and around it, and of the end; and of all else one in some hundreds.
    let places = (0..520).step_by(3).chain((520..good.len()).step_by(211)).chain(good.len() - 1030..good.len() - 1020);
    for place in places.chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[place] ^= 0x01;
        fs::write(&pack, &bad).expect("an archive");
        // Without its mark it is no archive, which is an error of the command line.
        assert!(matches!(verify(), 2 | 3), "byte {place} of {}", good.len());
    }
    // Made anew by another program it is a pack all the same.
    fs::write(&pack, &good).expect("an archive");
    let unpacked = scratch.path("unpacked");
    fs::create_dir(&unpacked).expect("a folder");
    let tar = |arguments: &[&str]| {
        assert!(std::process::Command::new("tar").args(arguments).status().expect("tar is there").success());
    };
    tar(&["-xf", text(&pack), "-C", text(&unpacked)]);
    tar(&["-cf", text(&pack), "-C", text(&unpacked), "."]);
    assert_eq!(verify(), 0);
}

#[test]
fn a341_a_file_that_is_missing_in_a_pack_or_is_a_link_is_found() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new();
    let (pack, command) = pack_of_signed(&scratch);
    let outside = scratch.path("outside");
    for file in files(&pack) {
        fs::rename(&file, &outside).expect("moved");
        let is_sums = file.ends_with("SHA256SUMS");
        // Without its checksums it is a layout like any other.
        assert_eq!(verify(&command).exit, if is_sums { 0 } else { 3 }, "{} is missing", file.display());
        symlink(&outside, &file).expect("a link");
        assert_eq!(verify(&command).exit, 3, "{} is a link", file.display());
        fs::remove_file(&file).expect("the link");
        fs::rename(&outside, &file).expect("moved back");
    }
    assert_eq!(verify(&command).exit, 0);
}

#[test]
fn a342_checksums_lead_nowhere_and_are_read_in_one_form() {
    let scratch = Scratch::new();
    let (pack, command) = pack_of_signed(&scratch);
    let sums = pack.join("bonafide/SHA256SUMS");
    let good = fs::read_to_string(&sums).expect("checksums");
    let first = good.lines().next().expect("a line").to_owned();
    let hex = &first[..64];
    for bad in [
        good.replace("  ", " *"),
        good.to_uppercase(),
        good.replacen(&first, &format!("{first}\n{first}"), 1),
        format!("{good}{hex}  ../../outside\n"),
        format!("{good}{hex}  /etc/passwd\n"),
        format!("{good}{hex}  zz/./x\n"),
        format!("{good}\n"),
        good.trim_end().to_owned(),
        String::new(),
    ] {
        fs::write(&sums, &bad).expect("checksums");
        assert_eq!(verify(&command).exit, 3, "{bad}");
    }
}

#[test]
fn a343_what_could_not_be_read_is_not_carried_away_as_if_it_were_not_there() {
    let served = Shop::with_bundles().serve();
    let digest = served.shop.digest();
    let collect = |path: &str, status: u16| {
        served.registry.mend();
        served.registry.bend(path, fault::status(status));
        let scratch = Scratch::new();
        let pack = scratch.path("pack");
        let trust = ["--trusted-root", served.root.as_str(), "--repo", NAME];
        let (run, _) = run(&[&["collect", &served.by_tag(), "--to", text(&pack)], &trust[..]].concat());
        assert_eq!(scratch.files(), [] as [&str; 0], "{path}: {}", run.stderr);
        assert_eq!(run.exit, 3, "{path}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("a pack is whole"), "{path}: {}", run.stderr);
    };
    collect(&referrers_path(&digest), 500);
    collect(".sig", 403);
    collect(".att", 503);
    collect("/blobs/", 500);
    collect("/manifests/", 500);
}

#[test]
fn a319_a_pack_is_never_put_where_something_is() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new();
    let flags = [&["--trusted-root", LAB_ROOT][..], &BY_SHOP].concat();
    let collect = |to: &Path| run(&[&["collect", &image("signed"), "--to", text(to)], &flags[..]].concat()).0;
    let target = scratch.path("target");
    fs::create_dir(&target).expect("a folder");
    symlink(&target, scratch.path("link")).expect("a link");
    symlink(scratch.path("nowhere"), scratch.path("dangling")).expect("a link");
    symlink(scratch.path("nowhere"), scratch.path("dangling.tar")).expect("a link");
    scratch.write("file", "keep");
    scratch.write("file.tar", "keep");
    fs::create_dir(scratch.path("full")).expect("a folder");
    fs::write(scratch.path("full/file"), "keep").expect("a file");
    fs::create_dir(scratch.path("folder.tar")).expect("a folder");
    for taken in ["link", "dangling", "dangling.tar", "file", "file.tar", "full", "folder.tar"] {
        let run = collect(&scratch.path(taken));
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{taken}: {}", run.stderr);
    }
    assert!(names(&target).is_empty() && !scratch.path("nowhere").exists());
    assert_eq!(fs::read_to_string(scratch.path("file.tar")).expect("the file"), "keep");
    assert_eq!(collect(&target).exit, 0, "an empty folder is filled");
    assert!(target.join("index.json").exists());
    assert_eq!(collect(&scratch.path("no/such/pack")).exit, 2);
}

#[test]
fn what_a_repository_of_evidence_has_is_carried_away() {
    let shop = Shop::with_bundles();
    let mut image = Repository::new();
    image.push_tagged(TAG, &shop.image);
    let registry = Registry::serving(NAME, image);
    registry.edit("acme/evidence", |content| *content = shop.repository.clone());
    let scratch = Scratch::new();
    let root = scratch.write("root.json", shop.sigstore.trusted_root());
    let (pack, evidence) = (scratch.path("pack"), format!("{}/acme/evidence", registry.host()));
    let flags = ["--trusted-root", &root, "--repo", NAME];
    let from = ["collect", &registry.reference(NAME, TAG), "--evidence-repository", &evidence, "--to", text(&pack)];
    let (collected, there) = run(&[&from[..], &flags].concat());
    assert_eq!(collected.exit, 0, "{}{}", collected.stdout, collected.stderr);
    let (verified, here) = run(&[&["verify", &format!("oci:{}", pack.display()), "--offline"][..], &flags].concat());
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
    assert_eq!(differences("", &here, &there), [] as [String; 0]);
}

#[test]
fn a026_what_a_list_names_wrongly_is_carried_as_it_was() {
    let mut shop = Shop::with_signature();
    let other = Image::single_containing("other", "linux/amd64");
    shop.repository.push_tagged("other", &other);
    let signed = shop.signature(&other.descriptor());
    let bundle = shop.attach(&other.descriptor(), &signed);
    let top = shop.top();
    shop.repository.list_falsely(&top, &bundle);
    let served = shop.serve();
    let scratch = Scratch::new();
    let pack = scratch.path("pack");
    let flags = ["--trusted-root", served.root.as_str(), "--repo", NAME, "--require", "sbom"];
    let (collected, _) = run(&[&["collect", &served.by_tag(), "--to", text(&pack)], &flags[..]].concat());
    // Where a list was wrong, its entries are under the fallback tag, and in another order. Else nothing differs.
    let (replayed, report) = run(&[&["verify", "--replay", text(&pack)], &flags[..]].concat());
    assert_eq!((collected.exit, replayed.exit), (4, 4), "{}", replayed.stdout);
    assert_eq!(report["images"][0]["candidates"].as_array().map(Vec::len), Some(2));
}

#[test]
fn one_platform_is_carried_away_alone() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images/multi-platform-partial");
    let registry = Registry::serving(NAME, Repository::read_layout(&directory));
    let flags = [&["--trusted-root", LAB_ROOT, "--platform", "linux/amd64"][..], &BY_SHOP].concat();
    let report = carried(&registry.reference(NAME, "v1.0.0"), &flags, "pack");
    assert_eq!(report["verdict"], "verified");
}

#[test]
fn two_images_with_one_tag_keep_their_whole_names() {
    let (one, other) =
        (Shop::with_bundles().serve(), Shop::selling(Image::single_containing("other", "linux/amd64")).serve());
    let scratch = Scratch::new();
    let pack = scratch.path("pack");
    let command = [
        "collect",
        &one.by_tag(),
        &other.by_tag(),
        "--to",
        text(&pack),
        "--trusted-root",
        &one.root,
        "--repo",
        NAME,
        "-q",
    ];
    let collected = bonafide(&command);
    assert_eq!(collected.stderr, "");
    let index: Value = serde_json::from_slice(&fs::read(pack.join("index.json")).expect("an index")).expect("JSON");
    let text = index.to_string();
    for name in [one.by_tag(), other.by_tag()] {
        assert!(text.contains(&format!("{name:?}")), "{name}: {text}");
    }
    let here = format!("oci:{}@{}", pack.display(), one.shop.digest());
    let (verified, _) = run(&["verify", &here, "--offline", "--trusted-root", &one.root, "--repo", NAME]);
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
}

#[test]
fn the_policy_is_carried_with_its_keys_and_decides_nothing_by_itself() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("keys")).expect("a folder");
    fs::copy("fixtures/policies/valid/keys/cosign.pub", scratch.path("keys/cosign.pub")).ok();
    let policy = format!(
        "version: 1\nimages:\n- match: '**'\n  signers: [{{identity: {:?}, issuer: {:?}}}]\n  require: [signature]\n",
        BY_SHOP[1], BY_SHOP[3]
    );
    let policy = scratch.write("policy.yaml", policy);
    let pack = scratch.path("pack");
    let flags = ["--trusted-root", LAB_ROOT, "--policy", &policy, "--as", "ghcr.io/acme/shop"];
    let (collected, _) = run(&[&["collect", &image("other-signer"), "--to", text(&pack)], &flags[..]].concat());
    assert_eq!(collected.exit, 1, "a rejected image is carried away too: {}", collected.stderr);
    let carried = pack.join("bonafide/policy/bonafide.yaml");
    assert_eq!(fs::read(&carried).expect("a policy"), fs::read(&policy).expect("a policy"));
    // A weaker policy in the pack is not asked.
    fs::write(
        &carried,
        "version: 1\nimages:\n- match: '**'\n  signers: [{identity: '*', issuer: '*'}]\n  require: [signature]\n",
    )
    .expect("a policy");
    fs::remove_file(pack.join("bonafide/SHA256SUMS")).expect("checksums");
    let here = format!("oci:{}", pack.display());
    let (verified, _) = run(&[&["verify", &here, "--offline"], &flags[..]].concat());
    assert_eq!(verified.exit, 1, "{}", verified.stdout);
    let none = bonafide(&["verify", &here, "--offline", "--trusted-root", LAB_ROOT]);
    assert_eq!(none.exit, 2, "without a policy nothing is judged: {}", none.stdout);
}

#[test]
fn flags_of_other_uses_are_refused() {
    let scratch = Scratch::new();
    let pack = scratch.path("pack");
    for more in [&["--wait", "5s"][..], &["--save", "evidence"], &["--not-weaker-than", "old.json"]] {
        let command = ["collect", &image("signed"), "--to", text(&pack), "--repo", NAME];
        let message = bonafide(&[&command[..], more].concat()).usage_error();
        assert!(message.contains(more[0]), "{message}");
    }
    assert!(!pack.exists());
    bonafide(&["collect", &image("signed"), "--repo", NAME]).usage_error();
}
