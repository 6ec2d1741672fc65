#!/usr/bin/env bash
# Installs what the lab is made of into $BONAFIDE_LAB/bin. What is there already is left alone, so a
# second call takes a second; a first one takes about ten minutes on two cores.
#
# Everything is pinned. Go checks each module against the checksum database. The versions are the newest
# that build with Go 1.26 (timestamp-authority from 2.1.4, rekor-tiles from 2.4.0 and rekor from 1.5.5
# ask for Go 1.27).
set -euo pipefail
# shellcheck source=tests/interop/lab/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# name in bin | package@version. rekor-tiles' program is called "posix", which says nothing.
tools='
cosign               github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
crane                github.com/google/go-containerregistry/cmd/crane@v0.22.1
registry             github.com/distribution/distribution/v3/cmd/registry@v3.1.2
fulcio               github.com/sigstore/fulcio@v1.8.8
timestamp-server     github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@v2.1.3
rekor-server-posix   github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0
rekor-server         github.com/sigstore/rekor/cmd/rekor-server@v1.5.4
trillian_log_server  github.com/google/trillian/cmd/trillian_log_server@v1.8.0
trillian_log_signer  github.com/google/trillian/cmd/trillian_log_signer@v1.8.0
createtree           github.com/google/trillian/cmd/createtree@v1.8.0
ct_server            github.com/google/certificate-transparency-go/trillian/ctfe/ct_server@v1.4.0
nfpm                 github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.48.0
'

command -v go >/dev/null || lab_fail "Go 1.26 is needed (https://go.dev/dl), and there is no 'go' in PATH"
# Never fetch another toolchain behind our back: a Go that is too old is an error to be seen.
export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
mkdir -p "$LAB_BIN" "$LAB_LOGS"

failed=()
while read -r name package; do
  [ -n "$name" ] || continue
  [ -x "$LAB_BIN/$name" ] && continue
  echo "installing $package"
  scratch=$(mktemp -d)
  if GOBIN=$scratch go install "$package" >"$LAB_LOGS/install-$name.log" 2>&1; then
    mv "$scratch"/* "$LAB_BIN/$name"
  else
    failed+=("$name")
    echo "lab: installing $package FAILED:" >&2
    tail -n 20 "$LAB_LOGS/install-$name.log" >&2
  fi
  rm -rf "$scratch"
done <<<"$tools"

# Our own tool is always built: it costs a second and its source may have changed.
if ! go build -C "$LAB_SOURCE/tools" -o "$LAB_BIN/labtool" . ; then
  failed+=(labtool)
fi

# Trillian, under the CT log and Rekor v1, keeps its trees in MariaDB; Rekor v1 wants Redis.
# The -core packages are the programs alone: no service that starts by itself, no data folder to clash with.
# Debian and Ubuntu put servers into sbin, which is not in everybody's PATH.
export PATH=$PATH:/usr/sbin
packages=()
command -v mariadbd >/dev/null && command -v mariadb >/dev/null || packages+=(mariadb-server-core mariadb-client-core)
command -v redis-server >/dev/null || packages+=(redis-server)
# The release is packed with it.
command -v jq >/dev/null || packages+=(jq)
# Completion is tried in the real shells.
for shell in zsh fish; do command -v "$shell" >/dev/null || packages+=("$shell"); done
if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]} with apt-get"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${packages[@]}"; } >"$LAB_LOGS/install-apt.log" 2>&1 </dev/null; then
    failed+=("${packages[@]}")
    echo "lab: apt-get FAILED:" >&2
    tail -n 20 "$LAB_LOGS/install-apt.log" >&2
  fi
fi

[ ${#failed[@]} -eq 0 ] || lab_fail "could not install: ${failed[*]} (logs in $LAB_LOGS)"
