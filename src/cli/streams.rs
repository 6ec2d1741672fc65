//! Standard output and standard error. One filter removes secrets from everything that a run writes (A315).

use std::env;
use std::io::{self, Write};
use std::sync::LazyLock;

use reqwest::Url;

use crate::collect::Login;
use crate::secrets::{Hiding, Secrets};

use super::schema_texts;

/// The secrets of this process. They are global, as the streams are: an error is printed after the run's values are gone, and a
/// writer without the filter would leak.
static SECRETS: LazyLock<Secrets> = LazyLock::new(|| {
    let secrets = Secrets::default();
    schema_texts::words().for_each(|text| secrets.spare(text));
    PROXIES.into_iter().filter_map(|name| env::var(name).ok()).for_each(|proxy| keep_login_of(&secrets, &proxy));
    secrets
});

/// Variables that name proxies, perhaps with a login.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Returns the secrets that the filter removes.
pub(super) fn secrets() -> &'static Secrets {
    &SECRETS
}

/// A writer that removes secrets.
pub(super) fn without_secrets(
    mut out: impl Write,
    render: impl FnOnce(&mut Hiding<&mut dyn Write>) -> io::Result<()>,
) -> io::Result<()> {
    let mut hiding = SECRETS.hiding(&mut out as &mut dyn Write);
    render(&mut hiding).and_then(|()| hiding.finish())
}

/// Writes to standard output.
pub(super) fn to_stdout(render: impl FnOnce(&mut Hiding<&mut dyn Write>) -> io::Result<()>) -> io::Result<()> {
    unless_closed(without_secrets(io::BufWriter::new(io::stdout().lock()), render))
}

/// A closed pipe is not an error: its reader may stop early, as `head` does, and the exit code still states the result (A266).
pub(super) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to standard error. If that is closed the message is lost, and the exit code still tells the result.
pub(super) fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(SECRETS.hide(text).as_bytes());
}

/// Adds the login in an address to the secrets, as spelled in the address and as sent.
fn keep_login_of(secrets: &Secrets, address: &str) {
    let Some(authority) = address.split("://").last().and_then(|rest| rest.split('/').next()) else { return };
    let Some((login, _)) = authority.rsplit_once('@') else { return };
    let Some((username, password)) = login.split_once(':') else { return };
    secrets.keep(password);
    // The URL's own parser decodes percent-encoding.
    let decoded = |text: &str| {
        Url::parse(&format!("data:,?x={}", text.replace('+', "%2b")))
            .ok()
            .and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned()))
    };
    if let (Some(username), Some(password)) = (decoded(username), decoded(password)) {
        Login::Password { username, password }.keep_in(secrets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a315_the_login_of_a_proxy_is_a_secret() {
        for address in ["http://alice:p%40ss-word@proxy.example:3128", "alice:p%40ss-word@proxy.example/"] {
            let secrets = Secrets::default();
            keep_login_of(&secrets, address);
            // base64 of `alice:p@ss-word`.
            let hidden = secrets.hide("alice p%40ss-word p@ss-word YWxpY2U6cEBzcy13b3Jk");
            assert_eq!(hidden, "alice (secret) (secret) (secret)", "{address}");
        }
    }
}
