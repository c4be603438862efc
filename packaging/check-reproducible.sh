#!/usr/bin/env bash
# Proves that the Debian packages can be built again, bit by bit.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
ref=
first=
jobs=$(nproc)

usage() {
  cat <<'TEXT'
usage: packaging/check-reproducible.sh [--ref REF] [--first DIR] [-j N]

Builds the packages of one commit twice, and compares them byte by byte. The second build differs
from the first in its path and the length of it, the time zone, the language and the number of
jobs; no compiler cache is used. Prints a line for each package; exits with status 1 if any differs,
and with diffoscope installed says how. Takes twice as long as a build: some twenty minutes on two
cores.

  --ref REF    the commit (default: HEAD, or with --first what DIR/COMMIT says)
  --first DIR  take the packages in DIR for the first build: those that packaging/build-deb.sh has
               made of the same commit, or that somebody else has published
  -j N         N jobs at a time (default: all cores)

examples:
  packaging/check-reproducible.sh
  packaging/check-reproducible.sh --first build/packages
  packaging/check-reproducible.sh --ref v0.1.0 --first ~/Downloads
TEXT
}

main() {
  parse_arguments "$@"
  work=$(mktemp -d "${TMPDIR:-/tmp}/conflux-twice.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  [[ -z $ref && -s $first/COMMIT ]] && ref=$(<"$first/COMMIT")
  # Now, so that both builds are of the same commit whatever HEAD becomes meanwhile.
  ref=$(git -C "$root" rev-parse --verify --quiet "${ref:-HEAD}^{commit}") || ref=HEAD
  if [[ -z $first ]]; then
    first=$work/one/packages
    "$root/packaging/build-deb.sh" --ref "$ref" --work "$work/one" --output "$first" \
      --no-ccache -j "$jobs"
  fi
  local second=$work/packages
  (
    export TZ=Pacific/Auckland LC_ALL=C LANGUAGE=de
    "$root/packaging/build-deb.sh" --ref "$ref" \
      --work "$work/another-place-with-a-much-longer-name" --output "$second" --no-ccache \
      -j "$((jobs > 1 ? jobs - 1 : 2))"
  )
  compare "$first" "$second"
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --ref) ref=${2:?--ref wants a commit}; shift ;;
      --first)
        first=$(realpath -- "${2:?--first wants a directory}")
        [[ -f $first/SHA256SUMS ]] || fail "$first: no packages of build-deb.sh in it"
        shift ;;
      -j) [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "-j wants a number"; jobs=$2; shift ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "check-reproducible.sh: $1" >&2; usage >&2; exit 2; }
fail() { echo "check-reproducible.sh: $1" >&2; exit 1; }

compare() {
  local one=$1 two=$2 package name same=0 different=0
  [[ $(names "$one") == "$(names "$two")" ]] || fail "different packages: $(names "$one") and \
$(names "$two")"
  for package in "$one"/*.deb; do
    name=${package##*/}
    if cmp -s "$package" "$two/$name"; then
      echo "same       $(sha256sum "$package" | cut -c1-16)  $name"
      same=$((same + 1))
    else
      echo "different  $name"
      different=$((different + 1))
      if command -v diffoscope >/dev/null; then
        diffoscope --text - --max-report-size 20000 "$package" "$two/$name" || true
      fi
    fi
  done
  echo "$same the same, $different different"
  ((different == 0))
}

names() { (cd "$1" && ls -- *.deb); }

main "$@"
