#!/usr/bin/env python3
"""The kit's table of requirements and the one in ABI.md, section 5, say the same.

Usage: requirements_test.py VALIDATE ABI_MD

The same ids with the same texts. Each requirement of a plugin has a check, or a reason why it cannot
be checked, and not both. What ABI.md says after `mpath-validate` in the last column (names, or
patterns such as `legs.*`) matches just the checks that prove the requirement.
"""
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

ROW = re.compile(r"^\| (MPATH-[PH]-\d+) \| (.*) \|$", re.MULTILINE)
PATTERNS = re.compile(r"`mpath-validate ([^`]+)`")


def coverage(validate):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "coverage.json")
        subprocess.run([validate, "--requirements", "--json", path], check=True)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def rows(text):
    """id -> (what is required, checked by)"""
    found = {}
    for requirement, rest in ROW.findall(text):
        columns = rest.split(" | ")
        found[requirement] = (columns[0].replace("`", ""), columns[-1])
    return found


def check_coverage(entry):
    if not entry["id"].startswith("MPATH-P-"):
        looked_after = entry["probe"] or entry["layer"] or entry["not_checkable"]
        return [] if looked_after else ["neither probe nor check layer looks after it, nor does it "
                                        "say why"]
    if bool(entry["checks"]) == bool(entry["not_checkable"]):
        return ["needs checks, or a reason why there are none, and not both"]
    return []


def check_patterns(entry, checked_by):
    patterns = [word for words in PATTERNS.findall(checked_by) for word in words.split()]
    matched = {name for name in entry["checks"]
               if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)}
    problems = [f"ABI.md does not name {name}" for name in sorted(set(entry["checks"]) - matched)]
    problems += [f"ABI.md names {pattern}, which proves nothing of it" for pattern in patterns
                 if not any(fnmatch.fnmatchcase(name, pattern) for name in entry["checks"])]
    return problems


def main():
    validate, abi_md = sys.argv[1:]
    with open(abi_md, encoding="utf-8") as file:
        documented = rows(file.read())
    table = coverage(validate)
    problems = []
    if [entry["id"] for entry in table] != list(documented):
        problems.append("the ids differ, or their order")
    for entry in table:
        text, checked_by = documented.get(entry["id"], ("", ""))
        found = check_coverage(entry) + check_patterns(entry, checked_by)
        if text != entry["text"]:
            found.append(f"reads \"{entry['text']}\" in the kit and \"{text}\" in ABI.md")
        problems += [f"{entry['id']}: {problem}" for problem in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(table)} requirements, {len(problems)} problems")
    return 1 if problems or not table else 0


if __name__ == "__main__":
    sys.exit(main())
