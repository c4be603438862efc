"""One transfer in a thread of its own, with the moments at which faults strike."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass

from traffic import socks5, transfer

from .limits import Limits
from .plan import Fault, Job

_GATE_S = 30.0
# What is still in kernels on the way of an upload must not look like a pause.
_SEND_BUFFER = 1 << 16

INTACT, CORRUPT, HUNG, ERROR, LEFT = "intact", "corrupt", "hung", "error", "left"


@dataclass(frozen=True)
class Outcome:
    kind: str  # one of the names above
    detail: str
    moved: int
    seconds: float

    @property
    def is_violation(self) -> bool:
        return self.kind in (CORRUPT, HUNG)


class Strike:
    """A fault whose moment has come. The transfer waits until it has been done."""

    def __init__(self, fault: Fault, moved: int):
        self.fault = fault
        self.moved = moved
        self.done = threading.Event()


class _Left(Exception):
    """The application of this transfer has left, as planned."""


class _Transfer(transfer.Transfer):
    """Keeps its socket, so that its end can be rough, and is stricter once it is connected."""

    quiet_s: float
    socket: socket.socket | None = None

    def connect(self) -> http.client.HTTPConnection:
        connection = super().connect()
        self.socket = connection.sock
        self.socket.settimeout(self.quiet_s)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return connection


class Runner:
    """Ends with `outcome` set and None in the queue; before that, Strikes are put there."""

    def __init__(self, job: Job, ports: tuple[int, int], limits: Limits, events: queue.Queue):
        self.job = job
        self.outcome: Outcome | None = None
        self._events = events
        self._faults = list(job.faults)
        self._transfer = _Transfer(*ports, job.seed, job.size, socks_user=job.user,
                                   timeout_s=limits.connect_s, on_progress=self._progress)
        self._transfer.quiet_s = limits.quiet_s
        self._moved = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        start = time.monotonic()
        kind, detail = self._attempt()
        self._transfer.socket = None
        self.outcome = Outcome(kind, detail, self._moved, time.monotonic() - start)
        self._events.put(None)

    def _attempt(self) -> tuple[str, str]:
        try:
            move = transfer.upload if self.job.upload else transfer.download
            result = move(self._transfer)
            return (INTACT, "") if result.intact else (CORRUPT, f"{result.size} bytes came")
        except _Left as left:
            return LEFT, str(left)
        except TimeoutError:
            phase = "data" if self._transfer.socket else "the SOCKS reply"
            return HUNG, f"no {phase} came"
        except socks5.SocksError as error:
            return ERROR, str(error)
        except transfer.Truncated:
            return ERROR, "truncated"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return ERROR, type(error).__name__

    def _progress(self, moved: int) -> None:
        self._moved = moved
        while self._faults and self._faults[0].at_bytes <= moved:
            fault = self._faults.pop(0)
            if fault.is_clients:
                self._leave(fault)
            strike = Strike(fault, moved)
            self._events.put(strike)
            strike.done.wait(_GATE_S)

    def _leave(self, fault: Fault) -> None:
        with contextlib.suppress(OSError):
            if fault.action == "abort":
                # Closing then resets the connection.
                self._transfer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                 struct.pack("ii", 1, 0))
            else:
                self._transfer.socket.shutdown(socket.SHUT_RDWR)
        self._events.put(Strike(fault, self._moved))
        raise _Left(fault.kind)
