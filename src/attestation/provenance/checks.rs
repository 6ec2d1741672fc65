//! The checks of a provenance.

use crate::check::id::checks;

checks! {
    ProvenanceFormat "provenance-format" "The provenance is SLSA v0.2 or v1 and can be read."
    ProvenanceBuilder "provenance-builder" "The provenance's builder matches its signer."
    ProvenanceSource "provenance-source" "The provenance names the source repository that the certificate and the policy name."
    ProvenanceRef "provenance-ref" "The provenance names the git ref that the certificate names."
    ProvenanceCommit "provenance-commit" "The provenance names the commit that the certificate names."
    ProvenanceWorkflow "provenance-workflow" "The provenance names the workflow that the certificate names."
    ProvenanceRun "provenance-run" "The provenance names the run that the certificate names."
    ProvenanceEvent "provenance-event" "The provenance names the event that the certificate names."
    ProvenanceRunner "provenance-runner" "The provenance names the kind of runner that the certificate names."
    ProvenanceRepositoryId "provenance-repository-id" "The provenance names the numbers of repository and owner that the certificate names."
    ProvenanceBuildType "provenance-build-type" "The build type is one that the policy names, or one whose parameters are known."
    ProvenanceBuilderId "provenance-builder-id" "The builder is one that the policy names, at a release where it has releases."
    ProvenanceLevel "provenance-level" "Builder and signer together reach the required SLSA build level."
    ProvenanceExpectedSource "provenance-expected-source" "The build's source matches the policy."
    ProvenanceParameters "provenance-parameters" "The external parameters match the policy, and all of them are known."
    ProvenanceDependencies "provenance-dependencies" "The build's dependencies match the policy."
    ProvenanceAge "provenance-age" "The provenance was signed no longer ago than the policy allows."
    ProvenanceTrigger "provenance-trigger" "No event started the build that the policy denies."
    ProvenanceHostedRunner "provenance-hosted-runner" "The certificate says that a runner of the service ran the build."
    ProvenanceOthers "provenance-others" "No other provenance of an expected signer contradicts the ones that count."
}
