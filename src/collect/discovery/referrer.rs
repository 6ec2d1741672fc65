//! Classifies a referrer by the bytes of its manifest: which evidence it offers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::attestation::lists_statements;
use super::offer::{Kind, Offer};
use super::reader::{Read, Reader};
use crate::collect::error::SourceError;
use crate::collect::said::printable;
use crate::collect::source::{CosignTag, Source};
use crate::evidence::{Content, Opened};
use crate::json;
use crate::oci::media_type::{
    DSSE_ENVELOPE, IN_TOTO, SIMPLE_SIGNING, essence, is_sbom_document, is_sigstore_bundle, is_unknown_bundle,
};
use crate::oci::{Descriptor, Digest, ImageManifest, ListedManifest, Manifest, ManifestError, encode_hex};

/// Makes content of what a layer names, by its form.
pub(super) fn content(layer: &Descriptor, read: Read) -> Content {
    let annotations = || layer.annotations.clone();
    match read {
        Read::Bundle(bundle) => Content::Bundle(bundle),
        Read::Plain(payload) => Content::LegacySignature { payload, annotations: annotations() },
        Read::Envelope(envelope) => Content::LegacyAttestation { envelope, annotations: annotations() },
    }
}

/// Returns the digest of what a bundle says it signs, if that is neither in the bundle nor the image itself.
///
/// A signature of cosign's older form is on a small payload that names the image. Moved into a bundle, it is a message
/// signature that states the payload's digest (sigstore_bundle.proto, `MessageSignature.message_digest`); the payload is
/// where it was, in the repository. What it proves is decided when it is verified, not here.
pub(super) fn signed_elsewhere(bundle: &Opened, subject: &Digest) -> Option<Digest> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Bundle {
        message_signature: MessageSignature,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct MessageSignature {
        message_digest: MessageDigest,
    }
    #[derive(Deserialize)]
    struct MessageDigest {
        algorithm: String,
        digest: String,
    }
    if bundle.payload().is_some() {
        return None;
    }
    let text = std::str::from_utf8(bundle.text()).ok()?;
    let stated = json::from_part::<Bundle>(text).ok()?.message_signature.message_digest;
    let bytes =
        STANDARD.decode(&stated.digest).ok().filter(|bytes| stated.algorithm == "SHA2_256" && bytes.len() == 32)?;
    let digest: Digest = format!("sha256:{}", encode_hex(&bytes)).parse().ok()?;
    (digest != *subject).then_some(digest)
}

pub(super) fn ignored(artifact_type: &str, reason: impl Into<String>) -> Content {
    Content::Ignored { artifact_type: artifact_type.to_owned(), reason: reason.into() }
}

/// The artifact type of a legacy signature that is attached as a referrer (cosign `internal/pkg/oci/remote`, `ArtifactType`).
const LEGACY_SIGNATURES: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The same of legacy attestations.
const LEGACY_ATTESTATIONS: &str = "application/vnd.dev.cosign.artifact.att.v1+json";

/// Judges a manifest from a list of referrers.
///
/// cosign `BUNDLE_SPEC.md` has exactly one layer, the bundle. Its media type in the manifest decides; what the list said
/// about the manifest does not (A027). cosign's older layers come as referrers too, as `--registry-referrers-mode oci-1-1` and
/// Tekton Chains write them: the same layers as under cosign's tags, several perhaps, each for itself.
pub(super) fn judge_referrer(subject: &Digest, digest: &Digest, manifest: &Manifest) -> Vec<Offer> {
    let named = manifest.artifact_type().unwrap_or_else(|| manifest.media_type());
    let ignore = |reason: String| vec![Offer::Ignored(ignored(named, reason))];
    // distribution-spec: "Each descriptor is of an image manifest or index … with the same subject field" (A026).
    match manifest.subject() {
        Some(found) if found.digest == *subject => {}
        Some(found) => return ignore(format!("listed here, but its subject is {}", found.digest)),
        None => return ignore("listed here, but it names no subject".to_owned()),
    }
    if let Manifest::Image(image) = manifest
        && let [layer] = image.layers.as_slice()
        && is_sigstore_bundle(&layer.media_type)
    {
        return vec![Offer::Blob(Kind::Bundle, layer.clone())];
    }
    let newer = called_newer(manifest).map(|found| Offer::Newer(newer(digest.to_string(), found)));
    let image = match manifest {
        Manifest::Index(_) => {
            let ignored = || ignore("an index; a bundle comes in an image manifest".to_owned());
            return newer.map_or_else(ignored, |newer| vec![newer]);
        }
        Manifest::Image(image) => image,
    };
    let mut offers = match legacy_tag(named, &image.layers) {
        Some(tag) => judge_cosign_layers(tag, image, "here").map(|(_, offer)| offer).collect(),
        None if lists_statements(image) => vec![Offer::AttestationManifest],
        None => match unsigned(named, &image.layers) {
            Some(content) => vec![Offer::Ignored(content)],
            None if newer.is_some() => Vec::new(),
            None => ignore(reason_not_a_bundle(named, &image.layers)),
        },
    };
    offers.extend(newer);
    offers
}

/// What calls a manifest a Sigstore bundle of a version that is not known here, if something does and nothing calls it one that is.
///
/// The form of known versions is fixed; later ones may have other layers and names. So this program may be too old to
/// read it, and its value as evidence is then unknown (A309).
fn called_newer(manifest: &Manifest) -> Option<&str> {
    let (own, parts, annotations) = match manifest {
        Manifest::Image(image) => (&image.artifact_type, Some(image), &image.annotations),
        Manifest::Index(index) => (&index.artifact_type, None, &index.annotations),
    };
    let parts = parts.into_iter().flat_map(|image| std::iter::once(&image.config).chain(&image.layers));
    let called = || own.iter().map(String::as_str).chain(parts.clone().map(|part| part.media_type.as_str()));
    // cosign `pkg/oci/mutate` and `BUNDLE_SPEC.md` give each bundle two annotations of this family.
    let annotated = || annotations.keys().find(|name| name.starts_with("dev.sigstore.bundle."));
    called()
        .find(|media_type| is_unknown_bundle(media_type))
        .or_else(|| annotated().map(String::as_str).filter(|_| !called().any(is_sigstore_bundle)))
}

/// Says of evidence that this program may be older than it.
pub(super) fn newer(at: String, found: &str) -> SourceError {
    SourceError::Newer { at, found: printable(found) }
}

/// Whether a layer whose media type names an unknown bundle version may be one. If the content names its version, that
/// decides.
pub(super) fn may_be_newer(layer: &Descriptor, bundle: &Opened) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Bundle {
        media_type: String,
    }
    let stated = || json::from_part::<Bundle>(std::str::from_utf8(bundle.text()).ok()?).ok();
    is_unknown_bundle(&layer.media_type) && !stated().is_some_and(|stated| is_sigstore_bundle(&stated.media_type))
}

/// Names unsigned attachments: in-toto statements and SBOMs.
fn unsigned(named: &str, layers: &[Descriptor]) -> Option<Content> {
    let is_statement = |media_type: &str| media_type == IN_TOTO;
    if let Some(layer) = layers.iter().find(|layer| is_statement(&layer.media_type)) {
        return Some(unsigned_layer(layer));
    }
    if let Some(layer) = layers.iter().find(|layer| is_sbom_document(&layer.media_type)) {
        return Some(unsigned_layer(layer));
    }
    (is_sbom_document(named) || is_statement(named)).then(|| Content::Unsigned { what: essence(named) })
}

/// Names an unsigned document by its own type.
pub(super) fn unsigned_layer(layer: &Descriptor) -> Content {
    Content::Unsigned { what: statement_type(layer).map_or_else(|| essence(&layer.media_type), str::to_owned) }
}

/// The tag that would hold the same layers: told by the type that the manifest gives itself, by its configuration's, or, as
/// cosign calls attestations nothing but in-toto, by layers that are all of one legacy form.
fn legacy_tag(named: &str, layers: &[Descriptor]) -> Option<CosignTag> {
    let all = |media_type: &str| !layers.is_empty() && layers.iter().all(|layer| layer.media_type == media_type);
    match named {
        _ if layers.is_empty() => None,
        LEGACY_SIGNATURES => Some(CosignTag::Signatures),
        LEGACY_ATTESTATIONS => Some(CosignTag::Attestations),
        _ if all(SIMPLE_SIGNING) => Some(CosignTag::Signatures),
        _ if all(DSSE_ENVELOPE) => Some(CosignTag::Attestations),
        _ => None,
    }
}

fn reason_not_a_bundle(named: &str, layers: &[Descriptor]) -> String {
    match (named, layers) {
        ("application/vnd.cncf.notary.signature", _) => {
            "a Notary Project signature, which this program does not verify".to_owned()
        }
        (_, [layer]) if is_sigstore_bundle(named) => {
            format!("named a Sigstore bundle, but its layer is {}", layer.media_type)
        }
        (_, layers)
            if is_sigstore_bundle(named) || layers.iter().any(|layer| is_sigstore_bundle(&layer.media_type)) =>
        {
            format!("expected exactly one layer with a Sigstore bundle, found {} layers", layers.len())
        }
        (LEGACY_SIGNATURES | LEGACY_ATTESTATIONS, []) => "named a cosign signature, but it has no layer".to_owned(),
        _ => "not a Sigstore bundle".to_owned(),
    }
}

/// Judges an entry of a list that is not a manifest. A manifest of an unknown form may still be what the list says.
pub(super) fn judge_no_manifest(listed: &ListedManifest, error: &ManifestError) -> Offer {
    if matches!(error, ManifestError::UnsupportedType { .. }) && is_sigstore_bundle(&listed.called) {
        return Offer::Newer(newer(listed.digest.to_string(), &listed.called));
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Offer::Ignored(ignored(&listed.called, format!("listed here, but not a manifest that can be used: {error}{cause}")))
}

/// Judges the layers of a manifest under one of cosign's tags, or that stands for one, each for itself (A057, A058).
pub(super) fn judge_cosign_layers<'a>(
    tag: CosignTag,
    image: &'a ImageManifest,
    place: &'a str,
) -> impl Iterator<Item = (&'a Descriptor, Offer)> {
    let (kind, expected) = match tag {
        CosignTag::Signatures => (Kind::LegacySignature, SIMPLE_SIGNING),
        CosignTag::Attestations | CosignTag::Sboms => (Kind::LegacyAttestation, DSSE_ENVELOPE),
    };
    image.layers.iter().map(move |layer| {
        let offer = if layer.media_type == expected {
            Offer::Blob(kind, layer.clone())
        } else if is_unknown_bundle(&layer.media_type) {
            Offer::Newer(newer(layer.digest.to_string(), &layer.media_type))
        } else {
            Offer::Ignored(ignored(&layer.media_type, format!("expected {expected} {place}")))
        };
        (layer, offer)
    })
}

/// Says what was found where a list of referrers belongs.
pub(super) fn no_list(named: &str) -> Content {
    ignored(named, format!("expected an index of referrers under this tag, found {named}"))
}

/// Says what was found where another form of manifest belongs.
pub(super) fn other_form(manifest: &Manifest, expected: &str) -> Content {
    ignored(
        manifest.artifact_type().unwrap_or_else(|| manifest.media_type()),
        format!("expected {expected} under this tag, found {}", manifest.media_type()),
    )
}

/// How many unsigned provenances of one image are fetched, to be shown.
const UNSIGNED_SHOWN: usize = 16;

/// The unsigned provenance that is read: few and small documents, so that evidence never lacks the bytes. It proves
/// nothing, so an unreadable one is named and is not a gap.
pub(super) fn unsigned_provenance<S: Source>(reader: &Reader<S>, layers: Vec<Descriptor>) -> Vec<Descriptor> {
    let is_wanted = |layer: &Descriptor| is_called_provenance(layer) && layer.size <= reader.limits.manifest;
    layers.into_iter().filter(is_wanted).take(UNSIGNED_SHOWN).collect()
}

/// Names an unsigned statement, with its content if that was fetched. `shown` counts those.
pub(super) fn name_statement<S: Source>(reader: &Reader<S>, layer: &Descriptor, shown: &mut usize) -> Content {
    let may_show = is_called_provenance(layer) && *shown < UNSIGNED_SHOWN;
    match reader.plain_blob(layer).ok().filter(|_| may_show) {
        Some(statement) => {
            *shown += 1;
            Content::UnsignedStatement(statement)
        }
        None => unsigned_layer(layer),
    }
}

/// Whether a statement is said to be provenance.
fn is_called_provenance(layer: &Descriptor) -> bool {
    statement_type(layer).is_some_and(|name| name.starts_with("https://slsa.dev/provenance/"))
}

fn statement_type(layer: &Descriptor) -> Option<&str> {
    layer.annotations.get("in-toto.io/predicate-type").map(String::as_str)
}
