# shellcheck shell=bash
# The cases of the interop stage, and how one is judged. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work: set by run.sh

# The release workflow of acme/shop, as flags of labtool and as verifiers name it.
release='--repo acme/shop --workflow .github/workflows/release.yml --ref refs/tags/v1.0.0'
release_identity=https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0
github=https://token.actions.githubusercontent.com
# The same run with its job in a reusable workflow of another repository.
reusable="$release --builder acme/builders/.github/workflows/container.yml@refs/tags/v2"
reusable_identity=https://github.com/acme/builders/.github/workflows/container.yml@refs/tags/v2
mallory=mallory@evil.example
accounts=https://accounts.lab.example
platforms=linux/amd64,linux/arm64

header() {
  # shellcheck disable=SC2059 # the format is ours
  printf "$columns" case cosign bonafide expected '' reason
}
columns='%-44s %-10s %-8s %-8s %-6s %s\n'

# row TITLE COSIGN BONAFIDE EXPECTED LINE REASON — prints and counts a case, and tells whether it holds: LINE is ok, or how it does not
row() {
  # shellcheck disable=SC2059 # the format is ours
  printf "$columns" "$@"
  if [ "$5" = ok ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    return 1
  fi
}

# check TITLE COSIGN-EXITS EXIT REASON IMAGE [FLAGS…] — asks both and prints a line.
#
# COSIGN-EXITS: of verify and of verify-attestation for provenance and SBOM, as "0/0/0"; "-" where cosign
# has no such question. EXIT and REASON: Bonafide's, the reason as "CHECK OUTCOME" of a finding, or "-".
# FLAGS go to Bonafide. The variables identity, issuer and kinds say whom and what to ask for; key is the file of a public
# key to ask for instead, with_cosign what cosign needs to look at what Bonafide looks at by itself; cosign_image and cosign_kinds
# are what cosign is asked about, where that is something else.
check() {
  local title=$1 cosign_expected=$2 expected=$3 reason=$4 image=$5 exit_code=0 line=ok said verdict cosign_got=-
  shift 5
  if [ "$cosign_expected" != - ]; then
    local whom="--certificate-identity $identity --certificate-oidc-issuer $issuer"
    if [ -n "$key" ]; then whom="--key $key"; fi
    # shellcheck disable=SC2086 # a list of words
    ask_cosign "$whom $with_cosign" "${cosign_image:-$image}" ${cosign_kinds:-${kinds//,/ }}
    cosign_got=${cosign_exits// //}
  fi

  rm -f "$work/report.json"
  local signer=()
  if [ -n "$identity" ]; then signer=(--certificate-identity "$identity" --certificate-oidc-issuer "$issuer"); fi
  if [ -n "$key" ]; then signer=(--key "$key"); fi
  timeout 120 "$bonafide" verify ${signer[@]+"${signer[@]}"} --trusted-root "${LAB_ROOT:-$LAB_TRUST/trusted_root.json}" \
    --require "$kinds" --output "json=$work/report.json" "$@" "$image" >"$work/out" 2>&1 </dev/null || exit_code=$?
  said=$("$labtool" report "$work/report.json" 2>&1) || line="NOT OK"
  verdict=${said%%$'\n'*}

  [ "$exit_code" = "$expected" ] || line="NOT OK"
  [ "$cosign_got" = "$cosign_expected" ] || line="NOT OK"
  case $expected/$verdict in
    0/verified | 1/rejected | 3/undecided | 4/absent) ;;
    *) line="NOT OK" ;;
  esac
  local excerpt
  if [ "$reason" = - ]; then
    excerpt=$verdict
  elif excerpt=$(grep -m 1 "^$reason " <<<"$said"); then
    :
  else
    line="NOT OK" excerpt="no finding \"$reason\""
  fi
  ! row "$title" "$cosign_got" "$exit_code" "$expected" "$line" "${excerpt:0:110}" || return 0
  if [ "$cosign_got" != "$cosign_expected" ]; then echo "  cosign: expected $cosign_expected"; fi
  echo "  bonafide verify ${signer[*]} --require $kinds $* $image"
  { echo "$said" && head -n 30 "$work/out"; } | sed 's/^/  | /'
}

# says TEXT — what the report of the last case must say too
says() {
  grep -qF -- "$1" "$work/report.json" && return
  failed=$((failed + 1))
  echo "  NOT OK: it does not say \"$1\""
}

# push NAME [PLATFORMS] — pushes a fresh image to $registry; sets tag, and image (by digest)
push() {
  # The name makes the content, so a new name is a new image.
  tag=$registry/interop-${work##*.}/$1:v1.0.0
  tag=${tag,,}
  image=$("$labtool" image -platforms "${2:-linux/amd64}" "$tag")
}

child() { "$labtool" platforms "$tag" | sed -n "s|^linux/$1 ||p"; }

ask_for_release() { identity=$release_identity issuer=$github key='' with_cosign='' kinds=signature,provenance,sbom; }

run_cases() {
  local registry
  for registry in "$LAB_REGISTRY" "$LAB_REFERRERS_REGISTRY"; do
    case $registry in
      "$LAB_REGISTRY") echo "--- $registry (distribution, no referrers API)" ;;
      *) echo "--- $registry (go-containerregistry, referrers API)" ;;
    esac
    formats
    keys
    other_roots
    signers
    nothing_attached
    several_platforms
  done
  closed_registries
  echo "--- no registry"
  ask_for_release
  check "closed port" 1/1/1 3 "image-resolved error" "127.0.0.1:1/acme/shop:v1.0.0"
}

# Every format, by tag and by digest.
formats() {
  local format
  ask_for_release
  for format in rekor2 rekor1 rekor1-stamped legacy legacy-stamped; do
    push $format
    sign_all $format "$release" "$image"
    check "$format, by digest" 0/0/0 0 - "$image"
    check "$format, by tag" 0/0/0 0 - "$tag"
  done
  push both
  sign_all legacy "$release" "$image"
  sign_all rekor2 "$release" "$image"
  check "legacy and bundles on one image" 0/0/0 0 - "$image"
}

# The same with a key: in a log, with its wrong key, and without one.
keys() {
  local format mismatch ours=$work/ours theirs=$work/theirs
  [ -e "$ours.key" ] || { make_key "$ours" && make_key "$theirs"; }
  for format in rekor2 rekor1 legacy legacy-stamped; do
    case $format in legacy*) mismatch=12/1/1 ;; *) mismatch=1/1/1 ;; esac
    ask_for_release
    key=$ours.pub
    push key-$format
    sign_all $format "$ours.key" "$image"
    check "key, $format" 0/0/0 0 - "$image"
    check "key, $format, log waived" - 0 - "$image" --key-without-log
    key=$theirs.pub
    check "key, $format, wrong key" $mismatch 1 "signer-key fail" "$image"
    ask_for_release
    check "key, $format, an identity asked for" $mismatch 1 "certificate-chain fail" "$image"
  done
  for format in unlogged legacy-unlogged; do
    case $format in legacy*) mismatch=12/1/1 ;; *) mismatch=1/1/1 ;; esac
    ask_for_release
    key=$ours.pub
    push key-$format
    sign_all $format "$ours.key" "$image"
    check "key, $format" $mismatch 1 "transparency-log fail" "$image"
    with_cosign=--insecure-ignore-tlog
    check "key, $format, log waived" 0/0/0 0 - "$image" --key-without-log
    key=$theirs.pub
    check "key, $format, log waived, wrong key" $mismatch 1 "signer-key fail" "$image" --key-without-log
  done
  ask_for_release
  key=$ours.pub
  push keyless
  sign_all rekor2 "$release" "$image"
  check "a certificate where a key is asked for" 1/1/1 1 "signer-key fail" "$image"
}

# another_root — makes the trusted root of another Sigstore, in which nothing was ever signed, below $work/other
another_root() {
  local other=$work/other
  [ ! -e "$other/trust/trusted_root.json" ] || return 0
  mkdir -p "$other"
  ln -s "$LAB_BIN" "$other/bin"
  "$labtool" keys "$other/keys"
  BONAFIDE_LAB=$other "$here/lab/trust.sh"
}

# Everything is good, in another Sigstore than the one that is trusted.
other_roots() {
  local format mismatch other=$work/other
  another_root
  for format in rekor2 rekor1 legacy; do
    case $format in legacy) mismatch=12/1/1 ;; *) mismatch=1/1/1 ;; esac
    ask_for_release
    push elsewhere-$format
    sign_all $format "$release" "$image"
    LAB_ROOT=$other/trust/trusted_root.json \
      check "$format, another trusted root" $mismatch 1 "certificate-chain fail" "$image"
  done
  ask_for_release
  push elsewhere-key
  sign_all rekor2 "$work/ours.key" "$image"
  key=$work/ours.pub
  LAB_ROOT=$other/trust/trusted_root.json check "key, another trusted root" 1/1/1 1 "transparency-log fail" "$image"
}

# Who signed, and for which repository.
signers() {
  local format mismatch
  for format in rekor2 legacy; do
    push strict-$format
    sign_all $format "$release" "$image"
    # cosign's exit code for the same mismatch depends on the format.
    case $format in legacy) mismatch=12/1/1 ;; *) mismatch=1/1/1 ;; esac
    ask_for_release
    identity=${release_identity/v1.0.0/v1.0.1}
    check "$format, wrong identity" $mismatch 1 "signer-identity fail" "$image"
    ask_for_release
    issuer=https://gitlab.com
    check "$format, wrong issuer" $mismatch 1 "signer-issuer fail" "$image"
    ask_for_release
    check "$format, right repository" 0/0/0 0 - "$image" --repo acme/shop
    check "$format, wrong repository" - 1 "signer-source fail" "$image" --repo acme/pets

    push stranger-$format
    sign_all $format $mallory "$image"
    check "$format, other signer" $mismatch 1 "signer-identity fail" "$image"
    identity=$mallory issuer=$accounts
    check "$format, other signer, asked for" 0/0/0 0 - "$image"
  done

  # cosign looks at no legacy evidence once there is any bundle.
  ask_for_release
  push crowded
  sign_all legacy "$release" "$image"
  sign_all rekor2 $mallory "$image"
  check "good legacy beside a stranger's bundles" 1/1/1 0 - "$image"

  push reusable
  sign rekor2 "$reusable" "$image"
  attest_provenance rekor2 "$reusable" "$image"
  kinds=signature,provenance identity=$reusable_identity
  check "reusable workflow" 0/0 0 - "$image" --repo acme/shop
  check "reusable workflow, source not pinned" 0/0 1 "signer-source fail" "$image"
  check "reusable workflow, wrong repository" - 1 "signer-source fail" "$image" --repo acme/pets
  kinds=signature,provenance,sbom
  check "SBOM required, none attached" 0/0/1 4 "evidence-present skip" "$image" --repo acme/shop

  # A signature of another image, moved to where this image's would be.
  ask_for_release
  kinds=signature
  push donor
  local donor=$image
  sign legacy "$release" "$donor"
  push thief
  "$LAB_BIN/crane" copy "${donor%@*}:sha256-${donor#*@sha256:}.sig" "${image%@*}:sha256-${image#*@sha256:}.sig" \
    >>"$LAB_LOGS/crane.log" 2>&1
  check "signature of another image" 12 1 "subject-digest fail" "$image"
}

nothing_attached() {
  ask_for_release
  push unsigned
  check "unsigned" 10/1/1 4 "evidence-present skip" "$image"
  push buildkit
  image=$("$labtool" buildkit "$tag")
  check "BuildKit's unsigned attestations" 10/1/1 4 "evidence-present skip" "$image"
  check "no such tag" 11/1/1 3 "image-resolved error" "${tag%:*}:v9"
}

several_platforms() {
  local p
  ask_for_release
  push index $platforms
  sign_all rekor2 "$release" "$image"
  check "index signed" 0/0/0 0 - "$tag"
  check "index signed, one platform asked for" - 0 - "$tag" --platform linux/arm64
  push children $platforms
  for p in amd64 arm64; do sign_all rekor2 "$release" "$(child $p)"; done
  check "each platform signed, not the index" 10/1/1 0 - "$tag"
  push partial $platforms
  sign_all rekor2 "$release" "$(child amd64)"
  check "one of two platforms signed" 10/1/1 4 "evidence-present skip" "$tag"
  check "the signed platform of the two" - 0 - "$tag" --platform linux/amd64
  check "the other platform of the two" - 4 "evidence-present skip" "$tag" --platform linux/arm64
}
