//! Media types that decide how bytes are read.

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker image manifest, version 2 schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list, version 2 schema 2.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The empty descriptor's media type, used as `config` by artifacts.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Layer of a legacy cosign signature: the simple-signing payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Layer of a legacy cosign attestation: a DSSE envelope.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// An attestation manifest of BuildKit that names its subject itself, and so is among that subject's referrers.
pub const ATTESTATION_MANIFEST: &str = "application/vnd.docker.attestation.manifest.v1+json";
/// A bare in-toto statement, without a signature.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Media types of manifests and indexes, in the order in which they are preferred.
pub const ACCEPTED: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

/// Whether a media type names a Sigstore bundle of some version, known here or not.
///
/// protobuf-specs `sigstore_bundle.proto` lists the two spellings; an unknown version still is a bundle, and is
/// refused with that reason instead of being passed over as something else.
pub fn is_sigstore_bundle(media_type: &str) -> bool {
    plain(media_type).starts_with("application/vnd.dev.sigstore.bundle")
}

/// Whether a media type names a Sigstore bundle of a version that is not known here, or of no version that it states.
pub fn is_unknown_bundle(media_type: &str) -> bool {
    const KNOWN: [&str; 4] = [".v0.3+json", "+json;version=0.1", "+json;version=0.2", "+json;version=0.3"];
    plain(media_type).strip_prefix("application/vnd.dev.sigstore.bundle").is_some_and(|rest| !KNOWN.contains(&rest))
}

/// A media type in lower case and without blanks: neither says anything (RFC 6838 §4.2, RFC 9110 §8.3.1).
fn plain(media_type: &str) -> String {
    media_type.chars().filter(|character| !character.is_ascii_whitespace()).collect::<String>().to_ascii_lowercase()
}

/// Whether a `Content-Type` says nothing about what a JSON document is: static file servers and object stores send these.
pub fn says_nothing(content_type: Option<&str>) -> bool {
    matches!(
        content_type.map(essence).as_deref(),
        None | Some(
            "" | "application/json"
                | "text/json"
                | "text/plain"
                | "application/octet-stream"
                | "binary/octet-stream"
                | "application/x-octet-stream"
                | "application/unknown"
        )
    )
}

/// Whether a media type or artifact type is one under which tools attach an SBOM as it is, without a signature around it:
/// `cosign attach sbom`, ko and oras.
pub fn is_sbom_document(media_type: &str) -> bool {
    let name = essence(media_type);
    let kind = ["text/", "application/vnd.", "application/"].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    name == "application/vnd.dev.cosign.artifact.sbom.v1+json"
        || kind.is_some_and(|kind| ["spdx", "cyclonedx", "syft"].into_iter().any(|known| kind.starts_with(known)))
}

/// Returns a media type without its parameters, in lower case.
pub fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
