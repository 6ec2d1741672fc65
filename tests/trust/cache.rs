//! The cache proves nothing by being there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use bonafide::tuf::{Cache, CacheError, TufError, cached};
use serde_json::Value;

use crate::world::{World, days, full, now};

#[test]
fn without_an_update_there_is_nothing() {
    assert!(World::new().cached().expect("no cache is no error").is_none());
}

/// An update that failed leaves what was seen, which is nothing to use.
#[test]
fn a_first_update_that_failed_leaves_nothing_to_use() {
    let world = World::new();
    let mut files = world.repository.files();
    files.remove("1.targets.json");
    world.serve(&files);
    world.update().expect_err("no targets");
    assert!(world.cached().expect("no cache is no error").is_none());
}

#[test]
fn a243_every_file_in_the_cache_is_verified_again_on_each_use() {
    let world = World::updated();
    let kept: Value = serde_json::from_slice(&fs::read(world.cache_file()).expect("a cache")).expect("JSON");
    let names: Vec<String> = kept["complete"].as_object().expect("files").keys().cloned().collect();
    assert!(names.contains(&"targets/trusted_root.json".to_owned()) && names.len() == 5, "{names:?}");
    for name in names {
        let mut bent = kept.clone();
        let text = bent["complete"][&name].as_str().expect("a text").to_owned();
        // One digit, which is still JSON of the same form.
        let at = text.rfind(|c: char| c.is_ascii_digit()).expect("a digit");
        let digit = if &text[at..=at] == "1" { "2" } else { "1" };
        bent["complete"][&name] = Value::String(format!("{}{digit}{}", &text[..at], &text[at + 1..]));
        fs::write(world.cache_file(), bent.to_string()).expect("the cache can be written");
        // The initial root comes with the program, so the copy of it is not even read.
        let is_anchor = name == "root_history/1.root.json";
        assert_eq!(world.cached().is_ok(), is_anchor, "{name}");
    }
}

#[test]
fn a243_a_cached_trusted_root_that_was_replaced_is_refused() {
    let world = World::updated();
    world.tamper(|text| text.replacen("fulcio", "folcio", 1));
    let error = world.cached().expect_err("it is not what was signed");
    assert!(matches!(error, TufError::Cached { .. }), "{}", full(&error));
    // The next update heals it.
    world.update().expect("an honest repository");
    assert!(world.cached().expect("sound").is_some());
}

/// The bytes that matter are signed; what is not (a time, white space, the copy of the initial root) changes no root.
#[test]
fn a243_a_flipped_bit_in_the_cache_never_makes_another_root() {
    let world = World::updated();
    let honest = world.cached().expect("sound").expect("a cache").root.sha256;
    let bytes = fs::read(world.cache_file()).expect("a cache");
    let (mut refused, mut unharmed) = (0, 0);
    // A prime, so that every bit and every part of the file has its turn.
    for position in (0..bytes.len()).step_by(13) {
        let mut bent = bytes.clone();
        bent[position] ^= 1 << (position % 8);
        fs::write(world.cache_file(), bent).expect("the cache can be written");
        match world.cached() {
            Ok(Some(current)) => {
                assert_eq!(current.root.sha256, honest, "byte {position}");
                unharmed += 1;
            }
            Ok(None) => unharmed += 1,
            Err(_) => refused += 1,
        }
    }
    println!("{refused} refused, {unharmed} without harm");
    assert!(refused > unharmed);
}

#[test]
fn the_cache_of_one_repository_says_nothing_of_another() {
    let world = World::updated();
    let other = World::new();
    other.update().expect("an honest repository");
    fs::copy(world.cache_file(), other.cache_file()).expect("the cache can be written");
    assert!(other.cached().is_err());
}

#[test]
fn what_is_no_cache_is_an_error_and_written_anew() {
    for text in ["", "{}", "null", "{\"complete\":{},\"complete\":{},\"seen\":{}}", "\u{0}"] {
        let world = World::updated();
        world.tamper(|_| text.to_owned());
        let error = world.cached().expect_err(text);
        assert!(matches!(error, TufError::Cache { source: CacheError::Malformed { .. }, .. }), "{text}: {error:?}");
        world.update().expect("an honest repository");
        assert!(world.cached().expect("sound").is_some());
    }
}

#[test]
fn a_cache_larger_than_any_is_not_read() {
    let world = World::updated();
    let file = fs::File::options().write(true).open(world.cache_file()).expect("a cache");
    file.set_len(40 * 1024 * 1024).expect("a sparse file");
    let error = world.cached().expect_err("too large");
    let TufError::Cache { source: CacheError::File { source, .. }, .. } = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("33554432"), "the limit is named: {source}");
}

#[test]
fn a_cache_is_used_until_the_first_of_its_metadata_expires() {
    let mut world = World::new();
    world.repository.timestamp.expires = days(7).to_string();
    world.publish();
    world.update().expect("an honest repository");
    let at = |time| cached(&world.repository(), &world.cache(), time);
    assert_eq!(at(days(6)).expect("valid").expect("a cache").valid_until, days(7));
    let error = at(days(8)).expect_err("expired");
    assert!(error.is_expired(), "{error:?}");
}

#[test]
fn a_clock_that_was_ahead_does_not_make_the_root_newer_than_now() {
    let world = World::new();
    world.update_at(days(10)).expect("an honest repository");
    let current = world.cached().expect("sound").expect("a cache");
    assert_eq!(current.root.updated_at, Some(now()));
}

#[test]
fn the_cache_holds_one_file_and_a_lock_and_does_not_grow() {
    let mut world = World::updated();
    let files = || fs::read_dir(&world.folder).expect("the cache").count();
    assert_eq!(files(), 2);
    let size = fs::metadata(world.cache_file()).expect("a cache").len();
    for _ in 0..10 {
        world.repository.release();
        world.publish();
        world.update().expect("an honest repository");
    }
    let grown = fs::metadata(world.cache_file()).expect("a cache").len() - size;
    assert!(grown < 100, "{grown} bytes for longer version numbers");
    assert_eq!(fs::read_dir(&world.folder).expect("the cache").count(), 2);
}

#[test]
fn updates_at_the_same_time_wait_for_each_other() {
    let mut world = World::updated();
    world.repository.release();
    world.publish();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let updates: Vec<_> = (0..8)
            .map(|_| {
                let (repository, cache) = (world.repository(), world.cache());
                scope.spawn(move || {
                    let update = crate::world::update_in(&repository, &cache, Duration::from_secs(20), now());
                    update.is_ok_and(|update| update.not_cached.is_none())
                })
            })
            .collect();
        updates.into_iter().map(|update| update.join().expect("no panic")).collect()
    });
    assert_eq!(outcomes, [true; 8]);
    assert!(world.cached().expect("sound").is_some());
    assert_eq!(fs::read_dir(&world.folder).expect("the cache").count(), 2, "no temporary file is left");
}

/// Root may write everywhere, so a file stands where the folder should be.
#[test]
fn a_folder_that_cannot_be_written_is_said_and_the_update_counts() {
    let world = World::new();
    fs::write(&world.folder, "a file").expect("the test's directory can be written");
    let update = world.update().expect("an honest repository");
    assert!(matches!(update.not_cached, Some(CacheError::File { verb: "written", .. })), "{:?}", update.not_cached);
    fs::remove_file(&world.folder).expect("the file is there");
}

#[test]
fn only_the_user_can_read_and_write_the_cache() {
    let world = World::updated();
    let mode = fs::metadata(world.cache_file()).expect("a cache").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_cache_that_cannot_be_read_is_said() {
    let world = World::updated();
    let file = world.cache_file();
    fs::remove_file(&file).expect("a cache");
    fs::create_dir(&file).expect("a folder in its place");
    let error = world.cached().expect_err("a folder is no file");
    assert!(matches!(error, TufError::Cache { source: CacheError::File { verb: "read", .. }, .. }), "{error:?}");
}

#[test]
fn who_keeps_nothing_has_nothing_cached() {
    let world = World::updated();
    assert!(cached(&world.repository(), &Cache::new(None), now()).expect("no cache is no error").is_none());
}
