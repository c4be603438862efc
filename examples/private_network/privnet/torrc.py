"""The configuration text of each node. Pure: options and nodes in, text out."""

from __future__ import annotations

from pathlib import Path

from .layout import LOOPBACK, Node
from .options import NetworkOptions


def dir_authority_line(node: Node) -> str:
    return (f"DirAuthority {node.nickname} orport={node.orport} no-v2 v3ident={node.v3ident} "
            f"{LOOPBACK}:{node.dirport} {node.fingerprint}")


def authorities_file(nodes: list[Node]) -> str:
    """One line per authority: what a client must know beforehand to trust this network."""
    return "".join(
        f"{n.nickname} v3ident={n.v3ident} dirport={LOOPBACK}:{n.dirport} "
        f"fingerprint={n.fingerprint}\n" for n in nodes if n.role == "authority")


def torrc_text(node: Node, nodes: list[Node], options: NetworkOptions) -> str:
    lines = _common_lines(node)
    if node.is_relay:
        lines += _relay_lines(node)
    if node.role == "authority":
        lines += _authority_lines(node, options)
    elif node.role == "exit":
        lines += _exit_lines(node, options)
    elif node.role == "relay":
        lines += ["ExitPolicy reject *:*"]
    else:
        lines += _client_lines(node) + _path_lines(node, nodes, options)
    lines += [dir_authority_line(n) for n in nodes if n.role == "authority"]
    return "\n".join(lines) + "\n"


def _common_lines(node: Node) -> list[str]:
    return [
        "TestingTorNetwork 1",
        f"DataDirectory {_quoted(node.datadir)}",
        "Log notice stdout",
        "SafeLogging 0",
        "ShutdownWaitLength 0",
        f"ControlPort {LOOPBACK}:{node.controlport}",
        "CookieAuthentication 1",
        "EnforceDistinctSubnets 0",
        "ClientUseIPv6 0",
        "NumCPUs 1",
        # Countries mean nothing here; reading them costs a second and 60 MB per node.
        "GeoIPFile /dev/null",
        "GeoIPv6File /dev/null",
        "RunAsDaemon 0",
    ]


def _relay_lines(node: Node) -> list[str]:
    lines = [
        f"Nickname {node.nickname}",
        f"Address {LOOPBACK}",
        "AssumeReachable 1",
        *_orport_lines(node),
        "ContactInfo private test network",
        "SocksPort 0",
    ]
    if node.rate_kb:
        lines += [
            f"RelayBandwidthRate {node.rate_kb} KBytes",
            f"RelayBandwidthBurst {node.rate_kb} KBytes",
            # Without it loopback traffic is not counted, and no rate bites.
            "CountPrivateBandwidth 1",
        ]
    return lines


def _orport_lines(node: Node) -> list[str]:
    if not node.innerport:
        return [f"ORPort {LOOPBACK}:{node.orport} IPv4Only"]
    return [f"ORPort {LOOPBACK}:{node.innerport} IPv4Only NoAdvertise",
            f"ORPort {LOOPBACK}:{node.orport} IPv4Only NoListen"]


def _authority_lines(node: Node, options: NetworkOptions) -> list[str]:
    params = " ".join(f"{k}={v}" for k, v in sorted(options.all_consensus_params().items()))
    return [
        f"DirPort {LOOPBACK}:{node.dirport}",
        "AuthoritativeDirectory 1",
        "V3AuthoritativeDirectory 1",
        "ExitPolicy reject *:*",
        "TestingDirAuthVoteExit *",
        "TestingDirAuthVoteGuard *",
        "TestingDirAuthVoteHSDir *",
        "TestingMinExitFlagThreshold 0",
        "TestingV3AuthInitialVotingInterval 20",
        "TestingV3AuthInitialVoteDelay 4",
        "TestingV3AuthInitialDistDelay 4",
        "V3AuthVotingInterval 20",
        "V3AuthVoteDelay 4",
        "V3AuthDistDelay 4",
        f"ConsensusParams {params}",
    ]


def resolv_conf_path(node: Node) -> Path:
    return Path(node.datadir) / "resolv.conf"


def _exit_lines(node: Node, options: NetworkOptions) -> list[str]:
    lines = [f"ServerDNSResolvConfFile {resolv_conf_path(node)}"] if options.exit_nameserver else []
    return lines + [
        "ExitRelay 1",
        "ExitPolicyRejectPrivate 0",
        *[f"ExitPolicy reject {pattern}" for pattern in options.exit_reject],
        # The policy must look open to clients; binding to loopback is what keeps traffic inside.
        "ExitPolicy accept *:*",
        f"OutboundBindAddress {LOOPBACK}",
        "IPv6Exit 0",
        "ServerDNSDetectHijacking 0",
        "ServerDNSAllowBrokenConfig 1",
    ]


def _client_lines(node: Node) -> list[str]:
    return [
        f"SocksPort {LOOPBACK}:{node.socksport}",
        f"ConfluxEnabled {int(node.conflux)}",
        f"ConfluxClientUX {node.ux}",
        "NumEntryGuards 4",
        "NumPrimaryGuards 4",
    ]


def _path_lines(node: Node, nodes: list[Node], options: NetworkOptions) -> list[str]:
    client = options.clients[int(node.nickname.removeprefix("client"))]
    fingerprints = {n.nickname: n.fingerprint for n in nodes}
    return [f"{key} {','.join('$' + fingerprints[name] for name in names)}"
            for key, names in (("EntryNodes", client.guards), ("MiddleNodes", client.middles),
                               ("ExitNodes", client.exits)) if names]


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
