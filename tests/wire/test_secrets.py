"""No token, key or password that is set reaches an output, a log or a file."""

from __future__ import annotations

import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat_server import ChatServer, Reply, serving
from tests.services import free_port
from tests.wire.conftest import Footnote
from tests.wire.discord_server import DiscordServer
from tests.wire.test_discord_bot import QUESTION, Stage, Start, people, start

__all__ = ["people", "start"]

KEY = "sk-k3y0fTh3Pr0v1der"
TOKEN = "t0ken.0f.D1sc0rd"  # noqa: S105
PASSWORD = "pa55w0rd-of-chroma"  # noqa: S105
SECRETS = (KEY, TOKEN, PASSWORD)


@pytest.fixture(scope="module")
def provider() -> Iterator[ChatServer]:
    """A provider that refuses the key, and says so."""
    with serving() as server:
        server.script(Reply(status=401))
        yield server


def in_files(folder: Path) -> list[str]:
    """Return the files below a folder that have one of the secrets, packed or not."""
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        found += [str(path) for one in contents for word in SECRETS if word.encode() in one]
    return found


def test_no_secret_is_in_any_output_log_or_file(
    footnote: Footnote, provider: ChatServer, tmp_path: Path
) -> None:
    asking = {"CHAT_MODEL": "openai:scripted", "CHAT_BASE_URL": f"{provider.url}/v1"}
    chroma = f"http://someone:{PASSWORD}@127.0.0.1:{free_port()}"
    runs = [
        (("ask", QUESTION), asking),
        (("repl",), asking),
        (("sources",), {}),
        (("doctor",), {}),
        (("backup", "kept.zip"), {}),
        (("restore", "kept.zip"), {}),
        (("ask", QUESTION), {"CHROMA_URL": chroma}),
        (("doctor",), {"CHROMA_URL": chroma}),
        (("ask", QUESTION), {"CHROMA_URL": f"ftp://someone:{PASSWORD}@nowhere"}),
        (("ask", QUESTION), {"CHAT_MODEL": "nobody:scripted"}),
        (("ask", QUESTION), {**asking, "CHAT_BASE_URL": f"{KEY}"}),
        (("add", f"http://someone:{PASSWORD}@127.0.0.1/"), {}),
        (("feedback", "--json"), {}),
    ]
    for arguments, changes in runs:
        secret = {"CHAT_API_KEY": KEY, "DISCORD_TOKEN": TOKEN, "LOG_LEVEL": "DEBUG"}
        done = footnote(
            *arguments, stdin=f"{QUESTION}\n/why\n", **secret | changes, FOOTNOTE_DEBUG="1"
        )
        said = done.stdout + done.stderr
        assert said
        assert not [word for word in SECRETS if word in said], (arguments, changes)
    assert KEY in "".join(provider.keys)  # it was used, and so it could have been told
    assert (tmp_path / "kept.zip").exists()
    assert not in_files(tmp_path)


async def test_a_bot_that_runs_says_no_secret(
    server: DiscordServer,
    start: Start,
    people: tuple[object, object],
    provider: ChatServer,
    tmp_path: Path,
) -> None:
    asking = {
        "CHAT_MODEL": "openai:scripted", "CHAT_BASE_URL": f"{provider.url}/v1",
        "CHAT_API_KEY": KEY, "LOG_LEVEL": "DEBUG",
    }  # fmt: skip
    async with start(**asking) as bot:
        asked = len(provider.asked)
        await server.until(lambda: server.gateway.online, 120)
        stage = Stage(server, bot, *people)  # type: ignore[arg-type]
        pressed = await stage.alice.slash(stage.channel, "ask", question=QUESTION)
        await stage.answer(pressed, timeout=120)
        assert len(provider.asked) > asked  # with the key
        bot.send_signal(signal.SIGTERM)
        await bot.wait()
        for word in (KEY, server.token):
            assert not bot.said(word)
    assert not in_files(tmp_path)
