//! Manifests of Kubernetes: every kind with a pod in it, and lists of them.

use crate::policy::yaml::{Node, Value};

use super::images::{Format, Images};
use super::tree::{entries, get, items, text};
use super::variables::{fill, rendered};

pub(super) const FORMAT: Format = Format { name: "manifests of Kubernetes", is, read };

/// Lists of containers in a pod.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

fn is(_: &str, document: &Node) -> bool {
    text(document, "apiVersion").is_some() && text(document, "kind").is_some()
}

fn read(document: &Node, images: &mut Images<'_>) {
    object(document, images);
}

/// An object, perhaps one of a list. The definition of a resource has schemas and defaults, and runs nothing.
fn object(node: &Node, images: &mut Images<'_>) {
    let kind = text(node, "kind").unwrap_or_default();
    if kind == "CustomResourceDefinition" {
        return;
    }
    let objects = get(node, "items").map(items).unwrap_or_default();
    if kind.ends_with("List") && !objects.is_empty() {
        return objects.iter().for_each(|one| object(one, images));
    }
    let is_argo = text(node, "apiVersion").is_some_and(|version| version.starts_with("argoproj.io/"));
    walk(node, kind, is_argo, images);
}

/// Pods are nested in many ways, those of resources that others define too. Their parts have the same names everywhere.
fn walk(node: &Node, kind: &str, is_argo: bool, images: &mut Images<'_>) {
    for (key, value) in entries(node) {
        match (key.name.as_str(), &value.value) {
            (name, Value::List(containers)) if CONTAINERS.contains(&name) || (is_argo && name == "sidecars") => {
                for container in containers {
                    of_container(container, kind, is_argo, images);
                }
            }
            ("container" | "script", Value::Map(_)) if is_argo => of_container(value, kind, is_argo, images),
            ("volumes", Value::List(volumes)) => {
                let references = volumes.iter().filter_map(|volume| get(get(volume, "image")?, "reference"));
                references.for_each(|one| images.value(one, &format!("volume of {kind}"), rendered));
            }
            _ => {}
        }
        walk(value, kind, is_argo, images);
    }
    for item in items(node) {
        walk(item, kind, is_argo, images);
    }
}

fn of_container(container: &Node, kind: &str, is_argo: bool, images: &mut Images<'_>) {
    let Some(image) = get(container, "image") else { return };
    let role = match text(container, "name") {
        Some(name) => format!("container {name} of {kind}"),
        None => format!("container of {kind}"),
    };
    images.value(image, &role, |text| if is_argo { fill(text, ("{{", "}}"), &|_| None) } else { rendered(text) });
}
