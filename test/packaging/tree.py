"""The installed tree under test, from the environment that CTest gives."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = Path(os.environ["CONFLUX_TREE"])
BUILD = Path(os.environ["CONFLUX_BUILD"])
CMAKE = os.environ["CMAKE"]


def one(pattern: str) -> Path:
    """The only file of the tree that fits; libraries' directories differ between systems."""
    found = sorted(TREE.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}"
    return found[0]


def pkg_config(*arguments: str) -> str:
    environment = {**os.environ, "PKG_CONFIG_PATH": str(one("**/pkgconfig/mpath.pc").parent)}
    run = subprocess.run(["pkg-config", *arguments], env=environment, capture_output=True,
                         text=True, check=True)
    return run.stdout.strip()
