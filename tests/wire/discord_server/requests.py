"""What bots asked of the REST side, to be read by tests."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Request:
    """One HTTP request and how it was answered.

    Attributes:
        at: When it arrived, on the clock of ``time.monotonic``.
        took: Seconds from its arrival to its answer.
        method: The HTTP method.
        path: The path below ``/api/v10``; a file's path begins with ``/cdn/``.
        query: The query string's parameters.
        body: The decoded JSON, also where it came as a part of a form.
        files: The names of the uploaded files.
        status: The status that was answered; None where the connection was dropped instead.
    """

    at: float
    took: float
    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: tuple[str, ...]
    status: int | None

    def __str__(self) -> str:
        return f"{self.status or 'dropped'} {self.method} {self.path} {self.body!r:.200}"


class Requests(list[Request]):
    """Every answered request, the latest last."""

    def matching(self, method: str, path: str) -> list[Request]:
        """Those of a method whose path fits a pattern such as ``/channels/*/messages``."""
        return [r for r in self if fnmatchcase(r.method, method) and fnmatchcase(r.path, path)]
