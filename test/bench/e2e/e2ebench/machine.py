"""What the figures were measured on."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from pathlib import Path

from . import ROOT


def describe(programs: dict[str, Path]) -> dict[str, str]:
    """In the order in which a reader wants it."""
    return {
        "processor": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _memory(),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _os_release(),
        "virtual": _virtual(),
        "tor": _first_line(["tor", "--version"]),
        "python": platform.python_version(),
        "revision": _revision(),
        **{f"sha256 {name}": digest(path)[:16] for name, path in programs.items()},
    }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cpu_model() -> str:
    text = Path("/proc/cpuinfo").read_text()
    match = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return match.group(1) if match else platform.machine()


def _memory() -> str:
    match = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return f"{int(match.group(1)) / 1024 / 1024:.1f} GiB" if match else "unknown"


def _os_release() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def _virtual() -> str:
    flags = Path("/proc/cpuinfo").read_text()
    return "yes" if re.search(r"^flags.*\bhypervisor\b", flags, re.MULTILINE) else "no"


def _revision() -> str:
    revision = _first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"])
    return revision or "unknown"


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.splitlines()[0] if done.stdout else ""
