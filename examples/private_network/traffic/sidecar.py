"""Runs the built conflux-sidecar beside an onion-proxy, and asks it by confluxctl."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# The region of a proxy wants tmpfs.
_TMPFS = Path("/dev/shm")
_LOG_LINES = 15


@dataclass(frozen=True)
class SidecarPrograms:
    """Where the build put the sidecar and its tool."""

    sidecar: Path
    confluxctl: Path

    @staticmethod
    def from_environment() -> SidecarPrograms:
        return SidecarPrograms(Path(os.environ["CONFLUX_SIDECAR_PROGRAM"]),
                               Path(os.environ["CONFLUX_CONFLUXCTL"]))


class SidecarFailed(Exception):
    """The sidecar ended or never listened; the text holds its last log lines."""


def metrics_lines(directory: Path, *more: str) -> tuple[str, ...]:
    """For ProxyOptions.conflux_lines: metrics with single tunnels, into `directory`."""
    return ("  metrics:", "    mode: aggregate", "    detail: local",
            f"    directory: {directory}", "    interval: 10s", *(f"    {line}" for line in more))


class Sidecar:
    """One running sidecar with a directory for regions. Use as a context manager."""

    def __init__(self, programs: SidecarPrograms, sidecar_lines: tuple[str, ...] = (),
                 profile: str = "fast"):
        self._programs = programs
        self._profile = profile
        self._sidecar_lines = sidecar_lines
        self._place = Path(tempfile.mkdtemp(prefix="conflux-", dir=_TMPFS))
        self.regions = self._place / "regions"
        self.regions.mkdir(mode=0o700)
        self.socket = self._place / "grpc.sock"
        self.log_path = self._place / "sidecar.log"
        self.last_words = ""
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Sidecar:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.last_words = f"--- conflux-sidecar\n{self.log_tail()}"
        shutil.rmtree(self._place, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"unix:{self.socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        config = self._place / "sidecar.yaml"
        config.write_text("\n".join((
            "version: 1", "conflux:", f"  profile: {self._profile}", "sidecar:",
            f"  regions: {self.regions}", f"  grpc: {{socket: {self.socket}}}",
            *self._sidecar_lines)) + "\n")
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [self._programs.sidecar, "--config", config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        self._await_listening(20.0)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """As a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def command(self, *arguments: str) -> list[str]:
        """A confluxctl that asks this sidecar."""
        command, *rest = arguments
        return [str(self._programs.confluxctl), command, "--address", self.address, *rest]

    def ask(self, *arguments: str) -> str:
        """What confluxctl prints; SidecarFailed if it ends with an error."""
        asked = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                               timeout=30, check=False)
        if asked.returncode != 0:
            raise SidecarFailed(f"confluxctl {' '.join(arguments)}: {asked.stderr.strip()}")
        return asked.stdout

    def log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(f"  {line}" for line in lines)

    def _await_listening(self, timeout_s: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SidecarFailed(f"conflux-sidecar ended with status {self._process.returncode}"
                                    f":\n{self.log_tail()}")
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return
            time.sleep(0.02)
        raise SidecarFailed(f"no socket after {timeout_s:.0f} s:\n{self.log_tail()}")
