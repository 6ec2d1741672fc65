#!/usr/bin/env bash
# Asks two other verifiers about the bundles that Bonafide is asked about, and compares: PyPI's `sigstore` and npm's
# `@sigstore/verify`, which share no code with it. Needs Python 3.10 with venv, Node 20, and the network once.
#
# Usage: tests/oracle/run.sh       BONAFIDE_CORPORA=FOLDER for the bundles of other projects beside our own
#                                  BONAFIDE=path/to/bonafide to test another binary than target/release
#
# Exit code 1: there is a difference that differences.txt does not explain. 2: an oracle could not be installed, and
# nothing was compared.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export BONAFIDE=${BONAFIDE:-${CARGO_TARGET_DIR:-$root/target}/release/bonafide}
[ -x "$BONAFIDE" ] || { echo "oracle: there is no program $BONAFIDE" >&2; exit 2; }
home=${XDG_CACHE_HOME:-$HOME/.cache}/bonafide-oracle
mkdir -p "$home"

if ! { [ -x "$home/venv/bin/python" ] || python3 -m venv "$home/venv"; } ||
  ! "$home/venv/bin/pip" install --quiet --disable-pip-version-check sigstore==4.5.1; then
  echo "oracle: PyPI's sigstore could not be installed: NOTHING was compared" >&2
  exit 2
fi
if ! npm install --silent --no-fund --no-audit --prefix "$home" @sigstore/verify@3.1.1 @sigstore/bundle@4.0.0 \
  @sigstore/protobuf-specs@0.5.2 >/dev/null; then
  echo "oracle: npm's @sigstore/verify could not be installed: NOTHING was compared" >&2
  exit 2
fi
export NODE_PATH=$home/node_modules
exec "$home/venv/bin/python" "$here/compare.py" "$root"
