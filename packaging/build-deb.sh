#!/usr/bin/env bash
# Builds the Debian packages.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
output=$root/build/packages
work=$root/build/deb
ref=HEAD
jobs=$(nproc)
install=yes

usage() {
  cat <<'TEXT'
usage: packaging/build-deb.sh [--output DIR] [--ref REF | --worktree] [--work DIR] [-j N]
                              [--no-install] [--no-ccache]

Builds conflux-plugin, libmpath-dev, conflux-sidecar, conflux-tools and conflux-examples (and their
debug symbols) from a commit, and lists them. The first time takes about ten minutes on two cores.

  --output DIR   where the packages go, with SHA256SUMS, COMMIT and .buildinfo (default
                 build/packages)
  --ref REF      the commit to build (default HEAD)
  --worktree     the files as they are, committed or not
  --work DIR     where it is built, in DIR/conflux-VERSION (default build/deb)
  -j N           N jobs at a time (default: all cores)
  --no-install   do not install what the build needs; say what is missing
  --no-ccache    compile everything anew

examples:
  packaging/build-deb.sh
  packaging/build-deb.sh --ref v0.1.0 --output /tmp/packages
  packaging/build-deb.sh --worktree -j 1

A clean room, if you have sbuild: run this with --no-install inside it. Two builds of one commit
give the same bytes: packaging/check-reproducible.sh.
TEXT
}

main() {
  parse_arguments "$@"
  # Once: HEAD may be another one when the build ends.
  commit=$(git -C "$root" rev-parse --verify --quiet "${ref:-none}^{commit}" 2>/dev/null) || commit=
  umask 022
  export_source
  install_build_dependencies
  build
  collect
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --output) output=$(realpath -m -- "${2:?--output wants a directory}"); shift ;;
      --ref) ref=${2:?--ref wants a commit}; shift ;;
      --worktree) ref= ;;
      --work) work=$(realpath -m -- "${2:?--work wants a directory}"); shift ;;
      -j) [[ ${2-} =~ ^[1-9][0-9]*$ ]] || wrong_usage "-j wants a number"; jobs=$2; shift ;;
      --no-install) install=no ;;
      --no-ccache) export CCACHE_DISABLE=1 ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "build-deb.sh: $1" >&2; usage >&2; exit 2; }
fail() { echo "build-deb.sh: $1" >&2; exit 1; }
step() { printf '\n== %s\n' "$*" >&2; }

# dpkg wants debian/ at the top of the tree; here it is below packaging/.
export_source() {
  local version
  version=$(sed -n 's/^project(conflux VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
  tree=$work/conflux-$version
  step "source: ${ref:-the files as they are} -> $tree"
  rm -rf "$tree"
  mkdir -p "$tree"
  list_and_pack | tar -x -C "$tree"
  mv "$tree/packaging/debian" "$tree/debian"
  local changelog
  changelog=$(sed -n '1s/.*(\([^)]*\)).*/\1/p' "$tree/debian/changelog")
  [[ $changelog == "$version" ]] \
    || fail "debian/changelog says $changelog and CMakeLists.txt $version: make them agree"
}

list_and_pack() {
  if [[ -z $ref ]]; then
    git -C "$root" ls-files -z --cached --others --exclude-standard --deduplicate \
      | (cd "$root" && xargs -0 -r -n 1 sh -c '[ ! -e "$0" ] || printf "%s\0" "$0"') \
      | tar -c -C "$root" --null --files-from=-
  elif [[ -n $commit ]]; then
    if [[ $ref == HEAD ]] && ! git -C "$root" diff --quiet HEAD; then
      echo "note: there are changes that are not committed; --worktree builds them" >&2
    fi
    git -C "$root" archive "$commit"
  elif [[ $ref == HEAD ]]; then  # an unpacked release, without git
    tar -c -C "$root" --exclude=./build --exclude=./results .
  else
    fail "$ref: no such commit"
  fi
}

install_build_dependencies() {
  command -v dpkg-buildpackage >/dev/null || install_as_root dpkg-dev
  if (cd "$tree" && dpkg-checkbuilddeps 2>/dev/null); then return; fi
  if [[ $install == no ]]; then
    (cd "$tree" && dpkg-checkbuilddeps) || exit 1
  fi
  step "packages that the build needs"
  as_root apt-get update -qq
  as_root apt-get build-dep -y -qq --no-install-recommends "$tree"
}

install_as_root() {
  [[ $install == yes ]] || fail "missing: $*"
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends "$@"
}

as_root() {
  local -a sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "run this as root: $*"
    sudo=(sudo)
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@"
}

# debhelper gives the build a home of its own, where no cache is.
build() {
  step "build ($jobs jobs); log: $work/build.log"
  if command -v ccache >/dev/null; then
    CCACHE_DIR=$(ccache --get-config cache_dir)
    export CCACHE_DIR
  fi
  if ! (cd "$tree" && exec dpkg-buildpackage -b -us -uc -j"$jobs") 2>&1 \
    | tee "$work/build.log" | show_progress; then
    tail -40 "$work/build.log" >&2
    fail "the build failed; all of it: $work/build.log"
  fi
}

# A line for every twentieth of what is compiled.
show_progress() {
  awk '/^\[[0-9]+\/[0-9]+\]/ {
         split(substr($1, 2), n, "[/\\]]")
         if (int(20 * n[1] / n[2]) != last) { last = int(20 * n[1] / n[2]); print "compiled " $1 }
       }
       /^   dh_auto_|^   dh_(strip|builddeb)/ { print $1; last = 0 }
       { fflush() }' >&2
}

collect() {
  mkdir -p "$output"
  rm -f "$output"/*.deb "$output"/*.buildinfo "$output"/*.changes \
    "$output"/SHA256SUMS "$output"/COMMIT
  mv "$work"/*.deb "$work"/*.buildinfo "$work"/*.changes "$output"
  (cd "$output" && sha256sum -- *.deb >SHA256SUMS)
  if [[ -n $commit ]]; then echo "$commit" >"$output/COMMIT"; fi
  step "packages in $output"
  local package
  for package in "$output"/*.deb; do
    printf '%9d  %s\n' "$(stat -c %s "$package")" "${package##*/}"
  done
}

main "$@"
