//! Compose files (compose-spec): the images of all services, in every profile.

use crate::policy::yaml::{Node, Value};

use super::dockerfile;
use super::images::{Format, Images, position};
use super::model::{Named, Open, Position};
use super::tree::{entries, get, is_map, items, text};
use super::variables::{Expanded, Spelling, expand};

pub(super) const FORMAT: Format = Format { name: "a compose file", is, read };

fn is(_: &str, document: &Node) -> bool {
    get(document, "services").is_some_and(is_map)
}

/// Variables get their values from the environment, which is not read. So only their defaults count.
fn replaced(text: &str) -> Expanded {
    expand(text, Spelling { doubles: true, shell: None }, &|_| None)
}

fn read(document: &Node, images: &mut Images<'_>) {
    for (name, service) in get(document, "services").map(entries).unwrap_or_default() {
        of_service(&name.name, service, images);
    }
}

fn of_service(name: &str, service: &Node, images: &mut Images<'_>) {
    let role = format!("image of service {name}");
    let build = get(service, "build").filter(|build| !matches!(build.value, Value::Null));
    match get(service, "image").filter(|image| !matches!(image.value, Value::Null)) {
        // compose-spec, build.md: without `pull_policy`, "Compose attempts to pull the image first and then builds from source".
        Some(_) if build.is_some() && text(service, "pull_policy") == Some("build") => {}
        Some(image) => images.value(image, &role, replaced),
        None => {
            let elsewhere = get(service, "extends").and_then(|extends| get(extends, "file"));
            if let Some(file) = elsewhere.filter(|_| build.is_none()) {
                images.open(role.clone(), Open::Form("another file names it"), position(file), &role);
            }
        }
    }
    if let Some(build) = build {
        of_build(name, build, images);
    }
    for volume in get(service, "volumes").map(items).unwrap_or_default() {
        if let Some(source) = get(volume, "source").filter(|_| text(volume, "type") == Some("image")) {
            images.value(source, &format!("volume of service {name}"), replaced);
        }
    }
}

fn of_build(name: &str, build: &Node, images: &mut Images<'_>) {
    let role = format!("build of service {name}");
    if let Some(inline) = get(build, "dockerfile_inline") {
        let mut within = Images::of("");
        let place = position(inline);
        match &inline.value {
            Value::Text(text) if dockerfile::read(&text.replace("$$", "$"), &mut within).is_ok() => {
                for found in within.finish() {
                    // In a literal block the lines are those of the file.
                    let line = place.line + found.place.line - 1;
                    let is_there = matches!(&found.image, Named::Reference(image) if !image.is_empty() && images.line(line).contains(image));
                    let place = if is_there { Position { line, column: place.column } } else { place };
                    images.found_within(found, place, &role);
                }
            }
            _ => images.open(role.clone(), Open::Form("its Dockerfile cannot be read"), place, &role),
        }
    }
    let Some(contexts) = get(build, "additional_contexts") else { return };
    let named = entries(contexts).iter().map(|(_, value)| value);
    for context in named.chain(items(contexts)) {
        let Value::Text(text) = &context.value else { continue };
        let image = text.split_once("docker-image://").map(|(_, image)| image);
        if let Some(image) = image {
            images.expanded(image, replaced(image), position(context), &role);
        }
    }
}
