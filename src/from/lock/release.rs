//! What a lock file must say of a package so that it is one release with one tarball.

use super::model::{LockedPackage, NoRelease};
use crate::json;
use crate::oci::{Algorithm, Digest, NpmPackage};

/// The release of this name and version, by its integrity.
pub(super) fn release(text: &str, named: Option<NpmPackage>, integrity: Option<&str>) -> LockedPackage {
    let Some(package) = named else { return LockedPackage::open(text, NoRelease::Unnamed) };
    match integrity.map(strongest) {
        Some(Some(digest)) => LockedPackage::Release { package, digest },
        Some(None) => LockedPackage::open(text, NoRelease::NotSha512),
        None => LockedPackage::open(text, NoRelease::NoIntegrity),
    }
}

/// Whether a tarball is fetched from this address.
pub(super) fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

/// Takes `NAME@VERSION` apart. A scope begins with the character that a version does.
pub(super) fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, character)| *character == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}

/// W3C Subresource Integrity §3.3.4: only the strongest kind of hash is compared, and any one hash of that kind is enough. With
/// several such hashes the tarball is not determined. npm splits at more characters than ASCII spaces (ssri, `split(/\s+/)`): they
/// would hide a second hash in another.
pub(super) fn strongest(integrity: &str) -> Option<Digest> {
    const WEAKER: [&str; 4] = ["sha384-", "sha256-", "sha1-", "md5-"];
    if !integrity.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return None;
    }
    let (strong, others): (Vec<&str>, Vec<&str>) =
        integrity.split(' ').filter(|hash| !hash.is_empty()).partition(|hash| hash.starts_with("sha512-"));
    let [strong] = strong[..] else { return None };
    if !others.iter().all(|hash| WEAKER.iter().any(|weaker| hash.starts_with(weaker))) {
        return None;
    }
    let base64 = &strong["sha512-".len()..];
    let bytes = json::base64::decode(base64).filter(|bytes| json::base64::STANDARD.encode(bytes) == base64)?;
    Digest::from_bytes(Algorithm::Sha512, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integrity_names_one_tarball() {
        let digest = |text: &str| Digest::of(Algorithm::Sha512, text.as_bytes());
        let sha512 = |text: &str| format!("sha512-{}", json::base64::STANDARD.encode(&digest(text).bytes()));
        let (good, evil) = (sha512("good"), sha512("evil"));
        for text in [good.clone(), format!("sha1-AAAA {good}"), format!("{good} md5-x")] {
            assert_eq!(strongest(&text), Some(digest("good")), "{text}");
        }
        for text in [
            String::new(),
            "sha1-3gH4MPRbNgj+DHsrT3ICHgRPvxQ=".to_owned(),
            format!("{good} {evil}"),
            // The attack: what JavaScript splits at and ASCII does not.
            format!("sha1-AAAA\u{a0}{evil} {good}"),
            format!("sha1-AAAA\u{b}{evil} {good}"),
            format!("sha1-AAAA\u{2028}{evil} {good}"),
            format!("SHA512-AAAA {good}"),
            format!("sha3-AAAA {good}"),
            good.trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(strongest(&text), None, "{text}");
        }
    }

    #[test]
    fn a_scope_is_part_of_the_name() {
        assert_eq!(name_and_rest("@acme/app@1.0.0"), Some(("@acme/app", "1.0.0")));
        assert_eq!(name_and_rest("app@npm:b@1"), Some(("app", "npm:b@1")));
        for text in ["", "@", "app", "@acme/app", "@1"] {
            assert_eq!(name_and_rest(text), None, "{text}");
        }
    }
}
