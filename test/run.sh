#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last line counts them.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly results=$root/results
jobs=$(nproc)
install=yes
ahead=()  # what is built beside tests: PRESET JOIN_SOURCES TARGET
builder=  # the process group that does it

usage() {
  cat <<'TEXT'
usage: test/run.sh [--no-install] [-j N]

Builds release and ASan+UBSan below build/ and runs with CTest: the unit, ABI and end-to-end tests
(against stock tor on loopback), then the unit suite again under the sanitizers, what runs on many
threads once more under ThreadSanitizer, and with clang-19 each fuzz target for 20 s (longer:
test/fuzz/run.sh). Sources are compiled several at a time, and what is tested next is built while
the tests before it run. Ends with the line "N passed, N failed" and exits with status 0 only if
nothing failed. Reports (JUnit) go to results/.

  --no-install   take the installed packages as they are
  -j N           N jobs at a time (default: all cores)
TEXT
}

main() {
  parse_arguments "$@"
  mkdir -p "$results"
  rm -f "$results"/*.xml "$results"/*.log "$results"/broken-steps
  if [[ $install == yes ]]; then
    "$root/packaging/install-packages.sh" test || exit 1
  fi
  trap stop_building EXIT
  # Clang compiles with sanitizers in two thirds of g++'s time, and is a second opinion on every
  # source. Without gRPC: it is not instrumented, and takes as long to build as everything else.
  local sanitized=asan-light
  if has_clang; then sanitized=asan-clang; fi

  # The fuzz targets are compiled one by one, so that a missing include is noticed here too.
  build release ON all
  start_building "$sanitized" ON all
  run_tests release
  finish_building
  if has_clang; then start_building fuzz OFF fuzz_targets; fi
  run_tests "$sanitized" --label-exclude 'e2e|python|bench'
  if has_clang; then
    finish_building
    start_building tsan OFF plugin_threads_test
    run_tests fuzz
  else
    printf '\n== fuzz: left out, clang++-19 is not installed\n'
    start_building tsan OFF plugin_threads_test
  fi
  finish_building
  run_tests tsan --label-regex threads
  check_ids
  conclude
}

# Only clang has libFuzzer.
has_clang() { command -v clang++-19 >/dev/null; }

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

# build PRESET JOIN_SOURCES TARGET. A step that breaks counts as one failure, so that no total can look
# good because something did not happen.
build() {
  compile "$jobs" "$@" || broken "$1 build"
}

# compile JOBS PRESET JOIN_SOURCES TARGET
compile() {
  printf '\n== %s: build\n' "$2"
  cmake -S "$root" --preset "$2" -DCONFLUX_JOIN_SOURCES="$3" \
    && cmake --build "$root/build/$2" -j "$1" --target "$4"
}

# The same beside the tests of the part before, with half the jobs, and only on a processor that no
# test wants: many of them wait for sockets. In a process group of its own, so that it can be stopped
# as a whole.
start_building() {
  ahead=("$@")
  set -m
  (
    chrt --idle --pid 0 "$BASHPID" || renice -n 19 -p "$BASHPID"
    compile $(((jobs + 1) / 2)) "$@"
  ) >"$results/build-$1.log" 2>&1 &
  builder=$!
  set +m
}

# What is left goes on with all jobs.
finish_building() {
  stop_building
  cat "$results/build-${ahead[0]}.log"
  build "${ahead[@]}"
}

stop_building() {
  if [[ -z $builder ]]; then return; fi
  kill -INT -- "-$builder" 2>/dev/null
  wait "$builder" 2>/dev/null
  builder=
}

# run_tests PRESET [CTEST_ARGUMENT...], of what was built.
run_tests() {
  local preset=$1
  shift
  if grep -qsx "$preset build" "$results/broken-steps"; then return; fi
  printf '\n== %s: test\n' "$preset"
  ctest --test-dir "$root/build/$preset" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$results/$preset.xml" "$@"
  [[ -s $results/$preset.xml ]] || broken "$preset tests"
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
