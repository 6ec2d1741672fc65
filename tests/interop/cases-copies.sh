# shellcheck shell=bash
# Images that the real cosign signed, copied with their evidence to the other registry by `collect --to docker://`, and verified there by
# cosign and by Bonafide. Sourced by run.sh.
# shellcheck disable=SC2034,SC2154 # what cases.sh and run.sh set, and what they read

copied_away() {
  local format from to name
  echo "--- copies to another registry"
  for format in rekor2 rekor1 legacy; do
    for from in "$LAB_REFERRERS_REGISTRY" "$LAB_REGISTRY"; do
      to=$LAB_REGISTRY
      [ "$from" != "$to" ] || to=$LAB_REFERRERS_REGISTRY
      registry=$from
      push "copy-$format-${from##*:}" "$platforms"
      sign_all "$format" "$release" "$image"
      name=$to/${tag#*/}
      "$bonafide" collect "$tag" --to "docker://$name" --repo acme/shop --trusted-root "$LAB_TRUST/trusted_root.json" \
        >"$work/collect.log" 2>&1 || {
        cat "$work/collect.log" >&2
        lab_fail "$tag could not be copied to $name"
      }
      ask_for_release
      check "$format, copied from ${from##*:} to ${to##*:}" 0/0/0 0 - "${name%:*}@${image#*@}"
    done
  done
}
