#!/usr/bin/env bash
# Has an earlier release of Bonafide verify every file and the image of a new one. Nothing may be published before this passes.
#
# Usage: release/verify.sh PROGRAM FOLDER OWNER/NAME TAG IMAGE@DIGEST [TRUSTED-ROOT]
#
# FOLDER holds what pack.sh wrote, for one target or several, each file with its bundle beside it (FILE.sigstore.json). A file that
# SHA256SUMS does not list, or that has no bundle, is refused.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
refused() {
  printf 'release: refused: %s\n' "$*" >&2
  exit 1
}
[ $# -ge 5 ] || { echo "usage: release/verify.sh PROGRAM FOLDER OWNER/NAME TAG IMAGE@DIGEST [TRUSTED-ROOT]" >&2 && exit 2; }
program=$1 folder=$2 repository=$3 tag=$4 image=$5 root=${6:-}
signer=(
  --certificate-identity "https://github.com/$repository/.github/workflows/build.yml@refs/tags/$tag"
  --certificate-oidc-issuer https://token.actions.githubusercontent.com
)
if [ -n "$root" ]; then signer+=(--trusted-root "$root"); fi

listed=$(cd "$folder" && sed 's/^[0-9a-f]\{64\} [ *]//' SHA256SUMS)
found=$(cd "$folder" && find . -maxdepth 1 -type f ! -name '*.sigstore.json' ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort)
[ -n "$found" ] || refused "there are no files"
[ "$(LC_ALL=C sort <<<"$listed")" = "$found" ] || refused "SHA256SUMS lists other files than there are"
(cd "$folder" && sha256sum --check --strict --quiet SHA256SUMS) || refused "a file is not the one that SHA256SUMS lists"
while read -r file; do
  [ -f "$folder/$file.sigstore.json" ] || refused "$file is not signed"
  "$program" bundle "$folder/$file" --bundle "$folder/$file.sigstore.json" "${signer[@]}" || refused "$file"
done <<<"$found"$'\n'SHA256SUMS

policy=$(mktemp)
trap 'rm -f "$policy"' EXIT
"$here/policy.sh" "$repository" "${image%@*}" ${root:+"$root"} >"$policy"
"$program" verify --policy "$policy" "$image" || refused "$image"
