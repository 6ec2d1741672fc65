#!/usr/bin/env bash
# The interop stage: signs fresh images with the real cosign against a private Sigstore, in every format
# and in two registries, then asks cosign and Bonafide the same question about each, side by side.
#
# Usage: tests/interop/run.sh [NAME…]       BONAFIDE=path/to/bonafide to test another binary than target/release
#
# NAME is that of a file cases-NAME.sh, or `formats` for cases.sh: those cases alone. Without one, all of them.
#
# A case is ok when Bonafide's exit code, the verdict in its report and the check it names are as expected,
# and cosign (pinned) still answers as it did when the case was written. But for other tools' SBOMs nothing is ever skipped: whatever
# is missing and cannot be installed ends the stage with exit code 1.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/interop/lab/env.sh
source "$here/lab/env.sh"
# shellcheck source=tests/interop/lab/sign.sh
source "$here/lab/sign.sh"
# shellcheck source=tests/interop/lab/verify.sh
source "$here/lab/verify.sh"
# shellcheck source=tests/interop/cases.sh
source "$here/cases.sh"
# shellcheck source=tests/interop/closed.sh
source "$here/closed.sh"
# shellcheck source=tests/interop/cases-signers.sh
source "$here/cases-signers.sh"
# shellcheck source=tests/interop/cases-provenance.sh
source "$here/cases-provenance.sh"
# shellcheck source=tests/interop/cases-sbom.sh
source "$here/cases-sbom.sh"
# shellcheck source=tests/interop/cases-attestations.sh
source "$here/cases-attestations.sh"
# shellcheck source=tests/interop/cases-tools.sh
source "$here/cases-tools.sh"
# shellcheck source=tests/interop/cases-algorithms.sh
source "$here/cases-algorithms.sh"
# shellcheck source=tests/interop/cases-files.sh
source "$here/cases-files.sh"
# shellcheck source=tests/interop/cases-attestation-manifests.sh
source "$here/cases-attestation-manifests.sh"
# shellcheck source=tests/interop/cases-registries.sh
source "$here/cases-registries.sh"
# shellcheck source=tests/interop/cases-diagnosis.sh
source "$here/cases-diagnosis.sh"
# shellcheck source=tests/interop/cases-shells.sh
source "$here/cases-shells.sh"
# shellcheck source=tests/interop/cases-release.sh
source "$here/cases-release.sh"
# shellcheck source=tests/interop/cases-html.sh
source "$here/cases-html.sh"
# shellcheck source=tests/interop/cases-integrations.sh
source "$here/cases-integrations.sh"
# shellcheck source=tests/interop/cases-containerd.sh
source "$here/cases-containerd.sh"
# shellcheck source=tests/interop/cases-audit.sh
source "$here/cases-audit.sh"
# shellcheck source=tests/interop/cases-predicates.sh
source "$here/cases-predicates.sh"
# shellcheck source=tests/interop/cases-copies.sh
source "$here/cases-copies.sh"
# shellcheck source=tests/interop/cases-airgap.sh
source "$here/cases-airgap.sh"
# shellcheck source=tests/interop/cases-mirror.sh
source "$here/cases-mirror.sh"

# All files share one shell, so the second function of a name would take the place of the first.
twice=$(cat "$here"/*.sh "$here"/lab/{env,sign,verify}.sh | sed -n 's/^\([a-z_0-9]*\)().*/\1/p' | sort | uniq -d)
[ -z "$twice" ] || lab_fail "there are two functions of the name $twice"

# What each name runs, in this order.
declare -A cases=(
  [formats]=run_cases [signers]=signer_kinds [provenance]=lies [sbom]=sbom_forms [tools]=tool_sboms [attestations]=other_attestations
  [algorithms]=algorithms [files]=files [attestation-manifests]=attestation_manifests [registries]=odd_registries
  [diagnosis]=diagnosis [shells]=shells [release]=release_rehearsal [html]=pages [integrations]=integrations
  [containerd]=node_verifier [airgap]=carried_away [copies]=copied_away [audit]=audited_repository [mirror]=mirrors [predicates]=predicates
)
[ $# -gt 0 ] || set -- formats signers provenance sbom tools attestations algorithms files attestation-manifests registries diagnosis shells release html integrations containerd airgap copies audit mirror predicates
for name; do
  [ -n "${cases[$name]:-}" ] || lab_fail "there are no cases of the name $name; there are those of ${!cases[*]}"
done

bonafide=${BONAFIDE:-${CARGO_TARGET_DIR:-$root/target}/release/bonafide}
if [ ! -x "$bonafide" ]; then
  [ -z "${BONAFIDE:-}" ] || lab_fail "BONAFIDE is $bonafide, and there is no such program"
  echo "building $bonafide"
  cargo build --release --locked --manifest-path "$root/Cargo.toml"
fi

"$here/lab/install.sh"
labtool=$LAB_BIN/labtool
# A lab that ran before stays; one that was started here is stopped, whatever happens.
stop_lab=true
lab_alive fulcio || stop_lab=$here/lab/down.sh
trap 'stop_proxy; stop_closed; stop_containerd; "$stop_lab"' EXIT
"$here/lab/up.sh"
"$LAB_BIN/cosign" version 2>/dev/null | grep GitVersion

work=$(mktemp -d "$BONAFIDE_LAB/run/interop.XXXXXX")
passed=0 failed=0
header
for name; do "${cases[$name]}"; done
rm -rf "$work"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
