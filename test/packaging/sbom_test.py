"""The bill of materials says what SPDX 2.3 demands, and the truth."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tree import BUILD, ROOT, TREE

# Spec: SPDX 2.3, clauses 6, 7, 8 and 11.
OF_DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo",
               "packages", "files", "relationships"}
OF_PACKAGE = {"SPDXID", "name", "versionInfo", "downloadLocation", "filesAnalyzed",
              "licenseConcluded", "licenseDeclared", "copyrightText"}
OF_FILE = {"SPDXID", "fileName", "checksums", "licenseConcluded", "copyrightText"}
SPDX_ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+\Z")


def write_sbom(output: Path) -> str:
    subprocess.run([sys.executable, "-B", ROOT / "packaging/sbom.py", "--build", BUILD, "--tree",
                    TREE, "--name", "conflux", "--version", "0.1.0", "--created", "1790000000",
                    "--output", output], check=True)
    return output.read_text()


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.text = write_sbom(Path(cls.place.name) / "first.json")
        cls.sbom = json.loads(cls.text)
        cls.packages = {entry["SPDXID"]: entry for entry in cls.sbom["packages"]}
        cls.links = {(entry["spdxElementId"], entry["relationshipType"],
                      entry["relatedSpdxElement"]) for entry in cls.sbom["relationships"]}

    def test_it_is_valid_and_true_and_the_same_every_time(self):
        self.check_required_fields()
        self.check_ids()
        self.check_files()
        self.check_linked_libraries()
        self.check_compiled_in()
        self.assertEqual(write_sbom(Path(self.place.name) / "second.json"), self.text)

    def check_required_fields(self):
        self.assertLessEqual(OF_DOCUMENT, self.sbom.keys())
        self.assertEqual(self.sbom["spdxVersion"], "SPDX-2.3")
        self.assertEqual(self.sbom["dataLicense"], "CC0-1.0")
        self.assertRegex(self.sbom["documentNamespace"], r"\Ahttps://[^#\s]+\Z")
        self.assertEqual(self.sbom["creationInfo"]["created"], "2026-09-21T14:13:20Z")
        self.assertTrue(self.sbom["creationInfo"]["creators"])
        for entry in self.sbom["packages"]:
            self.assertLessEqual(OF_PACKAGE, entry.keys(), entry["name"])
            self.assertTrue(entry["filesAnalyzed"] is False or "packageVerificationCode" in entry)
        for entry in self.sbom["files"]:
            self.assertLessEqual(OF_FILE, entry.keys())

    def check_ids(self):
        ids = [entry["SPDXID"] for entry in self.sbom["packages"] + self.sbom["files"]]
        self.assertEqual(len(ids), len(set(ids)))
        for spdx_id in ids:
            self.assertRegex(spdx_id, SPDX_ID)
        known = {*ids, "SPDXRef-DOCUMENT"}
        for one, _, other in self.links:
            self.assertLessEqual({one, other}, known)
        self.assertIn(("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Package-conflux"), self.links)

    def check_files(self):
        there = {"./" + str(path.relative_to(TREE)) for path in TREE.rglob("*")
                 if path.is_file() and not path.is_symlink()}
        self.assertEqual({entry["fileName"] for entry in self.sbom["files"]}, there)
        for entry in self.sbom["files"]:
            sums = {it["algorithm"]: it["checksumValue"] for it in entry["checksums"]}
            content = (TREE / entry["fileName"]).read_bytes()
            self.assertEqual(sums["SHA1"], hashlib.sha1(content).hexdigest())
            self.assertEqual(sums["SHA256"], hashlib.sha256(content).hexdigest())

    def check_linked_libraries(self):
        """Every NEEDED of every file is told, of a package with a version and a licence."""
        seen = set()
        for entry in self.sbom["files"]:
            path = TREE / entry["fileName"]
            if path.read_bytes()[:4] != b"\x7fELF":
                continue
            dynamic = subprocess.run(["readelf", "-d", path], capture_output=True, text=True,
                                     check=True).stdout
            linked = [self.packages[other] for one, how, other in self.links
                      if one == entry["SPDXID"] and how == "DYNAMIC_LINK"]
            told = {name for it in linked
                    for name in it["comment"].removeprefix("Linked: ").split(", ")}
            needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
            self.assertLessEqual(needed, told, entry["fileName"])
            seen |= needed
            for it in linked:
                self.assertNotIn("NOASSERTION", (it["versionInfo"], it["licenseDeclared"]),
                                 it["name"])
        self.assertIn("libyaml-cpp.so.0.7", seen)

    def check_compiled_in(self):
        parts = {self.packages[one]["name"] for one, how, _ in self.links
                 if how == "BUILD_DEPENDENCY_OF"}
        self.assertLessEqual({"libboost1.74-dev", "nlohmann-json3-dev", "libcli11-dev",
                              "libstdc++-12-dev", "opentelemetry-proto"}, parts)
        tools = {self.packages[one]["name"] for one, how, _ in self.links
                 if how == "BUILD_TOOL_OF"}
        self.assertLessEqual({"g++-12", "protobuf-compiler", "protobuf-compiler-grpc"}, tools)


class Mistakes(unittest.TestCase):
    def test_a_build_that_is_none_is_told(self):
        with tempfile.TemporaryDirectory() as scratch:
            run = subprocess.run(
                [sys.executable, "-B", ROOT / "packaging/sbom.py", "--build", scratch, "--tree",
                 TREE, "--name", "x", "--version", "1", "--output", f"{scratch}/x.json"],
                capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("configure with -G Ninja", run.stderr)


if __name__ == "__main__":
    unittest.main()
