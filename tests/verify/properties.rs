//! What must hold for any evidence: order is nothing, less is never more, and no changed octet changes what is believed.

use bonafide::check::{CandidateReport, ImageReport, Verdict};
use bonafide::evidence::{Content, Evidence as Collected, Gap, GapReason};
use bonafide::policy::Requirement;
use bonafide::verify::Domain;
use serde_json::json;

use crate::forge::{flip, other_image};
use crate::support::sigstore::{EntryKind, Evidence, Identity, LegacyLayer, Signed, Version};
use crate::world::{Judge, World, blob, bundle, domain, evidence, legacy};

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    fn shuffle<Item>(&mut self, items: &mut [Item]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Good, broken, foreign and irrelevant: what a selection is drawn from.
fn pool(world: &World, github: &World) -> Vec<Content> {
    let stranger = Identity::email("mallory@example.com", "https://accounts.example.com");
    let (_, other) = other_image();
    let mut flipped = world.signed_provenance();
    flip(flipped.content.signature_mut());
    let stamped = github.signer().leaf(|leaf| leaf.timestamped_by.clear()).stamped().attest(&github.provenance());
    let without_logs = Signed { entries: Vec::new(), ..stamped };
    let mut unsupported = world.sbom();
    unsupported["predicate"]["spdxVersion"] = json!("SPDX-3.0.1");
    [
        world.signed_image(),
        world.signed_provenance(),
        world.signer().attest(&world.sbom()),
        world.provenance_logged_as(EntryKind::IntotoV001),
        world.instance.sign_image(&stranger, &world.subject),
        world.instance.attest(&stranger, &world.sbom()),
        world.signer().sign_image(&other),
        world.signer().attest(&unsupported),
        flipped,
        without_logs,
    ]
    .iter()
    .map(|signed| bundle(&signed.bundle(Version::V03)))
    .chain([
        legacy(world.signer().sign_simple(&world.subject).legacy_layer()),
        Content::UnsignedStatement(blob(world.provenance().to_string())),
        Content::Ignored { artifact_type: "text/plain".to_owned(), reason: "no evidence".to_owned() },
        Content::Bundle(blob("{")),
        Content::Unread { media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(), bytes: 60 << 20 },
    ])
    .collect()
}

fn domains(world: &World, github: &World) -> Vec<Domain> {
    let without_logs = github.instance.trusted_root_with(|root| {
        root["tlogs"] = json!([]);
        root["ctlogs"] = json!([]);
    });
    vec![world.domain(), domain("github", &without_logs)]
}

/// Evidence of a random selection, and a judge of random requirements.
fn draw(numbers: &mut Numbers, world: &World, github: &World, pool: &[Content]) -> (Judge, Collected) {
    let chance = 1 + numbers.below(5);
    let selection: Vec<Content> = pool.iter().filter(|_| numbers.below(8) < chance).cloned().collect();
    let mut collected = evidence(&world.image, selection);
    if numbers.below(2) == 0 {
        collected.gaps.push(gap(world));
    }
    let count = 1 + numbers.below(3);
    let mut requirements = Requirement::ALL.to_vec();
    numbers.shuffle(&mut requirements);
    requirements.truncate(count);
    (world.requiring_all(&requirements).trusting(domains(world, github)), collected)
}

fn gap(world: &World) -> Gap {
    Gap {
        subject: world.image.clone(),
        what: "referrers".to_owned(),
        reason: GapReason::Timeout,
        detail: "no answer".to_owned(),
    }
}

/// Everything that a report says, but for the names that depend on the order.
fn said(report: &ImageReport) -> Vec<String> {
    let mut said: Vec<String> = report
        .candidates
        .iter()
        .map(|one| format!("{} {} {:?} {:?} {:?}", one.kind, one.accepted, one.reason, one.trust_domain, one.signer))
        .collect();
    said.extend(
        report.requirements.iter().map(|one| format!("{} {} {}", one.kind, one.verdict, one.satisfied_by.len())),
    );
    said.sort_unstable();
    said
}

#[test]
fn the_order_of_candidates_and_domains_never_changes_the_verdict() {
    let (world, github) = (World::new(), World::new());
    let pool = pool(&world, &github);
    let mut numbers = Numbers(0x5eed_0001);
    let mut seen = Vec::new();
    for _ in 0..25 {
        let (mut judge, mut collected) = draw(&mut numbers, &world, &github, &pool);
        let first = judge.judge_evidence(&collected);
        for _ in 0..3 {
            numbers.shuffle(&mut collected.candidates);
            judge.domains.reverse();
            let again = judge.judge_evidence(&collected);
            assert_eq!(again.verdict, first.verdict);
            assert_eq!(said(&again), said(&first));
        }
        seen.push(first.verdict);
    }
    for verdict in [Verdict::Verified, Verdict::Rejected, Verdict::Undecided, Verdict::Absent] {
        assert!(seen.contains(&verdict), "the draws must reach {verdict}: {seen:?}");
    }
}

#[test]
fn less_evidence_a_gap_or_another_requirement_never_makes_it_verified() {
    let (world, github) = (World::new(), World::new());
    let pool = pool(&world, &github);
    let mut numbers = Numbers(0x5eed_0002);
    let mut not_verified = 0;
    for _ in 0..25 {
        let (judge, collected) = draw(&mut numbers, &world, &github, &pool);
        let verified = judge.judge_evidence(&collected).verdict == Verdict::Verified;
        not_verified += usize::from(!verified);
        let holds = |judge: &Judge, less: &Collected, what: &str| {
            let became = judge.judge_evidence(less).verdict == Verdict::Verified;
            assert!(verified || !became, "{what} made it verified");
        };
        for position in 0..collected.candidates.len() {
            let mut less = collected.clone();
            less.candidates.remove(position);
            holds(&judge, &less, "removing a candidate");
        }
        let mut with_gap = collected.clone();
        with_gap.gaps.push(gap(&world));
        holds(&judge, &with_gap, "a gap");
        for requirement in Requirement::ALL {
            let mut stricter = world.requiring_all(&judge.requirements).trusting(domains(&world, &github));
            stricter.requirements.push(requirement);
            holds(&stricter, &collected, "a requirement");
        }
        for position in 0..judge.domains.len() {
            let mut poorer = world.requiring_all(&judge.requirements).trusting(domains(&world, &github));
            poorer.domains.remove(position);
            holds(&poorer, &collected, "removing a domain");
        }
    }
    assert!(not_verified > 5, "the draws must reach what is not verified");
}

/// What a report believes of a candidate.
fn facts(report: &CandidateReport) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        report.kind,
        report.predicate_type,
        report.trust_domain,
        report.signer,
        report.log_entries,
        report.timestamps,
        report.provenance,
        report.sbom
    )
}

/// How many octets of each form are changed: debug builds verify about a hundred signatures in a second.
const FLIPS: usize = 240;

/// Changes octets at even distances, and asserts that what still passes says the same.
fn flip_each(name: &str, judge: &Judge, length: usize, changed: impl Fn(usize, u8) -> Option<Content>, good: Content) {
    let believed = facts(&judge.accepts(good));
    let stride = (length / FLIPS).max(1);
    let (mut count, mut passed) = (0, 0);
    for (turn, position) in (0..length).step_by(stride).enumerate() {
        let mask = [0x01, 0x02, 0x20, 0x10][turn % 4];
        let Some(content) = changed(position, mask) else { continue };
        let report = judge.judge([content]);
        let candidate = &report.candidates[0];
        count += 1;
        if report.verdict == Verdict::Verified {
            passed += 1;
            assert_eq!(facts(candidate), believed, "{name}: octet {position}, mask {mask:#x}");
        }
    }
    println!("{name}: {count} of {length} octets changed, {passed} without consequence");
}

fn flip_bundle(name: &str, judge: &Judge, signed: &Signed, version: Version) {
    let text = signed.bundle(version).to_string().into_bytes();
    let changed = |position: usize, mask: u8| {
        let mut text = text.clone();
        text[position] ^= mask;
        Some(Content::Bundle(blob(text)))
    };
    flip_each(name, judge, text.len(), changed, bundle(&signed.bundle(version)));
}

fn flip_layer(name: &str, judge: &Judge, signed: &Signed) {
    let layer = signed.legacy_layer();
    let texts: Vec<(String, String)> = layer
        .annotations
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    let annotations: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let changed = |position: usize, mask: u8| {
        let mut layer: LegacyLayer = layer.clone();
        let Some(mut position) = position.checked_sub(layer.bytes.len()) else {
            layer.bytes[position] ^= mask;
            return Some(legacy(layer));
        };
        for (key, text) in &texts {
            if position < text.len() {
                let mut octets = text.clone().into_bytes();
                octets[position] ^= mask;
                layer.annotations.insert(key.clone(), json!(String::from_utf8(octets).ok()?));
                return Some(legacy(layer));
            }
            position -= text.len();
        }
        None
    };
    flip_each(name, judge, layer.bytes.len() + annotations, changed, legacy(layer.clone()));
}

#[test]
fn a_changed_octet_in_a_bundle_never_changes_what_is_believed() {
    let world = World::new();
    flip_bundle("image signature", &world.for_signatures(), &world.signed_image(), Version::V03);
    let sbom = world.signer().attest(&world.sbom());
    flip_bundle("SBOM", &world.for_sboms(), &sbom, Version::V02);
}

#[test]
fn a_changed_octet_in_a_bundle_of_rekor_v2_never_changes_what_is_believed() {
    let world = World::new();
    let signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    flip_bundle("Rekor v2", &world.for_provenance(), &signed, Version::V03);
}

#[test]
fn a_changed_octet_around_an_older_entry_never_changes_what_is_believed() {
    let world = World::new();
    for kind in [EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = world.provenance_logged_as(kind);
        flip_bundle(&format!("{kind:?}"), &world.for_provenance(), &signed, Version::V01);
    }
}

#[test]
fn a_changed_octet_in_a_legacy_layer_never_changes_what_is_believed() {
    let world = World::new();
    let signed = world.signer().stamped().sign_simple(&world.subject);
    flip_layer("legacy signature", &world.for_signatures(), &signed);
    let signed = world.provenance_logged_as(EntryKind::IntotoV001);
    flip_layer("legacy attestation", &world.for_provenance(), &signed);
}

/// Without a promise nobody vouches for the index in the whole log, so a report may not say it as if somebody did.
#[test]
fn an_index_that_nothing_vouches_for_is_not_believed() {
    let world = World::new();
    let signed = world.signer().evidence(Evidence::Proof).stamped().attest(&world.provenance());
    let believed = facts(&world.for_provenance().accepts(bundle(&signed.bundle(Version::V03))));
    let mut moved = signed.clone();
    moved.entries[0].log_index += 1;
    let report = world.for_provenance().judge([bundle(&moved.bundle(Version::V03))]);
    assert!(
        !report.candidates[0].accepted || facts(&report.candidates[0]) == believed,
        "{:?}",
        report.candidates[0].log_entries
    );
}
