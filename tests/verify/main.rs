//! The pure core against a virtual Sigstore: every refusal by its check, every acceptance by its facts.
//!
//! Each test starts from evidence that verifies and breaks it in one place. Numbers like `a054` are rows of the table of
//! hostile inputs. A refusal is asserted with its verdict and with the check that stands in the way: evidence that is
//! refused for another reason than the one it was broken for has not been tested at all.

#[path = "../support/mod.rs"]
mod support;

mod forge;
mod token;
mod world;

mod advised;
mod algorithms;
mod attestation_manifests;
mod attestations;
mod build_levels;
mod bundle_format;
mod certificates;
mod checkpoints;
mod coverage;
mod domains;
mod envelopes;
mod every_byte;
mod good;
mod hidden;
mod identity;
mod interop;
mod intoto_v001;
mod issuers;
mod kinds;
mod legacy;
mod lies;
mod log_binding;
mod log_entries;
mod matrix;
mod payloads;
mod policy_claims;
mod policy_files;
mod policy_properties;
mod predicates;
mod properties;
mod provenance_rules;
mod requirements;
mod sbom_corpora;
mod sbom_rules;
mod sboms;
mod scans;
mod slsa_verifier;
mod sources;
mod statements;
mod strength;
mod summaries;
mod swollen;
mod test_results;
mod time_limit;
mod timestamp_authorities;
mod timestamps;
mod tokens;
mod transparency;
mod verdicts;
mod vex;
