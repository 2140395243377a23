"""Points discord.py at the local server that WIRE_BASE names; the bot itself is not touched.

Python imports this module at every start of a process that has its folder on PYTHONPATH.  It
waits for discord.py's own modules to be imported: a process that never does so pays nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

Patch = Callable[[ModuleType, str], None]


def _rest(http: ModuleType, base: str) -> None:
    http.Route.BASE = f"{base}/api/v10"


def _gateway(gateway: ModuleType, base: str) -> None:
    url = f"{base.replace('http', 'ws', 1)}/gateway/"
    gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway.yarl.URL(url)


def _cdn(asset: ModuleType, base: str) -> None:
    asset.Asset.BASE = f"{base}/cdn"


PATCHES: dict[str, Patch] = {
    "discord.http": _rest,
    "discord.gateway": _gateway,
    "discord.asset": _cdn,
}


class PatchingLoader(SourceFileLoader):
    """Runs a module as usual, and then its patch."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module, then change what it says about Discord's address."""
        super().exec_module(module)
        PATCHES[module.__name__](module, os.environ["WIRE_BASE"])


class PatchingFinder(MetaPathFinder):
    """Finds the modules that are to be patched, and no others."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module where the import system would, but load it with its patch."""
        if fullname not in PATCHES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = PatchingLoader(fullname, spec.origin)
        return spec


if os.environ.get("WIRE_BASE"):
    sys.meta_path.insert(0, PatchingFinder())
