"""What the heads of requests mean for their answers: clients send the same head again and again."""

from __future__ import annotations

from collections.abc import Mapping

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from rapport_gateway.server.compression import content_coding
from rapport_gateway.server.negotiation import GRAPHQL_JSON, JSON, is_json, negotiate
from rapport_gateway.server.origins import origins
from rapport_gateway.server.plain_request import Head
from rapport_gateway.server.requests import REQUEST_ID, forwarded_headers, request_id
from rapport_gateway.settings import Settings
from rapport_gateway.subgraphs.client import ForwardedHeaders
from rapport_gateway.subgraphs.origin import encoded_headers

_REMEMBERED = 1024


class KnownHead:
    """`coding` is what long answers are to be compressed with."""

    __slots__ = ("_content_type", "_fixed", "_forwarded", "_has_id", "coding", "vary")

    def __init__(self, headers: Mapping[str, str], media_type: str, cors: Mapping[str, str]) -> None:
        self._forwarded = forwarded_headers(headers)
        self._has_id = self._forwarded[REQUEST_ID] == headers.get(REQUEST_ID)
        self._content_type = f"content-type: {media_type}; charset=utf-8\r\n".encode("latin-1")
        self._fixed = cors
        self.coding = content_coding(headers.get("accept-encoding"))
        present = cors.get("vary")
        self.vary = f"{present}, accept-encoding" if present else "accept-encoding"

    def forwarded(self, address: Mapping[str, str]) -> ForwardedHeaders:
        """What subgraphs are sent, with an id for this very request where the client gave none."""
        own = {} if self._has_id else {REQUEST_ID: request_id()}
        return ForwardedHeaders({**self._forwarded, **own, **address})

    def answered(self, status: int, request: str, body: bytes, extra: Mapping[str, str]) -> bytes:
        """The whole HTTP answer."""
        headers = {REQUEST_ID: request, **self._fixed, **extra} if self._fixed or extra else {REQUEST_ID: request}
        lines = encoded_headers(headers)
        length = b"content-length: %d\r\n\r\n" % len(body)
        return b"".join((STATUS_LINE[status], lines, self._content_type, length, body))


class KnownHeads:
    def __init__(self, settings: Settings) -> None:
        """Raises InvalidSetting."""
        self._origins = origins(settings)
        self._known: dict[Head, KnownHead | None] = {}

    def get(self, head: Head) -> KnownHead | None:
        """None where the request is to be looked at: it sends or wants something else than JSON."""
        try:
            return self._known[head]
        except KeyError:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[head] = self._read(head.headers.by_name)
            return known

    def _read(self, headers: Mapping[str, str]) -> KnownHead | None:
        media_type = negotiate(headers.get("accept"))
        if media_type not in {JSON, GRAPHQL_JSON} or not is_json(headers.get("content-type", "")):
            return None
        return KnownHead(headers, media_type, self._origins.answer_headers(headers.get("origin")))
