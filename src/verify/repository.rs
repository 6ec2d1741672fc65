//! Repositories in the names of workflows.

/// Whether a workflow's name lies within a repository's URL.
pub(super) fn belongs_to(identity: &str, repository: &str) -> bool {
    let length = repository.len();
    identity.len() > length
        && identity.is_char_boundary(length)
        && same_repository(&identity[..length], repository)
        && identity.as_bytes()[length] == b'/'
}

/// Names on github.com do not distinguish upper and lower case; everywhere else every byte counts.
pub(crate) fn same_repository(one: &str, other: &str) -> bool {
    let on_github = |text: &str| text.starts_with("https://github.com/");
    one == other || (on_github(one) && on_github(other) && one.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a183_a_workflow_of_a_repository_whose_name_begins_alike_does_not_belong() {
        let repository = "https://github.com/acme/app";
        assert!(belongs_to("https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main", repository));
        assert!(belongs_to("https://github.com/Acme/App/.github/workflows/x.yml@refs/heads/main", repository));
        assert!(!belongs_to("https://github.com/acme/app-evil/.github/workflows/x.yml@refs/heads/main", repository));
        assert!(!belongs_to("https://github.com/acme/app", repository));
    }

    #[test]
    fn only_github_ignores_case() {
        assert!(same_repository("https://github.com/Acme/App", "https://github.com/acme/app"));
        assert!(!same_repository("https://gitlab.com/Acme/App", "https://gitlab.com/acme/app"));
    }
}
