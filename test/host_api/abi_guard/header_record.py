#!/usr/bin/env python3
"""Keeps the contract's headers in step with the version of the ABI and with CHANGELOG.md.

header_record.json names, for each version, the digest of the headers (without comments and white
space) and what its line in CHANGELOG.md must contain. Headers that differ from the record of their
own version are a change that nobody announced: `check` fails and says what to do.
"""

import argparse
import hashlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LITERAL_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/',
                                re.DOTALL)
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|[^\w\s]')
HOW_TO_CHANGE = """\
A change of the contract needs, in one commit:
  1. MPATH_ABI_MINOR + 1 in host_api/include/mpath/base.h (what was released stays as it is: new
     things go to the end; MPATH_ABI_MAJOR + 1 if that is impossible. host_api/ABI.md, section 4)
  2. a line in CHANGELOG.md that names the version: "mpath ABI {next}: ..."
  3. test/host_api/golden_layout.h: the new fields and sizes
  4. test/host_api/abi_guard/header_record.py --record
  5. test/host_api/abi_guard/witness_abi.py --update-baseline"""


@dataclass
class Tree:
    """The files that are held against each other."""
    headers: Path = ROOT / "host_api/include/mpath"
    changelog: Path = ROOT / "CHANGELOG.md"
    record: Path = ROOT / "test/host_api/abi_guard/header_record.json"


def normalised(code: str) -> str:
    """The tokens, without comments and layout; each directive on a line of its own. Equal text
    means equal meaning."""
    code = LITERAL_OR_COMMENT.sub(
        lambda match: " " if match.group().startswith("/") else match.group(), code)
    lines = (" ".join(TOKEN.findall(line)) for line in code.replace("\\\n", " ").split("\n"))
    # A directive ends with its line; everywhere else the end of a line is a blank.
    return "".join(f"\n{line}\n" if line.startswith("#") else f"{line} " for line in lines if line)


def digest(headers: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(headers.glob("*.h")):
        total.update(f"{path.name}\n{normalised(path.read_text())}\n".encode())
    return total.hexdigest()


def version(headers: Path) -> str:
    base = (headers / "base.h").read_text()
    numbers = [re.search(rf"^#define MPATH_ABI_{part} (\d+)u?$", base, re.M)
               for part in ("MAJOR", "MINOR")]
    if None in numbers:
        raise ValueError(f"{headers}/base.h does not define MPATH_ABI_MAJOR and MPATH_ABI_MINOR")
    return ".".join(number.group(1) for number in numbers)


def changelog_words(of_version: str) -> str:
    return f"mpath ABI {of_version}"


def has_changelog_line(changelog: Path, words: str) -> bool:
    return re.search(rf"^[-*] .*{re.escape(words)}(?![.\d])", changelog.read_text(), re.M) is not None


def after(of_version: str) -> str:
    major, minor = of_version.split(".")
    return f"{major}.{int(minor) + 1}"


def as_numbers(of_version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in of_version.split("."))


def check(tree: Tree) -> list[str]:
    """What is wrong, as texts for people; empty if headers, record and changelog agree."""
    recorded = json.loads(tree.record.read_text())
    newest = recorded[-1]
    now, current = version(tree.headers), digest(tree.headers)
    how = HOW_TO_CHANGE.format(next=after(newest["version"]))
    if as_numbers(now) < as_numbers(newest["version"]):
        return [f"The headers say ABI {now}, but {newest['version']} was recorded: versions do not "
                f"go back.\n{how}"]
    problems = []
    if now == newest["version"] and current != newest["digest"]:
        problems.append(f"The headers have changed, but they still say ABI {now}.\n{how}")
    if now != newest["version"]:
        problems.append(f"The headers say ABI {now}, which is not in header_record.json (newest: "
                        f"{newest['version']}). Run header_record.py --record.\n{how}")
    for entry in [*recorded, {"version": now, "changelog": changelog_words(now)}]:
        if not has_changelog_line(tree.changelog, entry["changelog"]):
            problem = (f'CHANGELOG.md has no line that says "{entry["changelog"]}": users of ABI '
                       f"{entry['version']} must be told what is new.")
            if problem not in problems:
                problems.append(problem)
    return problems


def record(tree: Tree) -> str:
    """Adds the headers' version. Raises ValueError if it is not new or not announced."""
    recorded = json.loads(tree.record.read_text())
    now = version(tree.headers)
    if recorded and as_numbers(now) <= as_numbers(recorded[-1]["version"]):
        raise ValueError(f"ABI {now} is recorded already: raise MPATH_ABI_MINOR in base.h first")
    if not has_changelog_line(tree.changelog, changelog_words(now)):
        raise ValueError(f'CHANGELOG.md has no line that says "{changelog_words(now)}": add it first')
    recorded.append({"version": now, "digest": digest(tree.headers),
                     "changelog": changelog_words(now)})
    tree.record.write_text(json.dumps(recorded, indent=2) + "\n")
    return now


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=HOW_TO_CHANGE.format(next="1.1") + "\n\nexamples:\n  header_record.py            "
        "check; status 1 and advice if it fails\n  header_record.py --record   note a new version")
    parser.add_argument("--record", action="store_true", help="add the headers' version")
    arguments = parser.parse_args()
    tree = Tree()
    if arguments.record:
        try:
            print(f"recorded ABI {record(tree)}; commit header_record.json with the headers")
        except ValueError as error:
            print(f"header_record.py: {error}", file=sys.stderr)
            return 1
        return 0
    problems = check(tree)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"the headers are those of ABI {version(tree.headers)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
