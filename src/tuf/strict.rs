//! Checks that the workflow omits: metadata that can be read in two ways, and one key under two names.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use sigstore_tuf::{Error, Key, Signature};

use crate::json;

/// Checks metadata before the workflow sees it. The workflow refuses a file that is not metadata.
pub(super) fn check(name: &str, bytes: &[u8]) -> Result<(), Error> {
    let document: Value = json::from_slice(bytes)
        .map_err(|error| Error::Malformed(format!("`{name}` is not unambiguous JSON: {error}")))?;
    let _: Signatures = json::from_value(&document).map_err(|error| Error::Malformed(format!("`{name}`: {error}")))?;
    let signed = &document["signed"];
    let stated =
        signed["meta"].as_object().into_iter().flatten().map(|(other, meta)| (other.as_str(), &meta["version"]));
    // TUF 1.0.34 §4.3: "VERSION is an integer that is greater than 0", of metadata as of what they name (A318).
    if let Some((other, _)) =
        stated.chain([(name, &signed["version"])]).find(|(_, version)| version.as_f64() == Some(0.0))
    {
        return Err(Error::Malformed(format!("`{name}` gives `{other}` the version 0; versions are counted from 1")));
    }
    let top = signed["roles"].as_object().into_iter().flatten().map(|(role, members)| (role.as_str(), members));
    let delegated = signed["delegations"]["roles"].as_array().into_iter().flatten();
    let delegated = delegated.map(|role| (role["name"].as_str().unwrap_or_default(), role));
    for (role, members) in top {
        one_name_for_each_key(role, members, &signed["keys"])?;
    }
    for (role, members) in delegated {
        one_name_for_each_key(role, members, &signed["delegations"]["keys"])?;
    }
    Ok(())
}

/// The one part of metadata that the workflow would also read from an array (A291).
#[derive(Deserialize)]
struct Signatures {
    #[serde(default, rename = "signatures")]
    _signatures: Vec<Signature>,
}

/// TUF 1.0.34 §5.3.4 counts key ids, which the repository chooses. A threshold is about people: one key that a role knows
/// under two ids would count twice (A235).
fn one_name_for_each_key(role: &str, members: &Value, keys: &Value) -> Result<(), Error> {
    let ids: HashSet<&str> = members["keyids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut seen = BTreeMap::new();
    for id in ids {
        let Some(public) = key_bytes(&keys[id]) else { continue };
        if let Some(other) = seen.insert(public, id) {
            let (one, other) = (id.min(other), id.max(other));
            return Err(Error::Malformed(format!("role `{role}` has one public key under two ids: {one} and {other}")));
        }
    }
    Ok(())
}

/// The bytes of a key as signatures are checked with them, however it is written. Keys of no use count for nothing.
fn key_bytes(key: &Value) -> Option<Vec<u8>> {
    let key: Key = json::from_value(key).ok()?;
    key.verification_key().ok().map(|key| key.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RAW: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const OTHER: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    // The first key of RFC 8032 §7.1 as a SubjectPublicKeyInfo.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    fn key(public: &str) -> Value {
        json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}})
    }

    fn root(one: &str, other: &str, keyids: &[&str]) -> Result<(), Error> {
        let role = json!({"keyids": keyids, "threshold": 2});
        let root = json!({"signed": {"keys": {"a": key(one), "b": key(other)}, "roles": {"root": role}}});
        check("root.json", root.to_string().as_bytes())
    }

    #[test]
    fn a235_one_public_key_under_two_ids_is_refused_however_it_is_written() {
        assert!(root(RAW, RAW, &["a", "b"]).is_err());
        assert!(root(RAW, &RAW.to_uppercase(), &["a", "b"]).is_err());
        assert!(root(RAW, PEM, &["a", "b"]).is_err());
        assert!(root(RAW, OTHER, &["a", "b"]).is_ok());
        assert!(root(RAW, RAW, &["a", "a"]).is_ok(), "one id is one signature, which the workflow counts");
    }

    #[test]
    fn a235_the_same_holds_for_delegated_roles() {
        let role = json!({"name": "x", "keyids": ["a", "b"], "threshold": 2});
        let delegations = json!({"keys": {"a": key(RAW), "b": key(RAW)}, "roles": [role]});
        let text = json!({"signed": {"delegations": delegations}}).to_string();
        assert!(
            matches!(check("targets.json", text.as_bytes()), Err(Error::Malformed(what)) if what.contains("role `x`"))
        );
    }

    #[test]
    fn a291_what_belongs_into_an_object_is_refused_in_a_list() {
        let metadata = |signature: &str| format!(r#"{{"signatures":[{signature}],"signed":{{}}}}"#);
        assert!(check("root.json", metadata(r#"{"keyid":"a","sig":"00"}"#).as_bytes()).is_ok());
        for text in [metadata(r#"["a","00"]"#), format!("[[],{}]", metadata(""))] {
            let error = check("root.json", text.as_bytes()).expect_err("a list").to_string();
            assert!(error.contains("an array where an object belongs"), "{error}");
        }
    }

    #[test]
    fn a318_versions_are_counted_from_1() {
        for name in ["root.json", "timestamp.json", "snapshot.json", "targets.json"] {
            for (version, meta, is_good) in [(1, 1, true), (7, 9, true), (0, 1, false), (1, 0, false)] {
                let signed = json!({"version": version, "meta": {"snapshot.json": {"version": meta}}});
                let text = json!({"signed": signed}).to_string();
                assert_eq!(check(name, text.as_bytes()).is_ok(), is_good, "{name} {text}");
            }
        }
        assert!(check("root.json", br#"{"signed":{"version":0.0}}"#).is_err());
        assert!(check("root.json", br#"{"signed":{"version":-0}}"#).is_err());
    }

    #[test]
    fn duplicate_keys_of_an_object_are_refused() {
        assert!(check("root.json", br#"{"signed":{"version":1,"version":2}}"#).is_err());
    }
}
