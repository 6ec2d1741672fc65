//! Sorts failed connections by the types of the errors below the HTTP library's own, never by their words.

use std::error::Error;
use std::io::{self, ErrorKind};

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use crate::collect::connection::{CertificateProblem, Compared, ConnectionProblem};
use crate::collect::said::printable;

use super::resolver::{NoAddress, RefusedAddress};

/// Returns why a request got no answer.
pub(super) fn problem_of(error: &reqwest::Error, through_proxy: bool) -> ConnectionProblem {
    let chain: Vec<_> = causes(error).collect();
    let find = |problem: fn(&(dyn Error + 'static)) -> Option<ConnectionProblem>| {
        chain.iter().find_map(|error| problem(*error))
    };
    if let Some(problem) = find(of_name).or_else(|| find(of_tls)).or_else(|| find(of_system)).or_else(|| find(of_http))
    {
        return problem;
    }
    // Between a proxy that can be reached and the server's TLS there is only the proxy's answer.
    if through_proxy && error.is_connect() {
        return ConnectionProblem::Tunnel;
    }
    let words: Vec<String> = chain.iter().skip(1).map(ToString::to_string).collect();
    ConnectionProblem::Unnamed(printable(&words.join(": ")))
}

/// Returns why no client can be made.
pub(super) fn problem_of_client(error: &reqwest::Error) -> ConnectionProblem {
    let is_of_tls = causes(error).any(<dyn std::error::Error>::is::<rustls::Error>);
    if is_of_tls { ConnectionProblem::NoAuthorities } else { ConnectionProblem::Unnamed(printable(&error.to_string())) }
}

pub(super) fn refused_address(error: &reqwest::Error) -> Option<&RefusedAddress> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// Yields an error and its causes. The cause of an `io::Error` is the error that it wraps; `io::Error::source` skips that one.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn of_name(error: &(dyn Error + 'static)) -> Option<ConnectionProblem> {
    let said = error.downcast_ref::<NoAddress>()?.said();
    Some(ConnectionProblem::Name { said: printable(&said) })
}

fn of_tls(error: &(dyn Error + 'static)) -> Option<ConnectionProblem> {
    Some(match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(error) => ConnectionProblem::Certificate(of_certificate(error)),
        // RFC 8446 §6: what comes first from a server that speaks TLS is a record; of old ones an alert for the version.
        rustls::Error::InvalidMessage(_) => ConnectionProblem::NoTls,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => ConnectionProblem::ClientCertificate,
        other => ConnectionProblem::Unnamed(printable(&other.to_string())),
    })
}

fn of_certificate(error: &CertificateError) -> CertificateProblem {
    let compared =
        |now: &UnixTime, limit: &UnixTime| Some(Compared { now: timestamp(*now)?, limit: timestamp(*limit)? });
    match error {
        CertificateError::UnknownIssuer => CertificateProblem::UnknownAuthority,
        CertificateError::Expired => CertificateProblem::Expired(None),
        CertificateError::ExpiredContext { time, not_after } => CertificateProblem::Expired(compared(time, not_after)),
        CertificateError::NotValidYet => CertificateProblem::NotYetValid(None),
        CertificateError::NotValidYetContext { time, not_before } => {
            CertificateProblem::NotYetValid(compared(time, not_before))
        }
        CertificateError::NotValidForName => CertificateProblem::OtherName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            CertificateProblem::OtherName(presented.iter().take(8).map(|name| printable(name)).collect())
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        other => CertificateProblem::Unusable(printable(&other.to_string())),
    }
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()
}

fn of_system(error: &(dyn Error + 'static)) -> Option<ConnectionProblem> {
    let error = error.downcast_ref::<io::Error>()?;
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => ConnectionProblem::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => ConnectionProblem::Unreachable,
        ErrorKind::TimedOut => ConnectionProblem::TimedOut,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => ConnectionProblem::Broken,
        // What it holds says more.
        _ if error.get_ref().is_some() => return None,
        _ => ConnectionProblem::Unnamed(printable(&error.to_string())),
    })
}

fn of_http(error: &(dyn Error + 'static)) -> Option<ConnectionProblem> {
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse() || error.is_parse_status() {
        Some(ConnectionProblem::NoHttp)
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Some(ConnectionProblem::Broken)
    } else {
        None
    }
}
