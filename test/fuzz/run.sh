#!/usr/bin/env bash
# Builds the fuzz targets and lets each run for a while. A finding is kept, and said how to replay.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
readonly fuzz=$root/test/fuzz
build=$root/build/fuzz
seconds=60
jobs=$(nproc)
minimise=no
build_first=yes
targets=()

usage() {
  cat <<'TEXT'
usage: test/fuzz/run.sh [--seconds N] [--jobs N] [--target NAME]... [--build DIR] [--minimise]

Builds the preset `fuzz` (clang-19, libFuzzer, ASan, UBSan) and runs each target for N seconds, as
many at a time as --jobs says. What it learns stays in DIR/fuzz/corpus and is where the next run
begins; findings go to DIR/fuzz/findings, with the command that replays each. Exits with status 1 if
there is one.

  --seconds N    how long each target runs (default: 60)
  --jobs N       how many run at a time (default: all cores)
  --target NAME  only this one; may be given more than once
  --build DIR    the build folder (default: build/fuzz)
  --minimise     afterwards replace test/fuzz/corpus by a few of all inputs that are known, which
                 together reach most
  --no-build     take the programs as they are

examples:
  test/fuzz/run.sh --seconds 600
  test/fuzz/run.sh --target tunnel --seconds 3600 --jobs 1
  test/fuzz/run.sh --seconds 600 --minimise
TEXT
}

main() {
  parse_arguments "$@"
  if [[ $build_first == yes ]]; then build_targets || exit 1; fi
  choose_targets
  local -a running=()
  local target status=0
  for target in "${targets[@]}"; do
    while ((${#running[@]} >= jobs)); do
      wait "${running[0]}" || status=1
      running=("${running[@]:1}")
    done
    run_target "$target" &
    running+=($!)
  done
  for target in "${running[@]}"; do wait "$target" || status=1; done
  ((status == 0)) || exit 1
  if [[ $minimise == yes ]]; then
    for target in "${targets[@]}"; do minimise_corpus "$target" || exit 1; done
  fi
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --seconds) seconds=$(positive "$@") || exit 2; shift ;;
      --jobs) jobs=$(positive "$@") || exit 2; shift ;;
      --target)
        [[ ${2-} =~ ^[a-z_]+$ ]] || wrong_usage "--target wants a name"
        targets+=("$2")
        shift
        ;;
      --build) [[ -n ${2-} ]] || wrong_usage "--build wants a folder"; build=$2; shift ;;
      --minimise) minimise=yes ;;
      --no-build) build_first=no ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

positive() {
  [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "$1 wants a number"
  echo "$2"
}

wrong_usage() { echo "run.sh: $1" >&2; usage >&2; exit 2; }

build_targets() {
  if ! command -v clang++-19 >/dev/null; then
    echo "run.sh: clang++-19 is missing: packaging/install-packages.sh test installs it" >&2
    return 1
  fi
  cmake -S "$root" --preset fuzz -B "$build" \
    && cmake --build "$build" -j "$jobs" --target fuzz_targets
}

# The build says which there are: one file each.
choose_targets() {
  local -a known=()
  local file target
  for file in "$build"/fuzz/*.target; do
    [[ -e $file ]] && known+=("$(basename "$file" .target)")
  done
  ((${#known[@]})) || { echo "run.sh: no targets in $build: build it first" >&2; exit 1; }
  ((${#targets[@]})) || targets=("${known[@]}")
  for target in "${targets[@]}"; do
    [[ -e $build/fuzz/$target.target ]] \
      || { echo "run.sh: no target $target, only: ${known[*]}" >&2; exit 2; }
    [[ -x $(program "$target") ]] || { echo "run.sh: $target is not built" >&2; exit 1; }
  done
}

program() { echo "$build/bin/fuzz_$1"; }
longest_input() { cut -d' ' -f1 "$build/fuzz/$1.target"; }
inputs_to_keep() { cut -d' ' -f2 "$build/fuzz/$1.target"; }

# Seeds that other tests keep, beside those of test/fuzz/corpus.
seeds() {
  local -a folders=("$fuzz/corpus/$1")
  local folder
  [[ $1 == config ]] && folders+=("$root/test/config/corpus/"{good,bad,beyond_schema})
  for folder in "${folders[@]}"; do
    if [[ -d $folder ]]; then echo "$folder"; fi
  done
}

run_target() {
  local target=$1 corpus=$build/fuzz/corpus/$1 findings=$build/fuzz/findings/$1 log
  local -a arguments seed_folders
  mkdir -p "$corpus" "$findings"
  log=$build/fuzz/$target.log
  mapfile -t seed_folders < <(seeds "$target")
  arguments=(-max_total_time="$seconds" -max_len="$(longest_input "$target")" -timeout=20
    -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$findings/")
  [[ -e $fuzz/dictionaries/$target.dict ]] && arguments+=(-dict="$fuzz/dictionaries/$target.dict")
  echo "fuzz $target: begins, $seconds s"
  "$(program "$target")" "${arguments[@]}" "$corpus" "${seed_folders[@]}" >"$log" 2>&1
  local status=$?
  if ((status == 0)); then
    echo "fuzz $target: $(summary "$log"), no finding"
    return 0
  fi
  if grep -q '^SUMMARY: ' "$log"; then
    report "$target" "$findings" "$log"
  else
    echo "fuzz $target: broke off with status $status: $log" >&2
  fi
  return 1
}

summary() {
  local runs coverage
  # The last of the fuzzer's own lines.
  local -r progress='s/.* cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\).*/\1 edges, \2 features/p'
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$1")
  coverage=$(sed -n "$progress" "$1" | tail -n 1)
  echo "${runs:-?} runs, ${coverage:-nothing new}"
}

report() {
  local target=$1 findings=$2 log=$3 newest program
  program=$(program "$target")
  newest=$(find "$findings" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
  {
    echo "fuzz $target: FINDING"
    grep -E -m 3 'broken promise|ERROR: |runtime error' "$log"
    grep -E -m 12 '^ +#[0-9]+ .*conflux|^ +#[0-9]+ .*onion_proxy' "$log"
    echo "fuzz $target: the whole report: $log"
    if [[ -n $newest ]]; then
      echo "fuzz $target: replay with: $program $newest"
      echo "fuzz $target: shorten with: $program -minimize_crash=1 -max_total_time=60 $newest"
    fi
  } >&2
}

# By the code that is reached alone, not by how often: the corpus is for reviewers too.
minimise_corpus() {
  local target=$1 log=$build/fuzz/$1.minimise.log control=$build/fuzz/$1.merge
  local scratch=$build/fuzz/minimised
  local -a seed_folders
  mapfile -t seed_folders < <(seeds "$target")
  rm -rf "$scratch" "$control"
  mkdir -p "$scratch"
  echo "fuzz $target: minimising"
  if ! "$(program "$target")" -set_cover_merge=1 -use_counters=0 -merge_control_file="$control" \
    -max_len="$(longest_input "$target")" "$scratch" "${seed_folders[@]}" \
    "$build/fuzz/corpus/$target" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    return 1
  fi
  python3 -B "$fuzz/choose_inputs.py" "$control" "$fuzz/corpus/$target" \
    --files "$(inputs_to_keep "$target")"
}

main "$@"
