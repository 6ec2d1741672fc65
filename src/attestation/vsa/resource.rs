//! Whether a resource URI names the image that was asked for.

use crate::evidence::Evidence;
use crate::oci::{Digest, ImageName, Reference, RegistryReference};
use crate::packages::Purl;

/// Whether the URI is the image's name: `registry/repository`, with `docker://` or `oci://` in front or without, or
/// `pkg:oci/…?repository_url=…`. A tag in it must be the one that was asked for, if one was, and a digest must be that of the
/// image or of an index that it was reached through. Every other form is another name.
pub(super) fn names(uri: &str, evidence: &Evidence, subject: &Digest) -> bool {
    let Some(name) = &evidence.target.name else { return false };
    let named = if uri.starts_with("pkg:") { package(uri) } else { reference(uri) };
    let Some(named) = named else { return false };
    let asked_tag = match evidence.target.reference.parse() {
        Ok(Reference::Registry(RegistryReference { tag: Some(tag), .. })) => Some(tag.as_str().to_owned()),
        _ => None,
    };
    let agrees = named.tag.is_none() || asked_tag.is_none() || named.tag == asked_tag;
    named.name.to_string() == *name && agrees && named.digest.is_none_or(|digest| is_of(&digest, evidence, subject))
}

fn is_of(digest: &Digest, evidence: &Evidence, subject: &Digest) -> bool {
    let through =
        || evidence.target.subjects.iter().filter(|one| one.digest == *subject).flat_map(|one| &one.reached_through);
    digest == subject || through().any(|index| index == digest)
}

struct Named {
    name: ImageName,
    tag: Option<String>,
    digest: Option<Digest>,
}

fn reference(uri: &str) -> Option<Named> {
    let text = uri.strip_prefix("docker://").or_else(|| uri.strip_prefix("oci://")).unwrap_or(uri);
    let RegistryReference { name, tag, digest } = text.parse().ok()?;
    // The parser adds `latest`, which is not in the text.
    let is_written = tag.as_ref().is_some_and(|tag| text.contains(&format!(":{}", tag.as_str())));
    Some(Named { name, tag: tag.filter(|_| is_written).map(|tag| tag.as_str().to_owned()), digest })
}

/// purl-spec, type `oci`: `NAME@DIGEST?repository_url=REGISTRY/REPOSITORY&tag=TAG`; the name is the last part of the
/// repository in lower case.
fn package(uri: &str) -> Option<Named> {
    let purl = Purl::parse(uri).ok()?;
    let repository: ImageName = purl.qualifier("repository_url")?.parse().ok()?;
    let last = repository.repository().rsplit('/').next().unwrap_or_default();
    let tag = purl.qualifier("tag").map(str::to_owned);
    let digest = match &purl.version {
        Some(version) => Some(version.parse().ok()?),
        None => None,
    };
    let is_named = purl.kind == "oci" && purl.namespace.is_none() && purl.name == last;
    is_named.then_some(Named { name: repository, tag, digest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{LookedIn, Subject, SubjectKind, Target, TargetKind};
    use crate::oci::Algorithm;

    fn digest(text: &str) -> Digest {
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }

    fn evidence(reference: &str, name: Option<&str>) -> Evidence {
        let platform = Subject {
            digest: digest("platform"),
            kind: SubjectKind::Image(None),
            reached_through: vec![digest("index")],
            searched: true,
        };
        Evidence {
            target: Target {
                reference: reference.to_owned(),
                name: name.map(str::to_owned),
                root: digest("index"),
                kind: TargetKind::Image { media_type: String::new(), platforms: Vec::new() },
                subjects: vec![platform],
            },
            attestation_manifests: Vec::new(),
            candidates: Vec::new(),
            gaps: Vec::new(),
            looked_in: LookedIn::default(),
        }
    }

    fn agrees(uri: &str) -> bool {
        names(uri, &evidence("ghcr.io/acme/app:1.4.2", Some("ghcr.io/acme/app")), &digest("platform"))
    }

    #[test]
    fn the_name_agrees_in_each_of_its_forms() {
        let escaped = digest("index").to_string().replace(':', "%3A");
        for uri in [
            "ghcr.io/acme/app".to_owned(),
            "ghcr.io/acme/app:1.4.2".to_owned(),
            "docker://ghcr.io/acme/app:1.4.2".to_owned(),
            "oci://ghcr.io/acme/app".to_owned(),
            format!("ghcr.io/acme/app@{}", digest("platform")),
            format!("ghcr.io/acme/app:1.4.2@{}", digest("index")),
            format!("pkg:oci/app@{escaped}?repository_url=ghcr.io/acme/app"),
            format!("pkg:oci/app@{}?arch=amd64&repository_url=ghcr.io%2Facme%2Fapp&tag=1.4.2", digest("platform")),
            "pkg:oci/app?repository_url=ghcr.io/acme/app".to_owned(),
        ] {
            assert!(agrees(&uri), "{uri}");
        }
    }

    #[test]
    fn a110_another_name_tag_or_digest_does_not_agree() {
        for uri in [
            "ghcr.io/acme/app-evil".to_owned(),
            "ghcr.io/acme".to_owned(),
            "ghcr.io/acme/app:1.4.1".to_owned(),
            format!("ghcr.io/acme/app@{}", digest("another")),
            "https://ghcr.io/acme/app".to_owned(),
            "git+https://github.com/acme/app".to_owned(),
            "pkg:oci/app".to_owned(),
            "pkg:oci/app?arch=amd64".to_owned(),
            "pkg:oci/other?repository_url=ghcr.io/acme/app".to_owned(),
            "pkg:oci/app?repository_url=ghcr.io/mallory/app".to_owned(),
            "pkg:oci/app?repository_url=ghcr.io/acme/app&tag=1.4.1".to_owned(),
            "pkg:oci/app?repository_url=ghcr.io/mallory/app&repository_url=ghcr.io/acme/app".to_owned(),
            format!("pkg:oci/app@{}?repository_url=ghcr.io/acme/app", digest("another")),
            "pkg:oci/app@%3?repository_url=ghcr.io/acme/app".to_owned(),
            "pkg:docker/acme/app@1.4.2".to_owned(),
            String::new(),
        ] {
            assert!(!agrees(&uri), "{uri}");
        }
    }

    #[test]
    fn the_aliases_of_docker_hub_are_one_name_and_a_layout_has_none() {
        let hub = evidence("nginx", Some("docker.io/library/nginx"));
        assert!(names("index.docker.io/library/nginx:latest", &hub, &digest("platform")));
        assert!(names("nginx", &hub, &digest("platform")));
        let layout = evidence("oci:layout", None);
        assert!(!names("oci:layout", &layout, &digest("platform")));
    }
}
