"""Where things are: the environment that CMakeLists.txt sets for the tests of this directory."""
import functools
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Debian's own compiler before one of a toolchain manager: the example is written for it.
RUST_COMPILERS = ("/usr/bin/rustc", "rustc")


def built(name: str) -> str:
    """A program or library of the build: CONFLUX, MINIMAL_HOST, ..."""
    return os.environ["DOCS_" + name]


@functools.cache
def rust_compiler() -> str | None:
    return next((found for it in RUST_COMPILERS if (found := shutil.which(it))), None)


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    options = {"capture_output": True, "text": True, "check": False, "timeout": 120} | options
    return subprocess.run(command, **options)
