"""Takes a guard out of the code and expects the test that is named after the attack to fail."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from harness import ALLOC, GTEST_RUN, HOST, UNIT, Harness, Worker

FILE = Path(__file__).resolve().parent / "guards.txt"
PROGRAMS = [HOST, UNIT, ALLOC]


@dataclass
class Edit:
    file: str
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def apply(self, text: str) -> str:
        """Lines are compared without the blanks around them, so that they survive formatting."""
        lines = text.splitlines()
        wanted = [line.strip() for line in self.old]
        places = [at for at in range(len(lines) - len(wanted) + 1)
                  if [line.strip() for line in lines[at:at + len(wanted)]] == wanted]
        if len(places) != 1:
            raise ValueError(f"guards.txt: {self.file} has {len(places)} places with\n  "
                             + "\n  ".join(wanted) + "\nexpected exactly one")
        lines[places[0]:places[0] + len(wanted)] = self.new
        return "\n".join(lines) + "\n"


@dataclass
class Guard:
    id: str
    tests: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)


def parse(text: str) -> list[Guard]:
    """An id and its tests; then, for each file, lines with `-` that go and with `+` that come."""
    found: list[Guard] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in "-+" and found and found[-1].edits:
            edit = found[-1].edits[-1]
            (edit.old if line[0] == "-" else edit.new).append(line[1:].removeprefix(" "))
        elif line.startswith("in ") and found:
            found[-1].edits.append(Edit(line[3:].strip()))
        elif line[0].isalpha() and ":" in line:
            identity, _, tests = line.partition(":")
            found.append(Guard(identity.strip(), tests.split()))
        else:
            raise ValueError(f"guards.txt:{number}: expected `ID: Suite.Test ...`, `in FILE`, or a "
                             "line that begins with - or +")
    return found


def judge(worker: Worker, guard: Guard) -> str:
    """Empty if each of its tests fails without the guard."""
    changed: dict[str, str] = {}
    for edit in guard.edits:
        changed[edit.file] = edit.apply(changed.get(edit.file, worker.harness.read(edit.file)))
    for test in guard.tests:
        arguments = ((f"--gtest_filter={test}:*/{test}/*", *GTEST_RUN[0]),)
        verdict = worker.judge(changed, arguments=arguments)
        if verdict.status == "uncompilable":
            return "the edit does not compile"
        if verdict.status == "survived":
            return f"{test} passes without the guard"
    return ""


def run(root: Path, options: argparse.Namespace) -> int:
    every = parse(FILE.read_text())
    wanted = [it for it in every if not options.guards or it.id in options.guards]
    missing = set(options.guards) - {it.id for it in every}
    if missing:
        raise ValueError(f"guards.txt has no {', '.join(sorted(missing))}")
    harness = Harness(root, options.work, PROGRAMS, options.revision)
    harness.prepare(options.workers, print)
    worker = Worker(harness, "guards")
    failures = 0
    for number, guard in enumerate(wanted, 1):
        problem = judge(worker, guard)
        failures += bool(problem)
        print(f"[{number}/{len(wanted)}] {guard.id}: {problem or 'its test fails without it'}",
              flush=True)
    print(f"{len(wanted) - failures} guards tested, {failures} not")
    return 1 if failures else 0
