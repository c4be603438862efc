"""The drop-in for TCP and mTLS, installed as it says of itself. Certificates are in /opt/checks/tls."""

from __future__ import annotations

import subprocess
from pathlib import Path

from claims import expect, run, systemctl

DROP_IN = Path("/usr/share/doc/conflux-sidecar/examples/tcp-mtls.conf")
PLACE = Path("/etc/systemd/system/conflux-sidecar.service.d/tcp-mtls.conf")
CONFIG = Path("/etc/conflux/conflux.yaml")
TLS = Path("/opt/checks/tls")
ADDRESS = "127.0.0.1:9848"
TABLE = f"""version: 1
conflux: {{profile: lab}}
sidecar:
  grpc:
    listen: {ADDRESS}
    tls:
      certificate: /etc/conflux/sidecar.crt
      key: /etc/conflux/sidecar.key
      client_ca: /etc/conflux/clients-ca.crt
"""


def look() -> None:
    """Leaves everything as it was."""
    before = CONFIG.read_text()
    expect(not answers("client"), "TCP is served without the drop-in")
    run("install", "-D", "-m", "0644", str(DROP_IN), str(PLACE))
    run("install", "-o", "conflux-sidecar", "-m", "0400", str(TLS / "sidecar.key"),
        "/etc/conflux/sidecar.key")
    run("install", "-m", "0644", str(TLS / "sidecar.crt"), "/etc/conflux/sidecar.crt")
    run("install", "-m", "0644", str(TLS / "ca.crt"), "/etc/conflux/clients-ca.crt")
    CONFIG.write_text(TABLE)
    run("systemctl", "daemon-reload")
    systemctl("restart")
    expect(answers("client"), "no answer to a client whose certificate is right")
    expect(not answers("stranger"), "an answer to a certificate of another authority")
    CONFIG.write_text(before)
    PLACE.unlink()
    PLACE.parent.rmdir()
    for name in ("sidecar.key", "sidecar.crt", "clients-ca.crt"):
        (CONFIG.parent / name).unlink()
    run("systemctl", "daemon-reload")
    systemctl("restart")


def answers(who: str) -> bool:
    done = subprocess.run(
        ["confluxctl", "metrics", "--address", ADDRESS, "--ca", TLS / "ca.crt", "--cert",
         TLS / f"{who}.crt", "--key", TLS / f"{who}.key"],
        capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0
