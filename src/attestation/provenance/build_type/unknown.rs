//! A build type without a published description here: only its source is read, and only where it is unmistakable.

use super::BuildType;
use super::parameters::NOTHING;
use crate::attestation::provenance::claims::{Claims, Property};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::predicate::Predicate;
use crate::attestation::provenance::source::Source;

/// What no other is.
pub(super) const UNKNOWN: BuildType = BuildType { is: |_, _| false, add_claims, parameters: NOTHING };

/// Where known build types of v1 state the source: the repository, and the ref if it stands apart.
const PLACES: [(&str, Option<&str>); 6] = [
    ("/workflow/repository", Some("/workflow/ref")),
    ("/source/uri", None),
    ("/source", None),
    ("/buildConfigSource/repository", Some("/buildConfigSource/ref")),
    ("/configSource/uri", None),
    ("/repository", None),
];

fn add_claims(predicate: &Predicate, claims: &mut Claims) {
    if predicate.version == "v1" { add_v1(predicate, claims) } else { add_v02(predicate, claims) }
}

fn add_v1(predicate: &Predicate, claims: &mut Claims) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    let mut stated = PLACES.iter().filter(|(repository, _)| predicate.external_text(repository).is_some_and(is_source));
    let (Some((repository, reference)), None) = (stated.next(), stated.next()) else { return };
    claims.add_source(&format!("{EXTERNAL}{repository}"), predicate.external_text(repository));
    if let Some(reference) = reference {
        claims.add_ref(format!("{EXTERNAL}{reference}"), predicate.external_text(reference));
    }
    let stated = claims.first(Property::Repository).and_then(Source::parse);
    let dependency = predicate.dependencies.iter().find(|dependency| {
        let source = dependency.uri.as_deref().and_then(Source::parse);
        source.zip(stated.as_ref()).is_some_and(|(source, stated)| source.is_at(&stated.repository))
    });
    claims.add(Property::Commit, "/buildDefinition/resolvedDependencies", dependency.and_then(|one| one.commit()));
}

fn add_v02(predicate: &Predicate, claims: &mut Claims) {
    let source = &predicate.config_source;
    if let Some(uri) = source.uri.as_deref().filter(|uri| is_source(uri)) {
        claims.add_source("/invocation/configSource/uri", Some(uri));
        return claims.add(Property::Commit, "/invocation/configSource/digest", commit(&source.digests));
    }
    let mut materials = predicate.git_dependencies();
    if let (Some(material), None) = (materials.next(), materials.next()) {
        claims.add_source("/materials", material.uri.as_deref());
        claims.add(Property::Commit, "/materials", material.commit());
    }
}

/// Whether a text is meant to be a source repository, readable in one way or not.
fn is_source(text: &str) -> bool {
    ["git+", "git@", "ssh://", "https://", "http://", "git://"].iter().any(|scheme| text.starts_with(scheme))
}
