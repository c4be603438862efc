#!/usr/bin/env python3
"""One picture of several results folders: what our client gives under each scheduler.

usage: compare_schedulers.py [-o FILE.svg] DIR...

Each DIR is a results folder of run.py with --scheduler. Conditions that all of them have are shown,
a bar for each scheduler, with 95 % intervals.

example:
  for s in min_rtt low_rtt blest; do
    ./run.py --conditions eq_rtt50_up uneq_plus100_up --only ours2 --pairs 5 \\
      --scheduler $s --out results/schedulers/$s
  done
  ./compare_schedulers.py -o schedulers.svg results/schedulers/*

exit status: 0 written, 2 wrong usage or nothing to compare
"""

import argparse
import sys
from pathlib import Path

from e2ebench import records, stats
from e2ebench.conditions import OURS_2
from e2ebench.svg import BarChart, Series, bar_chart


def chart(folders: list[list[records.Row]]) -> BarChart | None:
    """Of each folder's rows; None if they have no condition in common."""
    bulk = [[row for row in rows if row.item == "bulk" and row.counts and row.arm == OURS_2.name]
            for rows in folders]
    conditions = [set(row.condition for row in rows) for rows in bulk]
    shared = sorted(set.intersection(*conditions)) if conditions else []
    if not shared:
        return None
    series = [Series(rows[0].scheduler,
                     [stats.mean_interval([row.goodput_mbps for row in rows
                                           if row.condition == name]) for name in shared])
              for rows in bulk]
    return BarChart("Two legs, fast, through stock relays, by scheduler", "MB/s", "condition of run.py",
                    shared, series)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, default=Path("schedulers.svg"))
    wanted = parser.parse_args(arguments)
    missing = [str(it) for it in wanted.folders if not (it / "raw.csv").is_file()]
    if missing:
        parser.error(f"no raw.csv in {', '.join(missing)}: measure with run.py --out first")
    found = chart([records.read(it / "raw.csv") for it in wanted.folders])
    if found is None:
        parser.error("these folders have no condition in common")
    wanted.output.write_text(bar_chart(found))
    print(f"wrote {wanted.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
