//! What an honest registry answers: the distribution specification's pull category and its listing of referrers.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::message::{Request, Response};
use super::{Content, Referrers};
use crate::support::image::{IMAGE_INDEX, Manifest};
use crate::support::repository::{Repository, referrers_index};

pub(super) fn answer(content: &mut Content, request: &Request, address: SocketAddr) -> Response {
    let path = request.path.split('?').next().unwrap_or_default();
    if path == "/token" {
        return content.access.issue_token(request);
    }
    let Some(rest) = path.strip_prefix("/v2/") else {
        return Response::error(404, "NOT_FOUND");
    };
    let target = Target::parse(rest);
    let repository = target.as_ref().map(|target| target.repository);
    if let Some(challenge) = content.access.challenge(request, repository, address) {
        return challenge;
    }
    if let Some(answer) = super::push::answer(content, request) {
        return answer;
    }
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return Response::error(405, "UNSUPPORTED");
    }
    match target {
        None if rest.is_empty() => Response::new(200, "application/json", b"{}".to_vec()),
        None => Response::error(404, "NOT_FOUND"),
        Some(target) => match content.repositories.get(target.repository) {
            None => Response::error(404, "NAME_UNKNOWN"),
            Some(repository) => {
                let makes_lists = content.uploads.is_none() && content.referrers == Referrers::Unsupported;
                match target.kind {
                    "manifests" => manifest(repository, target.name, makes_lists),
                    _ => target.find(repository, content.referrers, request),
                }
            }
        },
    }
}

struct Target<'a> {
    repository: &'a str,
    kind: &'a str,
    name: &'a str,
}

impl<'a> Target<'a> {
    // Repository names contain slashes, so the path is read from its end.
    fn parse(rest: &'a str) -> Option<Target<'a>> {
        if let Some((repository, name)) = rest.split_once("/blobs/uploads/") {
            return Some(Target { repository, kind: "uploads", name });
        }
        let (rest, name) = rest.rsplit_once('/')?;
        let (repository, kind) = rest.rsplit_once('/')?;
        Some(Target { repository, kind, name })
    }

    fn find(&self, repository: &Repository, referrers: Referrers, request: &Request) -> Response {
        match self.kind {
            "blobs" => blob(repository, self.name),
            "referrers" => self.referrers(repository, referrers, request),
            "tags" if self.name == "list" => tags(self.repository, repository),
            _ => Response::error(404, "NOT_FOUND"),
        }
    }

    fn referrers(&self, repository: &Repository, referrers: Referrers, request: &Request) -> Response {
        let Referrers::Listed { page_size } = referrers else {
            return Response::error(404, "NOT_FOUND");
        };
        let mut entries = repository.referrers(self.name);
        let artifact_type = request.parameter("artifactType");
        if let Some(wanted) = &artifact_type {
            entries.retain(|entry| entry["artifactType"] == *wanted);
        }
        let page: usize = request.parameter("page").and_then(|page| page.parse().ok()).unwrap_or(0);
        let start = page.saturating_mul(page_size).min(entries.len());
        let end = start.saturating_add(page_size).min(entries.len());
        let mut response = Response::new(200, IMAGE_INDEX, index_bytes(&entries[start..end]));
        if artifact_type.is_some() {
            response.set_header("OCI-Filters-Applied", "artifactType");
        }
        if end < entries.len() {
            let Target { repository, name, .. } = self;
            let filter = artifact_type.map(|wanted| format!("&artifactType={wanted}")).unwrap_or_default();
            let next = format!("</v2/{repository}/referrers/{name}?page={}{filter}>; rel=\"next\"", page + 1);
            response.set_header("Link", &next);
        }
        response
    }
}

fn index_bytes(entries: &[Value]) -> Vec<u8> {
    referrers_index(entries).to_string().into_bytes()
}

fn manifest(repository: &Repository, name: &str, makes_lists: bool) -> Response {
    let digest = repository.tags.get(name).map_or(name, String::as_str);
    match repository.manifest(digest).cloned().or_else(|| fallback(repository, name).filter(|_| makes_lists)) {
        None => Response::error(404, "MANIFEST_UNKNOWN"),
        Some(manifest) => {
            let mut response = Response::new(200, &manifest.media_type, manifest.bytes.clone());
            response.set_header("Docker-Content-Digest", &manifest.descriptor().digest);
            response
        }
    }
}

// Where there is no API, those who push referrers keep the index under a tag made from the subject's digest.
fn fallback(repository: &Repository, name: &str) -> Option<Manifest> {
    let subject = name.strip_prefix("sha256-").map(|hex| format!("sha256:{hex}"));
    let indices = || {
        let manifests = repository.manifests.iter().map(|manifest| manifest.descriptor().digest);
        manifests.filter_map(|digest| repository.fallback_index(&digest))
    };
    match subject {
        Some(subject) => repository.fallback_index(&subject),
        None => indices().find(|index| index.descriptor().digest == name),
    }
}

fn blob(repository: &Repository, digest: &str) -> Response {
    match repository.blobs.get(digest) {
        None => Response::error(404, "BLOB_UNKNOWN"),
        Some(bytes) => {
            let mut response = Response::new(200, "application/octet-stream", bytes.clone());
            response.set_header("Docker-Content-Digest", digest);
            response
        }
    }
}

fn tags(name: &str, repository: &Repository) -> Response {
    let tags: Vec<_> = repository.tags.keys().collect();
    Response::new(200, "application/json", json!({"name": name, "tags": tags}).to_string().into_bytes())
}
