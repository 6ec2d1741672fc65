//! Every way in which a registry can fail, at every place where evidence passes.
//!
//! In each cell of [`ROWS`] the only evidence there is lies behind the fault. So no cell is verified but those where the fault
//! harms nothing, and none is called absent but the true "not found" of a list: a registry that is down must never look
//! like one without evidence (A023, A029).

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::verify;
use crate::report::gap_reasons;
use crate::shop::{BY_SIGNER, NAME, Served, Shop, TAG, referrers_path, tag_path};
use crate::support::image::{IMAGE_INDEX, IMAGE_MANIFEST, Image, Manifest};
use crate::support::registry::{Delivery, Referrers, Registry, Response, fault};
use crate::support::statement::Subject;

type Bend = Box<dyn Fn(&mut Response) + Send + Sync>;

/// One fault, and what comes of it: the exit code and the reasons of the gaps.
struct Row {
    fault: &'static str,
    bend: fn(&Place) -> Bend,
    outcome: &'static str,
    /// Places where something else comes of it, and why that is right.
    except: &'static [(&'static str, &'static str, &'static str)],
}

const fn row(fault: &'static str, bend: fn(&Place) -> Bend, outcome: &'static str) -> Row {
    Row { fault, bend, outcome, except: &[] }
}

/// Nobody listens there: the port is reserved, and below those that a system gives away.
const NOBODY: &str = "http://127.0.0.1:1/";

const ROWS: [Row; 19] = [
    row("connection refused", |_| fault::redirect(NOBODY), "3 connection"),
    row("reset in the body", |_| fault::delivered(Delivery::ResetInBody), "3 connection"),
    row("truncated body", |_| fault::delivered(Delivery::CutInBody), "3 connection"),
    row("no answer", |_| fault::delivered(Delivery::Never), "3 timeout"),
    row("stalled body", |_| fault::delivered(Delivery::StalledInBody), "3 timeout"),
    row("401", |_| fault::status(401), "3 unauthorized"),
    row("403", |_| fault::status(403), "3 unauthorized"),
    Row {
        fault: "404",
        bend: |_| fault::status(404),
        outcome: "3 missing",
        except: &[
            ("referrers page 1", "4", "there is no such API, and nothing under the fallback tag"),
            (
                "referrers page 2",
                "3 unavailable",
                "a list that ends in a \"not found\" is not a list that is not there",
            ),
            ("fallback tag", "4", "nobody pushed a list"),
            (".sig tag", "4", "nobody pushed a signature"),
        ],
    },
    row("405", |_| fault::status(405), "3 unavailable"),
    row("429", |_| fault::status(429), "3 throttled"),
    row("429, Retry-After: 1", |_| fault::retry_after(429, 1), "3 throttled"),
    row("429, Retry-After: 3600", |_| fault::retry_after(429, 3600), "3 throttled"),
    row("500", |_| fault::status(500), "3 unavailable"),
    row("503", |_| fault::status(503), "3 unavailable"),
    Row {
        fault: "HTML with 200",
        bend: |_| fault::html(),
        outcome: "3 unsupported",
        except: &[
            ("nested index", "3 corrupt", "the digest is wrong, whatever the bytes are"),
            ("referrers page 1", "3 unavailable", "the answer is no list, whatever it is"),
            ("referrers page 2", "3 unavailable", "the answer is no list, whatever it is"),
            ("referrer manifest", "3 corrupt", "the digest is wrong, whatever the bytes are"),
            ("bundle blob", "3 corrupt", "the digest is wrong, whatever the bytes are"),
        ],
    },
    Row {
        fault: "another Content-Type",
        bend: |place| fault::header("Content-Type", place.wrong_type),
        outcome: "3 corrupt",
        except: &[
            ("tag manifest", "1 corrupt", "the image's own manifest contradicts its sender"),
            ("nested index", "1 corrupt", "the image's own manifest contradicts its sender"),
            ("referrers page 1", "3 unavailable", "the answer is no list, whatever it is"),
            ("referrers page 2", "3 unavailable", "the answer is no list, whatever it is"),
            ("bundle blob", "0", "the digest says that it is the blob; no type is promised for blobs"),
        ],
    },
    Row {
        fault: "Content-Type: text/plain",
        bend: |_| fault::header("Content-Type", "text/plain"),
        // It says nothing, and then the document itself says what it is (A039).
        outcome: "0",
        except: &[],
    },
    // As with a type that says nothing.
    row("no Content-Type", |_| fault::without_header("Content-Type"), "0"),
    row("another digest", |_| fault::flipped_bit(), "3 corrupt"),
];

/// A place where the only evidence passes.
struct Place {
    name: &'static str,
    shop: Shop,
    referrers: Referrers,
    /// The whole paths of the requests that go wrong.
    paths: Vec<String>,
    /// A type that this is not.
    wrong_type: &'static str,
    /// Why nobody asks there: then no fault does any harm.
    never_asked: Option<&'static str>,
}

impl Place {
    fn new(name: &'static str, shop: Shop, paths: &[String]) -> Place {
        let paths = paths.iter().map(|path| format!("/v2/{NAME}/{path}")).collect();
        let referrers = Referrers::Listed { page_size: 100 };
        Place { name, shop, referrers, paths, wrong_type: IMAGE_INDEX, never_asked: None }
    }

    fn tag_manifest() -> Place {
        Place::new("tag manifest", Shop::with_signature(), &[format!("manifests/{TAG}")])
    }

    fn platform_manifest() -> Place {
        let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64"]));
        let platforms = ["linux/amd64", "linux/arm64"].map(|platform| shop.image.platform(platform));
        for platform in &platforms {
            let signed = shop.signature(platform);
            shop.attach(platform, &signed);
        }
        let paths = platforms.map(|platform| format!("manifests/{}", platform.digest));
        let never_asked = Some("the index names its digest, and nothing in it is needed");
        Place { never_asked, ..Place::new("platform manifest", shop, &paths) }
    }

    fn nested_index() -> Place {
        let inner = Image::index(&["linux/amd64"]);
        let mut outer = inner.clone();
        let entries =
            json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [inner.top.descriptor().to_json()]});
        outer.top = Manifest::new(IMAGE_INDEX, &entries);
        let mut shop = Shop::selling(outer);
        shop.repository.push_manifest(inner.top.clone());
        let platform = inner.platform("linux/amd64");
        let signed = shop.signature(&platform);
        shop.attach(&platform, &signed);
        let path = format!("manifests/{}", inner.top.descriptor().digest);
        Place { wrong_type: IMAGE_MANIFEST, ..Place::new("nested index", shop, &[path]) }
    }

    fn referrers_page_1() -> Place {
        let shop = Shop::with_signature();
        let path = referrers_path(&shop.digest());
        Place { wrong_type: IMAGE_MANIFEST, ..Place::new("referrers page 1", shop, &[path]) }
    }

    fn referrers_page_2() -> Place {
        let mut shop = Shop::new();
        let top = shop.top();
        shop.attach_junk(&top, "on the first page");
        let signed = shop.signature(&top);
        shop.attach(&top, &signed);
        let path = format!("{}?page=1", referrers_path(&top.digest));
        let referrers = Referrers::Listed { page_size: 1 };
        Place { wrong_type: IMAGE_MANIFEST, referrers, ..Place::new("referrers page 2", shop, &[path]) }
    }

    fn fallback_tag() -> Place {
        let shop = Shop::with_signature();
        let path = tag_path(&shop.digest(), "");
        let referrers = Referrers::Unsupported;
        Place { wrong_type: IMAGE_MANIFEST, referrers, ..Place::new("fallback tag", shop, &[path]) }
    }

    fn signature_tag() -> Place {
        let mut shop = Shop::new();
        let top = shop.top();
        let layer = shop.signer().sign_simple(&Subject::from(&top)).legacy_layer();
        shop.repository.attach_legacy_signature(&top, &[layer]);
        Place::new(".sig tag", shop, &[tag_path(&top.digest, ".sig")])
    }

    fn referrer_manifest() -> Place {
        let mut shop = Shop::new();
        let top = shop.top();
        let signed = shop.signature(&top);
        let referrer = shop.attach(&top, &signed);
        Place::new("referrer manifest", shop, &[format!("manifests/{}", referrer.digest)])
    }

    fn bundle_blob() -> Place {
        let mut shop = Shop::new();
        let top = shop.top();
        let signed = shop.signature(&top);
        let referrer = shop.attach(&top, &signed);
        let manifest = shop.repository.manifest(&referrer.digest).expect("just pushed").json();
        let blob = manifest["layers"][0]["digest"].as_str().expect("one layer").to_owned();
        Place::new("bundle blob", shop, &[format!("blobs/{blob}")])
    }

    fn serve(&self) -> Served {
        let served = self.shop.clone().serve();
        served.registry.list_referrers(self.referrers);
        served
    }

    /// Makes one cell, and returns what came of it.
    fn try_with(&self, row: &Row) -> String {
        let served = self.serve();
        let paths = self.paths.clone();
        served.registry.bend_when(move |request| paths.contains(&request.path), (row.bend)(self));
        let never_comes = row.outcome == "3 timeout";
        let limit: &[&str] = if never_comes { &["--timeout", "2s"] } else { &[] };
        let began = Instant::now();
        // Connections break here, so what was sent and what arrived are not the same number of requests.
        let trust = ["--trusted-root", served.root.as_str(), "--require", "signature"];
        let checked = verify(&[&[&served.by_tag()], &BY_SIGNER, &trust, limit]);
        let cell = format!("{} × {}", row.fault, self.name);
        assert!(began.elapsed() < Duration::from_secs(20), "{cell}: {:?}", began.elapsed());
        let times = served.registry.paths().iter().filter(|path| self.paths.contains(path)).count();
        assert_eq!(times == 0, self.never_asked.is_some(), "{cell}: asked {times} times");
        // Of an image that could not be read, the cause is said.
        let is_unread = checked.text.contains("could not be read")
            || (checked.text.starts_with("undecided") && checked.text.contains("explain image-resolved"));
        assert_eq!(is_unread, checked.exit == 3, "{cell}\n{}", checked.text);
        let mut reasons = gap_reasons(checked.image());
        reasons.dedup();
        let exit = checked.exit.to_string();
        let mut outcome = [exit.as_str()].into_iter().chain(reasons).collect::<Vec<_>>().join(" ");
        let says_absent = checked.text.contains("is attached") || checked.text.contains("nothing attached");
        if says_absent != (checked.exit == 4) {
            outcome.push_str(if says_absent { " but says absent" } else { " but does not say absent" });
        }
        outcome
    }
}

fn places() -> [Place; 9] {
    [
        Place::tag_manifest(),
        Place::platform_manifest(),
        Place::nested_index(),
        Place::referrers_page_1(),
        Place::referrers_page_2(),
        Place::fallback_tag(),
        Place::signature_tag(),
        Place::referrer_manifest(),
        Place::bundle_blob(),
    ]
}

fn expected(row: &Row, place: &Place) -> (&'static str, &'static str) {
    if let Some(why) = place.never_asked {
        return ("0", why);
    }
    let exception = row.except.iter().find(|(name, ..)| *name == place.name);
    exception.map_or((row.outcome, ""), |(_, outcome, why)| (outcome, why))
}

#[test]
fn a023_a029_no_fault_anywhere_looks_like_evidence_or_like_its_absence() {
    let places = places();
    for place in &places {
        let checked = place.serve().verify(&["--require", "signature"]);
        assert_eq!(checked.exit, 0, "{} without a fault\n{}", place.name, checked.text);
    }
    let cells: Vec<(&Row, &Place)> = ROWS.iter().flat_map(|row| places.iter().map(move |place| (row, place))).collect();
    let outcomes = Mutex::new(vec![String::new(); cells.len()]);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        // Most cells wait most of the time.
        for _ in 0..12 {
            scope.spawn(|| {
                while let Some((row, place)) = cells.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                    let position = cells.iter().position(|(r, p)| std::ptr::eq(*r, row) && std::ptr::eq(*p, place));
                    let outcome = place.try_with(row);
                    outcomes.lock().expect("no cell panics with the lock")[position.expect("the cell")] = outcome;
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no cell panicked");
    let mut table = String::new();
    let mut wrong = String::new();
    for ((row, place), outcome) in cells.iter().zip(&outcomes) {
        let (wanted, why) = expected(row, place);
        let line = format!("{:<26} {:<18} {outcome:<16} {why}\n", row.fault, place.name);
        table.push_str(&line);
        if outcome != wanted {
            writeln!(wrong, "{line}    expected {wanted}").expect("a text takes all");
        }
    }
    println!("{table}");
    assert_eq!(wrong, "", "cells that came out otherwise");
}

/// How a run ended, and how often it asked for the tag.
fn ask_for_the_tag(bend: impl FnOnce(&Registry, &str)) -> (i32, usize, Duration) {
    let served = Shop::with_signature().serve();
    bend(&served.registry, &format!("/manifests/{TAG}"));
    let began = Instant::now();
    let checked = served.verify(&["--require", "signature"]);
    (checked.exit, served.times_asked(&format!("manifests/{TAG}")), began.elapsed())
}

#[test]
fn what_may_pass_is_tried_again_and_then_verifies() {
    let bends: [Bend; 6] = [
        fault::status(429),
        fault::status(502),
        fault::status(503),
        fault::status(504),
        fault::delivered(Delivery::ResetInBody),
        fault::delivered(Delivery::CutInBody),
    ];
    thread::scope(|scope| {
        for bend in bends {
            scope.spawn(|| {
                let (exit, times, _) = ask_for_the_tag(|registry, path| registry.bend_first(2, path, bend));
                assert_eq!((exit, times), (0, 3));
            });
        }
    });
}

#[test]
fn three_attempts_are_all() {
    let (exit, times, elapsed) = ask_for_the_tag(|registry, path| registry.bend(path, fault::status(503)));
    assert_eq!((exit, times), (3, 3));
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 405, 410, 418, 500, 501] {
        let (exit, times, _) = ask_for_the_tag(|registry, path| registry.bend(path, fault::status(status)));
        assert_eq!((exit, times), (3, 1), "{status}");
    }
}

#[test]
fn the_pause_that_a_registry_asks_for_is_kept() {
    let (exit, times, elapsed) =
        ask_for_the_tag(|registry, path| registry.bend_first(1, path, fault::retry_after(429, 1)));
    assert_eq!((exit, times), (0, 2));
    assert!(elapsed >= Duration::from_secs(1), "{elapsed:?}");
}

#[test]
fn pauses_that_a_registry_asks_for_are_no_failed_attempts() {
    let paused = |name: &'static str, value: String| -> Bend {
        Box::new(move |response| {
            *response = Response::error(429, "TOOMANYREQUESTS");
            response.set_header(name, &value);
        })
    };
    let soon = |headers: &mut Response| {
        headers.set_header("Date", "Mon, 21 Sep 2026 14:13:20 GMT");
        headers.set_header("Retry-After", "Mon, 21 Sep 2026 14:13:21 GMT");
    };
    let dated: Bend = Box::new(move |response| {
        *response = Response::error(429, "TOOMANYREQUESTS");
        soon(response);
    });
    let bends = [
        paused("Retry-After", "0".to_owned()),
        paused("Retry-After", "1".to_owned()),
        paused("RateLimit-Reset", "1".to_owned()),
        paused("X-RateLimit-Reset", "1".to_owned()),
        dated,
    ];
    thread::scope(|scope| {
        for bend in bends {
            scope.spawn(|| {
                let (exit, times, _) = ask_for_the_tag(|registry, path| registry.bend_first(4, path, bend));
                assert_eq!((exit, times), (0, 5));
            });
        }
    });
}

#[test]
fn a_pause_that_is_too_long_is_reported_instead() {
    let served = Shop::with_signature().serve();
    served.registry.bend(&format!("/manifests/{TAG}"), fault::retry_after(429, 3600));
    let began = Instant::now();
    let checked = served.verify(&["--require", "signature"]).exits(3);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(served.times_asked(&format!("manifests/{TAG}")), 1);
    checked
        .says("limits requests")
        .says("asked to wait 3600 s, longer than the 120 s of `--timeout` allow")
        .says("→ wait and run it again, or log in for a higher limit");
}

#[test]
fn the_time_for_an_image_ends_and_is_named() {
    for delivery in [Delivery::Never, Delivery::StalledInBody] {
        let served = Shop::with_signature().serve();
        served.registry.bend("/blobs/", fault::delivered(delivery));
        let began = Instant::now();
        let checked = served.verify(&["--require", "signature", "--timeout", "1500ms"]).exits(3);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        checked.says("took longer than 1.5 s").says("→ try again, or allow more time with `--timeout`");
    }
}

#[test]
fn a029_a_registry_that_goes_down_after_the_tag_is_undecided() {
    let served = Shop::with_signature().serve();
    let (reference, root) = (served.by_tag(), served.root.clone());
    let Served { registry, scratch, .. } = served;
    let registry = std::sync::Arc::new(Mutex::new(Some(registry)));
    let switch = std::sync::Arc::clone(&registry);
    if let Some(registry) = registry.lock().expect("nobody panics").as_ref() {
        registry.bend(&format!("/manifests/{TAG}"), move |_| drop(switch.lock().expect("nobody panics").take()));
    }
    let trust = ["--trusted-root", root.as_str(), "--require", "signature"];
    let checked = verify(&[&[&reference], &BY_SIGNER, &trust]).exits(3);
    drop(scratch);
    let reasons = gap_reasons(checked.image());
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| *reason == "connection"), "{reasons:?}");
    checked.never_says("is attached");
}
