"""Claims, and how to ask systemd whether they hold. For the checks in the container."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator

SERVICE = "conflux-sidecar.service"


class Failed(Exception):
    """A claim does not hold."""


@contextlib.contextmanager
def claim(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        print(f"FAILED  {what}: {error}", flush=True)
        traceback.print_exc()
        sys.exit(1)
    print(f"ok      {what}", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")


def systemctl(verb: str, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(["systemctl", verb, *arguments, SERVICE], capture_output=True, text=True,
                          check=False)
    if check:
        expect(done.returncode == 0, f"systemctl {verb}: {done.stderr}{journal()}")
    return done.stdout


def journal() -> str:
    done = subprocess.run(["journalctl", "--no-pager", "--lines=30", "--unit", SERVICE],
                          capture_output=True, text=True, check=False)
    return done.stdout


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} s\n{journal()}")
        time.sleep(0.1)
