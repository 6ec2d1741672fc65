# shellcheck shell=bash
# Scans, VEX, verification summaries and types of one's own, attached by cosign: each as it should be, then with one thing wrong.
# Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh and run.sh set, and what they read

vex_team='--repo acme/vex --workflow .github/workflows/vex.yml --ref refs/heads/main'
verifying='--repo acme/verifier --workflow .github/workflows/verify.yml --ref refs/heads/main'
verifier=https://acme.example/verifier
vsa=https://slsa.dev/verification_summary/v1
review=https://acme.example/review/v1
busybox='pkg:apk/alpine/busybox@1.31.1-r21?arch=x86_64'

# require REQUIREMENT — writes the policy: signed by acme/shop, and this one requirement as fields in YAML's flow style
require() {
  cat >"$work/policy.yaml" <<POLICY
version: 1
trust: ["$LAB_TRUST/trusted_root.json"]
images:
  - match: "**"
    signers: [{github: acme/shop}]
    require: {$1}
POLICY
}

# scan [FINISHED] — what `trivy image --format cosign-vuln` writes of one vulnerability
scan() {
  cat <<SCAN
{
  "invocation": {"uri": "", "event_id": "", "builder.id": ""},
  "scanner": {
    "uri": "pkg:github/aquasecurity/trivy@0.50.0", "version": "0.50.0", "db": {"uri": "", "version": ""},
    "result": {
      "SchemaVersion": 2, "ArtifactName": "shop", "ArtifactType": "container_image",
      "Results": [{"Target": "shop (alpine 3.11.5)", "Class": "os-pkgs", "Type": "alpine", "Vulnerabilities": [{
        "VulnerabilityID": "CVE-2021-28831", "PkgName": "busybox", "InstalledVersion": "1.31.1-r21",
        "FixedVersion": "1.31.1-r22", "Severity": "HIGH", "PkgIdentifier": {"PURL": "$busybox"}
      }]}]
    }
  },
  "metadata": {"scanStartedOn": "$(stamp "${1:-now}")", "scanFinishedOn": "$(stamp "${1:-now}")"}
}
SCAN
}

stamp() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }

# openvex VULNERABILITY STATUS [PRODUCT [MORE]] — an OpenVEX document of one statement, with MORE fields of it
openvex() {
  local product=${3:-pkg:oci/shop@${image#*@}}
  cat <<VEX
{
  "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
  "timestamp": "$(stamp now)",
  "statements": [{
    "vulnerability": {"name": "$1"}, "products": [{"@id": "${product/sha256:/sha256%3A}"}], "status": "$2"${4:+, $4}
  }]
}
VEX
}

# attest_text WHO TYPE — attests what is on standard input to image
attest_text() {
  cat >"$work/predicate.json"
  attest rekor2 "$1" "$2" "$work/predicate.json" "$image"
}

scans() {
  kinds=vuln
  push scan
  scan | attest_text "$release" vuln
  require 'vulnerabilities: {scanners: ["pkg:github/aquasecurity/trivy@*"], max-age: 1d, deny: {severity: critical}}'
  by_policy "scan" 0 0 -
  require 'vulnerabilities: {deny: {severity: high}}'
  by_policy "scan, what it found is denied" 0 1 "scan-findings fail"
  require 'vulnerabilities: {deny: {severity: high}, ignore: [CVE-2021-28831]}'
  by_policy "scan, what it found is ignored by name" 0 0 -
  require 'vulnerabilities: {scanners: ["pkg:github/anchore/grype@*"]}'
  by_policy "scan, another scanner" 0 1 "scan-scanner fail"
  push scan-old
  scan '3 days ago' | attest_text "$release" vuln
  require 'vulnerabilities: {max-age: 1d}'
  by_policy "scan, too old" 0 1 "scan-age fail"
  push scan-empty
  scan | sed 's/"SchemaVersion": 2/"SchemaVersion": 3/' | attest_text "$release" vuln
  require 'vulnerabilities: {deny: {severity: critical}}'
  by_policy "scan, its result in an unknown form" 0 3 "scan-findings error"
}

# vex_case TITLE EXIT WHO VULNERABILITY STATUS [PRODUCT [MORE]] — a scan, and VEX by WHO
vex_case() {
  local title=$1 expected=$2 who=$3 reason=-
  shift 3
  [ "$expected" = 0 ] || reason="scan-findings fail"
  push "vex-$(printf %s "$title" | cksum | cut -d' ' -f1)"
  scan | attest_text "$release" vuln
  openvex "$@" | attest_text "$who" openvex
  require 'vulnerabilities: {deny: {severity: high}, vex: {signers: [{github: acme/vex}]}}'
  by_policy "VEX, $title" 0 "$expected" "$reason"
}

vex_statements() {
  local cve=CVE-2021-28831 why='"justification": "vulnerable_code_not_in_execute_path"'
  # cosign is asked for the scan: the VEX has another signer.
  kinds=vuln
  vex_case "fixed" 0 "$vex_team" $cve fixed
  vex_case "not affected, and why" 0 "$vex_team" $cve not_affected '' "$why"
  vex_case "not affected, without a reason" 1 "$vex_team" $cve not_affected
  vex_case "affected" 1 "$vex_team" $cve affected '' '"action_statement": "update"'
  vex_case "another vulnerability" 1 "$vex_team" CVE-2021-2883 fixed
  vex_case "another image" 1 "$vex_team" $cve fixed "pkg:oci/shop@sha256:$(printf '0%.0s' {1..64})"
  vex_case "by a stranger" 1 "$mallory" $cve fixed
  vex_case "by who signed the scan" 1 "$release" $cve fixed
}

# The same for what an advisory knows of a package in the SBOM.
vex_for_advisories() {
  local record=$work/advisory.json
  cat >"$record" <<RECORD
{
  "schema_version": "1.7.0", "id": "RUSTSEC-2026-0001", "aliases": ["CVE-2026-0001"], "modified": "2026-01-01T00:00:00Z",
  "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
  "affected": [{
    "package": {"ecosystem": "crates.io", "name": "tokio"},
    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.99.0"}]}]
  }]
}
RECORD
  kinds=sbom
  push advised
  attest_sbom rekor2 "$release" "$image"
  require 'sbom: {deny: {severity: high}, vex: {signers: [{github: acme/vex}]}}'
  by_policy "SBOM with a known vulnerability" 0 1 "sbom-advisories fail" --advisories "$record"
  openvex CVE-2026-0001 fixed | attest_text "$mallory" openvex
  by_policy "SBOM, and VEX by a stranger" 0 1 "sbom-advisories fail" --advisories "$record"
  openvex CVE-2026-0001 fixed | attest_text "$vex_team" openvex
  by_policy "SBOM, and VEX that closes it" 0 0 - --advisories "$record"
  by_policy "SBOM, without advisories" 0 3 "sbom-advisories error"
}

# What Bonafide writes of an image, its verifier signs, and another policy believes.
summaries() {
  push vsa
  sign rekor2 "$release" "$image"
  attest_provenance rekor2 "$release" "$image"
  "$bonafide" verify --certificate-identity "$identity" --certificate-oidc-issuer "$issuer" \
    --trusted-root "$LAB_TRUST/trusted_root.json" --require signature,provenance \
    --output "vsa=$work/vsa.json" --verifier $verifier "$image" >"$work/out" 2>&1 </dev/null ||
    lab_fail "bonafide --output vsa: $(tail -n 5 "$work/out")"
  attest rekor2 "$verifying" $vsa "$work/vsa.json" "$image"
  local signers='signers: [{github: acme/verifier}]'
  # Asked for by who signed it.
  kinds=$vsa identity=https://github.com/acme/verifier/.github/workflows/verify.yml@refs/heads/main
  require "vsa: {$signers, verifier: $verifier, levels: SLSA_BUILD_LEVEL_2, max-age: 1h}"
  by_policy "VSA" 0 0 -
  require "vsa: {$signers, verifier: $verifier, levels: SLSA_BUILD_LEVEL_3}"
  by_policy "VSA, a higher level asked for" 0 1 "vsa-levels fail"
  require "vsa: {$signers, verifier: $verifier/2, levels: SLSA_BUILD_LEVEL_2}"
  by_policy "VSA, another verifier asked for" 0 1 "vsa-verifier fail"
  require "vsa: {$signers, verifier: $verifier, levels: SLSA_BUILD_LEVEL_2, policy: {uri: https://acme.example/policy.yaml}}"
  by_policy "VSA, another policy asked for" 0 1 "vsa-policy fail"
  require "vsa: {verifier: $verifier, levels: SLSA_BUILD_LEVEL_2}"
  by_policy "VSA, signed by another than asked for" 0 1 "signer-identity fail"
  push vsa-elsewhere
  attest rekor2 "$verifying" $vsa "$work/vsa.json" "$image"
  require "vsa: {$signers, verifier: $verifier, levels: SLSA_BUILD_LEVEL_2}"
  by_policy "VSA of an image of another name" 0 1 "vsa-resource fail"
  forged_summary "that failed" vsa-result "/verificationResult/s|PASSED|FAILED|"
  forged_summary "of no level" vsa-levels "s|SLSA_BUILD_LEVEL_2|SLSA_BUILD_LEVEL_UNEVALUATED|"
}

# forged_summary TITLE CHECK SED — the summary that was written, as SED has edited it, on a fresh image; CHECK must refuse it
forged_summary() {
  sed -E "$3" "$work/vsa.json" >"$work/forged.json"
  if cmp -s "$work/vsa.json" "$work/forged.json"; then lab_fail "nothing is forged: $3"; fi
  push "vsa-$(printf %s "$1" | cksum | cut -d' ' -f1)"
  attest rekor2 "$verifying" $vsa "$work/forged.json" "$image"
  # It keeps the name of the image that it was written of.
  require "vsa: {signers: [{github: acme/verifier}], verifier: $verifier, resource: 'pkg:oci/vsa@**', levels: SLSA_BUILD_LEVEL_2}"
  by_policy "VSA $1" 0 1 "$2 fail"
}

own_type() {
  ask_for_release
  kinds=$review
  push review
  echo '{"result": "PASSED", "reviewers": {"count": 2}}' | attest_text "$release" $review
  require "attestation: {type: $review, fields: {result: PASSED, reviewers.count: 2}}"
  by_policy "a type of one's own" 0 0 -
  require "attestation: {type: $review, fields: {result: FAILED}}"
  by_policy "a type of one's own, another value" 0 1 "attestation-fields fail"
  require "attestation: {type: $review, fields: {/reviewers/names: '**'}}"
  by_policy "a type of one's own, a field that is not there" 0 1 "attestation-fields fail"
  require "attestation: {type: ${review/v1/v2}}"
  by_policy "another type" 0 4 "evidence-present skip"
}

other_attestations() {
  local registry=$LAB_REGISTRY
  echo "--- other attestations, $registry"
  ask_for_release
  scans
  vex_statements
  vex_for_advisories
  summaries
  own_type
}
