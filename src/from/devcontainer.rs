//! `devcontainer.json` (containers.dev): JSON with comments; its field `image` names an image.

use crate::policy::yaml::Node;

use super::images::{Format, Images};
use super::tree::{get, is_map};
use super::variables::rendered;

pub(super) const FORMAT: Format = Format { name: "a devcontainer.json", is, read };

/// Fields that identify the format: nearly every such file has one of them, and no other format does.
const FIELDS: [&str; 7] = [
    "features",
    "customizations",
    "remoteUser",
    "postCreateCommand",
    "forwardPorts",
    "dockerComposeFile",
    "containerEnv",
];

/// Whether a file of this path is one by its name.
pub(super) fn is_name(path: &str) -> bool {
    let path = path.replace('\\', "/");
    let name = path.rsplit('/').next().unwrap_or(&path);
    name == "devcontainer.json" || name == ".devcontainer.json"
}

fn is(path: &str, document: &Node) -> bool {
    is_map(document)
        && (is_name(path)
            || (get(document, "image").is_some() && FIELDS.iter().any(|field| get(document, field).is_some())))
}

fn read(document: &Node, images: &mut Images<'_>) {
    if let Some(image) = get(document, "image") {
        images.value(image, "image", rendered);
    }
}

/// Replaces comments, trailing commas and tabs by spaces, so that lines and columns stay the same.
pub(super) fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    // Where in `plain` a comma stands that only spaces follow.
    let mut comma: Option<usize> = None;
    let mut is_text = false;
    while let Some(character) = rest.next() {
        if is_text {
            plain.push(character);
            match character {
                '\\' => plain.extend(rest.next()),
                '"' => is_text = false,
                _ => {}
            }
            continue;
        }
        match (character, rest.peek()) {
            ('/', Some('/')) => {
                plain.push(' ');
                while rest.next_if(|next| !is_break(*next)).is_some() {
                    plain.push(' ');
                }
            }
            ('/', Some('*')) => {
                plain.push_str("  ");
                rest.next();
                let mut before = ' ';
                for next in rest.by_ref() {
                    plain.push(if is_break(next) { next } else { ' ' });
                    if before == '*' && next == '/' {
                        break;
                    }
                    before = next;
                }
            }
            (']' | '}', _) => {
                if let Some(at) = comma.take() {
                    plain.replace_range(at..=at, " ");
                }
                plain.push(character);
            }
            ('\t', _) => plain.push(' '),
            (other, _) => {
                if other == ',' {
                    comma = Some(plain.len());
                } else if !other.is_whitespace() {
                    comma = None;
                }
                is_text = other == '"';
                plain.push(other);
            }
        }
    }
    plain
}

/// Either of the characters that end a line.
fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_last_commas_are_spaces() {
        let plain = without_comments("{ // x\n\t\"a\": \"b//c\\\"/*\", /* d\n */ \"e\": [1, ],\n}\n");
        assert_eq!(plain, "{     \n \"a\": \"b//c\\\"/*\",     \n    \"e\": [1  ] \n}\n");
    }
}
