# shellcheck shell=bash
# The situations in which a verification commonly fails, made for real: each is put to Bonafide and to cosign. If DIAGNOSIS names a
# file, what both say is written there, as docs/diagnosis.md shows it. Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh, closed.sh and run.sh set, and what they read

# situation NUMBER TITLE EXIT COSIGN-EXIT TEXT — runs Bonafide with the arguments in ours and cosign with those in theirs, in the environment of
# settings: Bonafide ends with EXIT and says TEXT, cosign ends with COSIGN-EXIT. about says how the situation was made.
situation() {
  local number=$1 title=$2 expected=$3 cosign_expected=$4 text=$5 got=0 cosign_got=0 line=ok
  env ${settings[@]+"${settings[@]}"} timeout 60 "$bonafide" verify "${ours[@]}" >"$work/ours" 2>&1 </dev/null || got=$?
  env ${settings[@]+"${settings[@]}"} timeout 60 "$LAB_BIN/cosign" "${theirs[@]}" >"$work/theirs" 2>&1 </dev/null || cosign_got=$?
  [ "$got/$cosign_got" = "$expected/$cosign_expected" ] || line="NOT OK"
  grep -qF -- "$text" <<<"$(tr -s ' \n' ' ' <"$work/ours")" || line="NOT OK"
  row "$number $title" "$cosign_got" "$got" "$expected" "$line" "$text" ||
    sed 's/^/  | /' "$work/ours" "$work/theirs"
  if [ -n "${DIAGNOSIS:-}" ]; then
    {
      printf '\n## %s. %s\n\n' "$number" "$title"
      if [ -n "$about" ]; then printf '%s\n\n' "$about"; fi
      printf 'Bonafide, exit %s:\n\n```text\n%s\n```\n\n' "$got" "$(shown "$work/ours")"
      printf 'cosign, exit %s:\n\n```text\n%s\n```\n' "$cosign_got" "$(shown "$work/theirs")"
    } >>"$DIAGNOSIS"
  fi
  about='' settings=()
}

# shown FILE — what a program said, with names in place of the lab's addresses and files, and digests as short as a terminal shows them
shown() {
  sed -E -e "s#$with_password#login.lab.example#g; s#$proxy#registry.lab.example#g" \
    -e "s#$LAB_REGISTRY#registry.lab.example#g; s#$LAB_REFERRERS_REGISTRY#registry.lab.example#g" \
    -e "s#interop-[a-z0-9]+/#acme/#g; s#$work#/lab#g; s#$LAB_TRUST#/lab#g" \
    -e 's#sha256([:-])([0-9a-f]{12})[0-9a-f]{52}#sha256\1\2…#g; s#[0-9a-f]{64}#…#g; s#[ ]+$##' "$1" | cut -c 1-700 | head -n 20
}

# ask WHAT IMAGE [FLAGS…] — fills ours and theirs for the expected signer; FLAGS go to Bonafide alone
ask() {
  local what=$1 asked=$2 trust=${LAB_ROOT:-$LAB_TRUST/trusted_root.json}
  shift 2
  ours=(--certificate-identity "$identity" --certificate-oidc-issuer "$issuer" --trusted-root "$trust" --require "$what" "$@" "$asked")
  case $what in
    signature) theirs=(verify) ;;
    provenance) theirs=(verify-attestation --type slsaprovenance1) ;;
    sbom) theirs=(verify-attestation --type spdxjson) ;;
  esac
  theirs+=(--trusted-root "$trust" --certificate-identity "$identity" --certificate-oidc-issuer "$issuer")
  # What cosign calls otherwise.
  while [ $# -gt 1 ]; do
    case $1 in --ca-file) theirs+=(--registry-cacert "$2") ;; esac
    shift
  done
  theirs+=("$asked")
}

diagnosis() {
  local registry=$LAB_REFERRERS_REGISTRY settings=() about='' ours=() theirs=() signed other tls=$root/fixtures/tls
  echo "--- situations in which a verification fails"
  if [ -n "${DIAGNOSIS:-}" ]; then cat "$here/diagnosis-head.md" >"$DIAGNOSIS"; fi
  start_closed
  ask_for_release
  push diagnosis
  sign rekor2 "$release" "$image"
  signed=$image

  identity=bob@lab.example ask signature "$signed"
  situation 1 "Another signer" 1 1 "the signer is not the expected one"
  issuer=$accounts ask signature "$signed"
  situation 2 "Another issuer" 1 1 "issuer is another one"
  identity=${release_identity/refs*/refs/heads/main} ask signature "$signed"
  situation 3 "The right workflow, at another ref" 1 1 "the right workflow signed it, at another ref"
  push diagnosis-moved
  about="The tag was pushed again after its digest was noted. cosign is asked about the tag: it has no flag for the digest that is expected."
  ask signature "$tag" --expect-digest "${signed#*@}"
  situation 4 "A tag that moved" 1 10 "the reference resolves to another digest"

  python3 - "$LAB_TRUST/trusted_root.json" "$work/ended.json" <<'PYTHON'
import json, sys

root = json.load(open(sys.argv[1]))
for authority in root["certificateAuthorities"]:
    authority["validFor"]["end"] = authority["validFor"]["start"]
json.dump(root, open(sys.argv[2], "w"))
PYTHON
  about="The trusted root is a copy in which the authority that issued the certificate has ended."
  LAB_ROOT=$work/ended.json ask signature "$signed"
  situation 5 "A trusted root whose authority had ended" 1 1 "authority was not valid when the signature was made"

  about="This machine's clock is right, and the registry's certificate begins in the year 2900: a program sees no difference."
  proxied=$with_password proxy_tls=(--tls "$tls/server-early.pem" "$tls/server-early.pem" "$closed/ca.pem")
  faulty
  ask signature "${signed/$registry/$proxy}" --ca-file "$tls/all-times-authority.pem"
  situation 6 "A clock that is wrong" 3 1 "is not valid yet, by this machine's clock"
  stop_proxy
  unset proxied
  proxy_tls=()

  settings=(HTTPS_PROXY=http://127.0.0.1:9)
  ask signature "registry.corp.example/acme/shop@${signed#*@}"
  situation 7 "A proxy that refuses the connection" 3 1 "the proxy 127.0.0.1:9 (HTTPS_PROXY) refused the connection"
  other=${signed/$registry/$with_password}
  ask signature "$other" --ca-file "$closed/other-ca.pem"
  situation 8 "A private authority that is not given" 3 1 "is from an authority that is not trusted"
  ask signature "$other" --ca-file "$closed/ca.pem"
  situation 9 "A login that is missing" 3 1 "asks for a login"
  docker_config wrong "{\"auths\": {\"$with_password\": {\"auth\": \"$(auth_of "$closed_user" nonsense)\"}}}"
  settings=(DOCKER_CONFIG="$closed/wrong")
  ask signature "$other" --ca-file "$closed/ca.pem"
  situation 10 "A login that is refused" 3 1 "refused the login of \`$closed_user\`"
  stop_closed

  about="The registry asks for a pause of an hour before each answer."
  faulty 'wait:3600:99@.'
  ask signature "${signed/$registry/$proxy}"
  situation 11 "A registry that limits requests" 3 1 "limits requests"
  stop_proxy

  about="The image was copied with \`crane copy\`, which leaves the signature behind."
  other=$LAB_REGISTRY/acme/copied@${signed#*@}
  "$LAB_BIN/crane" copy "$signed" "$LAB_REGISTRY/acme/copied:v1" >>"$LAB_LOGS/crane.log" 2>&1
  ask signature "$other"
  situation 12 "A signature that was left behind" 4 10 "a copied image may have left it behind"

  [ -e "$work/ours.key" ] || make_key "$work/ours"
  push diagnosis-key
  sign rekor2 "$work/ours.key" "$image"
  ask signature "$image"
  situation 13 "A key signed, and a certificate is asked for" 1 1 "it was signed with a key, not with a certificate"

  push diagnosis-legacy
  sign legacy "$release" "$image"
  printf 'version: 1\nimages:\n  - match: "**"\n    signers: [{identity: "%s", issuer: "%s"}]\n    require: [signature]\n    log: proof\n' \
    "$release_identity" "$github" >"$work/proof.yaml"
  about="The policy says \`log: proof\`. cosign has no such question, and verifies."
  ask signature "$image"
  ours=(--policy "$work/proof.yaml" --trusted-root "$LAB_TRUST/trusted_root.json" "$image")
  situation 14 "A promise of the log where a proof is asked for" 1 0 "no inclusion proof shows that the log holds the entry"

  about="BuildKit's attestations are in the index, and unsigned."
  beside diagnosis -form index
  ask provenance "$image"
  situation 15 "Unsigned provenance" 4 1 "no signed provenance is attached"

  push diagnosis-index $platforms
  sign rekor2 "$release" "$image"
  about="The index is signed, and one of its platforms was asked about by digest."
  ask signature "$(child amd64)"
  situation 16 "One platform of a signed index" 4 10 "name the tag or the index, with \`--platform"

  push diagnosis-fork
  attest_provenance rekor2 "${release/acme/mallory}" "$image"
  ask provenance "$image"
  situation 17 "Provenance of a fork" 1 1 "mallory/shop is not acme/shop: perhaps a fork"

  # shellcheck disable=SC2086 # a list of words
  "$labtool" provenance $release | sed "/\"id\": \"https/s|acme/shop/.github/workflows/release.yml|acme/builder/.github/workflows/build.yml|" \
    >"$work/predicate.json"
  push diagnosis-builder
  attest rekor2 "$release" slsaprovenance1 "$work/predicate.json" "$image"
  about="cosign compares nothing of what a provenance says, and verifies."
  ask provenance "$image"
  situation 18 "A provenance that names another builder" 1 0 "the provenance names builder"

  push diagnosis-sbom-other
  other=$image
  push diagnosis-sbom
  attest_sbom rekor2 "$release" "$image" spdx spdxjson "$other"
  about="cosign looks into no SBOM, and verifies."
  ask sbom "$image"
  situation 19 "An SBOM of another image" 1 0 "the SBOM says that it describes"
  push diagnosis-sbom-empty
  attest_sbom rekor2 "$release" "$image" empty
  about="cosign looks into no SBOM, and verifies."
  ask sbom "$image"
  situation 20 "An SBOM without packages" 1 0 "the SBOM lists nothing but the image itself"

  printf 'version: 1\nimages:\n  - match: "**"\n    signers:\n      - identity: "alice@lab.example\n        issuer: %s\n' "$accounts" >"$work/broken.yaml"
  about="cosign has no policy files. It is asked with a regular expression that has the same kind of error."
  ask signature "$signed"
  ours=(--policy "$work/broken.yaml" --trusted-root "$LAB_TRUST/trusted_root.json" "$signed")
  theirs=(verify --trusted-root "$LAB_TRUST/trusted_root.json" --certificate-identity-regexp '(alice' --certificate-oidc-issuer "$github" "$signed")
  situation 21 "A policy that is malformed" 2 1 "close the quote"
  printf 'version: 1\nimages:\n  - match: "registry.lab.example/**"\n    signers: [{identity: "%s", issuer: "%s"}]\n    require: [signature]\n' \
    "$release_identity" "$github" >"$work/nomatch.yaml"
  about="cosign has no policy files. It is asked without a signer, which leaves as open what is asked."
  ask signature "$signed"
  ours=(--policy "$work/nomatch.yaml" --trusted-root "$LAB_TRUST/trusted_root.json" "$signed")
  theirs=(verify --trusted-root "$LAB_TRUST/trusted_root.json" "$signed")
  situation 22 "A policy that is about other images" 2 1 "no rule of"

  about="The public root is asked, which is the default."
  ours=(--certificate-identity "$release_identity" --certificate-oidc-issuer "$github" --require signature --offline "$signed")
  ask_for_release
  theirs=(verify --offline --certificate-identity "$release_identity" --certificate-oidc-issuer "$github" "$signed")
  situation 23 "A signature of another Sigstore" 1 1 "no trusted authority issued the certificate"

  about="The registry has no attestation of the image. Whether GitHub has one was not asked, as there is none of the lab's image."
  push diagnosis-github
  ask provenance "$image"
  situation 24 "An attestation that GitHub may keep" 4 1 "GitHub was not asked"

  push diagnosis-unlogged
  sign unlogged "$work/ours.key" "$image"
  about="It was signed with a key and in no log."
  ours=(--key "$work/ours.pub" --trusted-root "$LAB_TRUST/trusted_root.json" --require signature "$image")
  theirs=(verify --key "$work/ours.pub" --trusted-root "$LAB_TRUST/trusted_root.json" "$image")
  situation 25 "A signature without a log entry" 1 1 "has no transparency log entry"
}
