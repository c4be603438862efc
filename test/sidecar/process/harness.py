"""A real conflux-sidecar, real regions, and clients that know the sidecar by its contract alone.

Arguments of every test program: conflux-sidecar, region_puppet, the source directory, then those of
unittest.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import grpc

SIDECAR, PUPPET, SOURCE = sys.argv[1:4]
WAIT = 20  # seconds, for what takes milliseconds on a machine that is not busy
# A sanitizer's own memory hides how much the program needs.
IS_SANITIZED = b"__asan_init" in Path(SIDECAR).read_bytes()
NOBODY = 65534


def generate_messages():
    """Python messages of our contract and of gRPC's own services, made by protoc for this run."""
    out = tempfile.mkdtemp(prefix="conflux-pb-")
    for root, proto in (
            (f"{SOURCE}/plugin/sidecar/proto", "conflux/metrics/v1/metrics.proto"),
            ("/usr/share/grpc-proto", "grpc/health/v1/health.proto"),
            ("/usr/share/grpc-proto", "grpc/reflection/v1alpha/reflection.proto")):
        # A package "grpc" of its own would hide gRPC's: these two get another directory.
        target = Path(out, "own") if root == "/usr/share/grpc-proto" else Path(out)
        target.mkdir(exist_ok=True)
        flat = Path(out, "flat", Path(proto).name)
        flat.parent.mkdir(exist_ok=True)
        shutil.copy(f"{root}/{proto}", flat)
        source, name = (flat.parent, flat.name) if target.name == "own" else (root, proto)
        subprocess.run(["protoc", f"-I{source}", f"--python_out={target}", name], check=True)
    sys.path[:0] = [out, f"{out}/own"]
    return out


GENERATED = generate_messages()
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from conflux.metrics.v1 import metrics_pb2 as pb  # noqa: E402
import health_pb2  # noqa: E402
import reflection_pb2  # noqa: E402

shutil.rmtree(GENERATED)


class Client:
    """Calls by full name, as any gRPC client makes them."""

    def __init__(self, target, credentials=None, options=()):
        self.channel = (grpc.secure_channel(target, credentials, options) if credentials
                        else grpc.insecure_channel(target, options))

    def unary(self, method, request, reply, timeout=WAIT):
        call = self.channel.unary_unary(method, type(request).SerializeToString, reply.FromString)
        return call(request, timeout=timeout)

    def stream(self, method, request, reply, timeout=WAIT):
        call = self.channel.unary_stream(method, type(request).SerializeToString, reply.FromString)
        return call(request, timeout=timeout)

    def snapshot(self, **fields):
        return self.unary("/conflux.metrics.v1.MetricsService/GetSnapshot",
                          pb.GetSnapshotRequest(**fields), pb.Snapshot)

    def watch(self, **fields):
        return self.stream("/conflux.metrics.v1.MetricsService/Watch", pb.WatchRequest(**fields),
                           pb.Snapshot)

    def tunnels(self, **fields):
        return self.unary("/conflux.metrics.v1.TunnelService/ListTunnels",
                          pb.ListTunnelsRequest(**fields), pb.ListTunnelsResponse)

    def watch_tunnels(self, **fields):
        return self.stream("/conflux.metrics.v1.TunnelService/WatchTunnels",
                           pb.WatchTunnelsRequest(**fields), pb.ListTunnelsResponse)

    def health(self, service=""):
        reply = self.unary("/grpc.health.v1.Health/Check",
                           health_pb2.HealthCheckRequest(service=service),
                           health_pb2.HealthCheckResponse)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)

    def services(self):
        """As the reflection service lists them."""
        call = self.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString)
        request = reflection_pb2.ServerReflectionRequest(list_services="*")
        reply = next(call(iter([request]), timeout=WAIT))
        return sorted(it.name for it in reply.list_services_response.service)


class Puppet:
    """A proxy, as far as its region goes."""

    def __init__(self, directory, instance="proxy", slots=0):
        self.process = subprocess.Popen([PUPPET], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.tell(f"open {directory} {instance} {slots}")

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{command}: {answer}"

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(WAIT)
        self.process.stdout.close()


class Sidecar:
    """The program, and what it says."""

    def __init__(self, *arguments, env=None, program=SIDECAR, **options):
        self.lines = []
        self.process = subprocess.Popen([program, *arguments], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})}, **options)
        self.said = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.said:
                self.lines.append(line.rstrip("\n"))
                self.said.notify_all()
        with self.said:
            self.lines.append("<end>")
            self.said.notify_all()

    def wait_for(self, text, after=0):
        """The first line with that text from line `after` on, and its number."""
        deadline = time.monotonic() + WAIT
        with self.said:
            while True:
                for number, line in enumerate(self.lines[after:], after):
                    if text in line:
                        return line, number
                ended = "<end>" in self.lines
                if ended or not self.said.wait(deadline - time.monotonic()):
                    raise AssertionError(f"never said {text!r}:\n" + "\n".join(self.lines))

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(next(it for it in status if it.startswith("VmRSS")).split()[1])

    def hang_up(self):
        """SIGHUP; what it says of it."""
        after = len(self.lines)
        self.process.send_signal(signal.SIGHUP)
        line, _ = self.wait_for("reload", after)
        return line, "\n".join(self.lines[after:])

    def stop(self):
        """The exit code, and how long it took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT)
        self.reader.join(WAIT)
        self.process.stderr.close()
        return code, time.monotonic() - begin


def eventually(look, what):
    """The first true answer of `look`."""
    deadline = time.monotonic() + WAIT
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"never: {what}")
        time.sleep(0.02)


class SidecarTest(unittest.TestCase):
    """A directory on tmpfs with regions in it, and a configuration."""

    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="conflux-sidecar-", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.regions = self.home / "regions"
        self.regions.mkdir(mode=0o755)
        self.socket = self.home / "grpc.sock"
        self.config = self.home / "conflux.yaml"

    def configure(self, *lines, profile="lab"):
        """Lines of section `sidecar:`, beside where regions and the socket are."""
        grpc_lines = [it for it in lines if it.startswith("grpc.")]
        text = [f"version: 1\nconflux: {{profile: {profile}}}\nsidecar:", f"  regions: {self.regions}",
                "  grpc:", f"    socket: {self.socket}"]
        text += ["    " + it.removeprefix("grpc.") for it in grpc_lines]
        text += ["  " + it for it in lines if it not in grpc_lines]
        self.config.write_text("\n".join(text) + "\n", encoding="utf-8")

    def start(self, *lines, env=None, **options):
        self.configure(*lines, **options)
        sidecar = Sidecar("--config", str(self.config), env=env)
        self.addCleanup(sidecar.stop)
        sidecar.wait_for(f"gRPC on unix:{self.socket}")
        return sidecar

    def proxy(self, instance="proxy", slots=0):
        puppet = Puppet(self.regions, instance, slots)
        self.addCleanup(puppet.end)
        return puppet

    def client(self, target=None, credentials=None, options=()):
        client = Client(target or f"unix:{self.socket}", credentials, options)
        self.addCleanup(client.channel.close)
        return client

    def assert_status(self, code, call, text=""):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        self.assertIn(text, caught.exception.details())


def value_of(region, metric, label_value=""):
    for sample in region.samples:
        if sample.metric == metric and sample.label_value == label_value:
            return sample.number
    return None


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=1)
