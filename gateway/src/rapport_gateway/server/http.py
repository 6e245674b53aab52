"""GraphQL over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

import orjson

from rapport_gateway.errors import (
    BAD_USER_INPUT,
    GRAPHQL_PARSE_FAILED,
    GRAPHQL_VALIDATION_FAILED,
    INTERNAL_SERVER_ERROR,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    OPERATION_RESOLUTION_FAILURE,
    OPERATION_TOO_LARGE,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    RequestRefused,
    error,
    refused,
)
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer, GraphQLRequest, Pipeline
from rapport_gateway.server.negotiation import JSON, is_json, negotiate
from rapport_gateway.server.requests import REQUEST_ID, forwarded_headers, from_body, from_query_string, request_headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOG = logging.getLogger("rapport_gateway.http")
# A client that is still sending does not see an answer, so a body that is too large is read (and dropped) up to here.
_MAX_DRAINED_BYTES = 32 * 1024 * 1024
# Over plain application/json a well-formed request is answered with 200, whatever GraphQL says of it.
_GRAPHQL_CODES = frozenset(
    {BAD_USER_INPUT, GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, OPERATION_RESOLUTION_FAILURE, OPERATION_TOO_LARGE}
)


class Disconnected(Exception):
    """The client left before its request was complete."""


class HttpEndpoint:
    def __init__(self, pipeline: Pipeline, metrics: Metrics, *, max_body_bytes: int) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = request_headers(scope["headers"])
        forwarded = forwarded_headers(headers)
        media_type = negotiate(headers.get("accept"))
        extra = {REQUEST_ID: forwarded[REQUEST_ID]}
        try:
            if media_type is None:
                raise refused("None of the accepted media types can be produced.", NOT_ACCEPTABLE, 406)
            request = await self._read(scope, receive, headers, forwarded)
            status, answer = await self._answer(scope["method"], request)
        except Disconnected:
            return
        except RequestRefused as problem:
            self._metrics.request("unknown", "refused")
            status = problem.status
            if media_type == JSON and problem.errors[0]["extensions"]["code"] in _GRAPHQL_CODES:
                status = 200
            answer = {"errors": problem.errors}
            extra.update(problem.headers)
        except Exception:  # noqa: BLE001  (the last resort: the client gets an answer, the log the reason)
            _LOG.exception("request %s failed", forwarded[REQUEST_ID])
            status = 500
            answer = {"errors": [error("Internal server error.", INTERNAL_SERVER_ERROR)]}
        await respond(send, status, _encoded(answer), media_type or JSON, extra)

    async def _answer(self, method: str, request: GraphQLRequest) -> tuple[int, Answer]:
        operation = self._pipeline.prepare(request)
        if operation.kind == "subscription":
            raise refused("Subscriptions are served over WebSocket (graphql-transport-ws).", METHOD_NOT_ALLOWED, 405)
        if method == "GET" and operation.kind != "query":
            raise refused("Only queries may be sent by GET.", METHOD_NOT_ALLOWED, 405, headers={"allow": "POST"})
        answer = await self._pipeline.execute(operation, request)
        self._metrics.request(operation.kind, "errors" if "errors" in answer else "ok")
        return 200, answer

    async def _read(
        self, scope: Scope, receive: Receive, headers: dict[str, str], forwarded: dict[str, str]
    ) -> GraphQLRequest:
        method = scope["method"]
        if method == "GET":
            return from_query_string(scope["query_string"], forwarded)
        if method != "POST":
            allow = {"allow": "GET, POST"}
            raise refused(f"{method} is not allowed here.", METHOD_NOT_ALLOWED, 405, headers=allow)
        if not is_json(headers.get("content-type", "")):
            raise refused("The content type must be application/json.", UNSUPPORTED_MEDIA_TYPE, 415)
        return from_body(await self._body(receive, headers), forwarded)

    async def _body(self, receive: Receive, headers: dict[str, str]) -> bytes:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > _MAX_DRAINED_BYTES:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body_bytes:
                chunks.clear()
            else:
                chunks.append(chunk)
            if size > _MAX_DRAINED_BYTES or (size > self._max_body_bytes and not message.get("more_body")):
                raise self._too_large()
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _too_large(self) -> RequestRefused:
        return refused(f"The body has more than {self._max_body_bytes} bytes.", PAYLOAD_TOO_LARGE, 413)


def _encoded(answer: Answer) -> bytes:
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        return orjson.dumps({"errors": [error("The answer is nested too deeply.", OPERATION_TOO_LARGE)]})


async def respond(
    send: Send, status: int, body: bytes, media_type: str, extra: MutableMapping[str, str] | None = None
) -> None:
    headers = [_content_type(media_type), (b"content-length", b"%d" % len(body))]
    if extra:
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in extra.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@cache
def _content_type(media_type: str) -> tuple[bytes, bytes]:
    return b"content-type", f"{media_type}; charset=utf-8".encode()
