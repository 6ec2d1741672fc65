#!/usr/bin/env bash
# Prints the policy that every image of a release must satisfy.
#
# Usage: release/policy.sh OWNER/NAME IMAGE [TRUSTED-ROOT]      OWNER/NAME: the repository on GitHub; IMAGE: without a tag
#
# The name of the repository is not written down, so that a fork releases under its own.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: release/policy.sh OWNER/NAME IMAGE [TRUSTED-ROOT]" >&2 && exit 2; }
case $1$2${3:-} in *[!a-zA-Z0-9._/:@-]*) echo "release: unusual letters in: $*" >&2 && exit 2 ;; esac
repository=$1 image=$2 trust=${3:-public-good}
build=$repository/.github/workflows/build.yml@refs/tags/v*
cat <<POLICY
version: 1
# What builds runs in a workflow of its own, which no step of the release can reach.
builders:
  - id: https://github.com/$build
    signer: {github: {repository: $repository, reusable-workflow: $build}}
    level: 3
images:
  - match: $image
    trust: [$trust]
    signers: [{github: {repository: $repository, reusable-workflow: $build, ref: refs/tags/v*}}]
    require:
      signature: {log: proof}
      provenance:
        level: 3
        source: {repository: https://github.com/$repository, tag: "v*"}
        hosted-runners-only: true
      sbom: {formats: [spdx-2.3], min-packages: 100, required-packages: pkg:cargo/sigstore-verify}
POLICY
