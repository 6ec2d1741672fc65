//! What the workflow leaves open: metadata that may be read in two ways, and one key under two names.

use std::collections::{BTreeMap, HashSet};

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use sigstore_tuf::Error;

use crate::json;

/// Checks metadata before the workflow sees it. What is no metadata is for the workflow to refuse.
pub(super) fn check(name: &str, bytes: &[u8]) -> Result<(), Error> {
    let document: Value = json::from_slice(bytes)
        .map_err(|error| Error::Malformed(format!("`{name}` is no JSON that can be read in one way: {error}")))?;
    let signed = &document["signed"];
    let top = signed["roles"].as_object().into_iter().flatten().map(|(role, rule)| (role.as_str(), rule));
    let delegated = signed["delegations"]["roles"].as_array().into_iter().flatten();
    let delegated = delegated.map(|rule| (rule["name"].as_str().unwrap_or_default(), rule));
    for (role, rule) in top {
        one_name_for_each_key(role, rule, &signed["keys"])?;
    }
    for (role, rule) in delegated {
        one_name_for_each_key(role, rule, &signed["delegations"]["keys"])?;
    }
    Ok(())
}

/// TUF 1.0.34 §5.3.4 counts key ids, which the repository chooses. A threshold is about people: one key that a role knows
/// under two ids would count twice (A235).
fn one_name_for_each_key(role: &str, rule: &Value, keys: &Value) -> Result<(), Error> {
    let ids: HashSet<&str> = rule["keyids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut seen = BTreeMap::new();
    for id in ids {
        let Some(public) = keys[id]["keyval"]["public"].as_str() else { continue };
        if let Some(other) = seen.insert(octets(public), id) {
            let (one, other) = (id.min(other), id.max(other));
            return Err(Error::Malformed(format!("role `{role}` has one public key under two ids: {one} and {other}")));
        }
    }
    Ok(())
}

/// RFC 8410 §4: what stands before the 32 octets of an Ed25519 key in its SubjectPublicKeyInfo.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key's SubjectPublicKeyInfo, however it is written: as PEM, or as the hexadecimal digits of Ed25519.
fn octets(public: &str) -> Vec<u8> {
    if let Ok(spki) = SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()) {
        return spki.to_vec();
    }
    let digits = public.trim().as_bytes();
    let raw: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    match raw {
        Some(raw) => ED25519.into_iter().chain(raw).collect(),
        None => digits.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    // The same key of RFC 8032 §7.1 as a SubjectPublicKeyInfo.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\\n-----END PUBLIC KEY-----\\n";

    fn root(one: &str, other: &str, keyids: &str) -> Result<(), Error> {
        let text = format!(
            r#"{{"signed":{{"keys":{{"a":{{"keyval":{{"public":"{one}"}}}},"b":{{"keyval":{{"public":"{other}"}}}}}},
            "roles":{{"root":{{"keyids":{keyids},"threshold":2}}}}}}}}"#
        );
        check("root.json", text.as_bytes())
    }

    #[test]
    fn a235_one_public_key_under_two_ids_is_refused_however_it_is_written() {
        assert!(root(RAW, RAW, r#"["a","b"]"#).is_err());
        assert!(root(RAW, &RAW.to_uppercase(), r#"["a","b"]"#).is_err());
        assert!(root(RAW, PEM, r#"["a","b"]"#).is_err());
        assert!(root(RAW, &RAW.replace('d', "e"), r#"["a","b"]"#).is_ok());
        assert!(root(RAW, RAW, r#"["a","a"]"#).is_ok(), "one id is one signature, which the workflow counts");
    }

    #[test]
    fn a235_the_same_holds_for_delegated_roles() {
        let text = format!(
            r#"{{"signed":{{"delegations":{{"keys":{{"a":{{"keyval":{{"public":"{RAW}"}}}},"b":{{"keyval":{{"public":"{RAW}"}}}}}},
            "roles":[{{"name":"x","keyids":["a","b"]}}]}}}}}}"#
        );
        assert!(
            matches!(check("targets.json", text.as_bytes()), Err(Error::Malformed(what)) if what.contains("role `x`"))
        );
    }

    #[test]
    fn duplicate_keys_of_an_object_are_refused() {
        assert!(check("root.json", br#"{"signed":{"version":1,"version":2}}"#).is_err());
    }
}
