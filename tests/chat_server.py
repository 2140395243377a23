"""A server on loopback that speaks as providers of chat models do, and replies as it is told to."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

PIECE = 7
"""Characters of a reply that are sent at a time."""


@dataclass(frozen=True)
class Reply:
    """What is sent for one request.

    ``stalls``: seconds of silence before it; ``cut``: after how many characters the connection
    is closed, with no word of an end; ``pause``: seconds between two pieces.  In ``text``,
    ``[?words]`` cites the first passage of the prompt that has the words.
    """

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stalls: float = 0.0
    cut: int | None = None
    pause: float = 0.0

    @property
    def pieces(self) -> list[str]:
        text = self.text if self.cut is None else self.text[: self.cut]
        return [text[i : i + PIECE] for i in range(0, len(text), PIECE)]


class ChatServer:
    """Gives one reply after another; the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply("The sources do not say.")]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.url = ""

    def script(self, *replies: Reply | str) -> None:
        self.replies = [Reply(one) if isinstance(one, str) else one for one in replies]
        self.asked.clear()

    @property
    def prompts(self) -> list[list[tuple[str, str]]]:
        """The messages of each request, as (role, text)."""
        return [
            [("system", _text(body.get("system", "")))] * ("system" in body)
            + [(one["role"], _text(one["content"])) for one in body["messages"]]
            for body in self.asked
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.keys.append(request.headers.get("Authorization", request.headers.get("x-api-key", "")))
        if not request.path.endswith(("/chat/completions", "/messages", "/chat")):
            return web.Response()
        body = await request.json()
        reply = self.replies[min(len(self.asked), len(self.replies) - 1)]
        self.asked.append(body)
        reply = replace(
            reply, text=_numbered(reply.text, "\n".join(text for _, text in self.prompts[-1]))
        )
        await asyncio.sleep(reply.stalls)
        if reply.status != 200:
            error = {"type": "error", "error": {"type": "scripted", "message": "no"}}
            return web.json_response(error, status=reply.status, headers=reply.headers)
        if request.path.endswith("/completions"):
            return await self._openai(request, body, reply)
        if request.path.endswith("/messages"):
            return await self._sent(request, reply, _anthropic(reply), "text/event-stream")
        return await self._sent(request, reply, _ollama(reply), "application/x-ndjson")

    async def _openai(
        self, request: web.Request, body: dict[str, Any], reply: Reply
    ) -> web.StreamResponse:
        if body.get("stream"):
            return await self._sent(request, reply, _openai(reply), "text/event-stream")
        message = {"role": "assistant", "content": reply.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({"id": "1", "object": "chat.completion", "choices": [choice]})

    async def _sent(
        self, request: web.Request, reply: Reply, events: AsyncIterator[str], kind: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        async for event in events:
            await response.write(event.encode())
        if reply.cut is not None and request.transport:
            request.transport.abort()
        return response


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _numbered(text: str, prompt: str) -> str:
    """Put the number of the first passage that has some words in the place of ``[?words]``."""

    def number(match: re.Match[str]) -> str:
        passages = prompt.split("\n| ")
        place = next((n for n, one in enumerate(passages) if match[1] in one and n), 99)
        return f"[{place}]"

    return re.sub(r"\[\?([^\]]+)\]", number, text)


async def _openai(reply: Reply) -> AsyncIterator[str]:
    def event(delta: dict[str, str], end: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "model": "scripted",
            "choices": [choice],
            **more,
        }
        return f"data: {json.dumps(chunk)}\n\n"

    for piece in reply.pieces:
        yield event({"role": "assistant", "content": piece})
        await asyncio.sleep(reply.pause)
    if reply.cut is None:
        yield event({}, "stop")
        usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
        yield event({}, "stop", choices=[], usage=usage)
        yield "data: [DONE]\n\n"


async def _anthropic(reply: Reply) -> AsyncIterator[str]:
    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    message: dict[str, Any] = {
        "id": "1", "type": "message", "role": "assistant", "content": [], "model": "scripted",
        "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1},
    }  # fmt: skip
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in reply.pieces:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        await asyncio.sleep(reply.pause)
    if reply.cut is None:
        yield event("content_block_stop", index=0)
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield event("message_delta", delta=delta, usage={"input_tokens": 11, "output_tokens": 5})
        yield event("message_stop")


async def _ollama(reply: Reply) -> AsyncIterator[str]:
    def line(text: str, is_done: bool, **more: Any) -> str:
        message = {"role": "assistant", "content": text}
        row = {"model": "scripted", "created_at": "2024-05-03T00:00:00Z", "message": message}
        return json.dumps({**row, "done": is_done, **more}) + "\n"

    for piece in reply.pieces:
        yield line(piece, is_done=False)
        await asyncio.sleep(reply.pause)
    if reply.cut is None:
        yield line("", is_done=True, done_reason="stop", prompt_eval_count=11, eval_count=5)


@contextmanager
def serving() -> Iterator[ChatServer]:
    """Run a server until the block ends."""
    server = ChatServer()
    is_up: Future[asyncio.AbstractEventLoop] = Future()
    ending = asyncio.Event()

    async def serve() -> None:
        app = web.Application(client_max_size=10**7)
        app.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        is_up.set_result(asyncio.get_running_loop())
        await ending.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    loop = is_up.result(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(5)
        # The clients of the providers close their connections when they are collected.
        with warnings.catch_warnings(action="ignore"):
            gc.collect()


def main(text: str, pause: str) -> None:
    """Serve one reply until the process is killed: print the address, and when it has begun."""
    with serving() as server:
        server.script(Reply(text * 100, pause=float(pause)))
        print(server.url, flush=True)
        while not server.asked:
            time.sleep(0.01)
        time.sleep(2 * float(pause))
        print("begun", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
