//! The payload of cosign's signatures before bundles.

use serde::Deserialize;

use crate::check::{CheckId, Finding};
use crate::json;
use crate::oci::Digest;

/// cosign `specs/SIGNATURE_SPEC.md`: the simple-signing payload that names the image's digest.
#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: CriticalImage,
    #[serde(rename = "type")]
    kind: String,
}

/// The key is spelled in lower case by every implementation; another spelling is another key (A055).
#[derive(Deserialize)]
struct CriticalImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

pub(super) fn check_simple_signing(payload: &[u8], subject: &Digest) -> Finding {
    const TYPE: &str = "cosign container image signature";
    let signed: SimpleSigning = match json::from_slice(payload) {
        Ok(signed) => signed,
        Err(error) => {
            return Finding::fail(CheckId::PayloadFormat, "the simple-signing payload cannot be read")
                .found(error.to_string());
        }
    };
    if signed.critical.kind != TYPE {
        return Finding::fail(CheckId::PayloadFormat, "the payload is not a cosign image signature")
            .expected(TYPE)
            .found(signed.critical.kind);
    }
    if signed.critical.image.digest == subject.to_string() {
        return Finding::pass(CheckId::SubjectDigest, "the signature is on this image").about(subject);
    }
    Finding::fail(CheckId::SubjectDigest, "the signature is on another image")
        .about(subject)
        .expected(subject.to_string())
        .found(signed.critical.image.digest)
        .next("it was copied here from another image: sign this one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Outcome;
    use crate::oci::Algorithm;

    fn digest() -> Digest {
        Digest::of(Algorithm::Sha256, b"image")
    }

    fn payload(image: &str) -> String {
        format!(
            r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{image},"type":"cosign container image signature"}},"optional":null}}"#
        )
    }

    fn check(image: &str) -> Finding {
        check_simple_signing(payload(image).as_bytes(), &digest())
    }

    #[test]
    fn a054_a_payload_for_another_image_is_refused() {
        assert_eq!(check(&format!(r#"{{"docker-manifest-digest":"{}"}}"#, digest())).outcome, Outcome::Pass);
        let other = check(r#"{"docker-manifest-digest":"sha256:00"}"#);
        assert_eq!((other.check, other.outcome), (CheckId::SubjectDigest, Outcome::Fail));
    }

    #[test]
    fn a055_only_the_lower_case_key_counts_and_only_once() {
        let digest = digest();
        assert_eq!(check(&format!(r#"{{"Docker-manifest-digest":"{digest}"}}"#)).outcome, Outcome::Fail);
        let twice = format!(r#"{{"docker-manifest-digest":"sha256:00","docker-manifest-digest":"{digest}"}}"#);
        assert_eq!(check(&twice).check, CheckId::PayloadFormat);
        let both = format!(r#"{{"docker-manifest-digest":"sha256:00","Docker-Manifest-Digest":"{digest}"}}"#);
        assert_eq!(check(&both).outcome, Outcome::Fail);
    }

    #[test]
    fn a_payload_of_another_type_is_refused() {
        let text = payload(&format!(r#"{{"docker-manifest-digest":"{}"}}"#, digest()))
            .replace("cosign container", "atomic container");
        assert_eq!(check_simple_signing(text.as_bytes(), &digest()).check, CheckId::PayloadFormat);
    }
}
