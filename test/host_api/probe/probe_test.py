#!/usr/bin/env python3
"""The probe plugin passes careful hosts and catches each careless one by the requirement it breaks.

Usage: probe_test.py PROBE KIT_HOST MINIMAL_HOST
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROBE, KIT_HOST, MINIMAL_HOST = sys.argv[1:4]
NO_RULES = ""
# What a host may meet within one major version, and must live through.
STRANGE = """
minor 7
table_extra 64
on poll nth 4 tell 9999 reason 9999
on poll nth 7 fill
on route command 2 nth 2 answer BLOCKED reason 9999
on receive command 2 nth 1 hold
on receive command 2 nth 2 hold
on receive command 2 nth 3 release
"""
# Which mistake breaks which requirement, and under which script it shows.
MISTAKES = [
    ("never_drains", "MPATH-H-3", "on receive command 2 nth 1 hold\n"
                                  "on receive command 2 nth 2 release\n"),
    ("never_drains", "MPATH-H-8", "on receive command 2 nth 1 hold\n"),
    ("sleeps_past_deadlines", "MPATH-H-3", "on poll nth 1 times 40 deadline 900000\n"),
    ("clock_steps_back", "MPATH-H-11", NO_RULES),
    ("leg_without_view", "MPATH-H-10", NO_RULES),
    ("reserved_field_set", "MPATH-H-1", NO_RULES),
    ("small_struct", "MPATH-H-1", NO_RULES),
    ("ignores_send_cell", "MPATH-H-4", NO_RULES),
    ("routes_after_closed", "MPATH-H-17", NO_RULES),
    ("goes_on_after_unknown_status", "MPATH-H-24", "on route command 2 nth 1 answer -250\n"),
    ("body_missing", "MPATH-H-7", NO_RULES),
    ("drops_a_cell_without_memory", "MPATH-H-23", "on receive command 2 nth 1 answer E_NO_MEMORY\n"),
    ("equal_tags", "MPATH-H-12", NO_RULES),
    ("joined_circuit", "MPATH-H-15", NO_RULES),
    ("equal_seeds", "MPATH-H-13", NO_RULES),
    ("stream_before_ready", "MPATH-H-14", NO_RULES),
    ("two_threads", "MPATH-H-2", "on tunnel_activity nth 1 linger 5000\n"),
    ("frees_held_cells", "MPATH-H-8", "on receive command 2 nth 1 hold\n"),
    ("uses_a_leg_that_is_gone", "MPATH-H-25", NO_RULES),
    ("uses_a_tunnel_that_is_gone", "MPATH-H-25", NO_RULES),
    ("leaves_tunnels", "MPATH-H-19", NO_RULES),
    ("calls_after_close", "MPATH-H-19", NO_RULES),
    ("forks", "MPATH-H-20", NO_RULES),
]


class Run:
    """One host under one script: its exit status and the probe's verdicts."""

    def __init__(self, command: list[str], rules: str):
        with tempfile.TemporaryDirectory() as work:
            script, verdicts = Path(work) / "script", Path(work) / "verdicts.json"
            script.write_text(f"mpath-probe 1\nverdicts {verdicts}\n{rules}")
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                                  env={**os.environ, "MPATH_PROBE_SCRIPT": str(script)})
            self.status, self.output = done.returncode, done.stdout + done.stderr
            self.told = json.loads(verdicts.read_text()) if verdicts.exists() else None

    def with_verdict(self, verdict: str) -> set[str]:
        return {it["id"] for it in self.told["requirements"] if it["verdict"] == verdict}

    def words(self) -> dict:
        return {it["id"]: it["what"] for it in self.told["requirements"] if it["what"]}


def kit_host(mistake: str, rules: str) -> Run:
    return Run([KIT_HOST, PROBE, mistake], rules)


class CarefulHosts(unittest.TestCase):
    def assert_passes(self, run: Run, *exercised: str):
        self.assertEqual(run.status, 0, run.output)
        self.assertTrue(run.told["finished"])
        self.assertEqual(run.with_verdict("failed"), set(), run.words())
        missing = {f"MPATH-H-{it}" for it in exercised} - run.with_verdict("passed")
        self.assertEqual(missing, set(), "not exercised")

    def test_minimal_host_passes(self):
        self.assert_passes(Run([MINIMAL_HOST, PROBE], NO_RULES), "1", "2", "4", "10", "11", "19")

    def test_minimal_host_lives_with_what_a_newer_plugin_tells(self):
        self.assert_passes(Run([MINIMAL_HOST, PROBE], STRANGE), "3", "8", "24")

    def test_a_host_without_mistakes_passes(self):
        self.assert_passes(kit_host("", NO_RULES), "1", "2", "4", "7", "10", "11", "12", "13", "14",
                           "15", "17", "19", "20", "25")

    def test_a_host_without_mistakes_lives_with_what_a_newer_plugin_tells(self):
        self.assert_passes(kit_host("", STRANGE), "3", "8", "24")

    def test_statuses_of_all_families_are_lived_through_wherever_they_come(self):
        statuses = [-100, -103, -105, -107, -150, -200, -201, -250, -300, -302, -350, -400]
        for function in ("legs_add", "link", "route", "receive", "poll", "leg_remove",
                         "tunnel_close"):
            for status in statuses:
                run = kit_host("", f"on {function} nth 2 answer {status} reason 9999\n")
                self.assertEqual(run.status, 0, f"{function} {status}: {run.output}")
                self.assertTrue(run.told["finished"], f"{function} {status}")
                self.assertEqual(run.with_verdict("failed"), set(),
                                 f"{function} {status}: {run.words()}")

    def test_a_tunnel_that_closes_or_is_poisoned_at_any_call_is_taken_down(self):
        for function in ("link", "poll", "receive", "route", "drain", "leg_remove"):
            for action in ("close reason 9999", "poison"):
                run = kit_host("", f"on {function} nth 2 {action}\n")
                self.assert_passes(run, "17", "19")


class CarelessHosts(unittest.TestCase):
    def test_each_is_caught_by_the_requirement_that_it_breaks(self):
        for mistake, requirement, rules in MISTAKES:
            with self.subTest(mistake=mistake, requirement=requirement):
                run = kit_host(mistake, rules)
                self.assertIn(requirement, run.with_verdict("failed"), run.words())
                # Under the same script, the host without the mistake is not blamed.
                self.assertEqual(kit_host("", rules).with_verdict("failed"), set())

    def test_a_host_that_never_closes_is_seen(self):
        run = kit_host("leaves_tunnels", NO_RULES)
        self.assertFalse(run.told["finished"])
        self.assertIn("not all instances have been closed", run.told["note"])


class Scripts(unittest.TestCase):
    def test_are_refused_with_line_and_advice(self):
        for rules, told in [("on nothing answer 1\n", "script:3: expected a function of the table"),
                            ("\non poll explode\n", "script:4: expected an action"),
                            ("on poll answer SOMEWHAT\n", "script:3: expected a number or a name"),
                            ("on poll nth\n", "script:3: expected a count after 'nth'"),
                            ("on poll nth 3\n", "script:3: a rule without an action"),
                            ("off poll\n", "script:3: expected verdicts, late_us")]:
            run = kit_host("", rules)
            self.assertEqual(run.status, 1)
            self.assertIn(told, run.output)

    def run_without_script(self, *command: str) -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items()
                       if key != "MPATH_PROBE_SCRIPT"}
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              env=environment, timeout=60)

    def test_may_stand_in_the_configuration_instead(self):
        with tempfile.TemporaryDirectory() as work:
            verdicts = Path(work) / "verdicts.json"
            script = f"mpath-probe 1\nverdicts {verdicts}\non poll nth 4 tell 9999\n"
            done = self.run_without_script(KIT_HOST, PROBE, "", script)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = {it["id"]: it["verdict"]
                    for it in json.loads(verdicts.read_text())["requirements"]}
            self.assertEqual(told["MPATH-H-24"], "passed")

    def test_may_be_missing(self):
        # minimal_host passes a configuration of its own, which is no script.
        done = self.run_without_script(MINIMAL_HOST, PROBE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stderr)["finished"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
