//! The keys that a registry of npm packages signs with: `registry.npmjs.org/keys.json` of Sigstore's TUF repository, or what a
//! registry answers at `/-/npm/v1/keys`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::json;

use super::PolicyError;
use super::key::{KeyError, KeyKind, KeyRule, KeyWindow, LogRule, PublicKey};

/// The keys of npm's own registry (`npm/README.md`).
const EMBEDDED: &[u8] = include_bytes!("npm/registry.npmjs.org.keys.json");
/// The most keys of one registry.
const MOST_KEYS: usize = 32;

/// The keys of a registry, each with the time in which it signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmKeys(KeyRule);

/// Why a document holds no keys of a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpmKeysError {
    /// It is not such a document.
    #[error("it is not a list of a registry's keys: {0}")]
    Form(String),
    /// It has more than are tried.
    #[error("it has {found} keys; the limit is {MOST_KEYS}")]
    TooMany {
        /// How many it has.
        found: usize,
    },
    /// A key that nothing can be verified with.
    #[error("the key `{id}` cannot be used: {error}")]
    Key {
        /// The key's name.
        id: String,
        /// Why it cannot.
        error: KeyError,
    },
    /// A key of another kind than registries sign with.
    #[error("the key `{id}` is not ECDSA on the curve P-256")]
    Kind {
        /// The key's name.
        id: String,
    },
    /// It has none.
    #[error("it has no key")]
    Empty,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Entry>,
}

/// One key, in the form of the TUF target or of a registry's own list.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "keyId", alias = "keyid")]
    id: String,
    #[serde(default, rename = "publicKey")]
    public_key: Option<Listed>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    raw_bytes: String,
    valid_for: Validity,
}

#[derive(Deserialize)]
struct Validity {
    #[serde(default)]
    start: Option<Timestamp>,
    #[serde(default)]
    end: Option<Timestamp>,
}

impl NpmKeys {
    /// Returns the keys of npm's own registry.
    pub fn embedded() -> Result<Self, NpmKeysError> {
        Self::parse(EMBEDDED)
    }

    /// Reads keys. A key that is listed for several uses counts only at times that all its entries allow.
    pub fn parse(bytes: &[u8]) -> Result<Self, NpmKeysError> {
        let document: Document = json::from_slice(bytes).map_err(|error| NpmKeysError::Form(error.to_string()))?;
        if document.keys.len() > MOST_KEYS {
            return Err(NpmKeysError::TooMany { found: document.keys.len() });
        }
        let mut keys: BTreeMap<Vec<u8>, PublicKey> = BTreeMap::new();
        for entry in document.keys {
            let (der, key) = entry.read()?;
            let window = keys.get(&der).map_or_else(|| key.window(), |known| known.window().and(key.window()));
            keys.insert(der, key.within(window));
        }
        let rule = KeyRule::new(keys.into_values(), LogRule::NotRequired);
        rule.map(Self).map_err(|_: PolicyError| NpmKeysError::Empty)
    }

    /// Returns the rule for signatures by these keys: each within its window, no log entry needed.
    pub fn rule(&self) -> &KeyRule {
        &self.0
    }
}

impl Entry {
    fn read(self) -> Result<(Vec<u8>, PublicKey), NpmKeysError> {
        let (text, window) = match (self.public_key, self.key) {
            (Some(listed), None) => {
                let Validity { start, end } = listed.valid_for;
                (listed.raw_bytes, KeyWindow { from: start, until: end })
            }
            (None, Some(key)) => (key, KeyWindow { from: None, until: self.expires }),
            _ => return Err(NpmKeysError::Form(format!("`{}` has neither `publicKey` nor `key`, or both", self.id))),
        };
        let id = self.id;
        let der = json::base64::decode(&text).ok_or_else(|| NpmKeysError::Form(format!("`{id}` is not base64")))?;
        let key = PublicKey::from_der(der.clone()).map_err(|error| NpmKeysError::Key { id: id.clone(), error })?;
        if key.kind() == KeyKind::P256 { Ok((der, key.within(window))) } else { Err(NpmKeysError::Kind { id }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Algorithm, Digest};

    const OLD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==";

    fn time(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn the_embedded_keys_are_those_that_the_tuf_repository_lists() {
        let digest = Digest::of(Algorithm::Sha256, EMBEDDED);
        assert_eq!(digest.hex(), "160677eb6e1c7083c89b166b20f8fe4e837fb71181506aff1991b80b89184f7d");
    }

    #[test]
    fn an_expired_key_keeps_the_narrowest_window_that_is_listed_for_it() {
        let keys = NpmKeys::embedded().expect("keys");
        let windows: Vec<KeyWindow> = keys.rule().keys().iter().map(PublicKey::window).collect();
        assert_eq!(windows.len(), 2);
        let at = |text: &str| windows.iter().filter(|window| window.has(time(text))).count();
        let times = ["2022-11-30T00:00:00Z", "2024-01-01T00:00:00Z", "2025-01-20T00:00:00Z", "2026-01-01T00:00:00Z"];
        assert_eq!(times.map(at), [0, 1, 2, 1]);
    }

    #[test]
    fn a_registrys_own_list_is_read_too() {
        let list = |expires: &str| {
            format!(
                r#"{{"keys":[{{"expires":{expires},"keyid":"SHA256:x","keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","key":"{OLD}"}}]}}"#
            )
        };
        let until =
            |expires: &str| NpmKeys::parse(list(expires).as_bytes()).expect("a key").rule().keys()[0].window().until;
        assert_eq!(until("null"), None);
        assert_eq!(until("\"2025-01-29T00:00:00.000Z\""), Some(time("2025-01-29T00:00:00Z")));
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        let both =
            format!(r#"{{"keys":[{{"keyid":"x","key":"{OLD}","publicKey":{{"rawBytes":"{OLD}","validFor":{{}}}}}}]}}"#);
        let other = r#"{"keys":[{"keyid":"x","key":"MCowBQYDK2VwAyEAbJw9YZJkueyO/p1ViNUD3zdicmyII9RtZJTNm46BCko="}]}"#;
        let many = format!(r#"{{"keys":[{}]}}"#, vec![format!(r#"{{"keyid":"x","key":"{OLD}"}}"#); 33].join(","));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"keyid":"x"}]}"#,
            r#"{"keys":[{"keyid":"x","key":"%"}]}"#,
            &both,
            other,
            &many,
        ] {
            assert!(NpmKeys::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
