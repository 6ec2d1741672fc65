//! The flags of `bonafide collect`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use crate::oci::{ImageName, RegistryReference, Tag};

use super::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  bonafide collect ghcr.io/acme/app:1.4.2 --repo acme/app --to app-1.4.2
  bonafide collect ghcr.io/acme/app:1.4.2 --policy bonafide.yaml --to app-1.4.2.tar
  bonafide verify oci:app-1.4.2 --offline --repo acme/app
  bonafide collect ghcr.io/acme/app:1.4.2 --repo acme/app --to docker://registry.example/mirror/app

The pack is an OCI layout: indexes, manifests and configurations, and all evidence in its own bytes and place; the layers
with --layers alone. Its folder bonafide/ holds the policy, the trusted roots, the report, and SHA256SUMS of everything.
A rejected image is carried away and copied too, and the exit code says so. The pack is written whole or not at all: if something
could not be read or the disk is full, nothing is written, and the exit code is 3. It is for images: --lock, whose packages
are none, is refused.

A copy in a registry has everything byte for byte: layers, all platforms, referrers and cosign's tags. Nothing is written there
before everything but layers was read, tags come last, and a tag that names something else is not moved without --move-tags.

Exit codes: 0 verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

/// Flags of `verify` that are not about a pack.
const OF_VERIFY: [&str; 5] = ["wait", "not_weaker_than", "save", "replay", "lock"];

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("references", |arg| arg.help("The images to carry away; - reads references from standard input, one on each line")))]
#[command(mut_arg(OF_VERIFY[0], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[1], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[2], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[3], |arg| arg.hide(true)))]
#[command(mut_arg(OF_VERIFY[4], |arg| arg.hide(true)))]
#[command(mut_arg("bundle", |arg| arg.hide(true)))]
#[command(mut_arg("sums", |arg| arg.hide(true)))]
pub(in crate::cli) struct CollectArgs {
    /// Where to: a new or empty folder; a new archive, whose name ends in .tar; or docker://REGISTRY/REPOSITORY[:TAG] for a
    /// copy in a registry, with the layers
    #[arg(long, value_name = "PLACE", value_parser = OsStringValueParser::new().try_map(place))]
    pub(in crate::cli) to: Place,

    /// With docker://: move tags there that name something else, cosign's tags for signatures too
    #[arg(long)]
    pub(in crate::cli) move_tags: bool,

    /// Put the layers of the images into the pack too, so that it can be loaded or pushed elsewhere
    #[arg(long)]
    pub(in crate::cli) layers: bool,

    #[command(flatten)]
    pub(in crate::cli) verify: VerifyArgs,
}

/// Where images are carried.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Place {
    /// To a pack on this machine.
    Pack(PathBuf),
    /// To a repository of a registry.
    Registry { name: ImageName, tag: Option<Tag> },
}

/// What begins as references to registries may, and as no file's name is written, is a registry.
fn place(text: OsString) -> Result<Place, String> {
    let Some(rest) = text.to_str().and_then(|text| text.strip_prefix("docker://")) else {
        return Ok(Place::Pack(text.into()));
    };
    let RegistryReference { name, tag, digest } = rest.parse().map_err(|error| format!("{error}"))?;
    if digest.is_some() {
        return Err("a copy has the digest of its image: leave out what follows `@`".to_owned());
    }
    let is_tagged = rest.rsplit('/').next().is_some_and(|last| last.contains(':'));
    Ok(Place::Registry { name, tag: tag.filter(|_| is_tagged) })
}
