#!/bin/sh
# Today's smallest host with the plugin of version 1.0: what it prints differs from what it prints
# with conflux.so only in what the old plugin decides otherwise (it never switches).
# Usage: new_host_old_plugin_test.sh HOST PLUGIN EXPECTED DIFFERENCE
set -eu
host=$1 plugin=$2 expected=$3 difference=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$host" "$plugin" >"$work/printed" || { echo "FAILED: minimal_host exited with $?" >&2; exit 1; }
diff "$expected" "$work/printed" >"$work/difference" || true
diff -u "$difference" "$work/difference" ||
  { echo "FAILED: minimal_host and the old plugin did something else" >&2; exit 1; }
echo "new host, old plugin: ok"
