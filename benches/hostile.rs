//! What a run costs whose registry wants it to cost: requests, bytes, processor time and the peak of memory, by GNU time.
//!
//! `cargo bench --profile dev --bench hostile -- target/release/bonafide`; the rows are in `benches/README.md`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;

use serde_json::{Map, Value, json};

use support::image::{Descriptor, Image};
use support::registry::{Delivery, Referrers, Registry, fault};
use support::repository::Repository;
use support::sigstore::{Signed, Sigstore, Version};
use support::statement::{Build, Subject, spdx_23};

const NAME: &str = "acme/shop";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MIB: usize = 1024 * 1024;

fn main() {
    let program = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(program) = program else {
        println!("hostile: nothing measured: it is run by hand, as benches/README.md says");
        return;
    };
    println!("{:<58} exit  requests      bytes       cpu       peak", "");
    for (title, shop) in [
        ("one signature", Shop::signed()),
        ("1,000 referrers, 250 of them bundles", Shop::with_referrers(1000, 250)),
        ("a bundle that states 128 MiB and never ends", Shop::with_endless(128 * MIB)),
        ("a bundle that states 10 GB", Shop::with_stated(10_000_000_000)),
        ("a bundle that states 8,000 bytes and never ends", Shop::with_endless(8000)),
        ("a signature and an SBOM of 60 MB", Shop::with_sbom(60)),
    ] {
        shop.measure(&program, title);
    }
}

/// A signed image, and how its registry misbehaves.
struct Shop {
    sigstore: Sigstore,
    build: Build,
    image: Image,
    repository: Repository,
    /// The blob that never ends.
    endless: Option<String>,
}

impl Shop {
    fn new() -> Shop {
        let image = Image::single("linux/amd64");
        let mut repository = Repository::new();
        repository.push_tagged("v1", &image);
        let build = Build::github(NAME, ".github/workflows/release.yml", "refs/tags/v1");
        Shop { sigstore: Sigstore::new(), build, image, repository, endless: None }
    }

    fn signed() -> Shop {
        let mut shop = Shop::new();
        let top = shop.image.descriptor();
        let bundle = shop.sign(&Subject::from(&top)).bundle(Version::V03);
        shop.repository.attach_bundle(&top, &bundle);
        shop
    }

    fn sign(&self, subject: &Subject) -> Signed {
        self.sigstore.signer(&self.build.identity()).sign_image(subject)
    }

    fn with_referrers(count: usize, bundles: usize) -> Shop {
        let mut shop = Shop::new();
        let top = shop.image.descriptor();
        for number in 0..count {
            let mut annotations = Map::new();
            annotations.insert("number".into(), json!(number.to_string()));
            let (media_type, text) = if number < bundles {
                (BUNDLE, shop.sign(&Subject::from(&top)).bundle(Version::V03).to_string())
            } else {
                ("text/plain", format!("note {number}"))
            };
            let layer = Descriptor::of(media_type, text.as_bytes());
            shop.repository.push_blob(text.as_bytes());
            shop.repository.attach(&top, media_type, &[layer], annotations);
        }
        shop
    }

    /// Attaches a bundle whose manifest states this size; its blob has no end.
    fn with_endless(size: usize) -> Shop {
        let mut shop = Shop::with_stated(size);
        let manifest = shop.repository.manifests.last().expect("just pushed").json();
        shop.endless = manifest["layers"][0]["digest"].as_str().map(str::to_owned);
        shop
    }

    fn with_stated(size: usize) -> Shop {
        let mut shop = Shop::new();
        let top = shop.image.descriptor();
        let mut layer = Descriptor::of(BUNDLE, b"{}");
        shop.repository.push_blob(b"{}");
        layer.size = size.try_into().expect("a size");
        shop.repository.attach(&top, BUNDLE, &[layer], Map::new());
        shop
    }

    fn with_sbom(megabytes: usize) -> Shop {
        let mut shop = Shop::signed();
        let top = shop.image.descriptor();
        let mut statement = spdx_23(&Subject::from(&top), &[("zlib", "1.3.1")]);
        statement["predicate"]["comment"] = json!("x".repeat(megabytes * 1_000_000));
        let bundle = shop.sigstore.signer(&shop.build.identity()).attest(&statement).bundle(Version::V03);
        shop.repository.attach_bundle(&top, &bundle);
        shop
    }

    fn measure(self, program: &str, title: &str) {
        let root = std::env::temp_dir().join(format!("bonafide-hostile-{}.json", std::process::id()));
        std::fs::write(&root, self.sigstore.trusted_root()).expect("a file");
        let registry = Registry::serving(NAME, self.repository);
        registry.list_referrers(Referrers::Listed { page_size: 100 });
        if let Some(blob) = self.endless {
            registry.bend(&blob, fault::delivered(Delivery::Endless));
        }
        let report = root.with_extension("report.json");
        let run = Command::new("/usr/bin/time")
            .args(["-f", "%M %U %S", program, "verify", &registry.reference(NAME, "v1"), "--repo", NAME])
            .args(["--require", "signature", "--trusted-root", &root.display().to_string()])
            .args(["--output", &format!("json={}", report.display())])
            .env_clear()
            .output()
            .expect("GNU time");
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        let figures = said.lines().last().unwrap_or_default().split(' ').map(str::parse::<f64>);
        let figures: Vec<f64> = figures.collect::<Result<_, _>>().expect("KiB and seconds");
        let [peak, user, system] = figures[..] else { panic!("three figures: {said}") };
        let report: Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
        let network = &report["network"];
        println!(
            "{title:<58} {:>4}  {:>8}  {:>9}  {:>5.0} ms  {:>5.1} MiB",
            run.status.code().unwrap_or_default(),
            network["requests"].to_string(),
            network["bytes"].to_string(),
            (user + system) * 1000.0,
            peak / 1024.0
        );
    }
}
