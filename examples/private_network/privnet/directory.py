"""What an authority serves: just enough of consensus and microdescriptors to judge readiness."""

from __future__ import annotations

import base64
import http.client
from dataclasses import dataclass

from .layout import LOOPBACK

# Stock authorities answer at most this many digests in one request line.
_DIGESTS_PER_REQUEST = 90


@dataclass
class ConsensusEntry:
    nickname: str
    fingerprint: str  # 40 hex digits, upper case
    microdescriptor: str = ""
    flags: frozenset[str] = frozenset()
    protocols: str = ""


def get(dirport: int, path: str, timeout_s: float = 5.0) -> str | None:
    """The body of a document, or None when the authority has none (yet)."""
    connection = http.client.HTTPConnection(LOOPBACK, dirport, timeout=timeout_s)
    try:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return body if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def fingerprint_of(identity: str) -> str:
    """The hex form of an identity as consensuses write it (base64 without padding)."""
    return base64.b64decode(identity + "=" * (-len(identity) % 4)).hex().upper()


def identity_of(fingerprint: str) -> str:
    return base64.b64encode(bytes.fromhex(fingerprint)).decode().rstrip("=")


def parse_consensus(text: str) -> list[ConsensusEntry]:
    entries: list[ConsensusEntry] = []
    for line in text.splitlines():
        keyword, _, rest = line.partition(" ")
        if keyword == "r":
            fields = rest.split()
            entries.append(ConsensusEntry(fields[0], fingerprint_of(fields[1])))
        elif not entries:
            continue
        elif keyword == "m":
            entries[-1].microdescriptor = rest
        elif keyword == "s":
            entries[-1].flags = frozenset(rest.split())
        elif keyword == "pr":
            entries[-1].protocols = rest
    return entries


def fetch_consensus(dirport: int) -> list[ConsensusEntry]:
    text = get(dirport, "/tor/status-vote/current/consensus-microdesc")
    return parse_consensus(text) if text else []


def fetch_exit_policies(dirport: int, digests: list[str]) -> list[str]:
    """The `p` line of each microdescriptor served; `reject 1-65535` where there is none."""
    policies: list[str] = []
    for start in range(0, len(digests), _DIGESTS_PER_REQUEST):
        wanted = "-".join(digests[start:start + _DIGESTS_PER_REQUEST])
        text = get(dirport, f"/tor/micro/d/{wanted}") or ""
        for block in text.split("onion-key\n-----BEGIN")[1:]:
            lines = [line for line in block.splitlines() if line.startswith("p ")]
            policies.append(lines[0].removeprefix("p ") if lines else "reject 1-65535")
    return policies
