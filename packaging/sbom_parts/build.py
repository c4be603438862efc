"""What a build directory knows: objects of a program, and headers of an object."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_MESSAGE_COMPILERS = ("protoc", "grpc_cpp_plugin")
_ORIGIN = re.compile(r"^\| origin \| npm package `([^`]+)` ([0-9.]+)", re.M)
_THIRD_PARTY = re.compile(r"/third_party/([^/]+)/")


class BuildError(Exception):
    """The build directory does not tell what is asked."""


@dataclass
class Parts:
    """What went into one program or library, beside the project's own sources."""

    foreign_headers: set[str] = field(default_factory=set)
    third_party: set[str] = field(default_factory=set)
    has_generated_messages: bool = False


class Build:
    """A build directory of CMake and Ninja, built."""

    def __init__(self, directory: Path):
        self._directory = directory.resolve()
        cache = self._directory / "CMakeCache.txt"
        if not (self._directory / "build.ninja").is_file() or not cache.is_file():
            raise BuildError(f"{directory}: no build by CMake and Ninja; configure with -G Ninja")
        self._cache = dict(re.findall(r"^([^#/:\s]+):[A-Z]+=(.*)$", cache.read_text(), re.M))
        self._source = Path(self._cache["CMAKE_HOME_DIRECTORY"]).resolve()

    @property
    def compiler(self) -> str:
        return str(Path(self._cache["CMAKE_CXX_COMPILER"]).resolve())

    @property
    def message_compilers(self) -> list[str]:
        found = [shutil.which(name) for name in _MESSAGE_COMPILERS]
        return [str(Path(path).resolve()) for path in found if path]

    def origin_of(self, third_party: str) -> tuple[str, str]:
        """The npm package that it was taken from and its version, as its README.md has them."""
        for readme in self._source.glob(f"**/third_party/{third_party}/README.md"):
            if match := _ORIGIN.search(readme.read_text()):
                return match.group(1), match.group(2)
        raise BuildError(f"third_party/{third_party}/README.md: no row `origin` with an npm "
                         "package and its version")

    def parts_of(self, file_name: str) -> Parts:
        """Of the program, plugin or archive with that name; nothing if the build has none."""
        parts = Parts()
        for target in self._targets.get(file_name, ()):
            for item in self._ninja("-t", "inputs", target).splitlines():
                self._add_input(item.strip(), parts)
        return parts

    def _add_input(self, item: str, parts: Parts) -> None:
        if match := _THIRD_PARTY.search(item):
            if item.endswith(".proto"):
                parts.third_party.add(match.group(1))
        if item.endswith(".o"):
            parts.has_generated_messages |= ".pb." in item
            parts.foreign_headers |= self._headers.get(item, set())

    @cached_property
    def _targets(self) -> dict[str, list[str]]:
        """Linked files by name."""
        targets: dict[str, list[str]] = {}
        for line in self._ninja("-t", "targets", "all").splitlines():
            path, _, rule = line.partition(": ")
            if "LINKER" in rule:
                targets.setdefault(Path(path).name, []).append(path)
        return targets

    @cached_property
    def _headers(self) -> dict[str, set[str]]:
        """Headers of each object that are not the project's."""
        headers: dict[str, set[str]] = {}
        current: set[str] = set()
        ours = (str(self._source) + "/", str(self._directory) + "/")
        for line in self._ninja("-t", "deps").splitlines():
            if line.startswith("    "):
                path = line.strip()
                if path.startswith("/") and not path.startswith(ours):
                    current.add(path)
            elif ": #deps" in line:
                current = headers.setdefault(line.split(": #deps")[0], set())
        return headers

    def _ninja(self, *arguments: str) -> str:
        run = subprocess.run(["ninja", "-C", str(self._directory), *arguments], text=True,
                             capture_output=True, check=False)
        if run.returncode != 0:
            raise BuildError(f"ninja {' '.join(arguments)}: {run.stdout}{run.stderr}".strip())
        return run.stdout
