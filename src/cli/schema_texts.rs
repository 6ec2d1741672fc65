//! The JSON Schemas that are files of this crate.

use std::borrow::Cow;

use crate::attestation::keys::KeyText;
use crate::attestation::types::Kind;
use crate::policy::Requirement;

pub(super) const REPORT: &str = include_str!("../check/report.schema.json");
pub(super) const POLICY: &str = include_str!("../policy/policy.schema.json");
pub(super) const DIFF: &str = include_str!("diff.schema.json");
pub(super) const TRUST: &str = include_str!("trust/show.schema.json");
pub(super) const DOCTOR: &str = include_str!("doctor/doctor.schema.json");
pub(super) const POLICY_CHECK: &str = include_str!("policy_check.schema.json");
pub(super) const POLICY_PREVIEW: &str = include_str!("preview.schema.json");

/// Returns the texts whose words are no secrets.
pub(super) fn words() -> impl Iterator<Item = Cow<'static, str>> {
    let of_kind = |kind: &Kind| [Some(kind.as_str()), kind.policy_schema(), kind.section_schema()];
    let whole = [REPORT, POLICY, DIFF, TRUST, DOCTOR, POLICY_CHECK, POLICY_PREVIEW];
    let files = whole.into_iter().chain(Kind::ALL.iter().flat_map(of_kind).flatten());
    let of_key = |key: KeyText| format!("{} {}", key.name, (key.schema)());
    let keys = Requirement::ALL.iter().flat_map(|requirement| requirement.keys()).map(of_key);
    files.map(Cow::Borrowed).chain(keys.map(Cow::Owned))
}
