//! Witness.
//!
//! `https://witness.dev/slsa-build@v0.1`, as <https://github.com/in-toto/go-witness/blob/main/attestation/slsa/slsa.go>
//! writes it into v1: the one external parameter is `command`; the git remotes stand among the dependencies by `name`,
//! each with the digests of the commit, and so do the files that went in; the `invocationId` is the URL of the
//! pipeline. Witness itself attests it as `https://slsa.dev/provenance/v1.0`, which is not a predicate type of SLSA
//! (A094): it is read if it was attested as v1.

use super::BuildType;
use super::parameters::Known;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::Dependency;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::Source;

/// Any command that Witness ran.
pub(super) const SLSA: BuildType = BuildType {
    is: |version, uri| version == "v1" && uri == "https://witness.dev/slsa-build@v0.1",
    add_claims,
    parameters: Known::Members(&[("command", Known::Anything)]),
};

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    const PLACE: &str = "/buildDefinition/resolvedDependencies";
    let is_remote = |one: &&Dependency| one.uri.is_none() && one.name.as_deref().and_then(Source::parse).is_some();
    let mut remotes = predicate.dependencies.iter().filter(is_remote);
    // With several remotes, which one the source came from would be a guess.
    if let (Some(remote), None) = (remotes.next(), remotes.next()) {
        claims.add_source(PLACE, remote.name.as_deref());
        claims.add(Property::Commit, PLACE, remote.commit());
    }
    let run = predicate.invocation.as_deref().filter(|text| text.starts_with("https://"));
    claims.add(Property::Run, "/runDetails/metadata/invocationId", run);
}
