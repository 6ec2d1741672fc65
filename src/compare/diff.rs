//! Compares two images fact by fact, as stated by the evidence that counts for each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::{
    AttestationKind, CandidateReport, Changes, DiffReport, Direction, Fact, FactReport, NotCompared, PolicyReport,
    Property, ProvenanceReport, ReasonReport, SCHEMA_VERSION, SbomReport, SideReport, Tool, ValueChange, Verdict,
};
use crate::packages::Purl;

use super::facts::Facts;
use super::packages;
use super::side::{MOST, MOST_VALUES, Seen, Side, short};
use super::vulnerabilities;
use super::{compare, names};

/// Compares the counted evidence of both images. Other evidence yields no facts.
pub fn diff(old: Side<'_>, new: Side<'_>, policy: Option<PolicyReport>) -> DiffReport {
    let facts = [Facts::of(old.report), Facts::of(new.report)];
    let both = [Seen::of(old, &facts[0]), Seen::of(new, &facts[1])];
    let mut not_compared = Vec::new();
    let (packages, licenses) = packages::changes(&both, &mut not_compared).unzip();
    let vulnerabilities = vulnerabilities::changes(&both, &mut not_compared);
    for one in both.iter().filter(|one| !one.facts.is_whole()) {
        let why = "not all of it was read, or could be judged: what seems to be missing may be there";
        not_compared.push(NotCompared { what: "evidence", why: format!("{}: {why}", one.side.report.reference) });
    }
    let verdict = Verdict::join([old.report.verdict, new.report.verdict]);
    DiffReport {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict,
        exit_code: verdict.exit_code(),
        policy,
        old: side(&both[0]),
        new: side(&both[1]),
        differences: differences(&facts[0], &facts[1]),
        facts: compared(&both),
        compare_url: compare_url(&both),
        parameters: Changes::of(changed(&both, parameters), MOST),
        inputs: Changes::of(changed(&both, inputs), MOST),
        packages,
        licenses,
        vulnerabilities,
        not_compared,
    }
}

/// Unread evidence counts as neither lost nor new.
fn differences(old: &Facts, new: &Facts) -> Vec<crate::check::Difference> {
    let mut all = compare(old, new).differences;
    all.retain(|one| match (one.property, one.direction) {
        (Property::Evidence | Property::Signers, Direction::Weaker) => new.is_whole(),
        (Property::Evidence, _) => old.is_whole(),
        (Property::Platform, _) => !old.platforms.is_empty() && !new.platforms.is_empty(),
        _ => true,
    });
    all
}

fn side(seen: &Seen<'_>) -> SideReport {
    let Side { report, file, .. } = seen.side;
    SideReport {
        reference: report.reference.clone(),
        report: file.map(str::to_owned),
        digest: report.digest.clone(),
        verdict: report.verdict,
        reason: report.reason.as_ref().map(ReasonReport::in_words),
        read_in_full: seen.facts.is_whole(),
        set_aside: report.candidates.len() - seen.counted.len(),
    }
}

const KINDS: [AttestationKind; 4] =
    [AttestationKind::Signature, AttestationKind::Provenance, AttestationKind::Sbom, AttestationKind::Vulnerabilities];

/// Every fact that one of both has.
fn compared(both: &[Seen<'_>; 2]) -> Vec<FactReport> {
    let mut all = Vec::new();
    for kind in KINDS {
        let mut values: BTreeMap<Fact, [BTreeSet<String>; 2]> = BTreeMap::new();
        for (place, seen) in both.iter().enumerate() {
            for (fact, value) in seen.of_kind(kind).flat_map(facts_of) {
                let values = &mut values.entry(fact).or_default()[place];
                if values.len() < MOST_VALUES {
                    values.insert(short(&value));
                }
            }
        }
        all.extend(values.into_iter().map(|(fact, [old, new])| FactReport {
            kind: kind.as_str().to_owned(),
            fact,
            old: old.into_iter().collect(),
            new: new.into_iter().collect(),
        }));
    }
    all
}

/// The facts that a candidate states.
fn facts_of(one: &CandidateReport) -> Vec<(Fact, String)> {
    let signer = one.signer.as_ref();
    let issuer = signer.map(|signer| signer.issuer.clone()).filter(|issuer| !issuer.is_empty());
    let first = one.timestamps.iter().map(|stamp| stamp.time).min();
    let mut all = vec![
        (Fact::Signer, signer.map(|signer| signer.identity.clone())),
        (Fact::Issuer, issuer),
        (Fact::TrustDomain, one.trust_domain.clone()),
        (Fact::Signed, first.map(|time| time.to_string())),
    ];
    if let Some(provenance) = one.says::<ProvenanceReport>() {
        all.extend([
            (Fact::Builder, Some(provenance.builder.clone())),
            (Fact::BuildType, Some(provenance.build_type.clone())),
            (Fact::BuildLevel, one.build_level.map(|level| level.to_string())),
            (Fact::Source, provenance.source.clone()),
            (Fact::Ref, provenance.reference.clone()),
            (Fact::Commit, provenance.commit.clone()),
            (Fact::Run, provenance.run.clone()),
            (Fact::Built, provenance.finished_on.clone().or_else(|| provenance.started_on.clone())),
        ]);
    }
    if let Some(sbom) = one.says::<SbomReport>() {
        all.extend([(Fact::Format, Some(sbom.format.clone())), (Fact::Packages, Some(sbom.packages.to_string()))]);
    }
    all.into_iter().filter_map(|(fact, value)| Some((fact, value?))).collect()
}

/// Returns the address of the page that compares both commits, if each image was built from one commit, and both commits are of
/// one repository.
fn compare_url(both: &[Seen<'_>; 2]) -> Option<String> {
    let [old, new] = both.each_ref().map(|seen| {
        let sources: BTreeSet<_> = seen.provenances().map(|one| (one.source.clone(), one.commit.clone())).collect();
        sources.into_iter().next().filter(|_| {
            seen.provenances().all(|one| {
                let first = seen.provenances().next();
                first.is_some_and(|first| (&first.source, &first.commit) == (&one.source, &one.commit))
            })
        })
    });
    let ((Some(old_source), Some(old)), (Some(source), Some(new))) = (old?, new?) else { return None };
    (old_source == source && old != new).then(|| names::compare_url(&source, &old, &new)).flatten()
}

type Named = BTreeMap<String, BTreeSet<String>>;

/// Returns the named values that differ, if both sides have a provenance.
fn changed(both: &[Seen<'_>; 2], read: fn(&ProvenanceReport, &mut Named)) -> Vec<ValueChange> {
    if both.iter().any(|seen| seen.provenances().next().is_none()) {
        return Vec::new();
    }
    let [mut old, new] = both.each_ref().map(|seen| {
        let mut named = Named::new();
        seen.provenances().for_each(|one| read(one, &mut named));
        named
    });
    let mut all = Vec::new();
    let list = |values: BTreeSet<String>| values.into_iter().take(MOST_VALUES).collect::<Vec<_>>();
    for (name, values) in new {
        let before = old.remove(&name).unwrap_or_default();
        if before != values {
            all.push(ValueChange { name, old: list(before), new: list(values) });
        }
    }
    all.extend(old.into_iter().map(|(name, values)| ValueChange { name, old: list(values), new: Vec::new() }));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// External parameters by their JSON pointers.
fn parameters(provenance: &ProvenanceReport, named: &mut Named) {
    let mut open = vec![(String::new(), &provenance.parameters)];
    while let Some((pointer, value)) = open.pop() {
        let below = |key: &str| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            Value::Object(members) if !members.is_empty() => {
                open.extend(members.iter().map(|(key, value)| (below(key), value)));
            }
            Value::Array(items) if !items.is_empty() => {
                open.extend(items.iter().enumerate().map(|(place, value)| (below(&place.to_string()), value)));
            }
            Value::Null if pointer.is_empty() => {}
            other => drop(named.entry(short(&pointer)).or_default().insert(short(&other.to_string()))),
        }
    }
}

/// Inputs by their names without version and digest. The source is a fact of its own.
fn inputs(provenance: &ProvenanceReport, named: &mut Named) {
    for input in &provenance.dependencies {
        let Some(uri) = input.uri.as_deref().or(input.name.as_deref()) else { continue };
        if uri.starts_with("git+") || input.digests.contains_key("gitCommit") {
            continue;
        }
        let (name, version) = match Purl::parse(uri) {
            Ok(purl) => (format!("{}/{}", purl.kind, purl.full_name()), purl.version.as_deref().map(str::to_owned)),
            Err(_) => (uri.to_owned(), None),
        };
        let digests = input.digests.iter().map(|(algorithm, digits)| format!("{algorithm}:{digits}"));
        let value = version.into_iter().chain(digests).collect::<Vec<_>>().join("@");
        named.entry(short(&name)).or_default().insert(short(&value));
    }
}

#[cfg(test)]
mod tests;
