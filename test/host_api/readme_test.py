#!/usr/bin/env python3
"""The code that host_api/README.md shows compiles as it stands, and its links lead somewhere.

Usage: readme_test.py SOURCE_DIR CXX_COMPILER
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def compile_block(root, compiler, code):
    with tempfile.NamedTemporaryFile("w", suffix=".cc") as source:
        source.write(code)
        source.flush()
        command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                   "-I", str(root / "host_api/include"), source.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    failures = 0
    blocks = 0
    for page in ("host_api/README.md", "host_api/ABI.md", "SECURITY.md"):
        text = (root / page).read_text()
        for code in re.findall(r"```cpp\n(.*?)```", text, re.S):
            blocks += 1
            result = compile_block(root, compiler, code)
            if result.returncode != 0:
                print(f"{page}: a block does not compile:\n{result.stderr}", file=sys.stderr)
                failures += 1
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        for target in re.findall(r"\]\(([^)#:]+)\)", prose):
            if not (root / page).parent.joinpath(target).exists():
                print(f"{page}: {target} does not exist", file=sys.stderr)
                failures += 1
    if blocks == 0:
        print("no code was found: the test is blind", file=sys.stderr)
        failures += 1
    print(f"{blocks} blocks of code, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
