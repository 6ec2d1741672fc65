//! Trust domains: one Sigstore instance and its trusted root each.
//!
//! Roots are never pooled: a bundle verifies wholly inside one domain, so that one instance's certificate authority
//! cannot speak for another instance's issuers (A131). This module reads a root's document; the keys and certificates in
//! it are prepared by [`crate::verify::Domain`].

mod content;
mod embedded;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::json;
use crate::oci::{Algorithm, Digest};

pub use content::{Contents, Service};
pub use embedded::{Instance, UnknownInstance};

/// Media types of trusted roots that can be read (protobuf-specs `sigstore_trustroot.proto`).
const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// The fields of a trusted root (protobuf-specs `sigstore_trustroot.proto`, `TrustedRoot`).
const FIELDS: [&str; 5] = ["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"];

/// A trusted root, read and named, its keys not yet prepared.
#[derive(Debug, Clone)]
pub struct TrustRoot {
    /// The domain's name: `public-good`, `github`, `staging`, the address of a TUF repository, or the file's path.
    pub domain: String,
    /// `embedded`, `cache`, or the file's path.
    pub source: String,
    /// The SHA-256 of the document as read, as hexadecimal digits.
    pub sha256: String,
    /// When the root was last known to be current.
    pub updated_at: Option<Timestamp>,
    document: Value,
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not JSON, or JSON that two programs may read differently.
    #[error("trusted root `{source_name}` is not a JSON document that can be read safely")]
    Json {
        /// Where it came from.
        source_name: String,
        /// What is wrong.
        #[source]
        error: json::Error,
    },
    /// Another kind of document, or a version from the future.
    #[error(
        "trusted root `{source_name}` has media type `{found}`; expected `application/vnd.dev.sigstore.trustedroot+json;version=0.1`"
    )]
    MediaType {
        /// Where it came from.
        source_name: String,
        /// Its media type, or `none`.
        found: String,
    },
    /// A field that must be there is not, or has another form.
    #[error("trusted root `{source_name}`: {what}")]
    Malformed {
        /// Where it came from.
        source_name: String,
        /// What is wrong, and where in the document.
        what: String,
    },
}

impl TrustRoot {
    /// Reads the JSON of a trusted root.
    pub fn parse(domain: &str, source: &str, bytes: &[u8]) -> Result<Self, TrustError> {
        let source_name = source.to_owned();
        let mut document: Value =
            json::from_slice(bytes).map_err(|error| TrustError::Json { source_name: source_name.clone(), error })?;
        let found = document.get("mediaType").and_then(Value::as_str).unwrap_or("none");
        if !MEDIA_TYPES.contains(&found) {
            return Err(TrustError::MediaType { source_name, found: found.to_owned() });
        }
        complete(&mut document).map_err(|what| TrustError::Malformed { source_name, what })?;
        Ok(Self {
            domain: domain.to_owned(),
            source: source.to_owned(),
            sha256: Digest::of(Algorithm::Sha256, bytes).hex().to_owned(),
            updated_at: None,
            document,
        })
    }

    /// Whether this is the root of an instance that comes with the program, embedded or renewed: what such a root has and
    /// lacks is known, while that of any other is worth a word.
    pub fn is_of_embedded_instance(&self) -> bool {
        matches!(self.source.as_str(), "embedded" | "cache") && self.domain.parse::<Instance>().is_ok()
    }

    /// Returns the document, completed where real roots leave out what no verdict rests on.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// Fills in the addresses that some instances leave out, and refuses validity windows without a start.
///
/// Addresses are names for people here: nothing is ever fetched from them. Tekton's roots have none.
fn complete(document: &mut Value) -> Result<(), String> {
    refuse_unknown_fields(document)?;
    for (list, address) in [
        ("tlogs", "baseUrl"),
        ("ctlogs", "baseUrl"),
        ("certificateAuthorities", "uri"),
        ("timestampAuthorities", "uri"),
    ] {
        for (position, entry) in entries(document, list)?.iter_mut().enumerate() {
            let place = format!("{list}[{position}]");
            let entry = entry.as_object_mut().ok_or_else(|| format!("{place} is not an object"))?;
            if entry.get(address).is_none_or(Value::is_null) {
                entry.insert(address.to_owned(), Value::String(String::new()));
            }
            check_objects(entry, &place)?;
            check_window(entry, &place)?;
            if let Some(key) = entry.get("publicKey").and_then(Value::as_object) {
                check_window(key, &format!("{place}.publicKey"))?;
            }
        }
    }
    Ok(())
}

/// A misspelt list would be an empty one, and an empty list of logs does away with the demand for a log.
fn refuse_unknown_fields(document: &Value) -> Result<(), String> {
    let fields = document.as_object().into_iter().flat_map(Map::keys);
    match fields.into_iter().find(|field| !FIELDS.contains(&field.as_str())) {
        Some(field) => Err(format!("`{field}` is no field of a trusted root")),
        None => Ok(()),
    }
}

fn entries<'a>(document: &'a mut Value, list: &str) -> Result<&'a mut [Value], String> {
    match document.get_mut(list) {
        None => Ok(&mut []),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(format!("`{list}` is not a list")),
    }
}

/// A key that is no object is an error here, and not one of a kind that is not known (A291).
fn check_objects(entry: &Map<String, Value>, place: &str) -> Result<(), String> {
    let wrong = ["publicKey", "logId", "certChain", "subject", "validFor"]
        .into_iter()
        .find(|field| entry.get(*field).is_some_and(|value| !value.is_object() && !value.is_null()));
    match wrong {
        Some(field) => Err(format!("{place}.{field} is not an object")),
        None => Ok(()),
    }
}

/// protobuf-specs `sigstore_common.proto`, `TimeRange`: the start is required; "A missing start is malformed" (A115).
fn check_window(entry: &Map<String, Value>, place: &str) -> Result<(), String> {
    let Some(window) = entry.get("validFor").filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let time = |key: &str| match window.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            text.parse::<Timestamp>().map(Some).map_err(|_| format!("{place}.validFor.{key} `{text}` is not a time"))
        }
        Some(_) => Err(format!("{place}.validFor.{key} is not a time")),
    };
    match (time("start")?, time("end")?) {
        (None, _) => Err(format!("{place}.validFor has no start")),
        (Some(start), Some(end)) if end < start => Err(format!("{place}.validFor ends before it starts")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TrustRoot, TrustError> {
        TrustRoot::parse("test", "test.json", text.as_bytes())
    }

    const HEAD: &str = r#""mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1""#;

    #[test]
    fn a249_an_unknown_media_type_is_refused() {
        let error = parse(r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=9"}"#);
        assert!(matches!(error, Err(TrustError::MediaType { .. })));
        assert!(matches!(parse("{}"), Err(TrustError::MediaType { .. })));
    }

    #[test]
    fn a115_a_window_without_a_start_is_refused() {
        for window in [
            r#"{"end":"2026-01-01T00:00:00Z"}"#,
            r#"{"start":"soon"}"#,
            r#"{"start":"2026-01-02T00:00:00Z","end":"2026-01-01T00:00:00Z"}"#,
        ] {
            let text = format!(r#"{{{HEAD},"certificateAuthorities":[{{"validFor":{window}}}]}}"#);
            assert!(matches!(parse(&text), Err(TrustError::Malformed { .. })), "{window}");
        }
    }

    #[test]
    fn a291_what_is_an_object_is_refused_as_a_list() {
        for field in ["publicKey", "logId", "validFor"] {
            let error = parse(&format!(r#"{{{HEAD},"tlogs":[{{"{field}":["AAAA"]}}]}}"#)).expect_err(field);
            assert!(error.to_string().contains(&format!("tlogs[0].{field} is not an object")), "{error}");
        }
        assert!(parse(&format!(r#"{{{HEAD},"tlogs":[["https://log.example"]]}}"#)).is_err());
        assert!(parse(&format!(r#"{{{HEAD},"certificateAuthorities":[{{"subject":null}}]}}"#)).is_ok());
    }

    #[test]
    fn missing_addresses_are_filled_in() {
        let root = parse(&format!(r#"{{{HEAD},"tlogs":[{{}}]}}"#)).expect("a root");
        assert_eq!(root.document()["tlogs"][0]["baseUrl"], "");
    }

    #[test]
    fn a_misspelt_list_does_not_do_away_with_the_log() {
        let error = parse(&format!(r#"{{{HEAD},"tlog":[]}}"#));
        assert!(
            matches!(error, Err(TrustError::Malformed { what, .. }) if what == "`tlog` is no field of a trusted root")
        );
    }

    #[test]
    fn duplicate_keys_are_refused() {
        assert!(matches!(parse(&format!(r#"{{{HEAD},"tlogs":[],"tlogs":[]}}"#)), Err(TrustError::Json { .. })));
    }
}
