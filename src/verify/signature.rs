//! Whether a signature verifies, and in which trust domain.

use jiff::Timestamp;

use crate::check::{CheckId, Finding, LogEntryReport, TimestampReport};

use super::bundle::{Domain, Signed};
use super::certificate::Leaf;
use super::chain;
use super::intoto;
use super::log::{check_integrated_times, signed_with_a_key, trusted_entries};
use super::material::{KeyMaterial, Material};

/// Material that verified wholly inside one domain.
pub(super) struct Verified {
    pub(super) domain: String,
    pub(super) leaf: Leaf,
    pub(super) log_entries: Vec<LogEntryReport>,
    pub(super) timestamps: Vec<TimestampReport>,
}

/// Material must verify wholly inside one domain. Of several refusals the most telling one is reported: that of the domain
/// whose authority issued the certificate, if there is one.
pub(super) fn verify(
    material: &Material,
    signed: Signed<'_>,
    domains: &[Domain],
    now: Timestamp,
) -> Result<Verified, Finding> {
    let mut refusals = Vec::new();
    for domain in domains {
        match verify_in(domain, material, signed, now) {
            Ok(verified) => return Ok(verified),
            Err(finding) => refusals.push((was_issued_by(domain, material), finding)),
        }
    }
    let telling = refusals.iter().position(|(issued, _)| *issued).unwrap_or_default();
    match refusals.into_iter().nth(telling) {
        Some((true, finding)) if is_about_time(&finding) => Err(not_valid_then(finding)),
        Some((true, finding)) => Err(finding),
        Some((false, finding)) if matches!(finding.check, CheckId::CertificateProfile | CheckId::BundleFormat) => {
            Err(finding)
        }
        Some((false, finding)) => Err(unknown_authority(material, finding, domains)),
        None => Err(Finding::error(CheckId::CertificateChain, "no trust domain is given, so nothing can verify")),
    }
}

/// Whether an authority of the domain issued the certificate, whenever that was. Used to choose which of several refusals to
/// report, never to accept anything.
fn was_issued_by(domain: &Domain, material: &Material) -> bool {
    let KeyMaterial::Certificates(certificates) = &material.key else { return false };
    let Ok(leaf) = Leaf::read(&certificates[0]) else { return false };
    chain::issuer_key(certificates, &domain.all_authorities(), leaf.not_before).is_ok()
}

/// Whether a path was refused for a date. It is the text of the reason that tells, and it decides only what is said.
fn is_about_time(finding: &Finding) -> bool {
    let reason = finding.found.as_deref().unwrap_or_default();
    finding.check == CheckId::CertificateChain
        && ["CertExpired", "CertNotValidYet", "authority is valid at"].iter().any(|word| reason.contains(word))
}

/// The path is good and was not at the time: the leaf, or an authority on the path, was not valid or not trusted then.
fn not_valid_then(finding: Finding) -> Finding {
    let outdated = Finding::fail(
        CheckId::SignedTime,
        "the certificate or its authority was not valid when the signature was made",
    );
    match finding.found {
        Some(found) => outdated.found(found),
        None => outdated,
    }
}

/// No domain's authority issued the certificate: whatever else is wrong, this is what to act on.
fn unknown_authority(material: &Material, finding: Finding, domains: &[Domain]) -> Finding {
    let Some(leaf) = material.key.leaf().map(Leaf::read).and_then(Result::ok) else {
        return finding;
    };
    let names: Vec<&str> = domains.iter().map(Domain::name).collect();
    Finding::fail(CheckId::CertificateChain, "no trusted authority issued the certificate")
        .expected(format!("an authority of {}", names.join(", ")))
        .found(format!("issued by {}; {}", leaf.issued_by, what_it_said(&finding)))
        .next("if you trust the Sigstore instance that issued it, give its root with `--trusted-root FILE`, or one of the embedded ones with `--trust`")
}

/// A finding in one line: its message and what was found.
fn what_it_said(finding: &Finding) -> String {
    match &finding.found {
        Some(found) => format!("{}: {found}", finding.message),
        None => finding.message.clone(),
    }
}

/// Verifies material wholly inside one domain, at the time `now`.
fn verify_in(domain: &Domain, material: &Material, signed: Signed<'_>, now: Timestamp) -> Result<Verified, Finding> {
    let KeyMaterial::Certificates(certificates) = &material.key else {
        return Err(signed_with_a_key());
    };
    let leaf = Leaf::read(&certificates[0])?;
    let entries = trusted_entries(domain, material)?;
    check_integrated_times(&entries, &leaf, now)?;
    let (log_entries, timestamps) = if entries.iter().any(|entry| intoto::is_for(entry)) {
        intoto::verify(domain, material, &entries, &leaf)?
    } else {
        let stamps = if material.stamped.is_some() { domain.verify_timestamps(material, &leaf)? } else { Vec::new() };
        let (log_entries, times) = domain.verify(material, &entries, signed)?;
        (log_entries, stamps.into_iter().chain(times).collect())
    };
    // Certificates that came along may stand between the leaf and a trusted authority, whose own limits the crate then
    // passes over (A117). A leaf alone was issued by a trusted certificate, and there is nothing between to limit.
    for stamp in timestamps.iter().filter(|_| certificates.len() > 1) {
        domain.issuer_key(certificates, stamp.time).map_err(|reason| {
            Finding::fail(CheckId::CertificateChain, "the certificate was not issued by a trusted authority")
                .found(reason)
        })?;
    }
    if let Some(future) = timestamps.iter().find(|stamp| stamp.time > now) {
        return Err(Finding::fail(CheckId::SignedTime, "the signature is dated in the future")
            .expected(format!("not after {now}"))
            .found(future.time.to_string())
            .next("check this machine's clock"));
    }
    Ok(Verified { domain: domain.name().to_owned(), leaf, log_entries, timestamps })
}
