# shellcheck shell=bash
# Registries that are stranger than the specification: their answers are bent by a proxy (faults.py), or a registry is set up that way.
# What cosign signed there is still found and verifies, and its twin, which lacks what makes it good, does not. Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh, closed.sh and run.sh set, and what they read

proxy=127.0.0.1:$((LAB_PORT + 24))
proxy_process=''
proxy_tls=()

# faulty FAULT@PATTERN… — starts the proxy with these faults before $registry, or before $proxied
faulty() {
  stop_proxy
  python3 "$here/faults.py" ${proxy_tls[@]+"${proxy_tls[@]}"} "${proxy#*:}" "${proxied:-$registry}" "$@" >>"$LAB_LOGS/faults.log" 2>&1 &
  proxy_process=$!
  listening "$proxy"
}

stop_proxy() {
  [ -n "$proxy_process" ] || return 0
  # It may have ended by itself, and its exit code is that of the signal.
  kill "$proxy_process" 2>/dev/null || true
  wait "$proxy_process" 2>/dev/null || true
  proxy_process=''
}

# listening HOST:PORT — waits until somebody does
listening() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    (exec 3<>"/dev/tcp/${1/://}") 2>/dev/null && return
    sleep 0.1
  done
  lab_fail "$1 did not come up; see $LAB_LOGS/faults.log"
}

# behind TITLE COSIGN-EXITS EXIT REASON [FLAGS…] — checks image behind the proxy
behind() {
  local title=$1 cosign=$2 expected=$3 reason=$4
  shift 4
  check "$title" "$cosign" "$expected" "$reason" "${image/$registry/$proxy}" "$@"
}

# never_says TEXT — what the report of the last case must not say
never_says() {
  ! grep -qF -- "$1" "$work/report.json" "$work/out" && return
  failed=$((failed + 1))
  echo "  NOT OK: it says \"$1\""
}

# took SECONDS — how long the last case must have taken; started is when it began
took() {
  [ $(($(date +%s) - started)) -ge "$1" ] && return
  failed=$((failed + 1))
  echo "  NOT OK: it did not wait"
}

# referrers — prints the manifests that the registry lists as referrers of image, one on each line
referrers() {
  local url=${image%@*} accept='Accept: application/vnd.oci.image.index.v1+json'
  url=http://$registry/v2/${url#*/}
  { curl -sf "$url/referrers/${image#*@}" || curl -sf -H "$accept" "$url/manifests/sha256-${image#*@sha256:}"; } |
    grep -o '"digest":"sha256:[0-9a-f]*"' | cut -d'"' -f4
}

# layer_of DIGEST — prints the layer of such a manifest
layer_of() { "$LAB_BIN/crane" manifest "${image%@*}@$1" | grep -o '"layers":.*' | grep -o -m 1 'sha256:[0-9a-f]*' | head -n 1; }

ask_for_signature() {
  ask_for_release
  kinds=signature
}

# A307: whatever the referrers API answers, what lies under the fallback tag counts; where nothing lies there, nobody knows.
failing_referrers() {
  local registry=$LAB_REGISTRY answer title found refused signed bare stranger
  echo "--- referrers API that fails, $registry"
  push api-signed
  sign rekor2 "$release" "$image"
  signed=$image
  push api-stranger
  sign rekor2 $mallory "$image"
  stranger=$image
  push api-bare
  bare=$image
  for answer in status:400 status:401 status:403 status:405 status:406 status:500 html; do
    ask_for_signature
    faulty "$answer@/referrers/"
    title=${answer#status:}
    # cosign takes 400, 406 and a page for a registry without the API; after any other answer it finds no signatures.
    case $title in 400 | 406 | html) found=0 refused=1 ;; *) found=10 refused=10 ;; esac
    image=$signed behind "referrers API: $title, bundle under the tag" $found 0 -
    says "referrers of ${signed#*@}"
    image=$stranger behind "referrers API: $title, a stranger's there" $refused 3 "evidence-complete error"
    image=$bare behind "referrers API: $title, nothing there" 10 3 "evidence-complete error"
    says "referrers of ${bare#*@}"
    never_says unsigned
  done
  # What no fault hides is judged as ever.
  faulty "status:404@/referrers/"
  image=$signed behind "referrers API: 404, bundle under the tag" 0 0 -
  image=$stranger behind "referrers API: 404, a stranger's there" 1 1 "signer-identity fail"
  image=$bare behind "referrers API: 404, nothing there" 10 4 "evidence-present skip"
}

# A306: the digest decides what a list names, and the size nothing.
wrong_lists() {
  local registry size lists='(/referrers/|/manifests/sha256-[0-9a-f]*$)'
  for registry in "$LAB_REFERRERS_REGISTRY" "$LAB_REGISTRY"; do
    echo "--- lists of referrers that are wrong, $registry"
    push lists
    sign rekor2 "$release" "$image"
    for size in 0 7 99999999; do
      ask_for_signature
      faulty "sizes:$size@$lists"
      behind "list of referrers, size $size" 0 0 -
    done
    faulty "digests@$lists"
    behind "list of referrers, other digests" 10 3 "evidence-complete error"
    faulty "other@/manifests/$(referrers)"
    behind "referrer, other bytes than its digest says" 10 3 "evidence-complete error"
    faulty "other@/blobs/$(layer_of "$(referrers)")"
    behind "bundle, other bytes than its digest says" 10 3 "evidence-complete error"
  done
}

# Manifests that do not say what they are, and answers that do not say it either.
untyped_manifests() {
  local registry type
  for registry in "$LAB_REGISTRY" "$LAB_REFERRERS_REGISTRY"; do
    echo "--- manifests without a type, $registry"
    push untyped
    retype 'manifest.pop("mediaType")'
    sign rekor2 "$release" "$image"
    for type in text/plain application/octet-stream ''; do
      ask_for_signature
      faulty "type:$type@/manifests/"
      behind "untyped manifest, sent as '$type'" 0 0 -
    done
    faulty 'type:text/html@/manifests/'
    behind "untyped manifest, sent as 'text/html'" 0 3 "image-resolved error"
  done
  # This registry alone keeps what is an image and an index in one.
  push polyglot
  retype 'manifest.pop("mediaType"); manifest["manifests"] = []'
  sign rekor2 "$release" "$image"
  for type in text/plain application/octet-stream application/vnd.oci.image.manifest.v1+json ''; do
    ask_for_signature
    faulty "type:$type@/manifests/"
    behind "image and index, sent as '${type#application/}'" 0 1 "image-resolved fail"
  done
}

# retype STATEMENT — changes the manifest of image with a statement of Python, and pushes it under the same tag
retype() {
  local url=http://$registry/v2/${image#*/}
  url=${url%@*}/manifests
  "$LAB_BIN/crane" manifest "$image" |
    python3 -c "import json, sys; manifest = json.load(sys.stdin); $1; json.dump(manifest, sys.stdout)" >"$work/manifest.json"
  curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$work/manifest.json" "$url/v1.0.0" ||
    lab_fail "the registry does not take this manifest: $(cat "$work/manifest.json")"
  image=${image%@*}@sha256:$(sha256sum "$work/manifest.json" | cut -d' ' -f1)
}

# A token server on another host than the registry, and a registry that knows the repository by another name than the client.
token_servers() {
  local registry=$LAB_REGISTRY server=127.0.0.2:$((LAB_PORT + 25)) elsewhere=127.0.0.1:$((LAB_PORT + 26)) login
  echo "--- token servers"
  push tokens
  sign rekor2 "$release" "$image"
  "$labtool" login-server "$LAB_KEYS" "$closed" "$server" "$closed_user" "$closed_password" >"$closed/server.log" 2>&1 &
  closed_processes+=($!)
  closed_registry elsewhere "$elsewhere" \
    "token: {realm: 'https://$server/token', service: registry.lab.example, issuer: lab.example, jwks: $closed/jwks.json}"
  listening "$server"
  listening "$elsewhere"
  login=$(auth_of "$closed_user" "$closed_password")
  docker_config tokens "{\"auths\": {\"$elsewhere\": {\"auth\": \"$login\"}, \"$proxy\": {\"auth\": \"$login\"}}}"
  local DOCKER_CONFIG=$closed/tokens # exported, as it was
  ask_for_signature
  check "token server elsewhere, allowed" - 0 - "${image/$registry/$elsewhere}" --ca-file "$closed/ca.pem" \
    --token-server "$elsewhere=${server%:*}"
  check "token server elsewhere, not allowed" - 3 "image-resolved error" "${image/$registry/$elsewhere}" --ca-file "$closed/ca.pem"
  says "--token-server"
  check "token server elsewhere, another one allowed" - 3 "image-resolved error" "${image/$registry/$elsewhere}" \
    --ca-file "$closed/ca.pem" --token-server "$elsewhere=127.0.0.3"
  check "token server elsewhere, of another registry" - 3 "image-resolved error" "${image/$registry/$elsewhere}" \
    --ca-file "$closed/ca.pem" --token-server "$with_token=${server%:*}"

  # Behind the proxy the repository is below hub/, and the token has to be for what the challenge names.
  proxy_tls=(--tls "$closed/tls.pem" "$closed/tls.key" "$closed/ca.pem")
  local proxied=$with_token hub
  faulty below:hub@/v2/hub/
  hub=${image/$registry/$proxy\/hub}
  check "the challenge names another path" - 0 - "$hub" --ca-file "$closed/ca.pem"
  faulty below:hub@/v2/hub/ 'scope:repository:secret/app:pull@'
  check "the challenge names another repository" - 3 "image-resolved error" "$hub" --ca-file "$closed/ca.pem"
  proxy_tls=()
}

# A registry that lets in who has a certificate.
client_certificates() {
  local registry=$LAB_REGISTRY name host=127.0.0.1:$((LAB_PORT + 27))
  echo "--- client certificates"
  push certificates
  sign rekor2 "$release" "$image"
  for name in client other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$name" \
      -addext extendedKeyUsage=clientAuth -keyout "$closed/$name.key" -out "$closed/$name.pem" 2>>"$LAB_LOGS/cosign.log"
  done
  closed_registry certificates "$host" '' "clientcas: ['$closed/client.pem']"
  listening "$host"
  ask_for_signature
  image=${image/$registry/$host}
  check "client certificate" - 0 - "$image" --ca-file "$closed/ca.pem" --client-cert "$closed/client.pem" --client-key "$closed/client.key"
  cat "$closed/client.key" "$closed/client.pem" >"$closed/both.pem"
  check "client certificate, one file" - 0 - "$image" --ca-file "$closed/ca.pem" --client-cert "$closed/both.pem"
  check "client certificate, none" - 3 "image-resolved error" "$image" --ca-file "$closed/ca.pem"
  says --client-cert
  check "client certificate, one that is not known" - 3 "image-resolved error" "$image" --ca-file "$closed/ca.pem" \
    --client-cert "$closed/other.pem" --client-key "$closed/other.key"
}

# Configurations of docker as people have them.
odd_logins() {
  local registry=$LAB_REGISTRY right wrong end
  echo "--- configurations of docker"
  push logins
  sign rekor2 "$release" "$image"
  ask_for_signature
  image=${image/$registry/$with_password}
  right=$(auth_of "$closed_user" "$closed_password") wrong=$(auth_of "$closed_user" nonsense)
  local nulls='"credHelpers": null, "credsStore": null, "HttpHeaders": null, "proxies": null'
  docker_config nulls "{\"auths\": {\"a.example\": null, \"$with_password\": {\"auth\": \"$right\", \"identitytoken\": null, \"email\": null}}, $nulls}"
  DOCKER_CONFIG=$closed/nulls check "configuration with null entries" - 0 - "$image" --ca-file "$closed/ca.pem"
  docker_config null "{\"auths\": {\"$with_password\": null}, $nulls}"
  DOCKER_CONFIG=$closed/null check "configuration, null for this registry" - 3 "image-resolved error" "$image" --ca-file "$closed/ca.pem"
  says "without a login for that registry"
  for end in '\n' '\r\n'; do
    docker_config wrapped "{\"auths\": {\"$with_password\": {\"auth\": \"$(wrapped "$right" "$end")\"}}}"
    DOCKER_CONFIG=$closed/wrapped check "configuration, wrapped base64" - 0 - "$image" --ca-file "$closed/ca.pem"
    docker_config wrapped "{\"auths\": {\"$with_password\": {\"auth\": \"$(wrapped "$wrong" "$end")\"}}}"
    DOCKER_CONFIG=$closed/wrapped check "configuration, wrapped, wrong password" - 3 "image-resolved error" "$image" \
      --ca-file "$closed/ca.pem"
    says "refused the login of"
  done
}

# wrapped TEXT END — TEXT in lines of 16, each with this END, as JSON writes it
wrapped() { printf %s "$1" | fold -w 16 | while IFS= read -r line || [ -n "$line" ]; do printf '%s%s' "$line" "$2"; done; }

# Registries that count requests.
limits() {
  local registry=$LAB_REFERRERS_REGISTRY started strangers ours status
  echo "--- limits, $registry"
  push limits
  sign rekor2 "$release" "$image"
  ask_for_signature
  faulty 'wait:2:1@/manifests/'
  started=$(date +%s)
  behind "429, asks for 2 s" - 0 -
  took 2
  faulty 'wait:2:1@/blobs/'
  started=$(date +%s)
  behind "429 for the bundle, asks for 2 s" - 0 -
  took 2
  faulty 'wait:600:1@/manifests/'
  behind "429, asks for too long" - 3 "image-resolved error" --timeout 10s
  says "longer than the 10 s of \`--timeout\` allow"
  faulty 'wait:600:1@/blobs/'
  behind "429 for the bundle, asks for too long" - 3 "evidence-complete error" --timeout 10s
  says "longer than the 10 s of \`--timeout\` allow"

  # A308: a stranger's signature is read, and that of the signer is not.
  push between
  sign rekor2 $mallory "$image"
  strangers=$(referrers)
  sign rekor2 "$release" "$image"
  ours=$(referrers | grep -v "$strangers")
  for status in 429 500; do
    faulty "status:$status@/blobs/$(layer_of "$ours")"
    behind "$status for the signer's bundle alone" - 3 "evidence-complete error"
    faulty "status:$status@/manifests/$ours"
    behind "$status for the signer's manifest alone" - 3 "evidence-complete error"
    faulty "status:$status@/blobs/$(layer_of "$strangers")"
    behind "$status for the stranger's bundle alone" - 0 -
  done
  identity=nobody@lab.example issuer=$accounts
  faulty
  behind "nothing fails, and neither is the signer" 1 1 "signer-identity fail"
}

# A trusted root of JSON Lines, one root on each, as `gh attestation trusted-root` writes it.
roots_in_lines() {
  local registry=$LAB_REGISTRY
  echo "--- trusted roots in lines"
  another_root
  push lines
  sign rekor2 "$release" "$image"
  ask_for_signature
  in_lines "$work/other/trust/trusted_root.json" "$LAB_TRUST/trusted_root.json" >"$work/roots.jsonl"
  LAB_ROOT=$work/roots.jsonl check "two roots in lines, one is the signer's" - 0 - "$image"
  in_lines "$work/other/trust/trusted_root.json" "$work/other/trust/trusted_root.json" >"$work/roots.jsonl"
  LAB_ROOT=$work/roots.jsonl check "two roots in lines, neither is the signer's" - 1 "certificate-chain fail" "$image"
}

in_lines() { for file; do tr -d '\n' <"$file" && echo; done; }

# What older cosign attached otherwise.
older_forms() {
  local registry ours=$work/ours signed
  [ -e "$ours.key" ] || make_key "$ours"
  for registry in "$LAB_REFERRERS_REGISTRY" "$LAB_REGISTRY"; do
    echo "--- older forms, $registry"
    push older
    sign legacy-referrer "$release" "$image"
    ask_for_signature
    with_cosign=--experimental-oci11
    check "legacy referrer" 0 0 - "$image"
    signed=$image
    push older-twin
    "$labtool" replay "$signed" "$image"
    check "legacy referrer, another image" 10 1 "subject-digest fail" "$image"
    image=$signed identity=$mallory issuer=$accounts
    check "legacy referrer, another signer" 10 1 "signer-identity fail" "$image"
    push older-key
    sign legacy-referrer-unlogged "$ours.key" "$image"
    ask_for_signature
    key=$ours.pub with_cosign='--experimental-oci11 --insecure-ignore-tlog'
    check "legacy referrer, by key" 0 0 - "$image" --key-without-log
    with_cosign=--experimental-oci11
    check "legacy referrer, a log demanded" 10 1 "transparency-log fail" "$image"

    push older-sbom
    "$labtool" sbom spdx "$image" >"$work/sbom.json"
    "$LAB_BIN/cosign" attach sbom --sbom "$work/sbom.json" --type spdx --input-format json "$image" >>"$LAB_LOGS/cosign.log" 2>&1 ||
      lab_fail "cosign attach sbom failed; see $LAB_LOGS/cosign.log"
    ask_for_release
    kinds=sbom
    check "cosign attach sbom" 1 4 "evidence-present skip" "$image"
    says ".sbom"
    says '"unsigned"'
    attest_sbom rekor2 "$release" "$image"
    check "cosign attach sbom, and an attested one" 0 0 - "$image"
  done
}

odd_registries() {
  command -v python3 >/dev/null || lab_fail "python3 is needed for the proxy that makes faults"
  start_closed
  failing_referrers
  wrong_lists
  untyped_manifests
  token_servers
  client_certificates
  odd_logins
  limits
  roots_in_lines
  older_forms
  stop_proxy
  stop_closed
}
