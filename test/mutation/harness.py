"""A private copy of the tree, built once; then one mutant at a time, rebuilt in parts and tested.

CMake is left out, but for the headers that it makes: a mutant costs the compilation of what it
touches and a link. What a mutant changes lies in an overlay that the include path names first, so
the copy itself is never touched.
"""

import re
import resource
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

COMPILER = "g++"
FLAGS = ["-std=c++20", "-O0", "-g0", "-w", "-fPIC", "-fno-gnu-unique", "-fvisibility=hidden",
         "-DCONFLUX_VERSION=\"0\"", "-DCONFLUX_PLUGIN=\"./conflux.so\""]
LINK = ["-fuse-ld=mold"] if shutil.which("mold") else []
LIBRARIES = ["-lyaml-cpp", "-lcrypto", "-lpthread", "-ldl"]
GTEST = ["-lgtest_main", "-lgmock", "-lgtest"]
MEMORY_LIMIT = 4 << 30
# A mutant has so many times the processor time that the harness needs without one.
PATIENCE = 3
PATIENCE_AT_LEAST_S = 6
# A mutant that waits for ever uses none. Many times as much, or a busy machine would kill mutants.
WALL_PER_PROCESSOR_TIME = 10
SLOW_MS = 50

RINGS = ("types", "codec", "sched", "core", "adapters", "region", "metrics", "abi")
PRODUCT = [*(f"plugin/{ring}/*.cc" for ring in RINGS),
           "config/*.cc", "config/options/*.cc", "config/yaml/*.cc"]
NOT_PRODUCT = {"config/file.cc"}  # for programs that read the file themselves
# Makes the headers that no commit has. It puts them beside the tree.
GENERATOR = "plugin/sched/schedulers.cmake"
GENERATED = "../generated"


@dataclass(frozen=True)
class Program:
    """Something that runs against the product and whose exit status judges it."""

    name: str
    sources: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    arguments: tuple[tuple[str, ...], ...] = ((),)  # of each run
    excluded: tuple[str, ...] = ()
    linked: bool = True  # with the product's objects
    loads: bool = False  # conflux.so
    baseline: tuple[tuple[str, ...], ...] | None = None  # a shorter run without a mutant
    scale: int = 1  # how many times longer the whole run is


GTEST_RUN = (("--gtest_fail_fast", "--gtest_color=no"),)
# Has an allocator of its own.
NEIGHBOURS = Program("neighbours", ("test/plugin/unit/core/neighbouring_blocks_test.cc",),
                     tuple(GTEST), GTEST_RUN)
UNIT = Program("unit", ("test/plugin/unit/**/*_test.cc",), tuple(GTEST), GTEST_RUN,
               NEIGHBOURS.sources)
HOST = Program("host", ("test/plugin/seed/*.cc", "test/plugin/deviations/*.cc",
                        "test/plugin/replay/*.cc", "test/plugin/attacks/*.cc",
                        "test/plugin/regressions/*.cc", "test/plugin/schedulers/*.cc",
                        "test/plugin/support/*.cc"), tuple(GTEST), GTEST_RUN, loads=True)
ALLOC = Program("alloc", ("test/alloc/*.cc", "test/support/bare_tunnel.cc"),
                (*GTEST, "-rdynamic"), GTEST_RUN, linked=False, loads=True)


BASELINE_SIMULATION = 100
# One of the simulator's runs takes some milliseconds: what takes so long never ends.
SIMULATION_PATIENCE_S = 10


def simulator(runs: int) -> Program:
    """Half of the runs with an honest far end, half with a hostile one."""
    def halves(count: int) -> tuple[tuple[str, ...], ...]:
        half = ("--fail-fast", "--steps", "200", "--patience", str(SIMULATION_PATIENCE_S),
                "--runs", str(max(1, count // 2)))
        return half, (*half, "--hostile")

    return Program("sim", ("test/sim/*.cc",), (), halves(runs), ("test/sim/*_test.cc",),
                   baseline=halves(min(runs, BASELINE_SIMULATION)),
                   scale=max(1, runs // BASELINE_SIMULATION))


@dataclass
class Verdict:
    status: str  # killed, survived, timeout or uncompilable
    program: str = ""
    killer: str = ""
    seconds: float = 0.0


@dataclass
class Unit:
    """A source file and its object of the copy."""

    source: str
    object: Path
    headers: set[str] = field(default_factory=set)


class HarnessError(Exception):
    """The harness itself does not work: no verdict means anything."""


class Harness:
    def __init__(self, root: Path, work: Path, programs: list[Program], revision: str = "HEAD",
                 sources: list[str] | None = None):
        self.root, self.work, self.programs = root, work, programs
        self.sources = sources or PRODUCT
        self.tree = work / "tree"
        self.revision = revision
        self.product: list[Unit] = []
        self.parts: dict[str, list[Unit]] = {}
        self.limits: dict[str, int] = {}
        self.arguments = {program.name: program.arguments for program in programs}

    def prepare(self, workers: int, say) -> None:
        """Copies the tree, builds everything without a mutant, and sees that it passes."""
        self._copy()
        self.product = self._units(self.sources, NOT_PRODUCT)
        for program in self.programs:
            excluded = {name for glob in program.excluded for name in self._glob(glob)}
            self.parts[program.name] = self._units(program.sources, excluded)
        say(f"building {self.count_units()} objects without a mutant")
        self._build_all(workers)
        worker = Worker(self, "unmutated")
        for program in self.programs:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            verdict = worker.run(program, self.product, self.parts[program.name],
                                 program.baseline)
            if verdict.status != "survived":
                raise HarnessError(f"without a mutant, {program.name} fails: {verdict.killer}\n"
                                   f"mend the tests first; the log is {worker.log}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            self.limits[program.name] = (int(PATIENCE * program.scale * used)
                                         + PATIENCE_AT_LEAST_S)
            if program.arguments == GTEST_RUN:
                self.arguments[program.name] = quick_ones_first(worker.log.read_text())
            say(f"  {program.name} passes in {used:.1f} s of processor time")

    def count_units(self) -> int:
        return len(self.product) + sum(len(units) for units in self.parts.values())

    def files(self, *globs: str) -> list[str]:
        return [name for glob in globs for name in self._glob(glob)]

    def read(self, name: str) -> str:
        return (self.tree / name).read_text()

    def _copy(self) -> None:
        """Keeps files that have not changed, so that their objects stay."""
        fresh = self.work / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        if (self.root / ".git").exists():
            archive = subprocess.run(["git", "-C", self.root, "archive", self.revision],
                                     capture_output=True, check=False)
            if archive.returncode != 0:
                raise HarnessError(f"git archive {self.revision}: "
                                   f"{archive.stderr.decode().strip()}; expected a commit")
            subprocess.run(["tar", "-x", "-C", fresh], input=archive.stdout, check=True)
        else:  # an unpacked release
            for part in ("plugin", "config", "host_api", "test"):
                shutil.copytree(self.root / part, fresh / part)
        self._replace_changed(fresh)
        shutil.rmtree(fresh)
        subprocess.run(["cmake", "-P", self.tree / GENERATOR], cwd=self.work, check=True)

    def _replace_changed(self, fresh: Path) -> None:
        wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
        if self.tree.is_dir():
            for path in [it for it in self.tree.rglob("*") if it.is_file()]:
                if path.relative_to(self.tree) not in wanted:
                    path.unlink()
        for name in wanted:
            new, old = fresh / name, self.tree / name
            if not old.is_file() or old.read_bytes() != new.read_bytes():
                old.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(new, old)

    def _glob(self, glob: str) -> list[str]:
        return sorted(str(path.relative_to(self.tree)) for path in self.tree.glob(glob))

    def _units(self, globs, excluded) -> list[Unit]:
        names = [name for name in self.files(*globs) if name not in excluded]
        # Tests of what is mutated come first: they run first, and most mutants end there.
        names.sort(key=lambda name: not name.startswith(("test/plugin/unit/core",
                                                         "test/plugin/unit/codec")))
        return [Unit(name, self.work / "base" / f"{name}.o") for name in names]

    def compile_command(self, source: str, target: Path, overlay: Path | None = None) -> list:
        include = [f"-I{overlay}"] if overlay else []
        path = overlay / source if overlay and (overlay / source).is_file() else source
        return [COMPILER, *FLAGS, f"-DCONFLUX_SOURCE_DIR=\"{self.tree}\"",
                f"-DCONFLUX_BINARY_DIR=\"{self.work}\"", *include, "-I.",
                f"-I{GENERATED}", "-Ihost_api/include", "-MMD", "-c", path, "-o", target]

    def _build_all(self, workers: int) -> None:
        units = self.product + [unit for units in self.parts.values() for unit in units]

        def build(unit: Unit) -> str:
            if self._is_current(unit):
                return ""
            unit.object.parent.mkdir(parents=True, exist_ok=True)
            flags = ["-O1"] if unit.source.startswith("test/sim/") else []
            done = subprocess.run([*self.compile_command(unit.source, unit.object), *flags],
                                  cwd=self.tree, capture_output=True, text=True, check=False)
            return f"{unit.source}: {done.stderr}" if done.returncode else ""

        with ThreadPoolExecutor(workers) as pool:
            errors = [error for error in pool.map(build, units) if error]
        if errors:
            raise HarnessError("the tree does not compile:\n" + "\n".join(errors[:3]))
        for unit in units:
            unit.headers = self._headers(unit)

    def _is_current(self, unit: Unit) -> bool:
        if not unit.object.is_file():
            return False
        built = unit.object.stat().st_mtime
        paths = [self.tree / name for name in self._headers(unit) | {unit.source}]
        return all(path.is_file() and path.stat().st_mtime < built for path in paths)

    def _headers(self, unit: Unit) -> set[str]:
        dependencies = unit.object.with_suffix(".d")
        if not dependencies.is_file():
            return set()
        words = dependencies.read_text().replace("\\\n", " ").split()[1:]
        return {word for word in words if not word.startswith("/") and word != unit.source}


class Worker:
    """Builds and judges one mutant after the other in a directory of its own."""

    def __init__(self, harness: Harness, name: str):
        self.harness = harness
        self.directory = harness.work / "workers" / name
        self.overlay = self.directory / "overlay"
        self.log = self.directory / "log.txt"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.overlay.mkdir(parents=True)

    def judge(self, changed: dict[str, str], programs: list[Program] | None = None,
              arguments: tuple[tuple[str, ...], ...] | None = None,
              only_calls: bool = False) -> Verdict:
        """`changed`: files and their new text. Runs programs until one fails. `only_calls`: what has
        changed takes effect by being called, so one object that has it says all."""
        begun = time.monotonic()
        shutil.rmtree(self.overlay)
        for name, text in changed.items():
            (self.overlay / name).parent.mkdir(parents=True, exist_ok=True)
            (self.overlay / name).write_text(text)
        # Nobody calls what is inlined everywhere: each object has its own.
        only_calls = only_calls and not any("gnu::always_inline" in it for it in changed.values())
        verdict = self._judge(set(changed), programs or self.harness.programs, arguments,
                              only_calls)
        verdict.seconds = time.monotonic() - begun
        return verdict

    def _judge(self, changed: set[str], programs: list[Program], arguments,
               only_calls: bool) -> Verdict:
        if only_calls:
            verdict = self._judge_in_haste(changed, programs, arguments)
            if verdict.program:
                return verdict
        product = self._rebuild(self.harness.product, changed)
        if product is None:
            return Verdict("uncompilable")
        for program in programs:
            parts = self.harness.parts[program.name]
            # The simulator looks into the plugin in one small file; tests can wait, see below.
            if program.name == "sim":
                parts = self._rebuild(parts, changed)
                if parts is None:
                    return Verdict("uncompilable")
            verdict = self.run(program, product, parts, arguments)
            if verdict.status != "survived":
                return verdict
        return self._judge_with_new_tests(changed, programs, product, arguments)

    def _judge_in_haste(self, changed, programs, arguments) -> Verdict:
        """A header's functions are in thirty objects, and at -O0 the linker takes the first it sees:
        one object that has them all is enough. No program named: it was not, judge in full."""
        if not all(name.endswith(".h") for name in changed):
            return Verdict("survived")
        source = self.overlay / "headers.cc"
        source.write_text("".join(f'#include "{name}"\n' for name in sorted(changed)))
        new = Unit("headers.cc", self.directory / "headers.o")
        command = self.harness.compile_command("headers.cc", new.object, self.overlay)
        done = subprocess.run([*command, "-fkeep-inline-functions"], cwd=self.harness.tree,
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.log.write_bytes(done.stderr)
            return Verdict("uncompilable", "headers")
        for program in programs:
            verdict = self.run(program, [new, *self.harness.product],
                               self.harness.parts[program.name], arguments)
            if verdict.status == "uncompilable":  # it may lack what only some programs link
                return Verdict("survived")
            if verdict.status != "survived":
                return verdict
        return verdict

    def _judge_with_new_tests(self, changed, programs, product, arguments) -> Verdict:
        """Tests have what headers define in their own objects too. At -O0 the product's come first
        and win; what is constant at compile time does not. So survivors get a second look."""
        for program in programs:
            if program.name == "sim":
                continue
            old = self.harness.parts[program.name]
            parts = self._rebuild(old, changed)
            if parts is None:
                return Verdict("uncompilable")
            if parts is old:
                continue
            verdict = self.run(program, product, parts, arguments)
            if verdict.status != "survived":
                return verdict
        return Verdict("survived")

    def _rebuild(self, units: list[Unit], changed: set[str]) -> list[Unit] | None:
        """The units with those replaced that a change touches; None if one does not compile."""
        touched = [unit for unit in units
                   if unit.source in changed or unit.headers & changed]
        groups: dict[str, list[Unit]] = {}
        for unit in touched:
            groups.setdefault(str(Path(unit.source).parent), []).append(unit)
        rebuilt: list[Unit] = []
        for name, group in groups.items():
            objects = self._compile_together(name, group) or self._compile_each(group)
            if objects is None:
                return None
            rebuilt += objects
        return units if not touched else rebuilt + [it for it in units if it not in touched]

    def _compile_together(self, name: str, group: list[Unit]) -> list[Unit] | None:
        """All of a directory as one translation unit: most of the time goes into system headers.
        Nothing if they do not go together, or do not compile."""
        apart = [unit for unit in group if unit.source.endswith("/entry.cc")]  # macros before headers
        group = [unit for unit in group if unit not in apart]
        if len(group) < 2:
            return None
        source = name.replace("/", "_") + "_together.cc"
        (self.overlay / source).write_text(
            "".join(f'#include "{unit.source}"\n' for unit in group))
        together = self._compile(Unit(source, Path()))
        others = self._compile_each(apart)
        return None if together is None or others is None else [together, *others]

    def _compile_each(self, group: list[Unit]) -> list[Unit] | None:
        rebuilt = []
        for unit in group:
            new = self._compile(unit)
            if new is None:
                return None
            rebuilt.append(new)
        return rebuilt

    def _compile(self, unit: Unit) -> Unit | None:
        new = Unit(unit.source, self.directory / "objects" / f"{unit.source}.o", unit.headers)
        new.object.parent.mkdir(parents=True, exist_ok=True)
        command = self.harness.compile_command(unit.source, new.object, self.overlay)
        done = subprocess.run(command, cwd=self.harness.tree, capture_output=True, check=False)
        if done.returncode != 0:
            self.log.write_bytes(done.stderr)
            return None
        return new

    def run(self, program: Program, product: list[Unit], parts: list[Unit],
            arguments=None) -> Verdict:
        objects = [unit.object for unit in product]
        if program.loads:
            self._link([*objects, "-shared", "-Wl,--version-script=" + str(
                self.harness.tree / "plugin/abi/exports.map")], "conflux.so")
        # The product's objects come first: of what headers define, the linker takes the first.
        inputs = [*(objects if program.linked else []), *(unit.object for unit in parts)]
        if not self._link([*inputs, *program.libraries], program.name):
            return Verdict("uncompilable", program.name)
        for run in arguments or self.harness.arguments[program.name]:
            verdict = self._run_once(program, run)
            if verdict.status != "survived":
                return verdict
        return Verdict("survived", program.name)

    def _link(self, inputs: list, name: str) -> bool:
        done = subprocess.run([COMPILER, *LINK, *inputs, *LIBRARIES, "-o", self.directory / name],
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.log.write_bytes(done.stderr)
        return done.returncode == 0

    def _run_once(self, program: Program, arguments: tuple[str, ...]) -> Verdict:
        limit = self.harness.limits.get(program.name, 600)
        with open(self.log, "w+b") as log:
            process = subprocess.Popen(
                [f"./{program.name}", *arguments], cwd=self.directory, stdout=log,
                stderr=subprocess.STDOUT, preexec_fn=lambda: set_limits(limit))
            try:
                status = process.wait(timeout=WALL_PER_PROCESSOR_TIME * limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return Verdict("timeout", program.name, "wall time")
            if status == 0:
                return Verdict("survived", program.name)
            log.seek(0)
            text = log.read()[-200_000:].decode(errors="replace")
        out_of_time = status in (-24, -9)  # SIGXCPU, SIGKILL
        return Verdict("timeout" if out_of_time else "killed", program.name,
                       killer_of(text, status))


def quick_ones_first(log: str) -> tuple[tuple[str, ...], ...]:
    """Two runs of a GoogleTest program: what is quick, then what took long in this log."""
    times = re.findall(r"^\[       OK \] ([\w./]+).*\((\d+) ms\)", log, re.MULTILINE)
    slow = ":".join(name for name, ms in times if int(ms) >= SLOW_MS)
    if not slow:
        return GTEST_RUN
    return ((*GTEST_RUN[0], f"--gtest_filter=-{slow}"), (*GTEST_RUN[0], f"--gtest_filter={slow}"))


def set_limits(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def killer_of(log: str, status: int) -> str:
    """The test that failed, or that was running when the program died; the simulator's seed."""
    if failed := re.search(r"^\[  FAILED  \] ([\w./]+)", log, re.MULTILINE):
        return failed.group(1)
    if seed := re.search(r"^(?:honest |hostile )?seed \d+: .*", log, re.MULTILINE):
        return seed.group()
    running = re.findall(r"^\[ RUN      \] ([\w./]+)", log, re.MULTILINE)
    how = f"signal {-status}" if status < 0 else f"status {status}"
    return f"{running[-1]} ({how})" if running else how
