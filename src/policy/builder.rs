//! Builders, who may sign for each, and which SLSA build level the two reach together.
//!
//! build-provenance.md: "Consumers MUST accept only specific signer-builder pairs." The maker of a builder states its level, and
//! the policy decides whether to trust that. A level that a provenance states about itself is ignored (A206, A207).

use std::sync::LazyLock;

use super::signer::Signer;
use super::text::TextRule;
use crate::attestation::provenance::rules::BuildLevel;

/// A builder that a policy vouches for.
#[derive(Debug, Clone)]
pub struct BuilderRule {
    /// Its id in a provenance.
    pub id: TextRule,
    /// Its only allowed signer.
    pub signer: Signer,
    /// The level that the two reach together.
    pub level: BuildLevel,
    /// Where that is said.
    pub source: Option<String>,
}

impl BuilderRule {
    pub(crate) fn canonical_text(&self) -> String {
        let Self { id, signer, level, source } = self;
        let signer = signer.canonical_text();
        format!("{} signed by {signer:?} level {} source {source:?}", id.canonical_text(), level.number())
    }
}

/// A builder that this program knows.
#[derive(Debug)]
pub struct KnownBuilder {
    /// What people call it.
    pub name: &'static str,
    /// Its ids in a provenance: globs, in which the case of letters does not count.
    pub ids: &'static [&'static str],
    /// Who signs for it.
    pub signer: KnownSigner,
    /// The highest level that the two may claim together.
    pub level: BuildLevel,
    /// Where its makers say so.
    pub source: &'static str,
}

/// Who signs for a builder that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownSigner {
    /// The workflow on GitHub that the id names. `hosted`: on a runner that GitHub hosts.
    Itself {
        /// Whether the certificate must say that GitHub hosted the runner.
        hosted: bool,
    },
    /// The workflows of slsa-github-generator that call builders and sign for them.
    Delegators,
    /// Any workflow on GitHub, on a runner that GitHub hosts.
    AnyWorkflow,
    /// Any pipeline on gitlab.com, on a runner that GitLab hosts.
    AnyPipeline,
    /// A key, or an identity outside of GitHub and gitlab.com, which only a policy can say is the builder's.
    Named,
}

/// slsa-github-generator, whose builders are used at a release and at nothing else (A218).
const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/**";
const GENERATOR_SAYS: &str =
    "https://github.com/slsa-framework/slsa-github-generator/blob/main/README.md#what-is-slsa-github-generator";
const DELEGATORS: [&str; 2] = [
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml@**",
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_lowperms-generic_slsa3.yml@**",
];

/// Every builder that is known; a pair that is not here is level 1 (SLSA verifying-artifacts.md, step 1). The ids of one row are whole texts, in which `*` stays inside of a path segment (A219).
pub const KNOWN_BUILDERS: [KnownBuilder; 8] = [
    KnownBuilder {
        name: "slsa-github-generator, containers",
        ids: &[
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@**",
        ],
        signer: KnownSigner::Itself { hosted: false },
        level: BuildLevel::Three,
        source: "https://slsa.dev/blog/2023/02/slsa-github-workflows-container-ga",
    },
    KnownBuilder {
        name: "slsa-github-generator, files",
        ids: &[
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@**",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@**",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_container-based_slsa3.yml@**",
        ],
        signer: KnownSigner::Itself { hosted: false },
        level: BuildLevel::Three,
        source: GENERATOR_SAYS,
    },
    KnownBuilder {
        name: "slsa-github-generator, delegated builders",
        ids: &[
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_nodejs_slsa3.yml@**",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_maven_slsa3.yml@**",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_gradle_slsa3.yml@**",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_bazel_slsa3.yml@**",
        ],
        signer: KnownSigner::Delegators,
        level: BuildLevel::Three,
        source: GENERATOR_SAYS,
    },
    KnownBuilder {
        name: "GitHub artifact attestations",
        ids: &["https://github.com/*/*/.github/workflows/*@**"],
        signer: KnownSigner::Itself { hosted: true },
        level: BuildLevel::Two,
        source: "https://docs.github.com/en/actions/concepts/security/artifact-attestations#slsa-levels-for-artifact-attestations",
    },
    KnownBuilder {
        name: "GitHub Actions runners (npm, the first artifact attestations)",
        ids: &["https://github.com/actions/runner", "https://github.com/actions/runner/github-hosted"],
        signer: KnownSigner::AnyWorkflow,
        level: BuildLevel::Two,
        source: "https://slsa.dev/blog/2026/05/mini-shai-hulud-what-slsa-can-and-cannot-do",
    },
    KnownBuilder {
        name: "GitLab CI/CD runners",
        ids: &["https://gitlab.com/-/runners/*", "https://gitlab.com/**/-/runners/*"],
        signer: KnownSigner::AnyPipeline,
        level: BuildLevel::Two,
        source: "https://docs.gitlab.com/ci/pipeline_security/slsa/",
    },
    KnownBuilder {
        name: "Google Cloud Build",
        ids: &[
            "https://cloudbuild.googleapis.com/GoogleHostedWorker",
            "https://cloudbuild.googleapis.com/GoogleHostedWorker@*",
        ],
        signer: KnownSigner::Named,
        level: BuildLevel::Three,
        source: "https://docs.cloud.google.com/build/docs/securing-builds/generate-validate-build-provenance",
    },
    KnownBuilder {
        name: "Tekton Chains",
        ids: &["https://tekton.dev/chains/v2"],
        signer: KnownSigner::Named,
        level: BuildLevel::Two,
        source: "https://opensource.googleblog.com/2023/03/getting-to-slsa-level-2-with-tekton-and-tekton-chains.html",
    },
];

/// The patterns of each row, compiled once.
static IDS: LazyLock<Vec<Vec<TextRule>>> =
    LazyLock::new(|| KNOWN_BUILDERS.iter().map(|known| known.ids.iter().map(|id| constant(id)).collect()).collect());
static OF_DELEGATORS: LazyLock<Vec<TextRule>> =
    LazyLock::new(|| DELEGATORS.iter().map(|name| constant(name)).collect());
static OF_GENERATOR: LazyLock<TextRule> = LazyLock::new(|| constant(GENERATOR));

fn constant(glob: &str) -> TextRule {
    TextRule::glob_ignoring_case(glob).expect("a constant glob compiles")
}

impl KnownBuilder {
    /// Returns the rows that an id is of.
    pub fn rows_of(id: &str) -> Vec<&'static Self> {
        let rows = KNOWN_BUILDERS.iter().zip(IDS.iter());
        rows.filter(|(_, ids)| ids.iter().any(|glob| glob.matches(id))).map(|(known, _)| known).collect()
    }
}

impl KnownSigner {
    /// Returns who it is, as a person reads it.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Itself { hosted: false } => "that very workflow",
            Self::Itself { hosted: true } => "that very workflow, on a runner that GitHub hosts",
            Self::Delegators => "the delegators of slsa-github-generator",
            Self::AnyWorkflow => "a GitHub workflow, on a runner that GitHub hosts",
            Self::AnyPipeline => "a pipeline on gitlab.com, on a runner that GitLab hosts",
            Self::Named => "the key or identity that the policy names for it",
        }
    }
}

/// Whether an identity in a certificate is one of the delegators, which sign for builders that they call.
pub fn is_delegator(identity: &str) -> bool {
    OF_DELEGATORS.iter().any(|name| name.matches(identity))
}

/// Whether an id or an identity is a workflow that is only ever used at a release.
pub fn is_of_generator(name: &str) -> bool {
    OF_GENERATOR.matches(name)
}

/// Whether a ref is a release: `refs/tags/vX.Y.Z`, without pre-release or build metadata, as slsa-verifier requires it.
pub fn is_release(reference: &str) -> bool {
    let Some(version) = reference.strip_prefix("refs/tags/v") else { return false };
    let parts: Vec<&str> = version.split('.').collect();
    let is_number = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 1 || !part.starts_with('0'))
    };
    parts.len() == 3 && parts.iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: &str =
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";

    fn names(id: &str) -> Vec<&'static str> {
        KnownBuilder::rows_of(id).iter().map(|known| known.name).collect()
    }

    #[test]
    fn a219_ids_are_compared_whole_and_by_segments() {
        assert_eq!(
            names(&format!("{CONTAINER}@refs/tags/v2.1.0")),
            ["slsa-github-generator, containers", "GitHub artifact attestations"]
        );
        for near in [
            "https://github.com/slsa-framework/slsa-github-generator-evil/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0",
            "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml.evil@refs/tags/v2.1.0",
        ] {
            assert_eq!(names(near), ["GitHub artifact attestations"], "{near}");
            assert!(!is_of_generator(near) || near.contains("slsa-github-generator/"), "{near}");
        }
        for stranger in [
            "https://github.com.evil.example/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0",
            "https://github.com/a/b/c/.github/workflows/x.yml@refs/heads/main",
            "https://github.com/actions/runner-evil",
            "https://github.com/actions/runner/github-hosted/",
            "https://tekton.dev/chains/v2/evil",
            "https://cloudbuild.googleapis.com/GoogleHostedWorkerEvil",
        ] {
            assert_eq!(names(stranger), Vec::<&str>::new(), "{stranger}");
        }
    }

    #[test]
    fn a218_a_release_is_a_tag_with_three_numbers() {
        assert!(is_release("refs/tags/v2.1.0"));
        for other in [
            "refs/heads/main",
            "refs/heads/v2.1.0",
            "refs/tags/v2",
            "refs/tags/v2.1",
            "refs/tags/v2.1.0-rc.1",
            "refs/tags/v2.1.0+build",
            "refs/tags/2.1.0",
            "refs/tags/v2.01.0",
            "v2.1.0",
            "",
        ] {
            assert!(!is_release(other), "{other}");
        }
    }

    #[test]
    fn every_row_says_where_its_level_is_said() {
        for known in &KNOWN_BUILDERS {
            assert!(known.source.starts_with("https://"), "{}", known.name);
        }
    }
}
