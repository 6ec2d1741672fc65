//! Trust domains: one Sigstore instance and its trusted root each.
//!
//! Roots are never pooled: a bundle verifies wholly inside one domain, so that one instance's certificate authority
//! cannot speak for another instance's issuers (A131). This module reads a root's document; the keys and certificates in
//! it are prepared by [`crate::verify::TrustDomain`].

mod content;
mod embedded;
mod schema;

use jiff::Timestamp;
use serde_json::Value;

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

/// Where a trusted root comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootOrigin {
    /// It came with the program.
    Embedded,
    /// A TUF repository gave it, and the cache kept it.
    Cached,
    /// The user gave it.
    Given,
}

/// A trusted root, read and named, its keys not yet prepared.
#[derive(Debug, Clone)]
pub struct TrustRoot {
    /// The domain's name: `public-good`, `github`, `staging`, the address of a TUF repository, or the file's path.
    pub domain: String,
    /// `embedded`, `cache`, or the file's path.
    pub source: String,
    /// Where it comes from.
    pub origin: RootOrigin,
    /// The SHA-256 of the document as read, as hexadecimal digits.
    pub sha256: String,
    /// When the root was last known to be current.
    pub updated_at: Option<Timestamp>,
    /// Fields that are left out, because nothing here knows them.
    pub warnings: Vec<String>,
    document: Value,
    bytes: Vec<u8>,
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not JSON, or JSON that two programs may read differently.
    #[error("trusted root `{source_name}` is not a JSON document that can be read safely")]
    Json {
        /// Where it came from.
        source_name: String,
        /// The document's error.
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
        /// The fault, and its place in the document.
        what: String,
    },
}

impl TrustError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "give the `trusted_root.json` of a Sigstore instance, such as `cosign trusted-root create` writes"
    }
}

impl TrustRoot {
    /// Reads the trusted roots of a file: one document, or several, one on each line, as `gh attestation trusted-root` prints
    /// them. Each of several is a domain of its own, named with its line.
    pub fn parse_all(domain: &str, source: &str, bytes: &[u8]) -> Result<Vec<Self>, TrustError> {
        let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
        let lines: Vec<(usize, &[u8])> = lines.filter(|(_, line)| !line.is_empty()).collect();
        // A document over several lines has no line that is a document itself.
        if lines.len() < 2 || json::check(lines[0].1).is_err() {
            return Ok(vec![Self::parse(domain, source, bytes)?]);
        }
        let mut roots: Vec<Self> = Vec::new();
        for (number, line) in lines {
            let at = |name: &str| format!("{name} line {}", number + 1);
            let root = Self::parse(&at(domain), &at(source), line)?;
            if roots.iter().all(|known| known.sha256 != root.sha256) {
                roots.push(root);
            }
        }
        Ok(roots)
    }

    /// Reads the JSON of a trusted root.
    pub fn parse(domain: &str, source: &str, bytes: &[u8]) -> Result<Self, TrustError> {
        let source_name = source.to_owned();
        let mut document: Value =
            json::from_slice(bytes).map_err(|error| TrustError::Json { source_name: source_name.clone(), error })?;
        let found = document.get("mediaType").and_then(Value::as_str).unwrap_or("none");
        if !MEDIA_TYPES.contains(&found) {
            return Err(TrustError::MediaType { source_name, found: found.to_owned() });
        }
        let warnings = schema::check(&mut document).map_err(|what| TrustError::Malformed { source_name, what })?;
        complete(&mut document);
        Ok(Self {
            domain: domain.to_owned(),
            source: source.to_owned(),
            origin: RootOrigin::Given,
            sha256: Digest::of(Algorithm::Sha256, bytes).hex().to_owned(),
            updated_at: None,
            warnings,
            document,
            bytes: bytes.to_owned(),
        })
    }

    /// Returns the bytes that it was read from.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this is the root of an instance that comes with the program, embedded or renewed: what such a root has and
    /// lacks is known, while that of any other is worth a word.
    pub fn is_of_embedded_instance(&self) -> bool {
        self.origin != RootOrigin::Given && self.domain.parse::<Instance>().is_ok()
    }

    /// Returns the document, completed where real roots leave out what no verdict rests on.
    pub fn document(&self) -> &Value {
        &self.document
    }
}

/// Fills in the addresses that some instances leave out.
///
/// Addresses are names for people here: nothing is ever fetched from them. Tekton's roots have none.
fn complete(document: &mut Value) {
    for (list, address) in [
        ("tlogs", "baseUrl"),
        ("ctlogs", "baseUrl"),
        ("certificateAuthorities", "uri"),
        ("timestampAuthorities", "uri"),
    ] {
        let entries = document.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for entry in entries.filter_map(Value::as_object_mut) {
            entry.entry(address).or_insert_with(|| Value::String(String::new()));
        }
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
        for field in ["publicKey", "logId", "checkpointKeyId"] {
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
            matches!(error, Err(TrustError::Malformed { what, .. }) if what.starts_with("`tlog` is not a field of a trusted root"))
        );
    }

    /// Every name of a window at every place where one stands, misspelt in the ways of people and of other formats.
    #[test]
    fn a312_a_misspelt_window_is_refused_at_every_depth() {
        let right = r#""validFor":{"start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z"}"#;
        let places: [&dyn Fn(&str) -> String; 4] = [
            &|window| format!(r#""certificateAuthorities":[{{{window}}}]"#),
            &|window| format!(r#""timestampAuthorities":[{{{window}}}]"#),
            &|window| format!(r#""tlogs":[{{"publicKey":{{{window}}}}}]"#),
            &|window| format!(r#""ctlogs":[{{"publicKey":{{{window}}}}}]"#),
        ];
        for place in places {
            let parse_with = |window: &str| parse(&format!("{{{HEAD},{}}}", place(window)));
            assert!(parse_with(right).is_ok());
            for (name, others) in [
                (
                    "validFor",
                    [
                        "valid_for",
                        "validfor",
                        "ValidFor",
                        "VALIDFOR",
                        "valid-for",
                        "validFr",
                        "validFors",
                        "valid",
                        "validity",
                    ],
                ),
                ("start", ["Start", "START", "start_", "strat", "starts", "notBefore", "begin", "from", "since"]),
                ("end", ["End", "END", "ends", "end_", "ned", "notAfter", "until", "to", "expires"]),
            ] {
                for other in others {
                    let wrong = right.replace(&format!("\"{name}\""), &format!("\"{other}\""));
                    let error = parse_with(&wrong).expect_err(&wrong).to_string();
                    assert!(
                        error.contains(&format!("{other}` is not a field")) || error.contains("has no start"),
                        "{error}"
                    );
                }
            }
        }
    }

    #[test]
    fn a312_a_known_field_in_another_place_is_refused() {
        let window = r#""validFor":{"start":"2026-01-01T00:00:00Z"}"#;
        for text in [
            format!(r#""tlogs":[{{{window}}}]"#),
            window.to_owned(),
            r#""certificateAuthorities":[{"certificates":[]}]"#.to_owned(),
            r#""ctlogs":[{"rawBytes":"AAAA"}]"#.to_owned(),
        ] {
            let error = parse(&format!("{{{HEAD},{text}}}")).expect_err(&text).to_string();
            assert!(error.contains("belongs elsewhere"), "{error}");
        }
    }

    #[test]
    fn a312_values_of_the_wrong_type_are_refused() {
        for text in [
            r#""tlogs":{}"#,
            r#""tlogs":[null]"#,
            r#""tlogs":[[]]"#,
            r#""tlogs":"""#,
            r#""ctlogs":[{"publicKey":[]}]"#,
            r#""ctlogs":[{"publicKey":{"rawBytes":"%"}}]"#,
            r#""ctlogs":[{"publicKey":{"rawBytes":7}}]"#,
            r#""ctlogs":[{"logId":"AAAA"}]"#,
            r#""certificateAuthorities":[{"certChain":[]}]"#,
            r#""certificateAuthorities":[{"certChain":"AAAA"}]"#,
            r#""certificateAuthorities":[{"certChain":{"certificates":{"rawBytes":"AAAA"}}}]"#,
            r#""certificateAuthorities":[{"certChain":{"certificates":["AAAA"]}}]"#,
            r#""certificateAuthorities":[{"validFor":[]}]"#,
            r#""certificateAuthorities":[{"validFor":["2026-01-01T00:00:00Z"]}]"#,
            r#""certificateAuthorities":[{"validFor":{}}]"#,
            r#""certificateAuthorities":[{"validFor":{"start":1767225600}}]"#,
            r#""certificateAuthorities":[{"validFor":{"start":"2026-01-01T00:00:00Z","end":false}}]"#,
            r#""certificateAuthorities":[{"uri":7}]"#,
        ] {
            assert!(matches!(parse(&format!("{{{HEAD},{text}}}")), Err(TrustError::Malformed { .. })), "{text}");
        }
    }

    /// proto3 JSON: "null is an accepted value for all field types and treated as the default value of the
    /// corresponding field type", and some libraries write `null` for unset fields.
    #[test]
    fn a312_null_is_the_same_as_nothing_where_nothing_is_demanded_or_limited() {
        let text =
            r#""certificateAuthorities":[{"operator":null,"validFor":{"start":"2026-01-01T00:00:00Z","end":null}}]"#;
        let root = parse(&format!("{{{HEAD},{text}}}")).expect("a root");
        assert_eq!(root.document()["certificateAuthorities"][0]["validFor"].get("end"), None);
        assert!(root.warnings.is_empty());
        for text in [
            r#""certificateAuthorities":[{"validFor":{"start":null}}]"#,
            r#""certificateAuthorities":[{"validFor":null}]"#,
            r#""ctlogs":[{"publicKey":{"validFor":null}}]"#,
            r#""tlogs":null"#,
            r#""timestampAuthorities":[{"certChain":{"certificates":null}}]"#,
        ] {
            assert!(parse(&format!("{{{HEAD},{text}}}")).is_err(), "{text}");
        }
    }

    #[test]
    fn a312_other_unknown_fields_are_left_out_with_a_warning() {
        let text = r#""operatorNotes":"x","tlogs":[{"region":{"validFor":"eu"}}]"#;
        let root = parse(&format!("{{{HEAD},{text}}}")).expect("a root");
        let expected = ["`operatorNotes`", "`tlogs[0].region`"];
        assert_eq!(root.warnings, expected.map(|field| format!("{field} is an unknown field, and counts for nothing")));
        let many: Vec<String> = (0..100).map(|number| format!(r#","note{number}":1"#)).collect();
        let root = parse(&format!("{{{HEAD}{}}}", many.concat())).expect("a root");
        assert_eq!(root.warnings.last().map(String::as_str), Some("80 more unknown fields count for nothing"));
    }

    #[test]
    fn a_file_may_hold_a_root_on_each_line_and_each_is_a_domain() {
        let all = |text: &str| TrustRoot::parse_all("x.jsonl", "x.jsonl", text.as_bytes());
        let (one, other) = (format!("{{{HEAD}}}"), format!(r#"{{{HEAD},"tlogs":[]}}"#));
        for text in [format!("{one}\n{other}\n"), format!("{one}\r\n\r\n{other}"), format!("{one}\n{one}\n{other}")] {
            let domains: Vec<String> = all(&text).expect(&text).into_iter().map(|root| root.domain).collect();
            assert_eq!((domains.len(), domains[0].as_str()), (2, "x.jsonl line 1"), "{text}");
        }
        for text in [format!("{one}\n"), format!("{{\n{HEAD}\n}}")] {
            assert_eq!(all(&text).expect(&text)[0].domain, "x.jsonl");
        }
        // One that cannot be read is never left out.
        let error = all(&format!("{one}\n{{")).expect_err("a broken line").to_string();
        assert!(error.contains("x.jsonl line 2"), "{error}");
        assert!(matches!(all(&format!("{one}\n{{}}")), Err(TrustError::MediaType { .. })));
        assert!(all("").is_err() && all(&format!("{{}}\n{one}")).is_err());
    }

    #[test]
    fn duplicate_keys_are_refused() {
        assert!(matches!(parse(&format!(r#"{{{HEAD},"tlogs":[],"tlogs":[]}}"#)), Err(TrustError::Json { .. })));
    }
}
