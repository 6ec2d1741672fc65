# shellcheck shell=bash
# Signing in the lab, as functions. Source it after env.sh.
#
# A format is one of:
#   rekor2           bundles as referrers, logged by Rekor v2 and stamped by the timestamp authority
#   rekor1           bundles as referrers, logged by Rekor v1, which gives the time itself
#   rekor1-stamped   the same, stamped as well
#   unlogged         bundles as referrers, for keys only
#   legacy           the tags sha256-HEX.sig and sha256-HEX.att, logged by Rekor v1
#   legacy-stamped   the same, stamped as well
#   legacy-unlogged  the same, for keys only
#   legacy-referrer  signatures alone, in the same layers under a manifest that is a referrer, logged by Rekor v1
#   legacy-referrer-unlogged  the same, for keys only

# cosign_flags FORMAT — prints the flags of `cosign sign` and `cosign attest`, one on each line
cosign_flags() {
  printf '%s\n' --yes --trusted-root "$LAB_TRUST/trusted_root.json"
  case $1 in
    rekor1 | rekor1-stamped | rekor2 | unlogged) printf '%s\n' --signing-config "$LAB_TRUST/signing_config.$1.json" ;;
    legacy | legacy-*) printf '%s\n' --new-bundle-format=false --use-signing-config=false ;;&
    legacy-referrer*) printf '%s\n' --registry-referrers-mode oci-1-1 ;;&
    legacy-unlogged | legacy-referrer-unlogged) printf '%s\n' --tlog-upload=false ;;
    legacy-stamped) printf '%s\n' --timestamp-server-url "http://127.0.0.1:$LAB_TSA_PORT/api/v1/timestamp" ;;&
    legacy | legacy-stamped | legacy-referrer)
      printf '%s\n' --fulcio-url "http://127.0.0.1:$LAB_FULCIO_PORT" --rekor-url "http://127.0.0.1:$LAB_REKOR1_PORT"
      ;;
    *) lab_fail "no such format: $1" ;;
  esac
}

# make_key NAME — makes NAME.key and NAME.pub, without a password
make_key() { COSIGN_PASSWORD='' "$LAB_BIN/cosign" generate-key-pair --output-key-prefix "$1" >>"$LAB_LOGS/cosign.log" 2>&1; }

# run_cosign COMMAND FORMAT WHO ARGUMENT… — WHO: an e-mail address, run flags of labtool, or the file NAME.key of a key
run_cosign() {
  local command=$1 format=$2 who=$3 kind=github signer
  shift 3
  case $who in
    /*.key) signer=(--key "$who") ;;
    *)
      case $who in -* | '') ;; *) kind=email ;; esac
      # shellcheck disable=SC2086 # WHO is a list of words
      signer=(--identity-token "$("$LAB_BIN/labtool" token "$LAB_KEYS" $kind $who)")
      ;;
  esac
  local flags
  mapfile -t flags < <(cosign_flags "$format")
  # With this variable alone does cosign know another place than its tags for legacy layers.
  local settings=(COSIGN_PASSWORD=)
  case $format in legacy-referrer*) settings+=(COSIGN_EXPERIMENTAL=1) ;; esac
  env "${settings[@]}" "$LAB_BIN/cosign" "$command" "${flags[@]}" "${signer[@]}" "$@" \
    >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || {
    tail -n 5 "$LAB_LOGS/cosign.log" >&2
    lab_fail "cosign $command $* failed; see $LAB_LOGS/cosign.log"
  }
}

# sign FORMAT WHO IMAGE@DIGEST
sign() { run_cosign sign "$1" "$2" "$3"; }

# attest FORMAT WHO TYPE PREDICATE-FILE IMAGE@DIGEST
attest() { run_cosign attest "$1" "$2" --type "$3" --predicate "$4" "$5"; }

# attest_provenance FORMAT WHO IMAGE@DIGEST [RUN FLAGS] — the flags of the run when WHO is a person
attest_provenance() {
  local predicate run=${4:-}
  case $2 in -*) run=$2 ;; esac
  predicate=$(mktemp)
  # shellcheck disable=SC2086 # a list of words
  "$LAB_BIN/labtool" provenance $run >"$predicate"
  attest "$1" "$2" slsaprovenance1 "$predicate" "$3"
  rm -f "$predicate"
}

# attest_sbom FORMAT WHO IMAGE@DIGEST [FORM [TYPE [OTHER@DIGEST]]] — FORM of labtool, TYPE of cosign; the SBOM of another image
attest_sbom() {
  local predicate
  predicate=$(mktemp)
  "$LAB_BIN/labtool" sbom "${4:-spdx}" "${6:-$3}" >"$predicate"
  attest "$1" "$2" "${5:-spdxjson}" "$predicate" "$3"
  rm -f "$predicate"
}

# sign_all FORMAT WHO IMAGE@DIGEST — signature, provenance and SBOM
sign_all() {
  sign "$@"
  attest_provenance "$@"
  attest_sbom "$@"
}
