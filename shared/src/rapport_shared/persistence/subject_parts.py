"""A service's part of a subject request: what it did about it, and its answer over the bus."""

from dataclasses import dataclass
from typing import Final

from rapport_shared.actor import SYSTEM
from rapport_shared.aggregate import Aggregate
from rapport_shared.events import Event
from rapport_shared.mongo.client import Document
from rapport_shared.persistence.repository import AggregateRepository
from rapport_shared.persistence.unit_of_work import Work
from rapport_shared.rights import EVERYTHING

COLLECTION: Final = "subject_parts"


@dataclass(kw_only=True)
class SubjectPart(Aggregate):
    """Its id is the request's."""

    customer_id: str
    records: int


class SubjectParts(AggregateRepository[SubjectPart]):
    """One document a request."""

    collection = COLLECTION
    noun = "subject request"

    def to_document(self, aggregate: SubjectPart) -> Document:
        """The fields as they are."""
        return {"customer_id": aggregate.customer_id, "records": aggregate.records}

    def from_document(self, document: Document) -> SubjectPart:
        """Read what ``to_document`` wrote."""
        return SubjectPart(
            id=document["_id"],
            version=document["version"],
            customer_id=document["customer_id"],
            records=document["records"],
        )


async def answer(work: Work, request_id: str, customer_id: str, event: Event, *, records: int) -> None:
    """Note the part and publish the event that says so, in the transaction of ``work``; nothing where that was done."""
    parts = SubjectParts(work.database, work.session, work.outbox)
    if await parts.find(request_id, EVERYTHING) is not None:
        return
    part = SubjectPart(id=request_id, customer_id=customer_id, records=records)
    part.record(event)
    await parts.save(part, by=SYSTEM)
