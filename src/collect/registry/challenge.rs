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
    },
    /// Name and password with every request.
    Basic,
}

/// The longest header that is read. Longer ones are not challenges.
const LONGEST: usize = 8 * 1024;

/// Returns the first challenge that can be met, a token before a password.
///
/// The scope is not taken from the challenge: nothing but pulling from this repository is ever asked for.
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
    Some(Challenge::Bearer { realm: parameter("realm")?, service: parameter("service") })
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
        Challenge::Bearer { realm: realm.into(), service: service.map(Into::into) }
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        assert_eq!(
            found(&[r#"Basic realm="x""#, r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#]),
            Some(bearer("https://a/t", Some("s")))
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
