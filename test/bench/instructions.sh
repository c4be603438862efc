#!/bin/sh
# Instructions per cell, by callgrind: the difference between two counts of cells, so that loading
# and linking drop out. Steady on a machine that others use too.
#
#   test/bench/instructions.sh BUILD_DIR
set -eu
program=${1:?usage: instructions.sh BUILD_DIR}/bin/bench_fixed
[ -x "$program" ] || { echo "$program is missing: build the target bench_fixed first" >&2; exit 1; }

count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : //p'
}

for what in route route32 receive hold; do
  few=$(count "$what" 10240)
  many=$(count "$what" 30720)
  echo "$what: $(((many - few) / 20480)) instructions per call"
done
