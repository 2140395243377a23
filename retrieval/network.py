"""Connections to public addresses only, and for no longer than a visit may last.

Each goes to an address that was itself checked: a name that is asked for twice
could have another address the second time.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import httpcore

SECONDS = {"connect": 5.0, "read": 10.0, "write": 10.0, "all": 30.0}
"""The most that each step may take, and the visit as a whole."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
# What Python takes for global, in this version or that: protocols' own, tunnels, Azure's host.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16"),
        *("2001::/23", "2002::/16", "3fff::/20"),
    )
)


class NotPublicError(Exception):
    """A host has an address that is not on the public internet."""


class NotTrustedError(Exception):
    """A host has no certificate that can be trusted."""


def _is_public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return _is_public(address.ipv4_mapped)
        if address in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(address) % 2**32))
        if address not in _GLOBAL_IPV6:
            return False
    is_special = address.is_multicast or any(address in network for network in _NOT_PUBLIC)
    return address.is_global and not is_special


def _resolve(host: str, port: int, timeout: float) -> list[_Address]:
    """Return a host's addresses; from a thread, as the system's resolver has a time of its own."""
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    found = answer.result(timeout)
    return list(dict.fromkeys(ipaddress.ip_address(address[0]) for *_, address in found))


class Network(httpcore.NetworkBackend):
    """Connects to checked addresses, and gives no step more time than the whole visit has left."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._end = time.monotonic() + SECONDS["all"]
        self._sockets = httpcore.SyncBackend()

    def left(self, timeout: float | None) -> float:
        """Return the seconds that a step with a time-out of its own may still take.

        Raises:
            httpcore.ReadTimeout: if the visit has had its time.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address of a host that takes one.

        Raises:
            NotPublicError: if one of its addresses is not public, and all have to be.
        """
        addresses = _resolve(host, port, self.left(SECONDS["read"]))
        if not (self._allow_private or all(map(_is_public, addresses))):
            raise NotPublicError
        failure: Exception = socket.gaierror()
        for address in map(str, addresses):
            try:
                # Never by name: asked again, it could have another address.
                stream = self._sockets.connect_tcp(address, port, self.left(timeout))
                return _Stream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


@dataclass(frozen=True)
class _Stream(httpcore.NetworkStream):
    """A connection that ends with the whole visit, however often another byte comes."""

    stream: httpcore.NetworkStream
    network: Network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.network.left(timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self.network.left(timeout)
        try:
            return _Stream(self.stream.start_tls(ssl_context, server_hostname, left), self.network)
        except httpcore.ConnectError as error:
            raise NotTrustedError from error

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
