"""Installs a build and moves what was installed: install_tree.py CMAKE BUILD TREE."""

import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    cmake, build, tree = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    first = tree.with_name(tree.name + "-from")
    for place in (first, tree):
        shutil.rmtree(place, ignore_errors=True)
    run = subprocess.run([cmake, "--install", build, "--prefix", str(first)],
                         stdout=subprocess.DEVNULL, check=False)
    if run.returncode == 0:
        first.rename(tree)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
