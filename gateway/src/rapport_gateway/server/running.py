"""Running one operation whose answers go out one by one, however the client is connected."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson

from rapport_gateway.errors import (
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    OPERATION_TOO_LARGE,
    UNAUTHENTICATED,
    ErrorDict,
    RequestRefused,
    error,
)
from rapport_gateway.logs import note
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.admission import Admission, Admitted
from rapport_gateway.server.observer import Observer
from rapport_gateway.server.outbox import SlowClient
from rapport_gateway.server.requests import REQUEST_ID
from rapport_gateway.subgraphs.client import SubgraphErrors, SubgraphFailure

_LOG = logging.getLogger("rapport_gateway.streams")

Emit = Callable[[Answer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ended. `errors` is empty after an orderly end. `revoked`: a subgraph that sent events does not
    accept the client's credentials any more."""

    errors: list[ErrorDict] = field(default_factory=list)
    revoked: bool = False


class Runner:
    def __init__(self, admission: Admission, metrics: Metrics, observer: Observer) -> None:
        self._admission = admission
        self._metrics = metrics
        self._observer = observer

    async def decoded(self, message: bytes) -> object:
        """The JSON of a message that may hold one request. Raises RequestRefused."""
        return await self._admission.decoded(message)

    async def run(self, payload: object, headers: Mapping[str, str], emit: Emit, *, read_only: bool = False) -> Ending:
        """Every answer goes to `emit`. Raises SlowClient when `emit` does."""
        if not self._observer.is_on:
            return await self._ended(payload, headers, emit, read_only=read_only)
        with self._observer.operation(headers):
            note(request=headers.get(REQUEST_ID))
            return await self._ended(payload, headers, emit, read_only=read_only)

    async def _ended(self, payload: object, headers: Mapping[str, str], emit: Emit, *, read_only: bool) -> Ending:
        sent = _Sent(emit)
        try:
            admitted = await self._admission.admit(payload, headers, read_only=read_only)
            await self._run(admitted, sent)
        except SlowClient:
            raise
        except RequestRefused as problem:
            self._metrics.refused(problem.errors)
            return Ending(problem.errors)
        except SubgraphErrors as problem:
            errors = problem.told(self._admission.pipeline.error_policy)
            return Ending(errors, revoked=sent.any and _unauthenticated(errors))
        except SubgraphFailure as problem:
            revoked = sent.any and problem.code in {UNAUTHENTICATED, FORBIDDEN}
            policy = self._admission.pipeline.error_policy
            return Ending([policy.of_failure(str(problem), problem.code)], revoked)
        except orjson.JSONEncodeError:
            return Ending([error("The answer is nested too deeply.", OPERATION_TOO_LARGE)])
        except Exception:  # noqa: BLE001  (the last resort: the client gets an answer, the log the reason)
            _LOG.exception("operation failed")
            return Ending([error("Internal server error.", INTERNAL_SERVER_ERROR)])
        return Ending(revoked=sent.is_stream and sent.last_refused)

    async def _run(self, admitted: Admitted, sent: _Sent) -> None:
        if admitted.kind != "subscription":
            answer = await admitted.answer()
            self._metrics.request(admitted.kind, "errors" if "errors" in answer else "ok")
            await sent.send(answer)
            return
        self._metrics.request(admitted.kind, "ok")
        with self._metrics.subscriptions.track_inprogress():
            async with self._admission.subscriptions.until_replaced(), admitted.answers() as answers:
                sent.is_stream = True
                async for answer in answers:
                    await sent.send(answer)


class _Sent:
    """What has been sent so far."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.any = False
        self.is_stream = False
        self.last_refused = False

    async def send(self, answer: Answer) -> None:
        await self._emit(answer)
        self.any = True
        empty = not any(value is not None for value in (answer["data"] or {}).values())
        self.last_refused = empty and _unauthenticated(answer.get("errors", ()))


def _unauthenticated(errors: object) -> bool:
    """Some subgraphs end a stream with an event that holds nothing but this."""
    return isinstance(errors, list) and any(item["extensions"]["code"] == UNAUTHENTICATED for item in errors)
