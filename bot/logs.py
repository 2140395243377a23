"""Logs of a process that runs for long: one JSON object a line, or text for people."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_RENAMED = {"timestamp": "time", "levelname": "level", "name": "logger"}


def configure(level: str, kind: str) -> None:
    """Send all logs to standard error.

    What is asked is logged at DEBUG only.  discord.py, whose own DEBUG has all that
    members write, never logs below INFO.
    """
    handler = logging.StreamHandler(sys.stderr)
    if kind == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(levelname)s %(name)s %(message)s",
                rename_fields=_RENAMED,
                timestamp=True,
                json_ensure_ascii=False,
            )
        )
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("discord", "aiohttp", "httpx", "httpcore", "chromadb", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))


def notify(message: str) -> None:
    """Log a notice of the library, such as that a model is being prepared."""
    logging.getLogger("bot").info(message)
