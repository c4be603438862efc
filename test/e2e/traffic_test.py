"""The traffic of the end-to-end tests, held to its own claims without tor."""

import hashlib
import socket
import struct
import threading
import unittest

import support  # noqa: F401  (makes `traffic` importable)
from traffic import content, names, socks5, transfer
from traffic.file_server import FileServer
from traffic.onion_proxy import is_whole
from traffic.stock_client import rides_disjoint_legs


class Content(unittest.TestCase):
    def test_it_has_the_size_that_was_asked_for(self):
        for size in (0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1_000_000):
            self.assertEqual(sum(len(c) for c in content.chunks(7, size)), size)

    def test_it_is_the_same_each_time_and_another_for_another_seed(self):
        self.assertEqual(content.sha256(1, 300_000), content.sha256(1, 300_000))
        self.assertNotEqual(content.sha256(1, 300_000), content.sha256(2, 300_000))

    def test_no_two_pieces_are_alike_so_that_a_swap_is_seen(self):
        pieces = [hashlib.sha256(c).digest() for c in content.chunks(1, 4 << 18)]
        self.assertEqual(len(set(pieces)), 4)


class Names(unittest.TestCase):
    QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"

    def test_a_test_name_is_loopback_whatever_the_case_of_its_letters(self):
        question = b"\x05fiLeS\x04TEST\x00\x00\x01\x00\x01"
        reply = names.answer(self.QUERY + question)
        self.assertEqual(reply[:8], b"\x12\x34\x81\x80\x00\x01\x00\x01")
        self.assertEqual(reply[12:12 + len(question)], question)
        self.assertEqual(reply[-4:], socket.inet_aton("127.0.0.1"))

    def test_another_name_does_not_exist(self):
        reply = names.answer(self.QUERY + b"\x07nowhere\x07invalid\x00\x00\x01\x00\x01")
        self.assertEqual((reply[3] & 15, reply[7]), (3, 0))

    def test_a_test_name_has_no_ipv6_address(self):
        reply = names.answer(self.QUERY + b"\x05files\x04test\x00\x00\x1c\x00\x01")
        self.assertEqual((reply[3] & 15, reply[7]), (0, 0))


class WholeTunnel(unittest.TestCase):
    def test_all_its_legs_are_linked_or_far_ones_wait(self):
        self.assertTrue(is_whole(["linked", "linked"], 2))
        self.assertTrue(is_whole(["waiting", "linked", "waiting"], 3))
        self.assertTrue(is_whole(["built"], 1))

    def test_it_is_not_whole_while_a_leg_is_on_its_way(self):
        for state in ("building", "built", "linking"):
            self.assertFalse(is_whole(["linked", state], 2))
        self.assertFalse(is_whole(["linked"], 2))

    def test_a_leg_that_waits_serves_nobody(self):
        self.assertFalse(is_whole(["waiting"], 1))
        self.assertFalse(is_whole(["waiting", "waiting"], 2))

    def test_a_leg_that_was_given_up_does_not_count(self):
        self.assertTrue(is_whole(["linked", "closed", "linked"], 2))
        self.assertFalse(is_whole(["linked", "closed"], 2))


class StockClient(unittest.TestCase):
    LEG = "{} BUILT $A~{},$B~{},$C~exit0 BUILD_FLAGS=X PURPOSE={} CONFLUX_ID={} CONFLUX_RTT=9\n"

    def rides(self, circuits, streams="7 SUCCEEDED 3 127.0.0.1:8000"):
        return rides_disjoint_legs(streams, circuits, 8000)

    def test_a_stream_on_a_linked_set_of_disjoint_legs_is_comparable(self):
        self.assertTrue(self.rides(
            self.LEG.format(3, "g1", "m1", "CONFLUX_LINKED", "S")
            + self.LEG.format(4, "g2", "m2", "CONFLUX_LINKED", "S")))

    def test_legs_that_share_a_relay_are_not(self):
        self.assertFalse(self.rides(
            self.LEG.format(3, "g1", "m1", "CONFLUX_LINKED", "S")
            + self.LEG.format(4, "g2", "m1", "CONFLUX_LINKED", "S")))

    def test_a_plain_circuit_or_a_lonely_leg_is_not(self):
        self.assertFalse(self.rides(self.LEG.format(3, "g1", "m1", "GENERAL", "")))
        self.assertFalse(self.rides(
            self.LEG.format(3, "g1", "m1", "CONFLUX_LINKED", "S")
            + self.LEG.format(4, "g2", "m2", "CONFLUX_LINKED", "T")))

    def test_a_stream_to_another_port_does_not_count(self):
        self.assertFalse(self.rides("", streams=""))
        self.assertFalse(self.rides(
            self.LEG.format(3, "g1", "m1", "CONFLUX_LINKED", "S")
            + self.LEG.format(4, "g2", "m2", "CONFLUX_LINKED", "S"),
            streams="7 SUCCEEDED 3 127.0.0.1:8001"))


class PlainProxy:
    """A SOCKS5 server that connects directly; `reply` other than 0 refuses, `cut` ends a download
    after so many bytes."""

    def __init__(self, test, reply=0, cut=None):
        self._reply, self._cut = reply, cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        thread = threading.Thread(target=self._serve)
        thread.start()
        test.addCleanup(thread.join)

    def _serve(self):
        with self._listener, self._listener.accept()[0] as client:
            client.recv(3)
            client.sendall(b"\x05\x00")
            request = client.recv(10)
            client.sendall(bytes([5, self._reply, 0, 1]) + bytes(6))
            if self._reply == 0:
                self._relay(client, struct.unpack("!H", request[8:])[0])

    def _relay(self, client, port):
        with socket.create_connection(("127.0.0.1", port)) as target:
            up = threading.Thread(target=self._pipe, args=(client, target, None))
            up.start()
            self._pipe(target, client, self._cut)
            client.shutdown(socket.SHUT_RDWR)
            up.join()

    @staticmethod
    def _pipe(source, sink, limit):
        moved = 0
        try:
            while (limit is None or moved < limit) and (data := source.recv(1 << 16)):
                sink.sendall(data)
                moved += len(data)
        except OSError:
            pass


class Transfers(unittest.TestCase):
    SIZE = 1_000_000

    def setUp(self):
        self.server = self.enterContext(FileServer())

    def request(self, query="", **proxy):
        return transfer.Transfer(PlainProxy(self, **proxy).port, self.server.port, 9, self.SIZE,
                                 query=query, timeout_s=10)

    def test_an_intact_download_is_called_intact(self):
        result = transfer.download(self.request())
        self.assertEqual((result.size, result.intact), (self.SIZE, True))

    def test_an_intact_upload_is_called_intact(self):
        result = transfer.upload(self.request())
        self.assertEqual((result.size, result.intact), (self.SIZE, True))

    def test_a_single_wrong_bit_is_noticed(self):
        for position in (0, self.SIZE // 2, self.SIZE - 1):
            self.assertFalse(transfer.download(self.request(f"?flip={position}")).intact)

    def test_a_download_that_ends_early_is_truncated(self):
        with self.assertRaises((transfer.Truncated, ConnectionError)):
            transfer.download(self.request(cut=self.SIZE // 2))

    def test_a_refusal_carries_the_proxy_s_reply(self):
        with self.assertRaises(socks5.SocksError) as caught:
            transfer.download(self.request(reply=socks5.NOT_ALLOWED))
        self.assertEqual(caught.exception.reply, socks5.NOT_ALLOWED)

    def test_the_rate_of_a_slow_server_is_kept(self):
        result = transfer.download(self.request(f"?rate={self.SIZE}"))
        self.assertGreater(result.seconds, 0.5)


if __name__ == "__main__":
    unittest.main()
