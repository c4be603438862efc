"""The pictures of a results folder. What was not measured is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import stats
from .claims import Claim, Table
from .conditions import Condition, all_conditions
from .records import Row
from .stats import Interval
from .svg import BarChart, IntervalChart, Series, bar_chart, interval_chart

_NAMES = {"stock": "stock tor client, 2 legs", "ours1": "ours, 1 leg, no plugin",
          "ours2": "ours, 2 legs, fast", "ours3": "ours, 3 legs, lab",
          "ours4": "ours, 4 legs, lab", "leg2": "ours, slow leg alone, no plugin"}


def write(out: Path, table: Table, found: list[Claim]) -> list[str]:
    """The names of the files written, the most telling first."""
    pictures = {
        "against-stock.svg": _ratios(found),
        "goodput-download.svg": _equal(table, "download"),
        "goodput-upload.svg": _equal(table, "upload"),
        "legs.svg": _legs(table),
        "unequal.svg": _unequal(table),
        "cpu.svg": _cpu(table),
        "times.svg": _times(table),
    }
    for name, text in pictures.items():
        if text:
            (out / name).write_text(text)
        else:
            (out / name).unlink(missing_ok=True)
    return [name for name, text in pictures.items() if text]


def _ratios(found: list[Claim]) -> str | None:
    lines = [(f"{c.condition}: {c.what}", c.value, c.wanted) for c in found
             if c.topic == "goodput against stock"]
    return interval_chart(IntervalChart(
        "Goodput against stock tor's client on a linked set", "times the stock client's goodput",
        lines)) if lines else None


def _equal(table: Table, direction: str) -> str | None:
    chosen = [c for c in all_conditions() if c.name.startswith("eq_") and c.direction == direction]
    return _bars(table, chosen, ("stock", "ours2", "ours4"), _rate, _Labels(
        f"{direction.capitalize()}, relays at 2000 KB/s", "MB/s", "added round-trip time"),
        [f"+{c.added_rtt_ms[0]:g} ms" for c in chosen])


def _legs(table: Table) -> str | None:
    chosen = [c for c in all_conditions() if c.name.startswith("legs_")]
    ones = [stats.mean_interval([r.goodput_mbps for r in table.rows(c.name, "ours1", "bulk")])
            for c in chosen]
    marks = [(index, legs * one.value) for index, one in enumerate(ones) if one.n
             for legs in (2, 3, 4)]
    return _bars(table, chosen, ("ours1", "ours2", "ours3", "ours4"), _rate, _Labels(
        "One to four equal legs", "MB/s", "direction", "2, 3 and 4 times one leg"),
        [c.direction for c in chosen], marks)


def _unequal(table: Table) -> str | None:
    chosen = [c for c in all_conditions() if c.name.startswith("uneq_")
              and table.rows(c.name, "ours2", "bulk")]
    marks = []
    for index, condition in enumerate(chosen):
        alone = [_rate(table.rows(condition.name, arm, "bulk")) for arm in ("ours1", "leg2")]
        if all(alone):
            marks.append((index, sum(a.value for a in alone if a)))
    return _bars(table, chosen, ("stock", "ours2", "ours1", "leg2"), _rate, _Labels(
        "Legs of 2000 and 500 KB/s", "MB/s", "added round-trip time of the slow leg",
        "sum of the legs alone"),
        [f"+{c.added_rtt_ms[1]:g} ms, {c.direction}" for c in chosen], marks)


def _cpu(table: Table) -> str | None:
    chosen = [c for c in all_conditions() if c.workload == "cpu"]
    return _bars(table, chosen, ("stock", "ours2"), _cpu_per_gb, _Labels(
        "CPU of the client, unlimited rates", "seconds per GB", "direction"),
        [c.direction for c in chosen])


def _times(table: Table) -> str | None:
    chosen = [c for c in all_conditions() if c.name.startswith("eq_")]
    return _bars(table, chosen, ("stock", "ours2", "ours4"), _p95_1mib, _Labels(
        "Time until the first MiB has come: p95", "seconds", "added round-trip time, direction"),
        [f"+{c.added_rtt_ms[0]:g} ms {c.direction[:-4]}" for c in chosen])


class _Labels:
    def __init__(self, title: str, y: str, x: str, mark: str = ""):
        self.title, self.y, self.x, self.mark = title, y, x, mark


def _bars(table: Table, chosen: list[Condition], arms: tuple[str, ...],
          value: Callable[[list[Row]], Interval | None], labels: _Labels, groups: list[str],
          marks: list[tuple[int, float]] | None = None) -> str | None:
    series = [Series(_NAMES[arm], [value(table.rows(c.name, arm, "bulk")) for c in chosen])
              for arm in arms]
    if not any(v for s in series for v in s.values):
        return None
    return bar_chart(BarChart(labels.title, labels.y, labels.x, groups,
                              [s for s in series if any(s.values)], marks or (),
                              labels.mark if marks else ""))


def _rate(rows: list[Row]) -> Interval | None:
    rates = [r.goodput_mbps for r in rows if r.goodput_mbps == r.goodput_mbps]
    return stats.mean_interval(rates) if rates else None


def _cpu_per_gb(rows: list[Row]) -> Interval | None:
    return stats.mean_interval([r.cpu_s / r.bytes * 1e9 for r in rows]) if rows else None


def _p95_1mib(rows: list[Row]) -> Interval | None:
    times = [r.to_1mib_s for r in rows if r.to_1mib_s == r.to_1mib_s]
    return stats.bootstrap(times, lambda sample: stats.percentile(sample, 0.95)) if times else None
