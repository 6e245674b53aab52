"""Customers that change, and the audit log of it, on the real database and broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.audit import Chain, Head, verify
from rapport_shared.clock import system_clock
from rapport_shared.contracts.customers import CustomerCreated, CustomerState, CustomerUpdated
from rapport_shared.delivery import Lease, Sealer
from rapport_shared.explanation import explained
from rapport_shared.messaging import BrokerLink
from rapport_shared.mongo import Document, Mongo
from rapport_shared.persistence import AggregateRepository, Transactions, Work

STATE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_1")
SELLER = Actor("usr_1", "SALES", "ses_1")


@dataclass(kw_only=True)
class Note(Aggregate):
    """Something with one field."""

    text: str = ""


class Notes(AggregateRepository[Note]):
    """Notes in MongoDB."""

    collection = "notes"
    noun = "note"

    def to_document(self, aggregate: Note) -> Document:
        return {"text": aggregate.text}

    def from_document(self, document: Document) -> Note:
        return Note(id=document["_id"], version=document["version"], text=document["text"])


@dataclass
class AuditBench:
    """One service's records and audit log."""

    mongo: Mongo
    amqp_url: str

    @property
    def transactions(self) -> Transactions[Work]:
        return Transactions(self.mongo, partial(Work, service="customers", clock=system_clock))

    @property
    def chain(self) -> Chain:
        return Chain(self.mongo, system_clock)

    async def write(self, identifier: str, text: str, reason: str | None = None, *, fail: bool = False) -> None:
        """Create the note, or change its text."""

        async def change(work: Work) -> None:
            notes = Notes(work.database, work.session, work.outbox)
            found = await work.database["notes"].find_one({"_id": identifier}, session=work.session)
            note = Note(id=identifier) if found is None else notes.from_document(found)
            note.text = text
            if found is None:
                note.record(CustomerCreated(customer_id=identifier, after=STATE))
            else:
                note.record(CustomerUpdated(customer_id=identifier, changed=("text",), before=STATE, after=STATE))
            await notes.save(note, by=SELLER)
            if fail:
                raise RuntimeError("after everything was written")

        with explained(reason):
            await self.transactions.run(change)

    async def erase(self, identifier: str) -> None:
        """Forget why the note was changed, as an erasure does."""

        async def change(work: Work) -> None:
            await work.audit.forget([identifier])
            await work.audit.note("customers.note.erased", "note", identifier, by=SELLER)

        await self.transactions.run(change)

    async def seal(self) -> Head:
        """Everything that waits; where the chain ends then."""
        while await self.chain.seal():
            pass
        return await self.chain.head()

    async def problems(self, published: dict[int, str] | None = None) -> list[str]:
        return [str(problem) async for problem in verify(self.mongo.database, published)]

    async def rows(self) -> list[Document]:
        return await self.mongo.database["audit"].find().sort("_id", 1).to_list(None)

    @asynccontextmanager
    async def sealing(self) -> AsyncIterator[None]:
        """The worker's sealer, while the block runs."""
        sealer = Sealer("customers", self.chain, Lease(self.mongo.database, "audit", system_clock), system_clock)
        task = asyncio.create_task(BrokerLink(self.amqp_url, "test-audit", sealer.run).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
