"""Answers made smaller where that pays and the client can read them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

import brotli

# The lowest levels: they take a third of the time of the next better ones, for answers a tenth larger.
_GZIP_LEVEL = 1
_BROTLI_QUALITY = 1
_OFF_LOOP_BYTES = 128 * 1024  # compressing so much takes longer than handing it to a thread
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, _GZIP_LEVEL, _GZIP_FORMAT)


def _brotli(body: bytes) -> bytes:
    compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
    return compressed


_ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}


@lru_cache(maxsize=256)
def content_coding(accept_encoding: str | None) -> str | None:
    """`br` or `gzip`, what the client prefers and else the better one; None when it takes neither."""
    qualities: dict[str, float] = {}
    for item in (accept_encoding or "").lower().split(","):
        name, _, parameters = item.partition(";")
        qualities[name.strip()] = _quality(parameters)
    offered = {name: qualities.get(name, qualities.get("*", 0.0)) for name in _ENCODERS}
    best = max(offered, key=lambda name: offered[name])
    return best if offered[best] > 0 and offered[best] >= qualities.get("identity", 0.0) else None


async def compressed(body: bytes, coding: str) -> bytes:
    """Large bodies are compressed off the event loop."""
    encoder = _ENCODERS[coding]
    if len(body) < _OFF_LOOP_BYTES:
        return encoder(body)
    return await asyncio.to_thread(encoder, body)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
