#!/usr/bin/env python3
"""Writes a bill of materials (SPDX 2.3, JSON) of an installed tree, from the build that made it.

Which libraries a program needs is read from the program; which headers were compiled into it, and
what was generated, from the build directory (Ninja). Names and versions come from dpkg. The same
tree and build give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sbom_parts.build import Build, BuildError
from sbom_parts.debian import Library, find_owners, library_paths, needed_by

LICENCE = "BSD-3-Clause"
SUPPLIER = "Organization: The Conflux plugin authors"
HOME = "https://spdx.org/spdxdocs/conflux"
EXAMPLE = """example:
  cmake --install build/release --prefix /tmp/tree
  packaging/sbom.py --build build/release --tree /tmp/tree --name conflux --version 0.1.0 \\
    --output conflux.spdx.json
"""


def main() -> int:
    arguments = parse_arguments()
    try:
        document = describe(arguments)
    except (BuildError, OSError, subprocess.CalledProcessError) as error:
        print(f"sbom.py: {error}", file=sys.stderr)
        return 1
    arguments.output.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, metavar="DIR",
                        help="the build directory (CMake with Ninja)")
    parser.add_argument("--tree", type=Path, required=True, metavar="DIR",
                        help="what was installed of it: DESTDIR, or a prefix")
    parser.add_argument("--name", required=True, help="what the tree is called")
    parser.add_argument("--version", required=True)
    parser.add_argument("--created", type=int, default=0, metavar="SECONDS",
                        help="time of the document, as SOURCE_DATE_EPOCH (default 0)")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    return parser.parse_args()


def describe(arguments: argparse.Namespace) -> dict:
    build = Build(arguments.build)
    document = Document(arguments)
    binaries = {}
    for path in shipped_files(arguments.tree, arguments.output):
        file_id = document.add_file(path)
        if is_elf(path) or path.suffix == ".a":
            binaries[file_id] = path
    if not document.files:
        raise BuildError(f"{arguments.tree}: no file in it; install the tree first")
    add_linked_libraries(document, binaries)
    add_compiled_in(document, build, binaries)
    return document.finish()


def shipped_files(tree: Path, output: Path) -> list[Path]:
    """Regular files without the control files of a package and without the document itself."""
    return [path for path in sorted(tree.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.resolve() != output.resolve()
            and path.relative_to(tree).parts[0] != "DEBIAN"]


def is_elf(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def add_linked_libraries(document: Document, binaries: dict[str, Path]) -> None:
    wanted = {file_id: needed_by(path) for file_id, path in binaries.items() if is_elf(path)}
    sonames = sorted({soname for names in wanted.values() for soname in names})
    paths = library_paths(sonames)
    owners = find_owners(sorted(path for path in paths.values() if path))
    for file_id, names in wanted.items():
        for soname in names:
            library = owners.get(paths[soname]) or Library(name=soname)
            package_id = document.add_library(library)
            document.note(package_id, soname)
            document.relate(file_id, "DYNAMIC_LINK", package_id)


def add_compiled_in(document: Document, build: Build, binaries: dict[str, Path]) -> None:
    headers, protos = set(), False
    for path in binaries.values():
        parts = build.parts_of(path.name)
        headers |= parts.foreign_headers
        protos = protos or parts.has_generated_messages
        for name in parts.third_party:
            vendored_id = document.add_vendored(name, *build.origin_of(name))
            document.relate(vendored_id, "BUILD_DEPENDENCY_OF", document.main_id)
    for library in sorted(set(find_owners(sorted(headers)).values())):
        document.relate(document.add_library(library), "BUILD_DEPENDENCY_OF", document.main_id)
    tools = [build.compiler, *(build.message_compilers if protos else [])]
    for library in sorted(set(find_owners(tools).values()) if binaries else ()):
        document.relate(document.add_library(library), "BUILD_TOOL_OF", document.main_id)


class Document:
    """An SPDX document that grows. Ids are made of names, so that they stay the same."""

    def __init__(self, arguments: argparse.Namespace):
        self._arguments = arguments
        self.main_id = spdx_id("Package", arguments.name)
        self.files: list[dict] = []
        self._packages: dict[str, dict] = {}
        self._sonames: dict[str, set[str]] = {}
        self._relationships: set[tuple[str, str, str]] = set()

    def add_file(self, path: Path) -> str:
        name = "./" + str(path.relative_to(self._arguments.tree))
        content = path.read_bytes()
        file_id = spdx_id("File", name.removeprefix("./"))
        self.files.append({
            "SPDXID": file_id, "fileName": name,
            # Who reads the format demands SHA1; nobody should trust it.
            "checksums": [
                {"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}],
            "licenseConcluded": "NOASSERTION", "licenseInfoInFiles": ["NOASSERTION"],
            "copyrightText": "NOASSERTION"})
        self.relate(self.main_id, "CONTAINS", file_id)
        return file_id

    def add_library(self, library: Library) -> str:
        entry = package_entry(library.name, library.version or "NOASSERTION", library.licence)
        if library.purl:
            add_purl(entry, library.purl)
        if library.source:
            entry["sourceInfo"] = f"Debian source package {library.source}"
        return self._packages.setdefault(entry["SPDXID"], entry)["SPDXID"]

    def add_vendored(self, name: str, origin: str, version: str) -> str:
        entry = package_entry(name, version, "Apache-2.0")
        entry["comment"] = f"In this source: third_party/{name}, with its SHA256SUMS."
        add_purl(entry, f"pkg:npm/{origin.replace('@', '%40')}@{version}")
        return self._packages.setdefault(entry["SPDXID"], entry)["SPDXID"]

    def note(self, package_id: str, soname: str) -> None:
        self._sonames.setdefault(package_id, set()).add(soname)

    def relate(self, one: str, how: str, other: str) -> None:
        self._relationships.add((one, how, other))

    def finish(self) -> dict:
        for package_id, sonames in self._sonames.items():
            self._packages[package_id]["comment"] = "Linked: " + ", ".join(sorted(sonames))
        self.relate("SPDXRef-DOCUMENT", "DESCRIBES", self.main_id)
        created = datetime.fromtimestamp(self._arguments.created, timezone.utc)
        return {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"{self._arguments.name}-{self._arguments.version}",
            "documentNamespace": f"{HOME}/{self._arguments.name}-{self._arguments.version}-"
                                 f"{self._verification_code()}",
            "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                             "creators": ["Tool: conflux-sbom", SUPPLIER]},
            "packages": [self._main_package(),
                         *(self._packages[key] for key in sorted(self._packages))],
            "files": self.files,
            "relationships": [
                {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
                for one, how, other in sorted(self._relationships)],
        }

    def _main_package(self) -> dict:
        entry = package_entry(self._arguments.name, self._arguments.version, LICENCE)
        entry["filesAnalyzed"] = True
        entry["supplier"] = SUPPLIER
        entry["packageVerificationCode"] = {
            "packageVerificationCodeValue": self._verification_code()}
        entry["licenseInfoFromFiles"] = ["NOASSERTION"]
        return entry

    def _verification_code(self) -> str:
        # Spec: SPDX 2.3, 7.9.
        digests = sorted(file["checksums"][0]["checksumValue"] for file in self.files)
        return hashlib.sha1("".join(digests).encode()).hexdigest()


def package_entry(name: str, version: str, licence: str) -> dict:
    return {"SPDXID": spdx_id("Package", name), "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": licence,
            "copyrightText": "NOASSERTION"}


def add_purl(entry: dict, purl: str) -> None:
    entry["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": purl}]


def spdx_id(kind: str, name: str) -> str:
    """Letters, digits, dots and dashes only; a digest keeps apart what looks alike then."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
    if readable != name:
        readable += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"SPDXRef-{kind}-{readable}"


if __name__ == "__main__":
    sys.exit(main())
