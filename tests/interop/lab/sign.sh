# shellcheck shell=bash
# Signing in the lab, as functions. Source it after env.sh.
#
# A format is one of:
#   rekor2  bundles as referrers, logged by Rekor v2 and stamped by the timestamp authority
#   rekor1  bundles as referrers, logged by Rekor v1, which gives the time itself
#   legacy  the tags sha256-HEX.sig and sha256-HEX.att, logged by Rekor v1

# cosign_flags FORMAT — prints the flags of `cosign sign` and `cosign attest`, one on each line
cosign_flags() {
  printf '%s\n' --yes --trusted-root "$LAB_TRUST/trusted_root.json"
  case $1 in
    rekor1 | rekor2) printf '%s\n' --signing-config "$LAB_TRUST/signing_config.$1.json" ;;
    legacy)
      printf '%s\n' --new-bundle-format=false --use-signing-config=false \
        --fulcio-url "http://127.0.0.1:$LAB_FULCIO_PORT" --rekor-url "http://127.0.0.1:$LAB_REKOR1_PORT"
      ;;
    *) lab_fail "no such format: $1" ;;
  esac
}

# run_cosign COMMAND FORMAT WHO ARGUMENT… — WHO: an e-mail address, or run flags of labtool
run_cosign() {
  local command=$1 format=$2 who=$3 token kind=github
  shift 3
  case $who in -* | '') ;; *) kind=email ;; esac
  # shellcheck disable=SC2086 # WHO is a list of words
  token=$("$LAB_BIN/labtool" token "$LAB_KEYS" $kind $who)
  local flags
  mapfile -t flags < <(cosign_flags "$format")
  "$LAB_BIN/cosign" "$command" "${flags[@]}" --identity-token "$token" "$@" \
    >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || {
    tail -n 5 "$LAB_LOGS/cosign.log" >&2
    lab_fail "cosign $command $* failed; see $LAB_LOGS/cosign.log"
  }
}

# sign FORMAT WHO IMAGE@DIGEST
sign() { run_cosign sign "$1" "$2" "$3"; }

# attest_provenance FORMAT WHO IMAGE@DIGEST [RUN FLAGS] — the flags of the run when WHO is a person
attest_provenance() {
  local predicate run=${4:-}
  case $2 in -*) run=$2 ;; esac
  predicate=$(mktemp)
  # shellcheck disable=SC2086 # a list of words
  "$LAB_BIN/labtool" provenance $run >"$predicate"
  run_cosign attest "$1" "$2" --type slsaprovenance1 --predicate "$predicate" "$3"
  rm -f "$predicate"
}

# attest_spdx FORMAT WHO IMAGE@DIGEST
attest_spdx() {
  local predicate
  predicate=$(mktemp)
  "$LAB_BIN/labtool" spdx "$3" >"$predicate"
  run_cosign attest "$1" "$2" --type spdxjson --predicate "$predicate" "$3"
  rm -f "$predicate"
}

# sign_all FORMAT WHO IMAGE@DIGEST — signature, provenance and SBOM
sign_all() {
  sign "$@"
  attest_provenance "$@"
  attest_spdx "$@"
}
