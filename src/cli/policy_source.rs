//! Remote policies: from a web server, a registry or a layout. They are named by digest, so that the server cannot change them.

use std::path::Path;
use std::rc::Rc;

use crate::collect::{
    FileServer, FileServerSettings, ImageSource, Limits, NetworkUse, Places, Registries, Source, SourceError,
};
use crate::oci::{Blob, BlobError, Digest, Manifest, Reference};

use super::diagnostics::Diagnostic;
use super::roots::Reach;
use super::terms::MAX_BYTES;
use super::{references, runtime};

/// The place of a remote policy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// A file of a web server, by the digest of its bytes.
    Web { folder: String, file: String, digest: Digest },
    /// An artifact with one layer, by the digest of its manifest.
    Artifact(Reference),
}

/// Returns the remote place that the text names, if it names one. A remote policy without a digest is an error.
pub(super) fn elsewhere(location: &Path) -> Result<Option<Elsewhere>, Diagnostic> {
    let Some(text) = location.to_str() else { return Ok(None) };
    if text.starts_with("https://") || text.starts_with("http://") {
        return web(text).map(Some);
    }
    if ["oci:", "oci-archive:", "docker://"].iter().any(|start| text.starts_with(start)) {
        let reference = references::parse(text)?;
        let digest = match &reference {
            Reference::Registry(image) => &image.digest,
            Reference::Layout(layout) => &layout.digest,
            Reference::Npm(package) => return Err(references::no_image(package)),
            Reference::File(file) => return Err(references::no_image_but_file(file)),
        };
        return match digest {
            Some(_) => {
                references::refuse_without_layout([(text, &reference)])?;
                Ok(Some(Elsewhere::Artifact(reference)))
            }
            None => Err(without_digest(text)),
        };
    }
    Ok(None)
}

fn web(text: &str) -> Result<Elsewhere, Diagnostic> {
    let (address, digest) = text.rsplit_once('@').ok_or_else(|| without_digest(text))?;
    let digest = digest.parse().map_err(|_| without_digest(text))?;
    let is_loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|start| address.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '/'])));
    match address.rsplit_once('/') {
        Some((folder, file))
            if !file.is_empty()
                && !address.contains(['?', '#'])
                && (is_loopback || address.starts_with("https://")) =>
        {
            Ok(Elsewhere::Web { folder: folder.to_owned(), file: file.to_owned(), digest })
        }
        _ => Err(Diagnostic::usage(
            format!("`{text}` is not the address of a policy"),
            "write https://HOST/PATH/FILE@sha256:…, without a login, query or fragment; without TLS only loopback hosts are asked",
        )),
    }
}

/// A remote policy without a digest: its server could change it.
fn without_digest(text: &str) -> Diagnostic {
    Diagnostic::usage(
        format!("the policy `{text}` is named without a digest, so its server could change it"),
        "add the digest: of the file for https://…/policy.yaml@sha256:…, of the manifest for docker:// and oci:",
    )
}

/// Fetches the policy's bytes, which have the digest that was named.
pub(super) fn fetch(
    place: &Elsewhere,
    registries: &Rc<Registries>,
    reach: &Reach,
    network: &mut NetworkUse,
) -> Result<Blob, Diagnostic> {
    let runtime = runtime::start()?;
    runtime.block_on(async {
        match place {
            Elsewhere::Web { folder, file, digest } => {
                let server = FileServer::open(folder, &settings(reach)?)?;
                let bytes = server.get(file, MAX_BYTES).await;
                network.add(&server.network_use());
                let bytes = bytes.map_err(|error| unread(&error))?;
                Blob::expect(digest, bytes).map_err(changed)
            }
            Elsewhere::Artifact(reference) => {
                let limits = Limits { total_time: reach.total_time, ..Limits::default() };
                let fetched = match ImageSource::open(reference, Places::default(), registries, &limits) {
                    Ok(source) => only_layer(&source, &limits).await,
                    Err(error) => Err(error),
                };
                fetched.map_err(|error| unread(&error))?.ok_or_else(|| no_policy(reference))
            }
        }
    })
}

/// The error for a policy that could not be fetched: the run is undecided.
fn unread(error: &SourceError) -> Diagnostic {
    Diagnostic::undecided(format!("the policy could not be read: {}", error.detail()), error.next())
}

/// A policy that is not the one that was named.
fn changed(error: BlobError) -> Diagnostic {
    let hint = "its server changed it: read the changes before you name the new digest";
    Diagnostic::usage(error, hint).about("the policy is not the one that was named")
}

/// An artifact that holds no policy.
fn no_policy(reference: &Reference) -> Diagnostic {
    Diagnostic::usage(
        format!("{reference} is not an artifact with one layer of the size of a policy"),
        "push it as one file, such as with `oras push REGISTRY/REPOSITORY:TAG bonafide.yaml`",
    )
}

fn settings(reach: &Reach) -> Result<FileServerSettings, Diagnostic> {
    Ok(FileServerSettings {
        ca_file: reach.authorities()?,
        silence: Limits::default().silence,
        total_time: reach.total_time,
    })
}

/// Returns the one layer of an artifact; nothing of an artifact with more or fewer, or with a larger one than a policy may be.
async fn only_layer<S: Source>(source: &S, limits: &Limits) -> Result<Option<Blob>, SourceError> {
    let fetched = source.root(limits.manifest).await?;
    let Ok(Manifest::Image(manifest)) = Manifest::parse(&fetched.blob, fetched.content_type.as_deref()) else {
        return Ok(None);
    };
    match manifest.layers.as_slice() {
        [layer] if layer.size <= MAX_BYTES => source.blob(layer).await.map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn read(text: &str) -> Result<Option<Elsewhere>, Diagnostic> {
        elsewhere(Path::new(text))
    }

    #[test]
    fn a262_nothing_from_elsewhere_is_read_without_a_digest() {
        for text in [
            "https://acme.example/policy.yaml",
            "https://acme.example/policy.yaml@v1",
            "https://acme.example/policy.yaml@sha256:ab",
            "docker://ghcr.io/acme/policy:1",
            "oci:./layout:1",
        ] {
            let error = read(text).expect_err(text);
            assert!(error.to_string().contains("digest"), "{text}: {error}");
        }
    }

    #[test]
    fn files_are_files_whatever_they_are_called() {
        for text in ["bonafide.yaml", "policies/a@b.yaml", "-", "./oci.yaml", "ghcr.io/acme/app"] {
            assert_eq!(read(text).ok(), Some(None), "{text}");
        }
    }

    #[test]
    fn places_elsewhere_are_taken_apart() {
        let web = read(&format!("https://acme.example/a/policy.yaml@{DIGEST}")).expect("a place");
        let expected = Elsewhere::Web {
            folder: "https://acme.example/a".to_owned(),
            file: "policy.yaml".to_owned(),
            digest: DIGEST.parse().expect("a digest"),
        };
        assert_eq!(web, Some(expected));
        assert!(matches!(read(&format!("docker://ghcr.io/acme/policy@{DIGEST}")), Ok(Some(Elsewhere::Artifact(_)))));
        assert!(read(&format!("http://acme.example/policy.yaml@{DIGEST}")).is_err(), "in the clear");
        for secret in ["policy.yaml?token=hunter2", "policy.yaml#hunter2", "policy.yaml?x=/hunter2"] {
            let error = read(&format!("https://acme.example/{secret}@{DIGEST}")).expect_err(secret).to_string();
            assert!(
                error.contains("without a login, query or fragment") && !error.contains("hunter2"),
                "A315: {error}"
            );
        }
        assert!(read(&format!("http://127.0.0.1:5000/policy.yaml@{DIGEST}")).is_ok());
        assert!(read(&format!("http://127.0.0.1.evil.example/policy.yaml@{DIGEST}")).is_err());
    }
}
