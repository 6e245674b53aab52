"""The direct way of a request: a known query runs in the callbacks of the connections, without any task. What it does
not take goes the usual way, which would answer the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from rapport_gateway.errors import INTERNAL_SERVER_ERROR, RequestRefused, error
from rapport_gateway.execution.unawaited import Ready as Sending
from rapport_gateway.in_flight import Cancel
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.planning.plan import Fetch
from rapport_gateway.server.admission import Admission, Ready
from rapport_gateway.server.bounds import too_late
from rapport_gateway.server.caching import cache_control
from rapport_gateway.server.clients import ClientLimits
from rapport_gateway.server.compression import compressed
from rapport_gateway.server.encoding import encoded
from rapport_gateway.server.forwarding import Forwarding
from rapport_gateway.server.known_heads import KnownHead, KnownHeads
from rapport_gateway.server.plain_request import Head
from rapport_gateway.server.replies import Scope
from rapport_gateway.server.requests import REQUEST_ID
from rapport_gateway.settings import Settings

_LOG = logging.getLogger("rapport_gateway.http")
Reply = Callable[[bytes], None]
Address = tuple[str, int] | None


class DirectWay:
    def __init__(
        self,
        admission: Admission,
        limits: ClientLimits | None,
        sending: Sending,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        """`sending` is the way of the client in force to send a request. Raises InvalidSetting."""
        self._admission = admission
        self._limits = limits
        self._sending = sending
        self._heads = KnownHeads(settings)
        self._forwarding = Forwarding(settings)
        self._max_body_bytes = settings.max_body_bytes
        self._is_open = not (metrics.tracer.is_on or settings.log_requests)
        self._seconds = settings.request_timeout
        self._request_seconds = settings.query_timeout
        self.metrics = metrics
        self.compression_min_bytes = settings.compression_min_bytes

    def begin(self, head: Head, body: bytes, client: Address, reply: Reply) -> DirectAnswer | None:
        """Answer the request with one call of `reply`, at once or later; None, and nothing is done, where it has to go
        the usual way."""
        known = self._heads.get(head) if self._is_open and len(body) <= self._max_body_bytes else None
        if known is None:
            return None
        forwarded = known.forwarded(self._forwarding.address(_scope(head, client)))
        ready = self._admission.ready(body, forwarded)
        if ready is None:
            return None
        answer = DirectAnswer(self, ready, known, forwarded[REQUEST_ID], reply)
        try:
            release = self._charged(ready, head, client)
        except RequestRefused as problem:
            answer.refuse(problem)
        else:
            self.metrics.plan_cache(hit=True)
            answer.begin(self._sending, release, self._seconds_for(ready))
        return answer

    def _seconds_for(self, ready: Ready) -> float:
        """What is to be watched; 0 where the time of the only request ends earlier."""
        if self._seconds >= self._request_seconds and isinstance(ready.prepared.plan.node, Fetch):
            return 0.0
        return self._seconds

    def _charged(self, ready: Ready, head: Head, client: Address) -> Callable[[], object] | None:
        """What lets go of the client's place among those who are served. Raises RequestRefused."""
        if self._limits is None:
            self._admission.charge(ready)
            return None
        with self._limits.coming_from(_scope(head, client)):
            self._admission.charge(ready)
            place = self._limits.running(ready.request.headers)
            place.__enter__()
        return partial(place.__exit__, None, None, None)


class DirectAnswer:
    """The answer to one request, until it is written or nobody waits for it."""

    __slots__ = (
        "_head",
        "_is_over",
        "_leave",
        "_ready",
        "_release",
        "_reply",
        "_request_id",
        "_task",
        "_timer",
        "_way",
    )

    def __init__(self, way: DirectWay, ready: Ready, head: KnownHead, request_id: str, reply: Reply) -> None:
        self._way = way
        self._ready = ready  # and with it the pipeline, which must not be let go of before
        self._head = head
        self._request_id = request_id
        self._reply = reply
        self._release: Callable[[], object] | None = None
        self._leave: Cancel | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def begin(self, sending: Sending, release: Callable[[], object] | None, seconds: float) -> None:
        """`seconds`: for the whole of it, 0 for as long as it takes."""
        self._release = release
        if seconds:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._too_late, seconds)
        ready = self._ready
        leave = ready.pipeline.begin(ready.prepared, ready.request, sending, self)
        if not self._is_over:
            self._leave = leave

    def refuse(self, problem: RequestRefused) -> None:
        self._way.metrics.refused(problem.errors)
        self._write(problem.status, encoded({"errors": problem.errors}), problem.headers)

    def cancel(self) -> None:
        """The client has left."""
        if self._task is not None:
            self._task.cancel()
        elif not self._is_over:
            self._abandon()
        self._is_over = True

    def _too_late(self, seconds: float) -> None:
        self._timer = None
        self._abandon()
        self.refuse(too_late(seconds))

    def _abandon(self) -> None:
        leave = self._leave
        self._let_go()
        if leave is not None:
            leave()

    # -- what waits for the answer; nothing may be raised, for others may wait for the same

    def done(self) -> bool:
        return self._is_over

    def set_result(self, answer: Answer) -> None:
        self._let_go()
        try:
            self._way.metrics.request("query", "errors" if "errors" in answer else "ok")
            self._answer(answer)
        except Exception as problem:  # noqa: BLE001  (see below)
            self._fail(problem)

    def set_exception(self, problem: Exception) -> None:
        self._let_go()
        self._fail(problem)

    def _fail(self, problem: Exception) -> None:
        """The last resort: the client gets an answer, the log the reason."""
        _LOG.error("request %s failed", self._request_id, exc_info=problem)
        self._write(500, encoded({"errors": [error("Internal server error.", INTERNAL_SERVER_ERROR)]}), {})

    def _answer(self, answer: Answer) -> None:
        body = encoded(answer)
        extra: dict[str, str] = {}
        policy = self._ready.prepared.cache
        if policy is not None and "errors" not in answer:
            extra["cache-control"] = cache_control(policy)
        if len(body) < self._way.compression_min_bytes:
            self._write(200, body, extra)
            return
        extra["vary"] = self._head.vary
        if self._head.coding is None:
            self._write(200, body, extra)
        else:
            work = self._write_compressed(body, self._head.coding, extra)
            self._is_over = True  # nobody is to tell it anything more
            self._task = asyncio.get_running_loop().create_task(work)

    async def _write_compressed(self, body: bytes, coding: str, extra: Mapping[str, str]) -> None:
        body = await compressed(body, coding)
        self._write(200, body, {**extra, "content-encoding": coding})

    def _write(self, status: int, body: bytes, extra: Mapping[str, str]) -> None:
        self._is_over = True
        self._reply(self._head.answered(status, self._request_id, body, extra))

    def _let_go(self) -> None:
        self._leave = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._release is not None:
            self._release()
            self._release = None


def _scope(head: Head, client: Address) -> Scope:
    """As much as says where a client comes from."""
    return {"client": client, "headers": head.headers}
