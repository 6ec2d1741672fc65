#!/usr/bin/env bash
# Verifies images in a step of GitHub Actions: annotations, summary and outputs, and a SARIF report for the next step.
set -euo pipefail

# Each line that is not empty is one argument. They end up in `lines`.
read_lines() {
  local line
  lines=()
  while IFS= read -r line; do
    line=${line%$'\r'}
    [ -z "$line" ] || lines+=("$line")
  done <<<"$1"
}

read_lines "${BONAFIDE_ARGUMENTS:-}"
arguments=(${lines[@]+"${lines[@]}"})
[ -z "${BONAFIDE_POLICY:-}" ] || arguments+=("--policy=$BONAFIDE_POLICY")
read_lines "${BONAFIDE_IMAGES:-}"
if [ ${#lines[@]} = 0 ]; then
  echo "error: no image is given: \`images\` has one on each line" >&2
  exit 2
fi

# A new folder: the report of another step is never taken for that of this one.
sarif=$(mktemp -d "${RUNNER_TEMP:?}/bonafide.XXXXXX")/bonafide.sarif
code=0
"${BONAFIDE_PROGRAM:?}" verify --output github --output "sarif=$sarif" ${arguments[@]+"${arguments[@]}"} \
  -- "${lines[@]}" </dev/null || code=$?
[ ! -f "$sarif" ] || printf 'sarif=%s\n' "$sarif" >>"$GITHUB_OUTPUT"
exit "$code"
