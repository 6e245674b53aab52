"""Aggregates in a collection: one document each, its version, and its events into the outbox."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Generic, TypeVar

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate, Change
from rapport_shared.audit import AuditTrail
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.mongo.client import Database, Document, Session
from rapport_shared.mongo.conditions import counted, every
from rapport_shared.mongo.paging import RANK, NestedPages, Page, PageRequest
from rapport_shared.mongo.updates import insert_all, update_all
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
        if self._session is not None:
            self._loaded |= {document["_id"]: document for document in found}
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
        results = await self._database[parents].aggregate(nested.pipeline(parent_ids, condition), session=self._session)
        return {result["_id"]: self._page(request, result["found"]) async for result in results}

    async def nested_counts(self, parent_field: str, parent_ids: Sequence[str], condition: Document) -> dict[str, int]:
        """How many records each parent has, in one query; a parent without any is absent."""
        match = every({parent_field: {"$in": list(parent_ids)}}, condition)
        pipeline: list[Document] = [{"$match": match}, {"$group": {"_id": f"${parent_field}", "count": {"$sum": 1}}}]
        results = await self._documents.aggregate(pipeline, session=self._session)
        return {result["_id"]: result["count"] async for result in results}

    async def save(self, aggregate: A, *, by: Actor) -> None:
        """Store the aggregate and its events; nothing where nothing happened. Needs a transaction."""
        await self.save_all([aggregate], by=by)

    async def save_all(
        self, aggregates: Sequence[A], *, by: Actor, beside: Mapping[str, Document] = MappingProxyType({})
    ) -> None:
        """The same of several, in as many commands as of one; what is wrong with one ends the transaction.

        ``beside`` are fields by id, none of the aggregate's own, that are set with the changes of a stored one.
        """
        recorded = [aggregate for aggregate in aggregates if aggregate.recorded]
        if not recorded:
            return
        if self._session is None or self._outbox is None:
            raise RuntimeError("save needs a transaction")
        await self._load_stored(recorded)
        changes = [self._change(aggregate) for aggregate in recorded]
        added = [{"_id": each.aggregate.id, **each.after} for each in changes if each.aggregate.stored_version == 0]
        await insert_all(self._documents, added, session=self._session)
        await self._update([each for each in changes if each.aggregate.stored_version != 0], beside, self._session)
        await self._outbox.append(*recorded, by=by)
        await AuditTrail(self._database, self._session, self._outbox.clock).append(self.noun, changes, by=by)
        await self.keep(changes, by=by)
        for change in changes:
            identifier = change.aggregate.id
            self._loaded[identifier] = {"_id": identifier, **(change.before or {}), **change.after}
            change.aggregate.forget_recorded()

    async def keep(self, changes: Sequence[Change[A]], *, by: Actor) -> None:
        """Called in the transaction of every change, for a repository that keeps more of it than the audit row."""

    async def _update(self, changes: Sequence[Change[A]], beside: Mapping[str, Document], session: Session) -> None:
        """What else a document holds, such as facts counted by others, is none of the aggregate's."""
        writes = [
            (self._as_loaded(each.aggregate), {"$set": {**each.after, **beside.get(each.aggregate.id, {})}})
            for each in changes
        ]
        if await update_all(self._documents, writes, session=session) != len(writes):
            raise LostUpdate(f"{self.noun} {' '.join(each.aggregate.id for each in changes)}")

    def _as_loaded(self, aggregate: A) -> Document:
        """Whoever changes a record must still reach it as it is stored now: compare and set."""
        stored = {"_id": aggregate.id, "version": aggregate.stored_version}
        return every(stored, self._changeable.get(aggregate.id, {}))

    def _change(self, aggregate: A) -> Change[A]:
        after = {**self.to_document(aggregate), "version": aggregate.version}
        return Change(aggregate, self._loaded.get(aggregate.id), after)

    async def _load_stored(self, aggregates: Sequence[A]) -> None:
        """The documents of those that this transaction has not read."""
        lacking = [each.id for each in aggregates if each.stored_version != 0 and each.id not in self._loaded]
        if lacking:
            found = await self._documents.find({"_id": {"$in": lacking}}, session=self._session).to_list(None)
            self._loaded |= {document["_id"]: document for document in found}

    def _page(self, request: PageRequest, documents: Sequence[Document]) -> Page[A]:
        page = request.page(documents)
        return page.of([self.from_document(document) for document in page.items])
