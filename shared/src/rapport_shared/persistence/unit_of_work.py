"""One transaction: documents and all bookkeeping rows commit together or not at all."""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from rapport_shared.actor import Actor
from rapport_shared.audit import AuditTrail
from rapport_shared.clock import Clock
from rapport_shared.inbox import Inbox
from rapport_shared.mongo.client import TRANSACTION_READ_CONCERN, WRITE_CONCERN, Database, DuplicateKey, Mongo, Session
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence.idempotency import IdempotencyKeys

W = TypeVar("W", bound="Work")
T = TypeVar("T")
P = ParamSpec("P")
MAX_COMMIT_MS = 3000


class Work:
    """What a transaction gives to a use case; a service's own subclass adds its repositories."""

    def __init__(self, database: Database, session: Session, *, service: str, clock: Clock) -> None:
        self.service = service
        self.database = database
        self.session = session
        self.outbox = OutboxStore(database, source=f"/rapport/{service}", clock=clock, session=session)
        self.inbox = Inbox(database, session, consumer=service, clock=clock)
        self.audit = AuditTrail(database, session, clock)
        self.idempotency = IdempotencyKeys(database, session, clock)

    async def forget(self, kind: str, action: str, records: Sequence[str], *, by: Actor) -> None:
        """Let the bookkeeping know nothing personal of these records, whose erasure is ``action``."""
        if records:
            await self.audit.forget(records)
            await self.audit.note_each(action, kind, records, by=by)
            await self.idempotency.forget(records)


class Transactions(Generic[W]):
    """Runs use cases in transactions."""

    def __init__(self, mongo: Mongo, make_work: Callable[[Database, Session], W]) -> None:
        self._mongo = mongo
        self._make_work = make_work

    async def run(self, change: Callable[[W], Awaitable[T]]) -> T:
        """Run ``change`` and commit; an exception rolls back.

        Two writers of one document: the later one is rolled back and run again from its start, so ``change`` must
        load what it changes itself and have no effect outside the transaction. The driver does that for conflicts
        of writes; two first uses of one inbox or idempotency key collide as a duplicate ``_id`` and are rerun here.
        """
        try:
            return await self._attempt(change)
        except DuplicateKey as duplicate:
            if "_id" not in (duplicate.details or {}).get("keyPattern", {}):
                raise
            return await self._attempt(change)

    async def _attempt(self, change: Callable[[W], Awaitable[T]]) -> T:
        filled = False

        async def attempt(session: Session) -> T:
            nonlocal filled
            work = self._make_work(self._mongo.database, session)
            result = await change(work)
            filled = work.outbox.filled
            return result

        async with self._mongo.client.start_session() as session:
            result: T = await session.with_transaction(
                attempt,
                read_concern=TRANSACTION_READ_CONCERN,
                write_concern=WRITE_CONCERN,
                max_commit_time_ms=MAX_COMMIT_MS,
            )
        if filled:
            self._mongo.outbox_filled.set()
        return result


def transactional(
    method: Callable[Concatenate[Any, W, P], Awaitable[T]],
) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    """Run a service's method in a transaction of its own, given to it as first argument (``work``).

    The service has its ``Transactions`` as the attribute ``transactions``.
    """

    @wraps(method)
    async def run(self: Any, *args: P.args, **kwargs: P.kwargs) -> T:
        transactions: Transactions[W] = self.transactions
        return await transactions.run(lambda work: method(self, work, *args, **kwargs))

    return cast("Callable[Concatenate[Any, P], Awaitable[T]]", run)
