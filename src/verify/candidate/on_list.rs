//! A signature on a list of files with their digests, such as SHA256SUMS, where the target is one of them.
//!
//! The signature must be on the list, and the list must have the target's digest under its own name and no other digest there. What
//! signed the list says that the file is one of its own, and nothing of how it was built: only a signature is asked of it.

use crate::check::{CheckId, Finding, Outcome};
use crate::evidence::{SignedList, Target};
use crate::verify::predicate::Kind;

use super::examination::Examination;

/// Turns what was found of a signature on a list into what it says of a file on it.
pub(super) fn on_list<'a>(mut examination: Examination<'a>, list: &SignedList, target: &Target) -> Examination<'a> {
    examination.kind = Kind::Signature;
    examination.statement = None;
    examination.predicate_type = None;
    examination.any_statement_signs = false;
    let finding = check(list, target);
    if finding.outcome == Outcome::Fail {
        examination.ready = None;
    }
    examination.findings.push(finding);
    examination
}

fn check(list: &SignedList, target: &Target) -> Finding {
    let (name, file) = (&list.name, &list.file);
    let fail = |check, message: String| Finding::fail(check, message).about(&target.root);
    let sums = match &list.sums {
        Ok(sums) => sums,
        Err(error) => {
            return fail(CheckId::PayloadFormat, format!("the list {file} cannot be read"))
                .expected("lines of a digest and a name, as sha256sum writes them")
                .found(error.to_string())
                .next("ask for a list of nothing but digests and names, signed in a file of its own");
        }
    };
    let digests = sums.of(name);
    let (first, others) = match digests.as_slice() {
        [] => {
            return fail(CheckId::SubjectName, format!("the list {file} does not have this file"))
                .expected(name)
                .next("the file may have another name than when it was listed: give it back the name of its release");
        }
        [first, others @ ..] => (*first, others),
    };
    // By two algorithms a list may name one file twice, and both digests must be the file's.
    let is_known = digests.iter().all(|digest| target.digest_by(digest.algorithm()).is_some_and(|own| own == **digest));
    if is_known {
        return Finding::pass(CheckId::SubjectDigest, format!("the list {file} has this file and its digest"))
            .about(&target.root);
    }
    let own = target.digest_by(first.algorithm()).unwrap_or_else(|| target.root.clone());
    let message = if others.is_empty() {
        format!("the list {file} has another digest for this file")
    } else {
        format!("the list {file} has this name more than once, with different digests")
    };
    let found = digests.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    fail(CheckId::SubjectDigest, message)
        .expected(own.to_string())
        .found(found)
        .next("it is another file than was signed: do not use it until that is explained")
}
