#!/usr/bin/env python3
"""The check layer sees hosts and plugins that break the contract, changes nothing for those that keep
it, and records traces that replay byte for byte. Its arguments are in CMakeLists.txt."""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ARGUMENTS = argparse.Namespace()
# A mistake of kit_host, the requirement, and the probe's script if conflux.so never provokes it.
MISTAKES = [
    ("never_drains", "MPATH-H-3", None), ("never_drains", "MPATH-H-8", None),
    ("never_polls_again", "MPATH-H-3", None), ("clock_steps_back", "MPATH-H-11", None),
    ("leg_without_view", "MPATH-H-10", None), ("reserved_field_set", "MPATH-H-1", None),
    ("small_struct", "MPATH-H-1", None), ("routes_after_closed", "MPATH-H-17", None),
    ("body_missing", "MPATH-H-7", None), ("equal_tags", "MPATH-H-12", None),
    ("joined_circuit", "MPATH-H-15", None), ("equal_seeds", "MPATH-H-13", None),
    ("stream_before_ready", "MPATH-H-14", None), ("frees_held_cells", "MPATH-H-8", None),
    ("uses_a_tunnel_that_is_gone", "MPATH-H-25", None), ("leaves_tunnels", "MPATH-H-19", None),
    ("calls_after_close", "MPATH-H-19", None), ("forks", "MPATH-H-20", None),
    ("uses_a_leg_that_is_gone", "MPATH-H-25", ""),
    ("routes_for_a_leg_of_nobody", "MPATH-H-25", None),
    ("two_threads", "MPATH-H-2", "on tunnel_activity nth 1 linger 5000\n"),
    ("drops_a_cell_without_memory", "MPATH-H-23",
     "on receive command 2 nth 1 answer E_NO_MEMORY\n"),
    ("sleeps_past_deadlines", "MPATH-H-3", "on poll nth 1 times 40 deadline 900000\n"),
]
FAULTS = [
    ("token_twice", "MPATH-P-13"), ("wrong_verdict", "MPATH-P-13"), ("gone_twice", "MPATH-P-15"),
    ("short_buffer", "MPATH-P-17"), ("grants_more", "MPATH-P-18"),
    ("blocks_in_silence", "MPATH-P-11"), ("sends_though_refused", "MPATH-P-11"),
    ("throws", "MPATH-P-29"), ("odd_status", "MPATH-P-12"), ("refuses_views", "MPATH-P-20"),
    ("mints_zero", "MPATH-P-10"), ("joins_and_refuses", "MPATH-P-19"),
    ("accepts_the_dead", "MPATH-P-10"), ("no_words", "MPATH-P-27"), ("open_text", "MPATH-P-26"),
    ("null_function", "MPATH-P-4"), ("short_table", "MPATH-P-4"), ("other_major", "MPATH-P-3"),
]


class Work(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = Path(work.name)

    def run_host(self, *command: str, target: str, **variables: str):
        """Runs a host with the layer; returns the process and the lines of the report."""
        report = self.work / "report.jsonl"
        report.unlink(missing_ok=True)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={
            **os.environ, "MPATH_CHECK_TARGET": target, "MPATH_CHECK_REPORT": str(report),
            **variables})
        lines = report.read_text().splitlines() if report.exists() else []
        return done, [json.loads(line) for line in lines]

    def run_kit_host(self, mistake: str, target: str, **variables: str):
        return self.run_host(ARGUMENTS.kit_host, ARGUMENTS.layer, mistake, target=target,
                             **variables)

    def run_against_script(self, mistake: str, rules: str):
        script = self.work / "script"
        script.write_text(f"mpath-probe 1\nverdicts {self.work}/verdicts\n{rules}")
        return self.run_kit_host(mistake, ARGUMENTS.probe, MPATH_PROBE_SCRIPT=str(script))

    def record(self, *command: str, secrets: str = "1") -> bytes:
        trace = self.work / "trace"
        done, _ = self.run_host(*command, target=ARGUMENTS.conflux, MPATH_CHECK_TRACE=str(trace),
                                MPATH_CHECK_TRACE_SECRETS=secrets)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(trace.stat().st_mode & 0o777, 0o600)
        return trace.read_bytes()

    def replay(self, trace: bytes, *arguments: str, **variables: str):
        path = self.work / "replayed"
        path.write_bytes(trace)
        return subprocess.run([ARGUMENTS.replay, str(path), *arguments], capture_output=True,
                              text=True, check=False, timeout=60, env={**os.environ, **variables})


def requirements(report: list[dict]) -> set[str]:
    return {line["requirement"] for line in report if "requirement" in line}


class TheLayer(Work):
    def test_changes_nothing_for_minimal_host_and_blames_nobody(self):
        done, report = self.run_host(ARGUMENTS.minimal_host, ARGUMENTS.layer,
                                     target=ARGUMENTS.conflux)
        self.assertEqual(done.stdout, Path(ARGUMENTS.expected).read_text())
        self.assertEqual(report, [{"kind": "SUMMARY", "calls": report[0]["calls"],
                                   "host_findings": 0, "plugin_findings": 0}])
        self.assertGreater(report[0]["calls"], 40)

    def test_blames_nobody_when_host_and_plugin_keep_the_contract(self):
        for target in (ARGUMENTS.conflux, ARGUMENTS.old_plugin, ARGUMENTS.faulty_plugin,
                       ARGUMENTS.probe):
            done, report = self.run_kit_host("", target)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([line for line in report if line["kind"] != "SUMMARY"], [], target)

    def test_blames_no_plugin_that_sheds_a_tunnel_before_it_is_asked(self):
        done, report = self.run_kit_host("no_mistake_but_sheds", ARGUMENTS.conflux)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line for line in report if line["kind"] != "SUMMARY"], [])

    def test_tells_each_mistake_of_a_host_by_its_requirement(self):
        for mistake, requirement, rules in MISTAKES:
            with self.subTest(mistake=mistake, requirement=requirement):
                if rules is None:
                    done, report = self.run_kit_host(mistake, ARGUMENTS.conflux)
                else:
                    done, report = self.run_against_script(mistake, rules)
                self.assertEqual(done.returncode, 0, done.stderr)
                blamed = [it for it in report if it.get("requirement") == requirement]
                self.assertTrue(blamed, report)
                self.assertEqual(blamed[0]["kind"], "HOST_MISBEHAVING")

    def test_tells_each_fault_of_a_plugin_by_its_requirement(self):
        for fault, requirement in FAULTS:
            with self.subTest(fault=fault, requirement=requirement):
                mistake = "uses_a_tunnel_that_is_gone" if fault == "accepts_the_dead" else ""
                _, report = self.run_kit_host(mistake, ARGUMENTS.faulty_plugin,
                                              MPATH_TEST_FAULT=fault)
                blamed = [it for it in report if it.get("requirement") == requirement]
                self.assertTrue(blamed, report)
                self.assertEqual(blamed[0]["kind"], "PLUGIN_MISBEHAVING")

    def test_stops_neither_side(self):
        done, report = self.run_host(ARGUMENTS.old_host, ARGUMENTS.layer, target=ARGUMENTS.conflux)
        self.assertEqual(done.returncode, 0, done.stderr)  # it misuses on purpose and expects answers
        self.assertEqual(requirements(report),
                         {"MPATH-H-8", "MPATH-H-17", "MPATH-H-19", "MPATH-H-25"})

    def test_names_no_id_cookie_or_token(self):
        _, report = self.run_host(ARGUMENTS.old_host, ARGUMENTS.layer, target=ARGUMENTS.conflux)
        for line in report[:-1]:
            self.assertEqual(set(line), {"kind", "requirement", "function", "call", "tunnel",
                                         "what"})
            self.assertLess(line["tunnel"], 3)

    def test_says_what_is_wrong_with_its_target(self):
        for target, told in [("", "it is not set"), ("conflux.so", "must be the absolute path"),
                             ("/none.so", "cannot be loaded"),
                             (ARGUMENTS.replay + ".none", "cannot be loaded")]:
            done, report = self.run_kit_host("", target)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no multipath plugin", done.stderr)
            self.assertIn(told, report[0]["what"])


class Traces(Work):
    def test_replay_identically(self):
        for command in ([ARGUMENTS.minimal_host, ARGUMENTS.layer],
                        [ARGUMENTS.kit_host, ARGUMENTS.layer],
                        [ARGUMENTS.old_host, ARGUMENTS.layer],
                        [ARGUMENTS.kit_host, ARGUMENTS.layer, "frees_held_cells"],
                        [ARGUMENTS.kit_host, ARGUMENTS.layer, "no_mistake_but_sets_no_answers"]):
            trace = self.record(*command)
            done = self.replay(trace, ARGUMENTS.conflux)
            self.assertRegex(done.stdout, r"^identical: \d{2,} calls\n$", command)
            self.assertEqual(done.returncode, 0)

    def test_differ_where_another_plugin_does_otherwise(self):
        trace = self.record(ARGUMENTS.minimal_host, ARGUMENTS.layer)
        for plugin, told in [(ARGUMENTS.old_plugin, r"call 2, tunnel_create: ids\[0\]: recorded"),
                             (ARGUMENTS.probe, r"call 2, tunnel_create: ids\[0\]: recorded")]:
            done = self.replay(trace, plugin)
            self.assertRegex(done.stdout, "^different: " + told)
            self.assertEqual(done.returncode, 1)

    def test_differ_at_the_first_call_that_a_fault_changes(self):
        trace = self.record_of_old_plugin()
        for fault, told in [("", "identical"), ("grants_more", "different: call .*, route: struct"),
                            ("token_twice", "different: call .*, drain: count: recorded 2, re"),
                            ("odd_status", "different: call .*, link: status: recorded 0, rep"),
                            ("gone_twice", "different: call .*, poll: count"),
                            ("open_text", "different: call 1, instance_open: text length")]:
            done = self.replay(trace, ARGUMENTS.faulty_plugin, MPATH_TEST_FAULT=fault)
            self.assertRegex(done.stdout, "^" + told, fault)

    def record_of_old_plugin(self) -> bytes:
        trace = self.work / "trace"
        self.run_kit_host("", ARGUMENTS.old_plugin, MPATH_CHECK_TRACE=str(trace),
                          MPATH_CHECK_TRACE_SECRETS="1")
        return trace.read_bytes()

    def test_hold_no_nonce_unless_asked_to_and_then_cannot_be_replayed(self):
        with_secrets = self.record(ARGUMENTS.kit_host, ARGUMENTS.layer)
        # LINK: command 19 to hop 2, 50 bytes of version 1; then comes the nonce.
        nonce = re.search(rb"\x13\x02\x32\x00\x01(.{32})", with_secrets, re.S).group(1)
        seed = bytes(i * 7 & 0xff for i in range(32))
        self.assertGreaterEqual(with_secrets.count(nonce), 4)
        self.assertIn(seed, with_secrets)
        without = self.record(ARGUMENTS.kit_host, ARGUMENTS.layer, secrets="")
        for secret in (nonce, seed):
            for part in range(0, 32, 8):
                self.assertNotIn(secret[part:part + 8], without)
        done = self.replay(without, ARGUMENTS.conflux)
        self.assertEqual(done.returncode, 2)
        self.assertIn("MPATH_CHECK_TRACE_SECRETS=1", done.stderr)
        self.assertIn("receive", self.replay(without, "--print").stdout)

    def test_number_tokens_instead_of_naming_them(self):
        # A cell's token stands before its cost, which is 514; kit_host holds back 103 first.
        trace = self.record(ARGUMENTS.kit_host, ARGUMENTS.layer)
        cost = b"\x02\x02\x00\x00"
        self.assertNotIn(bytes([103]) + bytes(7) + cost, trace)
        self.assertIn(bytes([1]) + bytes(7) + cost, trace)

    def test_that_are_damaged_are_refused_in_words(self):
        trace = self.record(ARGUMENTS.minimal_host, ARGUMENTS.layer)
        cut = self.replay(trace[:-5], ARGUMENTS.conflux)
        self.assertEqual((cut.returncode, cut.stdout), (2, ""))
        self.assertIn("damaged or cut off at call", cut.stderr)
        other = self.replay(b"something else", ARGUMENTS.conflux)
        self.assertIn("this is no trace of mpath_check", other.stderr)
        shown = self.replay(trace[:-5], "--print")
        self.assertEqual(shown.returncode, 2)
        self.assertIn("receive", shown.stdout, "what can be read is shown")
        self.assertIn("damaged or cut off at call", shown.stderr)

    def test_that_are_damaged_never_crash_the_replay(self):
        trace = self.record(ARGUMENTS.minimal_host, ARGUMENTS.layer)
        dice = random.Random(329)
        for _ in range(40):
            damaged = bytearray(trace)
            for _ in range(dice.randint(1, 8)):
                damaged[dice.randrange(17, len(damaged))] = dice.randrange(256)
            done = self.replay(bytes(damaged), ARGUMENTS.conflux)
            # A sanitizer that has found something exits with 1 too, so words count.
            told = {0: r"^identical", 1: r"^different: call", 2: r"^$"}[done.returncode]
            self.assertRegex(done.stdout, told, done.stderr)
            self.assertNotIn("Sanitizer", done.stderr)
            self.assertNotIn("runtime error", done.stderr)


class TheTool(Work):
    def test_helps_and_refuses_what_it_cannot_do(self):
        helped = subprocess.run([ARGUMENTS.replay, "--help"], capture_output=True, text=True,
                                check=False)
        self.assertEqual(helped.returncode, 0)
        self.assertIn("Examples:", helped.stdout)
        for arguments in [], ["--no-such-option", "x.trace"]:
            wrong = subprocess.run([ARGUMENTS.replay, *arguments], capture_output=True, text=True,
                                   check=False)
            self.assertEqual(wrong.returncode, 2)
            self.assertIn("--help", wrong.stderr)
        trace = self.record(ARGUMENTS.minimal_host, ARGUMENTS.layer)
        for arguments, told in [([], "name the plugin"), (["/none.so"], "cannot open shared"),
                                ([ARGUMENTS.kit_host], "kit_host")]:
            done = self.replay(trace, *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(told, done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("layer", "replay", "conflux", "old-plugin", "faulty-plugin", "probe", "kit-host",
                 "minimal-host", "old-host", "expected"):
        parser.add_argument(f"--{name}", required=True)
    _, rest = parser.parse_known_args(namespace=ARGUMENTS)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
