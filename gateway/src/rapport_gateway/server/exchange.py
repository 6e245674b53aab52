"""One HTTP request and what is to be answered with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rapport_gateway.errors import PAYLOAD_TOO_LARGE, RequestRefused, refused
from rapport_gateway.planning.cache_policy import CachePolicy
from rapport_gateway.server.replies import Receive, Scope, Send

# A client that is still sending does not see an answer, so a body that is too large is read (and dropped) up to here.
_MAX_DRAINED_BYTES = 32 * 1024 * 1024


class Disconnected(Exception):
    """The client left before its request was complete."""


@dataclass(slots=True)
class Exchange:
    """`headers` are the request's, `forwarded` those for subgraphs, `extra` the answer's.

    `media_type` is what to answer with, None when the client takes nothing that we speak; `policy` says how long the
    answer may be kept.
    """

    scope: Scope
    receive: Receive
    send: Send
    headers: Mapping[str, str]
    forwarded: dict[str, str]
    media_type: str | None
    extra: dict[str, str] = field(default_factory=dict)
    policy: CachePolicy | None = None

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def read_only(self) -> bool:
        return self.method == "GET"

    def vary_by(self, header: str) -> None:
        """Tell caches that the answer depends on this header of the request."""
        present = self.extra.get("vary")
        self.extra["vary"] = f"{present}, {header}" if present else header


async def read_body(receive: Receive, content_length: str, limit: int) -> bytes:
    """Raises RequestRefused past `limit` bytes, Disconnected."""
    if content_length.isdigit() and int(content_length) > _MAX_DRAINED_BYTES:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            chunks.clear()
        else:
            chunks.append(chunk)
        if size > _MAX_DRAINED_BYTES or (size > limit and not message.get("more_body")):
            raise _too_large(limit)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> RequestRefused:
    return refused(f"The body has more than {limit} bytes.", PAYLOAD_TOO_LARGE, 413)
