//! Workflows of GitHub Actions: the containers of jobs, their services, and steps that are images.

use crate::policy::yaml::{Node, Value};

use super::images::{Format, Images};
use super::tree::{entries, get, is_map, items, scalar, text};
use super::variables::{Expanded, fill};

pub(super) const FORMAT: Format = Format { name: "a workflow of GitHub Actions", is, read };

fn is(path: &str, document: &Node) -> bool {
    let jobs = get(document, "jobs").filter(|jobs| is_map(jobs)).map(entries).unwrap_or_default();
    let has_job = jobs.iter().any(|(_, job)| get(job, "runs-on").is_some() || get(job, "uses").is_some());
    has_job || (!jobs.is_empty() && path.replace('\\', "/").contains(".github/workflows/"))
}

fn read(document: &Node, images: &mut Images<'_>) {
    for (name, job) in get(document, "jobs").map(entries).unwrap_or_default() {
        let matrix = get(job, "strategy").and_then(|strategy| get(strategy, "matrix"));
        let expand = |text: &str| expression(text, matrix);
        if let Some(container) = get(job, "container") {
            of_container(container, &format!("container of job {}", name.name), images, &expand);
        }
        for (service, container) in get(job, "services").map(entries).unwrap_or_default() {
            of_container(container, &format!("service {} of job {}", service.name, name.name), images, &expand);
        }
        steps(job, &format!("step of job {}", name.name), images, &expand);
    }
}

/// A text, or a mapping with `image`. GitHub starts no container where the text is empty.
fn of_container(container: &Node, role: &str, images: &mut Images<'_>, expand: &dyn Fn(&str) -> Expanded) {
    let image = if is_map(container) { get(container, "image") } else { Some(container) };
    let named = |text: &str| {
        expand(text).map(|names| {
            let names = names.into_iter().filter(|name| !name.is_empty());
            names.map(|name| name.strip_prefix("docker://").map(str::to_owned).unwrap_or(name)).collect()
        })
    };
    if let Some(image) = image {
        images.value(image, role, named);
    }
}

/// `uses: docker://image`, in the steps of a job or of an action.
pub(super) fn steps(holder: &Node, role: &str, images: &mut Images<'_>, expand: &dyn Fn(&str) -> Expanded) {
    for step in get(holder, "steps").map(items).unwrap_or_default() {
        let Some(uses) = get(step, "uses") else { continue };
        if let Value::Text(text) = &uses.value
            && let Some(image) = text.strip_prefix("docker://")
        {
            images.value(uses, role, |_| expand(image));
        }
    }
}

/// Replaces `${{ matrix.name }}` by each of its values. Other expressions have no value in the file.
pub(super) fn expression(text: &str, matrix: Option<&Node>) -> Expanded {
    fill(text, ("${{", "}}"), &|name| values(matrix?, name.strip_prefix("matrix.")?))
}

/// Returns the values of a matrix key, from its list and from `include`. Returns `None` if one of them is not known.
fn values(matrix: &Node, path: &str) -> Option<Vec<String>> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let included = match get(matrix, "include").map(|include| &include.value) {
        None => &[][..],
        Some(Value::List(included)) => included,
        Some(_) => return None,
    };
    let listed = match get(matrix, name).map(|list| &list.value) {
        None => &[][..],
        Some(Value::List(listed)) => listed,
        Some(_) => return None,
    };
    let mut values = Vec::new();
    for value in listed.iter().chain(included.iter().filter_map(|one| get(one, name))) {
        let value = match rest {
            Some(rest) => rest.split('.').try_fold(value, get)?,
            None => value,
        };
        let value = scalar(value)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    // Where only some combinations have it, it is empty in the others, and GitHub starts no container there.
    (!values.is_empty()).then_some(values)
}

/// Whether an action's `runs` is of a container or of steps.
pub(super) fn runs(document: &Node) -> Option<(&Node, &str)> {
    let runs = get(document, "runs")?;
    Some((runs, text(runs, "using")?))
}
