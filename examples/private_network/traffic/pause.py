"""How long data did not come at most."""

from __future__ import annotations

import time


class LongestPause:
    """Begins when made; `note` each piece of data."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def note(self) -> None:
        now = time.monotonic()
        self.seconds = max(self.seconds, now - self._last)
        self._last = now
