"""One broker connection that is made again whenever it is lost."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from yarl import URL

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
PUBLISH_SECONDS = 5
MAX_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


async def connect_any(urls: str, **parameters: str | int) -> AbstractConnection:
    """A connection to the first node that answers; ``urls``: one node's, or those of a cluster, with commas between.

    Raises what the last of them fails with.
    """
    failure: Exception = ConnectionError("no broker is named")
    for url in filter(None, (each.strip() for each in urls.split(","))):
        try:
            return await aio_pika.connect(URL(url).update_query(parameters), timeout=CONNECT_SECONDS)
        except (AMQPError, OSError, TimeoutError) as reason:
            failure = reason
    raise failure


@asynccontextmanager
async def open_channel(urls: str) -> AsyncIterator[AbstractChannel]:
    """A channel for a short task, on a connection of its own; publishes are confirmed or raise."""
    async with await connect_any(urls) as connection:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)


class Unavailable(Exception):
    """Something that this body depends on, such as the database, does not answer: try again later."""


class BrokerLink:
    """Keeps a connection and runs bodies on it; when it is lost or any of these ends, all start again after a pause.

    No robust connection of the driver: what a body declares, consumes and has in flight belongs to one connection,
    and starting anew is the only recovery that it needs to know.
    """

    def __init__(self, urls: str, name: str, *bodies: Callable[[AbstractConnection], Awaitable[None]]) -> None:
        self._urls = urls
        self._name = name
        self._bodies = bodies
        self.connected = False

    async def run(self) -> None:
        """Run until cancelled."""
        pause, clock = 0.1, asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                await self._run_once()
            except* (AMQPError, ChannelInvalidStateError, OSError, TimeoutError, Unavailable) as failures:
                log.warning("broker link down", link=self._name, reason=_first_reason(failures))
            if _is_to_end():  # a body that fails while it is cancelled hides that it was
                raise asyncio.CancelledError
            # A link that was up for a while comes back at once; a body that fails as soon as it starts must not spin.
            pause = 0.1 if clock() - started > MAX_PAUSE_SECONDS else min(pause * 2, MAX_PAUSE_SECONDS)
            self.connected = False
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def check(self) -> None:
        """Raise where there is no connection now."""
        if not self.connected:
            raise ConnectionError(f"{self._name} is not connected")

    async def _run_once(self) -> None:
        connection = await connect_any(self._urls, heartbeat=HEARTBEAT_SECONDS, name=self._name)
        async with connection, asyncio.TaskGroup() as tasks:
            self.connected = True
            bodies = [tasks.create_task(_run(body, connection)) for body in self._bodies]
            lost = tasks.create_task(_raise_when_lost(connection))
            await asyncio.wait(bodies, return_when=asyncio.FIRST_COMPLETED)
            for task in (*bodies, lost):
                task.cancel()


async def _run(body: Callable[[AbstractConnection], Awaitable[None]], connection: AbstractConnection) -> None:
    await body(connection)


async def _raise_when_lost(connection: AbstractConnection) -> None:
    """The driver's ``closed()`` tells only of an end that was asked for."""
    lost = asyncio.Event()
    connection.close_callbacks.add(lambda *_: lost.set())
    if connection.connected.is_set():
        await lost.wait()
    raise ConnectionResetError("the broker closed the connection")


def _is_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _first_reason(failures: BaseExceptionGroup[BaseException]) -> str:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return f"{type(failure).__name__}: {failure}"[:200]
