"""What is sent back over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache
from typing import Any

import orjson

from rapport_gateway.errors import RequestRefused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

_EMPTY = frozenset({204, 304})


async def respond(
    send: Send, status: int, body: bytes, media_type: str, extra: Mapping[str, str] | None = None
) -> None:
    headers = encoded_headers(extra or {})
    if status not in _EMPTY:
        headers += [_content_type(media_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse_socket(scope: Scope, send: Send, problem: RequestRefused) -> None:
    """Instead of a handshake: an HTTP answer where the server can, else 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = encoded_headers({"content-type": "application/json", **problem.headers})
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": orjson.dumps({"errors": problem.errors})})


def encoded_headers(headers: Mapping[str, str]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


@cache
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    return b"content-type", f"{media_type}; charset=utf-8".encode()
