#!/usr/bin/env bash
# Prints the Homebrew formula of a release.
#
# Usage: release/formula.sh OWNER/NAME FOLDER      FOLDER: a release that verify.sh has verified
#
# The checksums are those of SHA256SUMS. A system without an archive in the release is left out.
set -euo pipefail
[ $# = 2 ] || { echo "usage: release/formula.sh OWNER/NAME FOLDER" >&2 && exit 2; }
case $1 in *[!a-zA-Z0-9._/-]*) echo "release: unusual letters in: $1" >&2 && exit 2 ;; esac
repository=$1
archives=$(sed -n 's/^\([0-9a-f]\{64\}\) [ *]\(bonafide-\([0-9][0-9A-Za-z.+-]*\)-\(x86_64\|aarch64\)-\(.*\)\.tar\.gz\)$/\1 \2 \3 \4 \5/p' "$2/SHA256SUMS")
[ -n "$archives" ] || { echo "release: there is no archive in $2" >&2 && exit 1; }
read -r _ _ version _ <<<"$archives"

cat <<FORMULA
class Bonafide < Formula
  desc "Verifies container images: signatures, provenance and SBOMs"
  homepage "https://github.com/$repository"
  version "$version"
  license "Apache-2.0"
FORMULA
for system in linux:-linux- macos:-apple-; do
  here=$(grep -e "${system#*:}" <<<"$archives" || true)
  [ -n "$here" ] || continue
  printf '\n  on_%s do\n' "${system%:*}"
  while read -r checksum name _ machine _; do
    case $machine in x86_64) machine=intel ;; aarch64) machine=arm ;; esac
    cat <<FORMULA
    on_$machine do
      url "https://github.com/$repository/releases/download/v$version/$name"
      sha256 "$checksum"
    end
FORMULA
  done <<<"$here"
  echo "  end"
done
cat <<'FORMULA'

  def install
    bin.install "bonafide"
    man1.install "man/bonafide.1"
    bash_completion.install "completions/bonafide.bash" => "bonafide"
    zsh_completion.install "completions/_bonafide"
    fish_completion.install "completions/bonafide.fish"
  end

  test do
    assert_equal "bonafide #{version}", shell_output("#{bin}/bonafide --version").strip
  end
end
FORMULA
