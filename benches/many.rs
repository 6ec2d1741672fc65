//! Many images in one run: how long it takes, what it asks, and how much memory it needs, by GNU time.
//!
//! `cargo bench --profile dev --bench many -- PROGRAM…` serves images from a registry in this process, once at its own speed and
//! once with every answer 100 ms late, and has each program verify them all; the rows are in `benches/README.md`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use support::image::Image;
use support::registry::{Registry, fault};
use support::repository::Repository;
use support::sigstore::{Sigstore, Version};
use support::statement::{Build, Subject, slsa_v1, spdx_23};

const BUILT_FOR: &str = "acme/shop";

fn main() {
    let programs: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if programs.is_empty() {
        println!("many: nothing measured: it is run by hand, as benches/README.md says");
        return;
    }
    println!("{:<44} {:>6} {:>8} {:>9} {:>9} {:>10}", "", "images", "requests", "wall", "cpu", "peak");
    for (count, delay) in [(60, 100), (480, 0)] {
        let shop = Shop::new(count, Duration::from_millis(delay));
        for program in &programs {
            shop.measure(program, delay);
        }
    }
}

/// Repositories with an image each, with signature, provenance and SBOM as bundles.
struct Shop {
    registry: Registry,
    references: Vec<String>,
    root: std::path::PathBuf,
}

impl Shop {
    fn new(count: usize, delay: Duration) -> Shop {
        let sigstore = Sigstore::new();
        let build = Build::github(BUILT_FOR, ".github/workflows/release.yml", "refs/tags/v1");
        let image = Image::single("linux/amd64");
        let subject = Subject::from(&image.descriptor());
        let identity = build.identity();
        let signer = || sigstore.signer(&identity);
        let evidence = [
            signer().sign_image(&subject),
            signer().attest(&slsa_v1(&subject, &build)),
            signer().attest(&spdx_23(&subject, &[("zlib", "1.3.1"), ("openssl", "3.5.0")])),
        ];
        let mut repository = Repository::new();
        repository.push_tagged("v1", &image);
        for one in &evidence {
            repository.attach_bundle(&image.descriptor(), &one.bundle(Version::V03));
        }
        let registry = Registry::start();
        let names: Vec<String> = (0..count).map(|number| format!("acme/shop-{number}")).collect();
        for name in &names {
            registry.edit(name, |content| *content = repository.clone());
        }
        if !delay.is_zero() {
            registry.bend("", fault::delayed(delay));
        }
        let references = names.iter().map(|name| registry.reference(name, "v1")).collect();
        let root = std::env::temp_dir().join(format!("bonafide-many-{}.json", std::process::id()));
        std::fs::write(&root, sigstore.trusted_root()).expect("a file");
        Shop { registry, references, root }
    }

    fn measure(&self, program: &str, delay: u64) {
        self.registry.forget_requests();
        let report = self.root.with_extension("report.json");
        let began = Instant::now();
        let run = Command::new("/usr/bin/time")
            .args(["-f", "%M %U %S", program, "verify", "--repo", BUILT_FOR])
            .args(&self.references)
            .args(["--trusted-root", &self.root.display().to_string()])
            .args(["--output", &format!("json={}", report.display())])
            .env_clear()
            .output()
            .expect("GNU time");
        let wall = began.elapsed();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(0), "{said}");
        let figures = said.lines().last().unwrap_or_default().split(' ').map(str::parse::<f64>);
        let figures: Vec<f64> = figures.collect::<Result<_, _>>().expect("KiB and seconds");
        let [peak, user, system] = figures[..] else { panic!("three figures: {said}") };
        let report: Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
        assert_eq!(report["images"].as_array().map(Vec::len), Some(self.references.len()));
        println!(
            "{:<44} {:>6} {:>8} {:>6.2} s {:>6.2} s {:>6.1} MiB",
            format!("{program}, +{delay} ms"),
            self.references.len(),
            self.registry.requests().len(),
            wall.as_secs_f64(),
            user + system,
            peak / 1024.0
        );
    }
}
