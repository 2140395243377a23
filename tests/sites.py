"""Servers of this machine for the tests, and an internet that has nothing else."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PUBLIC = "93.184.216.34"
TEXT = "The harbour opens\n\nThe harbour opens on Friday."
STORY = """\
<html><head><title>The harbour opens</title>{head}</head><body><article>
<h1>The harbour opens</h1>
<p>The “new harbour” opens on Friday, said the mayor at the café beside the old crane, and the
first ferry sails at noon for the island with forty passengers on board.</p>
</article></body></html>
"""


@dataclass
class Reply:
    body: bytes = TEXT.encode()
    kind: str | None = "text/plain"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Reply | Callable[["Handler"], object]


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        reply = self.server.routes.get(self.path.partition("?")[0], Reply(status=404))
        if not isinstance(reply, Reply):
            reply(self)
            return
        is_known = any(
            reply.headers.get(ours) and self.headers.get(theirs) == reply.headers[ours]
            for ours, theirs in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
        )
        if is_known:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(reply.status)
        if reply.kind is not None:
            self.send_header("Content-Type", reply.kind)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Site(ThreadingHTTPServer):
    """A server of this machine, and what it was asked."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Answer] = {"/": Reply()}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def visited(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.requests]

    def handle_error(self, *_: object) -> None:
        """Say nothing: a visitor may leave before the end."""


class Internet:
    """The names and addresses that a test has; nothing else but this machine can be reached."""

    def __init__(self) -> None:
        self._look_up, self._connect = socket.getaddrinfo, socket.create_connection
        self.names: dict[str, list[list[str]]] = {}
        self.wires: dict[tuple[str, int], int] = {}
        self.dialled: list[tuple[str, int]] = []
        self.patience: list[float] = []

    def host(self, site: Site, *, port: int = 80) -> None:
        """Make a site known as harbour.test, at a public address."""
        self.names["harbour.test"] = [[PUBLIC]]
        self.wires[PUBLIC, port] = site.server_port

    def getaddrinfo(self, host: str, port: int, *args: int, **kwargs: int) -> list[Any]:
        if host in self.names:
            answers = self.names[host]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            return [
                found
                for address in answer
                for found in self._look_up(address, port, *args, **kwargs)
            ]
        if host == "localhost" or re.fullmatch(r"[0-9a-fx.:]+", host):
            return self._look_up(host, port, *args, **kwargs)
        host.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def create_connection(
        self, address: tuple[str, int], timeout: float, **kwargs: Any
    ) -> socket.socket:
        self.dialled.append(address)
        self.patience.append(timeout)
        if address in self.wires:
            address = ("127.0.0.1", self.wires[address])
        elif not address[0].startswith("127."):
            raise ConnectionRefusedError
        return self._connect(address, timeout, **kwargs)


def serving(site: Site) -> Iterator[Site]:
    thread = threading.Thread(target=site.serve_forever, args=(0.01,))
    thread.start()
    yield site
    site.closing.set()
    site.shutdown()
    thread.join()
    site.server_close()
