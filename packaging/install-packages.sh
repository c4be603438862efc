#!/usr/bin/env bash
# Installs the Debian packages that a part of the project needs, and only those that are missing.
set -euo pipefail

readonly build_packages=(
  g++ cmake ninja-build libssl-dev libboost1.74-dev libyaml-cpp-dev libcli11-dev libfmt-dev
  nlohmann-json3-dev libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev libncurses-dev)
readonly run_packages=(tor python3)
readonly test_packages=(libgtest-dev libgmock-dev libbenchmark-dev python3-jsonschema
  python3-yaml git binutils abigail-tools grpc-proto openssl clang-19 libclang-rt-19-dev
  prometheus tmux python3-grpcio python3-protobuf pkgconf make systemd apparmor doxygen groff-base)

usage() {
  cat <<'TEXT'
usage: install-packages.sh run|test

  run    what the build and the private network need
  test   that and what the tests need

Installs what is missing by apt-get, as root or through sudo. Without both it prints the line to
run and exits with status 1.
TEXT
}

main() {
  local -a wanted missing=()
  case "${1-}" in
    run) wanted=("${build_packages[@]}" "${run_packages[@]}") ;;
    test) wanted=("${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}") ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  local package
  for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    echo "packages: all ${#wanted[@]} are installed"
    return
  fi
  install "${missing[@]}"
}

is_installed() {
  command -v dpkg-query >/dev/null || return 1
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

install() {
  local -a as_root=()
  if ((EUID != 0)); then
    if can_sudo; then as_root=(sudo); else refuse "$@"; fi
  fi
  command -v apt-get >/dev/null || refuse "$@"
  echo "packages: installing $*"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@"
  if [[ " $* " == *" tor "* && -d /run/systemd/system ]]; then
    echo "packages: note: Debian's tor package has also started its own service (a client on" \
      "127.0.0.1:9050). Nothing here uses it; systemctl disable --now tor switches it off."
  fi
}

# Asking for a password makes sense only where somebody can type one.
can_sudo() {
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || [[ -t 0 && -t 1 ]]
}

refuse() {
  {
    echo "packages: missing: $*"
    echo "Install them as root, then run this again:"
    echo "  apt-get update && apt-get install --no-install-recommends $*"
  } >&2
  exit 1
}

main "$@"
