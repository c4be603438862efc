"""Keys and fingerprints, made by tor's own tools before any node starts."""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .errors import NetworkError
from .layout import LOOPBACK, Node


def make_all_keys(nodes: list[Node]) -> None:
    """Fills in fingerprint and v3ident; makes the data directories."""
    relays = [node for node in nodes if node.is_relay]
    for node in nodes:
        (Path(node.datadir) / "keys").mkdir(mode=0o700, parents=True)
        os.chmod(node.datadir, 0o700)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(_make_keys, relays))


def _make_keys(node: Node) -> None:
    if node.role == "authority":
        node.v3ident = _make_authority_keys(node)
    node.fingerprint = _make_relay_keys(node)


def _make_authority_keys(node: Node) -> str:
    keys = Path(node.datadir) / "keys"
    _run(["tor-gencert", "--create-identity-key", "-m", "12", "-a", f"{LOOPBACK}:{node.dirport}",
          "-i", str(keys / "authority_identity_key"), "-s", str(keys / "authority_signing_key"),
          "-c", str(keys / "authority_certificate"), "--passphrase-fd", "0"], stdin="private\n")
    certificate = (keys / "authority_certificate").read_text()
    match = re.search(r"^fingerprint ([0-9A-F]{40})$", certificate, re.MULTILINE)
    if match is None:
        raise NetworkError(f"{node.nickname}: tor-gencert wrote a certificate without fingerprint")
    return match.group(1)


def _make_relay_keys(node: Node) -> str:
    empty = Path(node.datadir) / "empty"
    empty.touch()
    output = _run(["tor", "--list-fingerprint", "--quiet", "-f", str(empty),
                   "--defaults-torrc", str(empty), "--DataDirectory", node.datadir,
                   "--ORPort", str(node.orport), "--Nickname", node.nickname,
                   "--Address", LOOPBACK, "--AssumeReachable", "1", "--ContactInfo", "x"])
    match = re.search(rf"^{node.nickname} ([0-9A-F ]{{40,60}})$", output, re.MULTILINE)
    if match is None:
        raise NetworkError(f"{node.nickname}: tor --list-fingerprint printed no fingerprint")
    return match.group(1).replace(" ", "")


def _run(argv: list[str], stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise NetworkError(f"{argv[0]} failed: {reason}")
    return done.stdout
