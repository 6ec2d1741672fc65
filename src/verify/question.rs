//! The inputs for judging a predicate.

use jiff::Timestamp;

use crate::attestation::vex::Statements;
use crate::evidence::Evidence;
use crate::oci::Digest;
use crate::policy::{Asked, Signer};
use crate::time_limit::TimeLimit;

use super::advised::Advised;
use super::signature::Verified;

/// The inputs for judging a predicate.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Who signed it, and when.
    pub(crate) verified: &'a Verified,
    /// The expected signers and rules; `None` without an expectation.
    pub(crate) expected: Option<Expected<'a>>,
    /// The manifest that it is attached to, which is one of its subjects.
    pub(crate) subject: &'a Digest,
    /// All collected evidence, with the image that the manifest belongs to and its name.
    pub(crate) evidence: &'a Evidence,
    /// The known vulnerabilities.
    pub(crate) advised: Advised<'a>,
    /// The only clock.
    pub(crate) now: Timestamp,
    /// How long the judging may take.
    pub(crate) time: TimeLimit<'a>,
}

/// The expectations of one requirement.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The signer of the policy that signed.
    pub(crate) signer: &'a Signer,
    /// The requirement.
    pub(crate) asked: &'a Asked,
    /// The VEX statements of signers that the requirement trusts.
    pub(crate) vex: Option<&'a Statements>,
}
