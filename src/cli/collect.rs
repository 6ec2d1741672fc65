//! `bonafide collect`: verifies images, and writes them with all their evidence into a pack.

use super::args::{Args, CollectArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::verify;

/// Verifies the images, writes the report, and writes the pack.
pub(super) fn run(collect: &CollectArgs, args: &Args) -> Result<u8, Diagnostic> {
    refuse_flags_of_verify(&collect.verify)?;
    verify::run_packing(&collect.verify, Some(collect), args)
}

/// A pack holds each image once, as it was when it was judged.
fn refuse_flags_of_verify(verify: &VerifyArgs) -> Result<(), Diagnostic> {
    let given = [
        ("--bundle", !verify.bundle.is_empty()),
        ("--sums", !verify.sums.is_empty()),
        ("--wait", verify.wait.is_some()),
        ("--not-weaker-than", verify.not_weaker_than.is_some()),
        ("--save", verify.save.is_some()),
        ("--replay", verify.replay.is_some()),
        ("--lock", !verify.lock.is_empty()),
    ];
    Diagnostic::refuse_flags(&given, "is not for images that are carried away")
}
