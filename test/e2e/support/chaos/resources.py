"""What a process holds: memory and descriptors."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from statistics import median

from support import connections

# Rounds whose memory is compared: an early stretch, after everything has been used once, with the
# last one. Fewer rounds say nothing.
_EARLY = slice(20, 40)
_LAST = 20
ROUNDS_TO_JUDGE = 60
# An allocator's fragments and a longer log of closed tunnels are no leak; 200 rounds that lose one
# transfer's buffers each would be.
GROWTH_MAX = 1.15
GROWTH_MAX_KB = 8 * 1024


def rss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has no memory any more")


def memory_growth(samples_kb: list[int]) -> tuple[float, float] | None:
    """Medians of the early and of the last rounds; None if there are too few of them."""
    if len(samples_kb) < ROUNDS_TO_JUDGE:
        return None
    return median(samples_kb[_EARLY]), median(samples_kb[-_LAST:])


def is_flat(early_kb: float, late_kb: float) -> bool:
    return late_kb <= max(early_kb * GROWTH_MAX, early_kb + GROWTH_MAX_KB)


def count_descriptors(pid: int, relay_ports: Collection[int]) -> tuple[int, int]:
    """(those that are no connection to a relay, connections to relays)."""
    total = len(os.listdir(f"/proc/{pid}/fd"))
    relays = sum(c.remote_port in relay_ports for c in connections.established(pid))
    return total - relays, relays
