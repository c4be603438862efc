"""Markdown, as far as the tests of the documents need it: fenced blocks with the marker before
them, links, anchors, and regions of source files."""
import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MARKER = re.compile(r"<!-- (run|seen|from)(?:: (.*?))? -->\n\Z")
THIRD_PARTY = "third_party"
UNTRACKED = ("build", "results", ".git")


@dataclass
class Block:
    page: str
    line: int
    language: str
    text: str
    marker: str  # "", "run", "seen" or "from"
    argument: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        """Its first line, which names it in the tables."""
        return next((it.strip() for it in self.text.splitlines() if it.strip()), "")


@functools.cache
def tracked_files() -> tuple[str, ...]:
    listed = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True,
                            check=False)
    if listed.returncode == 0:
        return tuple(listed.stdout.splitlines())
    return tuple(str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.is_file() and path.relative_to(ROOT).parts[0] not in UNTRACKED)


def pages() -> list[str]:
    return sorted(it for it in tracked_files()
                  if it.endswith(".md") and THIRD_PARTY not in it and (ROOT / it).exists())


def read(page: str) -> str:
    return (ROOT / page).read_text()


def blocks_of(page: str, text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        above = text[:match.start()].splitlines(keepends=True)[-1:]
        marker = MARKER.match("".join(above))
        kind, argument = (marker.group(1), marker.group(2) or "") if marker else ("", "")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match.group(1), match.group(2), kind, argument))
    return found


def prose_of(text: str) -> str:
    """Without fenced blocks, lines kept."""
    return FENCE.sub(lambda match: "\n" * match.group().count("\n"), text)


def anchors_of(text: str) -> set[str]:
    """As GitHub makes them of headings: lower case, words joined by dashes."""
    anchors: set[str] = set()
    seen: dict[str, int] = {}
    for title in re.findall(r"^#{1,6} (.+?)\s*$", prose_of(text), re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = seen[anchor] = seen.get(anchor, -1) + 1
        anchors.add(f"{anchor}-{count}" if count else anchor)
    return anchors


def region(path: Path, symbol: str) -> str:
    """The definition of a function: from the line that begins it to the brace that ends it, in the
    column where it began. Code that is laid out by a formatter needs no parser."""
    lines = path.read_text().splitlines()
    name = re.escape(symbol)
    begin = re.compile(rf"( *)(?:pub )?fn {name}\b" if path.suffix == ".rs"
                       else rf"()[^\s/#].*\b{name}\(")
    for start, line in enumerate(lines):
        match = begin.match(line)
        if match is None or line.endswith(";"):
            continue
        indent = match.group(1)
        end = lines.index(indent + "}", start)
        return "".join(it.removeprefix(indent) + "\n" for it in lines[start:end + 1])
    raise LookupError(f"{path}: no definition of {symbol}")


def source_of(argument: str) -> str:
    """What a block marked `from: FILE SYMBOL...` must be."""
    file, *symbols = argument.split()
    return "\n".join(region(ROOT / file, symbol) for symbol in symbols)
