#!/usr/bin/env python3
"""Shows the contract's headers to Doxygen as it wants to see them; the headers stay as they are.

    filter.py FILE          # prints FILE; Doxygen calls it so (FILTER_PATTERNS)

A comment above a declaration, or behind it on its line, becomes documentation. In pages links that
lead out of the reference become plain words.
"""
import re
import sys
from pathlib import Path

# A comment above two and more numbers is about all of them.
NUMBERS = re.compile(r"^/\*((?:[^*]|\*(?!/))*)\*/\n((?:#define [A-Z][^\n]*\n(?: [^\n]*\n)*){2,})",
                     re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\(((?!https:)[^)]*)\)")


def group(match: re.Match) -> str:
    words = " ".join(match.group(1).replace("\n *", " ").replace("`", "").split())
    return f"/** @name {words} */\n/** @{{ */\n{match.group(2)}/** @}} */\n"


def c_header(text: str) -> str:
    out, inside = [], False
    text = NUMBERS.sub(group, text)
    for line in text.split("\n"):
        stripped = line.lstrip()
        if inside:
            inside = "*/" not in line
        elif stripped.startswith("/*"):
            line = re.sub(r"/\*+", "/**", line, count=1)
            inside = "*/" not in line
        elif "/*" in line and not line.rstrip().endswith("\\"):
            line = line.replace("/*", "/**<", 1)
            inside = "*/" not in line
        out.append(line)
    return "\n".join(out)


def cxx_header(text: str) -> str:
    out, trailing = [], False
    for line in text.split("\n"):
        match = re.match(r"(.*?)(?<![:\w])//(?!/)(.*)", line)
        if match is None or '"' in match.group(1):
            trailing = False
        elif match.group(1).strip():
            line, trailing = f"{match.group(1)}///<{match.group(2)}", True
        else:
            # A comment below one behind code, in its column, goes on with it.
            mark = "///<" if trailing else "///"
            line = f"{match.group(1)}{mark}{match.group(2)}"
        out.append(line)
    return "\n".join(out)


def with_file(text: str, opening: str, following: str) -> str:
    """`/* mpath/base.h - words` begins every header: it is about the file."""
    return re.sub(rf"^{re.escape(opening)} (mpath/\S+) - ",
                  rf"{opening} @file \1\n{following} ", text, count=1)


def page(path: Path, text: str) -> str:
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)

    def target(match: re.Match) -> str:
        words, link = match.groups()
        file = link.split("#")[0]
        inside = file.endswith(".md") and (path.parent / file).exists() and file in KNOWN_PAGES
        return f"[{words}]({file})" if inside else words
    return LINK.sub(target, text)


# Pages that are a part of the reference, as they call each other.
KNOWN_PAGES = {"ABI.md", "embedding/c_event_loop.md", "embedding/cpp_asio.md", "embedding/rust.md"}


def main() -> int:
    path = Path(sys.argv[1])
    text = path.read_text()
    if path.suffix == ".md":
        print(page(path, text), end="")
    elif path.suffix == ".h":
        print(with_file(c_header(text), "/**", " *"), end="")
    else:
        print(with_file(cxx_header(text), "///", "///"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
