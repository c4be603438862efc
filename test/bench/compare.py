#!/usr/bin/env python3
"""Holds what a cell costs in one conflux.so against what it costs in others, on a machine that
others use too.

All run on one core and take turns of one or two milliseconds, in each of which the best of six slices
counts. So each sees the same minutes. Beside nanoseconds there are cycles, by a chain of
multiplications of the same turn: they hold when the clock of the core changes, and only a core
whose other half is busy makes more of them."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

CALLS = ("receive", "route", "held and drained")
CYCLES_PER_MULTIPLICATION = 3


class Failure(Exception):
    """Said to the user as it is."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: compare.py --build build before.so build/lib/conflux.so\n\n"
               "exit status: 0 measured, 1 failure, 2 wrong usage, 130 interrupted")
    parser.add_argument("plugins", nargs="+", metavar="PLUGIN", type=Path)
    parser.add_argument("--build", type=Path, default=Path("build"), metavar="DIR",
                        help="where bench_slices was built (default: build)")
    parser.add_argument("--turns", type=int, default=1000, metavar="N",
                        help="of each plugin (default: 1000, one or two seconds each)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), metavar="N",
                        help="to run on (default: the last one)")
    options = parser.parse_args(arguments)
    if options.turns < 1:
        parser.error("--turns wants a number above 0")
    if options.core not in os.sched_getaffinity(0):
        parser.error(f"--core: there is no core {options.core} for this process")
    return options


def start(program: Path, plugin: Path, core: int) -> subprocess.Popen[str]:
    if not plugin.is_file():
        raise Failure(f"{plugin} is missing")
    if not os.access(program, os.X_OK):
        raise Failure(f"{program} is missing: build the target bench_slices first")
    environment = {**os.environ, "CONFLUX_BENCH_PLUGIN": str(plugin.resolve())}
    return subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            env=environment, preexec_fn=lambda: os.sched_setaffinity(0, {core}))


def take_turn(plugin: Path, process: subprocess.Popen[str]) -> list[float]:
    assert process.stdin and process.stdout
    try:
        process.stdin.write("t")
        process.stdin.flush()
    except BrokenPipeError:
        pass  # why, it has said; that it did not answer shows below
    answer = process.stdout.readline().split()
    if len(answer) != len(CALLS) + 1:
        raise Failure(f"bench_slices with {plugin} ended (status {process.wait()})")
    return [float(word) for word in answer]


def low_and_middle(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 10]:.2f} / {statistics.median(ordered):.2f}"


def table_of(plugins: list[Path], turns: list[list[list[float]]]) -> str:
    width = max(len(str(plugin)) for plugin in plugins)
    lines = ["per cell, the tenth and the middle of the turns: nanoseconds, cycles"]
    for at, call in enumerate(CALLS):
        lines.append(f"{call}")
        for plugin, seen in zip(plugins, turns):
            times = [turn[at] for turn in seen]
            cycles = [turn[at] / turn[-1] * CYCLES_PER_MULTIPLICATION for turn in seen]
            lines.append(f"  {plugin!s:{width}}  {low_and_middle(times):>15} ns"
                         f"  {low_and_middle(cycles):>15}")
    return "\n".join(lines)


def measure(options: argparse.Namespace) -> str:
    program = options.build / "bin" / "bench_slices"
    processes: list[subprocess.Popen[str]] = []
    try:
        for plugin in options.plugins:
            processes.append(start(program, plugin, options.core))
        turns: list[list[list[float]]] = [[] for _ in processes]
        told = time.monotonic()
        for done in range(options.turns):
            for seen, plugin, process in zip(turns, options.plugins, processes):
                seen.append(take_turn(plugin, process))
            if sys.stderr.isatty() and time.monotonic() - told > 1:
                told = time.monotonic()
                print(f"\r{done + 1} of {options.turns} turns", end="", file=sys.stderr)
        return table_of(options.plugins, turns)
    finally:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        for process in processes:
            process.kill()
            process.wait()


def main() -> int:
    options = parse_arguments(sys.argv[1:])
    try:
        print(measure(options))
    except Failure as failure:
        print(f"compare.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
