# shellcheck shell=bash
# SBOMs of every form, attached by cosign to an image, an index, each platform or one. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, release: set by run.sh and cases.sh

# bill NAME COSIGN-EXIT EXIT REASON FORM TYPE [OTHER] — attests an SBOM of FORM to a fresh image as TYPE of cosign, and asks
bill() {
  push "sbom-$1"
  attest_sbom rekor2 "$release" "$image" "$5" "$6" "${7:-$image}"
  check "SBOM, $1" "$2" "$3" "$4" "$image"
}

sbom_forms() {
  local registry=$LAB_REGISTRY p
  echo "--- forms of SBOM, $registry"
  ask_for_release
  kinds=sbom
  # cosign is asked for spdxjson, which is what it calls the type; it looks at no SBOM.
  bill spdx-2.3 0 0 - spdx spdxjson
  bill spdx-3.0.1 1 0 - spdx-3 https://spdx.dev/Document/v3.0.1
  bill cyclonedx 1 0 - cyclonedx cyclonedx
  bill empty 0 1 "sbom-content fail" empty spdxjson
  bill noassertion 0 0 - noassertion spdxjson
  bill cyclonedx-called-spdx 0 1 "sbom-format fail" cyclonedx spdxjson
  push sbom-other
  bill of-another-image 0 1 "sbom-subject fail" spdx spdxjson "$image"

  push sbom-index $platforms
  attest_sbom rekor2 "$release" "$image"
  check "SBOM on the index" 0 0 - "$tag"
  check "SBOM on the index, one platform asked for" - 0 - "$tag" --platform linux/arm64
  push sbom-platforms $platforms
  for p in amd64 arm64; do attest_sbom rekor2 "$release" "$(child $p)"; done
  check "SBOM on each platform" 1 0 - "$tag"
  push sbom-partial $platforms
  attest_sbom rekor2 "$release" "$(child amd64)"
  check "SBOM on one platform only" 1 4 "evidence-present skip" "$tag"
  check "SBOM on the platform that is asked for" - 0 - "$tag" --platform linux/amd64
  push sbom-of-one-platform $platforms
  attest_sbom rekor2 "$release" "$image" spdx spdxjson "$(child amd64)"
  check "SBOM of one platform, on the index" 0 4 - "$tag"
}
