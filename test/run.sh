#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last line counts them.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly results=$root/results
jobs=$(nproc)
join=OFF
install=yes

usage() {
  cat <<'TEXT'
usage: test/run.sh [--no-install] [-j N]

Builds release and ASan+UBSan below build/ and runs with CTest: the unit, ABI and end-to-end tests
(against stock tor on loopback), then the unit suite again under the sanitizers, what runs on many
threads once more under ThreadSanitizer, and with clang-19 each fuzz target for 20 s (longer:
test/fuzz/run.sh). Sources are compiled several at a time. Ends with the line "N passed, N failed"
and exits with status 0 only if nothing failed. Reports (JUnit) go to results/.

  --no-install   take the installed packages as they are
  -j N           N jobs at a time (default: all cores)
TEXT
}

main() {
  parse_arguments "$@"
  mkdir -p "$results"
  rm -f "$results"/*.xml "$results"/broken-steps
  if [[ $install == yes ]]; then
    "$root/packaging/install-packages.sh" test || exit 1
  fi
  join=ON
  suite release
  # Without gRPC: it is not instrumented, and takes as long to build as everything else.
  suite asan-light --label-exclude 'e2e|python|bench'
  # One by one, so that a missing include is noticed here too.
  join=OFF
  fuzz
  part tsan plugin_threads_test --label-regex threads
  check_ids
  conclude
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --no-install) install=no ;;
      -j) [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "-j wants a number"; jobs=$2; shift ;;
      -j*) [[ ${1#-j} =~ ^[1-9][0-9]*$ ]] || wrong_usage "-j wants a number"; jobs=${1#-j} ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "run.sh: $1" >&2; usage >&2; exit 2; }

# suite PRESET [CTEST_ARGUMENT...]: build a preset and run its tests.
suite() {
  local preset=$1
  shift
  part "$preset" all "$@"
}

# part PRESET TARGET [CTEST_ARGUMENT...]: the same, but build only one target. A step that breaks
# counts as one failure, so that no total can look good because something did not happen.
part() {
  local preset=$1 target=$2
  shift 2
  printf '\n== %s: build\n' "$preset"
  { cmake -S "$root" --preset "$preset" -DCONFLUX_JOIN_SOURCES="$join" \
    && cmake --build "$root/build/$preset" -j "$jobs" --target "$target"; } \
    || { broken "$preset build"; return; }
  printf '\n== %s: test\n' "$preset"
  ctest --test-dir "$root/build/$preset" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$results/$preset.xml" "$@"
  [[ -s $results/$preset.xml ]] || broken "$preset tests"
}

# Only clang has libFuzzer.
fuzz() {
  if command -v clang++-19 >/dev/null; then
    part fuzz fuzz_targets
  else
    printf '\n== fuzz: left out, clang++-19 is not installed\n'
  fi
}

# Every behaviour, deviation, regression and attack of test/README.md has a test that ran.
check_ids() {
  python3 -B "$root/test/tidy/check_ids.py" "$results/release.xml" || broken "ids of test/README.md"
}

broken() { echo "$1" >>"$results/broken-steps"; echo "run.sh: failed: $1" >&2; }

conclude() {
  python3 -B "$root/test/count_results.py" "$results"
}

main "$@"
