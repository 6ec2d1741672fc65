//! VEX: what may close a finding, who must have said it, and of which image. Nothing that is said opens anything.

use bonafide::check::{CheckId, ImageReport, Verdict, VexReport};
use bonafide::evidence::{Content, SubjectKind};
use bonafide::oci::{Algorithm, Digest};
use bonafide::verify::verify;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::policy_files::{finding, judge, policy, rule};
use crate::support::sigstore::{Identity, SIGNING_TIME, Version};
use crate::support::statement::{Subject, statement};
use crate::world::{World, bundle, candidate, evidence, manifest};

const OPENVEX: &str = "https://openvex.dev/ns";
const CSAF: &str = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json";
const BUSYBOX: &str = "pkg:apk/alpine/busybox@1.31.1-r21?arch=x86_64";
const RULES: &str = "require: {vulnerabilities: {deny: {severity: high}, vex: {signers: [{github: acme/vex}]}}}";

fn vex_team() -> Identity {
    Identity::github_workflow("acme/vex", ".github/workflows/vex.yml", "refs/heads/main")
}

/// A scan by the maker of the image that found one vulnerability in busybox.
fn scan_of(world: &World, subject: &Subject) -> Content {
    let found = json!([{
        "VulnerabilityID": "CVE-2021-28831", "VendorIDs": ["ALPINE-1"], "PkgName": "busybox", "Severity": "HIGH",
        "PkgIdentifier": {"PURL": BUSYBOX},
    }]);
    let result =
        json!({"SchemaVersion": 2, "Results": [{"Target": "shop", "Class": "os-pkgs", "Vulnerabilities": found}]});
    let predicate = json!({"scanner": {"uri": "pkg:github/aquasecurity/trivy@0.50.0", "result": result}});
    let said = statement(subject, "https://cosign.sigstore.dev/attestation/vuln/v1", predicate);
    bundle(&world.signer().attest(&said).bundle(Version::V03))
}

/// The image as products name it.
fn product(world: &World) -> Value {
    json!({"@id": format!("pkg:oci/shop@{}", world.image.to_string().replace(':', "%3A"))})
}

#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!`")]
fn said(products: Value, status: &str) -> Value {
    json!({
        "vulnerability": {"name": "CVE-2021-28831"},
        "products": products,
        "status": status,
        "justification": "vulnerable_code_not_in_execute_path",
    })
}

fn document(statements: &[Value]) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
        "timestamp": "2026-03-01T10:00:00Z", "statements": statements,
    })
}

fn vex_of(world: &World, subject: &Subject, predicate_type: &str, predicate: Value, by: &Identity) -> Content {
    let said = statement(subject, predicate_type, predicate);
    bundle(&world.instance.signer(by).attest(&said).bundle(Version::V03))
}

fn vex(world: &World, statements: &[Value]) -> Content {
    vex_of(world, &world.subject, OPENVEX, document(statements), &vex_team())
}

fn judged(world: &World, vex: impl IntoIterator<Item = Content>) -> ImageReport {
    let rules = policy(&rule(&["signers: [{github: acme/shop}]", RULES]));
    judge(world, &rules, [scan_of(world, &world.subject)].into_iter().chain(vex))
}

#[test]
fn what_a_believed_signer_says_of_this_image_closes_a_finding_and_the_report_says_so() {
    let world = World::new();
    assert_eq!(judged(&world, []).verdict, Verdict::Rejected);
    let report = judged(&world, [vex(&world, &[said(json!([product(&world)]), "not_affected")])]);
    assert_eq!(report.verdict, Verdict::Verified);
    let passed =
        report.requirements[0].findings.iter().find(|one| one.check == CheckId::ScanFindings).expect("a finding");
    let closed = "closed by VEX: CVE-2021-28831 (not affected: vulnerable_code_not_in_execute_path, c";
    assert!(passed.message.contains(closed), "{}", passed.message);
    let document = report.candidates.iter().find(|one| one.kind.as_str() == "vex").expect("the document");
    assert!(!document.accepted, "it satisfies no requirement itself");
    assert_eq!(document.says::<VexReport>().expect("what it says").counts(), "1 not affected");
    for predicate_type in ["https://openvex.dev/ns/v0.2.0", OPENVEX] {
        let fixed = document_of_one(&world, "fixed");
        let report = judged(&world, [vex_of(&world, &world.subject, predicate_type, fixed, &vex_team())]);
        assert_eq!(report.verdict, Verdict::Verified, "{predicate_type}");
    }
}

fn document_of_one(world: &World, status: &str) -> Value {
    document(&[said(json!([product(world)]), status)])
}

#[test]
fn nobody_else_closes_anything() {
    let world = World::new();
    let by_shop = vex_of(&world, &world.subject, OPENVEX, document_of_one(&world, "fixed"), &world.identity);
    let report = judged(&world, [by_shop]);
    assert_eq!(report.verdict, Verdict::Rejected, "who may scan may not say what does not matter");
    let unsigned = statement(&world.subject, OPENVEX, document_of_one(&world, "fixed")).to_string();
    assert_eq!(judged(&world, [Content::UnsignedStatement(crate::world::blob(unsigned))]).verdict, Verdict::Rejected);
    // And without `vex` in the policy not even they do.
    let strict = "require: {vulnerabilities: {deny: {severity: high}}}";
    let rules = policy(&rule(&["signers: [{github: acme/shop}, {github: acme/vex}]", strict]));
    let closing = vex(&world, &[said(json!([product(&world)]), "fixed")]);
    assert_eq!(judge(&world, &rules, [scan_of(&world, &world.subject), closing]).verdict, Verdict::Rejected);
}

#[test]
fn what_is_no_answer_closes_nothing() {
    let world = World::new();
    let products = || json!([product(&world)]);
    let without = |field: &str, mut statement: Value| {
        statement.as_object_mut().expect("an object").remove(field);
        statement
    };
    let another = |mut statement: Value| {
        statement["vulnerability"]["name"] = json!("CVE-2021-2883");
        statement
    };
    for statement in [
        said(products(), "affected"),
        said(products(), "under_investigation"),
        said(products(), "Fixed"),
        without("justification", said(products(), "not_affected")),
        another(said(products(), "fixed")),
    ] {
        assert_eq!(
            judged(&world, [vex(&world, std::slice::from_ref(&statement))]).verdict,
            Verdict::Rejected,
            "{statement}"
        );
    }
    let mut alias = said(products(), "fixed");
    alias["vulnerability"] = json!({"name": "GHSA-1", "aliases": ["ALPINE-1"]});
    assert_eq!(judged(&world, [vex(&world, &[alias])]).verdict, Verdict::Verified, "both sides may have aliases");
}

#[test]
fn a_statement_about_another_product_closes_nothing() {
    let world = World::new();
    let other = Digest::of(Algorithm::Sha256, b"another image");
    let escaped = |digest: &Digest| digest.to_string().replace(':', "%3A");
    for (products, verdict) in [
        (json!([{"@id": format!("pkg:oci/shop@{}", escaped(&other))}]), Verdict::Rejected),
        (json!([{"@id": "pkg:oci/shop"}]), Verdict::Rejected),
        (json!([{"@id": "pkg:oci/shop?repository_url=registry.test/mallory/shop"}]), Verdict::Rejected),
        (json!([{"@id": "registry.test/acme/shop"}]), Verdict::Rejected),
        (json!([{"@id": "pkg:apk/alpine/busybox@1.0"}]), Verdict::Rejected),
        // The maker of a package speaks of the package, wherever it is installed.
        (json!([{"@id": BUSYBOX}]), Verdict::Verified),
        (json!([{"@id": "pkg:docker/acme/shop@1.0.0"}]), Verdict::Rejected),
        (json!([{"hashes": {"sha-256": other.hex()}}]), Verdict::Rejected),
        (json!([{"hashes": {"md5": world.image.hex()}}]), Verdict::Rejected),
        (json!([{"@id": "https://acme.example/shop"}]), Verdict::Rejected),
        (json!([{"@id": "pkg:oci/shop?repository_url=registry.test%2Facme%2Fshop"}]), Verdict::Verified),
        (json!([{"@id": format!("registry.test/acme/shop@{}", world.image)}]), Verdict::Verified),
        (json!([{"identifiers": {"purl": format!("pkg:oci/shop@{}", escaped(&world.image))}}]), Verdict::Verified),
        (json!([{"hashes": {"sha-256": world.image.hex()}}]), Verdict::Verified),
        (json!([{"@id": BUSYBOX}, product(&world)]), Verdict::Verified),
        // OpenVEX ATTESTING.md: statements without products are about what the attestation is about.
        (json!([]), Verdict::Verified),
        (json!(null), Verdict::Verified),
    ] {
        let report = judged(&world, [vex(&world, &[said(products.clone(), "fixed")])]);
        assert_eq!(report.verdict, verdict, "{products}");
    }
}

#[test]
fn a_document_that_is_attached_to_another_image_closes_nothing() {
    let world = World::new();
    let other = Subject::new("registry.test/acme/shop", &Digest::of(Algorithm::Sha256, b"another").to_string());
    let elsewhere = vex_of(&world, &other, OPENVEX, document_of_one(&world, "fixed"), &vex_team());
    assert_eq!(judged(&world, [elsewhere]).verdict, Verdict::Rejected);
}

#[test]
fn a_statement_about_some_packages_closes_what_is_in_them_alone() {
    let world = World::new();
    let of = |part: &str| {
        let mut whole = product(&world);
        whole["subcomponents"] = json!([{"@id": part}]);
        judged(&world, [vex(&world, &[said(json!([whole]), "fixed")])]).verdict
    };
    for part in ["pkg:apk/alpine/busybox", "pkg:apk/alpine/busybox@1.31.1-r21", BUSYBOX] {
        assert_eq!(of(part), Verdict::Verified, "{part}");
    }
    for part in ["pkg:apk/alpine/busybox@1.31.1-r20", "pkg:apk/alpine/zlib", "pkg:deb/alpine/busybox", "busybox"] {
        assert_eq!(of(part), Verdict::Rejected, "{part}");
    }
}

#[test]
fn within_a_document_the_latest_statement_counts() {
    let world = World::new();
    let at = |time: Option<&str>, status: &str| {
        let mut statement = said(json!([product(&world)]), status);
        statement["timestamp"] = json!(time);
        statement
    };
    let verdict = |statements: &[Value]| judged(&world, [vex(&world, statements)]).verdict;
    let (early, late) = (Some("2026-02-01T00:00:00Z"), Some("2026-03-01T11:00:00Z"));
    assert_eq!(verdict(&[at(early, "affected"), at(late, "fixed")]), Verdict::Verified);
    assert_eq!(verdict(&[at(late, "fixed"), at(early, "affected")]), Verdict::Verified, "in whatever order");
    assert_eq!(verdict(&[at(early, "not_affected"), at(late, "affected")]), Verdict::Rejected);
    assert_eq!(
        verdict(&[at(late, "affected"), at(None, "fixed")]),
        Verdict::Rejected,
        "the document's time is earlier"
    );
    assert_eq!(verdict(&[at(early, "affected"), at(early, "fixed")]), Verdict::Verified, "of one time the last");
}

/// What one author says takes nothing back that another says. Of one author the later statement counts (A301).
#[test]
fn a111_another_authors_document_opens_nothing() {
    let world = World::new();
    let one = |author: &str, status: &str| {
        let mut document = document(&[said(json!([product(&world)]), status)]);
        document["author"] = json!(author);
        vex_of(&world, &world.subject, OPENVEX, document, &vex_team())
    };
    assert_eq!(judged(&world, [one("Distro", "affected")]).verdict, Verdict::Rejected);
    assert_eq!(judged(&world, [one("Distro", "affected"), one("Acme", "fixed")]).verdict, Verdict::Verified);
    assert_eq!(judged(&world, [one("Acme", "fixed"), one("Distro", "affected")]).verdict, Verdict::Verified);
    assert_eq!(judged(&world, [one("Acme", "fixed"), one("Acme", "affected")]).verdict, Verdict::Rejected);
}

#[test]
fn csaf_is_read_with_its_product_tree() {
    let world = World::new();
    let image = product(&world)["@id"].clone();
    let csaf = |status: Value, flags: Value| {
        json!({
            "document": {
                "category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "Acme"},
                "tracking": {"current_release_date": "2026-03-01T10:00:00Z"},
            },
            "product_tree": {
                "full_product_names": [
                    {"name": "shop", "product_id": "SHOP", "product_identification_helper": {"purl": image}},
                    {"name": "busybox", "product_id": "BOX", "product_identification_helper": {"purl": "pkg:apk/alpine/busybox"}},
                ],
                "relationships": [{
                    "category": "default_component_of", "full_product_name": {"name": "both", "product_id": "SHOP:BOX"},
                    "product_reference": "BOX", "relates_to_product_reference": "SHOP",
                }],
            },
            "vulnerabilities": [{"cve": "CVE-2021-28831", "product_status": status, "flags": flags}],
        })
    };
    let verdict = |status: Value, flags: Value| {
        judged(&world, [vex_of(&world, &world.subject, CSAF, csaf(status, flags), &vex_team())]).verdict
    };
    let flag = json!([{"label": "vulnerable_code_not_present", "product_ids": ["SHOP:BOX"]}]);
    assert_eq!(verdict(json!({"known_not_affected": ["SHOP:BOX"]}), flag), Verdict::Verified);
    assert_eq!(verdict(json!({"fixed": ["SHOP"]}), json!([])), Verdict::Verified);
    assert_eq!(verdict(json!({"known_not_affected": ["SHOP:BOX"]}), json!([])), Verdict::Rejected, "without a reason");
    assert_eq!(verdict(json!({"known_affected": ["SHOP"]}), json!([])), Verdict::Rejected);
    assert_eq!(verdict(json!({"fixed": ["BOX"]}), json!([])), Verdict::Verified, "the package itself");
}

#[test]
fn a_document_that_cannot_be_read_closes_nothing_and_says_why() {
    let world = World::new();
    for predicate in
        [json!(null), json!({}), json!({"@context": "https://evil.example/ns", "author": "a", "statements": []})]
    {
        let broken = vex_of(&world, &world.subject, OPENVEX, predicate, &vex_team());
        let report = judged(&world, [broken]);
        assert_eq!(report.verdict, Verdict::Rejected);
        let candidate = report.candidates.iter().find(|one| one.kind.as_str() == "vex").expect("the document");
        assert_eq!(finding(&candidate.findings, CheckId::VexFormat).check, CheckId::VexFormat);
        assert!(candidate.section.is_none());
    }
}

/// An index and two platforms: the scan is of the first platform, and VEX is attached elsewhere.
#[test]
fn what_is_said_of_an_index_holds_for_its_platforms_and_not_the_other_way_round() {
    let world = World::new();
    let [index, amd64, arm64] = ["index", "amd64", "arm64"].map(|name| Digest::of(Algorithm::Sha256, name.as_bytes()));
    let subject = |digest: &Digest| Subject::new("registry.test/acme/shop", &digest.to_string());
    let rules = policy(&rule(&["signers: [{github: acme/shop}]", RULES]));
    let verdict = |scanned: &Digest, said_of: &Digest| {
        let said = document(&[said(json!(null), "fixed")]);
        let mut collected = evidence(&index, []);
        collected.target.subjects = vec![
            manifest(&index, SubjectKind::Index, &[]),
            manifest(&amd64, SubjectKind::Image("linux/amd64".parse().ok()), &[&index]),
        ];
        collected.candidates = vec![
            candidate(scanned, 0, scan_of(&world, &subject(scanned))),
            candidate(said_of, 1, vex_of(&world, &subject(said_of), OPENVEX, said, &vex_team())),
        ];
        verify(&collected, &rules, &[world.domain()], SIGNING_TIME + SignedDuration::from_hours(1)).verdict
    };
    assert_eq!(verdict(&amd64, &index), Verdict::Verified);
    assert_eq!(verdict(&amd64, &amd64), Verdict::Verified);
    assert_eq!(verdict(&index, &index), Verdict::Verified);
    assert_eq!(verdict(&index, &amd64), Verdict::Rejected);
    assert_eq!(verdict(&amd64, &arm64), Verdict::Rejected);
}

/// Every requirement of these kinds, and every subset of what could be attached: more evidence never takes a verdict back. The one
/// thing that does is a later VEX statement of the same author, which its signer makes to be heard (A301).
#[test]
fn a021_a111_no_evidence_that_is_withheld_verifies_an_image() {
    let world = World::new();
    let review = |result: &str| {
        let said = statement(&world.subject, "https://acme.example/review/v1", json!({"result": result}));
        bundle(&world.signer().attest(&said).bundle(Version::V03))
    };
    let summary = |result: &str| {
        let predicate = json!({
            "verifier": {"id": "https://acme.example/verifier"}, "resourceUri": "registry.test/acme/shop",
            "policy": {"uri": "p"}, "verificationResult": result, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        });
        let said = statement(&world.subject, "https://slsa.dev/verification_summary/v1", predicate);
        bundle(&world.signer().attest(&said).bundle(Version::V03))
    };
    let mut by_another_author = document(&[said(json!([product(&world)]), "affected")]);
    by_another_author["author"] = json!("Distro");
    let pool = [
        scan_of(&world, &world.subject),
        vex(&world, &[said(json!([product(&world)]), "fixed")]),
        vex_of(&world, &world.subject, OPENVEX, by_another_author, &vex_team()),
        review("PASSED"),
        review("FAILED"),
        summary("PASSED"),
        summary("FAILED"),
    ];
    let rules = policy(&rule(&[
        "signers: [{github: acme/shop}]",
        "require:",
        "  vulnerabilities: {deny: {severity: high}, vex: {signers: [{github: acme/vex}]}}",
        "  attestation: {type: https://acme.example/review/v1, fields: {result: PASSED}}",
        "  vsa: {verifier: https://acme.example/verifier, levels: [SLSA_BUILD_LEVEL_3]}",
    ]));
    let subsets = 1_usize << pool.len();
    let is_verified: Vec<bool> = (0..subsets)
        .map(|subset| {
            let contents = pool.iter().enumerate().filter(|(place, _)| subset >> place & 1 == 1);
            judge(&world, &rules, contents.map(|(_, content)| content.clone())).verdict == Verdict::Verified
        })
        .collect();
    for subset in 0..subsets {
        for added in 0..pool.len() {
            let more = subset | 1 << added;
            assert!(!is_verified[subset] || is_verified[more], "{subset:07b} is verified, and {more:07b} is not");
        }
    }
    assert_eq!(is_verified.iter().filter(|verified| **verified).count(), 8, "the four that are needed, and any others");
}
