//! One `ClusterImagePolicy`, as a rule.
//!
//! One of its authorities is enough. An image must satisfy every policy that matches it, as it must satisfy every matching rule.

use super::authority::{self, Authority, Expectation, Required, Signer};
use super::common;
use super::field::Field;
use super::images;
use super::remark::{Effect, Remark};

const SPEC: [&str; 5] = ["images", "authorities", "policy", "mode", "match"];

/// A rule, as it is written, and what became of the rest of its policy.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) images: Vec<String>,
    /// `None` where nothing is left of the authorities.
    pub(super) expectation: Option<Expectation>,
    pub(super) remarks: Vec<Remark>,
}

impl Rule {
    /// Reads one policy, the `number`th.
    pub(super) fn read(root: &Field<'_>, number: usize) -> Self {
        let mut remarks = Vec::new();
        common::unknown(root, &["apiVersion", "kind", "metadata", "spec", "status"], &mut remarks);
        let (images, expectation) = if let Some(spec) = root.field("spec") {
            (images(&spec, &mut remarks), expectation(&spec, &mut remarks))
        } else {
            remarks.push(root.remark(Effect::Lost, "it has no `spec`", "write the rule by hand"));
            (Vec::new(), None)
        };
        Self::new(&common::policy_name(root, number), images, expectation, remarks)
    }

    /// A rule, with remarks that do not name it yet. What two requirements have in common is said once.
    pub(super) fn new(name: &str, images: Vec<String>, expectation: Option<Expectation>, remarks: Vec<Remark>) -> Self {
        let mut named: Vec<Remark> = Vec::new();
        for mut remark in remarks {
            remark.field = format!("{name}: {}", remark.field);
            if !named.contains(&remark) {
                named.push(remark);
            }
        }
        Self { name: name.to_owned(), images, expectation, remarks: named }
    }

    /// Makes a rule for each requirement; all of them must hold. The first rule carries the remarks.
    pub(super) fn each(
        name: &str,
        images: &[String],
        expectations: Vec<Expectation>,
        remarks: Vec<Remark>,
    ) -> Vec<Self> {
        let mut remarks = Some(remarks);
        let rule =
            |expectation| Self::new(name, images.to_vec(), Some(expectation), remarks.take().unwrap_or_default());
        expectations.into_iter().map(rule).collect()
    }

    /// The result for a policy without any remaining rule.
    pub(super) fn without_demand(name: &str, remarks: Vec<Remark>) -> Self {
        Self::new(name, Vec::new(), None, remarks)
    }

    /// Whether it says enough to be written.
    pub(super) fn is_complete(&self) -> bool {
        !self.images.is_empty() && self.expectation.is_some()
    }
}

/// Reports name requirements by the rules' names, so no two may be the same.
pub(super) fn name_apart(rules: &mut [Rule]) {
    for position in 1..rules.len() {
        let (earlier, rest) = rules.split_at_mut(position);
        let is_taken = |name: &str| earlier.iter().any(|rule| rule.name == name);
        let wanted = rest[0].name.clone();
        let mut number = 1;
        while is_taken(&rest[0].name) {
            number += 1;
            rest[0].name = format!("{wanted} ({number})");
        }
    }
}

fn images(spec: &Field<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    let listed = common::listed(spec, "images", remarks);
    if listed.is_empty() {
        remarks.push(spec.remark(Effect::Lost, "it names no images", "write the rule by hand"));
    }
    let mut patterns: Vec<String> = Vec::new();
    for image in listed {
        common::unknown(&image, &["glob"], remarks);
        let names = images::names(&image.text_of("glob").unwrap_or_default());
        patterns.extend(names.patterns);
        remarks.extend(names.remarks.into_iter().map(|(effect, message, hint)| image.remark(effect, message, hint)));
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

fn expectation(spec: &Field<'_>, remarks: &mut Vec<Remark>) -> Option<Expectation> {
    common::unknown(spec, &SPEC, remarks);
    authority::content_policy(spec, remarks);
    if let Some(mode) = spec.field("mode").filter(|mode| mode.text().is_some_and(|mode| mode != "enforce")) {
        remarks.push(common::only_warned(&mode));
    }
    common::workloads(spec, &["match"], remarks);
    let read: Vec<(Field<'_>, Authority)> = common::listed(spec, "authorities", remarks)
        .into_iter()
        .map(|field| {
            let read = authority::read(&field, remarks);
            (field, read)
        })
        .collect();
    let everybody_passes = read.iter().any(|(_, one)| matches!(one, Authority::Everybody));
    let expectation = any_of(read, remarks);
    if expectation.is_none() {
        // Where everybody passed, an image is as well off without the rule.
        let effect = if everybody_passes { Effect::LeftOut } else { Effect::Lost };
        let message = "no authority is left, so no rule is written";
        let hint = "images that no other rule is about never pass; for the others, add the expected signers by hand";
        remarks.push(spec.remark(effect, message, hint));
    }
    expectation
}

/// A rule requires the same of all of its signers. Authorities that want something else than the first are left out: what
/// passes then, passed there too.
fn any_of(read: Vec<(Field<'_>, Authority)>, remarks: &mut Vec<Remark>) -> Option<Expectation> {
    let mut all: Option<Expectation> = None;
    let mut count = 0;
    for (field, one) in read {
        let Authority::Signers(one) = one else {
            forgive(&field, remarks);
            continue;
        };
        match &mut all {
            None => all = Some(one),
            Some(all) if is_alike(all, &one) => {
                all.trust = all.trust.take().or(one.trust);
                all.signers.extend(one.signers);
            }
            Some(_) => {
                let message = "it wants something else signed than the first authority, or by another instance";
                let hint = "decide which of them applies, and write that one";
                remarks.push(field.remark(Effect::LeftOut, message, hint));
                forgive(&field, remarks);
                continue;
            }
        }
        count += 1;
        if let Some(all) = all.as_ref().filter(|all| count == 2 && all.requirements.len() > 1) {
            let message = "one authority had to sign all of it, and here each requirement may have another signer";
            let hint = "if that matters, keep one of the signers of this rule";
            remarks.push(field.remark(Effect::Lost, format!("{}: {message}", words(&all.requirements)), hint));
        }
    }
    all
}

/// If no signer can satisfy an authority any more, its rules are not lost.
fn forgive(authority: &Field<'_>, remarks: &mut [Remark]) {
    for remark in remarks.iter_mut().filter(|remark| authority.holds(remark) && remark.effect == Effect::Lost) {
        remark.effect = Effect::LeftOut;
    }
}

fn is_alike(one: &Expectation, other: &Expectation) -> bool {
    let same_trust = match (&one.trust, &other.trust) {
        (Some(one), Some(other)) => one == other,
        // A key that needs no log needs no instance either.
        (None, _) | (_, None) => [one, other].iter().all(|expectation| {
            expectation.trust.is_some()
                || expectation.signers.iter().all(|signer| matches!(signer, Signer::Key { log_is_required: false, .. }))
        }),
    };
    same_trust && one.requirements == other.requirements
}

fn words(requirements: &[Required]) -> String {
    requirements.iter().map(Required::as_str).collect::<Vec<_>>().join(" and ")
}
