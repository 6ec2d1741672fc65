//! Licences: expressions as documents write them (SPDX 2.3 annex D), and rules for the licences in them.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use spdx::expression::{ExprNode, Operator};
use spdx::identifiers::{EXCEPTIONS, LICENSES};
use spdx::{AdditionItem, LicenseItem, LicenseReq, ParseMode};

use super::text::{PatternError, TextRule};

/// How expressions are read. Deprecated identifiers and `GPL-2.0+` stand in real documents and mean one thing. Imprecise names do
/// not: the crate takes `gnu gpl v2` for version 3 and `bsd` for two clauses, and a slash means "or" to one ecosystem alone.
const MODE: ParseMode = ParseMode {
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

/// Deprecated identifiers that stand for a licence with an exception (SPDX License List, "Deprecated License Identifiers").
const DEPRECATED: [(&str, &str, &str); 9] = [
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only", "Autoconf-exception-2.0"),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only", "Bison-exception-2.2"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only", "Classpath-exception-2.0"),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only", "Font-exception-2.0"),
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only", "GCC-exception-2.0"),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only", "Autoconf-exception-3.0"),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only", "GCC-exception-3.1"),
    ("eCos-2.0", "GPL-2.0-or-later", "eCos-exception-2.0"),
    ("wxWindows", "LGPL-2.0-or-later", "WxWindows-exception-3.1"),
];

/// A licence expression: licences joined by `AND` and `OR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseExpression {
    /// In postfix order.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Term(LicenseTerm),
    And,
    Or,
}

/// One licence of an expression, perhaps with an exception to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseTerm {
    /// Its identifier, as the SPDX License List writes it today.
    license: String,
    /// Of `-or-later` and `+`: every version that may be chosen, by its own identifier.
    choices: Vec<&'static str>,
    /// What stands behind `WITH`.
    addition: Option<String>,
}

impl LicenseExpression {
    /// Reads an expression. Identifiers and operators are compared in any letter case: SPDX 2.3 annex D.2.
    ///
    /// # Errors
    /// The fault, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expression =
            spdx::Expression::parse_mode(&in_list_case(text), MODE).map_err(|error| error.reason.to_string())?;
        let nodes = expression.iter().map(|node| match node {
            ExprNode::Req(required) => Node::Term(LicenseTerm::of(&required.req)),
            ExprNode::Op(Operator::And) => Node::And,
            ExprNode::Op(Operator::Or) => Node::Or,
        });
        Ok(Self { nodes: nodes.collect() })
    }

    /// Whether a choice of licences is acceptable as a whole: for an `OR` one side suffices, for an `AND` both are
    /// needed.
    pub fn holds_where(&self, is_acceptable: impl Fn(&LicenseTerm) -> bool) -> bool {
        let mut results: Vec<bool> = Vec::new();
        for node in &self.nodes {
            let result = match node {
                Node::Term(term) => is_acceptable(term),
                operator => match (results.pop(), results.pop()) {
                    (Some(one), Some(other)) if *operator == Node::And => one && other,
                    (Some(one), Some(other)) => one || other,
                    _ => return false,
                },
            };
            results.push(result);
        }
        results == [true]
    }

    /// Returns its licences.
    pub fn terms(&self) -> impl Iterator<Item = &LicenseTerm> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Term(term) => Some(term),
            Node::And | Node::Or => None,
        })
    }
}

impl LicenseTerm {
    fn of(required: &LicenseReq) -> Self {
        let addition = required.addition.as_ref().map(|addition| match addition {
            AdditionItem::Spdx(id) => id.name.to_owned(),
            AdditionItem::Other(reference) => reference.to_string(),
        });
        let (license, or_later) = match &required.license {
            LicenseItem::Spdx { id, or_later } => (id.name, *or_later),
            LicenseItem::Other(reference) => {
                return Self { license: reference.to_string(), choices: Vec::new(), addition };
            }
        };
        if let Some((_, license, of_it)) = DEPRECATED.iter().find(|(deprecated, ..)| *deprecated == license) {
            let addition = addition.or_else(|| Some((*of_it).to_owned()));
            return Self { license: (*license).to_owned(), choices: choices(license), addition };
        }
        // `GPL-2.0` is the old spelling of `GPL-2.0-only`.
        let license = match spdx::gnu_license_id(license, false) {
            Some(only) if !license.ends_with("-or-later") => only.name,
            _ => license,
        };
        let license = if or_later { format!("{license}+") } else { license.to_owned() };
        Self { choices: choices(&license), license, addition }
    }
}

impl fmt::Display for LicenseTerm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.license)?;
        self.addition.as_ref().map_or(Ok(()), |addition| write!(formatter, " WITH {addition}"))
    }
}

/// A licence of a family: its version, and its identifier.
type Versioned = (Vec<u32>, &'static str);

/// Every version that `X-or-later` or `X+` lets one choose, as far as the list knows them.
fn choices(license: &str) -> Vec<&'static str> {
    static FAMILIES: LazyLock<HashMap<String, Vec<Versioned>>> = LazyLock::new(|| {
        let mut families: HashMap<String, Vec<Versioned>> = HashMap::new();
        let current = LICENSES.iter().filter(|license| license.flags & spdx::flags::IS_DEPRECATED == 0);
        for name in current.map(|license| license.name).filter(|name| !name.ends_with("-or-later")) {
            if let Some((family, version)) = family(name.strip_suffix("-only").unwrap_or(name)) {
                families.entry(family).or_default().push((version, name));
            }
        }
        families
    });
    let stem = license.strip_suffix("-or-later").or_else(|| license.strip_suffix('+'));
    let Some((family, least)) = stem.and_then(family) else { return Vec::new() };
    let of_family = FAMILIES.get(&family).map_or(&[][..], Vec::as_slice);
    of_family.iter().filter(|(version, _)| *version >= least).map(|(_, name)| *name).collect()
}

/// An identifier without its version, and the version: `LGPL-2.1` is 2.1 of `LGPL-*`.
fn family(stem: &str) -> Option<(String, Vec<u32>)> {
    let parts: Vec<&str> = stem.split('-').collect();
    let place = parts.iter().position(|part| part.starts_with(|first: char| first.is_ascii_digit()))?;
    let version = parts[place].split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let family: Vec<&str> =
        parts.iter().enumerate().map(|(position, part)| if position == place { "*" } else { part }).collect();
    Some((family.join("-"), version))
}

/// Every identifier of the licence list by its letters in lower case.
static IDENTIFIERS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let names = LICENSES.iter().map(|license| license.name).chain(EXCEPTIONS.iter().map(|exception| exception.name));
    names.map(|name| (name.to_ascii_lowercase(), name)).collect()
});

/// Writes identifiers and operators as the list does.
fn in_list_case(text: &str) -> String {
    const WORDS: [&str; 3] = ["AND", "OR", "WITH"];
    const PREFIXES: [&str; 3] = ["LicenseRef-", "DocumentRef-", "AdditionRef-"];
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let mut written = String::with_capacity(text.len());
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let prefix = PREFIXES
            .iter()
            .find(|prefix| word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
        match (WORDS.iter().find(|operator| operator.eq_ignore_ascii_case(word)), prefix) {
            (Some(operator), _) => written.push_str(operator),
            (None, Some(prefix)) => written.extend([*prefix, &word[prefix.len()..]]),
            (None, None) => {
                written.push_str(IDENTIFIERS.get(&word.to_ascii_lowercase()).copied().unwrap_or(word));
            }
        }
        let next = behind.find(is_of_word).unwrap_or(behind.len());
        // Line breaks and tabs separate words as spaces do.
        written.extend(behind[..next].chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
        rest = &behind[next..];
    }
    written
}

/// A rule for licences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseRule {
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Licences of expressions.
    Term { license: TextRule, addition: Option<TextRule> },
    /// The whole text of a licence that is not an expression, as written.
    Text(TextRule),
}

/// Why a text is not a rule for licences.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LicenseRuleError {
    /// The licence is unknown.
    #[error("licence `{written}` is not on the SPDX License List")]
    Unknown {
        /// The rule as written.
        written: String,
        /// An identifier that is near, or a pattern for a family of them.
        nearest: Option<String>,
    },
    /// It is an expression with several licences.
    #[error("`{0}` is more than one licence")]
    Several(String),
    /// No licence at all.
    #[error("`{0}` says that no licence is asserted")]
    NoAssertion(String),
    /// A pattern that cannot be used.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl LicenseRule {
    /// A rule for one licence, `ID` or `ID WITH EXCEPTION`, in which `*` stands for any letters.
    pub fn parse(written: &str) -> Result<Self, LicenseRuleError> {
        let written = written.trim();
        if ["NOASSERTION", "NONE"].iter().any(|word| word.eq_ignore_ascii_case(written)) {
            return Err(LicenseRuleError::NoAssertion(written.to_owned()));
        }
        if written.contains('*') {
            return Self::glob(written);
        }
        let expression = LicenseExpression::parse(written).map_err(|_| unknown(written))?;
        let mut terms = expression.terms();
        match (terms.next(), terms.next()) {
            (Some(term), None) => Ok(Self {
                form: Form::Term {
                    license: TextRule::exact_ignoring_case(&term.license),
                    addition: term.addition.as_ref().map(TextRule::exact_ignoring_case),
                },
            }),
            _ => Err(LicenseRuleError::Several(written.to_owned())),
        }
    }

    fn glob(written: &str) -> Result<Self, LicenseRuleError> {
        let (license, addition) = match in_list_case(written).split_once(" WITH ") {
            Some((license, addition)) => (license.trim().to_owned(), Some(addition.trim().to_owned())),
            None => (written.to_owned(), None),
        };
        let pattern = TextRule::glob_ignoring_case(&license)?;
        let is_reference = license.starts_with("LicenseRef-") || license.starts_with("DocumentRef-");
        if !is_reference && !LICENSES.iter().any(|known| pattern.matches(known.name)) {
            return Err(unknown(written));
        }
        let addition = addition.as_deref().map(TextRule::glob_ignoring_case).transpose()?;
        Ok(Self { form: Form::Term { license: pattern, addition } })
    }

    /// A rule for the whole text of a licence that is not an expression, such as `Apache License, Version 2.0`.
    pub fn text(rule: TextRule) -> Self {
        Self { form: Form::Text(rule) }
    }

    /// Whether it denies a licence. A denied licence is denied with every exception to it, and a choice of versions if
    /// every one of them is denied.
    pub fn denies(&self, term: &LicenseTerm) -> bool {
        let Form::Term { license, addition } = &self.form else { return false };
        let is_addition =
            addition.as_ref().is_none_or(|rule| term.addition.as_ref().is_some_and(|addition| rule.matches(addition)));
        is_addition && license.matches(&term.license)
    }

    /// Whether it allows a licence: with an exception to it only where the rule has it too.
    pub fn allows(&self, term: &LicenseTerm) -> bool {
        let Form::Term { license, addition } = &self.form else { return false };
        let is_addition = match (addition, &term.addition) {
            (None, None) => true,
            (Some(rule), Some(addition)) => rule.matches(addition),
            _ => false,
        };
        is_addition && license.matches(&term.license)
    }

    /// Whether it is about this whole text, as written.
    pub fn is_about_text(&self, text: &str) -> bool {
        matches!(&self.form, Form::Text(rule) if rule.matches(text))
    }

    /// Whether it is about everything.
    pub(crate) fn is_about_all(&self) -> bool {
        match &self.form {
            Form::Term { license, .. } | Form::Text(license) => license.as_str().trim_matches('*').is_empty(),
        }
    }

    /// Whether `list` denies a licence: by itself, or because every version that may be chosen is denied.
    pub fn list_denies(list: &[Self], term: &LicenseTerm) -> bool {
        let is_denied = |term: &LicenseTerm| list.iter().any(|rule| rule.denies(term));
        is_denied(term) || (!term.choices.is_empty() && term.each_choice().all(|choice| is_denied(&choice)))
    }

    /// Whether `list` allows a licence: by itself, or because it allows a version that may be chosen.
    pub fn list_allows(list: &[Self], term: &LicenseTerm) -> bool {
        let is_allowed = |term: &LicenseTerm| list.iter().any(|rule| rule.allows(term));
        is_allowed(term) || term.each_choice().any(|choice| is_allowed(&choice))
    }
}

impl LicenseTerm {
    fn each_choice(&self) -> impl Iterator<Item = Self> {
        let of = |choice: &&'static str| Self {
            license: (*choice).to_owned(),
            choices: Vec::new(),
            addition: self.addition.clone(),
        };
        self.choices.iter().map(of)
    }
}

impl fmt::Display for LicenseRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Term { license, addition } => {
                formatter.write_str(license.as_str())?;
                addition.as_ref().map_or(Ok(()), |addition| write!(formatter, " WITH {addition}"))
            }
            Form::Text(text) => write!(formatter, "the text {text}"),
        }
    }
}

fn unknown(written: &str) -> LicenseRuleError {
    LicenseRuleError::Unknown { written: written.to_owned(), nearest: nearest(written) }
}

/// `GPL-*` for `GPL`, and `AGPL-3.0-only` for `AGPL-3.0-onyl`.
fn nearest(written: &str) -> Option<String> {
    /// Longer words are no slip of a finger, and take time to compare.
    const LONG_WORD: usize = 64;
    if written.len() > LONG_WORD {
        return None;
    }
    let lower = written.to_ascii_lowercase();
    let is_family = |identifier: &String| identifier.strip_prefix(&lower).is_some_and(|rest| rest.starts_with('-'));
    if IDENTIFIERS.keys().any(is_family) {
        return Some(format!("{written}-*"));
    }
    let distance = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_ascii_lowercase());
    let near = LICENSES.iter().map(|license| (distance(license.name), license.name)).min();
    near.filter(|(distance, name)| *distance <= name.len().min(written.len()).div_ceil(3))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(written: &[&str]) -> Vec<LicenseRule> {
        written.iter().map(|one| LicenseRule::parse(one).expect("a rule")).collect()
    }

    fn expression(text: &str) -> LicenseExpression {
        LicenseExpression::parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}"))
    }

    fn denied(list: &[&str], text: &str) -> bool {
        let list = rules(list);
        !expression(text).holds_where(|term| !LicenseRule::list_denies(&list, term))
    }

    fn allowed(list: &[&str], text: &str) -> bool {
        let list = rules(list);
        expression(text).holds_where(|term| LicenseRule::list_allows(&list, term))
    }

    #[test]
    fn of_an_or_one_side_is_enough_and_of_an_and_both_are_needed() {
        assert!(!denied(&["AGPL-3.0-only"], "MIT OR AGPL-3.0-only"));
        assert!(denied(&["AGPL-3.0-only"], "MIT AND AGPL-3.0-only"));
        assert!(denied(&["AGPL-3.0-only"], "(MIT OR Apache-2.0) AND AGPL-3.0-only"));
        assert!(!denied(&["AGPL-3.0-only"], "MIT AND ISC OR AGPL-3.0-only"), "AND binds closer than OR");
        assert!(allowed(&["MIT"], "GPL-2.0-only OR MIT"));
        assert!(!allowed(&["MIT"], "GPL-2.0-only AND MIT"));
    }

    /// SPDX 2.3 annex D.2: "License expression operators … license identifiers … should be matched in a case-insensitive manner".
    #[test]
    fn the_case_of_letters_hides_nothing() {
        assert!(denied(&["AGPL-3.0-only"], "agpl-3.0-ONLY"));
        assert!(denied(&["agpl-3.0-only"], "MIT and\n\tAGPL-3.0-only"));
        assert!(denied(&["LicenseRef-Acme"], "licenseref-acme"));
        assert!(denied(&["AGPL-*"], "agpl-1.0-only"));
    }

    #[test]
    fn old_spellings_are_what_they_became() {
        assert!(denied(&["AGPL-3.0-only"], "AGPL-3.0"));
        assert!(denied(&["AGPL-3.0"], "AGPL-3.0-only"));
        assert!(denied(&["GPL-2.0-or-later"], "GPL-2.0+"));
        assert!(denied(&["GPL-2.0-only"], "GPL-2.0-with-classpath-exception"));
        assert!(denied(&["GPL-2.0-or-later"], "eCos-2.0"));
    }

    /// Who may choose a later version has a choice only where there is one that is not denied.
    #[test]
    fn or_later_is_a_choice_of_versions() {
        assert!(denied(&["AGPL-3.0-only"], "AGPL-3.0-or-later"), "no later version exists");
        assert!(!denied(&["GPL-2.0-only"], "GPL-2.0-or-later"), "version 3 may be chosen");
        assert!(denied(&["GPL-2.0-only", "GPL-3.0-only"], "GPL-2.0-or-later"));
        assert!(!denied(&["GPL-2.0-or-later"], "GPL-2.0-only"));
        assert!(allowed(&["GPL-3.0-only"], "GPL-2.0-or-later"));
        assert!(!allowed(&["GPL-2.0-only"], "GPL-3.0-or-later"));
        assert!(allowed(&["Apache-2.0"], "Apache-1.0+"));
        assert!(!denied(&["LGPL-2.1-only"], "LGPL-2.1+"));
    }

    #[test]
    fn exceptions_are_denied_with_their_licence_and_allowed_by_name() {
        assert!(denied(&["GPL-2.0-only"], "GPL-2.0-only WITH Classpath-exception-2.0"));
        assert!(!denied(&["GPL-2.0-only WITH Classpath-exception-2.0"], "GPL-2.0-only"));
        assert!(!allowed(&["Apache-2.0"], "Apache-2.0 WITH LLVM-exception"));
        assert!(allowed(&["Apache-2.0 with llvm-exception"], "Apache-2.0 WITH LLVM-exception"));
        assert!(allowed(&["Apache-2.0 WITH *"], "Apache-2.0 WITH LLVM-exception"));
    }

    #[test]
    fn what_is_no_expression_is_not_guessed_at() {
        for text in [
            "",
            "GNU GPL v2",
            "bsd",
            "MIT/Apache-2.0",
            "MIT, ISC",
            "MIT AND",
            "(MIT",
            "MIT OR OR ISC",
            "Apache License",
        ] {
            assert!(LicenseExpression::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rules_name_a_licence_that_there_is() {
        let nearest = |written: &str| match LicenseRule::parse(written) {
            Err(LicenseRuleError::Unknown { nearest, .. }) => nearest,
            other => panic!("{written}: {other:?}"),
        };
        assert_eq!(nearest("AGPL-3.0-onyl").as_deref(), Some("AGPL-3.0-only"));
        assert_eq!(nearest("gpl").as_deref(), Some("gpl-*"));
        assert_eq!(nearest("AGLP-*"), None);
        assert!(matches!(LicenseRule::parse("MIT OR ISC"), Err(LicenseRuleError::Several(_))));
        assert!(matches!(LicenseRule::parse("noassertion"), Err(LicenseRuleError::NoAssertion(_))));
    }

    #[test]
    fn a_long_expression_takes_no_stack() {
        let long = format!("{}MIT{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(allowed(&["MIT"], &long));
        assert!(!denied(&["ISC"], "MIT AND ".repeat(100_000).trim_end_matches(" AND ")));
    }
}
