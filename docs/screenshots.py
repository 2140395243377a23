"""Pictures of the bot's own output, for the README: ``make screenshots``.

simcord runs the bot and draws its messages as Discord does, in a Chromium that is
installed already.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from functools import partialmethod
from pathlib import Path

import simcord
from playwright.async_api import BrowserType

from bot import compose
from bot.discord.client import FootnoteClient
from bot.settings import Settings

IMAGES = Path(__file__).parent / "img"
WIDTH = 760


def use_installed_chromium() -> None:
    """Have Playwright start the Chromium of this machine, not one of its own downloads."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("The pictures need Chromium; on Debian: apt-get install chromium")
    BrowserType.launch = partialmethod(  # type: ignore[assignment]
        BrowserType.launch, executable_path=chromium, args=["--no-sandbox"]
    )


async def main() -> None:
    """Ask, press a footnote, and take the pictures."""
    use_installed_chromium()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), cooldown=0)
        service = compose.service(settings, print)
        await service.load()
        async with simcord.run(FootnoteClient(service, shard_count=1), settle_timeout=60) as env:
            guild = env.create_guild("Newsroom")
            channel = guild.create_text_channel("questions")
            alice = guild.add_member(env.create_user("alice"))
            answer = await alice.slash(channel, "ask", question="how many were arrested?")
            assert answer.response  # noqa: S101
            quote = await alice.click(answer.response, label="[1]")
            rivals = await alice.slash(
                channel, "ask", question="How many people did the earthquake in Morocco kill?"
            )
            silence = await alice.slash(channel, "ask", question="who won the World Cup?")
            shots = {"ask": answer, "footnote": quote, "disagree": rivals, "silence": silence}
            async with env.preview(channel, viewers=[alice], width=WIDTH, height=560) as preview:
                for name, shown in shots.items():
                    path = IMAGES / f"{name}.png"
                    await preview.screenshot(path, target=shown, allow_incomplete=True)
                    print(path)
        await service.close(10)


if __name__ == "__main__":
    asyncio.run(main())
