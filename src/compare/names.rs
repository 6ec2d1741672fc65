//! Removes from names the parts that differ with each release or run, such as a ref or the number of a run.

use crate::check::WorkflowName;

/// Takes the ref off the identity of a workflow, if it is that of a tag or a branch for releases: each release has another.
pub(super) fn without_release(identity: &str) -> &str {
    let Some(reference) = reference(identity) else { return identity };
    let is_release = |branch: &str| {
        let is_version = branch.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit());
        matches!(branch, "main" | "master" | "trunk")
            || branch.starts_with("release")
            || branch.starts_with("stable")
            || is_version
    };
    let branch = reference.strip_prefix("refs/heads/");
    if reference.starts_with("refs/tags/") || branch.is_some_and(is_release) {
        &identity[..identity.len() - reference.len() - "@".len()]
    } else {
        identity
    }
}

/// The same of a builder, without the number of its run: BuildKit names itself by it.
pub(super) fn without_run(builder: &str) -> &str {
    const RUNS: &str = "/actions/runs/";
    let run = builder.strip_prefix("https://").and_then(|rest| rest.split_once(RUNS));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match run {
        Some((_, run)) if run.split('/').all(|part| part == "attempts" || is_number(part)) => {
            &builder[..builder.len() - run.len()]
        }
        _ => without_release(builder),
    }
}

/// Whether a workflow ran for a pull request.
pub(super) fn is_of_pull_request(identity: &str) -> bool {
    reference(identity).is_some_and(|reference| reference.starts_with("refs/pull/"))
}

/// Returns the address at which GitHub or GitLab compares two commits. It needs no escaping in any output format.
pub(super) fn compare_url(repository: &str, old: &str, new: &str) -> Option<String> {
    let is_commit = |text: &str| [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = repository.strip_prefix("https://")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if !is_commit(old) || !is_commit(new) || !path.bytes().all(is_plain) || path.contains("..") || path.contains("//") {
        return None;
    }
    match path.split_once('/')? {
        ("github.com", name) if name.split('/').count() == 2 => {
            Some(format!("https://github.com/{name}/compare/{old}...{new}"))
        }
        ("gitlab.com", name) => Some(format!("https://gitlab.com/{name}/-/compare/{old}...{new}")),
        _ => None,
    }
}

/// Returns the ref in a workflow's name if the name has only one reading: file names and refs may contain `@` too.
fn reference(identity: &str) -> Option<&str> {
    let reference = WorkflowName::parse(identity)?.reference()?;
    (!reference.contains("@refs/")).then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "https://github.com/acme/shop/.github/workflows/release.yml";

    #[test]
    fn the_ref_of_a_release_is_taken_off_and_no_other() {
        for release in ["refs/tags/v1", "refs/tags/@acme/shop@1.4.2", "refs/heads/main", "refs/heads/release-1.4"] {
            assert_eq!(without_release(&format!("{WORKFLOW}@{release}")), WORKFLOW, "{release}");
        }
        assert_eq!(
            without_release("https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/tags/v1"),
            "https://gitlab.com/acme/shop//.gitlab-ci.yml"
        );
        let whole = [
            format!("{WORKFLOW}@refs/heads/feature"),
            format!("{WORKFLOW}@refs/heads/feature@refs/tags/v1"),
            format!("{WORKFLOW}@refs/pull/7/merge"),
            WORKFLOW.to_owned(),
            "release@acme.example".to_owned(),
            "https://acme.example/sign@refs/tags/v1".to_owned(),
        ];
        for identity in &whole {
            assert_eq!(without_release(identity), identity);
        }
    }

    /// The name of a file of a pipeline holds a ref: the branch that it ran for stands behind it.
    #[test]
    fn a_name_that_can_be_taken_apart_in_two_ways_stays_whole() {
        let identity = "https://gitlab.com/acme/shop//a.yml@refs/tags/v1/b.yml@refs/heads/evil";
        assert_eq!(without_release(identity), identity);
        assert!(!is_of_pull_request(&format!("{WORKFLOW}@refs/heads/a@refs/pull/7/merge")));
        assert!(is_of_pull_request(&format!("{WORKFLOW}@refs/pull/7/merge")));
    }

    #[test]
    fn two_commits_of_one_host_are_compared_there_and_nothing_hostile_is_in_the_address() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let of = |repository: &str| compare_url(repository, &old, &new);
        assert_eq!(
            of("https://github.com/acme/shop"),
            Some(format!("https://github.com/acme/shop/compare/{old}...{new}"))
        );
        assert_eq!(of("https://gitlab.com/a/b/c"), Some(format!("https://gitlab.com/a/b/c/-/compare/{old}...{new}")));
        for other in [
            "https://github.com/acme",
            "https://github.com/acme/shop/../x",
            "https://github.com.evil.example/acme/shop",
            "https://github.com@evil.example/acme/shop",
            "https://github.com/acme/shop)[x](https://evil.example",
            "git@github.com:acme/shop",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(compare_url("https://github.com/acme/shop", "main", &new), None);
    }

    #[test]
    fn the_number_of_a_run_is_taken_off() {
        let runs = "https://github.com/acme/shop/actions/runs/";
        for run in ["7", "7/attempts/2"] {
            assert_eq!(without_run(&format!("{runs}{run}")), runs);
        }
        assert_eq!(without_run(&format!("{WORKFLOW}@refs/tags/v1")), WORKFLOW);
        let other = format!("{runs}7/elsewhere");
        assert_eq!(without_run(&other), other);
    }
}
