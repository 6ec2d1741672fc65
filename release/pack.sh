#!/usr/bin/env bash
# Packs a program into what a release publishes: an archive, packages, SBOMs, an image, and their checksums.
#
# Usage: release/pack.sh PROGRAM TARGET FOLDER      FOLDER: new or empty
#
# The same program gives the same bytes: entries are sorted, owned by nobody, and as old as the commit. Needs GNU tar, gzip, jq and
# sha256sum, and cargo-sbom and nfpm, which it does not install.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() {
  printf 'release: %s\n' "$*" >&2
  exit 1
}
[ $# = 3 ] || fail "usage: release/pack.sh PROGRAM TARGET FOLDER"
program=$(realpath "$1") target=$2
mkdir -p "$3"
out=$(cd "$3" && pwd)
[ -z "$(ls -A "$out")" ] || fail "$out is not empty"
for tool in jq sha256sum cargo-sbom nfpm; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done

cd "$root"
version=$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
[ "$("$program" --version)" = "bonafide $version" ] || fail "$program is not version $version: $("$program" --version)"
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
name=bonafide-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# packed FOLDER — its content as a tar archive on standard output
packed() {
  tar --create --directory "$1" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode='u+rw,go+r-w,a+X' \
    --format=ustar .
}

# --- the archive
tree=$work/archive/$name
mkdir -p "$tree/man" "$tree/completions"
install -m 755 "$program" "$tree/bonafide"
cp LICENSE README.md CHANGELOG.md "$tree/"
"$program" man >"$tree/man/bonafide.1"
"$program" completions bash >"$tree/completions/bonafide.bash"
"$program" completions zsh >"$tree/completions/_bonafide"
"$program" completions fish >"$tree/completions/bonafide.fish"
"$program" completions powershell >"$tree/completions/bonafide.ps1"
release/licences.sh "$target" >"$tree/LICENCES-OF-DEPENDENCIES"
packed "$work/archive" | gzip --no-name --best >"$out/$name.tar.gz"

case $target in
  x86_64-*-linux-*) architecture=amd64 ;;
  aarch64-*-linux-*) architecture=arm64 ;;
  *) architecture='' ;;
esac
[ -z "$architecture" ] || release/packages.sh "$tree" "$version" $architecture "$epoch" "$out"

# --- the SBOMs, about the program: cargo-sbom writes them about the folder, with the time and a number of the run
digest=$(sha256sum "$program" | cut -d' ' -f1)
cargo sbom --output-format spdx_json_2_3 | jq --arg created "$created" --arg digest "$digest" --arg name "$name" --arg version "$version" '
  ("SPDXRef-Package-bonafide-" + $version) as $root
  | .creationInfo.created = $created | .name = $name
  | .documentNamespace = "https://spdx.org/spdxdocs/" + $name + "-" + $digest
  | del(.files)
  | .relationships = ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: $root}]
      + (.relationships | map(select(.relationshipType == "DEPENDS_ON")) | unique))
  | .packages |= (map(if .SPDXID == $root
      then . + {packageFileName: "bonafide", checksums: [{algorithm: "SHA256", checksumValue: $digest}]} else . end) | sort_by(.SPDXID))
  ' >"$out/$name.spdx.json"
cargo sbom --output-format cyclone_dx_json_1_6 | jq --arg created "$created" --arg digest "$digest" '
  .metadata.timestamp = $created | del(.metadata.authors)
  | .serialNumber = "urn:uuid:" + ($digest | "\(.[0:8])-\(.[8:12])-5\(.[13:16])-a\(.[17:20])-\(.[20:32])")
  | .metadata.component = (.metadata.component.components[0] | del(.author, .externalReferences)
      + {type: "application", hashes: [{alg: "SHA-256", content: $digest}]})
  | .components |= (map(select(.name != "bonafide")) | sort_by(.["bom-ref"])) 
  | .dependencies |= (map(.dependsOn |= (. // [] | sort)) | sort_by(.ref))
  ' >"$out/$name.cdx.json"

# --- the image: one layer with the program alone, run by nobody, as an OCI layout
if [ -n "$architecture" ]; then
  layout=$out/$name.oci
  blobs=$layout/blobs/sha256
  mkdir -p "$blobs" "$work/layer"
  install -m 755 "$program" "$work/layer/bonafide"
  packed "$work/layer" >"$work/layer.tar"
  gzip --no-name --best --stdout "$work/layer.tar" >"$work/layer.tar.gz"

  # blob FILE — stores it under its digest, and prints the descriptor without a media type
  blob() {
    local hex
    hex=$(sha256sum "$1" | cut -d' ' -f1)
    cp "$1" "$blobs/$hex"
    jq -nc --arg digest "sha256:$hex" --argjson size "$(stat -c %s "$1")" '{digest: $digest, size: $size}'
  }

  jq -nc --arg created "$created" --arg architecture "$architecture" --arg version "$version" \
    --arg layer "sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)" '{
      created: $created, architecture: $architecture, os: "linux",
      config: {
        Entrypoint: ["/bonafide"], User: "65532:65532", WorkingDir: "/",
        Labels: {"org.opencontainers.image.title": "bonafide", "org.opencontainers.image.version": $version,
                 "org.opencontainers.image.licenses": "Apache-2.0"}
      },
      rootfs: {type: "layers", diff_ids: [$layer]},
      history: [{created: $created, created_by: "release/pack.sh"}]
    }' >"$work/config.json"
  jq -nc --argjson config "$(blob "$work/config.json")" --argjson layer "$(blob "$work/layer.tar.gz")" '{
      schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: ({mediaType: "application/vnd.oci.image.config.v1+json"} + $config),
      layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar+gzip"} + $layer]
    }' >"$work/manifest.json"
  jq -nc --argjson manifest "$(blob "$work/manifest.json")" --arg version "$version" --arg architecture "$architecture" '{
      schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json"} + $manifest + {
        platform: {os: "linux", architecture: $architecture},
        annotations: {"org.opencontainers.image.ref.name": $version}
      }]
    }' >"$layout/index.json"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
fi

# --- the checksums, of files alone
(cd "$out" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
cat "$out/SHA256SUMS"
