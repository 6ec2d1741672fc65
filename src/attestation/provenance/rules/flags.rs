//! The words of the command line that say what a provenance must say.

use crate::policy::PolicyError;
use crate::policy::text::TextRule;

use super::{
    BuildLevel, ParameterError, ParameterRule, ProvenanceRules, ProvenanceSourceRule, RepositoryError,
    UnknownParameters, is_event,
};

/// What the flags say of a provenance. Names are those of slsa-verifier where it has one.
#[derive(Debug, Clone, Default)]
pub struct ProvenanceFlags<'a> {
    /// `--builder-id`
    pub builders: &'a [String],
    /// `--build-type`
    pub build_types: &'a [String],
    /// `--source-uri`
    pub source_uri: Option<&'a str>,
    /// `--source-branch`
    pub source_branch: Option<&'a str>,
    /// `--source-tag`
    pub source_tag: Option<&'a str>,
    /// `--build-parameter`
    pub parameters: &'a [String],
    /// `--allow-unknown-parameters`
    pub allows_unknown_parameters: bool,
    /// `--slsa-level`
    pub level: Option<BuildLevel>,
    /// `--provenance-max-age`
    pub max_age: Option<&'a str>,
    /// `--deny-event`
    pub denied_events: &'a [String],
    /// `--allow-any-builder-ref`
    pub allows_any_builder_ref: bool,
    /// `--all-provenance`
    pub all: bool,
}

impl ProvenanceFlags<'_> {
    /// Proves that a provenance can satisfy the flags.
    pub fn prove(&self) -> Result<ProvenanceRules, PolicyError> {
        Ok(ProvenanceRules {
            builders: globs("--builder-id", self.builders)?,
            build_types: globs("--build-type", self.build_types)?,
            source: self.source()?,
            level: self.level,
            parameters: self.parameters.iter().map(|text| parameter(text)).collect::<Result<_, _>>()?,
            unknown_parameters: if self.allows_unknown_parameters {
                UnknownParameters::Allow
            } else {
                UnknownParameters::Refuse
            },
            max_age: self.max_age.map(age).transpose()?,
            denied_events: self.denied_events.iter().map(|written| event(written)).collect::<Result<_, _>>()?,
            allows_any_builder_ref: self.allows_any_builder_ref,
            all: self.all,
            ..ProvenanceRules::default()
        })
    }

    fn source(&self) -> Result<ProvenanceSourceRule, PolicyError> {
        if self.source_branch.is_some() && self.source_tag.is_some() {
            return Err(PolicyError::TwoRules { one: "--source-branch", other: "--source-tag" });
        }
        let branch = self.source_branch.map(|branch| name("--source-branch", branch, "refs/heads/")).transpose()?;
        let branch = branch.map(|branch| format!("refs/heads/{branch}"));
        let tag = self.source_tag.map(|tag| name("--source-tag", tag, "refs/tags/")).transpose()?;
        Ok(ProvenanceSourceRule {
            repository: self.source_uri.map(repository).transpose()?,
            reference: branch.map(|reference| glob("--source-branch", &reference)).transpose()?,
            tag: tag.map(|tag| glob("--source-tag", tag)).transpose()?,
            ..ProvenanceSourceRule::default()
        })
    }
}

/// The name of a branch or tag, which is the last part of its ref.
fn name<'t>(flag: &'static str, written: &'t str, kind: &str) -> Result<&'t str, PolicyError> {
    match (written.strip_prefix(kind), written.starts_with("refs/")) {
        (Some(name), _) => Err(malformed(flag, written.to_owned(), name)),
        (None, true) => Err(malformed(flag, written.to_owned(), format!("a name, which is what follows {kind}"))),
        (None, false) if written.trim().is_empty() => Err(PolicyError::Empty { what: flag }),
        (None, false) => Ok(written),
    }
}

fn globs(flag: &'static str, texts: &[String]) -> Result<Vec<TextRule>, PolicyError> {
    texts.iter().map(|text| glob(flag, text)).collect()
}

fn glob(flag: &'static str, text: &str) -> Result<TextRule, PolicyError> {
    if text.trim().is_empty() {
        return Err(PolicyError::Empty { what: flag });
    }
    TextRule::glob(text).map_err(|error| PolicyError::Pattern { flag, error })
}

fn repository(text: &str) -> Result<TextRule, PolicyError> {
    super::repository(text).map_err(|error| match error {
        RepositoryError::Pattern(error) => PolicyError::Pattern { flag: "--source-uri", error },
        RepositoryError::Spelling { written, normal } => malformed("--source-uri", written, normal),
        RepositoryError::NoRepository(written) => malformed("--source-uri", written, "https://HOST/OWNER/NAME"),
    })
}

fn parameter(text: &str) -> Result<ParameterRule, PolicyError> {
    ParameterRule::parse(text).map_err(|error| match error {
        ParameterError::Path { written, likely } => malformed("--build-parameter", written, format!("{likely}=VALUE")),
        ParameterError::NoValue(written) => malformed("--build-parameter", written, "/PATH=VALUE"),
    })
}

fn age(text: &str) -> Result<super::MaxAge, PolicyError> {
    text.parse().map_err(|_| malformed("--provenance-max-age", text.to_owned(), "a number and m, h, d or w: 30d"))
}

/// One event in the words of GitHub and GitLab: anything else would deny nothing.
fn event(written: &str) -> Result<String, PolicyError> {
    if is_event(written) {
        return Ok(written.to_owned());
    }
    let likely = written.to_lowercase().replace(['-', ' '], "_");
    let expected = match likely.split_once(',') {
        Some((first, _)) => format!("one event, and the flag again for each other one: --deny-event {first}"),
        None if is_event(&likely) => likely,
        None => "an event such as pull_request_target".to_owned(),
    };
    Err(malformed("--deny-event", written.to_owned(), expected))
}

fn malformed(flag: &'static str, written: String, expected: impl Into<String>) -> PolicyError {
    PolicyError::Malformed { flag, written, expected: expected.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_nothing_can_satisfy_is_refused_with_what_to_write() {
        let refused = |flags: ProvenanceFlags<'_>| flags.prove().map(|_| ()).expect_err("refused").to_string();
        let texts = |text: &str| [text.to_owned()];
        assert!(refused(ProvenanceFlags { builders: &texts(" "), ..Default::default() }).contains("--builder-id"));
        let uri = Some("git+https://github.com/acme/app@refs/heads/main");
        let said = refused(ProvenanceFlags { source_uri: uri, ..Default::default() });
        assert!(said.contains("expected https://github.com/acme/app"), "{said}");
        let said = refused(ProvenanceFlags { parameters: &texts("workflow.ref=x"), ..Default::default() });
        assert!(said.contains("expected /workflow/ref=VALUE"), "{said}");
        assert!(refused(ProvenanceFlags { max_age: Some("30"), ..Default::default() }).contains("30d"));
        for (event, likely) in
            [("Pull-Request", "pull_request"), ("push,release", "--deny-event push"), ("", "such as")]
        {
            let said = refused(ProvenanceFlags { denied_events: &texts(event), ..Default::default() });
            assert!(said.contains("--deny-event") && said.contains(likely), "{said}");
        }
        for (tag, likely) in [("refs/tags/v1", "expected v1"), ("refs/heads/main", "follows refs/tags/")] {
            let said = refused(ProvenanceFlags { source_tag: Some(tag), ..Default::default() });
            assert!(said.contains("--source-tag") && said.contains(likely), "{said}");
        }
        for branch in ["refs/heads/main", ""] {
            let said = refused(ProvenanceFlags { source_branch: Some(branch), ..Default::default() });
            assert!(said.contains("--source-branch"), "{said}");
        }
        let both = ProvenanceFlags { source_branch: Some("main"), source_tag: Some("v1"), ..Default::default() };
        assert_eq!(
            both.prove().map(|_| ()),
            Err(PolicyError::TwoRules { one: "--source-branch", other: "--source-tag" })
        );
    }
}
