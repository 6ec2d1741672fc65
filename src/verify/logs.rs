//! Checks the logs of a trusted root against their ids.

use serde_json::Value;

use crate::oci::{Algorithm, Digest, encode_hex};

use super::entity::decode_base64;

/// The lists of logs.
pub(super) const LISTS: [&str; 2] = ["tlogs", "ctlogs"];

/// The DER of `AlgorithmIdentifier { rsaEncryption, NULL }`.
const RSA_ENCRYPTION: [u8; 15] = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];

/// Refuses a root in which two logs of a list have one id: which key an id stands for must not depend on who reads it.
pub(super) fn check_duplicates(document: &Value) -> Result<(), String> {
    for list in LISTS {
        let mut seen = Vec::new();
        for (position, log) in document[list].as_array().into_iter().flatten().enumerate() {
            let id = bytes(&log["logId"]["keyId"]);
            if seen.contains(&id) {
                return Err(format!("duplicate log id: {list}[{position}] has that of an earlier log"));
            }
            seen.push(id);
        }
    }
    Ok(())
}

/// Refuses a root in which a log has an id that is not of its key.
pub(super) fn check_ids(document: &Value) -> Result<(), String> {
    for list in LISTS {
        for (position, log) in document[list].as_array().into_iter().flatten().enumerate() {
            let (id, key) = (bytes(&log["logId"]["keyId"]), bytes(&log["publicKey"]["rawBytes"]));
            if !ids(&key, host(log["baseUrl"].as_str().unwrap_or_default())).contains(&id) {
                return Err(format!("{list}[{position}] has the log id {}, which is not of its key", encode_hex(&id)));
            }
        }
    }
    Ok(())
}

fn bytes(value: &Value) -> Vec<u8> {
    value.as_str().and_then(decode_base64).unwrap_or_default()
}

/// Returns the name that a log signs its checkpoints with: the host of its address. Empty without an address.
pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

/// Returns what a log at an address may call itself: its host, also with the port, or the address without a scheme.
pub(super) fn names(address: &str) -> [&str; 3] {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    [host(address), rest.split('/').next().unwrap_or_default(), rest]
}

/// Returns the ids that a key may have.
fn ids(key: &[u8], name: &str) -> Vec<Vec<u8>> {
    let hash = |parts: &[&[u8]]| Digest::of(Algorithm::Sha256, &parts.concat()).bytes();
    // RFC 6962 §3.2: "the SHA-256 hash of the log's public key, calculated over the DER encoding of the key represented as
    // SubjectPublicKeyInfo". Some roots hold an RSA key as PKCS #1.
    let mut ids = vec![hash(&[key]), hash(&[&public_key_info(key)])];
    // c2sp.org/signed-note: SHA-256(key name || 0x0A || signature type || public key). Type 1 is Ed25519, whose key is at the
    // end of its SubjectPublicKeyInfo; 2 is ECDSA; 255 is what has no number, here RSA.
    if let Some(raw) = key.last_chunk::<32>() {
        ids.push(hash(&[name.as_bytes(), b"\n\x01", raw]));
    }
    ids.push(hash(&[name.as_bytes(), b"\n\x02", key]));
    ids.push(hash(&[name.as_bytes(), b"\n\xffPKIX-RSA-PKCS#1v1.5", key]));
    ids
}

/// Wraps an `RSAPublicKey` of PKCS #1 in a `SubjectPublicKeyInfo`.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    let tagged = |tag: u8, content: &[u8]| -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let digits = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
        let short = content.len() < 128;
        let head = if short { Vec::new() } else { vec![0x80 | digits.len().to_le_bytes()[0]] };
        [&[tag], head.as_slice(), digits, content].concat()
    };
    tagged(0x30, &[RSA_ENCRYPTION.as_slice(), &tagged(0x03, &[&[0], key].concat())].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Instance;

    #[test]
    fn the_host_is_without_scheme_port_and_path() {
        for address in ["https://log.example", "https://log.example/", "http://log.example:8080/a?b#c", "log.example"] {
            assert_eq!(host(address), "log.example", "{address}");
        }
        assert_eq!(host(""), "");
    }

    #[test]
    fn a312_an_id_that_is_not_of_the_key_or_is_there_twice_is_refused() {
        for instance in Instance::ALL {
            let root = instance.root().expect("an embedded root");
            let checked = check_duplicates(root.document()).and_then(|()| check_ids(root.document()));
            assert_eq!(checked, Ok(()), "{instance}");
        }
        let root = Instance::PublicGood.root().expect("an embedded root");
        for list in LISTS {
            let mut twice = root.document().clone();
            let first = twice[list][0].clone();
            twice[list].as_array_mut().expect("a list").push(first);
            assert!(check_duplicates(&twice).is_err_and(|what| what.contains("duplicate log id")));
            let mut other = root.document().clone();
            other[list][0]["logId"] = other[list][1]["logId"].take();
            assert!(check_ids(&other).is_err_and(|what| what.contains("not of its key")));
        }
    }
}
