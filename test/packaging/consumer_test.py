"""Somebody else's project builds against the moved tree, and what it builds runs."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tree import CMAKE, TREE, one

CONSUMER = Path(__file__).resolve().parent / "consumer"


class Consumer(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.project = Path(shutil.copytree(CONSUMER, Path(self.place.name) / "consumer"))

    def run_it(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, cwd=self.project, env={**os.environ, **environment},
                              capture_output=True, text=True, check=False)

    def succeeds(self, *command: str, **environment: str) -> str:
        run = self.run_it(*command, **environment)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def test_by_find_package(self):
        self.succeeds(CMAKE, "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={TREE}")
        self.succeeds(CMAKE, "--build", "build")
        told = self.succeeds("ctest", "--test-dir", "build", "--output-on-failure",
                             "--no-tests=error")
        self.assertIn("100% tests passed", told)

    def test_by_pkg_config(self):
        path = str(one("**/pkgconfig/mpath.pc").parent)
        told = self.succeeds("make", "check", PKG_CONFIG_PATH=path)
        self.assertIn("conflux, ABI 1.", told)
        self.assertIn("opened conflux as pinned", told)

    def test_a_project_in_c_alone_needs_neither_cxx_nor_openssl(self):
        (self.project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(c LANGUAGES C)\n"
            "find_package(mpath 1 CONFIG REQUIRED)\nadd_executable(host_c host.c)\n"
            "target_link_libraries(host_c PRIVATE mpath::headers)\n")
        self.succeeds(CMAKE, "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={TREE}")
        self.succeeds(CMAKE, "--build", "build")

    def test_another_major_is_refused(self):
        (self.project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(c LANGUAGES C)\n"
            "find_package(mpath 2 CONFIG REQUIRED)\n")
        run = self.run_it(CMAKE, "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={TREE}")
        self.assertNotEqual(run.returncode, 0)
        self.assertRegex(run.stderr, r'compatible\s+with\s+requested\s+version\s+"2"')


if __name__ == "__main__":
    unittest.main()
