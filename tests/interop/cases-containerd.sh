# shellcheck shell=bash
# The real containerd, with this program as its image verifier: what is pulled, what is refused with which reason in its log, many pulls
# at once, and how long a verification takes where each answer takes 50 ms. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, release, mallory, passed, failed: set by those who source this

containerd_version=v2.4.2
containerd='' slow=''

# node_pull IMAGE — pulls as the node does; sets code, and writes what is said to $work/pull.log
node_pull() {
  code=0
  timeout 60 "$LAB_BIN/ctr" --address "$work/containerd.sock" --namespace interop images pull --plain-http "$1" \
    >"$work/pull.log" 2>&1 </dev/null || code=$?
}

# pulled TITLE REFUSAL IMAGE — REFUSAL is a part of the reason in containerd's log, or empty for an image that is pulled
pulled() {
  local title=$1 refusal=$2 image=$3 code line=ok expected=0
  : >"$work/containerd.log"
  node_pull "$image"
  if [ -n "$refusal" ]; then
    expected=1
    grep -qF -- 'Image verifier blocked pull' "$work/containerd.log" || line="NOT OK"
    grep -F 'Image verifier blocked pull' "$work/containerd.log" | grep -qF -- "$refusal" || line="NOT OK"
  else
    grep -qF -- '=> verified' "$work/containerd.log" || line="NOT OK"
  fi
  [ "$code" = "$expected" ] || line="NOT OK"
  row "$title" - "$code" "$expected" "$line" "${refusal:-pulled}" ||
    tail -n 5 "$work/pull.log" "$work/containerd.log" | sed 's/^/  | /'
}

# pushed NAME — pushes an image of its own under a tag of the registry with a referrers API; sets image and pinned
pushed() {
  image=$LAB_REFERRERS_REGISTRY/${work##*.}/$1:v1.0.0
  image=${image,,}
  pinned=$("$labtool" image -platforms "$platforms" "$image")
}

start_containerd() {
  mkdir -p "$work/verifiers" "$work/node"
  ln -s "$bonafide" "$work/program"
  cat >"$work/containerd.toml" <<TOML
version = 3
root = '$work/containerd-root'
state = '$work/containerd-state'
disabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime']
[grpc]
  address = '$work/containerd.sock'
[ttrpc]
  address = '$work/containerd.ttrpc'
[debug]
  level = 'debug'
[plugins.'io.containerd.image-verifier.v1.bindir']
  bin_dir = '$work/verifiers'
  per_verifier_timeout = '10s'
TOML
  # The program is known by its arguments. A script says where this node keeps its policy.
  printf '#!/bin/sh\nexec "%s" -config "%s" "$@"\n' "$work/program" "$work/node" >"$work/verifiers/bonafide-containerd"
  chmod +x "$work/verifiers/bonafide-containerd"
  cat >"$work/node/bonafide.yaml" <<YAML
version: 1
images:
  - match: "$LAB_REFERRERS_REGISTRY/**"
    signers: [{github: acme/shop}]
    require:
      signature: {}
  - match: "$slow_registry/**"
    signers: [{github: acme/shop}]
    require:
      signature: {}
YAML
  cp "$LAB_TRUST/trusted_root.json" "$work/node/trusted_root.json"
  printf '%s\n' "--cache=$work/verdicts" "--certs-dir=$work/certs.d" "--login-file=$work/no-logins" >"$work/node/flags"
  "$LAB_BIN/containerd" --config "$work/containerd.toml" >>"$work/containerd.log" 2>&1 &
  containerd=$!
  for _ in $(seq 100); do
    "$LAB_BIN/ctr" --address "$work/containerd.sock" version >/dev/null 2>&1 && return
    sleep 0.1
  done
  return 1
}

# stop_containerd — stops it and the slow way, whatever of them was started
stop_containerd() {
  local process
  for process in "$containerd" "$slow"; do
    [ -z "$process" ] || { kill "$process" && wait "$process"; } 2>/dev/null || true
  done
  containerd='' slow=''
}

# asked IMAGE DIGEST — calls the verifier as containerd does, and prints how long it took, in milliseconds
asked() {
  local began ended
  began=$(date +%s%N)
  printf '{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"%s","size":1}' "$2" |
    "$work/verifiers/bonafide-containerd" -name "$1" -digest "$2" -stdin-media-type application/vnd.oci.descriptor.v1+json \
      >"$work/asked" 2>&1 || return 1
  ended=$(date +%s%N)
  echo $(((ended - began) / 1000000))
}

# p95 TITLE GOAL IMAGE DIGEST — tells the 95th percentile of 40 calls beside its goal in milliseconds. A slow machine is no
# failure; a call that refuses is.
p95() {
  local title=$1 goal=$2 found line=ok
  for _ in $(seq 40); do asked "$3" "$4" || echo refused; done | sort -n >"$work/times"
  found=$(sed -n 38p "$work/times")
  ! grep -q refused "$work/times" || line="NOT OK"
  row "$title" - "$found ms" "$goal ms" "$line" "median $(sed -n 20p "$work/times") ms" || true
}

node_verifier() {
  local image pinned slow_registry=127.0.0.1:$((LAB_PORT + 17)) program
  echo "--- containerd"
  for program in containerd ctr; do
    [ -x "$LAB_BIN/$program" ] || GOBIN=$LAB_BIN timeout 900 go install \
      "github.com/containerd/containerd/v2/cmd/$program@$containerd_version" >"$LAB_LOGS/install-$program.log" 2>&1 || true
    if [ ! -x "$LAB_BIN/$program" ]; then
      echo "!!! $program $containerd_version could not be installed: the image verifier was NOT tried in containerd" >&2
      return
    fi
  done
  : >"$work/containerd.log"
  if ! start_containerd; then
    stop_containerd
    tail -n 3 "$work/containerd.log" >&2
    echo "!!! containerd does not start here (it needs root): the image verifier was NOT tried in it" >&2
    return
  fi

  pushed signed
  sign rekor2 "$release" "$pinned"
  pulled "containerd, a signed image" '' "$image"
  local good=$image good_digest=${pinned#*@}
  pulled "containerd, the same by its digest" '' "$pinned"
  pushed unsigned
  pulled "containerd, an unsigned image" 'absent: ' "$image"
  pushed stranger
  sign rekor2 "$mallory" "$pinned"
  pulled "containerd, an image of another signer" 'the signer is not the expected one' "$image"
  pushed moved
  sign rekor2 "$release" "$pinned"
  pulled "containerd, before the tag moves" '' "$image"
  local before=$pinned
  pinned=$("$labtool" image -platforms linux/arm64 "$image")
  [ "$pinned" != "$before" ] || lab_fail "the tag did not move"
  pulled "containerd, a tag that moved" "${pinned#*@}: no signature" "$image"
  pushed unreadable
  sign rekor2 "$release" "$pinned"
  printf '%s\n' '{' >"$work/node/trusted_root.json"
  pulled "containerd, a trusted root that is none" 'not judged: ' "$image"
  cp "$LAB_TRUST/trusted_root.json" "$work/node/trusted_root.json"
  printf '%s\n' "--mirror=$LAB_REFERRERS_REGISTRY=127.0.0.1:1" >>"$work/node/flags"
  pulled "containerd, evidence that cannot be read" 'undecided: ' "$image"
  sed -i '$d' "$work/node/flags"
  pulled "containerd, evidence that can be read again" '' "$image"

  rm -rf "$work/verdicts"
  local together=() one bad=0
  for one in $(seq 20); do
    timeout 120 "$LAB_BIN/ctr" --address "$work/containerd.sock" --namespace "many$one" images pull --plain-http "$good" \
      >"$work/many.$one" 2>&1 </dev/null &
    together+=($!)
  done
  for one in "${together[@]}"; do wait "$one" || bad=$((bad + 1)); done
  told_many "containerd, 20 pulls at once" 0 "$bad"

  python3 "$root/tests/interop/slow.py" "${slow_registry#*:}" "${LAB_REFERRERS_REGISTRY#*:}" 0.05 &
  slow=$!
  sleep 1
  printf '%s\n' --no-cache >>"$work/node/flags"
  p95 "containerd, p95 at +50 ms" 300 "$slow_registry/${good#*/}" "$good_digest"
  sed -i '$d' "$work/node/flags"
  p95 "containerd, p95 of a digest verified before" 100 "$slow_registry/${good#*/}" "$good_digest"
  stop_containerd
}

told_many() {
  local line=ok
  [ "$2" = "$3" ] || line="NOT OK"
  row "$1" - "$3" "$2" "$line" "pulls that failed" ||
    tail -qn 1 "$work"/many.* | sort | uniq -c | sed 's/^/  | /'
}
