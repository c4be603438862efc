#!/bin/sh
# Instructions per cell, by callgrind: the difference between two counts of cells, so that loading
# and linking drop out. Steady on a machine that others use too.
#
#   test/bench/instructions.sh BUILD_DIR
#
# Each once with metrics off, once with metrics and single tunnels on.
set -eu
program=${1:?usage: instructions.sh BUILD_DIR}/bin/bench_fixed
[ -x "$program" ] || { echo "$program is missing: build the target bench_fixed first" >&2; exit 1; }
command -v valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; exit 1; }
regions=$(mktemp -d /dev/shm/conflux-bench-XXXXXX)
trap 'rm -rf "$regions"' EXIT

count() {
  told=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1) ||
    { printf '%s\n%s\n' "bench_fixed $* failed:" "$told" >&2; exit 1; }
  printf '%s\n' "$told" | sed -n 's/.*Collected : //p'
}

# per_cell WHAT [METRICS_DIRECTORY]
per_cell() {
  few=$(count "$1" 10240 ${2+"$2"}) || exit 1
  many=$(count "$1" 30720 ${2+"$2"}) || exit 1
  echo $(((many - few) * 10 / 20480)) | sed 's/.$/.&/'
}

echo "instructions   metrics off   metrics on"
for what in route route32 receive hold loop; do
  off=$(per_cell "$what")
  on=$(per_cell "$what" "$regions")
  printf '%-12s %13s %12s\n' "$what" "$off" "$on"
done
