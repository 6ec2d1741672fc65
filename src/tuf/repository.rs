//! TUF repositories and their initial roots.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use sigstore_trust_root::SigstoreInstance;

use crate::json;
use crate::oci::{Algorithm, Digest};
use crate::trust::Instance;

/// A TUF repository that holds the trusted root of one Sigstore instance.
#[derive(Debug, Clone)]
pub struct Repository {
    domain: String,
    mirror: String,
    anchor: Cow<'static, [u8]>,
    name: String,
}

impl Repository {
    /// Returns the repository of an embedded instance, whose initial root is embedded too.
    pub fn of(instance: Instance) -> Self {
        let known = match instance {
            Instance::PublicGood => SigstoreInstance::PublicGood,
            Instance::GitHub => SigstoreInstance::GitHub,
            Instance::Staging => SigstoreInstance::Staging,
        };
        Self {
            domain: instance.to_string(),
            mirror: known.tuf_url().to_owned(),
            anchor: Cow::Borrowed(known.tuf_root()),
            name: instance.to_string(),
        }
    }

    /// Returns the repository at an address, with the initial `root.json` that the user trusts.
    pub fn at(mirror: &str, anchor: Vec<u8>) -> Self {
        let mirror = mirror.trim_end_matches('/');
        let identity = format!("{mirror}\n{}", Digest::of(Algorithm::Sha256, &anchor).hex());
        Self {
            domain: mirror.to_owned(),
            mirror: mirror.to_owned(),
            anchor: Cow::Owned(anchor),
            // A277: an address never becomes a file name.
            name: Digest::of(Algorithm::Sha256, identity.as_bytes()).hex().to_owned(),
        }
    }

    /// Returns the name of the trust domain: that of the instance, or the address.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the address of the mirror.
    pub fn mirror(&self) -> &str {
        &self.mirror
    }

    /// Returns when the initial root expires. If an embedded one has expired, the program is old.
    pub fn anchor_expires(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Root {
            signed: Signed,
        }
        #[derive(Deserialize)]
        struct Signed {
            expires: Timestamp,
        }
        json::from_slice::<Root>(&self.anchor).ok().map(|root| root.signed.expires)
    }

    /// The initial `root.json`.
    pub(super) fn anchor(&self) -> &[u8] {
        &self.anchor
    }

    /// A name for files, without any text from outside.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_instance_has_a_repository_and_an_initial_root() {
        for instance in Instance::ALL {
            let repository = Repository::of(instance);
            assert!(repository.mirror().starts_with("https://"), "{instance}");
            assert!(repository.anchor_expires() > instance.root().expect("an embedded root").updated_at, "{instance}");
        }
    }

    #[test]
    fn a277_addresses_do_not_become_file_names() {
        let one = Repository::at("https://a/../../x", b"{}".to_vec());
        let other = Repository::at("https://a/../../x", b"{ }".to_vec());
        assert!(one.name().len() == 64 && one.name().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one.name(), other.name(), "another initial root is another repository");
    }
}
