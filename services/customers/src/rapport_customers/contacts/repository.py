"""Contacts in MongoDB."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from rapport_customers.contacts.model import Contact, DecisionRole, Influence, Stance
from rapport_customers.hanging import HangingRepository
from rapport_shared.mongo import Document, Index, every
from rapport_shared.persistence import ERASED_TEXT, HOME
from rapport_shared.rights import Scope

COLLECTION = "contacts"
_BY_NAME = (("deleted", 1), ("name", 1), ("_id", 1))
INDEXES = (
    Index(COLLECTION, _BY_NAME),
    Index(COLLECTION, (("customer_id", 1), *_BY_NAME)),
    Index(COLLECTION, (("customer_owner_id", 1), *_BY_NAME)),
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
)
_ENUMS: dict[str, Any] = {"role": DecisionRole, "influence": Influence, "stance": Stance}
_FIELDS = (
    "customer_id",
    "customer_owner_id",
    "name",
    "title",
    "phone",
    "email",
    "role",
    "custom_role",
    "influence",
    "stance",
    "reports_to_id",
    "created_at",
    "updated_at",
    "deleted_at",
)


class ContactRepository(HangingRepository[Contact]):
    """One document a contact; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "contact"
    personal = MappingProxyType({"name": ERASED_TEXT, "title": None, "phone": None, "email": None, "custom_role": None})

    async def superior(self, identifier: str) -> str | None:
        """Whom a contact reports to."""
        found = await self._documents.find_one({"_id": identifier}, {"reports_to_id": 1}, session=self._session)
        return None if found is None else found["reports_to_id"]

    async def chains(self, customer_ids: Sequence[str], scope: Scope) -> dict[str, list[Contact]]:
        """The contacts with a part in the decisions of each customer, by name; one query."""
        condition = {"customer_id": {"$in": list(customer_ids)}, "deleted": False, "role": {"$ne": None}}
        found = self._documents.find(every(condition, scope.filter()), session=self._session)
        chains: dict[str, list[Contact]] = {identifier: [] for identifier in customer_ids}
        for document in await found.sort([("name", 1), ("_id", 1)]).to_list(None):
            chains[document["customer_id"]].append(self.from_document(document))
        return chains

    def to_document(self, aggregate: Contact) -> Document:
        """The fields as they are; enums are texts already."""
        values = {name: getattr(aggregate, name) for name in _FIELDS}
        texts = {name: None if values[name] is None else values[name].value for name in _ENUMS}
        return {**values, **texts, "deleted": aggregate.deleted_at is not None}

    def from_document(self, document: Document) -> Contact:
        """Read what ``to_document`` wrote."""
        values = {name: document[name] for name in _FIELDS}
        enums = {name: None if values[name] is None else kind(values[name]) for name, kind in _ENUMS.items()}
        return Contact(id=document["_id"], version=document["version"], **{**values, **enums})
