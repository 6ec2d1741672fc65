#!/usr/bin/env bash
# Starts the lab on loopback and writes its trust material. What runs already is left alone.
set -euo pipefail
# shellcheck source=tests/interop/lab/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
export PATH=$PATH:/usr/sbin

mkdir -p "$LAB_RUN" "$LAB_LOGS" "$LAB_DATA" "$DOCKER_CONFIG"
"$LAB_BIN/labtool" keys "$LAB_KEYS"

# start NAME COMMAND… — in the background, known by run/NAME.pid, its output in logs/NAME.log
start() {
  local name=$1
  shift
  if lab_alive "$name"; then return; fi
  # setsid: the lab outlives the terminal and whoever called this script.
  setsid "$@" >>"$LAB_LOGS/$name.log" 2>&1 </dev/null &
  lab_process $! >"$LAB_RUN/$name.pid"
}

# await NAME COMMAND… — until the command succeeds, or the server has died, or 60 s have passed
await() {
  local name=$1
  shift
  for _ in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return; fi
    if ! lab_alive "$name"; then break; fi
    sleep 0.2
  done
  tail -n 15 "$LAB_LOGS/$name.log" >&2
  lab_fail "$name did not come up; see $LAB_LOGS/$name.log"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- MariaDB, on a socket only. Trillian keeps the trees of the CT log and of Rekor v1 in it.
socket=$LAB_RUN/db.sock
[ ${#socket} -lt 100 ] || lab_fail "BONAFIDE_LAB is too long a path for a Unix socket: $BONAFIDE_LAB"
sql() { mariadb --no-defaults --socket="$socket" --user=root "$@"; }
if [ ! -d "$LAB_DATA/mariadb/mysql" ]; then
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$LAB_DATA/mariadb" --skip-test-db \
    --auth-root-authentication-method=normal >"$LAB_LOGS/mariadb-install.log" 2>&1 ||
    lab_fail "mariadb-install-db failed; see $LAB_LOGS/mariadb-install.log"
fi
start mariadb mariadbd --no-defaults --user="$(id -un)" --datadir="$LAB_DATA/mariadb" --skip-networking \
  --socket="$socket" --pid-file="$LAB_DATA/mariadbd.pid" --max-allowed-packet=64M --innodb-flush-log-at-trx-commit=2
await mariadb sql -e 'select 1'
if ! sql -e 'select 1 from trillian.Trees limit 1' >/dev/null 2>&1; then
  # The schema comes with Trillian's module, which `go install` has fetched.
  (cd / && GOFLAGS=-mod=mod go mod download github.com/google/trillian@v1.8.0)
  schema=$(cd / && go list -m -f '{{.Dir}}' github.com/google/trillian@v1.8.0)/storage/mysql/schema/storage.sql
  sql -e 'drop database if exists trillian; create database trillian'
  sql trillian <"$schema"
fi

# --- Redis, for Rekor v1; nothing is kept.
start redis redis-server --port "$LAB_REDIS_PORT" --bind 127.0.0.1 --save '' --appendonly no --dir "$LAB_DATA"

# --- Trillian: one server and one sequencer for both logs.
trillian=(--mysql_uri="root@unix($socket)/trillian" --quota_system=noop --logtostderr)
start trillian "$LAB_BIN/trillian_log_server" "${trillian[@]}" \
  --rpc_endpoint="127.0.0.1:$LAB_TRILLIAN_PORT" --http_endpoint=
await trillian listens "$LAB_TRILLIAN_PORT"
start trillian-signer "$LAB_BIN/trillian_log_signer" "${trillian[@]}" \
  --rpc_endpoint="127.0.0.1:$LAB_SIGNER_PORT" --http_endpoint= --force_master --sequencer_interval=100ms
for tree in ct rekor1; do
  if [ ! -s "$LAB_DATA/$tree.tree" ]; then
    "$LAB_BIN/createtree" --admin_server="127.0.0.1:$LAB_TRILLIAN_PORT" --display_name=$tree \
      >"$LAB_DATA/$tree.tree" 2>>"$LAB_LOGS/createtree.log" ||
      lab_fail "createtree failed; see $LAB_LOGS/createtree.log"
  fi
done

# --- CT log: without it, Fulcio's certificates would carry no SCT.
# Its configuration wants the key as DER in an escaped string (a PEM file would have to have a password).
ct_key=$(sed '/^-/d' "$LAB_KEYS/ct.key" | base64 -d | od -An -v -t o1 | tr -d '\n' | sed 's/ /\\/g')
cat >"$LAB_DATA/ct.cfg" <<CFG
config {
  log_id: $(cat "$LAB_DATA/ct.tree")
  prefix: "ct"
  roots_pem_file: "$LAB_KEYS/fulcio-root.pem"
  private_key: { [type.googleapis.com/keyspb.PrivateKey] { der: "$ct_key" } }
  ext_key_usages: "CodeSigning"
  max_merge_delay_sec: 86400
  expected_merge_delay_sec: 120
}
CFG
start ct "$LAB_BIN/ct_server" --log_config="$LAB_DATA/ct.cfg" --log_rpc_server="127.0.0.1:$LAB_TRILLIAN_PORT" \
  --http_endpoint="127.0.0.1:$LAB_CT_PORT" --logtostderr

# --- Timestamp authority. It also serves metrics on port 2112, which no flag moves, and dies when the port is
# taken. Rekor v1 wants the same port and can do without it: hence first the one, then the other.
if ! lab_alive tsa && listens 2112; then
  lab_fail "port 2112 is taken (by another lab?), and timestamp-server cannot start without it"
fi
start tsa "$LAB_BIN/timestamp-server" serve --host=127.0.0.1 --port="$LAB_TSA_PORT" --timestamp-signer=file \
  --file-signer-key-path="$LAB_KEYS/tsa.key" --certificate-chain-path="$LAB_KEYS/tsa-chain.pem" --disable-ntp-monitoring
await tsa listens 2112

# --- Rekor v1 and v2
await redis listens "$LAB_REDIS_PORT"
start rekor1 "$LAB_BIN/rekor-server" serve --host=127.0.0.1 --port="$LAB_REKOR1_PORT" \
  --rekor_server.hostname=rekor1.lab.example --rekor_server.signer="$LAB_KEYS/rekor1.key" \
  --trillian_log_server.address=127.0.0.1 --trillian_log_server.port="$LAB_TRILLIAN_PORT" \
  --trillian_log_server.tlog_id="$(cat "$LAB_DATA/rekor1.tree")" \
  --redis_server.address=127.0.0.1 --redis_server.port="$LAB_REDIS_PORT" --enable_attestation_storage=false
start rekor2 "$LAB_BIN/rekor-server-posix" serve --http-address=127.0.0.1 --http-port="$LAB_REKOR2_PORT" \
  --grpc-address=127.0.0.1 --grpc-port="$LAB_REKOR2_GRPC_PORT" --http-metrics-port="$LAB_METRICS_PORT" \
  --hostname=rekor2.lab.example --storage-dir="$LAB_DATA/rekor2" --signer-filepath="$LAB_KEYS/rekor2.key" \
  --checkpoint-interval=200ms --batch-max-age=50ms

# --- OIDC issuer and Fulcio. Fulcio reaches the issuers, by their real names, through labtool's proxy.
start oidc "$LAB_BIN/labtool" oidc "$LAB_KEYS" "127.0.0.1:$LAB_OIDC_PROXY_PORT" "127.0.0.1:$LAB_OIDC_TLS_PORT"
await oidc listens "$LAB_OIDC_TLS_PORT"
await ct listens "$LAB_CT_PORT"
start fulcio env HTTPS_PROXY="http://127.0.0.1:$LAB_OIDC_PROXY_PORT" \
  SSL_CERT_FILE="$LAB_KEYS/tls-ca.pem" SSL_CERT_DIR=/nonexistent \
  "$LAB_BIN/fulcio" serve --host=127.0.0.1 --port="$LAB_FULCIO_PORT" \
  --grpc-host=127.0.0.1 --grpc-port="$LAB_FULCIO_GRPC_PORT" --metrics-port=$((LAB_METRICS_PORT + 1)) \
  --legacy-unix-domain-socket="@bonafide-lab-$LAB_FULCIO_PORT" --config-path="$LAB_SOURCE/fulcio-config.yaml" \
  --ca=fileca --fileca-cert="$LAB_KEYS/fulcio-chain.pem" --fileca-key="$LAB_KEYS/fulcio.key" --fileca-watch=false \
  --fileca-key-passwd=not-used-but-demanded \
  --ct-log-url="http://127.0.0.1:$LAB_CT_PORT/ct" --ct-log-public-key-path="$LAB_KEYS/ct.pub"

# --- registries
cat >"$LAB_DATA/registry.yml" <<CFG
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$LAB_DATA/registry"}, delete: {enabled: true}}
http: {addr: "$LAB_REGISTRY"}
CFG
start registry env OTEL_TRACES_EXPORTER=none "$LAB_BIN/registry" serve "$LAB_DATA/registry.yml"
start referrers-registry "$LAB_BIN/labtool" registry "$LAB_REFERRERS_REGISTRY"

await rekor1 listens "$LAB_REKOR1_PORT"
await rekor2 listens "$LAB_REKOR2_PORT"
await tsa listens "$LAB_TSA_PORT"
await fulcio listens "$LAB_FULCIO_PORT"
await registry listens "$LAB_REGISTRY_PORT"
await referrers-registry listens "$LAB_REFERRERS_REGISTRY_PORT"

"$LAB_SOURCE/trust.sh"
echo "lab: up; registries $LAB_REGISTRY and $LAB_REFERRERS_REGISTRY (referrers API), logs in $LAB_LOGS"
