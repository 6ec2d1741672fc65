//! A certificate authority of a root and an intermediate, for Fulcio and for the timestamp authority alike.

use jiff::{Span, Timestamp};

use super::certificate::{CODE_SIGNING, Certificate, Profile};
use super::key::Key;

/// The time from which everything in a fresh [`super::Sigstore`] is valid.
pub const TRUSTED_SINCE: Timestamp = Timestamp::constant(1_767_225_600, 0); // 2026-01-01T00:00:00Z

/// A root and the intermediate that issues.
#[derive(Clone)]
pub struct CertificateAuthority {
    pub root: Certificate,
    pub intermediate: Certificate,
}

impl CertificateAuthority {
    pub fn new() -> CertificateAuthority {
        CertificateAuthority::with(|_, _| {})
    }

    /// Builds an authority whose root and intermediate profiles `bend` may change before they are signed.
    pub fn with(bend: impl FnOnce(&mut Profile, &mut Profile)) -> CertificateAuthority {
        CertificateAuthority::with_keys(&[Key::p384(), Key::p384()], bend)
    }

    /// The same with these keys, of the root and of the intermediate.
    pub fn with_keys(keys: &[Key; 2], bend: impl FnOnce(&mut Profile, &mut Profile)) -> CertificateAuthority {
        let mut root = long_lived("sigstore", 1);
        let mut intermediate = long_lived("sigstore-intermediate", 0);
        intermediate.set_usages(false, &[CODE_SIGNING]);
        bend(&mut root, &mut intermediate);

        let root = Certificate::self_signed(&root, &keys[0]);
        let intermediate = root.issue(&intermediate, &keys[1]);
        CertificateAuthority { root, intermediate }
    }

    /// Returns the chain as trusted roots list it: the issuing certificate first, the root last.
    pub fn chain(&self) -> [&Certificate; 2] {
        [&self.intermediate, &self.root]
    }
}

fn long_lived(common_name: &str, path_length: u8) -> Profile {
    let ten_years = Span::new().hours(10 * 365 * 24);
    let mut profile = Profile::new(TRUSTED_SINCE, TRUSTED_SINCE + ten_years).named(common_name);
    profile.set_authority(path_length);
    profile
}
