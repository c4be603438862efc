#!/usr/bin/env python3
"""What mpath-validate answers to its user.

Usage: command_line_test.py VALIDATE PLUGIN
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

VALIDATE, PLUGIN = sys.argv[1:3]


def run(*arguments):
    return subprocess.run([VALIDATE, *arguments], capture_output=True, text=True, check=False)


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_help_shows_examples_and_exit_statuses(self):
        answer = run("--help")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("Examples:", answer.stdout)
        self.assertIn("Exit status", answer.stdout)

    def test_wrong_usage_is_status_two_and_says_what_to_do(self):
        for arguments, word in (((), "Name its file"), (("--no-such-option",), "--help"),
                                ((PLUGIN, "--only", "("), "regular expression"),
                                ((PLUGIN, "--only", "no_such_check"), "--list"),
                                ((PLUGIN, "--config", self.path("none.yaml")), "none.yaml"),
                                ((PLUGIN, "--steps", "many"), "--steps")):
            answer = run(*arguments)
            self.assertEqual(answer.returncode, 2, answer)
            self.assertIn(word, answer.stderr)

    def test_what_cannot_be_loaded_is_status_three(self):
        text = self.path("text.so")
        with open(text, "w", encoding="utf-8") as file:
            file.write("no plugin")
        for path in (self.path("none.so"), text):
            self.assertEqual(run(path).returncode, 3, path)

    def test_list_names_checks_and_runs_none(self):
        answer = run("--list", "--only", r"^time\.")
        self.assertEqual(answer.returncode, 0)
        self.assertIn("time.a_stall_ends", answer.stdout)
        self.assertNotIn("cells.", answer.stdout)

    def test_only_and_skip_choose_by_name(self):
        report = self.path("report.json")
        answer = run(PLUGIN, "--only", r"^elf|^negotiate\.pick", "--skip", "hardened", "--json", report)
        self.assertEqual(answer.returncode, 0, answer)
        with open(report, encoding="utf-8") as file:
            names = [check["name"] for check in json.load(file)["checks"]]
        self.assertEqual(names, ["elf.exports_its_entry_point_alone",
                                 "negotiate.picks_the_common_major"])

    def test_reports_are_files_that_others_read(self):
        report, junit = self.path("report.json"), self.path("junit.xml")
        answer = run(PLUGIN, "--only", r"^negotiate\.", "--json", report, "--junit", junit)
        self.assertEqual(answer.returncode, 0, answer)
        with open(report, encoding="utf-8") as file:
            checks = json.load(file)["checks"]
        suite = ElementTree.parse(junit).getroot()
        self.assertEqual(int(suite.get("tests")), len(checks))
        self.assertEqual([case.get("name") for case in suite.iter("testcase")],
                         [check["name"] for check in checks])
        self.assertTrue(all(check["proves"] for check in checks))

    def test_no_colour_where_no_terminal_is(self):
        self.assertNotIn("\x1b", run(PLUGIN, "--only", "^elf").stdout)

    def test_one_check_runs_in_this_process_for_a_debugger(self):
        answer = run(PLUGIN, "--only", r"^cells\.a_close", "--in-process")
        self.assertEqual(answer.returncode, 0, answer)
        self.assertIn("passed", answer.stdout)

    def test_a_configuration_that_the_plugin_refuses_is_named_and_fails(self):
        config = self.path("refused.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("version: 1\nconflux: {no_such_key: 1}\n")
        answer = run(PLUGIN, "--config", config, "--only", r"^cells\.a_close")
        self.assertEqual(answer.returncode, 1, answer)
        self.assertIn("MPATH-P-33", answer.stdout)
        self.assertIn(f"again: mpath-validate {PLUGIN} --config {config} ", answer.stdout)

    def test_a_seed_replays(self):
        arguments = (PLUGIN, "--only", r"^fuzz\.rude", "--seed", "99", "--steps", "50")
        self.assertEqual(run(*arguments).returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
