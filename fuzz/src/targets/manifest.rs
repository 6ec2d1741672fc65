//! Manifests and indexes, as registries serve them and layouts keep them.

use bonafide::oci::{Algorithm, Blob, Manifest};

use crate::lab;

/// The types that a registry may say it is, or none.
const DECLARED: [Option<&str>; 4] = [
    None,
    Some("application/vnd.oci.image.manifest.v1+json"),
    Some("application/vnd.oci.image.index.v1+json; charset=utf-8"),
    Some("text/plain"),
];

/// A manifest has one meaning: no hint from outside makes it be read as another kind.
pub fn run(data: &[u8]) {
    let blob = Blob::of(Algorithm::Sha256, data.to_vec());
    let read: Vec<Manifest> = DECLARED.iter().filter_map(|declared| Manifest::parse(&blob, *declared).ok()).collect();
    for pair in read.windows(2) {
        let of_one_kind =
            matches!(pair, [Manifest::Image(_), Manifest::Image(_)] | [Manifest::Index(_), Manifest::Index(_)]);
        assert!(of_one_kind, "read as an image and as an index");
        assert_eq!(pair[0].subject(), pair[1].subject());
        assert_eq!(pair[0].artifact_type(), pair[1].artifact_type());
    }
}

/// Every manifest of the fixtures.
pub fn seeds() -> Vec<Vec<u8>> {
    lab::manifests()
}
