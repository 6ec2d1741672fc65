//! What a registry asks for when it answers 401.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A way to log in that a registry offers and this program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from a token server (distribution, "Token Authentication Specification").
    Bearer {
        /// The token server's address, not judged yet.
        realm: String,
        /// The name of the registry at the token server.
        service: Option<String>,
        /// What the token must be for, as the registry says it; not judged yet.
        scope: Option<String>,
    },
    /// Name and password with every request.
    Basic,
}

/// The longest header that is read. Longer ones are not challenges.
const LONGEST: usize = 8 * 1024;

/// Returns the first challenge that can be met, a token before a password.
pub(super) fn find(headers: &HeaderMap) -> Option<Challenge> {
    let challenges: Vec<Challenge> = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok().filter(|text| text.len() <= LONGEST))
        .flat_map(parse)
        .collect();
    let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or(challenges.first()).cloned()
}

/// Reads the challenges of one header up to the first that cannot be read.
fn parse(text: &str) -> Vec<Challenge> {
    let readable = http_auth::parser::ChallengeParser::new(text).map_while(Result::ok);
    readable.filter_map(|challenge| known(&challenge)).collect()
}

fn known(challenge: &http_auth::ChallengeRef<'_>) -> Option<Challenge> {
    if challenge.scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !challenge.scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let parameter = |name: &str| {
        let mut values = challenge.params.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        // Given twice, it would depend on the reader which one counts.
        values.next().is_none().then(|| value.to_unescaped())
    };
    Some(Challenge::Bearer { realm: parameter("realm")?, service: parameter("service"), scope: parameter("scope") })
}

/// Returns the repository to ask a token for: the one that the registry names in its challenge.
///
/// RFC 6750 §3: "The "scope" attribute … [is] indicating the required scope of the access token for accessing the
/// requested resource"; a registry behind a proxy knows the repository by another path than the client does. Other
/// parts of the scope, such as pushing, other kinds of resource or several repositories, are not requested.
/// `may_rename` says whether the whole name may differ and not only its beginning, as on a registry that is its own
/// token server.
pub(super) fn repository_to_ask<'a>(scope: Option<&'a str>, repository: &'a str, may_rename: bool) -> &'a str {
    let names: Vec<&str> = scope.into_iter().flat_map(str::split_ascii_whitespace).filter_map(pulled).collect();
    let is_mapped = |name: &&str| is_end_of(name, repository) || is_end_of(repository, name);
    let own = names.iter().find(|name| **name == repository);
    let mapped = own.or_else(|| names.iter().find(|name| is_mapped(name)));
    let renamed = mapped.or_else(|| names.first().filter(|_| may_rename && names.len() == 1));
    renamed.copied().unwrap_or(repository)
}

/// The repository of a scope that has pulling from it (distribution, "Token Scope Documentation").
fn pulled(scope: &str) -> Option<&str> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let is_repository = kind == "repository" || (kind.starts_with("repository(") && kind.ends_with(')'));
    let is_pull = actions.split(',').any(|action| matches!(action, "pull" | "*"));
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':'));
    (is_repository && is_pull && is_name).then_some(name)
}

/// Whether a path ends with another one, part by part.
fn is_end_of(whole: &str, end: &str) -> bool {
    whole.strip_suffix(end).is_some_and(|before| before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn found(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).expect(value));
        }
        find(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.into(), service: service.map(Into::into), scope: None }
    }

    #[test]
    fn the_repository_of_the_challenge_is_asked_for_and_never_another_beside_it() {
        let asked = |scope, may_rename| repository_to_ask(Some(scope), "acme/shop", may_rename);
        for may_rename in [true, false] {
            for (scope, name) in [
                ("repository:acme/shop:pull", "acme/shop"),
                ("repository:acme/shop:pull,push,delete", "acme/shop"),
                ("repository:acme/shop:*", "acme/shop"),
                ("repository:docker-virtual/acme/shop:pull", "docker-virtual/acme/shop"),
                ("repository:shop:pull", "shop"),
                ("repository(plugin):acme/shop:pull", "acme/shop"),
                ("repository:other/app:pull repository:acme/shop:pull", "acme/shop"),
                ("repository:acme/shop:pull repository:secret/app:pull,push", "acme/shop"),
                ("registry:catalog:*", "acme/shop"),
                ("repository:acme/shop:push", "acme/shop"),
                ("repository:acme/shop", "acme/shop"),
                ("repository::pull", "acme/shop"),
                ("repository:x y:pull", "acme/shop"),
                ("repository:a/b:pull repository:c/d:pull", "acme/shop"),
                ("repository:notacme/shop:pull,push repository:x:push", "acme/shop"),
                ("aws", "acme/shop"),
                ("", "acme/shop"),
            ] {
                // One other repository alone is another name of this one, where that may be.
                let expected =
                    if scope.starts_with("repository:notacme") && may_rename { "notacme/shop" } else { name };
                assert_eq!(asked(scope, may_rename), expected, "{scope}");
            }
        }
        assert_eq!(asked("repository:project-7/images:pull", true), "project-7/images");
        assert_eq!(asked("repository:project-7/images:pull", false), "acme/shop");
        assert_eq!(repository_to_ask(None, "acme/shop", true), "acme/shop");
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        assert_eq!(
            found(&[r#"Basic realm="x""#, r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#]),
            Some(Challenge::Bearer {
                realm: "https://a/t".into(),
                service: Some("s".into()),
                scope: Some("repository:x:pull,push".into())
            })
        );
        assert_eq!(found(&[r#"Basic realm="x", bearer realm="https://a/t""#]), Some(bearer("https://a/t", None)));
        assert_eq!(found(&[r#"Basic realm="x""#]), Some(Challenge::Basic));
    }

    #[test]
    fn challenges_that_cannot_be_met_are_passed_over() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[r#"Digest realm="x""#, "Bearer"]), None);
        assert_eq!(found(&[r#"Bearer realm="https://a/t",realm="https://b/t""#]), None);
        assert_eq!(found(&[&format!(r#"Bearer realm="https://{}/""#, "a".repeat(LONGEST))]), None);
    }
}
