//! The `Link` header that leads to the next page (RFC 8288).

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};

use super::transport::has_login;
use crate::collect::error::SourceError;

/// Returns the address of the next page, if there is one. It is judged when it is asked for, so that a wrong one costs the
/// rest of a list and not its beginning.
pub(super) fn next_page(page: &Url, headers: &HeaderMap) -> Option<String> {
    for value in headers.get_all(LINK) {
        // What cannot be read may have been a next page: no address then, which is refused.
        let Ok(text) = value.to_str() else { return Some(String::new()) };
        for link in links(text) {
            match link {
                Some((target, parameters)) if is_next(parameters) => {
                    return Some(page.join(target).map(Into::into).unwrap_or_default());
                }
                Some(_) => {}
                None => return Some(String::new()),
            }
        }
    }
    None
}

/// Judges the address of a next page.
///
/// An answer could send the client, and its token, elsewhere for the rest of a list: the next page is on the same
/// origin, or the list is incomplete (A017).
pub(super) fn judge(first: &Url, next: &str, at: impl FnOnce() -> String) -> Result<Url, SourceError> {
    let found = match Url::parse(next) {
        Err(_) => "a Link header that cannot be read",
        Ok(next) if has_login(&next) => "one with a login in its address",
        Ok(next) if next.origin() == first.origin() => return Ok(next),
        Ok(_) => "one on another host",
    };
    Err(SourceError::Unexpected { at: at(), expected: "a next page on the same host", found: found.to_owned() })
}

/// Splits `<target>; parameters, <target>; parameters`. Commas inside the angle brackets and quotes divide nothing.
fn links(text: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((target, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
            rest = "";
            return Some(None);
        };
        let mut quoted = false;
        let end = after.find(|character| {
            quoted ^= character == '"';
            character == ',' && !quoted
        });
        let (parameters, following) = after.split_at(end.unwrap_or(after.len()));
        rest = following.trim_start_matches([',', ' ', '\t']);
        Some(Some((target, parameters)))
    })
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn next(value: &str) -> Result<Option<String>, String> {
        let page = Url::parse("https://ghcr.io/v2/a/referrers/sha256:0").expect("a page");
        let mut headers = HeaderMap::new();
        headers.insert(LINK, HeaderValue::from_str(value).expect(value));
        let next = next_page(&page, &headers).map(|next| judge(&page, &next, || page.to_string()).map(Into::into));
        next.transpose().map_err(|error| error.to_string())
    }

    #[test]
    fn the_next_page_may_be_relative() {
        for value in [
            r#"</v2/a/referrers/sha256:0?n=1>; rel="next""#,
            "<https://ghcr.io:443/v2/a/referrers/sha256:0?n=1>;rel=next",
            r#"</x>; rel="first", <?n=1>; title="a,b"; rel="last next""#,
        ] {
            assert_eq!(next(value), Ok(Some("https://ghcr.io/v2/a/referrers/sha256:0?n=1".into())), "{value}");
        }
        assert_eq!(next(r#"</x>; rel="prev""#), Ok(None));
        assert_eq!(next(""), Ok(None));
    }

    #[test]
    fn a017_a_next_page_elsewhere_is_refused() {
        for value in [
            "<https://evil.example/next>; rel=next",
            "<http://ghcr.io/next>; rel=next",
            "<//evil.example/next>; rel=next",
            "<https://ghcr.io:444/x>; rel=next",
            "<file:///etc/passwd>; rel=next",
            "<https://u:p@ghcr.io/v2/a/referrers/sha256:0?n=1>; rel=next",
        ] {
            assert!(next(value).is_err(), "{value}");
        }
        assert!(next("next").is_err());
    }
}
