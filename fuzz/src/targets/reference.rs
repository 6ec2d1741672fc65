//! What a user, a manifest or a flag may call an image.

use bonafide::oci::{Digest, Platform, Reference};

/// What was understood is written so that it is understood in the same way again.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(reference) = text.parse::<Reference>() {
        let written = reference.to_string();
        assert_eq!(written.parse::<Reference>().as_ref(), Ok(&reference), "{text:?} is written {written:?}");
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string().parse::<Digest>().as_ref(), Ok(&digest));
    }
    if let Ok(platform) = text.parse::<Platform>() {
        assert_eq!(platform.to_string().parse::<Platform>().as_ref(), Ok(&platform));
    }
}

/// Every form of a reference.
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = "sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80";
    [
        "alpine".to_owned(),
        "docker.io/library/alpine:3.20".to_owned(),
        "index.docker.io/alpine".to_owned(),
        format!("ghcr.io/acme/shop:v1.0.0@{digest}"),
        format!("127.0.0.1:5000/acme/shop@{digest}"),
        "[::1]:5000/acme/shop:v1".to_owned(),
        "OCI/acme/shop".to_owned(),
        "REGISTRY.example.com:443/a/b/c:T_a.g-1".to_owned(),
        "oci:some/folder:v1.0.0".to_owned(),
        format!("oci:some/folder@{digest}"),
        "oci-archive:C:/images/shop.tar:v1".to_owned(),
        digest.to_owned(),
        "linux/arm/v7".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}
