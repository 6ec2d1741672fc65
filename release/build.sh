#!/usr/bin/env bash
# Builds the program of a release, and prints where it is.
#
# Usage: release/build.sh [TARGET]      TARGET: of rustc, this machine's by default
#
# Two builds of one commit give the same bytes, whatever folder and day they are made on: no path of the machine and no time gets
# into the program. The compiler has to be the same: build.yml names its version.
#
# The program holds the list of the crates that it is made of (cargo-auditable, which has to be installed): `cargo audit bin`, `trivy`
# and `grype` read it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
cargo_home=${CARGO_HOME:-$HOME/.cargo}

flags=(
  --remap-path-prefix "$root=/bonafide"
  --remap-path-prefix "$cargo_home=/cargo"
  --remap-path-prefix "$(rustc --print sysroot)=/rust"
  # A panic ends the program, so nothing ever walks the stack.
  -C force-unwind-tables=no
)
case $target in
  # Static, so that one program runs on every Linux and in an image that holds nothing else.
  # What starts a static program knows the short form of the addresses that are set then; it takes a megabyte less.
  *-linux-*) flags+=(-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs) ;;
esac
RUSTFLAGS=$(printf '%s ' "${flags[@]}")
# aws-lc is C, and names its files in its assertions.
CFLAGS="${CFLAGS:-} -ffile-prefix-map=$root=/bonafide -ffile-prefix-map=$cargo_home=/cargo"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export RUSTFLAGS CFLAGS SOURCE_DATE_EPOCH

cargo auditable build --profile dist --locked --target "$target" --bin bonafide >&2
extension=
case $target in *-windows-*) extension=.exe ;; esac
printf '%s\n' "${CARGO_TARGET_DIR:-$root/target}/$target/dist/bonafide$extension"
