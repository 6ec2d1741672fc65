//! What may become a candidate once it is fetched.

use std::sync::Arc;

use super::reader::Form;
use crate::collect::error::SourceError;
use crate::evidence::{AttestationManifest, Candidate, Content, Origin};
use crate::oci::{Descriptor, Digest};

/// What an attached manifest or one of its layers offers.
#[derive(Debug, Clone)]
pub(super) enum Offer {
    /// Content that must be fetched before it is a candidate.
    Blob(Kind, Descriptor),
    /// A statement that an attestation manifest lists, and a signature on that manifest.
    Statement {
        /// The attestation manifest.
        manifest: Arc<AttestationManifest>,
        /// The candidate signature on it.
        signature: Box<Offered>,
        /// The layer with the statement.
        layer: Descriptor,
    },
    /// Statements that no signature in them vouches for; one on the manifest that lists them may.
    AttestationManifest,
    /// A Sigstore bundle by its media type, of an unknown version.
    Newer(SourceError),
    /// Nothing that counts as evidence.
    Ignored(Content),
}

/// The forms that evidence has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bundle,
    LegacySignature,
    LegacyAttestation,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::LegacySignature => "signature",
            Self::LegacyAttestation => "attestation",
        }
    }

    /// Returns the form in which the bytes of it are read.
    pub(super) fn form(self) -> Form {
        match self {
            Self::Bundle => Form::Bundle,
            Self::LegacySignature => Form::Plain,
            Self::LegacyAttestation => Form::Envelope,
        }
    }
}

/// Something to be taken as a candidate once its content is there.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    pub(super) subject: Digest,
    pub(super) origin: Origin,
    /// What carries it: the layer, or the manifest when no layer does.
    pub(super) digest: Digest,
    pub(super) offer: Offer,
}

impl Offered {
    /// How much there is to fetch. The manifest that says so was checked against its digest.
    pub(super) fn bytes(&self) -> u64 {
        self.wanted().iter().fold(0, |bytes, (_, layer)| bytes.saturating_add(layer.size))
    }

    /// Names it by its kind before it is fetched.
    pub(super) fn unread(&self) -> Candidate {
        let media_type = self.wanted().first().map(|(_, layer)| layer.media_type.clone()).unwrap_or_default();
        Candidate {
            subject: self.subject.clone(),
            origin: self.origin.clone(),
            digest: self.digest.clone(),
            content: Content::Unread { media_type, bytes: self.bytes() },
        }
    }

    /// Returns the blobs to fetch for this offer, each with the form to read it in.
    pub(super) fn wanted(&self) -> Vec<(Form, &Descriptor)> {
        match &self.offer {
            Offer::Blob(kind, layer) => vec![(kind.form(), layer)],
            Offer::Statement { layer, signature, .. } => {
                std::iter::once((Form::Plain, layer)).chain(signature.wanted()).collect()
            }
            Offer::AttestationManifest | Offer::Newer(_) | Offer::Ignored(_) => Vec::new(),
        }
    }
}
