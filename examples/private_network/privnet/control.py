"""A small client of tor's control port: authenticate with the cookie, ask, set."""

from __future__ import annotations

import socket
from pathlib import Path

from .errors import NetworkError
from .layout import LOOPBACK, Node


class ControlError(NetworkError):
    """The control port did not answer, or answered with an error."""


class ControlClient:
    """One connection. Use as a context manager."""

    def __init__(self, node: Node, timeout_s: float = 5.0):
        self._nickname = node.nickname
        try:
            cookie = (Path(node.datadir) / "control_auth_cookie").read_bytes()
            self._socket = socket.create_connection((LOOPBACK, node.controlport), timeout_s)
        except OSError as error:
            raise ControlError(f"{node.nickname}: no control connection: {error}") from error
        self._reader = self._socket.makefile("rb")
        self.command(f"AUTHENTICATE {cookie.hex()}")

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def command(self, line: str) -> list[str]:
        """Sends one command; returns the reply's lines, data blocks unfolded."""
        try:
            self._socket.sendall(line.encode("ascii") + b"\r\n")
            return self._reply(line)
        except OSError as error:
            raise ControlError(f"{self._nickname}: control port: {error}") from error

    def getinfo(self, key: str) -> str:
        """The value of one GETINFO key; lines of a data block are joined by newlines."""
        lines = self.command(f"GETINFO {key}")
        first = lines[0].removeprefix(f"{key}=")
        return "\n".join(([first] if first else []) + lines[1:-1])

    def _reply(self, command: str) -> list[str]:
        lines: list[str] = []
        while True:
            line = self._line()
            lines.append(line[4:])
            if line[3:4] == "+":
                lines.extend(self._data_block())
            if not line.startswith("2"):
                raise ControlError(f"{self._nickname}: {command.split()[0]} failed: {line}")
            if line[3:4] == " ":
                return lines

    def _data_block(self) -> list[str]:
        lines = []
        while (line := self._line()) != ".":
            lines.append(line[1:] if line.startswith("..") else line)
        return lines

    def _line(self) -> str:
        raw = self._reader.readline()
        if not raw.endswith(b"\n"):
            raise ControlError(f"{self._nickname}: the control port closed the connection")
        return raw.decode("utf-8", "replace").rstrip("\r\n")
