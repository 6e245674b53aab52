"""The shell of a service process: health, readiness, metrics, and what runs beside the requests."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from rapport_shared.http.answers import json_answer
from rapport_shared.http.body_limit import BodyLimit

READY_SECONDS = 2.0

Check = Callable[[], Awaitable[None]]
"""Raises where something that the process needs does not answer."""


def create_app(
    *,
    routes: Sequence[BaseRoute] = (),
    checks: Mapping[str, Check],
    background: Sequence[Callable[[], Awaitable[None]]] = (),
    on_stop: Callable[[], Awaitable[None]] | None = None,
    max_body_bytes: int,
) -> Starlette:
    """An ASGI app with ``/health``, ``/ready`` and ``/metrics`` besides ``routes``.

    ``background`` coroutines run as long as the app does; one that ends by itself ends the process.
    """

    async def ready(_: Request) -> Response:
        results = dict(zip(checks, await asyncio.gather(*map(_passes, checks.values())), strict=True))
        state = {name: "up" if passed else "down" for name, passed in results.items()}
        return json_answer(200 if all(results.values()) else 503, state)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_guarded(app, run)) for run in background]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if on_stop is not None:
            await on_stop()

    own = [Route("/health", _health), Route("/ready", ready), Route("/metrics", _metrics)]
    limit = Middleware(BodyLimit, max_bytes=max_body_bytes)
    return Starlette(routes=[*own, *routes], lifespan=lifespan, middleware=[limit])


async def _health(_: Request) -> Response:
    return json_answer(200, {"status": "up"})


async def _metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _passes(check: Check) -> bool:
    try:
        await asyncio.wait_for(check(), READY_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it raises, the answer is no
        return False
    return True


async def _guarded(app: Starlette, run: Callable[[], Awaitable[None]]) -> None:
    """A background failure that nothing handles ends the process, so that its supervisor starts it anew."""
    try:
        await run()
    except asyncio.CancelledError:
        raise
    except BaseException:
        app.state.failed = True
        os.kill(os.getpid(), signal.SIGTERM)
        raise
