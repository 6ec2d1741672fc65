//! The fields of a `vsa` requirement.

use crate::attestation::rules::{Incomplete, Keys};
use crate::oci::Digest;
use crate::policy::document::signers::ReadFile;
use crate::policy::text::TextRule;
use crate::policy::{Level, SummaryRules};

use crate::policy::document::fields::{Fields, each, max_age, optional, or_default, text};
use crate::policy::document::problem::Problems;
use crate::policy::document::yaml::Node;

impl Keys for SummaryRules {
    const KEYS: &'static [&'static str] = &["verifier", "resource", "levels", "dependency-levels", "policy", "max-age"];

    fn read(fields: &Fields<'_>, _: ReadFile<'_>, problems: &mut Problems) -> Option<Self> {
        let hint = "add `verifier: URI`, as the summary names it: who verified is as important as who signed";
        let verifier = fields.required("verifier", hint, problems).and_then(|node| text(node, problems));
        let hint = "add `levels: [SLSA_BUILD_LEVEL_3]`, or what else the verifier says of what it let through";
        let wanted = fields.required("levels", hint, problems).and_then(|node| levels(node, problems));
        let dependency_levels = or_default(fields.get("dependency-levels"), |node| levels(node, problems));
        let resource = optional(fields.get("resource"), |_| fields.glob("resource", problems));
        let policy = optional(fields.get("policy"), |node| policy(node, problems));
        let max_age = optional(fields.get("max-age"), |node| max_age(node, problems));
        let (policy_uri, policy_digest) = policy?.unwrap_or_default();
        Some(SummaryRules {
            verifier: verifier?,
            resource: resource?,
            levels: wanted?,
            dependency_levels: dependency_levels?,
            policy_uri,
            policy_digest,
            max_age: max_age?,
        })
    }

    fn plain() -> Result<Self, Incomplete> {
        Err(Incomplete {
            in_file: "write whose it must be: `vsa: {verifier: URI, levels: [SLSA_BUILD_LEVEL_3]}`",
            as_flag: "whose summary it must be is said in a policy file: `require: {vsa: {verifier: …, levels: …}}`",
        })
    }
}

fn levels(node: &Node, problems: &mut Problems) -> Option<Vec<Level>> {
    each(node, "levels", problems, |item, problems| Some(Level::new(&text(item, problems)?)))
}

/// `{uri: GLOB, digest: sha256:…}`, one of them or both.
fn policy(node: &Node, problems: &mut Problems) -> Option<(Option<TextRule>, Option<Digest>)> {
    let fields = Fields::of(node, "the policy of a summary", &["uri", "digest"], problems)?;
    if fields.get("uri").is_none() && fields.get("digest").is_none() && !fields.has_unknown() {
        let hint = "write `uri`, `digest` or both, or leave `policy` out";
        problems.add(node.place, "nothing is said of the policy", hint);
        return None;
    }
    let uri = optional(fields.get("uri"), |_| fields.glob("uri", problems));
    let digest = optional(fields.get("digest"), |node| digest(node, problems));
    Some((uri?, digest?))
}

fn digest(node: &Node, problems: &mut Problems) -> Option<Digest> {
    let written = text(node, problems)?;
    let digest = written.parse().ok();
    if digest.is_none() {
        let hint = "write the algorithm and all digits in lower case: sha256:…";
        problems.add(node.place, format!("`{written}` is not a digest"), hint);
    }
    digest
}
