#!/usr/bin/env bash
# Writes into $BONAFIDE_LAB/trust the trusted root of the instance, and signing configs.
set -euo pipefail
# shellcheck source=tests/interop/lab/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$LAB_TRUST"

# From when the keys are valid, taken from the folder of keys itself, so that the root stays the same.
start=$(date -u -r "$LAB_KEYS/done" +%Y-%m-%dT00:00:00Z)

# The trusted root has names, the signing configs have addresses: a Rekor v2 checkpoint begins with the
# log's name, and verifiers compare it with the host name in the trusted root.
"$LAB_BIN/cosign" trusted-root create --out "$LAB_TRUST/trusted_root.json" \
  --fulcio="url=https://fulcio.lab.example,certificate-chain=$LAB_KEYS/fulcio-chain.pem,start-time=$start" \
  --ctfe="url=https://ct.lab.example/ct,public-key=$LAB_KEYS/ct.pub,start-time=$start" \
  --rekor="url=https://rekor1.lab.example,public-key=$LAB_KEYS/rekor1.pub,start-time=$start" \
  --rekor="url=https://rekor2.lab.example,public-key=$LAB_KEYS/rekor2.pub,start-time=$start,origin=rekor2.lab.example" \
  --tsa="url=https://tsa.lab.example/api/v1/timestamp,certificate-chain=$LAB_KEYS/tsa-chain.pem,start-time=$start"

operated="start-time=$start,operator=lab.example"
signing_config() {
  local out=$1
  shift
  "$LAB_BIN/cosign" signing-config create --out "$LAB_TRUST/$out" \
    --fulcio="url=http://127.0.0.1:$LAB_FULCIO_PORT,api-version=1,$operated" \
    --oidc-provider="url=https://accounts.lab.example,api-version=1,$operated" "$@"
}
signing_config signing_config.rekor2.json \
  --rekor="url=http://127.0.0.1:$LAB_REKOR2_PORT,api-version=2,$operated" --rekor-config=ANY \
  --tsa="url=http://127.0.0.1:$LAB_TSA_PORT/api/v1/timestamp,api-version=1,$operated" --tsa-config=ANY
signing_config signing_config.rekor1.json \
  --rekor="url=http://127.0.0.1:$LAB_REKOR1_PORT,api-version=1,$operated" --rekor-config=ANY
# Both: the entry of Rekor v1, and a timestamp beside it.
signing_config signing_config.rekor1-stamped.json \
  --rekor="url=http://127.0.0.1:$LAB_REKOR1_PORT,api-version=1,$operated" --rekor-config=ANY \
  --tsa="url=http://127.0.0.1:$LAB_TSA_PORT/api/v1/timestamp,api-version=1,$operated" --tsa-config=ANY
# No log at all, which only a key can do without.
signing_config signing_config.unlogged.json
