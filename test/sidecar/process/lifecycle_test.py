"""conflux-sidecar from its command line to its end."""

import os
import signal
import socket
import stat
import subprocess

import grpc

from harness import SIDECAR, SOURCE, SidecarTest, main


def run(*arguments):
    return subprocess.run([SIDECAR, *arguments], capture_output=True, text=True, timeout=20,
                          check=False)


class CommandLine(SidecarTest):
    def test_help_has_examples(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Examples:", result.stdout)
        self.assertIn("SIGHUP", result.stdout)

    def test_version_is_that_of_the_project(self):
        self.assertRegex(run("--version").stdout, r"^conflux-sidecar \d+\.\d+\.\d+\n$")

    def test_a_wrong_option_says_where_help_is(self):
        result = run("--konfig", "x")
        self.assertEqual(result.returncode, 64)
        self.assertIn("Try `conflux-sidecar --help`", result.stderr)

    def test_defaults_and_schema_are_the_shipped_ones(self):
        for option, name in (("--print-defaults", "conflux.yaml"),
                             ("--print-schema", "conflux.schema.json")):
            with open(f"{SOURCE}/config/{name}", encoding="utf-8") as file:
                self.assertEqual(run(option).stdout, file.read())

    def test_check_accepts_what_is_right_and_binds_nothing(self):
        self.configure("grpc.listen: 127.0.0.1:0")
        result = run("--config", str(self.config), "--check")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertFalse(self.socket.exists())

    def test_check_places_every_error(self):
        self.configure("stall_after: 5", "otlp: {endpoint: 'https://a:1'}", profile="stock")
        result = run("--config", str(self.config), "--check")
        self.assertEqual(result.returncode, 78)
        self.assertIn("conflux.yaml:7:16: sidecar.stall_after:", result.stderr)
        self.assertIn("conflux.yaml:8:20: sidecar.otlp.endpoint:", result.stderr)
        self.assertIn("no export beyond the Unix socket", result.stderr)

    def test_a_file_that_is_not_there_is_named(self):
        result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 66)
        self.assertIn("No such file", result.stderr)


class Socket(SidecarTest):
    def test_is_for_owner_and_group(self):
        self.start()
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)

    def test_is_not_taken_over_by_a_second_sidecar(self):
        self.start()
        second = run("--config", str(self.config))
        self.assertEqual(second.returncode, 69)
        self.assertIn("another process serves this socket", second.stderr)
        self.client().snapshot()  # the first one goes on

    def test_of_a_dead_sidecar_is_replaced(self):
        first = self.start()
        first.process.kill()
        first.process.wait()
        self.assertTrue(self.socket.exists())
        self.start()
        self.client().snapshot()

    def test_of_somebody_else_is_left_alone(self):
        self.configure()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.socket))
            other.listen()
            result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 69)
        self.assertIn("another process serves this socket", result.stderr)

    def test_is_not_made_over_a_file(self):
        self.configure()
        self.socket.write_text("precious")
        result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 69)
        self.assertEqual(self.socket.read_text(), "precious")

    def test_is_not_made_where_others_may_write(self):
        self.configure()
        self.home.chmod(0o770)
        result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 69)
        self.assertIn("others may write there", result.stderr)

    def test_is_not_made_without_its_directory(self):
        self.socket = self.home / "missing" / "grpc.sock"
        self.configure()
        result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 69)
        self.assertIn("install -d -m 0750", result.stderr)

    def test_goes_with_the_sidecar(self):
        sidecar = self.start()
        self.assertEqual(sidecar.stop()[0], 0)
        self.assertFalse(self.socket.exists())


class TcpPort(SidecarTest):
    def test_that_is_taken_is_named_with_the_reason(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.configure(f"grpc.listen: 127.0.0.1:{other.getsockname()[1]}")
            result = run("--config", str(self.config))
        self.assertEqual(result.returncode, 69)
        self.assertIn("Address already in use; free it, or change sidecar.grpc.listen",
                      result.stderr)


class Stop(SidecarTest):
    def test_does_not_wait_for_open_streams(self):
        self.proxy()
        sidecar = self.start()
        streams = [self.client().watch() for _ in range(8)]
        stuck = self.client().watch_tunnels()
        for stream in streams:
            next(stream)
        code, took = sidecar.stop()
        self.assertEqual(code, 0)
        self.assertLess(took, 3, "a second, and what a busy machine takes")
        for stream in streams:
            self.assert_status(grpc.StatusCode.UNAVAILABLE, lambda it=stream: list(it))
        stuck.cancel()


class Reload(SidecarTest):
    def test_takes_over_what_can_change(self):
        self.proxy()
        sidecar = self.start()
        client = self.client()
        self.assertEqual(len(client.snapshot().regions), 1)
        others = self.home / "others"
        others.mkdir(mode=0o755)
        self.regions = others
        self.configure("prometheus: {listen: '127.0.0.1:0'}")
        line, _ = sidecar.hang_up()
        self.assertIn("reloaded", line)
        sidecar.wait_for("Prometheus on 127.0.0.1:")
        self.assertEqual(len(client.snapshot().regions), 0)

    def test_refuses_a_bad_file_as_a_whole_and_goes_on(self):
        self.proxy()
        sidecar = self.start()
        good = self.regions
        self.regions = self.home / "others"
        self.configure("stall_after: never")
        _, text = sidecar.hang_up()
        self.assertIn("sidecar.stall_after", text)
        sidecar.wait_for("reload refused; everything is as before")
        self.assertEqual(len(self.client().snapshot().regions), 1)
        self.regions = good
        self.configure()
        self.assertIn("reloaded", sidecar.hang_up()[0])

    def test_refuses_what_needs_a_restart(self):
        sidecar = self.start()
        first = self.socket
        self.socket = self.home / "second.sock"
        self.configure("stall_after: 9s")
        _, text = sidecar.hang_up()
        self.assertIn("needs a restart", text)
        self.client(f"unix:{first}").snapshot()
        self.assertFalse(self.socket.exists())

    def test_refuses_an_exporter_that_cannot_start_and_keeps_the_one_before(self):
        sidecar = self.start("prometheus: {listen: '127.0.0.1:0'}")
        line, _ = sidecar.wait_for("Prometheus on ")
        before = line.split(" on ")[1]
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.configure(f"prometheus: {{listen: '127.0.0.1:{other.getsockname()[1]}'}}")
            _, text = sidecar.hang_up()
        sidecar.wait_for("reload refused")
        self.assertIn("sidecar.prometheus.listen", text)
        host, port = before.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200", connection.recv(64))


class Systemd(SidecarTest):
    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(20)
        self.manager.bind(str(self.home / "notify"))

    def hear(self, word):
        while True:
            text = self.manager.recv(4096).decode()
            if text.startswith(word):
                return text

    def test_hears_of_start_reload_and_stop(self):
        sidecar = self.start(env={"NOTIFY_SOCKET": str(self.home / "notify")})
        self.assertIn("STATUS=serving", self.hear("READY=1"))
        self.client().snapshot()
        sidecar.process.send_signal(signal.SIGHUP)
        self.assertIn("MONOTONIC_USEC=", self.hear("RELOADING=1"))
        self.hear("READY=1")
        self.config.write_text("version: 2\n", encoding="utf-8")
        sidecar.process.send_signal(signal.SIGHUP)
        self.hear("RELOADING=1")
        self.assertIn("the last reload was refused", self.hear("READY=1"))
        sidecar.process.send_signal(signal.SIGTERM)
        self.hear("STOPPING=1")

    def test_is_told_again_and_again_that_it_lives(self):
        self.start(env={"NOTIFY_SOCKET": str(self.home / "notify"), "WATCHDOG_USEC": "200000"})
        for _ in range(3):
            self.hear("WATCHDOG=1")

    def test_finds_it_by_an_abstract_name_too(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            name = f"conflux-test-{os.getpid()}"
            manager.bind("\0" + name)
            manager.settimeout(20)
            self.start(env={"NOTIFY_SOCKET": "@" + name})
            self.assertTrue(manager.recv(4096).startswith(b"READY=1"))


if __name__ == "__main__":
    main()
