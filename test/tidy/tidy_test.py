"""Rules of the house that a compiler does not check: sizes, words, and which way includes go."""

import ast
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SOURCE_LINES = 500
HEADER_LINES = 300
FUNCTION_LINES = 60
# Files that may be longer, and why.
LONGER = {
    "host_api/include/mpath/plugin.hpp": 450,  # the whole C++ layer, header only on purpose
}

CXX_SUFFIXES = {".c", ".cc", ".h", ".hpp"}
HEADER_SUFFIXES = {".h", ".hpp"}
CODE_SUFFIXES = CXX_SUFFIXES | {".py", ".sh", ".cmake"}

# What each directory may include, beside itself and the libraries of the system.
INCLUDES = {
    "plugin/types": [],
    "plugin/codec": ["plugin/types"],
    "plugin/sched": ["plugin/types"],
    "plugin/core": ["plugin/types", "plugin/codec", "plugin/sched"],
    "plugin/region": [],
    "plugin/metrics": ["plugin/types", "plugin/sched", "plugin/core", "plugin/region", "config"],
    "plugin/sidecar": ["plugin/region", "config"],
    "plugin/sidecar/client": [],
    "plugin/sidecar/ctl": ["plugin/sidecar/client", "plugin/sidecar/model", "plugin/region",
                           "config"],
    "plugin/sidecar/ctl/top": ["plugin/sidecar/client", "plugin/sidecar/model",
                               "plugin/sidecar/ctl/format.h"],
    "plugin/adapters": ["plugin/types", "plugin/sched", "plugin/core", "plugin/region", "config"],
    "plugin/abi": ["plugin/types", "plugin/codec", "plugin/sched", "plugin/core",
                   "plugin/metrics", "plugin/region", "plugin/adapters"],
    "host_api": [],
    "config": [],
    "examples/minimal_host": [],
    "examples/onion_proxy": ["config"],
    "examples/scheduler_lab": ["config", "examples/onion_proxy/circuit"],
}
# Libraries that belong in some places only.
LIBRARIES = {
    "openssl/": ["plugin/types/nonce.cc", "plugin/region/", "plugin/abi/", "plugin/sidecar/serve/", "host_api/src/", "examples/", "test/"],
    "yaml-cpp/": ["config/", "test/"],
    "boost/": ["plugin/core/leg_set.h", "plugin/core/out_of_order_queue.h", "host_api/src/", "examples/", "plugin/sidecar/", "test/"],
}
# The core decides; it does not look at clocks, threads, files or the environment.
PURE_RINGS = ("plugin/types/", "plugin/codec/", "plugin/sched/", "plugin/core/")
IMPURE = re.compile(r"\b(steady_clock|system_clock|high_resolution_clock|sleep_for|sleep_until"
                    r"|s?rand|random_device|getenv|iostream|fstream|thread|mutex|atomic"
                    r"|gettimeofday|clock_gettime)\b")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(home|root|work|Users)/\w")

COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not re.match(r"(build|results|\.git)\b", str(path.relative_to(ROOT)))]
    return [name for name in names if name and (ROOT / name).is_file()]


FILES = tracked_files()


def files(suffixes: set[str], prefixes: tuple[str, ...] = ("",)) -> list[str]:
    return [name for name in FILES
            if Path(name).suffix in suffixes and name.startswith(prefixes)]


def read(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


def without_comments(code: str) -> str:
    """Comments and strings blanked, lines kept."""
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)


def cxx_functions(code: str) -> list[tuple[int, int]]:
    """(first line, lines) of each function, by the layout that clang-format gives: a body ends in
    a lone brace under the first line of its signature."""
    lines = code.split("\n")
    found = []
    for end, line in enumerate(lines):
        match = re.fullmatch(r"( {0,2})}", line)
        if not match:
            continue
        indent = match.group(1)
        start = end - 1
        while start > 0 and not re.match(rf"{indent}[^\s#}}]", lines[start]):
            start -= 1
        if re.match(rf"{indent}(template|requires)\b", lines[start - 1]):
            start -= 1
        found.append((start + 1, end - start + 1))
    return found


class Tidy(unittest.TestCase):
    def report(self, problems: list[str]) -> None:
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_files_stay_within_their_budget(self):
        problems = []
        for name in files(CXX_SUFFIXES | {".py"}):
            budget = HEADER_LINES if Path(name).suffix in HEADER_SUFFIXES else SOURCE_LINES
            budget = LONGER.get(name, budget)
            lines = read(name).count("\n")
            if lines > budget:
                problems.append(f"{name}: {lines} lines, at most {budget}")
        self.report(problems)

    def test_functions_stay_within_their_budget(self):
        problems = []
        for name in files(CXX_SUFFIXES):
            for line, length in cxx_functions(without_comments(read(name))):
                if length > FUNCTION_LINES:
                    problems.append(f"{name}:{line}: {length} lines, at most {FUNCTION_LINES}")
        for name in files({".py"}):
            for node in ast.walk(ast.parse(read(name))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > FUNCTION_LINES:
                        problems.append(f"{name}:{node.lineno}: {length} lines, "
                                        f"at most {FUNCTION_LINES}")
        self.report(problems)

    def test_the_core_knows_no_clock_thread_or_environment(self):
        problems = []
        for name in files(CXX_SUFFIXES, PURE_RINGS):
            for number, line in enumerate(without_comments(read(name)).split("\n"), 1):
                if match := IMPURE.search(line):
                    problems.append(f"{name}:{number}: {match.group()}")
        self.report(problems)

    def test_nothing_is_left_unfinished(self):
        problems = []
        for name in files(CODE_SUFFIXES | {".md", ".yaml", ".txt"}):
            for number, line in enumerate(read(name).split("\n"), 1):
                if match := UNFINISHED.search(line):
                    problems.append(f"{name}:{number}: {match.group()}")
        self.report(problems)

    def test_includes_go_one_way(self):
        problems = []
        for ring, others in INCLUDES.items():
            allowed = [ring, *others]
            for name in files(CXX_SUFFIXES, (ring + "/",)):
                for header in re.findall(r'^#include "([^"]+)"', read(name), re.MULTILINE):
                    local = header.startswith("mpath/") or "/" not in header
                    places = tuple(it if it.endswith(".h") else f"{it}/" for it in allowed)
                    if not local and not header.startswith(places):
                        problems.append(f"{name} includes {header}; allowed: {', '.join(allowed)}")
        self.report(problems)

    def test_libraries_stay_where_they_belong(self):
        problems = []
        for name in files(CXX_SUFFIXES):
            for header in re.findall(r"^#include <([^>]+)>", read(name), re.MULTILINE):
                for library, places in LIBRARIES.items():
                    if header.startswith(library) and not name.startswith(tuple(places)):
                        problems.append(f"{name} includes <{header}>; allowed in {places}")
        self.report(problems)

    def test_nothing_names_a_path_of_one_machine(self):
        problems = []
        for name in files(CODE_SUFFIXES | {".md", ".yaml", ".json", ".txt"}):
            for number, line in enumerate(read(name).split("\n"), 1):
                if match := MACHINE_PATH.search(line):
                    problems.append(f"{name}:{number}: {match.group()}...")
        self.report(problems)


class TheRulesThemselves(unittest.TestCase):
    """Each rule that works by looking at text must see what it looks for."""

    def test_a_long_function_is_measured(self):
        body = "".join(f"  step({i});\n" for i in range(70))
        self.assertEqual(cxx_functions(f"int a;\n\nvoid f(int x,\n       int y) {{\n{body}}}\n"),
                         [(3, 73)])

    def test_a_member_function_is_measured(self):
        code = "class A {\n public:\n  void f() {\n    step();\n    step();\n  }\n};\n"
        self.assertEqual(cxx_functions(code), [(3, 4)])

    def test_words_in_comments_are_no_code(self):
        self.assertIsNone(IMPURE.search(without_comments("int a;  // one thread at a time")))
        self.assertIsNotNone(IMPURE.search(without_comments("std::mutex guard;")))


if __name__ == "__main__":
    unittest.main()
