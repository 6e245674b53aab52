"""GraphQL over HTTP."""

from __future__ import annotations

import logging

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
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.admission import Admission
from rapport_gateway.server.negotiation import EVENT_STREAM, GRAPHQL_JSON, JSON, accepts_events, is_json, negotiate
from rapport_gateway.server.replies import Receive, Scope, Send, respond
from rapport_gateway.server.requests import REQUEST_ID, forwarded_headers, from_body, from_query_string, request_headers
from rapport_gateway.server.sse import EventStreams

_LOG = logging.getLogger("rapport_gateway.http")
# A client that is still sending does not see an answer, so a body that is too large is read (and dropped) up to here.
_MAX_DRAINED_BYTES = 32 * 1024 * 1024
_SUBSCRIPTIONS = "Subscriptions are served over WebSocket (graphql-transport-ws) and as text/event-stream."
# Over plain application/json a well-formed request is answered with 200, whatever GraphQL says of it.
_GRAPHQL_CODES = frozenset(
    {BAD_USER_INPUT, GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, OPERATION_RESOLUTION_FAILURE, OPERATION_TOO_LARGE}
)


class Disconnected(Exception):
    """The client left before its request was complete."""


class HttpEndpoint:
    def __init__(self, admission: Admission, streams: EventStreams, metrics: Metrics, *, max_body_bytes: int) -> None:
        self._admission = admission
        self._streams = streams
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = request_headers(scope["headers"])
        forwarded = forwarded_headers(headers)
        accept = headers.get("accept")
        media_type = negotiate(accept)
        read_only = scope["method"] == "GET"
        extra = {REQUEST_ID: forwarded[REQUEST_ID]}
        try:
            if media_type is None:
                raise refused("None of the accepted media types can be produced.", NOT_ACCEPTABLE, 406)
            payload = await self._read(scope, receive, headers)
            streamed = media_type == EVENT_STREAM
            if not streamed:
                admitted = self._admission.admit(payload, forwarded, read_only=read_only)
                streamed = admitted.kind == "subscription"
                if streamed and not accepts_events(accept):
                    raise refused(_SUBSCRIPTIONS, NOT_ACCEPTABLE, 406)
            if streamed:
                await self._streams.serve(payload, forwarded, extra, receive, send, read_only=read_only)
                return
            answer = await admitted.answer()
            self._metrics.request(admitted.kind, "errors" if "errors" in answer else "ok")
            status = 200
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
        await respond(send, status, _encoded(answer), GRAPHQL_JSON if media_type == GRAPHQL_JSON else JSON, extra)

    async def _read(self, scope: Scope, receive: Receive, headers: dict[str, str]) -> object:
        method = scope["method"]
        if method == "GET":
            return from_query_string(scope["query_string"])
        if method != "POST":
            allow = {"allow": "GET, POST"}
            raise refused(f"{method} is not allowed here.", METHOD_NOT_ALLOWED, 405, headers=allow)
        if not is_json(headers.get("content-type", "")):
            raise refused("The content type must be application/json.", UNSUPPORTED_MEDIA_TYPE, 415)
        return from_body(await self._body(receive, headers))

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
