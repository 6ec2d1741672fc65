#!/usr/bin/env bash
# Bonafide and cosign on an attested SBOM of each size, from a registry on loopback, in one run.
#
# Needs the interop lab (tests/interop/lab/README.md), hyperfine and GNU time. Writes SPDX documents, attests each to an image of
# its own with the real cosign (a bundle, logged by Rekor v2), and prints the rows of benches/README.md.
#   benches/sbom.sh [MEGABYTES…]
# RUNNER='chrt -f 1' in the environment runs both programs so; RUNS and COSIGN_RUNS say how often (7 and 2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sizes=("${@:-1}")
[ $# -gt 0 ] || sizes=(1 5 10 60 100)
for tool in hyperfine /usr/bin/time cargo; do
  command -v "$tool" >/dev/null || { echo "sbom: $tool is missing (apt-get install hyperfine time)" >&2; exit 1; }
done

# env.sh leaves nothing of COSIGN_ in the environment.
runs_of_bonafide=${RUNS:-7} runs_of_cosign=${COSIGN_RUNS:-2} runner=${RUNNER:-}
bonafide=${BONAFIDE:-target/release/bonafide}
[ -n "${BONAFIDE:-}" ] || cargo build --release --locked

tests/interop/lab/install.sh
tests/interop/lab/up.sh
# shellcheck source=../tests/interop/lab/env.sh
source tests/interop/lab/env.sh
# shellcheck source=../tests/interop/lab/sign.sh
source tests/interop/lab/sign.sh
# cosign reads no attachment larger than 128 MiB if it is not told to.
export COSIGN_MAX_ATTACHMENT_SIZE=512MB

now=$(date +%s)
workflow="--repo acme/shop --ref refs/tags/v1.0.0"
identity=https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0
issuer=https://token.actions.githubusercontent.com
signer="--certificate-identity $identity --certificate-oidc-issuer $issuer --trusted-root $LAB_TRUST/trusted_root.json"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# spdx MEGABYTES — an SPDX document as syft writes it for npm packages, some 1,200 bytes a package
spdx() {
  awk -v bytes="$1"000000 'BEGIN {
    printf "{\"spdxVersion\":\"SPDX-2.3\",\"dataLicense\":\"CC0-1.0\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"name\":\"shop\","
    printf "\"documentNamespace\":\"https://acme.example/shop\",\"creationInfo\":{\"created\":\"2026-03-01T12:00:00Z\","
    printf "\"creators\":[\"Tool: syft-1.0.0\"]},\"documentDescribes\":[\"SPDXRef-Package-0\"],\"packages\":["
    count = int(bytes / 1200)
    for (n = 0; n < count; n++) {
      v = "1." n % 97 "." n % 11
      printf "%s{\"SPDXID\":\"SPDXRef-Package-%d\",\"name\":\"package-%d\",\"versionInfo\":\"%s\",", n ? "," : "", n, n, v
      printf "\"supplier\":\"Organization: Somebody %d\",\"originator\":\"Person: Someone (someone@example.com)\",", n % 1000
      printf "\"downloadLocation\":\"https://registry.npmjs.org/package-%d/-/package-%d-%s.tgz\",\"filesAnalyzed\":false,", n, n, v
      printf "\"homepage\":\"https://github.com/somebody/package-%d#readme\",\"sourceInfo\":\"acquired package info from installed node module manifest file: /usr/lib/node_modules/package-%d/package.json\",", n, n
      printf "\"checksums\":[{\"algorithm\":\"SHA256\",\"checksumValue\":\"%064x\"}],", n
      printf "\"licenseConcluded\":\"NOASSERTION\",\"licenseDeclared\":\"MIT\",\"copyrightText\":\"NOASSERTION\","
      printf "\"externalRefs\":[{\"referenceCategory\":\"SECURITY\",\"referenceType\":\"cpe23Type\",\"referenceLocator\":\"cpe:2.3:a:package-%d:package-%d:%s:*:*:*:*:*:*:*\"},", n, n, v
      printf "{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:npm/package-%d@%s\"}]}", n, v
    }
    printf "],\"relationships\":["
    for (n = 0; n < count; n++)
      printf "%s{\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relatedSpdxElement\":\"SPDXRef-Package-%d\",\"relationshipType\":\"%s\"}", n ? "," : "", n, n ? "CONTAINS" : "DESCRIBES"
    printf "]}"
  }'
}

# peak COMMAND… — its greatest resident set in KiB
peak() { /usr/bin/time -f %M "$@" 2>&1 >/dev/null | tail -n 1; }

printf '%-8s %10s %8s  %-8s %9s %9s %9s %6s\n' SPDX bundle packages program wall cpu peak ratio
for size in "${sizes[@]}"; do
  repository=acme/sbom-$size-$now
  image=$("$LAB_BIN/labtool" image "$LAB_REFERRERS_REGISTRY/$repository:v1.0.0")
  spdx "$size" >"$scratch/sbom.json"
  run_cosign attest rekor2 "$workflow" --type spdxjson --predicate "$scratch/sbom.json" "$image"
  name=$LAB_REFERRERS_REGISTRY/$repository:v1.0.0
  ask_bonafide="$runner $bonafide verify $name $signer --require sbom"
  ask_cosign="$runner $LAB_BIN/cosign verify-attestation --type spdxjson $signer $name"
  $ask_bonafide --output json >"$scratch/report.json"
  bundle=$(curl -s "http://$LAB_REFERRERS_REGISTRY/v2/$repository/manifests/$(curl -s "http://$LAB_REFERRERS_REGISTRY/v2/$repository/referrers/${image#*@}" |
    grep -o '"digest":"[^"]*"' | head -n 1 | cut -d'"' -f4)" | grep -o '"layers":\[{[^]]*' | grep -o '"size":[0-9]*' | cut -d: -f2)
  packages=$(grep -o '"packages": *[0-9]*' "$scratch/report.json" | head -n 1 | tr -dc 0-9)
  csv=$scratch/times.csv
  for program in bonafide cosign; do
    case $program in bonafide) command=$ask_bonafide runs=$runs_of_bonafide ;; cosign) command=$ask_cosign runs=$runs_of_cosign ;; esac
    [ "$runs" -gt 0 ] || continue
    hyperfine --style none --warmup 1 --runs "$runs" --output null --export-csv "$csv" "$command" >/dev/null
    # shellcheck disable=SC2086 # a list of words
    kib=$(peak $command)
    tail -n 1 "$csv" | awk -F, -v size="$size" -v bundle="$bundle" -v packages="$packages" -v program=$program -v kib="$kib" '{
      printf "%-8s %10d %8d  %-8s %6.0f ms %6.0f ms %5.0f MiB %6.2f\n", size " MB", bundle, packages, program, $4 * 1000, ($5 + $6) * 1000, kib / 1024, kib * 1024 / bundle }'
  done
done
