"""GraphQL over HTTP."""

from __future__ import annotations

import logging
from http import HTTPStatus

from rapport_gateway.errors import (
    BAD_USER_INPUT,
    GRAPHQL_PARSE_FAILED,
    GRAPHQL_VALIDATION_FAILED,
    INTERNAL_SERVER_ERROR,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    OPERATION_RESOLUTION_FAILURE,
    OPERATION_TOO_LARGE,
    PERSISTED_QUERY_NOT_FOUND,
    PREFLIGHT_REQUIRED,
    UNSUPPORTED_MEDIA_TYPE,
    RequestRefused,
    error,
    refused,
)
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.admission import Admission
from rapport_gateway.server.batches import batch_answers, check_size
from rapport_gateway.server.caching import tell_caches
from rapport_gateway.server.compression import compressed, content_coding
from rapport_gateway.server.csrf import is_preflighted
from rapport_gateway.server.encoding import encoded
from rapport_gateway.server.exchange import Disconnected, Exchange, read_body
from rapport_gateway.server.forwarding import Forwarding
from rapport_gateway.server.leaving import while_waited_for
from rapport_gateway.server.negotiation import EVENT_STREAM, GRAPHQL_JSON, JSON, accepts_events, is_json, negotiate
from rapport_gateway.server.origins import names, origins
from rapport_gateway.server.replies import Receive, Scope, Send, respond
from rapport_gateway.server.requests import REQUEST_ID, from_query_string, request_headers
from rapport_gateway.server.sse import EventStreams
from rapport_gateway.settings import Settings

_LOG = logging.getLogger("rapport_gateway.http")
_SUBSCRIPTIONS = "Subscriptions are served over WebSocket (graphql-transport-ws) and as text/event-stream."
# Over plain application/json a well-formed request is answered with 200, whatever GraphQL says of it.
_GRAPHQL_CODES = frozenset(
    {
        BAD_USER_INPUT,
        GRAPHQL_PARSE_FAILED,
        GRAPHQL_VALIDATION_FAILED,
        OPERATION_RESOLUTION_FAILURE,
        OPERATION_TOO_LARGE,
        PERSISTED_QUERY_NOT_FOUND,
    }
)


class HttpEndpoint:
    def __init__(self, admission: Admission, streams: EventStreams, metrics: Metrics, settings: Settings) -> None:
        """Raises InvalidSetting."""
        self._admission = admission
        self._streams = streams
        self._metrics = metrics
        self._settings = settings
        self._origins = origins(settings)
        self._forwarding = Forwarding(settings)
        self._proofs = names(settings.csrf_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = request_headers(scope["headers"])
        forwarded = self._forwarding.headers(scope, headers)
        exchange = Exchange(scope, receive, send, headers, forwarded, negotiate(headers.get("accept")))
        exchange.extra[REQUEST_ID] = exchange.forwarded[REQUEST_ID]
        exchange.extra.update(self._origins.answer_headers(headers.get("origin")))
        if exchange.method == "OPTIONS" and (allowed := self._origins.preflight_headers(headers)) is not None:
            await respond(send, 204, b"", JSON, allowed)
            return
        try:
            answer = await self._answer(exchange)
            if answer is None:
                return
            status = 200
        except Disconnected:
            return
        except RequestRefused as problem:
            self._metrics.refused(problem.errors)
            status = problem.status
            if exchange.media_type == JSON and problem.errors[0]["extensions"]["code"] in _GRAPHQL_CODES:
                status = 200
            answer = {"errors": problem.errors}
            exchange.extra.update(problem.headers)
        except Exception:  # noqa: BLE001  (the last resort: the client gets an answer, the log the reason)
            _LOG.exception("request %s failed", exchange.forwarded[REQUEST_ID])
            status = 500
            answer = {"errors": [error("Internal server error.", INTERNAL_SERVER_ERROR)]}
        await self._send(exchange, status, answer)

    async def _answer(self, exchange: Exchange) -> Answer | list[Answer] | None:
        """None when a stream has been sent instead. Raises RequestRefused, Disconnected."""
        if exchange.media_type is None:
            raise refused("None of the accepted media types can be produced.", NOT_ACCEPTABLE, 406)
        payload = await self._read(exchange)
        if exchange.media_type == EVENT_STREAM:
            await self._stream(exchange, payload)
            return None
        if isinstance(payload, list):
            check_size(payload, self._settings.max_batch_size)
            return await batch_answers(
                payload, lambda member: self._admission.admit(member, exchange.forwarded), self._metrics
            )
        admitted = await self._admission.admit(payload, exchange.forwarded, read_only=exchange.read_only)
        if admitted.kind == "subscription":
            if not accepts_events(exchange.headers.get("accept")):
                raise refused(_SUBSCRIPTIONS, NOT_ACCEPTABLE, 406)
            await self._stream(exchange, payload)
            return None
        work = admitted.cacheable_answer()
        answer, exchange.policy = await while_waited_for(work, exchange, to_the_end=admitted.kind == "mutation")
        self._metrics.request(admitted.kind, "errors" if "errors" in answer else "ok")
        return answer

    async def _stream(self, exchange: Exchange, payload: object) -> None:
        await self._streams.serve(
            payload,
            exchange.forwarded,
            exchange.extra,
            exchange.receive,
            exchange.send,
            read_only=exchange.read_only,
        )

    async def _read(self, exchange: Exchange) -> object:
        if exchange.method == "GET":
            if self._settings.csrf_prevention and not is_preflighted(exchange.headers, self._proofs):
                raise refused(f"Send one of these headers by GET: {', '.join(self._proofs)}.", PREFLIGHT_REQUIRED)
            return from_query_string(exchange.scope["query_string"])
        if exchange.method != "POST":
            allow = {"allow": "GET, POST"}
            raise refused(f"{exchange.method} is not allowed here.", METHOD_NOT_ALLOWED, 405, headers=allow)
        if not is_json(exchange.headers.get("content-type", "")):
            raise refused("The content type must be application/json.", UNSUPPORTED_MEDIA_TYPE, 415)
        length = exchange.headers.get("content-length", "")
        body = await read_body(exchange.receive, length, self._settings.max_body_bytes)
        return await self._admission.decoded(body, self._settings.max_batch_size)

    async def _send(self, exchange: Exchange, status: int, answer: Answer | list[Answer]) -> None:
        body = encoded(answer)
        media_type = GRAPHQL_JSON if exchange.media_type == GRAPHQL_JSON else JSON
        if tell_caches(exchange, body, failed=status != HTTPStatus.OK or "errors" in answer):
            await respond(exchange.send, HTTPStatus.NOT_MODIFIED, b"", media_type, exchange.extra)
            return
        if len(body) >= self._settings.compression_min_bytes:
            exchange.vary_by("accept-encoding")
            coding = content_coding(exchange.headers.get("accept-encoding"))
            if coding is not None:
                body = await compressed(body, coding)
                exchange.extra["content-encoding"] = coding
        await respond(exchange.send, status, body, media_type, exchange.extra)
