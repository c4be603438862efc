#!/usr/bin/env python3
"""Holds the tables of test/README.md against what CTest ran.

usage: check_ids.py REPORT.xml...

Every row that begins with an id (S12, D3, R44, A17) names tests, or says `not here:` and why; every
test that the file names anywhere ran and passed. No id of a series is missing, and no test that
carries an id in its name is missing from the tables. Exit status 0 only if all of that holds.

example: check_ids.py results/release.xml
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
ROW = re.compile(r"^\| *([SDRA])(\d+) *\|(.*)\|\s*$")
TEST_NAME = re.compile(r"`([A-Z]\w*\.[A-Z]\w+)`")
ID_IN_TEST_NAME = re.compile(r"\.((?:[SDRA]\d+_)+)")
NOT_HERE = "not here:"
# Series of ids: the first and the last one. Nothing: from 1 to however many there are.
SERIES = {"S": None, "D": None, "R": (1, 62), "A": (1, 35)}


@dataclass(frozen=True)
class Row:
    series: str
    number: int
    tests: tuple[str, ...]
    excused: bool

    @property
    def id(self) -> str:
        return f"{self.series}{self.number}"


def read_rows(text: str) -> list[Row]:
    rows = []
    for line in text.splitlines():
        if match := ROW.match(line):
            series, number, rest = match.groups()
            rows.append(Row(series, int(number), tuple(TEST_NAME.findall(rest)),
                            NOT_HERE in rest))
    return rows


def plain_name(name: str) -> str:
    """The name of a test without the instance and parameter that GoogleTest adds."""
    suite, _, test = name.partition(".")
    return f"{suite.split('/')[-1]}.{test.split('/')[0]}"


def read_results(paths: list[str]) -> dict[str, bool]:
    """Plain name -> did all of it run and pass?"""
    results: dict[str, bool] = {}
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            name = plain_name(case.get("name", ""))
            passed = case.get("status") == "run" and case.find("failure") is None
            results[name] = results.get(name, True) and passed
    return results


def check_series(rows: list[Row]) -> list[str]:
    problems = []
    for series, bounds in SERIES.items():
        numbers = [row.number for row in rows if row.series == series]
        first, last = bounds or (1, max(numbers, default=1))
        for number in range(first, last + 1):
            count = numbers.count(number)
            if count != 1:
                problems.append(f"{series}{number}: {count} rows, expected one")
    return problems


def check_rows(rows: list[Row]) -> list[str]:
    return [f"{row.id}: names no test and gives no reason (`{NOT_HERE} ...`)"
            for row in rows if not row.tests and not row.excused]


def check_named(text: str, results: dict[str, bool]) -> list[str]:
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        for test in TEST_NAME.findall(line):
            if not results.get(test, False):
                how = "did not pass" if test in results else "did not run"
                problems.append(f"README.md:{number}: {test} {how}")
    return problems


def check_unlisted(rows: list[Row], results: dict[str, bool]) -> list[str]:
    listed = {(row.id, test) for row in rows for test in row.tests}
    problems = []
    for test in sorted(results):
        match = ID_IN_TEST_NAME.search(test)
        for test_id in match.group(1).rstrip("_").split("_") if match else []:
            if (test_id, test) not in listed:
                problems.append(f"{test_id}: {test} ran but its row does not name it")
    return problems


def check(text: str, results: dict[str, bool]) -> list[str]:
    rows = read_rows(text)
    return (check_series(rows) + check_rows(rows) + check_named(text, results)
            + check_unlisted(rows, results))


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip(), file=sys.stdout if len(sys.argv) > 1 else sys.stderr)
        return 0 if len(sys.argv) > 1 else 2
    try:
        problems = check(README.read_text(), read_results(sys.argv[1:]))
    except (OSError, ElementTree.ParseError) as error:
        print(f"check_ids.py: {error}; expected JUnit reports of CTest", file=sys.stderr)
        return 2
    for problem in problems:
        print(f"check_ids.py: {problem}", file=sys.stderr)
    if not problems:
        print(f"check_ids.py: all {len(read_rows(README.read_text()))} ids have their tests")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
