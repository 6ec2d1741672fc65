//! The claims of a Fulcio certificate (fulcio `docs/oid-info.md`).

use std::fmt;

/// Declares the closed table of claims: variant, last arc, name in reports, key in policies, meaning.
macro_rules! claims {
    ($($variant:ident $arc:literal $name:literal $key:literal $title:literal)+) => {
        /// One claim, an extension under 1.3.6.1.4.1.57264.1.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Claim {
            $(#[doc = $title] $variant,)+
        }

        impl Claim {
            /// Every claim, by its number.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the last arc of its object identifier.
            pub const fn arc(self) -> u32 {
                match self { $(Self::$variant => $arc,)+ }
            }

            /// Returns its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Returns its meaning, as a sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Returns its name in policy files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }
        }
    };
}

claims! {
    WorkflowTrigger 2 "githubWorkflowTrigger" "github-workflow-trigger" "The event, as older certificates have it."
    WorkflowSha 3 "githubWorkflowSha" "github-workflow-sha" "The commit, as older certificates have it."
    WorkflowName 4 "githubWorkflowName" "github-workflow-name" "The name of the workflow, as its author wrote it."
    WorkflowRepository 5 "githubWorkflowRepository" "github-workflow-repository" "OWNER/NAME, as older certificates have it."
    WorkflowRef 6 "githubWorkflowRef" "github-workflow-ref" "The git ref, as older certificates have it."
    BuildSignerUri 9 "buildSignerUri" "build-signer-uri" "The build instructions that signed, with their ref."
    BuildSignerDigest 10 "buildSignerDigest" "build-signer-digest" "The commit of the build instructions that signed."
    RunnerEnvironment 11 "runnerEnvironment" "runner-environment" "`github-hosted` or `self-hosted`."
    SourceRepositoryUri 12 "sourceRepositoryUri" "source-repository-uri" "The repository that the build ran for."
    SourceRepositoryDigest 13 "sourceRepositoryDigest" "source-repository-digest" "The commit that the build ran for."
    SourceRepositoryRef 14 "sourceRepositoryRef" "source-repository-ref" "The git ref that the build ran for."
    SourceRepositoryIdentifier 15 "sourceRepositoryIdentifier" "source-repository-identifier" "The repository's number, which survives renaming."
    SourceRepositoryOwnerUri 16 "sourceRepositoryOwnerUri" "source-repository-owner-uri" "The repository's owner."
    SourceRepositoryOwnerIdentifier 17 "sourceRepositoryOwnerIdentifier" "source-repository-owner-identifier" "The owner's number, which survives renaming."
    BuildConfigUri 18 "buildConfigUri" "build-config-uri" "The top-level build instructions, with their ref: the caller of a reusable workflow."
    BuildConfigDigest 19 "buildConfigDigest" "build-config-digest" "The commit of the top-level build instructions."
    BuildTrigger 20 "buildTrigger" "build-trigger" "The event that started the build."
    RunInvocationUri 21 "runInvocationUri" "run-invocation-uri" "The run."
    SourceRepositoryVisibility 22 "sourceRepositoryVisibilityAtSigning" "source-repository-visibility-at-signing" "`public` or `private`, when it was signed."
    DeploymentEnvironment 23 "deploymentEnvironment" "deployment-environment" "The deployment environment that the job ran in."
    TokenSubject 24 "tokenSubject" "token-subject" "The subject of the identity token."
}

impl Claim {
    /// Returns the claim of older certificates that says the same, and how: `.1` to `.6` came first, `.8` and up replace them.
    pub const fn legacy(self) -> Option<Self> {
        match self {
            Self::BuildTrigger => Some(Self::WorkflowTrigger),
            Self::SourceRepositoryDigest => Some(Self::WorkflowSha),
            Self::SourceRepositoryUri => Some(Self::WorkflowRepository),
            Self::SourceRepositoryRef => Some(Self::WorkflowRef),
            _ => None,
        }
    }

    /// Returns the key of a policy's `github` or `gitlab` that is short for it.
    pub const fn shorthand(self) -> Option<&'static str> {
        match self {
            Self::BuildTrigger => Some("event"),
            Self::DeploymentEnvironment => Some("environment"),
            Self::SourceRepositoryIdentifier => Some("repository-id"),
            Self::SourceRepositoryOwnerIdentifier => Some("owner-id"),
            Self::SourceRepositoryVisibility => Some("visibility"),
            _ => None,
        }
    }

    /// Returns the claim that a policy file or a flag names.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|claim| claim.key() == key)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_are_the_names_in_kebab_case() {
        for claim in Claim::ALL {
            assert_eq!(Claim::from_key(claim.key()), Some(*claim));
            let camel: String = claim
                .key()
                .split('-')
                .enumerate()
                .map(|(position, word)| match (position, word.split_at(1)) {
                    (0, _) => word.to_owned(),
                    (_, (first, rest)) => first.to_uppercase() + rest,
                })
                .collect();
            assert_eq!(camel, claim.name());
        }
    }

    #[test]
    fn numbers_rise() {
        assert!(Claim::ALL.windows(2).all(|pair| pair[0].arc() < pair[1].arc()));
    }
}
