# shellcheck shell=bash
# Images that the real cosign signed, carried away as a pack and verified in a network namespace without any interface, replayed there,
# and a year later. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, release, platforms, passed, failed: set by those who source this

# away TITLE EXPECTED PART COMMAND… — what a command ends with where there is no network; PART is of its output
away() {
  local title=$1 expected=$2 part=$3 code=0 line=ok
  shift 3
  unshare --map-root-user --net "$@" >"$work/away.log" 2>&1 </dev/null || code=$?
  [ "$code" = "$expected" ] || line="NOT OK"
  grep -qF -- "$part" "$work/away.log" || line="NOT OK"
  row "$title" - "$code" "$expected" "$line" "$part" ||
    tail -n 12 "$work/away.log" | sed 's/^/    /'
}

# collected NAME FORMAT REGISTRY — signs an image in this format, and carries it away to $work/NAME and $work/NAME.tar
collected() {
  local tag=$3/${work##*.}/$1:v1.0.0 pinned to
  tag=${tag,,}
  pinned=$("$labtool" image -platforms "$platforms" "$tag")
  sign "$2" "$release" "$pinned"
  attest_provenance "$2" "$release" "$pinned"
  attest_sbom "$2" "$release" "$pinned"
  for to in "$work/$1" "$work/$1.tar"; do
    "$bonafide" collect "$tag" --to "$to" "${judged_by[@]}" >"$work/collect.log" 2>&1 || {
      cat "$work/collect.log" >&2
      lab_fail "$tag could not be carried away"
    }
  done
}

carried_away() {
  local format registry name pack day
  local judged_by=(--repo acme/shop --trusted-root "$LAB_TRUST/trusted_root.json")
  echo "--- without a network"
  if ! unshare --map-root-user --net true 2>/dev/null; then
    echo '!!! no network namespace can be made here: nothing was verified WITHOUT A NETWORK' >&2
    return
  fi
  away 'there is no network in there' 3 'could not check' "$bonafide" verify "$LAB_REFERRERS_REGISTRY/a/b:1" "${judged_by[@]}"
  for format in rekor2 rekor1 legacy; do
    for registry in "$LAB_REFERRERS_REGISTRY" "$LAB_REGISTRY"; do
      name=$format-${registry##*:}
      collected "$name" "$format" "$registry"
      for pack in "oci:$work/$name" "oci-archive:$work/$name.tar"; do
        away "$format, ${pack%%:*} of ${registry##*:}" 0 verified "$bonafide" verify "$pack" --offline "${judged_by[@]}"
        away "$format, replayed" 0 verified "$bonafide" verify --replay "${pack#*:}" "${judged_by[@]}"
      done
    done
  done
  away 'of another repository' 1 'replayed' "$bonafide" verify --replay "$work/$name" --repo acme/other \
    --trusted-root "$LAB_TRUST/trusted_root.json"
  away 'all checksums hold' 0 OK sh -c "cd '$work/$name' && sha256sum --check bonafide/SHA256SUMS"
  printf x | dd of="$work/$name/index.json" bs=1 seek=40 conv=notrunc 2>/dev/null
  away 'one byte of it changed' 3 'could not check' "$bonafide" verify "oci:$work/$name" --offline "${judged_by[@]}"

  if ! command -v faketime >/dev/null; then
    echo '!!! there is no faketime: no pack was replayed UNDER A SHIFTED CLOCK' >&2
    return
  fi
  pack=$work/rekor2-$LAB_REFERRERS_REGISTRY_PORT
  day=$(date -u -d '+1 hour' +%Y-%m-%dT%H:00:00Z)
  judged_by+=(--require provenance --provenance-max-age 2d)
  away 'in a year, too old' 1 rejected faketime '+1 year' "$bonafide" verify "oci:$pack" --offline "${judged_by[@]}"
  away 'in a year, as of today' 0 verified faketime '+1 year' "$bonafide" verify "oci:$pack" --offline --at "$day" "${judged_by[@]}"
  away 'in a year, replayed' 0 verified faketime '+1 year' "$bonafide" verify --replay "$pack" "${judged_by[@]:0:4}"
}
