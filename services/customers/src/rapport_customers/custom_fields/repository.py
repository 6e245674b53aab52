"""Custom fields in MongoDB, and the indexes that sort by them."""

from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.errors import CustomFieldKeyTaken
from rapport_customers.custom_fields.model import CustomField
from rapport_customers.custom_fields.values import CustomFieldType, Option, ValueRules
from rapport_shared.actor import Actor
from rapport_shared.mongo import Database, Document, DuplicateKey, Index, Session, create_indexes
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "custom_fields"
INDEXES: Final = (Index(COLLECTION, (("applies_to", 1), ("key", 1)), unique=True),)
MAX_FIELDS: Final = 100
MAX_SORTABLE: Final = 16
COLLECTIONS: Final = {"Customer": "customers"}
"""Where the records of each type are kept; all have ``deleted``."""
_RULES: Final = tuple(field.name for field in fields(ValueRules))
_OLDEST_FIRST: Final = [("created_at", 1), ("_id", 1)]


class CustomFieldRepository(AggregateRepository[CustomField]):
    """One document a field; deleted ones keep their keys."""

    collection = COLLECTION
    noun = "custom_field"

    def __init__(self, database: Database, session: Session | None = None, outbox: OutboxStore | None = None) -> None:
        super().__init__(database, session, outbox)
        self._known: dict[str, list[Document]] = {}  # in a transaction: what it has read, by type

    async def save(self, aggregate: CustomField, *, by: Actor) -> None:
        """Store; raises CustomFieldKeyTaken."""
        self._known.clear()
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey:
            message = "There is, or was, a custom field of this key."
            raise CustomFieldKeyTaken(message, path=("input", "key")) from None

    async def all_of(self, applies_to: str, *, deleted: bool = False) -> Definitions:
        """The fields of a type, in one query, and in one for a whole transaction; deleted ones where asked for."""
        if self._session is None or applies_to not in self._known:
            found = self._documents.find({"applies_to": applies_to}, session=self._session).sort(_OLDEST_FIRST)
            self._known[applies_to] = await found.to_list(None)
        known = (self.from_document(document) for document in self._known[applies_to])
        return Definitions(tuple(field for field in known if deleted or field.deleted_at is None))

    async def adjust_indexes(self) -> int:
        """Make the indexes of fields that lists are to be sorted by, and drop the others'; how many there were of both.

        Runs outside a transaction; repeatable, also by several processes at once.
        """
        done = 0
        for applies_to in COLLECTIONS:
            for field in (await self.all_of(applies_to, deleted=True)).fields:
                wanted = field.sortable and field.deleted_at is None
                if wanted == field.sort_ready:
                    continue
                await self._adjust(field, wanted=wanted)
                done += 1
        return done

    async def _adjust(self, field: CustomField, *, wanted: bool) -> None:
        mark = {"$set": {"sort_ready": wanted}}
        if not wanted:  # nobody is to sort by an index that goes
            await self._documents.update_one({"_id": field.id}, mark)
        index = sort_index(field)
        if wanted:
            await create_indexes(self._database, [index])
            await self._documents.update_one({"_id": field.id, "sortable": True, "deleted_at": None}, mark)
        elif index.name in await self._database[index.collection].index_information():
            await self._database[index.collection].drop_index(index.name)

    def to_document(self, aggregate: CustomField) -> Document:
        """The fields as they are, days as texts."""
        rules: dict[str, Any] = asdict(aggregate.rules)
        rules |= {"type": aggregate.rules.type.value, "options": [asdict(option) for option in aggregate.rules.options]}
        rules |= {name: _day(rules[name]) for name in ("earliest", "latest")}
        own = ("applies_to", "key", "label", "description", "required", "unique", "sortable")
        times = ("created_at", "updated_at", "deleted_at")
        return {name: getattr(aggregate, name) for name in (*own, *times)} | rules

    def from_document(self, document: Document) -> CustomField:
        """Read what ``to_document`` wrote."""
        given = {name: value for name, value in document.items() if name != "_id"}
        rules = {name: given.pop(name) for name in _RULES}
        rules["type"] = CustomFieldType(rules["type"])
        rules["options"] = tuple(Option(**option) for option in rules["options"])
        rules |= {name: rules[name] and date.fromisoformat(rules[name]) for name in ("earliest", "latest")}
        return CustomField(id=document["_id"], rules=ValueRules(**rules), **given)


def sort_index(field: CustomField) -> Index:
    """The index by which lists are sorted by a field."""
    paths = tuple((path, 1) for path in field.sort_paths)
    return Index(COLLECTIONS[field.applies_to], (("deleted", 1), *paths, ("_id", 1)))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
