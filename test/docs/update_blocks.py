#!/usr/bin/env python3
"""Brings the blocks of the documents that are marked `from:` up to date with their sources.

    update_blocks.py            # rewrites the pages that are behind
"""
import re
import sys

from documents import ROOT, pages, read, source_of

MARKED = re.compile(r"(<!-- from: (.*?) -->\n```\w+\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def updated(text: str) -> str:
    return MARKED.sub(lambda it: it.group(1) + source_of(it.group(2)) + it.group(4), text)


def main() -> int:
    for page in pages():
        text = read(page)
        if (new := updated(text)) != text:
            (ROOT / page).write_text(new)
            print(f"{page}: brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
