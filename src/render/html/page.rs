//! The frame of every HTML page, and the escaping of texts from outside.
//!
//! A page loads nothing from other places. Its content security policy makes the browser refuse any such request, so a text from
//! outside cannot cause one (A273). The page is readable without its script, which only filters.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::check::{Direction, PackageEffect, Verdict, VulnerabilityEffect};
use crate::render::escape::clipped;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The most things of a kind that are shown of one image.
pub(super) const MOST_SHOWN: usize = 200;

/// A page: its name, where its main part begins, and its parts.
pub(super) struct Page {
    pub(super) title: String,
    /// The element that a keyboard may go to at once, and what it is called.
    pub(super) skip: (&'static str, &'static str),
    pub(super) header: Markup,
    pub(super) main: Markup,
    pub(super) footer: Markup,
}

impl Page {
    pub(super) fn write(self) -> Markup {
        let Self { title, skip: (place, name), header, main, footer } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(content_security_policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href={ "#" (place) } { "Skip to " (name) }
                    header { (header) }
                    main { (main) }
                    footer { (footer) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }
}

/// Allows this style and this script by their hashes, and nothing else.
fn content_security_policy() -> String {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Prepares text from outside as for a terminal: invisible characters become visible escapes. The templates escape markup.
pub(super) fn shown(text: &str) -> String {
    clipped(text)
}

pub(super) fn word(verdict: Verdict) -> Markup {
    html! { span class={ "verdict " (verdict.as_str()) } { (verdict.as_str()) } }
}

pub(super) fn code(text: &str) -> Markup {
    html! { code { (shown(text)) } }
}

/// The effect of a change, shown as a colour beside its word.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Bad,
    Careful,
    Good,
    Plain,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Bad => "verdict small rejected",
            Self::Careful => "verdict small undecided",
            Self::Good => "verdict small verified",
            Self::Plain => "verdict small",
        }
    }

    pub(super) fn of(direction: Direction) -> Self {
        match direction {
            Direction::Weaker => Self::Bad,
            Direction::Different => Self::Careful,
            Direction::Stronger => Self::Good,
        }
    }

    pub(super) fn of_package(effect: PackageEffect) -> Self {
        match effect {
            PackageEffect::Downgraded => Self::Careful,
            PackageEffect::Removed | PackageEffect::Added | PackageEffect::Changed | PackageEffect::Upgraded => {
                Self::Plain
            }
        }
    }

    pub(super) fn of_vulnerability(effect: VulnerabilityEffect) -> Self {
        match effect {
            VulnerabilityEffect::Appeared => Self::Bad,
            VulnerabilityEffect::Gone => Self::Good,
        }
    }
}

/// What of a list is not shown.
pub(super) fn more(all: usize) -> Markup {
    html! { @if all > MOST_SHOWN { p.soft { "and " (all - MOST_SHOWN) " more: see the report in another format" } } }
}

/// A filter over rows: the noun for the rows, the question, and its possible answers.
pub(super) struct Filter<'a> {
    pub(super) noun: &'a str,
    pub(super) asks: &'a str,
    pub(super) kinds: &'a [&'a str],
}

impl Filter<'_> {
    /// Hidden until the script that it needs makes it work.
    pub(super) fn write(&self) -> Markup {
        html! {
            form #filter hidden aria-label="Filter" {
                div {
                    label for="filter-name" { (self.noun) " contains" }
                    input #filter-name type="search" autocomplete="off";
                }
                div {
                    label for="filter-is" { (self.asks) }
                    select #filter-is {
                        option value="" { "all" }
                        @for kind in self.kinds { option value=(kind) { (kind) } }
                    }
                }
                output #filter-count for="filter-name filter-is" {}
            }
        }
    }
}
