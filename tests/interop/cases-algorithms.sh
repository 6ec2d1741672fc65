# shellcheck shell=bash
# Every algorithm that cosign signs with, by key and keyless, in bundles and legacy layers, and on files; each with a twin that was
# tampered with. Sourced by run.sh.
#
# What cosign 3.1.3 itself does not do is not asked of it: Rekor v1 takes envelopes signed with SHA-256 alone, Fulcio gives no certificates
# for Ed25519ph, and `cosign verify` reads Ed25519 keys as pure Ed25519, by which nothing was signed.
# shellcheck disable=SC2034,SC2154 # what cases.sh and run.sh set, and what they read

# algorithm_key NAME — makes keys/NAME.key and keys/NAME.pub with openssl, as people bring their own keys to cosign
algorithm_key() {
  local options
  case $1 in
    p256) options=(-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1) ;;
    p384) options=(-algorithm EC -pkeyopt ec_paramgen_curve:secp384r1) ;;
    p521) options=(-algorithm EC -pkeyopt ec_paramgen_curve:secp521r1) ;;
    rsa*) options=(-algorithm RSA -pkeyopt "rsa_keygen_bits:${1#rsa}") ;;
    ed25519) options=(-algorithm ed25519) ;;
  esac
  openssl genpkey "${options[@]}" -out "$work/$1.pem" 2>>"$LAB_LOGS/cosign.log"
  COSIGN_PASSWORD='' "$LAB_BIN/cosign" import-key-pair --key "$work/$1.pem" --output-key-prefix "$work/$1" >>"$LAB_LOGS/cosign.log" 2>&1
}

# sign_by NAME FORMAT WHO — signs image with the key of this name, as WHO if it is somebody (a certificate for the key)
sign_by() {
  local flags whom=(--key "$work/$1.key")
  mapfile -t flags < <(cosign_flags "$2")
  # cosign verifies what it signed if it has a root, and Ed25519 signatures as what they are not.
  [ "$1" != ed25519 ] || flags=(--yes "${flags[@]:3}")
  [ "$3" = key ] || whom+=(--issue-certificate --identity-token "$("$labtool" token "$LAB_KEYS" email alice@lab.example)")
  COSIGN_PASSWORD='' "$LAB_BIN/cosign" sign "${flags[@]}" "${whom[@]}" "$image" >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || {
    tail -n 5 "$LAB_LOGS/cosign.log" >&2
    lab_fail "cosign sign with $1 in the format $2 failed; see $LAB_LOGS/cosign.log"
  }
}

# on_file TITLE EXIT FLAGS… — asks Bonafide about a file and prints a line
on_file() {
  local title=$1 expected=$2 exit_code=0 line=ok
  shift 2
  timeout 120 "$bonafide" bundle --trusted-root "$LAB_TRUST/trusted_root.json" "$@" >"$work/out" 2>&1 </dev/null || exit_code=$?
  [ "$exit_code" = "$expected" ] || line="NOT OK"
  row "$title" - "$exit_code" "$expected" "$line" "$(head -n 1 "$work/out" | cut -c1-110)" ||
    sed 's/^/  | /' "$work/out" | head -n 30
}

# images_of NAME — the image in every format, by key and keyless; its signature copied to another image is the twin
images_of() {
  local name=$1 format who answer signed mismatch
  for format in rekor2 rekor1 unlogged legacy legacy-stamped; do
    for who in key certificate; do
      case $name/$format/$who in
        p384/rekor1/* | p521/rekor1/* | ed25519/rekor1/* | ed25519/*/certificate | */unlogged/certificate) continue ;;
      esac
      registry=$LAB_REGISTRY push "$name-$format-$who"
      sign_by "$name" "$format" "$who"
      ask_for_release
      kinds=signature answer=0
      identity=alice@lab.example issuer=$accounts
      [ "$who" = certificate ] || key=$work/$name.pub
      local flags=()
      [ "$format" != unlogged ] || { flags=(--key-without-log) && with_cosign=--insecure-ignore-tlog; }
      case $name/$format/$who in
        ed25519/*) answer=- ;;
        # cosign looks for the log entry of a legacy signature by SHA-256 alone.
        p384/legacy*/* | p521/legacy*/*) answer=12 ;;
        p384/*/key) with_cosign+=" --signature-digest-algorithm sha384" ;;
        p521/*/key) with_cosign+=" --signature-digest-algorithm sha512" ;;
      esac
      check "$name, $format, $who" "$answer" 0 - "$image" ${flags[@]+"${flags[@]}"}
      case $format in legacy*) ;; *) continue ;; esac
      signed=${tag%:*}:${image#*@}
      signed=${signed/sha256:/sha256-}.sig
      registry=$LAB_REGISTRY push "$name-$format-$who-twin"
      local twin=${tag%:*}:${image#*@}
      "$LAB_BIN/crane" copy --insecure "$signed" "${twin/sha256:/sha256-}.sig" >>"$LAB_LOGS/cosign.log" 2>&1
      mismatch=12
      [ "$answer" != - ] || mismatch=-
      check "$name, $format, $who, on another image" "$mismatch" 1 "subject-digest fail" "$image"
    done
  done
}

# files_of NAME SIGNING-ALGORITHM — a file by key and keyless, in both logs; other content and another signature are the twins
files_of() {
  local name=$1 log whom flags
  printf 'content' >"$work/file"
  printf 'other content' >"$work/twin"
  for log in rekor2 rekor1; do
    for who in key certificate; do
      mapfile -t flags < <(cosign_flags "$log")
      [ "$name" != ed25519 ] || flags=(--yes "${flags[@]:3}")
      case $who in
        key) whom=(--key "$work/$name.key") ;;
        *)
          [ -n "$2" ] || continue
          whom=(--signing-algorithm "$2" --identity-token "$("$labtool" token "$LAB_KEYS" email alice@lab.example)")
          ;;
      esac
      for file in file twin; do
        COSIGN_PASSWORD='' "$LAB_BIN/cosign" sign-blob "${flags[@]}" "${whom[@]}" --bundle "$work/$file.json" "$work/$file" \
          >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || lab_fail "cosign sign-blob with $name failed; see $LAB_LOGS/cosign.log"
      done
      [ "$who" = certificate ] || whom=(--key "$work/$name.pub")
      [ "$who" = key ] || whom=(--certificate-identity alice@lab.example --certificate-oidc-issuer "$accounts")
      on_file "$name, file, $log, $who" 0 "${whom[@]}" --bundle "$work/file.json" "$work/file"
      on_file "$name, file, $log, $who, other content" 1 "${whom[@]}" --bundle "$work/file.json" "$work/twin"
      local signature
      signature=$(sed -n 's/.*"signature": *"\([^"]*\)".*/\1/p' "$work/twin.json" | head -n 1)
      sed "s|\(\"messageSignature\".*\"signature\": *\"\)[^\"]*|\1$signature|" "$work/file.json" >"$work/twin.json"
      on_file "$name, file, $log, $who, other signature" 1 "${whom[@]}" --bundle "$work/twin.json" "$work/file"
    done
  done
}

algorithms() {
  local name
  echo "--- algorithms, $LAB_REGISTRY"
  for name in p256 p384 p521 rsa2048 rsa3072 rsa4096 ed25519; do
    algorithm_key $name
    images_of $name
    case $name in
      p256) files_of $name ecdsa-sha2-256-nistp256 ;;
      p384) files_of $name ecdsa-sha2-384-nistp384 ;;
      p521) files_of $name ecdsa-sha2-512-nistp521 ;;
      rsa*) files_of $name "rsa-sign-pkcs1-${name#rsa}-sha256" ;;
      ed25519) files_of $name '' ;;
    esac
  done
}
