//! The kinds of attestation. Each has a folder with its rules, its reader and its checks.
//!
//! A kind is a folder and a line in `kinds`. Its files belong to several layers:
//!
//! | files | what stands in them | interface |
//! |---|---|---|
//! | `types` | its predicate types | [`types::Types`] |
//! | `checks`, `pages` | its checks, and the pages that explain them | [`crate::check::Check`] |
//! | `section` | what a report says of a verified one | [`section::Shown`] |
//! | `rules` | what a policy may ask of it, and the keys that say so | `rules::Rules`, `rules::Keys`, `keys::Key` |
//! | `*.json`, `*.yaml` | parts of JSON Schemas, what a first policy says of it, a seed for fuzzing | [`types::Kind`] |
//! | all others | how a predicate is read and judged | `judging::Judging`, and a function `read` |

/// Every kind, in the order of reports: its name in the code, its name in policies and reports, its folder, and the
/// parts in it. A policy cannot require a kind without `rules`, and of a kind without `predicate` only the fields are
/// read.
macro_rules! kinds {
    ($make:ident) => {
        $make! {
            Signature "signature" signature { rules SignatureRules; }
            Provenance "provenance" provenance { rules ProvenanceRules; predicate Provenance; section ProvenanceReport; }
            Sbom "sbom" sbom { rules SbomRules; predicate Sbom<'a>; section SbomReport; }
            Summary "vsa" vsa { rules SummaryRules; predicate Summary; section SummaryReport; }
            Vulnerabilities "vulnerabilities" scan { rules VulnerabilityRules; predicate Scan; section VulnerabilitiesReport; }
            Vex "vex" vex { predicate Document; section VexReport; }
            TestResult "test-result" test_result { rules TestResultRules; predicate TestResult; section TestResultReport; }
            Attestation "attestation" generic { rules AttestationRules; }
        }
    };
}
pub(crate) use kinds;

pub(crate) mod checks;
pub(crate) mod generic;
pub(crate) mod judging;
pub(crate) mod keys;
pub(crate) mod provenance;
pub mod rules;
pub(crate) mod sbom;
pub(crate) mod scan;
pub mod section;
pub(crate) mod signature;
pub(crate) mod test_result;
mod texts;
pub mod types;
pub(crate) mod vex;
pub(crate) mod vsa;
mod wire;
