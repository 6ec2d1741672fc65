//! Counts failing packages, keeps the first of them, and makes one finding of all.

use std::fmt;

use crate::check::{CheckId, Finding, Outcome};

/// Offenders that are named: a person looks at the first ones, and thousands hide the reason.
const NAMED: usize = 5;
/// Characters of a name: documents may write as many as they like.
const LONG: usize = 160;

/// A few of many, in the order of the document.
#[derive(Debug, Default)]
pub(super) struct Offenders {
    count: u64,
    first: Vec<String>,
}

impl Offenders {
    /// Counts one, which is described only if it is named.
    pub(super) fn add(&mut self, describe: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(shortened(&describe()));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Offenders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(formatter, ", and {more} more"),
        }
    }
}

/// The first few of a list of rules.
pub(super) fn few(rules: impl IntoIterator<Item = impl fmt::Display>) -> String {
    let mut listed = Offenders::default();
    rules.into_iter().for_each(|rule| listed.add(|| rule.to_string()));
    listed.to_string()
}

/// A text of the document, shortened for reading.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `1 of 2 packages is denied`, `2 of 2 packages are denied`.
pub(super) fn of_packages(count: u64, all: u64, what: &str) -> String {
    format!("{count} of {all} packages {} {what}", if count == 1 { "is" } else { "are" })
}

/// What one check has to say.
pub(super) struct Complaints {
    check: CheckId,
    list: Vec<Complaint>,
}

struct Complaint {
    outcome: Outcome,
    message: String,
    expected: String,
    found: String,
    next: &'static str,
}

impl Complaints {
    pub(super) const fn of(check: CheckId) -> Self {
        Self { check, list: Vec::new() }
    }

    /// Adds a reason to refuse: message, what was expected, what was found, what to do.
    pub(super) fn refuse(&mut self, message: String, expected: String, found: String, next: &'static str) {
        self.list.push(Complaint { outcome: Outcome::Fail, message, expected, found, next });
    }

    /// Adds a reason why it cannot be told.
    pub(super) fn doubt(&mut self, message: String, expected: String, found: String, next: &'static str) {
        self.list.push(Complaint { outcome: Outcome::Error, message, expected, found, next });
    }

    /// One finding for all: a refusal outweighs undecided packages. `ran_out` are expired exceptions.
    pub(super) fn finding(self, pass: impl FnOnce() -> String, ran_out: Option<&str>) -> Finding {
        let Some(next) = self.list.iter().min_by_key(|one| one.outcome != Outcome::Fail).map(|one| one.next) else {
            return Finding::pass(self.check, pass());
        };
        let joined = |part: fn(&Complaint) -> &str| self.list.iter().map(part).collect::<Vec<_>>().join("; ");
        let message = joined(|one| &one.message);
        let finding = if self.list.iter().any(|one| one.outcome == Outcome::Fail) {
            Finding::fail(self.check, message)
        } else {
            Finding::error(self.check, message)
        };
        let next = ran_out.map_or_else(|| next.to_owned(), |ran_out| format!("{next}; {ran_out}"));
        finding.expected(joined(|one| &one.expected)).found(joined(|one| &one.found)).next(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_the_first_are_named_and_the_rest_counted() {
        let mut offenders = Offenders::default();
        (0..7).for_each(|number| offenders.add(|| number.to_string()));
        assert_eq!(offenders.to_string(), "0, 1, 2, 3, 4, and 2 more");
        assert_eq!(shortened(&"é".repeat(1_000)).chars().count(), LONG + 1);
    }

    #[test]
    fn one_refusal_outweighs_what_cannot_be_told() {
        let mut complaints = Complaints::of(CheckId::SbomPackages);
        complaints.doubt("a".to_owned(), "b".to_owned(), "c".to_owned(), "d");
        complaints.refuse("e".to_owned(), "f".to_owned(), "g".to_owned(), "h");
        let finding = complaints.finding(String::new, Some("i"));
        assert_eq!((finding.outcome, finding.message.as_str()), (Outcome::Fail, "a; e"));
        assert_eq!(finding.next.as_deref(), Some("h; i"));
    }
}
