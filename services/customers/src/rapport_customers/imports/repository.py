"""Imports and their rows in MongoDB; a row holds what became of it, and nothing that stood in it."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from rapport_customers.imports.model import FieldSource, Import, ImportKey, ImportMode, ImportStatus, Outcome, RowResult
from rapport_shared.mongo import Database, Document, Index, NestedPages, Order, Page, PageRequest, Session, every
from rapport_shared.rights import Scope

COLLECTION: Final = "customer_imports"
ROWS: Final = "customer_import_rows"
INDEXES: Final = (
    Index(COLLECTION, (("owner_id", 1), ("_id", -1))),
    Index(ROWS, (("import_id", 1), ("row", 1))),
    Index(ROWS, (("import_id", 1), ("outcome", 1), ("row", 1))),
    Index(ROWS, (("import_id", 1), ("customer_id", 1))),
)
_MADE: Final = [Outcome.CREATED.value, Outcome.UPDATED.value]


class ImportRepository:
    """Written in the transaction of what a batch does."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._imports = database[COLLECTION]
        self._rows = database[ROWS]
        self._session = session

    async def add(self, made: Import) -> None:
        """A new import."""
        sources = [{**asdict(source), "columns": list(source.columns)} for source in made.sources]
        document = {**asdict(made), "_id": made.id, "columns": list(made.columns), "sources": sources}
        del document["id"]
        await self._imports.insert_one(document, session=self._session)

    async def find(self, identifier: str, scope: Scope) -> Import | None:
        """The import within reach."""
        found = await self._imports.find_one(every({"_id": identifier}, scope.filter()), session=self._session)
        return None if found is None else _import(found)

    async def page(self, request: PageRequest, scope: Scope) -> Page[Import]:
        """One page of the imports within reach."""
        found = self._imports.find(request.query(scope.filter())).sort(list(request.sort().items()))
        page = request.page(await found.limit(request.size + 1).to_list(None))
        return page.of([_import(document) for document in page.items])

    async def advance(self, taken: Import, results: Sequence[RowResult]) -> Import:
        """Keep what became of rows, in the transaction that does it: whoever takes them as well collides with it."""
        counts = {**taken.counts}
        for result in results:
            counts[result.outcome.value] = counts.get(result.outcome.value, 0) + 1
        ahead = replace(taken, next_row=taken.next_row + len(results), counts=counts)
        change = {"$set": {"next_row": ahead.next_row, "counts": counts}}
        await self._imports.update_one({"_id": taken.id, "next_row": taken.next_row}, change, session=self._session)
        rows = [{"_id": f"{taken.id}:{result.row}", "import_id": taken.id, **_row(result)} for result in results]
        await self._rows.insert_many(rows, session=self._session)
        return ahead

    async def settle(self, identifier: str, values: Document) -> None:
        """Say where an import stands."""
        await self._imports.update_one({"_id": identifier}, {"$set": values}, session=self._session)

    async def results(
        self, identifiers: Sequence[str], outcome: Outcome, *, after: int, limit: int
    ) -> dict[str, list[RowResult]]:
        """Rows of each import with this outcome behind a row, in their order; one query."""
        condition: Document = {"outcome": outcome.value, "row": {"$gt": after}}
        if len(identifiers) == 1:  # as when rows are added: not every database joins by the whole of an index
            [only] = identifiers
            rows = self._rows.find({"import_id": only, **condition}, session=self._session)
            return {only: [_result(row) for row in await rows.sort("row").limit(limit).to_list(None)]}
        nested = NestedPages(ROWS, "import_id", PageRequest(limit, (Order("row"),)))
        found = await self._imports.aggregate(nested.pipeline(identifiers, condition), session=self._session)
        return {each["_id"]: [_result(row) for row in each["found"][:limit]] async for each in found}

    async def made(self, identifier: str, *, before: int, limit: int) -> list[tuple[RowResult, int | None]]:
        """The last rows before one that created or changed customers, and the version that undoing later ones left."""
        condition = {"import_id": identifier, "row": {"$lt": before}, "outcome": {"$in": _MADE}}
        found = self._rows.find(condition, session=self._session).sort("row", -1).limit(limit)
        return [(_result(document), document.get("left")) async for document in found]

    async def left(self, identifier: str, customer_id: str, version: int) -> None:
        """A later row about the customer was reverted: earlier ones find it at this version."""
        theirs = {"import_id": identifier, "customer_id": customer_id}
        await self._rows.update_many(theirs, {"$set": {"left": version}}, session=self._session)


def _row(result: RowResult) -> Document:
    return {**asdict(result), "outcome": result.outcome.value}


def _result(document: Document) -> RowResult:
    fields: dict[str, Any] = {name: document[name] for name in RowResult.__dataclass_fields__}
    return RowResult(**{**fields, "outcome": Outcome(fields["outcome"])})


def _import(document: Document) -> Import:
    fields = {name: value for name, value in document.items() if name != "_id"}
    fields["columns"] = tuple(fields["columns"])
    fields["sources"] = tuple(
        FieldSource(**{**source, "columns": tuple(source["columns"])}) for source in fields["sources"]
    )
    kinds: dict[str, Any] = {"key": ImportKey, "mode": ImportMode, "status": ImportStatus}
    return Import(id=document["_id"], **{**fields, **{name: kind(fields[name]) for name, kind in kinds.items()}})


def ended(at: datetime) -> Document:
    """What an import is once all of its rows are taken."""
    return {"status": ImportStatus.FINISHED.value, "finished_at": at}
