#!/bin/sh
# Today's smallest host with the plugin of version 1.0: what it prints differs from what it prints
# with conflux.so only in what the old plugin decides otherwise (it never switches).
# Usage: new_host_old_plugin_test.sh HOST PLUGIN EXPECTED DIFFERENCE
set -eu
host=$1 plugin=$2 expected=$3 difference=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$host" "$plugin" >"$work/printed" || { echo "FAILED: minimal_host exited with $?" >&2; exit 1; }
[ "$(head -n 1 "$work/printed")" = "loaded old plugin, ABI 1.0" ] ||
  { echo "FAILED: this is not the old plugin: $(head -n 1 "$work/printed")" >&2; exit 1; }
tail -n +2 "$expected" >"$work/expected.rest"
tail -n +2 "$work/printed" >"$work/printed.rest"
diff "$work/expected.rest" "$work/printed.rest" >"$work/difference" || true
diff -u "$difference" "$work/difference" ||
  { echo "FAILED: minimal_host and the old plugin did something else" >&2; exit 1; }
echo "new host, old plugin: ok"
