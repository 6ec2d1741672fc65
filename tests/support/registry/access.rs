//! Who may pull: the token protocol of the distribution project, and plain Basic authentication.

use std::net::SocketAddr;

use serde_json::json;

use super::message::{Request, Response};
use crate::support::json::{base64, unbase64};

#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// Everybody, without asking.
    Open,
    /// Whoever sends this user and password with every request.
    Basic { user: String, password: String },
    /// Whoever brings a token for the repository from this server's own `/token`.
    Token {
        /// Who is given tokens; everybody when there is none.
        credentials: Option<(String, String)>,
        /// Where the challenge sends clients; this server's own `/token` when there is none.
        realm: Option<String>,
    },
}

impl Access {
    pub fn basic(user: &str, password: &str) -> Access {
        Access::Basic { user: user.into(), password: password.into() }
    }

    /// Tokens for everybody, as public registries hand them out.
    pub fn anonymous_token() -> Access {
        Access::Token { credentials: None, realm: None }
    }

    /// Tokens for one user.
    pub fn token(user: &str, password: &str) -> Access {
        Access::Token { credentials: Some((user.into(), password.into())), realm: None }
    }

    /// Tokens for everybody, to be fetched from `realm`.
    pub fn token_from(realm: &str) -> Access {
        Access::Token { credentials: None, realm: Some(realm.into()) }
    }

    /// Returns the 401 this request deserves, or nothing when it may pass.
    pub(super) fn challenge(
        &self,
        request: &Request,
        repository: Option<&str>,
        address: SocketAddr,
    ) -> Option<Response> {
        let authorization = request.header("Authorization").unwrap_or_default();
        let challenge = match self {
            Access::Open => return None,
            Access::Basic { user, password } => {
                if authorization == basic(user, password) {
                    return None;
                }
                r#"Basic realm="registry.test""#.to_string()
            }
            Access::Token { realm, .. } => {
                let is_read = ["GET", "HEAD"].contains(&request.method.as_str());
                if is_token_for(authorization, repository, if is_read { "pull" } else { "push" }) {
                    return None;
                }
                let realm = realm.clone().unwrap_or_else(|| format!("http://{address}/token"));
                let scope = repository.map(|name| format!(r#",scope="{}""#, pull(name))).unwrap_or_default();
                format!(r#"Bearer realm="{realm}",service="registry.test"{scope}"#)
            }
        };
        let mut response = Response::error(401, "UNAUTHORIZED");
        response.set_header("WWW-Authenticate", &challenge);
        Some(response)
    }

    /// Answers a request for a token; the token is its own scope, so that tests can read it.
    pub(super) fn issue_token(&self, request: &Request) -> Response {
        if let Access::Token { credentials: Some((user, password)), .. } = self
            && request.header("Authorization") != Some(&basic(user, password))
        {
            return Response::error(401, "UNAUTHORIZED");
        }
        let token = base64(request.parameter("scope").unwrap_or_default());
        let body = json!({"token": token, "access_token": token, "expires_in": 300});
        Response::new(200, "application/json", body.to_string().into_bytes())
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}")))
}

fn pull(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

fn is_token_for(authorization: &str, repository: Option<&str>, action: &str) -> bool {
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return false;
    };
    let Some(scope) = unbase64(token).and_then(|scope| String::from_utf8(scope).ok()) else {
        return false;
    };
    let grants = |granted: &str, name: &str| {
        let actions = granted.strip_prefix(&format!("repository:{name}:"));
        actions.is_some_and(|actions| actions.split(',').any(|granted| granted == action))
    };
    repository.is_none_or(|name| scope.split(' ').any(|granted| grants(granted, name)))
}
