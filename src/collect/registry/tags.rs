//! The tags of a repository (distribution-spec, "Listing Tags"), and the digests that they name.

use std::collections::HashSet;

use reqwest::Url;
use serde::Deserialize;

use super::transport::{Answer, Method, Request};
use super::{MANIFESTS, RegistrySource, judge, link, may_redirect};
use crate::collect::error::SourceError;
use crate::collect::limits::Limits;
use crate::collect::said::printable;
use crate::collect::tags::{Pages, TagList};
use crate::json;
use crate::oci::{Digest, Tag};

/// As many tags a page as are asked for. Registries answer with fewer (ECR takes no more).
const PAGE: &str = "n=1000";

/// The name of the header that says which digest an answer has.
const DIGEST: &str = "docker-content-digest";

/// distribution-spec: `{"name": "<name>", "tags": ["<tag1>", …]}`. A repository without tags has `null` in some registries.
#[derive(Deserialize)]
struct Page {
    tags: Option<Vec<String>>,
}

impl RegistrySource {
    /// Lists the tags, as far as that goes: what was listed before a page that cannot be read is listed all the same.
    pub async fn tags(&self, limits: &Limits) -> TagList {
        let mut pages = Pages::default();
        let first = self.url("tags", "list");
        let mut page = first.clone();
        page.set_query(Some(PAGE));
        let mut asked = HashSet::new();
        loop {
            let read = match pages.may_read(&self.at(&first)) {
                Ok(()) => self.tags_page(&page, limits).await,
                Err(error) => Err(error),
            };
            let next = match read {
                Ok((tags, next)) => {
                    pages.add(tags);
                    next
                }
                Err(error) => return pages.broken(error),
            };
            asked.insert(page);
            page = match next.map(|next| self.next_page(&first, &next, &asked)) {
                None => return pages.whole(),
                Some(Ok(next)) => next,
                Some(Err(error)) => return pages.broken(error),
            };
        }
    }

    async fn tags_page(&self, url: &Url, limits: &Limits) -> Result<(Vec<String>, Option<String>), SourceError> {
        // Another host does not speak for the registry's tags.
        let redirects = |hop: &Url| {
            if hop.origin() == self.base.origin() { Ok(()) } else { Err("a list of tags is on the registry itself") }
        };
        let (answer, grant) = self.ask(&self.request(url, "application/json", limits.manifest, &redirects)).await?;
        let answer = judge(&self.registries.transport, self.at(url), answer, grant.as_deref())?;
        let next = link::next_page(&answer.url, &answer.headers);
        let page: Page = json::from_slice(&answer.body).map_err(|error| SourceError::Unexpected {
            at: self.at(url),
            expected: "a list of tags",
            found: printable(&error.to_string()),
        })?;
        Ok((page.tags.unwrap_or_default(), next))
    }

    /// A next page is on the same host, and is none that was read before (A017).
    fn next_page(&self, first: &Url, next: &str, asked: &HashSet<Url>) -> Result<Url, SourceError> {
        let next = link::judge(first, next, || self.at(first))?;
        if !asked.contains(&next) {
            return Ok(next);
        }
        Err(SourceError::Unexpected {
            at: self.at(first),
            expected: "a next page that was not read yet",
            found: "one that was read before".to_owned(),
        })
    }

    /// Asks for the digest that a tag names, without the manifest. Some registries do not answer `HEAD`, or without the digest: then
    /// the manifest is fetched, and its bytes have the digest.
    ///
    /// Runtimes believe the same header. Content fetched by that digest is checked against it.
    pub async fn digest_of(&self, tag: &Tag, limits: &Limits) -> Result<Digest, SourceError> {
        let url = self.url("manifests", tag.as_str());
        let redirects = |hop: &Url| may_redirect(&self.base, hop, self.registries.plain_http);
        let request = Request { method: Method::Head, ..self.request(&url, MANIFESTS, 0, &redirects) };
        let (answer, grant) = self.ask(&request).await?;
        if !matches!(answer.status, 400 | 405 | 501) {
            let answer = judge(&self.registries.transport, self.at(&url), answer, grant.as_deref())?;
            if let Some(digest) = stated_digest(&answer) {
                return Ok(digest);
            }
        }
        Ok(self.manifest_by_tag(tag.as_str(), limits.manifest).await?.blob.digest().clone())
    }
}

/// A header that is there twice says nothing (A006).
fn stated_digest(answer: &Answer) -> Option<Digest> {
    let mut stated = answer.headers.get_all(DIGEST).iter();
    match (stated.next(), stated.next()) {
        (Some(only), None) => only.to_str().ok()?.parse().ok(),
        _ => None,
    }
}
