"""Requests that cannot be served end with the right SOCKS answer, soon, and harm nothing else."""

import socket
import subprocess
import threading
import time
import unittest

from support import shared_network
from support.e2e_test_case import E2eTestCase, disjoint_paths
from traffic import names, socks5, transfer
from traffic.onion_proxy import Programs

SOON_S = 15.0


class Refusals(E2eTestCase):
    def setUp(self):
        super().setUp()
        self.proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))

    def reply_to(self, host, port, command=socks5.CONNECT):
        start = time.monotonic()
        with self.assertRaises(socks5.SocksError) as caught:
            socks5.request(self.proxy.port, host, port, command, timeout_s=SOON_S)[0].close()
        self.assertLess(time.monotonic() - start, SOON_S)
        self.assert_still_serves()
        return caught.exception.reply

    def assert_still_serves(self):
        self.assert_intact(transfer.download(self.transfer(self.proxy, 60, 20_000)))

    def test_a_closed_port_is_a_refused_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            port = closed_soon.getsockname()[1]
        self.assertIn(self.reply_to("127.0.0.1", port),
                      (socks5.CONNECTION_REFUSED, socks5.GENERAL_FAILURE))

    def test_a_target_that_the_exit_policy_refuses_is_not_allowed(self):
        self.assertEqual(self.reply_to(shared_network.REFUSED_ADDRESS, self.server.port),
                         socks5.NOT_ALLOWED)

    def test_a_name_that_does_not_exist_is_an_unreachable_host(self):
        with names.NameServer(shared_network.nameserver_port()):
            self.assertEqual(self.reply_to("nowhere.invalid", 80), socks5.HOST_UNREACHABLE)

    def test_an_ipv6_target_that_the_exit_cannot_reach_is_refused(self):
        self.assertNotEqual(self.reply_to("::1", self.server.port), socks5.SUCCEEDED)

    def test_bind_is_not_supported(self):
        self.assertEqual(self.reply_to("127.0.0.1", 80, socks5.BIND),
                         socks5.COMMAND_NOT_SUPPORTED)

    def test_garbage_on_the_socks_port_ends_that_connection_only(self):
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
                        b"\x05\x00", b"\x05\x01\x00\x05\x01\x00\x09" + bytes(30)):
            with socket.create_connection(("127.0.0.1", self.proxy.port), SOON_S) as connection:
                connection.sendall(garbage)
                try:
                    while connection.recv(1000):
                        pass
                except ConnectionResetError:
                    pass
        self.assert_still_serves()

    def test_a_server_that_hangs_up_in_the_middle_ends_the_stream_and_not_the_tunnel(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=_answer_half, args=(server,))
            thread.start()
            request = transfer.Transfer(self.proxy.port, server.getsockname()[1], 61, 100_000)
            with self.assertRaises((transfer.Truncated, ConnectionError)):
                transfer.download(request)
            thread.join()
        self.assert_still_serves()

    def test_a_client_that_hangs_up_in_the_middle_harms_no_other_stream(self):
        path = b"GET /62/100000000 HTTP/1.0\r\n\r\n"
        with socks5.connect(self.proxy.port, "127.0.0.1", self.server.port) as connection:
            connection.sendall(path)
            connection.recv(1000)
        self.assert_still_serves()


class Names(E2eTestCase):
    def test_a_name_is_resolved_by_the_exit(self):
        proxy = self.start_proxy(legs=2, paths=disjoint_paths(2))
        with names.NameServer(shared_network.nameserver_port()):
            request = self.transfer(proxy, 63, 100_000, host="files.test")
            self.assert_intact(transfer.download(request))


class BadStart(E2eTestCase):
    def refused(self, *arguments):
        done = subprocess.run([str(Programs.from_environment().onion_proxy), "--socks",
                               "127.0.0.1:0", *arguments], capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertGreater(done.returncode, 0)
        return done.stderr

    def test_a_missing_authorities_file_is_named(self):
        self.assertIn("/nonexistent", self.refused("--authorities", "/nonexistent"))

    def test_a_missing_plugin_is_named(self):
        message = self.refused("--authorities", str(self.network.authorities_path),
                               "--plugin", "/nonexistent.so")
        self.assertIn("/nonexistent.so", message)

    def test_a_wrong_configuration_is_shown_by_file_and_line(self):
        config = self.work_dir / "wrong.yaml"
        config.write_text("version: 1\nconflux:\n  desired_ux: hihg_throughput\n")
        message = self.refused("--authorities", str(self.network.authorities_path), "--plugin",
                               str(Programs.from_environment().plugin), "--config", str(config))
        self.assertIn("wrong.yaml:3", message)


def _answer_half(server):
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000))


if __name__ == "__main__":
    unittest.main()
