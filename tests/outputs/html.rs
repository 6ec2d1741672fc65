//! The page, read as a browser reads it: every element and attribute is one of ours, and what comes from outside is text.

use std::collections::BTreeSet;

use bonafide::check::{
    DiffReport, Difference, Direction, DriftReport, ImageReport, Property, Report, RepositoryReport, TagCounts, Verdict,
};
use bonafide::render::escape;

use crate::{image, named, report, very_many, written};

const ELEMENTS: [&str; 41] = [
    "html", "head", "meta", "title", "style", "body", "a", "header", "main", "section", "footer", "script", "h1", "h2",
    "h3", "h4", "p", "ul", "li", "span", "code", "strong", "table", "thead", "tbody", "tr", "th", "td", "form", "div",
    "label", "input", "select", "option", "output", "details", "summary", "dl", "dt", "dd", "!DOCTYPE",
];
/// Elements that have no end.
const EMPTY: [&str; 3] = ["!DOCTYPE", "meta", "input"];
const ATTRIBUTES: [&str; 22] = [
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "charset",
    "class",
    "content",
    "data-group",
    "data-is",
    "data-label",
    "data-name",
    "for",
    "hidden",
    "href",
    "html",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "scope",
    "type",
    "value",
];

/// An element: its name, its attributes and the text before the next element.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

fn decoded(text: &str) -> String {
    let all = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    all.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Reads the elements in their order, and asserts that each ends where it ought to.
fn elements(page: &str) -> Vec<Element> {
    let (mut rest, mut open, mut found) = (page, Vec::<String>::new(), Vec::<Element>::new());
    while let Some(start) = rest.find('<') {
        let inside = &rest[start + 1..];
        let (tag, after) = inside.split_once('>').expect("the end of the tag");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            rest = after;
            continue;
        }
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(ELEMENTS.contains(&name), "<{tag}>");
        let mut read = Vec::new();
        while !attributes.is_empty() {
            let end = attributes.find(['=', ' ']).unwrap_or(attributes.len());
            let (key, more) = attributes.split_at(end);
            assert!(ATTRIBUTES.contains(&key), "{key} in <{tag}>");
            let (value, more) = match more.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').expect("the end of the value"),
                None => ("", more),
            };
            read.push((key.to_owned(), decoded(value)));
            attributes = more.strip_prefix(' ').unwrap_or(more);
        }
        // What stands in a style or a script is no markup.
        let (text, after) = if ["style", "script"].contains(&name) {
            let end = after.find(&format!("</{name}>")).expect("its end");
            after.split_at(end)
        } else {
            after.split_at(after.find('<').unwrap_or(after.len()))
        };
        if !EMPTY.contains(&name) {
            open.push(name.to_owned());
        }
        found.push(Element { name: name.to_owned(), attributes: read, text: decoded(text) });
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

impl Element {
    fn value(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }
}

/// Asserts what every page keeps to: the verdict first, nothing but what is ours, nothing from outside. Returns its elements.
fn ours(page: &str, verdict: Verdict) -> Vec<Element> {
    let elements = elements(page);
    let of = |name: &'static str| elements.iter().filter(move |element| element.name == name);
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    let first = of("span").next().expect("the verdict comes first");
    assert_eq!(first.text, verdict.as_str());
    // One script and one style, ours, allowed by their hashes; nothing else of the kind, and nothing from outside.
    let (scripts, styles): (Vec<_>, Vec<_>) = (of("script").collect(), of("style").collect());
    assert_eq!((scripts.len(), styles.len()), (1, 1));
    assert_eq!(scripts[0].text, include_str!("../../src/render/html/script.js"));
    assert_eq!(styles[0].text, include_str!("../../src/render/html/style.css"));
    let policy = of("meta").find_map(|meta| meta.value("http-equiv").and(meta.value("content"))).expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let ids: Vec<&str> = elements.iter().filter_map(|element| element.value("id")).collect();
    let each: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), each.len(), "every id is there once");
    for link in of("a") {
        let target = link.value("href").and_then(|to| to.strip_prefix('#')).expect("a link within the page");
        assert!(each.contains(&target), "{target}");
    }
    for header in of("th") {
        assert!(header.value("scope").is_some_and(|scope| ["col", "row"].contains(&scope)));
    }
    elements
}

/// Two images beside each other: each column has a name, and each row of a change what became of it.
pub(crate) fn beside(page: &str, diff: &DiffReport) {
    let elements = ours(page, diff.verdict);
    let of = |name: &'static str| elements.iter().filter(move |element| element.name == name);
    let old = escape::terminal(&diff.old.reference).chars().take(400).collect::<String>();
    assert!(of("code").filter(|code| code.text.starts_with(&old)).count() >= 2, "both images");
    let kinds: BTreeSet<&str> = of("tr").filter_map(|row| row.value("data-is")).collect();
    let options: BTreeSet<&str> =
        of("option").filter_map(|one| one.value("value")).filter(|one| !one.is_empty()).collect();
    assert_eq!(kinds, options, "every kind of change can be asked for");
    let rows = of("tr").filter(|row| row.value("data-is").is_some()).count();
    let listed = diff.packages.as_ref().map_or(0, |all| all.listed.len().min(2000));
    assert!(rows >= diff.differences.len() + listed, "{rows}");
    assert!(page.contains("and 19850 more: see the report in another format"));
}

pub(crate) fn html(page: &str, report: &Report) {
    let elements = ours(page, report.verdict);
    let of = |name: &'static str| elements.iter().filter(move |element| element.name == name);
    // A row for each image, with its name and its verdict; those of an audit stand by their lines.
    let mut rows: Vec<&Element> = of("tr").filter(|row| row.value("data-is").is_some()).collect();
    assert_eq!(rows.len(), report.images.len());
    for image in &report.images {
        let name: String = escape::terminal(&image.reference).chars().take(2000).collect();
        let is_of = |row: &&Element| {
            row.value("data-is") == Some(image.verdict.as_str())
                && row.value("data-name").expect("a name").starts_with(&name)
        };
        let place = rows.iter().position(is_of).expect("its row");
        assert!(place == 0 || !report.repositories.is_empty(), "in the order of the report");
        rows.remove(place);
    }
}

#[test]
fn a_page_of_two_thousand_images_is_small_enough_to_open() {
    let verdicts = [Verdict::Verified, Verdict::Rejected, Verdict::Undecided, Verdict::Absent];
    let images: Vec<ImageReport> =
        (0..2000).map(|number| image(verdicts[number % 4], &format!("app-{number}"))).collect();
    for report in [report(images, "flags"), very_many("1")] {
        let page = written(named("html"), &report, false);
        html(&page, &report);
        assert!(page.len() < 20_000_000, "{}", page.len());
    }
}

/// An audit of these tags, in this order, of which the second lost something since the third.
fn audit(tags: &[&str]) -> Report {
    let release = |tag: &&str| ImageReport {
        reference: format!("ghcr.io/acme/app:{tag}"),
        tags: vec![(*tag).to_owned()],
        ..image(if tag.starts_with('1') { Verdict::Verified } else { Verdict::Rejected }, "x")
    };
    let lost = Difference {
        property: Property::Evidence,
        direction: Direction::Weaker,
        kinds: vec!["sbom".to_owned()],
        platforms: Vec::new(),
        old: Some("the shop".to_owned()),
        new: None,
    };
    let named = |tag: &str| format!("ghcr.io/acme/app:{tag}");
    let (release_of, after) = (named(tags[1]), named(tags[2]));
    let drift = DriftReport { release: release_of, digest: None, after, after_digest: None, differences: vec![lost] };
    let of_it = RepositoryReport {
        repository: "ghcr.io/acme/app".to_owned(),
        verdict: Verdict::Rejected,
        tags: TagCounts::default(),
        digests: tags.len(),
        changes: Vec::new(),
        drift: vec![drift],
        mirror: None,
        gaps: Vec::new(),
    };
    Report { repositories: vec![of_it], ..report(tags.iter().map(release).collect(), "flags") }
}

#[test]
fn releases_stand_by_their_lines_in_order_with_what_changed() {
    let tags = ["2.0.0", "1.4.2", "1.4.1", "1.3.9", "latest"];
    let report = audit(&tags);
    let page = written(named("html"), &report, false);
    html(&page, &report);
    let heads =
        ["<h4>2.0</h4>", "2.0.0</a>", "<h4>1.4</h4>", "1.4.2</a>", "1.4.1</a>", "<h4>1.3</h4>", "<h4>Other tags</h4>"];
    let mut rest = page.as_str();
    for head in heads {
        rest = rest.split_once(head).unwrap_or_else(|| panic!("{head}: {page}")).1;
    }
    let of_row = page.split("1.4.2</a>").nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a row");
    for said in ["href=\"#change-0\"", "1 weaker", "after 1.4.1: weaker: SBOM lost: the shop"] {
        assert!(of_row.contains(said), "{said}: {of_row}");
    }
    let rejected = page.split("2.0.0</a>").nth(1).and_then(|rest| rest.split("</tr>").next()).expect("a row");
    assert!(rejected.contains("<span class=\"why\"> Reason: says x, expected x, found x</span>"), "{rejected}");
}

#[test]
fn of_two_thousand_releases_older_lines_are_folded() {
    let tags: Vec<String> =
        (0..2000).rev().map(|number| format!("{}.{}.{}", 1 + number / 1000, number / 20 % 50, number % 20)).collect();
    let report = audit(&tags.iter().map(String::as_str).collect::<Vec<_>>());
    let page = written(named("html"), &report, false);
    html(&page, &report);
    assert!(page.len() < 8_000_000, "{}", page.len());
    let elements = elements(&page);
    let is_line = |element: &&Element| element.name == "details" && element.value("data-group").is_some();
    let lines: Vec<&Element> = elements.iter().filter(is_line).collect();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines.iter().filter(|line| line.value("open").is_some()).count(), 1, "the newest");
}

#[test]
fn the_only_image_is_unfolded_and_a_failure_says_what_to_do() {
    let page = written(named("html"), &report(vec![image(Verdict::Rejected, "x")], "flags"), false);
    let elements = elements(&page);
    let unfolded = elements.iter().filter(|element| element.name == "details" && element.value("open").is_some());
    assert_eq!(unfolded.count(), 1);
    for word in ["expected", "found", "next"] {
        assert!(elements.iter().any(|element| element.name == "dt" && element.text == word), "{word}");
    }
}
