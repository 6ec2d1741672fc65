# shellcheck shell=bash
# What a provenance says of its run against the certificate that the real Fulcio gave to that run: once the truth, in the form
# that GitHub's attest action writes, then one lie at a time. Sourced by run.sh.
# shellcheck disable=SC2154 # labtool, release, work: set by those who source this

# lie TITLE CHECK SED — attests a fresh image with a provenance that SED has edited; CHECK must refuse it
lie() {
  local title=$1 check=$2 truth
  # shellcheck disable=SC2086 # a list of words
  truth=$("$labtool" provenance $release)
  sed -E "$3" <<<"$truth" >"$work/predicate.json"
  if [ "$truth" = "$(cat "$work/predicate.json")" ]; then lab_fail "no lie: $3"; fi
  push "lie-$(printf %s "$title" | cksum | cut -d' ' -f1)"
  attest rekor1 "$release" slsaprovenance1 "$work/predicate.json" "$image"
  check "provenance: another $title" 0 1 "$check fail" "$image"
  says ", and the certificate says "
}

# Cosign compares nothing of what a provenance says: it verifies every one of them.
lies() {
  local registry=$LAB_REGISTRY shop=https://github.com/acme/shop donor
  echo "--- what a provenance says, $registry"
  ask_for_release
  kinds=provenance
  push truth
  attest_provenance rekor1 "$release" "$image"
  check "provenance: the truth" 0 0 - "$image"
  lie repository provenance-source "/\"repository\":/s|acme/shop|mallory/shop|"
  lie "source, a fork" provenance-source "/\"uri\":/s|acme/shop|fork/shop|"
  lie ref provenance-ref "/\"(ref|uri)\":/s|refs/tags/v1.0.0|refs/heads/main|"
  lie commit provenance-commit "/\"gitCommit\":/s|: \"[0-9a-f]+|: \"0000000000000000000000000000000000000001|"
  lie workflow provenance-workflow "/\"path\":/s|release|nightly|"
  lie builder provenance-builder \
    "/\"id\": \"https/s|$shop/.github/workflows/release.yml|https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml|"
  lie event provenance-event "/\"event_name\":/s|push|release|"
  lie runner provenance-runner "/\"runner_environment\":/s|github-hosted|self-hosted|"
  lie run provenance-run "/\"invocationId\":/s|runs/[0-9]+|runs/1|"
  lie repository-id provenance-repository-id "/\"repository_id\":/s|: \"[0-9]+|: \"1|"
  push donor
  donor=$image
  attest_provenance legacy "$release" "$donor"
  push thief
  "$LAB_BIN/crane" copy "${donor%@*}:sha256-${donor#*@sha256:}.att" "${image%@*}:sha256-${image#*@sha256:}.att" \
    >>"$LAB_LOGS/crane.log" 2>&1
  check "provenance: another subject" 1 1 "subject-digest fail" "$image"
}
