"""A proxy's region with traffic, a real conflux-sidecar, and confluxctl to look at them."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BIN = Path(os.environ.get("CONFLUX_BIN", Path(__file__).resolve().parents[3] / "build/dev/bin"))
CTL = str(BIN / "confluxctl")
DEADLINE = 60  # seconds; of a machine that is busy with something else


def wait_until(claim, what: str):
    """Asks again and again until the answer is true, and returns it."""
    end = time.monotonic() + DEADLINE
    while True:
        answer = claim()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE} s: {what}")
        time.sleep(0.05)


class Proxy:
    """A moving_proxy; see there for what it is told."""

    def __init__(self, directory: Path, instance: str = "proxy", tunnels: int = 3, slots: int = 64):
        self.process = subprocess.Popen(
            [BIN / "moving_proxy", directory, instance, str(tunnels), str(slots)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def tell(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def die(self) -> None:
        self.tell("die")
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()


class Place:
    """A directory for regions, a configuration and a socket."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="conflux-live-", dir="/dev/shm"))
        self.regions = self.root / "regions"
        self.regions.mkdir(mode=0o750)
        self.socket = self.root / "run" / "grpc.sock"
        self.socket.parent.mkdir(mode=0o750)
        self.config = self.root / "conflux.yaml"
        self.config.write_text(
            "version: 1\n"
            "conflux:\n"
            "  metrics:\n"
            "    mode: aggregate\n"
            f"    directory: {self.regions}\n"
            "sidecar:\n"
            f"  regions: {self.regions}\n"
            "  stall_after: 1s\n"
            "  grpc:\n"
            f"    socket: {self.socket}\n")
        self.tls = self.root / "tls"
        self.proxies: list[Proxy] = []
        self.sidecar = None
        self.log = open(self.root / "sidecar.log", "w", encoding="utf-8")

    def start_proxy(self, **facts) -> Proxy:
        self.proxies.append(Proxy(self.regions, **facts))
        return self.proxies[-1]

    def start_sidecar(self) -> None:
        self.sidecar = subprocess.Popen([BIN / "conflux-sidecar", "--config", self.config],
                                        stdout=self.log, stderr=self.log)
        wait_until(self.answers, "the sidecar answers")

    def answers(self) -> bool:
        assert self.sidecar.poll() is None, (self.root / "sidecar.log").read_text()
        return self.ctl("metrics").returncode == 0

    def listen_with_tls(self) -> str:
        """Certificates, and an address for the sidecar to use from its next start on."""
        self.tls.mkdir(mode=0o700)
        for name, signer in (("ca", None), ("server", "ca"), ("client", "ca")):
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                       "-keyout", f"{name}.key", "-out", f"{name}.pem"]
            if signer:
                command += ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext",
                            "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:false"]
            subprocess.run(command, cwd=self.tls, check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        # A client's metrics stay on its machine, except in a laboratory.
        laboratory = self.config.read_text().replace("conflux:\n", "conflux:\n  profile: lab\n")
        self.config.write_text(laboratory + f"    listen: {address}\n    tls:\n"
                               f"      certificate: {self.tls}/server.pem\n"
                               f"      key: {self.tls}/server.key\n"
                               f"      client_ca: {self.tls}/ca.pem\n")
        return address

    def stop_sidecar(self) -> None:
        if self.sidecar is not None:
            self.sidecar.terminate()
            self.sidecar.wait()
            self.sidecar = None

    def environment(self) -> dict[str, str]:
        return dict(os.environ, CONFLUX_SIDECAR=f"unix:{self.socket}", LC_ALL="C.UTF-8")

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess:
        """Runs confluxctl against this place's sidecar."""
        return subprocess.run([CTL, *arguments], env=self.environment(), text=True, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE)

    def json(self, *arguments: str):
        done = self.ctl(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def close(self) -> None:
        self.stop_sidecar()
        for proxy in self.proxies:
            proxy.end()
        self.log.close()
        shutil.rmtree(self.root)
