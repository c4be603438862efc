"""Source, sink and transfers, through a SOCKS proxy that does nothing but forward."""

import socket
import threading
import unittest

from e2ebench import transfers
from e2ebench.origin import Arrivals, Origin, pieces
from e2ebench.transfers import Broken, Door


class PlainSocks:
    """SOCKS5 with user names, onto direct connections. `spoil` changes what comes back."""

    def __init__(self, spoil=lambda data: data):
        self._spoil = spoil
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.users = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb", buffering=0) as reader:
            self._forward(client, reader)

    def _forward(self, client, reader):
        reader.read(3)
        client.sendall(b"\x05\x02")
        self.users.append(reader.read(reader.read(2)[1]).decode())
        reader.read(2)
        client.sendall(b"\x01\x00")
        reader.read(8)
        port = int.from_bytes(reader.read(2), "big")
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        with socket.create_connection(("127.0.0.1", port)) as target:
            up = threading.Thread(target=self._pump, args=(client, target, lambda data: data))
            up.start()
            self._pump(target, client, self._spoil)
            up.join()

    @staticmethod
    def _pump(source, sink, change):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(change(data))
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Transfers(unittest.TestCase):
    def door(self, spoil=lambda data: data, **choices):
        self.proxy = self.enterContext(PlainSocks(spoil))
        return Door(self.proxy.port, "user", self.enterContext(Origin()), **choices)

    def test_a_download_knows_when_each_byte_came(self):
        sample = transfers.download(self.door(), 3_000_000)
        self.assertEqual(sample.size, 3_000_000)
        self.assertTrue(sample.arrivals.intact)
        times = [sample.seconds_to(byte) for byte in (1, 1_000_000, 3_000_000)]
        self.assertEqual(times, sorted(times))
        self.assertEqual(sample.seconds, times[-1])

    def test_an_upload_is_timed_at_the_sink(self):
        door = self.door()
        sample = transfers.upload(door, 3_000_000)
        self.assertEqual(sample.size, 3_000_000)
        self.assertGreater(sample.seconds, 0)
        self.assertEqual(self.proxy.users, ["user"])

    def test_a_wrong_byte_is_no_measurement(self):
        with self.assertRaisesRegex(Broken, "were not sent"):
            transfers.download(self.door(lambda data: b"x" + data[1:]), 100_000)

    def test_a_transfer_that_is_cut_off_is_no_measurement(self):
        door = self.door(lambda data: data[:-1])
        with self.assertRaisesRegex(Broken, "ended after"):
            transfers.download(door, 50_000)

    def test_asking_about_the_stream_is_not_counted(self):
        waited = threading.Event()
        sample = transfers.download(self.door(on_connected=lambda: waited.wait(0.3)), 1000)
        self.assertLess(sample.seconds, 0.3)

    def test_a_page_is_over_with_its_last_file(self):
        first, last = transfers.page(self.door(), [5000, 70_000, 1, 20_000] * 5, parallel=6)
        self.assertLessEqual(first, last)
        self.assertEqual(len(self.proxy.users), 20)

    def test_a_page_with_a_broken_file_is_no_measurement(self):
        with self.assertRaisesRegex(Broken, "of 3 files failed"):
            transfers.page(self.door(lambda data: data[:-1]), [5000] * 3, parallel=2)


class Rates(unittest.TestCase):
    def test_the_rate_is_that_between_two_positions(self):
        arrivals = Arrivals()
        # 1000 bytes at once, then 100 each second, then a long wait for the last ones.
        arrivals.totals = [1000, 1100, 1200, 1300, 1310]
        arrivals.times = [0.0, 1.0, 2.0, 3.0, 60.0]
        self.assertEqual(arrivals.rate(1000, 1300), 100)
        self.assertEqual(arrivals.rate(1050, 1300), 100)

    def test_what_never_came_has_no_time_and_no_rate(self):
        arrivals = Arrivals()
        arrivals.note(next(pieces(100)))
        self.assertNotEqual(arrivals.time_of(101), arrivals.time_of(101))
        self.assertNotEqual(arrivals.rate(50, 101), arrivals.rate(50, 101))

    def test_a_cell_in_the_wrong_place_is_seen(self):
        data = b"".join(pieces(498 * 20))
        arrivals = Arrivals()
        arrivals.note(data[:498] + data[2 * 498:3 * 498] + data[498:2 * 498] + data[3 * 498:])
        self.assertFalse(arrivals.intact)


if __name__ == "__main__":
    unittest.main()
