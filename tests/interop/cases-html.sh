# shellcheck shell=bash
# The page (`--output html`) in a real browser: Chromium loads it at two widths, light and dark, and axe-core judges it. No message on
# the console, no request, nothing that scrolls sideways, no violation. Sourced by run.sh.
# shellcheck disable=SC2154 # bonafide, here, root, work, passed and failed: set by run.sh

axe_core_version=4.14.1
puppeteer_version=24.43.1

# no_browser WHAT — says what was left out
no_browser() { printf '!!! %s could not be had: the page was NOT looked at in a browser\n' "$1" >&2; }

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
  # Old and new differ in evidence, and by a report in packages.
  "$bonafide" diff "${images[0]}" "$layout/multi-platform:v1.0.0" "${flags[@]}" --output "html=$pages/diff.html" || true
  "$bonafide" diff "${images[0]}" "${images[1]}" "${flags[@]}" --output "html=$pages/diff-rejected.html" || true
  local many=()
  for ((number = 0; number < 2000; number++)); do many+=("${images[number % 5]}"); done
  "$bonafide" verify "${many[@]}" "${flags[@]}" --output "html=$pages/many.html" || true
  NODE_PATH=$tools/node_modules node "$here/browser.js" "$pages"/*.html >"$work/browser.log" 2>&1 || result='NOT OK'
  printf '%-44s %-10s %-8s %-8s %-6s %s\n' "pages in Chromium" - - - "${result:0:6}" "$(grep -c ' loaded ' "$work/browser.log") loads"
  if [ "$result" = ok ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    sed 's/^/  | /' "$work/browser.log"
  fi
}
