# shellcheck shell=bash
# A repository of two hundred releases, signed by ten signers with the real cosign in three formats, and fifteen faults of different
# kinds among them: an audit names these fifteen, each with its reason, and no other. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work, passed, failed: set by those who source this

# signed_by FORMAT KIND NAME IMAGE [FLAGS…] — KIND and NAME as of labtool's tokens; FLAGS go to cosign
signed_by() {
  local token flags format=$1 image=$4
  # shellcheck disable=SC2086 # NAME may be a list of words
  token=$("$labtool" token "$LAB_KEYS" "$2" $3)
  mapfile -t flags < <(cosign_flags "$format")
  shift 4
  "$LAB_BIN/cosign" sign "${flags[@]}" --identity-token "$token" "$@" "$image" >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null ||
    echo "$image" >>"$work/unsigned"
}

# The ten signers, as KIND NAME of a token, and as the policy has them.
audited_signers=(
  'github --repo acme/shop --workflow .github/workflows/release.yml --ref refs/tags/v1.0.0'
  'github --repo acme/tools --workflow .github/workflows/release.yml --ref refs/tags/v1.0.0'
  'gitlab acme/platform/shop@v1.0.0'
  'buildkite acme/release'
  'kubernetes release/builder'
  'google builder@acme.iam.gserviceaccount.com'
  'email alice@lab.example' 'email bob@lab.example' 'email carol@lab.example' 'email dave@lab.example'
)
audited_policy() {
  cat <<POLICY
version: 1
trust: ["$LAB_TRUST/trusted_root.json"]
images:
  - match: "**"
    require: [signature]
    signers:
      - github: {repository: acme/shop, workflow: release.yml, ref: refs/tags/v*}
      - github: {repository: acme/tools, workflow: release.yml, ref: refs/tags/v*}
      - gitlab: {project: acme/platform/shop, ref: refs/tags/v*}
      - buildkite: acme/release
      - kubernetes: {issuer: https://cluster.lab.example, namespace: release, service-account: builder}
      - google: builder@acme.iam.gserviceaccount.com
      - email: {address: alice@lab.example, issuer: $accounts}
      - email: {address: bob@lab.example, issuer: $accounts}
      - email: {address: carol@lab.example, issuer: $accounts}
      - email: {address: dave@lab.example, issuer: $accounts}
POLICY
}

# release_of NUMBER — its image by digest, pushed on first use under a tag that is a version
release_of() {
  local number=$1 file=$work/releases/$1
  [ -s "$file" ] || "$labtool" image -seed "$number" "$audited:v1.$((number / 10)).$((number % 10))" >"$file"
  cat "$file"
}

# blob FILE — uploads it to the audited repository
blob() {
  local digest place
  digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
  place=$(curl -sSf -X POST -o /dev/null -D - "$audited_api/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  case $place in /*) place=http://${audited%%/*}$place ;; esac
  curl -sSf -X PUT --data-binary "@$1" -H 'Content-Type: application/octet-stream' "$place?digest=$digest" -o /dev/null
}

# attach_text IMAGE TEXT [DIGEST] — attaches TEXT as if it were a bundle; under DIGEST in place of its own, which is never uploaded
attach_text() {
  local type=application/vnd.dev.sigstore.bundle.v0.3+json subject=${1#*@} size digest
  printf '%s' "$2" >"$work/blob" && printf '{}' >"$work/empty"
  digest=${3:-sha256:$(sha256sum "$work/blob" | cut -d' ' -f1)}
  [ -n "${3:-}" ] || blob "$work/blob"
  blob "$work/empty"
  size=$("$LAB_BIN/crane" manifest "$1" | wc -c)
  cat >"$work/referrer.json" <<JSON
{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "$type",
"config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": "sha256:$(sha256sum "$work/empty" | cut -d' ' -f1)"},
"layers": [{"mediaType": "$type", "size": $(wc -c <"$work/blob"), "digest": "$digest"}],
"subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": $size, "digest": "$subject"}}
JSON
  curl -sSf -X PUT --data-binary "@$work/referrer.json" -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' -o /dev/null \
    "$audited_api/manifests/sha256:$(sha256sum "$work/referrer.json" | cut -d' ' -f1)"
}

# The faults, by the number of the release: the verdict and the check that the audit must name.
declare -A audited_faults=(
  [3]='absent evidence-present'      # nobody signed it
  [17]='rejected signer-identity'    # a stranger signed it
  [29]='rejected signer-identity'    # the right workflow of another repository
  [41]='rejected signer-source'      # the right workflow on a branch
  [53]='rejected signer-identity'    # another workflow of the right repository
  [67]='rejected signer-identity'    # another project of the right GitLab
  [71]='rejected signer-identity'    # a reusable workflow that nobody named
  [83]='rejected subject-digest'     # the signature of another image
  [97]='rejected transparency-log'   # no entry of the log
  [103]='rejected bundle-format'     # a bundle cut in the middle
  [127]='undecided evidence-complete' # a bundle that the registry lost
  [139]='rejected certificate-chain' # a key that nobody named
)

sign_faults() {
  local text run='--repo acme/shop --workflow .github/workflows/release.yml --ref refs/tags/v1.0.0'
  signed_by rekor2 email mallory@evil.example "$(release_of 17)"
  signed_by rekor1 github "${run/shop/pets}" "$(release_of 29)"
  signed_by legacy github "${run/tags\/v1.0.0/heads/main}" "$(release_of 41)"
  signed_by rekor2 github "${run/release.yml/nightly.yml}" "$(release_of 53)"
  signed_by rekor1 gitlab acme/platform/pets@v1.0.0 "$(release_of 67)"
  signed_by legacy github "$run --builder evil/builders/.github/workflows/container.yml@refs/tags/v2" "$(release_of 71)"
  signed_by legacy email alice@lab.example "$(release_of 82)"
  "$LAB_BIN/crane" copy "$audited:$(evidence_tag 82)" "$audited:$(evidence_tag 83)" >>"$LAB_LOGS/crane.log" 2>&1
  signed_by legacy-unlogged email alice@lab.example "$(release_of 97)" --fulcio-url "http://127.0.0.1:$LAB_FULCIO_PORT"
  text=$(curl -sSf "$audited_api/manifests/$(release_of 103 | sed 's/.*@//')" | head -c 60)
  attach_text "$(release_of 103)" "{\"mediaType\": \"application/vnd.dev.sigstore.bundle.v0.3+json\", \"$text"
  attach_text "$(release_of 127)" '{}' "sha256:$(printf lost | sha256sum | cut -d' ' -f1)"
  make_key "$work/stranger"
  sign rekor1 "$work/stranger.key" "$(release_of 139)"
}

evidence_tag() { release_of "$1" | sed 's/.*@sha256:/sha256-/; s/$/.sig/'; }

# audited_row TITLE EXPECTED FOUND
audited_row() {
  local line=ok
  [ "$2" = "$3" ] || line="NOT OK"
  row "$1" - - - "$line" "$3" ||
    echo "  expected: $2"
}

# audited_tag NUMBER — its tag
audited_tag() { echo "v1.$(($1 / 10)).$(($1 % 10))"; }

audited_repository() {
  local count=200 number signer formats=(rekor2 rekor1 legacy) code=0 began=$SECONDS report=$work/audit.json
  audited=$LAB_REFERRERS_REGISTRY/interop-${work##*.}/releases
  audited=${audited,,}
  audited_api=http://${audited%%/*}/v2/${audited#*/}
  echo "--- an audit of $count releases, $LAB_REFERRERS_REGISTRY"
  mkdir -p "$work/releases"
  for ((number = 0; number < count; number++)); do release_of $number >/dev/null; done
  for ((number = 0; number < count; number++)); do
    [ -z "${audited_faults[$number]:-}" ] || continue
    signer=${audited_signers[number % 10]}
    signed_by "${formats[number % 3]}" "${signer%% *}" "${signer#* }" "$(release_of $number)" &
    [ $((number % 8)) -ne 7 ] || wait
  done
  wait
  sign_faults
  if [ -s "$work/unsigned" ]; then
    tail -n 5 "$LAB_LOGS/cosign.log" >&2
    lab_fail "cosign could not sign $(wc -l <"$work/unsigned") images of the audit; see $LAB_LOGS/cosign.log"
  fi
  echo "signed in $((SECONDS - began)) s"

  # What was released: one tag has moved since, one is gone, and one was never announced.
  audited_policy >"$work/policy.yaml"
  for ((number = 0; number < count; number++)); do
    case $number in
      151) echo "\"$(audited_tag $number)\": \"$(release_of 150 | sed 's/.*@//')\"" ;;
      163) ;;
      *) echo "\"$(audited_tag $number)\": \"$(release_of $number | sed 's/.*@//')\"" ;;
    esac
  done >"$work/lines"
  echo "\"v1.99.0\": \"$(release_of 0 | sed 's/.*@//')\"" >>"$work/lines"
  sed '$!s/$/,/; 1s/^/{/; $s/$/}/' "$work/lines" >"$work/released.json"

  "$bonafide" audit "$audited" --policy "$work/policy.yaml" --expect "$work/released.json" --output "json=$report" \
    >"$work/out" 2>&1 </dev/null || code=$?
  audited_row 'the audit ends as rejected' 1 "$code"
  audited_row 'images that are verified' $((count - ${#audited_faults[@]})) "$(jq '.counts.verified' "$report")"
  jq -r '.images[] | select(.verdict != "verified") | "\(.tags[0]) \(.verdict) \(.reason.check)"' "$report" >"$work/found"
  for number in $(printf '%s\n' "${!audited_faults[@]}" | sort -n); do
    audited_row "release $number" "$(audited_tag "$number") ${audited_faults[$number]}" \
      "$(grep "^$(audited_tag "$number") " "$work/found")"
  done
  audited_row 'tags that moved, are gone, were not announced' 'v1.15.1 moved,v1.16.3 extra,v1.99.0 missing' \
    "$(jq -r '[.repositories[0].changes[] | "\(.tag) \(.change)"] | sort | join(",")' "$report")"
}
