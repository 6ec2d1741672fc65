//! The chain of roots: who may replace keys, and who may not.

use serde_json::json;

use crate::support::sigstore::Key;
use crate::support::tuf::{Role, public};
use crate::world::{World, full, now};

#[test]
fn a_chain_of_rotations_is_followed_one_by_one() {
    let mut world = World::updated();
    for _ in 0..3 {
        world.repository.root.rotate();
        world.repository.timestamp.rotate();
        world.repository.publish_root();
    }
    world.repository.release();
    world.publish();
    world.update().expect("an honest chain");
    // A machine that starts now follows it from the beginning.
    let fresh = bonafide::tuf::Cache::new(None);
    let update = crate::world::update_in(&world.repository(), &fresh, std::time::Duration::from_secs(20), now());
    update.expect("an honest chain");
}

#[test]
fn a234_a_root_of_another_version_than_its_name_is_refused() {
    for version in [1, 3, 4] {
        let mut world = World::updated();
        let signers = world.repository.root_signers();
        world.repository.publish_root_with(&signers, |root| root["version"] = json!(version));
        world.publish();
        world.refuses(&format!("root version must increment by one: trusted 1, got {version}"));
    }
}

#[test]
fn a235_a_root_that_the_old_keys_did_not_sign_is_refused() {
    let mut world = World::updated();
    world.repository.root.rotate();
    let new = world.repository.root.keys.clone();
    world.repository.publish_root_with(&new, |_| {});
    world.publish();
    world.refuses("signature threshold not met for role root: 0/2");
}

#[test]
fn a235_a_root_that_the_new_keys_did_not_sign_is_refused() {
    let mut world = World::updated();
    let old = world.repository.root.keys.clone();
    world.repository.root.rotate();
    world.repository.publish_root_with(&old, |_| {});
    world.publish();
    world.refuses("signature threshold not met for role root: 0/2");
}

#[test]
fn a235_one_signature_twice_is_one_signature() {
    let mut world = World::updated();
    let one = world.repository.root.keys[0].clone();
    world.repository.publish_root_with(&[one.clone(), one], |_| {});
    world.publish();
    world.refuses("duplicate signature key id");
}

/// The holder of one key of two is listed a second time under another name, and signs twice.
#[test]
fn a235_one_key_under_two_ids_is_one_key() {
    let mut world = World::updated();
    let mut signers = world.repository.root_signers();
    let (_, key) = signers[0].clone();
    signers.push(("ab".to_owned(), key.clone()));
    world.repository.publish_root_with(&signers, |root| {
        root["keys"]["ab"] = public(&key);
        root["roles"]["root"]["keyids"].as_array_mut().expect("a list").push(json!("ab"));
    });
    world.publish();
    world.refuses("role `root` has one public key under two ids");
}

#[test]
fn a235_an_initial_root_with_one_key_under_two_ids_is_refused() {
    let mut world = World::new();
    let key = Key::ed25519();
    world.repository.root = Role { keys: vec![("aa".to_owned(), key.clone()), ("bb".to_owned(), key)], ..Role::of(2) };
    let mut repository = crate::support::tuf::TufRepository::new("{}");
    std::mem::swap(&mut repository.root, &mut world.repository.root);
    let signers = repository.root.keys.clone();
    let mut bent = repository;
    bent.publish_root_with(&signers, |_| {});
    let second = bent.files()["2.root.json"].clone();
    let anchored = bonafide::tuf::Repository::at(&world.server.url(), second);
    let nowhere = bonafide::tuf::Cache::new(None);
    let error = crate::world::update_in(&anchored, &nowhere, std::time::Duration::from_secs(20), now());
    let error = error.expect_err("refused before anything is asked");
    assert!(matches!(error, bonafide::tuf::TufError::Anchor { .. }), "{error:?}");
    assert!(full(&error).contains("one public key under two ids: aa and bb"), "{error:?}");
    assert!(world.server.paths().is_empty());
}

#[test]
fn n19_a_threshold_of_nothing_is_refused() {
    for role in ["root", "timestamp"] {
        let mut world = World::updated();
        let signers = world.repository.root_signers();
        world.repository.publish_root_with(&signers, |root| root["roles"][role]["threshold"] = json!(0));
        world.repository.release();
        world.publish();
        let error = world.update().expect_err("a threshold of nothing");
        assert!(full(&error).contains("declares signature threshold 0"), "{error:?}");
    }
}

/// Whoever had the timestamp key made versions jump ahead; new keys bring the client back.
#[test]
fn a239_a_client_recovers_from_versions_that_ran_ahead() {
    let mut world = World::new();
    for role in [&mut world.repository.timestamp, &mut world.repository.snapshot] {
        role.version = 1_000_000;
    }
    world.publish();
    world.update().expect("it is signed");
    world.repository.timestamp.version = 2;
    world.repository.snapshot.version = 2;
    world.publish();
    world.refuses("rollback detected for timestamp");
    world.repository.timestamp.rotate();
    world.repository.snapshot.rotate();
    world.repository.publish_root();
    world.publish();
    world.update().expect("the keys are others");
}

/// The roots that were verified count although the update failed: a key that was revoked stays revoked.
#[test]
fn a_root_is_kept_although_what_came_after_it_failed() {
    let mut world = World::updated();
    let stolen = world.repository.timestamp.clone();
    world.repository.timestamp.rotate();
    world.repository.publish_root();
    world.repository.release();
    let mut files = world.repository.files();
    files.remove("timestamp.json");
    world.serve(&files);
    world.update().expect_err("no timestamp");
    assert!(world.cached().is_err(), "what rests on the revoked key is no longer used");
    // Now the mirror hides the new root and serves what the thief signed.
    world.repository.timestamp = Role { version: 9, ..stolen };
    let mut files = world.repository.files();
    files.remove("2.root.json");
    world.serve(&files);
    let error = world.update().expect_err("the key was revoked");
    assert!(full(&error).contains("threshold not met for role timestamp"), "{error:?}");
}
