"""The direct way of a request: a known query that one subgraph answers runs in the callbacks of the two connections,
without any task. What it does not take goes the usual way, which would answer the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from rapport_gateway.errors import INTERNAL_SERVER_ERROR, RequestRefused, error
from rapport_gateway.execution.alone import Alone
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.admission import Admission, Ready
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
from rapport_gateway.subgraphs.call import Send
from rapport_gateway.subgraphs.client import SubgraphRequest

_LOG = logging.getLogger("rapport_gateway.http")
Reply = Callable[[bytes], None]
Address = tuple[str, int] | None


class DirectWay:
    def __init__(
        self,
        admission: Admission,
        limits: ClientLimits | None,
        ready: Callable[[SubgraphRequest], Send | None],
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        """`ready` is the way of the client in force to send a request. Raises InvalidSetting."""
        self._admission = admission
        self._limits = limits
        self._ready = ready
        self._heads = KnownHeads(settings)
        self._forwarding = Forwarding(settings)
        self._max_body_bytes = settings.max_body_bytes
        is_observed = metrics.tracer.is_on or settings.log_requests
        # Where the whole operation has less time than its only request, that has to be watched.
        self._is_open = not is_observed and not 0 < settings.request_timeout < settings.query_timeout
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
        alone = ready.pipeline.alone(ready.prepared, ready.request, self._ready) if ready is not None else None
        if ready is None or alone is None:
            return None
        answer = DirectAnswer(self, ready, known, forwarded[REQUEST_ID], reply)
        try:
            release = self._charged(ready, head, client)
        except RequestRefused as problem:
            answer.refuse(problem)
        else:
            self.metrics.plan_cache(hit=True)
            answer.begin(alone, release)
        return answer

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

    __slots__ = ("_alone", "_head", "_is_over", "_ready", "_release", "_reply", "_request_id", "_task", "_way")

    def __init__(self, way: DirectWay, ready: Ready, head: KnownHead, request_id: str, reply: Reply) -> None:
        self._way = way
        self._ready = ready  # and with it the pipeline, which must not be let go of before
        self._head = head
        self._request_id = request_id
        self._reply = reply
        self._release: Callable[[], object] | None = None
        self._alone: Alone | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def begin(self, alone: Alone, release: Callable[[], object] | None) -> None:
        self._alone = alone
        self._release = release
        alone.begin(self._take)

    def refuse(self, problem: RequestRefused) -> None:
        self._way.metrics.refused(problem.errors)
        self._write(problem.status, encoded({"errors": problem.errors}), problem.headers)

    def cancel(self) -> None:
        """The client has left."""
        if self._task is not None:
            self._task.cancel()
        elif not self._is_over and self._alone is not None:
            self._alone.cancel()
            self._let_go()
        self._is_over = True

    def _take(self, answer: Answer) -> None:
        """Nothing may be raised: others may wait for the same answer of the subgraph."""
        self._let_go()
        try:
            self._way.metrics.request("query", "errors" if "errors" in answer else "ok")
            self._answer(answer)
        except Exception:  # noqa: BLE001  (the last resort: the client gets an answer, the log the reason)
            _LOG.exception("request %s failed", self._request_id)
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
            self._task = asyncio.get_running_loop().create_task(work)

    async def _write_compressed(self, body: bytes, coding: str, extra: Mapping[str, str]) -> None:
        body = await compressed(body, coding)
        self._write(200, body, {**extra, "content-encoding": coding})

    def _write(self, status: int, body: bytes, extra: Mapping[str, str]) -> None:
        self._is_over = True
        self._reply(self._head.answered(status, self._request_id, body, extra))

    def _let_go(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None


def _scope(head: Head, client: Address) -> Scope:
    """As much as says where a client comes from."""
    return {"client": client, "headers": head.headers}
