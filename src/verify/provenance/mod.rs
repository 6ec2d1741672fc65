//! SLSA provenance: v0.2 and v1 read into one [`Provenance`].
//!
//! What it says is the builder's word. Verified is who said it; what can be compared with the certificate is compared.

mod builders;
mod model;
mod rules;
mod source;
mod v02;
mod v1;

use serde_json::value::RawValue;

use crate::check::{CheckId, Finding, ProvenanceReport};
use crate::policy::{SourceRule, TextRule};

use super::certificate::Leaf;
use super::predicate::Question;
use super::signer::same_repository;

pub(super) use model::{Build, Provenance};
pub(super) use source::Source;

/// The predicate types that can be read. TypeURIs are compared whole and case-sensitively (A094).
const V1: &str = "https://slsa.dev/provenance/v1";
const V02: &str = "https://slsa.dev/provenance/v0.2";
/// Drafts, refused by name.
const DRAFTS: [&str; 1] = ["https://slsa.dev/provenance/v0.1"];

/// Whether a predicate type is provenance, readable or not.
pub(super) fn is_provenance(predicate_type: &str) -> bool {
    [V1, V02].contains(&predicate_type) || DRAFTS.contains(&predicate_type)
}

/// A source repository as far as a provenance states one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stated {
    /// It states this one.
    Source(Source),
    /// It states this text, which cannot be read in one way.
    Unreadable(String),
    /// It states none where its build type has a place for one.
    Nothing,
}

impl Stated {
    fn read(text: Option<&str>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            None => Self::Nothing,
            Some(text) => Source::parse(text).map_or_else(|| Self::Unreadable(text.to_owned()), Self::Source),
        }
    }

    fn source(&self) -> Option<&Source> {
        match self {
            Self::Source(source) => Some(source),
            Self::Unreadable(_) | Self::Nothing => None,
        }
    }
}

impl Provenance {
    /// Reads a predicate of a provenance type.
    pub(super) fn read(predicate_type: &str, predicate: Option<&RawValue>) -> Result<Self, Finding> {
        let text = predicate.map_or("null", RawValue::get);
        let read = match predicate_type {
            V1 => v1::read(text),
            V02 => v02::read(text),
            other => {
                return Err(Finding::error(
                    CheckId::ProvenanceFormat,
                    "this version of SLSA provenance is not supported",
                )
                .expected("SLSA v0.2 or v1")
                .found(other)
                .next("build with a builder that writes SLSA v1"));
            }
        };
        read.map_err(|reason| {
            Finding::fail(CheckId::ProvenanceFormat, "the provenance cannot be read")
                .expected(format!("a predicate of {predicate_type}"))
                .found(reason)
        })
    }

    /// Judges it: by the certificate of its signer, and by what is asked.
    pub(super) fn judge(&self, question: &Question<'_>) -> Vec<Finding> {
        let leaf = question.verified.leaf();
        let pinned = question.expected.and_then(|expected| expected.signer.source());
        let mut findings = vec![
            Finding::pass(CheckId::ProvenanceFormat, format!("SLSA {}", self.version)),
            self.check_builder(leaf),
            self.check_source(leaf, pinned),
        ];
        findings.extend(rules::judge(self, question));
        findings
    }

    /// Checks that the builder is not somebody else than the signer.
    ///
    /// build-provenance.md: "Consumers MUST accept only specific signer-builder pairs" (A206). A workflow's builder id is
    /// the workflow itself; a workflow can name another one there, and only the certificate says which it was.
    fn check_builder(&self, leaf: Option<&Leaf>) -> Finding {
        const WORKFLOWS: &str = "/.github/workflows/";
        let Some(leaf) = leaf else {
            let message = "it was signed with a key, which names nobody that the builder could be compared with";
            return Finding::skip(CheckId::ProvenanceBuilder, message);
        };
        let repository_of = |name: &str| name.split_once(WORKFLOWS).map(|(repository, _)| repository.to_owned());
        let (Some(claimed), Some(signer)) = (repository_of(&self.builder), repository_of(&leaf.identity)) else {
            let message = "builder and signer are not both workflows that could be compared";
            return Finding::skip(CheckId::ProvenanceBuilder, message);
        };
        if same_repository(&claimed, &signer) {
            return Finding::pass(CheckId::ProvenanceBuilder, format!("built by {}", self.builder));
        }
        Finding::fail(CheckId::ProvenanceBuilder, "the provenance names a builder that did not sign it")
            .expected(format!("a workflow of the signer's repository: {}", leaf.identity))
            .found(&self.builder)
            .next("whoever signed it claims to be that builder: do not trust this provenance")
    }

    /// Compares the source that the provenance states with the policy's and the certificate's.
    fn check_source(&self, leaf: Option<&Leaf>, pinned: Option<&SourceRule>) -> Finding {
        let certified = leaf.and_then(Leaf::source_repository).map(|repository| {
            if repository.starts_with("https://github.com/") {
                TextRule::exact_ignoring_case(repository)
            } else {
                TextRule::exact(repository)
            }
        });
        // A pattern of the policy lets several through, of which the certificate says which it was.
        let pinned = pinned.map(|source| &source.repository);
        let (expected, who) = match (pinned, &certified) {
            (Some(rule), Some(certified)) if !rule.is_exact() => (certified, "the certificate"),
            (Some(rule), _) => (rule, "the policy"),
            (None, Some(certified)) => (certified, "the certificate"),
            (None, None) => {
                let message = "neither the policy nor the certificate names a source repository";
                return Finding::skip(CheckId::ProvenanceSource, message);
            }
        };
        let found = match &self.source {
            Stated::Nothing => {
                return Finding::skip(CheckId::ProvenanceSource, "the provenance does not state a source repository");
            }
            Stated::Unreadable(text) => text,
            Stated::Source(source) if expected.matches(&source.repository) => {
                let message = format!("built from {}, as {who} says", source.repository);
                return Finding::pass(CheckId::ProvenanceSource, message);
            }
            Stated::Source(source) => &source.repository,
        };
        Finding::fail(CheckId::ProvenanceSource, format!("the provenance names another source repository than {who}"))
            .expected(expected.to_string())
            .found(found)
            .next("the image was built from something else than its signer's repository: ask its maker why")
    }

    /// Returns what a report says of it.
    pub(super) fn report(&self) -> ProvenanceReport {
        ProvenanceReport {
            version: self.version.to_owned(),
            builder: self.builder.clone(),
            build_type: self.build_type.clone(),
            source: self.source.source().map(|source| source.repository.clone()),
            reference: self.source.source().and_then(|source| source.reference.clone()),
            commit: self.commit.clone(),
            parameters: self.parameters.clone(),
        }
    }
}

/// A required text: missing, null and empty are the same (build-provenance.md, "Parsing rules"; A214).
fn required(text: Option<String>, field: &str) -> Result<String, String> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| format!("`{field}` is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(predicate_type: &str, text: &str) -> Result<Provenance, Finding> {
        let raw = RawValue::from_string(text.to_owned()).expect("JSON");
        Provenance::read(predicate_type, Some(&raw))
    }

    #[test]
    fn slsa_v1_is_read_as_github_writes_it() {
        let provenance = read(V1, r#"{
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/shop", "path": ".github/workflows/r.yml"}},
                "resolvedDependencies": [{"uri": "git+https://github.com/acme/shop@refs/tags/v1", "digest": {"gitCommit": "aa11"}}]
            },
            "runDetails": {"builder": {"id": "https://github.com/acme/shop/.github/workflows/r.yml@refs/tags/v1"}}
        }"#).expect("provenance");
        let source = provenance.source.source().expect("a source");
        assert_eq!(source.repository, "https://github.com/acme/shop");
        assert_eq!(source.reference.as_deref(), Some("refs/tags/v1"));
        assert_eq!(provenance.commit.as_deref(), Some("aa11"));
    }

    #[test]
    fn slsa_v02_is_read_as_the_generator_writes_it() {
        let provenance = read(V02, r#"{
            "builder": {"id": "b"}, "buildType": "t", "materials": null,
            "invocation": {"configSource": {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"sha1": "bb22"}}, "parameters": {}}
        }"#).expect("provenance");
        assert_eq!(provenance.source.source().expect("a source").repository, "https://github.com/acme/shop");
        assert_eq!(provenance.commit.as_deref(), Some("bb22"));
    }

    #[test]
    fn a213_a_predicate_under_the_other_version_is_refused() {
        assert!(read(V1, r#"{"builder":{"id":"b"},"buildType":"t"}"#).is_err());
        assert!(read(V02, r#"{"buildDefinition":{"buildType":"t"},"runDetails":{"builder":{"id":"b"}}}"#).is_err());
    }

    #[test]
    fn a214_a_missing_null_or_empty_builder_is_refused() {
        for builder in ["{}", r#"{"builder":null}"#, r#"{"builder":{"id":null}}"#, r#"{"builder":{"id":""}}"#] {
            let text = format!(r#"{{"buildDefinition":{{"buildType":"t"}},"runDetails":{builder}}}"#);
            assert_eq!(
                read(V1, &text).expect_err("refused").found.as_deref(),
                Some("`runDetails.builder.id` is missing")
            );
        }
        assert!(Provenance::read(V1, None).is_err());
    }

    #[test]
    fn a094_predicate_types_are_compared_whole() {
        for near in [
            "https://slsa.dev/provenance/v1 ",
            "HTTPS://slsa.dev/provenance/v1",
            "https://slsa.dev/provenance/v1.0",
            "https://slsa.dev/provenance/v10",
            "https://slsa.dev/provenance/v1/",
        ] {
            assert!(!is_provenance(near), "{near}");
        }
        assert!(is_provenance("https://slsa.dev/provenance/v0.1"), "a draft is provenance that cannot be read");
    }
}
