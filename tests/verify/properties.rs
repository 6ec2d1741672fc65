//! What must hold for any evidence: order is nothing, and less is never more.

use bonafide::check::{ImageReport, Verdict};
use bonafide::evidence::{Content, Evidence as Collected, Gap, GapReason, Obstacle, Opened};
use bonafide::policy::Requirement;
use bonafide::run::Threads;
use bonafide::time_limit::TimeLimit;
use bonafide::verify::{self, Alone, Grounds, TrustDomain, Workers, verify_with};
use serde_json::json;

use crate::forge::{flip, other_image};
use crate::support::sigstore::{EntryKind, Identity, Signed, Version};
use crate::world::{Judge, World, blob, bundle, domain, evidence, legacy};

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    pub(crate) fn shuffle<Item>(&mut self, items: &mut [Item]) {
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
        Content::Bundle(Opened::bundle(blob("{"))),
        Content::Unread { media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(), bytes: 60 << 20 },
    ])
    .collect()
}

fn domains(world: &World, github: &World) -> Vec<TrustDomain> {
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
    let mut requirements = Requirement::DEFAULT.to_vec();
    numbers.shuffle(&mut requirements);
    requirements.truncate(count);
    (world.requiring_all(&requirements).trusting(domains(world, github)), collected)
}

fn gap(world: &World) -> Gap {
    Gap {
        subject: world.image.clone(),
        what: "referrers".to_owned(),
        obstacle: Obstacle::new(GapReason::Timeout, "no answer"),
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

/// What was accepted in one step of a collection is not judged again in the next, and nobody can tell.
#[test]
fn evidence_judged_as_it_is_collected_is_reported_as_if_it_were_judged_at_once() {
    let (world, github) = (World::new(), World::new());
    let pool = pool(&world, &github);
    let mut numbers = Numbers(0x5eed_0009);
    let mut again = 0;
    for _ in 0..15 {
        let (judge, whole) = draw(&mut numbers, &world, &github, &pool);
        let policy = judge.policy();
        let (policy, domains, now) = (&policy, judge.domains.as_slice(), judge.now);
        let mut stepwise = verify::Judge::new(Grounds {
            workers: &Alone,
            policy,
            domains,
            advisories: None,
            now,
            time: TimeLimit::NONE,
        });
        let mut collected = Collected { candidates: Vec::new(), ..whole.clone() };
        for candidate in whole.candidates {
            collected.candidates.push(candidate);
            numbers.shuffle(&mut collected.candidates);
            let report = stepwise.judge(&collected, now, TimeLimit::NONE);
            assert_eq!(format!("{report:?}"), format!("{:?}", judge.judge_evidence(&collected)));
            again += report.candidates.iter().filter(|candidate| candidate.accepted).count();
        }
    }
    assert!(again > 15, "what is accepted must be there in the next step too");
}

/// As `cosign save` marks two manifests: by one name, with one payload, and with different signatures on it.
#[test]
fn what_cannot_be_told_apart_by_its_place_is_judged_each_by_itself() {
    let world = World::new();
    let good = world.signer().sign_simple(&world.subject);
    let mut forged = good.clone();
    flip(forged.content.signature_mut());
    let judge = world.for_signatures();
    let policy = judge.policy();
    let (policy, domains, now) = (&policy, judge.domains.as_slice(), judge.now);
    let mut stepwise =
        verify::Judge::new(Grounds { workers: &Alone, policy, domains, advisories: None, now, time: TimeLimit::NONE });
    let mut collected = evidence(&world.image, [good, forged].map(|signed| legacy(signed.legacy_layer())));
    let origin = collected.candidates[0].origin.clone();
    let mut second = collected.candidates.pop().expect("the forged one");
    assert_eq!(second.digest, collected.candidates[0].digest);
    second.origin = origin;
    assert!(stepwise.judge(&collected, now, TimeLimit::NONE).candidates[0].accepted);
    collected.candidates.push(second);
    let accepted: Vec<bool> =
        stepwise.judge(&collected, now, TimeLimit::NONE).candidates.iter().map(|one| one.accepted).collect();
    assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 1, "{accepted:?}");
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
        for requirement in Requirement::DEFAULT {
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

/// Gives the work to threads that take it from both ends.
struct FromBothEnds;

impl Workers for FromBothEnds {
    fn share(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            scope.spawn(|| (pieces / 2..pieces).rev().for_each(work));
            (0..pieces / 2).for_each(work);
        });
    }
}

#[test]
fn who_judges_the_candidates_never_changes_a_word_of_the_report() {
    let (world, github) = (World::new(), World::new());
    let pool = pool(&world, &github);
    let mut numbers = Numbers(0x5eed_0003);
    for _ in 0..25 {
        let (judge, collected) = draw(&mut numbers, &world, &github, &pool);
        let report =
            |workers: &dyn Workers| verify_with(workers, &collected, &judge.policy(), &judge.domains, judge.now);
        let text = |report: &ImageReport| serde_json::to_string(report).expect("a report");
        assert_eq!(text(&report(&FromBothEnds)), text(&judge.judge_evidence(&collected)));
        assert_eq!(text(&report(&Threads)), text(&judge.judge_evidence(&collected)));
    }
}
