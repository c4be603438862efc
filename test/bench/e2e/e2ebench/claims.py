"""What the rows say about each thing that is wanted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from . import stats
from .conditions import Condition, all_conditions
from .records import Row
from .stats import Interval

# A comparison with stock tor's client needs as many.
PAIRS_WANTED = 20

YES, NO, NOISE, FEW = "yes", "no", "within noise", "too few pairs"


@dataclass(frozen=True)
class Claim:
    topic: str
    condition: str
    what: str
    value: Interval
    wanted: float
    wants: str  # in words
    verdict: str


class Table:
    """Rows that count, by condition, arm, item and round; of repeated rounds the newest."""

    def __init__(self, rows: Iterable[Row]):
        self._rows = {(r.condition, r.arm, r.item, r.round): r for r in rows if r.counts}

    def rows(self, condition: str, arm: str, item: str) -> list[Row]:
        return [r for (c, a, i, _), r in sorted(self._rows.items())
                if (c, a, i) == (condition, arm, item)]

    def items(self, condition: str) -> list[str]:
        return list(dict.fromkeys(i for c, _, i, _ in self._rows if c == condition))

    def pairs(self, condition: str, item: str, arms: tuple[str, ...],
              value: Callable[..., tuple[float, float]]) -> list[tuple[float, float]]:
        """What `value` makes of the arms' rows of each round that has them all."""
        found = []
        rounds = {n for c, a, i, n in self._rows if (c, i) == (condition, item)}
        for number in sorted(rounds):
            rows = [self._rows.get((condition, arm, item, number)) for arm in arms]
            if all(rows):
                pair = value(*rows)
                if all(v == v and v > 0 for v in pair):
                    found.append(pair)
        return found


def all_claims(rows: Iterable[Row]) -> list[Claim]:
    """In the order of the acceptance table; only what was measured."""
    table = Table(rows)
    found: list[Claim] = []
    for part in (_leg_counts, _against_stock, _first_mebibyte, _unequal, _cpu, _pages, _files,
                 _far_files):
        for condition in all_conditions():
            found += part(table, condition)
    return [claim for claim in found if claim.value.n]


def at_least(interval: Interval, wanted: float, pairs: int = 1) -> str:
    if interval.n < pairs:
        return FEW
    return YES if interval.value >= wanted else NO


def low_end_at_least(interval: Interval, wanted: float) -> str:
    if interval.n < PAIRS_WANTED:
        return FEW
    return YES if interval.low >= wanted else NO


def not_more(interval: Interval, wanted: float, pairs: int = PAIRS_WANTED) -> str:
    """For "not worse": above, but with an interval that holds the wanted value, is noise."""
    if interval.n < pairs:
        return FEW
    if interval.value <= wanted:
        return YES
    return NOISE if interval.low <= wanted else NO


def _leg_counts(table: Table, condition: Condition) -> list[Claim]:
    if not condition.name.startswith("legs_"):
        return []
    claims = []
    for legs in (2, 3, 4):
        pairs = table.pairs(condition.name, "bulk", (f"ours{legs}", "ours1"),
                            lambda many, one, n=legs: (many.goodput_mbps, n * one.goodput_mbps))
        value = stats.ratio_interval(pairs) if pairs else _none()
        profile = "fast" if legs == 2 else "lab"
        claims.append(Claim("N legs at equal rates", condition.name,
                            f"{legs} legs, {profile}, against {legs} times one", value, 0.95,
                            "0.95 or more", at_least(value, 0.95, pairs=2)))
    return claims


def _against_stock(table: Table, condition: Condition) -> list[Claim]:
    if not condition.name.startswith("eq_"):
        return []
    claims = []
    for arm, wanted in (("ours2", 1.0 if condition.direction == "download" else 1.15),
                        ("ours4", 1.8)):
        pairs = table.pairs(condition.name, "bulk", (arm, "stock"),
                            lambda ours, stock: (ours.goodput_mbps, stock.goodput_mbps))
        value = stats.ratio_interval(pairs) if pairs else _none()
        name = "2 legs, fast" if arm == "ours2" else "4 legs, lab"
        claims.append(Claim("goodput against stock", condition.name, name, value, wanted,
                            f"low end {wanted:g} or more", low_end_at_least(value, wanted)))
    return claims


def _first_mebibyte(table: Table, condition: Condition) -> list[Claim]:
    if not condition.name.startswith("eq_"):
        return []
    pairs = table.pairs(condition.name, "bulk", ("ours2", "stock"),
                        lambda ours, stock: (ours.to_1mib_s, stock.to_1mib_s))
    return [_p95_claim("p95 of the time to 1 MiB", condition, "first MiB of a bulk transfer",
                       pairs)]


def _files(table: Table, condition: Condition) -> list[Claim]:
    if condition.workload != "files":
        return []
    return [_p95_claim("p95 of the time to the last byte", condition, f"file of {item}",
                       table.pairs(condition.name, item, ("ours2", "stock"),
                                   lambda ours, stock: (ours.last_byte_s, stock.last_byte_s)))
            for item in table.items(condition.name)]


def _far_files(table: Table, condition: Condition) -> list[Claim]:
    """What it costs or gains that a far leg joins late, to be read and not judged."""
    if not condition.name.startswith("far_files_"):
        return []
    claims = []
    for item in table.items(condition.name):
        for arm, name in (("ours2_at_once", "far leg at once"), ("ours1", "the near leg alone")):
            pairs = table.pairs(condition.name, item, ("ours2", arm),
                                lambda ours, other: (ours.last_byte_s, other.last_byte_s))
            value = stats.ratio_interval(pairs) if pairs else _none()
            claims.append(Claim("time of a file over legs of unlike delay", condition.name,
                                f"{item}, 2 legs, fast, against {name}", value, 1.0, "", ""))
    return claims


def _p95_claim(topic: str, condition: Condition, what: str, pairs: list) -> Claim:
    value = stats.percentile_ratio_interval(pairs, 0.95) if pairs else _none()
    return Claim(topic, condition.name, what + ", 2 legs, fast", value, 1.0, "1 or less",
                 not_more(value, 1.0))


def _unequal(table: Table, condition: Condition) -> list[Claim]:
    unlike = condition.name.startswith(("uneq_", "far_"))
    if not unlike or condition.workload != "bulk":
        return []
    claims = []
    for arm in ("ours2", "ours2_at_once", "stock"):
        pairs = table.pairs(
            condition.name, "bulk", (arm, "ours1", "leg2"),
            lambda both, fast, slow: (both.goodput_mbps, fast.goodput_mbps + slow.goodput_mbps))
        value = stats.ratio_interval(pairs) if pairs else _none()
        ours = arm == "ours2"
        claims.append(Claim(
            "unequal legs against their sum", condition.name, _UNEQUAL_ARMS[arm], value, 0.9,
            "0.9 or more" if ours else "",
            at_least(value, 0.9, pairs=2) if ours and condition.direction == "upload" else ""))
    return claims


_UNEQUAL_ARMS = {"ours2": "2 legs, fast",
                 "ours2_at_once": "2 legs, fast, far leg at once (for comparison)",
                 "stock": "stock client (for comparison)"}


def _cpu(table: Table, condition: Condition) -> list[Claim]:
    if condition.workload != "cpu":
        return []
    pairs = table.pairs(condition.name, "bulk", ("ours2", "stock"),
                        lambda ours, stock: (ours.cpu_s / ours.bytes, stock.cpu_s / stock.bytes))
    value = stats.ratio_interval(pairs) if pairs else _none()
    return [Claim("CPU seconds per GB against stock", condition.name, "2 legs, fast", value,
                  1.0, "1 or less", not_more(value, 1.0))]


def _pages(table: Table, condition: Condition) -> list[Claim]:
    if condition.workload != "page":
        return []
    singles = {arm: table.rows(condition.name, arm, "page") for arm in ("ours1", "leg2")}
    singles = {arm: rows for arm, rows in singles.items() if rows}
    if not singles:
        return []
    best = min(singles, key=lambda arm: stats.percentile([r.last_byte_s for r in singles[arm]],
                                                         0.5))
    claims = []
    for arm, name in (("ours2", "2 legs, fast,"),
                      ("ours2_at_once", "2 legs, fast, far leg at once (for comparison),"),
                      ("ours2_latency", "2 legs, fast, min_latency,")):
        pairs = table.pairs(condition.name, "page", (arm, best),
                            lambda both, one: (both.last_byte_s, one.last_byte_s))
        value = stats.ratio_interval(pairs) if pairs else _none()
        compares = arm == "ours2_at_once"
        claims.append(Claim("time of 50 small files against the best leg", condition.name,
                            f"{name} against {best}", value, 1.0, "" if compares else "1 or less",
                            "" if compares else not_more(value, 1.0, pairs=2)))
    return claims


def _none() -> Interval:
    return Interval(float("nan"), float("nan"), float("nan"), 0)
