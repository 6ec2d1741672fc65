# shellcheck shell=bash
# Every kind of signer that a policy file has words for, with a certificate of the real Fulcio. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, labtool, work: set by run.sh

# sign_as KIND NAME — signs a fresh image with a certificate for it; sets image. KIND and NAME as of labtool's tokens.
sign_as() {
  local token flags
  # A name of its own for each, so that no image has the signatures of two.
  registry=$LAB_REGISTRY push "signer-$1-$(printf %s "$2" | cksum | cut -d' ' -f1)"
  # shellcheck disable=SC2086 # NAME may be a list of words
  token=$("$labtool" token "$LAB_KEYS" "$1" $2)
  mapfile -t flags < <(cosign_flags rekor1)
  "$LAB_BIN/cosign" sign "${flags[@]}" --identity-token "$token" "$image" >>"$LAB_LOGS/cosign.log" 2>&1 </dev/null || {
    tail -n 5 "$LAB_LOGS/cosign.log" >&2
    lab_fail "cosign sign as $1 $2 failed; see $LAB_LOGS/cosign.log"
  }
}

# judge TITLE EXIT REASON SIGNER — verifies image by a policy with this one signer, as fields in YAML's flow style, and
# prints a line. REASON is how a finding begins, "CHECK OUTCOME MESSAGE", or "-".
judge() {
  cat >"$work/policy.yaml" <<POLICY
version: 1
trust: ["$LAB_TRUST/trusted_root.json"]
images:
  - match: "**"
    signers: [{$4}]
    require: [signature]
POLICY
  by_policy "$1" - "$2" "$3"
}

# by_policy TITLE COSIGN-EXITS EXIT REASON [FLAGS…] — verifies image by the policy that is written, and prints a line. What cosign
# is asked for stands in kinds, and its answers in COSIGN-EXITS, or "-". FLAGS go to Bonafide.
by_policy() {
  local title=$1 cosign_expected=$2 expected=$3 reason=$4 cosign_got=- exit_code=0 line=ok said verdict
  shift 4
  if [ "$cosign_expected" != - ]; then
    # shellcheck disable=SC2086 # a list of words
    cosign_verify "$identity" "$issuer" "$image" ${kinds//,/ }
    cosign_got=${cosign_exits// //}
  fi
  rm -f "$work/report.json"
  timeout 120 "$bonafide" verify --policy "$work/policy.yaml" --output "json=$work/report.json" "$@" "$image" \
    >"$work/out" 2>&1 </dev/null || exit_code=$?
  said=$("$labtool" report "$work/report.json" 2>&1) || line="NOT OK"
  verdict=${said%%$'\n'*}
  [ "$exit_code" = "$expected" ] || line="NOT OK"
  [ "$cosign_got" = "$cosign_expected" ] || line="NOT OK"
  case $expected/$verdict in
    0/verified | 1/rejected | 3/undecided | 4/absent) ;;
    *) line="NOT OK" ;;
  esac
  local excerpt=$verdict
  if [ "$reason" != - ]; then
    excerpt=$(grep -m 1 "^$reason" <<<"$said") || { line="NOT OK" excerpt="no finding \"$reason\""; }
  fi
  ! row "$title" "$cosign_got" "$exit_code" "$expected" "$line" "${excerpt:0:110}" || return 0
  echo "  $* $image"
  sed 's/^/  | /' "$work/policy.yaml"
  { echo "$said" && head -n 30 "$work/out"; } | sed 's/^/  | /'
}

# For each kind: the signer, one with one field changed, and one that asks for a claim that the certificate does not have.
signer_kinds() {
  echo "--- kinds of signer in a policy, $LAB_REGISTRY"
  local event='event: push, runner-environment: github-hosted, repository-id: 731905512, owner-id: 5021408, visibility: public'
  local shop='repository: acme/shop, workflow: release.yml, ref: refs/tags/v*'
  sign_as github "--repo acme/shop --ref refs/tags/v1.0.0"
  judge "github" 0 - "github: {$shop, $event}"
  judge "github, by name alone" 0 - "github: acme/shop"
  judge "github, another repository" 1 "signer-source fail" "github: {${shop/shop/pets}}"
  judge "github, another workflow" 1 "signer-identity fail" "github: {${shop/release/nightly}}"
  judge "github, another ref" 1 "signer-source fail" "github: {${shop/tags/heads}}"
  judge "github, another commit" 1 "signer-source fail" "github: {$shop, commit: deadbeefdeadbeefdeadbeefdeadbeefdeadbeef}"
  judge "github, another event" 1 "signer-claims fail" "github: {$shop, event: schedule}"
  judge "github, another kind of runner" 1 "signer-claims fail" "github: {$shop, runner-environment: self-hosted}"
  judge "github, another repository's number" 1 "signer-claims fail" "github: {$shop, repository-id: 1}"
  judge "github, another owner's number" 1 "signer-claims fail" "github: {$shop, owner-id: 1}"
  judge "github, another visibility" 1 "signer-claims fail" "github: {$shop, visibility: private}"
  judge "github, an environment it does not state" 1 "signer-claims fail the certificate has no claim" \
    "github: {$shop, environment: production}"

  sign_as github "--repo acme/shop --ref refs/tags/v1.0.0 --environment production"
  judge "github, with an environment" 0 - "github: {$shop, environment: production}"
  judge "github, another environment" 1 "signer-claims fail the claim" "github: {$shop, environment: staging}"

  local called=acme/builders/.github/workflows/container.yml@refs/tags/v2
  sign_as github "--repo acme/shop --ref refs/tags/v1.0.0 --builder $called"
  judge "github, reusable workflow" 0 - "github: {$shop, reusable-workflow: $called}"
  judge "github, another caller" 1 "signer-source fail" "github: {repository: acme/pets, reusable-workflow: $called}"
  judge "github, another reusable workflow" 1 "signer-identity fail" "github: {$shop, reusable-workflow: ${called/v2/v3}}"
  judge "github, a reusable one not asked for" 1 "signer-identity fail" "github: {$shop}"

  local project='project: acme/platform/shop, ref: refs/tags/v*'
  sign_as gitlab acme/platform/shop@v1.0.0
  judge "gitlab" 0 - "gitlab: {$project, project-id: 48120043}"
  judge "gitlab, another project" 1 "signer-identity fail" "gitlab: {${project/shop/pets}}"
  judge "gitlab, another ref" 1 "signer-source fail" "gitlab: {${project/tags/heads}}"
  judge "gitlab, another configuration" 1 "signer-identity fail" "gitlab: {$project, config: ci/other.yml}"
  judge "gitlab, another project's number" 1 "signer-claims fail" "gitlab: {$project, project-id: 1}"
  judge "gitlab, another server" 1 "signer-issuer fail" "gitlab: {$project, server: https://gitlab.acme.example}"
  judge "gitlab, an environment it does not state" 1 "signer-claims fail the certificate has no claim" \
    "gitlab: {$project, environment: production}"

  sign_as buildkite acme/release
  judge "buildkite" 0 - "buildkite: acme/release, claims: {build-trigger: webhook}"
  judge "buildkite, another pipeline" 1 "signer-identity fail" "buildkite: acme/nightly"
  judge "buildkite, another trigger" 1 "signer-claims fail" "buildkite: acme/release, claims: {build-trigger: ui}"
  judge "buildkite, a claim it does not state" 1 "signer-claims fail the certificate has no claim" \
    "buildkite: acme/release, claims: {source-repository-uri: '**'}"

  local account='issuer: https://cluster.lab.example, namespace: release, service-account: builder'
  sign_as kubernetes release/builder
  judge "kubernetes" 0 - "kubernetes: {$account}"
  judge "kubernetes, another service account" 1 "signer-identity fail" "kubernetes: {${account/builder/default}}"
  judge "kubernetes, another namespace" 1 "signer-identity fail" "kubernetes: {${account/release/default}}"
  judge "kubernetes, another cluster" 1 "signer-issuer fail" "kubernetes: {${account/cluster/other}}"
  judge "kubernetes, a claim it does not state" 1 "signer-claims fail the certificate has no claim" \
    "kubernetes: {$account}, claims: {source-repository-uri: '**'}"

  sign_as google builder@acme.iam.gserviceaccount.com
  judge "google" 0 - "google: builder@acme.iam.gserviceaccount.com"
  judge "google, another account" 1 "signer-identity fail" "google: builder@pets.iam.gserviceaccount.com"
  judge "google, an issuer's address of that name" 1 "signer-issuer fail" \
    "email: {address: builder@acme.iam.gserviceaccount.com, issuer: $accounts}"
  judge "google, a claim it does not state" 1 "signer-claims fail the certificate has no claim" \
    "google: builder@acme.iam.gserviceaccount.com, claims: {runner-environment: '**'}"

  sign_as email alice@lab.example
  judge "email" 0 - "email: {address: alice@lab.example, issuer: $accounts}"
  judge "email, another address" 1 "signer-identity fail" "email: {address: bob@lab.example, issuer: $accounts}"
  judge "email, another issuer" 1 "signer-issuer fail" "email: {address: alice@lab.example, issuer: 'https://accounts.google.com'}"
  judge "email, a repository asked for" 1 "signer-claims fail the certificate has no claim" \
    "email: {address: alice@lab.example, issuer: $accounts}, claims: {source-repository-uri: 'https://github.com/acme/shop'}"

  local workload=spiffe://lab.example/ns/release/sa/builder
  sign_as spiffe $workload
  judge "SPIFFE" 0 - "identity: '$workload', issuer: 'https://spiffe.lab.example'"
  judge "SPIFFE, a glob" 0 - "identity: 'spiffe://lab.example/ns/release/sa/*', issuer: 'https://spiffe.lab.example'"
  judge "SPIFFE, another workload" 1 "signer-identity fail" "identity: '${workload/builder/default}', issuer: 'https://spiffe.lab.example'"
  judge "SPIFFE, another issuer" 1 "signer-issuer fail" "identity: '$workload', issuer: 'https://spiffe.example'"
  judge "SPIFFE, a claim it does not state" 1 "signer-claims fail the certificate has no claim" \
    "identity: '$workload', issuer: 'https://spiffe.lab.example', claims: {runner-environment: '**'}"

  sign_as username alice
  judge "user name" 0 - "identity: 'alice!lab.example', issuer: 'https://users.lab.example'"
  judge "user name, another" 1 "signer-identity fail" "identity: 'bob!lab.example', issuer: 'https://users.lab.example'"
  judge "user name, another issuer" 1 "signer-issuer fail" "identity: 'alice!lab.example', issuer: '$accounts'"
  judge "user name, a claim it does not state" 1 "signer-claims fail the certificate has no claim" \
    "identity: 'alice!lab.example', issuer: 'https://users.lab.example', claims: {runner-environment: '**'}"
}
