import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import run


def told(arguments):
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        status = run.main(arguments)
    return status, errors.getvalue()


class Table(unittest.TestCase):
    def test_has_medians_and_the_median_of_the_ratios_of_each_round(self):
        ours = [{name: value for name, _, _ in run.ROWS} for value in (10.0, 20.0, 60.0)]
        peers = [{name: value for name, _, _ in run.ROWS} for value in (40.0, 40.0, 40.0)]
        first = run.table(ours, peers).splitlines()[2]
        self.assertEqual(first, "| route/2 | 20.0 (10.0 to 60.0) | 40.0 (40.0 to 40.0) | 0.50 |")


class BadInput(unittest.TestCase):
    def test_a_build_without_bench_cells_is_told_what_to_build(self):
        with tempfile.TemporaryDirectory() as empty:
            status, errors = told(["--build", empty])
        self.assertEqual(status, 1)
        self.assertIn("build the target bench_cells first", errors)

    def test_sources_that_cannot_be_built_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "bin").mkdir()
            (Path(folder) / "bin" / "bench_cells").touch()
            status, errors = told(["--build", folder, "--sources", folder])
        self.assertEqual(status, 1)
        self.assertIn("failed: ./configure", errors)


if __name__ == "__main__":
    unittest.main()
