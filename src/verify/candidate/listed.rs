//! A statement that an attestation manifest lists, by a signature on that manifest.
//!
//! Four links lead from the signer to the image, and each must hold: the signature is on the attestation manifest; that manifest
//! belongs to the image; it lists the statement by its digest; and the statement is about the image. A signature on an
//! attestation manifest does not sign the image, so no such candidate satisfies a signature requirement.

use crate::check::{CandidateKind, CandidateReport, CheckId, Finding, Outcome};
use crate::evidence::{AttestationManifest, Candidate};
use crate::oci::{Blob, Digest};

use crate::verify::entity::check_payload_size;
use crate::verify::predicate::Kind;
use crate::verify::set_aside::set_aside;
use crate::verify::statement::{PAYLOAD_TYPE, Statement, claimed_predicate_type};

use super::examination::{Examination, newer_predicate};

/// An attestation manifest and a signature on it.
pub(super) struct SignedManifest<'a> {
    pub(super) manifest: &'a AttestationManifest,
    pub(super) signature: &'a Candidate,
    /// The examination of the signature; `None` for an attachment that is not evidence.
    pub(super) examination: Option<Examination<'a>>,
}

/// Looks at the statement and at the signature until all is known that there is to know before the signature is verified.
pub(super) fn examine_listed<'a>(
    id: &str,
    candidate: &'a Candidate,
    SignedManifest { manifest, signature, examination }: SignedManifest<'a>,
    statement: &'a Blob,
) -> Result<Examination<'a>, Box<CandidateReport>> {
    let claimed = claimed_predicate_type(statement.bytes());
    let no_signature = |reason: &str| {
        let what = claimed.as_deref().unwrap_or_default();
        Err(set_aside(id, candidate, CandidateKind::Ignored, what, reason))
    };
    let Some(signed) = examination else {
        return no_signature("the attachment of its attestation manifest is not a signature");
    };
    if !matches!(signed.kind, Kind::Signature | Kind::Unreadable) {
        return no_signature("the attachment of its attestation manifest is an attestation, not a signature");
    }
    let mut examination = Examination::of(claimed.as_deref().map_or(Kind::Unreadable, kind_of));
    examination.never_signature = true;
    examination.predicate_type = claimed;
    examination.findings.extend(signed.findings.into_iter().map(|finding| on_manifest(finding, &signature.subject)));
    examination.findings.push(check_manifest(manifest, signature, &candidate.subject, statement.digest()));
    let read =
        check_payload_size(statement.bytes().len()).and_then(|()| Statement::read(PAYLOAD_TYPE, statement.bytes()));
    match read {
        Ok(read) => {
            examination.findings.push(read.check_subject(std::slice::from_ref(&candidate.subject), "image"));
            examination.findings.extend(newer_predicate(&read.predicate_type));
            examination.kind = kind_of(&read.predicate_type);
            examination.predicate_type = Some(read.predicate_type.clone());
            examination.statement = Some(read);
        }
        Err(finding) => examination.findings.push(finding),
    }
    // The signer matters even if a check could not be decided.
    if !examination.findings.iter().any(|finding| finding.outcome == Outcome::Fail) {
        examination.ready = signed.ready;
    }
    Ok(examination)
}

/// The kind of evidence by the statement. cosign's statement of a signature counts where it is signed itself, and not here.
fn kind_of(predicate_type: &str) -> Kind {
    match Kind::of_predicate(predicate_type) {
        Kind::Signature => Kind::Attestation,
        kind => kind,
    }
}

/// Says of what was signed that it should be the attestation manifest.
fn on_manifest(finding: Finding, manifest: &Digest) -> Finding {
    if finding.check != CheckId::SubjectDigest {
        return finding;
    }
    let message = match finding.outcome {
        Outcome::Pass => "the signature is on the attestation manifest",
        _ => "the signature is on something else than the attestation manifest",
    };
    let next =
        finding.next.map(|_| "it was copied here from another manifest: sign this attestation manifest".to_owned());
    Finding { message: message.to_owned(), next, ..finding }.about(manifest)
}

/// Checks that the manifest that was signed belongs to the image and lists the statement.
///
/// BuildKit names the image in the index (`vnd.docker.reference.digest`), in the manifest (`subject`), or in both; each
/// must name this one.
fn check_manifest(
    manifest: &AttestationManifest,
    signature: &Candidate,
    image: &Digest,
    statement: &Digest,
) -> Finding {
    let digest = &manifest.digest;
    let fail = |message: &str| Finding::fail(CheckId::AttestationManifest, message).about(image);
    if *digest != signature.subject {
        return fail("another attestation manifest was signed than the one that lists the statement")
            .expected(digest.to_string())
            .found(signature.subject.to_string());
    }
    if !manifest.statements.contains(statement) {
        return fail("the attestation manifest does not list the statement")
            .expected(statement.to_string())
            .found(format!("{} other statements in {digest}", manifest.statements.len()));
    }
    let in_index = manifest.annotated.iter().map(|named| ("the index", named));
    let own = manifest.subject.iter().map(|named| ("its own subject", named));
    let mut named = in_index.chain(own).peekable();
    if named.peek().is_none() {
        return fail("nothing says which image the attestation manifest belongs to")
            .expected(format!("{image}, as its subject or in the index"))
            .found(format!("neither for {digest}"));
    }
    if let Some((who, other)) = named.find(|(_, named)| *named != image) {
        return fail("the attestation manifest belongs to another manifest than this image")
            .expected(image.to_string())
            .found(format!("{other}, as {who} says of {digest}"))
            .next(
                "its maker: build and push the image again; a push by others may also have put it beside this image",
            );
    }
    Finding::pass(
        CheckId::AttestationManifest,
        format!("the attestation manifest {digest} belongs to this image and lists the statement"),
    )
    .about(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Content, Origin};
    use crate::oci::Algorithm;

    fn digest(text: &str) -> Digest {
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }

    fn signature(on: &str) -> Candidate {
        let content = Content::Ignored { artifact_type: String::new(), reason: String::new() };
        Candidate { subject: digest(on), origin: Origin::Referrer(digest("r")), digest: digest("r"), content }
    }

    fn outcome(annotated: &[&str], subject: Option<&str>, signed: &str, statements: &[&str]) -> Outcome {
        let manifest = AttestationManifest {
            digest: digest("manifest"),
            annotated: annotated.iter().map(|name| digest(name)).collect(),
            subject: subject.map(digest),
            statements: statements.iter().map(|name| digest(name)).collect(),
        };
        check_manifest(&manifest, &signature(signed), &digest("image"), &digest("statement")).outcome
    }

    #[test]
    fn index_and_manifest_must_name_this_image() {
        let check = |annotated: &[&str], subject| outcome(annotated, subject, "manifest", &["other", "statement"]);
        assert_eq!(check(&["image"], None), Outcome::Pass);
        assert_eq!(check(&[], Some("image")), Outcome::Pass);
        assert_eq!(check(&["image"], Some("image")), Outcome::Pass);
        assert_eq!(check(&[], None), Outcome::Fail);
        assert_eq!(check(&["other"], Some("image")), Outcome::Fail);
        assert_eq!(check(&["image"], Some("other")), Outcome::Fail);
        assert_eq!(check(&["image", "other"], Some("image")), Outcome::Fail);
        assert_eq!(check(&["other"], None), Outcome::Fail);
    }

    #[test]
    fn the_manifest_that_was_signed_must_list_the_statement() {
        assert_eq!(outcome(&["image"], None, "manifest", &["other"]), Outcome::Fail);
        assert_eq!(outcome(&["image"], None, "manifest", &[]), Outcome::Fail);
        assert_eq!(outcome(&["image"], None, "other", &["statement"]), Outcome::Fail);
    }
}
