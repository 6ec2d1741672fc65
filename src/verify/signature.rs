//! Verifies a signature: with a certificate, all of it inside one trust domain, or with a key of the policy.

use jiff::Timestamp;

use crate::check::{CheckId, Finding, LogEntryReport, Outcome, TimestampReport};
use crate::policy::{KeyRule, KeyWindow, LogRule, PublicKey};

use super::bundle::{Made, Refusal, SignatureOver, Signed, TrustDomain, VerifyingKey};
use super::certificate::{Leaf, key_finding};
use super::entity::{LogEntry, SignedEntity};
use super::log::{check_integrated_times, outside_window, signed_with_a_key, trusted_entries};
use super::rekor1;
use super::sct::verify_sct;

/// An entity that verified.
pub(crate) struct Verified {
    /// The trust domain that it verified in; `None` for a key that nothing but itself stands behind.
    pub(crate) domain: Option<String>,
    pub(crate) signed_by: SignedBy,
    pub(crate) log_entries: Vec<LogEntryReport>,
    pub(crate) timestamps: Vec<TimestampReport>,
}

impl Verified {
    /// Returns the certificate, if it was one that signed.
    pub(crate) fn leaf(&self) -> Option<&Leaf> {
        match &self.signed_by {
            SignedBy::Certificate(leaf) => Some(leaf),
            SignedBy::Key(_) => None,
        }
    }

    /// Returns the signer's stated time, or that of the signature if it is earlier: a date in the future would stay
    /// fresh for ever. Without a trusted time of the signature, a stated time in the future is the finding of this
    /// check.
    pub(crate) fn not_after_signing(
        &self,
        stated: Timestamp,
        check: CheckId,
        now: Timestamp,
    ) -> Result<Timestamp, Finding> {
        let signed = self.timestamps.iter().map(|stamp| stamp.time).max();
        let time = signed.map_or(stated, |signed| signed.min(stated));
        if time <= now {
            return Ok(time);
        }
        Err(Finding::fail(check, "its stated time is in the future, so its age cannot be determined")
            .expected(format!("a time before {now}"))
            .found(time.to_string())
            .next("set the clock that is wrong, the signer's or the one here; signatures in a transparency log have a time that can be relied on"))
    }
}

/// The certificate or key that verified a signature.
pub(crate) enum SignedBy {
    /// A certificate of the trust domain.
    Certificate(Box<Leaf>),
    /// A key that the policy names.
    Key(PublicKey),
}

/// Verifies that one of the rule's keys made the signature. The result rests on the key alone.
pub(super) fn verify_with_key(entity: &SignedEntity, signed: Signed<'_>, rule: &KeyRule) -> Result<Verified, Finding> {
    let key = signing_key(entity, signed, rule)?;
    Ok(Verified {
        domain: None,
        signed_by: SignedBy::Key(key.clone()),
        log_entries: Vec::new(),
        timestamps: Vec::new(),
    })
}

/// Of several domains that refuse a signature with a key, that of one whose log recorded it tells most; of those, a refusal that
/// decides nothing.
pub(super) fn refusal_of_key(entity: &SignedEntity, refusals: Vec<(&TrustDomain, Finding)>) -> Option<Finding> {
    let concerned = |domain: &TrustDomain| entity.entries.iter().any(|entry| domain.knows_log(&entry.log_id));
    most_telling(refusals, concerned).map(|(_, finding)| finding)
}

/// The first refusal of a domain that the signature concerns, if there is one, and of those one that decides nothing.
fn most_telling(
    refusals: Vec<(&TrustDomain, Finding)>,
    concerns: impl Fn(&TrustDomain) -> bool,
) -> Option<(bool, Finding)> {
    let told = refusals.into_iter().map(|(domain, finding)| (concerns(domain), finding));
    told.min_by_key(|(concerned, finding)| (!concerned, finding.outcome != Outcome::Error))
}

/// Finds the key of a rule that made the signature.
pub(super) fn signing_key<'a>(
    entity: &SignedEntity,
    signed: Signed<'_>,
    rule: &'a KeyRule,
) -> Result<&'a PublicKey, Finding> {
    let made_by = |key: &PublicKey| VerifyingKey::read(key.der()).map_or(Made::No, |key| key.made(entity, signed));
    let made: Vec<Made> = rule.keys().iter().map(made_by).collect();
    if let Some(position) = made.iter().position(|made| matches!(made, Made::With(_))) {
        return Ok(&rule.keys()[position]);
    }
    if made.contains(&Made::Unknown) {
        return Err(rekor1::needs_content());
    }
    let found = if made.iter().all(|made| *made == Made::Unpaired) {
        "a signature that states a hash which does not go with the kind of key"
    } else {
        "another key, or other content than was signed"
    };
    Err(Finding::fail(CheckId::SignerKey, "none of the expected keys made the signature")
        .expected(rule.describe())
        .found(found)
        .next("another signer signed it, the key was replaced, or the content changed after signing"))
}

/// Verifies log entries and timestamps of a key signature in one domain. `None`: there are none of it, and none is required.
pub(super) fn verify_key_in(
    domain: &TrustDomain,
    signature: SignatureOver<'_>,
    key: &PublicKey,
    expectation: LogRule,
    now: Timestamp,
) -> Result<Option<Verified>, Finding> {
    let SignatureOver { entity, signed } = signature;
    let entries = trusted_entries(domain, entity, expectation == LogRule::Required)?;
    check_integrated_times(&entries, None, now)?;
    let ours = || rekor1::verify_with_key(domain, signature, &entries, key, now);
    let (log_entries, timestamps) = if entries.is_empty() || rekor1::is_needed(entity, &entries, key.kind()) {
        ours()?
    } else {
        let stamps = if entity.stamped.is_some() { domain.verify_timestamps(entity, None)? } else { Vec::new() };
        match domain.verify_with_key(entity, &entries, signed, key) {
            Ok((log_entries, times)) => (log_entries, stamps.into_iter().chain(times).collect()),
            Err(Refusal::Timestamp) => ours()?,
            Err(Refusal::Found(finding)) => return Err(finding),
        }
    };
    if log_entries.is_empty() && timestamps.is_empty() {
        return Ok(None);
    }
    check_log_keys(domain, &entries, &timestamps)?;
    refuse_future(&timestamps, now)?;
    if let Some(finding) = outside_key_window(key, &timestamps, now) {
        return Err(finding);
    }
    let signed_by = SignedBy::Key(key.clone());
    Ok(Some(Verified { domain: Some(domain.name().to_owned()), signed_by, log_entries, timestamps }))
}

/// Returns the finding against a signature that the key's owner may not have made: its time is outside the window of the key, or
/// it has no proven time and the window has ended. Only signed times count, because a registry can state any time for its
/// packages.
pub(super) fn outside_key_window(key: &PublicKey, timestamps: &[TimestampReport], now: Timestamp) -> Option<Finding> {
    let window = key.window();
    if window == KeyWindow::default() {
        return None;
    }
    let expected = format!("a signature of {}", window.describe());
    if timestamps.is_empty() {
        let message = "the key is not in use any more, and no trusted time says when it made the signature";
        return (!window.has(now)).then(|| {
            Finding::error(CheckId::SignedTime, message).expected(expected).found("no log entry and no timestamp").next(
                "ask for a release that is signed with the current key, or that has a publish attestation in the log",
            )
        });
    }
    let outside = timestamps.iter().find(|stamp| !window.has(stamp.time))?;
    let finding = Finding::fail(CheckId::SignedTime, "the signature was made when the key was not in use");
    Some(finding.expected(expected).found(outside.time.to_string()))
}

/// A promise is verified with the key that the log had at its time. The proof alone of an entry of Rekor v1 says nothing of when
/// the log signed it, so the times that others vouch for must lie within the window of the log's key: one that was retired, and
/// stolen since, signs no entry for a signature of later (A150). Rekor v2 says no time either; its keys are not compared.
fn check_log_keys(domain: &TrustDomain, entries: &[&LogEntry], timestamps: &[TimestampReport]) -> Result<(), Finding> {
    let proof_alone = |entry: &&&LogEntry| entry.promise.is_none() && !entry.is_rekor_v2();
    for entry in entries.iter().filter(proof_alone) {
        if let Some(stamp) = timestamps.iter().find(|stamp| !domain.trusts_log_at(&entry.log_id, stamp.time)) {
            let message = "the key of the log was not trusted when the signature was made";
            return Err(outside_window(domain, entry, message, stamp.time));
        }
    }
    Ok(())
}

/// Of several domains that refuse a signature with a certificate, that of one whose authority issued it tells most.
pub(super) fn refusal_of_certificate(
    entity: &SignedEntity,
    refusals: Vec<(&TrustDomain, Finding)>,
    names: &[&str],
) -> Option<Finding> {
    let (issued, finding) = most_telling(refusals, |domain| was_issued_by(domain, entity))?;
    Some(match (issued, finding.check) {
        (true, _) | (false, CheckId::CertificateProfile | CheckId::BundleFormat) => finding,
        (false, _) => unknown_authority(entity, finding, names),
    })
}

/// Whether an authority of the domain issued the certificate, whenever that was. Used to choose which of several refusals to
/// report, never to accept anything.
fn was_issued_by(domain: &TrustDomain, entity: &SignedEntity) -> bool {
    let Some(der) = entity.key.leaf() else { return false };
    Leaf::read(der).is_ok_and(|leaf| domain.issued(der, leaf.not_before))
}

/// No domain's authority issued the certificate: that is the first fault to act on.
fn unknown_authority(entity: &SignedEntity, finding: Finding, names: &[&str]) -> Finding {
    let Some(leaf) = entity.key.leaf().map(Leaf::read).and_then(Result::ok) else {
        return finding;
    };
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

/// Verifies a signed entity wholly inside one domain, at the time `now`.
pub(super) fn verify_in(
    domain: &TrustDomain,
    entity: &SignedEntity,
    signed: Signed<'_>,
    now: Timestamp,
) -> Result<Verified, Finding> {
    let der = entity.key.leaf().ok_or_else(signed_with_a_key)?;
    let leaf = Leaf::read(der)?;
    let entries = trusted_entries(domain, entity, domain.requires_log())?;
    check_integrated_times(&entries, Some(&leaf), now)?;
    let key = VerifyingKey::read(&leaf.public_key).map_err(|error| key_finding(&error))?;
    let ours = || rekor1::verify(domain, SignatureOver { entity, signed }, &entries, &leaf, now);
    let (log_entries, timestamps) = if rekor1::is_needed(entity, &entries, key.kind()) {
        ours()?
    } else {
        let stamps = if entity.stamped.is_some() { domain.verify_timestamps(entity, Some(&leaf))? } else { Vec::new() };
        match domain.verify(entity, &entries, signed) {
            Ok((log_entries, times)) => (log_entries, stamps.into_iter().chain(times).collect()),
            Err(Refusal::Timestamp) => ours()?,
            Err(Refusal::Found(finding)) => return Err(finding),
        }
    };
    refuse_future(&timestamps, now)?;
    check_issued(domain, der, &leaf, &timestamps, now)?;
    check_log_keys(domain, &entries, &timestamps)?;
    let signed_by = SignedBy::Certificate(Box::new(leaf));
    Ok(Verified { domain: Some(domain.name().to_owned()), signed_by, log_entries, timestamps })
}

/// The certificate counted at every time of the signature, and so did the authority that issued it (A175); a certificate
/// transparency log has seen it.
fn check_issued(
    domain: &TrustDomain,
    der: &[u8],
    leaf: &Leaf,
    timestamps: &[TimestampReport],
    now: Timestamp,
) -> Result<(), Finding> {
    let not_then = |found: String| {
        Finding::fail(CheckId::SignedTime, "the certificate or its authority was not valid when the signature was made")
            .found(found)
    };
    let times: Vec<Timestamp> = timestamps.iter().map(|stamp| stamp.time).collect();
    if times.is_empty() {
        return Err(Finding::fail(CheckId::SignedTime, "the signature has no trusted time")
            .expected("a signed entry timestamp (SET) or a timestamp of an authority"));
    }
    let issuer_key = domain.issuer_key(der, &times).map_err(|refusal| match refusal {
        refusal if refusal.is_about_time() && times.iter().all(|time| leaf.is_valid_at(*time)) => {
            Finding::fail(CheckId::SignedTime, "the certificate's authority was not valid when the signature was made")
                .expected("an authority of the trusted root that counts at the time of the signature")
                .found(refusal.to_string())
                .next(CURRENT_ROOT)
        }
        refusal if refusal.is_about_time() => not_then(refusal.to_string()),
        refusal => Finding::fail(CheckId::CertificateChain, "the certificate was not issued by a trusted authority")
            .found(refusal.to_string()),
    })?;
    // Path building compares whole seconds, and a timestamp may state a fraction.
    if let Some(time) = times.iter().find(|time| !leaf.is_valid_at(**time)) {
        let found = format!("it is valid from {} to {}, and not at {time}", leaf.not_before, leaf.not_after);
        return Err(not_then(found));
    }
    if domain.requires_sct() {
        verify_sct(domain, der, leaf, &issuer_key, now)?;
    }
    Ok(())
}

/// What to do where the trusted root has no authority for the time: it may be older than the signature.
const CURRENT_ROOT: &str = "get a current trusted root: `bonafide trust update`, or anew from the source of the file that `--trusted-root` \
                            names; `bonafide trust show` lists what it holds";

fn refuse_future(timestamps: &[TimestampReport], now: Timestamp) -> Result<(), Finding> {
    match timestamps.iter().find(|stamp| stamp.time > now) {
        None => Ok(()),
        Some(future) => Err(Finding::fail(CheckId::SignedTime, "the signature is dated in the future")
            .expected(format!("not after {now}"))
            .found(future.time.to_string())
            .next("check this machine's clock (`date -u`); if it is right, do not use this signature")),
    }
}
