# shellcheck shell=bash
# Repositories that the real cosign signed, copied by cosign and by crane, and held against their copies. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, release, platforms, passed, failed: set by those who source this

# mirrored TITLE EXPECTED PART COPY ORIGINAL [FLAGS…] — what an audit of the copy ends with; PART is of what it prints
mirrored() {
  local title=$1 expected=$2 part=$3 copy=$4 original=$5 code=0 line=ok
  shift 5
  timeout 120 "$bonafide" audit "$copy" --mirror-of "$original" --repo acme/shop --trusted-root "$LAB_TRUST/trusted_root.json" \
    --require signature "$@" >"$work/mirror.log" 2>&1 </dev/null || code=$?
  [ "$code" = "$expected" ] || line="NOT OK"
  grep -qF -- "$part" "$work/mirror.log" || line="NOT OK"
  row "$title" - "$code" "$expected" "$line" "$part" ||
    sed 's/^/    /' "$work/mirror.log"
}

# copied_with_bundles — copies the bundles of image too, which `cosign copy` of 3.1.3 leaves behind
copied_with_bundles() {
  local bundle fallback=sha256-${image#*@sha256:}
  for bundle in $(referrers); do
    "$LAB_BIN/crane" cp "$original@$bundle" "$copies@$bundle"
  done
  "$LAB_BIN/crane" cp "$original:$fallback" "$copies:$fallback" || true
} >/dev/null 2>&1

mirrors() {
  local format registry copies original tag image platform
  echo '--- mirrors'
  for format in legacy rekor2; do
    for registry in "$LAB_REGISTRY" "$LAB_REFERRERS_REGISTRY"; do
      original=$registry/${work##*.}/mirror-$format
      original=${original,,}
      copies=$original-copy
      for tag in 1.0.0 1.1.0; do
        # Another platform is another image.
        if [ "$tag" = 1.0.0 ]; then platform=linux/amd64; else platform=linux/arm64; fi
        image=$("$labtool" image -platforms "$platform" "$original:$tag")
        sign "$format" "$release" "$image"
        "$LAB_BIN/cosign" copy --allow-insecure-registry --allow-http-registry "$image" "$copies:$tag" >"$work/copy.log" 2>&1 || {
          cat "$work/copy.log" >&2
          lab_fail "cosign cannot copy $image"
        }
        "$LAB_BIN/crane" cp "$image" "$original-bare:$tag" >/dev/null 2>&1
      done
      if [ "$format" = rekor2 ]; then
        mirrored "$format, copied by cosign, ${registry##*:}" 1 missing-evidence "$copies" "$original"
        for tag in 1.0.0 1.1.0; do
          image=$original@$("$LAB_BIN/crane" digest "$original:$tag")
          copied_with_bundles
        done
      fi
      mirrored "$format, copied whole, ${registry##*:}" 0 'digests of the same tag 2' "$copies" "$original"
      mirrored "$format, copied by crane, ${registry##*:}" 1 missing-evidence "$original-bare" "$original"
      mirrored "$format, the original of the bare copy" 1 extra-evidence "$original" "$original-bare"
    done
  done
  "$LAB_BIN/crane" tag "$copies:1.0.0" 1.2.0 >/dev/null 2>&1
  mirrored 'a tag that only the copy has' 1 extra-tag "$copies" "$original"
  mirrored 'a tag that the copy lacks' 1 missing-tag "$original" "$copies"
  mirrored 'both but for that tag' 0 'digests of the same tag 2' "$copies" "$original" --exclude 1.2.0
  "$LAB_BIN/crane" tag "$copies:1.0.0" 1.1.0 >/dev/null 2>&1
  mirrored 'a tag that names another digest' 1 other-digest "$copies" "$original" --exclude 1.2.0
  mirrored 'an original that is not there' 3 'could not check' "$copies" "$original-nowhere"
}
