# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source this
# Where the lab lives and on which ports. Sourced by every script here.
#
# The lab is a private Sigstore on loopback: Fulcio with a CT log, Rekor v1 and v2, a timestamp
# authority, an OIDC issuer, and two registries, of which only one has the referrers API.

export BONAFIDE_LAB=${BONAFIDE_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/bonafide-lab}
LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_BIN=$BONAFIDE_LAB/bin
LAB_KEYS=$BONAFIDE_LAB/keys
LAB_DATA=$BONAFIDE_LAB/data
LAB_RUN=$BONAFIDE_LAB/run
LAB_LOGS=$BONAFIDE_LAB/logs
LAB_TRUST=$BONAFIDE_LAB/trust

# BONAFIDE_LAB_PORT moves all ports at once, should 15000 to 15013 be taken.
LAB_PORT=${BONAFIDE_LAB_PORT:-15000}
LAB_REKOR1_PORT=$((LAB_PORT + 0))
LAB_REGISTRY_PORT=$((LAB_PORT + 1))           # distribution: no referrers API
LAB_REFERRERS_REGISTRY_PORT=$((LAB_PORT + 2)) # go-containerregistry: with referrers API
LAB_REKOR2_PORT=$((LAB_PORT + 3))
LAB_TSA_PORT=$((LAB_PORT + 4))
LAB_FULCIO_PORT=$((LAB_PORT + 5))
LAB_OIDC_PROXY_PORT=$((LAB_PORT + 6))
LAB_OIDC_TLS_PORT=$((LAB_PORT + 7))
LAB_CT_PORT=$((LAB_PORT + 8))
LAB_TRILLIAN_PORT=$((LAB_PORT + 9))
LAB_SIGNER_PORT=$((LAB_PORT + 10))
LAB_REKOR2_GRPC_PORT=$((LAB_PORT + 11))
LAB_FULCIO_GRPC_PORT=$((LAB_PORT + 12))
LAB_REDIS_PORT=$((LAB_PORT + 13))
LAB_METRICS_PORT=$((LAB_PORT + 14)) # and the one after it

LAB_REGISTRY=127.0.0.1:$LAB_REGISTRY_PORT
LAB_REFERRERS_REGISTRY=127.0.0.1:$LAB_REFERRERS_REGISTRY_PORT

# Nobody's registry credentials, proxies or cosign settings have a say in the lab.
export DOCKER_CONFIG=$BONAFIDE_LAB/docker-config
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy "${!COSIGN_@}" "${!SIGSTORE_@}"

lab_fail() {
  echo "lab: $*" >&2
  exit 1
}

# A server is known by its process id together with the time the kernel started it (fields 1 and 22 of
# /proc/PID/stat): an id alone may be another program's by now.
lab_process() { sed -E 's/^([0-9]+) \(.*\) /\1 comm /' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1,22; }

# lab_alive NAME — whether the server that was started under this name still runs
lab_alive() {
  local noted
  noted=$(cat "$LAB_RUN/$1.pid" 2>/dev/null) || return 1
  [ "$noted" = "$(lab_process "${noted% *}")" ]
}
