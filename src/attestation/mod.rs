//! The kinds of attestation, a folder for each: what a policy may ask of it, how it is read, and how it is judged.
//!
//! A kind is a folder and its line in [`kinds`]. Its files are of three layers:
//!
//! | files | what stands in them | interface |
//! |---|---|---|
//! | `types` | its predicate types | [`types::Types`] |
//! | `rules`, `keys` | what a policy may ask of it, and the keys that say so | [`rules::Described`], [`rules::RuleSet`] |
//! | all others | how a predicate is read and judged | |

/// Every kind, in the order of reports: its name in the code, its name in policies and reports, its folder, and what is in there.
/// A kind without `rules` is none that a policy can require.
macro_rules! kinds {
    ($make:ident) => {
        $make! {
            Signature "signature" signature { rules SignatureRules }
            Provenance "provenance" provenance { rules ProvenanceRules }
            Sbom "sbom" sbom { rules SbomRules }
            Summary "vsa" vsa { rules SummaryRules }
            Vulnerabilities "vulnerabilities" scan { rules VulnerabilityRules }
            Vex "vex" vex { }
            Attestation "attestation" generic { rules AttestationRules }
        }
    };
}
pub(crate) use kinds;

pub(crate) mod generic;
pub(crate) mod provenance;
pub mod rules;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod signature;
pub mod types;
pub(crate) mod vex;
pub(crate) mod vsa;
