"""examples/private_network with real tor processes: life, interruption, clean-up."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import support  # noqa: F401  (makes `privnet` importable)
from privnet import NetworkError, NetworkOptions, PrivateNetwork
from privnet import layout, process, state

TOOL = Path(__file__).resolve().parents[2] / "examples" / "private_network" / "private_network.py"
# As small as a network can be: these tests are about processes, not about circuits.
SMALL = NetworkOptions(authorities=1, relays=1, exits=1)
SMALL_ARGUMENTS = ["--authorities", "1", "--relays", "1", "--exits", "1"]


class LiveTest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory())) / "net"
        self.addCleanup(self.stop)

    def start(self, options=SMALL):
        return PrivateNetwork.start(options, self.directory, owner_pid=os.getpid())

    def stop(self):
        if (self.directory / state.STATE_FILE).exists():
            PrivateNetwork.open(self.directory).stop()

    def processes(self):
        return list(state.State.load(self.directory).processes.values())

    def assert_nothing_is_left(self, processes):
        self.assertEqual(process.wait_gone(processes, 0), [])
        self.assertFalse(self.directory.exists())


class Life(LiveTest):
    def test_a_started_network_runs_until_it_is_stopped_and_leaves_nothing(self):
        network = self.start()
        started = self.processes()
        self.assertEqual([network.node_state(n.nickname) for n in network.nodes], ["running"] * 3)
        PrivateNetwork.open(self.directory).stop()
        self.assert_nothing_is_left(started)

    def test_a_second_network_in_the_same_directory_is_refused_and_the_first_stays(self):
        self.start()
        with self.assertRaisesRegex(NetworkError, "3 processes runs in .*stop it first"):
            self.start()
        self.assertEqual(len(self.processes()), 3)

    def test_a_restarted_node_keeps_its_identity(self):
        network = self.start()
        before = network.pid("relay0")
        network.restart("relay0")
        self.assertNotEqual(network.pid("relay0"), before)
        with network.control("relay0") as control:
            self.assertEqual(control.getinfo("fingerprint"), network.node("relay0").fingerprint)

    def test_a_stopped_node_is_seen_as_stopped_and_goes_on_when_continued(self):
        network = self.start()
        network.send_signal("relay0", signal.SIGSTOP)
        while network.node_state("relay0") != "stopped":
            pass
        network.send_signal("relay0", signal.SIGCONT)
        while network.node_state("relay0") != "running":
            pass
        network.control("relay0").close()

    def test_a_network_with_a_stopped_node_can_still_be_stopped(self):
        network = self.start()
        started = self.processes()
        network.send_signal("auth0", signal.SIGSTOP)
        network.stop()
        self.assert_nothing_is_left(started)

    def test_a_rate_can_be_changed_while_the_relay_runs(self):
        network = self.start()
        network.set_rate("relay0", 500)
        with network.control("relay0") as control:
            self.assertEqual(control.command("GETCONF RelayBandwidthRate"),
                             ["RelayBandwidthRate=512000"])
            self.assertEqual(control.command("GETCONF CountPrivateBandwidth"),
                             ["CountPrivateBandwidth=1"])

    def test_a_node_that_dies_while_waiting_is_reported_with_its_last_words(self):
        network = self.start()
        network.send_signal("exit0", signal.SIGTERM)
        with self.assertRaisesRegex(NetworkError, "exit0 is gone.*\n(.*\n)*.*Catching signal TERM"):
            network.wait(60)

    def test_a_node_that_cannot_start_ends_the_others_and_says_why(self):
        base = layout.choose_base_port(SMALL)
        relay = layout.plan_nodes(SMALL, self.directory, base)[1]
        # Somebody takes a port between the check and the start.
        with socket.create_server(("127.0.0.1", relay.orport)), \
                mock.patch.object(layout, "busy_port", return_value=None):
            with self.assertRaisesRegex(NetworkError, "relay0 is gone(.*\n)*.*already in use"):
                self.start(dataclasses.replace(SMALL, base_port=base))
        self.assertFalse(self.directory.exists())


class Interruption(LiveTest):
    def tool(self, *arguments, **options):
        return subprocess.Popen([sys.executable, str(TOOL), *arguments], text=True, **options)

    def run_until_started(self):
        """`run`, interrupted later while it waits for a first consensus."""
        tool = self.tool("run", "--dir", str(self.directory), *SMALL_ARGUMENTS, "--",
                         "sleep", "600", stderr=subprocess.PIPE)
        self.addCleanup(tool.stderr.close)
        for line in tool.stderr:
            if "nodes run" in line:
                return tool
        self.fail(f"the network did not start: status {tool.wait()}")

    def test_a_signal_ends_run_with_its_status_and_every_node(self):
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signum=signum):
                tool = self.run_until_started()
                started = self.processes()
                tool.send_signal(signum)
                self.assertEqual(tool.wait(), 128 + signum)
                self.assert_nothing_is_left(started)

    def test_nodes_end_by_themselves_when_their_owner_is_killed(self):
        tool = self.run_until_started()
        started = self.processes()
        tool.kill()
        tool.wait()
        self.assertEqual(process.wait_gone(started, 30), [])

    def test_the_directory_of_a_killed_owner_can_be_used_again(self):
        tool = self.run_until_started()
        tool.kill()
        tool.wait()
        process.terminate(self.processes())
        network = self.start()
        network.stop()
        self.assertFalse(self.directory.exists())

    def test_status_tells_programs_and_people_that_a_node_is_gone(self):
        network = self.start()
        network.send_signal("relay0", signal.SIGKILL)
        process.wait_gone([p for n, p in network._state.processes.items() if n == "relay0"], 5)
        status = self.tool("status", "--dir", str(self.directory), "--json", stdout=subprocess.PIPE)
        out, _ = status.communicate()
        self.assertEqual(status.returncode, 3)
        states = {row["nickname"]: row["state"] for row in json.loads(out)}
        self.assertEqual(states, {"auth0": "running", "relay0": "gone", "exit0": "running"})
