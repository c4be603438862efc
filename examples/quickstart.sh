#!/usr/bin/env bash
# From a fresh checkout to two legs through stock tor: packages, build, private network, transfers.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly build=$root/build/quickstart

# Help must work before anything is installed, so it does not come from the Python part.
usage() {
  cat <<'TEXT'
usage: examples/quickstart.sh [--rate KB] [--seconds S] [--stock-client] [--watch] [--json FILE]
                              [--keep DIR]

Installs the Debian packages that are missing, builds conflux.so, onion-proxy and conflux-sidecar,
starts a private network of stock tor relays on loopback, downloads and uploads a file with one leg
and with two, checks every byte, prints a table and what the sidecar told of it by gRPC, and stops
everything. Takes about two minutes after the build.

  --rate KB        rate of each relay but the exits in KB/s (default 2000)
  --seconds S      how long the file takes on one leg, about (default 24)
  --stock-client   measure stock tor's own client too
  --watch          show `confluxctl top` while files move (wants a terminal)
  --json FILE      also write the figures there
  --keep DIR       keep logs and counters of the transfers in DIR

examples:
  bash examples/quickstart.sh
  bash examples/quickstart.sh --watch --seconds 60
  bash examples/quickstart.sh --rate 500 --stock-client --json figures.json

For private and test networks only: it gives no anonymity.
TEXT
}

# A slip of the keyboard should be told now, not after the build.
check_arguments() {
  while (($#)); do
    case $1 in
      -h | --help) usage; exit 0 ;;
      --stock-client | --watch) ;;
      --rate | --seconds)
        [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "$1 wants a number, such as $1 24"
        shift ;;
      --json | --keep)
        [[ -n ${2-} ]] || wrong_usage "$1 wants a path"
        shift ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "quickstart.sh: $1" >&2; usage >&2; exit 2; }

step() { printf '\n== %s\n' "$*" >&2; }

check_arguments "$@"

step "1/4 packages"
"$root/packaging/install-packages.sh" run >&2

step "2/4 build (release, two to four minutes on two cores the first time)"
mkdir -p "$build"
cmake -S "$root" --preset release -B "$build" -DCONFLUX_BUILD_TESTS=OFF \
  -DCONFLUX_JOIN_SOURCES=ON >"$build.log" 2>&1 \
  || { cat "$build.log" >&2; exit 1; }
cmake --build "$build" --target onion-proxy conflux conflux-sidecar confluxctl >&2

# The private network cleans up after itself on any signal, so the signals go straight to it.
exec python3 -B "$root/examples/quickstart.py" --onion-proxy "$build/bin/onion-proxy" \
  --plugin "$build/lib/conflux.so" --sidecar "$build/bin/conflux-sidecar" \
  --confluxctl "$build/bin/confluxctl" "$@"
