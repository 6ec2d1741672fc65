#!/usr/bin/env bash
# Says which bonafide the next step runs: the one that an earlier step made, or a release. A release is run only if GitHub's attestation
# says that the build workflow of the same repository built it from its tag, on a runner of GitHub.
set -euo pipefail

# refuse MESSAGE — ends the step
refuse() {
  printf 'error: %s\n' "$1" >&2
  exit 3
}

# hand_on PROGRAM — names the program to the next step
hand_on() {
  case $1 in *$'\n'*) refuse "the path of the program has several lines" ;; esac
  printf 'program=%s\n' "$1" >>"$GITHUB_OUTPUT"
}

program=${BONAFIDE_PROGRAM:-} version=${BONAFIDE_VERSION:-} repository=${BONAFIDE_REPOSITORY:-}
[ -z "$program" ] || [ -z "$version" ] || refuse "\`program\` and \`version\` are both given: one of them names the bonafide to run"
if [ -n "$program" ]; then
  [ -f "$program" ] && [ -x "$program" ] || refuse "\`program\` names no program: $program"
  hand_on "$(cd "$(dirname "$program")" && pwd)/$(basename "$program")"
  exit
fi
[ -n "$version" ] || refuse "neither \`version\` nor \`program\` is given: no release is published yet, so build bonafide in an earlier step and give its path as \`program\`"
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || refuse "\`version\` is no version: expected one such as 1.0.0"
[[ $repository =~ ^[0-9A-Za-z._-]+/[0-9A-Za-z._-]+$ ]] || refuse "the repository of this action is unknown, so no release of it can be found: use \`program\`"
command -v gh >/dev/null || refuse "gh is not installed, so a release can neither be had nor verified: install it, or use \`program\`"

case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
  Linux-X64) target=x86_64-unknown-linux-gnu ;;
  *) refuse "there is no release for this runner: use \`program\`" ;;
esac
archive=bonafide-$version-$target.tar.gz
folder=$(mktemp -d "${RUNNER_TEMP:?}/bonafide.XXXXXX")
gh release download "v$version" --repo "$repository" --pattern "$archive" --dir "$folder" ||
  refuse "the release v$version of $repository with $archive could not be had: use a published version, or \`program\`"
gh attestation verify "$folder/$archive" --repo "$repository" --signer-workflow "$repository/.github/workflows/build.yml" \
  --source-ref "refs/tags/v$version" --deny-self-hosted-runners ||
  refuse "$archive is not attested by the build workflow of $repository at v$version: it was not run"
# One file and nothing else, wherever the archive has it.
tar -xzf "$folder/$archive" -C "$folder" --strip-components=2 "./bonafide-$version-$target/bonafide"
[ -f "$folder/bonafide" ] && [ ! -L "$folder/bonafide" ] || refuse "$archive has no program in it"
hand_on "$folder/bonafide"
