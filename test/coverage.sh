#!/usr/bin/env bash
# How much of the plugin the fast tests and the fuzz corpora run, line by line.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly measured=(plugin/core plugin/codec plugin/sched plugin/types plugin/abi plugin/adapters
  plugin/metrics)
readonly tests=(plugin_types_test plugin_codec_test plugin_sched_test plugin_core_test
  plugin_adapters_test plugin_abi_test plugin_seed_test plugin_deviations_test plugin_replay_test
  plugin_attacks_test plugin_regressions_test plugin_decisions_test plugin_metrics_unit_test
  plugin_metrics_test plugin_threads_test host_api_abi_test alloc_test)
# A slice of the simulator: its tests enumerate, which takes long with counters in every line.
readonly simulator=(conflux-sim --seed 1 --runs 400)
readonly corpora=(codecs tunnel)
build=$root/build/coverage
jobs=$(nproc)
least=95
html=
objects=()
sources=()

usage() {
  cat <<'TEXT'
usage: test/coverage.sh [--build DIR] [-j N] [--at-least PERCENT] [--html DIR]

Builds the plugin, its tests and the fuzz targets with clang's line counters, runs the unit, seed,
attack, replay, ABI and simulator tests and the fuzz corpora, and prints for each ring of the plugin
how many of its lines ran and which did not. Exits with status 1 if less than PERCENT of the lines of
plugin/core and plugin/codec together ran, or if a test failed.

  --build DIR         the build folder (default: build/coverage)
  -j N                N jobs at a time (default: all cores)
  --at-least PERCENT  default: 95
  --html DIR          also write the annotated sources to DIR

example:
  test/coverage.sh --html /tmp/coverage
TEXT
}

main() {
  parse_arguments "$@"
  need_tools
  build_tests || exit 1
  rm -rf "$build/profiles"
  mkdir -p "$build/profiles"
  run_tests || exit 1
  llvm-profdata-19 merge -sparse -o "$build/coverage.profdata" "$build"/profiles/*.profraw || exit 1
  if [[ -n $html ]]; then show_html; fi
  llvm-cov-19 export -format=lcov -instr-profile "$build/coverage.profdata" "${objects[@]}" \
    "${sources[@]}" >"$build/coverage.lcov" || exit 1
  python3 -B "$root/test/coverage_report.py" --at-least "$least" --root "$root" \
    "$build/coverage.lcov" "${measured[@]}"
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --build) [[ -n ${2-} ]] || wrong_usage "--build wants a folder"; build=$2; shift ;;
      -j) [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "-j wants a number"; jobs=$2; shift ;;
      --at-least)
        [[ ${2-} =~ ^[0-9]+(\.[0-9]+)?$ ]] || wrong_usage "--at-least wants a number"
        least=$2
        shift
        ;;
      --html) [[ -n ${2-} ]] || wrong_usage "--html wants a folder"; html=$2; shift ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "coverage.sh: $1" >&2; usage >&2; exit 2; }

need_tools() {
  local tool
  for tool in clang++-19 llvm-profdata-19 llvm-cov-19; do
    command -v "$tool" >/dev/null && continue
    echo "coverage.sh: $tool is missing; apt-get install clang-19 libclang-rt-19-dev llvm-19" >&2
    exit 1
  done
}

build_tests() {
  local -a programs=("${tests[@]}" "${simulator[0]}")
  local corpus
  for corpus in "${corpora[@]}"; do programs+=("fuzz_$corpus"); done
  cmake -S "$root" --preset coverage -B "$build" \
    && cmake --build "$build" -j "$jobs" --target "${programs[@]}" || return 1
  objects=("$build/bin/${programs[0]}")
  local program
  for program in "${programs[@]:1}"; do objects+=(-object "$build/bin/$program"); done
  objects+=(-object "$build/lib/conflux.so")
  sources=()
  for corpus in "${measured[@]}"; do sources+=("$root/$corpus"); done
}

# One profile for each program and each library of it.
run_tests() {
  local test corpus status=0
  for test in "${tests[@]}"; do
    echo "coverage: $test"
    LLVM_PROFILE_FILE="$build/profiles/$test-%m.profraw" "$build/bin/$test" --gtest_brief=1 \
      >"$build/$test.log" 2>&1 || { tail -n 20 "$build/$test.log" >&2; status=1; }
  done
  local mode
  for mode in "" --hostile; do
    echo "coverage: ${simulator[*]} $mode"
    LLVM_PROFILE_FILE="$build/profiles/sim$mode-%m.profraw" "$build/bin/${simulator[0]}" \
      "${simulator[@]:1}" ${mode:+"$mode"} >"$build/sim.log" 2>&1 || status=1
  done
  for corpus in "${corpora[@]}"; do
    echo "coverage: corpus of $corpus"
    LLVM_PROFILE_FILE="$build/profiles/fuzz_$corpus-%m.profraw" \
      "$build/bin/fuzz_$corpus" "$root/test/fuzz/corpus/$corpus" || status=1
  done
  return "$status"
}

show_html() {
  llvm-cov-19 show -format=html -output-dir "$html" -instr-profile "$build/coverage.profdata" \
    "${objects[@]}" "${sources[@]}" && echo "coverage: annotated sources in $html/index.html"
}

main "$@"
