#!/usr/bin/env bash
# What people see: a success, three failures, sixty images, help and a page of `explain`, on terminals of 40, 80 and 120 columns.
#
# tests/terminal/run.sh PROGRAM           compares with the pictures in this folder
# tests/terminal/run.sh PROGRAM --write   takes them anew; look at each before it is committed
#
# Needs tmux. The images are those of fixtures/, so nothing is asked of a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$(realpath "$1")
pictures=tests/terminal

work=$(mktemp -d)
trap 'for socket in "$work"/*.tmux; do tmux -S "$socket" kill-server 2>/dev/null || true; done; rm -rf "$work"' EXIT

# The flag of `capture-pane` that keeps colours, where a picture is to have them.
escapes=

# picture WIDTH COMMAND… — runs it on a terminal of its own and prints what stands there then
picture() {
  local width=$1 socket
  shift
  # A server of its own for each: one that ends takes a new session with it.
  socket=$(mktemp -u "$work/XXXXXX.tmux")
  printf '$ bonafide %s\n' "$*"
  tmux -S "$socket" -f /dev/null new-session -d -x "$width" -y 400 \
    "env -i HOME='$work' TERM=screen-256color LANG=C.UTF-8 '$program' $*; printf 'exit %s' \$?; sleep 60"
  # shellcheck disable=SC2086 # an empty flag is none
  until tmux -S "$socket" capture-pane -p $escapes >"$work/picture" && grep -q '^exit [0-9]' "$work/picture"; do sleep 0.1; done
  sed -e 's/[[:space:]]*$//' -e '/^exit [0-9]/q' "$work/picture"
  printf '\n'
  tmux -S "$socket" kill-server
}

# sixty — the references of sixty images
sixty() {
  local name
  for _ in 1 2 3 4 5 6; do
    for name in signed signed-rekor1 legacy multi-platform multi-platform-children other-signer unsigned \
      multi-platform-partial buildkit-unsigned signed-again; do
      printf 'oci:fixtures/images/%s:v1.0.0 ' "${name%-again}"
    done
  done
}

# pictures WIDTH — all of one terminal
pictures() {
  local flags='--repo acme/shop --offline --trusted-root fixtures/trust/lab.trusted_root.json' images=oci:fixtures/images name
  for name in signed:v1.0.0 other-signer:v1.0.0 unsigned:v1.0.0 signed:v2.0.0; do
    picture "$1" verify "$images/$name" "$flags"
  done
  picture "$1" verify "$(sixty)" "$flags" | sed "1s/.*/\$ bonafide verify (sixty images) $(printf %s "$flags" | sed 's/[&/]/\\&/g')/"
  picture "$1" verify -h
  picture "$1" explain signer-identity
}

# in_colour — a success and a failure with their colours
in_colour() {
  local escapes=-e flags='--repo acme/shop --offline --trusted-root fixtures/trust/lab.trusted_root.json' name
  for name in signed other-signer; do
    picture 80 verify "oci:fixtures/images/$name:v1.0.0" "$flags"
  done
}

failed=0
for name in 40 80 120 colour; do
  if [ "$name" = colour ]; then take=(in_colour); else take=(pictures "$name"); fi
  if [ "${2:-}" = --write ]; then
    "${take[@]}" | sed '$d' >"$pictures/$name.txt"
  elif ! diff -u "$pictures/$name.txt" <("${take[@]}" | sed '$d'); then
    failed=1
  fi
done
exit "$failed"
