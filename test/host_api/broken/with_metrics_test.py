#!/usr/bin/env python3
"""conflux.so keeps to the contract while it publishes metrics, single tunnels and all.

Usage: with_metrics_test.py VALIDATE PLUGIN [ARGUMENT...]
"""
import os
import subprocess
import sys
import tempfile
import unittest

VALIDATE, PLUGIN = sys.argv[1:3]
ARGUMENTS = sys.argv[3:]

CONFIG = """version: 1
conflux:
  metrics: {{mode: aggregate, detail: local, instance: kit, directory: {folder}, allow_disk: true}}
"""


class WithMetrics(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.region = os.path.join(folder.name, "kit.cfxm")
        self.config = os.path.join(folder.name, "kit.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder.name))

    def validate(self, *arguments):
        answer = subprocess.run([VALIDATE, PLUGIN, "--config", self.config, *arguments],
                                stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout)

    def test_makes_no_system_call_while_its_region_is_there(self):
        self.validate(*ARGUMENTS, "--only", r"^syscalls\.none|^fork\.processes")
        # These end with their instance open: without metrics there would be no file.
        self.assertTrue(os.path.exists(self.region))

    def test_passes_every_check(self):
        self.validate(*ARGUMENTS)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
