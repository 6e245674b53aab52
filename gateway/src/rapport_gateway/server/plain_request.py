"""The request that nearly all clients send: POST /graphql with its whole body at once, and nothing special about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapport_gateway.server.requests import DecodedHeaders

_REQUEST_LINE = b"POST /graphql HTTP/1.1"
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN_IN_VALUES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# Each of these asks the server for something; that is not plain.
_SPECIAL = frozenset(
    {b"transfer-encoding", b"expect", b"upgrade", b"http2-settings", b"te", b"trailer", b"proxy-connection"}
)
_MAX_HEAD_BYTES = 16 * 1024
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    length: int
    headers: DecodedHeaders


class PlainRequests:
    """Tells plain requests from others. Clients send the same head again and again, so heads are remembered."""

    def __init__(self) -> None:
        self._heads: dict[bytes, Head | None] = {}

    def read(self, data: bytes) -> tuple[Head, bytes] | None:
        """Head and body, where the data is one plain request and nothing else."""
        if not data.startswith(_REQUEST_LINE):
            return None
        end = data.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
        if end < 0:
            return None
        text = data[:end]
        try:
            head = self._heads[text]
        except KeyError:
            if len(self._heads) >= _REMEMBERED:
                self._heads.clear()
            head = self._heads[text] = _read_head(text)
        if head is None or len(data) != end + 4 + head.length:
            return None
        return head, data[end + 4 :]


def _read_head(text: bytes) -> Head | None:
    """None where anything is unusual: what is refused here is read by a complete HTTP parser."""
    first, *lines = text.split(b"\r\n")
    if first != _REQUEST_LINE:
        return None
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        if not colon or not _NAME.fullmatch(name) or _FORBIDDEN_IN_VALUES.search(value) or name in headers:
            return None
        headers[name] = value
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 9 or _SPECIAL.intersection(headers) or b"host" not in headers:
        return None
    if headers.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return Head(int(length), DecodedHeaders(headers.items()))
