"""Aggregates in a collection: one document each, its version, and its events into the outbox."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.audit import AuditTrail
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.mongo.client import Database, Document, Session
from rapport_shared.mongo.conditions import counted, every
from rapport_shared.mongo.paging import RANK, NestedPages, Page, PageRequest
from rapport_shared.outbox import OutboxStore
from rapport_shared.rights import Scope

A = TypeVar("A", bound=Aggregate)


class LostUpdate(RuntimeError):
    """A save found another version than the one loaded; snapshot isolation rules this out, so it is a defect."""


class AggregateRepository(ABC, Generic[A]):
    """Loads and saves aggregates; without a session it only reads."""

    collection: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, database: Database, session: Session | None = None, outbox: OutboxStore | None = None) -> None:
        self._documents = database[self.collection]
        self._database = database
        self._session = session
        self._outbox = outbox
        self._changeable: dict[str, Document] = {}  # the reach under which each record is changed here, as a filter
        self._loaded: dict[str, Document] = {}  # in a transaction: what it has read and written

    @abstractmethod
    def to_document(self, aggregate: A) -> Document:
        """The aggregate's fields, without ``_id`` and ``version``."""

    @abstractmethod
    def from_document(self, document: Document) -> A:
        """The aggregate that the document holds."""

    async def find(self, identifier: str, scope: Scope) -> A | None:
        """The record, or None where there is none within reach."""
        found = await self._documents.find_one(every({"_id": identifier}, scope.filter()), session=self._session)
        if found is not None and self._session is not None:
            self._loaded[identifier] = found
        return None if found is None else self.from_document(found)

    async def get(self, identifier: str, *, readable: Scope, changeable: Scope) -> A:
        """The record, to be changed. Raises NotFound where it is out of sight, NotAllowed where it may only be read."""
        aggregate = await self.find(identifier, readable)
        if aggregate is None:
            raise NotFound(f"There is no such {self.noun}.", path=("input", "id"))
        if not changeable.admits(aggregate):
            raise NotAllowed(f"You may not change this {self.noun}.", path=("input", "id"))
        self._changeable[identifier] = changeable.filter()
        return aggregate

    async def find_many(self, identifiers: Iterable[str], scope: Scope) -> dict[str, A]:
        """The records within reach by id, in one query."""
        condition = every({"_id": {"$in": list(identifiers)}}, scope.filter())
        found = await self._documents.find(condition, session=self._session).to_list(None)
        return {document["_id"]: self.from_document(document) for document in found}

    async def page(self, condition: Document, request: PageRequest) -> Page[A]:
        """One page of the records that match, in one query; of a ranked list, in one for each rank at most."""
        if request.size == 0:
            return Page([], [], has_next=False, has_previous=False)
        if request.ranks:
            return await self._ranked_page(condition, request)
        found = self._documents.find(request.query(condition), session=self._session)
        documents = await found.sort(list(request.sort().items())).limit(request.size + 1).to_list(None)
        return self._page(request, documents)

    async def _ranked_page(self, condition: Document, request: PageRequest) -> Page[A]:
        documents: list[Document] = []
        for rank, meets, part in request.by_rank():
            found = self._documents.find(part.query(every(condition, meets)), session=self._session)
            limited = found.sort(list(part.sort().items())).limit(request.size + 1 - len(documents))
            documents += [{**document, RANK: rank} for document in await limited.to_list(None)]
            if len(documents) > request.size:
                break
        page = request.page(documents)
        for document in page.items:
            del document[RANK]
        return page.of([self.from_document(document) for document in page.items])

    async def count(self, condition: Document) -> int:
        """How many records match."""
        return await counted(self._documents, condition, session=self._session)

    async def nested_pages(
        self, parents: str, parent_field: str, parent_ids: Sequence[str], condition: Document, request: PageRequest
    ) -> dict[str, Page[A]]:
        """A page per parent, in one query over the collection ``parents``, where the parents must be."""
        if request.size == 0:
            return {}
        nested = NestedPages(self.collection, parent_field, request)
        results = self._database[parents].aggregate(nested.pipeline(parent_ids, condition), session=self._session)
        return {result["_id"]: self._page(request, result["found"]) async for result in results}

    async def nested_counts(self, parent_field: str, parent_ids: Sequence[str], condition: Document) -> dict[str, int]:
        """How many records each parent has, in one query; a parent without any is absent."""
        match = every({parent_field: {"$in": list(parent_ids)}}, condition)
        pipeline: list[Document] = [{"$match": match}, {"$group": {"_id": f"${parent_field}", "count": {"$sum": 1}}}]
        results = self._documents.aggregate(pipeline, session=self._session)
        return {result["_id"]: result["count"] async for result in results}

    async def save(self, aggregate: A, *, by: Actor) -> None:
        """Store the aggregate and its events; nothing where nothing happened. Needs a transaction."""
        if not aggregate.recorded:
            return
        if self._session is None or self._outbox is None:
            raise RuntimeError("save needs a transaction")
        document = {**self.to_document(aggregate), "version": aggregate.version}
        before = await self._stored(aggregate)
        if aggregate.stored_version == 0:
            await self._documents.insert_one({"_id": aggregate.id, **document}, session=self._session)
        else:
            # What else the document holds, such as facts counted by others, is none of the aggregate's.
            # Whoever changes it must still reach it as it is stored now: compare and set.
            stored = {"_id": aggregate.id, "version": aggregate.stored_version}
            stored = every(stored, self._changeable.get(aggregate.id, {}))
            result = await self._documents.update_one(stored, {"$set": document}, session=self._session)
            if result.matched_count != 1:
                raise LostUpdate(f"{self.noun} {aggregate.id}")
        await self._outbox.append(aggregate, by=by)
        trail = AuditTrail(self._database, self._session, self._outbox.clock)
        await trail.append(aggregate, self.noun, before=before, after=document, by=by)
        await self.keep(aggregate, before, document, by=by)
        self._loaded[aggregate.id] = {"_id": aggregate.id, **(before or {}), **document}
        aggregate.forget_recorded()

    async def keep(self, aggregate: A, before: Document | None, after: Document, *, by: Actor) -> None:
        """Called in the transaction of every change, for a repository that keeps more of it than the audit row."""

    async def _stored(self, aggregate: A) -> Document | None:
        """The document as the transaction knows it; None for a new aggregate."""
        if aggregate.stored_version == 0 or aggregate.id in self._loaded:
            return self._loaded.get(aggregate.id)
        return await self._documents.find_one({"_id": aggregate.id}, session=self._session)

    def _page(self, request: PageRequest, documents: Sequence[Document]) -> Page[A]:
        page = request.page(documents)
        return page.of([self.from_document(document) for document in page.items])
