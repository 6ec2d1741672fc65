//! The program, run with nothing of the machine's own.

// Public to this test alone.
#![allow(unreachable_pub)]

use std::path::Path;

pub use crate::support::folder::Folder;
pub use crate::support::program::{Program, Run};
use crate::support::registry::Registry;
use crate::support::repository::Repository;

/// The repository that fixtures are served as.
pub const REPOSITORY: &str = "acme/shop";

/// `bonafide verify` of these arguments, by the signer of the fixtures.
pub fn verify(arguments: &[&str]) -> Program {
    by_signer("verify", arguments)
}

/// A look at what is attached instead.
pub fn inspect(arguments: &[&str]) -> Program {
    by_signer("inspect", arguments)
}

/// Every image of repositories.
pub fn audit(arguments: &[&str]) -> Program {
    by_signer("audit", arguments)
}

fn by_signer(command: &str, arguments: &[&str]) -> Program {
    let given = [command, "--repo", "acme/shop", "--trusted-root", "fixtures/trust/lab.trusted_root.json"];
    Program::new(given.iter().chain(arguments))
}

/// Returns a fixture's content.
pub fn fixture(name: &str) -> Repository {
    Repository::read_layout(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images").join(name))
}

/// Starts a registry that has a fixture, and returns it with the reference to it.
pub fn serve(name: &str) -> (Registry, String) {
    let registry = Registry::serving(REPOSITORY, fixture(name));
    let reference = registry.reference(REPOSITORY, "v1.0.0");
    (registry, reference)
}

/// Starts a registry that has several fixtures, each under a tag of its own, and returns it with the repository's name.
pub fn serve_tagged(images: &[(&str, &str)]) -> (Registry, String) {
    let registry = Registry::start();
    for (image, tag) in images {
        let one = fixture(image);
        registry.edit(REPOSITORY, |content| {
            content.tags.insert((*tag).to_owned(), one.tags["v1.0.0"].clone());
            content.tags.extend(one.tags.into_iter().filter(|(tag, _)| tag != "v1.0.0"));
            content.manifests.extend(one.manifests);
            content.blobs.extend(one.blobs);
            content.images.extend(one.images);
        });
    }
    let name = format!("{}/{REPOSITORY}", registry.host());
    (registry, name)
}
