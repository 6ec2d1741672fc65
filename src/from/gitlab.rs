//! Pipelines of GitLab CI: the images of jobs and their services, with the variables that the file gives them.

use std::collections::BTreeMap;

use crate::policy::yaml::{Key, Node, Value};

use super::images::{Format, Images, position};
use super::model::Open;
use super::tree::{entries, get, is_map, items, scalar};
use super::variables::{Expanded, Spelling, expand};

pub(super) const FORMAT: Format = Format { name: "a pipeline of GitLab CI", is, read };

/// Keys that are no jobs.
const RESERVED: [&str; 11] = [
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
];
/// How many templates a job may be made of, and how often a value may name another variable.
const MAX_DEPTH: usize = 11;

fn is(path: &str, document: &Node) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let is_named = name.contains("gitlab-ci");
    let has_jobs = entries(document).iter().any(|(key, job)| {
        !RESERVED.contains(&key.name.as_str()) && (get(job, "script").is_some() || get(job, "trigger").is_some())
    });
    // The first document of a file with inputs says only what those are.
    let has_inputs = get(document, "spec").is_some_and(|spec| get(spec, "inputs").is_some());
    is_map(document) && (is_named || has_jobs || has_inputs || get(document, "stages").is_some())
}

fn read(document: &Node, images: &mut Images<'_>) {
    let jobs: Vec<&(Key, Node)> =
        entries(document).iter().filter(|(key, job)| !RESERVED.contains(&key.name.as_str()) && is_map(job)).collect();
    // A template that jobs of this file extend is read with those jobs, not by itself. An unused template may belong to jobs of
    // other files, so it is read by itself.
    let is_used = |name: &str| jobs.iter().any(|(_, job)| extended(job).contains(&name));
    for (key, _) in jobs.iter().filter(|(key, _)| !(key.name.starts_with('.') && is_used(&key.name))) {
        Job::of(document, &key.name).read(&key.name, images);
    }
    // Defaults for every job apply to jobs of other files too.
    for holder in [Some(document), get(document, "default")].into_iter().flatten() {
        let alone = Job { document, chain: Vec::new(), is_default: true };
        for what in ["image", "services"] {
            if let Some(value) = get(holder, what) {
                alone.images(value, "every job", images);
            }
        }
    }
}

/// The templates that a job names.
fn extended(job: &Node) -> Vec<&str> {
    match get(job, "extends").map(|extends| &extends.value) {
        Some(Value::Text(name)) => vec![name],
        Some(Value::List(names)) => names
            .iter()
            .filter_map(|name| match &name.value {
                Value::Text(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A job and the templates that it extends. The first value found wins.
struct Job<'a> {
    document: &'a Node,
    chain: Vec<&'a Node>,
    /// Whether it stands for the jobs of other files: what a job here makes of an image is known better.
    is_default: bool,
}

impl<'a> Job<'a> {
    fn of(document: &'a Node, name: &str) -> Self {
        let mut chain = Vec::new();
        add(document, name, &mut chain, 0);
        Self { document, chain, is_default: false }
    }

    fn read(&self, name: &str, images: &mut Images<'_>) {
        for what in ["image", "services"] {
            let own = self.chain.iter().find_map(|part| get(part, what));
            let default = get(self.document, "default").and_then(|default| get(default, what));
            if let Some(value) = own.or(default).or_else(|| get(self.document, what)) {
                self.images(value, name, images);
            }
        }
    }

    /// An image is a text or a mapping with `name`; services are a list of those.
    fn images(&self, value: &Node, name: &str, images: &mut Images<'_>) {
        if images.line(value.place.line).contains("!reference") {
            let form = Open::Form("`!reference` names another part of the pipeline");
            return images.open("!reference".to_owned(), form, position(value), name);
        }
        match &value.value {
            Value::List(services) => services.iter().for_each(|one| self.images(one, name, images)),
            Value::Map(_) => get(value, "name").into_iter().for_each(|image| self.images(image, name, images)),
            _ if self.is_default && images.have(position(value)) => {}
            _ => images.value(value, &format!("image of {name}"), |text| self.expand(text)),
        }
    }

    fn expand(&self, text: &str) -> Expanded {
        if let Some((_, input)) = text.split_once("$[[") {
            return Err(vec![input.split("]]").next().unwrap_or_default().trim().to_owned()]);
        }
        let spelling = Spelling { doubles: true, shell: None };
        let mut texts = vec![text.to_owned()];
        let known = self.variables();
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for text in &texts {
                next.extend(expand(text, spelling, &|name| known.get(name).cloned().flatten())?);
            }
            if next == texts {
                return Ok(texts);
            }
            texts = next;
        }
        Err(vec![text.to_owned()])
    }

    /// What the file gives variables; nothing where a rule or a matrix decides.
    fn variables(&self) -> BTreeMap<&'a str, Option<Vec<String>>> {
        let mut known = BTreeMap::new();
        let global = get(self.document, "variables");
        for variables in global.into_iter().chain(self.chain.iter().rev().filter_map(|part| get(part, "variables"))) {
            for (key, value) in entries(variables) {
                let value = if is_map(value) { get(value, "value").and_then(scalar) } else { scalar(value) };
                known.insert(key.name.as_str(), value.map(|value| vec![value]));
            }
        }
        let workflow = get(self.document, "workflow").and_then(|workflow| get(workflow, "rules"));
        let rules = workflow.into_iter().chain(self.chain.iter().filter_map(|part| get(part, "rules")));
        let by_rules = rules.flat_map(items).filter_map(|rule| get(rule, "variables")).flat_map(entries);
        by_rules.for_each(|(key, _)| {
            known.insert(key.name.as_str(), None);
        });
        let matrix = self.chain.iter().find_map(|part| get(get(part, "parallel")?, "matrix"));
        let mut of_matrix: BTreeMap<&str, Option<Vec<String>>> = BTreeMap::new();
        for (key, value) in matrix.into_iter().flat_map(items).flat_map(entries) {
            let values: Option<Vec<String>> = match &value.value {
                Value::List(values) => values.iter().map(scalar).collect(),
                _ => scalar(value).map(|value| vec![value]),
            };
            let all = of_matrix.entry(key.name.as_str()).or_insert_with(|| Some(Vec::new()));
            *all = all.take().zip(values).map(|(all, values)| [all, values].concat());
        }
        for (key, values) in of_matrix {
            let is_in_each = matrix.into_iter().flat_map(items).all(|part| get(part, key).is_some());
            // Where a part of the matrix does not have it, it is what it was.
            let before = if is_in_each { Some(Vec::new()) } else { known.get(key).cloned().flatten() };
            known.insert(key, values.zip(before).map(|(values, before)| [values, before].concat()));
        }
        known
    }
}

fn add<'a>(document: &'a Node, name: &str, chain: &mut Vec<&'a Node>, depth: usize) {
    let Some(job) = get(document, name).filter(|_| depth < MAX_DEPTH && chain.len() < 64) else { return };
    chain.push(job);
    // "the last one wins"
    extended(job).into_iter().rev().for_each(|parent| add(document, parent, chain, depth + 1));
}
