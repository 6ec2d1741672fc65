//! Mirrors that never end, never answer, lead elsewhere or ask for more than they should know.

use std::time::Duration;

use bonafide::collect::SourceError;
use bonafide::tuf::{Cache, TufError};

use crate::support::registry::{Delivery, Registry, fault};
use crate::world::{World, full, now, update_in};

const BOUNDS: [(&str, u64); 3] = [("2.root.json", 512_000), ("timestamp.json", 16_384), ("2.snapshot.json", 2_000_000)];

#[test]
fn a241_a_file_that_never_ends_is_not_read_to_its_end() {
    for (file, bound) in BOUNDS {
        let mut world = World::updated();
        world.repository.release();
        world.repository.publish_root();
        world.publish();
        world.server.bend(file, |response| {
            response.remove_header("Content-Length");
            response.delivery = Delivery::Endless;
        });
        let error = world.update().expect_err("it never ends");
        let allowed = match error.connection() {
            Some(SourceError::Limit { allowed, .. }) => *allowed,
            other => panic!("{file}: {other:?}"),
        };
        assert_eq!(allowed, bound, "{file}");
    }
}

#[test]
fn a241_a_target_that_never_ends_is_read_as_far_as_was_signed() {
    let mut world = World::updated();
    world.repository.release();
    world.repository.target.push(b'\n');
    world.publish();
    world.server.bend("targets/", |response| {
        response.remove_header("Content-Length");
        response.delivery = Delivery::Endless;
    });
    let error = world.update().expect_err("it never ends");
    let signed = world.repository.target.len() as u64;
    assert!(
        matches!(error.connection(), Some(SourceError::Limit { allowed, .. }) if *allowed == signed),
        "{}",
        full(&error)
    );
}

#[test]
fn a241_a_hundred_roots_in_one_update_are_not_followed() {
    let mut world = World::new();
    for _ in 0..99 {
        world.repository.publish_root();
    }
    world.publish();
    let error = world.update().expect_err("more than are followed");
    assert!(full(&error).contains("exceeded 32 root rotations"), "{error:?}");
    assert!(world.server.paths().len() <= 33);
    // What was verified is kept, so that an old program gets there in several runs.
    for _ in 0..2 {
        world.update().expect_err("still more");
    }
    world.update().expect("the end of the chain");
}

#[test]
fn a_mirror_that_never_answers_ends_with_the_time() {
    let world = World::updated();
    world.server.bend("timestamp", |response| response.delivery = Delivery::Never);
    let error = update_in(&world.repository(), &world.cache(), Duration::from_millis(300), now());
    let error = error.expect_err("no answer");
    assert!(matches!(error.connection(), Some(SourceError::Timeout { .. })), "{error:?}");
    assert!(world.cached().expect("the cache is sound").is_some());
}

/// Down is not current: only "not found" ends the chain of roots.
#[test]
fn a_mirror_that_is_down_does_not_look_like_one_without_news() {
    for status in [401, 500, 503] {
        let world = World::updated();
        world.server.bend("2.root.json", fault::status(status));
        let error = world.update().expect_err("down");
        assert!(matches!(error, TufError::Unreadable { .. }), "{status}: {error:?}");
    }
    let world = World::updated();
    world.server.bend("2.root.json", fault::status(403));
    world.update().expect("storage that does not say what it lacks");
    let world = World::new();
    world.server.bend("timestamp.json", fault::status(403));
    world.update().expect_err("a timestamp must be there");
}

#[test]
fn a251_a_mirror_is_shown_no_login_whatever_it_asks_for() {
    let elsewhere = Registry::start();
    let world = World::updated();
    world.server.bend_first(1, "timestamp.json", |response| {
        response.status = 401;
        response.set_header("WWW-Authenticate", "Bearer realm=\"https://127.0.0.1:1/token\",service=\"x\"");
    });
    world.update().expect_err("it wants a login");
    world.server.mend();
    world.publish();
    world.server.bend("timestamp.json", fault::redirect(&format!("{}/timestamp.json", elsewhere.url())));
    world.update().expect_err("nothing is there");
    let requests = [world.server.requests(), elsewhere.requests()].concat();
    assert!(requests.len() > 8 && elsewhere.requests().len() == 1, "{requests:?}");
    for request in requests {
        for header in ["Authorization", "Cookie", "Proxy-Authorization", "X-Registry-Auth"] {
            assert_eq!(request.header(header), None, "{}", request.path);
        }
        assert_eq!(request.method, "GET");
    }
}

#[test]
fn a_redirect_to_a_metadata_service_is_not_followed() {
    let world = World::updated();
    world.server.bend("timestamp.json", fault::redirect("http://169.254.169.254/latest/meta-data"));
    let error = world.update().expect_err("refused");
    assert!(matches!(error.connection(), Some(SourceError::Redirected { .. })), "{error:?}");
}

#[test]
fn a249_a_trusted_root_of_an_unknown_kind_is_refused_and_the_cache_stays() {
    let mut world = World::updated();
    world.repository.release();
    world.repository.target = br#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=9"}"#.to_vec();
    world.publish();
    world.refuses("has media type `application/vnd.dev.sigstore.trustedroot+json;version=9`");
}

#[test]
fn nowhere_to_keep_anything_is_said_and_the_update_counts() {
    let world = World::new();
    let update = update_in(&world.repository(), &Cache::new(None), Duration::from_secs(20), now());
    let update = update.expect("an honest repository");
    assert!(update.not_cached.is_some_and(|reason| reason.to_string().contains("neither `XDG_CACHE_HOME` nor `HOME`")));
}
