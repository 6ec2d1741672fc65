//! Timestamp, snapshot and targets: what is taken, and every refusal.

use serde_json::{Value, json};

use crate::support::digest::sha256_hex;
use crate::support::sigstore::Key;
use crate::support::tuf::{Files, Role, TufRepository, public, sign};
use crate::world::{TRUSTED_ROOT, World, days, now};

#[test]
fn an_honest_repository_is_taken_and_its_trusted_root_is_what_was_published() {
    let world = World::new();
    let update = world.update().expect("an honest repository");
    let published = bonafide::trust::TrustRoot::parse("x", "x", TRUSTED_ROOT.as_bytes()).expect("a trusted root");
    assert_eq!(update.current.root.sha256, published.sha256);
    assert_eq!(update.current.root.domain, world.server.url());
    assert_eq!((update.current.root.source.as_str(), update.current.root.updated_at), ("cache", Some(now())));
    assert!(update.not_cached.is_none());
}

#[test]
fn an_update_that_finds_nothing_new_asks_for_the_next_root_and_the_timestamp_alone() {
    let world = World::updated();
    world.server.forget_requests();
    world.update().expect("an honest repository");
    assert_eq!(world.server.paths(), ["/2.root.json", "/timestamp.json"]);
}

#[test]
fn a_release_is_taken() {
    let mut world = World::updated();
    world.repository.release();
    world.repository.target.push(b'\n');
    world.publish();
    let before = world.cached().expect("a cache").expect("a cache");
    let after = world.update().expect("an honest repository");
    assert_ne!(before.root.sha256, after.current.root.sha256);
    assert_eq!(world.cached().expect("a cache").expect("a cache").root.sha256, after.current.root.sha256);
}

#[test]
fn a237_nothing_goes_back_to_an_older_version_not_even_after_a_restart() {
    for role in ["timestamp", "snapshot", "targets"] {
        let mut world = World::new();
        world.repository.release();
        world.publish();
        world.update().expect("an honest repository");
        // What refers to the older version is new, so that only the one thing is wrong.
        world.repository.release();
        match role {
            "timestamp" => world.repository.timestamp.version = 1,
            "snapshot" => world.repository.snapshot.version = 1,
            _ => world.repository.targets.version = 1,
        }
        world.publish();
        world.refuses("rollback detected");
    }
}

#[test]
fn a237_targets_that_the_snapshot_no_longer_names_are_refused() {
    let mut world = World::updated();
    world.repository.release();
    world.serve(&world.repository.files_with(|role, signed| {
        if role == "snapshot" {
            signed["meta"] = json!({});
        }
    }));
    world.refuses("snapshot removes targets.json");
}

#[test]
fn a238_what_has_expired_is_refused() {
    type Expire = fn(&mut World);
    let expired = "2026-06-01T11:59:59Z".to_owned();
    let roles: [(&str, Expire); 4] = [
        ("root", |world| {
            world.repository.root.expires = "2026-06-01T11:59:59Z".to_owned();
            world.repository.publish_root();
        }),
        ("timestamp", |world| world.repository.timestamp.expires = "2026-06-01T11:59:59Z".to_owned()),
        ("snapshot", |world| world.repository.snapshot.expires = "2026-06-01T11:59:59Z".to_owned()),
        ("targets", |world| world.repository.targets.expires = "2026-06-01T11:59:59Z".to_owned()),
    ];
    for (role, expire) in roles {
        let mut world = World::updated();
        world.repository.release();
        expire(&mut world);
        world.publish();
        let error = world.update().expect_err("expired");
        assert!(error.is_expired(), "{error:?}");
        assert!(crate::world::full(&error).contains(&format!("{role} metadata expired at {expired}")), "{error:?}");
    }
}

/// Sigstore signs a timestamp for a week: a mirror that serves an older one is frozen, whatever else it says.
#[test]
fn a238_a_timestamp_that_nobody_renewed_for_eight_days_is_refused() {
    let mut world = World::new();
    world.repository.timestamp.expires = days(7).to_string();
    world.publish();
    world.update().expect("within the week");
    let error = world.update_at(days(8)).expect_err("frozen");
    assert!(error.is_expired(), "{error:?}");
    world.update_at(days(7)).expect("a week is a week");
}

#[test]
fn a238_a_release_of_two_halves_is_refused() {
    // Mix and match: the timestamp of one release, the snapshot of another with the same version.
    let mut world = World::updated();
    world.repository.release();
    let mut files = world.repository.files();
    world.repository.snapshot.expires = days(300).to_string();
    let other = world.repository.files();
    files.insert("2.snapshot.json".to_owned(), other["2.snapshot.json"].clone());
    world.serve(&files);
    world.refuses("snapshot.json: sha256 mismatch");
    let mut world = World::updated();
    world.repository.release();
    let mut files = world.repository.files();
    world.repository.targets.version = 1;
    files.insert("2.targets.json".to_owned(), world.repository.files()["1.targets.json"].clone());
    world.serve(&files);
    world.refuses("targets.json version 1 does not match snapshot pin 2");
}

#[test]
fn a235_signatures_that_are_too_few_or_not_the_roles_own_are_refused() {
    type Change = fn(&mut Role);
    let cases: [(&str, Change); 3] = [
        ("a stranger's key", Role::rotate),
        ("another's key under the right id", |role| role.keys[0].1 = Key::ed25519()),
        ("none at all", |role| role.keys.clear()),
    ];
    for (what, change) in cases {
        for name in ["timestamp", "snapshot", "targets"] {
            let mut world = World::updated();
            world.repository.release();
            let role = match name {
                "timestamp" => &mut world.repository.timestamp,
                "snapshot" => &mut world.repository.snapshot,
                _ => &mut world.repository.targets,
            };
            change(role);
            world.publish();
            println!("{name}: {what}");
            world.refuses(&format!("signature threshold not met for role {name}: 0/1"));
        }
    }
}

#[test]
fn a246_a_target_without_a_hash_is_refused() {
    for hashes in [json!({}), json!({"md5": "d41d8cd98f00b204e9800998ecf8427e"}), Value::Null] {
        let mut world = World::updated();
        world.repository.release();
        world.repository.target = b"{}".to_vec();
        let target = world.repository.target.clone();
        let mut files = world.repository.files_with(|role, signed| {
            if role == "targets" {
                signed["targets"]["trusted_root.json"]["hashes"] = hashes.clone();
            }
        });
        files.insert("targets/d41d8cd98f00b204e9800998ecf8427e.trusted_root.json".to_owned(), target);
        world.serve(&files);
        let error = world.update().expect_err("no hash");
        assert!(matches!(error, bonafide::tuf::TufError::Refused { .. }), "{error:?}");
    }
}

#[test]
fn a_target_that_is_not_what_was_signed_is_refused() {
    let mut world = World::updated();
    world.repository.release();
    world.repository.target.push(b'\n');
    let mut files = world.repository.files();
    let place = files.keys().find(|path| path.starts_with("targets/")).expect("the target").clone();
    let honest = files[&place].clone();
    files.insert(place.clone(), honest.iter().rev().copied().collect());
    world.serve(&files);
    world.refuses("trusted_root.json: sha256 mismatch");
    files.insert(place.clone(), honest[1..].to_vec());
    world.serve(&files);
    world.refuses("trusted_root.json: length");
    files.remove(&place);
    world.serve(&files);
    let error = world.update().expect_err("no target");
    assert!(matches!(error, bonafide::tuf::TufError::Unreadable { .. }), "{error:?}");
}

#[test]
fn a247_malformed_metadata_is_refused_and_nothing_panics() {
    let texts = [
        "",
        "null",
        "[]",
        "{}",
        "\"x\"",
        "{\"signed\":null,\"signatures\":[]}",
        "{\"signed\":{},\"signatures\":null}",
        "{\"signed\":{\"_type\":\"timestamp\"},\"signatures\":[]}",
        "\u{0}",
    ];
    for file in ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"] {
        for text in texts {
            let mut world = World::updated();
            world.repository.release();
            let mut files = world.repository.files();
            files.insert(file.to_owned(), text.as_bytes().to_vec());
            world.serve(&files);
            let error = world.update().expect_err("malformed");
            assert!(matches!(error, bonafide::tuf::TufError::Refused { .. }), "{file} {text}: {error:?}");
            assert!(world.cached().expect("the cache is sound").is_some());
        }
    }
}

#[test]
fn a247_metadata_of_another_role_is_refused() {
    let mut world = World::updated();
    world.repository.release();
    world.serve(&world.repository.files_with(|role, signed| {
        if role == "snapshot" {
            signed["_type"] = json!("targets");
        }
    }));
    world.refuses("expected _type \"snapshot\", found \"targets\"");
}

/// Signed by whom it must be, and still not believed: two readers could read two versions.
#[test]
fn a247_metadata_that_can_be_read_in_two_ways_is_refused() {
    let mut world = World::updated();
    world.repository.release();
    let mut files = world.repository.files();
    let honest = String::from_utf8(files["timestamp.json"].clone()).expect("text");
    let twice = honest.replacen("\"version\":2", "\"version\":1,\"version\":2", 2);
    assert_ne!(honest, twice);
    files.insert("timestamp.json".to_owned(), twice.into_bytes());
    world.serve(&files);
    world.refuses("is not unambiguous JSON");
}

#[test]
fn a247_keys_that_cannot_be_used_count_for_nothing() {
    let keys = [
        json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "abcd"}}),
        json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "not hexadecimal"}}),
        json!({"keytype": "future", "scheme": "future", "keyval": {"public": "00"}}),
        json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": "-----BEGIN PUBLIC KEY-----"}}),
    ];
    for key in keys {
        let mut world = World::updated();
        let (id, _) = world.repository.timestamp.keys[0].clone();
        let signers = world.repository.root_signers();
        world.repository.publish_root_with(&signers, |root| root["keys"][&id] = key.clone());
        world.repository.release();
        world.publish();
        let error = world.update().expect_err("no key");
        assert!(crate::world::full(&error).contains("threshold not met for role timestamp: 0/1"), "{key}: {error:?}");
    }
}

/// A role of two keys, one of which is of a kind from the future: the other is enough where one is.
#[test]
fn a247_a_key_of_an_unknown_kind_does_not_take_the_others_with_it() {
    let mut world = World::updated();
    let signers = world.repository.root_signers();
    world.repository.publish_root_with(&signers, |root| {
        root["keys"]["ff"] = json!({"keytype": "future", "scheme": "future", "keyval": {"public": "00"}});
        root["roles"]["timestamp"]["keyids"].as_array_mut().expect("a list").push(json!("ff"));
    });
    world.repository.release();
    let mut files = world.repository.files();
    let mut timestamp: Value = serde_json::from_slice(&files["timestamp.json"]).expect("JSON");
    timestamp["signatures"].as_array_mut().expect("a list").insert(0, json!({"keyid": "ff", "sig": "00"}));
    files.insert("timestamp.json".to_owned(), timestamp.to_string().into_bytes());
    world.serve(&files);
    world.update().expect("one good signature is enough");
}

/// Delegations (§4.5): by the pattern of a path, and no further.
#[test]
fn a245_a_delegated_role_speaks_for_the_paths_it_was_given_and_no_others() {
    for (paths, is_taken) in [
        (json!(["trusted_root.json"]), true),
        (json!(["*.json"]), true),
        (json!(["*/trusted_root.json"]), false),
        (json!(["other.json"]), false),
        (json!([]), false),
    ] {
        let world = World::new();
        world.serve(&delegated(&world.repository, &[Delegate { paths: paths.clone(), ..Delegate::new("release") }]));
        assert_eq!(world.update().is_ok(), is_taken, "{paths}");
        assert_eq!(world.cached().expect("sound").is_some(), is_taken, "and so it is without the mirror: {paths}");
    }
}

/// §5.6.7: "preorder depth-first search": the first role that has the target decides, and a terminating role ends the
/// search although it has nothing.
#[test]
fn a245_the_first_role_that_has_the_target_decides_and_a_terminating_one_ends_the_search() {
    let other = format!("{TRUSTED_ROOT}\n");
    let empty = |terminating| Delegate { target: None, terminating, ..Delegate::new("first") };
    let second = || Delegate { target: Some(other.clone().into_bytes()), ..Delegate::new("second") };
    let taken = |delegates: &[Delegate]| {
        let world = World::new();
        world.serve(&delegated(&world.repository, delegates));
        world.update().ok().map(|update| update.current.root.sha256)
    };
    let digest = |text: &str| Some(sha256_hex(text.as_bytes()));
    assert_eq!(taken(&[Delegate::new("first"), second()]), digest(TRUSTED_ROOT));
    assert_eq!(taken(&[second(), Delegate::new("first")]), digest(&other));
    assert_eq!(taken(&[empty(false), second()]), digest(&other));
    assert_eq!(taken(&[empty(true), second()]), None);
}

#[test]
fn a242_names_of_roles_lead_nowhere() {
    for name in ["../../x", "..", "%2e%2e/x", "/etc/x", "C:x", "a\u{0}b", "root", "timestamp"] {
        let world = World::new();
        world.serve(&delegated(&world.repository, &[Delegate::new(name)]));
        let _ = world.update();
        for path in world.server.paths() {
            let beside = path.trim_start_matches('/');
            let is_file = !beside.contains("..") || beside.contains("%2F") || beside.ends_with("...json");
            assert!(is_file && !beside.contains('/') || beside.starts_with("targets/"), "{name:?}: {path}");
        }
        world.cache_file();
        let folders = std::fs::read_dir(&world.folder).expect("the cache").count();
        assert_eq!(folders, 2, "{name:?}: the cache and its lock, and nothing else");
    }
}

/// A role to which the targets role delegates.
struct Delegate {
    name: String,
    paths: Value,
    terminating: bool,
    /// What it names as the trusted root.
    target: Option<Vec<u8>>,
}

impl Delegate {
    /// A role that has the honest target.
    fn new(name: &str) -> Delegate {
        let target = Some(TRUSTED_ROOT.as_bytes().to_vec());
        Delegate { name: name.to_owned(), paths: json!(["trusted_root.json"]), terminating: false, target }
    }
}

/// A repository whose target is named by delegated roles alone.
fn delegated(repository: &TufRepository, delegates: &[Delegate]) -> Files {
    let role = Role::of(1);
    let (id, key) = &role.keys[0];
    let honest: Value = serde_json::from_slice(&repository.files()["1.targets.json"]).expect("JSON");
    let mut added = Files::new();
    for Delegate { name, target, .. } in delegates {
        let mut signed = honest["signed"].clone();
        signed["targets"] = json!({});
        if let Some(bytes) = target {
            let digest = sha256_hex(bytes);
            signed["targets"]["trusted_root.json"] = json!({"length": bytes.len(), "hashes": {"sha256": digest}});
            added.insert(format!("targets/{digest}.trusted_root.json"), bytes.clone());
        }
        added.insert(format!("1.{name}.json"), sign(&signed, &role.keys));
    }
    let mut files = repository.files_with(|role, signed| match role {
        "targets" => {
            let roles: Vec<Value> = delegates
                .iter()
                .map(|Delegate { name, paths, terminating, .. }| {
                    json!({"name": name, "keyids": [id], "threshold": 1, "terminating": terminating, "paths": paths})
                })
                .collect();
            signed["targets"] = json!({});
            signed["delegations"] = json!({"keys": {id: public(key)}, "roles": roles});
        }
        "snapshot" => {
            for delegate in delegates {
                signed["meta"][format!("{}.json", delegate.name)] = json!({"version": 1});
            }
        }
        _ => {}
    });
    files.extend(added);
    files
}
