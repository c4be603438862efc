#!/usr/bin/env python3
"""ABI.md is true to the tree: its requirements are numbered without gaps, the tests that it names
exist, and every function of the table has its thread and state tags.

Usage: abi_md_test.py SOURCE_DIR
"""
import pathlib
import re
import sys


def defined_tests(root):
    """Names of all GoogleTest and CTest tests under test/."""
    names = set()
    for path in (root / "test").rglob("*.cc"):
        for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", path.read_text()):
            names.add(f"{suite}.{name}")
    for path in (root / "test").rglob("CMakeLists.txt"):
        names.update(re.findall(r"add_test\(NAME\s+([\w.]+)", path.read_text()))
    return names


def table_functions(root):
    header = (root / "host_api/include/mpath/plugin.h").read_text()
    body = header[header.index("typedef struct mpath_plugin_table {"):header.index("} mpath_plugin_table;")]
    return re.findall(r"\(\*(\w+)\)\(", body)


def check_numbers(text, problems):
    for side in "PH":
        found = [int(n) for n in re.findall(rf"^\| MPATH-{side}-(\d+) \|", text, re.M)]
        if not found or found != list(range(1, len(found) + 1)):
            problems.append(f"MPATH-{side} requirements are not numbered 1, 2, 3, ...: {found}")


def check_tests(text, known, problems):
    rows = re.findall(r"^\| (MPATH-[PH]-\d+) \|(.*)\|$", text, re.M)
    for requirement, row in rows:
        checked_by = row.split("|")[-1]
        if not checked_by.strip():
            problems.append(f"{requirement} does not say by what it is checked")
        for name in re.findall(r"`((?:[A-Z]\w+|host_api)\.\w+)`", checked_by):
            if name not in known:
                problems.append(f"{requirement} is checked by {name}, which is no test")


def check_tags(text, functions, problems):
    section = text[text.index("## 2."):text.index("### A tunnel")]
    tagged = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", section, re.M)))
    for function in functions:
        if tagged.count(function) != 1:
            problems.append(f"{function} stands {tagged.count(function)} times among the tags, not once")
    for name in set(tagged) - set(functions):
        problems.append(f"{name} has tags but is no function of the table")


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / "host_api/ABI.md").read_text()
    problems = []
    check_numbers(text, problems)
    check_tests(text, defined_tests(root), problems)
    check_tags(text, table_functions(root), problems)
    for problem in problems:
        print(f"host_api/ABI.md: {problem}", file=sys.stderr)
    print(f"ABI.md: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
