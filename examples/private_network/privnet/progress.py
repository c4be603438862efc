"""Progress for whoever waits: a line that is redrawn on a terminal, one every 5 s elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO


class Progress:
    """Silent when quiet. Lines go to standard error, so that standard output stays clean."""

    _PLAIN_INTERVAL_S = 5.0

    def __init__(self, quiet: bool = False, stream: TextIO | None = None):
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = not quiet and self._stream.isatty()
        self._start = time.monotonic()
        self._last_at = float("-inf")

    def update(self, text: str) -> None:
        """A state that may change again."""
        if self._live:
            self._stream.write(f"\r\x1b[K{self._stamp()} {text}")
            self._stream.flush()
        elif not self._quiet:
            now = time.monotonic()
            if now - self._last_at >= self._PLAIN_INTERVAL_S:
                self._write_line(text)
                self._last_at = now

    def done(self, text: str) -> None:
        """A result that stays."""
        if self._live:
            self._stream.write("\r\x1b[K")
        if not self._quiet:
            self._write_line(text)
        self._last_at = float("-inf")  # what comes next is new, and shown at once

    def _write_line(self, text: str) -> None:
        self._stream.write(f"{self._stamp()} {text}\n")
        self._stream.flush()

    def _stamp(self) -> str:
        return f"[{time.monotonic() - self._start:5.1f} s]"
