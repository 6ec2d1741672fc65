//! The program as people and scripts meet it: arguments in; exit code, standard output, standard error and files out.
//!
//! Every run has an environment of its own with nothing of the machine's in it, and reaches nothing beyond loopback.
//! Numbers such as `a265` are rows of the table of hostile inputs.

#[path = "../support/mod.rs"]
mod support;

mod program;
mod replay;
mod report;
mod shop;

mod access;
mod advisories;
mod attached;
mod attestation_manifests;
mod brief;
mod claims;
mod collect;
mod copies;
mod delivery;
mod diagnosis;
mod diagnosis_evidence;
mod diagnosis_network;
mod diff;
mod doctor;
mod endings;
mod escaping;
mod faults;
mod fixtures;
mod foreign;
mod formats;
mod from;
mod github;
mod help;
mod hostile;
mod import;
mod import_kyverno;
mod inspect;
mod layers;
mod odd_files;
mod policies;
mod policy_command;
mod policy_elsewhere;
mod policy_errors;
mod predicate;
mod preview;
mod provenance;
mod provenance_flags;
mod pull_requests;
mod references;
mod registry;
mod requests;
mod save;
mod sbom_flags;
mod secrets;
mod signers;
mod summaries;
mod tls;
mod trust;
mod usage;
