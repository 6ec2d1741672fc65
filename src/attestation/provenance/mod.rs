//! SLSA provenance: v0.2 and v1 read into one [`Provenance`].
//!
//! Its content is the builder's claim. Its signer is verified, and every claim that the certificate makes too is compared.

mod build_type;
mod builders;
mod certificate;
pub(crate) mod checks;
mod claims;
mod judge;
mod model;
mod predicate;
mod report;
pub(crate) mod rules;
pub(crate) mod section;
mod source;
pub(crate) mod types;
mod v02;
mod v1;

use crate::check::{CheckId, Finding};

use build_type::Meaning;
use claims::Property;
use predicate::Predicate;

use types::{V1, V02};

pub(crate) use model::{Build, Provenance};
pub(crate) use source::{Source, Stated};

impl Provenance {
    /// Reads a predicate of a provenance type.
    pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<Self, Finding> {
        let predicate = read_predicate(predicate_type, predicate)?;
        match predicate.missing() {
            Some(field) => Err(unreadable(predicate_type, format!("`{field}` is missing"))),
            None => Ok(Self::of(predicate)),
        }
    }

    /// Reads an unsigned provenance. BuildKit leaves out an unknown builder; nothing depends on it.
    pub(crate) fn read_unsigned(predicate_type: &str, predicate: &str) -> Option<Self> {
        read_predicate(predicate_type, predicate).ok().map(Self::of)
    }

    fn of(predicate: Predicate) -> Self {
        let Meaning { known, claims, unknown_parameters } = build_type::read(&predicate);
        let mut source = Stated::read(claims.first(Property::Repository));
        if let Stated::Source(source) = &mut source {
            let reference = claims.first(Property::Ref).or_else(|| claims.first(Property::WorkflowRef));
            source.reference = reference.map(str::to_owned);
        }
        Self {
            version: predicate.version,
            builder: predicate.builder.unwrap_or_default(),
            build_type: predicate.build_type,
            known,
            source,
            commit: claims.commit().map(str::to_owned),
            build: Build::told_by(&claims),
            claims,
            parameters: predicate.external,
            unknown_parameters,
            dependencies: predicate.dependencies,
            started_on: predicate.started_on,
            finished_on: predicate.finished_on,
        }
    }
}

fn read_predicate(predicate_type: &str, predicate: &str) -> Result<Predicate, Finding> {
    let read = match predicate_type {
        V1 => v1::read(predicate),
        V02 => v02::read(predicate),
        other => {
            return Err(Finding::error(CheckId::ProvenanceFormat, "this version of SLSA provenance is not supported")
                .expected("SLSA v0.2 or v1")
                .found(other)
                .next("build with a builder that writes SLSA v1"));
        }
    };
    read.map_err(|reason| unreadable(predicate_type, reason))
}

fn unreadable(predicate_type: &str, reason: String) -> Finding {
    Finding::fail(CheckId::ProvenanceFormat, "the provenance cannot be read")
        .expected(format!("a predicate of {predicate_type}"))
        .found(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(predicate_type: &str, text: &str) -> Result<Provenance, Finding> {
        Provenance::read(predicate_type, text)
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
        assert!(Provenance::read(V1, "null").is_err());
    }

    #[test]
    fn dates_of_year_1_are_no_dates() {
        let text = r#"{"buildDefinition":{"buildType":"t"},"runDetails":{"builder":{"id":"b"},
            "metadata":{"startedOn":"0001-01-01T00:00:00Z","finishedOn":"2026-03-01T10:00:00Z"}}}"#;
        let report = read(V1, text).expect("provenance").report();
        assert_eq!((report.started_on, report.finished_on.is_some()), (None, true));
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
            assert!(!super::types::is_provenance(near), "{near}");
        }
        assert!(
            super::types::is_provenance("https://slsa.dev/provenance/v0.1"),
            "a draft is provenance that cannot be read"
        );
    }
}
