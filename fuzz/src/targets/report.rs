//! JSON reports that are read back: by `diff`, by `--not-weaker-than` and by `report merge`.

use std::sync::LazyLock;

use bonafide::check::{
    CheckId, Finding, ImageReport, Network, PolicyReport, Report, RepositoryReport, SCHEMA_VERSION, ShardReport,
    TagCounts, Tool, Verdict, merge,
};
use bonafide::compare::{Judged, Recorded, Side, diff, hold};
use bonafide::policy::Requirement;
use bonafide::render::{Detail, Head, OUTPUTS, escape, json_value};

use serde_json::Value;

use crate::lab;

/// Images as a run judges them: of every sample by the policy of the first.
static IMAGES: LazyLock<Vec<ImageReport>> = LazyLock::new(|| {
    let judged = |sample: &lab::Sample| {
        let candidate = lab::candidate(&sample.image, 0, sample.content.clone());
        let policy = lab::policy(&lab::SIGNERS[0], &[Requirement::Signature]);
        let evidence = lab::evidence(&sample.image, vec![candidate]);
        bonafide::verify::verify(&evidence, &policy, &*lab::DOMAINS, lab::NOW)
    };
    lab::SAMPLES.iter().map(judged).collect()
});

/// Whatever a report says: it makes no verdict better, differs in nothing from itself, and what is written of it is inert.
pub fn run(data: &[u8]) {
    if let Ok(read) = Judged::read(data) {
        of_two_images(&read);
    }
    if let Ok(read) = Recorded::read(data) {
        holds_nothing_up(&read);
    }
    if let (Ok(value), Ok(read)) = (serde_json::from_slice::<Value>(data), serde_json::from_slice::<Report>(data)) {
        // `report merge` takes only what is written as it was read.
        if json_value(&read).is_ok_and(|again| again == value) {
            merged(read);
        }
    }
}

/// The image of a report, where it has one alone.
const NAMELESS: &str = "";

fn of_two_images(read: &Judged) {
    let Some(image) = read.image(NAMELESS) else { return };
    let side = |report| Side { report, file: Some("report.json"), contents: None };
    let alone = diff(side(image), side(image), None);
    assert!(alone.differences.is_empty(), "an image differs from itself: {:?}", alone.differences);
    assert!(alone.parameters.listed.is_empty() && alone.inputs.listed.is_empty());
    for other in IMAGES.iter() {
        for (old, new) in [(image, other), (other, image)] {
            let report = diff(side(old), side(new), None);
            assert_eq!(report.verdict, Verdict::join([old.verdict, new.verdict]));
            assert_eq!(report.exit_code, report.verdict.exit_code());
            for output in OUTPUTS.iter().filter(|output| output.is_for_diffs()) {
                let mut written = Vec::new();
                output.diff(&report, Detail::default(), &mut written).expect("memory takes every byte");
                is_inert(output.name, &written);
            }
        }
    }
}

/// An older image, however it is told of, never makes an image verified, and a weaker one never passes.
fn holds_nothing_up(read: &Recorded) {
    let Some(old) = read.image(NAMELESS) else { return };
    for image in IMAGES.iter() {
        let held = hold(image.clone(), Some(old));
        assert!(held.verdict == image.verdict || image.verdict == Verdict::Verified, "{:?}", held.verdict);
        let said = held.findings.iter().find(|finding| finding.check == CheckId::NotWeaker);
        assert_eq!(held.verdict == Verdict::Verified, said.is_some_and(|said| !Finding::is_blocking(said)));
    }
}

/// A part is never the whole, and the whole is never better than its images.
fn merged(read: Report) {
    let worst = Verdict::join(read.images.iter().map(|image| image.verdict));
    let is_part = read.shard.as_ref().is_some_and(|shard| shard.of > 1);
    let count = read.images.len();
    let Ok(whole) = merge(vec![read]) else { return };
    assert_eq!(whole.images.len(), count, "no image is lost");
    assert!(whole.verdict != Verdict::Verified || worst == Verdict::Verified && !is_part, "a part is no whole");
    for output in OUTPUTS {
        let mut written = Vec::new();
        let head = Head { targets: count, column: 0, detail: Detail::default() };
        output.write(&head, &whole, &mut written).expect("memory takes every byte");
        is_inert(output.name, &written);
    }
}

fn is_inert(name: &str, written: &[u8]) {
    let text = String::from_utf8_lossy(written);
    // The lines of CSV end with both.
    let found = text.chars().find(|one| !matches!(one, '\n' | '\r') && escape::is_unsafe(*one));
    assert_eq!(found, None, "{name}");
}

fn report(images: Vec<ImageReport>) -> Report {
    let places = (0..).take(images.len()).collect::<Vec<u64>>();
    let shard =
        ShardReport { number: 1, of: 1, run: "0".to_owned(), tags: "0".to_owned(), total: places.len() as u64, places };
    let verdict = Verdict::join(images.iter().map(|image| image.verdict));
    let repository = RepositoryReport {
        repository: "registry.test/acme/shop".to_owned(),
        verdict,
        tags: TagCounts::default(),
        digests: images.len(),
        changes: Vec::new(),
        drift: Vec::new(),
        mirror: None,
        gaps: Vec::new(),
    };
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict,
        started_at: lab::NOW,
        judged_at: None,
        policy: PolicyReport { source: "flags".to_owned(), file: None, sha256: "0".repeat(64) },
        verifier: None,
        trust: Vec::new(),
        advisories: None,
        repositories: vec![repository],
        shard: Some(shard),
        images,
        left_out: 0,
        network: Network::default(),
        environment: Vec::new(),
    }
}

/// Reports of a single image each, of a whole audit, and of a part of one.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut part = report(IMAGES[..1].to_vec());
    part.shard = part.shard.map(|shard| ShardReport { of: 2, total: 2, ..shard });
    let alone = IMAGES.iter().map(|image| report(vec![image.clone()]));
    let all = alone.chain([report(IMAGES.clone()), part]);
    all.map(|report| json_value(&report).expect("JSON").to_string().into_bytes()).collect()
}
