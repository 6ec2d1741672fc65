//! Requests as they were received, and responses before they are sent.

use std::time::Duration;

use serde_json::{Value, json};

/// A request, and the status it was answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    /// Path and query, as received.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub status: u16,
}

impl Request {
    /// Returns the value of a header, whose name may be in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Returns the percent-decoded value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.path.split_once('?')?;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| percent_decoded(value))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    /// `Content-Length` is added when it is not among them.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
}

/// How a response goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delivery {
    Whole,
    Delayed(Duration),
    /// Nothing is sent, and the connection stays open.
    Never,
    /// The head and half the body are sent, and the connection stays open.
    StalledInBody,
    /// The head and half the body are sent, then the connection is closed in good order.
    CutInBody,
    /// The head and half the body are sent, then the connection is reset.
    ResetInBody,
    /// The body is followed by zeros for as long as the client reads.
    Endless,
}

impl Response {
    pub fn new(status: u16, media_type: &str, body: Vec<u8>) -> Response {
        let headers = vec![("Content-Type".into(), media_type.into())];
        Response { status, headers, body, delivery: Delivery::Whole }
    }

    /// Returns an error in the distribution specification's format.
    pub fn error(status: u16, code: &str) -> Response {
        let body = json!({"errors": [{"code": code, "message": code.to_lowercase().replace('_', " ")}]});
        Response::new(status, "application/json", body.to_string().into_bytes())
    }

    /// Sets a header, in place of others of its name.
    pub fn set_header(&mut self, name: &str, value: &str) {
        self.remove_header(name);
        self.headers.push((name.into(), value.into()));
    }

    pub fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Changes the body as JSON, and nothing else: a stated digest stays as it was.
    pub fn bend_json(&mut self, bend: impl FnOnce(&mut Value)) {
        let mut content = serde_json::from_slice(&self.body).expect("the body under test is JSON");
        bend(&mut content);
        self.body = content.to_string().into_bytes();
    }

    pub(super) fn head(&self) -> String {
        let mut lines = vec![format!("HTTP/1.1 {} -", self.status)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let has_length = header(&self.headers, "Content-Length").is_some();
        if !has_length && self.delivery != Delivery::Endless {
            lines.push(format!("Content-Length: {}", self.body.len()));
        }
        lines.join("\r\n") + "\r\n\r\n"
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits: String = bytes.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'%')
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
