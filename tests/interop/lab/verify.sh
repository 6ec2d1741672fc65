# shellcheck shell=bash
# Asking cosign, as functions. Source it after env.sh. LAB_ROOT is another trusted root than the lab's.

# cosign_verify IDENTITY ISSUER IMAGE [WHAT…] — sets cosign_exits to cosign's exit codes for signature,
# provenance and SBOM, as "0 0 0", and cosign_exit to the first of them that is not 0. WHAT limits the
# questions to some of: signature provenance sbom, or types of attestations as cosign names them: vuln, openvex, a URI.
cosign_verify() {
  local identity=$1 issuer=$2
  shift 2
  ask_cosign "--certificate-identity $identity --certificate-oidc-issuer $issuer" "$@"
}

# ask_cosign FLAGS IMAGE [WHAT…] — the same with any FLAGS that say whom to believe, a list of words
ask_cosign() {
  local flags=$1 image=$2 what command code
  shift 2
  [ $# -gt 0 ] || set -- signature provenance sbom
  cosign_exits='' cosign_exit=0
  for what in "$@"; do
    case $what in
      signature) command=(verify) ;;
      provenance) command=(verify-attestation --type slsaprovenance1) ;;
      sbom) command=(verify-attestation --type spdxjson) ;;
      vuln | openvex | http*) command=(verify-attestation --type "$what") ;;
      *) lab_fail "cosign_verify: $what?" ;;
    esac
    code=0
    {
      echo "cosign ${command[*]} $image"
      # shellcheck disable=SC2086 # a list of words
      "$LAB_BIN/cosign" "${command[@]}" --trusted-root "${LAB_ROOT:-$LAB_TRUST/trusted_root.json}" $flags "$image" || code=$?
    } >>"$LAB_LOGS/cosign-verify.log" 2>&1 </dev/null
    cosign_exits="${cosign_exits:+$cosign_exits }$code"
    if [ "$cosign_exit" = 0 ]; then cosign_exit=$code; fi
  done
}
