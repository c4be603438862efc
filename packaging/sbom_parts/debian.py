"""What dpkg and the dynamic linker know: who owns a file, and what a soname is."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Licences of the libraries themselves, by Debian's source package: of what is linked or included,
# not of their build scripts and tests, which Debian's copyright files list along with it.
_LICENCES = {
    "abseil": "Apache-2.0",
    "boost1.74": "BSL-1.0",
    "cli11": "BSD-3-Clause",
    "fmtlib": "MIT",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "grpc": "Apache-2.0",
    "linux": "GPL-2.0-only WITH Linux-syscall-note",
    "ncurses": "X11-distribute-modifications-variant",
    "nlohmann-json3": "MIT",
    "openssl": "Apache-2.0",
    "protobuf": "BSD-3-Clause",
    "yaml-cpp": "MIT",
}
_CHUNK = 500


@dataclass(frozen=True, order=True)
class Library:
    name: str
    version: str = ""
    source: str = ""
    architecture: str = ""

    @property
    def licence(self) -> str:
        return _LICENCES.get(self.source, "NOASSERTION")

    @property
    def purl(self) -> str:
        if not self.version:
            return ""
        version = self.version.replace("+", "%2B").replace(":", "%3A")
        name = self.name.replace("+", "%2B")
        return f"pkg:deb/debian/{name}@{version}?arch={self.architecture}"


def needed_by(path: Path) -> list[str]:
    """Sonames that an ELF file asks the dynamic linker for."""
    text = _run("readelf", "-d", str(path))
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", text)


def library_paths(sonames: list[str]) -> dict[str, str]:
    """Where the linker finds each of them here; empty where it does not."""
    cache = {}
    for line in _run("/sbin/ldconfig", "-p").splitlines():
        if match := re.match(r"\s+(\S+) \(.*\) => (\S+)", line):
            cache.setdefault(match.group(1), str(Path(match.group(2)).resolve()))
    return {soname: cache.get(soname, "") for soname in sonames}


def find_owners(paths: list[str]) -> dict[str, Library]:
    """The package that each file belongs to; files that belong to none are left out."""
    by_path = {}
    for start in range(0, len(paths), _CHUNK):
        chunk = {_normal(path): path for path in paths[start:start + _CHUNK]}
        for name, found in _search([*chunk, *map(_other_usr, chunk)]):
            original = chunk.get(found) or chunk.get(_other_usr(found))
            if original:
                by_path[original] = name
    facts = _query(sorted(set(by_path.values())))
    return {path: facts[name] for path, name in by_path.items() if name in facts}


def _normal(path: str) -> str:
    return str(Path(path).resolve())


def _other_usr(path: str) -> str:
    """Debian 12 lists some files of /usr/lib as of /lib."""
    return path.removeprefix("/usr") if path.startswith("/usr/") else "/usr" + path


def _search(paths: list[str]) -> list[tuple[str, str]]:
    run = subprocess.run(["dpkg-query", "-S", "--", *paths], capture_output=True, text=True,
                         check=False)  # fails if any of them is unknown
    pairs = []
    for line in run.stdout.splitlines():
        names, _, path = line.rpartition(": ")
        if names and not names.startswith("diversion by"):
            pairs.append((names.split(", ")[0], path))
    return pairs


def _query(names: list[str]) -> dict[str, Library]:
    if not names:
        return {}
    form = "${binary:Package}\t${Package}\t${Version}\t${source:Package}\t${Architecture}\n"
    rows = (line.split("\t") for line in _run("dpkg-query", "-W", "-f", form, *names).splitlines())
    facts = {}
    for full, name, version, source, architecture in rows:
        library = Library(name, version, source, architecture)
        facts[full] = facts[name] = facts[f"{name}:{architecture}"] = library
    return facts


def _run(*command: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return run.stdout
