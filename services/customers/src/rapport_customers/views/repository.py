"""Saved views in MongoDB."""

from typing import Final

from rapport_customers.views.model import SavedView
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "saved_views"
MAX_LISTED: Final = 500
_FIELDS: Final = (
    "name",
    "owner_id",
    "filter",
    "order_by",
    "search",
    "columns",
    "filter_fields",
    "order_fields",
    "shared_roles",
    "shared_team_ids",
    "created_at",
    "updated_at",
    "deleted_at",
)
_LISTS: Final = ("order_by", "columns", "filter_fields", "order_fields", "shared_roles", "shared_team_ids")
INDEXES: Final = (
    *(Index(COLLECTION, ((field, 1), ("deleted", 1))) for field in ("owner_id", "shared_roles", "shared_team_ids")),
)


class SavedViewRepository(AggregateRepository[SavedView]):
    """One document a view."""

    collection = COLLECTION
    noun = "saved_view"

    async def of(self, actor: Actor) -> list[SavedView]:
        """The actor's own views and those shared with the actor, by name, in one query."""
        condition = {"$or": [{**part, "deleted": False} for part in _readable(actor)]}
        found = self._documents.find(condition, session=self._session).sort([("name", 1), ("_id", 1)])
        return [self.from_document(document) for document in await found.limit(MAX_LISTED).to_list(None)]

    async def owned(self, owner_id: str) -> int:
        """How many views a user has."""
        return await self._documents.count_documents({"owner_id": owner_id, "deleted": False}, session=self._session)

    def to_document(self, aggregate: SavedView) -> Document:
        """The fields as they are."""
        document = {name: getattr(aggregate, name) for name in _FIELDS}
        document |= {name: list(document[name]) for name in _LISTS}
        return {**document, "deleted": aggregate.deleted_at is not None}

    def from_document(self, document: Document) -> SavedView:
        """Read what ``to_document`` wrote."""
        fields = {name: document[name] for name in _FIELDS}
        fields |= {name: tuple(fields[name]) for name in _LISTS}
        return SavedView(id=document["_id"], version=document["version"], **fields)


def _readable(actor: Actor) -> list[Document]:
    shared: list[Document] = [{"owner_id": actor.id}, {"shared_roles": actor.role}]
    return shared if actor.team_id is None else [*shared, {"shared_team_ids": actor.team_id}]
