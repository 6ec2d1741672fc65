//! An update that fails takes nothing away: what was complete stays, and what was seen counts.

use crate::world::{World, full, now};

/// The mirror publishes a release in pieces, and fails at each of them in turn.
#[test]
fn a_failed_update_leaves_the_last_complete_state_usable() {
    for missing in ["timestamp.json", "2.snapshot.json", "2.targets.json", "targets/"] {
        let mut world = World::updated();
        world.repository.release();
        world.repository.target.push(b'\n');
        let mut files = world.repository.files();
        files.retain(|path, _| !path.starts_with(missing));
        world.serve(&files);
        world.update().expect_err("a piece is missing");
        let current = world.cached().expect("the cache is sound").expect("the cache is kept");
        assert_eq!(current.root.updated_at, Some(now()), "{missing}");
        // The next try has all of it.
        world.publish();
        let update = world.update().expect("an honest repository");
        assert_ne!(update.current.root.sha256, current.root.sha256);
    }
}

/// A timestamp that was verified before the failure is what nothing may be older than.
#[test]
fn a237_what_was_seen_in_a_failed_update_is_never_gone_back_from() {
    let mut world = World::updated();
    let old = world.repository.files();
    world.repository.release();
    let mut files = world.repository.files();
    files.remove("2.snapshot.json");
    world.serve(&files);
    world.update().expect_err("no snapshot");
    world.serve(&old);
    let error = world.update().expect_err("the mirror went back");
    assert!(full(&error).contains("rollback detected for timestamp: trusted version 2 > new version 1"), "{error:?}");
    assert!(world.cached().expect("the cache is sound").is_some(), "the complete state is still valid");
}
