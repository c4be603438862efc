"""Runs conditions round by round: in each round every arm once, in an order that rotates."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from privnet import ControlError, Progress
from traffic.onion_proxy import Programs, ProxyFailed
from traffic.socks5 import SocksError

from . import conditions, transfers
from .conditions import Arm, Condition
from .eta import Eta
from .ours import OursClient
from .records import FAILED, OURS, Records, Row, blank
from .site import Site
from .stock import RIDE, StockClient
from .transfers import Broken, Sample

_RIDE_ATTEMPTS = 3
_FREE_SET_TIMEOUT_S = 20.0
_ROUND_ATTEMPTS = 3
# So many rounds one after the other that fail in every attempt: then it is not one client's luck.
_LOST_IN_A_ROW_MAX = 3
_PARALLEL_FILES = 6
# Buckets are full again after that; files are short enough to feel it.
_REFILL_S = 0.3
_TROUBLE = (OSError, Broken, SocksError, ProxyFailed, ControlError)


@dataclass(frozen=True)
class Plan:
    """What to run, and how long."""

    conditions: tuple[tuple[Condition, tuple[Arm, ...]], ...]
    pairs: int | None = None  # None: each condition's own
    seconds: float | None = None  # of measurement in a bulk transfer; None: the condition's own
    scale: float = 1.0  # of sizes that do not follow from rates
    scheduler: str = ""
    deadline: float = float("inf")  # on the monotonic clock; no round starts after it
    insists: bool = True  # that the stock client rides a linked set: measures again until it does

    def rounds(self, condition: Condition) -> int:
        return condition.pairs if self.pairs is None else self.pairs


class Runner:
    """Measures; everything it starts ends when `run` returns or raises. A round that fails in every
    attempt is left out and named in `lost`; several in a row end the run."""

    def __init__(self, site: Site, programs: Programs, records: Records, plan: Plan,
                 work_dir: Path, progress: Progress):
        self._site, self._programs, self._records = site, programs, records
        self._plan, self._work_dir, self._progress = plan, work_dir, progress
        self._stock: StockClient | None = None
        self.lost: list[str] = []
        self._lost_in_a_row = 0
        self._eta = Eta([(condition.name, self._missing(condition, arms))
                         for condition, arms in plan.conditions])

    def run(self) -> bool:
        """False when the time was up before all was measured."""
        for condition, arms in self._plan.conditions:
            if self._missing(condition, arms) and not self._run_condition(condition, arms):
                self._progress.done("the time is up; the same command continues")
                return False
        return True

    def _missing(self, condition: Condition, arms: tuple[Arm, ...]) -> int:
        return sum(not self._records.complete(condition, r, arms)
                   for r in range(self._plan.rounds(condition)))

    def _run_condition(self, condition: Condition, arms: tuple[Arm, ...]) -> bool:
        if time.monotonic() > self._plan.deadline:
            return False
        self._progress.done(f"{condition.name}: {condition.title}; "
                            f"{', '.join(arm.name for arm in arms)}; {self._eta}")
        self._site.apply(condition)
        with self._clients(condition, arms) as ours:
            for number in range(self._plan.rounds(condition)):
                if self._records.complete(condition, number, arms):
                    continue
                if time.monotonic() > self._plan.deadline:
                    return False
                started = time.monotonic()
                try:
                    self._run_round(Round(condition, number, arms), ours)
                    self._lost_in_a_row = 0
                except _TROUBLE:
                    self.lost.append(f"round {number + 1} of {condition.name}")
                    self._lost_in_a_row += 1
                    if self._lost_in_a_row == _LOST_IN_A_ROW_MAX:
                        raise
                self._eta.note(condition.name, time.monotonic() - started)
        return True

    @contextlib.contextmanager
    def _clients(self, condition: Condition, arms: tuple[Arm, ...]) -> Iterator[dict]:
        if any(arm.client == "stock" for arm in arms):
            self._stock = self._stock or StockClient(self._site)
            self._stock.forget_circuits()
        with contextlib.ExitStack() as stack:
            yield {arm.name: stack.enter_context(OursClient(
                self._programs, self._site, arm, self._plan.scheduler,
                self._work_dir / condition.name / arm.name))
                for arm in arms if arm.client == "ours"}

    def _run_round(self, this: Round, ours: dict[str, OursClient]) -> None:
        for attempt in range(_ROUND_ATTEMPTS):
            rows: list[Row] = []
            try:
                self._prepare(ours)
                for order, arm in enumerate(conditions.rotated(this.arms, this.number)):
                    measured = self._measure(this, arm, ours)
                    rows += [replace(row, order=order) for row in measured]
                    self._show(this, rows[-1])
                rows = self._with_counters(this, rows, ours)
                self._records.append(rows)
                if (self._records.complete(this.condition, this.number, this.arms)
                        or not self._plan.insists):
                    return
            except _TROUBLE as error:
                failed = replace(blank(this.condition, this.number, arm_of(this, rows), "", ""),
                                 kind=FAILED, error=" ".join(str(error).split())[:300],
                                 unix_time=time.time())
                self._records.append([*rows, failed])
                self._progress.done(f"round {this.number + 1}: {failed.error}")
                # What the broken transfer left there is not to weigh on the next.
                with contextlib.suppress(*_TROUBLE):
                    if any(arm.client == "stock" for arm in this.arms):
                        self._stock.forget_circuits()
                if attempt + 1 == _ROUND_ATTEMPTS:
                    raise
        raise Broken("the stock client rode no linked set of disjoint legs")

    def _prepare(self, ours: dict[str, OursClient]) -> None:
        """New tunnels for all, while the stock client builds its next sets."""
        if ours:
            with ThreadPoolExecutor(len(ours)) as pool:
                list(pool.map(OursClient.prepare, ours.values()))

    def _measure(self, this: Round, arm: Arm, ours: dict[str, OursClient]) -> list[Row]:
        base = blank(this.condition, this.number, arm, "", self._plan.scheduler)
        if arm.client == "ours":
            client = ours[arm.name]
            tunnel, door = client.door()
            this.tunnels[arm.name] = (tunnel, 0)
            rows = self._transfer(this, arm, door, client.pid, base)
            this.tunnels[arm.name] = (tunnel, client.uptime_ms())
            return rows
        rows = []
        for _ in range(_RIDE_ATTEMPTS if self._plan.insists else 1):
            rows += self._measure_stock(this, arm, base)
            if rows[-1].kind == RIDE:
                break
        return rows

    def _measure_stock(self, this: Round, arm: Arm, base: Row) -> list[Row]:
        stock = self._stock
        assert stock is not None
        if not stock.wait_for_free_set(_FREE_SET_TIMEOUT_S):
            self._progress.update("the stock client has no unused linked set")
        rows = self._transfer(this, arm, stock.door(), stock.pid, base)
        stock.finish()
        return [replace(row, kind=stock.kind) for row in rows]

    def _transfer(self, this: Round, arm: Arm, door: transfers.Door, pid: int,
                  base: Row) -> list[Row]:
        base = replace(base, load1=os.getloadavg()[0], unix_time=time.time())
        if this.condition.workload == "page":
            return [self._page(door, pid, base)]
        if this.condition.workload == "files":
            return [self._file(door, pid, replace(base, item=item, bytes=size))
                    for item, size in conditions.FILE_SIZES.items()]
        plan = conditions.plan_bulk(this.condition, arm, self._plan.seconds, self._plan.scale)
        cpu = cpu_seconds(pid)
        sample = transfers.move(this.condition.direction, door, plan.size)
        base = replace(base, item="bulk", cpu_s=cpu_seconds(pid) - cpu,
                       goodput_mbps=sample.arrivals.rate(plan.low, plan.high) / 1e6)
        return [with_times(base, sample)]

    def _file(self, door: transfers.Door, pid: int, base: Row) -> Row:
        time.sleep(_REFILL_S)
        cpu = cpu_seconds(pid)
        sample = transfers.move(base.direction, door, base.bytes)
        return with_times(replace(base, cpu_s=cpu_seconds(pid) - cpu), sample)

    def _page(self, door: transfers.Door, pid: int, base: Row) -> Row:
        time.sleep(_REFILL_S)
        sizes = conditions.page_sizes()
        cpu = cpu_seconds(pid)
        first, last = transfers.page(door, sizes, _PARALLEL_FILES)
        return replace(base, item="page", bytes=sum(sizes), cpu_s=cpu_seconds(pid) - cpu,
                       first_byte_s=first, last_byte_s=last, whole_mbps=sum(sizes) / last / 1e6)

    def _with_counters(self, this: Round, rows: list[Row],
                       ours: dict[str, OursClient]) -> list[Row]:
        reports = {}
        for name, (tunnel, after_ms) in this.tunnels.items():
            ours[name].wait_for_counters(after_ms)
            reports[name] = ours[name].report(tunnel)
        return [with_report(row, reports.get(row.arm)) for row in rows]

    def _show(self, this: Round, row: Row) -> None:
        rate = row.whole_mbps if row.goodput_mbps != row.goodput_mbps else row.goodput_mbps
        kind = "" if row.kind == OURS else f" ({row.kind})"
        self._progress.update(
            f"{this.condition.name}, round {this.number + 1} of "
            f"{self._plan.rounds(this.condition)}: {row.arm}{kind} {rate:.2f} MB/s; {self._eta}")


class Round:
    """One round of a condition."""

    def __init__(self, condition: Condition, number: int, arms: tuple[Arm, ...]):
        self.condition, self.number, self.arms = condition, number, arms
        # Of our arms: the tunnel's ordinal, and the proxy's uptime when its counters were read.
        self.tunnels: dict[str, tuple[int, int]] = {}


def arm_of(this: Round, rows: list[Row]) -> Arm:
    """The arm whose turn it was when those rows had been measured."""
    done = {row.arm for row in rows}
    order = conditions.rotated(this.arms, this.number)
    return next((arm for arm in order if arm.name not in done), order[-1])


def with_times(row: Row, sample: Sample) -> Row:
    return replace(row, bytes=sample.size, whole_mbps=sample.size / sample.seconds / 1e6,
                   first_byte_s=sample.seconds_to(1), last_byte_s=sample.seconds,
                   to_50kib_s=sample.seconds_to(50 * conditions.KIB),
                   to_1mib_s=sample.seconds_to(conditions.MIB),
                   to_5mib_s=sample.seconds_to(5 * conditions.MIB))


def with_report(row: Row, report) -> Row:
    if report is None:
        return row
    incoming = row.direction == "download"
    shares = report.shares_in if incoming else report.shares_out
    return replace(row, shares="/".join(f"{share:.3f}" for share in shares),
                   switches=float(report.switches_in if incoming else report.switches_out),
                   out_of_order_bytes_peak=float(report.out_of_order_bytes_peak)
                   if incoming else float("nan"))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process since it started, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
