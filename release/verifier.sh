#!/usr/bin/env bash
# Fetches the earlier release that verifies the new one, and prints the path of its program.
#
# Usage: release/verifier.sh DRAFT      DRAFT: the folder of the new release
#
# The file `verifier` beside this one names that release: its tag, and the SHA-256 of its archive, which a person wrote down when it was
# published. While it says `first`, there is no earlier release, and the new program itself is taken; the log says so.
set -euo pipefail
draft=$1
read -r tag checksum <"$(dirname "${BASH_SOURCE[0]}")/verifier"
work=$(mktemp -d)
if [ "$tag" = first ]; then
  echo "!!! there is no earlier release: the new one is verified by itself" >&2
  archive=$(echo "$draft"/*.tar.gz)
else
  gh release download "$tag" --pattern '*-x86_64-unknown-linux-gnu.tar.gz' --dir "$work" >&2
  archive=$(echo "$work"/*.tar.gz)
  printf '%s  %s\n' "$checksum" "$archive" | sha256sum --check --strict >&2
fi
tar --extract --gzip --file "$archive" --directory "$work" --strip-components 2 --no-same-owner --wildcards '*/bonafide'
printf '%s\n' "$work/bonafide"
