#!/usr/bin/env bash
# Prints the licences of everything that the program is made of: each crate with its licence, then each text once, with the crates
# that it came with.
#
# Usage: release/licences.sh TARGET
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
declare -A licence folder text_of crates_of
while IFS=$'\t' read -r crate says manifest; do
  licence[$crate]=$says folder[$crate]=$(dirname "$manifest")
done < <(cargo metadata --locked --format-version 1 --filter-platform "$1" |
  jq -r '.packages[] | [.name + " " + .version, (.license // "see the text"), .manifest_path] | @tsv')
mapfile -t crates < <(cargo tree --locked --target "$1" --edges normal --prefix none --format '{p}' |
  sed 's/ (.*//; s/ v/ /' | LC_ALL=C sort -u)

shopt -s nullglob nocaseglob
order=()
for crate in "${crates[@]}"; do
  printf '%s: %s\n' "$crate" "${licence[$crate]}"
  for text in "${folder[$crate]}"/{LICEN[CS]E,COPYING,NOTICE,COPYRIGHT}*; do
    [ -f "$text" ] || continue
    hash=$(sha256sum <"$text")
    if [ -z "${text_of[$hash]:-}" ]; then order+=("$hash") text_of[$hash]=$text; fi
    crates_of[$hash]+="${crates_of[$hash]:+, }$crate"
  done
done
for hash in "${order[@]}"; do
  printf '\n=== %s\n\n' "${crates_of[$hash]}"
  cat "${text_of[$hash]}"
done
