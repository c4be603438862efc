#!/usr/bin/env python3
"""Runs the lab under the measured conditions and prints the validation table of README.md."""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
SEEDS = 9


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: compare.py --lab build/release/bin/scheduler_lab")
    parser.add_argument("--lab", type=Path, required=True, metavar="FILE")
    parser.add_argument("--plugin", type=Path, metavar="FILE", help="default: the lab's own")
    parser.add_argument("--measured", type=Path, default=HERE / "measured.csv", metavar="FILE")
    arguments = parser.parse_args()
    measured = read_measured(arguments.measured)
    with tempfile.TemporaryDirectory() as scratch:
        command = [arguments.lab, "--quiet", "--schedulers", "low_rtt", "--seeds", str(SEEDS),
                   "--out", f"{scratch}/out", *(condition_file(name) for name in measured)]
        if arguments.plugin:
            command += ["--plugin", arguments.plugin]
        ran = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        if ran.returncode != 0:
            return 1
        with open(f"{scratch}/out/summary.csv", encoding="utf-8") as summary:
            simulated = {row["scenario"]: row for row in csv.DictReader(summary)}
    print_table(measured, simulated)
    return 0


def condition_file(name: str) -> Path:
    return HERE / "conditions" / f"{name}.yaml"


def read_measured(path: Path) -> dict[str, list[float]]:
    """Goodput in kB/s, by condition."""
    out: dict[str, list[float]] = {}
    with open(path, encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            out.setdefault(row["condition"], []).append(
                float(row["bytes"]) / float(row["seconds"]) / 1000)
    return out


def print_table(measured: dict[str, list[float]], simulated: dict[str, dict]) -> None:
    print("| condition | stock tor, kB/s (least-most, runs) | lab, kB/s | difference |")
    print("|---|---|---|---|")
    differences = []
    for name, values in measured.items():
        real = statistics.median(values)
        lab = float(simulated[name]["goodput_median"]) / 1000
        differences.append(lab / real - 1)
        title = yaml.safe_load(condition_file(name).read_text())["title"]
        print(f"| {title} | {real:.0f} ({min(values):.0f}-{max(values):.0f}, {len(values)}) "
              f"| {lab:.0f} | {100 * differences[-1]:+.1f} % |")
    sizes = sorted(abs(value) for value in differences)
    print(f"\nmedian of the differences {100 * statistics.median(sizes):.1f} %, "
          f"largest {100 * sizes[-1]:.1f} %, "
          f"{sum(size <= 0.1 for size in sizes)} of {len(sizes)} within 10 %")


if __name__ == "__main__":
    sys.exit(main())
