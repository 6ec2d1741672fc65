# shellcheck shell=bash
# Registries that want a login, over TLS by an authority of their own. Sourced by run.sh.
# shellcheck disable=SC2154,SC2034 # bonafide, labtool, work: set by run.sh; kinds: read by check

closed_processes=()
closed_user=robot
closed_password=correct-horse-battery

# Two more fronts of the distribution registry, on what the open one keeps: one with passwords in a htpasswd file, one with
# tokens of a server of ours.
start_closed() {
  local host realm
  closed=$work/closed
  mkdir -p "$closed"
  with_password=127.0.0.1:$((LAB_PORT + 21)) with_token=127.0.0.1:$((LAB_PORT + 22)) host=127.0.0.1:$((LAB_PORT + 23))
  realm=https://$host/token
  "$labtool" login-files "$LAB_KEYS" "$closed" "$closed_user" "$closed_password"
  "$labtool" login-server "$LAB_KEYS" "$closed" "$host" "$closed_user" "$closed_password" >"$closed/login.log" 2>&1 &
  closed_processes+=($!)
  closed_registry password "$with_password" "htpasswd: {realm: lab, path: $closed/htpasswd}"
  closed_registry token "$with_token" \
    "token: {realm: '$realm', service: registry.lab.example, issuer: lab.example, jwks: $closed/jwks.json}"
  for host in "$host" "$with_password" "$with_token"; do
    for _ in $(seq 100); do
      curl -s -o /dev/null --cacert "$closed/ca.pem" "https://$host/v2/" && continue 2
      sleep 0.1
    done
    tail -n 5 "$closed"/*.log >&2
    lab_fail "$host did not come up"
  done
}

# closed_registry NAME HOST AUTH [TLS] — with AUTH, if there is any, and more settings of TLS, in YAML's flow style
closed_registry() {
  cat >"$closed/$1.yml" <<CFG
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$LAB_DATA/registry"}}
http: {addr: "$2", tls: {certificate: "$closed/tls.pem", key: "$closed/tls.key"${4:+, $4}}}
${3:+auth: {$3\}}
CFG
  OTEL_TRACES_EXPORTER=none "$LAB_BIN/registry" serve "$closed/$1.yml" >"$closed/$1.log" 2>&1 &
  closed_processes+=($!)
}

stop_closed() {
  local process
  for process in ${closed_processes[@]+"${closed_processes[@]}"}; do kill "$process" 2>/dev/null || true; done
  closed_processes=()
}

# docker_config NAME JSON — a folder for DOCKER_CONFIG
docker_config() {
  mkdir -p "$closed/$1"
  printf '%s' "$2" >"$closed/$1/config.json"
}

auth_of() { printf '%s:%s' "$1" "$2" | base64 -w0; }

closed_registries() {
  local registry=$LAB_REGISTRY host name
  start_closed
  ask_for_release
  push closed
  sign_all rekor2 "$release" "$image"

  mkdir -p "$closed/bin"
  cat >"$closed/bin/docker-credential-lab" <<HELPER
#!/bin/sh
# The server comes without a line's end.
[ "\$1" = get ] && server=\$(cat) && case \$server in
  "$with_password" | "$with_token")
    printf '{"ServerURL": "%s", "Username": "$closed_user", "Secret": "$closed_password"}' "\$server"
    exit ;;
esac
echo "credentials not found in native keychain"
exit 1
HELPER
  chmod +x "$closed/bin/docker-credential-lab"

  for name in password token; do
    case $name in password) host=$with_password ;; *) host=$with_token ;; esac
    echo "--- $host (distribution, TLS, $name)"
    closed_image=${image/$LAB_REGISTRY/$host}
    docker_config good "{\"auths\": {\"$host\": {\"auth\": \"$(auth_of "$closed_user" "$closed_password")\"}}}"
    docker_config wrong "{\"auths\": {\"$host\": {\"auth\": \"$(auth_of "$closed_user" nonsense)\"}}}"
    docker_config helper "{\"credHelpers\": {\"$host\": \"lab\"}}"
    DOCKER_CONFIG=$closed/good check "$name, login in docker's configuration" - 0 - \
      "$closed_image" --ca-file "$closed/ca.pem"
    DOCKER_CONFIG=$closed/helper PATH=$closed/bin:$PATH check "$name, login of a credential helper" - 0 - \
      "$closed_image" --ca-file "$closed/ca.pem"
    check "$name, no login" - 3 "image-resolved error" "$closed_image" --ca-file "$closed/ca.pem"
    says "without a login for that registry"
    says "docker login"
    DOCKER_CONFIG=$closed/wrong check "$name, wrong password" - 3 "image-resolved error" \
      "$closed_image" --ca-file "$closed/ca.pem"
    says "refused the login of"
    DOCKER_CONFIG=$closed/good check "$name, another authority" - 3 "image-resolved error" \
      "$closed_image" --ca-file "$closed/other-ca.pem"
    says "--ca-file"
  done
  stop_closed
}
