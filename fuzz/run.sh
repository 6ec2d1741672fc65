#!/usr/bin/env bash
# Writes the seeds and lets the fuzzing engine look for input on which a target does not hold.
#
# Usage: fuzz/run.sh [SECONDS [TARGET…]]     default: 20 seconds for each of all targets
#
# Needs a nightly compiler and cargo-fuzz. A finding is written to fuzz/artifacts/TARGET/ and ends the run with exit
# code 1; the same input then goes through `cargo fuzz run TARGET FILE` in a debugger or, better, into a test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-20}
shift || true
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

# The versions that the program is built from, and those of the engine beside them.
cp ../Cargo.lock Cargo.lock
cargo run --quiet --example seed
cargo +nightly fuzz build --fuzz-dir . --features engine --sanitizer none
for target in "${targets[@]}"; do
  log=$(mktemp)
  mkdir -p "artifacts/$target"
  if ! cargo +nightly fuzz run --fuzz-dir . --features engine --sanitizer none "$target" -- -max_total_time="$seconds" \
    -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "fuzz: $target does not hold" >&2
    exit 1
  fi
  awk -v target="$target" '
    /stat::number_of_executed_units/ { runs = $2 } /stat::average_exec_per_sec/ { speed = $2 }
    /stat::peak_rss_mb/ { peak = $2 } /DONE/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
    END { printf "%-13s %9d runs  %6d a second  %5d edges  %5d MiB  nothing found\n", target, runs, speed, cov, peak }' "$log"
  rm -f "$log"
done
