//! The call by containerd: its arguments, and the descriptor on standard input.

use std::ffi::OsString;
use std::io::{self, Read};

use serde::Deserialize;

use crate::cli::diagnostics::Diagnostic;
use crate::cli::input;
use crate::json;
use crate::oci::{Digest, ReferenceError, RegistryReference};

/// The media type of the payload "currently".
const DESCRIPTOR: &str = "application/vnd.oci.descriptor.v1+json";
/// Bytes of a descriptor. Its annotations are the image's author's.
const LONGEST: u64 = 1024 * 1024;
const HINT: &str = "it is called by containerd: see docs/containerd.md";

/// Why a call cannot be answered.
#[derive(Debug, thiserror::Error)]
enum CallError {
    /// Something else than a flag and its value, or a flag twice.
    #[error("expected -name, -digest and -stdin-media-type, each once and with a value, found `{0}`")]
    Argument(String),
    /// One of them is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Standard input does not end.
    #[error("the descriptor on standard input is longer than {LONGEST} bytes")]
    TooLong,
    /// The payload is about another image.
    #[error("the descriptor on standard input is about {found}, and `-digest` is {asked}")]
    OtherDescriptor { asked: Digest, found: Digest },
    /// So is the name.
    #[error("`-name` has the digest {found}, and `-digest` is {asked}")]
    OtherName { asked: Digest, found: Digest },
}

impl From<CallError> for Diagnostic {
    fn from(error: CallError) -> Self {
        Self::usage(error, HINT)
    }
}

/// An image that is about to be pulled.
#[derive(Debug)]
pub(super) struct Call {
    /// Its name with the digest that containerd pulls. The tag is never resolved again.
    pub(super) image: RegistryReference,
    /// The digest.
    pub(super) digest: Digest,
}

/// The part of a descriptor that is used.
#[derive(Debug, Deserialize)]
struct Descriptor {
    digest: Digest,
}

impl Call {
    /// Reads the arguments behind the program's name.
    pub(super) fn read(arguments: &[OsString]) -> Result<Self, Diagnostic> {
        let (mut name, mut digest, mut media_type, mut folder) = (None, None, None, None);
        for pair in arguments.chunks(2) {
            let text = |text: &OsString| text.to_string_lossy().into_owned();
            let [flag, value] = pair else { return Err(CallError::Argument(text(&pair[0])).into()) };
            let place = match flag.to_str() {
                Some("-name") => &mut name,
                Some("-digest") => &mut digest,
                Some("-stdin-media-type") => &mut media_type,
                // Where the node keeps what decides, which is read before.
                Some("-config") => &mut folder,
                _ => return Err(CallError::Argument(text(flag)).into()),
            };
            if place.replace(text(value)).is_some() {
                return Err(CallError::Argument(text(flag)).into());
            }
        }
        let name = name.ok_or(CallError::Missing("-name"))?;
        let digest = digest.ok_or(CallError::Missing("-digest"))?;
        let digest: Digest = digest.parse().map_err(|error| Diagnostic::usage(error, HINT).about("-digest"))?;
        // "may change in future versions of containerd": payloads of other types are skipped, because the digest is an argument
        // too.
        if media_type.ok_or(CallError::Missing("-stdin-media-type"))? == DESCRIPTOR {
            check_descriptor(&digest, io::stdin().lock())?;
        }
        Ok(Self { image: image(&name, &digest)?, digest })
    }
}

fn image(name: &str, digest: &Digest) -> Result<RegistryReference, Diagnostic> {
    let named: RegistryReference = name.parse().map_err(|error: ReferenceError| {
        let hint = error.hint();
        Diagnostic::usage(error, hint).about("-name")
    })?;
    match named.digest {
        Some(found) if found != *digest => Err(CallError::OtherName { asked: digest.clone(), found }.into()),
        _ => Ok(RegistryReference { digest: Some(digest.clone()), ..named }),
    }
}

fn check_descriptor(asked: &Digest, from: impl Read) -> Result<(), Diagnostic> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(input::no_standard_input)?;
    if bytes.len() as u64 > LONGEST {
        return Err(CallError::TooLong.into());
    }
    let descriptor: Descriptor = json::from_slice(&bytes)
        .map_err(|error| Diagnostic::usage(error, HINT).about("the descriptor on standard input"))?;
    if descriptor.digest == *asked {
        Ok(())
    } else {
        Err(CallError::OtherDescriptor { asked: asked.clone(), found: descriptor.digest }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: char) -> Digest {
        format!("sha256:{}", of.to_string().repeat(64)).parse().expect("a digest")
    }

    #[test]
    fn an_image_is_named_by_the_digest_that_is_pulled() {
        let named = |name: &str| image(name, &digest('a')).map(|image| image.to_string());
        assert_eq!(named("docker.io/library/x:1").ok(), Some(format!("docker.io/library/x:1@{}", digest('a'))));
        assert_eq!(named(&format!("ghcr.io/a/b@{}", digest('a'))).ok(), Some(format!("ghcr.io/a/b@{}", digest('a'))));
        assert!(named(&format!("ghcr.io/a/b:1@{}", digest('b'))).is_err(), "another digest");
        assert!(named("--policy=x").is_err());
        assert!(named("").is_err());
    }

    #[test]
    fn the_descriptor_is_about_the_digest_that_is_pulled() {
        let checked = |text: String| check_descriptor(&digest('a'), text.as_bytes());
        checked(format!(r#"{{"mediaType":"x","digest":"{}","size":1,"annotations":{{"a":"b"}}}}"#, digest('a')))
            .expect("the same");
        for text in [
            format!(r#"{{"digest":"{}"}}"#, digest('b')),
            format!(r#"["{}"]"#, digest('a')),
            format!(r#"{{"digest":"{}","digest":"{}"}}"#, digest('b'), digest('a')),
            String::new(),
            "{}".to_owned(),
            " ".repeat(1024 * 1024 + 1),
        ] {
            assert!(checked(text.clone()).is_err(), "{}", &text[..text.len().min(200)]);
        }
    }

    #[test]
    fn other_arguments_are_refused() {
        for arguments in [
            &["-name", "x"][..],
            &["-name"],
            &["-name", "x", "-name", "y"],
            &["-name", "x", "--digest", "y"],
            &["-name", "x", "-digest", "sha256:a", "-stdin-media-type", "x"],
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert!(Call::read(&arguments).is_err(), "{arguments:?}");
        }
    }
}
