//! Tasks and pipelines of Tekton: steps, sidecars and the template of steps.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::yaml::{Node, Value};

use super::images::{Format, Images};
use super::tree::{entries, get, items, text};
use super::variables::fill;

pub(super) const FORMAT: Format = Format { name: "tasks of Tekton", is, read };

fn is(_: &str, document: &Node) -> bool {
    text(document, "apiVersion").is_some_and(|version| version.starts_with("tekton.dev/"))
}

fn read(document: &Node, images: &mut Images<'_>) {
    let mut given = BTreeSet::new();
    collect_given(document, &mut given);
    walk(document, &BTreeMap::new(), &given, images);
}

/// The parameters that something in the document gives a value: their defaults are not the last word.
fn collect_given<'a>(node: &'a Node, given: &mut BTreeSet<&'a str>) {
    for parameter in get(node, "params").map(items).unwrap_or_default() {
        given.extend(text(parameter, "name").filter(|_| get(parameter, "value").is_some()));
    }
    for (_, value) in entries(node) {
        collect_given(value, given);
    }
    for item in items(node) {
        collect_given(item, given);
    }
}

fn walk(node: &Node, outer: &BTreeMap<String, String>, given: &BTreeSet<&str>, images: &mut Images<'_>) {
    let mut defaults = outer.clone();
    for parameter in get(node, "params").map(items).unwrap_or_default() {
        let Some(name) = text(parameter, "name") else { continue };
        match text(parameter, "default") {
            Some(default) => defaults.insert(name.to_owned(), default.to_owned()),
            None => defaults.remove(name),
        };
    }
    let expand = |text: &str| {
        fill(text, ("$(", ")"), &|name| {
            let name = parameter(name).filter(|name| !given.contains(name))?;
            defaults.get(name).map(|default| vec![default.clone()])
        })
    };
    for (key, value) in entries(node) {
        match (key.name.as_str(), &value.value) {
            ("steps" | "sidecars", Value::List(steps)) => {
                for image in steps.iter().filter_map(|step| get(step, "image")) {
                    images.value(image, &format!("image of {}", key.name), expand);
                }
            }
            ("stepTemplate", Value::Map(_)) => {
                if let Some(image) = get(value, "image") {
                    images.value(image, "image of stepTemplate", expand);
                }
            }
            // The image of a StepAction, which is one step.
            ("spec", Value::Map(_)) if text(node, "kind") == Some("StepAction") => {
                if let Some(image) = get(value, "image") {
                    images.value(image, "image of the step", |text| fill(text, ("$(", ")"), &|_| None));
                }
            }
            _ => {}
        }
        walk(value, &defaults, given, images);
    }
    for item in items(node) {
        walk(item, &defaults, given, images);
    }
}

/// `params.name`, `params["name"]` or `params['name']`.
fn parameter(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("params")?;
    match rest.strip_prefix('.') {
        Some(name) => Some(name),
        None => Some(rest.strip_prefix('[')?.strip_suffix(']')?.trim_matches(['"', '\''])),
    }
}
