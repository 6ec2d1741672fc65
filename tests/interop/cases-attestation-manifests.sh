# shellcheck shell=bash
# Provenance and SBOMs as BuildKit writes them, into an attestation manifest beside each platform, and signed there by the real
# cosign: as docker/github-builder does it (a bundle, by a reusable workflow), as Docker Hardened Images have it (a legacy layer
# as a referrer, by key), and in every other form; then with one link broken at a time. Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh and run.sh set, and what they read

builder="$release --builder docker/github-builder/.github/workflows/build.yml@refs/tags/v1.2.0"
builder_identity=https://github.com/docker/github-builder/.github/workflows/build.yml@refs/tags/v1.2.0

ask_for_builder() {
  identity=$builder_identity issuer=$github key='' with_cosign='' kinds=provenance,sbom
}

# beside NAME [FLAGS…] — pushes an image with attestation manifests; sets tag, image, and manifests, those of amd64 and arm64
beside() {
  tag=$registry/interop-${work##*.}/beside-$1:v1.0.0
  tag=${tag,,}
  shift
  image=$("$labtool" buildkit -slsa v1 -list "$work/manifests" "$@" "$tag")
  mapfile -t manifests <"$work/manifests"
}

# sign_beside FORMAT WHO — signs both attestation manifests
sign_beside() {
  local manifest
  for manifest in "${manifests[@]}"; do sign "$1" "$2" "$manifest"; done
}

# judged TITLE COSIGN-EXIT EXIT REASON [FLAGS…] — COSIGN-EXIT is what `cosign verify` says of the first attestation manifest
judged() {
  local title=$1 cosign=$2 expected=$3 reason=$4
  shift 4
  cosign_image=${manifests[0]} cosign_kinds=signature check "$title" "$cosign" "$expected" "$reason" "${asked:-$image}" "$@"
}

# for_shop … — the same, of what the reusable workflow signed for acme/shop
for_shop() { judged "$@" --repo acme/shop; }

# Where an attestation manifest is, by what is signed and how.
forms_beside() {
  local form format ours=$work/ours
  [ -e "$ours.key" ] || make_key "$ours"
  for form in index artifact bare referrer; do
    ask_for_builder
    beside $form -form $form
    sign_beside rekor2 "$builder"
    for_shop "attestations, $form, bundle" 0 0 -
    kinds=signature
    for_shop "attestations, $form, no signature on the image" 0 4 "evidence-present skip"
  done
  for format in rekor1 legacy legacy-referrer; do
    ask_for_builder
    beside $format -form artifact
    sign_beside $format "$builder"
    case $format in legacy-referrer) with_cosign=--experimental-oci11 ;; esac
    for_shop "attestations, $format" 0 0 -
  done
  for format in rekor2 legacy; do
    ask_for_builder
    beside key-$format
    sign_beside $format "$ours.key"
    key=$ours.pub identity=''
    judged "attestations, by key, $format" 0 0 -
  done
  # Docker Hardened Images.
  ask_for_builder
  beside hardened -form referrer
  sign_beside legacy-referrer-unlogged "$ours.key"
  key=$ours.pub identity='' with_cosign='--experimental-oci11 --insecure-ignore-tlog'
  judged "attestations, as Docker Hardened Images" 0 0 - --key-without-log
  with_cosign=--experimental-oci11
  judged "the same, a log demanded" 10 1 "transparency-log fail"
  key='' identity=$builder_identity
  for_shop "the same, an identity asked for" 10 1 "certificate-chain fail"
}

# Which of them are signed, and by whom.
signed_beside() {
  ask_for_builder
  beside unsigned -form artifact
  for_shop "attestations, unsigned" 10 4 "evidence-present skip"
  beside stranger -form artifact
  sign_beside rekor2 $mallory
  for_shop "attestations, by a stranger" 1 1 "signer-identity fail"
  sign_beside rekor2 "$builder"
  for_shop "attestations, by a stranger and the builder" 0 0 -
  beside partial -form artifact
  sign rekor2 "$builder" "${manifests[0]}"
  for_shop "attestations, of one platform" 0 4 "evidence-present skip"
  for_shop "the platform whose attestations are signed" 0 0 - --platform linux/amd64
  for_shop "the other platform" 0 4 "evidence-present skip" --platform linux/arm64
  # A signature on the index is none on what the attestation manifests in it say.
  beside index-signed
  sign rekor2 "$builder" "$image"
  kinds=signature for_shop "attestations, the index signed" 10 0 -
  for_shop "attestations, the index alone signed" 10 4 "evidence-present skip"
  sign_beside rekor2 "$builder"
  kinds=signature,provenance,sbom
  for_shop "attestations and the index, both signed" 0 0 -
  ask_for_builder
  beside source
  sign_beside rekor2 "$builder"
  for_shop "attestations, by tag" 0 0 -
  judged "attestations, another repository asked for" 0 1 "signer-source fail" --repo acme/pets
  beside attested -form artifact
  attest_sbom rekor2 "$builder" "${manifests[0]}"
  attest_sbom rekor2 "$builder" "${manifests[1]}"
  # For cosign any bundle about the manifest is a signature on it.
  for_shop "attestations, attested and not signed" 0 4 "evidence-present skip"
}

# broken TITLE COSIGN-EXIT EXIT REASON FLAGS… — both signed, in an image that is bent by FLAGS of labtool
broken() {
  local title=$1 cosign=$2 expected=$3 reason=$4
  shift 4
  beside "broken-$(printf %s "$title$*" | cksum | cut -d' ' -f1)" "$@"
  sign_beside rekor2 "$builder"
  for_shop "attestations, $title" "$cosign" "$expected" "$reason"
}

# One link broken. cosign sees none of it: the signatures on the attestation manifests verify.
links_beside() {
  local donor
  ask_for_builder
  broken "annotations swapped" 0 1 "attestation-manifest fail" -form artifact -bend swapped-annotations
  broken "annotations swapped, no subject" 0 1 "subject-digest fail" -bend swapped-annotations
  broken "subjects swapped" 0 1 "attestation-manifest fail" -form artifact -bend swapped-subjects
  broken "subjects swapped, not in the index" 0 1 "subject-digest fail" -form referrer -bend swapped-subjects
  broken "statements swapped" 0 1 "subject-digest fail" -form artifact -bend swapped-statements
  broken "about another image" 0 1 "subject-digest fail" -form artifact -bend other-image
  broken "about both platforms" 0 0 - -form artifact -bend two-subjects
  broken "listed for two platforms" 0 1 "attestation-manifest fail" -form artifact -bend twice
  broken "layers of another media type" 0 4 "evidence-present skip" -form artifact -bend media-type
  # An envelope in a layer is a legacy attestation, as Tekton Chains writes them, and this one is signed with a key.
  broken "envelopes as layers" 0 1 "certificate-chain fail" -form artifact -bend dsse-type
  broken "envelopes called statements" 0 1 "payload-format fail" -form artifact -bend dsse
  broken "in an index of their own" 0 4 "evidence-present skip" -bend index
  broken "in a nested index" 0 0 - -form artifact -bend nested
  broken "another repository" 0 1 "provenance-source fail" -form artifact -bend repository
  broken "another commit" 0 1 "provenance-commit fail" -form artifact -bend commit
  broken "another run" 0 1 "provenance-run fail" -form artifact -bend run
  broken "no builder" 0 1 "provenance-format fail" -form artifact -slsa v0.2
  broken "two provenances, one a lie" 0 0 - -form artifact -bend also-a-lie
  says provenance-others
  kinds=signature
  broken "a statement that says it is a signature" 0 4 "evidence-present skip" -form artifact -bend sign-claim

  # Signatures that were made for something else.
  ask_for_builder
  beside donor -form artifact
  sign_beside rekor2 "$builder"
  sign_beside legacy "$builder"
  donor=("${manifests[@]}")
  beside thief -form artifact
  "$labtool" replay "${donor[0]}" "${manifests[0]}"
  "$labtool" replay "${donor[1]}" "${manifests[1]}"
  for_shop "attestations, bundles of another image's" 1 1 "subject-digest fail"
  beside thief-legacy -form artifact
  steal "${donor[0]}" "${manifests[0]}"
  steal "${donor[1]}" "${manifests[1]}"
  for_shop "attestations, legacy signatures of another's" 12 1 "subject-digest fail"
  beside crossed -form artifact
  sign rekor2 "$builder" "${manifests[0]}"
  "$labtool" replay "${manifests[0]}" "${manifests[1]}"
  for_shop "attestations, one signature for both" 0 1 "subject-digest fail"
  beside image-signed -form artifact
  sign rekor2 "$builder" "$(child amd64)"
  sign rekor2 "$builder" "$(child arm64)"
  "$labtool" replay "$(child amd64)" "${manifests[0]}"
  "$labtool" replay "$(child arm64)" "${manifests[1]}"
  for_shop "attestations, signatures of the image" 1 1 "subject-digest fail"
}

# steal FROM@DIGEST TO@DIGEST — puts the legacy signature of one where another's would be
steal() {
  "$LAB_BIN/crane" copy "${1%@*}:sha256-${1#*@sha256:}.sig" "${2%@*}:sha256-${2#*@sha256:}.sig" >>"$LAB_LOGS/crane.log" 2>&1
}


# What was there and is not: undecided, as it could have satisfied.
missing_beside() {
  local name
  ask_for_builder
  beside no-statement
  sign_beside rekor2 "$builder"
  name=${image%@*} name=${name#*/}
  for layer in $("$LAB_BIN/crane" manifest "${manifests[0]}" | grep -o '"digest":"sha256:[0-9a-f]*"' | cut -d'"' -f4); do
    curl -s -X DELETE "http://$registry/v2/$name/blobs/$layer" >/dev/null
  done
  for_shop "attestations, statements deleted" 0 3 "evidence-complete error"
  for_shop "the other platform, its statements there" 0 0 - --platform linux/arm64
  beside no-manifest
  sign_beside rekor2 "$builder"
  name=${image%@*} name=${name#*/}
  curl -s -X DELETE "http://$registry/v2/$name/manifests/${manifests[0]#*@}" >/dev/null
  for_shop "attestations, manifest deleted" 0 3 "evidence-complete error"
  kinds=signature
  for_shop "the same, a signature asked for" 0 4 "evidence-present skip"
}

# In a layout and in an archive of one, by a policy, and by the policy that is suggested.
elsewhere_beside() {
  local form asked layout
  for form in index artifact referrer; do
    ask_for_builder
    beside layout-$form -form $form
    sign_beside rekor2 "$builder"
    [ $form != index ] || sign_beside legacy "$builder"
    layout=$work/layout-$form
    mkdir -p "$layout"
    "$labtool" export "$tag" "$layout"
    asked=oci:$layout:v1.0.0 for_shop "attestations, $form, in a layout" 0 0 -
    tar -C "$layout" -cf "$layout.tar" .
    asked=oci-archive:$layout.tar:v1.0.0 for_shop "attestations, $form, in an archive" 0 0 -
    rm "$layout/blobs/sha256/${manifests[0]#*@sha256:}"
    asked=oci:$layout:v1.0.0 for_shop "attestations, $form, manifest lost in a layout" 0 3 "evidence-complete error"
  done
  ask_for_builder
  beside suggested -form artifact
  sign_beside rekor2 "$builder"
  "$bonafide" inspect --suggest-policy --trusted-root "$LAB_TRUST/trusted_root.json" "$tag" >"$work/policy.yaml" 2>"$work/out" ||
    lab_fail "bonafide inspect --suggest-policy: $(tail -n 5 "$work/out")"
  kinds=provenance,sbom
  by_policy "attestations, by the suggested policy" - 0 -
  beside suggested-not -form artifact
  sign_beside rekor2 $mallory
  sed -i "s|/beside-suggested'|/beside-suggested-not'|" "$work/policy.yaml"
  by_policy "attestations by a stranger, by that policy" - 1 -
}

attestation_manifests() {
  local registry
  for registry in "$LAB_REGISTRY" "$LAB_REFERRERS_REGISTRY"; do
    echo "--- attestation manifests, $registry"
    forms_beside
  done
  registry=$LAB_REFERRERS_REGISTRY
  signed_beside
  links_beside
  registry=$LAB_REGISTRY
  echo "--- attestation manifests that lost something, and layouts, $registry"
  missing_beside
  elsewhere_beside
}
