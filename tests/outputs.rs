//! Every output format of the table, with hostile text in every field that comes from outside: it does nothing there, and the format's
//! own reader reads it back (A269, A270, A273).

#[path = "outputs/alerts.rs"]
mod alerts;
#[path = "outputs/html.rs"]
mod html;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use bonafide::check::{
    Change, Changes, CheckId, DiffReport, Difference, Direction, DriftReport, ExceptionReport, Fact, FactReport,
    Finding, GapReport, ImageReport, KnownBy, LicenseChange, MirrorDifference, MirrorReport, Network, NotCompared,
    PackageChange, PackageEffect, PlatformReport, PolicyReport, Property, ReasonReport, Report, RepositoryReport,
    RequirementReport, SCHEMA_VERSION, SideReport, TagChange, TagCounts, Tool, TrustReport, Unlike, ValueChange,
    VariableReport, VariableUse, Verdict, VulnerabilityChange, VulnerabilityEffect,
};
use bonafide::evidence::{GapReason, Obstacle};
use bonafide::policy::{Policy, Requirement, Signer};
use bonafide::render::{Asked, Detail, Head, OUTPUTS, Output, TEXT, column, escape};
use bonafide::verify::unresolved;
use serde_json::{Value, json as object};

/// What may stand in a name, a claim or an error of others.
fn hostile() -> Vec<String> {
    let short = [
        "plain",
        "x\u{1b}[32mverified\u{1b}[1A\n::set-output name=ok::1\r\u{202e}live\u{200b}\u{2028}\u{7}",
        "##[error]x\n::error file=a::b\n##vso[task.setvariable]x",
        "]]><script>alert(1)</script><!-- & &amp; \u{0}\u{8}\u{b}\u{c}\u{fffe}\u{ffff}\u{85}",
        "a|b|c\n|---|---|\n# heading\n</details><img src=x onerror=alert(1)> @everyone #1 https://evil.example",
        "[x](javascript:alert(1)) \\[y\\] ![z](https://evil.example/z.png) `code` **bold** {0} {{1}}",
        "=cmd|' /C calc'!A0\t\"quoted\", 'quoted'; %0A%0D",
        "ghcr.io/acme/app:1.4.2@sha256:../../etc/passwd",
        "\u{1f600} \u{e9}\u{301} \u{10ffff}",
        "",
    ];
    short.into_iter().map(str::to_owned).chain(["long ".repeat(4_000)]).collect()
}

fn finding(check: CheckId, error: bool, text: &str) -> Finding {
    let new = if error { Finding::error } else { Finding::fail };
    let finding = new(check, format!("says {text}"));
    Finding { subject: None, candidate: Some(text.to_owned()), ..finding.expected(text).found(text).next(text) }
}

fn requirement(id: &str, verdict: Verdict, text: &str) -> RequirementReport {
    let findings = match verdict {
        Verdict::Verified => Vec::new(),
        Verdict::Undecided => vec![finding(CheckId::EvidenceComplete, true, text)],
        _ => vec![finding(CheckId::SignerIdentity, false, text)],
    };
    RequirementReport {
        id: id.to_owned(),
        kind: "signature".to_owned(),
        verdict,
        build_level: None,
        satisfied_by: Vec::new(),
        signatures: Vec::new(),
        findings,
        exception: None,
    }
}

fn platform(name: &str, requirements: &[RequirementReport]) -> PlatformReport {
    PlatformReport {
        platform: Some(name.to_owned()),
        digest: format!("sha256:{}", "a".repeat(64)),
        pinned: None,
        verdict: Verdict::join(requirements.iter().map(|one| one.verdict)),
        requirements: requirements.iter().map(|one| (one.id.clone(), one.verdict)).collect(),
        counted: Vec::new(),
    }
}

const PIN: &str = "ghcr.io/acme/app@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// An image of two platforms of the same name, which JUnit and SARIF must still tell apart.
fn image(verdict: Verdict, text: &str) -> ImageReport {
    let mut excepted = requirement("sbom", Verdict::Absent, text);
    excepted.exception =
        Some(ExceptionReport { until: "2026-12-31".to_owned(), because: text.to_owned(), works: true });
    let requirements = vec![requirement(&format!("signature {text}"), verdict, text), excepted];
    ImageReport {
        reference: format!("ghcr.io/acme/{text}"),
        location: None,
        tags: Vec::new(),
        pinned: (verdict == Verdict::Verified).then(|| PIN.to_owned()),
        digest: Some(format!("sha256:{}", "b".repeat(64))),
        index: None,
        media_type: Some(text.to_owned()),
        verdict,
        reason: ReasonReport::of(verdict, &[], &requirements),
        findings: Vec::new(),
        platforms: vec![platform(text, &requirements), platform(text, &requirements)],
        requirements,
        candidates: Vec::new(),
        gaps: vec![gap(text)],
        read_in_full: false,
        comparison: None,
    }
}

fn gap(text: &str) -> GapReport {
    let obstacle = Obstacle {
        cause: Some(text.to_owned()),
        expected: Some(text.to_owned()),
        next: text.to_owned(),
        ..Obstacle::new(GapReason::Timeout, text)
    };
    GapReport::new(text, obstacle, None)
}

/// An image of which nothing was read.
fn unread(text: &str) -> ImageReport {
    let signer = Signer::from_flags(None, None, Some("acme/shop"), None, None).expect("a signer");
    let policy = Policy::from_flags(signer, [Requirement::Signature, Requirement::Provenance], None);
    unresolved(&format!("ghcr.io/acme/{text}"), &policy.expect("a policy"), &gap(text))
}

fn report(images: Vec<ImageReport>, text: &str) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict: Verdict::join(images.iter().map(|image| image.verdict)),
        started_at: "2026-11-30T12:00:00Z".parse().expect("a time"),
        judged_at: None,
        policy: PolicyReport { source: text.to_owned(), file: Some(text.to_owned()), sha256: "c".repeat(64) },
        verifier: Some("https://acme.example/verifier".to_owned()),
        trust: vec![TrustReport {
            domain: text.to_owned(),
            source: text.to_owned(),
            sha256: "d".repeat(64),
            updated_at: None,
            not_demanded: Vec::new(),
            warnings: vec![text.to_owned()],
        }],
        advisories: None,
        repositories: Vec::new(),
        shard: None,
        images,
        left_out: 0,
        network: Network { requests: 1, bytes: 2, hosts: vec![text.to_owned()] },
        environment: vec![VariableReport { name: "HTTPS_PROXY".into(), used_for: VariableUse::Proxy }],
    }
}

/// An audit of a good image, with a tag that moved or a list of tags that could not be read.
fn audits(text: &str) -> [Report; 2] {
    let moved = TagChange {
        tag: text.to_owned(),
        change: Change::Moved,
        expected: Some(text.to_owned()),
        found: Some(text.to_owned()),
    };
    [(Verdict::Rejected, vec![moved], Vec::new()), (Verdict::Undecided, Vec::new(), vec![gap(text)])].map(
        |(verdict, changes, gaps)| {
            let repository = text.to_owned();
            let (tags, drift) = (TagCounts::default(), vec![drift(text)]);
            let mirror = gaps.is_empty().then(|| mirror(text));
            let of_it = RepositoryReport { repository, verdict, tags, digests: 1, changes, drift, mirror, gaps };
            Report { verdict, repositories: vec![of_it], ..report(vec![image(Verdict::Verified, text)], text) }
        },
    )
}

/// A copy that lacks evidence.
fn mirror(text: &str) -> MirrorReport {
    let lacking = MirrorDifference {
        tag: text.to_owned(),
        difference: Unlike::MissingEvidence,
        subject: Some(text.to_owned()),
        place: Some(text.to_owned()),
        expected: Some(text.to_owned()),
        found: None,
    };
    MirrorReport { of: text.to_owned(), digests: 1, evidence: 0, differences: vec![lacking] }
}

/// A release that lost something, and has another signer and a new SBOM.
fn drift(text: &str) -> DriftReport {
    let differences = [
        (Property::Evidence, Direction::Weaker, Some(text), None),
        (Property::Signer, Direction::Different, Some(text), Some(text)),
        (Property::Evidence, Direction::Stronger, None, Some(text)),
    ];
    let differences = differences.map(|(property, direction, old, new)| Difference {
        property,
        direction,
        kinds: vec![text.to_owned()],
        platforms: vec![text.to_owned()],
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    });
    let text = text.to_owned();
    let differences = differences.into();
    DriftReport {
        release: text.clone(),
        digest: Some(text.clone()),
        after: text.clone(),
        after_digest: Some(text),
        differences,
    }
}

/// How many differences between releases a report has.
fn differences(report: &Report) -> usize {
    report.repositories.iter().flat_map(|one| &one.drift).map(|drift| drift.differences.len()).sum()
}

/// Runs of one image and of several, in every verdict, with the formats that they can be written in.
fn written_reports(text: &str) -> impl Iterator<Item = (Report, Vec<&'static Output>)> {
    let audited = || OUTPUTS.iter().copied().filter(|output| output.is_for_audits).collect();
    let verified = reports(text).into_iter().map(|report| (report, OUTPUTS.to_vec()));
    verified.chain(audits(text).into_iter().map(move |report| (report, audited())))
}

/// Runs of one image and of several, in every verdict.
fn reports(text: &str) -> Vec<Report> {
    let verdicts = [Verdict::Verified, Verdict::Rejected, Verdict::Undecided, Verdict::Absent];
    let one = verdicts.into_iter().map(|verdict| vec![image(verdict, text)]);
    let all = verdicts.iter().map(|verdict| image(*verdict, text)).chain([unread(text), unread(text)]).collect();
    one.chain([vec![unread(text)], all]).map(|images| report(images, text)).collect()
}

fn named(name: &str) -> &'static Output {
    OUTPUTS.iter().find(|output| output.name == name).expect("a format")
}

fn written(output: &Output, report: &Report, verbose: bool) -> String {
    let references = report.images.iter().map(|image| image.reference.as_str());
    let detail = Detail { verbose, ..Detail::default() };
    let head = Head { targets: report.images.len(), column: column(references), detail };
    let mut bytes = Vec::new();
    output.write(&head, report, &mut bytes).expect("memory takes every byte");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a269_a270_nothing_from_outside_does_anything_in_any_format() {
    for text in hostile() {
        for (report, outputs) in written_reports(&text) {
            for output in outputs {
                // The report for people is the only one that is longer with `-v`.
                let details = if output == TEXT { &[false, true][..] } else { &[false] };
                for verbose in details {
                    let written = written(output, &report, *verbose);
                    let written = if output.name == "csv" { written.replace("\r\n", "\n") } else { written };
                    let found = written.chars().find(|one| *one != '\n' && escape::is_unsafe(*one));
                    assert_eq!(found, None, "{output:?} of {text:?}");
                    // Commands are what the format for GitHub is for; its reader knows them.
                    let is_own = output.name == "github";
                    let is_command =
                        |line: &str| (!is_own && line.trim_start().starts_with("::")) || line.contains("##[");
                    assert!(!written.lines().any(is_command), "{output:?} of {text:?}\n{written}");
                    assert!(written.len() < 20_000_000, "{output:?}: {} bytes", written.len());
                }
            }
        }
    }
}

/// Two images whose every text is hostile, with more packages than are shown.
fn beside(text: &str) -> DiffReport {
    let text = || text.to_owned();
    let side = || SideReport {
        reference: text(),
        report: Some(text()),
        digest: Some(text()),
        verdict: Verdict::Rejected,
        reason: Some(text()),
        read_in_full: false,
        set_aside: 1,
    };
    let value = || Changes::of(vec![ValueChange { name: text(), old: vec![text()], new: vec![text()] }], 10);
    let package = PackageChange {
        effect: PackageEffect::Upgraded,
        name: text(),
        old: vec![text()],
        new: vec![text()],
        platforms: vec![text()],
    };
    let license = LicenseChange { license: text(), packages: 9, first: vec![text()] };
    let vulnerability = VulnerabilityChange {
        effect: VulnerabilityEffect::Appeared,
        known_by: KnownBy::Scan,
        id: text(),
        severity: None,
        package: Some(text()),
    };
    let fact = |new: Vec<String>| FactReport { kind: "sbom".to_owned(), fact: Fact::Format, old: vec![text()], new };
    DiffReport {
        schema_version: SCHEMA_VERSION,
        tool: Tool::default(),
        verdict: Verdict::Rejected,
        exit_code: 1,
        policy: None,
        old: side(),
        new: side(),
        differences: drift(&text()).differences,
        facts: vec![fact(vec![text()]), fact(vec![text(), text()])],
        compare_url: None,
        parameters: value(),
        inputs: value(),
        packages: Some(Changes { listed: vec![package; 150], more: 19_850 }),
        licenses: Some(Changes::of(vec![license], 10)),
        vulnerabilities: Changes::of(vec![vulnerability], 10),
        not_compared: vec![NotCompared { what: "packages", why: text() }],
    }
}

#[test]
fn a269_a273_two_images_beside_each_other_are_inert_and_bounded() {
    for text in hostile() {
        let diff = beside(&text);
        for output in OUTPUTS.iter().filter(|output| output.is_for_diffs()) {
            let mut bytes = Vec::new();
            output
                .diff(&diff, Detail { width: None, ..Detail::default() }, &mut bytes)
                .expect("memory takes every byte");
            let written = String::from_utf8(bytes).expect("text");
            assert!(!written.chars().any(|one| one != '\n' && escape::is_unsafe(one)), "{output:?} of {text:?}");
            let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
            assert!(!written.lines().any(is_command), "{output:?} of {text:?}");
            match output.name {
                "json" => {
                    let read = json(&written);
                    assert_eq!(
                        (&read["old"]["reference"], &read["packages"]["more"]),
                        (&object!(text), &object!(19_850))
                    );
                }
                "markdown" => {
                    assert!(written.len() < 1_000_000, "{}", written.len());
                    assert!(written.contains("\n19900 more are not shown.\n"), "{written}");
                    is_inert(&written);
                }
                "html" => {
                    assert!(written.len() < 20_000_000, "{}", written.len());
                    html::beside(&written, &diff);
                }
                _ => assert!(written.contains("and 19900 more"), "{written}"),
            }
        }
    }
}

/// Whoever adds a format says here how it is read.
#[test]
fn a273_every_format_is_read_back_by_a_reader_of_its_own() {
    for text in hostile() {
        for (report, outputs) in written_reports(&text) {
            for output in outputs {
                let written = written(output, &report, false);
                match output.name {
                    "text" => text_of_repositories(&written, &report),
                    "pinned" => assert_eq!(written, pins(&report)),
                    "vsa" => assert!(written.is_empty() || json(&written)["verifier"]["id"].is_string()),
                    "json" => is_the_report(&json(&written), &report),
                    "jsonl" => jsonl(&written, &report),
                    "csv" => csv(&written, &report),
                    "junit" => junit(&written, &report),
                    "markdown" => markdown(&written, &report),
                    "github" => alerts::github(output, &written, &report),
                    "gitlab" => drop(alerts::gitlab(&json(&written), &report)),
                    "html" => html::html(&written, &report),
                    "sarif" => drop(sarif(&json(&written), &report)),
                    other => panic!("no reader for {other}"),
                }
            }
        }
    }
}

#[test]
fn on_every_terminal_lines_end_between_words() {
    let name = "release/a-name-that-is-longer-than-the-narrowest-of-terminals:1.4.2";
    for report in reports(name) {
        for width in [40, 80, 120] {
            let references = report.images.iter().map(|image| image.reference.as_str());
            let detail = Detail { width: Some(width), ..Detail::default() };
            let head = Head { targets: report.images.len(), column: column(references), detail };
            let mut bytes = Vec::new();
            TEXT.write(&head, &report, &mut bytes).expect("memory takes every byte");
            let text = String::from_utf8(bytes).expect("text");
            // A word that is longer than the line has nothing behind it.
            let ends = |line: &str| line.rsplit_once(' ').map_or(0, |(before, _)| before.trim_end().chars().count());
            assert!(text.lines().all(|line| ends(line) < width), "{width}\n{text}");
        }
    }
}

/// What is wrong with a repository stands below its name.
fn text_of_repositories(text: &str, report: &Report) {
    assert!(!text.is_empty());
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    for repository in &report.repositories {
        assert_eq!(begins("  moved  "), !repository.changes.is_empty(), "{text}");
        assert_eq!(begins("  could not check "), !repository.gaps.is_empty(), "{text}");
        assert_eq!(begins("  changed from "), !repository.drift.is_empty(), "{text}");
    }
}

/// The repositories of an audit, with every change and every gap.
fn are_the_repositories(read: &Value, report: &Report) {
    let expected = object!(report.repositories);
    assert_eq!(read["repositories"].as_array(), expected.as_array().filter(|all| !all.is_empty()));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A name for each image of a verified run.
fn pins(report: &Report) -> String {
    if report.verdict == Verdict::Verified { format!("{PIN}\n").repeat(report.images.len()) } else { String::new() }
}

fn is_the_report(read: &Value, report: &Report) {
    assert_eq!(read["verdict"], report.verdict.as_str());
    let images = read["images"].as_array().expect("images");
    assert_eq!(images.len(), report.images.len());
    for (image, read) in report.images.iter().zip(images) {
        assert_eq!(read["reference"], image.reference, "JSON keeps every character");
    }
    are_the_repositories(read, report);
}

/// A line for each image in its order, and then a summary.
fn jsonl(text: &str, report: &Report) {
    let lines: Vec<Value> = text.lines().map(json).collect();
    let (summary, targets) = lines.split_last().expect("a summary");
    assert_eq!(targets.len(), report.images.len());
    for (target, image) in targets.iter().zip(&report.images) {
        assert_eq!(target["target"]["reference"], image.reference, "JSON keeps every character");
        assert_eq!(target["target"]["verdict"], image.verdict.as_str());
    }
    let summary = &summary["summary"];
    are_the_repositories(summary, report);
    assert_eq!(summary["exitCode"], report.verdict.exit_code());
    let verified = report.images.iter().filter(|image| image.verdict == Verdict::Verified).count();
    assert_eq!(summary["counts"]["verified"], verified);
}

/// How many things are wrong with the tags of a repository.
fn wrong_tags(repository: &RepositoryReport) -> usize {
    repository.changes.len() + repository.mirror_differences().len()
}

/// A row for each image, and for each thing that is wrong with a repository, all as wide as the first; and no formula.
fn csv(text: &str, report: &Report) {
    let rows: Vec<Vec<String>> = text.split_terminator("\r\n").map(cells).collect();
    let faults: usize = report.repositories.iter().map(|one| wrong_tags(one) + one.gaps.len()).sum();
    let tags: usize = report.images.iter().map(|image| image.tags.len().max(1)).sum();
    let changes: usize = report.repositories.iter().map(|one| one.drift.len()).sum();
    assert_eq!(rows.len(), 1 + tags + faults + changes, "{text}");
    assert_eq!(rows.iter().filter(|row| row[3].is_empty()).count(), changes, "a change is no verdict");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    assert!(rows.iter().flatten().all(|cell| !cell.trim_start().starts_with(['=', '+', '-', '@'])), "{text}");
    let verdicts = rows[1..].iter().filter(|row| row[3] == "verified").count();
    let verified = report.images.iter().filter(|image| image.verdict == Verdict::Verified);
    assert_eq!(verdicts, verified.map(|image| image.tags.len().max(1)).sum::<usize>());
}

/// The cells of a row, each in quotes (RFC 4180 §2).
fn cells(row: &str) -> Vec<String> {
    let (mut cells, mut rest) = (Vec::new(), row);
    loop {
        let quoted = rest.strip_prefix('"').expect("a quote before a cell").replace("\"\"", "\u{1}\u{1}");
        let (cell, after) = quoted.split_once('"').expect("a quote behind a cell");
        cells.push(cell.replace("\u{1}\u{1}", "\""));
        if after.is_empty() {
            return cells;
        }
        rest = &row[row.len() - after.len() + 1..];
    }
}

/// A suite fails or errs exactly where its image is not verified, and no two cases have one name.
fn junit(text: &str, report: &Report) {
    let read = quick_junit::Report::deserialize_from_str(text).expect("JUnit");
    assert_eq!(read.test_suites.len(), report.images.len() + report.repositories.len());
    for (suite, repository) in read.test_suites[report.images.len()..].iter().zip(&report.repositories) {
        assert_eq!((suite.failures, suite.errors), (wrong_tags(repository), repository.gaps.len()));
        let printed = suite.system_out.as_ref().map(|out| out.as_str().lines().count());
        assert_eq!(
            printed.unwrap_or_default(),
            repository.drift.iter().map(|one| 1 + one.differences.len()).sum::<usize>()
        );
    }
    let mut names = BTreeSet::new();
    for (suite, image) in read.test_suites.iter().zip(&report.images) {
        let is_good = suite.failures + suite.errors == 0;
        assert_eq!(is_good, image.verdict == Verdict::Verified, "{}", image.reference);
        assert_eq!(suite.errors > 0, image.verdict == Verdict::Undecided, "{}", image.reference);
        let excepted = image.requirements.iter().filter(|requirement| requirement.counting().is_none()).count();
        assert_eq!(suite.skipped, excepted * image.platforms.len(), "each platform of the excepted requirement");
        for case in &suite.test_cases {
            let class = case.classname.as_ref().map(|name| name.as_str().to_owned());
            assert!(names.insert((class, case.name.as_str().to_owned())), "twice: {}", case.name.as_str());
        }
    }
}

/// Asserts what GitHub asks of SARIF, and that it says what the report says. Returns the fingerprints of the results.
fn sarif(log: &Value, report: &Report) -> Vec<String> {
    assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&object!("2.1.0"), Some(1)));
    let run = &log["runs"][0];
    let is_undecided = report.images.iter().any(|image| image.verdict == Verdict::Undecided);
    let is_unlisted = report.repositories.iter().any(|repository| !repository.gaps.is_empty());
    assert_eq!(run["invocations"][0]["executionSuccessful"], !is_undecided && !is_unlisted);
    assert_eq!(run["invocations"][0]["exitCode"], report.verdict.exit_code());
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), CheckId::all().count());
    let is_named = |rule: &Value| {
        let word = |member: &str| rule[member].as_str().map(str::to_lowercase).unwrap_or_default();
        word("name") != word("id") && word("name").bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    assert!(rules.iter().all(is_named));
    assert!(rules.iter().all(|rule| rule["help"]["markdown"].as_str().is_some_and(|page| page.starts_with("# "))));
    let results = run["results"].as_array().expect("results");
    assert!(results.len() <= 5000, "{} results", results.len());
    let counts = |result: &&Value| result["level"] == "error";
    assert_eq!(results.iter().any(|result| counts(&result)), report.verdict != Verdict::Verified);
    let notes = results.iter().filter(|one| one["level"] == "note" && one["ruleId"] == "not-weaker").count();
    assert_eq!(notes, report.repositories.iter().map(|one| one.drift.len()).sum::<usize>(), "changes are notes");
    let mut fingerprints = Vec::new();
    for result in results {
        let rule = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(!uri.starts_with('/') && !uri.contains("..") && !uri.contains(':') && !uri.is_empty(), "{uri}");
        assert_eq!(location["region"]["startLine"], 1);
        let message = result["message"]["text"].as_str().expect("a message");
        assert!(message.ends_with('.') && !has_link(message), "{message}");
        fingerprints.push(result["partialFingerprints"]["primaryLocationLineHash"].to_string());
    }
    assert_eq!(fingerprints.iter().collect::<BTreeSet<_>>().len(), results.len(), "fingerprints are unique");
    fingerprints
}

/// Text from outside stands in code, as letters and references to characters; nothing else is in the document but what is ours.
fn markdown(text: &str, report: &Report) {
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    let of_repositories = if report.repositories.is_empty() { 0 } else { 1 + report.repositories.len() };
    let of_changes = if differences(report) == 0 { 0 } else { 1 + differences(report) };
    assert_eq!(rows.len(), 1 + report.images.len() + of_repositories + of_changes);
    let explained: usize = report.repositories.iter().map(|one| wrong_tags(one) + one.gaps.len()).sum();
    assert_eq!(text.lines().filter(|line| line.starts_with("- <code>tags</code>")).count(), explained);
    assert!(rows.iter().all(|row| row.matches('|').count() == 5), "{text}");
    is_inert(text);
}

/// Text from outside stands in code, and everything else is ours.
fn is_inert(text: &str) {
    for (position, part) in text.split("<code>").enumerate() {
        let (code, ours) = if position == 0 { ("", part) } else { part.split_once("</code>").expect("an end of code") };
        let is_inert = |one: char| one.is_alphanumeric() || [' ', '&', '#', ';'].contains(&one);
        assert!(code.chars().all(is_inert), "{code}");
        for tag in ours.split('<').skip(1) {
            let known = ["details>", "summary>", "/summary>", "/details>", "br>"];
            assert!(known.iter().any(|known| tag.starts_with(known)), "<{tag}");
        }
        assert!(!ours.contains(['[', ']', '`', '@', '!']), "{ours}");
    }
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

/// SARIF 2.1.0 §3.11.6: whether something in a message could be a link.
fn has_link(message: &str) -> bool {
    let mut escaped = false;
    message.chars().any(|character| {
        let is_open = character == '[' && !escaped;
        escaped = character == '\\' && !escaped;
        is_open
    })
}

#[test]
fn an_image_that_could_not_be_read_is_explained_in_every_format() {
    let report = report(vec![unread("no such host")], "flags");
    for output in OUTPUTS.iter().filter(|output| !["pinned", "vsa"].contains(&output.name)) {
        let written = written(output, &report, false);
        assert!(written.contains("no such host"), "{written}");
        assert!(!written.contains("no reason is stated"), "{written}");
        // SARIF lists every check as a rule.
        assert!(output.name == "sarif" || !written.contains("evidence-present"), "{written}");
    }
    let log = json(&written(named("sarif"), &report, false));
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 3, "signature, provenance and the image");
    assert!(results.iter().all(|result| result["ruleId"] == "image-resolved"), "{results:?}");
}

/// 2,500 images of 40 names, which have 10,000 results: two platforms each, with a requirement that is rejected and one that an
/// exception covers.
fn very_many(tag: &str) -> Report {
    let named = |number: usize| ImageReport {
        reference: format!("ghcr.io/acme/app{}:{tag}", number % 40),
        ..image(Verdict::Rejected, "x")
    };
    report((0..2500).map(named).collect(), "policies/bonafide.yaml")
}

#[test]
fn a271_of_very_many_results_some_are_listed_and_the_rest_counted() {
    let output = named("sarif");
    let log = |tag: &str| {
        let report = very_many(tag);
        let log = json(&written(output, &report, false));
        let fingerprints = sarif(&log, &report);
        (log, fingerprints)
    };
    let (one, fingerprints) = log("1.4.2");
    assert_eq!(fingerprints.len(), 5000);
    let said = &one["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(said, "5000 more results are not listed.");
    let place = &one["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "policies/bonafide.yaml");
    assert_eq!(log("1.4.3").1, fingerprints, "an alert stays the same for another tag");
}

#[test]
fn names_are_single_words_and_each_is_in_the_documentation_with_its_help() {
    let documentation = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).expect("docs/ci.md");
    let mut names = BTreeMap::new();
    for output in OUTPUTS {
        assert!(output.name.bytes().all(|byte| byte.is_ascii_lowercase()), "{output:?}");
        assert_eq!(names.insert(output.name, output.help), None, "{output:?} is there twice");
        let row = format!("| `{}` | {} |", output.name, output.help);
        assert!(documentation.contains(&row), "docs/ci.md needs the row\n{row}");
    }
}

#[test]
fn a_format_that_names_the_verifier_says_so_before_anything_is_fetched() {
    for output in OUTPUTS {
        let nobody = output.check(&Asked { images: 1, verifier: None });
        assert_eq!(nobody.is_err(), output.names_verifier, "{output:?}");
    }
}
