"""A new scheduler is one header: the example of the lab's page, in a copy of what the lists are
made of, is in all of them at once."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "examples/scheduler_lab/README.md"
EXAMPLE = re.compile(r"^```cpp\n(// plugin/sched/lean\.h.*?)^```$", re.DOTALL | re.MULTILINE)
PLACE = "CONFLUX_SCHEDULER(8,"
# What the example must be, seen from both sides.
WITNESS = """
#include "config/options/tables/conflux_options.h"
#include "plugin/sched/schedulers.h"
using namespace conflux;
static_assert(kSchedulers == 8 && static_cast<int>(SchedulerKind::kLean) == 7);
static_assert(std::is_same_v<std::variant_alternative_t<7, Schedulers>, Lean>);
static_assert(static_cast<int>(config::Scheduler::kLean) == 8);
static_assert(config::tables::kSchedulerValues.back().name == "lean");
static_assert(config::tables::kSchedulerValues.size() == 9);
"""


class ANewScheduler(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = Path(work.name)
        shutil.copytree(ROOT / "plugin/sched", self.work / "plugin/sched")
        shutil.copytree(ROOT / "config", self.work / "config")
        self.example = EXAMPLE.search(PAGE.read_text()).group(1)

    def make_lists(self, header: str) -> subprocess.CompletedProcess:
        (self.work / "plugin/sched/lean.h").write_text("#pragma once\n" + header)
        return subprocess.run(["cmake", "-P", "plugin/sched/schedulers.cmake"], cwd=self.work,
                              capture_output=True, text=True, check=False)

    def refusal(self, header: str) -> str:
        done = self.make_lists(header)
        self.assertNotEqual(done.returncode, 0)
        return " ".join(done.stderr.split())

    def test_is_in_all_lists_by_its_header_alone(self):
        made = self.make_lists(self.example)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        (self.work / "witness.cc").write_text(WITNESS)
        done = subprocess.run(
            [os.environ["CXX_OF_THE_BUILD"], "-std=c++20", "-fsyntax-only", "-I.", "-Igenerated",
             f"-I{ROOT}", f"-I{ROOT}/host_api/include", "witness.cc"],
            cwd=self.work, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_is_told_which_place_is_free(self):
        for place in (7, 9):
            said = self.refusal(self.example.replace(PLACE, f"CONFLUX_SCHEDULER({place},"))
            self.assertIn(f"lean.h: CONFLUX_SCHEDULER has place {place}: expected 8", said)

    def test_is_not_left_out_if_its_line_is_not_understood(self):
        for wrong in (self.example.replace(PLACE, "CONFLUX_SCHEDULER("),
                      self.example.replace("low_rtt, but", "low_rtt; but"),
                      self.example.replace(PLACE, f"{PLACE} Lean, \"twice\");\n{PLACE}")):
            self.assertIn("plugin/sched/lean.h: CONFLUX_SCHEDULER is not understood",
                          self.refusal(wrong))


if __name__ == "__main__":
    unittest.main()
