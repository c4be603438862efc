#!/usr/bin/env bash
# Makes the manual pages. Needs Python 3 and the built programs, whose --help they are made of.
#
#   packaging/man/build.sh OUTDIR BIN_DIR
#
# OUTDIR gets plain roff files, one for each page, named PAGE.SECTION: confluxctl.1, conflux.yaml.5, ...
# `build.sh --list` prints their names. The same sources and programs give the same bytes;
# SOURCE_DATE_EPOCH is the date that they carry (none is set: no date).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if (($# == 1)) && [[ $1 == --list ]]; then
  exec python3 -B "$here/make_pages.py" --list
fi
if (($# != 2)); then
  echo "usage: packaging/man/build.sh OUTDIR BIN_DIR | --list" >&2
  exit 2
fi
exec python3 -B "$here/make_pages.py" "$1" "$2"
