"""test/count_results.py: nothing that did not happen may look like a success."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parents[1] / "count_results.py"
PASSED = '<testcase name="a" status="run"/>'
FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
SKIPPED = '<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
NO_FIXTURE = ('<testcase name="d" status="notrun">'
              '<skipped message="Fixture dependency failed"/></testcase>')


class CountResults(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def report(self, name, *cases):
        (self.folder / name).write_text(f"<testsuite>{''.join(cases)}</testsuite>")

    def run_tool(self):
        done = subprocess.run([sys.executable, "-B", str(TOOL), str(self.folder)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_reports_are_added_up_in_the_last_line(self):
        self.report("release.xml", PASSED, PASSED)
        self.report("asan.xml", PASSED, SKIPPED)
        status, lines = self.run_tool()
        self.assertEqual((status, lines[-1]), (0, "3 passed, 0 failed"))
        self.assertIn("skipped: asan: c", lines)

    def test_a_failure_is_named_and_fails_the_run(self):
        self.report("release.xml", PASSED, FAILED)
        status, lines = self.run_tool()
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed"))
        self.assertIn("failed: release: b", lines)

    def test_a_test_whose_fixture_broke_counts_as_failed(self):
        self.report("release.xml", PASSED, NO_FIXTURE)
        self.assertEqual(self.run_tool()[0], 1)

    def test_a_build_that_broke_counts_as_failed(self):
        self.report("release.xml", PASSED)
        (self.folder / "broken-steps").write_text("asan build\n")
        status, lines = self.run_tool()
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed"))
        self.assertIn("failed: asan build", lines)

    def test_a_report_that_cannot_be_read_counts_as_failed(self):
        self.report("release.xml", PASSED)
        (self.folder / "asan.xml").write_text("<testsuite>")
        self.assertEqual(self.run_tool()[0], 1)

    def test_a_run_without_any_test_is_a_failure(self):
        self.assertEqual(self.run_tool(), (1, ["", "0 passed, 0 failed"]))


if __name__ == "__main__":
    unittest.main()
