"""The live feed of an API process, on a broker link."""

from collections.abc import Awaitable, Callable

from aio_pika.abc import AbstractConnection

from rapport_shared.change_log import ChangeLog
from rapport_shared.messaging import ChangeFeed, Unavailable
from rapport_shared.mongo import DatabaseError


def feeding(feed: ChangeFeed, log: ChangeLog) -> Callable[[AbstractConnection], Awaitable[None]]:
    """The link's body; it raises Unavailable where the database does not answer."""

    async def run(connection: AbstractConnection) -> None:
        try:
            await feed.run(connection, log)
        except DatabaseError as failure:
            raise Unavailable(f"change log: {type(failure).__name__}") from failure

    return run
