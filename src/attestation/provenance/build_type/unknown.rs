//! A build type without a published description here: only its source is read, and only where it is unmistakable.

use super::BuildType;
use super::parameters::NOTHING;
use crate::attestation::provenance::account::{Account, Topic};
use crate::attestation::provenance::model::commit;
use crate::attestation::provenance::outline::Outline;
use crate::attestation::provenance::source::Source;

/// What no other is.
pub(super) const UNKNOWN: BuildType = BuildType { is: |_, _| false, tell, parameters: NOTHING };

/// Where known build types of v1 state the source: the repository, and the ref if it stands apart.
const PLACES: [(&str, Option<&str>); 6] = [
    ("/workflow/repository", Some("/workflow/ref")),
    ("/source/uri", None),
    ("/source", None),
    ("/buildConfigSource/repository", Some("/buildConfigSource/ref")),
    ("/configSource/uri", None),
    ("/repository", None),
];

fn tell(outline: &Outline, account: &mut Account) {
    if outline.version == "v1" { tell_v1(outline, account) } else { tell_v02(outline, account) }
}

fn tell_v1(outline: &Outline, account: &mut Account) {
    const EXTERNAL: &str = "/buildDefinition/externalParameters";
    let mut stated = PLACES.iter().filter(|(repository, _)| outline.external_text(repository).is_some_and(is_source));
    let (Some((repository, reference)), None) = (stated.next(), stated.next()) else { return };
    account.tell_source(&format!("{EXTERNAL}{repository}"), outline.external_text(repository));
    if let Some(reference) = reference {
        account.tell_ref(format!("{EXTERNAL}{reference}"), outline.external_text(reference));
    }
    let told = account.first(Topic::Repository).and_then(Source::parse);
    let dependency = outline.dependencies.iter().find(|dependency| {
        let source = dependency.uri.as_deref().and_then(Source::parse);
        source.zip(told.as_ref()).is_some_and(|(source, told)| source.is_at(&told.repository))
    });
    account.tell(Topic::Commit, "/buildDefinition/resolvedDependencies", dependency.and_then(|one| one.commit()));
}

fn tell_v02(outline: &Outline, account: &mut Account) {
    let source = &outline.config_source;
    if let Some(uri) = source.uri.as_deref().filter(|uri| is_source(uri)) {
        account.tell_source("/invocation/configSource/uri", Some(uri));
        return account.tell(Topic::Commit, "/invocation/configSource/digest", commit(&source.digests));
    }
    let mut materials = outline.git_dependencies();
    if let (Some(material), None) = (materials.next(), materials.next()) {
        account.tell_source("/materials", material.uri.as_deref());
        account.tell(Topic::Commit, "/materials", material.commit());
    }
}

/// Whether a text is meant to be a source repository, readable in one way or not.
fn is_source(text: &str) -> bool {
    ["git+", "git@", "ssh://", "https://", "http://", "git://"].iter().any(|scheme| text.starts_with(scheme))
}
