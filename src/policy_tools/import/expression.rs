//! Regular expressions of Go, turned into ours for whole texts.
//!
//! cosign looks for a match anywhere in the text (`regexp.MatchString`), and its classes are those of ASCII (RE2 syntax).

use crate::policy::TextRule;

/// A regular expression that means here what the original means there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) text: String,
    /// It also matches with other text before or behind the named part.
    pub(super) is_open: bool,
}

/// Translates one. What cannot be translated without doubt is refused, with the reason.
pub(super) fn translate(go: &str) -> Result<Expression, String> {
    let body = syntax(go)?;
    let expression = whole(&body);
    TextRule::regexp(&expression.text).map_err(|error| error.to_string())?;
    Ok(expression)
}

/// Translates one that spells the beginning of a URL, as one for names that begin with it. `None` if it does not, or if its
/// beginning is that of a branch of it alone.
pub(super) fn from_beginning(go: &str) -> Option<String> {
    let body = syntax(go).ok().filter(|body| anchors_are_about_all(body))?;
    let text = whole(&body).text;
    let bare = text.strip_prefix(".*").unwrap_or(&text);
    bare.starts_with("http").then(|| bare.to_owned())
}

/// Makes a pattern that is looked for anywhere one for the whole text. `^` and `$` keep their meaning inside.
fn whole(body: &str) -> Expression {
    if !anchors_are_about_all(body) {
        return Expression { text: format!(".*(?:{body}).*"), is_open: true };
    }
    let (start, body) = match body.strip_prefix('^') {
        Some(rest) => ("", rest),
        None if body.starts_with(".*") => ("", body),
        None => (".*", body),
    };
    let (body, end) = match body.strip_suffix('$').filter(|rest| !ends_in_escape(rest)) {
        Some(rest) => (rest, ""),
        None if body.strip_suffix(".*").is_some_and(|rest| !ends_in_escape(rest)) => (body, ""),
        None => (body, ".*"),
    };
    Expression { text: format!("{start}{body}{end}"), is_open: !start.is_empty() || !end.is_empty() }
}

/// Whether a `^` in front and a `$` behind belong to all of it: not with alternatives at the top (`^a|b$`), and not with flags
/// that give them another meaning. Brackets that are characters are escaped by now.
fn anchors_are_about_all(body: &str) -> bool {
    let (mut groups, mut brackets) = (0_usize, 0_usize);
    let mut characters = body.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            _ if brackets > 0 => {}
            '(' if sets_flags(&body[position + 1..]) => return false,
            '(' => groups += 1,
            ')' => groups = groups.saturating_sub(1),
            '|' if groups == 0 => return false,
            _ => {}
        }
    }
    true
}

fn sets_flags(group: &str) -> bool {
    group.starts_with('?') && !["?:", "?P<", "?<", "?-u:"].iter().any(|start| group.starts_with(start))
}

fn ends_in_escape(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// RE2 and the `regex` crate read almost the same syntax. These are the differences.
fn syntax(go: &str) -> Result<String, String> {
    let mut ours = String::with_capacity(go.len());
    let mut rest = go.chars().peekable();
    let mut in_class = false;
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let escaped = rest.next().ok_or("it ends in a backslash")?;
                ours.push_str(&escape(escaped, in_class)?);
            }
            '[' if in_class && rest.peek() != Some(&':') => ours.push_str(r"\["),
            '&' | '~' if in_class => ours.extend(['\\', character]),
            '-' if in_class && rest.peek() == Some(&'-') => {
                return Err("`--` within brackets means two things".to_owned());
            }
            '[' if in_class => {
                // A class by name, such as `[:alnum:]`, has a bracket of its own at its end.
                ours.push('[');
                for inner in rest.by_ref() {
                    ours.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' => {
                in_class = true;
                ours.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    ours.push('^');
                }
                // A bracket in the first place is itself.
                if rest.next_if_eq(&']').is_some() {
                    ours.push_str(r"\]");
                }
            }
            ']' => {
                ours.push_str(if in_class { "]" } else { r"\]" });
                in_class = false;
            }
            '{' if !in_class && rest.peek() == Some(&',') => return Err("`{,` means two things".to_owned()),
            other => ours.push(other),
        }
    }
    Ok(ours)
}

/// Go's `\d`, `\w`, `\s` and `\b` are about ASCII, and `\<` is a character.
fn escape(escaped: char, in_class: bool) -> Result<String, String> {
    let class = match escaped {
        'd' => "[:digit:]",
        'w' => "[:word:]",
        's' => r"\t\n\f\r ",
        'D' => "[:^digit:]",
        'W' => "[:^word:]",
        'S' if !in_class => return Ok(r"[^\t\n\f\r ]".to_owned()),
        'b' if !in_class => return Ok(r"(?-u:\b)".to_owned()),
        'S' | 'B' | 'Q' | 'E' | 'C' => return Err(format!(r"`\{escaped}` cannot be written here")),
        '<' | '>' => return Ok(escaped.to_string()),
        other => return Ok(format!(r"\{other}")),
    };
    Ok(if in_class { class.to_owned() } else { format!("[{class}]") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(go: &str) -> String {
        translate(go).expect("an expression").text
    }

    fn matches(go: &str, subject: &str) -> bool {
        TextRule::regexp(&text(go)).expect("an expression").matches(subject)
    }

    #[test]
    fn a183_what_was_looked_for_anywhere_is_still_found_anywhere_and_said_to_be() {
        for (go, ours, is_open) in [
            (r"^https://github\.com/acme/.*$", r"https://github\.com/acme/.*", false),
            (r"^https://github\.com/acme/.*", r"https://github\.com/acme/.*", false),
            (r"^https://github\.com/acme/", r"https://github\.com/acme/.*", true),
            (r"github\.com/acme", r".*github\.com/acme.*", true),
            (".*", ".*", false),
            (r"acme\.*", r".*acme\.*.*", true),
            (r"^costs\$", r"costs\$.*", true),
            ("^a|b$", ".*(?:^a|b$).*", true),
            ("^(a|b)[|](?:c|d)$", "(a|b)[|](?:c|d)", false),
            (r"^a\(|b$", r".*(?:^a\(|b$).*", true),
            ("(?i)^acme$", ".*(?:(?i)^acme$).*", true),
        ] {
            assert_eq!(translate(go), Ok(Expression { text: ours.to_owned(), is_open }), "{go}");
        }
    }

    /// What Go's `regexp.MatchString` says of each.
    #[test]
    fn an_expression_matches_what_it_matched() {
        for (go, subject, expected) in [
            ("^a|b$", "axx", true),
            ("^a|b$", "xxb", true),
            ("^a|b$", "xax", false),
            ("^(a|b)$", "b", true),
            ("^(a|b)$", "bx", false),
            // `.*` stays on its line: of texts over several lines, which no honest name is, fewer match than did.
            ("(?m)^a$", "x\na", false),
            ("(?i)^acme$", "ACME", true),
            ("(?i)^acme$", "xACME", false),
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^[\w.]+$", "a_1.b", true),
            (r"^[\w.]+$", "é", false),
            (r"^[\D]$", "1", false),
            (r"^\S+$", "a b", false),
            (r"^a\<b\>$", "a<b>", true),
            ("^[]a]$", "]", true),
            ("^[[]$", "[", true),
            ("^[a&&b]+$", "a&b", true),
            ("^[[:alpha:]]+$", "ab", true),
            ("^a]$", "a]", true),
            ("acme", "https://github.com/acme/app", true),
        ] {
            assert_eq!(matches(go, subject), expected, "{go} and {subject}");
        }
    }

    #[test]
    fn what_means_something_else_here_is_refused() {
        for go in [r"\Qa.b\E", "a{,3}", "[a--b]", r"a\B", "a(", r"a\"] {
            assert!(translate(go).is_err(), "{go}");
        }
    }
}
