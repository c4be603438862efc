"""The program delay_forwarder, which the sources have, in front of a network's guards."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

from privnet import NetworkError, Node


class Forwarder:
    """Delays what clients send to relays that are `fronted` (NetworkOptions), and what comes back;
    at first by nothing. Use as a context manager."""

    def __init__(self, program: Path, nodes: Iterable[Node]):
        # A guard may send to its middle over a connection that the middle has opened; only clients
        # are to feel the delay. Each node's command line names its folder.
        self._argv = [str(program)]
        for role in ("auth", "relay", "exit"):
            self._argv += ["--exempt-command", f"/nodes/{role}"]
        for node in nodes:
            if node.innerport:
                self._argv += ["--route", f"{node.orport}:{node.innerport}:0"]
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Forwarder:
        # In a session of its own: a Ctrl-C at the terminal is for the whole run to handle.
        self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, start_new_session=True)
        try:
            self._expect("ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def set_delay(self, node: Node, one_way_ms: float) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(f"delay {node.orport} {one_way_ms:g}\n")
            self._process.stdin.flush()
        except OSError:
            pass  # the answer that does not come tells
        self._expect("ok")

    def _expect(self, wanted: str) -> None:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if line != wanted:
            raise NetworkError(f"delay_forwarder answered '{line}', expected '{wanted}'")
