#!/usr/bin/env bash
# Stops the lab. Its keys and logs stay, so that the next start is the same instance.
set -euo pipefail
# shellcheck source=tests/interop/lab/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

shopt -s nullglob
# A server may end by itself between the look and the signal: a signal that finds nobody is no failure. Whoever is still
# there after ten seconds is killed.
names=()
for file in "$LAB_RUN"/*.pid; do
  name=$(basename "$file" .pid)
  if lab_alive "$name"; then
    names+=("$name")
    kill -TERM "$(cut -d' ' -f1 "$file")" 2>/dev/null || true
  else
    rm -f "$file"
  fi
done

# Ten seconds to end in order (the database writes its pages), then no more asking.
for _ in $(seq 100); do
  left=()
  for name in ${names[@]+"${names[@]}"}; do
    if lab_alive "$name"; then left+=("$name"); fi
  done
  [ ${#left[@]} -gt 0 ] || break
  sleep 0.1
done
for name in ${names[@]+"${names[@]}"}; do
  if lab_alive "$name"; then kill -KILL "$(cut -d' ' -f1 "$LAB_RUN/$name.pid")" 2>/dev/null || true; fi
  rm -f "$LAB_RUN/$name.pid"
done
