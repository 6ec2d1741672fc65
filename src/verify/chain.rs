//! Certificate paths: from a leaf to an authority of the trusted root that counted at the time.
//!
//! The trusted root says which authority may issue at which time. CA certificates that accompany a signature are ignored: those
//! of a trusted authority are in the trusted root already, and any other belongs to a retired or never trusted authority (A311).

use const_oid::db::rfc5912::ID_KP_CODE_SIGNING;
use der::Encode;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use serde_json::Value;
use webpki::{EndEntityCert, KeyUsage};

use super::authorities::{certificates, window};

/// The certificate authorities of a trusted root.
pub(super) struct Issuers(Vec<Issuer>);

/// One authority.
struct Issuer {
    /// sigstore_trustroot.proto: "The last certificate in the chain MUST be the trust anchor."
    anchor: TrustAnchor<'static>,
    /// The others, which stand between a leaf and the anchor.
    between: Vec<CertificateDer<'static>>,
    /// When it counts, both ends included: its window, narrowed to its certificates.
    start: Timestamp,
    end: Timestamp,
}

/// Why a certificate has no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoIssuer {
    /// There is nothing that could have issued it.
    #[error("the trusted root has no certificate authority")]
    NoAuthority,
    /// The authority does not count at a time of the signature.
    #[error("its authority counts from {start} to {end}, and not at {time}")]
    OutsideWindow {
        /// When the authority begins to count.
        start: Timestamp,
        /// When it ends.
        end: Timestamp,
        /// The time of the signature.
        time: Timestamp,
        /// Whether the authority did issue the certificate, whenever that was.
        issued: bool,
    },
    /// No path leads from the certificate to an authority that is valid at the time.
    #[error("{0}")]
    Path(webpki::Error),
    /// The signature has no time.
    #[error("no time of the signature is known")]
    NoTime,
    /// The time cannot be compared.
    #[error("a time before 1970")]
    Before1970,
    /// The authority's key cannot be written.
    #[error("{0}")]
    Key(der::Error),
}

impl NoIssuer {
    /// Whether an authority issued the certificate, and one of the two did not count at a time of the signature.
    pub(super) fn is_about_time(&self) -> bool {
        match self {
            Self::OutsideWindow { issued, .. } => *issued,
            Self::Path(error) => {
                matches!(error, webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. })
            }
            Self::NoTime => true,
            Self::NoAuthority | Self::Before1970 | Self::Key(_) => false,
        }
    }
}

type Algorithms<'a> = &'a [&'a dyn SignatureVerificationAlgorithm];

impl Issuers {
    /// Reads the authorities of a trusted root whose windows are narrowed.
    pub(super) fn read(document: &Value) -> Result<Self, String> {
        let authorities = document["certificateAuthorities"].as_array().map(Vec::as_slice).unwrap_or_default();
        authorities
            .iter()
            .enumerate()
            .map(|(position, authority)| {
                let mut between: Vec<_> = certificates(authority).map(CertificateDer::from).collect();
                let root =
                    between.pop().ok_or_else(|| format!("certificateAuthorities[{position}] has no certificate"))?;
                let (start, end) = window(authority);
                Ok(Issuer { anchor: anchor(&root)?, between, start, end })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns the public key of the leaf's issuer: a certificate of an authority that is trusted at each of the times,
    /// with the whole path valid at each of them.
    pub(super) fn issuer_key(
        &self,
        leaf: &[u8],
        times: &[Timestamp],
        algorithms: Algorithms<'_>,
    ) -> Result<Vec<u8>, NoIssuer> {
        let mut refusal = NoIssuer::NoAuthority;
        for issuer in &self.0 {
            match issuer.key(leaf, times, algorithms) {
                Ok(key) => return Ok(key),
                Err(reason) if refusal.is_about_time() && !reason.is_about_time() => {}
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    /// Whether an authority issued the certificate, whenever that was. Tells only how a refusal is said.
    pub(super) fn issued(&self, leaf: &[u8], not_before: Timestamp, algorithms: Algorithms<'_>) -> bool {
        self.0.iter().any(|issuer| issuer.issued(leaf, not_before, algorithms))
    }
}

impl Issuer {
    fn key(&self, leaf: &[u8], times: &[Timestamp], algorithms: Algorithms<'_>) -> Result<Vec<u8>, NoIssuer> {
        if let Some(time) = times.iter().find(|time| **time < self.start || **time > self.end) {
            let issued = self.issued(leaf, not_before(leaf).unwrap_or(*time), algorithms);
            return Err(NoIssuer::OutsideWindow { start: self.start, end: self.end, time: *time, issued });
        }
        let anchor = std::slice::from_ref(&self.anchor);
        let mut key = Err(NoIssuer::NoTime);
        for time in times {
            key = Ok(path(leaf, &self.between, anchor, *time, algorithms)?);
        }
        key
    }

    /// Whether one of the authority's certificates signed the leaf, their own dates apart.
    fn issued(&self, leaf: &[u8], not_before: Timestamp, algorithms: Algorithms<'_>) -> bool {
        let others = self.between.iter().filter_map(|certificate| anchor(certificate).ok());
        let anchors: Vec<_> = others.chain([self.anchor.clone()]).collect();
        path(leaf, &[], &anchors, not_before, algorithms).is_ok()
    }
}

fn anchor(certificate: &CertificateDer<'_>) -> Result<TrustAnchor<'static>, String> {
    let anchor = webpki::anchor_from_trusted_cert(certificate).map_err(|error| error.to_string())?;
    Ok(anchor.to_owned())
}

fn not_before(leaf: &[u8]) -> Option<Timestamp> {
    super::authorities::validity(leaf).map(|(not_before, _)| not_before)
}

/// Builds a path from a leaf to one of the anchors, all of it valid at `time` and fit for code signing; returns the public key
/// of the leaf's issuer.
fn path(
    leaf: &[u8],
    between: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    time: Timestamp,
    algorithms: Algorithms<'_>,
) -> Result<Vec<u8>, NoIssuer> {
    let leaf = CertificateDer::from(leaf);
    // A fraction of a second counts where dates are compared here: in the windows of authorities, and for the leaf.
    let seconds = u64::try_from(time.as_second()).map_err(|_| NoIssuer::Before1970)?;
    let end_entity = EndEntityCert::try_from(&leaf).map_err(NoIssuer::Path)?;
    let path = end_entity
        .verify_for_usage(
            algorithms,
            anchors,
            between,
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
            KeyUsage::required_if_present(ID_KP_CODE_SIGNING.as_bytes()),
            None,
            None,
        )
        .map_err(NoIssuer::Path)?;
    match path.intermediate_certificates().next() {
        Some(issuer) => Ok(issuer.subject_public_key_info().as_ref().to_vec()),
        // The path keeps an anchor's key without its outer SEQUENCE.
        None => der::Any::new(der::Tag::Sequence, path.anchor().subject_public_key_info.as_ref())
            .and_then(|key| key.to_der())
            .map_err(NoIssuer::Key),
    }
}

#[cfg(test)]
mod tests {
    use webpki::aws_lc_rs::ECDSA_P384_SHA384;

    use super::*;
    use crate::trust::Instance;
    use crate::verify::authorities::narrow_authorities;
    use crate::verify::entity::decode_base64;

    /// The certificate of a public attestation of 2024-04-22, which GitHub's first intermediate issued.
    const LEAF: &str = "MIIGZjCCBeygAwIBAgIUZCNUZ8MMbrK0CrXtb6QFhFMAA6wwCgYIKoZIzj0EAwMwODEVMBMGA1UEChMMR2l0SHViLCBJbmMuMR8wHQYDVQQDEx\
        ZGdWxjaW8gSW50ZXJtZWRpYXRlIGwyMB4XDTI0MDQyMjE3MzMyNloXDTI0MDQyMjE3NDMyNlowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\
        BLq8PHWv71CECMctIxOYXeUm893MJEazyiLqAJPmEHx8oJsk+vYt8zvEjfL6OAiUpR60Cfk5moqCrr4WwvM3jPujggUKMIIFBjAOBgNVHQ8BAf\
        8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwMwHQYDVR0OBBYEFK10jC8CJcrMLDA80Jf4joCWq+H5MB8GA1UdIwQYMBaAFJtL5A5EGdvYbrWH\
        WsiaGyEZn/4jMGcGA1UdEQEB/wRdMFuGWWh0dHBzOi8vZ2l0aHViLmNvbS9hY3Rpb25zL2F0dGVzdC1kZW1vLy5naXRodWIvd29ya2Zsb3dzL2\
        J1aWxkLXB5dGhvbi55bWxAcmVmcy9oZWFkcy9tYWluMDkGCisGAQQBg78wAQEEK2h0dHBzOi8vdG9rZW4uYWN0aW9ucy5naXRodWJ1c2VyY29u\
        dGVudC5jb20wHwYKKwYBBAGDvzABAgQRd29ya2Zsb3dfZGlzcGF0Y2gwNgYKKwYBBAGDvzABAwQoYTZjMjNiOTgwNmM1OTM2NjRmNjg2MzdjOG\
        Y5ZDQ1ZGZjZjk4YjJkYjAvBgorBgEEAYO/MAEEBCFCdWlsZCBwYWNrYWdlIGFuZCBwdWJsaXNoIHRvIFB5UEkwIQYKKwYBBAGDvzABBQQTYWN0\
        aW9ucy9hdHRlc3QtZGVtbzAdBgorBgEEAYO/MAEGBA9yZWZzL2hlYWRzL21haW4wOwYKKwYBBAGDvzABCAQtDCtodHRwczovL3Rva2VuLmFjdG\
        lvbnMuZ2l0aHVidXNlcmNvbnRlbnQuY29tMGkGCisGAQQBg78wAQkEWwxZaHR0cHM6Ly9naXRodWIuY29tL2FjdGlvbnMvYXR0ZXN0LWRlbW8v\
        LmdpdGh1Yi93b3JrZmxvd3MvYnVpbGQtcHl0aG9uLnltbEByZWZzL2hlYWRzL21haW4wOAYKKwYBBAGDvzABCgQqDChhNmMyM2I5ODA2YzU5Mz\
        Y2NGY2ODYzN2M4ZjlkNDVkZmNmOThiMmRiMB0GCisGAQQBg78wAQsEDwwNZ2l0aHViLWhvc3RlZDA2BgorBgEEAYO/MAEMBCgMJmh0dHBzOi8v\
        Z2l0aHViLmNvbS9hY3Rpb25zL2F0dGVzdC1kZW1vMDgGCisGAQQBg78wAQ0EKgwoYTZjMjNiOTgwNmM1OTM2NjRmNjg2MzdjOGY5ZDQ1ZGZjZj\
        k4YjJkYjAfBgorBgEEAYO/MAEOBBEMD3JlZnMvaGVhZHMvbWFpbjAZBgorBgEEAYO/MAEPBAsMCTc2MzI4NzUzMjAqBgorBgEEAYO/MAEQBBwM\
        Gmh0dHBzOi8vZ2l0aHViLmNvbS9hY3Rpb25zMBgGCisGAQQBg78wAREECgwINDQwMzY1NjIwaQYKKwYBBAGDvzABEgRbDFlodHRwczovL2dpdG\
        h1Yi5jb20vYWN0aW9ucy9hdHRlc3QtZGVtby8uZ2l0aHViL3dvcmtmbG93cy9idWlsZC1weXRob24ueW1sQHJlZnMvaGVhZHMvbWFpbjA4Bgor\
        BgEEAYO/MAETBCoMKGE2YzIzYjk4MDZjNTkzNjY0ZjY4NjM3YzhmOWQ0NWRmY2Y5OGIyZGIwIQYKKwYBBAGDvzABFAQTDBF3b3JrZmxvd19kaX\
        NwYXRjaDBZBgorBgEEAYO/MAEVBEsMSWh0dHBzOi8vZ2l0aHViLmNvbS9hY3Rpb25zL2F0dGVzdC1kZW1vL2FjdGlvbnMvcnVucy84Nzg4Mzg5\
        NjAxL2F0dGVtcHRzLzEwFwYKKwYBBAGDvzABFgQJDAdwcml2YXRlMAoGCCqGSM49BAMDA2gAMGUCME4MEsuiTVolcvctwKJn7TEfi9mIXxhfBR\
        cV0Nox1UPvdc4EyO/gjYPqfWVbqi74CgIxANLkoV0aAeOaIuA1srkA1uIGmhuA820pXs0kbqW06cNuJie4+3B4PydoYoJjy1BZCQ==";

    fn issuers(bend: impl FnOnce(&mut Vec<Value>)) -> Issuers {
        let mut document = Instance::GitHub.root().expect("an embedded root").document().clone();
        bend(document["certificateAuthorities"].as_array_mut().expect("a list"));
        narrow_authorities(&mut document).expect("certificates");
        Issuers::read(&document).expect("authorities")
    }

    /// GitHub's root has one intermediate after the other, all under one root.
    #[test]
    fn a311_of_githubs_intermediates_only_the_one_of_the_time_issues() {
        let leaf = decode_base64(LEAF).expect("base64");
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        let ask = |issuers: &Issuers, times: &[&str]| {
            let times: Vec<Timestamp> = times.iter().map(|text| time(text)).collect();
            issuers.issuer_key(&leaf, &times, &[ECDSA_P384_SHA384])
        };
        let embedded = issuers(|_| {});
        assert!(embedded.0.iter().all(|one| one.anchor == embedded.0[0].anchor), "one root for all");
        assert_eq!(
            embedded.0.iter().filter(|one| one.end < time("2026-10-01T00:00:00Z")).count(),
            5,
            "five have ended"
        );
        let signed = "2024-04-22T17:35:00Z";
        assert!(ask(&embedded, &[signed]).is_ok());
        let ended = issuers(|authorities| authorities[0]["validFor"]["end"] = signed.into());
        assert!(ask(&ended, &[signed]).is_ok(), "the end belongs to it");
        assert!(ask(&ended, &[signed, "2024-04-22T17:35:01Z"]).is_err_and(|error| error.is_about_time()));
        // The root certificate is the same, and held for the others all that time.
        let others = issuers(|authorities| {
            for authority in authorities {
                authority["validFor"] = serde_json::json!({"start": "2020-01-01T00:00:00Z"});
            }
        });
        assert!(ask(&others, &[signed]).is_ok());
        let without = issuers(|authorities| drop(authorities.remove(0)));
        assert!(ask(&without, &[signed]).is_err_and(|error| !error.is_about_time()));
        assert!(matches!(ask(&embedded, &[]), Err(NoIssuer::NoTime)), "without a time no window is met");
    }
}
