//! Lock files of npm, from any author.

use std::collections::HashSet;

use bonafide::from::lock::{LockedPackage, MOST_PACKAGES, read};
use bonafide::oci::Algorithm;

/// What is read is in the file, once each, in its order; and a release has a sha512 digest and a name that is read again as itself.
pub fn run(data: &[u8]) {
    let Ok(found) = read(data) else { return };
    assert!((1..=MOST_PACKAGES).contains(&found.len()));
    let lines = data.split(|byte| *byte == b'\n').count();
    let mut seen = HashSet::new();
    for (position, one) in found.iter().enumerate() {
        assert!((1..=lines).contains(&one.place.line) && one.place.column > 0, "{one:?}");
        assert!(position == 0 || found[position - 1].place <= one.place, "{one:?} is out of order");
        assert!(seen.insert(&one.package), "{one:?} is there twice");
        if let LockedPackage::Release { package, digest } = &one.package {
            assert_eq!(digest.algorithm(), Algorithm::Sha512);
            assert_eq!(package.to_string().parse().as_ref(), Ok(package));
        }
    }
}

/// Files with entries of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let sha512 = format!("sha512-{}==", "A".repeat(86));
    let entries = [
        format!(r#""node_modules/@a/b": {{"version": "1.0.0", "integrity": "{sha512}"}}"#),
        format!(
            r#""node_modules/c": {{"name": "d", "version": "1.0.0-rc.1", "integrity": "sha1-x {sha512}", "dev": true}}"#
        ),
        r#""node_modules/e": {"resolved": "packages/e", "link": true}, "packages/e": {}"#.to_owned(),
        r#""node_modules/f": {"version": "1.0.0", "resolved": "git+ssh://h/i.git#0", "inBundle": false}"#.to_owned(),
    ];
    let file = |version: u8| {
        format!("{{\n\"lockfileVersion\": {version},\n\"packages\": {{\"\": {{}},\n{}\n}}}}\n", entries.join(",\n"))
            .into_bytes()
    };
    vec![file(3), file(2), file(1)]
}
