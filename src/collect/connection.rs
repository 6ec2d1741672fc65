//! Failed connections: the cause, and the hint for the user.

use jiff::Timestamp;

use crate::evidence::GapReason;

/// A connection that failed: to which server, on which way, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionFailure {
    /// The server, with the port unless it is the scheme's own.
    pub host: String,
    /// The proxy on the way.
    pub proxy: Option<Proxy>,
    /// Why it failed.
    pub problem: ConnectionProblem,
}

/// A proxy, as the environment names it; without its login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Host and port.
    pub address: String,
    /// The variable that names it.
    pub variable: &'static str,
}

/// Why a connection failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// The name has no address, or it could not be looked up.
    Name {
        /// What the system said.
        said: String,
    },
    /// Nothing listens there.
    Refused,
    /// The network has no route to it.
    Unreachable,
    /// The system waited for an answer for as long as it does.
    TimedOut,
    /// The other side broke off the connection before the end of its answer.
    Broken,
    /// The proxy answered, and leads to no connection with the server.
    Tunnel,
    /// The other side speaks no TLS.
    NoTls,
    /// The other side speaks no HTTP.
    NoHttp,
    /// The other side wants a certificate of this client.
    ClientCertificate,
    /// This machine has no certificates of authorities.
    NoAuthorities,
    /// The server's certificate does not hold.
    Certificate(CertificateProblem),
    /// Something else, in the words of the library.
    Unnamed(String),
}

/// Why a server's certificate does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateProblem {
    /// No authority that is trusted here issued it.
    UnknownAuthority,
    /// It has ended, by this machine's clock.
    Expired(Option<Compared>),
    /// It has not begun, by this machine's clock.
    NotYetValid(Option<Compared>),
    /// It is for other names, which are these.
    OtherName(Vec<String>),
    /// Its authority has taken it back.
    Revoked,
    /// It cannot be used, in the words of the library.
    Unusable(String),
}

/// A time that decided, and this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// This machine's time.
    pub now: Timestamp,
    /// The end or the beginning of the certificate's validity.
    pub limit: Timestamp,
}

use CertificateProblem::{Expired, NotYetValid, OtherName, Revoked, UnknownAuthority, Unusable};
use ConnectionProblem::{
    Broken, Certificate, ClientCertificate, Name, NoAuthorities, NoHttp, NoTls, Refused, TimedOut, Tunnel, Unnamed,
    Unreachable,
};

impl ConnectionFailure {
    /// The proxy, where it is what could not be reached or refused.
    fn failed_proxy(&self) -> Option<&Proxy> {
        let is_at_proxy = matches!(self.problem, Name { .. } | Refused | Unreachable | TimedOut | Tunnel);
        self.proxy.as_ref().filter(|_| is_at_proxy)
    }

    /// The kind of gap that it leaves.
    pub fn reason(&self) -> GapReason {
        match &self.problem {
            _ if self.failed_proxy().is_some() => GapReason::Proxy,
            Certificate(NotYetValid(_)) => GapReason::Clock,
            Certificate(_) | NoAuthorities => GapReason::Certificate,
            _ => GapReason::Connection,
        }
    }

    /// The cause, in one clause.
    pub fn cause(&self) -> String {
        let host = &self.host;
        let peer = match self.failed_proxy() {
            Some(Proxy { address, variable }) => format!("the proxy {address} ({variable})"),
            None => host.clone(),
        };
        match &self.problem {
            Name { .. } => format!("the name of {peer} cannot be resolved"),
            Refused => format!("{peer} refused the connection"),
            Unreachable => format!("{peer} cannot be reached from this machine"),
            TimedOut => format!("{peer} does not answer"),
            Broken => format!("{peer} broke off the connection"),
            Tunnel => format!("{peer} does not let the connection to {host} through"),
            NoTls => format!("{peer} does not speak TLS"),
            NoHttp => format!("{peer} does not speak HTTP"),
            ClientCertificate => format!("{peer} asks for a client certificate that it accepts"),
            NoAuthorities => "this machine has no certificates of authorities for TLS".to_owned(),
            Certificate(UnknownAuthority) => {
                format!("the certificate of {host} is from an authority that is not trusted")
            }
            Certificate(Expired(_)) => format!("the certificate of {host} has expired, by this machine's clock"),
            Certificate(NotYetValid(_)) => {
                format!("the certificate of {host} is not valid yet, by this machine's clock")
            }
            Certificate(OtherName(_)) => format!("the certificate of {host} is for other names"),
            Certificate(Revoked) => format!("the certificate of {host} was revoked"),
            Certificate(Unusable(_)) => format!("the certificate of {host} cannot be used"),
            Unnamed(_) => format!("the connection to {host} failed"),
        }
    }

    /// What would have been right, where the cause does not say it.
    pub fn expected(&self) -> Option<String> {
        Some(match &self.problem {
            Tunnel => format!("the proxy to connect to {}", self.host),
            Certificate(UnknownAuthority) => "an authority of this system, or one of `--ca-file`".to_owned(),
            Certificate(Expired(Some(compared))) => format!("a time up to {}", compared.limit),
            Certificate(NotYetValid(Some(compared))) => format!("a time from {} on", compared.limit),
            Certificate(OtherName(_)) => format!("a certificate for {}", self.host),
            _ => return None,
        })
    }

    /// What was found, if there is more to it than the cause.
    pub fn found(&self) -> Option<String> {
        Some(match &self.problem {
            Name { said } | Unnamed(said) | Certificate(Unusable(said)) => said.clone(),
            Tunnel => "another answer than that it is connected".to_owned(),
            Certificate(UnknownAuthority) => "a certificate that none of them issued".to_owned(),
            Certificate(Expired(Some(compared)) | NotYetValid(Some(compared))) => {
                format!("this machine's clock says {}", compared.now)
            }
            Certificate(OtherName(names)) => format!("a certificate for {}", names.join(", ")),
            _ => return None,
        })
    }

    /// The cause, with what was found.
    pub fn in_words(&self) -> String {
        let found = self.found().map(|found| format!(": {found}"));
        format!("{}{}", self.cause(), found.unwrap_or_default())
    }

    /// What to do about it.
    pub fn next(&self) -> String {
        let host = &self.host;
        if let Some(Proxy { address, variable }) = self.failed_proxy() {
            let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
            let check = match self.problem {
                Tunnel => format!(
                    "ask the operator of {address} to allow {host}; if it wants a login, write it into {variable} (`http://USER:PASSWORD@…`)"
                ),
                _ => format!("check {variable} and the proxy"),
            };
            return format!("{check}; `NO_PROXY={name}` goes around it");
        }
        match &self.problem {
            Name { .. } => "check the spelling of the host, and the name servers of this machine".to_owned(),
            Refused => "check the host and the port, and that the server runs".to_owned(),
            Unreachable | TimedOut => {
                "check the host, the network and the firewall; a proxy is taken from `HTTPS_PROXY`".to_owned()
            }
            Broken | NoHttp | Unnamed(_) => {
                "try again; if it stays so, check the host and the port, and whether the server asks for a client certificate (`--client-cert`)"
                    .to_owned()
            }
            // `--plain-http` would send everything in the clear.
            NoTls => "check the host and the port; only if you know this registry to have no TLS: `--plain-http`".to_owned(),
            ClientCertificate => "give one with `--client-cert FILE` (and `--client-key FILE`)".to_owned(),
            NoAuthorities => {
                "install the system's certificates (such as the package `ca-certificates`), or give authorities with `--ca-file FILE`"
                    .to_owned()
            }
            Certificate(UnknownAuthority) => format!(
                "if a private authority issues the certificates of {host}, give it with `--ca-file FILE`; otherwise the connection may be intercepted: do not bypass the check"
            ),
            Certificate(Expired(_)) => format!(
                "check this machine's clock (`date -u`); if it is right, the certificate of {host} has to be renewed"
            ),
            Certificate(NotYetValid(_)) => format!(
                "set this machine's clock (`date -u` shows it); if it is right, the certificate of {host} is to blame"
            ),
            Certificate(OtherName(_)) => {
                "check the host in the reference: use a name that the certificate is for".to_owned()
            }
            Certificate(Revoked | Unusable(_)) => {
                "ask the operator of the server to renew it; do not bypass the check".to_owned()
            }
            // Only of a proxy.
            Tunnel => "check the proxy".to_owned(),
        }
    }
}
