"""Tables and plots of a results folder, from its raw.csv."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from . import plots, stats
from .claims import Claim, Table, all_claims
from .conditions import MEASURE_LONG_S, MEASURE_S, TAIL_S, Condition, all_conditions
from .records import FAILED, OURS, RIDE, Row, read
from .stats import Interval

_METHOD = f"""\
Goodput is taken at the receiver, over the middle of each transfer: behind the first second's worth
of bytes at the ideal rate (slow start, and the burst of 0.2 s that the guards allow), for what takes
{MEASURE_S:g} s at that rate ({MEASURE_LONG_S:g} s where legs are summed; another time if `--seconds` named one), and before
the last {TAIL_S:g} s worth. At unlimited rates it is the part from 20 to 95 % of the bytes. Each transfer has
a tunnel or a linked set of its own that was built before and has carried next to nothing. In each
round every client moves one file, in an order that rotates; guards, middles and exit are the same
for all, and added delay sits in front of the guards. All data is checked byte for byte. Ratios are
geometric means over the rounds that have both values, with Student's 95 % interval on the
logarithms; ratios of p95 have a bootstrap interval (4000 draws of whole pairs). Of twenty times, p99
is next to the greatest. MB are 10^6 bytes.
"""


def write(out: Path) -> str:
    """Writes summary.md, summary.csv and the plots; returns the text of summary.md."""
    rows = read(out / "raw.csv")
    description = {}
    if (out / "machine.json").exists():
        description = json.loads((out / "machine.json").read_text())
    found = all_claims(rows)
    pictures = plots.write(out, Table(rows), found)
    text = markdown(rows, found, description, pictures)
    (out / "summary.md").write_text(text)
    write_claims(out / "summary.csv", found)
    return text


def markdown(rows: list[Row], found: list[Claim], description: dict[str, str],
             pictures: list[str]) -> str:
    parts = ["# End to end against stock tor's client\n", _when(rows), _METHOD]
    parts += ["## What is wanted\n", claims_table(found)]
    parts += ["## Goodput\n", goodput_table(rows)]
    times = times_table(rows)
    if times:
        parts += ["## Times\n", times]
    parts += ["## The stock client's transfers\n", kinds_table(rows)]
    parts += ["## Machine\n", _table(("", ""), description.items())]
    parts += [f"![{name}]({name})\n" for name in pictures]
    return "\n".join(parts)


def _when(rows: list[Row]) -> str:
    times = [r.unix_time for r in rows if r.unix_time == r.unix_time]
    loads = [r.load1 for r in rows if r.load1 == r.load1]
    if not times:
        return ""
    first, last = (time.strftime("%Y-%m-%d %H:%M", time.gmtime(t))
                   for t in (min(times), max(times)))
    return (f"{len(rows)} transfers, {first} to {last} UTC; load average of one minute "
            f"{stats.percentile(loads, 0.5):.1f} (median), {max(loads):.1f} (most).\n")


def claims_table(found: list[Claim]) -> str:
    return _table(("what", "condition", "of", "value (95 %)", "pairs", "wanted", "reached"),
                  ((c.topic, c.condition, c.what, interval(c.value), c.value.n, c.wants, c.verdict)
                   for c in found))


def goodput_table(rows: list[Row]) -> str:
    table, lines = Table(rows), []
    for condition, arm, own in _measured(table, ("bulk",)):
        rate = stats.mean_interval(_known(r.goodput_mbps for r in own))
        peaks = _known(r.out_of_order_bytes_peak for r in own) if own[0].legs > 1 else []
        cpu = _known(r.cpu_s / r.bytes * 1e9 for r in own if r.bytes)
        lines.append((condition.name, arm, own[0].legs, own[0].profile, own[0].scheduler,
                      interval(rate), rate.n, f"{stats.percentile(cpu, 0.5):.1f}",
                      f"{stats.percentile(peaks, 0.5) / 1e3:.0f} / {max(peaks) / 1e3:.0f}"
                      if peaks else "-"))
    return _table(("condition", "client", "legs", "profile", "scheduler", "MB/s (95 %)", "n",
                   "CPU s/GB, median", "peak out of order kB, median / most"), lines)


def times_table(rows: list[Row]) -> str:
    """Files and pages as they are; of bulk transfers the time until so much had come."""
    table, lines = Table(rows), []
    for condition, arm, own in _measured(table, ("page", "50 KiB", "1 MiB", "5 MiB")):
        lines.append((condition.name, arm, own[0].legs, own[0].profile, own[0].item,
                      percentiles(r.first_byte_s for r in own),
                      percentiles(r.last_byte_s for r in own), len(own)))
    for condition, arm, own in _measured(table, ("bulk",)):
        if condition.name.startswith("eq_"):
            for item, time_of in _MILESTONES:
                lines.append((condition.name, arm, own[0].legs, own[0].profile,
                              f"first {item} of a longer transfer",
                              percentiles(r.first_byte_s for r in own),
                              percentiles(map(time_of, own)), len(own)))
    return _table(("condition", "client", "legs", "profile", "what",
                   "first byte s, p50 / p95 / p99", "last byte s, p50 / p95 / p99", "n"),
                  lines) if lines else ""


_MILESTONES: tuple[tuple[str, Callable[[Row], float]], ...] = (
    ("50 KiB", lambda row: row.to_50kib_s), ("1 MiB", lambda row: row.to_1mib_s),
    ("5 MiB", lambda row: row.to_5mib_s))


def kinds_table(rows: list[Row]) -> str:
    """Both kinds apart: on a linked set of disjoint legs, and not."""
    lines = []
    stock = [r for r in rows if r.client == "stock" and r.kind != FAILED]
    for (condition, kind), n in sorted(Counter((r.condition, r.kind) for r in stock).items()):
        own = [r for r in stock if (r.condition, r.kind) == (condition, kind)]
        rates = _known(r.goodput_mbps for r in own)
        lines.append((condition, _KINDS.get(kind, kind), n,
                      interval(stats.mean_interval(rates)) if rates else "-"))
    failed = sum(r.kind == FAILED for r in rows)
    text = _table(("condition", "the stream was on", "transfers", "MB/s (95 %)"), lines)
    return text + (f"\n{failed} attempts at a round were broken off by an error.\n" if failed
                   else "")


_KINDS = {RIDE: "a linked set of disjoint legs", "shared": "a linked set whose legs share relays",
          "single": "one circuit", OURS: OURS}


def write_claims(path: Path, found: list[Claim]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "condition", "of", "value", "low", "high", "pairs", "wanted",
                         "reached"))
        for c in found:
            writer.writerow((c.topic, c.condition, c.what, *(f"{v:.4f}" for v in (
                c.value.value, c.value.low, c.value.high)), c.value.n, c.wanted, c.verdict))


def interval(value: Interval) -> str:
    bounds = f" ({value.low:.2f} to {value.high:.2f})" if value.low == value.low else ""
    return f"{value.value:.2f}{bounds}"


def percentiles(values: Iterable[float]) -> str:
    known = _known(values)
    if not known:
        return "-"
    return " / ".join(f"{stats.percentile(known, share):.3f}" for share in (0.5, 0.95, 0.99))


def _known(values: Iterable[float]) -> list[float]:
    return [v for v in values if v == v]


def _measured(table: Table, items: tuple[str, ...]) -> Iterable[tuple[Condition, str, list[Row]]]:
    for condition in all_conditions():
        for item in items:
            for arm in condition.arms:
                own = table.rows(condition.name, arm.name, item)
                if own:
                    yield condition, arm.name, own


def _table(head: Iterable[object], lines: Iterable[Iterable[object]]) -> str:
    head = [str(cell) for cell in head]
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    out += ["| " + " | ".join(map(str, line)) + " |" for line in lines]
    return "\n".join(out) + "\n"
