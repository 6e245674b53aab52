"""A service's part of a subject request: what it did about it, and its answer over the bus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_shared.actor import SYSTEM
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.customers import CustomerErased
from rapport_shared.contracts.subjects import SubjectExportRequested
from rapport_shared.events import Envelope, Event
from rapport_shared.mongo.client import Document
from rapport_shared.persistence.erasable import ErasableRepository
from rapport_shared.persistence.repository import AggregateRepository
from rapport_shared.persistence.unit_of_work import Work
from rapport_shared.rights import EVERYTHING
from rapport_shared.subject_data import Source, count_records

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


Answer = Callable[..., Event]
"""The class of an answering event: ``request_id``, ``customer_id``, ``records``, ``at``."""


async def erase_and_answer(
    work: Work, kept: ErasableRepository[Any], told: CustomerErased, envelope: Envelope, done: Answer
) -> None:
    """Take everything personal out of the records of an erased customer, bookkeeping included, and say so."""
    records = await erase_records(work, kept, told.customer_id, at=envelope.time)
    await _answer(work, told.request_id, told.customer_id, done, records=records, at=envelope.time)


async def erase_records(work: Work, kept: ErasableRepository[Any], customer_id: str, *, at: datetime) -> int:
    """Take everything personal out of the records of a customer, bookkeeping included; how many they are."""
    erased = await kept.erase(customer_id, at)
    await work.forget(kept.noun, f"{work.service}.{kept.noun}.erased", erased, by=SYSTEM)
    return len(erased)


async def count_and_answer(
    work: Work, sources: Sequence[Source], asked: SubjectExportRequested, envelope: Envelope, done: Answer
) -> None:
    """Say how many records there are of a customer; from now on they can be read through the request."""
    records = await count_records(work.database, sources, asked.customer_id, work.session)
    await _answer(work, asked.request_id, asked.customer_id, done, records=records, at=envelope.time)


async def _answer(work: Work, request_id: str, customer_id: str, done: Answer, *, records: int, at: datetime) -> None:
    """Note the part and publish the event that says so; nothing where that was done."""
    parts = SubjectParts(work.database, work.session, work.outbox)
    if await parts.find(request_id, EVERYTHING) is not None:
        return
    part = SubjectPart(id=request_id, customer_id=customer_id, records=records)
    part.record(done(request_id=request_id, customer_id=customer_id, records=records, at=at))
    await parts.save(part, by=SYSTEM)
