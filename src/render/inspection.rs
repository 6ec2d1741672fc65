//! The evidence attached to images, for people: a tree of subjects with their evidence.
//!
//! Every line that holds something from outside is escaped.

use std::io::{self, Write};

use crate::check::{
    CandidateKind, CandidateReport, InspectedImage, Inspection, KnownVulnerabilitiesReport, SbomReport, Shown,
    SignerKind,
};

use super::escape::terminal;
use super::parts::{Verification, about_advisories};

/// Writes the tree of each image.
pub(super) fn write(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    for (position, image) in inspection.images.iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        Tree { image, out }.write()?;
    }
    for (position, file) in inspection.files.iter().enumerate() {
        if position > 0 || !inspection.images.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "{}", terminal(&format!("{} @ {}", file.file, file.digest)))?;
        let known = file.known_vulnerabilities.as_ref();
        for line in file.sbom.inspected().into_iter().map(drawn).chain(known_lines(known, file.sbom.packages)) {
            writeln!(out, "   {}", terminal(&line))?;
        }
        writeln!(out, "   signature   none: anyone could have written this file")?;
    }
    if let Some(known) = &inspection.advisories {
        writeln!(out)?;
        about_advisories(known, true).try_for_each(|line| writeln!(out, "{}", terminal(&line)))?;
    }
    Ok(())
}

struct Tree<'a> {
    image: &'a InspectedImage,
    out: &'a mut dyn Write,
}

impl Tree<'_> {
    fn write(mut self) -> io::Result<()> {
        let image = self.image;
        let Some(digest) = &image.digest else {
            writeln!(self.out, "{}", terminal(&image.reference))?;
            return self.gaps();
        };
        let reference = image.reference.strip_suffix(&format!("@{digest}")).unwrap_or(&image.reference);
        writeln!(self.out, "{} @ {digest}", terminal(reference))?;
        // Evidence attached to the image itself, an index perhaps, and then to each of its platforms.
        let mut platforms = image.platforms.iter().filter(|platform| platform.digest != *digest).peekable();
        self.attached(digest, "", platforms.peek().is_some())?;
        while let Some(platform) = platforms.next() {
            let (branch, margin) = if platforms.peek().is_some() { ("├─", "│  ") } else { ("└─", "   ") };
            let name = platform.platform.as_deref().unwrap_or("platform not stated");
            writeln!(self.out, "{branch} {}  {}", terminal(name), platform.digest)?;
            self.attached(&platform.digest, margin, false)?;
        }
        self.gaps()
    }

    /// The evidence attached to one digest; `more` tells whether another line follows below.
    fn attached(&mut self, subject: &str, margin: &str, more: bool) -> io::Result<()> {
        let mut here = self.image.candidates.iter().filter(|candidate| candidate.subject == subject).peekable();
        if here.peek().is_none() {
            let branch = if more { "├─" } else { "└─" };
            return writeln!(self.out, "{margin}{branch} nothing attached");
        }
        while let Some(candidate) = here.next() {
            let (branch, below) = if more || here.peek().is_some() { ("├─", "│ ") } else { ("└─", "  ") };
            let what = candidate.predicate_type.as_deref().unwrap_or("image signature");
            let (state, origin) = (state(candidate), &candidate.origin.kind);
            writeln!(self.out, "{margin}{branch} {:<3} {state}  {} [{origin}]", candidate.id, terminal(what))?;
            for line in lines(candidate, self.first_of(candidate)) {
                writeln!(self.out, "{margin}{below}     {}", terminal(&line))?;
            }
        }
        Ok(())
    }

    /// The first candidate that the same signer signed, unless it is this one.
    fn first_of(&self, candidate: &CandidateReport) -> Option<&str> {
        let signer = candidate.signer.as_ref()?;
        let first = self.image.candidates.iter().find(|other| other.signer.as_ref() == Some(signer))?;
        (first.id != candidate.id).then_some(first.id.as_str())
    }

    fn gaps(&mut self) -> io::Result<()> {
        for gap in &self.image.gaps {
            writeln!(self.out, "!  could not be read: {}: {}", terminal(&gap.what), terminal(&gap.in_words()))?;
        }
        Ok(())
    }
}

fn state(candidate: &CandidateReport) -> &'static str {
    match (candidate.accepted, candidate.kind) {
        (true, _) => "verifies",
        (false, CandidateKind::Unsigned) => "unsigned",
        (false, CandidateKind::Ignored) => "ignored ",
        (false, _) => "FAILS   ",
    }
}

/// The remarks about a candidate, a line each.
fn lines(candidate: &CandidateReport, signed_as: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    if !candidate.accepted {
        lines.extend(candidate.reason.iter().map(|reason| format!("reason      {reason}")));
        let stopping = candidate.findings.iter().find(|finding| finding.is_blocking());
        lines.extend(stopping.and_then(|finding| finding.expected.as_ref()).map(|text| format!("expected    {text}")));
        lines.extend(stopping.and_then(|finding| finding.found.as_ref()).map(|text| format!("found       {text}")));
        lines.extend(stopping.map(|finding| format!("see         bonafide explain {}", finding.check)));
    }
    match signed_as {
        Some(first) => lines.push(format!("signed by   the same as {first}")),
        None => signer_lines(candidate, &mut lines),
    }
    lines.extend(evidence(candidate));
    lines.extend(candidate.section.iter().flat_map(|section| section.shown().inspected()).map(drawn));
    lines.extend(candidate.unsigned_provenance.iter().flat_map(Shown::inspected).map(drawn));
    if candidate.kind == CandidateKind::Unsigned {
        let next = candidate.findings.iter().filter_map(|finding| finding.next.as_ref());
        lines.extend(next.map(|next| format!("→ {next}")));
    }
    if let Some(sbom) = candidate.says::<SbomReport>() {
        lines.extend(known_lines(candidate.known_vulnerabilities.as_ref(), sbom.packages));
    }
    lines
}

fn drawn((label, text): (&str, String)) -> String {
    format!("{label:<11} {text}")
}

/// All that advisories say of the packages of an SBOM.
fn known_lines(known: Option<&KnownVulnerabilitiesReport>, packages: u64) -> Vec<String> {
    let Some(known) = known else { return Vec::new() };
    let mut lines = vec![format!("advisories  {}", known.in_words(packages))];
    lines.extend(known.unchecked_in_words().map(|reasons| format!("not checked {reasons}")));
    lines.extend(known.listed.iter().map(|one| format!("  {}", one.in_words())));
    lines.extend((known.more > 0).then(|| format!("  and {} more, beyond the most that are listed", known.more)));
    lines
}

fn signer_lines(candidate: &CandidateReport, lines: &mut Vec<String>) {
    let Some(signer) = &candidate.signer else { return };
    let key = if signer.identity_kind == SignerKind::Key { "the key " } else { "" };
    lines.push(format!("signed by   {key}{}", signer.identity));
    if !signer.issuer.is_empty() {
        lines.push(format!("issuer      {}", signer.issuer));
    }
    // The older claims repeat what the current ones say.
    let current = signer.claims.iter().filter(|claim| claim.oid.len() > 2 || claim.oid == ".9");
    lines.extend(current.map(|claim| format!("  {} {}", claim.name, claim.value)));
}

/// Where it verified, what the log says, and when it was signed.
fn evidence(candidate: &CandidateReport) -> Option<String> {
    let evidence = Verification::of_any(candidate).in_words();
    (!evidence.is_empty()).then(|| format!("evidence    {}", evidence.join(", ")))
}
