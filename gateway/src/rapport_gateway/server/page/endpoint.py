"""The page over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from rapport_gateway.server.caching import entity_tag, is_known
from rapport_gateway.server.compression import compressed, content_coding
from rapport_gateway.server.page.content import MEDIA_TYPES
from rapport_gateway.server.replies import Scope, Send, respond
from rapport_gateway.server.requests import request_headers

# The editor makes styles as it goes; everything else comes from here, and nothing goes elsewhere.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
    "vary": "accept-encoding",
}


class PageEndpoint:
    def __init__(self, content: Mapping[str, bytes]) -> None:
        """`content`: what stands at which path."""
        self._content = content
        self._compressed: dict[tuple[str, str], bytes] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._content

    async def __call__(self, scope: Scope, send: Send) -> None:
        """For GET and HEAD."""
        path, headers = scope["path"], request_headers(scope["headers"])
        body = self._content[path]
        extra = {**_HEADERS, "etag": entity_tag(body)}
        media_type = MEDIA_TYPES[PurePosixPath(path).suffix or ".html"]
        if is_known(extra["etag"], headers.get("if-none-match")):
            await respond(send, 304, b"", media_type, extra)
            return
        if coding := content_coding(headers.get("accept-encoding")):
            body = await self._in(coding, path)
            extra["content-encoding"] = coding
        await respond(send, 200, body, media_type, extra)

    async def _in(self, coding: str, path: str) -> bytes:
        key = (coding, path)
        if key not in self._compressed:
            self._compressed[key] = await compressed(self._content[path], coding)
        return self._compressed[key]
