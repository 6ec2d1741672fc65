//! A policy written for an image as it is: as narrow as its evidence justifies, with a comment on each line's effect,
//! and a list of rules that could not be justified.

mod entry;

use std::fmt::Write as _;

use crate::check::{CandidateKind, CandidateReport, InspectedImage, LogEvidence, ProvenanceReport};
use crate::policy::emit::{bare_or_scalar, one_line, scalar};
use crate::policy::{Requirement, is_instance};

use entry::Entry;

/// A suggested policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The policy file.
    pub text: String,
    /// What a person must decide, or get attached.
    pub open: Vec<String>,
}

/// Writes a policy for an image under `name`.
///
/// `keys` are the files of keys by their fingerprints.
///
/// # Errors
/// What a person must decide or get attached, where no policy can be written: nothing that could be required is signed and good
/// for every platform, or different people signed parts of the image. A list of them would let each sign all of it (A314). Where
/// several people signed all of it, the policy asks for each of them.
pub fn suggest(name: &str, image: &InspectedImage, keys: &[(String, String)]) -> Result<Suggestion, Vec<String>> {
    let mut open = Vec::new();
    let mut is_divided = false;
    let chosen: Vec<Chosen> = Requirement::DEFAULT
        .into_iter()
        .filter_map(|requirement| choose(requirement, image, keys, &mut open, &mut is_divided))
        .collect();
    let Some(first) = chosen.first().filter(|_| !is_divided) else { return Err(open) };
    let common = chosen.iter().all(|one| one.signers == first.signers && one.each == first.each).then_some(first);
    let mut text = head(name, image);
    text.push_str(&trust(&chosen));
    let proof = chosen.iter().all(|one| one.proof);
    if proof {
        text.push_str(
            "    # A promise of the log is not enough: it must prove that it holds the signature.\n    log: proof\n",
        );
    }
    if let Some(one) = common {
        text.push_str("    # Other signatures never count.\n");
        text.push_str(&one.draw_signers(4));
    }
    text.push_str("    require:\n");
    text.extend(chosen.iter().map(|one| one.draw(common.is_none(), one.proof && !proof)));
    for signer in chosen.iter().flat_map(|one| &one.signers) {
        open.extend(signer.doubts.iter().cloned());
    }
    open.sort();
    open.dedup();
    text.extend(open.iter().map(|line| format!("# to decide: {}\n", one_line(line))));
    Ok(Suggestion { text, open })
}

fn head(name: &str, image: &InspectedImage) -> String {
    let digest = image.digest.as_deref().unwrap_or_default();
    format!(
        "# Written for {} @ {digest}.\n# It accepts the signers of this image. A person must decide whether they are the right ones.\nversion: 1\n\nimages:\n  - match: {}\n",
        one_line(&image.reference),
        bare_or_scalar(name)
    )
}

/// A requirement that the image satisfies, and by whom.
struct Chosen {
    requirement: Requirement,
    signers: Vec<Entry>,
    /// Whether each of the signers must have signed, as each signed for every platform; else they are one person.
    each: bool,
    domains: Vec<String>,
    proof: bool,
    /// The parts of a provenance that must be named, or nothing would satisfy it.
    named: Named,
}

/// What a provenance satisfies only if it is named: a build type that is not known here, parameters that its description leaves out.
#[derive(Default)]
struct Named {
    build_types: Vec<String>,
    unknown_parameters: Vec<String>,
}

impl Named {
    fn of(used: &[&(&CandidateReport, Entry)]) -> Self {
        let mut named = Self::default();
        for provenance in used.iter().filter_map(|(candidate, _)| candidate.says::<ProvenanceReport>()) {
            if provenance.known_build_type {
                named.unknown_parameters.extend(provenance.unknown_parameters.iter().cloned());
            } else {
                named.build_types.push(provenance.build_type.clone());
            }
        }
        // Where one type is named, every other one has to be.
        if !named.build_types.is_empty() {
            let all = used.iter().filter_map(|(candidate, _)| candidate.says::<ProvenanceReport>());
            named.build_types = all.map(|provenance| provenance.build_type.clone()).collect();
        }
        named.build_types.sort();
        named.build_types.dedup();
        named
    }

    fn draw(&self) -> String {
        let mut lines = String::new();
        if !self.build_types.is_empty() {
            let types: Vec<String> = self.build_types.iter().map(|name| scalar(name)).collect();
            lines.push_str("        # This type is unknown here: a person must read its parameters.\n");
            let _ = writeln!(lines, "        build-types: [{}]", types.join(", "));
        }
        if !self.unknown_parameters.is_empty() {
            let names = one_line(&self.unknown_parameters.join(", "));
            let _ = writeln!(lines, "        unknown-parameters: allow  # the build type says nothing of {names}");
        }
        lines
    }
}

impl Chosen {
    fn draw(&self, own_signers: bool, own_log: bool) -> String {
        let mut lines = String::new();
        if own_log {
            lines.push_str("        log: proof\n");
        }
        if own_signers {
            lines.push_str(&self.draw_signers(8));
        }
        lines.push_str(&self.named.draw());
        if lines.is_empty() {
            return format!("      {}: {{}}\n", self.requirement);
        }
        format!("      {}:\n{lines}", self.requirement)
    }

    fn draw_signers(&self, indent: usize) -> String {
        let margin = " ".repeat(indent);
        let (each, deeper) = if self.each {
            (
                format!(
                    "{margin}  # Each of them must have signed: a single one could be the wrong one.\n{margin}  all-of:\n"
                ),
                4,
            )
        } else {
            (String::new(), 2)
        };
        let signers: String = self.signers.iter().map(|signer| signer.draw(indent + deeper)).collect();
        format!("{margin}signers:\n{each}{signers}")
    }
}

/// Finds whose attachments of a kind are good for every platform: those of each entry that is enough by itself, else all of one
/// signer.
fn choose(
    requirement: Requirement,
    image: &InspectedImage,
    keys: &[(String, String)],
    open: &mut Vec<String>,
    is_divided: &mut bool,
) -> Option<Chosen> {
    let good: Vec<(&CandidateReport, Entry)> = image
        .candidates
        .iter()
        .filter(|candidate| candidate.accepted && candidate.kind == CandidateKind::Of(requirement.kind()))
        .filter_map(|candidate| Some((candidate, Entry::of(candidate.signer.as_ref()?, keys)?)))
        .collect();
    if good.is_empty() {
        open.push(format!("{requirement} is not required: nothing signed of that kind is attached"));
        return None;
    }
    let covers = |used: &[&(&CandidateReport, Entry)]| {
        let is_covered = |platform: &crate::check::InspectedPlatform| {
            used.iter().any(|(candidate, _)| platform.is_covered_by(&candidate.subject))
        };
        image.platforms.iter().all(is_covered)
    };
    let mut by_one: Vec<(&Entry, Vec<&(&CandidateReport, Entry)>)> = Vec::new();
    for (_, entry) in &good {
        let used: Vec<_> = good.iter().filter(|(_, other)| other == entry).collect();
        if covers(&used) && !by_one.iter().any(|(known, _)| *known == entry) {
            by_one.push((entry, used));
        }
    }
    // Anyone with push access can sign too, and the right one of several signers is not guessed, so all of them must
    // sign.
    let each = by_one.len() > 1;
    let name = |used: &[&(&CandidateReport, Entry)]| Some(used.first()?.0.signer.as_ref()?.identity.clone());
    by_one.sort_by_key(|(_, used)| name(used));
    if each {
        let all: Vec<_> = by_one.iter().flat_map(|(_, used)| used.iter().copied()).collect();
        let names = people(&all).join("; ");
        if people(&all).len() < by_one.len() {
            open.push(format!("{requirement} is not required: choose its signer among {names}"));
            return None;
        }
        open.push(format!("{requirement} is required from each of {names}; remove those that need not sign"));
    }
    let by_one: Vec<_> = by_one.into_iter().flat_map(|(_, used)| used).collect();
    let used = Some(by_one).filter(|used| !used.is_empty());
    let used = used.or_else(|| Some(good.iter().collect::<Vec<_>>()).filter(|used| covers(used)));
    let Some(used) = used else {
        open.push(format!("{requirement} is not required: it is attached to some platforms and not to all"));
        return None;
    };
    let people = people(&used);
    if people.len() > 1 && !each {
        *is_divided = true;
        let names = people.join("; ");
        open.push(format!("{requirement} is not required: different signers signed different platforms: {names}"));
        return None;
    }
    let mut signers: Vec<Entry> = Vec::new();
    for (_, entry) in &used {
        if !signers.contains(entry) {
            signers.push(entry.clone());
        }
    }
    name_others(requirement, &good, &signers, open);
    let mut domains: Vec<String> = used.iter().filter_map(|(candidate, _)| candidate.trust_domain.clone()).collect();
    domains.sort();
    domains.dedup();
    let has_proof =
        |candidate: &CandidateReport| candidate.log_entries.iter().any(|entry| entry.evidence == LogEvidence::Proof);
    let proof = used.iter().all(|(candidate, _)| has_proof(candidate));
    let named = Named::of(&used);
    Some(Chosen { requirement, signers, each, domains, proof, named })
}

/// The signers, each once: a workflow counts once for all refs and letter cases.
fn people(used: &[&(&CandidateReport, Entry)]) -> Vec<String> {
    let mut known: Vec<(String, String)> = Vec::new();
    for signer in used.iter().filter_map(|(candidate, _)| candidate.signer.as_ref()) {
        let name = signer.identity.split_once("@refs/").map_or(signer.identity.as_str(), |(name, _)| name);
        let name = name.to_lowercase();
        if !known.iter().any(|(same, _)| *same == name) {
            known.push((name, signer.identity.clone()));
        }
    }
    known.into_iter().map(|(_, shown)| shown).collect()
}

fn name_others(requirement: Requirement, good: &[(&CandidateReport, Entry)], chosen: &[Entry], open: &mut Vec<String>) {
    for (candidate, entry) in good {
        if let Some(signer) = candidate.signer.as_ref().filter(|_| !chosen.contains(entry)) {
            open.push(format!(
                "{requirement} was also signed by {}, which is not needed and not named",
                signer.identity
            ));
        }
    }
}

fn trust(chosen: &[Chosen]) -> String {
    let mut names: Vec<&String> = chosen.iter().flat_map(|one| &one.domains).collect();
    names.sort();
    names.dedup();
    if names.is_empty() || names.iter().all(|name| *name == "public-good") {
        return String::new();
    }
    let names: Vec<String> = names
        .into_iter()
        // A file is told from an instance by a slash or an ending, and every instance has neither.
        .map(|name| {
            if name.contains(['/', '.']) || is_instance(name) {
                bare_or_scalar(name)
            } else {
                bare_or_scalar(&format!("./{name}"))
            }
        })
        .collect();
    format!("    trust: [{}]\n", names.join(", "))
}
