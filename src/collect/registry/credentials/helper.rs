//! Credential helpers: programs named `docker-credential-NAME` that keep logins.
//!
//! docker/docker-credential-helpers: `get` reads the server's address from standard input and writes a JSON object with
//! `Username` and `Secret`; a failure is written, as text, to standard output or standard error.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::login::{CredentialsError, HelperFailure, Login};
use crate::collect::said::printable;
use crate::json;

/// The most that is read of what a helper prints, in bytes.
const LONGEST: u64 = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(2);

/// Asks the helper `docker-credential-NAME` for the login of a server.
pub(super) fn get(name: &str, server: &str, allowed: Duration) -> Result<Option<Login>, CredentialsError> {
    let helper = format!("docker-credential-{name}");
    let failed = |failure| CredentialsError::Helper { helper: printable(&helper), failure };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(good) {
        return Err(failed(HelperFailure::Name));
    }
    run(Command::new(&helper).arg("get"), server, allowed).and_then(|printed| judge(&printed)).map_err(failed)
}

/// What a helper printed, and whether it says that it succeeded.
struct Printed {
    success: bool,
    out: Vec<u8>,
    err: Vec<u8>,
}

fn run(command: &mut Command, server: &str, allowed: Duration) -> Result<Printed, HelperFailure> {
    let end = Instant::now() + allowed;
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|error| {
        let reason = match error.kind() {
            ErrorKind::NotFound => "no such program in the path".to_owned(),
            _ => error.to_string(),
        };
        HelperFailure::Start { reason }
    })?;
    let printed = talk(&mut child, server, end);
    if printed.is_none() {
        // Already gone or not, it is waited for, so that no dead process stays behind.
        let _ = child.kill();
        let _ = child.wait();
    }
    printed.ok_or(HelperFailure::Timeout { allowed })
}

/// Writes the question and reads the answer; `None` when the time is up.
fn talk(child: &mut Child, server: &str, end: Instant) -> Option<Printed> {
    // In threads of their own: a helper may hold its pipes open for as long as it likes, or pass them on.
    let out = child.stdout.take().map(in_background);
    let err = child.stderr.take().map(in_background);
    if let Some(mut stdin) = child.stdin.take() {
        // A host is shorter than any pipe; a helper that does not read it may know its answer without.
        let _ = stdin.write_all(server.as_bytes());
    }
    let rest = |end: Instant| end.saturating_duration_since(Instant::now());
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
            _ => return None,
        }
    };
    let out = out?.recv_timeout(rest(end)).ok()?;
    let err = err?.recv_timeout(rest(end)).ok()?;
    Some(Printed { success: status.success(), out, err })
}

fn in_background(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is.
        let _ = pipe.by_ref().take(LONGEST + 1).read_to_end(&mut bytes);
        // The rest is read and forgotten, so that the helper can end.
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        // After the time is up the receiver is gone.
        let _ = sender.send(bytes);
    });
    receiver
}

fn judge(printed: &Printed) -> Result<Option<Login>, HelperFailure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        username: String,
        secret: String,
    }
    /// docker-credential-helpers `credentials/error.go`: the helper works, and has nothing.
    const NOT_FOUND: &str = "credentials not found in native keychain";
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !printed.success {
        let (out, err) = (text(&printed.out), text(&printed.err));
        if out == NOT_FOUND {
            return Ok(None);
        }
        // An object is an answer, with any exit code: it may hold a secret.
        let shown = if err.is_empty() && !out.contains('{') { out } else { err };
        return Err(HelperFailure::Failed { printed: printable(&shown) });
    }
    if printed.out.len() as u64 > LONGEST {
        return Err(HelperFailure::Answer);
    }
    let answer: Answer = json::from_slice(&printed.out).map_err(|_| HelperFailure::Answer)?;
    // docker/cli `credentials/native_store.go`: this name marks an identity token.
    Ok(match (answer.username.as_str(), answer.secret.is_empty()) {
        (_, true) => None,
        ("<token>", false) => Some(Login::IdentityToken(answer.secret)),
        _ => Some(Login::Password { username: answer.username, password: answer.secret }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(success: bool, out: &str, err: &str) -> Result<Option<Login>, HelperFailure> {
        judge(&Printed { success, out: out.into(), err: err.into() })
    }

    #[test]
    fn a_helper_answers_with_a_login_or_has_none() {
        let login = Login::Password { username: "u".into(), password: "s".into() };
        assert_eq!(printed(true, r#"{"ServerURL":"x","Username":"u","Secret":"s"}"#, "a note"), Ok(Some(login)));
        let token = Login::IdentityToken("s".into());
        assert_eq!(printed(true, r#"{"Username":"<token>","Secret":"s"}"#, ""), Ok(Some(token)));
        assert_eq!(printed(true, r#"{"Username":"","Secret":""}"#, ""), Ok(None));
        assert_eq!(printed(false, "credentials not found in native keychain\n", ""), Ok(None));
    }

    #[test]
    fn a_failing_helper_is_quoted_escaped_and_short() {
        let said = |out: &str, err: &str| printed(false, out, err).expect_err("a failure").to_string();
        assert_eq!(said("", "locked\u{1b}[31m"), "failed and printed \"locked\\u{1b}[31m\"");
        assert_eq!(said("cannot decrypt", ""), "failed and printed \"cannot decrypt\"");
        assert!(said("", &"x".repeat(9999)).len() < 300);
        assert!(!said(r#"{"Username":"u","Secret":"hunter2"}"#, "").contains("hunter2"));
        for answer in ["hunter2", r#"{"Secret":"hunter2"}"#, r#"{"Username":"u","Secret":"hunter2","Secret":"x"}"#] {
            assert!(!printed(true, answer, "").expect_err(answer).to_string().contains("hunter2"), "{answer}");
        }
    }

    #[test]
    fn a_helper_is_a_name_and_not_a_path() {
        for name in ["", "../evil", "a/b", "a b", "a\n", "a;b"] {
            let error = get(name, "ghcr.io", Duration::ZERO).expect_err(name);
            assert!(matches!(error, CredentialsError::Helper { failure: HelperFailure::Name, .. }), "{name}");
        }
        let error = get("missing", "ghcr.io", Duration::ZERO).expect_err("no such program").to_string();
        assert!(error.contains("`docker-credential-missing` cannot be started"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_helper_is_given_the_server_and_so_much_time() {
        let shell = |script: &str, allowed| run(Command::new("/bin/sh").args(["-c", script]), "ghcr.io", allowed);
        let long = Duration::from_secs(20);
        let printed = shell("read -r server || true; echo \"got $server\"; exit 3", long).expect("an answer");
        assert_eq!((printed.success, printed.out.as_slice()), (false, b"got ghcr.io\n".as_slice()));
        let flood = shell("head -c 1000000 /dev/zero", long).expect("an answer");
        assert_eq!(flood.out.len() as u64, LONGEST + 1);
        let short = Duration::from_millis(100);
        for script in ["exec sleep 5", "sleep 5 & exit 0"] {
            let began = Instant::now();
            assert!(matches!(shell(script, short), Err(HelperFailure::Timeout { .. })), "{script}");
            assert!(began.elapsed() < Duration::from_secs(4), "{script}");
        }
    }
}
