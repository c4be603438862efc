"""Regions that break while conflux-sidecar serves them, and clients that do not read."""

import collections
import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import struct
import threading
import unittest

import grpc

from harness import (IS_SANITIZED, NOBODY, SIDECAR, Sidecar, SidecarTest, eventually, main, pb,
                     value_of)

Health = pb.Region


class RegionFaults(SidecarTest):
    def setUp(self):
        super().setUp()
        self.steady = self.proxy("steady")
        self.steady.tell("set conflux_tunnels 0 8")
        self.start("stall_after: 1s")
        self.served = self.client()

    def region(self, instance="proxy"):
        return next((it for it in self.served.snapshot().regions if it.instance == instance), None)

    def health(self, instance="proxy"):
        region = self.region(instance)
        return None if region is None else Health.Health.Name(region.health)

    def expect(self, health, instance="proxy"):
        eventually(lambda: self.health(instance) == health, f"{instance} {health}")
        self.assertEqual(value_of(self.region("steady"), "conflux_tunnels"), 8, "others go on")

    def file(self, instance="proxy"):
        return self.regions / f"{instance}.cfxm"

    def test_a_proxy_that_comes_late_goes_and_comes_again(self):
        for _ in range(3):
            proxy = self.proxy()
            eventually(lambda: self.health() in ("HEALTH_LIVE", "HEALTH_STALLED"), "found")
            proxy.tell("close")
            eventually(lambda: self.health() is None, "gone")

    def test_a_proxy_that_is_killed_is_dead(self):
        self.proxy().kill()
        self.expect("HEALTH_DEAD")
        self.assertIn("has died", self.region().problem)
        self.proxy()
        eventually(lambda: self.health() == "HEALTH_LIVE", "alive again")

    def test_a_proxy_that_is_stopped_is_stalled_until_it_goes_on(self):
        proxy = self.proxy()
        proxy.process.send_signal(signal.SIGSTOP)
        self.expect("HEALTH_STALLED")
        proxy.process.send_signal(signal.SIGCONT)
        proxy.tell("beat")
        self.expect("HEALTH_LIVE")

    def test_a_region_that_is_cut_is_corrupt_and_the_next_one_is_read(self):
        proxy = self.proxy()
        eventually(lambda: self.region() is not None, "found")
        for size in (100, 0):
            os.truncate(self.file(), size)
            eventually(lambda: self.health() in ("HEALTH_CORRUPT", "HEALTH_UNSUPPORTED"), "cut")
        proxy.kill()
        self.file().unlink()
        self.proxy()
        eventually(lambda: self.health() == "HEALTH_LIVE", "the next one")

    def test_a_region_of_a_newer_version_is_left_alone_and_named(self):
        proxy = self.proxy()
        data = bytearray(self.file().read_bytes())
        proxy.tell("close")
        struct.pack_into("<Q", data, 8, 2 << 32)
        self.file().write_bytes(data)
        self.expect("HEALTH_UNSUPPORTED")
        self.assertIn("upgrade it", self.region().problem)

    def test_a_region_that_may_not_be_read_is_named(self):
        self.proxy()
        self.file().chmod(0)
        if os.geteuid() == 0:
            self.serve_as_nobody()
        eventually(lambda: self.health() == "HEALTH_UNREADABLE", "unreadable")
        self.assertIn("add the sidecar to its group", self.region().problem)

    def serve_as_nobody(self):
        """Root reads everything."""
        home = self.home / "nobody"
        home.mkdir(mode=0o700)
        program = home / "conflux-sidecar"
        shutil.copy(SIDECAR, program)
        self.home.chmod(0o755)
        self.socket = home / "grpc.sock"
        self.config = home / "conflux.yaml"
        self.configure()
        for path in (home, program, self.config):
            os.chown(path, NOBODY, NOBODY)
        sidecar = Sidecar("--config", str(self.config), program=program, user=NOBODY, group=NOBODY,
                          extra_groups=[])
        self.addCleanup(sidecar.stop)
        sidecar.wait_for("gRPC on unix:")
        self.served = self.client()

    def test_a_region_that_is_a_link_or_a_pipe_is_not_opened(self):
        self.file().symlink_to(self.file("steady"))
        self.expect("HEALTH_UNREADABLE")
        os.mkfifo(self.file("pipe"))
        self.expect("HEALTH_UNREADABLE", "pipe")

    def test_noise_in_place_of_regions_changes_nothing_for_others(self):
        proxy = self.proxy(slots=64)
        proxy.tell("tunnels 64")
        whole = self.file().read_bytes()
        proxy.tell("close")
        seed = 4711
        noise = random.Random(seed)
        for round_number in range(60):
            data = bytearray(whole)
            for _ in range(noise.choice((1, 8, 512))):
                data[noise.randrange(noise.choice((256, len(data))))] = noise.randrange(256)
            draft = self.regions / "draft"
            draft.write_bytes(data[:noise.choice((len(data), noise.randrange(len(data))))])
            os.rename(draft, self.file())
            snapshot = self.served.snapshot()
            steady = next(it for it in snapshot.regions if it.instance == "steady")
            self.assertEqual(value_of(steady, "conflux_tunnels"), 8, f"seed {seed} {round_number}")
            self.served.tunnels()

    def test_logs_each_change_once_and_not_more_than_it_should(self):
        sidecar = self.start_second()
        proxy = self.proxy("noisy")
        for _ in range(30):
            proxy.tell("close")
            proxy = self.proxy("noisy")
            self.second.snapshot()
        lines = [it for it in sidecar.lines if "region noisy" in it]
        self.assertTrue(lines)
        self.assertLessEqual(len(lines), 10 * 2)

    def start_second(self):
        self.socket = self.home / "second.sock"
        sidecar = self.start()
        self.second = self.client()
        return sidecar


class Clients(SidecarTest):
    @unittest.skipIf(IS_SANITIZED, "memory is not its own")
    def test_that_never_read_hold_no_more_than_a_message(self):
        self.proxy(slots=10000).tell("tunnels 10000")
        sidecar = self.start()
        stuck = [self.client(options=[("grpc.use_local_subchannel_pool", 1)])
                 .watch_tunnels(limit=10000, interval={"nanos": 100_000_000}) for _ in range(8)]
        reader = self.client().watch_tunnels(limit=10000, interval={"nanos": 100_000_000})
        # Each stuck client may hold one message, of a megabyte, and the reader another one.
        for _ in range(15):
            self.assertEqual(len(next(reader).tunnels), 10000)
        self.assertLess(sidecar.rss_kib(), (40 + 9 * 2) * 1024, "KiB, with eight that wait")
        for stream in stuck:
            stream.cancel()

    def test_that_ask_for_too_much_at_once_are_told_so(self):
        self.start("limits: {streams: 3}")
        streams = [self.client().watch() for _ in range(3)]
        for stream in streams:
            next(stream)
        self.assert_status(grpc.StatusCode.RESOURCE_EXHAUSTED, self.client().snapshot,
                           "sidecar.limits.streams")
        streams[0].cancel()

        def served():
            with contextlib.suppress(grpc.RpcError):
                return self.client().snapshot()
        eventually(served, "a place is free again")

    def test_that_take_every_file_descriptor_do_not_silence_it(self):
        """gRPC gives a listening socket up for good when it cannot accept."""
        self.configure()
        few = (64, 64)
        sidecar = Sidecar("--config", str(self.config),
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few))
        self.addCleanup(sidecar.stop)
        sidecar.wait_for(f"gRPC on unix:{self.socket}")
        with contextlib.ExitStack() as held:
            for _ in range(100):
                silent = held.enter_context(socket.socket(socket.AF_UNIX))
                silent.setblocking(False)
                # The queue of those who wait to be accepted is full, or nobody listens just now.
                with contextlib.suppress(BlockingIOError, ConnectionRefusedError,
                                         FileNotFoundError):
                    silent.connect(str(self.socket))
            sidecar.wait_for("gRPC listens no more")

        def served():
            with contextlib.suppress(grpc.RpcError):
                return self.client().snapshot()
        eventually(served, "somebody is served once they are gone")

    def test_that_vanish_leave_no_call_behind(self):
        self.start("limits: {streams: 2}")
        # Longer than the test: whoever is still there after his message is there to the end.
        interval = {"seconds": 120}
        for _ in range(100):
            client = self.client()
            answers = collections.deque(maxlen=3)

            def first(it=client, answers=answers):
                try:
                    return next(it.watch(interval=interval))
                except grpc.RpcError as error:
                    answers.append(f"{error.code()}: {error.details()}")
            eventually(first, answers)
            client.channel.close()

    @unittest.skipIf(IS_SANITIZED, "memory is not its own")
    def test_in_great_number_do_not_make_it_grow(self):
        self.proxy(slots=16).tell("tunnels 16")
        sidecar = self.start()
        clients = [self.client() for _ in range(4)]

        def scrape(client, count):
            for _ in range(count):
                client.snapshot()

        def scrape_all(count):
            threads = [threading.Thread(target=scrape, args=(it, count)) for it in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        scrape_all(250)
        before = sidecar.rss_kib()
        scrape_all(2500)
        self.assertLess(sidecar.rss_kib() - before, 2 * 1024, "KiB over 10,000 snapshots")


if __name__ == "__main__":
    main()
