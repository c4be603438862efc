#!/usr/bin/env python3
"""Sums up an lcov file by folder and lists the lines that did not run.

usage: coverage_report.py --at-least PERCENT --root FOLDER FILE.lcov FOLDER...

The first two folders together must reach PERCENT; exit status 1 if they do not.

example: coverage_report.py --at-least 95 --root . coverage.lcov plugin/core plugin/codec plugin/abi
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

# How many of the folders count.
JUDGED = 2


def read_lines(path: Path, root: Path) -> dict[str, dict[int, int]]:
    """File below `root` -> line -> how often it ran, as the best of all objects saw it."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    name = ""
    for line in path.read_text().splitlines():
        if line.startswith("SF:"):
            file = Path(line[3:])
            name = str(file.relative_to(root)) if file.is_relative_to(root) else ""
        elif line.startswith("DA:") and name:
            number, count = (int(part) for part in line[3:].split(",")[:2])
            found[name][number] = max(count, found[name].get(number, 0))
    return found


def ranges(numbers: list[int]) -> str:
    """[1, 2, 3, 7] -> 1-3, 7"""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--at-least", type=float, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("report", type=Path)
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    files = read_lines(arguments.report, arguments.root.resolve())
    judged_ran = judged_all = 0
    for index, folder in enumerate(arguments.folders):
        lines = {name: counts for name, counts in sorted(files.items())
                 if name.startswith(folder + "/")}
        total = sum(len(counts) for counts in lines.values())
        ran = sum(1 for counts in lines.values() for count in counts.values() if count)
        if index < JUDGED:
            judged_ran, judged_all = judged_ran + ran, judged_all + total
        print(f"{folder}: {ran} of {total} lines, {100 * ran / max(1, total):.2f} %")
        for name, counts in lines.items():
            missed = [number for number, count in counts.items() if not count]
            if missed:
                print(f"  {name}: {ranges(missed)}")
    percent = 100 * judged_ran / max(1, judged_all)
    print(f"{' and '.join(arguments.folders[:JUDGED])}: {percent:.2f} % of {judged_all} lines, "
          f"at least {arguments.at_least:g} % wanted")
    return 0 if judged_all and percent >= arguments.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
