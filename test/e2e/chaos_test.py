"""The chaos harness must be able to fail: doubles of the proxy break one rule each."""

import dataclasses
import os
import socket
import unittest

import support  # noqa: F401  (makes `traffic` importable)
from support import connections
from support.chaos import resources
from support.chaos.double import DoubleProxy
from support.chaos.faults import NoNetwork
from support.chaos.limits import Limits
from support.chaos.plan import ALL_FAULTS, CLIENT_FAULTS, plan_round
from support.chaos.rounds import Chaos, Setup
from traffic.file_server import FileServer

SHORT = Limits(connect_s=5.0, quiet_s=1.0, transfer_s=20.0, recovery_s=3.0, settle_s=3.0,
               exit_s=5.0)
# Of the double's connections the first is the harness's own proof that it works.
ROUNDS = 3


class Verdicts(unittest.TestCase):
    def report_on(self, fault, connection=2, limits=SHORT, kinds=CLIENT_FAULTS):
        with FileServer() as server, DoubleProxy(fault, connection) as proxy:
            setup = Setup(proxy, server.port, NoNetwork(), kinds, seed=5, limits=limits)
            return Chaos(setup).run(ROUNDS)

    def report_on_one_transfer(self, fault, limits=SHORT):
        """Of the first round. Nobody leaves: what the proxy does to it must come to light."""
        return self.report_on(fault, 1, limits, kinds={})

    def assert_one_violation(self, report, text):
        self.assertEqual(len(report.violations), 1, report.violations)
        self.assertIn(text, report.violations[0])

    def test_an_honest_proxy_passes(self):
        report = self.report_on("honest")
        self.assertEqual(report.violations, [])
        self.assertEqual(report.rounds, ROUNDS)
        self.assertGreater(report.outcomes["intact"], 0)
        self.assertGreater(report.outcomes["left"], 0)
        self.assertEqual(report.outcomes["error"], 0)

    def test_one_wrong_byte_is_noticed(self):
        self.assert_one_violation(self.report_on_one_transfer("corrupt"), "corrupt")

    def test_a_transfer_that_hangs_is_noticed_at_its_limit(self):
        found = self.report_on_one_transfer("hang").violations
        self.assertTrue(any("hung: no data came" in text for text in found), found)

    def test_a_transfer_that_never_ends_stops_the_run(self):
        limits = dataclasses.replace(SHORT, quiet_s=20.0, transfer_s=1.0)
        report = self.report_on_one_transfer("hang", limits)
        self.assertTrue(any("has not ended after 1 s" in text for text in report.violations),
                        report.violations)
        self.assertEqual(report.rounds, 1)

    def test_a_proxy_that_dies_stops_the_run(self):
        self.assert_one_violation(self.report_on("die"), "the proxy is gone")

    def test_a_proxy_that_never_gives_a_descriptor_back_is_noticed(self):
        self.assert_one_violation(self.report_on("leak"), "descriptors are open")

    def test_a_run_is_only_as_good_as_its_proof_that_streams_are_served_again(self):
        self.assertIn("no download afterwards", self.report_on("hang", 0).violations[0])


class Plans(unittest.TestCase):
    def test_equal_seeds_give_equal_rounds_whatever_came_before(self):
        self.assertEqual(plan_round(7, 17, ALL_FAULTS), plan_round(7, 17, ALL_FAULTS))
        self.assertNotEqual(plan_round(7, 17, ALL_FAULTS), plan_round(8, 17, ALL_FAULTS))

    def test_without_kinds_of_faults_nothing_goes_wrong(self):
        self.assertEqual([job.faults for job in plan_round(5, 1, {}).jobs if job.faults], [])

    def test_every_fault_comes_up_in_200_rounds(self):
        seen = {fault.kind for number in range(200)
                for job in plan_round(1, number, ALL_FAULTS).jobs for fault in job.faults}
        self.assertEqual(seen, set(ALL_FAULTS))

    def test_every_fault_strikes_inside_its_transfer(self):
        for number in range(200):
            for job in plan_round(1, number, ALL_FAULTS).jobs:
                for fault in job.faults:
                    self.assertTrue(0 < fault.at_bytes < job.size)


class Reset(unittest.TestCase):
    def test_both_ends_find_the_connection_broken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            near = self.enterContext(socket.create_connection(server.getsockname()))
            far = self.enterContext(server.accept()[0])
            (found,) = [c for c in connections.established(os.getpid())
                        if c.local_port == near.getsockname()[1]]
            self.assertEqual((found.fd, found.remote_port), (near.fileno(), server.getsockname()[1]))
            connections.reset(os.getpid(), found.fd)
            with self.assertRaises(ConnectionResetError):
                far.recv(1)
            with self.assertRaises(OSError):
                near.send(b"x")


class Memory(unittest.TestCase):
    def test_too_few_rounds_say_nothing(self):
        self.assertIsNone(resources.memory_growth([1] * (resources.ROUNDS_TO_JUDGE - 1)))

    def test_what_is_filled_once_is_no_growth(self):
        growth = resources.memory_growth([10_000] * 20 + [40_000] * 180)
        self.assertTrue(resources.is_flat(*growth))

    def test_a_tenth_of_a_megabyte_each_round_is_growth(self):
        growth = resources.memory_growth([40_000 + 100 * n for n in range(200)])
        self.assertFalse(resources.is_flat(*growth))


if __name__ == "__main__":
    unittest.main()
