#!/usr/bin/env bash
# Tries the built packages in a Debian 12 of their own.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly checks=$root/test/packaging/chroot
packages=$root/build/packages
mirror=http://deb.debian.org/debian
security=http://deb.debian.org/debian-security
install=yes
piuparts=yes
keep=
passed=0
failed=0

usage() {
  cat <<'TEXT'
usage: packaging/test-packages.sh [--packages DIR] [--mirror URL] [--security-mirror URL]
                                  [--keep DIR] [--no-piuparts] [--no-install]

Makes a fresh Debian 12 with mmdebstrap, installs the packages there, and tries them as their users
would: boots it and lets systemd run the sidecar; onion-proxy through a private network of stock
tor; a file each way; a scrape; a project that builds against libmpath-dev in both ways; and what is
left after purge. lintian and piuparts judge the packages, too. One line for each check, and a count
at the end. Wants root, a network and about five minutes.

  --packages DIR         what packaging/build-deb.sh has made (default build/packages)
  --mirror URL           Debian (default http://deb.debian.org/debian)
  --security-mirror URL  its security updates
  --keep DIR             keep logs in DIR
  --no-piuparts          leave piuparts out; it takes half of the time
  --no-install           do not install mmdebstrap, systemd-container, lintian and piuparts

examples:
  packaging/build-deb.sh && packaging/test-packages.sh
  packaging/test-packages.sh --packages ~/Downloads --no-piuparts --keep /tmp/logs
TEXT
}

main() {
  parse_arguments "$@"
  prepare
  run_lintian
  make_chroot
  install_packages
  check_installed_files
  run_service
  build_consumers
  purge_packages
  run_piuparts
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

parse_arguments() {
  while (($#)); do
    case $1 in
      --packages) packages=${2:?--packages wants a directory}; shift ;;
      --mirror) mirror=${2:?--mirror wants a URL}; shift ;;
      --security-mirror) security=${2:?--security-mirror wants a URL}; shift ;;
      --keep) keep=$(realpath -m -- "${2:?--keep wants a directory}"); shift ;;
      --no-piuparts) piuparts=no ;;
      --no-install) install=no ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown argument: $1" ;;
    esac
    shift
  done
}

wrong_usage() { echo "test-packages.sh: $1" >&2; usage >&2; exit 2; }
fail() { echo "test-packages.sh: $1" >&2; exit 1; }
step() { printf '\n== %s\n' "$*"; }

# check WHAT COMMAND...: one line; what it printed goes to the log, and is shown if it fails.
check() {
  local what=$1 log
  shift
  log=$work/check.log
  if "$@" >"$log" 2>&1; then
    printf 'ok      %s\n' "$what"
    passed=$((passed + 1))
  else
    printf 'FAILED  %s\n' "$what"
    sed 's/^/        | /' "$log" | tail -60
    failed=$((failed + 1))
  fi
  { printf '== %s\n' "$what"; cat "$log"; } >>"$logs/checks.log"
}

prepare() {
  ((EUID == 0)) || fail "run this as root: it makes a chroot"
  packages=$(realpath -- "$packages" 2>/dev/null) && compgen -G "$packages/*.deb" >/dev/null \
    || fail "$packages: no packages; run packaging/build-deb.sh first"
  mapfile -t debs < <(find "$packages" -name '*.deb' ! -name '*-dbgsym_*' | sort)
  local -a tools=(mmdebstrap systemd-container lintian openssl) missing=()
  [[ $piuparts == yes ]] && tools+=(piuparts)
  local tool
  for tool in "${tools[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$tool" 2>/dev/null | grep -qx installed \
      || missing+=("$tool")
  done
  if ((${#missing[@]})); then
    [[ $install == yes ]] || fail "missing: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/conflux-packages.XXXXXX")
  trap clean_up EXIT
  logs=${keep:-$work/logs}
  mkdir -p "$logs"
  : >"$logs/checks.log"
  chroot=$work/chroot
}

clean_up() { rm -rf --one-file-system "$work"; }

run_lintian() {
  step "what lintian says"
  check "lintian has no errors and no warnings" lintian_is_content
}

lintian_is_content() {
  # A package of its own makers closes no bug of Debian's.
  lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs \
    "$packages"/*.deb
}

make_chroot() {
  step "a fresh Debian 12"
  # With systemd, which would otherwise come along with the packages and leave files of its own.
  local base=$work/base.tar.gz
  mmdebstrap --quiet --variant=minbase --include=systemd bookworm "$base" \
    "deb $mirror bookworm main" "deb $security bookworm-security main" \
    || fail "mmdebstrap could not make it; is there a network?"
  mkdir "$chroot"
  tar -xf "$base" -C "$chroot"
  # Nothing is started by a package while it is installed.
  printf '#!/bin/sh\nexit 101\n' >"$chroot/usr/sbin/policy-rc.d"
  chmod 755 "$chroot/usr/sbin/policy-rc.d"
}

# A container: what is in it sees neither the processes nor the devices of this machine.
contain() { systemd-nspawn --quiet --register=no --keep-unit -D "$chroot" "$@" </dev/null; }
within() {
  contain --as-pid2 --pipe --setenv=DEBIAN_FRONTEND=noninteractive --setenv=LC_ALL=C.UTF-8 "$@"
}
apt() { within apt-get -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@"; }

install_packages() {
  step "the packages"
  mkdir "$chroot/opt/packages"
  cp "${debs[@]}" "$chroot/opt/packages"
  check "apt installs all packages" install_debs
}

install_debs() {
  apt update && within sh -c \
    'apt-get -y -qq --no-install-recommends install /opt/packages/*.deb'
}

check_installed_files() {
  check "the plugin's digest is that of the shipped file" \
    within sh -c 'cd /usr/lib/mpath && sha256sum -c conflux.so.sha256'
  check "the configuration is valid" within confluxctl config check /etc/conflux/conflux.yaml
  check "the conformance kit passes the plugin" \
    within mpath-validate /usr/lib/mpath/conflux.so --timeout 300
  check "the service is enabled" \
    test -L "$chroot/etc/systemd/system/multi-user.target.wants/conflux-sidecar.service"
  check "systemd-analyze security gives at most 1.5" service_is_hardly_exposed
  check "user and group are there" \
    within sh -c 'id -nG conflux-sidecar | grep -w conflux-metrics'
  check "every program has a manual page" every_program_has_a_page
}

service_is_hardly_exposed() {
  systemd-analyze security --offline=yes --no-pager --threshold=15 \
    "$chroot/lib/systemd/system/conflux-sidecar.service" | tail -1
  return "${PIPESTATUS[0]}"
}

every_program_has_a_page() {
  local program
  for program in confluxctl conflux-sidecar mpath-validate mpath-replay; do
    compgen -G "$chroot/usr/share/man/man[18]/$program.[18].gz" || { echo "$program"; return 1; }
  done
}

# Boots it, with systemd and a network that is loopback alone. The script says "ok WHAT" and "FAILED
# WHAT" itself, and ends the machine.
run_service() {
  step "the service under systemd, onion-proxy, and a private network of stock tor"
  apt install systemd-sysv tor >"$logs/tor.log" 2>&1 \
    || fail "cannot install tor: $(tail -5 "$logs/tor.log")"
  rm "$chroot/usr/sbin/policy-rc.d"
  cp -r "$checks" "$chroot/opt/checks"
  cp "$checks/conflux-checks.service" "$chroot/etc/systemd/system"
  make_certificates "$chroot/opt/checks/tls" >"$logs/openssl.log" 2>&1
  within sh -c 'systemctl -q enable conflux-checks && systemctl -q mask tor tor@default' \
    2>>"$logs/boot.log"
  local told=$logs/service.out
  : >"$told"
  timeout 900 systemd-nspawn --quiet --register=no --keep-unit --private-network \
    --boot --console=pipe --bind="$told:/opt/told" -D "$chroot" >>"$logs/boot.log" 2>&1 \
    </dev/null &
  local container=$!
  tail -n +1 -F --pid="$container" "$told" 2>/dev/null | grep --line-buffered -v '^done$'
  wait "$container"
  passed=$((passed + $(grep -c '^ok  ' "$told")))
  failed=$((failed + $(grep -c '^FAILED' "$told")))
  if ! grep -Eq '^(done$|FAILED)' "$told"; then
    printf 'FAILED  the checks did not come to their end\n'
    tail -20 "$logs/boot.log" | sed 's/^/        | /'
    failed=$((failed + 1))
  fi
}

# An authority, the sidecar and a client of it, and a stranger with an authority of his own.
make_certificates() {
  local -a key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  mkdir -p "$1"
  local name
  for name in ca stranger; do
    openssl req -x509 "${key[@]}" -days 2 -subj "/CN=$name" -keyout "$1/$name.key" \
      -out "$1/$name.crt"
  done
  for name in sidecar client; do
    openssl req -new "${key[@]}" -subj "/CN=$name" -addext subjectAltName=IP:127.0.0.1 \
      -keyout "$1/$name.key" -out "$1/$name.csr"
    openssl x509 -req -in "$1/$name.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -days 2 \
      -copy_extensions copy -out "$1/$name.crt"
  done
}

build_consumers() {
  step "a project that builds against libmpath-dev"
  apt install g++ cmake make pkgconf >"$logs/compilers.log" 2>&1 \
    || fail "cannot install compilers: $(tail -5 "$logs/compilers.log")"
  cp -r "$root/test/packaging/consumer" "$chroot/opt/consumer"
  check "by find_package(mpath CONFIG)" within sh -ec '
    cd /opt/consumer && cmake -S . -B build && cmake --build build
    ctest --test-dir build --output-on-failure --no-tests=error'
  check "by pkg-config" within make -C /opt/consumer check
  check "the example host compiles as shipped, and decides" within sh -ec '
    cd /opt && cc -o example /usr/share/doc/libmpath-dev/examples/minimal_host/minimal_host.c \
      $(pkg-config --cflags mpath) -ldl
    ./example "$(pkg-config --variable=plugindir mpath)/conflux.so"'
}

purge_packages() {
  step "remove and purge"
  local -a names=()
  local deb
  for deb in "${debs[@]}"; do names+=("$(dpkg-deb -f "$deb" Package)"); done
  # What was made by hand above, or installed for the checks.
  rm -rf "$chroot"/etc/tmpfiles.d/conflux.conf "$chroot"/opt/* \
    "$chroot"/etc/systemd/system/conflux-checks.service \
    "$chroot"/etc/systemd/system/*/conflux-checks.service
  check "the packages can be removed" apt remove "${names[@]}"
  check "the operator's configuration is still there" test -f "$chroot/etc/conflux/conflux.yaml"
  # By dpkg: apt knows no name of what is gone without leaving a configuration.
  check "the packages can be purged" within dpkg --purge "${names[@]}"
  check "nothing of theirs is left behind" nothing_is_left
}

# By name, and by what no other package that is still installed accounts for.
nothing_is_left() {
  local left
  left=$(cd "$chroot" && find etc lib/ usr var run opt root home -xdev \
    \( -iname '*conflux*' -o -iname '*mpath*' \) ! -path 'var/lib/dpkg/*' ! -path 'var/log/*')
  if [[ -n $left ]]; then echo "$left"; return 1; fi
}

run_piuparts() {
  [[ $piuparts == yes ]] || return 0
  step "piuparts: install, remove, purge, and install again"
  check "piuparts finds nothing wrong" judged_by_piuparts
}

judged_by_piuparts() {
  piuparts --basetgz "$work/base.tar.gz" --distribution bookworm --keep-sources-list \
    --warn-on-debsums-errors --log-file "$logs/piuparts.log" "${debs[@]}" >"$work/piuparts.out" 2>&1
  local status=$?
  tail -25 "$work/piuparts.out"
  return "$status"
}

main "$@"
