//! Files that must be refused, and never look like files without images.

use std::time::{Duration, Instant};

use bonafide::from::{FromError, MOST_IMAGES};

use super::{read, reading, shown};

#[track_caller]
fn refused(path: &str, text: &str) -> FromError {
    match read(path, text.as_bytes()) {
        Err(error) => error,
        Ok(reading) => panic!("{path} was read: {reading:?}\n{text}"),
    }
}

#[test]
fn a_file_without_an_image_is_no_success() {
    for (path, text) in [
        ("Dockerfile", "FROM scratch\n"),
        ("compose.yaml", "services: {a: {build: .}}\n"),
        ("compose.yaml", "services: {}\n"),
        ("x.yaml", "apiVersion: v1\nkind: Service\n"),
        (".github/workflows/x.yml", "on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}\n"),
        ("action.yml", "runs: {using: docker, image: Dockerfile}\n"),
        ("devcontainer.json", "{\"build\": {\"dockerfile\": \"Dockerfile\"}}"),
        (".gitlab-ci.yml", "include: x.yml\n"),
    ] {
        assert!(matches!(refused(path, text), FromError::NoImage { .. }), "{path}: {text}");
    }
}

#[test]
fn what_is_of_no_format_is_refused() {
    for text in [
        "",
        "# nothing\n",
        "a: b\n",
        "[1, 2]\n",
        "just text\n",
        "{}\n",
        "image: alpine\n",
        "apiVersion: v1\nkind: Pod\n---\na: b\n",
    ] {
        assert!(matches!(refused("file", text), FromError::Unknown { .. }), "{text}");
    }
    assert_eq!(read("x", b"\xff\xfe"), Err(FromError::NoText));
}

#[test]
fn what_cannot_be_read_says_where() {
    for (path, text, line) in [
        ("Dockerfile", "FROM alpine\nFORM debian\n", 2),
        ("Dockerfile", "FROM alpine\nRUN <<EOF\nFROM x\n", 4),
        ("Dockerfile", "# FROM alpine\n", 1),
        ("compose.yaml", "services:\n  a: {image: b\n  c: d\n", 3),
        ("x.yaml", "apiVersion: v1\nkind: Pod\nkind: Other\n", 3),
        ("chart.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  {{- if x }}\n", 4),
    ] {
        match refused(path, text) {
            FromError::Syntax { at, .. } => assert_eq!(at.line, line, "{path}: {text}"),
            other => panic!("{path}: {other}"),
        }
    }
}

/// YAML 1.2.2 §5.4: a carriage return ends a line, alone or before a line feed. JSON with comments has it so too.
#[test]
fn a_line_ends_with_either_break_or_both() {
    for (path, text, expected) in [
        ("compose.yaml", "# x\nservices:\n  a:\n    image: b\n  c: {image: d}\n", ["4 b", "5 d"]),
        (
            "compose.yaml",
            "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM b\n        FROM d\n",
            ["5 b", "6 d"],
        ),
        ("devcontainer.json", "{ // c\n\"image\": \"b\",\n// e\n\"build\": {},\n\"features\": {}}\n", ["2 b", ""]),
    ] {
        for breaks in ["\n", "\r\n", "\r"] {
            let found = reading(path, &text.replace('\n', breaks)).found;
            let found: Vec<_> = found.iter().map(shown).collect();
            let expected: Vec<_> = expected.into_iter().filter(|image| !image.is_empty()).collect();
            assert_eq!(found, expected, "{path} {breaks:?}");
        }
    }
    let error = refused("compose.yaml", "services:\r  a: {image: b}\r  a: {image: c}\r");
    assert!(matches!(error, FromError::Syntax { at, .. } if at.line == 3), "{error}");
}

/// An empty name stands in every line, also in those that the file does not have.
#[test]
fn a_place_is_in_the_file() {
    let inline = "FROM a\\nFROM b\\nFROM ${C-}\\n";
    let text = format!("services:\n  a: {{build: {{dockerfile_inline: \"{inline}\"}}}}\n");
    let lines = reading("compose.yaml", &text).found.into_iter().map(|found| found.place.line);
    assert_eq!(lines.collect::<Vec<_>>(), [2, 2, 2]);
}

/// The work on a hostile file is bounded.
#[test]
fn a259_what_a_file_may_cost_is_bounded() {
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &('b'..='i').map(|name| {
            let before = char::from(name as u8 - 1);
            format!("{name}: &{name} [*{before},*{before},*{before},*{before},*{before},*{before},*{before},*{before},*{before}]\n")
        }).collect::<Vec<_>>().concat();
    let many = format!(
        "services:\n{}",
        (0..=MOST_IMAGES).map(|n| format!("  s{n}: {{image: 'a:{n}'}}\n")).collect::<Vec<_>>().concat()
    );
    let deep = format!("services: {}{}", "{a: ".repeat(5_000), "}".repeat(5_000));
    let defaults = format!("FROM {}x{}\n", "${A:-".repeat(100_000), "}".repeat(100_000));
    let arguments = format!(
        "ARG A0=x\n{}FROM $A30\n",
        (1..=30).map(|n| format!("ARG A{n}=$A{0}$A{0}\n", n - 1)).collect::<Vec<_>>().concat()
    );
    let stages = (0..3_000).map(|n| format!("FROM a AS s{n}\nCOPY --from=s{n} a b\n")).collect::<Vec<_>>().concat();
    let comments = format!("services: {{a: {{image: x}}}}\n{}", "#\n".repeat(1_000_000));
    for (path, text) in [
        ("x.yaml", laughs),
        ("x.yaml", many),
        ("x.yaml", deep),
        ("Dockerfile", defaults),
        ("Dockerfile", arguments),
        ("Dockerfile", stages),
        ("x.yaml", comments),
        ("devcontainer.json", "/*".repeat(1_000_000)),
        ("Dockerfile", "FROM a\\\n".repeat(100_000)),
    ] {
        let begin = Instant::now();
        let _ = read(path, text.as_bytes());
        assert!(begin.elapsed() < Duration::from_secs(20), "{path}: {text:.60}");
    }
    assert_eq!(read("x", &vec![b'a'; 9 * 1024 * 1024]), Err(FromError::TooLong));
}
