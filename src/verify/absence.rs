//! The report of a missing kind of evidence: the missing evidence, the places searched, and the next step.
//!
//! The reader of a report is seldom the image's maker, so the hints begin with steps that any reader can take.

use std::collections::BTreeSet;

use crate::attestation::rules::Missing;
use crate::check::{CandidateKind, CheckId, Finding};
use crate::evidence::{Evidence, OriginKind, SubjectKind};
use crate::oci::{Digest, Reference};
use crate::policy::{Asked, Expectation, GITHUB_ISSUER, Requirement, Signer};

use super::candidate::Judged;
use super::unsigned::{how_to_sign, kind_of};

/// The evidence attached to a platform, or to an index through which it was reached.
#[derive(PartialEq, Eq)]
pub(super) struct Attached {
    described: BTreeSet<String>,
    /// The type of the unsigned evidence that would count if it were signed.
    unsigned: Option<String>,
}

impl Attached {
    /// Lists these candidates; each may be about another platform.
    pub(super) fn of<'a>(candidates: impl Iterator<Item = &'a Judged>, asked: &Asked, platform: &Digest) -> Self {
        let mut attached = Self { described: BTreeSet::new(), unsigned: None };
        for judged in candidates {
            let report = &judged.report;
            let is_elsewhere = judged.assessments.iter().flatten().any(|assessment| !assessment.is_about(platform));
            attached.described.insert(describe(judged, is_elsewhere));
            let unsigned =
                report.predicate_type.as_ref().filter(|_| report.kind == CandidateKind::Unsigned && !is_elsewhere);
            if let Some(what) = unsigned.filter(|what| kind_of(what).concerns(asked, Some(what))) {
                attached.unsigned.get_or_insert_with(|| what.clone());
            }
        }
        attached
    }

    fn is_nothing(&self) -> bool {
        self.described.is_empty()
    }
}

/// Describes a candidate by its kind, for the list of other attachments.
fn describe(judged: &Judged, is_elsewhere: bool) -> String {
    let report = &judged.report;
    if is_elsewhere {
        let what = report.predicate_type.as_deref().unwrap_or(report.kind.as_str());
        return format!("{what} (about another platform of the image)");
    }
    match (&report.predicate_type, report.kind) {
        (Some(what), CandidateKind::Unsigned) if report.origin.kind == OriginKind::CosignTag => {
            format!("{what} under the .sbom tag (unsigned)")
        }
        (Some(what), CandidateKind::Unsigned) => format!("{what} (unsigned)"),
        (Some(what), CandidateKind::Ignored) => format!("{what} (not evidence)"),
        (Some(what), _) => what.clone(),
        (None, kind) => kind.to_string(),
    }
}

/// Something of a required kind that is not there.
pub(super) struct Absence<'a> {
    pub(super) expectation: &'a Expectation,
    pub(super) evidence: &'a Evidence,
    pub(super) attached: &'a Attached,
    /// The platforms that lack it, as far as they have names.
    pub(super) platforms: Vec<String>,
    /// A platform of the same image that has it.
    pub(super) covered: Option<String>,
}

impl Absence<'_> {
    /// Names the other attachments, so that a misnamed attestation is recognised.
    pub(super) fn finding(&self) -> Finding {
        let Missing { what, expected, make } = self.expectation.asked.rules().missing();
        let what = if self.attached.unsigned.is_some() { format!("signed {what}") } else { what.to_owned() };
        let whom = match self.platforms.join(", ") {
            names if names.is_empty() => names,
            names => format!(" for {names}"),
        };
        let finding = Finding::skip(CheckId::EvidencePresent, format!("no {what} is attached{whom}"))
            .expected(expected)
            .found(self.found());
        if self.evidence.target.package().is_some() {
            return self.of_package(finding);
        }
        if self.evidence.target.is_file() {
            return self.of_file(finding);
        }
        if let Some(how) = self.attached.unsigned.as_deref().and_then(how_to_sign) {
            return finding.next(how);
        }
        if let Some(platform) = &self.covered {
            return finding.next(format!(
                "evidence on one platform covers that platform only: ask the image's maker to attach it to the index, or verify \
                 {platform} alone with `--platform {platform}`"
            ));
        }
        let make = format!("if you made it: {make}");
        match self.ways().join("; ") {
            ways if ways.is_empty() => finding.next(format!("ask the image's maker for the {what}; {make}")),
            ways => finding.next_of_image(ways, &make),
        }
    }

    /// The same for a package, which is signed by its registry and whose provenance npm makes.
    fn of_package(&self, finding: Finding) -> Finding {
        let ways = "other registries than npm's may lack signatures and attestations: name the one that the package was published to, with \
                    `--registry URL`";
        match self.expectation.requirement() {
            Requirement::Signature => {
                finding.expected("a signature of the registry, or npm's publish attestation").next(ways)
            }
            Requirement::Provenance => {
                finding.next_of_image(ways.to_owned(), "if you made it: `npm publish --provenance` in a workflow")
            }
            _ => finding.next(ways),
        }
    }

    /// The same for a file, whose evidence lies beside it or with GitHub.
    fn of_file(&self, finding: Finding) -> Finding {
        let looked_in = &self.evidence.looked_in;
        let given = "name the file that has it: `--bundle FILE`".to_owned();
        let is_with_github = looked_in.service.is_none() && !looked_in.alone && self.is_signed_by_workflow();
        let asked =
            is_with_github.then(|| "or ask GitHub, which keeps attestations of its own: `--github-api`".to_owned());
        let ways = std::iter::once(given).chain(asked).collect::<Vec<_>>().join(", ");
        let make = match self.expectation.requirement() {
            Requirement::Signature => "`cosign sign-blob --bundle FILE.sigstore.json FILE`",
            Requirement::Provenance => "`actions/attest-build-provenance` with `subject-path: FILE`",
            _ => "`cosign attest-blob --type TYPE --predicate PREDICATE --bundle FILE.sigstore.json FILE`",
        };
        finding.next_of_image(ways, &format!("if you made it: {make}"))
    }

    fn found(&self) -> String {
        if !self.attached.is_nothing() {
            return self.attached.described.iter().cloned().collect::<Vec<_>>().join("; ");
        }
        let looked_in = &self.evidence.looked_in;
        if self.evidence.target.package().is_some() {
            let registry = looked_in.repository.as_deref().unwrap_or("the registry");
            return format!("no signature and no attestations at {registry}");
        }
        let beside = looked_in.beside.as_ref().map(|file| format!(" beside {file}"));
        let here = looked_in.repository.as_ref().map(|name| format!(" in {name} (referrers, cosign's tags)"));
        let service = looked_in.service.as_ref().map(|service| format!(", nor in the attestations of {service}"));
        let here = beside.or(here).unwrap_or_default();
        let what = if looked_in.beside.is_some() { "nothing" } else { "nothing attached" };
        format!("{what}{here}{}", service.unwrap_or_default())
    }

    /// Returns the step for a reader who did not make the image. Missing kinds with the same reason share it.
    fn ways(&self) -> Vec<String> {
        let mut ways = Vec::new();
        if self.is_one_manifest() {
            ways.push(
                "this digest may be one platform of an index, whose evidence counts only when the index is asked: name the tag or the \
                 index, with `--platform OS/ARCH`"
                    .to_owned(),
            );
        }
        if self.is_kept_by_github() {
            ways.push("GitHub was not asked, which keeps attestations of its own: add `--github-api`".to_owned());
        } else if self.attached.is_nothing() {
            ways.push(self.left_behind());
        }
        ways
    }

    /// Whether one manifest was named by its digest, and no index leads to it.
    fn is_one_manifest(&self) -> bool {
        let is_image = |kind: &SubjectKind| matches!(kind, SubjectKind::Image(_));
        let by_digest = match self.evidence.target.reference.parse() {
            Ok(Reference::Registry(reference)) => reference.digest.is_some(),
            _ => false,
        };
        by_digest && self.evidence.target.subjects.first().is_some_and(|subject| is_image(&subject.kind))
    }

    /// Whether an attestation may be with GitHub, which was not asked (`actions/attest-build-provenance` keeps it there unless it is
    /// told to push it to the registry).
    fn is_kept_by_github(&self) -> bool {
        let looked_in = &self.evidence.looked_in;
        !matches!(self.expectation.asked, Asked::Signature(_))
            && looked_in.service.is_none()
            && !looked_in.alone
            && self.is_signed_by_workflow()
    }

    fn is_signed_by_workflow(&self) -> bool {
        let by_workflow = |signer: &Signer| match signer {
            Signer::Certificate(rule) => rule.issuer.matches(GITHUB_ISSUER),
            Signer::Keys(_) => false,
        };
        self.expectation.signers.listed().iter().any(by_workflow)
    }

    /// Most tools copy an image without its evidence.
    fn left_behind(&self) -> String {
        if self.evidence.target.name.is_none() {
            return "`docker save` and `skopeo copy` leave evidence behind: copy the image again with `cosign save`, `oras copy -r` or \
                    `regctl image copy --referrers --digest-tags`"
                .to_owned();
        }
        let copy = "a copied image may have left it behind, as by `docker push` or `skopeo copy`: copy it with `cosign copy`, `oras copy -r` \
                    or `regctl image copy --referrers --digest-tags`";
        if self.evidence.looked_in.alone {
            return copy.to_owned();
        }
        format!("{copy}, or name the repository that has it: `--evidence-repository REPOSITORY`")
    }
}
