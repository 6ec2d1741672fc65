//! The in-toto statement inside a DSSE envelope, and its subjects.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::check::{CheckId, Finding};
use crate::json;
use crate::oci::{Algorithm, Digest, decode_hex};

use super::newer;

/// The only payload type of a statement (client-spec §4.5: "MUST be `application/vnd.in-toto+json`").
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Subjects that one statement may have.
const MAX_SUBJECTS: usize = 1024;
/// Digests that one subject may have.
const MAX_DIGESTS: usize = 32;

/// in-toto `spec/v1/statement.md`, and the older version that cosign and slsa-github-generator still write.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];

/// A statement, read. The predicate is borrowed from the payload, which may be large.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) predicate_type: String,
    /// The JSON text of the predicate; `null` where there is none.
    pub(crate) predicate: &'a str,
    subjects: Vec<WireSubject>,
}

#[derive(Deserialize)]
struct WireStatement<'a> {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    subject: Option<Vec<WireSubject>>,
    #[serde(default, borrow)]
    predicate: Option<&'a RawValue>,
}

/// Names are for people: subjects match by digest alone (statement.md; A098).
#[derive(Debug, Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    digest: Option<serde_json::Map<String, Value>>,
}

impl<'a> Statement<'a> {
    /// Reads the payload of an envelope.
    pub(crate) fn read(payload_type: &str, payload: &'a [u8]) -> Result<Self, Finding> {
        if payload_type != PAYLOAD_TYPE {
            return Err(Finding::fail(
                CheckId::PayloadFormat,
                "the envelope's payload type is not that of an in-toto statement",
            )
            .expected(PAYLOAD_TYPE)
            .found(payload_type));
        }
        let wire: WireStatement<'_> = json::from_slice(payload).map_err(|error| {
            newer_version(payload).unwrap_or_else(|| {
                Finding::fail(CheckId::PayloadFormat, "the in-toto statement cannot be read").found(error.to_string())
            })
        })?;
        if let Some(finding) = newer_version(payload).filter(|_| !TYPES.contains(&wire.kind.as_str())) {
            return Err(finding);
        }
        if !TYPES.contains(&wire.kind.as_str()) {
            return Err(Finding::fail(CheckId::PayloadFormat, "the in-toto statement is of an unknown version")
                .expected(TYPES.join(" or "))
                .found(wire.kind));
        }
        let subjects = wire.subject.unwrap_or_default();
        if subjects.len() > MAX_SUBJECTS {
            return Err(limit(format!("the statement has {} subjects; the limit is {MAX_SUBJECTS}", subjects.len())));
        }
        if subjects.iter().any(|subject| subject.digest.is_none()) {
            return Err(Finding::fail(CheckId::PayloadFormat, "a subject of the in-toto statement has no digest"));
        }
        for subject in &subjects {
            let digests = subject.digest.as_ref().map_or(0, serde_json::Map::len);
            if digests > MAX_DIGESTS {
                return Err(limit(format!("a subject has {digests} digests; the limit is {MAX_DIGESTS}")));
            }
        }
        Ok(Self {
            predicate_type: wire.predicate_type,
            predicate: wire.predicate.map_or("null", RawValue::get),
            subjects,
        })
    }

    /// Whether a subject states a digest of this algorithm.
    pub(crate) fn states(&self, algorithm: Algorithm) -> bool {
        self.subjects.iter().filter_map(|subject| subject.digest.as_ref()).any(|set| set.contains_key(algorithm.name()))
    }

    /// Checks that the statement is about the thing with these digests, an image or some other `thing`. The first one
    /// names it; if its content is available, there may be more, each by another algorithm.
    ///
    /// in-toto `digest_set.md`: two sets match if any digest of an accepted algorithm does; unrecognised algorithms
    /// are ignored. Values are compared as bytes, so upper-case digits match and prefixes do not (A099–A101). A subject that
    /// contradicts another digest of the thing is about nothing that there is.
    pub(crate) fn check_subject(&self, digests: &[Digest], thing: &str) -> Finding {
        let [digest, ..] = digests else {
            return Finding::error(CheckId::SubjectDigest, "no digest is known to compare the statement with");
        };
        if self.subjects.iter().any(|subject| subject.is_about(digests)) {
            let about =
                || Finding::pass(CheckId::SubjectDigest, format!("the statement is about this {thing}")).about(digest);
            return self.subjects.iter().find_map(WireSubject::malformed).unwrap_or_else(about);
        }
        let values = |digest: &Digest| {
            let algorithm = digest.algorithm().name();
            let stated =
                self.subjects.iter().filter_map(move |subject| subject.digest.as_ref()?.get(algorithm)?.as_str());
            stated.map(|value| format!("{algorithm}:{value}")).collect::<Vec<_>>()
        };
        let found = match digests.iter().map(values).find(|values| !values.is_empty()) {
            Some(values) => format!("{}{}", values[0], others(values.len() - 1)),
            None => format!("no {} digest in {} subjects", digest.algorithm().name(), self.subjects.len()),
        };
        Finding::fail(CheckId::SubjectDigest, "the statement is about something else")
            .about(digest)
            .expected(digest.to_string())
            .found(found)
            .next(format!("it was made for another {thing}: attest this one, by digest"))
    }
}

impl Statement<'_> {
    /// Checks that a subject with these digests has this very name. One subject must have both: what another is called says nothing.
    pub(crate) fn check_name(&self, digests: &[Digest], name: &str) -> Finding {
        let about = self.subjects.iter().filter(|subject| subject.is_about(digests));
        let names: Vec<&str> = about.filter_map(|subject| subject.name.as_str()).collect();
        if names.contains(&name) {
            return Finding::pass(CheckId::SubjectName, format!("the statement names {name}"));
        }
        let found =
            names.first().map_or_else(|| "no name".to_owned(), |first| format!("{first}{}", others(names.len() - 1)));
        Finding::fail(CheckId::SubjectName, "the statement is about a package of another name or version")
            .expected(name)
            .found(found)
            .next("the tarball was published under another name too: find out which package it belongs to")
    }
}

impl WireSubject {
    /// Whether one of the digests is stated, and none of them contradicted.
    fn is_about(&self, digests: &[Digest]) -> bool {
        let stated = |digest: &Digest| {
            let value = self.digest.as_ref()?.get(digest.algorithm().name())?;
            Some(value.as_str().and_then(decode_hex).is_some_and(|found| found == digest.bytes()))
        };
        let mut compared = digests.iter().filter_map(stated).peekable();
        compared.peek().is_some() && compared.all(|is_equal| is_equal)
    }

    /// Whether the name or the digests have a wrong type. One such subject makes the whole statement malformed: other
    /// programs may read it differently.
    ///
    /// statement.md: "subject[*].digest … MUST be set"; digest_set.md: each value is a digest of that algorithm, as a string.
    fn malformed(&self) -> Option<Finding> {
        let finding = |expected: String, found: String| {
            let message = "a subject of the in-toto statement is malformed";
            Some(Finding::fail(CheckId::PayloadFormat, message).expected(expected).found(found))
        };
        if !matches!(self.name, Value::String(_)) && self.name != Value::Null {
            return finding("a name that is a string".to_owned(), self.name.to_string());
        }
        let digests = self.digest.iter().flatten();
        let wrong = digests.clone().find(|(algorithm, value)| !is_digest(algorithm, value));
        match wrong {
            Some((algorithm, value)) => finding(format!("a {algorithm} digest"), value.to_string()),
            None if digests.count() == 0 => finding("at least one digest".to_owned(), "none".to_owned()),
            None => None,
        }
    }
}

/// Whether a value may be a digest by an algorithm. Of algorithms that are not known here that is any text.
fn is_digest(algorithm: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let length = match algorithm {
        "sha256" => 32,
        "sha384" => 48,
        "sha512" => 64,
        _ => return true,
    };
    decode_hex(text).is_some_and(|bytes| bytes.len() == length)
}

fn others(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {count} more") }
}

fn limit(message: String) -> Finding {
    Finding::error(CheckId::PayloadFormat, message)
}

/// A statement that states a newer version, with any content: this program is the older one (A309).
fn newer_version(payload: &[u8]) -> Option<Finding> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "_type")]
        kind: String,
    }
    let Named { kind } = json::from_slice(payload).ok()?;
    newer::is_statement(&kind).then(|| {
        Finding::error(CheckId::PayloadFormat, "the in-toto statement is of a newer version than is known here")
            .expected(TYPES.join(" or "))
            .found(kind)
            .next("use a newer version of this program")
    })
}

/// The predicate type that an unverified payload claims. It names the candidate in the report and proves nothing.
pub(super) fn claimed_predicate_type(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    json::from_part::<Claimed>(std::str::from_utf8(payload).ok()?).ok().map(|claimed| claimed.predicate_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest::of(Algorithm::Sha256, b"image")
    }

    fn statement(subject: &str) -> String {
        format!(r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"p","subject":{subject}}}"#)
    }

    fn outcome(subject: &str) -> bool {
        let text = statement(subject);
        let read = Statement::read(PAYLOAD_TYPE, text.as_bytes()).expect("a statement");
        !read.check_subject(&[digest()], "image").is_blocking()
    }

    fn refusal(payload_type: &str, payload: &str) -> Finding {
        Statement::read(payload_type, payload.as_bytes()).expect_err("the statement must be refused")
    }

    #[test]
    fn a102_any_subject_may_match() {
        let hex = digest().hex().to_owned();
        assert!(outcome(&format!(
            r#"[{{"digest":{{"sha256":"{}"}}}},{{"name":"x","digest":{{"md5":"?","sha256":"{hex}"}}}},{{"digest":{{"gitCommit":""}}}}]"#,
            "00".repeat(32)
        )));
    }

    #[test]
    fn a097_no_subject_is_no_match() {
        for subject in ["[]", "null", r#"[{"digest":{}}]"#] {
            assert!(!outcome(subject), "{subject}");
        }
        // statement.md: "subject[*].digest … MUST be set": what else the statement names does not mend it.
        for subject in ["[null]", r#"[{"name":"x"}]"#, r#"[{"digest":null}]"#] {
            assert_eq!(refusal(PAYLOAD_TYPE, &statement(subject)).check, CheckId::PayloadFormat, "{subject}");
        }
    }

    #[test]
    fn a097_a_good_subject_does_not_mend_a_malformed_one() {
        let good = format!(r#"{{"digest":{{"sha256":"{}"}}}}"#, digest().hex());
        for subject in [r#"{"name":"x","digest":{"md5":"00"}}"#, r#"{"name":null,"digest":{"gitCommit":""}}"#] {
            assert!(outcome(&format!("[{good},{subject}]")), "{subject}");
        }
        for subject in [
            r#"{"digest":{}}"#,
            r#"{"digest":{"md5":7}}"#,
            r#"{"digest":{"md5":null}}"#,
            r#"{"digest":{"sha256":"00"}}"#,
            r#"{"digest":{"sha512":"00"}}"#,
            r#"{"name":7,"digest":{"md5":"00"}}"#,
        ] {
            let text = statement(&format!("[{good},{subject}]"));
            let read = Statement::read(PAYLOAD_TYPE, text.as_bytes()).expect("a statement");
            let finding = read.check_subject(&[digest()], "image");
            assert_eq!((finding.check, finding.is_blocking()), (CheckId::PayloadFormat, true), "{subject}");
        }
    }

    #[test]
    fn a099_a_digest_under_another_algorithm_is_no_match() {
        let hex = digest().hex().to_owned();
        for name in ["sha512", "md5", "gitCommit", "SHA256"] {
            assert!(!outcome(&format!(r#"[{{"digest":{{"{name}":"{hex}"}}}}]"#)), "{name}");
        }
    }

    #[test]
    fn a_file_is_named_by_any_digest_that_nothing_beside_it_contradicts() {
        let digests = Algorithm::ALL.map(|algorithm| Digest::of(algorithm, b"image"));
        let [sha256, sha384, sha512] = &digests;
        let about = |subject: &str| {
            let text = statement(&format!("[{subject}]"));
            let read = Statement::read(PAYLOAD_TYPE, text.as_bytes()).expect("a statement");
            !read.check_subject(&digests, "file").is_blocking()
        };
        for digest in &digests {
            let (name, hex) = (digest.algorithm().name(), digest.hex());
            assert!(about(&format!(r#"{{"digest":{{"{name}":"{hex}"}}}}"#)), "{name}");
            assert!(!about(&format!(r#"{{"digest":{{"{name}":"{}"}}}}"#, "0".repeat(hex.len()))), "{name}");
        }
        let both = |one: &str, other: &str| about(&format!(r#"{{"digest":{{"sha256":"{one}","sha512":"{other}"}}}}"#));
        assert!(both(sha256.hex(), sha512.hex()));
        assert!(!both(sha256.hex(), &"0".repeat(128)) && !both(&"0".repeat(64), sha512.hex()));
        assert!(!about(&format!(r#"{{"digest":{{"sha512":"{}"}}}}"#, sha384.hex())));
    }

    #[test]
    fn a101_digests_are_compared_as_bytes() {
        let hex = digest().hex().to_owned();
        assert!(outcome(&format!(r#"[{{"digest":{{"sha256":"{}"}}}}]"#, hex.to_uppercase())));
        assert!(!outcome(&format!(r#"[{{"digest":{{"sha256":"sha256:{hex}"}}}}]"#)));
        assert!(!outcome(r#"[{"digest":{"sha256":7}}]"#));
    }

    #[test]
    fn a077_other_payload_types_are_refused() {
        for payload_type in ["application/json", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json "] {
            assert_eq!(refusal(payload_type, &statement("[]")).found.as_deref(), Some(payload_type));
        }
    }

    #[test]
    fn a095_only_two_statement_versions_are_known() {
        let evil = statement("[]").replace("in-toto.io/Statement/v1", "evil.example/Statement/v1");
        assert!(refusal(PAYLOAD_TYPE, &evil).message.contains("unknown version"));
        assert!(Statement::read(PAYLOAD_TYPE, statement("[]").replace("/v1", "/v0.1").as_bytes()).is_ok());
    }

    #[test]
    fn a103_too_many_subjects_cannot_be_decided() {
        let many = format!("[{}]", vec![r#"{"digest":{}}"#; 1025].join(","));
        assert_eq!(refusal(PAYLOAD_TYPE, &statement(&many)).outcome, crate::check::Outcome::Error);
    }

    #[test]
    fn a107_duplicate_keys_are_refused() {
        let twice = statement("[]").replace(r#""predicateType":"p""#, r#""predicateType":"p","predicateType":"q""#);
        assert!(refusal(PAYLOAD_TYPE, &twice).found.expect("what was found").contains("duplicate key"));
    }
}
