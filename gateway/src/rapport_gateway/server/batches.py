"""Several requests in one body: off unless a number of them is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rapport_gateway.errors import BAD_REQUEST, BATCH_TOO_LARGE, BATCHING_DISABLED, RequestRefused, refused
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.admission import Admitted

Admit = Callable[[object], Awaitable[Admitted]]


def check_size(payloads: Sequence[object], limit: int) -> None:
    """Raises RequestRefused."""
    if limit <= 1:
        raise refused("Requests are taken one by one: the body must be an object.", BATCHING_DISABLED)
    if len(payloads) > limit:
        raise refused(f"At most {limit} requests may be sent together.", BATCH_TOO_LARGE)
    if not payloads:
        raise refused("There is no request in the list.", BAD_REQUEST)


async def batch_answers(payloads: Sequence[object], admit: Admit, metrics: Metrics) -> list[Answer]:
    """An answer for each, which may be a refusal. Queries run at the same time; with a mutation, all run in order."""
    members = [await _admitted(payload, admit, metrics) for payload in payloads]
    runs: list[Awaitable[Answer]] = [_answer(member, metrics) for member in members]
    if any(isinstance(member, Admitted) and member.kind == "mutation" for member in members):
        return [await run for run in runs]
    return await asyncio.gather(*runs)


async def _admitted(payload: object, admit: Admit, metrics: Metrics) -> Admitted | Answer:
    try:
        admitted = await admit(payload)
        if admitted.kind == "subscription":
            raise refused("A subscription cannot be answered in a list.", BAD_REQUEST)
    except RequestRefused as problem:
        metrics.refused(problem.errors)
        return {"errors": problem.errors}
    return admitted


async def _answer(member: Admitted | Answer, metrics: Metrics) -> Answer:
    if not isinstance(member, Admitted):
        return member
    try:
        answer = await member.answer()
    except RequestRefused as problem:
        metrics.refused(problem.errors)
        return {"errors": problem.errors}
    metrics.request(member.kind, "errors" if "errors" in answer else "ok")
    return answer
