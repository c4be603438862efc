#!/bin/sh
# The smallest host: builds with nothing but a C compiler, runs against the real plugin, prints
# what its documentation shows, and refuses bad arguments with words that help.
# Usage: minimal_host_test.sh SOURCE INCLUDE_DIR BINARY PLUGIN EXPECTED
set -eu
source=$1 include=$2 binary=$3 plugin=$4 expected=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# answers STATUS STREAM PATTERN ARGS...: the host exits so and says so.
answers() {
  status=$1 stream=$2 pattern=$3
  shift 3
  got=0
  "$binary" "$@" >"$work/out" 2>"$work/err" || got=$?
  [ "$got" -eq "$status" ] || fail "minimal_host $* exited with $got instead of $status"
  grep -q -- "$pattern" "$work/$stream" || fail "minimal_host $*: no '$pattern' on std$stream"
}

gcc -std=c11 -Wall -Wextra -Werror -I "$include" "$source" -o "$work/minimal_host" ||
  fail "minimal_host.c does not build on its own"

"$binary" "$plugin" >"$work/printed" || fail "minimal_host exited with $?"
diff -u "$expected" "$work/printed" || fail "minimal_host printed something else"

answers 0 out 'usage: minimal_host /absolute' --help
answers 2 err 'usage: minimal_host /absolute'
answers 2 err 'usage: minimal_host /absolute' conflux.so
answers 1 err 'cannot open shared object' "$work/none.so"
answers 1 err 'is no multipath plugin' "$(ldd "$binary" | awk '/libc\.so/ { print $3 }')"
echo "minimal_host: ok"
