# shellcheck shell=bash
# The page (`--output html`) in a real browser: Chromium loads it at two widths, light and dark, and axe-core judges it. No message on
# the console, no request, nothing that scrolls sideways, no violation. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, here, root, work, passed and failed: set by run.sh

axe_core_version=4.14.1
puppeteer_version=24.43.1

# no_browser WHAT — says what was left out
no_browser() { printf '!!! %s could not be had: the page was NOT looked at in a browser\n' "$1" >&2; }

# several_releases FOLDER — a layout with the images of fixtures/ under versions: lines, a stranger, lost evidence, platforms
several_releases() {
  local folder=$1 name tag
  mkdir -p "$folder"
  cp "$root/fixtures/images/signed/oci-layout" "$folder/"
  for name in signed:v1.4.2 legacy:v1.4.1 other-signer:v1.4.0 multi-platform:v1.3.9 reusable-workflow:v1.5.0 unsigned:v2.0.0 multi-platform-partial:latest; do
    tag=${name#*:} name=${name%:*}
    cp -r "$root/fixtures/images/$name/blobs" "$folder/"
    jq --arg tag "$tag" --arg name org.opencontainers.image.ref.name \
      '.manifests[] | if .annotations[$name] == "v1.0.0" then .annotations[$name] = $tag else . end' \
      "$root/fixtures/images/$name/index.json"
  done | jq -s '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' >"$folder/index.json"
}

pages() {
  local tools=$BONAFIDE_LAB/browser pages=$work/pages layout images number result=ok
  echo "--- the page in Chromium, $(chromium --version 2>/dev/null || echo none)"
  if ! command -v chromium >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1 ||
      { no_browser chromium && return; }
  fi
  npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$tools" \
    "axe-core@$axe_core_version" "puppeteer-core@$puppeteer_version" >/dev/null 2>&1 || { no_browser axe-core && return; }
  mkdir -p "$pages"
  local flags=(--offline "--trusted-root=$root/fixtures/trust/lab.trusted_root.json" --repo=acme/shop)
  layout=oci:$root/fixtures/images
  images=("$layout/signed:v1.0.0" "$layout/other-signer:v1.0.0" "$layout/unsigned:v1.0.0" "$layout/multi-platform-partial:v1.0.0"
    "$layout/signed:nowhere")
  "$bonafide" verify "${images[0]}" "${flags[@]}" --output "html=$pages/verified.html" || true
  "$bonafide" verify "${images[@]}" "${flags[@]}" --output "html=$pages/several.html" || true
  "$bonafide" audit "$layout/signed" "${flags[@]}" --output "html=$pages/audit.html" || true
  several_releases "$work/releases"
  "$bonafide" audit "oci:$work/releases" --offline "--trusted-root=$root/fixtures/trust/lab.trusted_root.json" --owner=acme \
    --require=signature,provenance --output "html=$pages/releases.html" || true
  # Old and new differ in evidence, and by a report in packages.
  "$bonafide" diff "${images[0]}" "$layout/multi-platform:v1.0.0" "${flags[@]}" --output "html=$pages/diff.html" || true
  "$bonafide" diff "${images[0]}" "${images[1]}" "${flags[@]}" --output "html=$pages/diff-rejected.html" || true
  local many=()
  for ((number = 0; number < 2000; number++)); do many+=("${images[number % 5]}"); done
  "$bonafide" verify "${many[@]}" "${flags[@]}" --output "html=$pages/many.html" || true
  NODE_PATH=$tools/node_modules node "$here/browser.js" "$pages"/*.html >"$work/browser.log" 2>&1 || result='NOT OK'
  row "pages in Chromium" - - - "${result:0:6}" "$(grep -c ' loaded ' "$work/browser.log") loads" ||
    sed 's/^/  | /' "$work/browser.log"
}
