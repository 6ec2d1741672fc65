//! The texts that a pattern matches, as an automaton over characters: whether two patterns have a text in common, and which
//! steps of each lead to it.
//!
//! Case is folded, for none of the services of the table tells two tenants apart by it.

use regex_syntax::ast::{Ast, Repetition, RepetitionKind, RepetitionRange, parse::Parser};
use regex_syntax::hir::{Class, HirKind, translate::Translator};

use crate::policy::text::TextRule;

/// States that one automaton may have: `a{1000}` alone takes a thousand.
const MAX_STATES: usize = 5_000;
/// Pairs of states that are looked through.
const MAX_PAIRS: usize = 8_000_000;

/// An automaton without backtracking, as Thompson built them. Every step has a label.
#[derive(Debug, Clone)]
pub(super) struct Automaton<L> {
    states: Vec<State<L>>,
    accepting: usize,
}

#[derive(Debug, Clone)]
struct State<L> {
    empty: Vec<usize>,
    steps: Vec<(Characters, L, usize)>,
}

/// Whether a step of a pattern is part of a repetition, so that it says nothing of how many characters there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    One,
    Repeated,
}

impl<L: Copy> Automaton<L> {
    /// Matches the empty text and no other.
    pub(super) fn empty() -> Self {
        let state = State { empty: Vec::new(), steps: Vec::new() };
        Self { states: vec![state], accepting: 0 }
    }

    pub(super) fn accept(&mut self, state: usize) {
        self.accepting = state;
    }

    pub(super) fn state(&mut self) -> usize {
        self.states.push(State { empty: Vec::new(), steps: Vec::new() });
        self.states.len() - 1
    }

    pub(super) fn skip(&mut self, from: usize, to: usize) {
        self.states[from].empty.push(to);
    }

    pub(super) fn step(&mut self, from: usize, characters: Characters, label: L, to: usize) {
        self.states[from].steps.push((characters, label, to));
    }

    /// Adds a step to a state of its own, and returns that.
    pub(super) fn then(&mut self, from: usize, characters: Characters, label: L) -> usize {
        let to = self.state();
        self.step(from, characters, label, to);
        to
    }

    /// Whether some text is in both. `visit` is called for each pair of steps that lie on the way to one, with the number of
    /// characters that both of them take: one, or two for more than one. `None` if there is too much to look through.
    pub(super) fn meet<M: Copy>(&self, other: &Automaton<M>, mut visit: impl FnMut(L, M, usize)) -> Option<bool> {
        let width = other.states.len();
        if self.states.len() * width > MAX_PAIRS {
            return None;
        }
        let mut known = vec![false; self.states.len() * width];
        let (mut queue, mut arrows): (Vec<usize>, Vec<Arrow<L, M>>) = (vec![0], Vec::new());
        known[0] = true;
        while let Some(from) = queue.pop() {
            let (here, there) = (&self.states[from / width], &other.states[from % width]);
            let at = |one: usize, two: usize| one * width + two;
            let first = arrows.len();
            arrows.extend(here.empty.iter().map(|to| Arrow { from, to: at(*to, from % width), taken: None }));
            arrows.extend(there.empty.iter().map(|to| Arrow { from, to: at(from / width, *to), taken: None }));
            for (mine, label, to) in &here.steps {
                for (theirs, other_label, other_to) in &there.steps {
                    let count = mine.in_common(theirs);
                    if count > 0 {
                        arrows.push(Arrow { from, to: at(*to, *other_to), taken: Some((*label, *other_label, count)) });
                    }
                }
            }
            for arrow in &arrows[first..] {
                if !std::mem::replace(&mut known[arrow.to], true) {
                    queue.push(arrow.to);
                }
            }
        }
        let end = self.accepting * width + other.accepting;
        if !known[end] {
            return Some(false);
        }
        let leads_there = backwards(&mut arrows, end, known.len());
        for arrow in arrows.iter().filter(|arrow| leads_there[arrow.to]) {
            if let Some((mine, theirs, count)) = arrow.taken {
                visit(mine, theirs, count);
            }
        }
        Some(true)
    }
}

/// A step of two automata at once, or of one of them over nothing.
struct Arrow<L, M> {
    from: usize,
    to: usize,
    taken: Option<(L, M, usize)>,
}

/// Returns from which states the end is reached.
fn backwards<L, M>(arrows: &mut [Arrow<L, M>], end: usize, states: usize) -> Vec<bool> {
    arrows.sort_unstable_by_key(|arrow| arrow.to);
    let mut leads_there = vec![false; states];
    leads_there[end] = true;
    let mut queue = vec![end];
    while let Some(to) = queue.pop() {
        let start = arrows.partition_point(|arrow| arrow.to < to);
        for arrow in arrows[start..].iter().take_while(|arrow| arrow.to == to) {
            if !std::mem::replace(&mut leads_there[arrow.from], true) {
                queue.push(arrow.from);
            }
        }
    }
    leads_there
}

impl Automaton<Width> {
    /// Reads a rule. `None` if it is too large to be looked through.
    pub(super) fn of(rule: &TextRule) -> Option<Self> {
        let source = rule.expression();
        let ast = Parser::new().parse(&source).ok()?;
        let mut automaton = Self::empty();
        let end = automaton.read(&ast, &source, 0, Width::One)?;
        automaton.accept(end);
        Some(automaton)
    }

    /// Adds what a part of an expression matches behind a state, and returns the state behind it. Anchors and word boundaries
    /// match the empty text: they only ever let less through.
    fn read(&mut self, ast: &Ast, source: &str, from: usize, width: Width) -> Option<usize> {
        if self.states.len() > MAX_STATES {
            return None;
        }
        match ast {
            Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => Some(from),
            Ast::Literal(literal) => Some(self.then(from, Characters::one(literal.c), width)),
            Ast::Dot(_) => Some(self.then(from, Characters::all(), width)),
            Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
                Some(self.then(from, Characters::of_class(ast, source), width))
            }
            Ast::Group(group) => self.read(&group.ast, source, from, width),
            Ast::Concat(parts) => parts.asts.iter().try_fold(from, |at, part| self.read(part, source, at, width)),
            Ast::Alternation(branches) => {
                let end = self.state();
                for branch in &branches.asts {
                    let last = self.read(branch, source, from, width)?;
                    self.skip(last, end);
                }
                Some(end)
            }
            Ast::Repetition(repeated) => self.repeat(repeated, source, from, width),
        }
    }

    fn repeat(&mut self, repeated: &Repetition, source: &str, from: usize, width: Width) -> Option<usize> {
        let ast = &repeated.ast;
        let (least, most) = match &repeated.op.kind {
            RepetitionKind::ZeroOrOne => (0, Some(1)),
            RepetitionKind::ZeroOrMore => (0, None),
            RepetitionKind::OneOrMore => (1, None),
            RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
            RepetitionKind::Range(RepetitionRange::AtLeast(count)) => (*count, None),
            RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
        };
        let is_fixed = most == Some(least) || (least, most) == (0, Some(1));
        let width = if is_fixed { width } else { Width::Repeated };
        let end = (0..least).try_fold(from, |at, _| self.read(ast, source, at, width))?;
        if most == Some(least) {
            return Some(end);
        }
        if (least, most) == (0, Some(1)) {
            let (once, end) = (self.read(ast, source, from, width)?, self.state());
            self.skip(from, end);
            self.skip(once, end);
            return Some(end);
        }
        // With a greatest number too: how often it repeats makes no difference to who can have a name that matches.
        let hub = self.state();
        self.skip(end, hub);
        let again = self.read(ast, source, hub, width)?;
        self.skip(again, hub);
        let end = self.state();
        self.skip(hub, end);
        Some(end)
    }
}

/// A set of characters, as ranges without capital letters of ASCII: those are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Characters(Vec<(u32, u32)>);

impl Characters {
    pub(super) fn one(character: char) -> Self {
        Self::folded([(u32::from(character), u32::from(character))])
    }

    pub(super) fn all() -> Self {
        Self::folded([(0, u32::from(char::MAX))])
    }

    /// All but these.
    pub(super) fn all_but(left_out: &[char]) -> Self {
        let mut left_out: Vec<u32> = left_out.iter().map(|one| u32::from(one.to_ascii_lowercase())).collect();
        left_out.sort_unstable();
        let mut ranges = Vec::new();
        let mut next = 0;
        for one in left_out {
            if one > next {
                ranges.push((next, one - 1));
            }
            next = one + 1;
        }
        ranges.push((next, u32::from(char::MAX)));
        Self::folded(ranges)
    }

    fn of_class(ast: &Ast, source: &str) -> Self {
        let Ok(hir) = Translator::new().translate(source, ast) else { return Self::all() };
        match hir.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                Self::folded(class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))))
            }
            HirKind::Class(Class::Bytes(class)) => {
                Self::folded(class.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))))
            }
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0).map(|text| text.chars().next()) {
                Ok(Some(character)) => Self::one(character),
                _ => Self::all(),
            },
            _ => Self::all(),
        }
    }

    /// Folds capitals, and the two letters beyond ASCII that fold to one of it: the Kelvin sign and the long s.
    fn folded(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        const CAPITALS: (u32, u32) = ('A' as u32, 'Z' as u32);
        const ODD: [(u32, char); 2] = [(0x212A, 'k'), (0x17F, 's')];
        let mut folded: Vec<(u32, u32)> = Vec::new();
        for (start, end) in ranges {
            if let Some((first, last)) = overlap((start, end), CAPITALS) {
                folded.push((first + 32, last + 32));
            }
            let mut rest = start;
            let mut gaps: Vec<(u32, u32)> = vec![CAPITALS, (0x17F, 0x17F), (0x212A, 0x212A)];
            gaps.retain(|gap| overlap((start, end), *gap).is_some());
            for (first, last) in gaps {
                if rest < first {
                    folded.push((rest, first - 1));
                }
                rest = last + 1;
            }
            if rest <= end {
                folded.push((rest, end));
            }
            let odd = ODD.iter().filter(|(code, _)| start <= *code && *code <= end);
            folded.extend(odd.map(|(_, letter)| (u32::from(*letter), u32::from(*letter))));
        }
        folded.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (start, end) in folded {
            match merged.last_mut() {
                Some((_, last)) if start <= last.saturating_add(1) => *last = (*last).max(end),
                _ => merged.push((start, end)),
            }
        }
        Self(merged)
    }

    /// Returns the number of characters in both; two stands for more.
    fn in_common(&self, other: &Self) -> usize {
        let mut count = 0;
        for mine in &self.0 {
            for theirs in &other.0 {
                if let Some((start, end)) = overlap(*mine, *theirs) {
                    count += if end > start { 2 } else { 1 };
                }
                if count > 1 {
                    return 2;
                }
            }
        }
        count
    }
}

fn overlap(one: (u32, u32), other: (u32, u32)) -> Option<(u32, u32)> {
    let (start, end) = (one.0.max(other.0), one.1.min(other.1));
    (start <= end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Automaton<Width> {
        Automaton::of(&TextRule::regexp(expression).expect("an expression")).expect("an automaton")
    }

    /// The answers are those of the `regex` crate for texts in lower case.
    #[test]
    fn an_automaton_matches_what_the_expression_matches() {
        let texts = ["", "a", "b", "ab", "aab", "abb", "aaa", "aaaa", "a.b", "axb", "k", "x-1", "aé"];
        for expression in [
            "",
            "a",
            "a|b",
            "a?b",
            "a*",
            "a+b",
            "a{3}",
            "a{2,3}",
            "a{2,}",
            "(?:a|ab)b?",
            "a.b",
            r"a\.b",
            "a[.]b",
            "[^.]",
            r"\w-\d",
            "[[:alpha:]]+",
            "(?i)K",
            "(?x) a  b",
            "^a$",
            r"a\b",
            "(a)(b)",
            "a[^.]?b",
            "[a-c--[b]]",
        ] {
            let rule = TextRule::regexp(expression).expect("an expression");
            for text in texts {
                let both = of(expression).meet(&of(&regex::escape(text)), |_, _, _| {}) == Some(true);
                // Greatest numbers are ignored: `meet` may count too many matches, and never too few.
                let is_loose = expression.contains(',') && text.len() > 3;
                assert!(both == rule.matches(text) || is_loose, "{expression} and {text}");
            }
        }
    }

    #[test]
    fn patterns_that_share_no_text_do_not_meet() {
        let meet = |one: &str, other: &str| of(one).meet(&of(other), |_, _, _| {}) == Some(true);
        assert!(meet("https://.*", "https://a"));
        assert!(meet("a.*c", ".*b.*"));
        assert!(!meet(r"https://[^/]*\.acme\.example", r"https://[a-z]*\.com"));
        assert!(meet("ACME", "acme"), "case is folded");
    }

    #[test]
    fn an_expression_that_is_too_large_is_none() {
        assert!(Automaton::of(&TextRule::regexp("(a{50}){80}").expect("an expression")).is_some());
        assert!(Automaton::of(&TextRule::regexp("(a{100}){100}").expect("an expression")).is_none());
    }

    #[test]
    fn capitals_and_their_like_are_folded() {
        assert_eq!(Characters::one('K'), Characters::one('k'));
        assert_eq!(Characters::one('\u{212A}'), Characters::one('k'));
        assert_eq!(Characters::all().in_common(&Characters::one('q')), 1);
        assert_eq!(Characters::all().in_common(&Characters::all()), 2);
        assert_eq!(Characters::all_but(&['/']).in_common(&Characters::one('/')), 0);
    }
}
