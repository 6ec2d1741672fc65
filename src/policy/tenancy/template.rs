//! The form of the names that a service gives, with the parts that tell one of its tenants from another.

use super::automaton::{Automaton, Characters, Width};

/// What a step of a name's form belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The text that every name begins with.
    Beginning,
    /// Other text of the form itself.
    Text,
    /// What tells one tenant from another.
    Tenant,
    /// What a name may have of its own and that tells nothing.
    Rest,
}

/// How a rule stands to the names of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// No name of the form matches the rule.
    Apart,
    /// Those that match are of tenants that the rule names in full.
    Named,
    /// Those of tenants that the rule does not name match too.
    Open,
    /// The same, and the rule does not even spell out the form's own text.
    Loose,
}

impl Fit {
    /// Whether names of tenants match that the rule does not name.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Loose)
    }
}

/// Says how a rule stands to a form. One that is too large to be looked through is loose.
///
/// A tenant is named if the rule spells out all of it, with the text behind it, and the form's text in front of it: a
/// repetition or a class of characters there could stand for another tenant. An unescaped dot for a dot in the form's
/// own text is harmless.
pub(super) fn fit(rule: Option<&Automaton<Width>>, form: &str) -> Fit {
    let Some(rule) = rule else { return Fit::Loose };
    let (mut is_open, mut is_loose) = (!form.contains('<'), false);
    let meets = rule.meet(&read(form), |width, part, count| {
        let is_repeated = width == Width::Repeated;
        is_open |= part == Part::Tenant && (is_repeated || count > 1) || part == Part::Beginning && is_repeated;
        is_loose |= matches!(part, Part::Beginning | Part::Text) && is_repeated;
    });
    match (meets, is_open, is_loose) {
        (Some(false), ..) => Fit::Apart,
        (Some(true), false, _) => Fit::Named,
        (Some(true), true, false) => Fit::Open,
        (Some(true), true, true) | (None, ..) => Fit::Loose,
    }
}

/// Reads a form. `<owner>` is what tells tenants apart, `*` a segment that does not, `**` any text, `?` one character, `(a|b)`
/// either text, and `/**` at the end everything below or nothing. A segment has one character or more, and never a slash, an at
/// sign or what follows it; dots only in front of a slash or an at sign.
fn read(form: &str) -> Automaton<Part> {
    let mut automaton = Automaton::empty();
    let mut at = 0;
    let mut part = Part::Beginning;
    let mut rest = form;
    while let Some(first) = rest.chars().next() {
        let (taken, kind) = token(rest, first);
        let behind = &rest[taken..];
        match kind {
            Token::Below => {
                let slash = automaton.then(at, Characters::one('/'), Part::Text);
                automaton.step(slash, Characters::all(), Part::Rest, slash);
                let end = automaton.state();
                automaton.skip(at, end);
                automaton.skip(slash, end);
                at = end;
            }
            Token::Character => at = automaton.then(at, Characters::one(first), part),
            Token::Choice => {
                let end = automaton.state();
                for branch in rest[1..taken - 1].split('|') {
                    let last = branch.chars().fold(at, |at, one| automaton.then(at, Characters::one(one), part));
                    automaton.skip(last, end);
                }
                at = end;
            }
            Token::Single => at = automaton.then(at, segment(behind), Part::Rest),
            Token::Segment(kind) => {
                at = automaton.then(at, segment(behind), kind);
                automaton.step(at, segment(behind), kind, at);
            }
            Token::Any => {
                let hub = automaton.state();
                automaton.skip(at, hub);
                automaton.step(hub, Characters::all(), Part::Rest, hub);
                at = hub;
            }
        }
        if kind != Token::Character {
            part = Part::Text;
        }
        rest = behind;
    }
    automaton.accept(at);
    automaton
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Character,
    Choice,
    Single,
    Segment(Part),
    Any,
    Below,
}

/// Returns the first token of a form and its length.
fn token(rest: &str, first: char) -> (usize, Token) {
    let through = |end: char| rest.find(end).map_or(rest.len(), |position| position + 1);
    match first {
        '/' if rest == "/**" => (3, Token::Below),
        '<' => (through('>'), Token::Segment(Part::Tenant)),
        '(' => (through(')'), Token::Choice),
        '*' if rest.starts_with("**") => (2, Token::Any),
        '*' => (1, Token::Segment(Part::Rest)),
        '?' => (1, Token::Single),
        other => (other.len_utf8(), Token::Character),
    }
}

fn segment(behind: &str) -> Characters {
    match behind.chars().next() {
        Some('/' | '@') => Characters::all_but(&['/', '@']),
        Some(next) if !"<*?(".contains(next) => Characters::all_but(&['/', '@', '.', next]),
        _ => Characters::all_but(&['/', '@', '.']),
    }
}

/// Returns the word for what tells tenants apart: `owner` of `https://github.com/<owner>/**`.
pub(super) fn tenant_of(form: &'static str) -> Option<&'static str> {
    form.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(word, _)| word)
}

/// Draws a form as a person would write it: `https://github.com/OWNER/…`.
pub(super) fn draw(form: &str) -> String {
    let mut drawn = String::new();
    let mut rest = form;
    while let Some(first) = rest.chars().next() {
        let (taken, kind) = token(rest, first);
        match kind {
            Token::Character => drawn.push(first),
            Token::Segment(Part::Tenant) => drawn.push_str(&rest[1..taken - 1].to_ascii_uppercase()),
            Token::Below => drawn.push_str("/…"),
            _ if drawn.ends_with('…') => {}
            _ => drawn.push('…'),
        }
        rest = &rest[taken..];
    }
    drawn.replace("….…", "…")
}
