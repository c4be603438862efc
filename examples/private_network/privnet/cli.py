"""The command line: sub-commands, options, exit statuses."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from .errors import NetworkError
from .network import PrivateNetwork
from .options import (DEFAULT_AUTHORITIES, DEFAULT_EXITS, DEFAULT_RELAYS, ClientOptions,
                      NetworkOptions)
from .progress import Progress
from .signals import Interrupted, raise_on_stop_signals, signals_ignored
from .state import default_directory

DESCRIPTION = """\
A private network of stock tor on loopback: authorities, relays, exits, Conflux and congestion
control on. Nothing leaves this machine. For tests and experiments; it gives no anonymity."""

EXAMPLES = """\
examples:
  private_network.py start && private_network.py wait     a network for two disjoint legs
  private_network.py status
  private_network.py stop
  private_network.py run --relay-rate 2000 -- ./my-test    start, wait, run, always stop
  private_network.py start --relays 13 --dir /tmp/big      eight disjoint legs (authorities relay)
  private_network.py start --client conflux=1,ux=throughput --client conflux=0
  private_network.py signal relay0 STOP                    freeze a relay; CONT thaws it
  private_network.py restart relay0

exit status: 0 success, 1 failure, 2 wrong usage; status: 3 when a node is not running;
run: the command's own status."""

SIGNALS = ("STOP", "CONT", "KILL", "INT", "TERM", "HUP", "USR1", "USR2")
STATUS_NOT_RUNNING = 3


def main(argv: list[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    raise_on_stop_signals()
    try:
        return arguments.action(arguments)
    except NetworkError as error:
        print(f"private_network: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print(f"\nprivate_network: interrupted ({interrupted}), stopped", file=sys.stderr)
        return 128 + interrupted.signum


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="private_network.py", description=DESCRIPTION,
                                     epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_start(commands)
    _add_wait(commands)
    _add_status(commands)
    _add_stop(commands)
    _add_run(commands)
    _add_signal(commands)
    _add_restart(commands)
    _add_rate(commands)
    _add_list(commands)
    return parser


def _command(commands, name: str, action, help_text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--dir", type=Path, default=default_directory(), metavar="DIR",
                        help="the network's directory (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(action=action)
    return parser


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--relays", type=int, default=DEFAULT_RELAYS, metavar="N",
        help="relays beside authorities and exits; authorities relay too (default: %(default)s)")
    add("--exits", type=int, default=DEFAULT_EXITS, metavar="N",
        help="exits (default: %(default)s)")
    add("--authorities", type=int, default=DEFAULT_AUTHORITIES, metavar="N",
        help="directory authorities (default: %(default)s)")
    add("--relay-rate", type=int, default=0, metavar="KB",
        help="KB/s of every node but the exits, at least 75; 0 is unlimited (default)")
    add("--rate", action="append", default=[], metavar="NODE=KB", type=_node_rate,
        help="KB/s of one node; repeatable")
    add("--base-port", type=_base_port, default=None, metavar="N|auto",
        help="first port of the range (default: auto, a free range)")
    add("--param", action="append", default=[], metavar="NAME=N", type=_name_value,
        help="a consensus parameter beside or instead of the built-in ones; repeatable")
    add("--exit-reject", action="append", default=[], metavar="ADDR:PORT",
        help="a target that exits refuse; repeatable")
    add("--exit-nameserver", default="", metavar="ADDR:PORT",
        help="the name server that exits ask (default: none, names do not resolve)")
    add("--client", action="append", default=[], metavar="conflux=0|1,ux=NAME", type=_client,
        help="also run a stock client with a SOCKS port; repeatable")


def _options_of(arguments: argparse.Namespace) -> NetworkOptions:
    return NetworkOptions(
        authorities=arguments.authorities, relays=arguments.relays, exits=arguments.exits,
        relay_rate_kb=arguments.relay_rate, node_rates_kb=dict(arguments.rate),
        base_port=arguments.base_port, consensus_params=dict(arguments.param),
        exit_reject=tuple(arguments.exit_reject), exit_nameserver=arguments.exit_nameserver,
        clients=tuple(arguments.client))


def _name_value(text: str) -> tuple[str, int]:
    name, sep, value = text.partition("=")
    try:
        if name and sep:
            return name, int(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"'{text}': expected NAME=NUMBER")


def _node_rate(text: str) -> tuple[str, int]:
    return _name_value(text)


def _base_port(text: str) -> int | None:
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}': expected a port number or auto") from None


def _client(text: str) -> ClientOptions:
    try:
        return ClientOptions.parse(text)
    except NetworkError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


# start, wait, stop, run


def _add_start(commands) -> None:
    parser = _command(commands, "start", _start, "start every node; returns once all listen")
    _add_network_options(parser)


def _start(arguments: argparse.Namespace) -> int:
    PrivateNetwork.start(_options_of(arguments), arguments.dir, Progress(arguments.quiet))
    return 0


def _add_wait(commands) -> None:
    parser = _command(commands, "wait", _wait, "wait until the network is usable (about 25 s)")
    parser.add_argument("--timeout", type=float, default=120, metavar="S",
                        help="give up after S seconds (default: %(default)s)")


def _wait(arguments: argparse.Namespace) -> int:
    _open(arguments).wait(arguments.timeout)
    return 0


def _add_stop(commands) -> None:
    parser = _command(commands, "stop", _stop, "end every node and remove the files")
    parser.add_argument("--keep", action="store_true", help="leave files and logs in place")


def _stop(arguments: argparse.Namespace) -> int:
    network = _open(arguments)
    with signals_ignored():
        network.stop(arguments.keep)
    return 0


def _add_run(commands) -> None:
    parser = _command(commands, "run", _run,
                      "start, wait, run a command, and stop whatever happens; the command finds "
                      "PRIVATE_NETWORK_DIR and PRIVATE_NETWORK_AUTHORITIES in its environment")
    _add_network_options(parser)
    parser.add_argument("--timeout", type=float, default=120, metavar="S",
                        help="give up waiting for the network after S seconds")
    parser.add_argument("argv", nargs="+", metavar="-- CMD", help="the command and its arguments")


def _run(arguments: argparse.Namespace) -> int:
    with PrivateNetwork.running(_options_of(arguments), arguments.dir, Progress(arguments.quiet),
                                arguments.timeout) as network:
        environment = {**os.environ, "PRIVATE_NETWORK_DIR": str(network.directory),
                       "PRIVATE_NETWORK_AUTHORITIES": str(network.authorities_path)}
        try:
            child = subprocess.Popen(arguments.argv, env=environment)
        except OSError as error:
            raise NetworkError(f"cannot run {arguments.argv[0]}: {error.strerror}") from None
        return _wait_for_child(child)


def _wait_for_child(child: subprocess.Popen) -> int:
    try:
        status = child.wait()
    except Interrupted:
        with signals_ignored():
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        raise
    return status if status >= 0 else 128 - status


# status, list, signal, restart, rate


def _add_status(commands) -> None:
    parser = _command(commands, "status", _status, "what runs; exit status 3 if a node does not")
    parser.add_argument("--json", action="store_true", help="for programs")


def _status(arguments: argparse.Namespace) -> int:
    network = _open(arguments)
    rows = [{**dataclasses.asdict(node), "pid": network.pid(node.nickname),
             "state": network.node_state(node.nickname)} for node in network.nodes]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    return 0 if all(row["state"] == "running" for row in rows) else STATUS_NOT_RUNNING


def _print_table(rows: list[dict]) -> None:
    columns = (("nickname", "NODE", 10), ("role", "ROLE", 10), ("state", "STATE", 8),
               ("pid", "PID", 8), ("orport", "OR", 6), ("dirport", "DIR", 6),
               ("controlport", "CONTROL", 8), ("socksport", "SOCKS", 6), ("rate_kb", "KB/S", 6))
    print(" ".join(title.ljust(width) for _, title, width in columns).rstrip())
    for row in rows:
        print(" ".join(str(row[key] or "-").ljust(width) for key, _, width in columns).rstrip())


def _add_list(commands) -> None:
    parser = _command(commands, "list", _list, "the nicknames, one a line")
    parser.add_argument("--role", choices=("authority", "relay", "exit", "client"),
                        help="only nodes of this role")


def _list(arguments: argparse.Namespace) -> int:
    for node in _open(arguments).nodes:
        if arguments.role in (None, node.role):
            print(node.nickname)
    return 0


def _add_signal(commands) -> None:
    parser = _command(commands, "signal", _signal, "send a signal to one node")
    parser.add_argument("node", metavar="NODE")
    parser.add_argument("signal", metavar="SIGNAL", choices=SIGNALS, help=" ".join(SIGNALS))


def _signal(arguments: argparse.Namespace) -> int:
    _open(arguments).send_signal(arguments.node, signal.Signals[f"SIG{arguments.signal}"])
    return 0


def _add_restart(commands) -> None:
    parser = _command(commands, "restart", _restart, "end one node and start it again")
    parser.add_argument("node", metavar="NODE")


def _restart(arguments: argparse.Namespace) -> int:
    _open(arguments).restart(arguments.node)
    return 0


def _add_rate(commands) -> None:
    parser = _command(commands, "rate", _rate, "change a relay's rate while it runs")
    parser.add_argument("node", metavar="NODE")
    parser.add_argument("kb", metavar="KB", type=int, help="KB/s, at least 75; 0 is unlimited")


def _rate(arguments: argparse.Namespace) -> int:
    _open(arguments).set_rate(arguments.node, arguments.kb)
    return 0


def _open(arguments: argparse.Namespace) -> PrivateNetwork:
    return PrivateNetwork.open(arguments.dir, Progress(arguments.quiet))
