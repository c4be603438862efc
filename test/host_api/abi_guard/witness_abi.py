#!/usr/bin/env python3
"""Compares the contract's binary interface with its committed baseline, by libabigail.

The witness (witness.c) is a small library that exports every public struct, table slot and number
of the headers. It is always built in the same way, whatever the build type, so its description
(abidw) depends on the headers alone.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADERS = HERE.parents[2] / "host_api/include"
BASELINE = HERE / "baseline.abi"

BUILD_FLAGS = ["-std=gnu11", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall",
               "-Wextra", "-Werror"]
# Nothing of the machine: no paths, no lines, no architecture, no libraries.
DESCRIBE_FLAGS = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-architecture",
                  "--no-elf-needed", "--no-parameter-names", "--type-id-style", "sequence"]


def run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)


def describe(include: Path, compiler: str = "gcc") -> str:
    """The ABI of the headers in `include`, as abidw's XML. Raises RuntimeError with the tool's
    words."""
    with tempfile.TemporaryDirectory() as work:
        library = Path(work) / "witness.so"
        built = run([compiler, *BUILD_FLAGS, "-I", str(include), "witness.c", "-o", str(library)])
        if built.returncode != 0:
            raise RuntimeError(f"the witness does not build: {built.stderr}")
        described = run(["abidw", *DESCRIBE_FLAGS, str(library)])
        if described.returncode != 0:
            raise RuntimeError(f"abidw: {described.stderr}")
        return described.stdout


def differences(baseline: Path, current: str) -> str:
    """What abidiff says has changed; empty if nothing has."""
    with tempfile.TemporaryDirectory() as work:
        now = Path(work) / "now.abi"
        now.write_text(current)
        compared = run(["abidiff", str(baseline), str(now)])
        # 1: an error of the tool, 2: of its usage, 4: changed, 8: changed incompatibly.
        if compared.returncode & 3:
            raise RuntimeError(f"abidiff: {compared.stdout}{compared.stderr}")
        return compared.stdout if compared.returncode else ""


def missing_from_witness(include: Path) -> list[str]:
    """Structs, slots and macros of the headers that the witness does not show."""
    witness = (HERE / "witness.c").read_text() + (HERE / "witness_numbers.h").read_text()
    headers = "\n".join(path.read_text() for path in sorted((include / "mpath").glob("*.h")))
    table = headers[headers.index("typedef struct mpath_plugin_table {"):
                    headers.index("} mpath_plugin_table;")]
    wanted = [f"STRUCT({name})" for name in re.findall(r"^\} (mpath_\w+);", headers, re.M)]
    wanted += [f"SLOT({name})" for name in re.findall(r"\(\*(\w+)\)\(", table)]
    wide = {"MPATH_NEVER", "MPATH_TIME_MAX", "MPATH_NEGOTIATION_MAGIC", "MPATH_NEGOTIATE_SYMBOL",
            "MPATH_METRICS"}
    wanted += [name if name in wide else f"NUMBER({name})"
               for name in re.findall(r"^#define (MPATH_[A-Z0-9_]+) ", headers, re.M)]
    return [name for name in wanted if name not in witness]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  witness_abi.py                     compare; status 1 if it differs\n"
               "  witness_abi.py --update-baseline   after a new version of the ABI")
    parser.add_argument("--update-baseline", action="store_true",
                        help="write baseline.abi anew from the headers")
    arguments = parser.parse_args()
    current = describe(HEADERS)
    if arguments.update_baseline:
        BASELINE.write_text(current)
        print(f"wrote {BASELINE.name}: {len(current)} bytes; commit it with the headers")
        return 0
    if changes := differences(BASELINE, current):
        print(f"{changes}\nThe binary interface has changed. See header_record.py --help for what "
              "a change needs; then witness_abi.py --update-baseline.", file=sys.stderr)
        return 1
    print("the binary interface is that of the baseline")
    return 0


if __name__ == "__main__":
    sys.exit(main())
