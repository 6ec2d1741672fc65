//! Planted downgrades are found, and honest releases have none.

use serde_json::{Value, json};

use super::*;
use crate::json;

fn signer() -> Value {
    json!({
        "identity": "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.4.1",
        "identityKind": "uri",
        "issuer": "https://token.actions.githubusercontent.com",
        "claims": {
            "runnerEnvironment": "github-hosted",
            "sourceRepositoryUri": "https://github.com/acme/shop",
            "sourceRepositoryIdentifier": "4711",
        },
    })
}

fn candidate(id: &str, kind: &str) -> Value {
    json!({
        "id": id,
        "kind": kind,
        "accepted": true,
        "trustDomain": "public-good",
        "signer": signer(),
        "logEntries": [{"kind": "dsse 0.0.2"}],
        "timestamps": [{"source": "log", "time": "2026-11-01T10:00:00Z"}],
        "findings": [{"check": "signature", "outcome": "pass"}],
    })
}

/// A release with all three, on two platforms.
fn release() -> Value {
    let mut provenance = candidate("c2", "provenance");
    provenance["buildLevel"] = json!(3);
    provenance["provenance"] = json!({
        "builder": "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.4.1",
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "source": "https://github.com/acme/shop",
        "finishedOn": "2026-11-01T09:58:00Z",
    });
    let platform = |name: &str| json!({"platform": name, "counted": ["c1", "c2", "c3"]});
    json!({
        "reference": "ghcr.io/acme/shop:1.4.1",
        "pinned": "ghcr.io/acme/shop@sha256:aa",
        "digest": "sha256:aa",
        "verdict": "verified",
        "readInFull": true,
        "platforms": [platform("linux/amd64"), platform("linux/arm64")],
        "candidates": [candidate("c1", "signature"), provenance, candidate("c3", "sbom")],
        "gaps": [],
    })
}

fn facts(value: &Value) -> Facts {
    json::from_value(value).expect("facts")
}

fn between(old: &Value, new: &Value) -> ComparisonReport {
    compare(&facts(old), &facts(new))
}

fn each(image: &mut Value, change: impl Fn(&mut Value)) {
    image["candidates"].as_array_mut().expect("candidates").iter_mut().for_each(change);
}

fn claim(image: &mut Value, name: &str, value: &str) {
    each(image, |one| one["signer"]["claims"][name] = json!(value));
}

fn without(image: &mut Value, place: usize) {
    image["candidates"].as_array_mut().expect("candidates").remove(place);
}

fn key(one: &mut Value) {
    one["signer"] = json!({"identity": "3f0c", "identityKind": "key", "claims": {}});
}

type Plant = fn(&mut Value);

#[test]
fn every_planted_downgrade_is_found() {
    use Property as P;
    let plants: [(Property, Direction, Plant); 20] = [
        (P::Evidence, Direction::Weaker, |new| without(new, 1)),
        (P::Evidence, Direction::Weaker, |new| without(new, 2)),
        (P::Evidence, Direction::Weaker, |new| new["platforms"][1]["counted"] = json!(["c1", "c2"])),
        (P::Platform, Direction::Weaker, |new| {
            new["platforms"].as_array_mut().expect("platforms").pop();
        }),
        (P::Platform, Direction::Weaker, |new| new["platforms"] = json!([{"counted": ["c1", "c2", "c3"]}])),
        (P::SignedBy, Direction::Weaker, |new| each(new, key)),
        (P::Log, Direction::Weaker, |new| each(new, |one| one["logEntries"] = json!([]))),
        (P::Runner, Direction::Weaker, |new| claim(new, "runnerEnvironment", "self-hosted")),
        (P::Runner, Direction::Weaker, |new| {
            each(new, |one| one["signer"]["claims"]["runnerEnvironment"] = Value::Null);
        }),
        (P::Source, Direction::Weaker, |new| {
            claim(new, "sourceRepositoryUri", "https://github.com/acme/playground");
            claim(new, "sourceRepositoryIdentifier", "12");
        }),
        (P::BuildLevel, Direction::Weaker, |new| new["candidates"][1]["buildLevel"] = json!(2)),
        (P::BuildLevel, Direction::Weaker, |new| new["candidates"][1]["buildLevel"] = Value::Null),
        (P::SigningDelay, Direction::Weaker, |new| {
            new["candidates"][0]["timestamps"][0]["time"] = json!("2026-11-20T10:00:00Z");
        }),
        (P::Signer, Direction::Weaker, |new| {
            each(new, |one| {
                one["signer"]["identity"] =
                    json!("https://github.com/acme/shop/.github/workflows/release.yml@refs/pull/7/merge");
            });
        }),
        (P::Signer, Direction::Different, |new| {
            each(new, |one| {
                one["signer"]["identity"] =
                    json!("https://github.com/acme/shop/.github/workflows/nightly.yml@refs/heads/main");
            });
        }),
        (P::Issuer, Direction::Different, |new| {
            each(new, |one| one["signer"]["issuer"] = json!("https://issuer.acme.example"));
        }),
        (P::TrustDomain, Direction::Different, |new| each(new, |one| one["trustDomain"] = json!("github"))),
        (P::BuildType, Direction::Different, |new| {
            new["candidates"][1]["provenance"]["buildType"] = json!("https://b/v2");
        }),
        (P::BuildTime, Direction::Different, |new| {
            new["candidates"][1]["provenance"]["finishedOn"] = json!("2026-10-30T09:58:00Z");
        }),
        (P::Builder, Direction::Different, |new| new["candidates"][1]["provenance"]["builder"] = json!("https://b")),
    ];
    for (place, (property, direction, plant)) in plants.into_iter().enumerate() {
        let mut new = release();
        plant(&mut new);
        let comparison = between(&release(), &new);
        let found: Vec<_> = comparison.differences.iter().map(|one| (one.property, one.direction)).collect();
        assert!(found.contains(&(property, direction)), "{place}: {found:?}");
        let outcome = if direction == Direction::Weaker { Outcome::Fail } else { Outcome::Pass };
        let finding = comparison.finding();
        assert_eq!(finding.outcome, outcome, "{place}: {}", finding.message);
        // Seen the other way, nothing got weaker; another repository is another one in both.
        if direction == Direction::Weaker && property != P::Source {
            let back = between(&new, &release());
            assert_eq!(back.finding().outcome, Outcome::Pass, "{place}: {:?}", back.differences);
        }
    }
}

#[test]
fn the_next_honest_release_differs_in_nothing() {
    let mut next = release();
    next["reference"] = json!("ghcr.io/acme/shop:1.4.2");
    each(&mut next, |one| {
        one["signer"]["identity"] = json!("https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main");
        one["timestamps"][0]["time"] = json!("2026-12-01T10:00:00Z");
    });
    let provenance = &mut next["candidates"][1]["provenance"];
    provenance["builder"] = json!("https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.4.2");
    provenance["finishedOn"] = json!("2026-12-01T09:00:00Z");
    let comparison = between(&release(), &next);
    assert_eq!((comparison.differences, comparison.unknown), (Vec::new(), Vec::new()));
    assert_eq!(drift(&facts(&release()), &facts(&next)), None);
}

#[test]
fn a_report_of_this_run_and_one_from_a_file_say_the_same() {
    let report: Value = json::from_slice(include_bytes!("../../fixtures/json/report.verdicts.json")).expect("JSON");
    let images = report["images"].as_array().expect("images");
    assert!(images.iter().any(|image| image["candidates"][0]["signer"].is_object()), "there is evidence");
    for image in images {
        let mut image = image.clone();
        image["readInFull"] = json!(true);
        let read: ImageReport = json::from_value(&image).expect("a report");
        let mut recorded = facts(&image);
        recorded.keep_what_is_compared();
        assert_eq!(Facts::of(&read), recorded);
    }
}

#[test]
fn a_renamed_repository_is_another_name_and_no_weaker_source() {
    let mut new = release();
    claim(&mut new, "sourceRepositoryUri", "https://github.com/acme/store");
    let comparison = between(&release(), &new);
    let [one] = comparison.differences.as_slice() else { panic!("{:?}", comparison.differences) };
    assert_eq!((one.property, one.direction), (Property::Source, Direction::Different));
    assert_eq!(one.kinds, ["signature", "provenance", "sbom"]);
    assert!(one.platforms.is_empty(), "on all of them");
}

#[test]
fn what_a_stranger_attached_makes_nothing_stronger() {
    let mut new = release();
    each(&mut new, key);
    let mut stranger = candidate("c4", "signature");
    stranger["accepted"] = json!(false);
    new["candidates"].as_array_mut().expect("candidates").push(stranger);
    new["platforms"][0]["counted"] = json!(["c1", "c2", "c3", "c4"]);
    assert_eq!(between(&release(), &new).finding().outcome, Outcome::Fail);
}

#[test]
fn two_weak_pieces_never_make_a_strong_one() {
    // One is logged and by a key, the other by an identity and not logged.
    let mut new = release();
    let mut second = candidate("c4", "signature");
    second["logEntries"] = json!([]);
    key(&mut new["candidates"][0]);
    new["candidates"].as_array_mut().expect("candidates").push(second);
    for platform in new["platforms"].as_array_mut().expect("platforms") {
        platform["counted"] = json!(["c1", "c2", "c3", "c4"]);
    }
    let comparison = between(&release(), &new);
    assert_eq!(comparison.weaker().count(), 1, "{:?}", comparison.differences);
    assert_eq!(comparison.finding().outcome, Outcome::Fail);
}

#[test]
fn fewer_signers_are_weaker() {
    let mut old = release();
    let mut second = candidate("c4", "signature");
    second["signer"]["identity"] = json!("qa@acme.example");
    old["candidates"].as_array_mut().expect("candidates").push(second);
    old["platforms"][0]["counted"] = json!(["c1", "c2", "c3", "c4"]);
    let comparison = between(&old, &release());
    let weaker: Vec<_> = comparison.weaker().map(|one| (one.property, one.platforms.clone())).collect();
    assert_eq!(weaker, [(Property::Signers, vec!["linux/amd64".to_owned()])]);
}

#[test]
fn unread_evidence_is_undecided_and_never_lost() {
    let gap = json!([{"what": "a manifest"}]);
    let mut new = release();
    without(&mut new, 1);
    for unread in [json!({"gaps": gap}), json!({"readInFull": false})] {
        let mut new = new.clone();
        for (name, value) in unread.as_object().expect("fields") {
            new[name] = value.clone();
        }
        let comparison = between(&release(), &new);
        assert_eq!(comparison.unknown, [Unknown::NewGaps]);
        assert_eq!(comparison.finding().outcome, Outcome::Error);
        assert_eq!(drift(&facts(&release()), &facts(&new)), None, "it is not known to be lost");
    }
    // A candidate that could not be judged may be the missing one.
    let mut undecided = new.clone();
    let mut provenance = candidate("c2", "provenance");
    provenance["accepted"] = json!(false);
    provenance["findings"] = json!([{"check": "signature", "outcome": "error"}]);
    undecided["candidates"].as_array_mut().expect("candidates").push(provenance);
    assert_eq!(between(&release(), &undecided).finding().outcome, Outcome::Error);
    // The same holds for the older image. Evidence that the newer image certainly lacks is lost.
    let mut old = release();
    old["gaps"] = gap;
    assert_eq!(between(&old, &release()).finding().outcome, Outcome::Error);
    assert_eq!(between(&old, &new).finding().outcome, Outcome::Fail);
}

#[test]
fn an_older_image_that_is_not_verified_decides_nothing() {
    for verdict in ["rejected", "undecided", "absent", "fine"] {
        let mut old = release();
        old["verdict"] = json!(verdict);
        assert_eq!(between(&old, &release()).finding().outcome, Outcome::Error, "{verdict}");
    }
}

#[test]
fn a_report_that_ended_early_says_nothing_of_what_it_did_not_read() {
    let (mut old, mut new) = (release(), release());
    old["readInFull"] = json!(false);
    assert_eq!(between(&old, &new).finding().outcome, Outcome::Pass, "all kinds are there");
    without(&mut old, 1);
    assert_eq!(between(&old, &new).finding().outcome, Outcome::Pass, "the newer image has it");
    without(&mut new, 1);
    let comparison = between(&old, &new);
    assert_eq!(comparison.unknown, [Unknown::OldKind("provenance".to_owned())]);
    assert_eq!(comparison.finding().outcome, Outcome::Error);
    // A report of a version that did not tell what counts for which platform.
    let mut bare = release();
    bare["platforms"] = json!([{"platform": "linux/amd64"}]);
    bare.as_object_mut().expect("fields").remove("readInFull");
    assert_eq!(between(&bare, &release()).finding().outcome, Outcome::Error);
    bare["platforms"] = json!([]);
    assert_eq!(between(&bare, &release()).finding().outcome, Outcome::Error);
}

#[test]
fn a_report_is_one_of_ours_and_about_the_image() {
    let report = |images: Value, name: &str, version: u32| {
        let text = json!({"schemaVersion": version, "tool": {"name": name}, "images": images}).to_string();
        Recorded::read(text.as_bytes())
    };
    let one = report(json!([release()]), "bonafide", 1).expect("a report");
    assert!(one.image("registry.test/any/name").is_some());
    let mut other = release();
    other["pinned"] = json!("ghcr.io/acme/other@sha256:bb");
    let two = report(json!([release(), other]), "bonafide", 1).expect("a report");
    assert!(two.image("ghcr.io/acme/shop").is_some() && two.image("ghcr.io/acme/third").is_none());
    let twice = report(json!([release(), release()]), "bonafide", 1).expect("a report");
    assert!(twice.image("ghcr.io/acme/shop").is_none(), "which of them?");
    assert!(report(json!([]), "bonafide", 1).is_err());
    assert!(report(json!([release()]), "cosign", 1).is_err());
    assert!(report(json!([release()]), "bonafide", 2).is_err());
    assert!(Recorded::read(b"{}").is_err());
}

/// A release of a history: its version, the day when it was built, and the image.
struct Made {
    tag: String,
    image: Value,
}

fn made((major, minor, patch): (u32, u32, u32), day: i64) -> Made {
    let tag = format!("{major}.{minor}.{patch}");
    let begin: jiff::Timestamp = "2025-01-01T10:00:00Z".parse().expect("a time");
    let at = |minutes: i64| {
        json!((begin + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(minutes)).to_string())
    };
    let mut image = release();
    image["reference"] = json!(format!("ghcr.io/acme/shop:{tag}"));
    image["digest"] = json!(format!("sha256:{tag}"));
    let workflow = format!("https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v{tag}");
    each(&mut image, |one| {
        one["signer"]["identity"] = json!(workflow);
        one["timestamps"][0]["time"] = at(5);
    });
    image["candidates"][1]["provenance"]["builder"] = json!(workflow);
    image["candidates"][1]["provenance"]["finishedOn"] = at(0);
    Made { tag, image }
}

/// Three to five lines of releases. Older lines get patches after newer ones began, and the first line gets the last one of all; every
/// number is as the seed says.
fn honest_history(seed: u32) -> Vec<Made> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut random = |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    let mut patches = Vec::new();
    let mut day = 0;
    let mut history = Vec::new();
    let lines = 3 + random(3);
    for minor in 0..lines {
        patches.push(0);
        day += i64::from(1 + random(20));
        history.push(made((1 + minor / 3, minor, 0), day));
        for _ in 0..=random(4) {
            let line = random(u32::try_from(patches.len()).expect("few"));
            let patch = &mut patches[line as usize];
            *patch += 1;
            day += i64::from(1 + random(20));
            history.push(made((1 + line / 3, line, *patch), day));
        }
    }
    history.push(made((1, 0, patches[0] + 1), day + 1));
    // A registry lists tags in any order.
    for place in (1..history.len()).rev() {
        history.swap(place, random(u32::try_from(place + 1).expect("few")) as usize);
    }
    history
}

fn drifts(history: &[Made]) -> Vec<DriftReport> {
    let mut all = History::default();
    for one in history {
        all.add_facts(&one.tag, Verdict::Verified, facts(&one.image));
    }
    all.drift()
}

#[test]
fn forty_honest_histories_with_back_ported_lines_have_no_drift() {
    for seed in 0..40 {
        let history = honest_history(seed);
        assert!(history.len() >= 7, "{seed}");
        assert_eq!(drifts(&history), Vec::new(), "{seed}");
    }
}

#[test]
fn twelve_downgrades_planted_in_histories_are_found_where_they_are_and_nowhere_else() {
    use Property as P;
    let plants: [(Property, Plant); 12] = [
        (P::Evidence, |new| without(new, 1)),
        (P::Evidence, |new| without(new, 2)),
        (P::Platform, |new| drop(new["platforms"].as_array_mut().expect("platforms").pop())),
        (P::SignedBy, |new| each(new, key)),
        (P::Log, |new| each(new, |one| one["logEntries"] = json!([]))),
        (P::TrustDomain, |new| each(new, |one| one["trustDomain"] = json!("staging"))),
        (P::Runner, |new| claim(new, "runnerEnvironment", "self-hosted")),
        (P::Source, |new| {
            claim(new, "sourceRepositoryUri", "https://github.com/acme/playground");
            claim(new, "sourceRepositoryIdentifier", "12");
        }),
        (P::BuildType, |new| new["candidates"][1]["provenance"]["buildType"] = json!("https://b/v2")),
        (P::BuildLevel, |new| new["candidates"][1]["buildLevel"] = json!(1)),
        (P::SigningDelay, |new| new["candidates"][0]["timestamps"][0]["time"] = json!("2030-01-01T00:00:00Z")),
        (P::BuildTime, |new| new["candidates"][1]["provenance"]["finishedOn"] = json!("2020-01-01T00:00:00Z")),
    ];
    for (seed, (property, plant)) in (0..).zip(plants) {
        let mut history = honest_history(seed);
        // The last release of all, which was back-ported to the first line.
        let patch = |one: &Made| one.tag.strip_prefix("1.0.").and_then(|patch| patch.parse::<u32>().ok());
        let place = (0..history.len()).max_by_key(|place| patch(&history[*place])).expect("a release");
        let planted = history[place].tag.clone();
        plant(&mut history[place].image);
        let found: Vec<_> =
            drifts(&history).into_iter().filter(|one| one.release.ends_with(&format!(":{planted}"))).collect();
        let [one] = found.as_slice() else { panic!("{property} in {planted}: {found:?}") };
        let properties: Vec<Property> = one.differences.iter().map(|one| one.property).collect();
        assert!(properties.contains(&property), "{property}: {properties:?}");
        assert!(one.after.contains(":1.0."), "{}", one.after);
        let others = drifts(&history).into_iter().filter(|one| !one.release.ends_with(&format!(":{planted}")));
        assert_eq!(others.count(), 0, "{property} in {planted}");
    }
}
