"""The raw data: one row of raw.csv for each transfer, appended as soon as its round has ended."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .conditions import Arm, Condition

OURS = "ours"
RIDE = "ride"
FAILED = "failed"
NAN = math.nan


@dataclass(frozen=True)
class Row:
    """Bytes are payload, MB/s are 10^6 bytes, seconds count from asking the proxy for the stream.
    NaN: not measured or not known."""

    condition: str
    round: int
    arm: str
    item: str  # "bulk", a size, "page"
    client: str
    kind: str  # "ours"; of the stock client "ride", "shared" or "single"; "failed"
    legs: int
    profile: str
    scheduler: str
    direction: str
    order: int  # place in its round, from 0
    bytes: int = 0
    goodput_mbps: float = NAN  # over the middle of the transfer
    whole_mbps: float = NAN
    first_byte_s: float = NAN
    to_50kib_s: float = NAN
    to_1mib_s: float = NAN
    to_5mib_s: float = NAN
    last_byte_s: float = NAN
    cpu_s: float = NAN
    out_of_order_bytes_peak: float = NAN  # downloads: the exit does not tell its own
    switches: float = NAN
    shares: str = ""
    load1: float = NAN
    unix_time: float = NAN
    error: str = ""

    @property
    def counts(self) -> bool:
        """Whether it may stand in a comparison: a stock transfer must have ridden a set."""
        return self.kind in (OURS, RIDE)


_FIELDS = dataclasses.fields(Row)


def blank(condition: Condition, round_number: int, arm: Arm, item: str, scheduler: str) -> Row:
    return Row(condition.name, round_number, arm.name, item, arm.client, OURS, arm.legs,
               arm.settings, (scheduler or "auto") if arm.client == "ours" and arm.legs > 1 else "",
               condition.direction, 0)


class Records:
    """The rows of a results folder. Of a round that was run again, the newest rows count."""

    def __init__(self, path: Path):
        self._path = path
        with contextlib.suppress(FileExistsError), open(path, "x") as file:
            file.write(",".join(f.name for f in _FIELDS) + "\n")
        self.rows: list[Row] = read(path)

    def append(self, rows: Iterable[Row]) -> None:
        """In one write, so that two runs of different conditions may share a folder."""
        rows = list(rows)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_written(v) for v in dataclasses.astuple(row)] for row in rows)
        with open(self._path, "ab", buffering=0) as file:
            file.write(text.getvalue().encode())
        self.rows += rows

    def complete(self, condition: Condition, round_number: int, arms: tuple[Arm, ...]) -> bool:
        have = {row.arm for row in self.rows if row.condition == condition.name
                and row.round == round_number and row.counts}
        return {arm.name for arm in arms} <= have


def read(path: Path) -> list[Row]:
    with open(path, newline="") as file:
        return [Row(**{f.name: _parsed(f.type, entry[f.name]) for f in _FIELDS})
                for entry in csv.DictReader(file)]


def _written(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}" if value < 1e8 else f"{value:.1f}"
    return value


def _parsed(kind: object, text: str) -> object:
    if kind == "float":
        return float(text) if text else NAN
    return int(text) if kind == "int" else text
