"""HTTP answers of subgraphs. Most come in one piece, under a head that has been seen before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [\x20-\x7e]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN_IN_VALUES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# Each of these changes where the answer ends, how it is to be read, or what becomes of the connection.
_SPECIAL = frozenset({"transfer-encoding", "content-encoding", "connection", "upgrade", "trailer", "keep-alive"})
_EMPTY = frozenset({204, 304})
_MAX_HEAD_BYTES = 8 * 1024


@dataclass(slots=True)
class HttpAnswer:
    """`headers` by lower-case name, the last of each, and not to be changed; `body` is decompressed."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        return _media_type(self.headers.get("content-type", ""))


def plain_answer(data: bytes, limit: int) -> HttpAnswer | None:
    """The answer, where the data is a whole one with a body of at most `limit` bytes, nothing special about it, and
    nothing after it. What is refused here is for a complete HTTP parser."""
    end = data.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
    if end < 0:
        return None
    head = _read_head(data[:end])
    if head is None or head[2] != len(data) - end - 4 or head[2] > limit:
        return None
    return HttpAnswer(head[0], head[1], data[end + 4 :])


@lru_cache(maxsize=1024)
def _read_head(text: bytes) -> tuple[int, dict[str, str], int] | None:
    """Status, headers and length of the body."""
    first, *lines = text.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None or int(status[1]) in _EMPTY:
        return None
    headers: dict[str, str] = {}
    for line in lines:
        raw_name, colon, value = line.partition(b":")
        name = raw_name.decode("latin-1").lower()
        if not colon or not _NAME.fullmatch(raw_name) or _FORBIDDEN_IN_VALUES.search(value) or name in headers:
            return None
        headers[name] = value.strip(b" \t").decode("latin-1")
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or not _SPECIAL.isdisjoint(headers):
        return None
    return int(status[1]), headers, int(length)


@lru_cache(maxsize=256)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
