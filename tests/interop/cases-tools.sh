# shellcheck shell=bash
# SBOMs that other tools write of a small project, attested by cosign: what is denied is found however a tool spells it, and an
# honest document is taken. Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh, cases-attestations.sh and run.sh set, and what they read

cyclonedx_py_version=7.5.0
cyclonedx_gomod_version=1.9.0
cdxgen_version=12.8.4

# npm_project — a project of npm with its lock file, so that nothing is fetched
npm_project() {
  mkdir -p "$work/npm"
  cat >"$work/npm/package.json" <<'JSON'
{"name": "shop", "version": "1.4.2", "license": "Apache-2.0", "dependencies": {"left-pad": "1.2.0", "@acme/pad": "7.24.0"}}
JSON
  cat >"$work/npm/package-lock.json" <<'JSON'
{
  "name": "shop", "version": "1.4.2", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "shop", "version": "1.4.2", "license": "Apache-2.0", "dependencies": {"left-pad": "1.2.0", "@acme/pad": "7.24.0"}},
    "node_modules/@acme/pad": {"version": "7.24.0", "license": "MIT"},
    "node_modules/left-pad": {"version": "1.2.0", "license": "WTFPL"}
  }
}
JSON
}

# of_tool TITLE TYPE HONEST RULE… — the SBOM in $work/sbom.json is taken under an honest rule, and refused under each of those that
# deny what is in it. A RULE is `WHAT|CHECK|RULE`.
of_tool() {
  local title=$1 type=$2 honest=$3 what check rule
  shift 3
  push "tool-$(printf %s "$title" | cksum | cut -d' ' -f1)"
  attest rekor2 "$release" "$type" "$work/sbom.json" "$image"
  require "sbom: {$honest}"
  by_policy "$title" - 0 -
  for rule; do
    IFS='|' read -r what check rule <<<"$rule"
    require "sbom: {deny: {$rule}}"
    by_policy "$title, $what denied" - 1 "$check fail"
  done
}

# no_tool NAME — says what was left out
no_tool() { printf '!!! %s could not be had: its SBOMs were NOT judged\n' "$1" >&2; }

# of_syft TITLE FOLDER HONEST RULE… — the SBOMs that syft writes of a folder, in both forms, as `of_tool` judges them
of_syft() {
  local title=$1 folder=$2 form
  shift 2
  for form in cyclonedx spdx; do
    "$syft" scan "dir:$folder" --quiet --output "$form-json=$work/sbom.json"
    of_tool "syft, $title, $form" "${form/spdx/spdxjson}" "$@"
  done
}

# syft — where it was built before; that takes ten minutes of two cores:
#   GOBIN=~/.cache/bonafide-lab/syft go install github.com/anchore/syft/cmd/syft@v1.57.1
syft_sboms() {
  local syft=$BONAFIDE_LAB/syft/syft
  [ -x "$syft" ] || { no_tool syft && return; }
  npm_project
  of_syft npm "$work/npm" "${rules[@]}"
  mkdir -p "$work/python"
  cp "$work/requirements.txt" "$work/python/"
  of_syft Python "$work/python" \
    'deny: {packages: [pkg:pypi/zope, pkg:pypi/requests@2.19.1]}, required-packages: pkg:pypi/requests' \
    'package|sbom-packages|packages: [pkg:pypi/zope_interface@5.0.0]' \
    'range|sbom-packages|packages: [{purl: pkg:pypi/Requests, vers: "vers:pypi/<2.20"}]'
  mkdir -p "$work/go"
  cp "$here/lab/tools/go.mod" "$here/lab/tools/go.sum" "$work/go/"
  of_syft Go "$work/go" \
    'deny: {packages: [pkg:golang/golang.org/x]}, required-packages: pkg:golang/github.com/docker/cli' \
    'incompatible version|sbom-packages|packages: [{purl: pkg:golang/github.com/docker/cli, vers: "vers:golang/>=v2.0.0"}]'
  mkdir -p "$work/cargo"
  cp "$root/Cargo.lock" "$work/cargo/"
  of_syft Cargo "$work/cargo" \
    'deny: {packages: [{purl: pkg:cargo/serde, vers: "vers:cargo/<1.0.0"}]}, min-packages: 200, required-packages: pkg:cargo/serde' \
    'range|sbom-packages|packages: [{purl: pkg:cargo/serde, vers: "vers:cargo/>=1.0.0|<2.0.0"}]'
  mkdir -p "$work/debian/etc" "$work/debian/var/lib/dpkg"
  printf 'ID=debian\nVERSION_ID="12"\n' >"$work/debian/etc/os-release"
  cat >"$work/debian/var/lib/dpkg/status" <<'STATUS'
Package: libssl3
Status: install ok installed
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>
Architecture: amd64
Source: openssl
Version: 3.0.11-1~deb12u2
Description: Secure Sockets Layer toolkit - shared libraries

Package: gzip
Status: install ok installed
Maintainer: Milan Kupcevic <milan@debian.org>
Architecture: amd64
Version: 1:1.12-1
Description: GNU compression utilities
STATUS
  of_syft Debian "$work/debian" \
    'deny: {packages: [{purl: pkg:deb/debian/libssl3, vers: "vers:deb/<3.0.11-1~deb12u2"}]}, required-packages: pkg:deb/debian/gzip' \
    'range|sbom-packages|packages: [{purl: pkg:deb/debian/libssl3, vers: "vers:deb/<3.0.11-1"}]' \
    'epoch|sbom-packages|packages: [{purl: pkg:deb/debian/gzip, vers: "vers:deb/>=1:1.0"}]'
}

tool_sboms() {
  local registry=$LAB_REGISTRY format rules
  echo "--- SBOMs of other tools, $registry"
  ask_for_release
  kinds=sbom
  rules=(
    'deny: {packages: [{purl: pkg:npm/left-pad, vers: "vers:npm/>=1.3.0"}, pkg:npm/pad, pkg:npm/left-pad@1.2.1]}, required-packages: pkg:npm/left-pad'
    'range|sbom-packages|packages: [{purl: pkg:npm/left-pad, vers: "vers:npm/<1.3.0"}]'
    'package|sbom-packages|packages: ["pkg:npm/%40acme/pad@v7.24.0"]'
    'scope|sbom-packages|packages: ["pkg:npm/@acme/*"]'
    'licence|sbom-licenses|licenses: [WTFPL]'
  )
  if npm --version >/dev/null 2>&1; then
    npm_project
    for format in cyclonedx spdx; do
      (cd "$work/npm" && npm sbom --package-lock-only --sbom-format "$format") >"$work/sbom.json"
      of_tool "npm sbom, $format" "${format/spdx/spdxjson}" "${rules[@]}"
    done
    local cdxgen=$BONAFIDE_LAB/cdxgen
    if npm install --silent --no-fund --no-audit --ignore-scripts --omit=optional --prefix "$cdxgen" \
      "@cyclonedx/cdxgen@$cdxgen_version" >/dev/null 2>&1; then
      FETCH_LICENSE=false "$cdxgen/node_modules/.bin/cdxgen" -t npm --no-install-deps -o "$work/sbom.json" "$work/npm" \
        >/dev/null 2>&1
      of_tool cdxgen cyclonedx "${rules[@]}"
    else
      no_tool cdxgen
    fi
  else
    no_tool "npm, and so cdxgen,"
  fi

  printf 'Zope.Interface==5.0\nrequests[socks]==2.19.0\n' >"$work/requirements.txt"
  local venv=$BONAFIDE_LAB/cyclonedx-py
  if { [ -x "$venv/bin/cyclonedx-py" ] || python3 -m venv "$venv"; } &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check "cyclonedx-bom==$cyclonedx_py_version" >/dev/null 2>&1; then
    "$venv/bin/cyclonedx-py" requirements "$work/requirements.txt" -o "$work/sbom.json" >/dev/null 2>&1
    of_tool "cyclonedx-py" cyclonedx \
      'deny: {packages: [pkg:pypi/zope, pkg:pypi/requests@2.19.1]}, required-packages: pkg:pypi/requests' \
      'package|sbom-packages|packages: [pkg:pypi/zope_interface@5.0.0]' \
      'range|sbom-packages|packages: [{purl: pkg:pypi/Requests, vers: "vers:pypi/<2.20"}]'
  else
    no_tool cyclonedx-py
  fi
  # The lab's own tool is a module of Go with real dependencies.
  local gomod=$BONAFIDE_LAB/cyclonedx-gomod
  if [ -x "$gomod/cyclonedx-gomod" ] || GOBIN=$gomod go install \
    "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v$cyclonedx_gomod_version" >/dev/null 2>&1; then
    "$gomod/cyclonedx-gomod" mod -json -std -output "$work/sbom.json" "$here/lab/tools" >/dev/null 2>&1
    of_tool cyclonedx-gomod cyclonedx \
      'deny: {packages: [pkg:golang/stdlib@1.0.0, pkg:golang/golang.org/x]}, required-packages: pkg:golang/golang.org/x/crypto' \
      'package|sbom-packages|packages: [pkg:golang/std]' \
      'range|sbom-packages|packages: [{purl: pkg:golang/stdlib, vers: "vers:golang/>=1.2.0"}]' \
      'incompatible version|sbom-packages|packages: [{purl: pkg:golang/github.com/docker/cli, vers: "vers:golang/>=v2.0.0"}]'
  else
    no_tool cyclonedx-gomod
  fi
  syft_sboms
}
