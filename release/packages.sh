#!/usr/bin/env bash
# Writes the packages of a release for Debian, Fedora and Alpine, of what an archive holds.
#
# Usage: release/packages.sh TREE VERSION ARCHITECTURE EPOCH FOLDER      TREE: an unpacked archive; ARCHITECTURE: amd64 or arm64
#
# The program is static: nothing is depended on, and no script runs when a package is installed or removed. The same tree gives the same
# bytes. Needs nfpm, which it does not install.
set -euo pipefail
[ $# = 5 ] || { echo "usage: release/packages.sh TREE VERSION ARCHITECTURE EPOCH FOLDER" >&2 && exit 2; }
tree=$1 version=$2 architecture=$3 epoch=$4 out=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gzip --no-name --best --stdout "$tree/man/bonafide.1" >"$work/bonafide.1.gz"
export SOURCE_DATE_EPOCH=$epoch
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

# file MODE SOURCE DESTINATION — one file of the package
file() {
  printf '  - {src: "%s", dst: "%s", file_info: {mode: %s, owner: root, group: root, mtime: "%s"}}\n' "$2" "$3" "$1" "$created"
}

for format in deb rpm apk; do
  # Each has its own folder for the completions of zsh.
  zsh=/usr/share/zsh/site-functions/_bonafide
  [ $format != deb ] || zsh=/usr/share/zsh/vendor-completions/_bonafide
  {
    cat <<CONFIGURATION
name: bonafide
version: "$version"
arch: $architecture
platform: linux
section: utils
priority: optional
maintainer: The Bonafide authors
license: Apache-2.0
description: |-
  Verifies that a container image is what its maker says it is:
  Cosign signatures, SLSA provenance and SBOMs, in one run.
mtime: "$created"
rpm: {buildhost: bonafide, summary: Verifies container images, compression: "gzip:9"}
deb: {compression: gzip}
contents:
CONFIGURATION
    file 0755 "$tree/bonafide" /usr/bin/bonafide
    file 0644 "$work/bonafide.1.gz" /usr/share/man/man1/bonafide.1.gz
    file 0644 "$tree/completions/bonafide.bash" /usr/share/bash-completion/completions/bonafide
    file 0644 "$tree/completions/_bonafide" $zsh
    file 0644 "$tree/completions/bonafide.fish" /usr/share/fish/vendor_completions.d/bonafide.fish
    file 0644 "$tree/LICENSE" /usr/share/doc/bonafide/copyright
    for document in README.md CHANGELOG.md LICENCES-OF-DEPENDENCIES; do
      file 0644 "$tree/$document" /usr/share/doc/bonafide/$document
    done
  } >"$work/nfpm.yaml"
  nfpm package --config "$work/nfpm.yaml" --packager $format --target "$out/" >/dev/null
done
