# shellcheck shell=bash
# Files that cosign signs and attests, in every form that it writes, as `file:` targets beside `cosign verify-blob` and
# `verify-blob-attestation`; each with a twin of other content under the same evidence. Sourced by run.sh.
# shellcheck disable=SC2154 # what cases.sh and run.sh set

# file_row TITLE COSIGN-EXIT EXIT COSIGN-COMMAND FLAGS… — asks cosign, with the flags before `::`, and Bonafide, with those after it,
# about $work/files/app, and prints a line. COSIGN-COMMAND is "-" where cosign has no such question, or wants its keys one by one.
file_row() {
  local title=$1 cosign_expected=$2 expected=$3 command=$4 cosign_got=- exit_code=0 line=ok with_cosign=()
  shift 4
  while [ "$1" != :: ]; do with_cosign+=("$1") && shift; done
  shift
  if [ "$command" != - ]; then
    cosign_got=0
    # cosign takes a trusted root with bundles alone.
    case " ${with_cosign[*]} " in *" --new-bundle-format=false "*) ;; *) with_cosign+=(--trusted-root "$LAB_TRUST/trusted_root.json") ;; esac
    "$LAB_BIN/cosign" "$command" "${with_cosign[@]}" "$work/files/app" \
      >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || cosign_got=$?
  fi
  timeout 120 "$bonafide" verify --trusted-root "$LAB_TRUST/trusted_root.json" --no-policy "$@" "file:$work/files/app" \
    >"$work/out" 2>&1 </dev/null || exit_code=$?
  [ "$exit_code/$cosign_got" = "$expected/$cosign_expected" ] || line="NOT OK"
  row "$title" "$cosign_got" "$exit_code" "$expected" "$line" "$(head -n 1 "$work/out" | cut -c1-110)" ||
    sed 's/^/  | /' "$work/out" | head -n 30
}

# both TITLE COSIGN-COMMAND FLAGS… — the file that was signed, and the same evidence beside other content
both() {
  local title=$1
  shift
  printf 'content' >"$work/files/app"
  file_row "$title" 0 0 "$@"
  printf 'other content' >"$work/files/app"
  file_row "$title, other content" 1 1 "$@"
}

# fresh — a file without any evidence
fresh() {
  rm -rf "$work/files" && mkdir "$work/files"
  printf 'content' >"$work/files/app"
}

files() {
  local app=$work/files/app log
  local who=(--certificate-identity alice@lab.example --certificate-oidc-issuer "$accounts")
  echo "--- files"
  make_key "$work/file"
  fresh
  file_row "a file without evidence" - 4 - :: "${who[@]}"
  for log in rekor2 rekor1; do
    fresh
    run_cosign sign-blob "$log" alice@lab.example --bundle "$app.sigstore.json" "$app"
    both "sign-blob, $log, certificate" verify-blob --bundle "$app.sigstore.json" "${who[@]}" :: "${who[@]}" --require signature
    fresh
    run_cosign sign-blob "$log" "$work/file.key" --bundle "$app.bundle" "$app"
    both "sign-blob, $log, key" verify-blob --bundle "$app.bundle" --key "$work/file.pub" :: --key "$work/file.pub" --require signature
    fresh
    printf '{"result": "PASSED"}' >"$work/predicate.json"
    run_cosign attest-blob "$log" alice@lab.example --predicate "$work/predicate.json" --type https://acme.example/review/v1 \
      --bundle "$app.sigstore.json" "$app"
    both "attest-blob, $log" verify-blob-attestation --bundle "$app.sigstore.json" --type https://acme.example/review/v1 "${who[@]}" \
      :: "${who[@]}" --require https://acme.example/review/v1
  done
  # What cosign wrote before there were bundles: its own bundle with the log's promise, and signature and certificate alone.
  fresh
  run_cosign sign-blob legacy alice@lab.example --bundle "$app.bundle" --output-signature "$work/sig" --output-certificate "$work/pem" "$app"
  file_row "sign-blob, cosign's own bundle" - 0 - :: "${who[@]}" --require signature
  printf 'other content' >"$app"
  file_row "sign-blob, cosign's own bundle, other content" - 1 - :: "${who[@]}" --require signature
  fresh
  cp "$work/sig" "$app.sig" && cp "$work/pem" "$app.pem"
  file_row "sign-blob, signature and certificate alone" - 1 - :: "${who[@]}" --require signature
  fresh
  run_cosign sign-blob legacy-unlogged "$work/file.key" --output-signature "$app.sig" "$app"
  both "sign-blob, key, no log" verify-blob --new-bundle-format=false --insecure-ignore-tlog --key "$work/file.pub" --signature "$app.sig" \
    :: --key "$work/file.pub" --key-without-log --require signature
}
