#!/usr/bin/env python3
"""Chooses few inputs that together reach most of what all inputs reach, and copies them.

usage: choose_inputs.py CONTROL-FILE FOLDER [--files N] [--bytes N]

Reads what libFuzzer wrote with -merge_control_file. Takes the input that reaches most new code, the
smaller one of equals, and again, until nothing is new or a limit is reached. Files in FOLDER that
have a name of their own, not a digest, are seeds that somebody wrote: they stay, and count.

example: choose_inputs.py build/fuzz/tunnel.merge test/fuzz/corpus/tunnel --files 24
"""

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

DIGEST = re.compile(r"[0-9a-f]{40}")


@dataclass
class Input:
    path: Path
    size: int = 0
    features: set[int] = field(default_factory=set)


def read_control(path: Path) -> list[Input]:
    """Its first line counts the inputs, the second those of the first folder; then come their
    names, then lines `STARTED index size` and `FT index feature...`."""
    lines = path.read_text().splitlines()
    count = int(lines[0])
    inputs = [Input(Path(name)) for name in lines[2:2 + count]]
    for line in lines[2 + count:]:
        word, *numbers = line.split()
        if word == "STARTED":
            inputs[int(numbers[0])].size = int(numbers[1])
        elif word == "FT":
            inputs[int(numbers[0])].features.update(map(int, numbers[1:]))
    return inputs


def is_seed(path: Path, folder: Path) -> bool:
    return path.parent.resolve() == folder.resolve() and not DIGEST.fullmatch(path.name)


def choose(inputs: list[Input], seeds: list[Input], most_files: int,
           most_bytes: int) -> list[Input]:
    chosen = list(seeds)
    reached: set[int] = set().union(*(it.features for it in seeds))
    used = sum(it.size for it in seeds)
    while len(chosen) < most_files:
        fitting = [it for it in inputs if used + it.size <= most_bytes]
        if not fitting:
            break
        best = max(fitting, key=lambda it: (len(it.features - reached), -it.size))
        if not best.features - reached:
            break
        chosen.append(best)
        reached |= best.features
        used += best.size
    everything: set[int] = set().union(*(it.features for it in inputs))
    print(f"{len(chosen)} of {len(inputs)} inputs, {used} bytes, "
          f"reach {len(reached)} of {len(everything)} edges")
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("control", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--bytes", type=int, default=48_000)
    arguments = parser.parse_args()
    inputs = read_control(arguments.control)
    seeds = [it for it in inputs if is_seed(it.path, arguments.folder)]
    chosen = choose(inputs, seeds, arguments.files, arguments.bytes)
    if not chosen:
        print("choose_inputs: no input reaches anything; the corpus is left as it is",
              file=sys.stderr)
        return 1
    contents = [it.path.read_bytes() for it in chosen[len(seeds):]]
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for old in arguments.folder.iterdir():
        if DIGEST.fullmatch(old.name):
            old.unlink()
    for content in contents:
        (arguments.folder / hashlib.sha1(content).hexdigest()).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
