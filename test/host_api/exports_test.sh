#!/bin/sh
# What conflux.so shows to and wants from the process that loads it.
# Usage: exports_test.sh PLUGIN [sanitized]
# With "sanitized" the sanitizers' own libraries are allowed.
set -eu
plugin=$1
sanitized=${2:-}
[ -r "$plugin" ] || { echo "FAILED: $plugin is missing: build the target conflux" >&2; exit 1; }
failed=0

# same WHAT EXPECTED FOUND
same() {
  [ "$2" = "$3" ] && { echo "ok: $1"; return; }
  printf 'FAILED: %s\nexpected:\n%s\nfound:\n%s\n' "$1" "$2" "$3" >&2
  failed=1
}

exports=$(nm -D --defined-only "$plugin" | awk '{ print $2, $3 }' | sort)
same "exports its entry point and nothing else" "T mpath_plugin_negotiate" "$exports"

allowed='^(libcrypto\.so\.3|libyaml-cpp\.so\.[0-9.]+|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libc\.so\.6|libm\.so\.6|ld-linux.*)$'
[ -z "$sanitized" ] || allowed="$allowed|^lib(a|ub|t)san\.so\.[0-9]+\$"
needed=$(readelf -dW "$plugin" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p')
[ -n "$needed" ] || { echo "FAILED: no NEEDED entry found: is $plugin an ELF file?" >&2; exit 1; }
same "needs no other library" "" "$(echo "$needed" | grep -vE "$allowed" || true)"

dynamic=$(readelf -dW "$plugin")
same "has no text relocations" "" "$(echo "$dynamic" | grep -E 'TEXTREL' || true)"
same "has no search path of its own" "" "$(echo "$dynamic" | grep -E 'RPATH|RUNPATH' || true)"
for flag in NOW NODELETE; do
  same "is marked $flag" "yes" "$(echo "$dynamic" | grep -q "FLAGS_1.*$flag" && echo yes || echo no)"
done
headers=$(readelf -lW "$plugin")
same "has a stack that is not executable" "RW" \
  "$(echo "$headers" | awk '/GNU_STACK/ { print $(NF - 1) }')"
same "has relocations that are read-only afterwards" "yes" \
  "$(echo "$headers" | grep -q GNU_RELRO && echo yes || echo no)"
same "maps nothing writable and executable" "" \
  "$(echo "$headers" | awk '$1 == "LOAD" && /RWE/' || true)"
exit "$failed"
