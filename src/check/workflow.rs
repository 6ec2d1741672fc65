//! The names of workflows, taken apart in one place.

/// The name of a workflow of GitHub, or of a pipeline of GitLab, as certificates and provenances write it:
/// `https://github.com/OWNER/NAME/.github/workflows/FILE@REF`, `https://gitlab.com/GROUP/NAME//FILE@REF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowName<'a> {
    /// The repository, as it is written.
    pub repository: &'a str,
    /// What stands between repository and file.
    folder: &'static str,
    /// The file and perhaps its ref.
    rest: &'a str,
}

const GITHUB: &str = "/.github/workflows/";
const GITLAB: &str = "//";

impl<'a> WorkflowName<'a> {
    /// Reads the name of a workflow of GitHub; its server may be another than github.com, or left out.
    pub fn of_github(text: &'a str) -> Option<Self> {
        let (repository, rest) = text.split_once(GITHUB)?;
        Some(Self { repository, folder: GITHUB, rest })
    }

    /// Reads the name of a workflow of GitHub or a pipeline of GitLab, which has a scheme.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, path) = text.split_once("://")?;
        let (folder, start) =
            [GITHUB, GITLAB].into_iter().find_map(|folder| path.find(folder).map(|start| (folder, start)))?;
        let (repository, rest) = text.split_at(scheme.len() + "://".len() + start);
        Some(Self { repository, folder, rest: &rest[folder.len()..] })
    }

    /// The file below the folder of workflows, such as `release.yml`.
    pub fn file(&self) -> &'a str {
        self.rest.split_once('@').map_or(self.rest, |(file, _)| file)
    }

    /// The ref that the workflow was taken from, such as `refs/tags/v1`.
    pub fn reference(&self) -> Option<&'a str> {
        self.rest.split_once('@').map(|(_, reference)| reference)
    }

    /// The path of the file in its repository, with the ref: `.github/workflows/release.yml@refs/tags/v1`.
    pub fn path_at_ref(&self) -> String {
        format!("{}{}", self.folder.trim_start_matches('/'), self.rest)
    }

    /// The path of the file behind its repository, without the ref: `/.github/workflows/release.yml`, `//.gitlab-ci.yml`.
    pub fn path(&self) -> String {
        format!("{}{}", self.folder, self.file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_are_taken_apart() {
        let name =
            WorkflowName::parse("https://github.com/acme/app/.github/workflows/x.yml@refs/tags/v1").expect("one");
        assert_eq!((name.repository, name.file()), ("https://github.com/acme/app", "x.yml"));
        assert_eq!(
            (name.reference(), &*name.path_at_ref()),
            (Some("refs/tags/v1"), ".github/workflows/x.yml@refs/tags/v1")
        );
        let name = WorkflowName::parse("https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main").expect("one");
        assert_eq!((name.repository, name.file()), ("https://gitlab.com/acme/app", ".gitlab-ci.yml"));
        assert_eq!(name.path(), "//.gitlab-ci.yml");
        assert_eq!(WorkflowName::of_github("acme/app/.github/workflows/x.yml").expect("one").reference(), None);
        let name =
            WorkflowName::parse("https://github.com/acme/app/.github/workflows/x.yml@refs/tags/a@b").expect("one");
        assert_eq!((name.file(), name.reference()), ("x.yml", Some("refs/tags/a@b")));
        for text in
            ["https://buildkite.com/acme/app", "https://github.com/acme/app", "alice@acme.example", "acme/app//x", ""]
        {
            assert_eq!(WorkflowName::parse(text), None, "{text}");
        }
    }
}
