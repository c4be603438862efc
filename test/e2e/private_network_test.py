"""The pure parts of examples/private_network: no tor process is started here."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import support  # noqa: F401  (makes `privnet` importable)
from privnet import ClientOptions, ControlClient, ControlError, NetworkError, NetworkOptions
from privnet import cli, directory, layout, process, state, torrc


def plan(options=NetworkOptions(), base=20000):
    nodes = layout.plan_nodes(options, Path("/net"), base)
    for index, node in enumerate(nodes):
        node.fingerprint = f"{index:040X}"
        node.v3ident = f"{index + 0xA0:040X}" if node.role == "authority" else ""
    return nodes


def torrc_lines(nickname, options=NetworkOptions()):
    nodes = plan(options)
    node = next(n for n in nodes if n.nickname == nickname)
    return torrc.torrc_text(node, nodes, options).splitlines()


class Layout(unittest.TestCase):
    def test_default_network_has_four_disjoint_relays_to_spare_beside_the_exits(self):
        roles = [node.role for node in plan()]
        self.assertGreaterEqual(roles.count("authority") + roles.count("relay"), 5)
        self.assertGreaterEqual(roles.count("exit"), 1)

    def test_no_two_nodes_share_a_port(self):
        ports = [p for n in plan(NetworkOptions(relays=20, clients=(ClientOptions(),)))
                 for p in n.ports()]
        self.assertEqual(len(ports), len(set(ports)))

    def test_every_port_lies_in_the_span_that_is_checked_before_start(self):
        options = NetworkOptions(clients=(ClientOptions(), ClientOptions()))
        span = range(20000, 20000 + layout.port_span(options))
        self.assertTrue(all(p in span for n in plan(options) for p in n.ports()))

    def test_the_rate_is_for_every_relay_but_the_exits(self):
        rates = {n.nickname: n.rate_kb for n in plan(NetworkOptions(relay_rate_kb=500))}
        self.assertEqual((rates["auth0"], rates["relay0"], rates["exit0"]), (500, 500, 0))

    def test_a_single_node_may_have_its_own_rate(self):
        options = NetworkOptions(relay_rate_kb=500, node_rates_kb={"relay1": 100, "exit0": 900})
        rates = {n.nickname: n.rate_kb for n in plan(options)}
        self.assertEqual((rates["relay0"], rates["relay1"], rates["exit0"]), (500, 100, 900))

    def test_a_rate_for_an_unknown_node_names_the_nodes_there_are(self):
        with self.assertRaisesRegex(NetworkError, "no node relay9.*relay0, relay1"):
            plan(NetworkOptions(node_rates_kb={"relay9": 100}))

    def test_a_forwarder_in_front_of_an_authority_is_refused(self):
        with self.assertRaisesRegex(NetworkError, "in front of 'auth0'"):
            plan(NetworkOptions(fronted=("auth0",)))

    def test_a_client_bound_to_an_unknown_relay_is_refused(self):
        with self.assertRaisesRegex(NetworkError, "cannot use 'relay9'"):
            plan(NetworkOptions(clients=(ClientOptions(guards=("relay9",)),)))


class Ports(unittest.TestCase):
    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.busy = self.listener.getsockname()[1]

    def test_a_listening_port_is_found_busy(self):
        self.assertEqual(layout.busy_port([self.busy]), self.busy)

    def test_a_port_with_only_a_past_connection_is_free(self):
        client = socket.create_connection(("127.0.0.1", self.busy))
        server, _ = self.listener.accept()
        self.listener.close()
        server.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
        self.assertIsNone(layout.busy_port([self.busy]))

    def test_a_collision_in_the_wanted_range_is_refused_with_a_way_out(self):
        options = NetworkOptions(base_port=self.busy - 5)
        with self.assertRaisesRegex(NetworkError, f"port {self.busy} .*in use.*--base-port auto"):
            layout.choose_base_port(options)

    def test_a_range_beyond_the_last_port_is_refused(self):
        with self.assertRaisesRegex(NetworkError, "do not fit below 65536"):
            layout.choose_base_port(NetworkOptions(base_port=65000, relays=200))

    def test_auto_gives_a_range_in_which_nothing_listens(self):
        options = NetworkOptions()
        base = layout.choose_base_port(options)
        self.assertIsNone(layout.busy_port(list(range(base, base + layout.port_span(options)))))


class Torrc(unittest.TestCase):
    def test_every_node_is_a_test_network_node_that_knows_all_authorities(self):
        options = NetworkOptions(clients=(ClientOptions(),))
        for nickname in ("auth0", "relay0", "exit0", "client0"):
            lines = torrc_lines(nickname, options)
            self.assertIn("TestingTorNetwork 1", lines)
            self.assertEqual(sum(line.startswith("DirAuthority ") for line in lines), 3)

    def test_every_listener_is_bound_to_loopback(self):
        options = NetworkOptions(clients=(ClientOptions(),))
        for nickname in ("auth0", "relay0", "exit0", "client0"):
            for line in torrc_lines(nickname, options):
                key, _, value = line.partition(" ")
                if key in ("ORPort", "DirPort", "ControlPort", "SocksPort") and value != "0":
                    self.assertTrue(value.startswith("127.0.0.1:"), line)

    def test_an_exit_cannot_reach_beyond_loopback(self):
        self.assertIn("OutboundBindAddress 127.0.0.1", torrc_lines("exit0"))

    def test_only_exits_let_traffic_out(self):
        self.assertIn("ExitPolicy accept *:*", torrc_lines("exit0"))
        for nickname in ("auth0", "relay0"):
            lines = torrc_lines(nickname)
            self.assertIn("ExitPolicy reject *:*", lines)
            self.assertNotIn("ExitPolicy accept *:*", lines)

    def test_a_refused_target_stands_before_the_rule_that_accepts_all(self):
        lines = torrc_lines("exit0", NetworkOptions(exit_reject=("127.0.0.66:*",)))
        self.assertLess(lines.index("ExitPolicy reject 127.0.0.66:*"),
                        lines.index("ExitPolicy accept *:*"))

    def test_a_rate_counts_loopback_traffic(self):
        lines = torrc_lines("relay0", NetworkOptions(relay_rate_kb=500))
        for line in ("RelayBandwidthRate 500 KBytes", "RelayBandwidthBurst 500 KBytes",
                     "CountPrivateBandwidth 1"):
            self.assertIn(line, lines)

    def test_without_a_rate_nothing_is_limited(self):
        self.assertFalse([line for line in torrc_lines("relay0") if "Bandwidth" in line])

    def test_conflux_and_congestion_control_are_on_by_consensus(self):
        params = next(line for line in torrc_lines("auth0") if line.startswith("ConsensusParams"))
        self.assertIn(" cc_alg=2 ", params)
        self.assertIn(" cfx_enabled=1 ", params)

    def test_a_given_consensus_parameter_replaces_the_built_in_one(self):
        options = NetworkOptions(consensus_params={"cfx_num_legs_set": 4, "new_param": 7})
        params = next(
            line for line in torrc_lines("auth0", options) if line.startswith("ConsensusParams"))
        self.assertIn("cfx_num_legs_set=4", params)
        self.assertNotIn("cfx_num_legs_set=2", params)
        self.assertIn("new_param=7", params)

    def test_a_stock_client_gets_the_conflux_choices_it_was_given(self):
        options = NetworkOptions(clients=(ClientOptions(conflux=False, ux="latency_lowmem"),))
        lines = torrc_lines("client0", options)
        self.assertIn("ConfluxEnabled 0", lines)
        self.assertIn("ConfluxClientUX latency_lowmem", lines)
        self.assertIn("SocksPort 127.0.0.1:20039", lines)

    def test_a_stock_client_is_bound_to_relays_by_their_fingerprints(self):
        client = ClientOptions(guards=("relay0", "relay1"), middles=("relay2",), exits=("exit0",))
        lines = torrc_lines("client0", NetworkOptions(clients=(client,)))
        self.assertIn(f"EntryNodes ${3:040X},${4:040X}", lines)
        self.assertIn(f"MiddleNodes ${5:040X}", lines)
        self.assertIn(f"ExitNodes ${7:040X}", lines)

    def test_a_stock_client_without_choice_may_use_any_relay(self):
        lines = torrc_lines("client0", NetworkOptions(clients=(ClientOptions(),)))
        self.assertFalse([line for line in lines if "Nodes " in line])

    def test_a_fronted_relay_advertises_one_port_and_listens_on_another(self):
        options = NetworkOptions(fronted=("relay1",))
        self.assertEqual([line for line in torrc_lines("relay1", options) if "ORPort" in line],
                         ["ORPort 127.0.0.1:20017 IPv4Only NoAdvertise",
                          "ORPort 127.0.0.1:20016 IPv4Only NoListen"])
        self.assertIn("ORPort 127.0.0.1:20012 IPv4Only", torrc_lines("relay0", options))

    def test_the_authorities_file_has_the_agreed_form(self):
        first = torrc.authorities_file(plan()).splitlines()[0]
        self.assertEqual(first, f"auth0 v3ident={0xA0:040X} dirport=127.0.0.1:20001 "
                                f"fingerprint={0:040X}")

    def test_a_directory_name_with_blanks_and_quotes_stays_one_value(self):
        nodes = layout.plan_nodes(NetworkOptions(), Path('/a b/"c"'), 20000)
        lines = torrc.torrc_text(nodes[3], nodes, NetworkOptions()).splitlines()
        self.assertIn('DataDirectory "/a b/\\"c\\"/nodes/relay0"', lines)


class Options(unittest.TestCase):
    def refused(self, expected, **choices):
        with self.assertRaisesRegex(NetworkError, expected):
            NetworkOptions(**choices).check()

    def test_a_rate_below_what_tor_accepts_is_refused(self):
        self.refused("at least 75 KB/s", relay_rate_kb=74)

    def test_the_lowest_rate_that_tor_accepts_is_accepted(self):
        NetworkOptions(relay_rate_kb=75).check()

    def test_a_network_without_exit_is_refused(self):
        self.refused("--exits 0: expected 1", exits=0)

    def test_a_parameter_that_would_break_the_line_is_refused(self):
        self.refused("--param", consensus_params={"a b": 1})

    def test_an_exit_pattern_that_would_add_a_line_is_refused(self):
        self.refused("--exit-reject", exit_reject=("1.2.3.4:*\nExitPolicy accept *:*",))

    def test_a_name_server_that_would_add_a_line_is_refused(self):
        self.refused("--exit-nameserver", exit_nameserver="127.0.0.1:53\noptions x")

    def test_a_client_is_read_from_its_short_form(self):
        self.assertEqual(ClientOptions.parse("conflux=0,ux=latency"),
                         ClientOptions(conflux=False, ux="latency"))

    def test_an_unknown_ux_is_answered_with_the_known_ones(self):
        with self.assertRaisesRegex(NetworkError, "throughput, latency"):
            ClientOptions.parse("ux=fast")


class Process(unittest.TestCase):
    def setUp(self):
        self.output = Path(tempfile.mkstemp()[1])
        self.addCleanup(self.output.unlink)
        self.process = process.spawn(["sleep", "600"], self.output)
        self.addCleanup(process.terminate, [self.process], 0.1)

    def test_a_process_that_runs_is_running(self):
        self.assertEqual(process.state(self.process), "running")

    def test_a_stopped_process_is_told_apart_and_can_be_ended(self):
        process.send_signal(self.process, signal.SIGSTOP)
        self.wait_for_state("stopped")
        self.assertEqual(process.terminate([self.process], 5), [])
        self.assertEqual(process.state(self.process), "gone")

    def test_an_ended_child_counts_as_gone_though_nobody_waited_for_it(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.wait_for_state("gone")

    def test_a_pid_that_belongs_to_another_process_now_is_left_alone(self):
        stale = process.ProcessId(self.process.pid, self.process.start_time - 1,
                                  self.process.boot_id)
        self.assertFalse(process.send_signal(stale, signal.SIGKILL))
        self.assertEqual(process.state(stale), "gone")
        self.assertEqual(process.state(self.process), "running")

    def test_a_process_of_an_earlier_boot_is_left_alone(self):
        stale = process.ProcessId(self.process.pid, self.process.start_time, "another boot")
        self.assertFalse(process.send_signal(stale, signal.SIGKILL))
        self.assertEqual(process.state(self.process), "running")

    def test_a_process_that_ignores_the_polite_signal_is_killed(self):
        stubborn = process.spawn(
            [sys.executable, "-c", "import signal, time\n"
             "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\n"
             "time.sleep(600)"], self.output)
        self.addCleanup(process.terminate, [stubborn], 0.1)
        while "ready" not in self.output.read_text():
            self.assertEqual(process.state(stubborn), "running")
        self.assertEqual(process.terminate([stubborn], 0.2), [])

    def test_a_terminal_s_interrupt_does_not_reach_it(self):
        self.assertEqual(os.getsid(self.process.pid), self.process.pid)

    def wait_for_state(self, wanted):
        while process.state(self.process) != wanted:
            pass  # the test's timeout ends a wait in vain


class StateFile(unittest.TestCase):
    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory())) / "net"

    def saved(self):
        state.prepare_directory(self.directory)
        written = state.State(self.directory, plan(), base_port=20000, created_directory=True)
        written.processes["auth0"] = process.ProcessId(42, 4711, "boot")
        written.save()
        return written

    def test_what_was_saved_is_loaded(self):
        written = self.saved()
        self.assertEqual(state.State.load(self.directory), written)

    def test_the_directory_is_closed_to_others(self):
        state.prepare_directory(self.directory)
        self.assertEqual(self.directory.stat().st_mode & 0o777, 0o700)

    def test_a_directory_that_is_open_to_others_is_refused(self):
        self.directory.mkdir(mode=0o755)
        with self.assertRaisesRegex(NetworkError, "open to others.*chmod 700"):
            state.prepare_directory(self.directory)

    def test_a_directory_with_other_files_is_refused(self):
        self.directory.mkdir(mode=0o700)
        (self.directory / "thesis.tex").touch()
        with self.assertRaisesRegex(NetworkError, "other files.*thesis.tex"):
            state.prepare_directory(self.directory)

    def test_a_link_in_place_of_the_directory_is_refused(self):
        target = self.directory.parent / "elsewhere"
        target.mkdir(mode=0o700)
        self.directory.symlink_to(target)
        with self.assertRaisesRegex(NetworkError, "is not a directory"):
            state.prepare_directory(self.directory)

    def test_a_damaged_file_is_reported_and_not_guessed_at(self):
        self.saved().path.write_text('{"format": "conflux-private-network/1"}')
        with self.assertRaisesRegex(NetworkError, "damaged"):
            state.State.load(self.directory)

    def test_a_missing_network_says_how_to_start_one(self):
        with self.assertRaisesRegex(NetworkError, "private_network.py start"):
            state.State.load(self.directory)

    def test_removal_takes_what_was_made_and_nothing_else(self):
        written = self.saved()
        (self.directory / "nodes" / "auth0").mkdir(parents=True)
        (self.directory / "notes.txt").touch()
        state.remove_files(written)
        self.assertEqual([p.name for p in self.directory.iterdir()], ["notes.txt"])

    def test_removal_takes_the_directory_that_the_tool_made(self):
        state.remove_files(self.saved())
        self.assertFalse(self.directory.exists())

    def test_two_calls_cannot_change_one_network_at_once(self):
        self.saved()
        with state.locked(self.directory):
            with self.assertRaisesRegex(NetworkError, "another private_network.py"):
                with state.locked(self.directory):
                    self.fail("the second lock was given")


class ScriptedControlPort:
    """Answers each command with the next reply of the script."""

    def __init__(self, test, replies):
        self.commands = []
        self._replies = list(replies)
        self._listener = socket.create_server(("127.0.0.1", 0))
        datadir = test.enterContext(tempfile.TemporaryDirectory())
        (Path(datadir) / "control_auth_cookie").write_bytes(b"\x01\xab")
        self.node = layout.Node("relay0", "relay", 0, 0, self._listener.getsockname()[1], 0,
                                datadir)
        thread = threading.Thread(target=self._serve)
        thread.start()
        test.addCleanup(thread.join)
        test.addCleanup(self._listener.close)

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as stream:
            for reply in self._replies:
                self.commands.append(stream.readline().decode().rstrip())
                stream.write(reply.encode())
                stream.flush()


class Control(unittest.TestCase):
    def test_the_cookie_opens_the_connection(self):
        port = ScriptedControlPort(self, ["250 OK\r\n"])
        ControlClient(port.node).close()
        self.assertEqual(port.commands, ["AUTHENTICATE 01ab"])

    def test_a_one_line_value_comes_without_its_key(self):
        port = ScriptedControlPort(self, ["250 OK\r\n", "250-version=0.4.9\r\n250 OK\r\n"])
        with ControlClient(port.node) as control:
            self.assertEqual(control.getinfo("version"), "0.4.9")

    def test_a_data_block_is_unfolded_and_its_dots_restored(self):
        port = ScriptedControlPort(
            self, ["250 OK\r\n", "250+ns/all=\r\nr one\r\n..dot\r\n.\r\n250 OK\r\n"])
        with ControlClient(port.node) as control:
            self.assertEqual(control.getinfo("ns/all"), "r one\n.dot")

    def test_a_refusal_names_the_node_and_the_command(self):
        port = ScriptedControlPort(self, ["250 OK\r\n", "552 Unrecognized\r\n"])
        with ControlClient(port.node) as control:
            with self.assertRaisesRegex(ControlError, "relay0: GETINFO failed: 552"):
                control.getinfo("nonsense")

    def test_a_connection_that_ends_in_a_reply_is_an_error(self):
        port = ScriptedControlPort(self, ["250 OK\r\n", "250-cut"])
        with ControlClient(port.node) as control:
            with self.assertRaisesRegex(ControlError, "closed"):
                control.getinfo("version")


class Directory(unittest.TestCase):
    CONSENSUS = ("network-status-version 3 microdesc\n"
                 "r relay0 AAAAAAAAAAAAAAAAAAAAAAAAAAE 2038-01-01 00:00:00 127.0.0.1 7 0\n"
                 "m digest0\ns Fast Running Valid\npr Conflux=1 FlowCtrl=1-2\n"
                 "r exit0 AAAAAAAAAAAAAAAAAAAAAAAAAAI 2038-01-01 00:00:00 127.0.0.1 8 0\n"
                 "m digest1\ns Exit Running\n")

    def test_each_relay_is_read_with_identity_digest_and_flags(self):
        first, second = directory.parse_consensus(self.CONSENSUS)
        self.assertEqual((first.nickname, first.fingerprint), ("relay0", f"{1:040X}"))
        self.assertEqual(first.microdescriptor, "digest0")
        self.assertEqual(first.protocols, "Conflux=1 FlowCtrl=1-2")
        self.assertEqual(second.flags, {"Exit", "Running"})

    def test_an_identity_survives_the_way_to_hex_and_back(self):
        self.assertEqual(directory.identity_of(directory.fingerprint_of("AAAA" * 6 + "AAI")),
                         "AAAA" * 6 + "AAI")


class CommandLine(unittest.TestCase):
    def options(self, *argv):
        return cli._options_of(cli.build_parser().parse_args(["start", *argv]))

    def test_no_options_are_the_default_network(self):
        self.assertEqual(self.options(), NetworkOptions())

    def test_options_reach_the_network(self):
        options = self.options("--relays", "13", "--relay-rate", "2000", "--rate", "relay0=500",
                               "--param", "cfx_num_legs_set=3", "--base-port", "9000",
                               "--client", "conflux=0")
        self.assertEqual(options, NetworkOptions(
            relays=13, relay_rate_kb=2000, node_rates_kb={"relay0": 500}, base_port=9000,
            consensus_params={"cfx_num_legs_set": 3}, clients=(ClientOptions(conflux=False),)))

    def test_a_wrong_option_ends_with_status_2_and_says_what_was_expected(self):
        done = self.run_tool("start", "--base-port", "some")
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected a port number or auto", done.stderr)

    def test_help_shows_examples(self):
        done = self.run_tool("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("examples:", done.stdout)

    def test_status_without_a_network_fails_with_a_way_out(self):
        with tempfile.TemporaryDirectory() as empty:
            done = self.run_tool("status", "--dir", empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn("private_network.py start", done.stderr)

    @staticmethod
    def run_tool(*argv):
        tool = Path(cli.__file__).parents[1] / "private_network.py"
        return subprocess.run([sys.executable, str(tool), *argv], capture_output=True, text=True,
                              check=False)


if __name__ == "__main__":
    unittest.main()
