//! Lock files of npm, pnpm and yarn, from any author.

use std::collections::HashSet;

use bonafide::from::lock::{LockedPackage, MOST_PACKAGES, read};
use bonafide::oci::Algorithm;

/// The names that tools know their files by; by any other name a file is known by what is in it.
const NAMES: [&str; 4] = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "lock"];

/// Whichever tool reads it: what is found is in the file, once each, in its order; and a release has a sha512 digest and a name that is
/// read again as itself.
pub fn run(data: &[u8]) {
    for name in NAMES {
        hold(name, data);
    }
}

fn hold(name: &str, data: &[u8]) {
    let Ok(found) = read(name, data) else { return };
    assert!((1..=MOST_PACKAGES).contains(&found.len()));
    // A line ends with a line feed, a carriage return, or both: this counts at least as many.
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
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

/// Files of each tool, with entries of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let sha512 = format!("sha512-{}==", "A".repeat(86));
    let entries = [
        format!(
            r#""node_modules/@a/b": {{"version": "1.0.0", "integrity": "{sha512}", "dependencies": {{"c": "1"}}}}"#
        ),
        format!(
            r#""node_modules/c": {{"name": "d", "version": "1.0.0-rc.1", "integrity": "sha1-x {sha512}", "dev": true}}"#
        ),
        r#""node_modules/e": {"resolved": "packages/e", "link": true}, "packages/e": {}"#.to_owned(),
        r#""node_modules/f": {"version": "1.0.0", "resolved": "git+ssh://h/i.git#0", "inBundle": false}"#.to_owned(),
    ];
    let npm = |version: u8| {
        format!("{{\n\"lockfileVersion\": {version},\n\"packages\": {{\"\": {{}},\n{}\n}}}}\n", entries.join(",\n"))
    };
    let others = [SIX, NINE, CLASSIC, BERRY].map(|text| text.replace("SHA512", &sha512));
    let crlf = others[1].replace('\n', "\r\n");
    [npm(3), npm(2), npm(1), crlf].into_iter().chain(others).map(String::into_bytes).collect()
}

const SIX: &str = "\
lockfileVersion: '6.0'
dependencies:
  a: {specifier: ^1, version: 1.0.0(b@1.0.0)}
packages:
  /a@1.0.0(b@1.0.0):
    resolution: {integrity: SHA512}
    dependencies: {b: 1.0.0}
    dev: false
  file:x.tgz:
    resolution: {integrity: SHA512, tarball: 'file:x.tgz'}
";

const NINE: &str = "\
lockfileVersion: '9.0'
importers:
  .:
    devDependencies:
      c: {specifier: 'npm:@a/b@1', version: '@a/b@1.0.0(d@1.0.0)'}
      own: {specifier: 'workspace:*', version: 'link:packages/own'}
packages:
  '@a/b@1.0.0':
    resolution: {integrity: SHA512}
  d@1.0.0:
    resolution: {integrity: SHA512, tarball: https://r/d.tgz}
  e@https://codeload.github.com/a/e/tar.gz/0:
    resolution: {tarball: https://codeload.github.com/a/e/tar.gz/0}
snapshots:
  '@a/b@1.0.0(d@1.0.0)':
    dependencies: {d: 1.0.0}
  d@1.0.0: {}
";

const CLASSIC: &str = "\
# yarn lockfile v1


\"@a/b@^1.0.0\", \"@a/b@1 || 2\":
  version \"1.0.0\"
  resolved \"https://registry.yarnpkg.com/@a/b/-/b-1.0.0.tgz#0\"
  integrity SHA512
  dependencies:
    c \"^1.0.0\"

c@^1.0.0, \"d@npm:c@1\":
  version \"1.0.0\"
  resolved \"https://registry.yarnpkg.com/c/-/c-1.0.0.tgz#0\"
  integrity \"sha1-x SHA512\"

\"e@github:a/e\":
  version \"1.0.0\"
  resolved \"https://codeload.github.com/a/e/tar.gz/0\"
";

const BERRY: &str = "\
__metadata:
  version: 8

\"a@npm:^1.0.0, a@npm:1\":
  version: 1.0.0
  resolution: \"a@npm:1.0.0\"
  checksum: 10c0/00

\"own@workspace:.\":
  version: 0.0.0-use.local
  resolution: \"own@workspace:.\"
  dependencies:
    a: ^1.0.0
";
