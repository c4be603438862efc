"""The private network of a run: four paths whose rates and delays change while it runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from privnet import ClientOptions, NetworkOptions, Node, PrivateNetwork, Progress
from privnet.signals import signals_ignored
from traffic.forwarder import Forwarder

from .conditions import PATHS, Condition
from .origin import Origin

GUARDS = tuple(f"relay{i}" for i in range(PATHS))
MIDDLES = tuple(f"relay{i}" for i in range(PATHS, 2 * PATHS))
EXIT = "exit0"
STOCK_CLIENT = "client0"
# Tor fills buckets every 0.1 s: less than that would be less than the rate.
BURST_S = 0.2
_STOCK_LEGS = 2
_USABLE_TIMEOUT_S = 120.0


class Site:
    """Network, forwarder and origin. Made by `running`."""

    def __init__(self, network: PrivateNetwork, forwarder: Forwarder, origin: Origin):
        self.network, self.origin = network, origin
        self._forwarder = forwarder
        self._rates_kb: tuple[int, ...] | None = None

    def path(self, index: int) -> str:
        """As onion-proxy's --path wants it."""
        return f"{GUARDS[index]},{MIDDLES[index]},{EXIT}"

    def apply(self, condition: Condition) -> None:
        for index, added_rtt_ms in enumerate(condition.added_rtt_ms):
            self._forwarder.set_delay(self.network.node(GUARDS[index]), added_rtt_ms / 2)
        if condition.rates_kb == self._rates_kb:
            return
        for index, rate_kb in enumerate(condition.rates_kb):
            self.network.set_rate(GUARDS[index], rate_kb)
            self.network.set_rate(MIDDLES[index], rate_kb)
            self._set_client_rate(GUARDS[index], rate_kb)
        self._rates_kb = condition.rates_kb

    def _set_client_rate(self, guard: str, rate_kb: int) -> None:
        """A relay's own bucket may not be smaller than one second's worth, which would let the
        first megabytes of each leg pass at any speed; that of a client's connection may."""
        with self.network.control(guard) as control:
            if rate_kb:
                control.command(f'SETCONF PerConnBWRate="{rate_kb} KBytes" '
                                f'PerConnBWBurst="{int(rate_kb * BURST_S)} KBytes"')
            else:
                control.command("RESETCONF PerConnBWRate PerConnBWBurst")


@contextlib.contextmanager
def running(forwarder_program: Path, place: Path, progress: Progress) -> Iterator[Site]:
    """Starts all, waits until it is usable, and stops all on the way out."""
    with contextlib.ExitStack() as stack:
        forwarders: list[Forwarder] = []

        def start_forwarder(nodes: list[Node]) -> None:
            forwarders.append(stack.enter_context(Forwarder(forwarder_program, nodes)))
        network = PrivateNetwork.start(_options(), place, progress, os.getpid(), start_forwarder)
        stack.callback(_stop, network)
        network.wait(_USABLE_TIMEOUT_S)
        (forwarder,) = forwarders
        origin = stack.enter_context(Origin())
        yield Site(network, forwarder, origin)


def _stop(network: PrivateNetwork) -> None:
    with signals_ignored():
        network.stop()


def _options() -> NetworkOptions:
    # Bound to as many guards and middles as it builds legs, the stock client cannot share relays
    # between the legs of a set: it avoids those that its other leg has.
    client = ClientOptions(conflux=True, ux="throughput", guards=GUARDS[:_STOCK_LEGS],
                           middles=MIDDLES[:_STOCK_LEGS], exits=(EXIT,))
    return NetworkOptions(relays=2 * PATHS, exits=1, fronted=GUARDS, clients=(client,))
