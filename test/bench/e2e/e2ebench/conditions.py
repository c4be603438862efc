"""What can be measured: conditions of the network, and the clients that are compared in each. Pure.

A condition names rates and added round-trip times of up to four paths (guard, middle, exit); path n
is the n-th leg of every client. An arm is one client with its profile and number of legs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase

PATHS = 4
RATE_KB = 2000
SLOW_RATE_KB = 500
KIB = 1024
MIB = 1024 * KIB
# Of what a relay forwards, cells and TLS take their part.
GOODPUT_SHARE = 0.84
# Slow start and the burst of full buckets (0.2 s worth, see site.py) are over by then.
SKIP_S = 1.0
# With unequal legs the end of a transfer is one leg's alone.
TAIL_S = 0.3
MEASURE_S = 1.5
# Sums of legs are compared to a few percent.
MEASURE_LONG_S = 2.0
FILE_SIZES = {"50 KiB": 50 * KIB, "1 MiB": MIB, "5 MiB": 5 * MIB}


_PAIRS = 20
# Where twenty do not tell a claim from noise. Fixed before the run that is told of.
_MORE_PAIRS = {
    # The p95 of twenty times is next to the greatest: 0.87 to 1.11 of stock's, by the run.
    (0, "down"): 60,
    # Stock's uploads vary by a factor of two: with fifty rounds the interval is as wide as the
    # whole distance between what two legs can give and what is wanted.
    (150, "up"): 100,
}


class UnknownName(Exception):
    """A condition or an arm that there is not; the text lists those that there are."""


@dataclass(frozen=True)
class Arm:
    name: str
    client: str  # "ours" | "stock"
    legs: int
    profile: str
    first_path: int = 0  # its legs are the paths from there
    # What our client asks the exit for, if not the profile's own.
    desired_ux: str = ""
    # When far legs join, if not as the profile says.
    far: str = ""

    @property
    def paths(self) -> range:
        return range(self.first_path, self.first_path + self.legs)

    @property
    def settings(self) -> str:
        """In words, for tables."""
        return ", ".join(filter(None, (
            self.profile, self.desired_ux, self.far and f"far legs {self.far}")))


STOCK = Arm("stock", "stock", 2, "stock tor")
OURS_1 = Arm("ours1", "ours", 1, "single path")
OURS_2 = Arm("ours2", "ours", 2, "fast")
OURS_2_LATENCY = Arm("ours2_latency", "ours", 2, "fast", desired_ux="min_latency")
OURS_2_AT_ONCE = Arm("ours2_at_once", "ours", 2, "fast", far="at_once")
OURS_3 = Arm("ours3", "ours", 3, "lab")
OURS_4 = Arm("ours4", "ours", 4, "lab")
SECOND_LEG = Arm("leg2", "ours", 1, "single path", first_path=1)


@dataclass(frozen=True)
class Condition:
    name: str
    title: str
    direction: str  # "download" | "upload"
    arms: tuple[Arm, ...]
    workload: str = "bulk"  # | "files" | "page" | "cpu"
    rates_kb: tuple[int, ...] = (RATE_KB,) * PATHS
    added_rtt_ms: tuple[float, ...] = (0.0,) * PATHS
    pairs: int = _PAIRS
    # What is measured of a bulk transfer, at the ideal rate.
    measure_s: float = MEASURE_S

    def ideal_bytes_per_s(self, arm: Arm) -> float:
        """What its legs carry together; 0 when rates are unlimited."""
        return sum(self.rates_kb[path] for path in arm.paths) * KIB * GOODPUT_SHARE


@dataclass(frozen=True)
class BulkPlan:
    """How many bytes move, and between which of them the rate is taken."""

    size: int
    low: int
    high: int


UNLIMITED_BYTES = 96 * 1000 * 1000


def plan_bulk(condition: Condition, arm: Arm, seconds: float | None = None,
              scale: float = 1.0) -> BulkPlan:
    """`seconds` (or the condition's own) of measurement at the ideal rate, behind the burst and
    before the tail."""
    ideal = condition.ideal_bytes_per_s(arm)
    if ideal == 0:
        size = int(UNLIMITED_BYTES * scale)
        return BulkPlan(size, size // 5, size - size // 20)
    low = int(ideal * SKIP_S)
    high = low + int(ideal * (seconds or condition.measure_s))
    return BulkPlan(high + int(ideal * TAIL_S), low, high)


def page_sizes() -> list[int]:
    """50 small files, from several KiB to 100 KiB, always the same."""
    draw = random.Random(50)
    return [int(draw.triangular(4, 100, 12) * KIB) for _ in range(50)]


def all_conditions() -> list[Condition]:
    """In order of importance: when time is short, the last ones are left out."""
    return [*_equal_legs(), *_leg_counts(), *_unequal_legs(), *_unlimited(), *_pages(), *_far_legs(),
            *_files()]


def _equal_legs() -> list[Condition]:
    return [Condition(f"eq_rtt{rtt}_{short}", f"equal legs, +{rtt} ms, {direction}", direction,
                      (STOCK, OURS_2, OURS_4), added_rtt_ms=(float(rtt),) * PATHS,
                      pairs=_MORE_PAIRS.get((rtt, short), _PAIRS))
            for rtt in (0, 50, 150, 300) for short, direction in _DIRECTIONS]


def _leg_counts() -> list[Condition]:
    return [Condition(f"legs_{short}", f"1 to 4 equal legs, {direction}", direction,
                      (OURS_1, OURS_2, OURS_3, OURS_4), pairs=8, measure_s=MEASURE_LONG_S)
            for short, direction in _DIRECTIONS]


def _unequal_legs() -> list[Condition]:
    rates = (RATE_KB, SLOW_RATE_KB, RATE_KB, RATE_KB)
    return [Condition(f"uneq_plus{rtt}_{short}",
                      f"{RATE_KB} and {SLOW_RATE_KB} KB/s, slow leg +{rtt} ms, {direction}",
                      direction, (STOCK, OURS_2, OURS_1, SECOND_LEG), rates_kb=rates,
                      added_rtt_ms=(0.0, float(rtt), 0.0, 0.0), pairs=6,
                      measure_s=MEASURE_LONG_S)
            for short, direction in reversed(_DIRECTIONS) for rtt in (0, 50, 100, 200)]


def _unlimited() -> list[Condition]:
    return [Condition(f"cpu_{short}", f"unlimited rates, {direction}", direction, (STOCK, OURS_2),
                      workload="cpu", rates_kb=(0,) * PATHS)
            for short, direction in _DIRECTIONS]


def _pages() -> list[Condition]:
    return [Condition("page_equal", "50 small files, +50 ms on both legs", "download",
                      (STOCK, OURS_2, OURS_2_LATENCY, OURS_1), "page",
                      added_rtt_ms=(50.0,) * PATHS),
            Condition("page_unequal", "50 small files, +50 and +150 ms", "download",
                      (STOCK, OURS_2, OURS_2_AT_ONCE, OURS_2_LATENCY, OURS_1, SECOND_LEG), "page",
                      added_rtt_ms=(50.0, 150.0, 50.0, 50.0)),
            Condition("page_close", "50 small files, +50 and +75 ms", "download",
                      (OURS_2, OURS_2_AT_ONCE, OURS_1), "page",
                      added_rtt_ms=(50.0, 75.0, 50.0, 50.0))]


def _far_legs() -> list[Condition]:
    """Like rates, unlike delays."""
    delays = (50.0, 150.0, 50.0, 50.0)
    bulk = [Condition(f"far_{short}", f"equal rates, +50 and +150 ms, {direction}", direction,
                      (STOCK, OURS_2, OURS_2_AT_ONCE, OURS_1, SECOND_LEG), added_rtt_ms=delays,
                      pairs=8, measure_s=MEASURE_LONG_S)
            for short, direction in _DIRECTIONS]
    files = [Condition(f"far_files_{short}",
                       f"files of known size, equal rates, +50 and +150 ms, {direction}",
                       direction, (OURS_2, OURS_2_AT_ONCE, OURS_1), "files", added_rtt_ms=delays)
             for short, direction in _DIRECTIONS]
    return bulk + files


def _files() -> list[Condition]:
    return [Condition(f"files_rtt{rtt}_{short}", f"files of known size, +{rtt} ms, {direction}",
                      direction, (STOCK, OURS_2), "files", added_rtt_ms=(float(rtt),) * PATHS)
            for rtt in (50, 0, 150, 300) for short, direction in _DIRECTIONS]


_DIRECTIONS = (("down", "download"), ("up", "upload"))

# What one name on the command line stands for.
GROUPS = {"claims": ("eq_*",), "legs": ("legs_*",), "unequal": ("uneq_*_up",), "cpu": ("cpu_*",),
          "web": ("page_*",), "far": ("far_*",), "files": ("files_*",), "all": ("*",)}
DEFAULT_GROUPS = ("claims", "legs", "unequal", "cpu", "web", "far", "files")


def select(patterns: list[str]) -> list[Condition]:
    """The conditions whose names match, each once, in order of importance."""
    known = all_conditions()
    expanded = [p for pattern in patterns for p in GROUPS.get(pattern, (pattern,))]
    for pattern in expanded:
        if not any(fnmatchcase(c.name, pattern) for c in known):
            raise UnknownName(f"no condition is named '{pattern}'; there are the groups "
                              f"{', '.join(GROUPS)} and {', '.join(c.name for c in known)}")
    return [c for c in known if any(fnmatchcase(c.name, pattern) for pattern in expanded)]


def select_arms(condition: Condition, names: list[str]) -> tuple[Arm, ...]:
    """The arms with these names; a client's name (`ours`, `stock`) means all of it."""
    known = {arm.name for c in all_conditions() for arm in c.arms} | {"ours", "stock"}
    for name in names:
        if name not in known:
            raise UnknownName(f"no arm is named '{name}'; there are {', '.join(sorted(known))}")
    return tuple(arm for arm in condition.arms
                 if not names or arm.name in names or arm.client in names)


def rotated(arms: tuple[Arm, ...], round_number: int) -> list[Arm]:
    """The order of one round: each arm is equally often first, and each follows every other."""
    count = len(arms)
    start = round_number % count
    order = list(arms[start:] + arms[:start])
    return order if (round_number // count) % 2 == 0 else order[::-1]
