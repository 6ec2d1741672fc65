#!/usr/bin/env bash
# Bonafide, cosign and the bare program on the same image from the same registry, in one run.
#
# Needs the interop lab (tests/interop/lab/README.md), hyperfine and GNU time. Signs fresh images with three and with six
# bundles, asks for signature, provenance and SBOM; one with fifty signatures, and asks for the signature; and prints the
# rows of benches/README.md.
#   benches/end-to-end.sh [RUNS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs=${1:-20}
for tool in hyperfine /usr/bin/time cargo; do
  command -v "$tool" >/dev/null || { echo "end-to-end: $tool is missing (apt-get install hyperfine time)" >&2; exit 1; }
done

cargo build --release --locked
bare=$(cargo bench --locked --no-run --bench bare 2>&1 | sed -n 's/.*Executable benches\/bare.rs (\(.*\))/\1/p')
bonafide=target/release/bonafide

tests/interop/lab/install.sh
tests/interop/lab/up.sh
# shellcheck source=../tests/interop/lab/env.sh
source tests/interop/lab/env.sh
# shellcheck source=../tests/interop/lab/sign.sh
source tests/interop/lab/sign.sh

now=$(date +%s)
workflow="--repo acme/shop --ref refs/tags/v1.0.0"
# fresh COUNT — pushes an image with COUNT times three bundles; sets repository and image
fresh() {
  repository=acme/bench-$1-$now
  image=$("$LAB_BIN/labtool" image "$LAB_REFERRERS_REGISTRY/$repository:v1.0.0")
  for _ in $(seq "$1"); do sign_all rekor2 "$workflow" "$image"; done
}
identity=https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0
issuer=https://token.actions.githubusercontent.com
root=$LAB_TRUST/trusted_root.json
signer="--certificate-identity $identity --certificate-oidc-issuer $issuer --trusted-root $root"

# commands HOST — sets the three commands that ask the same of the image at HOST
commands() {
  local name=$1/$repository
  ask_bonafide="$bonafide verify $name:v1.0.0 $signer"
  ask_bare="$bare $1 $repository v1.0.0 $root"
  ask_cosign="sh -c '$LAB_BIN/cosign verify $signer $name:v1.0.0 && \
    $LAB_BIN/cosign verify-attestation --type slsaprovenance1 $signer $name:v1.0.0 && \
    $LAB_BIN/cosign verify-attestation --type spdxjson $signer $name:v1.0.0'"
}

# signature_commands HOST — the same for the signature alone; the bare program verifies all there is in any case
signature_commands() {
  commands "$1"
  ask_bonafide="$ask_bonafide --require signature"
  ask_cosign="$LAB_BIN/cosign verify $signer $1/$repository:v1.0.0"
}

# behind DELAY — starts a proxy that delays each answer and counts the requests; sets proxy and proxy_log
behind() {
  proxy=127.0.0.1:$((LAB_PORT + 20)) proxy_log=$(mktemp)
  "$LAB_BIN/labtool" proxy "$proxy" "$LAB_REFERRERS_REGISTRY" "$1" >>"$proxy_log" &
  proxy_process=$!
  trap 'kill $proxy_process 2>/dev/null || true' EXIT
  until curl -sf -o /dev/null "http://$proxy/v2/"; do sleep 0.1; done
}

measure() { # measure RUNS — one row for each of the three commands
  local csv name command requests
  csv=$(mktemp)
  hyperfine --style none --warmup 2 --runs "$1" --export-csv "$csv" \
    -n bonafide "$ask_bonafide" -n bare "$ask_bare" -n cosign "$ask_cosign" >/dev/null
  for name in bonafide bare cosign; do
    case $name in bonafide) command=$ask_bonafide ;; bare) command=$ask_bare ;; cosign) command=$ask_cosign ;; esac
    : >"$proxy_log"
    peak=$(bash -c "/usr/bin/time -f %M $command 2>&1 >/dev/null | tail -n 1")
    requests=$(wc -l <"$proxy_log")
    awk -F, -v name=$name -v peak="$peak" -v requests="$requests" '$1 == name {
      printf "%-9s requests %3d  wall %7.1f ms  cpu %6.1f ms  peak %5.1f MiB\n", name, requests, $4 * 1000, ($5 + $6) * 1000, peak / 1024
    }' "$csv"
  done
}

# ask_behind DELAY TITLE COMMANDS RUNS — the rows of one image behind a proxy
ask_behind() {
  behind "$1"
  "$3" "$proxy"
  echo "=== $2, registry with the referrers API, +$1 before each answer"
  measure "$4"
  kill "$proxy_process"
  wait "$proxy_process" 2>/dev/null || true
}

repository=acme/bench-fifty-$now
image=$("$LAB_BIN/labtool" image "$LAB_REFERRERS_REGISTRY/$repository:v1.0.0")
for _ in $(seq 50); do sign rekor2 "$workflow" "$image"; done
ask_behind 50ms "fifty signatures" signature_commands 5
fresh 2
for delay in 0ms 50ms; do ask_behind $delay "six bundles" commands "$runs"; done
fresh 1
for delay in 0ms 50ms; do ask_behind $delay "three bundles" commands "$runs"; done
commands "$LAB_REFERRERS_REGISTRY"
proxy_log=$(mktemp)
echo "=== the same without the proxy between (requests not counted)"
measure "$runs"
