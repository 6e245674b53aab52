"""Everything that a service keeps of a customer, as it is stored: the service's part of a copy for its subject."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapport_shared.actor import Actor
from rapport_shared.audit import AuditTrail
from rapport_shared.clock import Clock, system_clock
from rapport_shared.errors import BadInput, Forbidden
from rapport_shared.mongo.client import Database, Document, Session
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "SubjectRequest"
MAX_PAGE: Final = 500
_NOT_ABOUT_THE_SUBJECT: Final = frozenset(
    {"_id", "search", "held", "deleted", "consented", "priority_rank", "custom_index", "custom_unique"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """A collection with records of customers: of which type, and which field names the customer."""

    type: str
    collection: str
    field: str = "customer_id"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One stored record, without what is only made for indexes and searches."""

    type: str
    id: str
    data: dict[str, Any]


async def count_records(
    database: Database, sources: Sequence[Source], customer_id: str, session: Session | None = None
) -> int:
    """How many records there are of a customer."""
    total = 0
    for source in sources:
        total += await database[source.collection].count_documents({source.field: customer_id}, session=session)
    return total


class SubjectReader:
    """Reads one service's part of a copy; every page that is read leaves an audit row.

    ``requests`` is the collection whose documents name the customer of a request.
    """

    def __init__(
        self,
        database: Database,
        service: str,
        *,
        requests: str,
        sources: Sequence[Source],
        policy: Policy,
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._service = service
        self._requests = database[requests]
        self._sources = sources
        self._policy = policy
        self._trail = AuditTrail(database, None, clock)

    async def page(
        self, request_id: str, size: int, after: str | None, *, by: Actor
    ) -> tuple[list[StoredRecord], str | None] | None:
        """Records of the request's customer, and where the next page begins; None where there is no part (yet).

        Raises Forbidden, and BadInput for a page size or a position that is none.
        """
        if self._policy.reach(by, Verb.EXPORT, TYPE) is not Reach.ALL:
            raise Forbidden("Your role does not read copies of what is kept of customers.")
        if not 1 <= size <= MAX_PAGE:
            raise BadInput(f"A page has 1 to {MAX_PAGE} records.")
        request = await self._requests.find_one({"_id": request_id}, {"customer_id": 1})
        if request is None:
            return None
        found = await self._records(request["customer_id"], size + 1, self._position(after))
        page = found[:size]
        action = f"{self._service}.subject.read"
        await self._trail.note(action, "subject request", request_id, by=by, rows=len(page))
        return page, _cursor(page[-1]) if len(found) > size else None

    async def _records(self, customer_id: str, size: int, after: tuple[int, str]) -> list[StoredRecord]:
        found: list[StoredRecord] = []
        first, behind = after
        for source in self._sources[first:]:
            condition: Document = {source.field: customer_id}
            if behind:
                condition = {"$and": [condition, {"_id": {"$gt": behind}}]}
            behind = ""
            records = self._database[source.collection].find(condition).sort("_id", 1).limit(size - len(found))
            found += [_stored(source, document) async for document in records]
            if len(found) >= size:
                break
        return found

    def _position(self, after: str | None) -> tuple[int, str]:
        if after is None:
            return 0, ""
        types = [source.type for source in self._sources]
        try:
            name, _, identifier = base64.urlsafe_b64decode(after.encode()).decode().partition(" ")
            return types.index(name), identifier
        except (binascii.Error, ValueError):
            raise BadInput("The position is not one that this service made.") from None


def _cursor(record: StoredRecord) -> str:
    return base64.urlsafe_b64encode(f"{record.type} {record.id}".encode()).decode()


def _stored(source: Source, document: Document) -> StoredRecord:
    data = {name: value for name, value in document.items() if name not in _NOT_ABOUT_THE_SUBJECT}
    return StoredRecord(source.type, document["_id"], data)
