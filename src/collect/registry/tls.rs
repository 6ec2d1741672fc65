//! Certificates for TLS: the authorities to trust, and the client's own certificate.

use reqwest::{Certificate, Identity};

/// Certificates for connections.
#[derive(Default, Clone)]
pub(super) struct Trust {
    /// Authorities that are trusted beside the system's.
    pub(super) roots: Vec<Certificate>,
    /// A client certificate with its key. It is shown only to the registries that the user names.
    pub(super) identity: Option<Identity>,
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The certificates cannot be read.
    #[error("the CA file cannot be used")]
    Certificates(#[source] reqwest::Error),
    /// There are none.
    #[error("the CA file has no certificates: expected at least one in PEM")]
    NoCertificates,
    /// The client certificate has no part that is needed.
    #[error("the client certificate cannot be used: expected {expected} in PEM, found {found}")]
    ClientCertificate {
        /// The expected content.
        expected: &'static str,
        /// The actual content.
        found: &'static str,
    },
    /// The parts of the client certificate do not fit, or cannot be read.
    #[error("the client certificate cannot be used")]
    Identity(#[source] reqwest::Error),
}

impl SettingsError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Certificates(_) | Self::NoCertificates => "check `--ca-file`: it must hold PEM certificates",
            Self::ClientCertificate { .. } | Self::Identity(_) => {
                "check `--client-cert` and `--client-key`: a PEM certificate, its chain, and its own private key"
            }
        }
    }
}

impl Trust {
    /// Reads authorities, and a client certificate with its key.
    pub(super) fn read(ca_file: Option<&[u8]>, client: Option<&[u8]>) -> Result<Self, SettingsError> {
        let roots = match ca_file {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(SettingsError::Certificates)?,
            None => Vec::new(),
        };
        if ca_file.is_some() && roots.is_empty() {
            return Err(SettingsError::NoCertificates);
        }
        Ok(Self { roots, identity: client.map(identity).transpose()? })
    }
}

fn identity(pem: &[u8]) -> Result<Identity, SettingsError> {
    let has = |label: &str| {
        let line = format!("-----BEGIN {label}-----");
        pem.windows(line.len()).any(|part| part == line.as_bytes())
    };
    let wrong = |expected, found| Err(SettingsError::ClientCertificate { expected, found });
    if !has("CERTIFICATE") {
        return wrong("a certificate", "none");
    }
    if has("ENCRYPTED PRIVATE KEY") || pem.windows(22).any(|part| part == b"Proc-Type: 4,ENCRYPTED") {
        return wrong("a private key that is not encrypted", "an encrypted one");
    }
    if !["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].into_iter().any(has) {
        return wrong("its private key", "none; give it with `--client-key`");
    }
    Identity::from_pem(pem).map_err(SettingsError::Identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(pem: &str) -> String {
        Trust::read(None, Some(pem.as_bytes())).map(drop).expect_err(pem).to_string()
    }

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_client_certificate_that_lacks_a_part_is_refused_with_what_it_lacks() {
        let key = |label: &str| format!("{CERTIFICATE}-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        assert!(error("").contains("expected a certificate in PEM, found none"));
        assert!(error(CERTIFICATE).contains("`--client-key`"));
        assert!(error(&key("ENCRYPTED PRIVATE KEY")).contains("not encrypted"));
        let old = CERTIFICATE.to_owned() + "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
        assert!(error(&old).contains("not encrypted"));
        assert!(Trust::read(None, Some(key("PRIVATE KEY").as_bytes())).is_ok());
    }

    #[test]
    fn a_useless_ca_file_is_refused() {
        assert!(matches!(Trust::read(Some(b"nothing"), None), Err(SettingsError::NoCertificates)));
        let broken = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        assert!(matches!(Trust::read(Some(broken), None), Err(SettingsError::Certificates(_))));
    }
}
