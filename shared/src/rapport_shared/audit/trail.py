"""Writes audit rows, in the transaction of what they tell of."""

from collections.abc import Mapping, Sequence
from typing import Any

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate, Change, differing_names
from rapport_shared.audit.rows import ROWS, new_salt, salted_digest
from rapport_shared.clock import Clock
from rapport_shared.events import Event
from rapport_shared.explanation import current_reason
from rapport_shared.ids import new_id
from rapport_shared.mongo.client import Database, Document, Session
from rapport_shared.tracing import current_trace

ID_PREFIX = "aud"
BOOKKEEPING = frozenset({"version", "updated_at"})
"""Fields that change with every change, or never."""


class AuditTrail:
    """The audit rows of one service's database; only ever adds."""

    def __init__(self, database: Database, session: Session | None, clock: Clock) -> None:
        self._rows = database[ROWS]
        self._session = session
        self._clock = clock

    async def append(self, kind: str, changes: Sequence[Change[Any]], *, by: Actor) -> None:
        """A row for each event that the aggregates have recorded; the last of each has a digest of its document."""
        rows = [row for change in changes for row in self._rows_of(kind, change, by)]
        await self._rows.insert_many(rows, session=self._session)

    def _rows_of(self, kind: str, change: Change[Any], by: Actor) -> list[Document]:
        salt, aggregate = new_salt(), change.aggregate
        *earlier, last = aggregate.recorded
        rows = [
            self._row(_action(event), kind, aggregate.id, version, changed=_named(event), by=by)
            for version, event in enumerate(earlier, start=aggregate.stored_version + 1)
        ]
        changed = changed_fields(aggregate, change.before, change.after)
        closing = self._row(_action(last), kind, aggregate.id, aggregate.version, changed=changed, by=by, salt=salt)
        closing["values"] = salted_digest(salt, change.after)
        closing["rows"] = getattr(last, "records", None)
        return [*rows, closing]

    async def note(
        self,
        action: str,
        kind: str,
        record: str,
        *,
        by: Actor,
        version: int | None = None,
        changed: Sequence[str] = (),
        rows: int | None = None,
    ) -> None:
        """A row for what no aggregate records: a sign-in, an erasure; ``rows`` is how many records it covered.

        ``action`` is like an event's name, such as ``identity.session.started``; nothing here may be personal.
        """
        row = self._row(action, kind, record, version, changed=tuple(changed), by=by)
        await self._rows.insert_one({**row, "rows": rows}, session=self._session)

    async def note_export(
        self, action: str, kind: str, record: str, *, asked: Mapping[str, Any], rows: int, by: Actor
    ) -> None:
        """A row for a list that somebody takes away: ``asked`` is its filter without what people wrote, as
        ``described`` of ``rapport_shared.graphql.exports`` makes it; ``rows`` is how many records they got.

        ``action`` is like ``customers.customer.exported``, ``record`` the id of the export or the name of the list.
        """
        row = self._row(action, kind, record, None, changed=(), by=by)
        await self._rows.insert_one({**row, "rows": rows, "asked": dict(asked)}, session=self._session)

    async def note_each(self, action: str, kind: str, records: Sequence[str], *, by: Actor) -> None:
        """The same row for each of these records."""
        rows = [self._row(action, kind, record, None, changed=(), by=by) for record in records]
        await self._rows.insert_many(rows, session=self._session)

    async def forget(self, records: Sequence[str]) -> int:
        """Take the reasons and salts of these records' rows away; how many rows had any.

        Belongs into the transaction that notes an action named ``….erased`` for each of the records.
        """
        theirs = {"record": {"$in": list(records)}, "erasable": {"$exists": True}}
        result = await self._rows.update_many(theirs, {"$unset": {"erasable": ""}}, session=self._session)
        return result.modified_count

    def _row(
        self,
        action: str,
        kind: str,
        record: str,
        version: int | None,
        *,
        changed: tuple[str, ...],
        by: Actor,
        salt: str | None = None,
    ) -> Document:
        salt, reason, trace = salt or new_salt(), current_reason(), current_trace()
        erasable: dict[str, Any] = {"salt": salt}
        if reason is not None:
            erasable["reason"] = reason
        return {
            "_id": new_id(ID_PREFIX),
            "at": self._clock(),
            "actor": by.id,
            "via": by.via.value,
            "key_id": by.key_id,
            "action": action,
            "type": kind,
            "record": record,
            "version": version,
            "changed": list(changed),
            "correlation_id": trace.correlation_id,
            "causation_id": trace.causation_id,
            "rows": None,
            "values": None,
            "reason": salted_digest(salt, reason),
            "erasable": erasable,
            "waiting": True,
        }


def changed_fields(aggregate: Aggregate, before: Document | None, after: Document) -> tuple[str, ...]:
    """The names of the fields that differ; of a new document those that say anything.

    What a document holds besides the aggregate's own fields is made of them: mirrors for indexes and searches.
    """
    names = (after.keys() & vars(aggregate).keys()) - BOOKKEEPING
    now = aggregate.flat({name: after[name] for name in names})
    if before is None:
        return tuple(sorted(name for name, value in now.items() if value not in (None, [], False)))
    return differing_names(aggregate.flat({name: before.get(name) for name in names}), now)


def _action(event: Event) -> str:
    return event.routing_key.rpartition(".")[0]


def _named(event: Event) -> tuple[str, ...]:
    return tuple(getattr(event, "changed", ()))
