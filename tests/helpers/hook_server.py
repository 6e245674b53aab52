"""A server that webhooks can call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Hook:
    """What the server was told, and what it answers: a status each time, the last one for ever."""

    url: str
    answers: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def serving() -> AsyncIterator[Hook]:
    """A real server on the loopback interface."""
    told = Hook("")

    async def answer(request: web.Request) -> web.Response:
        told.calls.append((dict(request.headers), await request.read()))
        status = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
        return web.Response(status=status, headers=told.headers)

    app = web.Application()
    app.router.add_post("/hook", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield told
    finally:
        await runner.cleanup()
