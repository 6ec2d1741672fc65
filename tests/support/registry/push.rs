//! The push category of the distribution specification, for registries that take pushes.

use serde_json::Value;

use super::message::{Request, Response};
use super::{Content, Referrers};
use crate::support::digest::oci_digest;
use crate::support::image::Manifest;

/// Answers a request that writes, if it is one.
pub(super) fn answer(content: &mut Content, request: &Request) -> Option<Response> {
    let path = request.path.split('?').next().unwrap_or_default().strip_prefix("/v2/")?;
    content.uploads.as_ref()?;
    match request.method.as_str() {
        "POST" => begin(content, path.strip_suffix("/blobs/uploads/")?, request),
        "PATCH" | "PUT" if path.contains("/blobs/uploads/") => {
            let (repository, upload) = path.split_once("/blobs/uploads/")?;
            Some(go_on(content, repository, upload, request))
        }
        "PUT" => {
            let (repository, name) = path.split_once("/manifests/")?;
            Some(put_manifest(content, repository, name, request))
        }
        _ => None,
    }
}

fn begin(content: &mut Content, repository: &str, request: &Request) -> Option<Response> {
    let (digest, from) = (request.parameter("mount"), request.parameter("from"));
    let there = from.and_then(|from| content.repositories.get(&from)?.blobs.get(&digest?).cloned());
    if let Some(bytes) = there {
        content.repositories.entry(repository.to_owned()).or_default().push_blob(&bytes);
        return Some(Response::new(201, "text/plain", Vec::new()));
    }
    let uploads = content.uploads.as_mut()?;
    let id = uploads.len().to_string();
    uploads.insert(id.clone(), Vec::new());
    Some(accepted(repository, &id))
}

fn accepted(repository: &str, id: &str) -> Response {
    let mut response = Response::new(202, "text/plain", Vec::new());
    response.set_header("Location", &format!("/v2/{repository}/blobs/uploads/{id}?_state=a%2Fb%3D"));
    response
}

fn go_on(content: &mut Content, repository: &str, id: &str, request: &Request) -> Response {
    let Some(bytes) = content.uploads.as_mut().and_then(|uploads| uploads.get_mut(id)) else {
        return Response::error(404, "BLOB_UPLOAD_UNKNOWN");
    };
    if let Some(range) = request.header("Content-Range")
        && range != format!("{}-{}", bytes.len(), bytes.len() + request.body.len() - 1)
    {
        return Response::error(416, "BLOB_UPLOAD_INVALID");
    }
    bytes.extend_from_slice(&request.body);
    if request.method == "PATCH" {
        return accepted(repository, id);
    }
    let bytes = std::mem::take(bytes);
    let digest = oci_digest(&bytes);
    if request.parameter("digest").as_ref() != Some(&digest) || request.parameter("_state").as_deref() != Some("a/b=") {
        return Response::error(400, "DIGEST_INVALID");
    }
    content.repositories.entry(repository.to_owned()).or_default().push_blob(&bytes);
    let mut response = Response::new(201, "text/plain", Vec::new());
    response.set_header("Docker-Content-Digest", &digest);
    response
}

fn put_manifest(content: &mut Content, repository: &str, name: &str, request: &Request) -> Response {
    let lists = content.referrers != Referrers::Unsupported;
    let repository = content.repositories.entry(repository.to_owned()).or_default();
    let digest = oci_digest(&request.body);
    let read: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let named = |member: &str| read[member].as_array().cloned().unwrap_or_default();
    let digest_of = |entry: &Value| entry["digest"].as_str().unwrap_or_default().to_owned();
    let is_digest = name.contains(':');
    if is_digest && name != digest {
        return Response::error(400, "DIGEST_INVALID");
    }
    let mut blobs = named("layers");
    blobs.extend(read.get("config").cloned());
    let has_manifest = |entry: &Value| repository.manifest(&digest_of(entry)).is_some();
    if !blobs.iter().all(|blob| repository.blobs.contains_key(&digest_of(blob)))
        || !named("manifests").iter().all(has_manifest)
    {
        return Response::error(400, "MANIFEST_BLOB_UNKNOWN");
    }
    let media_type = request.header("Content-Type").unwrap_or_default().to_owned();
    let descriptor = repository.push_manifest(Manifest { media_type, bytes: request.body.clone() });
    if !is_digest {
        repository.tag(name, &descriptor);
    }
    let mut response = Response::new(201, "text/plain", Vec::new());
    response.set_header("Docker-Content-Digest", &digest);
    if lists && let Some(subject) = read["subject"]["digest"].as_str() {
        response.set_header("OCI-Subject", subject);
    }
    response
}
