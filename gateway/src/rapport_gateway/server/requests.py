"""GraphQL requests as clients send them: their headers, and their parameters wherever those stand."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from rapport_gateway.errors import BAD_REQUEST, refused

FORWARDED = ("authorization", "traceparent", "tracestate")
REQUEST_ID = "x-request-id"
_MAX_ID_LENGTH = 128
# Ids have to differ, from those of other processes too; nothing depends on nobody's guessing them.
_ID_PREFIX = secrets.token_hex(8)
_ID_NUMBERS = itertools.count()
_STRINGS = ("query", "operationName", "documentId")
_OBJECTS = ("variables", "extensions")
_STRING_OR_NONE = (str, type(None))
_OBJECT_OR_NONE = (dict, type(None))


class DecodedHeaders(list[tuple[bytes, bytes]]):
    """Headers of a request that were met before; nobody may change them."""

    __slots__ = ("by_name",)

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__(headers)
        self.by_name: Mapping[str, str] = request_headers(tuple(self))


def request_headers(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The headers of an ASGI scope by lower-case name."""
    if isinstance(headers, DecodedHeaders):
        return headers.by_name
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def forwarded_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What every subgraph is sent: who asks, and the ids to follow the request by."""
    kept = {name: headers[name] for name in FORWARDED if name in headers}
    given = headers.get(REQUEST_ID, "")
    usable = 0 < len(given) <= _MAX_ID_LENGTH and given.isascii() and given.isprintable()
    kept[REQUEST_ID] = given if usable else request_id()
    return kept


def request_id() -> str:
    """A new one."""
    return f"{_ID_PREFIX}{next(_ID_NUMBERS):016x}"


def from_query_string(text: bytes) -> dict[str, Any]:
    """The parameters of a URL as they would stand in a body. Raises RequestRefused."""
    try:
        parameters = {name: values[-1] for name, values in parse_qs(text.decode(), max_num_fields=20).items()}
    except ValueError as error:
        raise refused("The query string cannot be read.", BAD_REQUEST) from error
    payload: dict[str, Any] = {name: parameters[name] for name in _STRINGS if name in parameters}
    for key in _OBJECTS:
        if key in parameters:
            try:
                payload[key] = orjson.loads(parameters[key])
            except orjson.JSONDecodeError as error:
                raise refused(f"'{key}' is not valid JSON.", BAD_REQUEST) from error
    return payload


def checked_payload(payload: object) -> dict[str, Any]:
    """The parameters of one request, each of its type or absent. Raises RequestRefused."""
    if not isinstance(payload, dict):
        raise refused("The request must be a JSON object.", BAD_REQUEST)
    for key in _STRINGS:
        if not isinstance(payload.get(key), _STRING_OR_NONE):
            raise refused(f"'{key}' must be a string.", BAD_REQUEST)
    for key in _OBJECTS:
        if not isinstance(payload.get(key), _OBJECT_OR_NONE):
            raise refused(f"'{key}' must be an object.", BAD_REQUEST)
    return payload
