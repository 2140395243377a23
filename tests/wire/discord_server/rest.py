"""Discord's REST side: who may ask, what simcord's model answers, and the files of the CDN."""

from __future__ import annotations

import copy
import io
import json
import mimetypes
import re
import time
import traceback
from dataclasses import dataclass
from typing import Any

import discord
from aiohttp import web
from simcord.backend import Backend
from simcord.backend.cdn import CDN_BASE
from simcord.backend.errors import BackendError
from simcord.http import router

from tests.wire.discord_server.faults import Faults, reply
from tests.wire.discord_server.requests import Request, Requests

API, CDN = "/api/v10", "/cdn"
TOKEN_IN_PATH = re.compile(r"/(webhooks|interactions)/\d+/[^/]+")


@dataclass
class Upload:
    """A file of a form, in the shape of a ``discord.File``."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass
class Content:
    """What a request carries: JSON, and files if it is a form."""

    body: Any
    uploads: list[Upload]

    @classmethod
    async def of(cls, request: web.Request) -> Content:
        """Read a request to its end."""
        if request.content_type != "multipart/form-data":
            raw = await request.read()
            return cls(json.loads(raw) if raw else None, [])
        fields: list[dict[str, Any]] = []
        uploads: list[Upload] = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file as file:
                    uploads.append(Upload(value.filename, io.BytesIO(file.read())))
            else:
                fields.append({"name": name, "value": value})
        body, _ = router.parse_form(fields, uploads)
        content = cls(body, uploads)
        if isinstance(body, dict):
            content._describe()
        return content

    def _describe(self) -> None:
        """Give each upload the description that the body's list of attachments has for it."""
        messages = [self.body, self.body.get("data"), self.body.get("message")]
        listed = [x for m in messages if isinstance(m, dict) for x in m.get("attachments") or ()]
        descriptions = {str(item["id"]): item.get("description") for item in listed}
        for index, upload in enumerate(self.uploads):
            upload.description = descriptions.get(str(index))


class Rest:
    """Answers HTTP requests out of a model, and records them.

    Attributes:
        token: The bot token that is accepted.
        gaps: What was asked that simcord cannot do; a test that meets one says nothing.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        url: str,
        token: str,
        shards: int,
        approved: discord.Intents,
        faults: Faults,
        requests: Requests,
    ) -> None:
        self.token = token
        self.gaps: list[str] = []
        self._backend = backend
        self._url = url
        self._shards = shards
        self._approved = approved
        self._faults = faults
        self._requests = requests
        self._own = {
            "/gateway/bot": self._gateway,
            "/applications/@me": self._application,
            "/oauth2/applications/@me": self._application,
        }

    def routes(self) -> list[web.RouteDef]:
        """The paths that this side serves."""
        return [
            web.route("*", API + "/{path:.*}", self._serve),
            web.get(CDN + "/{path:.*}", self._serve),
        ]

    async def _serve(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        path = request.rel_url.raw_path.removeprefix(API)
        content = await Content.of(request)
        asked = copy.deepcopy(content.body)  # the model may change what it is given

        async def answer() -> web.Response:
            return self._answer(request, path, content)

        fault = self._faults.take(request.method, path)
        response = await (fault.apply(answer) if fault else answer())
        self._requests.append(
            Request(
                at=arrived,
                took=time.monotonic() - arrived,
                method=request.method,
                path=path,
                query=dict(request.query),
                body=asked,
                files=tuple(upload.filename for upload in content.uploads),
                status=response.status if response else None,
            )
        )
        if response is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return response

    def _answer(self, request: web.Request, path: str, content: Content) -> web.Response:
        if path.startswith(f"{CDN}/"):
            return self._file(path)
        authorized = request.headers.get("Authorization") == f"Bot {self.token}"
        if not authorized and not TOKEN_IN_PATH.match(path):
            return reply({"message": "401: Unauthorized", "code": 0}, 401)
        if request.method == "GET" and path in self._own:
            return reply(self._own[path]())
        return self._from_model(request, path, content)

    def _from_model(self, request: web.Request, path: str, content: Content) -> web.Response:
        try:
            answer = router.dispatch(
                self._backend,
                request.method,
                path,
                json=content.body,
                params=dict(request.query),
                files=content.uploads,
                reason=request.headers.get("X-Audit-Log-Reason"),
                message_content_access=self._approved.message_content,
            )
        except (router.RouteNotImplemented, router.UnsupportedField) as gap:
            return self._gap(gap.message)
        except BackendError as refusal:
            return reply(refusal.to_json(), refusal.status)
        except Exception:
            return self._gap(f"{request.method} {path}: {traceback.format_exc()}")
        if answer is None:
            return web.Response(status=204)
        return reply(json.loads(self.localised(json.dumps(answer))))

    def localised(self, text: str) -> str:
        """The same JSON with the addresses of files on this server."""
        return text.replace(CDN_BASE, self._url + CDN)

    def _gap(self, message: str) -> web.Response:
        self.gaps.append(message)
        return reply({"message": message, "code": 0}, 400)  # a 5xx would be tried again

    def _file(self, path: str) -> web.Response:
        data = self._backend.cdn.get(CDN_BASE + path.removeprefix(CDN))
        if data is None:
            return web.Response(status=404)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return web.Response(body=data, content_type=kind)

    def _gateway(self) -> dict[str, Any]:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        url = f"{self._url.replace('http', 'ws', 1)}/gateway/"
        return {"url": url, "shards": self._shards, "session_start_limit": limit}

    def _application(self) -> dict[str, Any]:
        application: dict[str, Any] = router.dispatch(
            self._backend, "GET", "/oauth2/applications/@me"
        )
        flags = discord.ApplicationFlags()
        flags.gateway_message_content_limited = self._approved.message_content
        flags.gateway_guild_members_limited = self._approved.members
        flags.gateway_presence_limited = self._approved.presences
        return application | {"flags": flags.value}
