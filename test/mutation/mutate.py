#!/usr/bin/env python3
"""Mutation testing: does a test fail when core, codec, a scheduler or a number is wrong in one spot?

Makes mutants of the sources and headers, takes a seeded sample, and builds and tests each in a
private copy of the committed tree. Results are kept: a run that was stopped goes on where it was.
"""

import argparse
import json
import random
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue

import guards
from harness import ALLOC, HOST, NEIGHBOURS, UNIT, Harness, HarnessError, Worker, simulator
from mutants import KINDS, Mutant, mutants_of
from report import KILLED, Report, read_equivalents

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MUTATED = ("plugin/core/*.h", "plugin/core/*.cc", "plugin/codec/*.h", "plugin/codec/*.cc",
           "plugin/sched/*.h", "plugin/sched/*.cc", "plugin/types/strong.h")
SHORT_SIMULATION = 600

EXAMPLES = """examples:
  mutate.py                                a sample of 300, about half an hour on two cores
  mutate.py --seed 7 --count 50            another one, smaller
  mutate.py --all --kind boundary          every mutant of one kind
  mutate.py --only plugin/core/sender.cc:57    what one line yields
  mutate.py --again                        judge survivors again, after new tests were committed
  mutate.py --harness sim                  the sequencing mutants, the simulator alone
  mutate.py --guards A12 A16               remove the guard: its test must fail
  mutate.py --list --only plugin/codec/big_endian.h
"""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_argument_group("which mutants")
    what.add_argument("--seed", type=int, default=1, help="of the sample (default 1)")
    what.add_argument("--count", type=int, default=300,
                      help="mutants that compile (default 300)")
    what.add_argument("--all", action="store_true", help="no sample: all of them")
    what.add_argument("--only", metavar="FILE[:LINE]", help="those of one file or line, all of them")
    what.add_argument("--kind", choices=KINDS, help="those of one kind")
    what.add_argument("--again", action="store_true",
                      help="judge again what survived, whatever its sample")
    what.add_argument("--guards", nargs="*", metavar="ID",
                      help="instead: apply the edits of guards.txt and expect their tests to fail")
    how = parser.add_argument_group("how")
    how.add_argument("--harness", choices=("tests", "sim"), default="tests",
                     help="sim: the simulator alone, on what sequencing.txt names")
    how.add_argument("--runs", type=int, default=10_000,
                     help="of the simulator, per mutant (default 10000)")
    how.add_argument("--workers", type=int, default=2, help="mutants at a time (default 2)")
    how.add_argument("--work", type=Path, default=Path("/tmp/conflux-mutation"), metavar="DIR",
                     help="for the copy, objects and results (default %(default)s)")
    how.add_argument("--revision", default="HEAD", help="the commit to test (default HEAD)")
    how.add_argument("--fresh", action="store_true", help="forget the results that are kept")
    show = parser.add_argument_group("look only")
    show.add_argument("--list", action="store_true", help="print the mutants' keys")
    show.add_argument("--show", action="store_true", help="print their diffs")
    show.add_argument("--report", action="store_true", help="print what is known, judge nothing")
    return parser.parse_args(arguments)


def select(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    """Those that are asked for, in the order in which they are judged."""
    if options.kind:
        mutants = [it for it in mutants if it.kind == options.kind]
    if options.only:
        name, _, line = options.only.partition(":")
        return [it for it in mutants
                if it.file == name and (not line or it.line == int(line))]
    if options.harness == "sim":
        sequencing = read_sequencing()
        mutants = [it for it in mutants if is_sequencing(it, sequencing)]
    if not options.all:
        mutants = list(mutants)
        random.Random(options.seed).shuffle(mutants)
    return mutants


def read_sequencing() -> list[tuple[str, str]]:
    """(file, function) of sequencing.txt; a function `*` stands for all of the file."""
    pairs = []
    for line in (HERE / "sequencing.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, function = line.partition(" ")
            pairs.append((name, function.strip() or "*"))
    return pairs


def is_sequencing(mutant: Mutant, pairs: list[tuple[str, str]]) -> bool:
    return any(mutant.file == name and function in ("*", mutant.function)
               for name, function in pairs)


class Results:
    """One line of JSON per mutant, appended as they come."""

    def __init__(self, path: Path, fresh: bool):
        self.path = path
        self.known: dict[str, dict] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        if path.is_file():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self.known[entry.pop("key")] = entry

    def add(self, key: str, entry: dict) -> None:
        self.known[key] = entry
        with open(self.path, "a") as file:
            file.write(json.dumps({"key": key, **entry}) + "\n")


class Run:
    """Judges mutants in order until `count` of them have compiled."""

    def __init__(self, harness: Harness, results: Results, workers: int, count: int):
        self.harness, self.results, self.count = harness, results, count
        self.excused: dict[str, str] = {}  # equivalent: no need to judge them each time
        self.idle: SimpleQueue[Worker] = SimpleQueue()
        for number in range(workers):
            self.idle.put(Worker(harness, str(number)))
        self.workers = workers
        self.begun = time.monotonic()
        self.judged = 0

    def run(self, mutants: list[Mutant], again: bool = False) -> list[Mutant]:
        """Answers those that belong to the sample."""
        sample: list[Mutant] = []
        compiled = 0
        pending: dict[Future, Mutant] = {}
        queue = list(reversed(mutants))
        with ThreadPoolExecutor(self.workers) as pool:
            while pending or (queue and compiled < self.count):
                while queue and len(pending) < self.workers and compiled + len(pending) < self.count:
                    mutant = queue.pop()
                    sample.append(mutant)
                    if mutant.key in self.excused:
                        self.results.known.setdefault(mutant.key, {"status": "survived"})
                    known = self.results.known.get(mutant.key)
                    if known and not (again and known["status"] == "survived"
                                      and mutant.key not in self.excused):
                        compiled += known["status"] != "uncompilable"
                        continue
                    pending[pool.submit(self._judge, mutant)] = mutant
                if not pending:
                    continue
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    mutant = pending.pop(future)
                    compiled += self._tell(mutant, future.result(),
                                           compiled + 1, min(self.count, len(mutants)))
        return sample

    def _judge(self, mutant: Mutant) -> dict:
        worker = self.idle.get()
        try:
            verdict = worker.judge({mutant.file: mutant.apply(self.harness.read(mutant.file))},
                                   only_calls=mutant.only_called)
        finally:
            self.idle.put(worker)
        return {"status": verdict.status, "program": verdict.program, "killer": verdict.killer,
                "seconds": round(verdict.seconds, 1)}

    def _tell(self, mutant: Mutant, entry: dict, number: int, total: int) -> bool:
        self.results.add(mutant.key, entry)
        if entry["status"] == "uncompilable":
            return False
        self.judged += 1
        left = (total - number) * (time.monotonic() - self.begun) / self.judged / 60
        by = f" by {entry['killer']}" if entry["status"] in KILLED else ""
        print(f"[{number}/{total}] {entry['status']}: {mutant.file}:{mutant.line} {mutant.kind} "
              f"{' '.join(mutant.original.split())[:30]} -> {mutant.replacement[:20] or 'nothing'}"
              f"{by} ({entry['seconds']} s; about {left:.0f} min left)", flush=True)
        return True


def look(mutants: list[Mutant], options: argparse.Namespace) -> int:
    for mutant in mutants:
        if options.list:
            print(f"{mutant.file}:{mutant.line}: {mutant.key}")
        else:
            print(f"# {mutant.key}\n{mutant.diff((ROOT / mutant.file).read_text())}")
    print(f"{len(mutants)} mutants")
    return 0


def conclude(harness_name: str, work: Path, report: Report, read) -> int:
    print("\n" + report.text())
    (work / f"{harness_name}.json").write_text(report.json())
    diffs = "".join(f"# {it.key}\n{it.diff(read(it.file))}\n" for it in report.survivors())
    (work / f"{harness_name}-survivors.diff").write_text(diffs)
    print(f"\nsurvivors: {work / f'{harness_name}-survivors.diff'}\n"
          f"all: {work / f'{harness_name}.json'}")
    return 1 if report.survivors() else 0


def mutants_in(root: Path) -> list[Mutant]:
    return [mutant for name in mutated_files(root)
            for mutant in mutants_of(name, (root / name).read_text())]


def mutated_files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for glob in MUTATED for path in root.glob(glob))


def excused(options: argparse.Namespace) -> dict[str, str]:
    """What nobody can tell; and, for the simulator, what nobody can tell through a tunnel."""
    known = read_equivalents(HERE / "equivalents.txt")
    if options.harness == "sim":
        known |= read_equivalents(HERE / "equivalents-sim.txt")
    return known


def judge(options: argparse.Namespace) -> int:
    simulation = options.harness == "sim"
    programs = ([simulator(options.runs)] if simulation
                else [UNIT, NEIGHBOURS, HOST, ALLOC, simulator(SHORT_SIMULATION)])
    harness = Harness(ROOT, options.work, programs, options.revision)
    results = Results(options.work / f"{options.harness}-results.jsonl", options.fresh)
    if options.report:
        mutants = select(mutants_in(ROOT), options)
        sample = [it for it in mutants if it.key in results.known]
        return conclude(options.harness, options.work, Report(
            sample, {it.key: results.known[it.key] for it in sample}, excused(options)), lambda name: (ROOT / name).read_text())
    harness.prepare(options.workers, print)
    mutants = select(mutants_in(harness.tree), options)
    if options.again:
        mutants = [it for it in mutants_in(harness.tree)
                   if results.known.get(it.key, {}).get("status") == "survived"]
    everything = options.all or options.only or options.again or simulation
    count = len(mutants) if everything else options.count
    equivalents = excused(options)
    run = Run(harness, results, options.workers, count)
    if not options.only:
        run.excused = equivalents
    sample = run.run(mutants, options.again)
    report = Report(sample, {it.key: results.known[it.key] for it in sample}, equivalents)
    return conclude(options.harness, options.work, report, harness.read)


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments)
    options.work = options.work.resolve()
    try:
        if options.list or options.show:
            return look(select(mutants_in(ROOT), options), options)
        if options.guards is not None:
            return guards.run(ROOT, options)
        return judge(options)
    except (HarnessError, ValueError, OSError) as error:
        print(f"mutate.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
