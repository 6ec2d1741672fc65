//! A hundred rules for packages, and as many for licences, against an SBOM of a hundred thousand packages.
//!
//! `cargo bench --bench sbom-rules` signs the SBOM with the tests' virtual Sigstore and judges it with and without the rules: the
//! difference is what they cost. Everything else (signature, log, JSON, report) is in both.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use bonafide::check::{CheckId, Outcome, Verdict};
use bonafide::evidence::{Candidate, Content, Evidence, Opened, Origin, Target};
use bonafide::oci::{Algorithm, Blob, Digest};
use bonafide::policy::{Document, Policy};
use bonafide::trust::TrustRoot;
use bonafide::verify::{TrustDomain, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::sigstore::{SIGNING_TIME, Sigstore, Version};
use support::statement::{Build, Subject, spdx_23};

const ROUNDS: usize = 11;
const PACKAGES: usize = 100_000;
const RULES: usize = 100;

fn main() {
    let bench = Bench::new();
    let plain = bench.policy("{}");
    println!("{PACKAGES} packages, {RULES} rules; medians of {ROUNDS} rounds");
    let without = median(|| bench.judge(&plain));
    println!("{:<50} {:>8.1} ms", "no rules", milliseconds(without));
    for (name, rules) in cases() {
        let policy = bench.policy(&rules);
        let with = median(|| bench.judge(&policy));
        let rules = with.saturating_sub(without);
        println!("{name:<50} {:>8.1} ms, rules alone {:>6.1} ms", milliseconds(with), milliseconds(rules));
    }
}

/// Rules of each kind that no package meets, so that every package is held against all of them.
fn cases() -> [(&'static str, String); 7] {
    let packages = |rule: &dyn Fn(usize) -> String| {
        let rules: Vec<String> = (0..RULES).map(rule).collect();
        format!("{{deny: {{packages: [{}]}}}}", rules.join(", "))
    };
    let licenses = (0..RULES).map(|number| format!("LicenseRef-Denied-{number}")).collect::<Vec<_>>().join(", ");
    [
        ("packages by version", packages(&|number| format!("'pkg:npm/denied-{number}@1.0.0'"))),
        (
            "packages by range, on names that are there",
            packages(&|number| format!("{{purl: 'pkg:npm/%40acme/package-{number}', vers: 'vers:npm/>=2.0.0'}}")),
        ),
        ("packages by pattern", packages(&|number| format!("'pkg:npm/@denied-{number}/*'"))),
        ("packages by pattern, all of the namespace", packages(&|number| format!("'pkg:npm/@acme/denied-{number}-*'"))),
        ("packages by pattern of several parts", packages(&|number| format!("'pkg:npm/**ed-{number}*x*'"))),
        ("packages by name", packages(&|number| format!("{{name: denied-{number}}}"))),
        ("licences", format!("{{deny: {{licenses: [{licenses}]}}, no-assertion: deny}}")),
    ]
}

struct Bench {
    evidence: Evidence,
    domains: [TrustDomain; 1],
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let instance = Sigstore::new();
        let image = Digest::of(Algorithm::Sha256, b"the manifest of the image");
        let subject = Subject::new("registry.test/acme/shop", &image.to_string());
        let build = Build::github("acme/shop", ".github/workflows/release.yml", "refs/tags/v1.0.0");
        let identity = build.identity();
        let mut statement = spdx_23(&subject, &[]);
        let listed = statement["predicate"]["packages"].as_array_mut().expect("packages");
        listed.extend((0..PACKAGES).map(package));
        let bundle = instance.signer(&identity).attest(&statement).bundle(Version::V03).to_string();
        let root = instance.trusted_root_with(|_| {});
        let root = TrustRoot::parse("virtual", "trusted_root.json", root.as_bytes()).expect("a root");
        Self {
            evidence: evidence(&image, Blob::of(Algorithm::Sha256, bundle.into_bytes())),
            domains: [TrustDomain::prepare(&root).expect("a domain")],
            now: SIGNING_TIME + SignedDuration::from_hours(1),
        }
    }

    fn policy(&self, rules: &str) -> Policy {
        let text = format!(
            "version: 1\nimages:\n  - match: registry.test/acme/shop\n    signers: [{{github: acme/shop}}]\n    require: {{sbom: {rules}}}\n"
        );
        let document = Document::parse("bonafide.yaml", text.as_bytes(), &|_| Err("no file".to_owned()))
            .unwrap_or_else(|error| panic!("{error}"));
        document.policy_for("registry.test/acme/shop", &["virtual".to_owned()], None, self.now).expect("a policy")
    }

    fn judge(&self, policy: &Policy) -> Duration {
        let start = Instant::now();
        let report = verify(&self.evidence, policy, &self.domains, self.now);
        let took = start.elapsed();
        let findings = &report.candidates[0].findings;
        assert_eq!(report.verdict, Verdict::Verified, "{findings:?}");
        let judged = |check| findings.iter().any(|one| one.check == check && one.outcome == Outcome::Pass);
        assert!(judged(CheckId::SbomContent));
        took
    }
}

fn package(number: usize) -> Value {
    let licenses = ["MIT", "Apache-2.0 OR MIT", "BSD-3-Clause", "GPL-2.0-or-later WITH Classpath-exception-2.0", "ISC"];
    json!({
        "SPDXID": format!("SPDXRef-{number}"), "name": format!("package-{number}"), "versionInfo": "1.2.3",
        "supplier": "Organization: Acme", "downloadLocation": "NOASSERTION", "licenseConcluded": licenses[number % licenses.len()],
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": format!("pkg:npm/%40acme/package-{number}@1.2.3"),
        }],
    })
}

fn evidence(image: &Digest, bundle: Blob) -> Evidence {
    Evidence::of(
        Target::image("registry.test/acme/shop:1.0.0", Some("registry.test/acme/shop"), image.clone()),
        vec![Candidate {
            subject: image.clone(),
            origin: Origin::Referrer(image.clone()),
            digest: bundle.digest().clone(),
            content: Content::Bundle(Opened::bundle(bundle)),
        }],
    )
}

fn median(mut round: impl FnMut() -> Duration) -> Duration {
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
