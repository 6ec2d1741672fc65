//! Many images for people: a row for each as soon as it is known, then the counts and each reason in full, once.
//!
//! In a file or a pipe a row is one complete line. On a terminal, names are shortened in their middle and reasons are cut, to
//! keep the row on one line. A narrow terminal has a second line for the reason.

use std::collections::BTreeMap;
use std::io;

use crate::check::{CheckId, ImageReport, ReasonReport, Report, Verdict};

use super::escape::terminal;
use super::label::named;
use super::lines::{Lines, cut, short_digest, short_in_the_middle};
use super::output::Head;
use super::parts::{NARROW, headline};

/// How wide the column of verdicts is.
const WORD: usize = 15;

/// How wide a short digest is, and the fewest columns of a reason.
const SAID: usize = 20;

/// The most reasons, and images of one, that stand below the rows.
const SHOWN: usize = 3;

/// The texts of a row, escaped and as long as its line allows.
struct Row {
    name: String,
    said: String,
    /// Whether it says the reason in full.
    is_whole: bool,
}

impl Row {
    fn of(head: &Head, image: &ImageReport) -> Self {
        let name = terminal(&named(image)).into_owned();
        let whole = match &image.reason {
            Some(reason) => terminal(&reason.in_words()).into_owned(),
            None => image.digest.clone().unwrap_or_default(),
        };
        let Some(width) = head.detail.width else { return Self { name, said: whole, is_whole: true } };
        let brief = match &image.reason {
            Some(reason) => terminal(&reason.message).into_owned(),
            None => short_digest(&whole),
        };
        let (name, said) = if width < NARROW {
            let room = width.saturating_sub(headline(image.verdict).len() + 2);
            (short_in_the_middle(&name, room), cut(&brief, width.saturating_sub(INDENT.len())))
        } else {
            let room = width.saturating_sub(WORD + 2 + 2);
            // What says most beside the whole name; else the name of the check, by which the reason stands below the rows.
            let check = image.reason.as_ref().filter(|reason| reason.check != CheckId::EvidencePresent);
            let least = check.map_or_else(|| brief.clone(), |reason| reason.check.to_string());
            let fits = |said: &&String| name.chars().count() + said.chars().count() <= room;
            let said = [&whole, &brief].into_iter().find(fits).unwrap_or(&least);
            let name =
                short_in_the_middle(&name, room.saturating_sub(said.chars().count()).max(room.saturating_sub(SAID)));
            let said = cut(said, room.saturating_sub(name.chars().count()));
            (name, said)
        };
        let is_whole = image.reason.is_none() || said == whole;
        Self { name, said, is_whole }
    }
}

/// Where the reason begins on a narrow terminal.
const INDENT: &str = "    ";

/// Writes the row of an image.
pub(super) fn write(head: &Head, image: &ImageReport, lines: &mut Lines<'_>) -> io::Result<()> {
    let Head { column, detail, .. } = *head;
    let Row { name, said, .. } = Row::of(head, image);
    let word = headline(image.verdict);
    if detail.width.is_some_and(|width| width < NARROW) {
        lines.raw(&format!("{}  {name}", detail.coloured(image.verdict, word)))?;
        return if image.reason.is_some() { lines.raw(&format!("{INDENT}{said}")) } else { Ok(()) };
    }
    let word = detail.coloured(image.verdict, &format!("{word:<WORD$}"));
    // Aligned where that fits.
    let room = detail.width.map(|width| width.saturating_sub(WORD + 2 + 2));
    let column = room.map_or(column, |room| column.min(room.saturating_sub(said.chars().count().max(SAID))));
    lines.raw(&format!("{word}  {name:<column$}  {said}"))
}

/// Writes how many images there are of each verdict, and the reasons.
pub(super) fn counts(head: &Head, report: &Report, lines: &mut Lines<'_>) -> io::Result<()> {
    let of_each = report.counts().each().map(|(verdict, count)| match verdict {
        Verdict::Undecided => format!("{count} could not be checked"),
        other => format!("{count} {}", headline(other)),
    });
    lines.raw("")?;
    let of_each = of_each.collect::<Vec<_>>().join(" · ");
    lines.write("", "", &format!("{} images: {of_each}", report.images.len()))?;
    let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in report.images.iter().filter_map(|image| image.reason.as_ref()) {
        if reason.check != CheckId::EvidencePresent {
            *checks.entry(reason.check.as_str()).or_default() += 1;
        }
    }
    let groups = groups(head, &report.images);
    if !checks.is_empty() {
        let because: Vec<String> = checks.iter().map(|(check, count)| format!("{check} ({count})")).collect();
        lines.write("", "", &format!("not verified because of: {}", because.join(", ")))?;
    }
    if !groups.is_empty() {
        lines.raw("")?;
    }
    for group in groups.iter().take(SHOWN) {
        group.write(lines)?;
    }
    if groups.len() > SHOWN {
        lines.write("", "", &format!("and {} more reasons: -v shows all", groups.len() - SHOWN))?;
    }
    if !checks.is_empty() {
        lines.write("", "", "-v shows each in full; `bonafide explain CHECK` explains a check")?;
    }
    Ok(())
}

/// A reason that some row does not say in full, and the images it is true of.
struct Group<'a> {
    reason: &'a ReasonReport,
    images: usize,
    /// Their names, each once.
    names: Vec<String>,
}

/// Those of the rows that are shown, the most frequent first.
fn groups<'a>(head: &Head, images: &'a [ImageReport]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: BTreeMap<(CheckId, String), usize> = BTreeMap::new();
    for image in images.iter().filter(|image| head.detail.shows(image)) {
        let Some(reason) = &image.reason else { continue };
        if Row::of(head, image).is_whole {
            continue;
        }
        let place = *places.entry((reason.check, reason.in_words())).or_insert_with(|| {
            groups.push(Group { reason, images: 0, names: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.images += 1;
        // Of many names a few are shown: no more are compared.
        let name = named(image);
        if group.names.len() <= SHOWN && !group.names.contains(&name) {
            group.names.push(name);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.images));
    groups
}

impl Group<'_> {
    fn write(&self, lines: &mut Lines<'_>) -> io::Result<()> {
        let reason = self.reason;
        lines.write("", "", &format!("{} ({}): {}", reason.check, self.images, reason.message))?;
        let mut names = self.names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        if self.names.len() > SHOWN {
            names.push_str(", …");
        }
        let parts = [
            ("expected", reason.expected.as_deref()),
            ("found", reason.found.as_deref()),
            ("images", Some(names.as_str())),
        ];
        for (word, text) in parts {
            if let Some(text) = text {
                lines.write("  ", &format!("{word:<9} "), text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, GapReport};
    use crate::evidence::{GapReason, Obstacle};
    use crate::policy::{Policy, Requirement, Signer};
    use crate::render::parts::{Detail, Images};
    use crate::verify::unresolved;

    const DIGEST: &str = "sha256:42ad26bd8c9dd4b51f9531f9a61d0e599c3e329007716dcaf8ec4c4911e5c9b6";

    /// An image of this name with this verdict.
    fn image(reference: &str, verdict: Verdict) -> ImageReport {
        let signer = Signer::from_flags(None, None, Some("acme/shop"), None, None).expect("a signer");
        let policy = Policy::from_flags(signer, [Requirement::Signature, Requirement::Sbom], None).expect("a policy");
        let gap = GapReport::new("x", Obstacle { next: String::new(), ..Obstacle::new(GapReason::Timeout, "x") }, None);
        let mut image = unresolved(reference, &policy, &gap);
        image.verdict = verdict;
        image.digest = Some(DIGEST.to_owned());
        for requirement in &mut image.requirements {
            requirement.verdict = verdict;
        }
        let stranger = Finding::fail(CheckId::SignerIdentity, "the signer is not the expected one");
        image.findings = vec![stranger.expected("https://github.com/acme/shop/…").found("mallory@evil.example")];
        image.reason = ReasonReport::of(verdict, &image.findings, &image.requirements);
        image
    }

    fn written(width: Option<usize>, images: &[ImageReport]) -> String {
        let detail = Detail { quiet: false, verbose: false, images: Images::All, colour: false, width };
        let column = images.iter().map(|image| image.reference.chars().count()).max().unwrap_or_default();
        let head = Head { targets: images.len(), column, detail };
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out, width);
        images.iter().try_for_each(|image| write(&head, image, &mut lines)).expect("memory");
        for group in groups(&head, images).iter().take(SHOWN) {
            group.write(&mut lines).expect("memory");
        }
        String::from_utf8(out).expect("text")
    }

    const LONG: &str = "registry.example/a-department/a-group-of-teams/one-team/the-application-of-the-team:1.4.2";

    #[test]
    fn a_row_is_one_line_on_a_terminal_and_two_on_a_narrow_one() {
        let verdicts = [Verdict::Verified, Verdict::Rejected, Verdict::Absent, Verdict::Undecided];
        for width in [60, 80, 100, 120, 200] {
            for (reference, verdict) in
                ["ghcr.io/acme/app:1", LONG].into_iter().flat_map(|one| verdicts.map(|verdict| (one, verdict)))
            {
                let text = written(Some(width), &[image(reference, verdict)]);
                let row = text.lines().next().expect("a row");
                assert!(row.chars().count() <= width, "{width}: {row}");
                assert!(row.starts_with(headline(verdict)) && row.contains(&reference[reference.len() - 6..]), "{row}");
            }
        }
        let narrow = written(Some(40), &[image(LONG, Verdict::Absent)]);
        assert_eq!(
            narrow.lines().collect::<Vec<_>>(),
            ["incomplete  registry.…-of-the-team:1.4.2", "    no signature, no sbom"]
        );
        assert_eq!(written(Some(40), &[image(LONG, Verdict::Verified)]).lines().count(), 1);
    }

    #[test]
    fn a_pipe_gets_every_name_and_reason_whole_in_one_line() {
        for verdict in [Verdict::Verified, Verdict::Rejected, Verdict::Absent, Verdict::Undecided] {
            let image = image(LONG, verdict);
            let text = written(None, std::slice::from_ref(&image));
            let said = image.reason.as_ref().map_or(DIGEST.to_owned(), ReasonReport::in_words);
            assert_eq!(text, format!("{:<WORD$}  {LONG}  {said}\n", headline(verdict)));
        }
    }

    #[test]
    fn what_a_row_cuts_stands_below_once_with_the_images() {
        let images: Vec<ImageReport> =
            (0..9).map(|number| image(&format!("ghcr.io/acme/app{number}:1"), Verdict::Rejected)).collect();
        let text = written(Some(80), &images);
        assert_eq!(text.matches("found     mallory@evil.example").count(), 1, "{text}");
        assert!(text.contains("signer-identity (9): the signer is not the expected one\n"), "{text}");
        assert!(
            text.contains("images    ghcr.io/acme/app0:1, ghcr.io/acme/app1:1, ghcr.io/acme/app2:1, …\n"),
            "{text}"
        );
        assert!(!written(Some(200), &images).contains("images    "), "every row says it");
    }

    #[test]
    fn a270_a_hostile_name_stays_inert_when_it_is_shortened() {
        let name = format!("ghcr.io/{}\u{1b}[2J\u{202e}{}", "a".repeat(40), "b".repeat(40));
        for width in [None, Some(40), Some(61), Some(80), Some(120)] {
            let text = written(width, &[image(&name, Verdict::Rejected)]);
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        }
    }
}
