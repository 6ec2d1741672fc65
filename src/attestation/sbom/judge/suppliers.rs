//! Suppliers that are denied or not allowed.

use std::collections::HashMap;

use crate::check::{CheckId, Finding};
use crate::policy::{SbomRules, names};

use super::complaint::{Complaints, Offenders, few, of_packages, shortened};
use super::exceptions::Exceptions;
use super::judged::Judged;

/// The rules for suppliers, and what came of them so far. A supplier is compared once, however many packages come from it.
pub(super) struct Check<'a, 'd> {
    rules: &'a SbomRules,
    known: HashMap<Option<&'d str>, Judgement>,
    denied: Offenders,
    not_allowed: Offenders,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Fine,
    Denied,
    NotAllowed,
}

impl<'a, 'd> Check<'a, 'd> {
    pub(super) fn of(rules: &'a SbomRules) -> Option<Self> {
        let asks = !rules.deny.suppliers.is_empty() || !rules.allow.suppliers.is_empty();
        let (denied, not_allowed) = (Offenders::default(), Offenders::default());
        asks.then(|| Self { rules, known: HashMap::new(), denied, not_allowed })
    }

    pub(super) fn look_at(&mut self, judged: &Judged<'d>, exceptions: &mut Exceptions<'_>) {
        let supplier = judged.package.supplier.as_deref();
        let rules = self.rules;
        let judgement = *self.known.entry(supplier).or_insert_with(|| judgement(rules, supplier));
        // The signer supplies the image itself.
        let is_fine = judgement == Judgement::Fine || (supplier.is_none() && judged.is_root);
        if is_fine || exceptions.cover_package(&judged.component) {
            return;
        }
        let offenders = if judgement == Judgement::Denied { &mut self.denied } else { &mut self.not_allowed };
        let supplier = supplier.unwrap_or("no supplier");
        offenders.add(|| format!("{}: {}", judged.package.describe(), shortened(supplier)));
    }

    pub(super) fn finding(self, count: u64, ran_out: Option<&str>) -> Finding {
        let mut complaints = Complaints::of(CheckId::SbomSuppliers);
        if !self.denied.is_empty() {
            complaints.refuse(
                of_packages(self.denied.count(), count, "from a supplier that is denied"),
                format!("none of {}", few(&self.rules.deny.suppliers)),
                self.denied.to_string(),
                "replace the package, or give it an exception with an end date in the policy",
            );
        }
        if !self.not_allowed.is_empty() {
            complaints.refuse(
                of_packages(self.not_allowed.count(), count, "from no supplier that is allowed"),
                format!("only {}", few(&self.rules.allow.suppliers)),
                self.not_allowed.to_string(),
                "have the generator state suppliers, add them to `allow` in the policy, or give the package an exception",
            );
        }
        complaints.finding(|| format!("the suppliers of {count} packages are in order"), ran_out)
    }
}

fn judgement(rules: &SbomRules, supplier: Option<&str>) -> Judgement {
    let is_one_of = |list: &[_]| supplier.is_some_and(|supplier| list.iter().any(|rule| names(rule, supplier)));
    if is_one_of(&rules.deny.suppliers) {
        Judgement::Denied
    } else if rules.allow.suppliers.is_empty() || is_one_of(&rules.allow.suppliers) {
        Judgement::Fine
    } else {
        Judgement::NotAllowed
    }
}
