"""Fifty members ask two hundred questions at once: ``python -m bench.discord``.

The bot is a process of its own, and Discord a local server that speaks its protocol
(``tests/wire/discord_server``); the two share the machine's processors.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bench.answers import QUESTIONS
from tests.wire.discord_server import DiscordServer, bot_process

MEMBERS, EACH = 50, 4
HEARTBEAT = 0.5
"""Seconds between two heartbeats; Discord asks for one in 41."""

ANSWERED, REFUSED, FAILED = "answered", "refused politely", "interaction failed"


@dataclass(frozen=True)
class Outcome:
    """What a member saw; ``seconds`` until the last of it."""

    kind: str
    acknowledged: float
    seconds: float


async def ask(member: MemberActor, channel: ChannelHandle, question: str) -> Outcome:
    """Ask a question as a member does, and wait for what comes of it."""
    started = time.monotonic()
    result = await member.slash(channel, "ask", question=question)
    acknowledged = time.monotonic() - started
    while result.acknowledged and result.deferred:
        await asyncio.sleep(0.01)
    seconds = time.monotonic() - started
    if not result.acknowledged or result.response is None:
        return Outcome(FAILED, acknowledged, seconds)
    return Outcome(REFUSED if result.ephemeral else ANSWERED, acknowledged, seconds)


async def all_at_once(
    members: Sequence[MemberActor], channel: ChannelHandle, questions: Sequence[str]
) -> list[Outcome]:
    """Every member sends all of their questions at the same moment."""
    return await asyncio.gather(
        *(
            ask(members[number % len(members)], channel, question)
            for number, question in enumerate(questions)
        )
    )


async def one_by_one(
    members: Sequence[MemberActor], channel: ChannelHandle, questions: Sequence[str]
) -> list[Outcome]:
    """All members ask at the same time, each the next question when they have the answer."""

    async def asked_by(place: int) -> list[Outcome]:
        own = questions[place :: len(members)]
        return [await ask(members[place], channel, question) for question in own]

    rows = await asyncio.gather(*(asked_by(place) for place in range(len(members))))
    return [outcome for row in rows for outcome in row]


def report(name: str, outcomes: Sequence[Outcome], lateness: Sequence[float]) -> None:
    """Print what came of a round."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    waits = sorted(outcome.seconds for outcome in outcomes if outcome.kind == ANSWERED)
    percentiles = statistics.quantiles(waits, n=20)
    print(f"{name}: {len(outcomes)} questions from {MEMBERS} members")
    print("  " + ", ".join(f"{kinds[kind]} {kind}" for kind in (ANSWERED, REFUSED, FAILED)))
    print(f"  slowest acknowledgement {max(o.acknowledged for o in outcomes):.2f} s of 3 s")
    print(f"  answered in {statistics.median(waits):.2f} s (median), {percentiles[-1]:.2f} s (p95)")
    print(f"  largest delay of {len(lateness)} heartbeats {1000 * max(lateness):.0f} ms")


async def main() -> None:
    """Run both rounds against one process."""
    questions = [row["question"] for row in yaml.safe_load(QUESTIONS.read_text("utf-8"))]
    asked = [questions[number % len(questions)] for number in range(MEMBERS * EACH)]
    async with DiscordServer(heartbeat_interval=HEARTBEAT) as server:
        guild = server.world.create_guild()
        channel = guild.create_text_channel("questions")
        members = [guild.add_member(server.world.create_user(f"member{n}")) for n in range(MEMBERS)]
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "DISCORD_TOKEN": server.token, "DATA_DIR": folder, "COOLDOWN": "0",
            }  # fmt: skip
            async with bot_process(
                server, ["-m", "bot", "discord"], environment, cwd=Path(__file__).parent.parent
            ) as bot:
                await server.until(lambda: bot.said("ready to answer"), 120)
                connection = server.gateway.online[0].connection
                assert connection
                for name, run in (("All at once", all_at_once), ("One by one", one_by_one)):
                    before = len(connection.lateness)
                    outcomes = await run(members, channel, asked)
                    await asyncio.sleep(2 * HEARTBEAT)
                    report(name, outcomes, connection.lateness[before:])


if __name__ == "__main__":
    asyncio.run(main())
