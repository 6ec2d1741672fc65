# shellcheck shell=bash
# `inspect --predicate`: what cosign attested comes out again, as jq and syft read it, and nothing of anybody else. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, release, identity, issuer: set by run.sh and cases.sh

# hand_out TYPE [FLAG…] — asks for the predicate of the image, sets code; it is in $work/predicate.json
hand_out() {
  local type=$1
  shift
  code=0
  timeout 60 "$bonafide" inspect "$image" --predicate "$type" --trusted-root "$LAB_TRUST/trusted_root.json" "$@" \
    >"$work/predicate.json" 2>"$work/told.log" || code=$?
}

predicates() {
  local registry=$LAB_REGISTRY code type signer syft=$BONAFIDE_LAB/syft/syft
  echo "--- inspect --predicate, $registry"
  ask_for_release
  signer=(--certificate-identity "$identity" --certificate-oidc-issuer "$issuer")
  push predicate
  "$labtool" sbom spdx "$image" >"$work/sbom.json"
  attest rekor2 "$release" spdxjson "$work/sbom.json" "$image"
  attest_provenance rekor2 "$release" "$image"
  for type in spdx sbom https://spdx.dev/Document; do
    hand_out "$type" "${signer[@]}"
    told "inspect --predicate $type" "0 same" "$code $(cmp -s <(jq -S . "$work/sbom.json") <(jq -S . "$work/predicate.json") && echo same)"
  done
  if [ -x "$syft" ]; then
    code=0
    "$syft" convert "$work/predicate.json" --quiet --output cyclonedx-json >"$work/converted.json" 2>"$work/told.log" || code=$?
    told "syft reads the predicate" "0 CycloneDX" "$code $(jq -r .bomFormat "$work/converted.json")"
  else
    no_tool syft
  fi
  hand_out provenance "${signer[@]}"
  told "inspect --predicate provenance, by jq" "0 string" "$code $(jq -r '.buildDefinition.buildType | type' "$work/predicate.json")"
  hand_out cyclonedx "${signer[@]}"
  told "inspect --predicate, none of the type" "4 0" "$code $(wc -c <"$work/predicate.json")"
  hand_out spdx --certificate-identity mallory@evil.example --certificate-oidc-issuer "$issuer"
  told "inspect --predicate, of another signer" "1 0" "$code $(wc -c <"$work/predicate.json")"
  hand_out spdx
  told "inspect --predicate, of whomever" "2 0" "$code $(wc -c <"$work/predicate.json")"
}
