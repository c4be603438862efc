"""The command line of run.py."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from privnet import NetworkError, Progress
from privnet.signals import Interrupted, raise_on_stop_signals
from traffic.onion_proxy import Programs, ProxyFailed
from traffic.socks5 import SocksError

from . import ROOT, conditions, machine, report, site
from .conditions import UnknownName
from .records import Records
from .runner import Plan, Runner
from .transfers import Broken

DESCRIPTION = """\
Benchmarks onion-proxy with conflux.so against stock tor's own client: same relays, same exit, same
file source, transfer by transfer in turn. Starts a private network of stock tor on loopback, with a
forwarder that adds delay in front of the guards, and writes raw.csv, tables (summary.md,
summary.csv), plots (*.svg) and the machine's description into the results folder."""

EXAMPLES = """\
examples:
  run.py --build build/release --out results/bench-e2e          all that is claimed, two hours
  run.py --build build/release --out results/bench-e2e --budget 40
      no new round after 40 minutes; the same command later goes on where it stopped
  run.py --build build/release --quick                           does it work? 2 small rounds
  run.py --build build/release --conditions 'eq_rtt*_up' --pairs 5 --only stock ours2
  run.py --build build/release --conditions uneq_plus100_up --scheduler low_rtt --only ours2
      one condition under one scheduler; prints its goodput
  run.py --out results/bench-e2e --report-only                   tables and plots once more
  run.py --list                                                  all conditions and arms

Measure on a quiet machine. Transfers of stock tor's client that did not ride a linked set of
disjoint legs are kept in raw.csv and reported apart; comparisons are made with the others only.

exit status: 0 measured, 1 failure or rounds that are missing (they are named), 2 wrong usage,
3 the time was up before the end"""

STATUS_TIME_UP = 3
QUICK_CONDITIONS = ["eq_rtt0_down", "eq_rtt50_up"]
QUICK_ARMS = ["stock", "ours2"]
QUICK_PAIRS = 2
QUICK_SECONDS = 0.3
_TROUBLE = (NetworkError, ProxyFailed, Broken, SocksError, OSError)


def main(argv: list[str] | None = None) -> int:
    parser = build_parser()
    arguments = parser.parse_args(argv)
    raise_on_stop_signals()
    try:
        chosen = choose(arguments)
        if arguments.list:
            return list_conditions()
        if arguments.report_only:
            return write_report(arguments.out)
        return measure(arguments, chosen)
    except UnknownName as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except _TROUBLE as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print(f"\nrun.py: interrupted ({interrupted}), all stopped; the same command continues",
              file=sys.stderr)
        return 128 + interrupted.signum


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description=DESCRIPTION, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", type=Path, default=ROOT / "build" / "release", metavar="DIR",
        help="build directory with onion-proxy, conflux.so and delay_forwarder "
             "(default: build/release)")
    add("--out", type=Path, metavar="DIR",
        help="results folder; one that has rows already is continued (default: a new one below "
             "results/bench-e2e)")
    add("--fresh", action="store_true", help="forget the rows that --out has")
    add("--conditions", nargs="+", default=None, metavar="NAME",
        help="names, patterns or groups: " + ", ".join(conditions.GROUPS)
             + " (default: all but the rarer ones)")
    add("--only", "--arms", nargs="+", default=[], metavar="ARM", dest="arms",
        help="only these clients: ours, stock, or single arms such as ours2")
    add("--pairs", type=_positive(int), metavar="N", help="rounds of each condition")
    add("--seconds", type=_positive(float), metavar="S",
        help="measured part of a bulk transfer, at the ideal rate (default: 1.5, or 2 where legs "
             "are summed)")
    add("--scheduler", default="", metavar="NAME",
        help="conflux.scheduler of our client (default: auto)")
    add("--budget", type=_positive(float), metavar="MIN", help="start no round after this time")
    add("--quick", action="store_true", help="two rounds of small transfers in two conditions")
    add("--report-only", action="store_true", help="write tables and plots of --out, measure not")
    add("--list", action="store_true", help="print the conditions and end")
    add("--keep-logs", type=Path, metavar="DIR", help="keep our client's logs there")
    return parser


def _positive(kind):
    def parse(text: str):
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if value <= 0:
            raise argparse.ArgumentTypeError(f"'{text}': expected a positive number")
        return value
    return parse


def choose(arguments: argparse.Namespace) -> tuple:
    """The conditions with their arms. Raises UnknownName."""
    if arguments.quick:
        arguments.conditions = arguments.conditions or QUICK_CONDITIONS
        arguments.arms = arguments.arms or QUICK_ARMS
        arguments.pairs = arguments.pairs or QUICK_PAIRS
        arguments.seconds = QUICK_SECONDS
    names = arguments.conditions or list(conditions.DEFAULT_GROUPS)
    chosen = [(c, conditions.select_arms(c, arguments.arms)) for c in conditions.select(names)]
    return tuple((condition, arms) for condition, arms in chosen if arms)


def list_conditions() -> int:
    for condition in conditions.all_conditions():
        print(f"{condition.name:20} {condition.pairs:3} rounds  {condition.title}: "
              + ", ".join(arm.name for arm in condition.arms))
    print("\narms")
    for arm in {a.name: a for c in conditions.all_conditions() for a in c.arms}.values():
        print(f"{arm.name:20} {arm.client}, {arm.legs} legs, profile: {arm.settings}")
    return 0


def measure(arguments: argparse.Namespace, chosen: tuple) -> int:
    build = arguments.build
    forwarder = build / "bin" / "delay_forwarder"
    programs = Programs(build / "bin" / "onion-proxy", build / "lib" / "conflux.so")
    for path in (forwarder, programs.onion_proxy, programs.plugin):
        if not path.is_file():
            print(f"run.py: {path} is missing; build it with: ninja -C {build} onion-proxy conflux "
                  "delay_forwarder, or name another --build", file=sys.stderr)
            return 2
    out = arguments.out or ROOT / "results" / "bench-e2e" / time.strftime("%Y%m%d-%H%M%S")
    out.mkdir(parents=True, exist_ok=True)
    if arguments.fresh:
        for name in ("raw.csv", "machine.json"):
            (out / name).unlink(missing_ok=True)
    if not same_programs(out, programs, arguments.scheduler or "auto"):
        return 2
    deadline = (time.monotonic() + 60 * arguments.budget) if arguments.budget else float("inf")
    plan = Plan(chosen, arguments.pairs, arguments.seconds, 0.05 if arguments.quick else 1.0,
                arguments.scheduler, deadline, insists=not arguments.quick)
    records = Records(out / "raw.csv")
    progress = Progress()
    complete, lost = True, []
    with tempfile.TemporaryDirectory(prefix="bench-e2e-") as scratch:
        work_dir = arguments.keep_logs or Path(scratch) / "logs"
        try:
            with site.running(forwarder, Path(scratch) / "network", progress) as place:
                runner = Runner(place, programs, records, plan, work_dir, progress)
                lost = runner.lost
                complete = runner.run()
        finally:
            if records.rows:
                write_report(out)
            if lost:
                print(f"run.py: broken off in every attempt, and missing above: {', '.join(lost)}; "
                      "the same command tries again", file=sys.stderr)
    return STATUS_TIME_UP if not complete else 1 if lost else 0


def same_programs(out: Path, programs: Programs, scheduler: str) -> bool:
    """Figures of different builds or schedulers do not belong into one table."""
    description = machine.describe({"onion-proxy": programs.onion_proxy,
                                    "conflux.so": programs.plugin})
    description["scheduler"] = scheduler
    path = out / "machine.json"
    if path.exists():
        before = json.loads(path.read_text())
        changed = [key for key in ("sha256 onion-proxy", "sha256 conflux.so", "scheduler", "tor",
                                   "processor")
                   if before.get(key) != description[key]]
        if changed:
            print(f"run.py: {out} holds figures of another {' and '.join(changed)}; give --out a "
                  "new folder", file=sys.stderr)
            return False
    path.write_text(json.dumps(description, indent=2) + "\n")
    return True


def write_report(out: Path | None) -> int:
    if out is None or not (out / "raw.csv").exists():
        print("run.py: --report-only wants --out with a raw.csv in it", file=sys.stderr)
        return 2
    text = report.write(out)
    print(text)
    return 0
