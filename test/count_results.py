#!/usr/bin/env python3
"""Adds up the JUnit reports of CTest in a folder; ends with `N passed, N failed`.

usage: count_results.py FOLDER

Lists what failed or was skipped. Exit status 0 only if something passed and nothing failed; a line
in FOLDER/broken-steps (a build that broke) counts as a failure.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def outcome_of(case: ElementTree.Element) -> str:
    """CTest says `notrun` both for a test that skipped itself and for one that could not start
    (no executable, failed fixture); only the first is harmless."""
    status = case.get("status")
    if status == "run":
        return "passed"
    reason = case.find("skipped")
    skipped_itself = reason is not None and reason.get("message", "").startswith("SKIP_")
    return "skipped" if status == "disabled" or skipped_itself else "failed"


def read_report(path: Path) -> list[tuple[str, str]]:
    """(outcome, name) of each test in one report."""
    try:
        suite = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        return [("failed", f"{path.name} is not readable: {error}")]
    return [(outcome_of(case), f"{path.stem}: {case.get('name')}")
            for case in suite.iter("testcase")]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    tests = [test for path in sorted(folder.glob("*.xml")) for test in read_report(path)]
    broken = folder / "broken-steps"
    if broken.exists():
        tests += [("failed", step) for step in broken.read_text().splitlines()]
    counts = Counter(outcome for outcome, _ in tests)
    print()
    for outcome in ("skipped", "failed"):
        for name in (name for o, name in tests if o == outcome):
            print(f"{outcome}: {name}")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
