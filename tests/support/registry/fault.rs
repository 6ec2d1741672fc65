//! Misbehaviours by name, for [`super::Registry::bend`].

use std::time::Duration;

use super::message::{Delivery, Response};

type Bend = Box<dyn Fn(&mut Response) + Send + Sync>;

/// Answers with this status and the specification's error body.
pub fn status(status: u16) -> Bend {
    Box::new(move |response| *response = Response::error(status, "UNKNOWN"))
}

/// Answers with this status and `Retry-After`, in seconds.
pub fn retry_after(status: u16, seconds: u32) -> Bend {
    Box::new(move |response| {
        *response = Response::error(status, "TOOMANYREQUESTS");
        response.set_header("Retry-After", &seconds.to_string());
    })
}

/// Answers 200 with a web page, as captive portals and mistyped hosts do.
pub fn html() -> Bend {
    let page = b"<!doctype html><title>Sign in</title>".to_vec();
    Box::new(move |response| {
        *response = Response::new(200, "text/html; charset=utf-8", page.clone());
    })
}

/// Redirects to `url`.
pub fn redirect(url: &str) -> Bend {
    let url = url.to_string();
    Box::new(move |response| {
        *response = Response::new(307, "text/plain", Vec::new());
        response.set_header("Location", &url);
    })
}

/// Sets a header of the honest response, such as `Content-Type`, `Docker-Content-Digest`, `Content-Length` or `Link`.
pub fn header(name: &str, value: &str) -> Bend {
    let (name, value) = (name.to_string(), value.to_string());
    Box::new(move |response| response.set_header(&name, &value))
}

/// Leaves out a header of the honest response.
pub fn without_header(name: &str) -> Bend {
    let name = name.to_string();
    Box::new(move |response| response.remove_header(&name))
}

/// Sends other bytes under the honest headers.
pub fn body(bytes: &[u8]) -> Bend {
    let bytes = bytes.to_vec();
    Box::new(move |response| response.body.clone_from(&bytes))
}

/// Flips the last bit of the honest body.
pub fn flipped_bit() -> Bend {
    Box::new(|response| {
        if let Some(last) = response.body.last_mut() {
            *last ^= 1;
        }
    })
}

/// Sends the honest response in another way.
pub fn delivered(delivery: Delivery) -> Bend {
    Box::new(move |response| response.delivery = delivery)
}

/// Sends the honest response late.
pub fn delayed(delay: Duration) -> Bend {
    delivered(Delivery::Delayed(delay))
}
