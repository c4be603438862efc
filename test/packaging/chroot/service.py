"""Runs what the packages installed, as their users would, and says of each claim whether it holds.

For packaging/test-packages.sh, as root of a container whose network is loopback alone: the sidecar
under systemd, onion-proxy as a user of its own, and a private network of stock tor between it and a
file server.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import tcp_mtls
from claims import SERVICE, Failed, claim, expect, run, systemctl, wait_until

sys.path.insert(0, "/usr/share/conflux-examples/private_network")

from privnet import NetworkOptions, PrivateNetwork
from traffic import transfer
from traffic.file_server import FileServer
from traffic.onion_proxy import OnionProxy, Programs, ProxyOptions
from traffic.transfer import Transfer

CONFIG = Path("/etc/conflux/conflux.yaml")
PLUGIN = Path("/usr/lib/mpath/conflux.so")
EXAMPLES = Path("/usr/libexec/conflux-examples")
METRICS = "/run/conflux-sidecar/metrics.sock"
SIZE = 20_000_000
PROXY_USER = "proxy-user"
READER = "reader"
STRANGER = "nobody"


def main() -> None:
    with claim("systemd starts the sidecar at boot, and hears that it is ready"):
        wait_until(lambda: systemctl("is-active", check=False).strip() == "active", 30)
    with claim("its sandbox is in force"):
        look_at_sandbox()
    with claim("an operator follows README.Debian: a user for the proxy, a place for its metrics"):
        prepare_machine()
    with claim("the sidecar reloads its configuration"):
        systemctl("reload")
        wait_until(lambda: Path(METRICS).exists(), 10)
    run_proxy()
    with claim("a configuration with errors is refused, and the sidecar goes on as before"):
        refuse_errors()
    with claim("with the drop-in it serves TCP, to those with the right certificate alone"):
        tcp_mtls.look()
    with claim("the sidecar stops as it should, and leaves nothing in /run"):
        systemctl("stop")
        expect("Result=success" in systemctl("show", "--property=Result"), "not a clean end")
        expect(not Path(METRICS).parent.exists(), "its directory is still there")
    print("done", flush=True)


def look_at_sandbox() -> None:
    pid = systemctl("show", "--property=MainPID", "--value").strip()
    status = dict(re.findall(r"(?m)^(\w+):\t(.*)$", Path(f"/proc/{pid}/status").read_text()))
    expect((status["NoNewPrivs"], status["Seccomp"], int(status["CapBnd"], 16)) == ("1", "2", 0),
           f"NoNewPrivs {status['NoNewPrivs']}, Seccomp {status['Seccomp']}, {status['CapBnd']}")
    for space in ("net", "user", "mnt"):
        expect(os.readlink(f"/proc/{pid}/ns/{space}") != os.readlink(f"/proc/1/ns/{space}"),
               f"no {space} namespace of its own")
    place = os.stat("/run/conflux")
    expect((place.st_mode & 0o7777, place.st_uid) == (0o2750, 0), oct(place.st_mode))


def prepare_machine() -> None:
    run("useradd", "--system", "--no-create-home", PROXY_USER)
    run("useradd", "--system", "--no-create-home", "--groups", "conflux-metrics", READER)
    shipped = Path("/usr/lib/tmpfiles.d/conflux.conf").read_text()
    ours = re.sub(r"(?m)^(d /run/conflux \d+) root", rf"\1 {PROXY_USER}", shipped)
    Path("/etc/tmpfiles.d/conflux.conf").write_text(ours)
    run("systemd-tmpfiles", "--create", "conflux.conf")
    CONFIG.write_text(CONFIG.read_text().replace("#mode: off", "mode: aggregate")
                      .replace("#detail: none", "detail: local")
                      .replace("#interval: 60s", "interval: 10s", 1)
                      .replace("#profile: stock", "profile: fast")
                      .replace(f"#listen: unix:{METRICS}", f"listen: unix:{METRICS}"))
    run("confluxctl", "config", "check", "--strict", str(CONFIG))


def refuse_errors() -> None:
    good = CONFIG.read_text()
    CONFIG.write_text(good + "nonsense: true\n")
    done = subprocess.run(["systemctl", "reload", SERVICE], capture_output=True, check=False)
    CONFIG.write_text(good)
    expect(done.returncode != 0, "the reload was accepted")
    expect(systemctl("is-active").strip() == "active", "it is gone")
    expect("conflux_" in asked_as(READER, METRICS)[0], "it does not answer any more")


def run_proxy() -> None:
    with contextlib.ExitStack() as stack:
        with claim("stock tor makes a private network"):
            network = stack.enter_context(PrivateNetwork.running(
                NetworkOptions(relay_rate_kb=4000), Path("/tmp/network")))
            server = stack.enter_context(FileServer())
        with claim("onion-proxy starts from the installed files, as a user of its own"):
            proxy = stack.enter_context(start_proxy(network))
        move_files(proxy, server.port)
        look_at_metrics()
        with claim("onion-proxy stops on SIGTERM with status 0"):
            expect(proxy.stop() == 0, proxy.log_tail())


def start_proxy(network: PrivateNetwork) -> OnionProxy:
    """By a script that changes to the proxy's user, with the package's configuration."""
    place = Path("/tmp/proxy")
    place.mkdir(exist_ok=True)
    script = place / "onion-proxy"
    script.write_text(f"#!/bin/sh\nexec setpriv --reuid {PROXY_USER} --regid {PROXY_USER} "
                      f"--clear-groups --no-new-privs {EXAMPLES}/onion-proxy \"$@\"\n")
    script.chmod(0o755)
    run("chown", PROXY_USER, str(place))
    os.umask(0o022)
    authorities = place / "authorities"
    authorities.write_text(network.authorities_path.read_text())
    options = ProxyOptions(authorities, place,
                           paths=("relay0,relay1,exit0", "relay2,relay3,exit0"))
    proxy = OnionProxy(Programs(script, PLUGIN), options)
    (place / "conflux.yaml").write_text(CONFIG.read_text())
    return proxy


def move_files(proxy: OnionProxy, port: int) -> None:
    small = Transfer(proxy.port, port, seed=7, size=1000)
    with claim("a tunnel of two legs stands, by the installed plugin"):
        transfer.download(small)
        proxy.wait_for_tunnel(2, 60)
    for direction, action in (("download", transfer.download), ("upload", transfer.upload)):
        with claim(f"a file of {SIZE // 1_000_000} MB arrives byte for byte: {direction}"):
            result = action(Transfer(proxy.port, port, seed=7, size=SIZE))
            expect(result.intact and result.size == SIZE,
                   f"{result.size} bytes, SHA-256 {result.sha256}")
    with claim("both legs carried cells of it"):
        legs = proxy.tunnels()[-1]["legs"]
        expect(all(leg["cells_in"] > 1000 for leg in legs), json.dumps(legs))


def look_at_metrics() -> None:
    with claim("a scrape, as a member of conflux-metrics, tells of the proxy"):
        wait_for_metric("conflux_cells_received_total", 1000, 30)
    with claim("somebody else may neither scrape nor read a region"):
        for path in (METRICS, "/run/conflux-sidecar/grpc.sock"):
            expect("Permission denied" in asked_as(STRANGER, path)[1], path)
        expect(run_as(STRANGER, "ls", "/run/conflux").returncode != 0, "/run/conflux is open")
    with claim("confluxctl shows its tunnel, and finds nothing to complain about"):
        tunnels = run_as(READER, "confluxctl", "tunnels", "--json")
        expect(len(json.loads(tunnels.stdout)["tunnels"]) >= 1, tunnels.stdout + tunnels.stderr)
        doctor = run_as(READER, "confluxctl", "doctor")
        expect(doctor.returncode == 0, doctor.stdout + doctor.stderr)
    with claim("the region is its owner's, readable by the group and by nobody else"):
        status = os.stat(next(Path("/run/conflux").glob("*")))
        expect(status.st_mode & 0o777 == 0o640, oct(status.st_mode))


def wait_for_metric(name: str, at_least: float, seconds: float) -> None:
    page = problem = ""

    def tells() -> bool:
        nonlocal page, problem
        page, problem = asked_as(READER, METRICS)
        values = re.findall(rf"(?m)^{name}(?:{{[^}}]*}})? (\S+)$", page)
        return sum(map(float, values)) >= at_least

    try:
        wait_until(tells, seconds)
    except Failed as error:
        raise Failed(f"{name} is not {at_least}: {error}\n{problem}\n{page}") from error


def asked_as(user: str, path: str) -> tuple[str, str]:
    """What GET /metrics on that socket answers to a user, and what went wrong."""
    done = run_as(user, "python3", "-B", __file__, "--get", path)
    return done.stdout, done.stderr


def get(path: str) -> None:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request("GET", "/metrics")
    sys.stdout.write(connection.getresponse().read().decode())


def run_as(user: str, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(["setpriv", "--reuid", user, "--regid", user if user != STRANGER
                           else "nogroup", "--init-groups", *command],
                          capture_output=True, text=True, timeout=60, check=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--get"]:
        get(sys.argv[2])
    else:
        main()
