"""A SOCKS5 client (RFC 1928) that reports what the proxy answered."""

from __future__ import annotations

import ipaddress
import socket
import struct

SUCCEEDED = 0
GENERAL_FAILURE = 1
NOT_ALLOWED = 2
NETWORK_UNREACHABLE = 3
HOST_UNREACHABLE = 4
CONNECTION_REFUSED = 5
TTL_EXPIRED = 6
COMMAND_NOT_SUPPORTED = 7
ADDRESS_TYPE_NOT_SUPPORTED = 8

CONNECT = 1
BIND = 2
RESOLVE = 0xF0  # tor's extension


class SocksError(Exception):
    """The proxy refused; `reply` is its code."""

    def __init__(self, reply: int):
        super().__init__(f"SOCKS reply {reply}")
        self.reply = reply


def request(proxy_port: int, host: str, port: int, command: int = CONNECT,
            timeout_s: float = 30.0, user: str = "") -> tuple[socket.socket, str]:
    """Asks the proxy on loopback; returns the open connection and the address that it named.

    Raises SocksError for a refusal and OSError (TimeoutError included) for a broken connection.
    """
    connection = socket.create_connection(("127.0.0.1", proxy_port), timeout_s)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _greet(connection, user)
        connection.sendall(struct.pack("!BBB", 5, command, 0) + _address(host)
                           + struct.pack("!H", port))
        return connection, _read_reply(connection)
    except BaseException:
        connection.close()
        raise


def connect(proxy_port: int, host: str, port: int, timeout_s: float = 30.0,
            user: str = "") -> socket.socket:
    return request(proxy_port, host, port, CONNECT, timeout_s, user)[0]


def _greet(connection: socket.socket, user: str) -> None:
    method = 2 if user else 0
    connection.sendall(bytes([5, 1, method]))
    if _read(connection, 2) != bytes([5, method]):
        raise ConnectionError("the proxy does not take this client's authentication")
    if user:
        name = user.encode()
        connection.sendall(bytes([1, len(name)]) + name + b"\x01x")
        if _read(connection, 2)[1] != 0:
            raise ConnectionError("the proxy refused the user name")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
        return (b"\x01" if address.version == 4 else b"\x04") + address.packed
    except ValueError:
        name = host.encode()
        return struct.pack("!BB", 3, len(name)) + name


def _read_reply(connection: socket.socket) -> str:
    version, reply, _, kind = _read(connection, 4)
    if version != 5:
        raise ConnectionError(f"the proxy answered with SOCKS version {version}")
    if reply != SUCCEEDED:
        raise SocksError(reply)
    if kind == 3:
        address = _read(connection, _read(connection, 1)[0]).decode()
    else:
        address = str(ipaddress.ip_address(_read(connection, 4 if kind == 1 else 16)))
    _read(connection, 2)
    return address


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("the proxy closed the connection without an answer")
        data += part
    return data
